//! `[site]`: what people see, and the address they see it at.

use std::net::IpAddr;
use std::str::FromStr;

use url::{Host, Url};

use super::check::Checker;
use super::document::SiteSection;
use super::fault::{Complaint, complaint};

/// What people see.
#[derive(Debug, Clone)]
pub struct Site {
    /// The organisation's name.
    pub organisation: String,
    /// The address people open; the only source of links.
    pub public_origin: PublicOrigin,
    /// The language nothing else decides.
    pub language: unic_langid::LanguageIdentifier,
    /// ISO 3166 country code, two capitals.
    pub region: String,
    /// `https:`, `mailto:` or `tel:`.
    pub helpdesk: Option<Url>,
    /// Where people sign in to everything else.
    pub signin_url: Option<Url>,
    /// A user name as people type it.
    pub user_example: Option<String>,
    /// The time zone of times shown.
    pub time_zone: jiff::tz::TimeZone,
}

/// Scheme, host and port under which people open the service: `https://reset.corp.test`.
///
/// It comes from the configuration alone; links are built from nothing else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicOrigin {
    origin: String,
    authority: String,
}

impl PublicOrigin {
    /// Reads an origin.  Plain HTTP is for the loopback interface alone.
    ///
    /// # Errors
    ///
    /// The reason and the remedy in one text, for whoever wrote it.
    pub fn parse(text: &str) -> Result<Self, String> {
        origin(text).map_err(|fault| format!("{}; {}", fault.reason, fault.remedy))
    }

    /// Scheme, host and port, without a slash at the end: what browsers send as `Origin`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.origin
    }

    /// Host and, unless it is the usual one, port: what browsers send as `Host`.
    #[must_use]
    pub fn authority(&self) -> &str {
        &self.authority
    }

    /// Whether people's connections are encrypted, so that cookies can be marked `Secure`.
    #[must_use]
    pub fn is_https(&self) -> bool {
        self.origin.starts_with("https:")
    }

    /// A link to a path of the service; `path` begins with a slash.
    #[must_use]
    pub fn link(&self, path: &str) -> String {
        format!("{}{path}", self.origin)
    }
}

pub(super) fn check(section: &SiteSection, checker: &mut Checker<'_>) -> Option<Site> {
    let public_origin = checker.accept("site.public_origin", origin(&section.public_origin));
    let language = checker.accept("site.language", language(&section.language));
    let region = checker.accept("site.region", region(&section.region));
    let time_zone = checker.accept("site.time_zone", time_zone(&section.time_zone));
    let helpdesk = section.helpdesk.as_deref().map(helpdesk);
    let helpdesk = optional(checker, "site.helpdesk", helpdesk);
    let signin_url = section.signin_url.as_deref().map(web_address);
    let signin_url = optional(checker, "site.signin_url", signin_url);
    Some(Site {
        organisation: section.organisation.trim().to_owned(),
        public_origin: public_origin?,
        language: language?,
        region: region?,
        helpdesk: helpdesk?,
        signin_url: signin_url?,
        user_example: section.user_example.clone(),
        time_zone: time_zone?,
    })
}

/// Whether connections to this host never leave the machine.
pub(super) fn is_loopback(host: &Host<&str>) -> bool {
    match host {
        Host::Domain(name) => *name == "localhost" || name.ends_with(".localhost"),
        Host::Ipv4(address) => address.is_loopback(),
        Host::Ipv6(address) => address.is_loopback(),
    }
}

/// The same for a host written on its own.
pub(super) fn is_loopback_name(host: &str) -> bool {
    host == "localhost" || IpAddr::from_str(host).is_ok_and(|address| address.is_loopback())
}

fn origin(text: &str) -> Result<PublicOrigin, Complaint> {
    let url = Url::parse(text).map_err(|_| not_an_address())?;
    let host = url.host().ok_or_else(not_an_address)?;
    match url.scheme() {
        "https" => {}
        "http" if is_loopback(&host) => {}
        "http" => {
            return Err(complaint(
                "passwords cannot be asked for over a plain connection",
                "use https://",
            ));
        }
        _ => return Err(not_an_address()),
    }
    if has_more_than_a_path(&url) || url.path() != "/" || text.contains('@') {
        return Err(complaint(
            "is more than scheme, host and port",
            format!("write {}", url.origin().ascii_serialization()),
        ));
    }
    if is_sample(&host) {
        return Err(complaint("is the sample value", "write your own"));
    }
    let port = url
        .port()
        .map_or_else(String::new, |port| format!(":{port}"));
    Ok(PublicOrigin {
        origin: url.origin().ascii_serialization(),
        authority: format!("{host}{port}"),
    })
}

/// The names of RFC 2606 and RFC 6761 that can never be anybody's own.
fn is_sample(host: &Host<&str>) -> bool {
    let Host::Domain(name) = host else {
        return false;
    };
    [
        "example",
        "example.com",
        "example.net",
        "example.org",
        "invalid",
    ]
    .iter()
    .any(|sample| *name == *sample || name.ends_with(&format!(".{sample}")))
}

fn not_an_address() -> Complaint {
    complaint(
        "is not a web address",
        "write scheme and host, for instance https://reset.example.org",
    )
}

pub(super) fn has_more_than_a_path(url: &Url) -> bool {
    url.query().is_some()
        || url.fragment().is_some()
        || !url.username().is_empty()
        || url.password().is_some()
}

fn language(text: &str) -> Result<unic_langid::LanguageIdentifier, Complaint> {
    text.parse().map_err(|_| {
        complaint(
            "is not a language tag",
            "write one of BCP 47, for instance en or de-AT",
        )
    })
}

fn region(text: &str) -> Result<String, Complaint> {
    let is_country = phonenumber::country::Id::from_str(text).is_ok();
    if is_country && text.len() == 2 && text.bytes().all(|sign| sign.is_ascii_uppercase()) {
        return Ok(text.to_owned());
    }
    Err(complaint(
        "is not a country",
        "write its two capitals of ISO 3166, for instance GB",
    ))
}

fn time_zone(text: &str) -> Result<jiff::tz::TimeZone, Complaint> {
    jiff::tz::TimeZone::get(text).map_err(|_| {
        complaint(
            "is not a time zone",
            "write its IANA name, for instance Europe/London",
        )
    })
}

fn helpdesk(text: &str) -> Result<Url, Complaint> {
    let url = Url::parse(text).ok();
    url.filter(|url| match url.scheme() {
        "https" => url.has_host(),
        "mailto" => url.path().contains('@'),
        "tel" => url.path().bytes().any(|sign| sign.is_ascii_digit()),
        _ => false,
    })
    .ok_or_else(|| {
        complaint(
            "is no way to get help",
            "write an https: address, mailto:ADDRESS or tel:NUMBER",
        )
    })
}

fn web_address(text: &str) -> Result<Url, Complaint> {
    Url::parse(text)
        .ok()
        .filter(|url| url.scheme() == "https" && url.has_host() && url.username().is_empty())
        .ok_or_else(|| complaint("is not a safe web address", "write an https: address"))
}

/// `Some(None)` if the key was not there, `None` if it was wrong.
fn optional<T>(
    checker: &mut Checker<'_>,
    key: &str,
    checked: Option<Result<T, Complaint>>,
) -> Option<Option<T>> {
    checked.map_or(Some(None), |checked| checker.accept(key, checked).map(Some))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_scheme_host_and_port_and_nothing_else() {
        let good = |text: &str| PublicOrigin::parse(text).unwrap();
        assert_eq!(
            good("https://Reset.Corp.Test/").as_str(),
            "https://reset.corp.test"
        );
        assert_eq!(
            good("https://reset.corp.test:443").authority(),
            "reset.corp.test"
        );
        assert_eq!(
            good("https://reset.corp.test:8443").authority(),
            "reset.corp.test:8443"
        );
        assert_eq!(
            good("http://localhost:8080").link("/me"),
            "http://localhost:8080/me"
        );
        assert!(!good("http://[::1]:8080").is_https());
        for bad in [
            "http://reset.corp.test",
            "https://reset.corp.test/keymend",
            "https://reset.corp.test?x",
            "https://jane@reset.corp.test",
            "https://reset.example.org",
            "ftp://reset.corp.test",
            "reset.corp.test",
            "",
        ] {
            assert!(PublicOrigin::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn regions_and_helpdesks_are_real_ones() {
        assert!(region("GB").is_ok() && region("DE").is_ok());
        assert!(region("gb").is_err() && region("XX").is_err() && region("England").is_err());
        assert!(helpdesk("mailto:help@corp.test").is_ok() && helpdesk("tel:+4930123").is_ok());
        assert!(helpdesk("javascript:alert(1)").is_err() && helpdesk("help").is_err());
        assert!(helpdesk("http://help.corp.test").is_err());
    }
}
