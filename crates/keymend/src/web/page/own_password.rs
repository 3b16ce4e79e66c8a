//! The page on which a person who knows the old password chooses a new one.

use serde::Serialize;

use super::rules::sample_rules;
use super::{Note, Page, RuleLists, RuleState, Strength};

/// S30, and S24 when the directory demands it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ChangePassword {
    /// The name the person signs in with.
    pub login_name: String,
    /// Why the password is changed.
    pub why: ChangeReason,
    /// What is asked of the password.
    pub rules: RuleLists,
    /// Why the directory did not accept the one before.
    pub rejected: Option<Note>,
    /// How strong the password sent before was.
    pub strength: Option<Strength>,
}

/// Why a password is changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ChangeReason {
    /// The person wants to.
    Wanted,
    /// The directory says that it has expired.
    Expired,
    /// The directory says that it must be changed before anything else.
    MustChange,
}

impl Page for ChangePassword {
    const TEMPLATE: &'static str = "change_password.html";

    fn samples() -> Vec<Self> {
        let page = |why| Self {
            login_name: "jane.doe".to_owned(),
            why,
            rules: sample_rules(RuleState::NotYet),
            rejected: None,
            strength: None,
        };
        let unsaid = Note::new("pw.unsaid", vec![("maybe", "no".into())]);
        vec![
            page(ChangeReason::Wanted),
            page(ChangeReason::Expired),
            page(ChangeReason::MustChange),
            Self {
                rejected: Some(unsaid),
                strength: Some(Strength::Fair),
                ..page(ChangeReason::Wanted)
            },
        ]
    }
}
