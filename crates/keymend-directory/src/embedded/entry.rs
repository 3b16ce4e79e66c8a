//! One entry of the embedded directory, and everything that can be told from it.

use keymend_domain::account::{
    Account, AccountRef, AccountState, Anchor, DirectoryName, Lock, Protection,
};
use keymend_domain::directory::tally::{PasswordSet, Tally};
use keymend_domain::directory::{MustChange, RuleBroken, SignIn};
use keymend_domain::time::Moment;
use serde::{Deserialize, Serialize};

use super::policy::Policy;

/// What is stored for one account, as one body: like an LDAP entry, it is read and written whole.
#[derive(Clone, Default, Serialize, Deserialize)]
pub(super) struct Entry {
    pub(super) login: String,
    pub(super) display_name: String,
    pub(super) given_name: Option<String>,
    pub(super) surname: Option<String>,
    pub(super) mail: Vec<String>,
    pub(super) phones: Vec<String>,
    pub(super) language: Option<String>,
    pub(super) is_disabled: bool,
    pub(super) ends_at: Option<Moment>,
    pub(super) may_not_change: bool,
    pub(super) must_change: bool,
    pub(super) own_policy: Option<Policy>,
    /// PHC string of the current password.
    pub(super) password: Option<String>,
    /// PHC strings of former passwords, newest first.
    pub(super) former: Vec<String>,
    pub(super) password_changed_at: Option<Moment>,
    pub(super) bad_passwords: u32,
    pub(super) last_bad_at: Option<Moment>,
    pub(super) locked_at: Option<Moment>,
}

impl Entry {
    /// The lock that holds at `now`; one whose time is over holds no more.
    pub(super) fn lock(&self, policy: &Policy, now: Moment) -> Option<Lock> {
        let locked_at = self.locked_at?;
        let until = (policy.lockout_ms > 0).then(|| locked_at.plus_ms(policy.lockout_ms));
        match until {
            Some(until) if until <= now => None,
            until => Some(Lock { until }),
        }
    }

    /// Wrong passwords that count at `now`.
    pub(super) fn bad_passwords(&self, policy: &Policy, now: Moment) -> u32 {
        let lapsed = self.locked_at.is_some() && self.lock(policy, now).is_none();
        let is_apart = policy.lockout_window_ms > 0
            && self
                .last_bad_at
                .is_some_and(|last| now.since_ms(last) >= policy.lockout_window_ms);
        if lapsed || is_apart {
            0
        } else {
            self.bad_passwords
        }
    }

    /// Counts one wrong password, and locks the account if it was one too many.
    pub(super) fn count_bad(&mut self, policy: &Policy, now: Moment) {
        self.bad_passwords = self.bad_passwords(policy, now).saturating_add(1);
        self.last_bad_at = Some(now);
        let is_full =
            policy.lockout_threshold > 0 && self.bad_passwords >= policy.lockout_threshold;
        self.locked_at = is_full.then_some(now);
    }

    /// Lifts a lock and forgets the wrong passwords.
    pub(super) fn unlock(&mut self) {
        self.bad_passwords = 0;
        self.last_bad_at = None;
        self.locked_at = None;
    }

    /// What a sign-in with the right password comes to, locks apart.
    pub(super) fn sign_in(&self, policy: &Policy, now: Moment) -> SignIn {
        if self.is_disabled || self.has_ended(now) {
            SignIn::Unusable
        } else if self.must_change {
            SignIn::MustChange(MustChange::Demanded)
        } else if self.password_is_expired(policy, now) {
            SignIn::MustChange(MustChange::Expired)
        } else {
            SignIn::Accepted
        }
    }

    /// The instant before which no new password is taken, if `now` is before it.  A demanded
    /// change is always possible, or the person could never follow the demand.
    pub(super) fn next_change_from(&self, policy: &Policy, now: Moment) -> Option<Moment> {
        if self.must_change || policy.age_min_ms <= 0 {
            return None;
        }
        let from = self.password_changed_at?.plus_ms(policy.age_min_ms);
        (from > now).then_some(from)
    }

    /// The minimum age as a broken rule.
    pub(super) fn young(&self, policy: &Policy, now: Moment) -> Option<RuleBroken> {
        self.next_change_from(policy, now)
            .map(|from| RuleBroken::Young { from: Some(from) })
    }

    /// The hashes that a new password must not belong to.
    pub(super) fn remembered(&self, policy: &Policy) -> Vec<String> {
        if policy.history == 0 {
            return Vec::new();
        }
        let former = self.former.iter().take(policy.history as usize);
        self.password.iter().chain(former).cloned().collect()
    }

    /// Takes a new password in, and the old one into the history.
    pub(super) fn take_password(&mut self, hash: String, policy: &Policy, now: Moment) {
        if let Some(old) = self.password.replace(hash) {
            self.former.insert(0, old);
        }
        self.former.truncate(policy.history as usize);
        self.password_changed_at = Some(now);
        self.must_change = false;
    }

    fn has_ended(&self, now: Moment) -> bool {
        self.ends_at.is_some_and(|end| end <= now)
    }

    fn password_is_expired(&self, policy: &Policy, now: Moment) -> bool {
        policy.age_max_ms > 0
            && self
                .password_changed_at
                .is_some_and(|changed| changed.plus_ms(policy.age_max_ms) <= now)
    }
}

/// An entry together with what the rest of the directory says about it, read at one moment.
pub(super) struct Seen {
    pub(super) anchor: Anchor,
    pub(super) entry: Entry,
    /// The account's own policy, or the directory's.
    pub(super) policy: Policy,
    pub(super) groups: Vec<String>,
    pub(super) protection: Option<Protection>,
}

impl Seen {
    pub(super) fn lock(&self, now: Moment) -> Option<Lock> {
        self.entry.lock(&self.policy, now)
    }

    /// What is counted of wrong passwords.
    pub(super) fn tally(self) -> Tally {
        Tally {
            anchor: self.anchor,
            count: self.entry.bad_passwords,
            times: self.entry.last_bad_at.into_iter().collect(),
            password_set: PasswordSet::told(self.entry.password_changed_at),
            forgotten_at: None,
        }
    }

    /// The account as the port tells it.
    pub(super) fn account(self, directory: &DirectoryName, now: Moment) -> Account {
        let state = AccountState {
            is_disabled: self.entry.is_disabled,
            is_expired: self.entry.has_ended(now),
            lock: self.lock(now),
            password_is_expired: self.entry.password_is_expired(&self.policy, now),
            must_change: self.entry.must_change,
            may_not_change: self.entry.may_not_change,
            protection: self.protection,
            password_changed_at: self.entry.password_changed_at,
            next_change_from: self.entry.next_change_from(&self.policy, now),
        };
        Account {
            id: AccountRef {
                directory: directory.clone(),
                anchor: self.anchor,
            },
            login: self.entry.login,
            display_name: self.entry.display_name,
            given_name: self.entry.given_name,
            surname: self.entry.surname,
            mail: self.entry.mail,
            phones: self.entry.phones,
            groups: self.groups,
            language: self.entry.language,
            state,
        }
    }
}
