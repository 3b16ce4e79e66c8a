//! Looking at the server and changing it from the test's side.

use super::{BASE_DN, CONFIGURATION_PASSWORD, MANAGER_DN, MANAGER_PASSWORD, Slapd};
use crate::client::{BindAnswer, Client, Entry, answer, run};
use crate::trouble::{Trouble, or_end_the_test};

impl Slapd {
    /// Everything the server knows of the entries that match, seen by its superuser.
    #[track_caller]
    pub fn search(&self, filter: &str) -> Vec<Entry> {
        or_end_the_test(self.client().search(BASE_DN, filter))
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

    /// Tries to sign in, as any LDAP client would; asks for the ppolicy control.
    pub fn bind(&self, dn: &str, password: &str) -> BindAnswer {
        self.client().bind(dn, password)
    }

    /// Says whether this password opens this account.
    pub fn opens_with(&self, dn: &str, password: &str) -> bool {
        self.bind(dn, password).code == 0
    }

    /// Locks the account as an attacker would: by wrong passwords.
    pub fn lock_by_guessing(&self, dn: &str) {
        for guess in ["wrong-1", "wrong-2", "wrong-3"] {
            self.bind(dn, guess);
        }
    }

    /// Carries out changes in LDIF (`changetype: modify …`) as the superuser, past all rules.
    #[track_caller]
    pub fn modify(&self, ldif: &str) {
        let client = self.client();
        let command = client.as_superuser("ldapmodify");
        or_end_the_test(run(command, &["-e", "!relax"], ldif));
    }

    /// Changes the server's own configuration in LDIF, such as its access rules; it forgets that
    /// when it ends.
    #[track_caller]
    pub fn configure(&self, ldif: &str) {
        let client = Client {
            superuser: ("cn=config", CONFIGURATION_PASSWORD),
            ..self.client()
        };
        or_end_the_test(run(client.as_superuser("ldapmodify"), &[], ldif));
    }

    /// Sets a password as the superuser, past all rules.
    #[track_caller]
    pub fn set_password(&self, dn: &str, password: &str) {
        let client = self.client();
        let command = client.as_superuser("ldappasswd");
        or_end_the_test(run(command, &["-s", password, dn], ""));
    }

    /// Sets a password as somebody else (RFC 3062), with the ppolicy control.
    pub fn set_password_as(
        &self,
        (bind_dn, bind_password): (&str, &str),
        dn: &str,
        password: &str,
    ) -> BindAnswer {
        let client = self.client();
        let mut command = client.command("ldappasswd");
        command.args(["-D", bind_dn, "-w", bind_password]);
        command.args(["-e", "ppolicy", "-s", password, dn]);
        answer(command, "")
    }

    pub(super) fn ldapadd(&self, ldif: &str) -> Result<(), Trouble> {
        let client = self.client();
        run(client.as_superuser("ldapadd"), &[], ldif).map(drop)
    }

    pub(super) fn client(&self) -> Client {
        Client {
            url: self.ldaps_url(),
            ca_file: self.ca_file(),
            superuser: (MANAGER_DN, MANAGER_PASSWORD),
        }
    }
}
