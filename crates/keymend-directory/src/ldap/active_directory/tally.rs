//! What a controller counts of wrong passwords.
//!
//! `badPwdCount` and `badPasswordTime` are not replicated: each controller has its own, and the
//! one with the role "PDC emulator" sees most, because the others ask it before they refuse
//! somebody.  A password that is among the last two is refused and not counted: neither attribute
//! moves (tried on Samba 4.17 and 4.25).

use keymend_domain::account::{AccountRef, Anchor};
use keymend_domain::directory::tally::{PasswordSet, Tally};

use super::{file_time, guid};
use crate::ldap::entry::Entry;
use crate::ldap::filter::Filter;

/// What is read.
pub(in crate::ldap) const ATTRIBUTES: [&str; 4] =
    ["objectGUID", "badPwdCount", "badPasswordTime", "pwdLastSet"];

/// The test that one account meets; `None` for an anchor of another kind of directory.
pub(in crate::ldap) fn test(account: &AccountRef) -> Option<Filter> {
    let value = guid::bytes_of(&account.anchor.0)?;
    Some(Filter::Equal("objectGUID".to_owned(), value))
}

/// What an entry says.
pub(in crate::ldap) fn of(entry: &Entry) -> Option<Tally> {
    let moment = |name: &str| entry.number(name).and_then(file_time::moment);
    let count = entry.number("badPwdCount").unwrap_or(0);
    Some(Tally {
        anchor: Anchor(guid::text_of(entry.bytes("objectGUID")?)?),
        count: u32::try_from(count).unwrap_or(0),
        times: moment("badPasswordTime").into_iter().collect(),
        password_set: match entry.number("pwdLastSet") {
            Some(0) => PasswordSet::Unset,
            _ => PasswordSet::told(moment("pwdLastSet")),
        },
        forgotten_at: None,
    })
}

#[cfg(test)]
mod tests {
    use keymend_domain::time::Moment;

    use super::*;

    #[test]
    fn the_last_time_and_the_count_are_read() {
        let mut entry = Entry::of(
            "cn=jane,dc=x",
            &[
                ("badPwdCount", "2"),
                ("badPasswordTime", "134398116600000000"),
                ("pwdLastSet", "134398116000000000"),
            ],
        );
        assert_eq!(of(&entry), None);
        entry.put("objectGUID", vec![7; 16]);
        let tally = of(&entry).unwrap();
        assert_eq!(tally.anchor.0, "07070707-0707-0707-0707-070707070707");
        assert_eq!(
            (tally.count, tally.last()),
            (2, Some(Moment(1_795_338_060_000)))
        );
        let set_at = PasswordSet::At(Moment(1_795_338_000_000));
        assert_eq!(tally.password_set, set_at);
        let mut untried = Entry::of("cn=jane", &[("badPasswordTime", "0")]);
        untried.put("objectGUID", vec![7; 16]);
        let tally = of(&untried).unwrap();
        assert_eq!(
            (tally.last(), tally.password_set),
            (None, PasswordSet::Unsaid)
        );
    }

    #[test]
    fn a_password_that_must_be_changed_is_not_one_that_cannot_be_read() {
        let mut entry = Entry::of("cn=jane", &[("pwdLastSet", "0")]);
        entry.put("objectGUID", vec![7; 16]);
        assert_eq!(of(&entry).unwrap().password_set, PasswordSet::Unset);
    }
}
