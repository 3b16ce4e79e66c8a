//! One connection to one server, and the few operations Keymend sends over it.
//!
//! Every operation has a time limit.  `ldap3` keeps passwords in ordinary buffers while an
//! operation is under way; nothing can be done about that from here.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use keymend_domain::directory::DirectoryError;
use ldap3::asn1::{PL, parse_tag};
use ldap3::controls::{Control, RawControl};
use ldap3::exop::{PasswordModify, WhoAmI};
use ldap3::{
    Ldap as Handle, LdapConnAsync, LdapConnSettings, LdapError, LdapResult, Mod, Scope,
    SearchOptions, StdStream,
};
use tokio::net::TcpStream;
use tokio::task::AbortHandle;
use url::Url;

use super::control::{self, PolicyAnswer};
use super::entry::Entry;
use super::filter::Filter;
use super::tls;
use super::until::Until;

/// Entries taken from a server in answer to one search; more than any question here can bring.
const ENTRIES_MAX: usize = 50_000;

/// The part of reaching a server that failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    Name,
    Connection,
    Certificate,
    SignIn,
    Search,
}

impl Step {
    /// The step as [`keymend_domain::directory::Health`] names it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Connection => "connection",
            Self::Certificate => "certificate",
            Self::SignIn => "sign-in",
            Self::Search => "search",
        }
    }

    /// The step as [`DirectoryError`] names it.
    pub(super) fn during(self) -> &'static str {
        match self {
            Self::Name | Self::Connection => "connecting",
            Self::Certificate => "starting TLS",
            Self::SignIn => "binding",
            Self::Search => "searching",
        }
    }
}

/// Why a server cannot be used, and where it failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Failure {
    pub(super) step: Step,
    pub(super) error: DirectoryError,
}

impl Failure {
    pub(super) fn down(step: Step, detail: impl Into<String>) -> Self {
        let error = DirectoryError::Down {
            during: step.during(),
            detail: detail.into(),
        };
        Self { step, error }
    }

    pub(super) fn strange(step: Step, detail: impl Into<String>) -> Self {
        let error = DirectoryError::Strange {
            during: step.during(),
            detail: detail.into(),
        };
        Self { step, error }
    }

    pub(super) fn rights(step: Step, what: impl Into<String>) -> Self {
        let error = DirectoryError::Rights { what: what.into() };
        Self { step, error }
    }

    fn trust(detail: impl Into<String>) -> Self {
        Self {
            step: Step::Certificate,
            error: DirectoryError::Trust {
                detail: detail.into(),
            },
        }
    }
}

/// Why an operation brought no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CallError {
    /// It surely did not leave the house.
    Unsent,
    /// The connection broke; it may have been carried out.
    Lost,
    /// No answer in time; it may have been carried out.
    Silent,
    /// An answer that cannot be read; it may have been carried out.
    Garbled,
}

impl CallError {
    /// The same as a failure of a reading operation.
    pub(super) fn failure(self, step: Step) -> Failure {
        match self {
            Self::Unsent | Self::Lost => Failure::down(step, "the connection was closed"),
            Self::Silent => Failure::down(step, "the server did not answer in time"),
            Self::Garbled => Failure::strange(step, "the answer cannot be read"),
        }
    }
}

impl From<LdapError> for CallError {
    fn from(error: LdapError) -> Self {
        match error {
            LdapError::OpSend { .. } => Self::Unsent,
            LdapError::Timeout { .. } => Self::Silent,
            LdapError::Io { .. }
            | LdapError::ResultRecv { .. }
            | LdapError::IdScrubSend { .. }
            | LdapError::EndOfStream => Self::Lost,
            _ => Self::Garbled,
        }
    }
}

/// What a server said to one operation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Answer {
    /// The result code (RFC 4511 §4.1.9).
    pub(super) rc: u32,
    /// The diagnostic text, for the administrator's log.
    pub(super) text: String,
    /// What the password policy had to say.
    pub(super) policy: PolicyAnswer,
}

impl Answer {
    fn from_result(result: LdapResult) -> Result<Self, CallError> {
        let policy = control::answer(&result.ctrls).map_err(|_| CallError::Garbled)?;
        Ok(Self {
            rc: result.rc,
            text: result.text,
            policy,
        })
    }
}

/// One search.
pub(super) struct Search<'a> {
    pub(super) base: &'a str,
    pub(super) scope: Scope,
    pub(super) filter: &'a Filter,
    pub(super) attributes: &'a [&'a str],
    /// The most entries the server shall send; 0 for all.
    pub(super) size_limit: i32,
    /// Whether only the names of the attributes are wanted.
    pub(super) types_only: bool,
}

/// What a search brought.
#[derive(Debug)]
pub(super) struct Hits {
    pub(super) entries: Vec<Entry>,
    pub(super) rc: u32,
    /// Where the next page begins; empty if this was the last.
    pub(super) cookie: Vec<u8>,
}

impl Hits {
    /// A search that found nothing.
    pub(super) fn none() -> Self {
        Self {
            entries: Vec::new(),
            rc: 0,
            cookie: Vec::new(),
        }
    }
}

/// Where a server is, and how it is spoken to.
#[derive(Debug)]
pub(super) struct Endpoint {
    pub(super) url: Url,
    pub(super) start_tls: bool,
    pub(super) tls: Arc<rustls::ClientConfig>,
    /// The certificates it showed last.
    pub(super) certificate: Arc<tls::Shown>,
    pub(super) connect_timeout: Duration,
    pub(super) call_timeout: Duration,
}

impl Endpoint {
    /// Opens a connection and raises it to TLS; nobody is signed in yet.
    pub(super) async fn open(&self, until: Until) -> Result<Connection, Failure> {
        let stream = self.tcp(until).await?;
        let settings = LdapConnSettings::new()
            .set_config(Arc::clone(&self.tls))
            .set_starttls(self.start_tls && self.url.scheme() == "ldap")
            .set_std_stream(StdStream::Tcp(stream));
        let opening = LdapConnAsync::from_url_with_settings(settings, &self.url);
        let (driver, handle) = until
            .wait(opening)
            .await
            .map_err(|_| Failure::down(Step::Certificate, "the server did not answer in time"))?
            .map_err(tls_failure)?;
        Ok(Connection {
            handle,
            driver: drive(driver),
        })
    }

    async fn tcp(&self, until: Until) -> Result<std::net::TcpStream, Failure> {
        let host = self.url.host_str().unwrap_or_default();
        let usual = if self.url.scheme() == "ldaps" {
            636
        } else {
            389
        };
        let looking = tokio::net::lookup_host((host, self.url.port().unwrap_or(usual)));
        let addresses = until
            .wait(looking)
            .await
            .map_err(|_| Failure::down(Step::Name, "no name server answered in time"))?
            .map_err(|fault| Failure::down(Step::Name, fault.to_string()))?;
        let mut last = "the name has no address".to_owned();
        for address in addresses {
            match until.wait(TcpStream::connect(address)).await {
                Ok(Ok(stream)) => return plain(stream),
                Ok(Err(fault)) => last = fault.to_string(),
                Err(_) => last = "no answer in time".to_owned(),
            }
        }
        Err(Failure::down(Step::Connection, last))
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the connection owns the task and ends it when it is dropped"
)]
fn drive(driver: LdapConnAsync) -> AbortHandle {
    let task = tokio::spawn(async move {
        // The calls that were under way learn of the end themselves.
        let _ = driver.drive().await;
    });
    task.abort_handle()
}

/// Small requests must not wait for one another (Nagle), so the option is set before TLS starts.
fn plain(stream: TcpStream) -> Result<std::net::TcpStream, Failure> {
    stream
        .set_nodelay(true)
        .and_then(|()| stream.into_std())
        .map_err(|fault| Failure::down(Step::Connection, fault.to_string()))
}

fn tls_failure(error: LdapError) -> Failure {
    match error {
        LdapError::Io { source } => match tls::distrust(&source) {
            Some(detail) => Failure::trust(detail),
            None => Failure::down(Step::Certificate, source.to_string()),
        },
        LdapError::Rustls { source } => Failure::trust(source.to_string()),
        LdapError::DNSName { source } => Failure::trust(source.to_string()),
        // Going on without TLS is what somebody who strips StartTLS hopes for.
        LdapError::LdapResult { result } => Failure::trust(format!(
            "the server refused StartTLS (result {})",
            result.rc
        )),
        _ => Failure::down(Step::Certificate, "the connection was closed"),
    }
}

/// An open connection.  Dropping it ends it, whatever it was doing.
#[derive(Debug)]
pub(super) struct Connection {
    handle: Handle,
    driver: AbortHandle,
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.driver.abort();
    }
}

impl Connection {
    /// Whether the connection has ended.
    pub(super) fn is_closed(&self) -> bool {
        self.driver.is_finished() || self.handle.clone().is_closed()
    }

    /// A simple bind.  Neither part may be empty: both would be an anonymous success.
    pub(super) async fn bind(
        &self,
        dn: &str,
        password: &str,
        limit: Duration,
    ) -> Result<Answer, CallError> {
        if dn.is_empty() || password.is_empty() {
            return Err(CallError::Unsent);
        }
        let mut handle = self.handle.clone();
        handle.with_controls(control::request()).with_timeout(limit);
        Answer::from_result(handle.simple_bind(dn, password).await?)
    }

    /// Who the server thinks we are (RFC 4532): the authorisation id, empty for nobody.
    pub(super) async fn who_am_i(&self, limit: Duration) -> Result<(u32, String), CallError> {
        let mut handle = self.handle.clone();
        handle.with_timeout(limit);
        let answer = handle.extended(WhoAmI).await?;
        let identity = String::from_utf8(answer.0.val.unwrap_or_default());
        Ok((answer.1.rc, identity.map_err(|_| CallError::Garbled)?))
    }

    /// The password modify operation (RFC 3062) with the policy control.
    pub(super) async fn set_password(
        &self,
        dn: &str,
        old: Option<&str>,
        new: &str,
        limit: Duration,
    ) -> Result<Answer, CallError> {
        let mut handle = self.handle.clone();
        handle.with_controls(control::request()).with_timeout(limit);
        let request = PasswordModify {
            user_id: Some(dn),
            old_pass: old,
            new_pass: Some(new),
        };
        Answer::from_result(handle.extended(request).await?.1)
    }

    /// Deletes an attribute with all its values.
    pub(super) async fn delete_attribute(
        &self,
        dn: &str,
        attribute: &str,
        limit: Duration,
    ) -> Result<Answer, CallError> {
        let mut handle = self.handle.clone();
        handle.with_controls(control::request()).with_timeout(limit);
        let change = vec![Mod::Delete(attribute, HashSet::new())];
        Answer::from_result(handle.modify(dn, change).await?)
    }

    /// Changes one entry, all at once or not at all.
    pub(super) async fn modify(
        &self,
        dn: &str,
        changes: Vec<Mod<Vec<u8>>>,
        controls: Vec<RawControl>,
        limit: Duration,
    ) -> Result<Answer, CallError> {
        let mut handle = self.handle.clone();
        handle.with_timeout(limit);
        if !controls.is_empty() {
            handle.with_controls(controls);
        }
        Answer::from_result(handle.modify(dn, changes).await?)
    }

    /// One search.  References to other servers are not followed.
    pub(super) async fn search(
        &self,
        search: &Search<'_>,
        limit: Duration,
    ) -> Result<Hits, CallError> {
        self.search_with(search, Vec::new(), limit).await
    }

    /// One search with controls.
    pub(super) async fn search_with(
        &self,
        search: &Search<'_>,
        controls: Vec<RawControl>,
        limit: Duration,
    ) -> Result<Hits, CallError> {
        let mut handle = self.handle.clone();
        let options = SearchOptions::new()
            .sizelimit(search.size_limit)
            .typesonly(search.types_only);
        handle.with_search_options(options).with_timeout(limit);
        if !controls.is_empty() {
            handle.with_controls(controls);
        }
        let filter = search.filter.to_string();
        let most = match search.scope {
            Scope::Base => 1,
            _ => ENTRIES_MAX,
        };
        let searching = async {
            let stream =
                handle.streaming_search(search.base, search.scope, &filter, search.attributes);
            let mut stream = stream.await?;
            let mut entries = Vec::new();
            while let Some(result) = stream.next().await? {
                if result.is_ref() || result.is_intermediate() {
                    continue;
                }
                // A server that sends more than was asked for is not listened to any longer.
                if entries.len() >= most {
                    return Err(CallError::Garbled);
                }
                entries.push(Entry::from_result(result).ok_or(CallError::Garbled)?);
            }
            Ok((entries, stream.finish().await))
        };
        // The limit inside counts anew for each entry; this one is for the whole.
        let (entries, result) = tokio::time::timeout(limit, searching)
            .await
            .map_err(|_| CallError::Silent)??;
        Ok(Hits {
            entries,
            rc: result.rc,
            cookie: cookie(&result.ctrls).ok_or(CallError::Garbled)?,
        })
    }
}

/// The cookie of the paged results control (RFC 2696); empty without one.
fn cookie(controls: &[Control]) -> Option<Vec<u8>> {
    const PAGED: &str = "1.2.840.113556.1.4.319";
    let Some(Control(_, raw)) = controls.iter().find(|Control(_, raw)| raw.ctype == PAGED) else {
        return Some(Vec::new());
    };
    let (_, tag) = parse_tag(raw.val.as_deref()?).ok()?;
    match tag.expect_constructed()?.into_iter().nth(1)?.payload {
        PL::P(cookie) => Some(cookie),
        PL::C(_) => None,
    }
}
