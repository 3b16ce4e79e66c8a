//! Pages of a person who is signed in, or about to be.

use serde::Serialize;

use super::demo::DemoAccount;
use super::{Page, Way};

/// S01: sign in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SignIn {
    /// What was typed before, or came with the link.
    pub user: String,
    /// Whether the person has just signed out.
    pub signed_out: bool,
    /// Accounts to try, in the demonstration; none elsewhere.
    pub demo_accounts: Vec<DemoAccount>,
}

/// A way that an account has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct OwnWay {
    /// Sent back as `method_id`.
    pub id: String,
    /// Which way.
    pub way: Way,
    /// The address or number, masked.
    pub masked: String,
    /// When it was added, in the person's format.
    pub added: String,
    /// When it was last used, in the person's format.
    pub last_used: Option<String>,
    /// From when it counts, in the person's format, while it does not yet.
    pub counts_from: Option<String>,
}

/// S09: security info.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SecurityInfo {
    /// The name the person signs in with.
    pub login_name: String,
    /// How many ways a reset asks for.
    pub needed: u32,
    /// What the account has.
    pub ways: Vec<OwnWay>,
    /// Whether another way can be added.
    pub can_add: bool,
    /// The last things that happened to the account, newest first.
    pub events: Vec<OwnEvent>,
}

/// Something that happened to the person's own account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct OwnEvent {
    /// When, in the person's format.
    pub at: String,
    /// What; one of [`OwnEvent::DEEDS`], and the sentence is `deed-` with this id.
    pub deed: &'static str,
}

impl OwnEvent {
    /// All deeds that have a sentence.
    pub const DEEDS: &'static [&'static str] = &[
        "signed-in",
        "sign-in-failed",
        "reset-started",
        "proof-failed",
        "password-reset",
        "password-changed",
        "account-unlocked",
        "wrong-passwords",
        "way-added",
        "way-removed",
        "ways-confirmed",
        "name-paused",
        "help-requested",
        "account-frozen",
        "data-exported",
    ];
}

/// KM-1107: choose one of the own ways for a fresh proof.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ProofChoice {
    /// The ways that count.
    pub ways: Vec<OwnWay>,
}

/// KM-1107: type the code of the fresh proof.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ProofCode {
    /// How the code travels.
    pub way: Way,
    /// The address or number, masked.
    pub masked: String,
    /// Digits of the code.
    pub digits: u32,
    /// Minutes that a code works.
    pub minutes: u32,
    /// Seconds until another code can be asked for.
    pub resend_secs: u32,
}

impl Page for SignIn {
    const TEMPLATE: &'static str = "sign_in.html";

    fn samples() -> Vec<Self> {
        let page = Self {
            user: String::new(),
            signed_out: false,
            demo_accounts: Vec::new(),
        };
        vec![
            page.clone(),
            Self {
                user: "jane.doe".to_owned(),
                signed_out: true,
                ..page.clone()
            },
            Self {
                demo_accounts: DemoAccount::samples(),
                ..page
            },
        ]
    }
}

impl OwnWay {
    pub(super) fn samples() -> Vec<Self> {
        vec![
            Self {
                id: "way-1".to_owned(),
                way: Way::Text,
                masked: "•••• 56".to_owned(),
                added: "3 May 2026".to_owned(),
                last_used: Some("20 November 2026".to_owned()),
                counts_from: None,
            },
            Self {
                id: "way-2".to_owned(),
                way: Way::Email,
                masked: "j•••@mail.example".to_owned(),
                added: "21 November 2026".to_owned(),
                last_used: None,
                counts_from: Some("24 November, 09:00".to_owned()),
            },
        ]
    }
}

impl Page for SecurityInfo {
    const TEMPLATE: &'static str = "security_info.html";

    fn samples() -> Vec<Self> {
        let events = OwnEvent::DEEDS
            .iter()
            .map(|deed| OwnEvent {
                at: "20 November 2026, 14:30".to_owned(),
                deed,
            })
            .collect();
        let page = |ways, can_add, events| Self {
            login_name: "jane.doe".to_owned(),
            needed: 2,
            ways,
            can_add,
            events,
        };
        vec![
            page(OwnWay::samples(), true, events),
            page(Vec::new(), false, Vec::new()),
        ]
    }
}

impl Page for ProofChoice {
    const TEMPLATE: &'static str = "proof_choice.html";

    fn samples() -> Vec<Self> {
        vec![Self {
            ways: OwnWay::samples(),
        }]
    }
}

impl Page for ProofCode {
    const TEMPLATE: &'static str = "proof_code.html";

    fn samples() -> Vec<Self> {
        vec![Self {
            way: Way::Text,
            masked: "•••• 56".to_owned(),
            digits: 6,
            minutes: 5,
            resend_secs: 30,
        }]
    }
}
