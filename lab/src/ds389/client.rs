//! Looking at the server and changing it from the test's side.

use super::{BASE_DN, Ds389, MANAGER_DN, MANAGER_PASSWORD, ds_person};
use crate::client::{BindAnswer, Client, Entry, answer, entries, run};
use crate::trouble::{Trouble, or_end_the_test};

/// Attributes that the server only gives when they are asked for by name.
const STATES: &[&str] = &["nsAccountLock", "passwordHistory", "pwdpolicysubentry"];

impl Ds389 {
    /// Everything the server knows of the entries that match, seen by its superuser.
    #[track_caller]
    pub fn search(&self, filter: &str) -> Vec<Entry> {
        let command = self.client().as_superuser("ldapsearch");
        let mut arguments = vec![
            "-LLL",
            "-o",
            "ldif-wrap=no",
            "-b",
            BASE_DN,
            filter,
            "*",
            "+",
        ];
        arguments.extend(STATES);
        entries(&or_end_the_test(run(command, &arguments, "")))
    }

    /// The one entry with this user name.
    #[track_caller]
    #[expect(clippy::panic, reason = "a slip in the test that asks")]
    pub fn entry(&self, uid: &str) -> Entry {
        let mut found = self.search(&format!("(uid={uid})"));
        match (found.pop(), found.len()) {
            (Some(entry), 0) => entry,
            (_, more) => panic!("not exactly one entry for {uid}: {more} more"),
        }
    }

    /// Tries to sign in by LDAPS; asks for the ppolicy control.
    pub fn bind(&self, dn: &str, password: &str) -> BindAnswer {
        self.client().bind(dn, password)
    }

    /// Tries to sign in after StartTLS, which must succeed.
    pub fn bind_with_starttls(&self, dn: &str, password: &str) -> BindAnswer {
        let client = Client {
            url: self.ldap_url(),
            ..self.client()
        };
        let mut command = client.command("ldapwhoami");
        command.args(["-ZZ", "-D", dn, "-w", password]);
        answer(command, "")
    }

    /// Says whether this password opens this account.
    pub fn opens_with(&self, dn: &str, password: &str) -> bool {
        self.bind(dn, password).code == 0
    }

    /// Locks a sample account as an attacker would: by three wrong passwords.
    #[track_caller]
    pub fn lock_by_guessing(&self, uid: &str) {
        for guess in ["wrong-1", "wrong-2", "wrong-3"] {
            self.bind(&ds_person(uid).dn(), guess);
        }
    }

    /// Carries out changes in LDIF (`changetype: …`) as the superuser, `cn=config` included.
    #[track_caller]
    pub fn modify(&self, ldif: &str) {
        or_end_the_test(self.try_modify(ldif));
    }

    pub(super) fn try_modify(&self, ldif: &str) -> Result<(), Trouble> {
        run(self.client().as_superuser("ldapmodify"), &[], ldif).map(drop)
    }

    /// Changes one entry as somebody: `changes` in LDIF, without the `dn` and `changetype` lines.
    pub fn modify_as(&self, (who, password): (&str, &str), dn: &str, changes: &str) -> BindAnswer {
        let mut command = self.client().command("ldapmodify");
        command.args(["-D", who, "-w", password]);
        answer(
            command,
            &format!("dn: {dn}\nchangetype: modify\n{changes}\n"),
        )
    }

    /// Sets a password as somebody (RFC 3062), without the old one.
    pub fn set_password_as(&self, who: (&str, &str), dn: &str, password: &str) -> BindAnswer {
        let mut command = self.client().command("ldappasswd");
        command.args(["-D", who.0, "-w", who.1]);
        command.args(["-e", "ppolicy", "-s", password, dn]);
        answer(command, "")
    }

    /// Sets a password as the superuser, past all rules.
    #[track_caller]
    pub fn set_password(&self, dn: &str, password: &str) {
        let ldif = format!(
            "dn: {dn}\nchangetype: modify\nreplace: userPassword\nuserPassword: {password}\n"
        );
        self.modify(&ldif);
    }

    pub(super) fn client(&self) -> Client {
        Client {
            url: self.ldaps_url(),
            ca_file: self.ca_file(),
            superuser: (MANAGER_DN, MANAGER_PASSWORD),
        }
    }
}
