//! The pages: one typed struct per page, a template each, and what all of them share.
//!
//! A struct holds plain data that `app` decided on; a template lays it out; every sentence comes
//! from [`crate::text`].  Pages that a stranger can see before the first proof live in
//! [`before_proof`] and are built from site settings and what was typed alone.

mod frame;
mod gallery;
mod prepared;
mod refusal;
mod render;
mod rules;

pub mod before_proof;
pub mod demo;
pub mod ending;
pub mod own;
pub mod own_password;
pub mod proven;
pub mod registration;

use serde::Serialize;

pub use frame::{ErrorLine, Frame, Help, TimeLeft};
pub use gallery::{Exhibit, Frames, gallery};
pub use prepared::Prepared;
pub use refusal::Sayings;
pub use render::{RenderFault, Renderer};
pub use rules::{Rule, RuleLists, RuleState, RulesAnswer, Strength};

/// A page that a person can be shown.
pub trait Page: Serialize + Sized {
    /// The file under `templates/`, which is also the page's name in tests and logs.
    const TEMPLATE: &'static str;

    /// The page in every shape it can take, for tests and previews.
    fn samples() -> Vec<Self>;
}

/// A way to prove who one is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Way {
    /// A code sent by e-mail.
    Email,
    /// A code sent by text message.
    Text,
}

impl Way {
    /// All ways there are.
    pub const ALL: &'static [Self] = &[Self::Email, Self::Text];
}

/// A refusal said in the course of a page rather than on top of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Note {
    /// The stable id of the refusal, for example `pw.history`.
    pub refusal_id: &'static str,
    /// What is filled into its sentence.
    #[serde(serialize_with = "rules::as_map")]
    pub values: Vec<(&'static str, crate::text::TextValue)>,
    /// The id of the sentence.
    text_id: String,
}

impl Note {
    /// A note that says the text of a refusal.
    pub fn new(
        refusal_id: &'static str,
        values: Vec<(&'static str, crate::text::TextValue)>,
    ) -> Self {
        Self {
            refusal_id,
            values,
            text_id: refusal_text_id(refusal_id),
        }
    }
}

/// The id of the sentence for a refusal: `answer.wrong` is said by `refusal-answer-wrong`.
pub fn refusal_text_id(refusal_id: &str) -> String {
    format!("refusal-{}", refusal_id.replace('.', "-"))
}

#[cfg(test)]
mod tests;
