//! What a service account may do in its directory, against what it needs (behaviour §4.11 R11).

use serde::{Deserialize, Serialize};

use crate::time::Moment;

/// How much a finding weighs, the gravest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// Power over the directory itself or over a protected account: Keymend does not work with it.
    TooMuch,
    /// A right that is not needed; it should be taken away.
    Excess,
    /// A right that is needed and is not there: "connected with limits".
    Missing,
    /// It could not be found out.
    Unproven,
}

impl Severity {
    /// The word for tables and logs.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::TooMuch => "too much",
            Self::Excess => "not needed",
            Self::Missing => "missing",
            Self::Unproven => "unproven",
        }
    }
}

/// One difference between what the account may do and what it needs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// How much it weighs.
    pub severity: Severity,
    /// The right, in the words of the directory's administrator.
    pub right: String,
    /// The entry or the unit it is about.
    pub on: String,
    /// What to do.
    pub remedy: String,
}

/// What a service account may do, as it was found at one moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RightsReport {
    /// When; the beginning of time for a directory that has nothing to prove.
    pub checked_at: Moment,
    /// The server that was asked.
    pub server: String,
    /// How many people were looked at.
    pub people: u32,
    /// What differs, the gravest first; empty if the rights are exactly right.
    pub findings: Vec<Finding>,
}

impl RightsReport {
    /// A report with its findings in order and without repeats.
    #[must_use]
    pub fn new(
        checked_at: Moment,
        server: String,
        people: u32,
        mut findings: Vec<Finding>,
    ) -> Self {
        findings.sort_by(|one, other| {
            let key = |finding: &Finding| (finding.severity, finding.on.clone());
            key(one).cmp(&key(other))
        });
        findings.dedup();
        Self {
            checked_at,
            server,
            people,
            findings,
        }
    }

    /// The findings of one weight.
    pub fn of(&self, severity: Severity) -> impl Iterator<Item = &Finding> {
        let has_weight = move |finding: &&Finding| finding.severity == severity;
        self.findings.iter().filter(has_weight)
    }

    /// Why Keymend must not work with this account; `None` if it may.
    #[must_use]
    pub fn refusal(&self) -> Option<&Finding> {
        self.of(Severity::TooMuch).next()
    }

    /// Whether nothing that is needed is missing, and nothing is there that should not be.
    #[must_use]
    pub fn is_exact(&self) -> bool {
        self.findings.is_empty()
    }

    /// The rights that are missing, each once, for the state line.
    #[must_use]
    pub fn missing(&self) -> Vec<String> {
        self.rights(Severity::Missing)
    }

    /// What could not be found out, each once: nobody knows whether the account may do too much.
    #[must_use]
    pub fn unproven(&self) -> Vec<String> {
        self.rights(Severity::Unproven)
    }

    fn rights(&self, severity: Severity) -> Vec<String> {
        let mut rights: Vec<String> = self
            .of(severity)
            .map(|finding| finding.right.clone())
            .collect();
        rights.sort_unstable();
        rights.dedup();
        rights
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finding(severity: Severity, right: &str) -> Finding {
        Finding {
            severity,
            right: right.into(),
            on: "ou=people".into(),
            remedy: String::new(),
        }
    }

    #[test]
    fn the_gravest_finding_comes_first_and_decides() {
        let missing = finding(Severity::Missing, "write lockoutTime");
        let grave = finding(Severity::TooMuch, "reset a protected account");
        let all = vec![missing.clone(), missing.clone(), grave.clone()];
        let report = RightsReport::new(Moment(1), "dc1".into(), 3, all);
        assert_eq!(report.findings, [grave.clone(), missing]);
        assert_eq!(report.refusal(), Some(&grave));
        assert_eq!(report.missing(), ["write lockoutTime"]);
        assert!(!report.is_exact());
    }

    #[test]
    fn rights_that_are_not_needed_do_not_stop_the_service() {
        let all = vec![finding(Severity::Excess, "write mail")];
        let report = RightsReport::new(Moment(1), "dc1".into(), 3, all);
        assert_eq!(report.refusal(), None);
        assert!(report.missing().is_empty() && report.unproven().is_empty());
        let unseen = finding(Severity::Unproven, "see every protected account");
        let report = RightsReport::new(Moment(1), "dc1".into(), 3, vec![unseen]);
        assert_eq!(report.refusal(), None);
        assert_eq!(report.unproven(), ["see every protected account"]);
        assert!(!report.is_exact());
    }
}
