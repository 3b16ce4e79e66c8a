//! Which directory a typed name is asked of.
//!
//! A name may say where it belongs: `jane@corp.example`, `CORP\jane`.  Where the configuration
//! gives one directory that ending or that domain, it is asked alone, and whether the others answer
//! does not matter.  Every other name could mean somebody in any directory, so all of them are asked, and it means
//! an account only if it means exactly one among them all.
//!
//! What a name is routed by is nothing but its text and the configuration, never whom it means:
//! a name that exists and one that does not go the same way.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::account::{Claim, DirectoryName, canonical};

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

/// The endings and domains by which names say that they mean one directory; none of them, if
/// nothing is written.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Realms {
    /// What stands behind the `@`.
    pub suffixes: BTreeSet<Realm>,
    /// What stands before the `\`.
    pub domains: BTreeSet<Realm>,
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

/// Where names are looked for, as the configuration says and nothing else: a directory that could
/// say by which names it is meant would take the names of another, with the passwords typed under
/// them.
#[derive(Debug, Clone, Default)]
pub struct Routes {
    suffixes: BTreeMap<Realm, DirectoryName>,
    domains: BTreeMap<Realm, DirectoryName>,
}

impl Routes {
    /// The routes to directories that are meant by these realms; one that two of them have is
    /// nobody's.
    #[must_use]
    pub fn new(directories: impl IntoIterator<Item = (DirectoryName, Realms)>) -> Self {
        let all: Vec<(DirectoryName, Realms)> = directories.into_iter().collect();
        Self {
            suffixes: unshared(all.iter().map(|(name, own)| (name, &own.suffixes))),
            domains: unshared(all.iter().map(|(name, own)| (name, &own.domains))),
        }
    }

    /// Where a typed name is looked for.
    ///
    /// A name whose domain is one directory's and whose ending is another's contradicts itself; it
    /// is looked for as it stands; an Active Directory that is called by the domain takes it off
    /// all the same, as a Windows sign-in does.
    #[must_use]
    pub fn of(&self, claim: &Claim) -> Route {
        let typed = claim.typed();
        let by_domain = parted(typed.split_once('\\')).and_then(|(domain, name)| {
            let directory = owner(&self.domains, domain)?;
            let is_plain = !name.contains('\\') && name.trim_start() == name;
            Some((directory, Claim::new(name).ok().filter(|_| is_plain)?))
        });
        let by_suffix =
            parted(typed.rsplit_once('@')).and_then(|(_, suffix)| owner(&self.suffixes, suffix));
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

    /// The realms by which names mean this directory alone.
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
}

/// Each realm with the one directory that has it.
fn unshared<'a>(
    claimed: impl Iterator<Item = (&'a DirectoryName, &'a BTreeSet<Realm>)>,
) -> BTreeMap<Realm, DirectoryName> {
    let mut owners: BTreeMap<&Realm, Option<&DirectoryName>> = BTreeMap::new();
    for (directory, realms) in claimed {
        for realm in realms {
            owners
                .entry(realm)
                .and_modify(|owner| *owner = None)
                .or_insert(Some(directory));
        }
    }
    owners
        .into_iter()
        .filter_map(|(realm, owner)| Some((realm.clone(), owner?.clone())))
        .collect()
}

/// Whose realm stands there in a claim.
///
/// Only spellings that are counted as one name are taken for one (see [`Claim::canonical`]): if
/// there were ever another way to write a realm, a guesser would have ever another name to use up.
/// So there are two ways to write it, in its own letters and as DNS has it.
fn owner<'a>(routes: &'a BTreeMap<Realm, DirectoryName>, text: &str) -> Option<&'a DirectoryName> {
    let realm = Realm::new(text).ok()?;
    let directory = routes.get(&realm)?;
    let counted = canonical(text);
    let (in_letters, _) = idna::domain_to_unicode(realm.as_str());
    let is_one_name = counted == canonical(realm.as_str()) || counted == canonical(&in_letters);
    is_one_name.then_some(directory)
}

/// Both halves, if there are two.
fn parted<'a>(halves: Option<(&'a str, &'a str)>) -> Option<(&'a str, &'a str)> {
    halves.filter(|(before, after)| !before.is_empty() && !after.is_empty())
}

#[cfg(test)]
mod tests;
