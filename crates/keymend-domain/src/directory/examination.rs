//! A look at every link between Keymend and a directory's servers.

use serde::{Deserialize, Serialize};

use crate::time::Moment;

/// A link of the chain, in the order in which they hold each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Link {
    /// The server's name has an address.
    Name,
    /// The port is open.
    Connection,
    /// TLS, the chain of certificates, and the name in the certificate.
    Tls,
    /// The service account is let in.
    SignIn,
    /// The server is of a kind Keymend knows.
    Kind,
    /// The base exists and may be read.
    Base,
    /// People match the filter.
    Filter,
    /// All groups can be read (where they tell who is in them, and not the people).
    Groups,
    /// The service account may do what it must, and no more.
    Rights,
    /// Resets obey the directory's own rules (Active Directory).
    PolicyHints,
    /// The server's clock and ours agree.
    Clock,
}

impl Link {
    /// The word for tables and scripts; it never changes.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Connection => "connection",
            Self::Tls => "tls",
            Self::SignIn => "sign-in",
            Self::Kind => "kind",
            Self::Base => "base",
            Self::Filter => "filter",
            Self::Groups => "groups",
            Self::Rights => "rights",
            Self::PolicyHints => "policy-hints",
            Self::Clock => "clock",
        }
    }
}

/// How a link is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Condition {
    /// Sound.
    Ok,
    /// It holds, and something is missing.
    Limits,
    /// It does not hold; what comes after it was not looked at.
    Broken,
}

impl Condition {
    /// The word for tables and scripts.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Limits => "limits",
            Self::Broken => "broken",
        }
    }
}

/// One link that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checkpoint {
    /// Which.
    pub link: Link,
    /// How it is.
    pub condition: Condition,
    /// What was seen.
    pub detail: String,
    /// What to do; empty where nothing is to be done.
    pub remedy: String,
}

impl Checkpoint {
    /// A sound link.
    #[must_use]
    pub fn ok(link: Link, detail: impl Into<String>) -> Self {
        Self {
            link,
            condition: Condition::Ok,
            detail: detail.into(),
            remedy: String::new(),
        }
    }

    /// A link with something to do about it.
    #[must_use]
    pub fn amiss(
        link: Link,
        condition: Condition,
        detail: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        Self {
            link,
            condition,
            detail: detail.into(),
            remedy: remedy.into(),
        }
    }
}

/// One server, looked at from the first link to the first that breaks.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServerReport {
    /// Its address, as configured.
    pub server: String,
    /// The links, in order.
    pub checkpoints: Vec<Checkpoint>,
    /// Milliseconds from the first packet to the signed-in account.
    pub latency_ms: Option<i64>,
    /// When its certificate ends.
    pub certificate_ends_at: Option<Moment>,
    /// Whether it can make resets obey the directory's rules; `None` where that is no question.
    pub has_policy_hints: Option<bool>,
}

impl ServerReport {
    /// The link that breaks, if one does.
    #[must_use]
    pub fn broken(&self) -> Option<&Checkpoint> {
        let is_broken = |point: &&Checkpoint| point.condition == Condition::Broken;
        self.checkpoints.iter().find(is_broken)
    }
}
