//! The sample people and policies of the 389 Directory Server.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::{BASE_DN, PEOPLE_DN, SERVICE_DN, SERVICE_PASSWORD, WEAK_DN};

/// One sample account.
#[derive(Clone, Copy, Debug)]
pub struct DsPerson {
    /// The user name.
    pub uid: &'static str,
    /// The password that the account has at the start.
    pub password: &'static str,
    /// What is special about it, in words.
    pub what: &'static str,
    branch: &'static str,
    /// Attributes that are set once the account is there, in LDIF, each `name: value`.
    state: &'static str,
}

impl DsPerson {
    /// The full name of the entry.
    pub fn dn(&self) -> String {
        let mut name = String::new();
        for letter in self.uid.chars() {
            if ",+\"\\<>;=#".contains(letter) {
                name.push('\\');
            }
            name.push(letter);
        }
        format!("uid={name},{}{BASE_DN}", self.branch)
    }

    /// The mail address in the entry: only the plain letters of the name.
    pub fn mail(&self) -> String {
        let is_plain = |letter: &char| letter.is_ascii_alphanumeric() || *letter == '.';
        let name: String = self.uid.chars().filter(is_plain).collect();
        format!("{name}@lab.test")
    }

    const fn within(self, branch: &'static str) -> Self {
        Self { branch, ..self }
    }
}

/// The sample account of this name.
///
/// # Panics
///
/// If there is none: a slip in the test.
#[track_caller]
#[expect(clippy::panic, reason = "a slip in the test that asks")]
pub fn ds_person(uid: &str) -> &'static DsPerson {
    DS_PEOPLE
        .iter()
        .find(|person| person.uid == uid)
        .unwrap_or_else(|| panic!("the 389 server of the lab knows no {uid}"))
}

const fn plain(uid: &'static str, what: &'static str, state: &'static str) -> DsPerson {
    DsPerson {
        uid,
        password: "Start-Passw0rd-1",
        what,
        branch: "ou=people,",
        state,
    }
}

/// Everybody.
pub const DS_PEOPLE: &[DsPerson] = &[
    plain("jane.doe", "plain, in the group staff", ""),
    plain("john.roe", "plain, in the group staff", ""),
    plain("new.noah", "plain, in the group staff", ""),
    plain(
        "locked.lee",
        "locked by wrong passwords, until 2038",
        "passwordRetryCount: 3\nretryCountResetTime: 20380101000000Z\n\
         accountUnlockTime: 20380101000000Z\n",
    ),
    plain(
        "adminlocked.al",
        "locked for good by an administrator",
        "nsAccountLock: true\n",
    ),
    plain(
        "expired.eve",
        "password expired",
        "passwordExpirationTime: 20200101000000Z\n",
    ),
    plain(
        "mustchange.max",
        "must change the password at the next sign-in (local policy \"must\")",
        "pwdReset: TRUE\npasswordExpirationTime: 19700101000000Z\n\
         pwdpolicysubentry: cn=must,cn=nsPwPolicyContainer,ou=people,dc=lab,dc=test\n",
    ),
    plain(
        "young.yan",
        "may not change the password himself before 2038 (local policy \"young\")",
        "passwordAllowChangeTime: 20380101000000Z\n\
         pwdpolicysubentry: cn=young,cn=nsPwPolicyContainer,ou=people,dc=lab,dc=test\n",
    ),
    plain(
        "long.lena",
        "local policy \"long\": 16 characters, 10 passwords remembered",
        "pwdpolicysubentry: cn=long,cn=nsPwPolicyContainer,ou=people,dc=lab,dc=test\n",
    ),
    plain("admin.ada", "in the protected group admins", ""),
    plain("nested.nia", "in staff through a group in a group", ""),
    plain("outside.olga", "in no group", ""),
    plain(
        "juergen.mueller",
        "a name beyond ASCII, which this server allows in no user name",
        "givenName: Jürgen\nsn: Müller\n",
    ),
    plain(
        "o,brien+(x)*",
        "a name full of signs that mean something",
        "",
    ),
    plain("guarded.gus", "the service account may not write here", "")
        .within("ou=guarded,ou=people,"),
    plain("elsewhere.ed", "outside the search base", "").within("ou=elsewhere,"),
];

/// What the whole server asks of passwords.
///
/// The two log settings let a test read an operation as soon as it has been answered.  What is
/// said of encryption holds from the next start on, when there is a certificate.
const CONFIGURATION: &str = "\
dn: cn=config
changetype: modify
replace: passwordCheckSyntax
passwordCheckSyntax: on
-
replace: passwordMinLength
passwordMinLength: 10
-
replace: passwordMinCategories
passwordMinCategories: 3
-
replace: passwordHistory
passwordHistory: on
-
replace: passwordInHistory
passwordInHistory: 5
-
replace: passwordExp
passwordExp: on
-
replace: passwordMaxAge
passwordMaxAge: 7776000
-
replace: passwordLockout
passwordLockout: on
-
replace: passwordMaxFailure
passwordMaxFailure: 3
-
replace: passwordLockoutDuration
passwordLockoutDuration: 1800
-
replace: passwordResetFailureCount
passwordResetFailureCount: 1800
-
replace: passwordIsGlobalPolicy
passwordIsGlobalPolicy: on
-
replace: passwordTrackUpdateTime
passwordTrackUpdateTime: on
-
replace: nsslapd-pwpolicy-local
nsslapd-pwpolicy-local: on
-
replace: nsslapd-accesslog-logbuffering
nsslapd-accesslog-logbuffering: off
-
replace: nsslapd-auditlog-logging-enabled
nsslapd-auditlog-logging-enabled: on
-
replace: nsslapd-security
nsslapd-security: on
-
replace: nsslapd-securePort
nsslapd-securePort: 636

dn: cn=RSA,cn=encryption,cn=config
changetype: modify
replace: nsSSLActivation
nsSSLActivation: on
-
replace: nsSSLPersonalitySSL
nsSSLPersonalitySSL: Server-Cert
-
replace: nsSSLToken
nsSSLToken: internal (software)

";

/// The rights of the service account: to look, to reset, and to unlock what wrong passwords have
/// locked.  It may read the policies, so that a person can be told their rules.
fn rights() -> String {
    let looking = "nsAccountLock || passwordExpirationTime || accountUnlockTime || \
                   passwordRetryCount || retryCountResetTime || pwdReset || memberOf || \
                   passwordAllowChangeTime || pwdpolicysubentry || pwdUpdateTime || \
                   nsUniqueId || entryUUID || modifyTimestamp || createTimestamp";
    let who = |dn: &str| format!("userdn=\"ldap:///{dn}\"");
    let service = who(SERVICE_DN);
    let entry = |dn: &str, values: &[String]| {
        let values: String = values
            .iter()
            .map(|value| format!("aci: {value}\n"))
            .collect();
        format!("dn: {dn}\nchangetype: modify\nadd: aci\n{values}\n")
    };
    let reading = |what: &str, name: &str, who: &str| {
        format!("{what}(version 3.0; acl \"{name}\"; allow (read, search, compare) {who};)")
    };
    let writing = |what: &str, name: &str, who: &str| {
        format!("(targetattr=\"{what}\")(version 3.0; acl \"{name}\"; allow (write) {who};)")
    };
    entry(
        BASE_DN,
        &[
            reading(
                "(targetattr!=\"userPassword || passwordHistory || aci\")",
                "service looks",
                &service,
            ),
            reading(
                &format!("(targetattr=\"{looking}\")"),
                "service looks at states",
                &service,
            ),
            writing(
                "userPassword",
                "people change their own",
                "userdn=\"ldap:///self\"",
            ),
        ],
    ) + &entry(
        PEOPLE_DN,
        &[writing(
            "userPassword || accountUnlockTime || passwordRetryCount || retryCountResetTime",
            "service resets",
            &service,
        )],
    ) + &entry(
        &format!("ou=guarded,{PEOPLE_DN}"),
        &[format!(
            "(targetattr=\"*\")(version 3.0; acl \"nobody writes\"; deny (write) {service};)"
        )],
    ) + &entry(
        // Keymend never touches the protected, and its account cannot.
        &format!("uid=admin.ada,{PEOPLE_DN}"),
        &[format!(
            "(targetattr=\"*\")(version 3.0; acl \"nobody writes\"; deny (write) {service};)"
        )],
    ) + &entry(
        "cn=config",
        &[reading(
            "(targetattr=\"passwordMinLength || passwordInHistory || passwordMinAge || \
             passwordHistory || passwordCheckSyntax || passwordMinCategories || \
             passwordMaxFailure || passwordLockout || passwordLockoutDuration || \
             passwordMaxAge || passwordExp || passwordMinDigits || passwordMinUppers || \
             passwordMinLowers || passwordMinSpecials || passwordMinAlphas || \
             passwordMaxRepeats || passwordMinTokenLength || passwordResetFailureCount || \
             nsslapd-pwpolicy-local || passwordUnlock || cn || objectClass\")(target=\"ldap:///cn=config\")",
            "service reads the policy",
            &service,
        )],
    )
}

/// Everything that the new server is told, in LDIF.
pub(super) fn ldif() -> String {
    let mut text = CONFIGURATION.to_owned();
    for unit in ["people", "groups", "service", "elsewhere"] {
        add(
            &mut text,
            &format!("ou={unit},{BASE_DN}"),
            "objectClass: organizationalUnit\n",
        );
    }
    for unit in ["guarded", "branch"] {
        add(
            &mut text,
            &format!("ou={unit},{PEOPLE_DN}"),
            "objectClass: organizationalUnit\n",
        );
    }
    policies(&mut text);
    for dn in [SERVICE_DN, WEAK_DN] {
        let attributes = format!(
            "objectClass: inetOrgPerson\ncn: service\nsn: service\n\
             userPassword: {SERVICE_PASSWORD}\npasswordExpirationTime: 20380101000000Z\n"
        );
        add(&mut text, dn, &attributes);
    }
    for person in DS_PEOPLE {
        account(&mut text, person);
    }
    for (name, members) in GROUPS {
        let members: String = members.iter().map(|member| membership(member)).collect();
        let attributes = format!("objectClass: groupOfNames\n{members}");
        add(&mut text, &group_dn(name), &attributes);
    }
    text + &rights()
}

const GROUPS: &[(&str, &[&str])] = &[
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
    ("admins", &["admin.ada"]),
];

fn group_dn(name: &str) -> String {
    format!("cn={name},ou=groups,{BASE_DN}")
}

fn membership(name: &str) -> String {
    let person = DS_PEOPLE.iter().find(|person| person.uid == name);
    format!(
        "member: {}\n",
        person.map_or_else(|| group_dn(name), DsPerson::dn)
    )
}

fn policies(text: &mut String) {
    let container = format!("cn=nsPwPolicyContainer,{PEOPLE_DN}");
    add(text, &container, "objectClass: nsContainer\n");
    let long = "passwordMinLength: 16\npasswordInHistory: 10\n";
    let young = "passwordMinLength: 10\npasswordInHistory: 5\npasswordMinAge: 86400\n";
    let must = "passwordMinLength: 10\npasswordInHistory: 5\npasswordMustChange: on\n";
    for (name, numbers) in [("long", long), ("young", young), ("must", must)] {
        let attributes = format!(
            "objectClass: ldapsubentry\nobjectClass: passwordPolicy\n\
             passwordCheckSyntax: on\npasswordMinCategories: 3\npasswordHistory: on\n\
             passwordLockout: on\npasswordMaxFailure: 3\npasswordLockoutDuration: 1800\n\
             passwordResetFailureCount: 1800\npasswordExp: on\npasswordMaxAge: 7776000\n\
             {numbers}"
        );
        add(text, &format!("cn={name},{container}"), &attributes);
    }
}

fn account(text: &mut String, person: &DsPerson) {
    let (first, last) = person.uid.split_once('.').unwrap_or(("Pat", person.uid));
    let attributes = format!(
        "objectClass: inetOrgPerson\nuid: {uid}\ncn: {first} {last}\ngivenName: {first}\n\
         sn: {last}\nmail: {mail}\nmobile: +15550100\nuserPassword: {password}\n",
        uid = person.uid,
        mail = person.mail(),
        password = person.password,
    );
    add(text, &person.dn(), &attributes);
    if person.state.is_empty() {
        return;
    }
    let dn = STANDARD.encode(person.dn());
    let _ = write!(text, "dn:: {dn}\nchangetype: modify\n");
    for line in person.state.lines() {
        let name = line.split(':').next().unwrap_or_default();
        let _ = write!(text, "replace: {name}\n{line}\n-\n");
    }
    text.push('\n');
}

fn add(text: &mut String, dn: &str, attributes: &str) {
    let _ = write!(text, "dn:: {}\nchangetype: add\n", STANDARD.encode(dn));
    for line in attributes.lines() {
        match line.split_once(": ") {
            Some((name, value)) if !value.is_ascii() => {
                let _ = writeln!(text, "{name}:: {}", STANDARD.encode(value));
            }
            _ => {
                let _ = writeln!(text, "{line}");
            }
        }
    }
    text.push('\n');
}
