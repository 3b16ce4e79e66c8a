//! The languages the pages speak, and the choice among them.

use fluent_langneg::{NegotiationStrategy, accepted_languages, negotiate_languages};
use unic_langid::LanguageIdentifier;

/// Longest `Accept-Language` header that is looked at; browsers send far less.
const ACCEPT_BYTES_MAX: usize = 512;

/// A language that every page exists in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Lang {
    /// English, the source of all translations.
    English,
    /// German.
    German,
}

impl Lang {
    /// All languages, in the order in which the pages offer them.
    pub const ALL: &'static [Self] = &[Self::English, Self::German];

    /// The BCP 47 tag, as it stands in `<html lang>` and in `?lang=`.
    pub fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::German => "de",
        }
    }

    /// What speakers of the language call it.
    pub fn name(self) -> &'static str {
        match self {
            Self::English => "English",
            Self::German => "Deutsch",
        }
    }

    /// The language with exactly this tag.
    pub fn from_tag(tag: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|lang| lang.tag() == tag)
    }

    /// The language files: name and content.
    pub(super) fn files(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::English => &[
                ("en/pages.ftl", include_str!("../../locales/en/pages.ftl")),
                (
                    "en/refusals.ftl",
                    include_str!("../../locales/en/refusals.ftl"),
                ),
                ("en/demo.ftl", include_str!("../../locales/en/demo.ftl")),
            ],
            Self::German => &[
                ("de/pages.ftl", include_str!("../../locales/de/pages.ftl")),
                (
                    "de/refusals.ftl",
                    include_str!("../../locales/de/refusals.ftl"),
                ),
                ("de/demo.ftl", include_str!("../../locales/de/demo.ftl")),
            ],
        }
    }

    pub(super) fn negotiate(accept: Option<&str>, wanted: Option<&str>, site: &str) -> Self {
        wanted
            .and_then(best)
            .or_else(|| {
                accept
                    .filter(|header| header.len() <= ACCEPT_BYTES_MAX)
                    .and_then(best)
            })
            .or_else(|| best(site))
            .unwrap_or(Self::English)
    }
}

/// The best language for a list as browsers send it (`de-CH, fr;q=0.5`), if we have one of them.
fn best(list: &str) -> Option<Lang> {
    let requested = accepted_languages::parse(list);
    let available: Vec<LanguageIdentifier> = Lang::ALL
        .iter()
        .filter_map(|lang| lang.tag().parse().ok())
        .collect();
    let found = negotiate_languages(&requested, &available, None, NegotiationStrategy::Filtering);
    found
        .first()
        .and_then(|tag| Lang::from_tag(tag.language.as_str()))
}
