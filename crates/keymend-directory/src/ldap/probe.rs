//! Looking at a server before it is configured: what it is, which certificates it shows, where its
//! people are.
//!
//! Nothing is said to a server whose certificate was not accepted: the chain is noted while it is
//! being checked, and a check that fails ends the connection.  There is no way to switch one off.

mod search;

use std::sync::Arc;
use std::time::Duration;

use keymend_domain::directory::DirectoryError;
use keymend_domain::secret::Secret;
use keymend_domain::time::Clock;
use ldap3::Scope;
use rustls::RootCertStore;
use url::Url;

use super::connect::{CallError, Connection, Endpoint, Failure, Search, Step};
use super::dialect::{Dialect, POLICY_HINTS};
use super::dn::DnKey;
use super::entry::Entry;
use super::filter::Filter;
use super::servers::{Account, Server};
use super::tls::{self, Shown};
use super::until::Until;

pub use self::search::{Session, Unit, Units};
pub use super::certificate::Certificate;

/// The root DSE attributes that tell what a server is (RFC 4512 §5.1, MS-ADTS 3.1.1.3.2).
const ROOT: &[&str] = &[
    "objectClass",
    "vendorName",
    "vendorVersion",
    "supportedCapabilities",
    "supportedControl",
    "supportedExtension",
    "forestFunctionality",
    "namingContexts",
    "defaultNamingContext",
    "dnsHostName",
    "domainControllerFunctionality",
];

/// Whom to trust.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trust {
    /// The authorities of the operating system.
    System,
    /// These and no others.
    Authorities(Vec<Certificate>),
}

/// A server that somebody named.
#[derive(Debug, Clone)]
pub struct Candidate {
    /// `ldaps://host[:port]`, or `ldap://host[:port]`, which is raised to TLS (StartTLS).
    pub url: Url,
    /// Whom to trust.
    pub trust: Trust,
    /// How long reaching it may take, and each question after that.
    pub limit: Duration,
}

/// What looking at a server brought.
#[derive(Debug)]
pub struct Look {
    /// The certificates it showed, its own first; empty if it did not come so far.
    pub chain: Vec<Certificate>,
    /// What it is, or why it cannot be used.
    pub root: Result<Root, ProbeFault>,
}

/// What a server says about itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Root {
    /// What kind of server it is.
    pub dialect: Dialect,
    /// What it calls itself, if it does.
    pub vendor: Option<String>,
    /// Its name, if it says (Active Directory does).
    pub host: Option<String>,
    /// Where its data begin, the domain itself first.
    pub contexts: Vec<String>,
    /// Whether resets can be held to history and minimum age (Active Directory).
    pub has_policy_hints: bool,
}

/// The step at which a server cannot be used, and what was said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProbeFault {
    /// `name`, `connection`, `certificate`, `sign-in` or `search`.
    pub step: &'static str,
    /// What the server or the network said; holds no secret.
    pub detail: String,
}

impl From<Failure> for ProbeFault {
    fn from(failure: Failure) -> Self {
        let detail = match failure.error {
            // The step is said beside it.
            DirectoryError::Down { detail, .. }
            | DirectoryError::Trust { detail }
            | DirectoryError::Strange { detail, .. } => detail,
            other => other.to_string(),
        };
        Self {
            step: failure.step.name(),
            detail,
        }
    }
}

impl Candidate {
    /// Reaches the server, checks its certificate and reads its root DSE without signing in.
    pub async fn look(&self) -> Look {
        let (endpoint, shown) = match self.endpoint() {
            Ok(both) => both,
            Err(failure) => {
                let (chain, root) = (Vec::new(), Err(ProbeFault::from(failure)));
                return Look { chain, root };
            }
        };
        let root = self.root(&endpoint).await.map_err(ProbeFault::from);
        let chain = shown.chain();
        Look { chain, root }
    }

    async fn root(&self, endpoint: &Endpoint) -> Result<Root, Failure> {
        let until = Until::after(self.limit);
        let connection = endpoint.open(until).await?;
        read_root(&connection, until.left()).await
    }

    /// Signs in as the service would, with every check that the service makes.
    ///
    /// # Errors
    ///
    /// [`ProbeFault`] with the step; at `sign-in` account or password are wrong, or the account
    /// is one that Keymend does not work with.
    pub async fn sign_in(
        &self,
        account: &str,
        password: &Secret,
        clock: Arc<dyn Clock>,
    ) -> Result<Session, ProbeFault> {
        let (endpoint, _) = self.endpoint()?;
        let account = Account {
            dn: account.to_owned(),
            key: DnKey::of(account),
            password: password.duplicate(),
        };
        let server = Server::new(endpoint, Arc::new(account), clock, (1, 1));
        let service = server.sign_in(self.limit).await?;
        let root = read_root(&service.connection, self.limit).await?;
        Ok(Session::new(service, root, self.limit))
    }

    fn endpoint(&self) -> Result<(Endpoint, Arc<Shown>), Failure> {
        let no_tls = |detail: String| Failure::strange(Step::Certificate, detail);
        let authorities = self.trust.authorities().map_err(no_tls)?;
        let (tls, shown) = tls::config_trusting(authorities).map_err(no_tls)?;
        let endpoint = Endpoint {
            url: self.url.clone(),
            start_tls: self.url.scheme() == "ldap",
            tls,
            certificate: Arc::clone(&shown),
            connect_timeout: self.limit,
            call_timeout: self.limit,
        };
        Ok((endpoint, shown))
    }
}

impl Trust {
    fn authorities(&self) -> Result<Option<RootCertStore>, String> {
        let Self::Authorities(authorities) = self else {
            return Ok(None);
        };
        let mut store = RootCertStore::empty();
        for authority in authorities {
            let added = store.add(authority.der().clone());
            added.map_err(|fault| fault.to_string())?;
        }
        Ok(Some(store))
    }
}

impl ProbeFault {
    /// Whether the certificate was signed by somebody trusted, but for another host.
    #[must_use]
    pub fn is_for_another_host(&self) -> bool {
        self.detail.starts_with(tls::OTHER_NAME)
    }
}

async fn read_root(connection: &Connection, limit: Duration) -> Result<Root, Failure> {
    let search = Search {
        base: "",
        scope: Scope::Base,
        filter: &Filter::Present("objectClass".to_owned()),
        attributes: ROOT,
        size_limit: 0,
        types_only: false,
    };
    let hits = connection.search(&search, limit).await;
    let mut hits = hits.map_err(|fault: CallError| fault.failure(Step::Search))?;
    match hits.entries.pop() {
        Some(entry) => Ok(Root::of(&entry)),
        None => Err(Failure::strange(
            Step::Search,
            format!("the root DSE cannot be read (result {})", hits.rc),
        )),
    }
}

impl Root {
    fn of(entry: &Entry) -> Self {
        let text = |name: &str| entry.text(name).map(str::to_owned);
        let mut contexts: Vec<String> = entry.texts("namingContexts").map(str::to_owned).collect();
        if let Some(domain) = text("defaultNamingContext").filter(|domain| !domain.is_empty()) {
            contexts.retain(|context| *context != domain);
            contexts.insert(0, domain);
        }
        contexts.retain(|context| DnKey::of(context).is_some());
        let vendor = match (text("vendorName"), text("vendorVersion")) {
            (Some(name), Some(version)) if !version.contains(&name) => {
                Some(format!("{name} {version}"))
            }
            (name, version) => version.or(name),
        };
        let controls = |oid: &&str| entry.texts("supportedControl").any(|value| value == *oid);
        Self {
            dialect: Dialect::of(entry),
            vendor,
            host: text("dnsHostName"),
            contexts,
            has_policy_hints: POLICY_HINTS.iter().any(controls),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_domain_comes_before_the_rest_of_the_forest() {
        let root = Root::of(&Entry::of(
            "",
            &[
                ("supportedCapabilities", "1.2.840.113556.1.4.800"),
                ("namingContexts", "CN=Configuration,DC=x"),
                ("namingContexts", "DC=x"),
                ("defaultNamingContext", "DC=x"),
                ("vendorName", "Samba Team (https://www.samba.org)"),
            ],
        ));
        assert_eq!(root.dialect, Dialect::ActiveDirectory);
        assert_eq!(root.contexts, ["DC=x", "CN=Configuration,DC=x"]);
        assert_eq!(
            root.vendor.as_deref(),
            Some("Samba Team (https://www.samba.org)")
        );
        assert!(!root.has_policy_hints);
    }
}
