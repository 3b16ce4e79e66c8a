//! `[mail]` and `[texts]` of the configuration file.

use std::collections::BTreeMap;
use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How a connection to a mail server is encrypted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[schemars(inline)]
pub enum MailTls {
    /// In plain text first, then STARTTLS; a server without it is not used.
    #[default]
    StartTls,
    /// From the first byte on.
    Tls,
    /// Not at all: for a mail server on this very machine alone.
    None,
}

/// One mail server.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(inline)]
pub struct MailServerSection {
    /// Its name.
    #[schemars(example = &"mail.example.org", extend("x-sample" = true))]
    pub host: String,
    /// Its port.
    #[serde(default = "submission")]
    #[schemars(range(min = 1, max = 65535))]
    pub port: u16,
    /// How the connection is encrypted.
    #[serde(default)]
    pub tls: MailTls,
}

/// The mail servers.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(inline)]
pub struct MailSection {
    /// The servers, tried in this order.
    #[schemars(length(min = 1, max = 8))]
    pub servers: Vec<MailServerSection>,
    /// The name Keymend signs in with; without it, it does not sign in.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(example = &"keymend", extend("x-wanted" = true))]
    pub username: Option<String>,
    /// File with the password of that name, mode 0400 or 0600.  Instead of the file the
    /// environment may hold it: `KEYMEND_MAIL_PASSWORD`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(example = &"/etc/keymend/mail.password", extend("x-wanted" = true))]
    pub password_file: Option<PathBuf>,
    /// The sender.
    #[schemars(example = &"Password service <no-reply@example.org>", extend("x-sample" = true))]
    pub from: String,
    /// Where answers go.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(example = &"helpdesk@example.org")]
    pub reply_to: Option<String>,
    /// PEM file with the authorities that signed the servers' certificates.  Without it those of
    /// the operating system are trusted.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(example = &"/etc/keymend/mail-ca.pem")]
    pub ca_file: Option<PathBuf>,
}

/// A text gateway that is known beforehand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[schemars(inline)]
pub enum TextsPreset {
    /// Twilio: `account` is the account's SID, `token_file` its auth token.
    Twilio,
    /// Vonage: `account` is the API key, `token_file` its secret.
    Vonage,
    /// Any gateway that takes an HTTP request: `url` and what else it needs.
    Json,
}

/// The method of a request to a text gateway.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(inline)]
pub enum TextsMethod {
    /// With the values in the body.
    #[default]
    #[serde(rename = "POST")]
    Post,
    /// With the values in the body.
    #[serde(rename = "PUT")]
    Put,
    /// With the values in the query, for gateways that know nothing else.
    #[serde(rename = "GET")]
    Get,
}

/// What the body of a request to a text gateway is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[schemars(inline)]
pub enum TextsBody {
    /// A JSON text whose strings have places.
    #[default]
    Json,
    /// Form fields, as in `To={to}&Body={text}`; for `GET` they become the query.
    Form,
}

/// The gateway for text messages.
///
/// In `headers` and `body` these places are filled in, each in the way its surroundings need:
/// `{to}` (the number with `+`), `{to_digits}` (without), `{text}`, `{alphabet}` (`text` or
/// `unicode`), `{from}`, `{account}` and `{token}`.  Headers may use the last three only, and the
/// path of `url` only `{account}`.  A brace is written twice: `{{` and `}}`.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(inline)]
pub struct TextsSection {
    /// Which gateway it is.
    #[schemars(example = &"twilio")]
    pub preset: TextsPreset,
    /// The sender people see: a number or, where the country allows it, a name.
    #[schemars(example = &"+441632960000", extend("x-sample" = true))]
    pub sender: String,
    /// The account at the gateway.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(example = &"AC00000000000000000000000000000000", extend("x-sample" = true), extend("x-wanted" = true))]
    pub account: Option<String>,
    /// File with the secret of that account, mode 0400 or 0600.  Instead of the file the
    /// environment may hold it: `KEYMEND_TEXTS_TOKEN`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(example = &"/etc/keymend/texts.token", extend("x-wanted" = true))]
    pub token_file: Option<PathBuf>,
    /// Where requests go; `https://`, or `http://` for this very machine.  The presets `twilio`
    /// and `vonage` know theirs.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(example = &"https://gateway.example.org/messages")]
    pub url: Option<String>,
    /// The method of the request; the preset knows it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub method: Option<TextsMethod>,
    /// Further headers of the request, for instance `{ Authorization = "Bearer {token}" }`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, String>,
    /// What the body is; the preset knows it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body_kind: Option<TextsBody>,
    /// Body of the request, with places to fill in; the preset knows it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(example = &"{\"to\":\"{to}\",\"text\":\"{text}\"}")]
    pub body: Option<String>,
    /// Whether account and token are sent by HTTP Basic authentication; the preset knows it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub basic_login: Option<bool>,
    /// How an answer is recognised as "accepted"; the preset knows it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub success: Option<SuccessSection>,
    /// PEM file with the authorities that signed the gateway's certificate.  Without it those of
    /// the operating system are trusted.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(example = &"/etc/keymend/texts-ca.pem")]
    pub ca_file: Option<PathBuf>,
    /// Seconds until the gateway is given up for this attempt.
    #[serde(default = "ten")]
    #[schemars(range(min = 1, max = 30))]
    pub timeout_secs: u32,
}

/// How an answer of the gateway is recognised as "accepted".
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(inline)]
pub struct SuccessSection {
    /// The least HTTP status that means it.
    #[serde(default = "status_first")]
    #[schemars(range(min = 200, max = 299))]
    pub status_first: u16,
    /// The greatest HTTP status that means it.
    #[serde(default = "status_last")]
    #[schemars(range(min = 200, max = 299))]
    pub status_last: u16,
    /// Words that stand in such an answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(example = &"queued")]
    pub contains: Option<String>,
    /// A place in the JSON answer (RFC 6901), for gateways that say 200 to everything.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(example = &"/messages/0/status")]
    pub pointer: Option<String>,
    /// What stands there when the message was accepted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub accepted: Vec<String>,
    /// What stands there when it never will be; at anything else it is tried again.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub never: Vec<String>,
}

fn submission() -> u16 {
    587
}

fn ten() -> u32 {
    10
}

fn status_first() -> u16 {
    200
}

fn status_last() -> u16 {
    299
}
