//! Pages that a stranger can see: from the landing page until the first proof is accepted.
//!
//! **No struct in this file may hold anything about an account.**  They are built from the
//! settings of the site and from what was typed in this very flow, and from nothing else; that is
//! why these pages are alike whether or not the typed name means somebody.  A test holds the list
//! of their fields.

use serde::Serialize;

use super::{Page, Way};

/// A page that is alike for everybody who types the same.
pub trait BeforeProof: Page {}

/// S12: the landing page, where the user name is typed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Start {
    /// What was typed before, or came with the link.
    pub user: String,
    /// The site's example of a user name.
    pub example: String,
    /// The directories that cannot be reached just now, by their display names.
    pub down: Vec<String>,
    /// Whether others can, and have names that are their own.
    pub is_another_open: bool,
    /// How the visitor shows to be no robot.
    pub human: HumanCheck,
}

/// How a visitor shows to be no robot; chosen by policy, source and load, never by the name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum HumanCheck {
    /// Not asked for.
    Off,
    /// The script does a little sum meanwhile; without script the visitor is asked to wait.
    Work {
        /// What the sum is about.
        challenge: String,
        /// How many leading zero bits the result must have.
        bits: u32,
    },
    /// The visitor has waited already.
    Waited {
        /// Proof of having waited.
        ticket: String,
    },
    /// A picture, or a recording, of which the visitor types the signs.
    Picture {
        /// Which picture and recording.
        token: String,
    },
}

/// The short wait for visitors without script; renews itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct QueueWait {
    /// Seconds until the page asks again.
    pub renew_secs: u32,
}

/// S13: forgotten, or only locked out?
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Intent {}

/// S14: the ways that any policy of the site allows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Ways {
    /// The same for everybody.
    pub ways: Vec<Way>,
}

/// S15: type the full e-mail address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ProveByEmail {
    /// What was typed before.
    pub address: String,
}

/// S15: type the full mobile number.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ProveByText {
    /// What was typed before.
    pub address: String,
    /// The site's example of a number, with country code.
    pub example: String,
}

/// S16: type the code, whether or not one was sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TypeCode {
    /// How the code would travel.
    pub way: Way,
    /// The address or number as it was typed.
    pub typed: String,
    /// Digits of the code.
    pub digits: u32,
    /// Minutes that a code works.
    pub minutes: u32,
    /// Seconds until another code can be asked for.
    pub resend_secs: u32,
    /// Whether another code can be asked for in this flow at all.
    pub can_resend: bool,
}

/// The same page behind the first gate, where the number of steps may be told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LaterGate<P> {
    /// Which gate this is, from 2.
    pub step: u32,
    /// How many gates there are.
    pub of: u32,
    /// How many more tries this way allows.
    pub tries_left: u32,
    /// The page itself.
    #[serde(flatten)]
    pub page: P,
}

impl<P: BeforeProof> Page for LaterGate<P> {
    const TEMPLATE: &'static str = P::TEMPLATE;

    fn samples() -> Vec<Self> {
        let gate = |(page, tries_left)| Self {
            step: 2,
            of: 2,
            tries_left,
            page,
        };
        P::samples().into_iter().zip([4, 1, 2]).map(gate).collect()
    }
}

impl BeforeProof for Start {}
impl Page for Start {
    const TEMPLATE: &'static str = "start.html";

    fn samples() -> Vec<Self> {
        let start = |human| Self {
            user: String::new(),
            example: "jane.doe".to_owned(),
            down: Vec::new(),
            is_another_open: false,
            human,
        };
        let work = HumanCheck::Work {
            challenge: "Y2hhbGxlbmdl".to_owned(),
            bits: 12,
        };
        vec![
            start(work.clone()),
            Self {
                user: "<jane> & \"co\"".to_owned(),
                ..start(HumanCheck::Off)
            },
            Self {
                user: "jane.doe".to_owned(),
                down: vec!["Head office".to_owned()],
                ..start(work.clone())
            },
            Self {
                down: vec!["Head office".to_owned()],
                is_another_open: true,
                ..start(work)
            },
            start(HumanCheck::Waited {
                ticket: "dGlja2V0".to_owned(),
            }),
            Self {
                example: String::new(),
                ..start(HumanCheck::Off)
            },
            start(HumanCheck::Picture {
                token: "cGljdHVyZQ".to_owned(),
            }),
        ]
    }
}

impl BeforeProof for QueueWait {}
impl Page for QueueWait {
    const TEMPLATE: &'static str = "queue_wait.html";

    fn samples() -> Vec<Self> {
        vec![Self { renew_secs: 5 }]
    }
}

impl BeforeProof for Intent {}
impl Page for Intent {
    const TEMPLATE: &'static str = "intent.html";

    fn samples() -> Vec<Self> {
        vec![Self {}]
    }
}

impl BeforeProof for Ways {}
impl Page for Ways {
    const TEMPLATE: &'static str = "ways.html";

    fn samples() -> Vec<Self> {
        vec![
            Self {
                ways: Way::ALL.to_vec(),
            },
            Self {
                ways: vec![Way::Email],
            },
        ]
    }
}

impl BeforeProof for ProveByEmail {}
impl Page for ProveByEmail {
    const TEMPLATE: &'static str = "prove_by_email.html";

    fn samples() -> Vec<Self> {
        let typed = |address: &str| Self {
            address: address.to_owned(),
        };
        vec![typed(""), typed("jane@mail.example")]
    }
}

impl BeforeProof for ProveByText {}
impl Page for ProveByText {
    const TEMPLATE: &'static str = "prove_by_text.html";

    fn samples() -> Vec<Self> {
        let typed = |address: &str| Self {
            address: address.to_owned(),
            example: "+44 7700 900123".to_owned(),
        };
        vec![typed(""), typed("+44 7700 900456")]
    }
}

impl BeforeProof for TypeCode {}
impl Page for TypeCode {
    const TEMPLATE: &'static str = "type_code.html";

    fn samples() -> Vec<Self> {
        let code = |way, typed: &str, can_resend| Self {
            way,
            typed: typed.to_owned(),
            digits: 6,
            minutes: 5,
            resend_secs: 30,
            can_resend,
        };
        vec![
            code(Way::Email, "jane@mail.example", true),
            code(Way::Text, "+44 7700 900456", true),
            code(Way::Text, "+44 7700 900456", false),
        ]
    }
}
