//! A visitor without a socket: cookies, form tokens, redirects.

use std::collections::BTreeMap;

use http::header::{COOKIE, LOCATION, SET_COOKIE};
use http::{Request, StatusCode};
use http_body_util::BodyExt;
use tower::ServiceExt;

use super::flows::between;
use super::house::{HOST, House};

/// What a browser holds: its cookies and the page that is open.
#[derive(Clone, Default)]
pub struct Page {
    cookies: BTreeMap<String, String>,
    html: String,
}

/// Somebody with a browser.
pub struct Visitor<'a> {
    house: &'a House,
    cookies: BTreeMap<String, String>,
    /// The page that is open.
    pub html: String,
}

impl<'a> Visitor<'a> {
    /// A browser that has never been here.
    pub fn new(house: &'a House) -> Self {
        Self::with(house, Page::default())
    }

    /// A browser that stands where another one stopped.
    pub fn with(house: &'a House, page: Page) -> Self {
        let Page { cookies, html } = page;
        Self {
            house,
            cookies,
            html,
        }
    }

    /// Where this browser stands.
    pub fn page(self) -> Page {
        Page {
            cookies: self.cookies,
            html: self.html,
        }
    }

    /// Opens a page.
    pub async fn opens(&mut self, path: &str) {
        let request = self.request("GET", path).body(String::new());
        let status = self.sends(request.unwrap()).await.0;
        assert_eq!(status, StatusCode::OK, "{path}: {}", self.html);
    }

    /// Sends the form of the open page and follows the redirect after it.
    pub async fn fills(&mut self, action: &str, fields: &[(&str, &str)]) {
        let location = self.posts(action, fields).await;
        self.opens(&location).await;
    }

    /// Sends the form of the open page, which must lead somewhere; answers with where.
    pub async fn posts(&mut self, action: &str, fields: &[(&str, &str)]) -> String {
        let (status, location) = self.submits(action, fields).await;
        assert_eq!(status, StatusCode::SEE_OTHER, "{action}: {}", self.html);
        location.expect("a redirect leads somewhere")
    }

    async fn submits(
        &mut self,
        action: &str,
        fields: &[(&str, &str)],
    ) -> (StatusCode, Option<String>) {
        let token = between(&self.html, "name=\"form_token\" value=\"", "\"").to_owned();
        let mut body = format!("form_token={token}");
        for (name, value) in fields {
            let value: String = value.bytes().map(|byte| format!("%{byte:02X}")).collect();
            body.push_str(&format!("&{name}={value}"));
        }
        let request = self
            .request("POST", action)
            .header("origin", format!("http://{HOST}"))
            .header("sec-fetch-site", "same-origin")
            .header("content-type", "application/x-www-form-urlencoded")
            .body(body);
        self.sends(request.unwrap()).await
    }

    /// Sends the form of the open page, which must be shown again with what is wrong.
    pub async fn is_refused(&mut self, action: &str, fields: &[(&str, &str)]) {
        let (status, _) = self.submits(action, fields).await;
        let page = &self.html;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{action}: {page}");
    }

    fn request(&self, method: &str, path: &str) -> http::request::Builder {
        let cookies: Vec<String> = self
            .cookies
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        Request::builder()
            .method(method)
            .uri(path)
            .header("host", HOST)
            .header("accept-language", "en")
            .header(COOKIE, cookies.join("; "))
    }

    async fn sends(&mut self, request: Request<String>) -> (StatusCode, Option<String>) {
        let router = self.house.service().router();
        let answer = router.oneshot(request).await.unwrap();
        let (head, body) = answer.into_parts();
        for cookie in head.headers.get_all(SET_COOKIE) {
            self.keeps(cookie.to_str().unwrap());
        }
        let location = head.headers.get(LOCATION);
        let location = location.map(|value| value.to_str().unwrap().to_owned());
        let bytes = body.collect().await.unwrap().to_bytes();
        self.html = String::from_utf8(bytes.to_vec()).unwrap();
        (head.status, location)
    }

    fn keeps(&mut self, cookie: &str) {
        let (pair, attributes) = cookie.split_once(';').unwrap_or((cookie, ""));
        let (name, value) = pair.split_once('=').unwrap();
        if attributes.contains("Max-Age=0") {
            self.cookies.remove(name);
        } else {
            self.cookies.insert(name.to_owned(), value.to_owned());
        }
    }
}
