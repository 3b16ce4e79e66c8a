//! Password policies as `cn=config` and local policy entries hold them.

use std::sync::Arc;

use keymend_domain::directory::{Kinds, PasswordRules};
use keymend_domain::time::{Moment, SECOND_MS};

use crate::ldap::entry::Entry;

/// The attributes of a policy that are read, besides the [`UNSPOKEN`].
pub(super) const ATTRIBUTES: &[&str] = &[
    "objectClass",
    "nsslapd-pwpolicy-local",
    "passwordCheckSyntax",
    "passwordMinLength",
    "passwordMinCategories",
    "passwordMinTokenLength",
    "passwordHistory",
    "passwordInHistory",
    "passwordMinAge",
    "passwordMaxAge",
    "passwordExp",
    "passwordMustChange",
    "passwordChange",
    "passwordLockout",
    "passwordMaxFailure",
    "passwordUnlock",
    "passwordLockoutDuration",
    "passwordResetFailureCount",
];

/// Rules of the syntax check that Keymend has no words for: a number above 0, `on`, or any text.
pub(super) const UNSPOKEN: &[&str] = &[
    "passwordMinDigits",
    "passwordMinAlphas",
    "passwordMinUppers",
    "passwordMinLowers",
    "passwordMinSpecials",
    "passwordMin8bit",
    "passwordMaxRepeats",
    "passwordMaxSequence",
    "passwordMaxSeqSets",
    "passwordMaxClassChars",
    "passwordPalindrome",
    "passwordDictCheck",
    "passwordBadWords",
    "passwordUserAttributes",
];

/// One policy.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::ldap) struct Policy {
    /// Whether entries and branches may have policies of their own (`cn=config` alone says it).
    pub(super) allows_local: bool,
    pub(super) length_min: u32,
    pub(super) classes_min: u32,
    /// So many signs in a row of a person's names are refused; 0 for none.
    pub(super) name_window: u32,
    pub(super) history: u32,
    pub(super) age_min_ms: i64,
    /// `None` if passwords do not expire.
    pub(super) age_max_ms: Option<i64>,
    /// Whether they do is not shown, although every server says it somewhere.
    pub(super) hides_expiry: bool,
    pub(super) demands_change_after_reset: bool,
    pub(super) forbids_change: bool,
    pub(super) failures_max: u32,
    /// `None` if a lock lasts until somebody lifts it.
    pub(super) lock_ms: Option<i64>,
    pub(super) failure_window_ms: i64,
    /// It asks for something that cannot be told.
    pub(super) has_unspoken_rule: bool,
}

/// The policy of one account, as far as it is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::ldap) enum Applied {
    /// This one.
    Known(Arc<Policy>),
    /// The service account cannot read it.
    Unreadable,
}

impl Policy {
    /// The rules for everybody; `None` if the entry does not show them.
    pub(super) fn from_configuration(entry: &Entry) -> Option<Self> {
        // Every server has these two, so that their absence means a missing right.
        let is_readable = entry.has("passwordMinLength") && entry.has("passwordCheckSyntax");
        let expires = entry.text("passwordExp");
        let is_on = expires.is_some_and(|text| text.eq_ignore_ascii_case("on") || text == "1");
        is_readable.then(|| Self {
            hides_expiry: expires.is_none() || (is_on && !entry.has("passwordMaxAge")),
            ..Self::from_entry(entry)
        })
    }

    /// A policy of its own, of an entry or a branch; `None` if it is not shown.
    pub(super) fn from_local(entry: &Entry) -> Option<Self> {
        let mut classes = entry.texts("objectClass");
        let is_policy = classes.any(|class| class.eq_ignore_ascii_case("passwordPolicy"));
        is_policy.then(|| Self::from_entry(entry))
    }

    /// What an entry leaves out has the values that a server is delivered with (389 Directory
    /// Server 2.3.1, `cn=config` of a fresh instance).
    fn from_entry(entry: &Entry) -> Self {
        let number = |name: &str, usual: i64| entry.number(name).unwrap_or(usual).max(0);
        let count = |name: &str, usual: i64| u32::try_from(number(name, usual)).unwrap_or(u32::MAX);
        let millis = |name: &str, usual: i64| number(name, usual).saturating_mul(SECOND_MS);
        let is_on = |name: &str, usual: bool| {
            let text = entry.text(name);
            text.map_or(usual, |text| text.eq_ignore_ascii_case("on") || text == "1")
        };
        let checks = is_on("passwordCheckSyntax", false);
        let checked = |value: u32| if checks { value } else { 0 };
        let locks = is_on("passwordLockout", false);
        let lasts = !is_on("passwordUnlock", true);
        // People's entries keep the hashes of former passwords under this very name, so a service
        // account may well be kept from it; a rule that is told without need does no harm.
        let keeps = is_on("passwordHistory", entry.has("passwordInHistory"));
        Self {
            allows_local: is_on("nsslapd-pwpolicy-local", false),
            length_min: checked(count("passwordMinLength", 8)),
            classes_min: checked(count("passwordMinCategories", 3)),
            name_window: checked(count("passwordMinTokenLength", 3)),
            history: if keeps {
                count("passwordInHistory", 6)
            } else {
                0
            },
            age_min_ms: millis("passwordMinAge", 0),
            hides_expiry: false,
            age_max_ms: is_on("passwordExp", false).then(|| millis("passwordMaxAge", 8_640_000)),
            demands_change_after_reset: is_on("passwordMustChange", false),
            forbids_change: !is_on("passwordChange", true),
            failures_max: if locks {
                count("passwordMaxFailure", 3)
            } else {
                0
            },
            lock_ms: (!lasts).then(|| millis("passwordLockoutDuration", 3_600)),
            failure_window_ms: millis("passwordResetFailureCount", 600),
            has_unspoken_rule: checks && UNSPOKEN.iter().any(|name| is_set(entry, name)),
        }
    }

    fn bad_passwords(&self, entry: &Entry, now: Moment) -> u32 {
        let ends = entry.moment("retryCountResetTime");
        if ends.is_some_and(|ends| ends <= now) {
            return 0;
        }
        let count = entry.number("passwordRetryCount").unwrap_or(0);
        let count = count.max(super::free_ipa::failures(entry, self, now));
        u32::try_from(count).unwrap_or(0)
    }
}

fn is_set(entry: &Entry, name: &str) -> bool {
    entry
        .texts(name)
        .any(|text| !matches!(text.trim(), "" | "0") && !text.eq_ignore_ascii_case("off"))
}

impl Applied {
    /// The policy, if it could be read.
    pub(in crate::ldap) fn known(&self) -> Option<&Policy> {
        match self {
            Self::Known(policy) => Some(policy),
            Self::Unreadable => None,
        }
    }

    /// The wrong passwords that still count.  Without its policy an entry says no more than how
    /// many there were.
    pub(super) fn bad_passwords(&self, entry: &Entry, now: Moment) -> u32 {
        let told = |name: &str| entry.number(name).unwrap_or(0);
        match self {
            Self::Known(policy) => policy.bad_passwords(entry, now),
            Self::Unreadable => {
                let count = told("passwordRetryCount").max(told("krbLoginFailedCount"));
                u32::try_from(count).unwrap_or(0)
            }
        }
    }

    /// The rules for new passwords.
    pub(super) fn rules(&self, entry: &Entry, now: Moment) -> PasswordRules {
        let Some(policy) = self.known() else {
            return PasswordRules {
                has_unreadable_rule: true,
                ..PasswordRules::default()
            };
        };
        PasswordRules {
            length_min: policy.length_min,
            classes_min: policy.classes_min,
            kinds: Kinds::Ascii,
            refuses_names: policy.name_window > 0,
            name_window: policy.name_window,
            history: policy.history,
            // The password modify operation obeys it for everybody.
            reset_obeys_history: true,
            age_min_ms: policy.age_min_ms,
            lockout_threshold: policy.failures_max,
            lockout_window_ms: policy.failure_window_ms,
            bad_passwords: policy.bad_passwords(entry, now),
            has_unreadable_rule: policy.has_unspoken_rule,
            ..PasswordRules::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Moment = Moment(1_795_338_000_000);

    fn rules(attributes: &[(&str, &str)]) -> PasswordRules {
        let policy = Policy::from_entry(&Entry::of("cn=p", attributes));
        Applied::Known(Arc::new(policy)).rules(&Entry::of("uid=jane", &[]), NOW)
    }

    #[test]
    fn rules_are_those_that_the_server_enforces() {
        let strict = rules(&[
            ("passwordCheckSyntax", "on"),
            ("passwordMinLength", "10"),
            ("passwordMinCategories", "4"),
            ("passwordMinTokenLength", "5"),
            ("passwordHistory", "on"),
            ("passwordInHistory", "7"),
            ("passwordMinAge", "60"),
            ("passwordLockout", "on"),
            ("passwordMaxFailure", "9"),
        ]);
        let counts = (strict.length_min, strict.classes_min, strict.name_window);
        assert_eq!(counts, (10, 4, 5));
        let counts = (strict.history, strict.age_min_ms, strict.lockout_threshold);
        assert_eq!(counts, (7, 60_000, 9));
        assert!(strict.refuses_names && !strict.has_unreadable_rule);
    }

    #[test]
    fn what_is_switched_off_is_no_rule() {
        let lax = rules(&[
            ("passwordCheckSyntax", "off"),
            ("passwordMinLength", "10"),
            ("passwordHistory", "off"),
            ("passwordInHistory", "7"),
            ("passwordMaxFailure", "9"),
            ("passwordMinDigits", "2"),
        ]);
        let counts = (lax.length_min, lax.classes_min, lax.name_window);
        assert_eq!(counts, (0, 0, 0));
        assert_eq!((lax.history, lax.lockout_threshold), (0, 0));
        assert!(!lax.has_unreadable_rule);
    }

    #[test]
    fn a_rule_without_words_is_told_as_one_that_is_not_known() {
        let on = ("passwordCheckSyntax", "on");
        assert!(
            !rules(&[
                on,
                ("passwordMinDigits", "0"),
                ("passwordPalindrome", "off")
            ])
            .has_unreadable_rule
        );
        for rule in [
            ("passwordMinDigits", "1"),
            ("passwordDictCheck", "on"),
            ("passwordBadWords", "lab"),
        ] {
            assert!(rules(&[on, rule]).has_unreadable_rule, "{rule:?}");
        }
    }

    #[test]
    fn what_may_not_be_read_is_not_taken_for_no_rule() {
        let nothing = Entry::of("cn=config", &[("objectClass", "top")]);
        assert_eq!(Policy::from_configuration(&nothing), None);
        assert_eq!(Policy::from_local(&nothing), None);
        assert!(Applied::Unreadable.rules(&nothing, NOW).has_unreadable_rule);
    }

    #[test]
    fn wrong_passwords_are_forgotten_when_their_window_ends() {
        let policy = Policy::from_entry(&Entry::of("cn=p", &[("passwordLockout", "on")]));
        let count = |until| {
            let jane = [("passwordRetryCount", "2"), ("retryCountResetTime", until)];
            policy.bad_passwords(&Entry::of("uid=jane", &jane), NOW)
        };
        assert_eq!(count("20261122090001Z"), 2);
        assert_eq!(count("20261122085959Z"), 0);
    }
}
