//! Answers: a page, a redirect, or a plain refusal, each with its cookies.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::FromRequestParts;
use axum::http::header::{self, HeaderValue};
use axum::http::request::Parts;
use axum::http::{HeaderName, StatusCode};
use axum::response::{IntoResponse, Response};
use keymend_domain::id::CorrelationId;

use super::Web;
use super::cookie::Cookie;
use super::form::Fields;
use super::guard::Seen;
use super::page::{ErrorLine, Frame, Page};
use crate::app::{FamiliarMark, Visitor};

/// One request being answered, as handlers take it.
pub(super) struct Desk {
    pub web: Web,
    pub seen: Arc<Seen>,
}

impl FromRequestParts<Web> for Desk {
    type Rejection = StatusCode;

    async fn from_request_parts(parts: &mut Parts, web: &Web) -> Result<Self, StatusCode> {
        let seen = parts.extensions.get::<Arc<Seen>>().cloned();
        // Only the guard puts it there, and nothing is served that did not pass it.
        let seen = seen.ok_or(StatusCode::INTERNAL_SERVER_ERROR)?;
        let web = web.clone();
        Ok(Self { web, seen })
    }
}

/// What a handler gives: an answer, or the one that stopped it on the way.
pub(super) type Answered = Result<Response, Halt>;

/// An answer that ends a handler early.
pub(super) struct Halt(Box<Response>);

impl From<Response> for Halt {
    fn from(response: Response) -> Self {
        Self(Box::new(response))
    }
}

impl IntoResponse for Halt {
    fn into_response(self) -> Response {
        *self.0
    }
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

impl Desk {
    /// Who is asking.
    ///
    /// # Errors
    ///
    /// The page about the accident, if the store cannot be read.
    pub(super) async fn visitor(&self) -> Result<Visitor, Halt> {
        let (app, seen) = (self.web.app(), &self.seen);
        let visitor = app.visitor(seen.address, seen.browser.to_owned(), seen.device.clone());
        visitor.await.map_err(|stop| self.stop(stop).into())
    }

    /// Checks that a form has no other fields than these.
    ///
    /// # Errors
    ///
    /// A plain refusal: no form of ours was sent.
    pub(super) fn expects(&self, fields: &Fields, expected: &[&str]) -> Result<(), Halt> {
        match fields.fits(expected) {
            true => Ok(()),
            false => Err(plain(StatusCode::BAD_REQUEST, "Bad request").into()),
        }
    }

    /// Whether a form that belongs to no flow and to nobody yet was made here, and lately.
    pub(super) fn is_current(&self, fields: &mut Fields) -> bool {
        let (token, now) = (fields.take("form_token"), self.web.app().now());
        self.web.tokens().check_open(&token, now).is_ok()
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
            ended_others: false,
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

    /// The cookie of a browser that became familiar; it lasts as long as the mark.
    pub(super) fn set_mark(&self, mark: &FamiliarMark) -> Option<HeaderValue> {
        let is_secure = self.web.site().is_secure();
        Cookie::Device.set_for(&mark.value, mark.life_secs, is_secure)
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
