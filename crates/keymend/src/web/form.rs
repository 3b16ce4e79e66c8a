//! One strict decoder for forms: unknown, duplicate and array-valued fields, other content types,
//! bad UTF-8 and control characters are all the same refusal (security-gates R-07).

use axum::body::{Body, to_bytes};
use axum::extract::{FromRequest, Request};
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::Response;
use keymend_domain::secret::Secret;
use zeroize::Zeroizing;

use super::answer::plain;

/// The most bytes a form may have: a password of 1,024 bytes, each escaped as three, twice, and
/// room for the rest.
const FORM_BYTES_MAX: usize = 16 * 1_024;

/// The fields any form of ours has.
const KNOWN: [&str; 12] = [
    "form_token",
    "user",
    "password",
    "again",
    "shown",
    "current",
    "human",
    "answer",
    "intent",
    "method",
    "address",
    "code",
];
const KNOWN_MORE: [&str; 2] = ["method_id", "known"];

/// The fields that are passwords or codes.
const SECRET: [&str; 4] = ["password", "again", "current", "code"];

/// The fields of one form, each at most once; wiped when dropped.
pub struct Fields(Vec<(&'static str, Zeroizing<String>)>);

/// A form that nothing of ours would send.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BadForm {
    /// Not `application/x-www-form-urlencoded`.
    Type,
    /// Over the size limit.
    Size,
    /// Anything else.
    Shape,
}

impl BadForm {
    /// The status to answer with.
    #[must_use]
    pub fn status(self) -> StatusCode {
        match self {
            Self::Type => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::Size => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Shape => StatusCode::BAD_REQUEST,
        }
    }

    /// The same plain answer wherever the form was sent.
    fn answer(self) -> Response {
        plain(
            self.status(),
            match self {
                Self::Type => "Unsupported media type",
                Self::Size => "Payload too large",
                Self::Shape => "Bad request",
            },
        )
    }
}

impl Fields {
    /// Decodes a body.
    ///
    /// # Errors
    ///
    /// [`BadForm::Shape`].
    pub fn parse(body: &[u8]) -> Result<Self, BadForm> {
        let mut fields: Vec<(&'static str, Zeroizing<String>)> = Vec::new();
        for pair in body
            .split(|byte| *byte == b'&')
            .filter(|pair| !pair.is_empty())
        {
            let mut halves = pair.splitn(2, |byte| *byte == b'=');
            let (Some(name), Some(value)) = (halves.next(), halves.next()) else {
                return Err(BadForm::Shape);
            };
            let name = decode(name)?;
            let known = KNOWN
                .into_iter()
                .chain(KNOWN_MORE)
                .find(|own| *own == name.as_str());
            let name = known.ok_or(BadForm::Shape)?;
            if fields.iter().any(|(own, _)| *own == name) {
                return Err(BadForm::Shape);
            }
            fields.push((name, decode(value)?));
        }
        Ok(Self(fields))
    }

    /// Takes a field out; empty if it was not sent.
    ///
    /// # Panics
    ///
    /// While debugging, if the field is one of [`SECRET`]: it would no longer be wiped.
    pub fn take(&mut self, name: &'static str) -> String {
        debug_assert!(!SECRET.contains(&name), "{name} is taken as a secret");
        self.taken(name)
    }

    /// Takes a password or a code out, which stays wiped on drop; empty if it was not sent.
    pub fn take_secret(&mut self, name: &'static str) -> Secret {
        Secret::new(self.taken(name))
    }

    fn taken(&mut self, name: &str) -> String {
        let found = self.0.iter_mut().find(|(own, _)| *own == name);
        found
            .map(|(_, value)| std::mem::take(&mut **value))
            .unwrap_or_default()
    }

    /// Whether every field belongs to a form that has exactly these (and its token).
    #[must_use]
    pub fn fits(&self, expected: &[&str]) -> bool {
        self.0
            .iter()
            .all(|(name, _)| *name == "form_token" || expected.contains(name))
    }
}

fn decode(text: &[u8]) -> Result<Zeroizing<String>, BadForm> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(text.len()));
    let mut rest = text.iter();
    while let Some(byte) = rest.next() {
        match byte {
            b'+' => bytes.push(b' '),
            b'%' => {
                let digit = |byte: Option<&u8>| {
                    byte.and_then(|byte| char::from(*byte).to_digit(16))
                        .ok_or(BadForm::Shape)
                };
                let value = digit(rest.next())? * 16 + digit(rest.next())?;
                bytes.push(u8::try_from(value).map_err(|_| BadForm::Shape)?);
            }
            other => bytes.push(*other),
        }
    }
    match String::from_utf8(std::mem::take(&mut *bytes)) {
        Ok(text) => Ok(Zeroizing::new(text)),
        Err(fault) => {
            drop(Zeroizing::new(fault.into_bytes()));
            Err(BadForm::Shape)
        }
    }
}

impl<S: Send + Sync> FromRequest<S> for Fields {
    type Rejection = Response;

    async fn from_request(request: Request<Body>, _: &S) -> Result<Self, Response> {
        let content_type = request
            .headers()
            .get(CONTENT_TYPE)
            .and_then(|value| value.to_str().ok());
        let media = content_type
            .and_then(|text| text.split(';').next())
            .map(str::trim);
        if media != Some("application/x-www-form-urlencoded") {
            return Err(BadForm::Type.answer());
        }
        let Ok(body) = to_bytes(request.into_body(), FORM_BYTES_MAX).await else {
            return Err(BadForm::Size.answer());
        };
        Self::parse(&body).map_err(BadForm::answer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(body: &str, name: &'static str) -> String {
        Fields::parse(body.as_bytes())
            .map(|mut fields| fields.take_secret(name).expose().to_owned())
            .unwrap()
    }

    #[test]
    #[should_panic(expected = "password is taken as a secret")]
    fn a_password_is_not_taken_as_a_plain_text() {
        Fields::parse(b"password=x").unwrap().take("password");
    }

    #[test]
    fn a_form_is_decoded_once() {
        assert_eq!(
            one("user=j%C3%A4ne+doe&password=a%2525b", "user"),
            "j\u{e4}ne doe"
        );
        assert_eq!(one("password=a%2525b%20", "password"), "a%25b ");
        assert_eq!(one("user=x", "password"), "");
    }

    #[test]
    fn anything_our_forms_do_not_send_is_refused() {
        for body in [
            "user=a&user=b",
            "user[]=a",
            "user[x]=a",
            "username=a",
            "_method=DELETE",
            "user",
            "user=%zz",
            "user=%",
            "user=%ff%fe",
            "dn=cn",
            "flow=1",
            "user=a&dn=x",
        ] {
            assert_eq!(
                Fields::parse(body.as_bytes()).err(),
                Some(BadForm::Shape),
                "{body}"
            );
        }
    }

    #[test]
    fn a_field_of_another_form_does_not_fit() {
        let fields = Fields::parse(b"form_token=t&user=a&code=1").unwrap();
        assert!(!fields.fits(&["code"]));
        assert!(fields.fits(&["code", "user"]));
    }
}
