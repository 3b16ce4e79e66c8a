//! Judging a new password before the directory is asked (source: behaviour §6.1, §6.2, §6.5).
//!
//! Only after all gates: before them this would be an oracle.  Every broken rule is named at
//! once, never only the first.

mod prediction;

use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;

use crate::account::Account;
use crate::directory::{PasswordRules, RuleBroken};
use crate::policy::Policy;
use crate::secret::Password;
use crate::time::Moment;

pub use prediction::for_directory;

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
}

impl Rules {
    /// The rules for one account under a policy.
    #[must_use]
    pub fn new(directory: PasswordRules, policy: &Policy) -> Self {
        let own = &policy.settings().passwords;
        Self {
            directory,
            own_length_min: policy.password_length_min(),
            own_length_max: own.length_max,
            different_min: own.different_min,
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
    /// Not the current one.
    Same,
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
    if let Some(part) = name_inside(text, account) {
        broken.push(RuleBroken::Name { part });
    } else if rules.directory.name_window > 0
        && let Some(part) = prediction::part_of_name(text, account, rules.directory.name_window)
    {
        broken.push(RuleBroken::Name { part });
    }
    broken
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

/// The list of rules for the page, judged against what was typed so far.
#[must_use]
pub fn lines(password: Option<&Password>, account: &Account, rules: &Rules) -> Vec<RuleLine> {
    let broken = password.map(|password| judge(password, account, rules));
    let state = |kind: RuleKind| match &broken {
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
    lines.push(line(RuleKind::Names, 0, rules.directory.refuses_names));
    if rules.different_min > 1 {
        lines.push(line(RuleKind::Different, rules.different_min, false));
    }
    if rules.directory.history > 0 {
        lines.push(RuleLine {
            kind: RuleKind::History,
            value: rules.directory.history,
            state: RuleState::OnSave,
            by_directory: true,
        });
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
        RuleBroken::Differ
        | RuleBroken::Banned { .. }
        | RuleBroken::Leaked
        | RuleBroken::Young { .. }
        | RuleBroken::Unsaid
        | RuleBroken::Sign { .. } => false,
    }
}

/// Control characters, and blanks other than U+0020: many sign-in screens cannot type them.
fn is_unusable(sign: char) -> bool {
    sign.is_control()
        || (sign.is_whitespace() && sign != ' ')
        || ('\u{e000}'..='\u{f8ff}').contains(&sign)
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

/// A name of the person inside the password: login name, given name, surname, parts of the
/// display name and of the mail address, of four characters or more, without regard to case and
/// accents (behaviour §6.3 step 2).
fn name_inside(text: &str, account: &Account) -> Option<String> {
    let folded = fold(text);
    names(account).into_iter().find(|name| {
        let name = fold(name);
        name.chars().count() >= 4 && folded.contains(&name)
    })
}

fn names(account: &Account) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    let mut add = |text: &str| {
        let parts = text.split(|sign: char| sign.is_whitespace() || ",.-–_#£@".contains(sign));
        // A number is no name: "Person 1200" must not bar every password that holds 1200.
        let is_name = |part: &&str| part.chars().any(|sign| !sign.is_numeric());
        names.push(text.to_owned());
        names.extend(parts.filter(is_name).map(str::to_owned));
    };
    add(&account.login);
    add(&account.display_name);
    for name in [&account.given_name, &account.surname]
        .into_iter()
        .flatten()
    {
        add(name);
    }
    for address in &account.mail {
        if let Some((local, _)) = address.split_once('@') {
            add(local);
        }
    }
    names
}

fn fold(text: &str) -> String {
    text.nfkd()
        .filter(|sign| !unicode_normalization::char::is_combining_mark(*sign))
        .flat_map(char::to_lowercase)
        .collect()
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
