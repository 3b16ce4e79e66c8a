//! Looking at the server and changing it from the test's side, by OpenLDAP's own client commands.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::{BASE_DN, MANAGER_DN, MANAGER_PASSWORD, Slapd};
use crate::trouble::{Trouble, or_end_the_test};

/// What the server said to a bind or a change of password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BindAnswer {
    /// The LDAP result code; 0 is success, 49 invalid credentials, 124 that no answer came.
    pub code: i32,
    /// What the client command printed, the ppolicy control's message included.
    pub text: String,
}

/// One entry with all its attributes, the operational ones included.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Entry {
    /// The full name.
    pub dn: String,
    attributes: BTreeMap<String, Vec<String>>,
}

impl Entry {
    /// The first value of an attribute, if it has one; names as the server writes them.
    pub fn get(&self, attribute: &str) -> Option<&str> {
        self.all(attribute).first().map(String::as_str)
    }

    /// All values of an attribute; bytes that are not UTF-8 are replaced.
    pub fn all(&self, attribute: &str) -> &[String] {
        self.attributes
            .get(&attribute.to_lowercase())
            .map_or(&[], Vec::as_slice)
    }
}

impl Slapd {
    /// Everything the server knows of the entries that match, seen by its superuser.
    #[track_caller]
    pub fn search(&self, filter: &str) -> Vec<Entry> {
        let client = self.client();
        let command = client.as_manager("ldapsearch");
        let arguments = [
            "-LLL",
            "-o",
            "ldif-wrap=no",
            "-b",
            BASE_DN,
            filter,
            "*",
            "+",
        ];
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
        let command = client.as_manager("ldapmodify");
        or_end_the_test(run(command, &["-e", "!relax"], ldif));
    }

    /// Sets a password as the superuser, past all rules.
    #[track_caller]
    pub fn set_password(&self, dn: &str, password: &str) {
        let client = self.client();
        let command = client.as_manager("ldappasswd");
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
        answer(command)
    }

    pub(super) fn ldapadd(&self, ldif: &str) -> Result<(), Trouble> {
        let client = self.client();
        run(client.as_manager("ldapadd"), &[], ldif).map(drop)
    }

    pub(super) fn client(&self) -> Client {
        Client {
            url: self.ldaps_url(),
            ca_file: self.ca_file(),
        }
    }
}

/// Where the client commands are to go.
pub(super) struct Client {
    url: String,
    ca_file: PathBuf,
}

impl Client {
    /// Each command gets twenty seconds: the client library has been seen to wait for ever.
    fn command(&self, program: &str) -> Command {
        let mut command = Command::new("timeout");
        command
            .args(["20", program, "-x", "-H", &self.url])
            .env("LDAPTLS_CACERT", &self.ca_file)
            .env("LDAPTLS_REQCERT", "demand");
        command
    }

    fn as_manager(&self, program: &str) -> Command {
        let mut command = self.command(program);
        command.args(["-D", MANAGER_DN, "-w", MANAGER_PASSWORD]);
        command
    }

    pub(super) fn bind(&self, dn: &str, password: &str) -> BindAnswer {
        let mut command = self.command("ldapwhoami");
        command.args(["-D", dn, "-w", password, "-e", "ppolicy"]);
        answer(command)
    }
}

/// What the server answered: `ldapwhoami` ends with the LDAP result code, `ldappasswd` prints it.
fn answer(mut command: Command) -> BindAnswer {
    let output = match command.stdin(Stdio::null()).output() {
        Ok(output) => output,
        Err(fault) => {
            let text = format!("{command:?}: {fault} (Debian package ldap-utils)");
            return BindAnswer { code: -1, text };
        }
    };
    let text = [output.stdout, output.stderr]
        .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
        .concat();
    let code = printed_code(&text).or(output.status.code());
    BindAnswer {
        code: code.unwrap_or(-1),
        text,
    }
}

/// The number in `Result: Constraint violation (19)`.
fn printed_code(text: &str) -> Option<i32> {
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix("Result: "))?;
    let (_, number) = line.rsplit_once('(')?;
    number.trim_end_matches(')').parse().ok()
}

fn run(mut command: Command, arguments: &[&str], input: &str) -> Result<String, Trouble> {
    command
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().map_err(Trouble::during(
        "running an LDAP command (Debian package ldap-utils)",
    ))?;
    if let Some(mut stdin) = child.stdin.take() {
        // A command that ends before it has read everything says why on its error output.
        let _ = stdin.write_all(input.as_bytes());
    }
    let output = child
        .wait_with_output()
        .map_err(Trouble::during("waiting for an LDAP command"))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let words = String::from_utf8_lossy(&output.stderr);
    Err(Trouble::new(format!("{command:?} failed:\n{words}")))
}

/// Reads unwrapped LDIF.
fn entries(ldif: &str) -> Vec<Entry> {
    ldif.split("\n\n")
        .map(entry)
        .filter(|entry| !entry.dn.is_empty())
        .collect()
}

fn entry(paragraph: &str) -> Entry {
    let mut entry = Entry::default();
    for line in paragraph.lines() {
        let Some((name, rest)) = line.split_once(':') else {
            continue;
        };
        let value = match rest.strip_prefix(':') {
            Some(encoded) => decoded(encoded.trim()),
            None => rest.trim_start().to_owned(),
        };
        if name == "dn" {
            entry.dn = value;
        } else {
            let values = entry.attributes.entry(name.to_lowercase()).or_default();
            values.push(value);
        }
    }
    entry
}

fn decoded(encoded: &str) -> String {
    STANDARD.decode(encoded).map_or_else(
        |_| encoded.to_owned(),
        |bytes| String::from_utf8_lossy(&bytes).into_owned(),
    )
}
