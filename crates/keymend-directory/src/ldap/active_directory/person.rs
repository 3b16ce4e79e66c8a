//! From an entry to an account.

use keymend_domain::account::{Account, AccountRef, AccountState, Anchor, DirectoryName, Lock};
use keymend_domain::time::Moment;

use super::rules::Applied;
use super::sid::Sid;
use super::{descriptor, file_time, guid, protected};
use crate::ldap::connect::{Failure, Step};
use crate::ldap::entry::Entry;
use crate::ldap::options::LdapOptions;
use crate::ldap::person::{all, language, with_own};

/// What is read of every account.  Some of these a server works out only when the entry itself
/// is asked for, not in a search below a base.
const ATTRIBUTES: &[&str] = &[
    "objectClass",
    "objectGUID",
    "objectSid",
    "sAMAccountName",
    "displayName",
    "cn",
    "givenName",
    "sn",
    "preferredLanguage",
    "userAccountControl",
    "msDS-User-Account-Control-Computed",
    "msDS-UserPasswordExpiryTimeComputed",
    "msDS-PSOApplied",
    "msDS-ResultantPSO",
    "msDS-SecondaryKrbTgtNumber",
    "accountExpires",
    "adminCount",
    "badPasswordTime",
    "badPwdCount",
    "isCriticalSystemObject",
    "lockoutTime",
    "memberOf",
    "nTSecurityDescriptor",
    "pwdLastSet",
    "tokenGroups",
];

/// Flags of `userAccountControl` and of its computed twin (MS-ADTS 2.2.16).
const DISABLED: i64 = 0x2;
const LOCKED: i64 = 0x10;
const NEVER_EXPIRES: i64 = 0x1_0000;
const EXPIRED: i64 = 0x80_0000;

/// Which attributes mean what.
#[derive(Debug)]
pub(super) struct Schema {
    directory: DirectoryName,
    mail: Vec<String>,
    phones: Vec<String>,
    /// Everything to ask a server for.
    pub(super) attributes: Vec<String>,
}

/// What was found out about an entry beside its own attributes.
pub(super) struct Around<'a> {
    pub(super) policy: &'a Applied,
    /// Whether resets are bound by the minimum age.
    pub(super) binds_resets: bool,
    pub(super) groups: &'a [Sid],
    pub(super) group_names: Vec<String>,
    pub(super) now: Moment,
}

impl Schema {
    pub(super) fn new(options: &LdapOptions) -> Self {
        Self {
            directory: options.name.clone(),
            mail: options.mail_attributes.clone(),
            phones: options.phone_attributes.clone(),
            attributes: with_own(ATTRIBUTES, options),
        }
    }

    /// The account that an entry stands for.
    ///
    /// Without its identity or its flags nothing can be said about an entry, and what cannot be
    /// seen is not taken for harmless.
    pub(super) fn account(&self, entry: &Entry, around: Around<'_>) -> Result<Account, Failure> {
        let missing = |name: &str| Failure::rights(Step::Search, format!("read {name} of people"));
        let anchor = entry.bytes("objectGUID").and_then(guid::text_of);
        let anchor = anchor.ok_or_else(|| missing("objectGUID"))?;
        let own = own_sid(entry).ok_or_else(|| missing("objectSid"))?;
        let flags = entry.number("userAccountControl");
        let flags = flags.ok_or_else(|| missing("userAccountControl"))?;
        let login = entry.text("sAMAccountName").unwrap_or_default().to_owned();
        let display_name = entry.text("displayName").or(entry.text("cn"));
        let state = state(entry, flags, &own, &around);
        Ok(Account {
            id: AccountRef {
                directory: self.directory.clone(),
                anchor: Anchor(anchor),
            },
            display_name: display_name.unwrap_or(&login).to_owned(),
            given_name: entry.text("givenName").map(str::to_owned),
            surname: entry.text("sn").map(str::to_owned),
            mail: all(entry, &self.mail),
            phones: all(entry, &self.phones),
            language: entry.text("preferredLanguage").and_then(language),
            login,
            groups: around.group_names,
            state,
        })
    }
}

/// Who the entry is to Windows.
pub(super) fn own_sid(entry: &Entry) -> Option<Sid> {
    entry.bytes("objectSid").and_then(Sid::from_bytes)
}

fn state(entry: &Entry, flags: i64, own: &Sid, around: &Around<'_>) -> AccountState {
    let now = around.now;
    let instant = |name: &str| entry.number(name).and_then(file_time::moment);
    let has_no_expiry = flags & NEVER_EXPIRES != 0;
    let must_change = entry.number("pwdLastSet") == Some(0) && !has_no_expiry;
    let denies = |descriptor| descriptor::denies_change(descriptor, own);
    let next = around.policy.next_change_from(entry, now);
    AccountState {
        is_disabled: flags & DISABLED != 0,
        is_expired: instant("accountExpires").is_some_and(|end| end <= now),
        lock: lock(entry, around),
        password_is_expired: !must_change && !has_no_expiry && password_is_expired(entry, now),
        must_change,
        // A list that cannot be read is not taken for harmless.
        may_not_change: entry.bytes("nTSecurityDescriptor").and_then(denies) != Some(false),
        protection: protected::of(entry, own, around.groups),
        password_changed_at: instant("pwdLastSet"),
        // Without policy hints the server lets a reset pass at any age.
        next_change_from: next.filter(|_| around.binds_resets),
    }
}

/// The server works out whether a lock still holds, under rules that may not be readable here.
fn lock(entry: &Entry, around: &Around<'_>) -> Option<Lock> {
    let since = entry.number("lockoutTime").and_then(file_time::moment);
    let until = match (since, around.policy.lock_ms()) {
        (Some(since), Some(length)) => Some(since.plus_ms(length)),
        _ => None,
    };
    let is_locked = match entry.number("msDS-User-Account-Control-Computed") {
        Some(computed) => computed & LOCKED != 0,
        None => since.is_some() && until.is_none_or(|until| until > around.now),
    };
    is_locked.then_some(Lock { until })
}

fn password_is_expired(entry: &Entry, now: Moment) -> bool {
    let computed = entry.number("msDS-User-Account-Control-Computed");
    let end = entry.number("msDS-UserPasswordExpiryTimeComputed");
    computed.is_some_and(|flags| flags & EXPIRED != 0)
        || end
            .and_then(file_time::moment)
            .is_some_and(|end| end <= now)
}

#[cfg(test)]
mod tests {
    use keymend_domain::secret::Secret;

    use super::*;

    /// 2026-11-22T09:00:00Z, and a minute before and after it as the directory writes it.
    const NOW: Moment = Moment(1_795_338_000_000);
    const BEFORE: &str = "134398115400000000";
    const AFTER: &str = "134398116600000000";

    fn schema() -> Schema {
        Schema::new(&LdapOptions::new(
            DirectoryName("corp".into()),
            vec!["ldaps://dc1".parse().unwrap()],
            "dc=x".into(),
            "svc@x".into(),
            Secret::new("hunter2".into()),
        ))
    }

    fn account(attributes: &[(&str, &str)]) -> Result<Account, Failure> {
        let mut entry = Entry::of("cn=jane,dc=x", attributes);
        entry.put("objectGUID", vec![7; 16]);
        entry.put("objectSid", Sid::nt(&[21, 1, 2, 3, 1105]).to_bytes());
        let around = Around {
            policy: &Applied::Unreadable,
            binds_resets: true,
            groups: &[],
            group_names: vec!["cn=staff,dc=x".into()],
            now: NOW,
        };
        schema().account(&entry, around)
    }

    fn state(attributes: &[(&str, &str)]) -> AccountState {
        let mut all = vec![("userAccountControl", "512")];
        all.extend_from_slice(attributes);
        account(&all).unwrap().state
    }

    #[test]
    fn an_entry_becomes_an_account() {
        let jane = account(&[
            ("userAccountControl", "512"),
            ("sAMAccountName", "Jane"),
            ("displayName", "Jane Doe"),
            ("sn", "Doe"),
            ("mail", "jane@x"),
            ("telephoneNumber", "+49 1"),
        ])
        .unwrap();
        assert_eq!(jane.id.anchor.0, "07070707-0707-0707-0707-070707070707");
        assert_eq!((jane.login.as_str(), jane.mail.len()), ("Jane", 1));
        assert_eq!(jane.groups, ["cn=staff,dc=x"]);
        // Nobody has shown the list of who may change the password.
        let unseen = AccountState {
            may_not_change: true,
            ..AccountState::default()
        };
        assert_eq!(jane.state, unseen);
    }

    #[test]
    fn an_entry_whose_flags_cannot_be_seen_is_not_taken_for_harmless() {
        let refused = account(&[("sAMAccountName", "jane")]).unwrap_err();
        assert!(refused.error.to_string().contains("userAccountControl"));
    }

    #[test]
    fn ends_of_accounts_and_passwords_are_seen() {
        let disabled = account(&[("userAccountControl", "514")]).unwrap();
        assert!(disabled.state.is_disabled);
        assert!(state(&[("accountExpires", BEFORE)]).is_expired);
        for never in [AFTER, "0", "9223372036854775807"] {
            assert!(!state(&[("accountExpires", never)]).is_expired, "{never}");
        }
        let computed = "msDS-UserPasswordExpiryTimeComputed";
        assert!(state(&[(computed, BEFORE)]).password_is_expired);
        assert!(!state(&[(computed, AFTER)]).password_is_expired);
        assert!(!state(&[(computed, "9223372036854775807")]).password_is_expired);
        let flags = "msDS-User-Account-Control-Computed";
        assert!(state(&[(flags, "8388608")]).password_is_expired);
    }

    #[test]
    fn a_demand_for_a_new_password_is_not_an_expired_one() {
        let asked = [
            ("pwdLastSet", "0"),
            ("msDS-User-Account-Control-Computed", "8388608"),
        ];
        let asked = state(&asked);
        assert!(asked.must_change && !asked.password_is_expired);
    }

    #[test]
    fn the_server_says_whether_a_lock_still_holds() {
        let flags = "msDS-User-Account-Control-Computed";
        let locked = state(&[(flags, "16"), ("lockoutTime", BEFORE)]);
        assert_eq!(locked.lock, Some(Lock { until: None }));
        assert_eq!(state(&[(flags, "0"), ("lockoutTime", BEFORE)]).lock, None);
        assert!(state(&[("lockoutTime", BEFORE)]).lock.is_some());
        assert_eq!(state(&[("lockoutTime", "0")]).lock, None);
    }
}
