//! Somebody with a browser: keeps cookies, follows redirects, and sends only forms that are on
//! the page, unless told to be hostile.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::ConnectInfo;
use axum::http::{HeaderMap, Request, StatusCode, header};
use sha2::{Digest, Sha256};
use tower::ServiceExt as _;

use crate::html::Page;
use crate::people::{MAILBOX, MOBILE};
use crate::world::{HOST, ORIGIN, World};

/// What came back.
#[derive(Debug, Clone)]
pub struct Answer {
    /// Its status.
    pub status: StatusCode,
    /// Its headers, in order.
    pub headers: HeaderMap,
    /// Its body.
    pub body: String,
}

impl Answer {
    /// A header as text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// Where it redirects to.
    pub fn location(&self) -> Option<&str> {
        self.header("location")
    }
}

/// Sends one request from one address.
pub async fn send(router: &Router, mut request: Request<Body>, address: IpAddr) -> Answer {
    let peer = SocketAddr::new(address, 50_000);
    request.extensions_mut().insert(ConnectInfo(peer));
    let response = router.clone().oneshot(request).await.unwrap();
    let (parts, body) = response.into_parts();
    let bytes = to_bytes(body, 4_000_000).await.unwrap();
    Answer {
        status: parts.status,
        headers: parts.headers,
        body: String::from_utf8_lossy(&bytes).into_owned(),
    }
}

/// The fields of a form as they travel.
pub fn encoded<N: AsRef<str>, V: AsRef<str>>(fields: &[(N, V)]) -> String {
    let mut text = url::form_urlencoded::Serializer::new(String::new());
    for (name, value) in fields {
        text.append_pair(name.as_ref(), value.as_ref());
    }
    text.finish()
}

/// Somebody with a browser.
pub struct Visitor<'w> {
    world: &'w World,
    /// The cookies.
    pub jar: BTreeMap<String, String>,
    /// The address of the network.
    pub address: IpAddr,
    /// What `Accept-Language` says.
    pub languages: &'static str,
    /// The page in front of the visitor.
    pub page: Page,
    /// The answer it came with.
    pub answer: Answer,
    /// Every answer so far, for comparing whole journeys.
    pub transcript: Vec<Answer>,
}

impl<'w> Visitor<'w> {
    /// A browser with no cookies.
    pub fn new(world: &'w World, address: IpAddr) -> Self {
        Self {
            world,
            jar: BTreeMap::new(),
            address,
            languages: "en",
            page: Page::default(),
            answer: Answer {
                status: StatusCode::OK,
                headers: HeaderMap::new(),
                body: String::new(),
            },
            transcript: Vec::new(),
        }
    }

    /// A request as this browser makes it.
    pub fn request(&self, method: &str, path: &str) -> axum::http::request::Builder {
        let jar: Vec<String> = self
            .jar
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::HOST, HOST)
            .header(header::ACCEPT_LANGUAGE, self.languages)
            .header(header::USER_AGENT, "Mozilla/5.0 Firefox/140.0");
        if !jar.is_empty() {
            request = request.header(header::COOKIE, jar.join("; "));
        }
        request
    }

    /// A form as this browser sends it.
    pub fn posting(&self, path: &str, body: String) -> Request<Body> {
        self.request("POST", path)
            .header(header::ORIGIN, ORIGIN)
            .header("sec-fetch-site", "same-origin")
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Body::from(body))
            .unwrap()
    }

    /// Sends any request, keeps its cookies and delivers what it set off.
    pub async fn sends(&mut self, request: Request<Body>) -> &Answer {
        self.answer = send(&self.world.router, request, self.address).await;
        self.keeps_cookies();
        self.transcript.push(self.answer.clone());
        self.world.delivers().await;
        &self.answer
    }

    fn keeps_cookies(&mut self) {
        for value in self.answer.headers.get_all(header::SET_COOKIE) {
            let text = value.to_str().unwrap();
            let (pair, rest) = text.split_once(';').unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            if rest.contains("Max-Age=0") {
                self.jar.remove(name);
            } else {
                self.jar.insert(name.to_owned(), value.to_owned());
            }
        }
    }

    /// Asks for a page, and for every page it leads to.
    pub async fn goes_to(&mut self, path: &str) -> &mut Self {
        let request = self.request("GET", path).body(Body::empty()).unwrap();
        self.sends(request).await;
        self.follows().await
    }

    pub async fn follows(&mut self) -> &mut Self {
        for _ in 0..5 {
            let Some(path) = self.answer.location().map(str::to_owned) else {
                self.page = Page::read(&self.answer.body);
                return self;
            };
            assert_eq!(self.answer.status, StatusCode::SEE_OTHER);
            let request = self.request("GET", &path).body(Body::empty()).unwrap();
            self.sends(request).await;
        }
        panic!("redirects without an end");
    }

    /// Sends a form that is on the page, with these fields filled in.
    pub async fn submits(&mut self, action: &str, filled: &[(&str, &str)]) -> &mut Self {
        let body = self.filled(action, filled);
        let request = self.posting(action, body);
        self.sends(request).await;
        self.follows().await
    }

    /// A form of the page, filled in, as it would travel.
    pub fn filled(&self, action: &str, filled: &[(&str, &str)]) -> String {
        let form = self.page.form(action);
        let form = form.unwrap_or_else(|| panic!("no form for {action} on: {}", self.sees()));
        assert!(
            form.fields.contains_key("form_token"),
            "a form without a token"
        );
        let mut fields = form.fields.clone();
        for (name, value) in filled {
            let old = fields.insert((*name).to_owned(), (*value).to_owned());
            assert!(old.is_some(), "no field {name} in the form for {action}");
        }
        let pairs: Vec<(String, String)> = fields.into_iter().collect();
        encoded(&pairs)
    }

    /// The token of the first form on the page.
    pub fn token(&self) -> String {
        let form = self.page.forms.first().expect("a form on the page");
        form.fields["form_token"].clone()
    }

    /// What the visitor sees: status, heading, what is wrong, what is noted.
    pub fn sees(&self) -> String {
        let mut lines = vec![format!(
            "{} {}",
            self.answer.status.as_u16(),
            self.page.heading()
        )];
        lines.extend(
            self.page
                .errors()
                .into_iter()
                .map(|line| format!("! {line}")),
        );
        lines.extend(
            self.page
                .notes()
                .into_iter()
                .map(|line| format!("~ {line}")),
        );
        lines.join("\n")
    }

    /// Types a name on the first page, bot check and all.
    pub async fn starts(&mut self, user: &str) -> &mut Self {
        self.goes_to("/reset").await;
        let human = self.work().unwrap_or_default();
        self.submits("/reset", &[("user", user), ("human", &human)])
            .await
    }

    /// The answer to the bot check of this page.
    pub fn works(&self) -> String {
        self.work().expect("a page that asks for work")
    }

    /// Does the sum of the bot check, as the page's script does.
    fn work(&self) -> Option<String> {
        let token = self.page.attribute("data-pow")?;
        let bits: u32 = self.page.attribute("data-bits")?.parse().unwrap();
        (0_u64..)
            .map(|count| format!("{token}:{count}"))
            .find(|text| {
                let digest = Sha256::digest(text.as_bytes());
                let head = u64::from_be_bytes(digest[..8].try_into().unwrap());
                head.leading_zeros() >= bits
            })
    }

    /// "I forgot", for a name.
    pub async fn forgot(&mut self, user: &str) -> &mut Self {
        self.starts(user).await;
        self.submits("/flow/intent", &[("intent", "reset")]).await
    }

    /// "I know it but cannot sign in", for a name.
    pub async fn is_locked_out(&mut self, user: &str) -> &mut Self {
        self.starts(user).await;
        self.submits("/flow/intent", &[("intent", "unlock")]).await
    }

    /// Chooses a way, and types an address or a number.
    pub async fn asks_for_code(&mut self, way: &str, address: &str) -> &mut Self {
        self.submits("/flow/method", &[("method", way)]).await;
        self.submits("/flow/challenge", &[("address", address)])
            .await
    }

    /// Types a code.
    pub async fn answers(&mut self, code: &str) -> &mut Self {
        self.submits("/flow/prove", &[("code", code)]).await
    }

    /// Passes a gate by mail.
    pub async fn proves_by_email(&mut self) -> &mut Self {
        self.asks_for_code("email", MAILBOX).await;
        let code = self.world.code_to(MAILBOX);
        self.answers(&code).await
    }

    /// Passes a gate by text message.
    pub async fn proves_by_text(&mut self) -> &mut Self {
        self.asks_for_code("text", MOBILE).await;
        let code = self.world.code_to(MOBILE);
        self.answers(&code).await
    }

    /// Types a code that is surely wrong, as long as a right one.
    pub async fn answers_wrong(&mut self) -> &mut Self {
        let wrong = self.world.wrong_code();
        self.answers(&wrong).await
    }

    /// Types a new password twice.
    pub async fn chooses(&mut self, password: &str) -> &mut Self {
        self.submits(
            "/flow/password",
            &[("password", password), ("again", password)],
        )
        .await
    }

    /// Signs in.
    pub async fn signs_in(&mut self, user: &str, password: &str) -> &mut Self {
        self.goes_to("/signin").await;
        self.submits("/signin", &[("user", user), ("password", password)])
            .await
    }
}
