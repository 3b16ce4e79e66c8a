//! What the attributes of an entry mean at one instant.

use keymend_domain::account::{AccountState, Lock};
use keymend_domain::time::Moment;

use super::free_ipa;
use super::policy::Applied;
use crate::ldap::entry::Entry;

/// How the server writes that a password must be changed before anything else: an expiry at the
/// very beginning of time.
const DEMANDED: Moment = Moment(0);

/// The state of an account.  In doubt it is locked and must change.
pub(super) fn of(entry: &Entry, policy: &Applied, now: Moment) -> AccountState {
    let known = policy.known();
    let expires_at = entry.moment("passwordExpirationTime");
    let demands = known.is_none_or(|policy| policy.demands_change_after_reset);
    let expires = known.is_none_or(|policy| policy.age_max_ms.is_some());
    let is_demanded = expires_at == Some(DEMANDED);
    // An inactivated role shows itself in the same attribute, which the server then works out.
    let is_disabled = entry
        .texts("nsAccountLock")
        .any(|value| value.eq_ignore_ascii_case("true"));
    let ages = known.is_none_or(|policy| policy.age_min_ms > 0);
    let from = entry.moment("passwordAllowChangeTime");
    let ipa = free_ipa::standing(entry, policy, now);
    AccountState {
        is_disabled,
        is_expired: ipa.is_expired,
        lock: lock(entry, policy, now).or(ipa.lock),
        password_is_expired: ipa.password_is_expired
            || expires && !is_demanded && expires_at.is_some_and(|at| at <= now),
        must_change: ipa.must_change || demands && is_demanded,
        may_not_change: known.is_some_and(|policy| policy.forbids_change),
        protection: None,
        password_changed_at: entry.moment("pwdUpdateTime").or(ipa.changed_at),
        next_change_from: from
            .filter(|from| ages && *from > now)
            .or(ipa.next_change_from),
    }
}

/// The server counts first and looks at the time only then: a reset zeroes the count and leaves
/// the time standing.
fn lock(entry: &Entry, policy: &Applied, now: Moment) -> Option<Lock> {
    let count = entry.number("passwordRetryCount").unwrap_or(0);
    let until = entry
        .moment("accountUnlockTime")
        .filter(|until| *until != DEMANDED);
    let (most, lasts) = match policy.known() {
        Some(policy) if policy.failures_max == 0 => return None,
        Some(policy) => (i64::from(policy.failures_max), policy.lock_ms.is_none()),
        None if entry.has("accountUnlockTime") => (1, false),
        None => return None,
    };
    if count < most {
        return None;
    }
    match until {
        _ if lasts => Some(Lock { until: None }),
        Some(until) if until <= now => None,
        until => Some(Lock { until }),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::super::policy::Policy;
    use super::*;

    /// 2026-11-22T09:00:00Z.
    const NOW: Moment = Moment(1_795_338_000_000);

    fn policy() -> Policy {
        Policy {
            failures_max: 3,
            lock_ms: Some(1_800_000),
            age_max_ms: Some(1),
            age_min_ms: 1,
            demands_change_after_reset: true,
            ..Policy::default()
        }
    }

    fn state(policy: Policy, attributes: &[(&str, &str)]) -> AccountState {
        let policy = Applied::Known(Arc::new(policy));
        of(&Entry::of("uid=jane", attributes), &policy, NOW)
    }

    #[test]
    fn a_lock_needs_the_count_and_the_time() {
        let lock = |count: &str, until: &str| {
            let attributes = [("passwordRetryCount", count), ("accountUnlockTime", until)];
            state(policy(), &attributes).lock
        };
        let until = Some(Moment(NOW.0 + 1_000));
        assert_eq!(lock("3", "20261122090001Z"), Some(Lock { until }));
        assert_eq!(lock("3", "20261122085959Z"), None);
        // A reset leaves the time as it was.
        assert_eq!(lock("0", "20261122090001Z"), None);
        assert_eq!(lock("2", "20261122090001Z"), None);
        assert_eq!(lock("3", "19700101000000Z"), Some(Lock { until: None }));
    }

    #[test]
    fn a_lock_without_an_end_and_a_policy_without_locks() {
        let attributes = [
            ("passwordRetryCount", "3"),
            ("accountUnlockTime", "20261122085959Z"),
        ];
        let lasting = Policy {
            lock_ms: None,
            ..policy()
        };
        assert_eq!(state(lasting, &attributes).lock, Some(Lock { until: None }));
        let never = Policy {
            failures_max: 0,
            ..policy()
        };
        assert_eq!(state(never, &attributes).lock, None);
        let entry = Entry::of(
            "uid=jane",
            &[
                ("passwordRetryCount", "1"),
                ("accountUnlockTime", "20261122090001Z"),
            ],
        );
        assert!(of(&entry, &Applied::Unreadable, NOW).lock.is_some());
    }

    #[test]
    fn an_expiry_at_the_beginning_of_time_is_a_demand() {
        let demanded = [("passwordExpirationTime", "19700101000000Z")];
        let seen = state(policy(), &demanded);
        assert!(seen.must_change && !seen.password_is_expired);
        let quiet = Policy {
            demands_change_after_reset: false,
            ..policy()
        };
        assert!(!state(quiet, &demanded).must_change);
        let expired = state(policy(), &[("passwordExpirationTime", "20200101000000Z")]);
        assert!(expired.password_is_expired && !expired.must_change);
        let endless = Policy {
            age_max_ms: None,
            ..policy()
        };
        let seen = state(endless, &[("passwordExpirationTime", "20200101000000Z")]);
        assert!(!seen.password_is_expired);
    }

    #[test]
    fn an_inactive_account_is_disabled_however_it_is_spelled() {
        for (value, is_disabled) in [("true", true), ("TRUE", true), ("false", false)] {
            assert_eq!(
                state(policy(), &[("nsAccountLock", value)]).is_disabled,
                is_disabled
            );
        }
    }

    #[test]
    fn the_next_change_is_told_where_there_is_a_minimum_age() {
        let waits = [("passwordAllowChangeTime", "20261122100000Z")];
        let from = Some(Moment(NOW.0 + 3_600_000));
        assert_eq!(state(policy(), &waits).next_change_from, from);
        let ageless = Policy {
            age_min_ms: 0,
            ..policy()
        };
        assert_eq!(state(ageless, &waits).next_change_from, None);
        let over = [("passwordAllowChangeTime", "20261122080000Z")];
        assert_eq!(state(policy(), &over).next_change_from, None);
    }
}
