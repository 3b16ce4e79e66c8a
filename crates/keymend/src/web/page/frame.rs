//! What all pages share: who speaks, in which language, and what stands in the way.

use serde::Serialize;

use crate::text::{Lang, TextValue, Texts};

/// Everything around the page proper.
#[derive(Clone, Debug)]
pub struct Frame {
    /// The organisation's name, in header and title.
    pub organisation: String,
    /// The language of the page.
    pub lang: Lang,
    /// The path of the page without its query; the language choice leads back to it.
    pub here: String,
    /// The nonce of this answer's Content-Security-Policy.
    pub nonce: String,
    /// The hidden `form_token` of every form.
    pub form_token: String,
    /// The short form of the correlation id, which the person can quote.
    pub reference: String,
    /// What the person has to look at, said on top of the page and beside the fields.
    pub errors: Vec<ErrorLine>,
    /// Whether this is the demonstration, which every page then says.
    pub is_demo: bool,
    /// The name of who is signed in; such pages offer to sign out.
    pub signed_in: Option<String>,
    /// Whether the person's oldest sign-in ended because of this one.
    pub ended_others: bool,
    /// When the attempt ends, for pages inside one.
    pub time_left: Option<TimeLeft>,
    /// Where the organisation helps its people.
    pub help: Help,
}

/// One thing the person has to look at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ErrorLine {
    /// The name of the field it is about, if it is about one.
    pub field: Option<&'static str>,
    /// The stable id of the refusal, for example `answer.wrong`.
    pub refusal_id: &'static str,
    /// What is filled into the sentence.
    pub values: Vec<(&'static str, TextValue)>,
}

/// How long an attempt still lasts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct TimeLeft {
    /// Seconds until it ends.
    pub secs: u32,
    /// How often the person may still ask for more time.
    pub extensions_left: u32,
}

/// Where people turn to who cannot get on alone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Help {
    /// Nothing is set: Keymend carries a request to the administrators.
    Request,
    /// A page of the helpdesk.
    Link {
        /// The address of the page, `https` only.
        url: String,
    },
    /// The helpdesk's mailbox.
    Mail {
        /// The mail address.
        address: String,
    },
}

impl Frame {
    /// A frame as tests and previews use it.
    pub fn sample(lang: Lang) -> Self {
        Self {
            organisation: "Example Works".to_owned(),
            lang,
            here: "/reset".to_owned(),
            nonce: "bm9uY2Utc2FtcGxlLTAwMQ".to_owned(),
            form_token: "form-token-sample".to_owned(),
            reference: "R-01J8XK4M".to_owned(),
            errors: Vec::new(),
            is_demo: false,
            signed_in: None,
            ended_others: false,
            time_left: None,
            help: Help::Request,
        }
    }

    /// The helpdesk line, which many sentences end with.
    pub(super) fn help_line(&self, texts: &Texts) -> String {
        match &self.help {
            Help::Request => texts.text(self.lang, "help-line-request", &[]),
            Help::Link { url } => {
                texts.text(self.lang, "help-line-link", &[("url", url.as_str().into())])
            }
            Help::Mail { address } => texts.text(
                self.lang,
                "help-line-mail",
                &[("address", address.as_str().into())],
            ),
        }
    }

    /// The values that every sentence may use.
    pub(super) fn common_values(&self, texts: &Texts) -> [(&'static str, TextValue); 2] {
        [
            ("organisation", self.organisation.as_str().into()),
            ("help", self.help_line(texts).into()),
        ]
    }
}
