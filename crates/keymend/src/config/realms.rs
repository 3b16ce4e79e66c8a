//! The endings and domains by which user names mean one directory: each is that of one alone.

use std::collections::{BTreeMap, BTreeSet};

use keymend_domain::route::{Realm, Realms};

use super::check::Checker;
use super::directory::DirectoryConfig;
use super::document::DirectorySection;

/// One of the two lists of a section.
type List = fn(&Realms) -> &BTreeSet<Realm>;

/// The realms of one section.
pub(super) fn check(section: &DirectorySection, at: &str, checker: &mut Checker<'_>) -> Realms {
    Realms {
        suffixes: all(&section.suffixes, &format!("{at}.suffixes"), checker),
        domains: all(&section.domains, &format!("{at}.domains"), checker),
    }
}

fn all(texts: &[String], key: &str, checker: &mut Checker<'_>) -> BTreeSet<Realm> {
    let mut realms = BTreeSet::new();
    for (place, text) in texts.iter().enumerate() {
        match Realm::new(text) {
            Ok(realm) => {
                realms.insert(realm);
            }
            Err(_) => checker.fault(
                &format!("{key}[{place}]"),
                format!("{text:?} is not the name of a domain"),
                "write it without @ or \\, for instance example.org",
            ),
        }
    }
    realms
}

/// Complains of realms that two directories claim: nobody could say whom such a name means.
pub(super) fn check_shared(directories: &[DirectoryConfig], checker: &mut Checker<'_>) {
    let lists: [(&str, List); 2] = [
        ("suffixes", |own| &own.suffixes),
        ("domains", |own| &own.domains),
    ];
    for (key, list) in lists {
        let mut owners: BTreeMap<&Realm, &str> = BTreeMap::new();
        for directory in directories {
            for realm in list(&directory.realms) {
                let Some(owner) = owners.insert(realm, &directory.name) else {
                    continue;
                };
                checker.fault(
                    &format!("directory.{}.{key}", directory.name),
                    format!("{realm} is claimed by directory.{owner} as well"),
                    "keep it in the one directory that such names mean; to have both asked, take \
                     it out of both",
                );
            }
        }
    }
}
