//! The sample people of the domain: one for every state that an account can be in.

use super::BASE_DN;

/// One sample account.
#[derive(Clone, Copy, Debug)]
pub struct AdPerson {
    /// The `sAMAccountName`; the `userPrincipalName` is this with `@lab.test`.
    pub name: &'static str,
    /// The password that the account has at the start.
    pub password: &'static str,
    /// What is special about it, in words.
    pub what: &'static str,
    /// The last part of the name of the entry; empty if it is the same as `name`.
    cn: &'static str,
    /// The branch it lives in, in front of the base.
    branch: &'static str,
    /// `userAccountControl`.
    control: u32,
    /// Attributes beyond the ordinary ones, in LDIF.
    pub(super) more: &'static str,
    /// What only the controller itself could set, in LDIF; `{now}` is the moment of the start.
    pub(super) forced: &'static str,
}

impl AdPerson {
    /// The full name of the entry.
    pub fn dn(&self) -> String {
        format!("CN={},{}{BASE_DN}", escaped(self.cn()), self.branch)
    }

    /// The user principal name.
    pub fn upn(&self) -> String {
        format!("{}@lab.test", self.name)
    }

    /// The mail address in the entry; the twins share one.
    pub fn mail(&self) -> String {
        match self.name.split_once('.') {
            Some(("twin", _)) => "twin@lab.test".to_owned(),
            _ => format!("{}@lab.test", self.name.replace('ü', "ue")),
        }
    }

    pub(super) fn cn(&self) -> &'static str {
        if self.cn.is_empty() {
            self.name
        } else {
            self.cn
        }
    }

    pub(super) fn control(&self) -> u32 {
        self.control
    }

    const fn with(self, more: &'static str) -> Self {
        Self { more, ..self }
    }

    const fn forced(self, forced: &'static str) -> Self {
        Self { forced, ..self }
    }

    const fn within(self, branch: &'static str) -> Self {
        Self { branch, ..self }
    }

    const fn controlled(self, control: u32) -> Self {
        Self { control, ..self }
    }

    const fn called(self, cn: &'static str) -> Self {
        Self { cn, ..self }
    }
}

/// The sample account of this name.
///
/// # Panics
///
/// If there is none: a slip in the test.
#[track_caller]
#[expect(clippy::panic, reason = "a slip in the test that asks")]
pub fn ad_person(name: &str) -> &'static AdPerson {
    AD_PEOPLE
        .iter()
        .find(|person| person.name == name)
        .unwrap_or_else(|| panic!("the domain of the lab knows no {name}"))
}

const PEOPLE: &str = "OU=People,";
/// An ordinary account that can sign in.
const NORMAL: u32 = 512;
const DISABLED: u32 = 514;
/// A password that never grows too old.
const LASTING: u32 = 66_048;

const fn plain(name: &'static str, what: &'static str) -> AdPerson {
    AdPerson {
        name,
        password: "Start-Passw0rd-1",
        what,
        cn: "",
        branch: PEOPLE,
        control: NORMAL,
        more: "",
        forced: "",
    }
}

/// The first of January 2020 as Active Directory counts.
const LONG_AGO: &str = "replace: pwdLastSet\npwdLastSet: 132223104000000000\n";

/// Everybody whom a person could be, the service accounts left out.
pub const AD_PEOPLE: &[AdPerson] = &[
    plain("jane.doe", "plain, in the group staff"),
    plain(
        "john.roe",
        "plain, in the group staff and in the ring of groups",
    ),
    plain("new.noah", "plain, in the group staff"),
    plain(
        "locked.lee",
        "locked at the start of the server, for half an hour",
    )
    .forced("replace: lockoutTime\nlockoutTime: {now}\n"),
    plain("expired.eve", "password expired").forced(LONG_AGO),
    plain("lasting.lou", "password from 2020 that never expires")
        .controlled(LASTING)
        .forced(LONG_AGO),
    plain(
        "mustchange.max",
        "must change the password at the next sign-in",
    )
    .with("pwdLastSet: 0\n"),
    plain(
        "young.yan",
        "password set at the start of the server, minimum age one day (policy \"young\")",
    )
    .forced("replace: pwdLastSet\npwdLastSet: {now}\n"),
    plain(
        "long.lena",
        "policy \"long\": 16 characters, 10 passwords remembered",
    ),
    plain("disabled.dan", "disabled").controlled(DISABLED),
    plain("gone.gwen", "account expired in 2020").with("accountExpires: 132223104000000000\n"),
    plain("nightly.ned", "allowed to sign in at no hour of the week")
        .with("logonHours:: AAAAAAAAAAAAAAAAAAAAAAAAAAAA\n"),
    plain("desk.dora", "allowed to sign in at one workstation only")
        .with("userWorkstations: DESK-11\n"),
    plain("nested.nia", "in staff through a group in a group"),
    plain("outside.olga", "in no group"),
    plain("jürgen.müller", "a name beyond ASCII"),
    plain("obrien", "a name full of signs that mean something").called("O,Brien + (x)*\\"),
    plain("twin.tess", "one of two accounts with this mail address"),
    plain("twin.tom", "the other of the two").within("OU=Branch,OU=People,"),
    plain("comma.cleo", "in a unit with commas and quotes in its name")
        .within("OU=Sales\\, \\\"North\\\",OU=People,"),
    plain(
        "elsewhere.ed",
        "outside the branch that the service may write to",
    )
    .within("OU=Elsewhere,"),
    plain(
        "domain.dora",
        "member of Domain Admins; nothing else protects the account",
    ),
    plain(
        "admin.ada",
        "member of Domain Admins through two groups; nothing else protects it",
    ),
    plain(
        "backup.bea",
        "member of Backup Operators, and adminCount is 1",
    )
    .forced("replace: adminCount\nadminCount: 1\n"),
    plain(
        "former.fay",
        "adminCount is 1, left over from a membership that ended",
    )
    .forced("replace: adminCount\nadminCount: 1\n"),
    plain(
        "sealed.sam",
        "adminCount is 1 and the descriptor lets only administrators write",
    )
    .forced(
        "replace: adminCount\nadminCount: 1\n-\nreplace: nTSecurityDescriptor\n\
             nTSecurityDescriptor: O:DAG:DAD:PAI(A;;GA;;;DA)(A;;GA;;;SY)(A;;RPLCLORC;;;AU)\n",
    ),
];

/// The name as it may stand in a DN (RFC 4514).
fn escaped(name: &str) -> String {
    let mut text = String::new();
    for letter in name.chars() {
        if ",+\"\\<>;=#".contains(letter) {
            text.push('\\');
        }
        text.push(letter);
    }
    text
}
