//! Every sentence that a person reads, in every language the pages speak.
//!
//! The sentences live in `locales/<language>/*.ftl` and are built into the binary; English is the
//! source and the fall-back.  Rust code names a sentence by its id and never spells it out.

mod language;

use std::borrow::Cow;

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentError, FluentResource, FluentValue};
use serde::Serialize;
use unic_langid::LanguageIdentifier;

pub use language::Lang;

type Bundle = FluentBundle<FluentResource>;

/// All sentences of all languages, parsed once when the service starts.
pub struct Texts {
    bundles: Vec<(Lang, Bundle)>,
}

/// What is filled into a sentence: a piece of text, or a number that may choose its plural.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum TextValue {
    /// Shown as it is.
    Text(String),
    /// Shown as digits, and chooses between one and many.
    Count(i64),
}

/// Why a sentence could not be built.
#[derive(Debug, thiserror::Error)]
pub enum TextFault {
    /// A language file does not parse or defines an id twice: a defect of the build.
    #[error("{file} is not a usable language file: {why}")]
    File {
        /// The file, relative to `locales`.
        file: &'static str,
        /// What the parser said.
        why: String,
    },
    /// No language knows this id: a defect of the caller.
    #[error("no text has the id {id}")]
    Missing {
        /// The id that was asked for.
        id: String,
    },
    /// The sentence wants a value that was not given: a defect of the caller.
    #[error("the text {id} wants other values: {why}")]
    Values {
        /// The id that was asked for.
        id: String,
        /// What Fluent said.
        why: String,
    },
}

impl Texts {
    /// Parses all language files.
    ///
    /// # Errors
    ///
    /// `TextFault::File` if a file that was built in is broken; the service must not start.
    pub fn load() -> Result<Self, TextFault> {
        let bundles = Lang::ALL
            .iter()
            .map(|lang| Ok((*lang, bundle(*lang)?)))
            .collect::<Result<_, TextFault>>()?;
        Ok(Self { bundles })
    }

    /// Chooses the language of a page: what the person picked, else what the browser accepts,
    /// else the site's own, else English.
    pub fn negotiate(accept_language: Option<&str>, wanted: Option<&str>, site: &str) -> Lang {
        Lang::negotiate(accept_language, wanted, site)
    }

    /// The sentence `id` with `values` filled in.
    ///
    /// Never fails in front of a person: a sentence that cannot be built is logged and its id is
    /// shown instead.
    pub fn text(&self, lang: Lang, id: &str, values: &[(&str, TextValue)]) -> String {
        self.try_text(lang, id, values).unwrap_or_else(|fault| {
            tracing::error!(text.id = id, lang = lang.tag(), fault = %fault, "text not built");
            id.to_owned()
        })
    }

    /// As [`Texts::text`], for callers that can still turn back.
    ///
    /// # Errors
    ///
    /// `Missing` if neither the language nor English has the id; `Values` if a value is missing.
    pub fn try_text(
        &self,
        lang: Lang,
        id: &str,
        values: &[(&str, TextValue)],
    ) -> Result<String, TextFault> {
        self.build(lang, id, values)
            .or_else(|| self.build(Lang::English, id, values))
            .unwrap_or_else(|| Err(TextFault::Missing { id: id.to_owned() }))
    }

    /// Whether a language has a sentence of its own under this id.
    pub fn has(&self, lang: Lang, id: &str) -> bool {
        self.bundle(lang)
            .is_some_and(|bundle| bundle.has_message(id))
    }

    fn bundle(&self, lang: Lang) -> Option<&Bundle> {
        let (_, bundle) = self.bundles.iter().find(|(of, _)| *of == lang)?;
        Some(bundle)
    }

    fn build(
        &self,
        lang: Lang,
        id: &str,
        values: &[(&str, TextValue)],
    ) -> Option<Result<String, TextFault>> {
        let bundle = self.bundle(lang)?;
        let pattern = bundle.get_message(id)?.value()?;
        let arguments = arguments(values);
        let mut errors = Vec::new();
        let text = bundle.format_pattern(pattern, Some(&arguments), &mut errors);
        Some(verdict(id, text, &errors))
    }
}

fn verdict(id: &str, text: Cow<'_, str>, errors: &[FluentError]) -> Result<String, TextFault> {
    match errors {
        [] => Ok(text.into_owned()),
        [first, ..] => Err(TextFault::Values {
            id: id.to_owned(),
            why: first.to_string(),
        }),
    }
}

fn bundle(lang: Lang) -> Result<Bundle, TextFault> {
    // A tag of ours always parses; the empty identifier only costs the plural rules.
    let tag: LanguageIdentifier = lang.tag().parse().unwrap_or_default();
    let mut bundle = FluentBundle::new_concurrent(vec![tag]);
    // Isolation marks would turn up in mail subjects and make a text message twice as long.
    bundle.set_use_isolating(false);
    for (file, source) in lang.files() {
        let resource = FluentResource::try_new((*source).to_owned()).map_err(|(_, errors)| {
            TextFault::File {
                file,
                why: format!("{errors:?}"),
            }
        })?;
        bundle
            .add_resource(resource)
            .map_err(|errors| TextFault::File {
                file,
                why: format!("{errors:?}"),
            })?;
    }
    Ok(bundle)
}

fn arguments<'a>(values: &'a [(&'a str, TextValue)]) -> FluentArgs<'a> {
    let mut arguments = FluentArgs::with_capacity(values.len());
    for (name, value) in values {
        match value {
            TextValue::Text(text) => arguments.set(*name, FluentValue::from(text.as_str())),
            TextValue::Count(count) => arguments.set(*name, FluentValue::from(*count)),
        }
    }
    arguments
}

impl std::fmt::Debug for Texts {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Texts")
            .field("languages", &self.bundles.len())
            .finish()
    }
}

impl From<&str> for TextValue {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for TextValue {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<i64> for TextValue {
    fn from(count: i64) -> Self {
        Self::Count(count)
    }
}

impl From<u32> for TextValue {
    fn from(count: u32) -> Self {
        Self::Count(i64::from(count))
    }
}

#[cfg(test)]
mod tests;
