//! From an entry to an account.

use keymend_domain::account::{
    Account, AccountRef, AccountState, Anchor, DirectoryName, Protection,
};
use keymend_domain::directory::PasswordRules;
use keymend_domain::time::{DAY_MS, Moment};

use super::dn::DnKey;
use super::entry::Entry;
use super::options::LdapOptions;
use super::policy::Applied;
use super::servers::Who;

const OPERATIONAL: &[&str] = &[
    "entryUUID",
    "entryCSN",
    "uid",
    "mail",
    "cn",
    "displayName",
    "givenName",
    "sn",
    "preferredLanguage",
    "memberOf",
    "pwdAccountLockedTime",
    "pwdChangedTime",
    "pwdReset",
    "pwdPolicySubentry",
    "pwdStartTime",
    "pwdEndTime",
    "pwdFailureTime",
    "shadowExpire",
];

/// The attributes that hold what people type, if the installer does not say.
pub(super) const LOGIN: [&str; 2] = ["uid", "mail"];

/// Which attributes mean what, and which groups are protected.
#[derive(Debug)]
pub(super) struct Schema {
    directory: DirectoryName,
    pub(super) login: Vec<String>,
    mail: Vec<String>,
    phones: Vec<String>,
    protected: Vec<DnKey>,
    /// Everything to ask a server for.
    pub(super) attributes: Vec<String>,
}

/// A person's entry as it was read at one moment.
#[derive(Debug, Clone)]
pub(super) struct Seen {
    pub(super) entry: Entry,
    pub(super) account: Account,
    /// The rules for new passwords of this account.
    pub(super) rules: PasswordRules,
    /// How long a new password lasts, where that must be written by hand.
    pub(super) lasting: Lasting,
}

/// How long a new password lasts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lasting {
    /// The policy does not show it, or nobody asks.
    Unknown,
    /// It does not end.
    Endless,
    /// So many milliseconds.
    Ms(i64),
}

/// What changes when a password does; compared before and after a write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Mark {
    changed_at: Option<String>,
    revision: Option<String>,
}

impl Seen {
    /// The entry's mark at the time of reading.
    pub(super) fn mark(&self) -> Mark {
        let text = |name: &str| self.entry.text(name).map(str::to_owned);
        // Active Directory counts in 100 ns, which is as good as a revision; 389 Directory Server
        // numbers every write if its USN plug-in is on.
        let precise = text("pwdLastSet").or_else(|| text("entryusn"));
        let whole = ["pwdChangedTime", "pwdUpdateTime", "krbLastPwdChange"];
        let whole = whole.iter().find_map(|name| text(name));
        Mark {
            changed_at: whole.or_else(|| text("passwordExpirationTime")),
            revision: text("entryCSN").or(precise),
        }
    }

    /// Who this is, for signing in.
    pub(super) fn who(&self) -> Who<'_> {
        Who {
            dn: &self.entry.dn,
            sid: self.entry.bytes("objectSid"),
        }
    }
}

impl Mark {
    /// Whether the entry was written between the two readings; `None` if it cannot be told,
    /// because the server does not show the revision and times are in whole seconds only.
    pub(super) fn has_moved(&self, before: &Self) -> Option<bool> {
        match (&before.revision, &self.revision) {
            (Some(before), Some(after)) => Some(before != after),
            _ if self.changed_at != before.changed_at => Some(true),
            _ => None,
        }
    }
}

impl Schema {
    pub(super) fn new(options: &LdapOptions) -> Self {
        let login = options.login_attributes.clone();
        let protected = options.protected_groups.iter();
        Self {
            directory: options.name.clone(),
            login: login.unwrap_or_else(|| LOGIN.map(str::to_owned).to_vec()),
            mail: options.mail_attributes.clone(),
            phones: options.phone_attributes.clone(),
            protected: protected.filter_map(|dn| DnKey::of(dn)).collect(),
            attributes: with_own(OPERATIONAL, options),
        }
    }

    /// The account an entry stands for; `None` if it has no `entryUUID` that can be read.
    pub(super) fn account(
        &self,
        entry: &Entry,
        policy: &Applied,
        groups: Vec<String>,
        now: Moment,
    ) -> Option<Account> {
        let anchor = Anchor(entry.text("entryUUID")?.to_owned());
        let mut state = state_of(entry, policy, now);
        state.protection = self.protection(&groups);
        Some(self.person(entry, anchor, groups, state))
    }

    /// What every directory shows of a person alike, with what was found out besides.
    pub(super) fn person(
        &self,
        entry: &Entry,
        anchor: Anchor,
        groups: Vec<String>,
        state: AccountState,
    ) -> Account {
        let first = |names: &[String]| names.iter().find_map(|name| entry.text(name));
        let login = first(&self.login).unwrap_or_default().to_owned();
        let display_name = entry.text("displayName").or(entry.text("cn"));
        Account {
            id: AccountRef {
                directory: self.directory.clone(),
                anchor,
            },
            display_name: display_name.unwrap_or(&login).to_owned(),
            given_name: entry.text("givenName").map(str::to_owned),
            surname: entry.text("sn").map(str::to_owned),
            mail: all(entry, &self.mail),
            phones: all(entry, &self.phones),
            language: entry.text("preferredLanguage").and_then(language),
            login,
            groups,
            state,
        }
    }

    /// The first of these groups that the installer calls protected.
    pub(super) fn protection(&self, groups: &[String]) -> Option<Protection> {
        let is_protected =
            |dn: &&String| DnKey::of(dn).is_some_and(|key| self.protected.contains(&key));
        groups.iter().find(is_protected).cloned().map(Protection)
    }
}

fn state_of(entry: &Entry, policy: &Applied, now: Moment) -> AccountState {
    let standing = policy.standing(entry, now);
    let is_before_start = entry
        .moment("pwdStartTime")
        .is_some_and(|start| start > now);
    let is_after_end = entry.moment("pwdEndTime").is_some_and(|end| end <= now);
    // shadow(5): days since 1970, and the account is unusable from that day on; -1 for never.
    let shadow_end = entry.number("shadowExpire").filter(|days| *days >= 0);
    let is_after_shadow_end = shadow_end.is_some_and(|days| days.saturating_mul(DAY_MS) <= now.0);
    AccountState {
        is_disabled: standing.is_locked_for_good || is_before_start,
        is_expired: is_after_end || is_after_shadow_end,
        lock: standing.lock,
        password_is_expired: standing.password_is_expired,
        must_change: standing.must_change,
        may_not_change: standing.may_not_change,
        protection: None,
        password_changed_at: entry.moment("pwdChangedTime"),
        next_change_from: standing.next_change_from,
    }
}

/// The attributes that are read anyhow, and those that an installer names.
pub(super) fn with_own(usual: &[&str], options: &LdapOptions) -> Vec<String> {
    let own = [
        options.login_attributes.as_ref(),
        Some(&options.mail_attributes),
        Some(&options.phone_attributes),
    ];
    let mut attributes: Vec<String> = usual.iter().map(|&name| name.to_owned()).collect();
    for name in own.into_iter().flatten().flatten() {
        if !attributes
            .iter()
            .any(|known| known.eq_ignore_ascii_case(name))
        {
            attributes.push(name.clone());
        }
    }
    attributes
}

/// The values of several attributes, each once.
pub(super) fn all(entry: &Entry, names: &[String]) -> Vec<String> {
    let mut values: Vec<String> = Vec::new();
    for value in names.iter().flat_map(|name| entry.texts(name)) {
        if !values.iter().any(|known| known == value) {
            values.push(value.to_owned());
        }
    }
    values
}

/// The first tag of a list in the form of `Accept-Language` (RFC 2798 §2.7).
pub(super) fn language(value: &str) -> Option<String> {
    let tag = value.split([',', ';']).next()?.trim();
    (!tag.is_empty() && tag != "*").then(|| tag.to_owned())
}

#[cfg(test)]
mod tests {
    use keymend_domain::secret::Secret;

    use super::*;

    /// 2026-11-22T09:00:00Z.
    const NOW: Moment = Moment(1_795_338_000_000);

    fn schema() -> Schema {
        let mut options = LdapOptions::new(
            DirectoryName("corp".into()),
            vec!["ldaps://dc1".parse().unwrap()],
            "dc=x".into(),
            "uid=svc,dc=x".into(),
            Secret::new("hunter2".into()),
        );
        options.protected_groups = vec!["CN=Admins, dc=x".into()];
        Schema::new(&options)
    }

    fn account(attributes: &[(&str, &str)], groups: &[&str]) -> Option<Account> {
        let groups = groups.iter().map(|&group| group.to_owned()).collect();
        schema().account(
            &Entry::of("uid=jane,dc=x", attributes),
            &Applied::None,
            groups,
            NOW,
        )
    }

    #[test]
    fn an_entry_becomes_an_account() {
        let jane = account(
            &[
                ("entryUUID", "u-1"),
                ("uid", "Jane"),
                ("cn", "Jane Doe"),
                ("sn", "Doe"),
                ("mail", "jane@x"),
                ("mobile", "+49 1"),
                ("telephoneNumber", "+49 1"),
                ("preferredLanguage", "de-AT, en;q=0.5"),
            ],
            &[],
        );
        let jane = jane.unwrap();
        assert_eq!(
            (jane.login.as_str(), jane.display_name.as_str()),
            ("Jane", "Jane Doe")
        );
        assert_eq!(
            (jane.mail, jane.phones),
            (vec!["jane@x".into()], vec!["+49 1".into()])
        );
        assert_eq!(jane.language.as_deref(), Some("de-AT"));
        assert_eq!(jane.state, AccountState::default());
    }

    #[test]
    fn without_an_immutable_id_there_is_no_account() {
        assert_eq!(account(&[("uid", "jane")], &[]), None);
    }

    #[test]
    fn members_of_a_protected_group_are_protected_however_its_name_is_spelled() {
        let jane = account(
            &[("entryUUID", "u-1")],
            &["cn=staff,dc=x", "cn=admins,dc=x"],
        )
        .unwrap();
        assert_eq!(
            jane.state.protection,
            Some(Protection("cn=admins,dc=x".into()))
        );
    }

    #[test]
    fn ends_and_starts_of_accounts_are_seen() {
        let state = |name, value| {
            account(&[("entryUUID", "u"), (name, value)], &[])
                .unwrap()
                .state
        };
        assert!(state("pwdEndTime", "20261122085959Z").is_expired);
        assert!(!state("pwdEndTime", "20261122090001Z").is_expired);
        assert!(state("pwdStartTime", "20261122090001Z").is_disabled);
        assert!(state("shadowExpire", "20000").is_expired);
        assert!(!state("shadowExpire", "30000").is_expired);
        assert!(!state("shadowExpire", "-1").is_expired);
    }

    #[test]
    fn a_mark_moves_with_the_revision_even_within_a_second() {
        let mark = |changed: &str, revision: Option<&str>| Mark {
            changed_at: Some(changed.into()),
            revision: revision.map(str::to_owned),
        };
        let before = mark("1", Some("a"));
        assert_eq!(mark("1", Some("b")).has_moved(&before), Some(true));
        assert_eq!(mark("1", Some("a")).has_moved(&before), Some(false));
        assert_eq!(mark("2", None).has_moved(&before), Some(true));
        assert_eq!(mark("1", None).has_moved(&before), None);
    }
}
