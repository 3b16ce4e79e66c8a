//! One person's attempt to get back in, from the first form to the last page.
//!
//! A flow never waits and never reads a clock: every step takes what it needs to know and gives
//! back the next state together with everything that must be saved with it.  The step shown is
//! derived from what was proved, never stored as a claim.
//!
//! ```text
//! open ─► Choosing ─► Proving ─► Proven ─► Writing ─► Closed
//!             │          │ ▲        ▲ │        │
//!             │          └─┘ gates  └─┼────────┘ refused, or surely not done
//!             └──────────┴────────────┴─► Closed (cancelled, expired, replaced, blocked, refused)
//! ```

mod budget;
mod challenge;
mod finish;
mod open;
mod prove;
mod settle;
mod step;
mod tag;
mod tell;
mod view;
mod write;

use serde::{Deserialize, Serialize};

use crate::account::{Account, AccountRef};
use crate::audit::{ActorKind, AuditDeed, AuditEvent, AuditResult, Personal};
use crate::code::{MacKey, Tag};
use crate::deliver::{Notice, Origin, Recipient, Tidings};
use crate::directory::{Barrier, DeedKind, RuleBroken};
use crate::id::{CorrelationId, FlowId, MethodId, OrderId};
use crate::limit::{Book, BookFault, Lane};
use crate::method::{Class, Method, MethodKind};
use crate::policy::Policy;
use crate::refusal::Refusal;
use crate::time::{Entropy, MINUTE_MS, Moment, NoEntropy};

pub(crate) use budget::{alert_site, note_answered_text, take_text};
pub(crate) use challenge::{digits, wait_ms};
pub use finish::EXTENSIONS_MOST;
pub use open::{Admission, Gathered, Standing, admit};
pub use step::{Effects, EndOthers, Step, Veto};
pub(crate) use tell::{Telling, tell, veto};
pub use view::{Finish, View};
pub use write::{Fresh, Judged, Opened, Ticket};

/// What the owner of a flow wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Intent {
    /// A new password.
    Reset,
    /// The lock lifted, the password left alone.
    Unlock,
}

/// Why a claim may not proceed (behaviour §11, KM-22xx).  For the log; no page depends on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DecoyReason {
    /// No entry.
    Unknown,
    /// Several entries.
    Ambiguous,
    /// In no policy.
    Scope,
    /// Too few counting methods.
    Methods,
    /// Methods enough, but some still in probation.
    Probation,
    /// A method rests after too many tries.
    Rests,
    /// Disabled, or locked by an administrator.
    Disabled,
    /// The account has ended.
    Expired,
    /// Tier 0.
    Protected,
    /// An administrator whose reset is off or for whom no method is strong enough.
    Administrator,
    /// The must-not-change flag.
    NoChange,
    /// Frozen after a report.
    Frozen,
}

impl DecoyReason {
    /// The catalogue number.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Unknown => "KM-2201",
            Self::Ambiguous => "KM-3009",
            Self::Scope => "KM-2202",
            Self::Methods | Self::Rests => "KM-2205",
            Self::Probation => "KM-2206",
            Self::Disabled => "KM-2208",
            Self::Expired => "KM-2209",
            Self::Protected => "KM-2210",
            Self::Administrator => "KM-2211",
            Self::NoChange => "KM-2212",
            Self::Frozen => "KM-2213",
        }
    }
}

/// A real account that may proceed, as it stood when the flow was opened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Known {
    account: Account,
    methods: Vec<Method>,
    epoch: u64,
}

/// The subject of a flow that behaves like a real one and cannot succeed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decoy {
    reason: DecoyReason,
    account: Option<AccountRef>,
}

/// Whom a flow is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Subject {
    /// An account that may proceed.
    Known(Box<Known>),
    /// Anything else; no page, status, header or delay may depend on which of the two it is.
    Decoy(Decoy),
}

/// A sealed statement that a gate was passed.  Only [`Flow::prove`] makes one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proof {
    flow: FlowId,
    account: AccountRef,
    method: MethodId,
    kind: MethodKind,
    class: Class,
    epoch: u64,
    given_at: Moment,
    /// It counts until then (security-gates §5: fifteen minutes).  One that was stored before
    /// proofs had an end has run out.
    #[serde(default = "long_ago")]
    expires_at: Moment,
}

fn long_ago() -> Moment {
    Moment(0)
}

impl Proof {
    /// The kind of method that was proved.
    #[must_use]
    pub fn kind(&self) -> MethodKind {
        self.kind
    }
}

/// A code that was asked for.  `answer` is `None` where nothing was sent.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Challenge {
    kind: MethodKind,
    /// What the person typed, for showing it back to the same person.
    typed: String,
    method: Option<MethodId>,
    answer: Option<Tag>,
    issue: u32,
    digits: u32,
    asked_at: Moment,
    expires_at: Moment,
    /// The try that pays for the first answer; `None` once it was used.
    prepaid: Option<Prepaid>,
    /// A carrier refused it for good; told only after the first gate.
    failed: bool,
}

/// A try that was taken when a code was asked for.  Asking and answering once cost one try
/// together, so that an account which has one try an hour left can still be opened by its owner.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Prepaid {
    taken_at: Moment,
    /// The account had one left; if not, nobody hears of it before the first gate.
    is_granted: bool,
}

/// How much of one method was used up in this flow.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usage {
    tries: u32,
    codes: u32,
}

/// What is being asked of the person right now.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Asking {
    /// Which way to use.
    Menu,
    /// The registered address or number in full.
    Contact(MethodKind),
    /// The code.
    Code(Challenge),
}

/// Waiting for "I forgot" or "I cannot sign in".
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Choosing {
    subject: Subject,
}

/// Waiting for proofs.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Proving {
    subject: Subject,
    intent: Intent,
    proofs: Vec<Proof>,
    asking: Asking,
    usage: Vec<(MethodKind, Usage)>,
    had_wrong: bool,
}

/// All gates are passed.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Proven {
    known: Known,
    intent: Intent,
    proofs: Vec<Proof>,
    submissions: u32,
    /// The proofs were lengthened after a refusal of the directory; that happens once.
    #[serde(default)]
    was_lengthened: bool,
}

/// An order is open: it was saved before anything was sent.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Writing {
    proven: Proven,
    /// The order.
    order: OpenOrder,
}

/// One order between its opening and its settlement, without its password.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenOrder {
    /// The order's id.
    pub id: OrderId,
    /// The account.
    pub account: AccountRef,
    /// What is written.
    pub kind: DeedKind,
    /// When it was opened.
    pub opened_at: Moment,
    /// After this instant it either happened or never will.
    pub deadline: Moment,
    /// The directory's own time of the last change before the write, for reading back.
    pub changed_before: Option<Moment>,
    /// Whether the account was locked before.
    pub was_locked: bool,
    /// Whether it was a change demanded by the directory, for the notice and the log.
    pub forced: bool,
}

/// Nothing more will happen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Closed {
    ending: Ending,
    login: Option<String>,
}

/// How a flow ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Ending {
    /// The directory did it and it was checked.
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
    /// A change with the old password was refused.
    ChangeRefused(Vec<RuleBroken>),
    /// A change failed because the current password was wrong.
    ChangeWrongCurrent,
    /// It surely did not happen, and this flow cannot try again.
    NotDone(Refusal),
    /// The person gave up.
    Cancelled,
    /// The time ran out.
    Expired,
    /// A newer flow, or another change of the account, took over.
    Replaced,
    /// The typed name met its limit.
    Blocked {
        /// When it opens.
        until: Moment,
    },
    /// It could not go on.
    Refused(Refusal),
}

/// Where a flow stands.  Each stage holds exactly what is known by then, so that a step which
/// needs a proven account cannot be written against an unproven one.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stage {
    /// Waiting for the intent.
    Choosing(Choosing),
    /// Waiting for proofs.
    Proving(Proving),
    /// All gates passed.
    Proven(Proven),
    /// An order is open.
    Writing(Writing),
    /// Over.
    Closed(Closed),
}

impl Stage {
    /// The stage's word, for the store's index and for the log.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::Choosing(_) => "choosing",
            Self::Proving(_) => "proving",
            Self::Proven(_) => "proven",
            Self::Writing(_) => "writing",
            Self::Closed(_) => "closed",
        }
    }
}

/// One attempt.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Flow {
    /// Its id.
    pub id: FlowId,
    /// The journey it belongs to.
    pub correlation: CorrelationId,
    /// The name as typed, for "Start again" and the first pages.
    claim: String,
    claim_tag: String,
    lane: Lane,
    /// Where it stands.
    stage: Stage,
    opened_at: Moment,
    /// When its time is over.
    pub expires_at: Moment,
    extensions: u32,
    /// Rises with every step that a person can see; forms carry it, so that a form that was
    /// sent twice, or from an older page, spends nothing.
    pub step: u32,
    /// What the next page has to say about the last form.
    said: Option<Refusal>,
    violations: u32,
}

/// Keys a flow needs; derived from the root key by the service.
#[derive(Debug, Clone)]
pub struct FlowKeys {
    /// For codes.
    pub code: MacKey,
    /// For typed names, contacts and network addresses in counters and in the log.
    pub name: MacKey,
}

/// Who is asking, as far as can be told.
#[derive(Debug, Clone, Default)]
pub struct Caller {
    /// Keyed tag of the /32 or /64.
    pub network: String,
    /// Keyed tag of the /24 or /48.
    pub wide_network: String,
    /// The installer listed the network as its own: larger buckets.
    pub is_own_network: bool,
    /// The account whose familiar-browser mark the browser carries, as `directory/anchor`.
    pub familiar_account: Option<String>,
    /// For notices and the audit log.
    pub origin: Origin,
}

/// What every step may look at, and the counters it moves.
pub struct Context<'a> {
    /// The present instant.
    pub now: Moment,
    /// Chance.
    pub entropy: &'a dyn Entropy,
    /// Keys.
    pub keys: &'a FlowKeys,
    /// The policy as it is at this moment.
    pub policy: &'a Policy,
    /// The counters, in the transaction that saves the step.
    pub book: &'a mut dyn Book,
    /// Who is asking.
    pub caller: &'a Caller,
}

/// A step could not be decided; nothing may be saved, sent or granted.
#[derive(Debug, thiserror::Error)]
pub enum FlowFault {
    /// The counters failed.
    #[error("counting a try failed")]
    Book(#[from] BookFault),
    /// The random source failed.
    #[error("drawing a random value failed")]
    Entropy(#[from] NoEntropy),
}

impl Flow {
    /// Where the flow stands.
    #[must_use]
    pub fn stage(&self) -> &Stage {
        &self.stage
    }

    /// The account the store indexes the flow by: only real ones that may proceed.
    #[must_use]
    pub fn account(&self) -> Option<&AccountRef> {
        self.known().map(|known| &known.account.id)
    }

    /// The name as typed.
    #[must_use]
    pub fn claim(&self) -> &str {
        &self.claim
    }

    /// The directory the claim's entry is in, whether or not it may proceed.
    #[must_use]
    pub fn directory(&self) -> Option<&crate::account::DirectoryName> {
        self.account()
            .or_else(|| self.decoy_account())
            .map(|account| &account.directory)
    }

    /// The keyed tag of the name as typed.
    #[must_use]
    pub fn claim_tag(&self) -> &str {
        &self.claim_tag
    }

    /// The open order, if one is.
    #[must_use]
    pub fn open_order(&self) -> Option<&OpenOrder> {
        match &self.stage {
            Stage::Writing(writing) => Some(&writing.order),
            _ => None,
        }
    }

    /// The login name of the proven account.
    #[must_use]
    pub fn proven_account(&self) -> Option<&Account> {
        match &self.stage {
            Stage::Proven(proven) => Some(&proven.known.account),
            Stage::Writing(writing) => Some(&writing.proven.known.account),
            _ => None,
        }
    }

    /// The account, once a gate was passed: before that no page may name it.
    fn recognised(&self) -> Option<&Account> {
        match &self.stage {
            Stage::Choosing(_) => None,
            Stage::Proving(proving) if proving.proofs.is_empty() => None,
            _ => self.known().map(|known| &known.account),
        }
    }

    /// The proofs given so far.
    fn proofs(&self) -> &[Proof] {
        match &self.stage {
            Stage::Proving(proving) => &proving.proofs,
            Stage::Proven(proven) => &proven.proofs,
            Stage::Writing(writing) => &writing.proven.proofs,
            Stage::Choosing(_) | Stage::Closed(_) => &[],
        }
    }

    /// No time is given beyond the proofs: they are what the flow lives on.
    fn latest(&self) -> Moment {
        let ends = self.proofs().iter().map(|proof| proof.expires_at);
        ends.min().unwrap_or(Moment(i64::MAX))
    }

    fn known(&self) -> Option<&Known> {
        match &self.stage {
            Stage::Choosing(Choosing {
                subject: Subject::Known(known),
            })
            | Stage::Proving(Proving {
                subject: Subject::Known(known),
                ..
            }) => Some(known),
            Stage::Proven(proven) => Some(&proven.known),
            Stage::Writing(writing) => Some(&writing.proven.known),
            _ => None,
        }
    }

    fn decoy_account(&self) -> Option<&AccountRef> {
        match &self.stage {
            Stage::Choosing(Choosing {
                subject: Subject::Decoy(decoy),
            })
            | Stage::Proving(Proving {
                subject: Subject::Decoy(decoy),
                ..
            }) => decoy.account.as_ref(),
            _ => None,
        }
    }

    /// What counters of this flow's account are keyed on: the stable id where the claim means an
    /// entry, so that all spellings share it, else the tag of the name.
    fn counted_as(&self) -> String {
        match self.account().or_else(|| self.decoy_account()) {
            Some(account) => account.key(),
            None => format!("name/{}", self.claim_tag),
        }
    }

    fn event(&self, ctx: &Context<'_>, deed: AuditDeed, result: AuditResult) -> AuditEvent {
        let actor = if self.proven_account().is_some() {
            ActorKind::Account
        } else {
            ActorKind::Visitor
        };
        let mut event = AuditEvent::new(ctx.now, deed, result, actor, self.correlation.clone());
        let account = self.account().or_else(|| self.decoy_account());
        event.subject = account.map(AccountRef::key);
        event.directory = account.map(|account| account.directory.0.clone());
        if account.is_none() {
            event.claim_tag = Some(self.claim_tag.clone());
        }
        event.policy = Some(format!("v{}", ctx.policy.version()));
        event.personal = Personal {
            login: self.known().map(|known| known.account.login.clone()),
            address: Some(ctx.caller.origin.address.clone()).filter(|text| !text.is_empty()),
            browser: Some(ctx.caller.origin.browser.clone()).filter(|text| !text.is_empty()),
            ..Personal::default()
        };
        event
    }

    /// One notice to each of the owner's places, as they were before the event.
    fn tell_owner(
        &self,
        ctx: &Context<'_>,
        known: &Known,
        tidings: &Tidings,
        veto: Option<&Veto>,
    ) -> Result<Vec<Notice>, NoEntropy> {
        if !ctx.policy.settings().notifications.person {
            return Ok(Vec::new());
        }
        tell(
            ctx,
            &self.correlation,
            &known.account,
            Recipient::of_owner(&known.account, &known.methods),
            &Telling { tidings, veto },
        )
    }
}

fn flow_life_ms(ctx: &Context<'_>) -> i64 {
    i64::from(ctx.policy.settings().limits.flow_mins) * MINUTE_MS
}

#[cfg(test)]
mod tests;
