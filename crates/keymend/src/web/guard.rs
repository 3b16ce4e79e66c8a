//! The outer layer: what every request must satisfy before any handler runs, and what every
//! answer carries (security-gates §5, R-18, R-19).

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::{ConnectInfo, Request, State};
use axum::http::header::{self, HeaderName};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use tokio::time::Instant;

use super::Web;
use super::cookie::Cookie;
use super::request_log::RequestId;
use crate::text::{Lang, Texts};

/// What was seen of one request, decided once.
#[derive(Debug)]
pub struct Seen {
    /// The nonce of this answer's Content-Security-Policy.
    pub nonce: String,
    /// The language of the answer.
    pub lang: Lang,
    /// A language the visitor just chose, to be remembered.
    pub chosen_lang: Option<Lang>,
    /// The client's address, seen through trusted proxies alone.
    pub address: IpAddr,
    /// The browser's family, never its whole name.
    pub browser: &'static str,
    /// The path without its query.
    pub path: String,
    /// Handle of a flow.
    pub flow: Option<String>,
    /// Handle of a signed-in person.
    pub me: Option<String>,
    /// Mark of a familiar browser.
    pub device: Option<String>,
    /// The queue's ticket.
    pub wait: Option<String>,
    /// For the log and for pages without a journey.
    pub request_id: String,
}

/// Checks the request, runs the handler, and dresses the answer.
pub async fn guard(State(web): State<Web>, mut request: Request, next: Next) -> Response {
    #[expect(
        clippy::disallowed_methods,
        reason = "pacing an answer is about real time"
    )]
    let began = Instant::now();
    let nonce = match random_text() {
        Ok(nonce) => nonce,
        Err(status) => return dress(plain(status), &web, None),
    };
    let seen = match look(&web, &request, nonce) {
        Ok(seen) => Arc::new(seen),
        Err(status) => return dress(plain(status), &web, None),
    };
    let is_paced = is_paced(request.method(), &seen.path);
    request.extensions_mut().insert(Arc::clone(&seen));
    let mut response = next.run(request).await;
    if is_paced {
        let waits = beats(began.elapsed(), web.site().pace);
        tokio::time::sleep_until(began + waits).await;
    }
    let id = RequestId(seen.request_id.clone());
    response.extensions_mut().insert(id);
    if let Some(lang) = seen.chosen_lang
        && let Some(cookie) = Cookie::Language.set(lang.tag(), web.site().is_secure())
    {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    dress(response, &web, Some(&seen))
}

fn random_text() -> Result<String, StatusCode> {
    let mut bytes = [0_u8; 16];
    getrandom::fill(&mut bytes).map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

fn look(web: &Web, request: &Request, nonce: String) -> Result<Seen, StatusCode> {
    let site = web.site();
    let headers = request.headers();
    let authority = authority(request).ok_or(StatusCode::MISDIRECTED_REQUEST)?;
    let origin = site
        .origins
        .iter()
        .find(|origin| origin.authority().eq_ignore_ascii_case(authority))
        .ok_or(StatusCode::MISDIRECTED_REQUEST)?;
    let path = request.uri().path().to_owned();
    comes_from_here(request.method(), headers, origin.as_str(), &path)?;
    let is_secure = site.is_secure();
    let chosen_lang = chosen_lang(request);
    let remembered = Cookie::Language.read(headers, is_secure);
    let accepts = headers
        .get(header::ACCEPT_LANGUAGE)
        .and_then(|value| value.to_str().ok());
    let wanted = chosen_lang.map(Lang::tag).or(remembered.as_deref());
    Ok(Seen {
        lang: Texts::negotiate(accepts, wanted, site.language.tag()),
        chosen_lang,
        address: client_address(web, request)?,
        browser: browser_family(headers),
        flow: Cookie::Flow.read(headers, is_secure),
        me: Cookie::Me.read(headers, is_secure),
        device: Cookie::Device.read(headers, is_secure),
        wait: Cookie::Wait.read(headers, is_secure),
        request_id: nonce.chars().take(8).collect(),
        path,
        nonce,
    })
}

/// The host the request was meant for: exactly one, from the target or the `Host` header.
fn authority(request: &Request) -> Option<&str> {
    if let Some(authority) = request.uri().authority() {
        return Some(authority.as_str());
    }
    let mut hosts = request.headers().get_all(header::HOST).iter();
    let host = hosts.next()?.to_str().ok()?;
    hosts.next().is_none().then_some(host)
}

/// Unsafe requests come from a page of ours: fetch metadata says so, or, where a browser has
/// none, `Origin` equals the public origin.
fn comes_from_here(
    method: &Method,
    headers: &HeaderMap,
    origin: &str,
    path: &str,
) -> Result<(), StatusCode> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let site = text("sec-fetch-site");
    if *method == Method::GET || *method == Method::HEAD {
        let is_navigation = text("sec-fetch-mode") == Some("navigate");
        let is_foreign = matches!(site, Some("cross-site" | "same-site")) && !is_navigation;
        let is_asset = path.starts_with("/assets/");
        return if is_foreign && !is_asset {
            Err(StatusCode::FORBIDDEN)
        } else {
            Ok(())
        };
    }
    if *method != Method::POST {
        return Err(StatusCode::METHOD_NOT_ALLOWED);
    }
    let own_origin = text("origin") == Some(origin);
    let is_ours = match site {
        Some("same-origin") => text("origin").is_none_or(|sent| sent == origin),
        Some(_) => false,
        None => own_origin,
    };
    if is_ours {
        Ok(())
    } else {
        Err(StatusCode::FORBIDDEN)
    }
}

fn chosen_lang(request: &Request) -> Option<Lang> {
    let query = request.uri().query()?;
    let wanted = query
        .split('&')
        .filter_map(|pair| pair.split_once('='))
        .find(|(name, _)| matches!(*name, "lang" | "lng" | "mkt"))
        .map(|(_, value)| value)?;
    let short = wanted.split(['-', '_']).next().unwrap_or(wanted);
    Lang::from_tag(short)
}

/// The client's address: the peer, or behind a named proxy the right-most address of
/// `X-Forwarded-For` that is no proxy of ours (security-gates G-48).
fn client_address(web: &Web, request: &Request) -> Result<IpAddr, StatusCode> {
    let site = web.site();
    let peer = request
        .extensions()
        .get::<ConnectInfo<SocketAddr>>()
        .map_or(IpAddr::from([127, 0, 0, 1]), |info| {
            info.0.ip().to_canonical()
        });
    if !site.trusted_proxies.contains(peer) {
        return if site.behind_proxy_only {
            Err(StatusCode::FORBIDDEN)
        } else {
            Ok(peer)
        };
    }
    let forwarded: Vec<&str> = request
        .headers()
        .get_all("x-forwarded-for")
        .iter()
        .flat_map(|value| value.to_str().unwrap_or("").split(','))
        .collect();
    let mut client = peer;
    for hop in forwarded.into_iter().rev() {
        // What stands left of a hop nobody can read was written by nobody we know.
        let Some(address) = hop_address(hop.trim()) else {
            break;
        };
        client = address;
        if !site.trusted_proxies.contains(address) {
            break;
        }
    }
    Ok(client)
}

/// The address of one hop; some proxies add its port.
fn hop_address(hop: &str) -> Option<IpAddr> {
    let bare = hop
        .strip_prefix('[')
        .and_then(|text| text.strip_suffix(']'));
    let address = bare.unwrap_or(hop).parse::<IpAddr>().ok();
    let with_port = || hop.parse::<SocketAddr>().ok().map(|socket| socket.ip());
    address
        .or_else(with_port)
        .map(|address| address.to_canonical())
}

/// The family alone: enough for its owner to recognise, too little to tell people apart.
fn browser_family(headers: &HeaderMap) -> &'static str {
    let text = headers
        .get(header::USER_AGENT)
        .and_then(|value| value.to_str().ok())
        .unwrap_or("");
    let families = [
        ("Edg", "Edge"),
        ("OPR/", "Opera"),
        ("Firefox/", "Firefox"),
        ("Chrom", "Chrome"),
        ("Safari/", "Safari"),
        ("curl/", "curl"),
    ];
    families
        .into_iter()
        .find(|(mark, _)| text.contains(mark))
        .map_or("", |(_, family)| family)
}

/// Whole beats of the pace, one at least: the same earliest moment for every answer of a form,
/// whoever was named; and where a directory is slower than that, the next beat hides the small
/// differences that are left.
fn beats(took: Duration, pace: Duration) -> Duration {
    if pace.is_zero() {
        return took;
    }
    let whole = took.as_nanos() / pace.as_nanos() + 1;
    pace.saturating_mul(u32::try_from(whole).unwrap_or(u32::MAX))
}

/// Forms whose answer must not tell by its time whether a name means somebody.
fn is_paced(method: &Method, path: &str) -> bool {
    *method == Method::POST
        && (matches!(path, "/reset" | "/signin" | "/help")
            || (path.starts_with("/flow/")
                && !matches!(path, "/flow/rules" | "/flow/password" | "/flow/unlock")))
}

fn plain(status: StatusCode) -> Response {
    let text = status.canonical_reason().unwrap_or("Refused");
    (
        status,
        [(header::CONTENT_TYPE, "text/plain; charset=utf-8")],
        text,
    )
        .into_response()
}

const FIXED: [(HeaderName, &str); 5] = [
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (
        HeaderName::from_static("cross-origin-opener-policy"),
        "same-origin",
    ),
    (
        HeaderName::from_static("cross-origin-embedder-policy"),
        "require-corp",
    ),
    (
        HeaderName::from_static("cross-origin-resource-policy"),
        "same-origin",
    ),
];

const PERMISSIONS: &str = "publickey-credentials-get=(self), publickey-credentials-create=(self), \
    camera=(), microphone=(), geolocation=(), usb=(), hid=(), serial=(), payment=(), \
    display-capture=()";

/// Every answer carries the headers of security-gates §5, errors and redirects included.
fn dress(mut response: Response<Body>, web: &Web, seen: Option<&Seen>) -> Response {
    let is_html = response
        .headers()
        .get(header::CONTENT_TYPE)
        .is_some_and(|value| value.as_bytes().starts_with(b"text/html"));
    let headers = response.headers_mut();
    for (name, value) in FIXED {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if web.site().is_secure() {
        let value = HeaderValue::from_static("max-age=63072000; includeSubDomains");
        headers.insert(header::STRICT_TRANSPORT_SECURITY, value);
    }
    if !headers.contains_key(header::CACHE_CONTROL) {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    headers.insert(
        header::REFERRER_POLICY,
        HeaderValue::from_static(referrer_policy(is_html)),
    );
    let policy = match seen.filter(|_| is_html) {
        Some(seen) => {
            headers.insert("permissions-policy", HeaderValue::from_static(PERMISSIONS));
            HeaderValue::from_maybe_shared(Bytes::from(content_policy(&seen.nonce))).ok()
        }
        None => None,
    };
    let none = HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'");
    headers.insert(header::CONTENT_SECURITY_POLICY, policy.unwrap_or(none));
    response
}

/// No other host ever learns an address of ours.
///
/// A page may not say `no-referrer`: the forms on it would then be sent with `Origin: null` (source:
/// Fetch, "append a request `Origin` header"), which is what a foreign page would send as well.
fn referrer_policy(is_html: bool) -> &'static str {
    if is_html {
        "same-origin"
    } else {
        "no-referrer"
    }
}

fn content_policy(nonce: &str) -> String {
    format!(
        "default-src 'none'; script-src 'nonce-{nonce}'; style-src 'nonce-{nonce}'; \
         img-src 'self'; font-src 'self'; connect-src 'self'; manifest-src 'self'; \
         form-action 'self'; base-uri 'none'; object-src 'none'; frame-ancestors 'none'; \
         require-trusted-types-for 'script'; trusted-types 'none'"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_waits_for_the_next_beat() {
        let beats = |took, pace| {
            let millis = Duration::from_millis;
            beats(millis(took), millis(pace)).as_millis()
        };
        assert_eq!(beats(0, 250), 250);
        assert_eq!(beats(249, 250), 250);
        assert_eq!(beats(251, 250), 500);
        assert_eq!(beats(1_999, 250), 2_000);
        assert_eq!(beats(7, 0), 7);
    }
}
