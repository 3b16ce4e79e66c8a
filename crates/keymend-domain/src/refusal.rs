//! Refusals: foreseen situations with a stable id.
//!
//! Translators and API clients key on the ids; a test freezes them (source: behaviour §11).

use serde::{Deserialize, Serialize};

use crate::directory::RuleBroken;
use crate::method::MethodKind;

/// A foreseen situation that keeps a person from going on, or sends them another way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Refusal {
    /// A field is empty.
    FormMissing,
    /// The page is out of date: back, reload, out of order.
    StepWrong,
    /// The form token is too old or foreign.
    FormStale,
    /// The browser sent no cookie back.
    CookieMissing,
    /// The flow's time is over.
    FlowExpired,
    /// A newer proven flow took over.
    FlowReplaced,
    /// The bot check failed.
    HumanNotSure,
    /// Many requests from one network.
    LimitReached {
        /// Whole minutes to wait, coarse.
        wait_mins: u32,
    },
    /// Over the size limit.
    InputLong,
    /// Empty or impossible user name.
    ClaimShape,
    /// The password and name do not match: wrong, unknown, locked.
    SigninNoMatch,
    /// Too many sign-in tries.
    SigninPaused {
        /// Whole minutes to wait, coarse.
        wait_mins: u32,
    },
    /// Right password, but the account cannot be used.
    SigninUnusable,
    /// Right password, but not now or not from here.
    SigninNotHere,
    /// Signed out after idling.
    SigninEnded,
    /// A fresh proof is needed before security info changes.
    ProofWanted,
    /// The code is wrong, late, older, or was never sent.
    AnswerWrong {
        /// How many tries are left; told only after the first gate.
        tries_left: Option<u32>,
    },
    /// Not an e-mail address.
    AddressShape,
    /// Not a telephone number.
    NumberShape,
    /// This way is used up in this flow.
    TriesUsedUp,
    /// Send-again was asked for too early.
    ChallengeTooSoon {
        /// Whole seconds to wait.
        wait_secs: u32,
    },
    /// No more codes in this flow.
    ChallengeSpent,
    /// The typed name is blocked.
    NameBlocked {
        /// Whole minutes until it opens, coarse.
        wait_mins: u32,
    },
    /// After gate 1, no method is left.
    WayNone,
    /// Scope, state or policy changed meanwhile.
    StandingLost,
    /// Resetting is switched off for the whole site.
    SiteOff,
    /// Writing is paused for this directory.
    SitePaused {
        /// The directory's name for people.
        directory: String,
    },
    /// The directory does not answer.
    DirectoryDown {
        /// The directory's name for people.
        directory: String,
    },
    /// A right is missing on our side.
    RightsMissing,
    /// The account is protected.
    WriteProtected,
    /// There is no lock to lift.
    LockNone,
    /// The password broke rules; all of them at once.
    PasswordRejected(Vec<RuleBroken>),
    /// The current password is wrong.
    PasswordOld,
    /// The contact is registered already.
    ContactTwice,
    /// No more contacts of this kind.
    MethodMost {
        /// How many may be kept.
        most: u32,
    },
    /// The work mailbox, which the lost password opens.
    ContactInside,
    /// Numbers of this country are not served.
    NumberCountry,
    /// Too many accounts share the number.
    NumberShared,
    /// Removing this would leave too few.
    MethodLeast {
        /// How many are needed.
        least: u32,
    },
    /// No skips are left.
    SkipOver,
    /// The code could not be sent (told only where that reveals nothing).
    SendFailed {
        /// By which method.
        kind: MethodKind,
    },
    /// The budget for this kind of message is spent (registration only).
    BudgetSpent,
}

impl Refusal {
    /// The stable id.
    #[must_use]
    pub fn id(&self) -> &'static str {
        match self {
            Self::FormMissing => "form.missing",
            Self::StepWrong => "step.wrong",
            Self::FormStale => "form.stale",
            Self::CookieMissing => "cookie.missing",
            Self::FlowExpired => "flow.expired",
            Self::FlowReplaced => "flow.replaced",
            Self::HumanNotSure => "human.not-sure",
            Self::LimitReached { .. } => "limit.reached",
            Self::InputLong => "input.long",
            Self::ClaimShape => "claim.shape",
            Self::SigninNoMatch => "signin.no-match",
            Self::SigninPaused { .. } => "signin.paused",
            Self::SigninUnusable => "signin.unusable",
            Self::SigninNotHere => "signin.not-here",
            Self::SigninEnded => "signin.ended",
            Self::ProofWanted => "proof.wanted",
            Self::AnswerWrong { .. } => "answer.wrong",
            Self::AddressShape => "address.shape",
            Self::NumberShape => "number.shape",
            Self::TriesUsedUp => "answer.tries-used-up",
            Self::ChallengeTooSoon { .. } => "challenge.too-soon",
            Self::ChallengeSpent => "challenge.spent",
            Self::NameBlocked { .. } => "name.blocked",
            Self::WayNone => "way.none",
            Self::StandingLost => "standing.lost",
            Self::SiteOff => "site.off",
            Self::SitePaused { .. } => "site.paused",
            Self::DirectoryDown { .. } => "directory.down",
            Self::RightsMissing => "rights.missing",
            Self::WriteProtected => "write.protected",
            Self::LockNone => "lock.none",
            Self::PasswordRejected(_) => "password.rejected",
            Self::PasswordOld => "pw.old",
            Self::ContactTwice => "contact.twice",
            Self::MethodMost { .. } => "method.most",
            Self::ContactInside => "contact.inside",
            Self::NumberCountry => "number.country",
            Self::NumberShared => "number.shared",
            Self::MethodLeast { .. } => "method.least",
            Self::SkipOver => "skip.over",
            Self::SendFailed {
                kind: MethodKind::Email,
            } => "mail.refused",
            Self::SendFailed {
                kind: MethodKind::Text,
            } => "sms.refused",
            Self::BudgetSpent => "budget.spent",
        }
    }

    /// The catalogue number (behaviour §11).  Never changed, never reused.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::FormMissing => "KM-1001",
            Self::StepWrong => "KM-1002",
            Self::FormStale => "KM-1003",
            Self::CookieMissing => "KM-1004",
            Self::FlowExpired => "KM-1005",
            Self::FlowReplaced => "KM-1006",
            Self::HumanNotSure => "KM-1007",
            Self::LimitReached { .. } => "KM-1008",
            Self::InputLong => "KM-1009",
            Self::ClaimShape => "KM-1010",
            Self::SigninNoMatch => "KM-1101",
            Self::SigninPaused { .. } => "KM-1102",
            Self::SigninUnusable => "KM-1103",
            Self::SigninNotHere => "KM-1104",
            Self::SigninEnded => "KM-1105",
            Self::ProofWanted => "KM-1107",
            Self::AnswerWrong { .. } => "KM-2101",
            Self::AddressShape => "KM-2103",
            Self::NumberShape => "KM-2104",
            Self::TriesUsedUp => "KM-2108",
            Self::ChallengeTooSoon { .. } => "KM-2109",
            Self::ChallengeSpent => "KM-2110",
            Self::NameBlocked { .. } => "KM-2111",
            Self::WayNone => "KM-2112",
            Self::StandingLost => "KM-2115",
            Self::SiteOff => "KM-2203",
            Self::SitePaused { .. } => "KM-2214",
            Self::DirectoryDown { .. } => "KM-3001",
            Self::RightsMissing => "KM-3003",
            Self::WriteProtected => "KM-3004",
            Self::LockNone => "KM-3013",
            Self::PasswordRejected(_) => "KM-4000",
            Self::PasswordOld => "KM-4014",
            Self::ContactTwice => "KM-5001",
            Self::MethodMost { .. } => "KM-5002",
            Self::ContactInside => "KM-5003",
            Self::NumberCountry => "KM-5004",
            Self::NumberShared => "KM-5005",
            Self::MethodLeast { .. } => "KM-5006",
            Self::SkipOver => "KM-5011",
            Self::SendFailed {
                kind: MethodKind::Email,
            } => "KM-7001",
            Self::SendFailed {
                kind: MethodKind::Text,
            } => "KM-7002",
            Self::BudgetSpent => "KM-7003",
        }
    }
}

impl RuleBroken {
    /// The stable id of the reason (behaviour §11, KM-4xxx).
    #[must_use]
    pub fn id(&self) -> &'static str {
        match self {
            Self::Short { .. } => "pw.short",
            Self::Long { .. } => "pw.long",
            Self::Differ => "pw.differ",
            Self::Banned { .. } => "pw.banned",
            Self::Name { .. } => "pw.name",
            Self::Leaked => "pw.leaked",
            Self::Classes { .. } => "pw.classes",
            Self::History { .. } => "pw.history",
            Self::Young { .. } => "pw.young",
            Self::Unsaid => "pw.unsaid",
            Self::Sign { .. } => "pw.sign",
            Self::Same => "pw.same",
            Self::Few { .. } => "pw.few",
        }
    }

    /// The catalogue number.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Short { .. } => "KM-4001",
            Self::Long { .. } => "KM-4002",
            Self::Differ => "KM-4003",
            Self::Banned { .. } => "KM-4004",
            Self::Name { .. } => "KM-4005",
            Self::Leaked => "KM-4006",
            Self::Classes { .. } => "KM-4007",
            Self::History { .. } => "KM-4008",
            Self::Young { .. } => "KM-4009",
            Self::Unsaid => "KM-4010",
            Self::Sign { .. } => "KM-4011",
            Self::Same => "KM-4012",
            Self::Few { .. } => "KM-4013",
        }
    }
}
