//! Which directory a typed name is asked of.
//!
//! A name may say where it belongs: `jane@corp.example`, `CORP\jane`.  Where a directory claims
//! that ending or that domain, it is asked alone, and whether the others answer does not matter.
//! Every other name could mean somebody in any directory, so all of them are asked, and it means
//! an account only if it means exactly one among them all.
//!
//! What a name is routed by is nothing but its text and the configuration, never whom it means:
//! a name that exists and one that does not go the same way.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::account::{Claim, DirectoryName};

/// The most bytes a realm may have (source: RFC 1035 §2.3.4).
const REALM_BYTES_MAX: usize = 253;

/// What stands behind the `@` or before the `\` of a name, in the one spelling that is compared:
/// small letters, without a dot at the end, words of other scripts as DNS has them (UTS 46).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Realm(String);

/// A text that cannot stand behind an `@` or before a `\`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("it is not the name of a domain")]
pub struct NoRealm;

impl Realm {
    /// Takes a name as people or servers write it.
    ///
    /// # Errors
    ///
    /// [`NoRealm`] if it is empty, longer than 253 bytes, holds an empty part, a blank, `@`, `\`,
    /// `/` or a control character, or is no domain in the sense of UTS 46.
    pub fn new(text: &str) -> Result<Self, NoRealm> {
        let text = text.strip_suffix('.').unwrap_or(text);
        if text.len() > REALM_BYTES_MAX {
            return Err(NoRealm);
        }
        let realm = idna::domain_to_ascii(text).map_err(|_| NoRealm)?;
        // Looked at after the mapping: it turns other signs into these.
        let is_plain = |sign: u8| sign.is_ascii_graphic() && !matches!(sign, b'@' | b'\\' | b'/');
        let is_whole = realm.split('.').all(|label| !label.is_empty());
        match is_whole && realm.bytes().all(is_plain) && realm.len() <= REALM_BYTES_MAX {
            true => Ok(Self(realm)),
            false => Err(NoRealm),
        }
    }

    /// The spelling that is compared.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Realm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for Realm {
    type Error = NoRealm;

    fn try_from(text: String) -> Result<Self, NoRealm> {
        Self::new(&text)
    }
}

impl From<Realm> for String {
    fn from(realm: Realm) -> Self {
        realm.0
    }
}

/// The endings and domains by which names say that they mean one directory.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Realms {
    /// What stands behind the `@`.
    pub suffixes: BTreeSet<Realm>,
    /// What stands before the `\`.
    pub domains: BTreeSet<Realm>,
}

/// What the configuration says about one directory's realms.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Written {
    /// What stands behind the `@`; `None` leaves it to the directory to say, and an empty set
    /// means that no ending is its own.
    pub suffixes: Option<BTreeSet<Realm>>,
    /// What stands before the `\`, likewise.
    pub domains: Option<BTreeSet<Realm>>,
}

/// Where a name is looked for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Route {
    /// In one directory alone.
    Only {
        /// Which one.
        directory: DirectoryName,
        /// What it is asked for: the name without the domain before the `\`.
        claim: Claim,
    },
    /// In all of them, as it was typed.
    Everywhere,
}

/// Where names are looked for, from what was configured and from what directories say.
///
/// What is written counts always.  What directories say of themselves counts when all that have
/// nothing written have spoken, and only for realms that no other wrote or said: else the order in which they
/// answer would decide whom a name means, and one of them could take the names of another that
/// has not answered yet.
#[derive(Debug, Clone, Default)]
pub struct Routes {
    known: Vec<Known>,
    suffixes: BTreeMap<Realm, DirectoryName>,
    domains: BTreeMap<Realm, DirectoryName>,
}

#[derive(Debug, Clone)]
struct Known {
    name: DirectoryName,
    written: Written,
    told: Option<Realms>,
}

impl Routes {
    /// The routes to these directories, of which none has said anything yet.
    #[must_use]
    pub fn new(directories: impl IntoIterator<Item = (DirectoryName, Written)>) -> Self {
        let known = |(name, written)| Known {
            name,
            written,
            told: None,
        };
        let mut routes = Self {
            known: directories.into_iter().map(known).collect(),
            ..Self::default()
        };
        routes.draw();
        routes
    }

    /// Takes note of what the configuration says about a directory.
    pub fn write(&mut self, name: &DirectoryName, written: Written) {
        if let Some(known) = self.known.iter_mut().find(|known| known.name == *name) {
            known.written = written;
        }
        self.draw();
    }

    /// Takes note of what a directory says of itself; whether anything is routed otherwise now.
    pub fn learn(&mut self, name: &DirectoryName, told: Realms) -> bool {
        let Some(known) = self.known.iter_mut().find(|known| known.name == *name) else {
            return false;
        };
        if known.told.as_ref() == Some(&told) {
            return false;
        }
        known.told = Some(told);
        let before = (self.suffixes.clone(), self.domains.clone());
        self.draw();
        before != (self.suffixes.clone(), self.domains.clone())
    }

    /// What a directory says of itself, if it was heard.
    #[must_use]
    pub fn told(&self, name: &DirectoryName) -> Option<&Realms> {
        let known = self.known.iter().find(|known| known.name == *name);
        known.and_then(|known| known.told.as_ref())
    }

    /// Where a typed name is looked for.
    ///
    /// A name whose domain is one directory's and whose ending is another's contradicts itself; it
    /// is looked for as it stands, and no directory takes the domain off it.
    #[must_use]
    pub fn of(&self, claim: &Claim) -> Route {
        let typed = claim.typed();
        let by_domain = parted(typed.split_once('\\')).and_then(|(domain, name)| {
            let directory = self.domains.get(&typed_realm(domain)?)?;
            let is_plain = !name.contains('\\') && name.trim_start() == name;
            Some((directory, Claim::new(name).ok().filter(|_| is_plain)?))
        });
        let by_suffix = parted(typed.rsplit_once('@'))
            .and_then(|(_, suffix)| self.suffixes.get(&typed_realm(suffix)?));
        let (directory, claim) = match (by_domain, by_suffix) {
            (Some((one, _)), Some(other)) if one != other => return Route::Everywhere,
            (Some((directory, claim)), _) => (directory, claim),
            (None, Some(directory)) => (directory, claim.clone()),
            (None, None) => return Route::Everywhere,
        };
        Route::Only {
            directory: directory.clone(),
            claim,
        }
    }

    /// The realms by which names mean this directory alone, as they count now.
    #[must_use]
    pub fn realms(&self, name: &DirectoryName) -> Realms {
        let own = |routes: &BTreeMap<Realm, DirectoryName>| {
            let own = routes.iter().filter(|(_, directory)| *directory == name);
            own.map(|(realm, _)| realm.clone()).collect()
        };
        Realms {
            suffixes: own(&self.suffixes),
            domains: own(&self.domains),
        }
    }

    fn draw(&mut self) {
        let drawn = |written: fn(&Written) -> Option<&BTreeSet<Realm>>,
                     told: fn(&Realms) -> &BTreeSet<Realm>| {
            let known = self.known.iter();
            let has_everybody_spoken = known
                .clone()
                .all(|one| one.told.is_some() || written(&one.written).is_some());
            let writing = known.clone().map(|one| (&one.name, written(&one.written)));
            let saying = known
                .filter(|one| has_everybody_spoken && written(&one.written).is_none())
                .map(|one| (&one.name, one.told.as_ref().map(told)));
            let mut routes = unshared(writing);
            for (realm, directory) in unshared(saying) {
                routes.entry(realm).or_insert(directory);
            }
            // What two wrote stays nobody's, also if a third says that it is its own.
            routes
                .into_iter()
                .filter_map(|(realm, directory)| Some((realm.clone(), directory?.clone())))
                .collect()
        };
        let suffixes = drawn(|own| own.suffixes.as_ref(), |own| &own.suffixes);
        let domains = drawn(|own| own.domains.as_ref(), |own| &own.domains);
        self.suffixes = suffixes;
        self.domains = domains;
    }
}

/// Each realm with the directory it belongs to; with none if two lay claim to it.
fn unshared<'a>(
    claimed: impl Iterator<Item = (&'a DirectoryName, Option<&'a BTreeSet<Realm>>)>,
) -> BTreeMap<&'a Realm, Option<&'a DirectoryName>> {
    let mut routes = BTreeMap::new();
    for (directory, realms) in claimed {
        for realm in realms.into_iter().flatten() {
            routes
                .entry(realm)
                .and_modify(|owner| *owner = None)
                .or_insert(Some(directory));
        }
    }
    routes
}

/// A realm inside a claim.
///
/// Only spellings that are counted as one name are taken for one (see [`Claim::canonical`]): if
/// there were ever another way to write a realm, a guesser would have ever another name to use up.
fn typed_realm(text: &str) -> Option<Realm> {
    let is_counted_apart = text.ends_with('.') || text.contains(['\u{3002}', '\u{ff61}']);
    Realm::new(text).ok().filter(|_| !is_counted_apart)
}

/// Both halves, if there are two.
fn parted<'a>(halves: Option<(&'a str, &'a str)>) -> Option<(&'a str, &'a str)> {
    halves.filter(|(before, after)| !before.is_empty() && !after.is_empty())
}

#[cfg(test)]
mod tests;
