//! The audit vocabulary: what is recorded, by whom, about whom (source: behaviour §8).
//!
//! An event is recorded in the same transaction as the step it speaks of.  Personal data stand in
//! [`Personal`], which the store seals; everything else is readable without a key.

use serde::{Deserialize, Serialize};

use crate::id::CorrelationId;
use crate::time::Moment;

macro_rules! deeds {
    ($($(#[$doc:meta])* $name:ident = $word:literal),+ $(,)?) => {
        /// What happened.  The word is the event's name in every export; it never changes.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
        pub enum AuditDeed { $($(#[$doc])* #[serde(rename = $word)] $name),+ }

        impl AuditDeed {
            /// Every deed, for completeness tests and the reference page.
            pub const ALL: &'static [Self] = &[$(Self::$name),+];

            /// The event's name.
            #[must_use]
            pub fn word(self) -> &'static str {
                match self { $(Self::$name => $word),+ }
            }
        }
    };
}

deeds! {
    /// A user name was submitted.
    FlowOpened = "flow.opened",
    /// The claim may not proceed; the visitor got a decoy.
    FlowIneligible = "flow.ineligible",
    /// Reset or unlock was chosen.
    FlowIntent = "flow.intent",
    /// The ways to prove identity were shown, and one was chosen.
    GateOffered = "gate.offered",
    /// A code was queued for a matching contact.
    ChallengeSent = "challenge.sent",
    /// No code was queued: no match, decoy, or limit.
    ChallengeWithheld = "challenge.withheld",
    /// A carrier refused a code.
    ChallengeFailed = "challenge.failed",
    /// An answer was right.
    ProofGiven = "proof.given",
    /// An answer was wrong.
    ProofFailed = "proof.failed",
    /// A gate was passed.
    GatePassed = "gate.passed",
    /// A flow could not go on for a reason outside the person's answers.
    FlowRefused = "flow.refused",
    /// The person gave up.
    FlowCancelled = "flow.cancelled",
    /// The flow's time ran out.
    FlowExpired = "flow.expired",
    /// A newer flow took over, or another path changed the account.
    FlowReplaced = "flow.replaced",
    /// The person asked for more time.
    FlowExtended = "flow.extended",
    /// A typed name met its limit.
    IdentityBlocked = "identity.blocked",
    /// A block was lifted.
    IdentityUnblocked = "identity.unblocked",
    /// A method of an account met its limit.
    MethodRested = "method.rested",
    /// A lane of a method was switched off after too many wrong tries in a row.
    MethodDisabled = "method.disabled",
    /// A password broke rules before the directory was asked.
    PasswordRejected = "password.rejected",
    /// A write was decided; nothing has been sent yet.
    OrderOpened = "order.opened",
    /// What came of a write.  Exactly one for each opened order.
    OrderSettled = "order.settled",
    /// A password was reset.
    PasswordReset = "password.reset",
    /// A password was changed by someone who knew the old one.
    PasswordChanged = "password.changed",
    /// Soon after a new password, the directory counted wrong ones that nobody typed here.
    WrongPasswordsSeen = "password.wrong_seen",
    /// A directory lock was lifted.
    AccountUnlocked = "account.unlocked",
    /// The owner pressed "This was not me".
    AccountFrozen = "account.frozen",
    /// A freeze was lifted.
    AccountUnfrozen = "account.unfrozen",
    /// The registration pages were put in the way.
    RegistrationPrompted = "registration.prompted",
    /// Registration was put off.
    RegistrationSkipped = "registration.skipped",
    /// All methods asked for are registered.
    RegistrationCompleted = "registration.completed",
    /// The person looked through the methods.
    RegistrationReconfirmed = "registration.reconfirmed",
    /// A method was added.
    MethodRegistered = "method.registered",
    /// A method was removed.
    MethodRemoved = "method.removed",
    /// Methods were set aside after a report.
    MethodSetAside = "method.set_aside",
    /// A sign-in worked.
    SigninSucceeded = "signin.succeeded",
    /// A sign-in failed; the sub-reason is for the log alone.
    SigninFailed = "signin.failed",
    /// Sign-in is paused for an account.
    SigninPaused = "signin.paused",
    /// A person signed out, or was signed out.
    SigninEnded = "signin.ended",
    /// The person fetched what is held about them.
    SecurityinfoExported = "securityinfo.exported",
    /// Somebody asked the administrators for help.
    ContactAdminRequested = "contact_admin.requested",
    /// Settings were changed.
    PolicyChanged = "policy.changed",
    /// A change of settings was refused by the lint.
    SettingsRefused = "settings.refused",
    /// Writing to a directory was switched on.
    WritebackEnabled = "directory.writeback_enabled",
    /// Writing to a directory was switched off.
    WritebackDisabled = "directory.writeback_disabled",
    /// A directory went down or came back.
    DirectoryState = "directory.state",
    /// The rights of a directory's service account were looked at.
    DirectoryRightsChecked = "directory.rights_checked",
    /// The service started.
    SystemStarted = "system.started",
    /// The service stopped.
    SystemStopped = "system.stopped",
    /// A notice was handed to a carrier.
    NoticeSent = "notice.sent",
    /// A notice was given up.
    NoticeFailed = "notice.failed",
    /// A network met its limit.
    ThrottleSource = "throttle.source",
    /// The site breaker went on.
    BreakerOn = "breaker.on",
    /// The site breaker went off.
    BreakerOff = "breaker.off",
    /// A message budget was reached.
    BudgetReached = "budget.reached",
    /// The audit log was exported.
    AuditExported = "audit.exported",
    /// The audit log was verified.
    AuditVerified = "audit.verified",
}

/// How it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AuditResult {
    /// It worked.
    Success,
    /// It did not.
    Failure,
    /// It was not allowed.
    Refused,
    /// Neither: a fact.
    Info,
}

/// Who did it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ActorKind {
    /// Somebody in front of a page who has proved nothing.
    Visitor,
    /// The account's owner, signed in or proven.
    Account,
    /// An administrator, by page or command line.
    Administrator,
    /// Keymend itself.
    System,
}

/// What is sealed before it is stored: names and network addresses.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Personal {
    /// The account's login name, where the claim meant one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub login: Option<String>,
    /// Who acted, by name, for administrators.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub actor_name: Option<String>,
    /// The source address.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub address: Option<String>,
    /// The browser family.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub browser: Option<String>,
    /// The masked contact a step spoke of.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub contact: Option<String>,
}

/// One changed setting.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// The setting's path.
    pub setting: String,
    /// Its value before.
    pub old: String,
    /// Its value after.
    pub new: String,
}

/// One line of the log, before the store numbers, chains and seals it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditEvent {
    /// When.
    pub time: Moment,
    /// What.
    pub event: AuditDeed,
    /// How it ended.
    pub result: AuditResult,
    /// The reason: a KM code, an outcome, or a short word; never free text of a visitor.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub reason: Option<String>,
    /// The journey.
    pub correlation_id: CorrelationId,
    /// Who acted.
    pub actor: ActorKind,
    /// The account spoken of, as `directory/anchor`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub subject: Option<String>,
    /// For claims that mean nobody: a keyed tag of the name, since people type passwords there.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub claim_tag: Option<String>,
    /// The policy that applied.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub policy: Option<String>,
    /// The method's word.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub method: Option<String>,
    /// The gate's number, from 1.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub gate: Option<u32>,
    /// The directory.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub directory: Option<String>,
    /// The write order.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub order_id: Option<String>,
    /// Changed settings.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub changes: Vec<Change>,
    /// A count or a limit value that belongs to the event.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub count: Option<i64>,
    /// Sealed in the store.
    #[serde(default)]
    pub personal: Personal,
}

impl AuditEvent {
    /// An event with nothing but the essentials.
    #[must_use]
    pub fn new(
        time: Moment,
        event: AuditDeed,
        result: AuditResult,
        actor: ActorKind,
        correlation_id: CorrelationId,
    ) -> Self {
        Self {
            time,
            event,
            result,
            reason: None,
            correlation_id,
            actor,
            subject: None,
            claim_tag: None,
            policy: None,
            method: None,
            gate: None,
            directory: None,
            order_id: None,
            changes: Vec::new(),
            count: None,
            personal: Personal::default(),
        }
    }

    /// The same event with a reason.
    #[must_use]
    pub fn because(mut self, reason: impl Into<String>) -> Self {
        self.reason = Some(reason.into());
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_of_deeds_are_unique() {
        let mut words: Vec<&str> = AuditDeed::ALL.iter().map(|deed| deed.word()).collect();
        words.sort_unstable();
        let count = words.len();
        words.dedup();
        assert_eq!(words.len(), count);
    }
}
