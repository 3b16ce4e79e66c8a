//! The shape of the configuration file.
//!
//! The doc comments below are the reference page, the example file and the JSON schema: write
//! them for the administrator.  What a single value may be is said here as well (`range`, enums,
//! `required`); what depends on two values or on the machine is checked in the rooms beside.

mod delivery;

use std::collections::BTreeMap;
use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use delivery::{
    MailSection, MailServerSection, MailTls, SuccessSection, TextsBody, TextsMethod, TextsPreset,
    TextsSection,
};

/// The configuration of one Keymend service: where it listens, where it keeps its data, and which
/// directories, mail servers and text gateways it uses.
///
/// Who may reset a password, and with which methods, is not here: see `keymend policy`.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(inline)]
pub struct Document {
    /// What people see, and the address they see it at.
    pub site: SiteSection,
    /// Where the service listens.
    pub listen: ListenSection,
    /// Where the service keeps its data.
    pub store: StoreSection,
    /// Where the keys are.
    pub keys: KeysSection,
    /// The directories, one section for each: `[directory.NAME]`.
    ///
    /// The name is of lower-case letters, digits and dashes, at most 32.  Accounts are stored
    /// under it: do not rename a directory later.
    #[serde(default)]
    #[schemars(extend("x-name" = "corp"))]
    pub directory: BTreeMap<String, DirectorySection>,
    /// The mail servers.  Without this section no mail can be sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mail: Option<MailSection>,
    /// The gateway for text messages.  Without this section no text can be sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub texts: Option<TextsSection>,
    /// The list of leaked passwords.  Without this section the shorter list that comes with Keymend
    /// is looked into, alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub breach: Option<BreachSection>,
    /// What is written to the log.
    #[serde(default)]
    pub log: LogSection,
}

/// What people see, and the address they see it at.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(inline)]
pub struct SiteSection {
    /// The organisation's name, as it stands on every page and in every mail.
    #[schemars(length(min = 1, max = 80), example = &"Example Organisation", extend("x-sample" = true))]
    pub organisation: String,
    /// The address people open, without a path.  Links in mails begin with it, and requests for
    /// any other host are refused.  `https://`, or `http://` for `localhost` alone.
    #[schemars(example = &"https://reset.example.org", extend("x-sample" = true))]
    pub public_origin: String,
    /// The language of people whose browser and account name none we have.
    #[serde(default = "english")]
    pub language: String,
    /// The country of the site, two letters (ISO 3166).  Phone numbers typed without a country
    /// are read as numbers of this one, and texts go to it alone unless the policy names more.
    #[schemars(example = &"GB")]
    pub region: String,
    /// Where people get help: an `https:` page, a `mailto:` address or a `tel:` number.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(example = &"mailto:helpdesk@example.org")]
    pub helpdesk: Option<String>,
    /// Where people sign in to everything else; the last page of a reset leads there.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(example = &"https://portal.example.org/")]
    pub signin_url: Option<String>,
    /// A user name as people type it, shown as an example on the first page.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 60), example = &"jane.doe@example.org")]
    pub user_example: Option<String>,
    /// The time zone of times in mails and on pages, by its IANA name.
    #[serde(default = "universal_time")]
    pub time_zone: String,
}

/// Where the service listens.
///
/// Passwords must be encrypted on their way.  Give the service a certificate (`tls`), or name the
/// proxies that do it (`trusted_proxies`): one of the two is required.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(inline)]
pub struct ListenSection {
    /// Network address and port.
    #[serde(default = "everywhere")]
    pub address: String,
    /// The certificate the service shows.  Both files are read again when they change.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-wanted" = true))]
    pub tls: Option<TlsSection>,
    /// Networks of the proxies that may connect, for instance `["10.0.0.0/8"]`.  From them, and
    /// from nobody else, the service believes the header `X-Forwarded-For`.  Without `tls` the
    /// service speaks plain HTTP and refuses every other peer.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub trusted_proxies: Vec<String>,
}

/// The certificate the service shows.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(inline)]
pub struct TlsSection {
    /// PEM file with the certificate and those that signed it, the service's own first.
    #[schemars(example = &"/etc/keymend/tls/fullchain.pem")]
    pub certificate_file: PathBuf,
    /// PEM file with its private key, not readable by everybody.
    #[schemars(example = &"/etc/keymend/tls/privkey.pem")]
    pub key_file: PathBuf,
}

/// Where the service keeps its data.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(inline)]
pub struct StoreSection {
    /// A folder of the service's own, which only its user can open.
    #[schemars(example = &"/var/lib/keymend")]
    pub data_dir: PathBuf,
}

/// Where the keys are.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(inline)]
pub struct KeysSection {
    /// The root key: 32 bytes in hexadecimal or base64, mode 0400 or 0600, owned by the service's
    /// user.  `keymend keys new FILE` makes it, once.  Keep a copy in a safe place, apart from the
    /// backups of the data: without it the data cannot be read, and with it anybody can.
    #[schemars(example = &"/etc/keymend/root.key")]
    pub root_file: PathBuf,
    /// The key that signs the audit trail, made together with the root key.  By default the file
    /// beside the root key with `.audit` added to its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(example = &"/etc/keymend/root.key.audit")]
    pub audit_file: Option<PathBuf>,
}

/// What kind of directory it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[schemars(inline)]
pub enum DirectoryKind {
    /// A server that speaks LDAP.  Which one it is, is read from the server.
    Ldap,
}

/// What becomes of resets on a server that does not bind them by its rules.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[schemars(inline)]
pub enum WithoutPolicyHints {
    /// They are carried out: length and kinds of characters are checked, history is not.
    #[default]
    Reset,
    /// They are refused; signing in, changing a known password and unlocking go on.
    Refuse,
}

/// One directory.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(inline)]
pub struct DirectorySection {
    /// What kind of directory it is.
    #[schemars(example = &"ldap")]
    pub kind: DirectoryKind,
    /// Its name as people know it, for pages and mails.
    #[schemars(length(min = 1, max = 60), example = &"Example Organisation")]
    pub title: String,
    /// Its servers, tried in this order: `ldaps://HOST[:PORT]`, or `ldap://HOST[:PORT]` together
    /// with `start_tls`.
    #[schemars(length(min = 1, max = 16), example = ["ldaps://ldap.example.org"], extend("x-sample" = true))]
    pub urls: Vec<String>,
    /// Encrypt `ldap://` connections before anything else is said.
    #[serde(default)]
    pub start_tls: bool,
    /// PEM file with the authorities that signed the servers' certificates.  Without it those of
    /// the operating system are trusted.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(example = &"/etc/keymend/ldap-ca.pem")]
    pub ca_file: Option<PathBuf>,
    /// The account Keymend works with; in an Active Directory also as `name@domain` or
    /// `DOMAIN\name`.  It must be allowed to set passwords of the people below
    /// `base` and nothing more; not the directory's own administrator, whom no policy binds.
    #[schemars(example = &"cn=keymend,ou=services,dc=example,dc=org", extend("x-sample" = true))]
    pub bind_dn: String,
    /// File with that account's password, mode 0400 or 0600.  Instead of the file the environment
    /// may hold it: `KEYMEND_DIRECTORY_NAME_BIND_PASSWORD`, with NAME in capitals and dashes as
    /// underscores.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(example = &"/etc/keymend/corp.password", extend("x-wanted" = true))]
    pub bind_password_file: Option<PathBuf>,
    /// Where the accounts are.
    #[schemars(example = &"ou=people,dc=example,dc=org", extend("x-sample" = true))]
    pub base: String,
    /// Endings of user names, what stands behind the `@`, that mean this directory and no other.
    /// Such a name is asked of this directory alone, and goes on working while another is silent.
    /// Without it no ending is its own.  Of no use with a single directory.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 64), example = ["example.org"])]
    pub suffixes: Vec<String>,
    /// What may stand before the `\` of a user name, as in `EXAMPLE\jane`, to mean this directory
    /// and no other; what stands behind it is then looked up here.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 64), example = ["EXAMPLE"])]
    pub domains: Vec<String>,
    /// The attributes a typed user name is looked up in.  By default `uid` and `mail`, and in an
    /// Active Directory `sAMAccountName`, `userPrincipalName` and `mail`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 8), example = ["uid", "mail"])]
    pub login_attributes: Option<Vec<String>>,
    /// Accounts that do not match this LDAP filter do not exist for Keymend.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(example = &"(objectClass=inetOrgPerson)")]
    pub filter: Option<String>,
    /// Where the groups are; by default the same place as the accounts.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(example = &"ou=groups,dc=example,dc=org")]
    pub group_base: Option<String>,
    /// DNs of groups whose members Keymend never touches, nested members included.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub protected_groups: Vec<String>,
    /// Attributes that hold e-mail addresses people are told of changes at.
    #[serde(default = "mail_attributes")]
    pub mail_attributes: Vec<String>,
    /// Attributes that hold phone numbers people are told of changes at.
    #[serde(default = "phone_attributes")]
    pub phone_attributes: Vec<String>,
    /// What becomes of resets when an Active Directory server cannot apply its history and minimum
    /// age to them (it does not offer the policy hints control; Samba before 4.24 does not).
    #[serde(default)]
    pub without_policy_hints: WithoutPolicyHints,
    /// DN of the password policy of accounts that have none of their own (`ppolicy_default`).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(example = &"cn=default,ou=policies,dc=example,dc=org")]
    pub default_policy: Option<String>,
    /// DN of an entry that nobody uses.  Where a typed name means nobody, Keymend signs in to it
    /// with a wrong password, so that the answer takes as long as for a name that means somebody.
    /// Give it a random password stored like people's, a password policy without lock-out
    /// (`pwdLockout: FALSE`), and a place outside `base`.  Needed where checking a password takes
    /// the server long (argon2, bcrypt, PBKDF2).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(example = &"cn=keymend-decoy,ou=services,dc=example,dc=org")]
    pub decoy_dn: Option<String>,
    /// Connections of Keymend's own account to each server.
    #[serde(default = "four")]
    #[schemars(range(min = 1, max = 64))]
    pub service_connections: u32,
    /// People whose password is checked at one time, at each server.
    #[serde(default = "sixteen")]
    #[schemars(range(min = 1, max = 256))]
    pub user_connections: u32,
    /// Seconds until a server that does not answer a connection is given up.
    #[serde(default = "five")]
    #[schemars(range(min = 1, max = 30))]
    pub connect_timeout_secs: u32,
    /// Seconds until a search is given up.
    #[serde(default = "ten")]
    #[schemars(range(min = 1, max = 30))]
    pub search_timeout_secs: u32,
    /// Seconds within which a password must be written; after them it is not written any more.
    #[serde(default = "thirty")]
    #[schemars(range(min = 10, max = 120))]
    pub write_timeout_secs: u32,
    /// Seconds between two looks at the directory's health.
    #[serde(default = "thirty")]
    #[schemars(range(min = 10, max = 300))]
    pub health_interval_secs: u32,
}

/// The list of leaked passwords.
///
/// Nobody is asked for it: new passwords are looked up on this machine.  Whether they are is a
/// setting of the policy, `passwords.leaked`.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(inline)]
pub struct BreachSection {
    /// The file that `keymend breach build` made.  If it is missing or damaged, the service starts
    /// all the same, says so in the log, and looks into the list that comes with Keymend.
    #[schemars(example = &"/var/lib/keymend/leaked.kmb")]
    pub file: PathBuf,
}

/// How much is written to the log.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[schemars(inline)]
pub enum LogLevel {
    /// Only what somebody should get up for.
    Error,
    /// And what should be looked at.
    Warn,
    /// And what happened.
    #[default]
    Info,
    /// And how; never passwords, codes, cookies or addresses.
    Debug,
}

/// How the log is written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[schemars(inline)]
pub enum LogFormat {
    /// A line for people.
    #[default]
    Text,
    /// A JSON object a line.
    Json,
}

/// What is written to the log, which goes to standard error.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(inline)]
pub struct LogSection {
    /// How much.
    #[serde(default)]
    pub level: LogLevel,
    /// In which form.
    #[serde(default)]
    pub format: LogFormat,
}

fn english() -> String {
    "en".into()
}

fn universal_time() -> String {
    "UTC".into()
}

fn everywhere() -> String {
    "0.0.0.0:8443".into()
}

fn mail_attributes() -> Vec<String> {
    vec!["mail".into()]
}

fn phone_attributes() -> Vec<String> {
    vec!["mobile".into(), "telephoneNumber".into()]
}

fn four() -> u32 {
    4
}

fn sixteen() -> u32 {
    16
}

fn five() -> u32 {
    5
}

fn ten() -> u32 {
    10
}

fn thirty() -> u32 {
    30
}
