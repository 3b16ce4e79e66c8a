//! An HTTP gateway for text messages, as its configuration describes it.
//!
//! Where a request goes is decided by the configuration alone; what a person typed stands in the
//! body or the query, encoded as a JSON string, a form field or a query field, and never in host,
//! path or headers.

mod answer;
mod template;

use std::fmt;
use std::net::IpAddr;
use std::time::Duration;

use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Client, Method, Request, redirect};
use url::{Host, Url};

use keymend_domain::deliver::Carried;
use keymend_domain::secret::Secret;

use super::TextMessage;
use template::{BodyTemplate, Places, Template};

pub use answer::{FieldTest, Success};
pub use template::{BodyKind, TemplateFault};

/// How long a gateway may take over one message, unless the configuration says otherwise.
pub const TIMEOUT: Duration = Duration::from_secs(10);

/// How long the connection may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// How the message is handed over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GatewayMethod {
    /// With the values in the body.
    Post,
    /// With the values in the body.
    Put,
    /// With the values in the query, for gateways that know nothing else.
    Get,
}

/// Everything that is configured about a gateway.
///
/// `headers` and `body` are templates with the named places `{to}` (E.164 with `+`), `{to_digits}`
/// (without), `{text}`, `{alphabet}` (`text` if GSM 03.38 has all its letters, else `unicode`),
/// `{from}`, `{account}` and `{token}`; `{{` and `}}` are braces.  Headers may use the last three
/// only, and the URL's path only `{account}`.
#[derive(Debug)]
pub struct GatewayOptions {
    /// How the message is handed over.
    pub method: GatewayMethod,
    /// Where to; `https`, or `http` on this machine.
    pub url: String,
    /// Further headers: name and template.
    pub headers: Vec<(String, String)>,
    /// What the body is; for `GET`, a form that becomes the query.
    pub body_kind: BodyKind,
    /// The template of the body: a JSON text whose strings have places, or form fields as in
    /// `To={to}&Body={text}`.
    pub body: String,
    /// The number or name that messages come from.
    pub from: String,
    /// The account at the gateway.
    pub account: Option<Secret>,
    /// The password or key that belongs to it.
    pub token: Option<Secret>,
    /// Whether account and token are sent by HTTP Basic authentication.
    pub has_basic_login: bool,
    /// By what an accepted message is known.
    pub success: Success,
    /// Certificates of authorities, PEM; without them the platform's own are trusted.
    pub ca_pem: Option<Vec<u8>>,
    /// How long one message may take.
    pub timeout: Duration,
}

/// The configuration of a gateway cannot work.  Each text names the value and the remedy.
#[derive(Debug, thiserror::Error)]
pub enum GatewayFault {
    /// The URL is not one that messages may be sent to.
    #[error("{url:?} cannot be the gateway's URL: {why}")]
    Url {
        /// What was configured.
        url: String,
        /// What is wrong and what to do.
        why: &'static str,
    },
    /// A template cannot be used.
    #[error(transparent)]
    Template(#[from] TemplateFault),
    /// A header cannot be sent.
    #[error(
        "the header {name:?} cannot be sent; a name is letters, digits and dashes, a value one line"
    )]
    Header {
        /// Its name.
        name: String,
    },
    /// Basic authentication without account or token.
    #[error("the gateway wants a login, and account or token is missing")]
    NoLogin,
    /// The certificates cannot be read.
    #[error("the file with the authority's certificate holds no usable PEM certificate")]
    Certificates,
    /// The HTTP client cannot be built.
    #[error("the connection to the gateway cannot be prepared: {0}")]
    Client(String),
}

/// A gateway that is ready to be used.
pub struct Gateway {
    client: Client,
    method: Method,
    url: Url,
    headers: HeaderMap,
    body: BodyTemplate,
    from: String,
    account: Option<Secret>,
    token: Option<Secret>,
    has_basic_login: bool,
    success: Success,
}

impl fmt::Debug for Gateway {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The path may hold the account.
        write!(f, "Gateway({})", self.url.origin().ascii_serialization())
    }
}

impl Gateway {
    /// Checks the configuration; connects nowhere yet.
    ///
    /// # Errors
    ///
    /// [`GatewayFault`]: the configuration must be changed.
    pub fn new(options: GatewayOptions) -> Result<Self, GatewayFault> {
        if options.has_basic_login && (options.account.is_none() || options.token.is_none()) {
            return Err(GatewayFault::NoLogin);
        }
        let secrets = Places::secrets(
            &options.from,
            options.account.as_ref(),
            options.token.as_ref(),
        );
        let url = url(&options.url, &secrets)?;
        let headers = headers(&options.headers, &secrets)?;
        let body = BodyTemplate::parse(options.body_kind, &options.body)?;
        if options.method == GatewayMethod::Get && options.body_kind != BodyKind::Form {
            return Err(TemplateFault::QueryIsForm.into());
        }
        Ok(Self {
            client: client(&url, options.ca_pem.as_deref(), options.timeout)?,
            method: match options.method {
                GatewayMethod::Post => Method::POST,
                GatewayMethod::Put => Method::PUT,
                GatewayMethod::Get => Method::GET,
            },
            url,
            headers,
            body,
            from: options.from,
            account: options.account,
            token: options.token,
            has_basic_login: options.has_basic_login,
            success: options.success,
        })
    }

    pub(super) async fn carry(&self, message: &TextMessage) -> Carried {
        let request = match self.request(message) {
            Ok(request) => request,
            Err(detail) => {
                return Carried::Never {
                    detail: detail.to_owned(),
                };
            }
        };
        match self.client.execute(request).await {
            Ok(response) => self.success.judge(response).await,
            Err(fault) => Carried::Later {
                detail: told(&fault),
            },
        }
    }

    /// Opens a connection to the gateway, TLS included, by asking for its front page.
    ///
    /// No provider offers a question that proves a login without sending or costing something,
    /// so account and token are not proved by this.
    ///
    /// # Errors
    ///
    /// What went wrong, in one line.
    pub async fn test_connection(&self) -> Result<(), String> {
        let mut front = self.url.clone();
        front.set_path("/");
        front.set_query(None);
        let answer = self.client.head(front).send().await;
        answer.map(|_| ()).map_err(|fault| told(&fault))
    }

    fn request(&self, message: &TextMessage) -> Result<Request, &'static str> {
        let places = Places::secrets(&self.from, self.account.as_ref(), self.token.as_ref())
            .with_message(&message.to, &message.body);
        let body = self.body.fill(&places);
        let mut url = self.url.clone();
        let is_query = self.method == Method::GET;
        if is_query {
            let fixed = url
                .query()
                .map(|query| format!("{query}&"))
                .unwrap_or_default();
            url.set_query(Some(&format!("{fixed}{body}")));
        }
        let mut builder = self.client.request(self.method.clone(), url);
        builder = builder.headers(self.headers.clone());
        if !is_query {
            builder = builder
                .header(CONTENT_TYPE, self.body.content_type())
                .body(body);
        }
        if let (true, Some(account), Some(token)) =
            (self.has_basic_login, &self.account, &self.token)
        {
            builder = builder.basic_auth(account.expose(), Some(token.expose()));
        }
        builder
            .build()
            .map_err(|_| "the request cannot be put together")
    }
}

/// The one client of this gateway: it goes where the configuration says and nowhere else.
fn client(url: &Url, ca_pem: Option<&[u8]>, timeout: Duration) -> Result<Client, GatewayFault> {
    let mut builder = Client::builder()
        .redirect(redirect::Policy::none())
        .referer(false)
        .no_proxy()
        .https_only(url.scheme() == "https")
        // A repeated request is a repeated message; when to try again is the outbox's affair.
        .retry(reqwest::retry::never())
        .connect_timeout(CONNECT_TIMEOUT)
        .timeout(timeout)
        .pool_max_idle_per_host(2)
        .user_agent("Keymend");
    if let Some(pem) = ca_pem {
        let authorities = reqwest::Certificate::from_pem_bundle(pem)
            .ok()
            .filter(|authorities| !authorities.is_empty())
            .ok_or(GatewayFault::Certificates)?;
        builder = builder.tls_certs_only(authorities);
    }
    builder
        .build()
        .map_err(|fault| GatewayFault::Client(fault.to_string()))
}

fn url(template: &str, secrets: &Places<'_>) -> Result<Url, GatewayFault> {
    let refused = |why| GatewayFault::Url {
        url: template.to_owned(),
        why,
    };
    let mut url: Url = template.parse().map_err(|_| refused("it does not parse"))?;
    if url.host_str().is_some_and(|host| host.contains(['{', '}'])) {
        return Err(refused("the host must be written out"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(refused("name account and token in settings of their own"));
    }
    match url.scheme() {
        "https" => {}
        "http" if url.host().is_some_and(is_this_machine) => {}
        "http" => return Err(refused("only https reaches another machine")),
        _ => return Err(refused("it must begin with https://")),
    }
    url.set_fragment(None);
    // The parser has percent-encoded the braces.
    let path = url.path().replace("%7B", "{").replace("%7D", "}");
    let template = Template::parse(&path)?;
    template.allows_only(&["account"], "the path of the URL")?;
    let filled: Vec<String> = path
        .split('/')
        .skip(1)
        .map(|segment| Ok(Template::parse(segment)?.fill(secrets)))
        .collect::<Result<_, TemplateFault>>()?;
    if let Ok(mut segments) = url.path_segments_mut() {
        segments.clear().extend(filled);
    }
    Ok(url)
}

fn is_this_machine(host: Host<&str>) -> bool {
    match host {
        Host::Domain(name) => name.eq_ignore_ascii_case("localhost"),
        Host::Ipv4(address) => IpAddr::from(address).is_loopback(),
        Host::Ipv6(address) => IpAddr::from(address).is_loopback(),
    }
}

fn headers(
    templates: &[(String, String)],
    secrets: &Places<'_>,
) -> Result<HeaderMap, GatewayFault> {
    let mut headers = HeaderMap::new();
    for (name, template) in templates {
        let fault = || GatewayFault::Header { name: name.clone() };
        let template = Template::parse(template)?;
        template.allows_only(&["from", "account", "token"], "a header")?;
        let key = HeaderName::from_bytes(name.as_bytes()).map_err(|_| fault())?;
        let mut value = HeaderValue::from_str(&template.fill(secrets)).map_err(|_| fault())?;
        value.set_sensitive(true);
        headers.append(key, value);
    }
    Ok(headers)
}

/// What went wrong, without the URL: its path may hold the account, its query the number.
fn told(fault: &reqwest::Error) -> String {
    let what = if fault.is_timeout() {
        "the gateway did not answer in time"
    } else if fault.is_connect() {
        "no connection to the gateway"
    } else {
        "the connection to the gateway broke"
    };
    let mut cause: Option<&dyn std::error::Error> = std::error::Error::source(fault);
    let mut last = None;
    while let Some(inner) = cause {
        last = Some(inner.to_string());
        cause = inner.source();
    }
    last.map_or_else(|| what.to_owned(), |last| format!("{what}: {last}"))
}

#[cfg(test)]
mod tests;
