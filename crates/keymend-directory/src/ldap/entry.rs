//! Entries as they come from a server, taken apart without trusting their shape.

use std::collections::HashMap;

use keymend_domain::time::Moment;
use ldap3::ResultEntry;
use ldap3::asn1::{PL, StructureTag};

use super::generalized_time;

/// One entry: its DN and its attributes by lower-case name, options (`;lang-en`) left out.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Entry {
    /// The DN as the server spells it.
    pub(super) dn: String,
    attributes: HashMap<String, Vec<Vec<u8>>>,
}

impl Entry {
    /// Takes a search result apart; `None` if it is not shaped as RFC 4511 §4.5.2 says.
    pub(super) fn from_result(result: ResultEntry) -> Option<Self> {
        let mut parts = result.0.expect_constructed()?.into_iter();
        let dn = text(parts.next()?)?;
        let mut attributes: HashMap<String, Vec<Vec<u8>>> = HashMap::new();
        for attribute in parts.next()?.expect_constructed()? {
            let mut halves = attribute.expect_constructed()?.into_iter();
            let description = text(halves.next()?)?.to_ascii_lowercase();
            let name = description.split(';').next()?.to_owned();
            let values = halves.next()?.expect_constructed()?;
            let values: Option<Vec<Vec<u8>>> = values.into_iter().map(bytes).collect();
            attributes.entry(name).or_default().extend(values?);
        }
        Some(Self { dn, attributes })
    }

    /// An entry of which nothing but its name is known.
    pub(super) fn named(dn: String) -> Self {
        Self {
            dn,
            attributes: HashMap::new(),
        }
    }

    /// Adds one value to an entry made up for a test.
    #[cfg(test)]
    pub(super) fn put(&mut self, name: &str, value: Vec<u8>) {
        let name = name.to_ascii_lowercase();
        self.attributes.entry(name).or_default().push(value);
    }

    /// An entry made up for a test.
    #[cfg(test)]
    pub(super) fn of(dn: &str, attributes: &[(&str, &str)]) -> Self {
        let mut entry = Self {
            dn: dn.to_owned(),
            ..Self::default()
        };
        for (name, value) in attributes {
            let values = entry
                .attributes
                .entry(name.to_ascii_lowercase())
                .or_default();
            values.push(value.as_bytes().to_vec());
        }
        entry
    }

    /// Whether the attribute is there, with values or (types only) without.
    pub(super) fn has(&self, name: &str) -> bool {
        self.attributes.contains_key(&name.to_ascii_lowercase())
    }

    /// The values of an attribute as they came.
    pub(super) fn all_bytes(&self, name: &str) -> impl Iterator<Item = &[u8]> {
        self.attributes
            .get(&name.to_ascii_lowercase())
            .into_iter()
            .flatten()
            .map(Vec::as_slice)
    }

    /// The first value of an attribute as it came.
    pub(super) fn bytes(&self, name: &str) -> Option<&[u8]> {
        self.all_bytes(name).next()
    }

    /// The values of an attribute that are text.
    pub(super) fn texts(&self, name: &str) -> impl Iterator<Item = &str> {
        self.all_bytes(name)
            .filter_map(|value| std::str::from_utf8(value).ok())
    }

    /// The first value of an attribute, if it is text.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.texts(name).next()
    }

    /// The first value as an instant.
    pub(super) fn moment(&self, name: &str) -> Option<Moment> {
        self.text(name).and_then(generalized_time::parse)
    }

    /// The values that are instants.
    pub(super) fn moments(&self, name: &str) -> impl Iterator<Item = Moment> {
        self.texts(name).filter_map(generalized_time::parse)
    }

    /// The first value as a number.
    pub(super) fn number(&self, name: &str) -> Option<i64> {
        self.text(name).and_then(|value| value.trim().parse().ok())
    }

    /// The first value as a truth value (RFC 4517 §3.3.3); `None` if it is neither.
    pub(super) fn truth(&self, name: &str) -> Option<bool> {
        match self.text(name)? {
            "TRUE" => Some(true),
            "FALSE" => Some(false),
            _ => None,
        }
    }
}

fn bytes(tag: StructureTag) -> Option<Vec<u8>> {
    match tag.payload {
        PL::P(bytes) => Some(bytes),
        PL::C(_) => None,
    }
}

fn text(tag: StructureTag) -> Option<String> {
    String::from_utf8(bytes(tag)?).ok()
}
