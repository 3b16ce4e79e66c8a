//! The words by which sentences are chosen; the files of every language know them.

use keymend_domain::deliver::{CodePurpose, HelpReason, InfoChange, Tidings};
use keymend_domain::time::Moment;

/// The middle of the ids of the sentences.
pub(super) fn stem(tidings: &Tidings) -> &'static str {
    match tidings {
        Tidings::Code { .. } => "code",
        Tidings::PasswordReset { .. } => "password-reset",
        Tidings::PasswordUnsure => "password-unsure",
        Tidings::PasswordChanged => "password-changed",
        Tidings::AccountUnlocked => "account-unlocked",
        Tidings::WrongPasswords { .. } => "wrong-passwords",
        Tidings::AdministratorReset { .. } => "administrator-reset",
        Tidings::SecurityInfo { .. } => "security-info",
        Tidings::Help(_) => "help",
        Tidings::TooManyTries { .. } => "too-many-tries",
        Tidings::HalfWay { .. } => "half-way",
        Tidings::HelpWanted { .. } => "help-wanted",
        Tidings::Frozen { .. } => "frozen",
        Tidings::Attention { .. } => "attention",
    }
}

/// How near a lock is, by the number of wrong passwords that are left before it.
pub(super) fn lock_word(left: Option<u32>) -> &'static str {
    match left {
        None => "unknown",
        Some(0) => "locked",
        Some(_) => "left",
    }
}

pub(super) fn purpose_word(purpose: CodePurpose) -> &'static str {
    match purpose {
        CodePurpose::Reset => "reset",
        CodePurpose::Unlock => "unlock",
        CodePurpose::Confirm => "confirm",
        CodePurpose::FreshProof => "fresh-proof",
    }
}

pub(super) fn change_word(change: InfoChange) -> &'static str {
    match change {
        InfoChange::Added => "added",
        InfoChange::Removed => "removed",
    }
}

pub(super) fn reason_word(reason: HelpReason) -> (&'static str, Option<Moment>) {
    match reason {
        HelpReason::NotSetUp => ("not-set-up", None),
        HelpReason::TooFew => ("too-few", None),
        HelpReason::WayNotAccepted => ("way-not-accepted", None),
        HelpReason::Probation { from } => ("probation", Some(from)),
        HelpReason::NotSwitchedOn => ("not-switched-on", None),
        HelpReason::Frozen => ("frozen", None),
        HelpReason::AdministratorOnly => ("administrator-only", None),
        HelpReason::AskHelpdesk => ("ask-helpdesk", None),
    }
}
