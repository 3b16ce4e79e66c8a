//! Where each key stands in the file, and what stands there.

use std::collections::BTreeMap;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// The most characters of a value that a fault repeats.
const SHOWN_CHARACTERS_MAX: usize = 80;

/// The lines and values of all keys of one file.
#[derive(Debug, Default)]
pub(super) struct Places(BTreeMap<String, Place>);

/// Where one key stands.
#[derive(Debug, Clone)]
pub(super) struct Place {
    pub(super) line: usize,
    /// The value as it may be shown; `None` for sections and for what may be a secret.
    pub(super) value: Option<String>,
}

impl Places {
    /// Notes every key of the file.
    pub(super) fn of(text: &str, table: &DeTable<'_>) -> Self {
        let mut places = Self::default();
        places.note_table(text, table, "");
        places
    }

    /// Where a key stands; for a key that is not there, where the nearest section around it does.
    pub(super) fn find(&self, key: &str) -> Option<Place> {
        if let Some(place) = self.0.get(key) {
            return Some(place.clone());
        }
        let (section, _) = key.rsplit_once('.')?;
        self.find(section).map(|place| Place {
            value: None,
            ..place
        })
    }

    fn note_table(&mut self, text: &str, table: &DeTable<'_>, path: &str) {
        for (key, value) in table {
            let path = join(path, key.get_ref());
            self.note(text, key.span().start, value, &path);
        }
    }

    fn note(&mut self, text: &str, start: usize, value: &Spanned<DeValue<'_>>, path: &str) {
        let place = Place {
            line: line_of(text, start),
            value: shown(value.get_ref(), path),
        };
        self.0.insert(path.to_owned(), place);
        match value.get_ref() {
            DeValue::Table(table) => self.note_table(text, table, path),
            DeValue::Array(items) => {
                for (number, item) in items.iter().enumerate() {
                    self.note(text, item.span().start, item, &format!("{path}[{number}]"));
                }
            }
            _ => {}
        }
    }
}

/// A key inside a section.
pub(super) fn join(section: &str, key: &str) -> String {
    if section.is_empty() {
        key.to_owned()
    } else {
        format!("{section}.{key}")
    }
}

/// The line of a byte of the text, counted from 1.
pub(super) fn line_of(text: &str, byte: usize) -> usize {
    text.bytes()
        .take(byte)
        .filter(|byte| *byte == b'\n')
        .count()
        + 1
}

/// Whether a key of this name would hold a secret if somebody wrote one there.
pub(super) fn may_hold_a_secret(path: &str) -> bool {
    let key = path.rsplit('.').next().unwrap_or(path).to_lowercase();
    let names_a_file = key.ends_with("_file") || key.ends_with("_dir");
    let is_header = path.contains(".headers.");
    let is_secret = ["pass", "secret", "token", "key", "credential", "pin"]
        .iter()
        .any(|word| key.contains(word));
    is_header || (is_secret && !names_a_file)
}

fn shown(value: &DeValue<'_>, path: &str) -> Option<String> {
    if may_hold_a_secret(path) {
        return None;
    }
    let text = match value {
        DeValue::String(text) => format!("{text:?}"),
        DeValue::Integer(number) => number.to_string(),
        DeValue::Float(number) => number.to_string(),
        DeValue::Boolean(truth) => truth.to_string(),
        DeValue::Datetime(moment) => moment.to_string(),
        DeValue::Array(items) => {
            let inner: Option<Vec<String>> = items
                .iter()
                .map(|item| shown(item.get_ref(), path))
                .collect();
            format!("[{}]", inner?.join(", "))
        }
        DeValue::Table(_) => return None,
    };
    let cut: String = text.chars().take(SHOWN_CHARACTERS_MAX).collect();
    Some(if cut.len() < text.len() {
        format!("{cut}…")
    } else {
        cut
    })
}
