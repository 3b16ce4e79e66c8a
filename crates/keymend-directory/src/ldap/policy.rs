//! Password policies of the ppolicy overlay (draft-behera-ldap-password-policy, slapo-ppolicy(5)).

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use keymend_domain::account::Lock;
use keymend_domain::directory::PasswordRules;
use keymend_domain::time::{MINUTE_MS, Moment, SECOND_MS};

use super::dn::DnKey;
use super::entry::Entry;

/// The attributes of a policy that are read.
pub(super) const ATTRIBUTES: &[&str] = &[
    "pwdMinLength",
    "pwdMaxLength",
    "pwdCheckQuality",
    "pwdInHistory",
    "pwdMinAge",
    "pwdMaxAge",
    "pwdMaxFailure",
    "pwdFailureCountInterval",
    "pwdLockout",
    "pwdLockoutDuration",
    "pwdAllowUserChange",
    "pwdMustChange",
    "objectClass",
];

/// The mark of a lock that an administrator set for good (slapo-ppolicy(5)).
const LOCKED_FOR_GOOD: &str = "000001010000Z";
/// How old a policy in memory may be (source: behaviour §6.5).
const FRESH_MS: i64 = MINUTE_MS;
/// More policies than this are not remembered at once.
const REMEMBERED_MAX: usize = 1_000;

/// One policy.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Policy {
    length_min: u32,
    length_max: Option<u32>,
    history: u32,
    age_min_ms: i64,
    age_max_ms: i64,
    failures_max: u32,
    failure_window_ms: i64,
    locks: bool,
    lock_ms: i64,
    forbids_change: bool,
    demands_change_after_reset: bool,
}

/// The policy of one account, as far as it is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Applied {
    /// None is configured, or the overlay is not there.
    None,
    /// This one.
    Known(Arc<Policy>),
    /// There is one, but the service account cannot read it.
    Unreadable,
}

/// What the policy attributes of an entry mean at one instant.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Standing {
    pub(super) is_locked_for_good: bool,
    pub(super) lock: Option<Lock>,
    pub(super) password_is_expired: bool,
    pub(super) must_change: bool,
    pub(super) may_not_change: bool,
    pub(super) next_change_from: Option<Moment>,
}

impl Policy {
    /// Reads a policy entry; absent attributes have the defaults of slapo-ppolicy(5).
    pub(super) fn from_entry(entry: &Entry) -> Self {
        let count = |name: &str| u32::try_from(entry.number(name).unwrap_or(0)).unwrap_or(0);
        let millis = |name: &str| {
            entry
                .number(name)
                .unwrap_or(0)
                .max(0)
                .saturating_mul(SECOND_MS)
        };
        // Without a quality check the lengths are not looked at either.
        let is_checked = count("pwdCheckQuality") > 0;
        let length_max = count("pwdMaxLength");
        Self {
            length_min: if is_checked { count("pwdMinLength") } else { 0 },
            length_max: (is_checked && length_max > 0).then_some(length_max),
            history: count("pwdInHistory"),
            age_min_ms: millis("pwdMinAge"),
            age_max_ms: millis("pwdMaxAge"),
            failures_max: count("pwdMaxFailure"),
            failure_window_ms: millis("pwdFailureCountInterval"),
            locks: entry.truth("pwdLockout") == Some(true),
            lock_ms: millis("pwdLockoutDuration"),
            forbids_change: entry.truth("pwdAllowUserChange") == Some(false),
            demands_change_after_reset: entry.truth("pwdMustChange") == Some(true),
        }
    }
}

impl Applied {
    /// What the entry's policy attributes mean now.  In doubt an account is locked and must change.
    pub(super) fn standing(&self, entry: &Entry, now: Moment) -> Standing {
        let changed_at = entry.moment("pwdChangedTime");
        let is_reset = entry.truth("pwdReset") == Some(true);
        let is_locked_for_good = entry
            .texts("pwdAccountLockedTime")
            .any(|value| value == LOCKED_FOR_GOOD);
        let mut standing = Standing {
            is_locked_for_good,
            ..Standing::default()
        };
        let Self::Known(policy) = self else {
            standing.must_change = is_reset;
            let is_locked = entry.has("pwdAccountLockedTime") && !is_locked_for_good;
            standing.lock = is_locked.then_some(Lock { until: None });
            return standing;
        };
        if !is_locked_for_good {
            standing.lock = policy.lock(entry, now);
        }
        standing.must_change = is_reset && policy.demands_change_after_reset;
        standing.may_not_change = policy.forbids_change;
        if policy.age_max_ms > 0 {
            standing.password_is_expired =
                changed_at.is_some_and(|at| at.plus_ms(policy.age_max_ms) <= now);
        }
        // The overlay lets somebody who must change do so at once.
        if policy.age_min_ms > 0 && !is_reset {
            let from = changed_at.map(|at| at.plus_ms(policy.age_min_ms));
            standing.next_change_from = from.filter(|from| *from > now);
        }
        standing
    }

    /// The rules for new passwords, for showing and for judging early.
    pub(super) fn rules(&self, entry: &Entry, now: Moment) -> PasswordRules {
        match self {
            Self::None => PasswordRules::default(),
            Self::Unreadable => PasswordRules {
                has_unreadable_rule: true,
                ..PasswordRules::default()
            },
            Self::Known(policy) => PasswordRules {
                length_min: policy.length_min,
                length_max: policy.length_max,
                // Measured on 2.5.13: five umlauts fill ten places.
                length_in_bytes: true,
                history: policy.history,
                // The overlay keeps history for everybody but the root DN.
                reset_obeys_history: true,
                age_min_ms: policy.age_min_ms,
                lockout_threshold: if policy.locks { policy.failures_max } else { 0 },
                lockout_window_ms: policy.failure_window_ms,
                bad_passwords: policy.bad_passwords(entry, now),
                ..PasswordRules::default()
            },
        }
    }
}

impl Policy {
    fn lock(&self, entry: &Entry, now: Moment) -> Option<Lock> {
        if !self.locks || !entry.has("pwdAccountLockedTime") {
            return None;
        }
        let until = match entry.moment("pwdAccountLockedTime") {
            Some(at) if self.lock_ms > 0 => Some(at.plus_ms(self.lock_ms)),
            _ => None,
        };
        let is_over = until.is_some_and(|until| until <= now);
        (!is_over).then_some(Lock { until })
    }

    /// Failures are remembered with their times; those outside the window do not count any more.
    fn bad_passwords(&self, entry: &Entry, now: Moment) -> u32 {
        let counts = |text: &&str| {
            let at = super::generalized_time::parse(text);
            self.failure_window_ms == 0
                || at.is_none_or(|at| now.since_ms(at) < self.failure_window_ms)
        };
        u32::try_from(entry.texts("pwdFailureTime").filter(counts).count()).unwrap_or(u32::MAX)
    }
}

/// Policies read lately.
#[derive(Debug)]
pub(super) struct Remembered<T>(Mutex<HashMap<DnKey, (Moment, T)>>);

impl<T> Default for Remembered<T> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<T: Clone> Remembered<T> {
    /// A policy that was read less than a minute ago.
    pub(super) fn get(&self, key: &DnKey, now: Moment) -> Option<T> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known
            .get(key)
            .filter(|(read_at, _)| (0..FRESH_MS).contains(&now.since_ms(*read_at)))
            .map(|(_, policy)| policy.clone())
    }

    /// Forgets everything: a server has just said that it is not so any more.
    pub(super) fn forget(&self) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.clear();
    }

    /// Remembers what was read.
    pub(super) fn put(&self, key: DnKey, now: Moment, policy: T) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= REMEMBERED_MAX {
            known.clear();
        }
        known.insert(key, (now, policy));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-11-22T09:00:00Z.
    const NOW: Moment = Moment(1_795_338_000_000);

    fn policy(attributes: &[(&str, &str)]) -> Applied {
        Applied::Known(Arc::new(Policy::from_entry(&Entry::of("cn=p", attributes))))
    }

    fn standing(policy: &Applied, attributes: &[(&str, &str)]) -> Standing {
        policy.standing(&Entry::of("uid=jane", attributes), NOW)
    }

    #[test]
    fn a_lock_ends_with_its_duration_or_never() {
        let for_ten_minutes = policy(&[("pwdLockout", "TRUE"), ("pwdLockoutDuration", "600")]);
        let lasting = policy(&[("pwdLockout", "TRUE")]);
        let at = |time| [("pwdAccountLockedTime", time)];
        let until = Some(Moment(NOW.0 + 300_000));
        let check =
            |policy, time, lock| assert_eq!(standing(policy, &at(time)).lock, lock, "{time}");
        check(&for_ten_minutes, "20261122085500Z", Some(Lock { until }));
        check(&for_ten_minutes, "20261122085000Z", None);
        check(&lasting, "20201122085000Z", Some(Lock { until: None }));
        check(
            &Applied::Unreadable,
            "20201122085000Z",
            Some(Lock { until: None }),
        );
        check(&policy(&[]), "20261122085500Z", None);
    }

    #[test]
    fn an_administrators_lock_is_no_lock_by_tries_whatever_the_policy() {
        let lasting = policy(&[("pwdLockout", "TRUE")]);
        for policy in [&lasting, &Applied::None, &Applied::Unreadable, &policy(&[])] {
            let standing = standing(policy, &[("pwdAccountLockedTime", "000001010000Z")]);
            assert!(standing.is_locked_for_good);
            assert_eq!(standing.lock, None);
        }
    }

    #[test]
    fn age_is_counted_from_the_last_change() {
        let aged = policy(&[("pwdMaxAge", "86400"), ("pwdMinAge", "3600")]);
        let yesterday = standing(&aged, &[("pwdChangedTime", "20261121090000Z")]);
        assert!(yesterday.password_is_expired);
        assert_eq!(yesterday.next_change_from, None);
        let just_now = standing(&aged, &[("pwdChangedTime", "20261122083000Z")]);
        assert!(!just_now.password_is_expired);
        assert_eq!(just_now.next_change_from, Some(Moment(NOW.0 + 1_800_000)));
        let reset = [("pwdChangedTime", "20261122083000Z"), ("pwdReset", "TRUE")];
        assert_eq!(standing(&aged, &reset).next_change_from, None);
    }

    #[test]
    fn a_reset_demands_a_change_only_where_the_policy_says_so() {
        let reset = [("pwdReset", "TRUE")];
        assert!(standing(&policy(&[("pwdMustChange", "TRUE")]), &reset).must_change);
        assert!(!standing(&policy(&[]), &reset).must_change);
        assert!(standing(&Applied::Unreadable, &reset).must_change);
    }

    #[test]
    fn rules_are_those_that_the_overlay_enforces() {
        let strict = policy(&[
            ("pwdMinLength", "10"),
            ("pwdCheckQuality", "2"),
            ("pwdInHistory", "5"),
            ("pwdMaxFailure", "3"),
            ("pwdLockout", "TRUE"),
            ("pwdFailureCountInterval", "300"),
        ]);
        let jane = Entry::of(
            "uid=jane",
            &[
                ("pwdFailureTime", "20261122085900.123456Z"),
                ("pwdFailureTime", "20261122080000.123456Z"),
            ],
        );
        let rules = strict.rules(&jane, NOW);
        assert_eq!((rules.length_min, rules.history), (10, 5));
        assert_eq!((rules.lockout_threshold, rules.bad_passwords), (3, 1));
        let unchecked = policy(&[("pwdMinLength", "10"), ("pwdMaxFailure", "3")]);
        let rules = unchecked.rules(&jane, NOW);
        assert_eq!((rules.length_min, rules.lockout_threshold), (0, 0));
        assert!(Applied::Unreadable.rules(&jane, NOW).has_unreadable_rule);
    }

    #[test]
    fn a_policy_is_read_again_after_a_minute() {
        let remembered = Remembered::default();
        let key = DnKey::of("cn=p,dc=x").unwrap();
        remembered.put(key.clone(), NOW, Applied::Unreadable);
        assert!(remembered.get(&key, NOW.plus_ms(59_999)).is_some());
        assert!(remembered.get(&key, NOW.plus_ms(60_000)).is_none());
        assert!(remembered.get(&key, NOW.plus_ms(-1)).is_none());
    }
}
