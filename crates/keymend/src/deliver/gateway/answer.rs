//! What a gateway's answer means.

use std::ops::RangeInclusive;

use reqwest::{Response, StatusCode};
use serde_json::Value as Json;

use keymend_domain::deliver::Carried;

/// As much of an answer as is read.
const ANSWER_BYTES_MAX: usize = 64 * 1024;

/// By what an accepted message is known.  Whatever is asked for must hold.
#[derive(Debug, Clone)]
pub struct Success {
    /// HTTP statuses.
    pub statuses: RangeInclusive<u16>,
    /// A field of a JSON answer, for gateways that say 200 to everything.
    pub field: Option<FieldTest>,
    /// Words that stand in the answer.
    pub contains: Option<String>,
}

/// What a field of a JSON answer says.
#[derive(Debug, Clone)]
pub struct FieldTest {
    /// Where it stands: a JSON pointer (RFC 6901), `/messages/0/status`.
    pub pointer: String,
    /// Values that mean "accepted".
    pub accepted: Vec<String>,
    /// Values that mean "never"; any other means "later".
    pub never: Vec<String>,
}

impl Default for Success {
    fn default() -> Self {
        Self {
            statuses: 200..=299,
            field: None,
            contains: None,
        }
    }
}

impl Success {
    pub(super) async fn judge(&self, response: Response) -> Carried {
        let status = response.status();
        if !self.statuses.contains(&status.as_u16()) {
            return refused(status);
        }
        if self.field.is_none() && self.contains.is_none() {
            // The status alone decides, so a body that never ends cannot undo it.
            return Carried::Accepted;
        }
        match read(response).await {
            Ok(answer) => self.read_out(&answer),
            Err(detail) => Carried::Later {
                detail: detail.to_owned(),
            },
        }
    }

    fn read_out(&self, answer: &[u8]) -> Carried {
        let says_words = self
            .contains
            .as_ref()
            .is_none_or(|words| String::from_utf8_lossy(answer).contains(words.as_str()));
        if !says_words {
            let detail = "the gateway's answer lacks the words of success".to_owned();
            return Carried::Later { detail };
        }
        self.field
            .as_ref()
            .map_or(Carried::Accepted, |test| test.judge(answer))
    }
}

impl FieldTest {
    fn judge(&self, answer: &[u8]) -> Carried {
        let json: Option<Json> = serde_json::from_slice(answer).ok();
        let value = json
            .as_ref()
            .and_then(|json| json.pointer(&self.pointer))
            .map(plain);
        let Some(value) = value else {
            let detail = format!("the gateway's answer has no field {}", self.pointer);
            return Carried::Later { detail };
        };
        if self.accepted.contains(&value) {
            return Carried::Accepted;
        }
        let detail = format!("the gateway answered {} = {}", self.pointer, short(&value));
        if self.never.contains(&value) {
            Carried::Never { detail }
        } else {
            Carried::Later { detail }
        }
    }
}

/// What a status outside the range of success means.
///
/// Statuses that speak of our login, our account or our configuration are not the message's
/// fault: it waits until somebody has put that right, or until it expires.
fn refused(status: StatusCode) -> Carried {
    let code = status.as_u16();
    let about = match code {
        300..=399 => ": redirects are not followed, so the URL must be corrected",
        401 | 403 => ": the login was refused",
        402 => ": the account must be paid for",
        404 | 405 | 407 | 415 => ": the gateway's description must be corrected",
        _ => "",
    };
    let detail = format!("the gateway answered {code}{about}");
    match code {
        408 | 425 | 429 => Carried::Later { detail },
        400..=499 if about.is_empty() => Carried::Never { detail },
        _ => Carried::Later { detail },
    }
}

async fn read(mut response: Response) -> Result<Vec<u8>, &'static str> {
    let mut answer = Vec::new();
    loop {
        match response.chunk().await {
            Ok(Some(piece)) if answer.len() + piece.len() <= ANSWER_BYTES_MAX => {
                answer.extend_from_slice(&piece);
            }
            Ok(Some(_)) => return Err("the gateway's answer is too long"),
            Ok(None) => return Ok(answer),
            Err(_) => return Err("the gateway's answer broke off"),
        }
    }
}

fn plain(json: &Json) -> String {
    match json {
        Json::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// A code is short; anything longer is somebody's words and may repeat the number.
fn short(value: &str) -> &str {
    let is_code = value.len() <= 8 && value.chars().all(|sign| sign.is_ascii_alphanumeric());
    if is_code { value } else { "something else" }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vonage() -> Success {
        Success {
            field: Some(FieldTest {
                pointer: "/messages/0/status".into(),
                accepted: vec!["0".into()],
                never: vec!["3".into()],
            }),
            ..Success::default()
        }
    }

    fn answer(status: &str) -> Vec<u8> {
        format!(r#"{{"messages":[{{"status":"{status}","to":"447700900123"}}]}}"#).into_bytes()
    }

    #[test]
    fn a_field_decides_between_accepted_never_and_later() {
        assert_eq!(vonage().read_out(&answer("0")), Carried::Accepted);
        let never = vonage().read_out(&answer("3"));
        let Carried::Never { detail } = never else {
            panic!("{never:?}")
        };
        assert_eq!(detail, "the gateway answered /messages/0/status = 3");
        assert!(matches!(
            vonage().read_out(&answer("1")),
            Carried::Later { .. }
        ));
        assert!(matches!(
            vonage().read_out(b"<html>"),
            Carried::Later { .. }
        ));
        assert!(matches!(vonage().read_out(b"{}"), Carried::Later { .. }));
    }

    #[test]
    fn a_detail_never_repeats_the_gateways_words() {
        let Carried::Later { detail } = vonage().read_out(&answer("447700900123 unknown")) else {
            panic!("it should wait")
        };
        assert!(!detail.contains("7700900123"), "{detail}");
    }

    #[test]
    fn only_a_refusal_of_the_message_is_for_good() {
        for (code, is_for_good) in [
            (302, false),
            (400, true),
            (401, false),
            (403, false),
            (404, false),
            (408, false),
            (422, true),
            (429, false),
            (500, false),
            (503, false),
        ] {
            let carried = refused(StatusCode::from_u16(code).unwrap());
            assert_eq!(
                matches!(carried, Carried::Never { .. }),
                is_for_good,
                "{code}"
            );
        }
    }
}
