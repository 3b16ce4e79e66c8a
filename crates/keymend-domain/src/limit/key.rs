//! The names of counters.

use super::Lane;
use crate::account::{AccountRef, DirectoryName};
use crate::method::MethodKind;

/// The name of one counter.  Names and addresses of people stand in it as keyed tags only.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CounterKey(String);

impl CounterKey {
    /// The text the store keys on.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Identity failures of a typed name.
    #[must_use]
    pub fn name(claim_tag: &str, lane: Lane) -> Self {
        Self(format!("name:{}:{claim_tag}", lane.word()))
    }

    /// Tries of a guessable method on an account (or on the tag of a name that means nobody).
    #[must_use]
    pub fn tries(subject: &str, kind: MethodKind, lane: Lane) -> Self {
        Self(format!("tries:{}:{}:{subject}", kind.word(), lane.word()))
    }

    /// Messages to an account by one channel.
    #[must_use]
    pub fn sends(subject: &str, kind: MethodKind, lane: Lane) -> Self {
        Self(format!("sends:{}:{}:{subject}", kind.word(), lane.word()))
    }

    /// Messages to one destination.
    #[must_use]
    pub fn destination(contact_tag: &str, lane: Lane) -> Self {
        Self(format!("dest:{}:{contact_tag}", lane.word()))
    }

    /// Starts from one network.
    #[must_use]
    pub fn source(network_tag: &str) -> Self {
        Self(format!("source:{network_tag}"))
    }

    /// Different names from one network.
    #[must_use]
    pub fn names_from(network_tag: &str) -> Self {
        Self(format!("names:{network_tag}"))
    }

    /// Wrong sent codes of the whole site.
    #[must_use]
    pub fn site_codes() -> Self {
        Self("site:codes".to_owned())
    }

    /// Text messages of the whole site.
    #[must_use]
    pub fn site_texts() -> Self {
        Self("site:texts".to_owned())
    }

    /// Answered text messages of the whole site.
    #[must_use]
    pub fn site_texts_answered() -> Self {
        Self("site:texts-answered".to_owned())
    }

    /// Help mails of the whole site.
    #[must_use]
    pub fn site_help() -> Self {
        Self("site:help".to_owned())
    }

    /// Mails of the whole site about too many tries.
    #[must_use]
    pub fn site_tries() -> Self {
        Self("site:tries".to_owned())
    }

    /// Wrong answers after the first gate of an account was passed.
    #[must_use]
    pub fn half_way(account: &AccountRef) -> Self {
        Self(format!("half-way:{}", account.key()))
    }

    /// Contact-administrator requests of the whole site.
    #[must_use]
    pub fn site_contact() -> Self {
        Self("site:contact".to_owned())
    }

    /// Alerts to administrators about one thing.
    #[must_use]
    pub fn alert(what: &str) -> Self {
        Self(format!("alert:{what}"))
    }

    /// Sign-in tries with a typed password.
    #[must_use]
    pub fn sign_in(account: &AccountRef, lane: Lane) -> Self {
        Self(format!("signin:{}:{}", lane.word(), account.key()))
    }

    /// Sign-in tries from one network.
    #[must_use]
    pub fn sign_in_source(network_tag: &str) -> Self {
        Self(format!("signin-source:{network_tag}"))
    }

    /// Sign-in tries with a typed name, whoever it means.
    #[must_use]
    pub fn sign_in_name(claim_tag: &str, lane: Lane) -> Self {
        Self(format!("signin-name:{}:{claim_tag}", lane.word()))
    }

    /// Completed resets of an account.
    #[must_use]
    pub fn resets(account: &AccountRef) -> Self {
        Self(format!("resets:{}", account.key()))
    }

    /// Help mails to an account for one reason.
    #[must_use]
    pub fn help(account: &AccountRef, reason: &str) -> Self {
        Self(format!("help:{reason}:{}", account.key()))
    }

    /// Contact-administrator requests of a typed name.
    #[must_use]
    pub fn contact_name(claim_tag: &str) -> Self {
        Self(format!("contact:{claim_tag}"))
    }

    /// Contact-administrator requests from a network.
    #[must_use]
    pub fn contact_source(network_tag: &str) -> Self {
        Self(format!("contact-source:{network_tag}"))
    }

    /// Contact-administrator requests that nobody could match while a directory was silent.
    #[must_use]
    pub fn contact_unmatched(directory: &DirectoryName) -> Self {
        Self(format!("contact-unmatched:{}", directory.0))
    }

    /// What all counters of an account's tries and sends begin or end with, for lifting blocks.
    #[must_use]
    pub fn of_account(account: &AccountRef, lane: Lane) -> Vec<Self> {
        let own = account.key();
        let subjects = [
            format!("prove/{own}"),
            format!("confirm/{own}"),
            format!("register/{own}"),
            own,
        ];
        let mut keys: Vec<Self> = subjects
            .iter()
            .flat_map(|subject| MethodKind::ALL.map(|kind| (subject, kind)))
            .flat_map(|(subject, kind)| {
                [
                    Self::tries(subject, kind, lane),
                    Self::sends(subject, kind, lane),
                ]
            })
            .collect();
        keys.push(Self::sign_in(account, lane));
        keys
    }
}
