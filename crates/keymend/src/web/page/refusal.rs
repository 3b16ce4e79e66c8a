//! How the refusals and rules of the domain are said on a page.

use keymend_domain::directory::RuleBroken;
use keymend_domain::method::MethodKind;
use keymend_domain::password::{self, RuleKind, RuleLine};
use keymend_domain::refusal::Refusal;
use keymend_domain::time::Moment;

use super::{ErrorLine, Note, Rule, RuleLists, RuleState, Way};
use crate::text::TextValue;

type Values = Vec<(&'static str, TextValue)>;

/// What the sentences need beyond the refusal itself.
pub struct Sayings<'a> {
    /// The site's example of a user name.
    pub user_example: &'a str,
    /// The site's example of an e-mail address.
    pub address_example: &'a str,
    /// The site's example of a number, with country code.
    pub number_example: &'a str,
    /// Minutes that an attempt lasts.
    pub flow_minutes: u32,
    /// Writes an instant in the person's zone and format.
    pub moment: &'a dyn Fn(Moment) -> String,
}

impl Sayings<'_> {
    /// The lines for the top of a page; a refused password names every rule it broke.
    ///
    /// `field` is the field that is empty or too long; other refusals know their own.
    pub fn lines(&self, refusal: &Refusal, field: Option<&'static str>) -> Vec<ErrorLine> {
        if let Refusal::PasswordRejected(broken) = refusal {
            return broken.iter().map(|rule| self.rule_line(rule)).collect();
        }
        vec![ErrorLine {
            field: field_of(refusal).or(field),
            refusal_id: refusal.id(),
            values: self.values(refusal),
        }]
    }

    /// The note on a page that asks for another password, for what the directory itself refused.
    pub fn note(&self, rule: &RuleBroken) -> Note {
        Note::new(rule.id(), self.rule_values(rule))
    }

    fn rule_line(&self, rule: &RuleBroken) -> ErrorLine {
        let field = match rule {
            RuleBroken::Differ => "again",
            _ => "password",
        };
        ErrorLine {
            field: Some(field),
            refusal_id: rule.id(),
            values: self.rule_values(rule),
        }
    }

    fn values(&self, refusal: &Refusal) -> Values {
        match refusal {
            Refusal::FlowExpired => vec![("n", self.flow_minutes.into())],
            Refusal::LimitReached { wait_mins } | Refusal::SigninPaused { wait_mins } => {
                vec![("n", (*wait_mins).into())]
            }
            Refusal::NameBlocked { wait_mins } => vec![("minutes", (*wait_mins).into())],
            Refusal::ChallengeTooSoon { wait_secs } => vec![("n", (*wait_secs).into())],
            Refusal::ClaimShape if self.user_example.is_empty() => {
                vec![("example", "none".into())]
            }
            Refusal::ClaimShape => vec![("example", self.user_example.into())],
            Refusal::AddressShape => vec![("example", self.address_example.into())],
            Refusal::NumberShape => vec![("example", self.number_example.into())],
            Refusal::SitePaused { directory } | Refusal::DirectoryDown { directory } => {
                vec![("directory", directory.as_str().into())]
            }
            Refusal::MethodMost { most } => vec![("n", (*most).into())],
            Refusal::MethodLeast { least } => vec![("n", (*least).into())],
            _ => Vec::new(),
        }
    }

    fn rule_values(&self, rule: &RuleBroken) -> Values {
        match rule {
            RuleBroken::Short { least, typed } => {
                vec![("n", (*least).into()), ("m", (*typed).into())]
            }
            RuleBroken::Long { most } => vec![("n", (*most).into())],
            RuleBroken::Banned { term } => {
                let known = if term.is_empty() { "nothing" } else { "word" };
                vec![("known", known.into()), ("term", term.as_str().into())]
            }
            RuleBroken::Name { part } => vec![("part", part.as_str().into())],
            RuleBroken::Classes { needed, used } => {
                vec![("n", (*needed).into()), ("k", (*used).into())]
            }
            RuleBroken::History { remembered } => vec![("n", (*remembered).into())],
            RuleBroken::Young { from: Some(from) } => {
                vec![
                    ("known", "time".into()),
                    ("time", (self.moment)(*from).into()),
                ]
            }
            RuleBroken::Young { from: None } => vec![("known", "neither".into())],
            RuleBroken::Unsaid => vec![("maybe", "used-before".into())],
            RuleBroken::Sign { which } => vec![("which", which.as_str().into())],
            RuleBroken::Few { least } => vec![("n", (*least).into())],
            RuleBroken::Differ | RuleBroken::Leaked | RuleBroken::Same => Vec::new(),
        }
    }
}

impl std::fmt::Debug for Sayings<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Sayings").finish_non_exhaustive()
    }
}

/// The field that a refusal is about, where it can be about one only.
fn field_of(refusal: &Refusal) -> Option<&'static str> {
    match refusal {
        Refusal::ClaimShape | Refusal::SigninNoMatch | Refusal::SigninPaused { .. } => Some("user"),
        Refusal::AnswerWrong { .. } => Some("code"),
        Refusal::AddressShape
        | Refusal::NumberShape
        | Refusal::ContactTwice
        | Refusal::ContactInside
        | Refusal::NumberCountry
        | Refusal::NumberShared => Some("address"),
        Refusal::PasswordOld => Some("current"),
        _ => None,
    }
}

impl From<MethodKind> for Way {
    fn from(kind: MethodKind) -> Self {
        match kind {
            MethodKind::Email => Self::Email,
            MethodKind::Text => Self::Text,
        }
    }
}

impl From<password::RuleState> for RuleState {
    fn from(state: password::RuleState) -> Self {
        match state {
            password::RuleState::Met => Self::Met,
            password::RuleState::NotYet => Self::NotYet,
            password::RuleState::OnSave => Self::OnSave,
        }
    }
}

impl From<&[RuleLine]> for RuleLists {
    fn from(lines: &[RuleLine]) -> Self {
        let rules = |by_directory: bool| {
            lines
                .iter()
                .filter(|line| line.by_directory == by_directory)
                .map(|line| Rule {
                    id: rule_id(line),
                    state: line.state.into(),
                    values: vec![("n", line.value.into())],
                })
                .collect()
        };
        Self {
            directory: rules(true),
            organisation: rules(false),
        }
    }
}

fn rule_id(line: &RuleLine) -> &'static str {
    match (line.kind, line.by_directory) {
        (RuleKind::Length, true) => "directory-length",
        (RuleKind::Length, false) => "length",
        (RuleKind::Classes, _) => "directory-classes",
        (RuleKind::Names, true) => "directory-name",
        (RuleKind::Names, false) => "name",
        (RuleKind::History, _) => "directory-history",
        (RuleKind::Different, _) => "variety",
        (RuleKind::Same, _) => "differs",
        (RuleKind::Banned, _) => "banned",
        (RuleKind::Leaked, _) => "leaked",
        (RuleKind::Hidden, _) => "directory-hidden",
    }
}

#[cfg(test)]
mod tests;
