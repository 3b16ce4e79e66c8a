//! What the pages know about the site: names and addresses from the configuration, none of which
//! depends on a visitor.

use std::net::IpAddr;
use std::time::Duration;

use ipnet::IpNet;

use crate::text::Lang;

use super::page::Help;
use super::page::demo::DemoAccount;

/// Where the service is reached, exactly as browsers write it in `Origin`.
///
/// Links, redirects and cookies are made from this alone; a `Host` header never gets into one
/// (security-gates R-18).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicOrigin {
    text: String,
    authority: String,
}

/// A text that is not an origin.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not an origin such as https://reset.example.com")]
pub struct NotAnOrigin(String);

impl PublicOrigin {
    /// Takes `scheme://host[:port]`, nothing more.
    ///
    /// # Errors
    ///
    /// [`NotAnOrigin`]; the configuration names the key.
    pub fn parse(text: &str) -> Result<Self, NotAnOrigin> {
        let bad = || NotAnOrigin(text.to_owned());
        let url = url::Url::parse(text).map_err(|_| bad())?;
        let plain = url.path() == "/" && url.query().is_none() && url.username().is_empty();
        if !matches!(url.scheme(), "https" | "http") || !plain {
            return Err(bad());
        }
        let host = url.host_str().ok_or_else(bad)?;
        let authority = match url.port() {
            Some(port) => format!("{host}:{port}"),
            None => host.to_owned(),
        };
        Ok(Self {
            text: format!("{}://{authority}", url.scheme()),
            authority,
        })
    }

    /// The origin as browsers write it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Host and port as they stand in a `Host` header.
    #[must_use]
    pub fn authority(&self) -> &str {
        &self.authority
    }

    /// Whether cookies can be bound to the host and to TLS.
    #[must_use]
    pub fn is_secure(&self) -> bool {
        self.text.starts_with("https://")
    }
}

/// Who may speak for a client's address.
#[derive(Debug, Clone, Default)]
pub struct TrustedProxies(pub Vec<IpNet>);

impl TrustedProxies {
    /// Whether the peer of a connection is a named proxy.
    #[must_use]
    pub fn contains(&self, peer: IpAddr) -> bool {
        self.0.iter().any(|net| net.contains(&peer.to_canonical()))
    }
}

/// The demonstration's own pages.
#[derive(Debug, Clone)]
pub struct DemoSite {
    /// Accounts to try.
    pub accounts: Vec<DemoAccount>,
}

/// Everything the pages know about the site.
#[derive(Debug, Clone)]
pub struct Site {
    /// The organisation's name.
    pub organisation: String,
    /// Where the service is reached; the first is the public one, others are accepted as well
    /// (the demonstration answers to `localhost` and `127.0.0.1`).
    pub origins: Vec<PublicOrigin>,
    /// The site's language.
    pub language: Lang,
    /// The site's time zone.
    pub time_zone: jiff::tz::TimeZone,
    /// Where people get help.
    pub help: Help,
    /// Where people sign in after a reset.
    pub sign_in_url: String,
    /// What the new password works for, as one phrase.
    pub systems: Option<String>,
    /// An example of a user name.
    pub user_example: String,
    /// An example of a telephone number.
    pub number_example: String,
    /// Who may speak for a client's address.
    pub trusted_proxies: TrustedProxies,
    /// The service speaks plain HTTP: only a trusted proxy may reach it, loopback demos aside.
    pub behind_proxy_only: bool,
    /// The earliest moment of every answer that could tell a known name from an unknown one.
    pub pace: Duration,
    /// The demonstration's own pages; `None` in a real service.
    pub demo: Option<DemoSite>,
}

impl Site {
    /// The public origin.
    #[must_use]
    pub fn origin(&self) -> Option<&PublicOrigin> {
        self.origins.first()
    }

    /// Whether cookies can be bound to the host and to TLS.
    #[must_use]
    pub fn is_secure(&self) -> bool {
        self.origin().is_some_and(PublicOrigin::is_secure)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_has_no_path_and_no_login() {
        let origin = PublicOrigin::parse("https://Reset.Example.com:8443/").unwrap();
        assert_eq!(origin.as_str(), "https://reset.example.com:8443");
        assert_eq!(origin.authority(), "reset.example.com:8443");
        for bad in [
            "reset.example.com",
            "https://a/b",
            "ftp://a",
            "https://u@a",
            "https://a?x=1",
        ] {
            assert!(PublicOrigin::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn the_default_port_is_not_written() {
        let origin = PublicOrigin::parse("https://reset.example.com:443").unwrap();
        assert_eq!(origin.authority(), "reset.example.com");
    }
}
