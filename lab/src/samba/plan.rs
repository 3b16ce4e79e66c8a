//! What the domain is filled with when it is made, as `peers/domain.py` wants it.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use super::files::Replication;
use super::people::{AD_PEOPLE, AdPerson};
use super::{
    ADMINISTRATOR_PASSWORD, BASE_DN, DomainPolicy, Place, SERVICE_ACCOUNT, SERVICE_PASSWORD,
    SETTINGS_DN, STRONG_ACCOUNT, WEAK_ACCOUNT,
};

/// The whole of it; the same words always give the same domain.
pub(super) fn plan(place: &Place, bulk_accounts: u32) -> serde_json::Value {
    json!({
        "realm": "LAB.TEST",
        "domain": "LAB",
        "host": place.host,
        "address": place.address,
        "dns": if place.replication == Replication::Alone { "NONE" } else { "SAMBA_INTERNAL" },
        "administrator_password": ADMINISTRATOR_PASSWORD,
        "ldif": ldif(bulk_accounts),
        "forced": forced(),
        "grants": [[format!("OU=People,{BASE_DN}"), SERVICE_ACCOUNT, grants()]],
        "gmsa": format!("CN=gmsa-web,OU=People,{BASE_DN}"),
    })
}

/// Changes that belong to the moment at which a server starts; `now` in seconds since 1970.
pub(super) fn ldif_at_start(now: u64) -> String {
    // Active Directory counts steps of 100 ns since 1601.
    let now = (now + 11_644_473_600) * 10_000_000;
    let of_the_moment = |person: &&AdPerson| person.forced.contains("{now}");
    let people = AD_PEOPLE.iter().filter(of_the_moment);
    people
        .map(|person| modification(&person.dn(), person.forced))
        .collect::<String>()
        .replace("{now}", &now.to_string())
}

fn forced() -> String {
    let lasting =
        |person: &&AdPerson| !person.forced.is_empty() && !person.forced.contains("{now}");
    let people = AD_PEOPLE.iter().filter(lasting);
    people
        .map(|person| modification(&person.dn(), person.forced))
        .collect()
}

/// Reset Password, and reading and writing `lockoutTime` and `pwdLastSet`, on all users below.
///
/// The numbers are the schema's (MS-ADSC, MS-ADA1 to 3): the control access right
/// User-Force-Change-Password, the class user, and the two attributes.
fn grants() -> String {
    const USER: &str = "bf967aba-0de6-11d0-a285-00aa003049e2";
    let entry = |rights: &str, what: &str| format!("(OA;CIIO;{rights};{what};{USER};{{sid}})");
    entry("CR", "00299570-246d-11d0-a768-00aa006e0529")
        + &entry("RPWP", "28630ebf-41d5-11d1-a9c1-0000f80367c1")
        + &entry("RPWP", "bf967a0a-0de6-11d0-a285-00aa003049e2")
}

fn ldif(bulk_accounts: u32) -> String {
    let mut text = DomainPolicy::default().ldif();
    for unit in [
        "OU=People",
        "OU=Branch,OU=People",
        "OU=Sales\\, \\\"North\\\",OU=People",
        "OU=Elsewhere",
        "OU=Groups",
        "OU=Service",
    ] {
        text += &addition(&format!("{unit},{BASE_DN}"), "organizationalUnit", "");
    }
    for person in AD_PEOPLE {
        text += &account(person);
    }
    text += &service_account(SERVICE_ACCOUNT);
    text += &service_account(STRONG_ACCOUNT);
    text += &service_account(WEAK_ACCOUNT);
    text += &groups();
    text += &password_policies();
    // What the service `dnsupdate` would register, and signing in by Kerberos needs.
    text += &modification(
        &format!("CN=DC1,OU=Domain Controllers,{BASE_DN}"),
        "add: servicePrincipalName\nservicePrincipalName: ldap/dc1.lab.test\n",
    );
    for number in 0..bulk_accounts {
        text += &bulk_account(number);
    }
    text
}

fn account(person: &AdPerson) -> String {
    let (first, last) = person.name.split_once('.').unwrap_or(("Pat", person.name));
    let attributes = format!(
        "sAMAccountName: {name}\nuserPrincipalName: {upn}\ngivenName: {first}\nsn: {last}\n\
         displayName: {first} {last}\nmail: {mail}\nmobile: +1555{number:07}\n\
         userAccountControl: {control}\nunicodePwd:: {password}\n{more}",
        name = person.name,
        upn = person.upn(),
        mail = person.mail(),
        number = person.name.bytes().map(u32::from).sum::<u32>(),
        control = person.control(),
        password = unicode_password(person.password),
        more = person.more,
    );
    addition(&person.dn(), "user", &attributes)
}

fn service_account(name: &str) -> String {
    let password = unicode_password(SERVICE_PASSWORD);
    let attributes = format!(
        "sAMAccountName: {name}\nuserPrincipalName: {name}@lab.test\n\
         userAccountControl: 66048\nunicodePwd:: {password}\n"
    );
    addition(
        &format!("CN={name},OU=Service,{BASE_DN}"),
        "user",
        &attributes,
    )
}

/// They have no password yet, because making the keys of one takes a twentieth of a second.
fn bulk_account(number: u32) -> String {
    let attributes = format!(
        "sAMAccountName: user{number:05}\nuserPrincipalName: user{number:05}@lab.test\n\
         mail: user{number:05}@lab.test\nmobile: +1556{number:07}\nuserAccountControl: 544\n"
    );
    addition(&super::bulk_dn(number), "user", &attributes)
}

/// The groups with their members, each in the branch Groups; `CN=…` means one of the domain's own.
fn groups() -> String {
    let mut text = String::new();
    let groups: &[(&str, &[&str])] = &[
        ("night-shift", &["nested.nia"]),
        (
            "staff",
            &[
                "jane.doe",
                "john.roe",
                "new.noah",
                "locked.lee",
                "expired.eve",
                "mustchange.max",
                "young.yan",
                "long.lena",
                "night-shift",
            ],
        ),
        ("helpers", &["admin.ada"]),
        ("tier-zero", &["helpers"]),
        ("ring-a", &["john.roe"]),
        ("ring-b", &["ring-a"]),
        ("ring-c", &["ring-b"]),
    ];
    for (name, members) in groups {
        let members: String = members.iter().map(|member| membership(member)).collect();
        let attributes = format!("sAMAccountName: {name}\n{members}");
        text += &addition(&group_dn(name), "group", &attributes);
    }
    for (group, member) in [
        (group_dn("ring-a"), "ring-c"),
        (format!("CN=Domain Admins,CN=Users,{BASE_DN}"), "tier-zero"),
        (
            format!("CN=Domain Admins,CN=Users,{BASE_DN}"),
            "domain.dora",
        ),
        (
            format!("CN=Domain Admins,CN=Users,{BASE_DN}"),
            STRONG_ACCOUNT,
        ),
        (
            format!("CN=Backup Operators,CN=Builtin,{BASE_DN}"),
            "backup.bea",
        ),
    ] {
        text += &modification(&group, &format!("add: member\n{}", membership(member)));
    }
    text
}

fn membership(name: &str) -> String {
    let person = AD_PEOPLE.iter().find(|person| person.name == name);
    let dn = match person {
        Some(person) => person.dn(),
        None if name == STRONG_ACCOUNT => format!("CN={name},OU=Service,{BASE_DN}"),
        None => group_dn(name),
    };
    format!("member: {dn}\n")
}

fn group_dn(name: &str) -> String {
    format!("CN={name},OU=Groups,{BASE_DN}")
}

/// Fine-grained policies: like the domain's, but for what the name says.
fn password_policies() -> String {
    let policy = |name: &str, precedence: u32, person: &str, numbers: [i64; 3]| {
        let [length, history, age] = numbers;
        let who = super::ad_person(person).dn();
        let attributes = format!(
            "msDS-PasswordSettingsPrecedence: {precedence}\n\
             msDS-PasswordReversibleEncryptionEnabled: FALSE\n\
             msDS-PasswordHistoryLength: {history}\n\
             msDS-PasswordComplexityEnabled: TRUE\n\
             msDS-MinimumPasswordLength: {length}\n\
             msDS-MinimumPasswordAge: {age}\n\
             msDS-MaximumPasswordAge: -77760000000000\n\
             msDS-LockoutThreshold: 3\n\
             msDS-LockoutObservationWindow: -18000000000\n\
             msDS-LockoutDuration: -18000000000\n\
             msDS-PSOAppliesTo: {who}\n"
        );
        let dn = format!("CN={name},{SETTINGS_DN}");
        addition(&dn, "msDS-PasswordSettings", &attributes)
    };
    policy("long", 10, "long.lena", [16, 10, 0])
        + &policy("young", 20, "young.yan", [10, 5, -864_000_000_000])
}

fn addition(dn: &str, class: &str, attributes: &str) -> String {
    let mut text = String::new();
    let _ = write!(
        text,
        "dn:: {}\nchangetype: add\nobjectClass: {class}\n{}\n",
        STANDARD.encode(dn),
        encoded(attributes)
    );
    text
}

fn modification(dn: &str, changes: &str) -> String {
    format!(
        "dn:: {}\nchangetype: modify\n{}-\n\n",
        STANDARD.encode(dn),
        encoded(changes)
    )
}

/// LDIF wants values beyond ASCII in base64.
fn encoded(lines: &str) -> String {
    let mut text = String::new();
    for line in lines.lines() {
        match line.split_once(": ") {
            Some((name, value)) if !value.is_ascii() => {
                let _ = writeln!(text, "{name}:: {}", STANDARD.encode(value));
            }
            _ => {
                let _ = writeln!(text, "{line}");
            }
        }
    }
    text
}

/// A password as `unicodePwd` wants it (UTF-16 in quotes), in base64 for LDIF.
pub(super) fn unicode_password(password: &str) -> String {
    let quoted = format!("\"{password}\"");
    let bytes: Vec<u8> = quoted.encode_utf16().flat_map(u16::to_le_bytes).collect();
    STANDARD.encode(bytes)
}
