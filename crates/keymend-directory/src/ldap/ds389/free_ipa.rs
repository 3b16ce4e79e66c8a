//! What FreeIPA adds: policies and states in the attributes of its Kerberos schema.
//!
//! Source of the names and their meaning: FreeIPA's schema `60kerberos.ldif` and `ipa help pwpolicy`.
//! No FreeIPA server was there to try them on.

use keymend_domain::account::Lock;
use keymend_domain::time::{Moment, SECOND_MS};

use super::policy::{Applied, Policy};
use crate::ldap::entry::Entry;

/// Names the policy that counts for an account: FreeIPA works it out from the person's groups,
/// the one with the lowest `cosPriority` first.
pub(super) const POLICY: &str = "krbPwdPolicyReference";

/// What is read of every account besides.
pub(super) const ATTRIBUTES: &[&str] = &[
    "ipaUniqueID",
    "krbPrincipalExpiration",
    "krbPasswordExpiration",
    "krbLastPwdChange",
    "krbLoginFailedCount",
    "krbLastFailedAuth",
    "krbLastAdminUnlock",
    POLICY,
];

/// What is read of a policy besides.
pub(super) const POLICY_ATTRIBUTES: &[&str] = &[
    "krbPwdMinLength",
    "krbPwdMinDiffChars",
    "krbPwdHistoryLength",
    "krbMinPwdLife",
    "krbMaxPwdLife",
    "krbPwdMaxFailure",
    "krbPwdLockoutDuration",
    "krbPwdFailureCountInterval",
    "ipaPwdMaxRepeat",
    "ipaPwdMaxSequence",
    "ipaPwdDictCheck",
    "ipaPwdUserCheck",
];

/// What the Kerberos attributes of an account say.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Standing {
    pub(super) is_expired: bool,
    pub(super) lock: Option<Lock>,
    pub(super) password_is_expired: bool,
    pub(super) must_change: bool,
    pub(super) changed_at: Option<Moment>,
    pub(super) next_change_from: Option<Moment>,
}

/// The DN of the policy for everybody.  The realm is the domain in capitals, as the installer
/// proposes it; an account whose policy is named in its entry does not need this.
pub(super) fn global_policy(base: &str) -> Option<String> {
    let labels = base.split(',').map(|part| part.trim().strip_prefix("dc="));
    let labels: Option<Vec<&str>> = labels.collect();
    let realm = labels?.join(".").to_uppercase();
    Some(format!("cn=global_policy,cn={realm},cn=kerberos,{base}"))
}

/// Reads a policy; `None` if the entry does not show one.
pub(super) fn policy(entry: &Entry) -> Option<Policy> {
    let number = |name: &str| entry.number(name).unwrap_or(0).max(0);
    let count = |name: &str| u32::try_from(number(name)).unwrap_or(u32::MAX);
    let millis = |name: &str| number(name).saturating_mul(SECOND_MS);
    if !entry.has("krbPwdMinLength") {
        return None;
    }
    let is_set = |name: &&str| {
        let text = entry.text(name).unwrap_or("0");
        text != "0" && !text.eq_ignore_ascii_case("false")
    };
    let unspoken = [
        "ipaPwdMaxRepeat",
        "ipaPwdMaxSequence",
        "ipaPwdDictCheck",
        "ipaPwdUserCheck",
    ];
    let lock_ms = millis("krbPwdLockoutDuration");
    let age_max_ms = millis("krbMaxPwdLife");
    Some(Policy {
        length_min: count("krbPwdMinLength"),
        classes_min: count("krbPwdMinDiffChars"),
        history: count("krbPwdHistoryLength"),
        age_min_ms: millis("krbMinPwdLife"),
        age_max_ms: (age_max_ms > 0).then_some(age_max_ms),
        failures_max: count("krbPwdMaxFailure"),
        // 0 stands for a lock that only an administrator lifts.
        lock_ms: (lock_ms > 0).then_some(lock_ms),
        failure_window_ms: millis("krbPwdFailureCountInterval"),
        has_unspoken_rule: unspoken.iter().any(is_set),
        ..Policy::default()
    })
}

/// Wrong passwords that still count.
pub(super) fn failures(entry: &Entry, policy: &Policy, now: Moment) -> i64 {
    let last = entry.moment("krbLastFailedAuth");
    let is_over =
        |at: Moment| policy.failure_window_ms > 0 && now.since_ms(at) >= policy.failure_window_ms;
    match last {
        Some(at) if is_over(at) => 0,
        _ => entry.number("krbLoginFailedCount").unwrap_or(0),
    }
}

/// What the attributes mean now; nothing on a server without them.
pub(super) fn standing(entry: &Entry, policy: &Applied, now: Moment) -> Standing {
    let changed_at = entry.moment("krbLastPwdChange");
    let expires_at = entry.moment("krbPasswordExpiration");
    let is_over = expires_at.is_some_and(|at| at <= now);
    // A password that somebody else has set is over in the moment it is set.
    let is_demanded = is_over && changed_at.is_some() && expires_at <= changed_at;
    let age_min_ms = policy.known().map_or(0, |policy| policy.age_min_ms);
    let from = changed_at
        .filter(|_| age_min_ms > 0 && !is_demanded)
        .map(|at| at.plus_ms(age_min_ms));
    Standing {
        is_expired: entry
            .moment("krbPrincipalExpiration")
            .is_some_and(|end| end <= now),
        lock: policy.known().and_then(|policy| lock(entry, policy, now)),
        password_is_expired: is_over && !is_demanded,
        must_change: is_demanded,
        changed_at,
        next_change_from: from.filter(|from| *from > now),
    }
}

fn lock(entry: &Entry, policy: &Policy, now: Moment) -> Option<Lock> {
    let failed_at = entry.moment("krbLastFailedAuth")?;
    let count = entry.number("krbLoginFailedCount").unwrap_or(0);
    let is_full = policy.failures_max > 0 && count >= i64::from(policy.failures_max);
    let lifted_at = entry.moment("krbLastAdminUnlock");
    if !is_full || lifted_at.is_some_and(|lifted| lifted >= failed_at) {
        return None;
    }
    let until = policy.lock_ms.map(|length| failed_at.plus_ms(length));
    let is_over = until.is_some_and(|until| until <= now);
    (!is_over).then_some(Lock { until })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    /// 2026-11-22T09:00:00Z.
    const NOW: Moment = Moment(1_795_338_000_000);

    fn applied() -> Applied {
        let policy = policy(&Entry::of(
            "cn=global_policy",
            &[
                ("krbPwdMinLength", "8"),
                ("krbPwdMinDiffChars", "2"),
                ("krbMinPwdLife", "3600"),
                ("krbMaxPwdLife", "7776000"),
                ("krbPwdMaxFailure", "6"),
                ("krbPwdLockoutDuration", "600"),
                ("krbPwdFailureCountInterval", "60"),
            ],
        ));
        Applied::Known(Arc::new(policy.unwrap()))
    }

    fn seen(attributes: &[(&str, &str)]) -> Standing {
        standing(&Entry::of("uid=jane", attributes), &applied(), NOW)
    }

    #[test]
    fn the_rules_are_read() {
        let rules = applied().rules(&Entry::of("uid=jane", &[]), NOW);
        assert_eq!((rules.length_min, rules.classes_min), (8, 2));
        assert_eq!((rules.lockout_threshold, rules.age_min_ms), (6, 3_600_000));
        assert_eq!(policy(&Entry::of("cn=x", &[])), None);
    }

    #[test]
    fn a_password_set_by_somebody_else_must_be_changed() {
        let reset = [
            ("krbLastPwdChange", "20261122080000Z"),
            ("krbPasswordExpiration", "20261122080000Z"),
        ];
        let standing = seen(&reset);
        assert!(standing.must_change && !standing.password_is_expired);
        assert_eq!(standing.next_change_from, None);
        let aged = [
            ("krbLastPwdChange", "20260101080000Z"),
            ("krbPasswordExpiration", "20260401080000Z"),
        ];
        let standing = seen(&aged);
        assert!(!standing.must_change && standing.password_is_expired);
    }

    #[test]
    fn the_minimum_age_counts_from_the_last_change() {
        let fresh = [
            ("krbLastPwdChange", "20261122083000Z"),
            ("krbPasswordExpiration", "20270222083000Z"),
        ];
        let from = Some(Moment(NOW.0 + 1_800_000));
        assert_eq!(seen(&fresh).next_change_from, from);
    }

    #[test]
    fn a_lock_ends_by_time_or_by_an_administrator() {
        let locked = [
            ("krbLoginFailedCount", "6"),
            ("krbLastFailedAuth", "20261122085500Z"),
        ];
        let until = Some(Moment(NOW.0 + 300_000));
        assert_eq!(seen(&locked).lock, Some(Lock { until }));
        let lifted = [
            ("krbLoginFailedCount", "6"),
            ("krbLastFailedAuth", "20261122085500Z"),
            ("krbLastAdminUnlock", "20261122085600Z"),
        ];
        assert_eq!(seen(&lifted).lock, None);
        let long_ago = [
            ("krbLoginFailedCount", "6"),
            ("krbLastFailedAuth", "20261122084000Z"),
        ];
        assert_eq!(seen(&long_ago).lock, None);
    }

    #[test]
    fn an_account_past_its_end_is_expired() {
        assert!(seen(&[("krbPrincipalExpiration", "20261122085959Z")]).is_expired);
        assert!(!seen(&[("krbPrincipalExpiration", "20261122090001Z")]).is_expired);
    }

    #[test]
    fn the_policy_for_everybody_is_where_the_installer_puts_it() {
        assert_eq!(
            global_policy("dc=lab,dc=test").as_deref(),
            Some("cn=global_policy,cn=LAB.TEST,cn=kerberos,dc=lab,dc=test")
        );
        assert_eq!(global_policy("o=lab"), None);
    }
}
