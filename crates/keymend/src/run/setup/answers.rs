//! What was answered so far: the same keys in the wizard, in the answer file, and in the file that
//! an interrupted wizard goes on from.  Secrets are never among them.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use toml::{Table, Value};

use crate::config::{MailTls, TextsPreset};

/// Answers by section and key.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Answers(pub Table);

impl Answers {
    /// What stands at `section.key`.
    pub fn value(&self, path: &str) -> Option<&Value> {
        let (section, key) = path.split_once('.')?;
        self.0.get(section)?.as_table()?.get(key)
    }

    /// A text.
    pub fn text(&self, path: &str) -> Option<&str> {
        self.value(path).and_then(Value::as_str)
    }

    /// A list of texts; empty if there is none.
    pub fn list(&self, path: &str) -> Vec<String> {
        let items = self.value(path).and_then(Value::as_array);
        let texts = items.into_iter().flatten().filter_map(Value::as_str);
        texts.map(str::to_owned).collect()
    }

    /// A yes or no.
    pub fn truth(&self, path: &str) -> Option<bool> {
        self.value(path).and_then(Value::as_bool)
    }

    /// Puts an answer in its place.
    pub fn set(&mut self, path: &str, value: impl Into<Value>) {
        let Some((section, key)) = path.split_once('.') else {
            return;
        };
        let section = self.0.entry(section).or_insert_with(|| Table::new().into());
        if let Some(section) = section.as_table_mut() {
            section.insert(key.to_owned(), value.into());
        }
    }

    /// Takes an answer back.
    pub fn forget(&mut self, path: &str) {
        let Some((section, key)) = path.split_once('.') else {
            return;
        };
        if let Some(section) = self.0.get_mut(section).and_then(Value::as_table_mut) {
            section.remove(key);
        }
    }

    /// What a configuration file says, as answers; what it leaves out stays out.
    pub fn of(table: &Table) -> Self {
        let mut answers = Self::default();
        for path in COPIED {
            answers.copy(path, at(table, path));
        }
        let listen = "listen.how";
        match at(table, "listen.tls") {
            Some(tls) => {
                answers.set(listen, "certificate");
                for key in ["certificate_file", "key_file"] {
                    answers.copy(&format!("listen.{key}"), tls.get(key));
                }
            }
            None if at(table, "listen.trusted_proxies").is_some() => answers.set(listen, "proxy"),
            None => {}
        }
        answers.take_directory(table);
        for section in ["mail", "texts"] {
            if let Some(part) = table.get(section).and_then(Value::as_table) {
                answers.0.insert(section.to_owned(), part.clone().into());
            }
            answers.set(&format!("{section}.wanted"), table.contains_key(section));
        }
        answers.forget("mail.servers");
        let server = at(table, "mail.servers").and_then(|servers| servers.get(0));
        for key in ["host", "port", "tls"] {
            let value = server.and_then(|server| server.get(key));
            answers.copy(&format!("mail.{key}"), value);
        }
        answers
    }

    fn copy(&mut self, path: &str, value: Option<&Value>) {
        if let Some(value) = value {
            self.set(path, value.clone());
        }
    }

    /// The first directory: the wizard sets up one at a time.
    fn take_directory(&mut self, table: &Table) {
        let sections = table.get("directory").and_then(Value::as_table);
        let Some((name, directory)) = sections.and_then(|all| all.iter().next()) else {
            return;
        };
        self.set("directory.name", name.as_str());
        for (key, from) in [
            ("servers", "urls"),
            ("ca_file", "ca_file"),
            ("account", "bind_dn"),
            ("password_file", "bind_password_file"),
            ("base", "base"),
            ("default_policy", "default_policy"),
        ] {
            self.copy(&format!("directory.{key}"), directory.get(from));
        }
    }
}

/// Keys that are the same in both files.
const COPIED: [&str; 8] = [
    "site.organisation",
    "site.public_origin",
    "site.region",
    "store.data_dir",
    "keys.root_file",
    "breach.file",
    "listen.address",
    "listen.trusted_proxies",
];

fn at<'a>(table: &'a Table, path: &str) -> Option<&'a Value> {
    let (section, key) = path.split_once('.')?;
    table.get(section)?.get(key)
}

/// Answers to everything that `keymend setup` asks, for machines that nobody sits before.
///
/// A key that is left out keeps what is configured, or its default.
#[derive(Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(inline)]
pub struct AnswerFile {
    /// What people see, and the address they see it at.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub site: Option<SiteAnswers>,
    /// The directory.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub directory: Option<DirectoryAnswers>,
    /// Who may reset.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy: Option<PolicyAnswers>,
    /// Where the service listens.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub listen: Option<ListenAnswers>,
    /// The mail server.  Without this section no mail can be sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mail: Option<MailAnswers>,
    /// The gateway for text messages.  Without this section no text can be sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub texts: Option<TextsAnswers>,
    /// Where the service keeps its data.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub store: Option<StoreAnswers>,
    /// Where the keys are; new ones are made if the file is not there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub keys: Option<KeysAnswers>,
    /// The list of leaked passwords.  Without this section the one that comes with Keymend is
    /// looked into.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub breach: Option<BreachAnswers>,
    /// What is tried before anything is written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub test: Option<TestAnswers>,
}

/// The list of leaked passwords.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(inline)]
pub struct BreachAnswers {
    /// The file that `keymend breach build` made.
    #[schemars(example = &"/var/lib/keymend/leaked.kmb")]
    pub file: Option<PathBuf>,
}

/// What people see.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(inline)]
pub struct SiteAnswers {
    /// The organisation's name, as it stands on every page and in every mail.
    #[schemars(length(min = 1, max = 80), example = &"Example Organisation", extend("x-sample" = true), extend("x-wanted" = true))]
    pub organisation: Option<String>,
    /// The address people open, without a path.
    #[schemars(example = &"https://reset.example.org", extend("x-sample" = true), extend("x-wanted" = true))]
    pub public_origin: Option<String>,
    /// The country of the site, two letters (ISO 3166).
    #[schemars(example = &"GB", extend("x-wanted" = true))]
    pub region: Option<String>,
}

/// The directory.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(inline)]
pub struct DirectoryAnswers {
    /// A short name: small letters, digits, dashes.  Accounts are stored under it.
    #[schemars(example = &"corp", extend("x-wanted" = true))]
    pub name: Option<String>,
    /// The servers, the first to be asked first: names, or `ldaps://NAME:PORT`.
    #[schemars(length(min = 1, max = 16), example = ["dc1.example.org"], extend("x-sample" = true), extend("x-wanted" = true))]
    pub servers: Option<Vec<String>>,
    /// PEM file of the authority that signed the servers' certificates.  Needed if this machine
    /// does not trust it, unless `authority_fingerprint` is given.
    #[schemars(example = &"/etc/keymend/domain-ca.pem")]
    pub ca_file: Option<PathBuf>,
    /// SHA-256 fingerprint of the authority that the servers show and that is to be trusted.
    #[schemars(example = &"AB:CD:…")]
    pub authority_fingerprint: Option<String>,
    /// The service account: a DN, or `name@domain`, or `DOMAIN\name`.
    #[schemars(example = &"svc-keymend@example.org", extend("x-sample" = true), extend("x-wanted" = true))]
    pub account: Option<String>,
    /// File with its password, mode 0400 or 0600; the configuration will name the same file.
    #[schemars(example = &"/etc/keymend/corp.password", extend("x-wanted" = true))]
    pub password_file: Option<PathBuf>,
    /// OpenLDAP: the password policy of people without one of their own.  If there is one policy
    /// alone, it is taken.
    #[schemars(example = &"cn=default,ou=policies,dc=example,dc=org")]
    pub default_policy: Option<String>,
    /// Where the accounts are.
    #[schemars(example = &"OU=People,DC=example,DC=org", extend("x-sample" = true), extend("x-wanted" = true))]
    pub base: Option<String>,
}

/// Who may reset.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(inline)]
pub struct PolicyAnswers {
    /// `none`, `selected` (members of `groups`) or `all`.
    #[schemars(example = &"selected", extend("x-wanted" = true))]
    pub scope: Option<String>,
    /// Groups whose members may reset: names or DNs.
    #[schemars(example = ["Staff"])]
    pub groups: Option<Vec<String>>,
    /// Groups whose members count as administrators: names or DNs.
    #[schemars(example = ["Domain Admins"], extend("x-wanted" = true))]
    pub administrator_groups: Option<Vec<String>>,
    /// Whether Keymend writes passwords to this directory.
    #[schemars(example = &true)]
    pub writeback: Option<bool>,
    /// Whether people may lift a lock without choosing a new password.
    #[schemars(example = &true)]
    pub unlock_without_reset: Option<bool>,
    /// Apply the policy although its check warns that it is weak.
    #[schemars(example = &false)]
    pub i_understand: Option<bool>,
}

/// Where the service listens.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(inline)]
pub struct ListenAnswers {
    /// `certificate` (the service encrypts) or `proxy` (a proxy before it does).
    #[schemars(example = &"certificate", extend("x-wanted" = true))]
    pub how: Option<String>,
    /// Network address and port.
    #[schemars(example = &"0.0.0.0:8443")]
    pub address: Option<String>,
    /// PEM file with the certificate and those that signed it.
    #[schemars(example = &"/etc/keymend/tls/fullchain.pem", extend("x-wanted" = true))]
    pub certificate_file: Option<PathBuf>,
    /// PEM file with its private key.
    #[schemars(example = &"/etc/keymend/tls/privkey.pem", extend("x-wanted" = true))]
    pub key_file: Option<PathBuf>,
    /// Networks of the proxies that may connect.
    #[schemars(example = ["127.0.0.1/32"])]
    pub trusted_proxies: Option<Vec<String>>,
}

/// The mail server.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(inline)]
pub struct MailAnswers {
    /// Its name.
    #[schemars(example = &"mail.example.org", extend("x-sample" = true), extend("x-wanted" = true))]
    pub host: Option<String>,
    /// Its port.
    #[schemars(range(min = 1, max = 65535), example = 587)]
    pub port: Option<u16>,
    /// How the connection is encrypted.
    pub tls: Option<MailTls>,
    /// The name Keymend signs in with; without it, it does not sign in.
    #[schemars(example = &"keymend")]
    pub username: Option<String>,
    /// File with the password of that name.
    #[schemars(example = &"/etc/keymend/mail.password")]
    pub password_file: Option<PathBuf>,
    /// The sender.
    #[schemars(example = &"Password service <no-reply@example.org>", extend("x-sample" = true), extend("x-wanted" = true))]
    pub from: Option<String>,
    /// PEM file of the authority that signed the server's certificate.
    #[schemars(example = &"/etc/keymend/mail-ca.pem")]
    pub ca_file: Option<PathBuf>,
}

/// The gateway for text messages.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(inline)]
pub struct TextsAnswers {
    /// Which gateway it is.
    pub preset: Option<TextsPreset>,
    /// The account at the gateway.
    #[schemars(example = &"AC00000000000000000000000000000000", extend("x-sample" = true), extend("x-wanted" = true))]
    pub account: Option<String>,
    /// File with its secret.
    #[schemars(example = &"/etc/keymend/texts.token", extend("x-wanted" = true))]
    pub token_file: Option<PathBuf>,
    /// The sender people see.
    #[schemars(example = &"+441632960000", extend("x-sample" = true), extend("x-wanted" = true))]
    pub sender: Option<String>,
    /// Where requests go, for the preset `json`.
    #[schemars(example = &"https://gateway.example.org/messages")]
    pub url: Option<String>,
}

/// Where the service keeps its data.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(inline)]
pub struct StoreAnswers {
    /// A folder of the service's own.
    #[schemars(example = &"/var/lib/keymend", extend("x-wanted" = true))]
    pub data_dir: Option<PathBuf>,
}

/// Where the keys are.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(inline)]
pub struct KeysAnswers {
    /// The root key.
    #[schemars(example = &"/etc/keymend/root.key", extend("x-wanted" = true))]
    pub root_file: Option<PathBuf>,
}

/// What is tried before anything is written.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(inline)]
pub struct TestAnswers {
    /// A login name that Keymend must find.
    #[schemars(example = &"jane.doe")]
    pub account: Option<String>,
}
