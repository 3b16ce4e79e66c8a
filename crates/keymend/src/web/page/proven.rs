//! Pages behind the first proof: they may speak of the account.

use serde::Serialize;

use super::rules::{sample_all_rules, sample_rules};
use super::{Note, Page, RuleLists, RuleState, Strength, Way};

/// S17: the first proof fits; choose another way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NextWay {
    /// Which gate comes now, from 2.
    pub step: u32,
    /// How many gates there are.
    pub of: u32,
    /// What this account can still use; none left is a page of its own shape.
    pub ways: Vec<Way>,
    /// What stands in the way for now, for example `pw.young` or `gate.raised`.
    pub notes: Vec<Note>,
    /// Whether the account can be unlocked instead, with the password left alone.
    pub offers_unlock: bool,
}

/// S20: choose a new password, also after the directory refused one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NewPassword {
    /// The name the person signs in with.
    pub login_name: String,
    /// What is asked of the password.
    pub rules: RuleLists,
    /// What stands in the way for now, for example `pw.young`.
    pub notes: Vec<Note>,
    /// Why the directory did not accept the one before.
    pub rejected: Option<Note>,
    /// How strong the password sent before was.
    pub strength: Option<Strength>,
    /// Whether the account can be unlocked instead, with the password left alone.
    pub offers_unlock: bool,
}

/// S19: the order is on its way; renews itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Saving {
    /// Seconds until the page asks again.
    pub renew_secs: u32,
}

/// S22: unlock, and keep the password.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Unlock {
    /// The name the person signs in with.
    pub login_name: String,
    /// Whether the directory says that the account is locked.
    pub is_locked: bool,
    /// Whether it may be unlocked without a new password.
    pub is_allowed: bool,
}

impl Page for NextWay {
    const TEMPLATE: &'static str = "next_way.html";

    fn samples() -> Vec<Self> {
        let page = Self {
            step: 2,
            of: 2,
            ways: vec![Way::Text],
            notes: Vec::new(),
            offers_unlock: false,
        };
        let young = Note::new(
            "pw.young",
            vec![
                ("known", "both".into()),
                ("date", "20 November".into()),
                ("time", "22 November, 14:30".into()),
            ],
        );
        vec![
            page.clone(),
            Self {
                of: 3,
                ways: Way::ALL.to_vec(),
                notes: vec![Note::new("gate.raised", vec![]), young],
                offers_unlock: true,
                ..page.clone()
            },
            Self {
                ways: Vec::new(),
                ..page
            },
        ]
    }
}

impl Page for NewPassword {
    const TEMPLATE: &'static str = "new_password.html";

    fn samples() -> Vec<Self> {
        let page = |rules| Self {
            login_name: "jane.doe".to_owned(),
            rules,
            notes: Vec::new(),
            rejected: None,
            strength: None,
            offers_unlock: false,
        };
        let history = Note::new("pw.history", vec![("n", 24_u32.into())]);
        let mut samples = vec![
            page(sample_rules(RuleState::NotYet)),
            Self {
                rejected: Some(history),
                strength: Some(Strength::Strong),
                offers_unlock: true,
                ..page(sample_all_rules())
            },
            page(RuleLists::default()),
            Self {
                notes: vec![Note::new(
                    "pw.young",
                    vec![("known", "time".into()), ("time", "14:30".into())],
                )],
                offers_unlock: true,
                ..page(sample_rules(RuleState::NotYet))
            },
        ];
        samples.extend(Strength::ALL.iter().map(|strength| Self {
            strength: Some(*strength),
            ..page(sample_rules(RuleState::Met))
        }));
        samples
    }
}

impl Page for Saving {
    const TEMPLATE: &'static str = "saving.html";

    fn samples() -> Vec<Self> {
        vec![Self { renew_secs: 2 }]
    }
}

impl Page for Unlock {
    const TEMPLATE: &'static str = "unlock.html";

    fn samples() -> Vec<Self> {
        let page = |is_locked, is_allowed| Self {
            login_name: "jane.doe".to_owned(),
            is_locked,
            is_allowed,
        };
        vec![page(true, true), page(false, true), page(true, false)]
    }
}
