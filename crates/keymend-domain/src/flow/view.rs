//! All that the web may know of a flow.  Before the first gate a view holds nothing but what the
//! person typed and what the site shows to everybody.

use super::{Asking, EXTENSIONS_MOST, Ending, Flow, Intent, Stage};
use crate::directory::{Barrier, DeedKind, RuleBroken};
use crate::limit;
use crate::method::MethodKind;
use crate::password::too_young;
use crate::policy::Policy;
use crate::refusal::Refusal;
use crate::time::{Moment, SECOND_MS};

/// How long after its deadline an order may still be read back before its page says that nobody
/// can tell.
const SILENCE_MS: i64 = 5 * SECOND_MS;

/// What came of a finished flow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finish {
    /// Done and checked.
    Done {
        /// What was done.
        kind: DeedKind,
        /// Whether a lock was lifted.
        unlocked: bool,
        /// Whether the directory will ask for another change.
        change_again: bool,
    },
    /// Written, but the account cannot sign in.
    Barred(Barrier),
    /// Nobody can say.
    Unknown,
    /// A change was refused by the directory.
    ChangeRefused(Vec<RuleBroken>),
    /// The current password of a change was wrong.
    ChangeWrongCurrent,
    /// It surely did not happen.
    NotDone(Refusal),
    /// The person gave up.
    Cancelled,
    /// The time ran out.
    Expired,
    /// A newer flow took over.
    Replaced,
    /// The typed name is blocked.
    Blocked {
        /// Whole minutes, coarse.
        wait_mins: u32,
    },
    /// It could not go on.
    Refused(Refusal),
}

/// The page a flow is at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum View {
    /// S13.
    Intent,
    /// S14 before the first gate, S17 after it.
    Menu {
        /// Which gate is asked for, from 1.
        gate: u32,
        /// How many there are; told only after the first.
        gates: Option<u32>,
        /// The ways offered.
        kinds: Vec<MethodKind>,
        /// After the first gate: the directory forbids a new password until then.
        too_young: Option<Moment>,
        /// When the password was last changed, for the same sentence.
        changed_at: Option<Moment>,
        /// Whether unlocking instead can be offered: there was a lock when the account was last
        /// read, and it may be lifted.
        may_unlock: bool,
    },
    /// S15.
    Contact {
        /// Which way.
        kind: MethodKind,
    },
    /// S16.
    Code {
        /// Which way.
        kind: MethodKind,
        /// What the person typed.
        typed: String,
        /// Digits of the code.
        digits: u32,
        /// When another may be asked for.
        resend_at: Moment,
        /// Whether another may be asked for at all.
        may_resend: bool,
        /// After the first gate: no carrier took the code.
        failed: bool,
    },
    /// S20.
    NewPassword {
        /// Whose.
        login: String,
        /// The directory forbids a new password until then.
        too_young: Option<Moment>,
        /// When the password was last changed.
        changed_at: Option<Moment>,
        /// Whether unlocking instead can be offered, as in [`View::Menu`].
        may_unlock: bool,
    },
    /// S22.
    Unlock {
        /// Whose.
        login: String,
        /// Whether there is a lock, as read when the flow was opened.
        is_locked: bool,
        /// Whether it may be lifted without a new password in this directory.
        is_allowed: bool,
    },
    /// S19.
    Working,
    /// Everything that ends.
    Finished {
        /// How.
        finish: Finish,
        /// Whose, if the flow had got that far.
        login: Option<String>,
    },
}

impl Flow {
    /// The page this flow is at.
    #[must_use]
    pub fn view(&self, policy: &Policy, now: Moment) -> View {
        match &self.stage {
            _ if self.is_over(now) => View::Finished {
                finish: Finish::Expired,
                login: None,
            },
            Stage::Choosing(_) => View::Intent,
            Stage::Proving(_) => self.proving_view(policy, now),
            Stage::Proven(proven) => {
                let account = &proven.known.account;
                match proven.intent {
                    Intent::Reset => View::NewPassword {
                        login: account.login.clone(),
                        too_young: too_young(account, now),
                        changed_at: account.state.password_changed_at,
                        may_unlock: account.state.lock.is_some() && self.may_unlock(policy),
                    },
                    Intent::Unlock => View::Unlock {
                        login: account.login.clone(),
                        is_locked: account.state.lock.is_some(),
                        is_allowed: self.may_unlock(policy),
                    },
                }
            }
            // The order is settled as soon as the directory can be read; the person need not wait.
            Stage::Writing(writing) if now > writing.order.deadline.plus_ms(SILENCE_MS) => {
                View::Finished {
                    finish: Finish::Unknown,
                    login: None,
                }
            }
            Stage::Writing(_) => View::Working,
            Stage::Closed(closed) => View::Finished {
                finish: finish(closed.ending(), now),
                login: closed.login.clone(),
            },
        }
    }

    fn proving_view(&self, policy: &Policy, now: Moment) -> View {
        let Stage::Proving(proving) = &self.stage else {
            return View::Intent;
        };
        let limits = &policy.settings().limits;
        match &proving.asking {
            Asking::Menu => {
                let passed = self.gates_passed();
                let account = (passed > 0)
                    .then(|| self.known())
                    .flatten()
                    .map(|known| &known.account);
                let is_reset = proving.intent == Intent::Reset;
                let reset_account = account.filter(|_| is_reset);
                View::Menu {
                    gate: passed + 1,
                    gates: (passed > 0).then(|| policy.gates()),
                    kinds: self.offered(policy, now),
                    too_young: reset_account.and_then(|account| too_young(account, now)),
                    changed_at: reset_account.and_then(|account| account.state.password_changed_at),
                    may_unlock: account.is_some_and(|account| account.state.lock.is_some())
                        && self.may_unlock(policy),
                }
            }
            Asking::Contact(kind) => View::Contact { kind: *kind },
            Asking::Code(challenge) => {
                let codes = proving.used(challenge.kind).codes;
                View::Code {
                    kind: challenge.kind,
                    typed: challenge.typed.clone(),
                    digits: challenge.digits,
                    resend_at: challenge.asked_at.plus_ms(super::challenge::wait_ms(codes)),
                    may_resend: codes < limits.codes_per_flow,
                    failed: challenge.failed && !proving.proofs.is_empty(),
                }
            }
        }
    }

    /// Whether a lock may be lifted without a new password: what the site says, and once somebody
    /// has proved who they are, what it says of their directory.
    pub(super) fn may_unlock(&self, policy: &Policy) -> bool {
        match self.recognised() {
            Some(account) => policy.unlocks_in_directory(&account.id.directory.0),
            None => policy.settings().actions.unlock_without_reset,
        }
    }

    /// What the next page has to say about the last form.
    #[must_use]
    pub fn said(&self) -> Option<&Refusal> {
        self.said.as_ref()
    }

    /// How often more time may still be asked for; none once the proofs end with the flow.
    #[must_use]
    pub fn extensions_left(&self) -> u32 {
        if self.expires_at >= self.latest() {
            return 0;
        }
        EXTENSIONS_MOST.saturating_sub(self.extensions)
    }

    /// Whether the visitor has proved anything yet.
    #[must_use]
    pub fn has_passed_a_gate(&self) -> bool {
        self.gates_passed() > 0 || self.proven_account().is_some()
    }

    /// Which gate of how many is asked for; told only after the first, since the number of gates
    /// depends on the policy.
    #[must_use]
    pub fn gate(&self, policy: &Policy) -> Option<(u32, u32)> {
        match self.gates_passed() {
            0 => None,
            passed => Some((passed + 1, policy.gates())),
        }
    }

    /// How often the way in use may still be tried in this flow.
    #[must_use]
    pub fn tries_left_here(&self, policy: &Policy) -> u32 {
        let most = policy.settings().limits.tries_most;
        match &self.stage {
            Stage::Proving(proving) => match &proving.asking {
                Asking::Contact(kind) => most.saturating_sub(proving.used(*kind).tries),
                // The try that was taken with the address is still there for the first answer.
                Asking::Code(challenge) => most
                    .saturating_sub(proving.used(challenge.kind).tries)
                    .saturating_add(u32::from(challenge.prepaid.is_some())),
                Asking::Menu => most,
            },
            _ => 0,
        }
    }

    /// What the flow is for, once that is known.
    #[must_use]
    pub fn intent(&self) -> Option<Intent> {
        match &self.stage {
            Stage::Proving(proving) => Some(proving.intent),
            Stage::Proven(proven) => Some(proven.intent),
            _ => None,
        }
    }
}

fn finish(ending: &Ending, now: Moment) -> Finish {
    match ending {
        Ending::Done {
            kind,
            unlocked,
            change_again,
        } => Finish::Done {
            kind: *kind,
            unlocked: *unlocked,
            change_again: *change_again,
        },
        Ending::Barred(barrier) => Finish::Barred(*barrier),
        Ending::Unknown => Finish::Unknown,
        Ending::ChangeRefused(broken) => Finish::ChangeRefused(broken.clone()),
        Ending::ChangeWrongCurrent => Finish::ChangeWrongCurrent,
        Ending::NotDone(refusal) => Finish::NotDone(refusal.clone()),
        Ending::Cancelled => Finish::Cancelled,
        Ending::Expired => Finish::Expired,
        Ending::Replaced => Finish::Replaced,
        Ending::Blocked { until } => Finish::Blocked {
            wait_mins: limit::coarse_mins(*until, now),
        },
        Ending::Refused(refusal) => Finish::Refused(refusal.clone()),
    }
}
