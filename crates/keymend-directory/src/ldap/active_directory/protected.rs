//! Which accounts are never written to, whatever the service account could do.
//!
//! The groups are those that AdminSDHolder guards (Microsoft Learn, "Appendix C: Protected
//! Accounts and Groups in Active Directory"), by number and not by name: names are translated
//! and can be changed.  Not every server enforces this itself, so the writer asks here, on a
//! fresh read.

use keymend_domain::account::Protection;

use super::sid::Sid;
use crate::ldap::entry::Entry;

/// Groups that each domain or forest has once.
const OF_DOMAIN: &[(u32, &str)] = &[
    (512, "Domain Admins"),
    (516, "Domain Controllers"),
    (518, "Schema Admins"),
    (519, "Enterprise Admins"),
    (521, "Read-only Domain Controllers"),
    (526, "Key Admins"),
    (527, "Enterprise Key Admins"),
];

/// Groups that every domain controller has.
const BUILTIN: &[(u32, &str)] = &[
    (544, "Administrators"),
    (548, "Account Operators"),
    (549, "Server Operators"),
    (550, "Print Operators"),
    (551, "Backup Operators"),
    (552, "Replicator"),
];

/// Accounts that every domain has.
const ACCOUNTS: &[(u32, &str)] = &[(500, "Administrator"), (502, "krbtgt")];

/// Classes of accounts that no person uses.
const MACHINES: &[&str] = &[
    "computer",
    "msDS-ManagedServiceAccount",
    "msDS-GroupManagedServiceAccount",
    "msDS-DelegatedManagedServiceAccount",
];

/// The marks of computers, controllers and trusts in `userAccountControl` (MS-ADTS 2.2.16).
const TRUSTED: i64 = 0x0800 | 0x1000 | 0x2000 | 0x0400_0000;

/// Why an account is protected, the plainest reason first; `None` if it is not.
///
/// `groups` are all that the account is in, nested and primary ones included.
pub(super) fn of(entry: &Entry, own: &Sid, groups: &[Sid]) -> Option<Protection> {
    let reason = account(own)
        // The history of identifiers: who was such an account in another domain acts as one there.
        .or_else(|| groups.iter().find_map(account))
        .or_else(|| machine(entry))
        .or_else(|| groups.iter().find_map(group))
        .or_else(|| marked(entry))?;
    Some(Protection(reason))
}

/// The guarded groups and accounts of the domain that gave out `own`.
pub(super) fn guarded_sids(own: &Sid) -> Vec<Sid> {
    let of_domain = OF_DOMAIN.iter().chain(ACCOUNTS);
    let of_domain = of_domain.filter_map(|(number, _)| own.sibling(*number));
    let builtin = BUILTIN.iter().map(|(number, _)| Sid::nt(&[32, *number]));
    of_domain.chain(builtin).collect()
}

/// Whether an identifier is that of an account without which a domain is lost.
pub(super) fn account(own: &Sid) -> Option<String> {
    let number = own.domain_number()?;
    let (_, name) = ACCOUNTS.iter().find(|(known, _)| *known == number)?;
    Some(format!("{name} ({own})"))
}

fn machine(entry: &Entry) -> Option<String> {
    let of_class = |name: &&&str| {
        let mut classes = entry.texts("objectClass");
        classes.any(|class| class.eq_ignore_ascii_case(name))
    };
    if let Some(class) = MACHINES.iter().find(of_class) {
        return Some(format!("objectClass is {class}"));
    }
    let marks = entry.number("userAccountControl")? & TRUSTED;
    (marks != 0).then(|| format!("userAccountControl has 0x{marks:x}"))
}

/// Whether a group is one of the guarded ones.
pub(super) fn group(sid: &Sid) -> Option<String> {
    let known = |list: &[(u32, &str)], number: Option<u32>| {
        let found = list.iter().find(|(known, _)| Some(*known) == number);
        found.map(|(_, name)| format!("member of {name} ({sid})"))
    };
    known(OF_DOMAIN, sid.domain_number()).or_else(|| known(BUILTIN, sid.builtin_number()))
}

/// Whether somebody with these groups rules the domain, or one like it.
pub(in crate::ldap) fn is_administrator(token: &[Sid]) -> bool {
    token.iter().any(|sid| {
        matches!(sid.domain_number(), Some(500 | 512 | 518 | 519))
            || matches!(sid.builtin_number(), Some(544))
    })
}

fn marked(entry: &Entry) -> Option<String> {
    if entry.number("adminCount").is_some_and(|count| count != 0) {
        return Some("adminCount is set".to_owned());
    }
    // Controllers of branch offices have a krbtgt account of their own.
    if entry.has("msDS-SecondaryKrbTgtNumber") {
        return Some("krbtgt of a read-only domain controller".to_owned());
    }
    let is_critical = entry.truth("isCriticalSystemObject") == Some(true);
    is_critical.then(|| "isCriticalSystemObject is set".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn domain_sid(number: u32) -> Sid {
        Sid::nt(&[21, 1, 2, 3, number])
    }

    fn check(attributes: &[(&str, &str)], number: u32, groups: &[Sid], reason: Option<&str>) {
        let entry = Entry::of("cn=jane,dc=x", attributes);
        let protection = of(&entry, &domain_sid(number), groups);
        let found = protection.as_ref().map(|protection| protection.0.as_str());
        assert_eq!(
            found.map(|found| found.split(" (").next().unwrap()),
            reason,
            "{attributes:?} {number} {groups:?}"
        );
    }

    #[test]
    fn guarded_groups_are_known_by_number_in_every_domain() {
        for (number, name) in OF_DOMAIN {
            let reason = format!("member of {name}");
            check(&[], 1105, &[domain_sid(*number)], Some(&reason));
            let elsewhere = Sid::nt(&[21, 9, 9, 9, *number]);
            check(&[], 1105, &[elsewhere], Some(&reason));
        }
        for (number, name) in BUILTIN {
            let reason = format!("member of {name}");
            let sid = Sid::nt(&[32, *number]);
            check(&[], 1105, &[domain_sid(513), sid], Some(&reason));
        }
        let ordinary = [domain_sid(513), Sid::nt(&[32, 545]), domain_sid(1110)];
        check(&[], 1105, &ordinary, None);
        // A domain group that happens to have the number of a built-in one is not it.
        check(&[], 1105, &[domain_sid(544)], None);
    }

    #[test]
    fn whoever_was_such_an_account_in_another_domain_is_protected_here() {
        // `sIDHistory` of an account that was moved shows itself among its groups.
        let elsewhere = |number| [domain_sid(513), Sid::nt(&[21, 9, 9, 9, number])];
        check(&[], 1105, &elsewhere(500), Some("Administrator"));
        check(&[], 1105, &elsewhere(502), Some("krbtgt"));
        check(&[], 1105, &elsewhere(1105), None);
    }

    #[test]
    fn accounts_without_which_a_domain_is_lost_are_protected() {
        check(&[], 500, &[], Some("Administrator"));
        check(&[], 502, &[], Some("krbtgt"));
        check(&[("adminCount", "1")], 1105, &[], Some("adminCount is set"));
        check(&[("adminCount", "0")], 1105, &[], None);
        let critical = ("isCriticalSystemObject", "TRUE");
        check(&[critical], 501, &[], Some("isCriticalSystemObject is set"));
        let branch = ("msDS-SecondaryKrbTgtNumber", "7");
        let reason = "krbtgt of a read-only domain controller";
        check(&[branch], 1105, &[], Some(reason));
    }

    #[test]
    fn machines_and_trusts_are_protected() {
        check(
            &[("objectClass", "user"), ("objectClass", "Computer")],
            1105,
            &[],
            Some("objectClass is computer"),
        );
        let service = ("objectClass", "msDS-GroupManagedServiceAccount");
        let reason = "objectClass is msDS-GroupManagedServiceAccount";
        check(&[service], 1105, &[], Some(reason));
        for marks in ["2080", "4096", "532480"] {
            let entry = Entry::of("cn=x", &[("userAccountControl", marks)]);
            assert!(of(&entry, &domain_sid(1105), &[]).is_some(), "{marks}");
        }
        check(&[("userAccountControl", "66048")], 1105, &[], None);
    }
}
