//! `[texts]`: the gateway for text messages.

use std::collections::BTreeMap;
use std::path::PathBuf;

use keymend_domain::secret::Secret;
use url::Url;

use super::check::Checker;
use super::document::{SuccessSection, TextsBody, TextsMethod, TextsPreset, TextsSection};
use super::fault::{Complaint, complaint};
use super::site::is_loopback;

/// How text messages are sent.
#[derive(Debug)]
pub struct TextsConfig {
    /// Which gateway it is.  What is `None` below is as the preset says.
    pub preset: TextsPreset,
    /// The sender people see.
    pub sender: String,
    /// The account at the gateway.
    pub account: Option<String>,
    /// Its secret.
    pub token: Option<Secret>,
    /// Where requests go.
    pub url: Option<String>,
    /// The method of the request.
    pub method: Option<TextsMethod>,
    /// Further headers, with places to fill in.
    pub headers: BTreeMap<String, String>,
    /// What the body is.
    pub body_kind: Option<TextsBody>,
    /// The body, with places to fill in.
    pub body: Option<String>,
    /// Whether account and token are sent by HTTP Basic authentication.
    pub basic_login: Option<bool>,
    /// How an answer is recognised as "accepted".
    pub success: Option<SuccessSection>,
    /// Authorities to trust instead of the operating system's.
    pub ca_file: Option<PathBuf>,
    /// Seconds until the gateway is given up for this attempt.
    pub timeout_secs: u32,
}

pub(super) fn check(section: &TextsSection, checker: &mut Checker<'_>) -> Option<TextsConfig> {
    let faults_before = checker.faults.len();
    let token = checker.secret("texts", "token", section.token_file.as_deref());
    let token_is_faulty = checker.faults.len() > faults_before;
    check_preset(section, token.is_some() || token_is_faulty, checker);
    if let Some(url) = &section.url {
        checker.accept("texts.url", address(url));
    }
    for name in section.headers.keys() {
        if http::HeaderName::from_bytes(name.as_bytes()).is_err() {
            let reason = "is not the name of a header";
            checker.fault(&format!("texts.headers.{name}"), reason, "correct it");
        }
    }
    if let Some(success) = &section.success {
        check_success(success, checker);
    }
    let ca_file = match &section.ca_file {
        Some(file) => Some(checker.certificates("texts.ca_file", file)?),
        None => None,
    };
    checker.is_clean("texts").then_some(())?;
    Some(TextsConfig {
        preset: section.preset,
        sender: section.sender.clone(),
        account: section.account.clone(),
        token,
        url: section.url.clone(),
        method: section.method,
        headers: section.headers.clone(),
        body_kind: section.body_kind,
        body: section.body.clone(),
        basic_login: section.basic_login,
        success: section.success.clone(),
        ca_file,
        timeout_secs: section.timeout_secs,
    })
}

/// Every preset needs what its gateway asks for.
fn check_preset(section: &TextsSection, has_token: bool, checker: &mut Checker<'_>) {
    let needed: &[(&str, bool)] = match section.preset {
        TextsPreset::Twilio | TextsPreset::Vonage => &[
            ("account", section.account.is_some()),
            ("token_file", has_token),
        ],
        TextsPreset::Json => &[("url", section.url.is_some())],
    };
    for (key, _) in needed.iter().filter(|(_, is_there)| !is_there) {
        let reason = "is missing: this gateway needs it";
        checker.fault(
            &format!("texts.{key}"),
            reason,
            format!("add {key} to [texts]"),
        );
    }
}

fn address(text: &str) -> Result<(), Complaint> {
    let url = Url::parse(text)
        .map_err(|_| complaint("is not a web address", "write an https: address"))?;
    let is_local = url.host().is_some_and(|host| is_loopback(&host));
    match url.scheme() {
        "https" => {}
        "http" if is_local => {}
        _ => {
            return Err(complaint(
                "codes cannot be sent over a plain connection",
                "use https://",
            ));
        }
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(complaint(
            "holds a name or a password",
            "use account and token_file",
        ));
    }
    Ok(())
}

fn check_success(success: &SuccessSection, checker: &mut Checker<'_>) {
    if success.status_first > success.status_last {
        let reason = "is greater than status_last";
        checker.fault("texts.success.status_first", reason, "exchange the two");
    }
    match &success.pointer {
        Some(pointer) if !pointer.starts_with('/') => checker.fault(
            "texts.success.pointer",
            "is not a JSON pointer",
            "begin with a slash, for instance /messages/0/status",
        ),
        Some(_) if success.accepted.is_empty() => checker.fault(
            "texts.success.accepted",
            "is missing while pointer is given",
            "write what stands there when a message was accepted",
        ),
        None if !(success.accepted.is_empty() && success.never.is_empty()) => checker.fault(
            "texts.success.pointer",
            "is missing while accepted or never is given",
            "write where these values stand in the answer",
        ),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_go_to_gateways_over_https_or_stay_on_the_machine() {
        for good in [
            "https://sms.corp.test/v1",
            "http://localhost:9000/",
            "http://127.0.0.1/x",
        ] {
            assert!(address(good).is_ok(), "{good}");
        }
        for bad in [
            "http://sms.corp.test",
            "https://me:pw@sms.corp.test",
            "file:///x",
            "sms",
        ] {
            assert!(address(bad).is_err(), "{bad}");
        }
    }
}
