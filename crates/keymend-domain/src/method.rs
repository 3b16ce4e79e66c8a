//! Methods: registered ways to prove identity, their classes, and how far each is trusted.

use serde::{Deserialize, Serialize};

use crate::id::MethodId;
use crate::time::Moment;

/// A kind of method.  The order is the order on every page: strongest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MethodKind {
    /// A code sent to a registered e-mail address.
    Email,
    /// A code sent to a registered mobile number as a text message.
    Text,
}

impl MethodKind {
    /// Every kind, strongest first.
    pub const ALL: [Self; 2] = [Self::Email, Self::Text];

    /// What a thief must steal to use a method of this kind.
    #[must_use]
    pub fn class(self) -> Class {
        match self {
            Self::Email => Class::Mailbox,
            Self::Text => Class::PhoneLine,
        }
    }

    /// The word used in forms, settings and audit events.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::Text => "text",
        }
    }

    /// The kind a form or a settings file names.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.word() == word)
    }
}

/// What a thief must steal.  Two gates of one flow never share a class.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Class {
    /// The person's mailbox.
    Mailbox,
    /// The person's telephone number.
    PhoneLine,
}

impl Class {
    /// Whether methods of this class open a gate by a code that was sent: easy to use, and
    /// weaker than what a person holds (NIST SP 800-63B-4 §3.1.3.1, §3.1.3.3).
    #[must_use]
    pub fn is_issued_code(self) -> bool {
        match self {
            Self::Mailbox | Self::PhoneLine => true,
        }
    }
}

/// How far a contact is trusted (behaviour §5.1; security-gates R-29).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Assurance {
    /// A code sent there came back from its owner.
    UserVerified,
    /// Entered by an administrator; pre-fills registration and opens nothing.
    AdminRegistered,
}

/// A contact in the one form in which it is stored, compared and sent to.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Contact {
    /// An address; its domain in lower case.
    Email(String),
    /// A telephone number in E.164 form, `+` first.
    Phone(String),
}

impl Contact {
    /// The address or number in full: for sending and for comparing, never for a page, a log or
    /// an audit line.
    #[must_use]
    pub fn in_full(&self) -> &str {
        match self {
            Self::Email(text) | Self::Phone(text) => text,
        }
    }

    /// The address or number with most of it hidden: first letter and domain, or the last two
    /// digits (behaviour §8.1).
    #[must_use]
    pub fn masked(&self) -> String {
        match self {
            Self::Email(address) => match address.split_once('@') {
                Some((local, domain)) => {
                    let first: String = local.chars().take(1).collect();
                    format!("{first}…@{domain}")
                }
                None => "…".to_owned(),
            },
            Self::Phone(number) => {
                let tail: Vec<char> = number.chars().rev().take(2).collect();
                let tail: String = tail.into_iter().rev().collect();
                format!("…{tail}")
            }
        }
    }
}

/// Prints the masked form only.
impl std::fmt::Debug for Contact {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Contact({})", self.masked())
    }
}

/// The most bytes an address may have (RFC 5321 §4.5.3.1.3 allows 254 in a path).
pub const EMAIL_BYTES_MAX: usize = 254;

/// Brings a typed e-mail address into stored form: blanks around it dropped, domain lower-cased.
///
/// Gives `None` for what cannot be an address: no or several `@`, an empty or over-long part, a
/// domain without a dot, blanks, control characters, angle brackets, quotes or commas anywhere.
/// Deliberately narrower than RFC 5321: quoted local parts are a way to smuggle headers, and
/// nobody recovers an account with one.
#[must_use]
pub fn email(typed: &str) -> Option<Contact> {
    let text = typed.trim();
    if text.len() > EMAIL_BYTES_MAX || text.contains(|sign: char| hostile_in_address(sign)) {
        return None;
    }
    let (local, domain) = text.split_once('@')?;
    if domain.contains('@') || local.is_empty() || local.len() > 64 {
        return None;
    }
    if local.starts_with('.') || local.ends_with('.') || local.contains("..") {
        return None;
    }
    let labels_fit = domain.contains('.')
        && domain.split('.').all(|label| {
            !label.is_empty()
                && label.len() <= 63
                && !label.starts_with('-')
                && !label.ends_with('-')
                && label
                    .chars()
                    .all(|sign| sign.is_alphanumeric() || sign == '-')
        });
    labels_fit.then(|| Contact::Email(format!("{local}@{}", domain.to_lowercase())))
}

fn hostile_in_address(sign: char) -> bool {
    sign.is_control()
        || sign.is_whitespace()
        || matches!(
            sign,
            '<' | '>' | '"' | '\'' | ',' | ';' | ':' | '(' | ')' | '[' | ']' | '\\'
        )
}

/// Whether two contacts are the same place.  The local part of an address is compared without
/// regard to case: no provider in use tells them apart, and people do not remember case.
#[must_use]
pub fn same_contact(one: &Contact, other: &Contact) -> bool {
    match (one, other) {
        (Contact::Email(a), Contact::Email(b)) => a.to_lowercase() == b.to_lowercase(),
        (Contact::Phone(a), Contact::Phone(b)) => a == b,
        (Contact::Email(_), Contact::Phone(_)) | (Contact::Phone(_), Contact::Email(_)) => false,
    }
}

/// One registered method of one account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Method {
    /// The method's id.
    pub id: MethodId,
    /// Its kind.
    pub kind: MethodKind,
    /// Where its codes go.
    pub contact: Contact,
    /// How far it is trusted.
    pub assurance: Assurance,
    /// It opens no gate before this instant, if set (behaviour §5.4).
    pub probation_until: Option<Moment>,
    /// When it was registered.
    pub added_at: Moment,
    /// When it last opened a gate.
    pub used_at: Option<Moment>,
}

impl Method {
    /// Whether the method can be asked for a proof at `now`.
    #[must_use]
    pub fn is_confirmed(&self, now: Moment) -> bool {
        match self.assurance {
            Assurance::AdminRegistered => false,
            Assurance::UserVerified => self.probation_until.is_none_or(|until| until <= now),
        }
    }

    /// Whether the method counts as registered: confirmed, or confirmed but for its probation.
    #[must_use]
    pub fn is_registered(&self) -> bool {
        match self.assurance {
            Assurance::AdminRegistered => false,
            Assurance::UserVerified => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_stored_with_its_domain_in_lower_case() {
        assert_eq!(
            email(" Jane.Doe@Mail.EXAMPLE "),
            Some(Contact::Email("Jane.Doe@mail.example".into()))
        );
    }

    #[test]
    fn what_is_no_address_is_refused() {
        let long = format!("{}@mail.example", "x".repeat(65));
        for text in [
            "",
            "jane",
            "@mail.example",
            "jane@",
            "jane@localhost",
            "a@b@c.example",
            "jane doe@mail.example",
            "jane@mail..example",
            "jane@-mail.example",
            "jane\r\nBcc: x@mail.example",
            "<jane@mail.example>",
            "\"j\"@mail.example",
            "jane,bob@mail.example",
            ".jane@mail.example",
            long.as_str(),
        ] {
            assert_eq!(email(text), None, "{text:?}");
        }
    }

    #[test]
    fn a_masked_contact_keeps_a_letter_or_two_digits() {
        assert_eq!(
            Contact::Email("jane@mail.example".into()).masked(),
            "j…@mail.example"
        );
        assert_eq!(Contact::Phone("+447700900123".into()).masked(), "…23");
        assert_eq!(
            format!("{:?}", Contact::Phone("+447700900123".into())),
            "Contact(…23)"
        );
    }

    #[test]
    fn a_method_in_probation_is_registered_and_not_yet_confirmed() {
        let method = Method {
            id: MethodId::stored("m".into()),
            kind: MethodKind::Email,
            contact: Contact::Email("jane@mail.example".into()),
            assurance: Assurance::UserVerified,
            probation_until: Some(Moment(100)),
            added_at: Moment(0),
            used_at: None,
        };
        assert!(method.is_registered());
        assert!(!method.is_confirmed(Moment(99)));
        assert!(method.is_confirmed(Moment(100)));
    }
}
