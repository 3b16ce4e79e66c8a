//! Password rules: the domain's, and fine-grained ones (password settings objects, PSO).

use keymend_domain::directory::PasswordRules;
use keymend_domain::time::Moment;

use super::file_time;
use crate::ldap::entry::Entry;

/// The attributes of a domain that hold its rules.
pub(super) const OF_DOMAIN: &[&str] = &[
    "minPwdLength",
    "pwdHistoryLength",
    "minPwdAge",
    "pwdProperties",
    "lockoutThreshold",
    "lockoutDuration",
    "lockOutObservationWindow",
];

/// The attributes of a PSO that hold its rules.
pub(super) const OF_SETTINGS: &[&str] = &[
    "msDS-MinimumPasswordLength",
    "msDS-PasswordHistoryLength",
    "msDS-MinimumPasswordAge",
    "msDS-PasswordComplexityEnabled",
    "msDS-LockoutThreshold",
    "msDS-LockoutDuration",
    "msDS-LockoutObservationWindow",
];

/// `DOMAIN_PASSWORD_COMPLEX` in `pwdProperties` (MS-SAMR, `PasswordProperties`).
const COMPLEX: i64 = 1;
/// How many of five kinds of characters a complex password has (MS-SAMR 3.1.1.7.2).
const CLASSES: u32 = 3;

/// The rules for the passwords of some accounts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Policy {
    length_min: u32,
    history: u32,
    age_min_ms: i64,
    is_complex: bool,
    lockout_threshold: u32,
    /// `None` if a lock lasts until somebody lifts it.
    pub(super) lock_ms: Option<i64>,
    lockout_window_ms: i64,
}

/// The rules for one account, as far as they are known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Applied {
    /// These.
    Known(Policy),
    /// There are some, but the service account cannot read them.
    Unreadable,
}

impl Policy {
    /// Reads the rules of a domain; `None` if its head does not show them.
    pub(super) fn from_domain(entry: &Entry) -> Option<Self> {
        let is_complex = entry.number("pwdProperties")? & COMPLEX != 0;
        Self::from_entry(entry, OF_DOMAIN, is_complex)
    }

    /// Reads the rules of a PSO; `None` if it does not show them.  A server gives the entry
    /// without a single attribute to those who may not read it.
    pub(super) fn from_settings(entry: &Entry) -> Option<Self> {
        let is_complex = entry.truth("msDS-PasswordComplexityEnabled")?;
        Self::from_entry(entry, OF_SETTINGS, is_complex)
    }

    fn from_entry(entry: &Entry, names: &[&str], is_complex: bool) -> Option<Self> {
        let [length, history, age, _, threshold, lock, window] = names else {
            return None;
        };
        let count = |name: &str| u32::try_from(entry.number(name)?).ok();
        let millis = |name: &str| file_time::length_ms(entry.number(name).unwrap_or(0));
        Some(Self {
            length_min: count(length)?,
            history: count(history)?,
            age_min_ms: millis(age).unwrap_or(0),
            is_complex,
            lockout_threshold: count(threshold).unwrap_or(0),
            // 0 stands for a lock that only an administrator lifts (MS-ADA2, lockoutDuration).
            lock_ms: millis(lock).filter(|length| *length > 0),
            lockout_window_ms: millis(window).unwrap_or(0),
        })
    }
}

impl Applied {
    /// The rules for showing and for judging early.
    pub(super) fn rules(
        &self,
        entry: &Entry,
        reset_obeys_history: bool,
        now: Moment,
    ) -> PasswordRules {
        let Self::Known(policy) = self else {
            return PasswordRules {
                has_unreadable_rule: true,
                ..PasswordRules::default()
            };
        };
        PasswordRules {
            length_min: policy.length_min,
            classes_min: if policy.is_complex { CLASSES } else { 0 },
            refuses_names: policy.is_complex,
            history: policy.history,
            reset_obeys_history,
            age_min_ms: policy.age_min_ms,
            lockout_threshold: policy.lockout_threshold,
            lockout_window_ms: policy.lockout_window_ms,
            bad_passwords: policy.bad_passwords(entry, now),
            ..PasswordRules::default()
        }
    }

    /// How long a lock lasts, if that is known and it ends by itself.
    pub(super) fn lock_ms(&self) -> Option<i64> {
        match self {
            Self::Known(policy) => policy.lock_ms,
            Self::Unreadable => None,
        }
    }

    /// The earliest instant at which the minimum age allows another password.
    pub(super) fn next_change_from(&self, entry: &Entry, now: Moment) -> Option<Moment> {
        let Self::Known(policy) = self else {
            return None;
        };
        // Somebody who must change the password has no last change, and no age to wait for.
        let changed_at = entry.number("pwdLastSet").and_then(file_time::moment)?;
        let from = changed_at.plus_ms(policy.age_min_ms);
        (policy.age_min_ms > 0 && from > now).then_some(from)
    }
}

impl Policy {
    /// The count is left standing when the window has passed, but starts anew with the next one.
    fn bad_passwords(&self, entry: &Entry, now: Moment) -> u32 {
        let last = entry.number("badPasswordTime").and_then(file_time::moment);
        let is_old = last.is_some_and(|last| now.since_ms(last) >= self.lockout_window_ms);
        if is_old && self.lockout_window_ms > 0 {
            return 0;
        }
        let count = entry.number("badPwdCount").unwrap_or(0);
        u32::try_from(count).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-11-22T09:00:00Z.
    const NOW: Moment = Moment(1_795_338_000_000);

    fn domain() -> Entry {
        Entry::of(
            "dc=x",
            &[
                ("minPwdLength", "10"),
                ("pwdHistoryLength", "24"),
                ("minPwdAge", "-864000000000"),
                ("pwdProperties", "1"),
                ("lockoutThreshold", "3"),
                ("lockoutDuration", "-18000000000"),
                ("lockOutObservationWindow", "-18000000000"),
            ],
        )
    }

    #[test]
    fn the_rules_of_a_domain_are_read() {
        let policy = Applied::Known(Policy::from_domain(&domain()).unwrap());
        let rules = policy.rules(&Entry::default(), true, NOW);
        let expected = PasswordRules {
            length_min: 10,
            classes_min: 3,
            refuses_names: true,
            history: 24,
            reset_obeys_history: true,
            age_min_ms: 86_400_000,
            lockout_threshold: 3,
            lockout_window_ms: 1_800_000,
            ..PasswordRules::default()
        };
        assert_eq!(rules, expected);
        assert_eq!(policy.lock_ms(), Some(1_800_000));
    }

    #[test]
    fn a_special_rule_that_cannot_be_read_is_said_and_nothing_is_made_up() {
        let hidden = Entry::of("cn=strict,dc=x", &[("objectClass", "top")]);
        assert_eq!(Policy::from_settings(&hidden), None);
        let rules = Applied::Unreadable.rules(&domain(), true, NOW);
        assert!(rules.has_unreadable_rule);
        assert_eq!(rules.length_min, 0);
    }

    #[test]
    fn a_lock_may_have_no_end() {
        for raw in ["0", "-9223372036854775808"] {
            let entry = Entry::of(
                "cn=strict",
                &[
                    ("msDS-MinimumPasswordLength", "20"),
                    ("msDS-PasswordHistoryLength", "0"),
                    ("msDS-PasswordComplexityEnabled", "FALSE"),
                    ("msDS-LockoutDuration", raw),
                ],
            );
            let policy = Policy::from_settings(&entry).unwrap();
            assert_eq!((policy.lock_ms, policy.is_complex), (None, false), "{raw}");
        }
    }

    #[test]
    fn the_minimum_age_counts_from_the_last_change_and_not_for_those_who_must() {
        let policy = Applied::Known(Policy::from_domain(&domain()).unwrap());
        let from = |raw: &str| policy.next_change_from(&Entry::of("", &[("pwdLastSet", raw)]), NOW);
        // An hour before, and two days before.
        assert_eq!(
            from("134398080000000000"),
            Some(NOW.plus_ms(86_400_000 - 3_600_000))
        );
        assert_eq!(from("134396388000000000"), None);
        assert_eq!(from("0"), None);
    }

    #[test]
    fn wrong_passwords_outside_the_window_do_not_count() {
        let policy = Applied::Known(Policy::from_domain(&domain()).unwrap());
        let count = |at: &str| {
            let entry = Entry::of("", &[("badPwdCount", "2"), ("badPasswordTime", at)]);
            policy.rules(&entry, false, NOW).bad_passwords
        };
        assert_eq!(count("134398115400000000"), 2);
        assert_eq!(count("134396388000000000"), 0);
    }
}
