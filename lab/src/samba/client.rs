//! Looking at the domain and changing it from the test's side.

use std::process::Command;
use std::time::Duration;

use super::plan::unicode_password;
use super::{
    ADMINISTRATOR_PASSWORD, ADMINISTRATOR_UPN, AuditEvent, AuditMark, BASE_DN, DomainPolicy,
    SETTINGS_DN, Samba, ad_person, audit,
};
use crate::client::{BindAnswer, Client, Entry, answer, entries, run};
use crate::namespace;
use crate::trouble::{ended_well, fed, or_end_the_test};

/// What the controller works out only when it is asked by name.
const COMPUTED: &[&str] = &[
    "msDS-User-Account-Control-Computed",
    "msDS-UserPasswordExpiryTimeComputed",
    "msDS-ResultantPSO",
];

/// Lets `pwdLastSet` be set to any moment (Samba's DSDB_CONTROL_PASSWORD_BYPASS_LAST_SET).
pub(super) const BYPASS_LAST_SET: &str = "--controls=local_oid:1.3.6.1.4.1.7165.4.3.12:1";

impl Samba {
    /// Everything of the entries that match, seen by the administrator; binary values are not
    /// useful here.
    #[track_caller]
    pub fn search(&self, filter: &str) -> Vec<Entry> {
        let command = self.client().as_superuser("ldapsearch");
        let mut arguments = vec!["-LLL", "-o", "ldif-wrap=no", "-b", BASE_DN, filter, "*"];
        arguments.extend(COMPUTED);
        entries(&or_end_the_test(run(command, &arguments, "")))
    }

    /// The one entry with this `sAMAccountName`.
    #[track_caller]
    #[expect(clippy::panic, reason = "a slip in the test that asks")]
    pub fn entry(&self, name: &str) -> Entry {
        let mut found = self.search(&format!("(sAMAccountName={name})"));
        match (found.pop(), found.len()) {
            (Some(entry), 0) => entry,
            (_, more) => panic!("not exactly one entry for {name}: {more} more"),
        }
    }

    /// Tries to sign in by LDAPS; `who` is a user principal name, a DN or `LAB\name`.
    pub fn bind(&self, who: &str, password: &str) -> BindAnswer {
        self.bind_by(self.ldaps_url(), &[], who, password)
    }

    /// Tries to sign in after StartTLS, which must succeed.
    pub fn bind_with_starttls(&self, who: &str, password: &str) -> BindAnswer {
        self.bind_by(self.ldap_url(), &["-ZZ"], who, password)
    }

    /// Tries to sign in over an unprotected connection, which the controller must refuse.
    pub fn bind_without_tls(&self, who: &str, password: &str) -> BindAnswer {
        self.bind_by(self.ldap_url(), &[], who, password)
    }

    /// The values of an attribute of the root DSE, such as `supportedControl`.
    #[track_caller]
    pub fn root_attribute(&self, name: &str) -> Vec<String> {
        let command = self.client().as_superuser("ldapsearch");
        let arguments = ["-LLL", "-o", "ldif-wrap=no", "-s", "base", "-b", "", name];
        let ldif = or_end_the_test(run(command, &arguments, ""));
        let prefix = format!("{name}: ");
        let values = ldif.lines().filter_map(|line| line.strip_prefix(&prefix));
        values.map(str::to_owned).collect()
    }

    /// Whether the controller answers an anonymous question within this time.
    pub fn answers_within(&self, time: Duration) -> bool {
        let mut command = Command::new("timeout");
        command.arg(time.as_secs_f64().to_string());
        command.args(["ldapsearch", "-x", "-H", &self.ldaps_url()]);
        command.args(["-s", "base", "-b", "", "1.1"]);
        command.env("LDAPTLS_CACERT", self.ca_file());
        command.output().is_ok_and(|output| output.status.success())
    }

    fn bind_by(&self, url: String, way: &[&str], who: &str, password: &str) -> BindAnswer {
        let client = Client {
            url,
            ..self.client()
        };
        let mut command = client.command("ldapsearch");
        command.args(way).args(["-D", who, "-w", password]);
        command.args(["-LLL", "-s", "base", "-b", BASE_DN, "1.1"]);
        answer(command, "")
    }

    /// Says whether this password opens the account with this `sAMAccountName`.
    pub fn opens_with(&self, name: &str, password: &str) -> bool {
        self.bind(&format!("{name}@lab.test"), password).code == 0
    }

    /// Locks a sample account as an attacker would: by three wrong passwords.
    #[track_caller]
    pub fn lock_by_guessing(&self, name: &str) {
        for guess in ["wrong-1", "wrong-2", "wrong-3"] {
            self.bind(&ad_person(name).upn(), guess);
        }
    }

    /// Carries out changes in LDIF (`changetype: …`) by LDAP, as the administrator.
    #[track_caller]
    pub fn modify(&self, ldif: &str) {
        let command = self.client().as_superuser("ldapmodify");
        or_end_the_test(run(command, &[], ldif));
    }

    /// Carries out changes in LDIF on the data base itself, where anything can be set that the
    /// schema knows: `adminCount`, `pwdLastSet`, `nTSecurityDescriptor` in SDDL.  The audit log
    /// knows nothing of it.
    #[track_caller]
    pub fn force(&self, ldif: &str) {
        let url = format!("{}/data/private/sam.ldb", self.namespace.inside());
        let words = ["ldbmodify", "-H", &url, BYPASS_LAST_SET];
        let command = or_end_the_test(namespace::command_beside(&self.process, &words));
        or_end_the_test(fed(command, ldif, "running ldbmodify (package ldb-tools)"));
    }

    /// Runs `samba-tool` (or another program) on the data base of the running server: a word
    /// `{sam}` is replaced by where that is, `{conf}` by where `smb.conf` is.  Gives what was printed.
    #[track_caller]
    pub fn run(&self, words: &[&str]) -> String {
        let inside = self.namespace.inside();
        let sam = format!("{inside}/data/private/sam.ldb");
        let configuration = format!("{inside}/smb.conf");
        let words = words.iter().map(|word| match *word {
            "{sam}" => sam.as_str(),
            "{conf}" => configuration.as_str(),
            word => word,
        });
        let words: Vec<&str> = words.collect();
        let mut command = or_end_the_test(namespace::command_beside(&self.process, &words));
        command.env("SMB_CONF_PATH", format!("{inside}/data/empty.conf"));
        or_end_the_test(ended_well(command.output(), &words.join(" ")))
    }

    /// Takes the sample accounts of tier 0 out of everybody's reach, as AdminSDHolder does in a
    /// Windows domain within the hour, and nobody does here.
    #[track_caller]
    pub fn seal_tier_zero(&self) {
        for name in ["domain.dora", "admin.ada", "backup.bea", "former.fay"] {
            let dn = ad_person(name).dn();
            self.force(&format!(
                "dn: {dn}\nchangetype: modify\nreplace: nTSecurityDescriptor\n\
                 nTSecurityDescriptor: O:DAG:DAD:PAI(A;;GA;;;DA)(A;;GA;;;SY)(A;;RPLCLORC;;;AU)\n"
            ));
        }
    }

    /// Lets the service account read the password settings objects, which only administrators may
    /// read in a domain as it comes.
    #[track_caller]
    pub fn shows_password_settings(&self) {
        let sid = self.sid("svc-keymend").unwrap_or_default();
        let command = ["samba-tool", "dsacl", "set", "-H", "{sam}"];
        let entry = format!("(A;CI;RPLCRC;;;{sid})");
        let change = ["--objectdn", SETTINGS_DN, "--sddl", &entry];
        self.run(&[&command[..], &change[..]].concat());
    }

    /// Sets the policy of the domain.
    #[track_caller]
    pub fn set_policy(&self, policy: &DomainPolicy) {
        self.modify(&policy.ldif());
    }

    /// Sets a password as the administrator.
    #[track_caller]
    pub fn set_password(&self, dn: &str, password: &str) {
        let who = (ADMINISTRATOR_UPN, ADMINISTRATOR_PASSWORD);
        let answer = self.reset_as(who, dn, password);
        assert!(answer.code == 0, "setting the password of {dn}: {answer:?}");
    }

    /// Sets a password as somebody else, without the old one.
    pub fn reset_as(&self, who: (&str, &str), dn: &str, password: &str) -> BindAnswer {
        let password = unicode_password(password);
        self.modify_as(
            who,
            dn,
            &format!("replace: unicodePwd\nunicodePwd:: {password}\n-\n"),
        )
    }

    /// Changes a password as somebody, with the old one.
    pub fn change_as(&self, who: (&str, &str), dn: &str, (old, new): (&str, &str)) -> BindAnswer {
        let [old, new] = [old, new].map(unicode_password);
        let changes = format!(
            "delete: unicodePwd\nunicodePwd:: {old}\n-\nadd: unicodePwd\nunicodePwd:: {new}\n-\n"
        );
        self.modify_as(who, dn, &changes)
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

    /// The end of the controller's audit log as it is now.
    pub fn mark(&self) -> AuditMark {
        audit::mark(self.folder.path())
    }

    /// What the controller did since then, in the order of time.
    pub fn audit_since(&self, mark: &AuditMark) -> Vec<AuditEvent> {
        audit::since(self.folder.path(), mark, &self.names)
    }

    /// As [`Samba::audit_since`], but only where a password was to be written or an account was
    /// unlocked.
    pub fn deeds_since(&self, mark: &AuditMark) -> Vec<AuditEvent> {
        let events = self.audit_since(mark).into_iter();
        events
            .filter(|event| event.is_about_a_password() || event.unlocks())
            .collect()
    }

    /// The security identifier of an account that was there from the start.
    pub fn sid(&self, name: &str) -> Option<&str> {
        let mut names = self.names.iter();
        names
            .find(|(_, known)| *known == name)
            .map(|(sid, _)| sid.as_str())
    }

    pub(super) fn client(&self) -> Client {
        Client {
            url: self.ldaps_url(),
            ca_file: self.ca_file(),
            superuser: (ADMINISTRATOR_UPN, ADMINISTRATOR_PASSWORD),
        }
    }
}
