//! Notices: what a person or an administrator must be told, before anybody puts it into words.

mod sealed;

use serde::{Deserialize, Serialize};

pub use sealed::{ForSealing, Unsealed};

use crate::account::Account;
use crate::id::{CorrelationId, FlowId, NoticeId};
use crate::method::{Contact, Method, MethodKind, email};
use crate::secret::Enclosed;
use crate::time::Moment;

/// Where a notice goes.
///
/// Made only from a registered method, a directory value, or the settings; a number or address
/// that somebody typed is compared with these and never sent to (security-gates R-05).  The one
/// exception is registration, where the signed-in owner confirms a new contact.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Recipient(Contact);

impl Recipient {
    /// A registered method's contact.
    #[must_use]
    pub fn of_method(method: &Method) -> Self {
        Self(method.contact.clone())
    }

    /// The addresses in the directory entry that can be addresses at all.
    #[must_use]
    pub fn of_account(account: &Account) -> Vec<Self> {
        account
            .mail
            .iter()
            .filter_map(|address| email(address))
            .map(Self)
            .collect()
    }

    /// Every place where the owner hears of events: directory addresses and registered ones;
    /// registered numbers only if there is no address at all (behaviour §4.6).
    #[must_use]
    pub fn of_owner(account: &Account, methods: &[Method]) -> Vec<Self> {
        let mut places = Self::of_account(account);
        let registered = |kind: MethodKind| {
            methods
                .iter()
                .filter(move |method| method.kind == kind && method.is_registered())
                .map(Self::of_method)
        };
        places.extend(registered(MethodKind::Email));
        if places.is_empty() {
            places.extend(registered(MethodKind::Text));
        }
        let mut distinct: Vec<Self> = Vec::new();
        for place in places {
            if !distinct
                .iter()
                .any(|known| crate::method::same_contact(&known.0, &place.0))
            {
                distinct.push(place);
            }
        }
        distinct
    }

    /// A contact that its signed-in owner is confirming by a code, and nobody else can reach.
    pub(crate) fn being_confirmed(contact: Contact) -> Self {
        Self(contact)
    }

    /// An address from the settings: administrators and the security mailbox.
    #[must_use]
    pub fn of_settings(address: &str) -> Option<Self> {
        email(address).map(Self)
    }

    /// The contact.
    #[must_use]
    pub fn contact(&self) -> &Contact {
        &self.0
    }
}

/// What a code is for, in the message that carries it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CodePurpose {
    /// To reset a password.
    Reset,
    /// To unlock an account.
    Unlock,
    /// To confirm a new contact.
    Confirm,
    /// To show once more that it is the owner, before security info changes.
    FreshProof,
}

/// Why an attempt to reset could not go on, in the mail to the owner (behaviour §7, M11).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum HelpReason {
    /// Nothing is set up.
    NotSetUp,
    /// Too few ways are set up.
    TooFew,
    /// A way was used that is not accepted.
    WayNotAccepted,
    /// New ways do not count yet.
    Probation {
        /// From when they do.
        from: Moment,
    },
    /// Not switched on for this account.
    NotSwitchedOn,
    /// Frozen after a report.
    Frozen,
    /// An administrator must handle it.
    AdministratorOnly,
    /// The account has ended; the helpdesk knows more.
    AskHelpdesk,
}

/// What happened to somebody's security info.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum InfoChange {
    /// A method was added.
    Added,
    /// A method was removed.
    Removed,
}

/// Where an event came from, as far as can be told.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    /// The network address.
    pub address: String,
    /// The browser family.
    pub browser: String,
}

/// What is to be said.  The numbers are those of behaviour §7.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Tidings {
    /// M1, M2: a code.  Dies with its code.
    Code {
        /// The digits.
        code: Enclosed,
        /// What for.
        purpose: CodePurpose,
        /// How long it works, in whole minutes.
        minutes: u32,
    },
    /// M4: the password was reset.
    PasswordReset {
        /// Whether a lock was lifted as well.
        unlocked: bool,
    },
    /// M5: the password was changed.
    PasswordChanged,
    /// M4, where nobody can say: the directory was asked for a new password and did not answer.
    PasswordUnsure,
    /// M6: the account was unlocked.
    AccountUnlocked,
    /// M22: soon after a new password, something tried wrong ones.
    WrongPasswords {
        /// The servers that counted the last one.
        servers: Vec<String>,
        /// When that was, by their clock.
        at: Moment,
        /// Whether it was just then, and not at some time shortly before.
        is_exact: bool,
        /// How many are left before the account is locked, 0 if it is; `None` if none locks it, or
        /// nobody can say.
        left: Option<u32>,
    },
    /// M7: an administrator's password was reset, told to administrators.
    AdministratorReset {
        /// The administrator's login name.
        login: String,
        /// The methods used.
        methods: Vec<MethodKind>,
    },
    /// M9: security info changed.
    SecurityInfo {
        /// What happened.
        change: InfoChange,
        /// Which kind of method.
        kind: MethodKind,
        /// From when it counts, if not at once.
        counts_from: Option<Moment>,
    },
    /// M11: help for an owner whose attempt could not go on.
    Help(HelpReason),
    /// M12: too many tries.
    TooManyTries {
        /// When it ends.
        until: Moment,
    },
    /// M13: the first gate passed, the second failed.
    HalfWay {
        /// The kind that was passed.
        passed: MethodKind,
    },
    /// M14: somebody asks the administrators for help.
    HelpWanted {
        /// The account's login name.
        login: String,
    },
    /// M19: the owner pressed "This was not me".
    Frozen {
        /// The account's login name.
        login: String,
        /// How many methods were set aside.
        set_aside: u32,
    },
    /// M21: a directory, a budget or a carrier needs attention.
    Attention {
        /// Which thing, by a stable word: `directory-down`, `directory-refused`, `directory-up`,
        /// `breaker`, `budget-80`, `budget-100`, `texts-unanswered`.
        what: String,
        /// Its name.
        name: String,
    },
}

impl Tidings {
    /// The number in the catalogue of messages, for the audit log.
    #[must_use]
    pub fn number(&self) -> &'static str {
        match self {
            Self::Code { .. } => "M1",
            Self::PasswordReset { .. } => "M4",
            Self::PasswordUnsure => "M4",
            Self::PasswordChanged => "M5",
            Self::AccountUnlocked => "M6",
            Self::AdministratorReset { .. } => "M7",
            Self::SecurityInfo { .. } => "M9",
            Self::Help(_) => "M11",
            Self::TooManyTries { .. } => "M12",
            Self::HalfWay { .. } => "M13",
            Self::HelpWanted { .. } => "M14",
            Self::Frozen { .. } => "M19",
            Self::Attention { .. } => "M21",
            Self::WrongPasswords { .. } => "M22",
        }
    }

    /// How long it can wait.
    #[must_use]
    pub fn urgency(&self) -> Urgency {
        match self {
            Self::Code { .. } => Urgency::Code,
            Self::PasswordReset { .. }
            | Self::PasswordUnsure
            | Self::PasswordChanged
            | Self::AccountUnlocked
            | Self::AdministratorReset { .. }
            | Self::SecurityInfo { .. }
            | Self::HalfWay { .. }
            | Self::WrongPasswords { .. }
            | Self::Frozen { .. } => Urgency::Warning,
            Self::Help(_)
            | Self::TooManyTries { .. }
            | Self::HelpWanted { .. }
            | Self::Attention { .. } => Urgency::Other,
        }
    }
}

/// What goes before what.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Urgency {
    /// A person sits before a page and waits for it.
    Code,
    /// Something was done to an account, and its owner may have to object.
    Warning,
    /// Everything that a stranger can cause by typing names alone, and news of the site.
    Other,
}

impl Urgency {
    /// Every urgency, the most urgent first.
    pub const ALL: [Self; 3] = [Self::Code, Self::Warning, Self::Other];
}

/// One message to one place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// Its id.
    pub id: NoticeId,
    /// Where it goes.
    pub to: Recipient,
    /// What it says.
    pub tidings: Tidings,
    /// The account spoken of, `directory/anchor`; `None` for messages about the site.
    pub subject: Option<String>,
    /// The account's language, if known.
    pub language: Option<String>,
    /// When the event happened.
    pub happened_at: Moment,
    /// Where from.
    pub origin: Origin,
    /// The journey.
    pub correlation_id: CorrelationId,
    /// After this instant it is worthless and must not be sent.
    pub expires_at: Moment,
    /// The secret of the "This was not me" link, where the message carries one.
    pub not_me: Option<Enclosed>,
    /// For codes: the flow that asked and the number of the code in it, so that its time can
    /// count from the moment a carrier took it.
    pub answers: Option<(FlowId, u32)>,
}

impl Notice {
    /// The kind of carrier it needs.
    #[must_use]
    pub fn carrier(&self) -> MethodKind {
        match self.to.contact() {
            Contact::Email(_) => MethodKind::Email,
            Contact::Phone(_) => MethodKind::Text,
        }
    }
}

/// How a carrier answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Carried {
    /// It took the message.
    Accepted,
    /// It did not, and may do so later (SMTP 4xx, HTTP 429 or 5xx, no connection).
    Later {
        /// The answer, without the address.
        detail: String,
    },
    /// It did not, and never will (SMTP 5xx, HTTP 4xx).
    Never {
        /// The answer, without the address.
        detail: String,
    },
}
