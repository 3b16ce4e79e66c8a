//! Looking at a directory and changing it from the test's side, by OpenLDAP's own client commands.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Command;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::trouble::{Trouble, fed, output_of};

/// What the server said to a bind or a change of password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BindAnswer {
    /// The LDAP result code; 0 is success, 49 invalid credentials, 124 that no answer came.
    pub code: i32,
    /// What the client command printed, the ppolicy control's message included.
    pub text: String,
}

impl BindAnswer {
    /// The number after `data` in an answer of Active Directory (`775` for a locked account).
    pub fn data(&self) -> Option<&str> {
        let (_, rest) = self.text.split_once(", data ")?;
        rest.split(',').next()
    }
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

/// Where the client commands are to go.
pub(crate) struct Client {
    pub(crate) url: String,
    pub(crate) ca_file: PathBuf,
    /// Who may do everything, and the password.
    pub(crate) superuser: (&'static str, &'static str),
}

impl Client {
    /// Each command gets twenty seconds: the client library has been seen to wait for ever.
    pub(crate) fn command(&self, program: &str) -> Command {
        let mut command = Command::new("timeout");
        command
            .args(["20", program, "-x", "-H", &self.url])
            .env("LDAPTLS_CACERT", &self.ca_file)
            .env("LDAPTLS_REQCERT", "demand");
        command
    }

    pub(crate) fn as_superuser(&self, program: &str) -> Command {
        let (dn, password) = self.superuser;
        let mut command = self.command(program);
        command.args(["-D", dn, "-w", password]);
        command
    }

    /// Tries to sign in and asks for the ppolicy control.
    pub(crate) fn bind(&self, dn: &str, password: &str) -> BindAnswer {
        let mut command = self.command("ldapwhoami");
        command.args(["-D", dn, "-w", password, "-e", "ppolicy"]);
        answer(command, "")
    }

    /// Every attribute of the entries below `base` that match, as the superuser sees them.
    pub(crate) fn search(&self, base: &str, filter: &str) -> Result<Vec<Entry>, Trouble> {
        let command = self.as_superuser("ldapsearch");
        let arguments = ["-LLL", "-o", "ldif-wrap=no", "-b", base, filter, "*", "+"];
        run(command, &arguments, "").map(|ldif| entries(&ldif))
    }
}

/// What the server answered to a command that reads `input`: most end with the LDAP result code,
/// `ldappasswd` prints it.
pub(crate) fn answer(command: Command, input: &str) -> BindAnswer {
    let words = format!("{command:?}");
    let output = match output_of(command, input) {
        Ok(output) => output,
        Err(fault) => {
            let text = format!("{words}: {fault} (Debian package ldap-utils)");
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

pub(crate) fn run(
    mut command: Command,
    arguments: &[&str],
    input: &str,
) -> Result<String, Trouble> {
    command.args(arguments);
    fed(
        command,
        input,
        "running an LDAP command (Debian package ldap-utils)",
    )
}

/// Reads unwrapped LDIF.
pub(crate) fn entries(ldif: &str) -> Vec<Entry> {
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
