//! Answers: a page, a redirect, or a plain refusal, each with its cookies.

use std::sync::Arc;

use axum::body::Body;
use axum::http::header::{self, HeaderValue};
use axum::http::{HeaderName, StatusCode};
use axum::response::Response;
use keymend_domain::id::CorrelationId;

use super::Web;
use super::cookie::Cookie;
use super::guard::Seen;
use super::page::{ErrorLine, Frame, Page};
use crate::app::{Stop, Visitor};

/// One request being answered.
pub(super) struct Desk<'a> {
    pub web: &'a Web,
    pub seen: &'a Arc<Seen>,
}

/// An answer and its cookies.
pub(super) struct Reply(Response);

impl Reply {
    pub(super) fn with(mut self, cookie: Option<HeaderValue>) -> Self {
        if let Some(cookie) = cookie {
            self.0.headers_mut().append(header::SET_COOKIE, cookie);
        }
        self
    }

    /// The end of a journey: nothing of it stays in the browser.  Never `"cookies"`, which would
    /// sign people out of every site of the organisation's domain.
    pub(super) fn clearing(mut self) -> Self {
        let value = HeaderValue::from_static("\"cache\", \"storage\"");
        self.0
            .headers_mut()
            .insert(HeaderName::from_static("clear-site-data"), value);
        self
    }

    pub(super) fn done(self) -> Response {
        self.0
    }
}

impl Desk<'_> {
    /// Who is asking.
    pub(super) async fn visitor(&self) -> Result<Visitor, Stop> {
        let seen = self.seen;
        self.web
            .app()
            .visitor(seen.address, seen.browser.to_owned(), seen.device.clone())
            .await
    }

    /// A frame for a page that belongs to no flow and to nobody.
    pub(super) fn frame(&self) -> Frame {
        let site = self.web.site();
        Frame {
            organisation: site.organisation.clone(),
            lang: self.seen.lang,
            here: self.here(),
            nonce: self.seen.nonce.clone(),
            form_token: self.web.tokens().open(self.web.app().now()),
            reference: self.seen.request_id.clone(),
            errors: Vec::new(),
            is_demo: site.demo.is_some(),
            signed_in: None,
            time_left: None,
            help: site.help.clone(),
        }
    }

    /// The path a language choice leads back to: only pages that can be asked for by GET.
    fn here(&self) -> String {
        let path = self.seen.path.as_str();
        match path {
            "/" | "/signin" | "/reset" | "/help" | "/flow" | "/register" | "/me" | "/me/add"
            | "/me/add/email" | "/me/add/text" | "/me/code" | "/me/proof" | "/me/password"
            | "/me/done" | "/outbox" => path.to_owned(),
            path if path.starts_with("/flow/") => "/flow".to_owned(),
            path if path.starts_with("/not-me/") => path.to_owned(),
            path if path.starts_with("/me/") => "/me".to_owned(),
            path if path.starts_with("/register/") => "/register".to_owned(),
            _ => "/".to_owned(),
        }
    }

    /// A frame for the forms of one step, bound to the browser's handle.
    pub(super) fn step_frame(&self, handle: &str, step: u32, correlation: &CorrelationId) -> Frame {
        Frame {
            form_token: self.web.tokens().step(handle, step),
            reference: correlation.reference(),
            ..self.frame()
        }
    }

    /// A rendered page.
    pub(super) fn page<P: Page>(&self, status: StatusCode, frame: &Frame, page: &P) -> Reply {
        match self.web.renderer().page(frame, page) {
            Ok(html) => self.html(status, html),
            Err(fault) => {
                tracing::error!(error = ?fault, "a page could not be rendered");
                Reply(plain(
                    StatusCode::INTERNAL_SERVER_ERROR,
                    "Something went wrong on our side.",
                ))
            }
        }
    }

    pub(super) fn html(&self, status: StatusCode, html: String) -> Reply {
        let mut response = Response::new(Body::from(html));
        *response.status_mut() = status;
        let value = HeaderValue::from_static("text/html; charset=utf-8");
        response.headers_mut().insert(header::CONTENT_TYPE, value);
        Reply(response)
    }

    /// 303 to a named own route.
    pub(super) fn go(&self, path: &'static str) -> Reply {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::SEE_OTHER;
        response
            .headers_mut()
            .insert(header::LOCATION, HeaderValue::from_static(path));
        Reply(response)
    }

    /// 303 to a named own route that fills in this user name.
    pub(super) fn go_naming(&self, path: &'static str, user: &str) -> Reply {
        let mut reply = self.go(path);
        let pair = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("user", user)
            .finish();
        if !user.is_empty()
            && let Ok(value) = HeaderValue::from_str(&format!("{path}?{pair}"))
        {
            reply.0.headers_mut().insert(header::LOCATION, value);
        }
        reply
    }

    pub(super) fn set(&self, cookie: Cookie, value: &str) -> Option<HeaderValue> {
        cookie.set(value, self.web.site().is_secure())
    }

    pub(super) fn clear(&self, cookie: Cookie) -> Option<HeaderValue> {
        cookie.clear(self.web.site().is_secure())
    }

    /// The frame with what the person has to look at.
    pub(super) fn with_errors(mut frame: Frame, errors: Vec<ErrorLine>) -> Frame {
        frame.errors = errors;
        frame
    }
}

/// A plain answer, for what no page of ours would ask.
pub(super) fn plain(status: StatusCode, text: &'static str) -> Response {
    let mut response = Response::new(Body::from(text));
    *response.status_mut() = status;
    let value = HeaderValue::from_static("text/plain; charset=utf-8");
    response.headers_mut().insert(header::CONTENT_TYPE, value);
    response
}
