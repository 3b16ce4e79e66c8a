//! The sentences of messages, from `locales/<language>/messages.ftl`.

use std::fmt;

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource, FluentValue};
use unic_langid::LanguageIdentifier;

/// The language that every sentence exists in.
const SOURCE_LANGUAGE: &str = "en";

/// The language files, built into the binary.
const FILES: &[(&str, &str)] = &[
    (
        SOURCE_LANGUAGE,
        include_str!("../../locales/en/messages.ftl"),
    ),
    ("de", include_str!("../../locales/de/messages.ftl")),
];

/// A language file that was built in is broken: a defect of the build.
#[derive(Debug, thiserror::Error)]
#[error("locales/{language}/messages.ftl is not a usable language file: {why}")]
pub struct BrokenFile {
    language: &'static str,
    why: String,
}

/// The sentences of messages in every language, parsed once.
pub struct MessageTexts {
    bundles: Vec<(&'static str, FluentBundle<FluentResource>)>,
}

impl MessageTexts {
    /// Parses the language files.
    ///
    /// # Errors
    ///
    /// [`BrokenFile`] if one does not parse; the service must not start.
    pub fn load() -> Result<Self, BrokenFile> {
        let bundles = FILES
            .iter()
            .map(|(language, source)| Ok((*language, bundle(language, source)?)))
            .collect::<Result<_, BrokenFile>>()?;
        Ok(Self { bundles })
    }

    /// The first of the wanted languages (`de`, `de-CH`, `de_CH`) that there are sentences in,
    /// else English.
    pub(super) fn choose(&self, wanted: [Option<&str>; 2]) -> &'static str {
        let primary = |tag: &str| {
            tag.split(['-', '_'])
                .next()
                .unwrap_or_default()
                .to_ascii_lowercase()
        };
        wanted
            .into_iter()
            .flatten()
            .map(primary)
            .find_map(|tag| self.bundles.iter().find(|(language, _)| *language == tag))
            .map_or(SOURCE_LANGUAGE, |(language, _)| language)
    }

    /// The sentence `id` with `values` filled in: in `language`, or in English if it has none.
    ///
    /// A sentence that cannot be built is logged, and its id is sent in its place: a message that
    /// looks odd is better than a code that never arrives.  A test builds every sentence.
    pub(super) fn text(&self, language: &str, id: &str, values: &[(&str, Value)]) -> String {
        self.build(language, id, values)
            .or_else(|| self.build(SOURCE_LANGUAGE, id, values))
            .unwrap_or_else(|| {
                tracing::error!(text.id = id, language, "a sentence of a message is missing");
                id.to_owned()
            })
    }

    fn build(&self, language: &str, id: &str, values: &[(&str, Value)]) -> Option<String> {
        let (_, bundle) = self.bundles.iter().find(|(known, _)| *known == language)?;
        let pattern = bundle.get_message(id)?.value()?;
        let mut faults = Vec::new();
        let text = bundle.format_pattern(pattern, Some(&arguments(values)), &mut faults);
        if let Some(fault) = faults.first() {
            tracing::error!(text.id = id, language, %fault, "a sentence wants other values");
        }
        Some(text.into_owned())
    }
}

impl fmt::Debug for MessageTexts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MessageTexts({} languages)", self.bundles.len())
    }
}

/// What is filled into a sentence.
#[derive(Clone, Debug)]
pub(super) enum Value {
    /// Shown as it is, or chosen by.
    Text(String),
    /// A number, which may choose between one and many.
    Count(u32),
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<u32> for Value {
    fn from(count: u32) -> Self {
        Self::Count(count)
    }
}

impl From<bool> for Value {
    fn from(holds: bool) -> Self {
        Self::from(if holds { "yes" } else { "no" })
    }
}

fn bundle(
    language: &'static str,
    source: &str,
) -> Result<FluentBundle<FluentResource>, BrokenFile> {
    let broken = |why: String| BrokenFile { language, why };
    let resource = FluentResource::try_new(source.to_owned())
        .map_err(|(_, faults)| broken(format!("{faults:?}")))?;
    let tag: LanguageIdentifier = language
        .parse()
        .map_err(|fault| broken(format!("{fault:?}")))?;
    let mut bundle = FluentBundle::new_concurrent(vec![tag]);
    // Isolation marks would stand in subjects, and turn a text message into UCS-2.
    bundle.set_use_isolating(false);
    bundle
        .add_resource(resource)
        .map_err(|faults| broken(format!("{faults:?}")))?;
    Ok(bundle)
}

fn arguments<'a>(values: &'a [(&'a str, Value)]) -> FluentArgs<'a> {
    let mut arguments = FluentArgs::with_capacity(values.len());
    for (name, value) in values {
        match value {
            Value::Text(text) => arguments.set(*name, FluentValue::from(text.as_str())),
            Value::Count(count) => arguments.set(*name, FluentValue::from(*count)),
        }
    }
    arguments
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_language_is_chosen_by_its_first_part_and_english_is_left() {
        let texts = MessageTexts::load().unwrap();
        assert_eq!(texts.choose([Some("de-CH"), Some("en")]), "de");
        assert_eq!(texts.choose([Some("tlh"), Some("de_AT")]), "de");
        assert_eq!(texts.choose([None, Some("")]), "en");
    }

    #[test]
    fn every_language_has_every_sentence() {
        let texts = MessageTexts::load().unwrap();
        let (_, source) = FILES[0];
        let ids = source.lines().filter_map(|line| {
            let (id, _) = line.split_once(" =")?;
            id.starts_with("message-").then_some(id)
        });
        for id in ids {
            for (language, bundle) in &texts.bundles {
                assert!(bundle.has_message(id), "{language} lacks {id}");
            }
        }
    }
}
