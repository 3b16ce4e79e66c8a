//! A few people of each unit below the base, for questions that cannot be asked about everybody.

use std::collections::BTreeMap;

use ldap3::Scope;

use super::connect::{CallError, Search};
use super::filter::Filter;
use super::pages::Pages;
use super::servers::{Server, Service};

/// Entries on one page, and entries looked at: enough to meet every unit of an ordinary tree.
const PAGE: i32 = 500;
const ENTRIES_MAX: usize = 4_000;
/// Rights differ between units, seldom inside one; some of these may turn out to be protected.
const PER_UNIT: usize = 4;
const UNITS_MAX: usize = 200;

/// A few people of each unit.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Sample {
    pub(super) names: Vec<String>,
    /// Whether units were met that were not looked at.
    pub(super) is_cut: bool,
}

/// What is said where units were not looked at.
pub(super) const CUT: &str = "see every unit with people";
/// And what can be done about it.
pub(super) const CUT_REMEDY: &str = "only the first 200 units, and the first 4,000 people, were asked about; see that the rights \
     are the same in the others";

/// A few people of each unit.
pub(super) async fn people(
    server: &Server,
    service: &Service,
    (base, filter): (&str, &Filter),
) -> Result<Sample, CallError> {
    let search = Search {
        base,
        scope: Scope::Subtree,
        filter,
        attributes: &["1.1"],
        size_limit: 0,
        types_only: false,
    };
    let mut names = Vec::new();
    let mut pages = Pages::new(PAGE, ENTRIES_MAX);
    while names.len() < ENTRIES_MAX {
        let limit = server.call_timeout();
        let connection = &service.connection;
        let Some(hits) = pages.next(connection, &search, Vec::new(), limit).await? else {
            break;
        };
        names.extend(hits.entries.into_iter().map(|entry| entry.dn));
    }
    Ok(pick(names))
}

fn pick(names: Vec<String>) -> Sample {
    let mut units: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for name in names {
        let unit = units.entry(unit_of(&name).to_owned()).or_default();
        if unit.len() < PER_UNIT {
            unit.push(name);
        }
    }
    Sample {
        is_cut: units.len() > UNITS_MAX,
        names: units.into_values().take(UNITS_MAX).flatten().collect(),
    }
}

/// The entry above an entry (RFC 4514 §2.4: a comma behind `\` belongs to the name).
pub(super) fn unit_of(dn: &str) -> &str {
    let mut is_escaped = false;
    for (place, sign) in dn.char_indices() {
        match sign {
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = true,
            ',' => return dn.get(place + 1..).unwrap_or_default(),
            _ => {}
        }
    }
    ""
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_unit_is_met_and_none_fills_the_sample() {
        let mut names: Vec<String> = (0..9).map(|number| format!("cn={number},ou=x")).collect();
        names.push(r"cn=d\,e,ou=y".to_owned());
        let sample = pick(names);
        assert!(!sample.is_cut);
        let picked = sample.names;
        assert_eq!(picked.len(), PER_UNIT + 1);
        assert_eq!(picked.last().unwrap(), r"cn=d\,e,ou=y");
        assert_eq!(unit_of(r"cn=O\,Brien,ou=a,dc=b"), "ou=a,dc=b");
        assert_eq!(unit_of("dc=b"), "");
    }

    #[test]
    fn units_beyond_the_bound_are_not_passed_over_in_silence() {
        let names = |count| {
            (0..count)
                .map(|number| format!("cn=a,ou={number}"))
                .collect()
        };
        assert!(!pick(names(UNITS_MAX)).is_cut);
        let more = pick(names(UNITS_MAX + 1));
        assert!(more.is_cut);
        assert_eq!(more.names.len(), UNITS_MAX);
    }
}
