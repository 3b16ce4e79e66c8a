//! `[texts]`: the gateway for text messages.

use std::collections::BTreeMap;

use keymend_domain::secret::Secret;
use url::Url;

use super::check::Checker;
use super::document::{SuccessSection, TextsMethod, TextsPreset, TextsSection};
use super::fault::{Complaint, complaint};
use super::site::is_loopback;

/// The places that are filled in.
const PLACES: [&str; 6] = ["to", "text", "sender", "account", "token", "id"];

/// How text messages are sent.
#[derive(Debug)]
pub struct TextsConfig {
    /// Which gateway it is.
    pub preset: TextsPreset,
    /// The account at the gateway.
    pub account: Option<String>,
    /// Its secret.
    pub token: Option<Secret>,
    /// The sender people see.
    pub sender: Option<String>,
    /// Where requests go; `None` means where the preset says.  Holds places to fill in.
    pub url: Option<String>,
    /// The method of the request.
    pub method: TextsMethod,
    /// Headers, with places to fill in.
    pub headers: BTreeMap<String, String>,
    /// Body, with places to fill in; `None` means as the preset says.
    pub body: Option<String>,
    /// How an answer is recognised as "accepted"; `None` means as the preset says.
    pub success: Option<SuccessSection>,
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
    check_places(section, checker);
    for name in section.headers.keys() {
        if http::HeaderName::from_bytes(name.as_bytes()).is_err() {
            let reason = "is not the name of a header";
            checker.fault(&format!("texts.headers.{name}"), reason, "correct it");
        }
    }
    if let Some(success) = &section.success {
        check_success(success, checker);
    }
    checker.is_clean("texts").then_some(())?;
    Some(TextsConfig {
        preset: section.preset,
        account: section.account.clone(),
        token,
        sender: section.sender.clone(),
        url: section.url.clone(),
        method: section.method,
        headers: section.headers.clone(),
        body: section.body.clone(),
        success: section.success.clone(),
        timeout_secs: section.timeout_secs,
    })
}

/// Every preset needs what its gateway asks for.
fn check_preset(section: &TextsSection, has_token: bool, checker: &mut Checker<'_>) {
    let needed: &[(&str, bool)] = match section.preset {
        TextsPreset::Twilio | TextsPreset::Vonage => &[
            ("account", section.account.is_some()),
            ("token_file", has_token),
            ("sender", section.sender.is_some()),
        ],
        TextsPreset::Json => &[
            ("url", section.url.is_some()),
            ("body", section.body.is_some()),
        ],
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

fn check_places(section: &TextsSection, checker: &mut Checker<'_>) {
    let mut templates = vec![
        ("texts.url".to_owned(), section.url.as_deref()),
        ("texts.body".to_owned(), section.body.as_deref()),
    ];
    for (name, value) in &section.headers {
        templates.push((format!("texts.headers.{name}"), Some(value)));
    }
    for (key, template) in templates {
        for name in template.into_iter().flat_map(places) {
            if !PLACES.contains(&name) {
                let remedy = format!("use one of {}", PLACES.join(", "));
                let reason = format!("has a place named {name:?}, which nothing fills in");
                checker.fault(&key, reason, remedy);
            }
        }
    }
}

/// The names of the places in a template, in the order they stand.
fn places(template: &str) -> impl Iterator<Item = &str> {
    template
        .split("{{")
        .skip(1)
        .map(|rest| rest.split("}}").next().unwrap_or_default().trim())
}

fn check_success(success: &SuccessSection, checker: &mut Checker<'_>) {
    for (place, status) in success.statuses.iter().enumerate() {
        if !(200..300).contains(status) {
            checker.fault(
                &format!("texts.success.statuses[{place}]"),
                "is no status that means success",
                "write numbers from 200 to 299",
            );
        }
    }
    match (&success.pointer, &success.equals) {
        (Some(pointer), Some(_)) if pointer.starts_with('/') => {}
        (Some(_), Some(_)) => checker.fault(
            "texts.success.pointer",
            "is not a JSON pointer",
            "begin with a slash, for instance /messages/0/status",
        ),
        (None, None) => {}
        _ => checker.fault(
            "texts.success",
            "has one of pointer and equals without the other",
            "write both or neither",
        ),
    }
}
