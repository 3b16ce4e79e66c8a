//! The password rules as the pages show them, at first and while the person types.

use serde::{Serialize, Serializer};
use zeroize::Zeroizing;

use crate::text::{Lang, TextValue, Texts};

/// One rule of the directory or of the organisation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Rule {
    /// Which rule; one of [`Rule::IDS`], and the sentence is `rule-` with this id.
    pub id: &'static str,
    /// How the password stands to it.
    pub state: RuleState,
    /// What is filled into the sentence.
    #[serde(serialize_with = "as_map")]
    pub values: Vec<(&'static str, TextValue)>,
}

impl Rule {
    /// All rules that have a sentence.
    pub const IDS: &'static [&'static str] = &[
        "directory-length",
        "directory-classes",
        "directory-name",
        "directory-history",
        "directory-age",
        "directory-hidden",
        "length",
        "length-most",
        "banned",
        "name",
        "leaked",
        "variety",
        "differs",
    ];
}

/// How a password stands to a rule, always said in words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum RuleState {
    /// The typed password meets it.
    Met,
    /// It does not, so far.
    NotYet,
    /// Only the directory can tell.
    OnSave,
    /// The password that was sent did not meet it.
    NotMet,
}

impl RuleState {
    /// All states.
    pub const ALL: &'static [Self] = &[Self::Met, Self::NotYet, Self::OnSave, Self::NotMet];
}

/// The rules under their two headings.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct RuleLists {
    /// "Your directory asks".
    pub directory: Vec<Rule>,
    /// "{organisation} asks".
    pub organisation: Vec<Rule>,
}

/// How hard a password is to guess, said in words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Strength {
    /// Would be guessed early.
    Weak,
    /// Holds against strangers, not against a determined attacker.
    Fair,
    /// Hard to guess.
    Good,
    /// Very hard to guess.
    Strong,
}

impl Strength {
    /// All strengths.
    pub const ALL: &'static [Self] = &[Self::Weak, Self::Fair, Self::Good, Self::Strong];
}

/// The JSON answer to a password that is being typed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RulesAnswer {
    rules: Vec<RuleAnswer>,
    strength: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct RuleAnswer {
    id: &'static str,
    state: RuleState,
    text: String,
}

impl RulesAnswer {
    /// Says the rules and the strength in the person's language; no strength while nothing is
    /// typed.
    pub fn new(
        texts: &Texts,
        (lang, organisation): (Lang, &str),
        lists: &RuleLists,
        strength: Option<Strength>,
    ) -> Self {
        let said = |rule: &Rule| {
            let mut values = rule.values.clone();
            values.push(("organisation", organisation.into()));
            texts.text(lang, &format!("rule-{}", rule.id), &values)
        };
        let rules = lists
            .directory
            .iter()
            .chain(&lists.organisation)
            .map(|rule| RuleAnswer {
                id: rule.id,
                state: rule.state,
                text: said(rule),
            })
            .collect();
        let strength = strength
            .map(|strength| texts.text(lang, strength.text_id(), &[]))
            .unwrap_or_default();
        Self { rules, strength }
    }
}

/// Characters that the estimate looks at; its time grows with the square of them.
const ESTIMATED_POINTS_MAX: usize = 100;

impl Strength {
    /// How hard a password is to guess by the estimate of zxcvbn (Wheeler 2016), which knows
    /// English words, dates, repetitions and the keyboard.  Advice, never a refusal.
    pub fn of(password: &str, organisation: &str) -> Self {
        let estimated: String = password.chars().take(ESTIMATED_POINTS_MAX).collect();
        let estimated = Zeroizing::new(estimated);
        match zxcvbn::zxcvbn(&estimated, &[organisation]).score() {
            zxcvbn::Score::Zero | zxcvbn::Score::One => Self::Weak,
            zxcvbn::Score::Two => Self::Fair,
            zxcvbn::Score::Three => Self::Good,
            _ => Self::Strong,
        }
    }

    /// The same for a password that was judged: what is banned or leaked is guessed early,
    /// whatever an estimate says.
    pub fn judged(password: &str, organisation: &str, lists: &RuleLists) -> Self {
        let is_open = |rule: &Rule| matches!(rule.state, RuleState::NotYet | RuleState::NotMet);
        let is_known = |rule: &&Rule| matches!(rule.id, "banned" | "leaked");
        if lists.organisation.iter().filter(is_known).any(is_open) {
            return Self::Weak;
        }
        Self::of(password, organisation)
    }

    /// The strength that a word means.
    pub fn from_word(word: &str) -> Option<Self> {
        let found = Self::ALL.iter().find(|strength| strength.word() == word);
        found.copied()
    }

    /// Its word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Weak => "weak",
            Self::Fair => "fair",
            Self::Good => "good",
            Self::Strong => "strong",
        }
    }

    fn text_id(self) -> &'static str {
        match self {
            Self::Weak => "strength-weak",
            Self::Fair => "strength-fair",
            Self::Good => "strength-good",
            Self::Strong => "strength-strong",
        }
    }
}

/// Templates look values up by name, so pairs are shown to them as a map.
pub(super) fn as_map<S: Serializer>(
    values: &[(&'static str, TextValue)],
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_map(values.iter().map(|(name, value)| (name, value)))
}

pub(super) fn sample_rules(state: RuleState) -> RuleLists {
    let rule = |id, state, values| Rule { id, state, values };
    RuleLists {
        directory: vec![
            rule("directory-length", state, vec![("n", 12_u32.into())]),
            rule("directory-classes", state, vec![("n", 3_u32.into())]),
            rule("directory-name", state, vec![]),
            rule(
                "directory-history",
                RuleState::OnSave,
                vec![("n", 24_u32.into())],
            ),
        ],
        organisation: vec![
            rule("length", RuleState::Met, vec![("n", 8_u32.into())]),
            rule("banned", state, vec![]),
            rule("name", RuleState::NotYet, vec![]),
            rule("leaked", state, vec![]),
            rule("variety", state, vec![("n", 5_u32.into())]),
        ],
    }
}

/// Every rule once, so that every sentence is seen by the tests.
pub(super) fn sample_all_rules() -> RuleLists {
    let values = || vec![("n", 7_u32.into()), ("time", "Tuesday, 14:30".into())];
    let rules = |from_directory: bool| {
        Rule::IDS
            .iter()
            .filter(|id| id.starts_with("directory-") == from_directory)
            .map(|id| Rule {
                id,
                state: RuleState::NotMet,
                values: values(),
            })
            .collect()
    };
    RuleLists {
        directory: rules(true),
        organisation: rules(false),
    }
}
