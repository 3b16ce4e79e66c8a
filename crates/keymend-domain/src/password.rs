//! Judging a new password before the directory is asked (source: behaviour §6.1 to §6.5).
//!
//! Only after all gates: before them this would be an oracle.  Every broken rule is named at
//! once, never only the first.

pub mod builtin;
mod fold;
mod lexicon;
mod names;
mod prediction;
mod protection;
mod score;

use serde::{Deserialize, Serialize};
use unicode_properties::{GeneralCategory, UnicodeGeneralCategory};

use crate::account::Account;
use crate::directory::{PasswordRules, RuleBroken};
use crate::policy::{BannedMode, Enforcement, Policy};
use crate::secret::Password;
use crate::time::Moment;

pub use prediction::for_directory;
pub use protection::{Protection, WordList};

/// All rules that apply to one account: the directory's and our own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rules {
    /// The directory's.
    pub directory: PasswordRules,
    /// Least length of ours.
    pub own_length_min: u32,
    /// Greatest length of ours.
    pub own_length_max: u32,
    /// Least number of different characters.
    pub different_min: u32,
    /// Whether names are refused anywhere in a password, whatever the directory does.
    pub own_names: bool,
    /// Whether passwords built on banned words are refused.
    pub banned: bool,
    /// Whether leaked passwords are refused.
    pub leaked: bool,
}

impl Rules {
    /// The rules for one account under a policy.
    #[must_use]
    pub fn new(directory: PasswordRules, policy: &Policy) -> Self {
        let own = &policy.settings().passwords;
        let is_enforced = own.enforcement == Enforcement::Enforce;
        Self {
            directory,
            own_length_min: policy.password_length_min(),
            own_length_max: own.length_max,
            different_min: own.different_min,
            own_names: is_enforced && matches!(own.banned, BannedMode::Keymend | BannedMode::Entra),
            banned: is_enforced && own.banned != BannedMode::Off,
            leaked: is_enforced && own.leaked,
        }
    }

    /// The least length that will be accepted.
    #[must_use]
    pub fn length_min(&self) -> u32 {
        self.own_length_min.max(self.directory.length_min)
    }

    /// The greatest length that will be accepted.
    #[must_use]
    pub fn length_max(&self) -> u32 {
        self.directory
            .length_max
            .unwrap_or(u32::MAX)
            .min(self.own_length_max)
    }
}

/// One line of the list of rules shown beside the field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RuleKind {
    /// At least so many characters.
    Length,
    /// So many kinds of characters.
    Classes,
    /// None of the person's names.
    Names,
    /// Not used before.
    History,
    /// Enough different characters.
    Different,
    /// Not built on a banned word.
    Banned,
    /// Not in a list of leaked passwords.
    Leaked,
    /// Not the current one.
    Same,
    /// A rule of the directory that the service account cannot read, or that has no words here.
    Hidden,
}

/// How a rule stands for what was typed so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RuleState {
    /// It is met.
    Met,
    /// Not yet.
    NotYet,
    /// Only the directory can tell, when the password is saved.
    OnSave,
}

/// One rule and how it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuleLine {
    /// Which rule.
    pub kind: RuleKind,
    /// Its number, for rules that have one.
    pub value: u32,
    /// How it stands.
    pub state: RuleState,
    /// Whether the directory asks for it; else the organisation does.
    pub by_directory: bool,
}

/// The rules that a password breaks, all of them.
#[must_use]
pub fn judge(password: &Password, account: &Account, rules: &Rules) -> Vec<RuleBroken> {
    let text = password.expose();
    let mut broken = Vec::new();
    let typed = u32::try_from(password.points()).unwrap_or(u32::MAX);
    if typed < rules.length_min() {
        broken.push(RuleBroken::Short {
            least: rules.length_min(),
            typed,
        });
    }
    if typed > rules.length_max() {
        broken.push(RuleBroken::Long {
            most: rules.length_max(),
        });
    }
    if let Some(sign) = text.chars().find(|sign| is_unusable(*sign)) {
        broken.push(RuleBroken::Sign {
            which: format!("U+{:04X}", u32::from(sign)),
        });
    }
    if different(text) < rules.different_min {
        broken.push(RuleBroken::Few {
            least: rules.different_min,
        });
    }
    let used = prediction::kinds_used(text, rules.directory.kinds);
    if used < rules.directory.classes_min {
        broken.push(RuleBroken::Classes {
            needed: rules.directory.classes_min,
            used,
        });
    }
    if (rules.own_names || rules.directory.refuses_names)
        && let Some(part) = names::inside(text, account)
    {
        broken.push(RuleBroken::Name { part });
    } else if rules.directory.name_window > 0
        && let Some(part) = prediction::part_of_name(text, account, rules.directory.name_window)
    {
        broken.push(RuleBroken::Name { part });
    }
    broken
}

/// Adds what else is wrong with the same password: of each kind of rule one finding is enough.
pub fn also(broken: &mut Vec<RuleBroken>, found: impl IntoIterator<Item = RuleBroken>) {
    for rule in found {
        if broken.iter().all(|other| other.id() != rule.id()) {
            broken.push(rule);
        }
    }
}

/// The rules that a new password breaks when the person knows the current one as well: the same,
/// and that it must be another (KM-4012).
#[must_use]
pub fn judge_change(
    new: &Password,
    current: &Password,
    account: &Account,
    rules: &Rules,
) -> Vec<RuleBroken> {
    let mut broken = judge(new, account, rules);
    // A current password keeps its bytes and a new one is composed, so both are composed here:
    // the same word typed twice is the same word.
    let is_same = match Password::new(current.expose().to_owned()) {
        Ok(composed) => composed.matches(new),
        Err(_) => current.matches(new),
    };
    if is_same {
        broken.push(RuleBroken::Same);
    }
    broken
}

/// The list of rules for the page; `broken` holds those that what was typed so far breaks, and is
/// `None` while nothing is typed.
#[must_use]
pub fn lines(broken: Option<&[RuleBroken]>, rules: &Rules) -> Vec<RuleLine> {
    let state = |kind: RuleKind| match broken {
        None => RuleState::NotYet,
        Some(broken) if broken.iter().any(|rule| breaks(rule, kind)) => RuleState::NotYet,
        Some(_) => RuleState::Met,
    };
    let line = |kind, value, by_directory| RuleLine {
        kind,
        value,
        state: state(kind),
        by_directory,
    };
    let by_directory = rules.directory.length_min >= rules.own_length_min;
    let mut lines = vec![line(RuleKind::Length, rules.length_min(), by_directory)];
    if rules.directory.classes_min > 0 {
        lines.push(line(RuleKind::Classes, rules.directory.classes_min, true));
    }
    let refuses_names = rules.directory.refuses_names;
    if rules.own_names || refuses_names {
        lines.push(line(RuleKind::Names, 0, refuses_names));
    }
    if rules.different_min > 1 {
        lines.push(line(RuleKind::Different, rules.different_min, false));
    }
    if rules.banned {
        lines.push(line(RuleKind::Banned, 0, false));
    }
    if rules.leaked {
        lines.push(line(RuleKind::Leaked, 0, false));
    }
    let on_save = |kind, value| RuleLine {
        kind,
        value,
        state: RuleState::OnSave,
        by_directory: true,
    };
    if rules.directory.history > 0 {
        lines.push(on_save(RuleKind::History, rules.directory.history));
    }
    if rules.directory.has_unreadable_rule {
        lines.push(on_save(RuleKind::Hidden, 0));
    }
    lines
}

fn breaks(rule: &RuleBroken, kind: RuleKind) -> bool {
    match rule {
        RuleBroken::Short { .. } | RuleBroken::Long { .. } => kind == RuleKind::Length,
        RuleBroken::Classes { .. } => kind == RuleKind::Classes,
        RuleBroken::Name { .. } => kind == RuleKind::Names,
        RuleBroken::Few { .. } => kind == RuleKind::Different,
        RuleBroken::History { .. } => kind == RuleKind::History,
        RuleBroken::Same => kind == RuleKind::Same,
        RuleBroken::Banned { .. } => kind == RuleKind::Banned,
        RuleBroken::Leaked => kind == RuleKind::Leaked,
        RuleBroken::Differ
        | RuleBroken::Young { .. }
        | RuleBroken::Unsaid
        | RuleBroken::Sign { .. } => false,
    }
}

/// Control characters, blanks other than U+0020, which many sign-in screens cannot type, and what
/// has no character assigned (behaviour §6.2).
fn is_unusable(sign: char) -> bool {
    let category = sign.general_category();
    (sign.is_whitespace() && sign != ' ')
        || matches!(
            category,
            GeneralCategory::Control | GeneralCategory::PrivateUse | GeneralCategory::Unassigned
        )
}

fn different(text: &str) -> u32 {
    let mut signs: Vec<char> = text.chars().collect();
    signs.sort_unstable();
    signs.dedup();
    u32::try_from(signs.len()).unwrap_or(u32::MAX)
}

/// The kinds of characters used, of the five that Active Directory tells apart: capital, small,
/// digit, symbol, other letter; euro and pound signs and blanks are no symbols (MS-SAMR
/// 3.1.1.7.2; Samba 4.17 and 4.25 refuse small letters, digits and blanks alone).
#[must_use]
pub fn classes(text: &str) -> u32 {
    let kinds: [fn(char) -> bool; 5] = [
        char::is_uppercase,
        char::is_lowercase,
        |sign| sign.is_numeric(),
        |sign| sign.is_ascii_punctuation(),
        |sign| sign.is_alphabetic() && !sign.is_uppercase() && !sign.is_lowercase(),
    ];
    let used = kinds
        .into_iter()
        .filter(|kind| text.chars().any(kind))
        .count();
    u32::try_from(used).unwrap_or(5)
}

/// The earliest instant at which a reset will be accepted, if the directory's minimum age still
/// forbids one (behaviour §6.6).
#[must_use]
pub fn too_young(account: &Account, now: Moment) -> Option<Moment> {
    account.state.next_change_from.filter(|from| *from > now)
}

#[cfg(test)]
#[path = "password/tests.rs"]
mod tests;
