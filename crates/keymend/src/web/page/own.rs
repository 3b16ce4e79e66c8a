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

/// S02: set up a way back in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SetUp {
    /// How many ways a reset will ask for.
    pub needed: u32,
    /// The ways that can be set up, the safest first.
    pub ways: Vec<Way>,
    /// Whether it can be put off.
    pub skips: Skips,
}

/// Whether registration can be put off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Skips {
    /// It has to be done now.
    None,
    /// As often as the person likes.
    Unlimited,
    /// So many more times.
    Left {
        /// How many more times.
        times: u32,
    },
}

/// S03: choose a way to add.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ChooseWay {
    /// The ways the account does not have yet, the safest first.
    pub offers: Vec<Offer>,
}

/// One way that can be added.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Offer {
    /// Which way.
    pub way: Way,
    /// A value that the organisation knows already, masked.
    pub known: Option<String>,
}

/// S04: add an e-mail address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AddEmail {
    /// What was typed before.
    pub address: String,
}

/// S04: add a mobile number.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AddNumber {
    /// What was typed before.
    pub address: String,
    /// The site's example of a number, with country code.
    pub example: String,
}

/// S05: type the code that proves a new address or number.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TypeOwnCode {
    /// How the code travels.
    pub way: Way,
    /// The address or number as it was typed.
    pub typed: String,
    /// Digits of the code.
    pub digits: u32,
    /// Minutes that a code works.
    pub minutes: u32,
    /// Seconds until another code can be asked for.
    pub resend_secs: u32,
}

/// S11: done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SetUpDone {
    /// How many ways a reset asks for.
    pub needed: u32,
    /// What there is now.
    pub ways: Vec<OwnWay>,
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
        "way-added",
        "way-removed",
        "ways-confirmed",
        "name-paused",
        "help-requested",
        "account-frozen",
        "data-exported",
    ];
}

/// S10: are these still right?
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StillRight {
    /// What the account has.
    pub ways: Vec<OwnWay>,
    /// Whether it can be put off.
    pub can_skip: bool,
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

impl Page for SetUp {
    const TEMPLATE: &'static str = "set_up.html";

    fn samples() -> Vec<Self> {
        let page = |needed, skips| Self {
            needed,
            ways: Way::ALL.to_vec(),
            skips,
        };
        vec![
            page(2, Skips::Unlimited),
            page(2, Skips::Left { times: 3 }),
            page(1, Skips::Left { times: 1 }),
            page(1, Skips::None),
        ]
    }
}

impl Page for ChooseWay {
    const TEMPLATE: &'static str = "choose_way.html";

    fn samples() -> Vec<Self> {
        let offer = |way, known: Option<&str>| Offer {
            way,
            known: known.map(str::to_owned),
        };
        vec![
            Self {
                offers: vec![offer(Way::Text, None), offer(Way::Email, None)],
            },
            Self {
                offers: vec![
                    offer(Way::Text, Some("•••• 23")),
                    offer(Way::Email, Some("j•••@mail.example")),
                ],
            },
            Self { offers: Vec::new() },
        ]
    }
}

impl Page for AddEmail {
    const TEMPLATE: &'static str = "add_email.html";

    fn samples() -> Vec<Self> {
        vec![
            Self {
                address: String::new(),
            },
            Self {
                address: "jane@mail.example".to_owned(),
            },
        ]
    }
}

impl Page for AddNumber {
    const TEMPLATE: &'static str = "add_number.html";

    fn samples() -> Vec<Self> {
        vec![Self {
            address: String::new(),
            example: "+44 7700 900123".to_owned(),
        }]
    }
}

impl Page for TypeOwnCode {
    const TEMPLATE: &'static str = "type_own_code.html";

    fn samples() -> Vec<Self> {
        let page = |way, typed: &str| Self {
            way,
            typed: typed.to_owned(),
            digits: 6,
            minutes: 5,
            resend_secs: 30,
        };
        vec![
            page(Way::Text, "+44 7700 900456"),
            page(Way::Email, "jane@mail.example"),
        ]
    }
}

impl OwnWay {
    fn samples() -> Vec<Self> {
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

impl Page for SetUpDone {
    const TEMPLATE: &'static str = "set_up_done.html";

    fn samples() -> Vec<Self> {
        let steady: Vec<OwnWay> = OwnWay::samples().into_iter().take(1).collect();
        vec![
            Self {
                needed: 2,
                ways: OwnWay::samples(),
            },
            Self {
                needed: 1,
                ways: steady,
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

impl Page for StillRight {
    const TEMPLATE: &'static str = "still_right.html";

    fn samples() -> Vec<Self> {
        let page = |can_skip| Self {
            ways: OwnWay::samples(),
            can_skip,
        };
        vec![page(true), page(false)]
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
