//! What a 389 Directory Server counts of wrong passwords.
//!
//! It keeps a count, and the time at which that will be forgotten, which it moves with the first
//! wrong password alone (`retryCountResetTime`, 389 Directory Server 2.3.1).  So the time of the
//! first can be told, and of the others no more than that they came.  FreeIPA keeps the time of
//! the last.

use keymend_domain::directory::tally::{PasswordSet, Tally};
use keymend_domain::time::Moment;

use super::anchor;
use super::policy::Applied;
use crate::ldap::dialect::Offer;
use crate::ldap::entry::Entry;

/// What is read, beside the anchor and the policy.
pub(in crate::ldap) const ATTRIBUTES: [&str; 8] = [
    "passwordRetryCount",
    "retryCountResetTime",
    "pwdUpdateTime",
    "pwdpolicysubentry",
    "krbLoginFailedCount",
    "krbLastFailedAuth",
    "krbLastPwdChange",
    super::free_ipa::POLICY,
];

/// What an entry says under its policy.
pub(in crate::ldap) fn of(
    entry: &Entry,
    policy: &Applied,
    (offer, now): (&Offer, Moment),
) -> Option<Tally> {
    let count = policy.bad_passwords(entry, now);
    let set_at = entry.moment("pwdUpdateTime");
    Some(Tally {
        anchor: anchor(entry, offer)?,
        count,
        times: last(entry, policy, count).into_iter().collect(),
        password_set: PasswordSet::told(set_at.or(entry.moment("krbLastPwdChange"))),
        forgotten_at: entry.moment("retryCountResetTime"),
    })
}

fn last(entry: &Entry, policy: &Applied, count: u32) -> Option<Moment> {
    let told = entry.moment("krbLastFailedAuth");
    let window_ms = policy.known().map(|policy| policy.failure_window_ms);
    let first = || {
        let forgotten_at = entry.moment("retryCountResetTime")?;
        Some(forgotten_at.plus_ms(-window_ms?))
    };
    told.or_else(|| first().filter(|_| count == 1))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::super::policy::Policy;
    use super::*;

    #[test]
    fn the_time_of_the_first_is_known_and_of_the_others_the_count_alone() {
        let policy = Applied::Known(Arc::new(Policy {
            failure_window_ms: 600_000,
            ..Policy::default()
        }));
        let times = |count: &str, policy: &Applied| {
            let attributes = [
                ("passwordRetryCount", count),
                ("retryCountResetTime", "20261122091100Z"),
            ];
            let entry = Entry::of("uid=jane", &attributes);
            let before = Moment(1_795_338_060_000);
            last(&entry, policy, policy.bad_passwords(&entry, before))
        };
        assert_eq!(times("1", &policy), Some(Moment(1_795_338_060_000)));
        assert_eq!(times("2", &policy), None);
        assert_eq!(times("0", &policy), None);
        assert_eq!(times("1", &Applied::Unreadable), None);
    }

    #[test]
    fn free_ipa_tells_the_last() {
        let entry = Entry::of("uid=jane", &[("krbLastFailedAuth", "20261122090100Z")]);
        let at = Some(Moment(1_795_338_060_000));
        assert_eq!(last(&entry, &Applied::Unreadable, 3), at);
    }
}
