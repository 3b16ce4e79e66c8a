//! Pages on which a person who is signed in sets up and checks the ways back in.

use serde::Serialize;

use super::own::OwnWay;
use super::{Page, Way};

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

/// S10: are these still right?
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StillRight {
    /// What the account has.
    pub ways: Vec<OwnWay>,
    /// Whether it can be put off.
    pub can_skip: bool,
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
