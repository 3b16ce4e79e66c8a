//! Descriptions of well-known gateways, so that an administrator names account and sender only.

use keymend_domain::secret::Secret;

use super::gateway::{BodyKind, FieldTest, GatewayMethod, GatewayOptions, Success, TIMEOUT};

/// A gateway that Keymend knows how to talk to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Preset {
    /// Twilio, "Programmable Messaging": account SID and auth token.
    Twilio,
    /// Vonage, "SMS API": API key and secret.
    Vonage,
    /// Any gateway that takes `{"to", "from", "text"}` with a bearer token; the URL must be given.
    Json,
}

/// What a preset leaves open.
#[derive(Debug)]
pub struct PresetChoices {
    /// The URL; needed for `json`, otherwise for tests and regional end points.
    pub url: Option<String>,
    /// The number or name that messages come from.
    pub from: String,
    /// The account.
    pub account: Option<Secret>,
    /// The token.
    pub token: Option<Secret>,
}

impl Preset {
    /// The preset that a configuration names.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        match word {
            "twilio" => Some(Self::Twilio),
            "vonage" => Some(Self::Vonage),
            "json" => Some(Self::Json),
            _ => None,
        }
    }

    /// The description of the gateway; [`Gateway::new`](super::gateway::Gateway::new) checks it.
    #[must_use]
    pub fn options(self, choices: PresetChoices) -> GatewayOptions {
        let (url, body_kind, body) = match self {
            Self::Twilio => (
                "https://api.twilio.com/2010-04-01/Accounts/{account}/Messages.json",
                BodyKind::Form,
                "To={to}&From={from}&Body={text}",
            ),
            // Numbers go without the plus sign; `unicode` makes a message cost twice as much.
            Self::Vonage => (
                "https://rest.nexmo.com/sms/json",
                BodyKind::Form,
                "api_key={account}&api_secret={token}&to={to_digits}&from={from}&text={text}&type={alphabet}",
            ),
            Self::Json => (
                "",
                BodyKind::Json,
                r#"{"to":"{to}","from":"{from}","text":"{text}"}"#,
            ),
        };
        GatewayOptions {
            method: GatewayMethod::Post,
            url: choices.url.unwrap_or_else(|| url.to_owned()),
            headers: self.headers(choices.token.is_some()),
            body_kind,
            body: body.to_owned(),
            from: choices.from,
            account: choices.account,
            token: choices.token,
            has_basic_login: self == Self::Twilio,
            success: self.success(),
            ca_pem: None,
            timeout: TIMEOUT,
        }
    }

    fn headers(self, has_token: bool) -> Vec<(String, String)> {
        match self {
            Self::Json if has_token => {
                vec![("Authorization".to_owned(), "Bearer {token}".to_owned())]
            }
            Self::Twilio | Self::Vonage | Self::Json => Vec::new(),
        }
    }

    fn success(self) -> Success {
        match self {
            // Source: Twilio's OpenAPI description, CreateMessage answers 201.
            Self::Twilio => Success {
                statuses: 201..=201,
                ..Success::default()
            },
            Self::Vonage => Success {
                field: Some(vonage_status()),
                ..Success::default()
            },
            Self::Json => Success::default(),
        }
    }
}

/// Vonage says 200 to everything and means the field `status`.  For good are refusals of this
/// message: invalid parameters (3), an unroutable message (6), a barred number (7), a failed
/// message (15, 29 and the like are the sender's own and can be put right).  Source: Vonage,
/// "SMS API error codes".
fn vonage_status() -> FieldTest {
    FieldTest {
        pointer: "/messages/0/status".to_owned(),
        accepted: vec!["0".to_owned()],
        never: ["3", "6", "7"].map(str::to_owned).to_vec(),
    }
}
