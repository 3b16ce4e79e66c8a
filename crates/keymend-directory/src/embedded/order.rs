//! Carrying out write orders: gather, decide, commit, check.

use std::sync::Arc;

use keymend_domain::account::AccountRef;
use keymend_domain::directory::{
    Barrier, Check, Deed, DeedKind, NotDone, RuleBroken, SignIn, WriteOrder, WriteOutcome,
};
use keymend_domain::id::OrderId;
use keymend_domain::secret::Password;
use keymend_domain::time::Moment;
use rusqlite::Connection;

use super::entry::Seen;
use super::storage::Fault;
use super::{Embedded, own, rows};

/// How often an order is decided anew because the password changed under its hands.
const TRIES_MAX: u32 = 3;

/// What is kept of an order by those who work without its passwords.
#[derive(Clone)]
struct Slip {
    id: OrderId,
    account: AccountRef,
    deadline: Moment,
    kind: DeedKind,
}

/// What the transaction is to do, if the entry still allows it.
enum Plan {
    /// Nothing but remember this outcome.
    Close(WriteOutcome),
    /// Count a wrong current password.
    CountBad,
    /// Lift the lock.
    Unlock,
    /// Write a password.
    Write {
        hash: String,
        /// The hash it was judged against; if it is another by now, judge anew.
        replaced: Option<String>,
        unlocks: bool,
    },
}

enum Gathered {
    Settled(WriteOutcome),
    Gone,
    Entry(Box<Seen>),
}

impl Embedded {
    pub(super) async fn carry_out(&self, order: &WriteOrder<'_>) -> WriteOutcome {
        let slip = Slip {
            id: order.id().clone(),
            account: order.account().clone(),
            deadline: order.deadline(),
            kind: order.deed().kind(),
        };
        for _ in 0..TRIES_MAX {
            match self.attempt(&slip, order.deed()).await {
                Ok(Some(outcome)) => return outcome,
                Ok(None) => {}
                Err(fault) => return self.faulted(&slip, &fault),
            }
        }
        WriteOutcome::NotDone(NotDone::Down)
    }

    fn faulted(&self, slip: &Slip, fault: &Fault) -> WriteOutcome {
        tracing::warn!(order.id = %slip.id, directory = %self.name, %fault, "order not settled");
        match fault {
            Fault::NotDone(_) | Fault::Taken => WriteOutcome::NotDone(NotDone::Down),
            Fault::MayBeDone(_) => WriteOutcome::Unknown,
        }
    }

    /// `None` if the password was changed by somebody else between deciding and committing.
    async fn attempt(&self, slip: &Slip, deed: &Deed<'_>) -> Result<Option<WriteOutcome>, Fault> {
        let seen = match self.gather(slip).await? {
            Gathered::Settled(outcome) => return Ok(Some(outcome)),
            Gathered::Gone => return Ok(Some(WriteOutcome::NotDone(NotDone::Gone))),
            Gathered::Entry(seen) => seen,
        };
        let plan = self.decide(slip, deed, &seen).await?;
        let Some(outcome) = self.commit(slip, plan).await? else {
            return Ok(None);
        };
        match (deed, &outcome) {
            (Deed::Reset { new, .. } | Deed::Change { new, .. }, WriteOutcome::Done { .. }) => {
                Ok(Some(self.checked_outcome(slip, new, outcome).await))
            }
            _ => Ok(Some(outcome)),
        }
    }

    async fn gather(&self, slip: &Slip) -> Result<Gathered, Fault> {
        if slip.account.directory != self.name {
            return Ok(Gathered::Gone);
        }
        let slip = slip.clone();
        self.storage
            .read(move |connection| {
                if let Some(outcome) = rows::outcome(connection, &slip.id)? {
                    return Ok(Gathered::Settled(outcome));
                }
                let seen = rows::seen(connection, &slip.account.anchor)?;
                Ok(seen.map_or(Gathered::Gone, |seen| Gathered::Entry(Box::new(seen))))
            })
            .await
    }

    async fn decide(&self, slip: &Slip, deed: &Deed<'_>, seen: &Seen) -> Result<Plan, Fault> {
        if let Some(reason) = obstacle(slip, seen, self.clock.now()) {
            return Ok(Plan::Close(WriteOutcome::NotDone(reason)));
        }
        match deed {
            Deed::Unlock => Ok(Plan::Unlock),
            Deed::Reset { new, unlocks } => self.judge(seen, new, Vec::new(), *unlocks).await,
            Deed::Change { current, new } => {
                if !self.knows_current(seen, current).await? {
                    return Ok(Plan::CountBad);
                }
                let same = current.matches(new).then_some(RuleBroken::Same);
                self.judge(seen, new, same.into_iter().collect(), true)
                    .await
            }
        }
    }

    /// A locked account's password is not told right from wrong, at the same cost.
    async fn knows_current(&self, seen: &Seen, current: &Password) -> Result<bool, Fault> {
        let is_locked = seen.lock(self.clock.now()).is_some();
        let hash = seen.entry.password.as_deref().filter(|_| !is_locked);
        self.hasher.verify(hash, &own(current)?).await
    }

    async fn judge(
        &self,
        seen: &Seen,
        new: &Password,
        mut broken: Vec<RuleBroken>,
        unlocks: bool,
    ) -> Result<Plan, Fault> {
        let is_same = !broken.is_empty();
        let new = own(new)?;
        broken.extend(seen.policy.broken_by(&new));
        broken.extend(seen.entry.young(&seen.policy, self.clock.now()));
        let remembered = seen.entry.remembered(&seen.policy);
        if !is_same && self.hasher.matches_any(remembered, &new).await? {
            broken.push(RuleBroken::History {
                remembered: seen.policy.history,
            });
        }
        if !broken.is_empty() {
            return Ok(Plan::Close(WriteOutcome::Refused(broken)));
        }
        Ok(Plan::Write {
            hash: self.hasher.hash(&new).await?,
            replaced: seen.entry.password.clone(),
            unlocks,
        })
    }

    async fn commit(&self, slip: &Slip, plan: Plan) -> Result<Option<WriteOutcome>, Fault> {
        let (slip, clock) = (slip.clone(), Arc::clone(&self.clock));
        self.storage
            .write(move |connection| settle(connection, &slip, plan, clock.now()))
            .await
    }

    /// Signs in with the new password, so that success is said of what is really stored.  From
    /// here on the write has happened: whatever fails, `written` is the least that is true.
    async fn checked_outcome(
        &self,
        slip: &Slip,
        new: &Password,
        written: WriteOutcome,
    ) -> WriteOutcome {
        let checked = match self.try_new(slip, new).await {
            Ok(barrier) => verdict(barrier, written),
            Err(fault) => {
                tracing::warn!(order.id = %slip.id, directory = %self.name, %fault, "written, not checked");
                return written;
            }
        };
        let (id, outcome, now) = (slip.id.clone(), checked.clone(), self.clock.now());
        let remembered = self
            .storage
            .write(move |connection| rows::remember(connection, &id, &outcome, now))
            .await;
        if let Err(fault) = remembered {
            // A repeat of the order is then answered "written, read back": less, but not wrong.
            tracing::warn!(order.id = %slip.id, directory = %self.name, %fault, "check not remembered");
        }
        checked
    }

    async fn try_new(&self, slip: &Slip, new: &Password) -> Result<Tried, Fault> {
        let Some(seen) = self.seen(&slip.account).await? else {
            return Ok(Tried::NotThere);
        };
        let now = self.clock.now();
        if seen.lock(now).is_some() {
            return Ok(Tried::Locked);
        }
        let hash = seen.entry.password.as_deref();
        if self.hasher.verify(hash, &own(new)?).await? {
            Ok(Tried::Right(seen.entry.sign_in(&seen.policy, now)))
        } else {
            Ok(Tried::NotThere)
        }
    }
}

/// What the sign-in after a write came to.
enum Tried {
    Right(SignIn),
    Locked,
    /// The stored password is not the one just written: somebody was quicker, or it was lost.
    NotThere,
}

fn verdict(tried: Tried, written: WriteOutcome) -> WriteOutcome {
    let WriteOutcome::Done { unlocked, .. } = written else {
        return written;
    };
    let done = |change_again| WriteOutcome::Done {
        check: Check::SignedIn,
        unlocked,
        change_again,
    };
    match tried {
        Tried::Right(SignIn::Accepted) => done(false),
        Tried::Right(SignIn::MustChange(_)) => done(true),
        Tried::Right(SignIn::Unusable | SignIn::NotHere) => {
            WriteOutcome::Barred(Barrier::CannotSignIn)
        }
        Tried::Locked => WriteOutcome::Barred(Barrier::StillLocked),
        Tried::Right(SignIn::NoMatch(_)) | Tried::NotThere => WriteOutcome::Unknown,
    }
}

/// Why this entry must not be written to at all, judged on a fresh read.
fn obstacle(slip: &Slip, seen: &Seen, now: Moment) -> Option<NotDone> {
    if now > slip.deadline {
        Some(NotDone::Late)
    } else if seen.protection.is_some() || seen.entry.is_disabled {
        Some(NotDone::Protected)
    } else if seen.entry.may_not_change && slip.kind != DeedKind::Unlock {
        Some(NotDone::Rights)
    } else {
        None
    }
}

/// The transaction: the order's memory first, then the entry as it is now, then the plan.
fn settle(
    connection: &Connection,
    slip: &Slip,
    plan: Plan,
    now: Moment,
) -> rusqlite::Result<Option<WriteOutcome>> {
    if let Some(outcome) = rows::outcome(connection, &slip.id)? {
        return Ok(Some(outcome));
    }
    let Some(mut seen) = rows::seen(connection, &slip.account.anchor)? else {
        return Ok(Some(WriteOutcome::NotDone(NotDone::Gone)));
    };
    let outcome = match obstacle(slip, &seen, now) {
        Some(reason) => WriteOutcome::NotDone(reason),
        None => match apply(&mut seen, plan, now) {
            Some(outcome) => outcome,
            None => return Ok(None),
        },
    };
    rows::save_body(connection, &seen.anchor, &seen.entry)?;
    rows::remember(connection, &slip.id, &outcome, now)?;
    Ok(Some(outcome))
}

fn apply(seen: &mut Seen, plan: Plan, now: Moment) -> Option<WriteOutcome> {
    let is_locked = seen.lock(now).is_some();
    let (entry, policy) = (&mut seen.entry, &seen.policy);
    match plan {
        Plan::Close(outcome) => Some(outcome),
        Plan::CountBad => {
            if !is_locked {
                entry.count_bad(policy, now);
            }
            Some(WriteOutcome::NotDone(NotDone::WrongCurrent))
        }
        Plan::Unlock if !is_locked => Some(WriteOutcome::NotDone(NotDone::NotLocked)),
        Plan::Unlock => {
            entry.unlock();
            Some(read_back(true))
        }
        Plan::Write { replaced, .. } if entry.password != replaced => None,
        Plan::Write { hash, unlocks, .. } => {
            entry.take_password(hash, policy, now);
            if unlocks {
                entry.unlock();
            }
            Some(match (is_locked && !unlocks, entry.sign_in(policy, now)) {
                (true, _) => WriteOutcome::Barred(Barrier::StillLocked),
                (_, SignIn::Unusable) => WriteOutcome::Barred(Barrier::CannotSignIn),
                _ => read_back(is_locked),
            })
        }
    }
}

fn read_back(unlocked: bool) -> WriteOutcome {
    WriteOutcome::Done {
        check: Check::ReadBack,
        unlocked,
        change_again: false,
    }
}

/// What happens between deciding and committing, where the suite cannot step in.
#[cfg(test)]
mod tests {
    use keymend_domain::account::{Anchor, DirectoryName};

    use super::super::entry::Entry;
    use super::*;

    const NOW: Moment = Moment(1_000);

    fn world(entry: Entry) -> (Connection, Slip) {
        let connection = Connection::open_in_memory().unwrap();
        rows::prepare(&connection).unwrap();
        let anchor = Anchor("jane".into());
        rows::save(&connection, &anchor, &entry).unwrap();
        let slip = Slip {
            id: OrderId::stored("ONE".into()),
            account: AccountRef {
                directory: DirectoryName("home".into()),
                anchor,
            },
            deadline: NOW,
            kind: DeedKind::Reset,
        };
        (connection, slip)
    }

    fn write_over(replaced: Option<&str>) -> Plan {
        Plan::Write {
            hash: "new".into(),
            replaced: replaced.map(String::from),
            unlocks: true,
        }
    }

    fn stored(connection: &Connection, slip: &Slip) -> Option<String> {
        let entry = rows::entry(connection, &slip.account.anchor).unwrap();
        entry.unwrap().password
    }

    #[test]
    fn an_account_disabled_after_the_decision_is_not_written_to() {
        let (connection, slip) = world(Entry {
            is_disabled: true,
            ..Entry::default()
        });
        let outcome = settle(&connection, &slip, write_over(None), NOW).unwrap();
        assert_eq!(outcome, Some(WriteOutcome::NotDone(NotDone::Protected)));
        assert_eq!(stored(&connection, &slip), None);
    }

    #[test]
    fn a_deadline_that_passes_after_the_decision_counts() {
        let (connection, slip) = world(Entry::default());
        let late = NOW.plus_ms(1);
        let outcome = settle(&connection, &slip, write_over(None), late).unwrap();
        assert_eq!(outcome, Some(WriteOutcome::NotDone(NotDone::Late)));
        assert_eq!(stored(&connection, &slip), None);
    }

    #[test]
    fn a_password_changed_after_the_decision_is_not_overwritten_unjudged() {
        let (connection, slip) = world(Entry {
            password: Some("another".into()),
            ..Entry::default()
        });
        let outcome = settle(&connection, &slip, write_over(Some("old")), NOW).unwrap();
        assert_eq!(outcome, None);
        assert_eq!(stored(&connection, &slip).as_deref(), Some("another"));
    }

    #[test]
    fn an_order_carried_out_after_the_decision_is_answered_from_memory() {
        let (connection, slip) = world(Entry::default());
        let first = settle(&connection, &slip, write_over(None), NOW).unwrap();
        let second = settle(&connection, &slip, Plan::Unlock, NOW).unwrap();
        assert_eq!(second, first);
        assert_eq!(first, Some(read_back(false)));
    }

    #[test]
    fn only_a_right_sign_in_makes_a_written_password_a_success() {
        let outcome = |tried| verdict(tried, read_back(false));
        assert_eq!(outcome(Tried::NotThere), WriteOutcome::Unknown);
        let locked = WriteOutcome::Barred(Barrier::StillLocked);
        assert_eq!(outcome(Tried::Locked), locked);
        let barred = WriteOutcome::Barred(Barrier::CannotSignIn);
        assert_eq!(outcome(Tried::Right(SignIn::Unusable)), barred);
        assert_ne!(outcome(Tried::Right(SignIn::Accepted)), read_back(false));
    }
}
