//! Pages that only the demonstration has.

use serde::Serialize;

use super::{Page, Way};

/// An account to try.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DemoAccount {
    /// The user name.
    pub user: String,
    /// The password; demonstration accounts have no secrets.
    pub password: String,
    /// The address that is registered for it, where any is.
    pub email: String,
    /// The mobile number that is registered for it, where any is.
    pub number: String,
    /// What is special about it: one of [`DemoAccount::KINDS`], and the sentence is `demo-kind-`
    /// with this id.
    pub kind: &'static str,
}

impl DemoAccount {
    /// All kinds that have a sentence.
    pub const KINDS: &'static [&'static str] = &[
        "plain",
        "locked",
        "password-expired",
        "must-change",
        "disabled",
        "ended",
        "protected",
        "unregistered",
        "out-of-scope",
        "young",
        "may-not-change",
    ];

    /// One account of each kind.
    pub fn samples() -> Vec<Self> {
        let account = |kind: &&'static str| Self {
            user: format!("{kind}.sample"),
            password: "correct horse battery".to_owned(),
            email: format!("{kind}.sample@home.example"),
            number: "+44 7700 900123".to_owned(),
            kind,
        };
        Self::KINDS.iter().map(account).collect()
    }
}

/// The mails and text messages that a gateway would have carried.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Outbox {
    /// Newest first.
    pub messages: Vec<DemoMessage>,
}

/// One mail or text message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DemoMessage {
    /// How it would have travelled.
    pub way: Way,
    /// To whom.
    pub to: String,
    /// The subject of a mail.
    pub subject: Option<String>,
    /// The whole text.
    pub body: String,
    /// When, in the person's format.
    pub at: String,
}

impl Page for Outbox {
    const TEMPLATE: &'static str = "outbox.html";

    fn samples() -> Vec<Self> {
        let mail = DemoMessage {
            way: Way::Email,
            to: "jane@mail.example".to_owned(),
            subject: Some("Example Works: your code".to_owned()),
            body: "418302 is your code to reset your password. It works for 5 minutes. Our staff \
                   will never ask you for it.\n\nAsked for from Firefox on Linux."
                .to_owned(),
            at: "14:31:07".to_owned(),
        };
        let text = DemoMessage {
            way: Way::Text,
            to: "+44 7700 900456".to_owned(),
            subject: None,
            body: "Example Works: 118204 is your code to reset your password. 5 minutes. Staff \
                   never ask for it.\n@reset.example #118204"
                .to_owned(),
            at: "14:30:12".to_owned(),
        };
        vec![
            Self {
                messages: vec![mail, text],
            },
            Self {
                messages: Vec::new(),
            },
        ]
    }
}
