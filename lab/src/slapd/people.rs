//! The sample people: one for every state that an account can be in.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::{BULK_PASSWORD, PEOPLE_DN, SERVICE_DN, SERVICE_PASSWORD};

/// One sample account.
#[derive(Clone, Copy, Debug)]
pub struct Person {
    /// The user name.
    pub uid: &'static str,
    /// The password that the account has at the start.
    pub password: &'static str,
    /// What is special about it, in words.
    pub what: &'static str,
    /// The branch it lives in, above which everything is the same.
    branch: &'static str,
    /// Attributes beyond the ordinary ones, in LDIF; `{now}` stands for the moment of the start.
    state: &'static str,
}

impl Person {
    /// The full name of the entry.
    pub fn dn(&self) -> String {
        format!("uid={},{}", escaped(self.uid), self.branch)
    }

    /// The mail address in the entry (`jane.doe@lab.test`): only the plain letters of the name.
    pub fn mail(&self) -> String {
        let is_plain = |letter: &char| letter.is_ascii_alphanumeric() || *letter == '.';
        let name: String = self.uid.chars().filter(is_plain).collect();
        format!("{name}@lab.test")
    }
}

/// The sample account of this name.
///
/// # Panics
///
/// If there is none: a slip in the test.
#[track_caller]
#[expect(clippy::panic, reason = "a slip in the test that asks")]
pub fn person(uid: &str) -> &'static Person {
    PEOPLE
        .iter()
        .find(|person| person.uid == uid)
        .unwrap_or_else(|| panic!("the lab knows no {uid}"))
}

/// The full name of a bulk account.
pub fn bulk_dn(number: u32) -> String {
    format!("uid=user{number:05},{PEOPLE_DN}")
}

const GUARDED: &str = "ou=guarded,ou=people,dc=lab,dc=test";
const BRANCH: &str = "ou=branch,ou=people,dc=lab,dc=test";
const ELSEWHERE: &str = "ou=elsewhere,dc=lab,dc=test";

const fn plain(uid: &'static str, what: &'static str, state: &'static str) -> Person {
    Person {
        uid,
        password: "Start-Passw0rd-1",
        what,
        branch: PEOPLE_DN,
        state,
    }
}

const fn within(branch: &'static str, person: Person) -> Person {
    Person { branch, ..person }
}

/// Everybody.
pub const PEOPLE: &[Person] = &[
    plain("jane.doe", "plain, in the group staff", ""),
    plain("john.roe", "plain, in the group staff", ""),
    plain(
        "new.noah",
        "plain, in the group staff, nothing registered",
        "",
    ),
    plain(
        "locked.lee",
        "locked a moment ago by three wrong passwords",
        "pwdAccountLockedTime: {now}\npwdFailureTime: {now}\n",
    ),
    plain(
        "adminlocked.al",
        "locked for good by an administrator",
        "pwdAccountLockedTime: 000001010000Z\n",
    ),
    plain(
        "expired.eve",
        "password expired, no grace sign-in",
        "pwdChangedTime: 20200101000000Z\n\
         pwdPolicySubentry: cn=nograce,ou=policies,dc=lab,dc=test\n",
    ),
    plain(
        "grace.gil",
        "password expired, two grace sign-ins",
        "pwdChangedTime: 20200101000000Z\n",
    ),
    plain(
        "mustchange.max",
        "must change the password at the next sign-in",
        "pwdReset: TRUE\n",
    ),
    plain(
        "young.yan",
        "password set a moment ago, minimum age one day",
        "pwdChangedTime: {now}\n\
         pwdPolicySubentry: cn=young,ou=policies,dc=lab,dc=test\n",
    ),
    plain(
        "long.lena",
        "policy asks for 16 characters and remembers 10 passwords",
        "pwdPolicySubentry: cn=long,ou=policies,dc=lab,dc=test\n",
    ),
    plain("admin.ada", "in the protected group admins", ""),
    plain("nested.nia", "in staff through a group in a group", ""),
    plain("outside.olga", "in no group", ""),
    plain("jürgen.müller", "a name beyond ASCII", ""),
    plain(
        "o,brien+(x)*",
        "a name full of signs that mean something",
        "",
    ),
    plain("twin.tess", "one of two entries with this user name", ""),
    within(BRANCH, plain("twin.tess", "the other of the two", "")),
    within(
        GUARDED,
        plain("guarded.gus", "the service account may not write here", ""),
    ),
    within(
        ELSEWHERE,
        plain("elsewhere.ed", "outside the search base", ""),
    ),
];

/// Groups are added to the running server, because the memberOf overlay only sees live changes.
/// `staff` holds `night-shift` (a group in a group), and the two hold each other in a ring.
pub(super) const GROUPS: &str = "\
dn: cn=night-shift,ou=groups,dc=lab,dc=test
objectClass: groupOfNames
cn: night-shift
member: uid=nested.nia,ou=people,dc=lab,dc=test

dn: cn=staff,ou=groups,dc=lab,dc=test
objectClass: groupOfNames
cn: staff
member: uid=jane.doe,ou=people,dc=lab,dc=test
member: uid=john.roe,ou=people,dc=lab,dc=test
member: uid=new.noah,ou=people,dc=lab,dc=test
member: uid=locked.lee,ou=people,dc=lab,dc=test
member: uid=expired.eve,ou=people,dc=lab,dc=test
member: uid=grace.gil,ou=people,dc=lab,dc=test
member: uid=mustchange.max,ou=people,dc=lab,dc=test
member: uid=young.yan,ou=people,dc=lab,dc=test
member: uid=long.lena,ou=people,dc=lab,dc=test
member: cn=night-shift,ou=groups,dc=lab,dc=test

dn: cn=admins,ou=groups,dc=lab,dc=test
objectClass: groupOfNames
cn: admins
member: uid=admin.ada,ou=people,dc=lab,dc=test

dn: cn=ring-a,ou=groups,dc=lab,dc=test
objectClass: groupOfNames
cn: ring-a
member: cn=ring-b,ou=groups,dc=lab,dc=test
member: uid=john.roe,ou=people,dc=lab,dc=test

dn: cn=ring-b,ou=groups,dc=lab,dc=test
objectClass: groupOfNames
cn: ring-b
member: cn=ring-a,ou=groups,dc=lab,dc=test
";

const FRAME: &str = "\
dn: dc=lab,dc=test
objectClass: dcObject
objectClass: organization
o: lab
dc: lab

dn: ou=people,dc=lab,dc=test
objectClass: organizationalUnit
ou: people

dn: ou=guarded,ou=people,dc=lab,dc=test
objectClass: organizationalUnit
ou: guarded

dn: ou=branch,ou=people,dc=lab,dc=test
objectClass: organizationalUnit
ou: branch

dn: ou=elsewhere,dc=lab,dc=test
objectClass: organizationalUnit
ou: elsewhere

dn: ou=groups,dc=lab,dc=test
objectClass: organizationalUnit
ou: groups

dn: ou=service,dc=lab,dc=test
objectClass: organizationalUnit
ou: service

dn: ou=policies,dc=lab,dc=test
objectClass: organizationalUnit
ou: policies

";

/// The first data in LDIF; `now` in LDAP's notation.
pub(super) fn ldif(now: &str, has_password_policy: bool) -> String {
    let mut text = FRAME.to_owned();
    if has_password_policy {
        add_policies(&mut text);
    }
    let _ = write!(
        text,
        "dn: {SERVICE_DN}\nobjectClass: inetOrgPerson\nuid: svc-keymend\ncn: Keymend\n\
         sn: Keymend\nuserPassword: {SERVICE_PASSWORD}\n\n"
    );
    for (number, person) in PEOPLE.iter().enumerate() {
        add_person(&mut text, number, person);
        if has_password_policy {
            text.push_str(&person.state.replace("{now}", now));
        }
        text.push('\n');
    }
    text
}

fn add_person(text: &mut String, number: usize, person: &Person) {
    let dn = person.dn();
    let surname = person.uid.rsplit('.').next().unwrap_or(person.uid);
    for (name, value) in [
        ("dn", dn.as_str()),
        ("uid", person.uid),
        ("cn", person.uid),
        ("sn", surname),
        ("mail", person.mail().as_str()),
        ("userPassword", person.password),
    ] {
        let _ = writeln!(text, "{name}:: {}", STANDARD.encode(value));
    }
    let _ = write!(
        text,
        "objectClass: inetOrgPerson\nmobile: +4477009001{number:02}\n"
    );
}

/// A value as it must stand in a DN (RFC 4514).
fn escaped(value: &str) -> String {
    let mut text = String::new();
    for letter in value.chars() {
        if matches!(letter, ',' | '+' | '"' | '\\' | '<' | '>' | ';' | '=') {
            text.push('\\');
        }
        text.push(letter);
    }
    text
}

/// The default policy and three that differ from it, told by name and what differs.
fn add_policies(text: &mut String) {
    for (name, changes) in [
        ("default", [].as_slice()),
        ("nograce", &[("pwdGraceAuthNLimit", "0")]),
        ("young", &[("pwdMinAge", "86400")]),
        ("long", &[("pwdMinLength", "16"), ("pwdInHistory", "10")]),
    ] {
        let _ = write!(
            text,
            "dn: cn={name},ou=policies,dc=lab,dc=test\nobjectClass: device\n\
             objectClass: pwdPolicy\ncn: {name}\npwdAttribute: userPassword\n"
        );
        for (attribute, usual) in POLICY {
            let change = changes.iter().find(|(changed, _)| changed == attribute);
            let value = change.map_or(*usual, |(_, value)| *value);
            let _ = writeln!(text, "{attribute}: {value}");
        }
        text.push('\n');
    }
}

/// Ages in seconds.  Locks last until somebody lifts them.
const POLICY: &[(&str, &str)] = &[
    ("pwdCheckQuality", "2"),
    ("pwdMinLength", "10"),
    ("pwdMinAge", "0"),
    ("pwdInHistory", "5"),
    ("pwdMaxAge", "3628800"),
    ("pwdExpireWarning", "604800"),
    ("pwdGraceAuthNLimit", "2"),
    ("pwdLockout", "TRUE"),
    ("pwdMaxFailure", "3"),
    ("pwdLockoutDuration", "0"),
    ("pwdFailureCountInterval", "300"),
    ("pwdMustChange", "TRUE"),
    ("pwdAllowUserChange", "TRUE"),
    ("pwdSafeModify", "FALSE"),
];

/// Accounts in number, all alike.
pub(super) fn add_bulk(text: &mut String, count: u32) {
    for number in 0..count {
        let dn = bulk_dn(number);
        let _ = write!(
            text,
            "dn: {dn}\nobjectClass: inetOrgPerson\nuid: user{number:05}\ncn: User {number:05}\n\
             sn: {number:05}\nmail: user{number:05}@lab.test\nmobile: +44770080{number:05}\n\
             userPassword: {BULK_PASSWORD}\n\n"
        );
    }
}
