//! Delivery: a notice becomes a message, and a carrier takes it.
//!
//! [`compose`] puts a notice into words; [`Carriers`] hands the message to a mail server, to a
//! gateway for text messages, or to the outbox page of the demo.  When to try again, and when to
//! give up, is decided by whoever keeps the outbox.

pub mod compose;
pub mod demo;
pub mod gateway;
pub mod preset;
pub mod smtp;
mod texts;
mod value;

use std::fmt;

use keymend_domain::deliver::Carried;
use keymend_domain::method::MethodKind;
use keymend_domain::time::Moment;

pub use demo::DemoOutbox;
use gateway::Gateway;
use smtp::Smtp;

pub use compose::{Composer, SiteWords};
pub use texts::{BrokenFile, MessageTexts};

/// A message in its final words.
///
/// Holds codes and addresses, so it prints as its number and nothing else.
#[derive(Clone, PartialEq, Eq)]
pub enum Message {
    /// An e-mail.
    Mail(Mail),
    /// A text message.
    Text(TextMessage),
}

/// An e-mail: plain text and simple HTML that say the same.
#[derive(Clone, PartialEq, Eq)]
pub struct Mail {
    /// Unique, and the same at every try, so that a mailbox can tell a repeated delivery:
    /// `notice@host`, without angle brackets.
    pub message_id: String,
    /// The number in the catalogue of messages.
    pub number: &'static str,
    /// The address.
    pub to: String,
    /// Never holds a code: lock screens show subjects.
    pub subject: String,
    /// The plain part.
    pub text: String,
    /// The HTML part.
    pub html: String,
    /// When the event happened.
    pub at: Moment,
}

/// A text message.
#[derive(Clone, PartialEq, Eq)]
pub struct TextMessage {
    /// The number in the catalogue of messages.
    pub number: &'static str,
    /// The telephone number in E.164 form, `+` first.
    pub to: String,
    /// The words.
    pub body: String,
    /// When the event happened.
    pub at: Moment,
}

impl Message {
    /// Which kind of carrier it needs.
    #[must_use]
    pub fn kind(&self) -> MethodKind {
        match self {
            Self::Mail(_) => MethodKind::Email,
            Self::Text(_) => MethodKind::Text,
        }
    }

    /// Its number in the catalogue of messages.
    #[must_use]
    pub fn number(&self) -> &'static str {
        match self {
            Self::Mail(mail) => mail.number,
            Self::Text(text) => text.number,
        }
    }
}

impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Message({} by {})", self.number(), self.kind().word())
    }
}

/// Whatever takes messages.
#[derive(Debug)]
pub enum Carrier {
    /// Mail servers.
    Smtp(Smtp),
    /// A gateway for text messages.
    Gateway(Box<Gateway>),
    /// The outbox page of the demo.
    Demo(DemoOutbox),
}

impl Carrier {
    /// Hands over one message; ends within the carrier's time limits, whatever the other side
    /// does.
    ///
    /// `Later` and `Never` carry a detail for the log and the audit trail: status codes and the
    /// server's name, never an address, a code or the server's own words.
    pub async fn carry(&self, message: &Message) -> Carried {
        match (self, message) {
            (Self::Smtp(smtp), Message::Mail(mail)) => smtp.carry(mail).await,
            (Self::Gateway(gateway), Message::Text(text)) => gateway.carry(text).await,
            (Self::Demo(outbox), message) => outbox.carry(message),
            (Self::Smtp(_), Message::Text(_)) | (Self::Gateway(_), Message::Mail(_)) => {
                no_carrier(message.kind())
            }
        }
    }

    /// Talks to the other side as far as is possible without sending anything.
    ///
    /// # Errors
    ///
    /// One line for each server that cannot be used, with what is wrong.
    pub async fn test_connection(&self) -> Result<(), Vec<String>> {
        match self {
            Self::Smtp(smtp) => smtp.test_connection().await,
            Self::Gateway(gateway) => gateway.test_connection().await.map_err(|fault| vec![fault]),
            Self::Demo(_) => Ok(()),
        }
    }
}

/// The carriers of this installation, one for each kind of message at most.
#[derive(Debug, Default)]
pub struct Carriers {
    /// For mail.
    pub mail: Option<Carrier>,
    /// For text messages.
    pub text: Option<Carrier>,
}

impl Carriers {
    /// What the demonstration's carriers kept instead of carrying it, newest first; nothing in a
    /// real service.
    #[must_use]
    pub fn shown(&self) -> Vec<demo::DemoMessage> {
        match &self.mail {
            Some(Carrier::Demo(outbox)) => outbox.messages(),
            _ => Vec::new(),
        }
    }

    /// Carriers that put everything into one outbox, for the demo.
    #[must_use]
    pub fn demo(outbox: &DemoOutbox) -> Self {
        Self {
            mail: Some(Carrier::Demo(outbox.clone())),
            text: Some(Carrier::Demo(outbox.clone())),
        }
    }

    /// Whether messages of this kind can go out at all, so that a page can say so beforehand.
    #[must_use]
    pub fn can(&self, kind: MethodKind) -> bool {
        self.of(kind).is_some()
    }

    /// The carrier for a kind of message.
    #[must_use]
    pub fn of(&self, kind: MethodKind) -> Option<&Carrier> {
        match kind {
            MethodKind::Email => self.mail.as_ref(),
            MethodKind::Text => self.text.as_ref(),
        }
    }

    /// Hands a message to the carrier of its kind; see [`Carrier::carry`].
    pub async fn carry(&self, message: &Message) -> Carried {
        match self.of(message.kind()) {
            Some(carrier) => carrier.carry(message).await,
            None => no_carrier(message.kind()),
        }
    }
}

/// A missing carrier is a setting that can be put right, so the message waits until it expires.
fn no_carrier(kind: MethodKind) -> Carried {
    Carried::Later {
        detail: format!("no carrier for {} is configured", kind.word()),
    }
}
