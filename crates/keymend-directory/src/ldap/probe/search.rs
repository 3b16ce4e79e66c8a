//! Where the people and groups are, as the service account sees them.

use std::time::Duration;

use ldap3::Scope;

use super::{ProbeFault, Root};
use crate::ldap::connect::{Failure, Search, Step};
use crate::ldap::dialect::Dialect;
use crate::ldap::dn::DnKey;
use crate::ldap::filter::Filter;
use crate::ldap::pages::Pages;
use crate::ldap::servers::Service;

/// The most people that are counted; whoever has more reads "at least".
pub const PEOPLE_MAX: usize = 20_000;
/// The most units that are listed.
pub const UNITS_MAX: usize = 200;
/// The most groups that one name may bring.
const GROUPS_MAX: usize = 20;
/// The most password policies that are listed.
const POLICIES_MAX: usize = 10;
/// Entries of one page (the least maximum of Active Directory, `MaxPageSize`, is 1,000).
const PAGE: i32 = 500;

/// A place below which there are people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unit {
    /// Its name.
    pub dn: String,
    /// How many people are there, at any depth.
    pub people: usize,
}

/// The places below which there are people.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Units {
    /// Those that have any, by name, parents first.
    pub list: Vec<Unit>,
    /// How many people there are in all.
    pub people: usize,
    /// Whether there are more than were looked at.
    pub has_more: bool,
    /// The password policies that are entries of their own (OpenLDAP's ppolicy overlay).
    pub policies: Vec<String>,
}

/// A server on which the service account is signed in.
#[derive(Debug)]
pub struct Session {
    service: Service,
    root: Root,
    limit: Duration,
}

impl Session {
    pub(super) fn new(service: Service, root: Root, limit: Duration) -> Self {
        Self {
            service,
            root,
            limit,
        }
    }

    /// What the server says about itself to the one who is signed in.
    #[must_use]
    pub fn root(&self) -> &Root {
        &self.root
    }

    /// Whether an entry is there and may be read.
    ///
    /// # Errors
    ///
    /// [`ProbeFault`] if the server does not answer.
    pub async fn is_there(&self, dn: &str) -> Result<bool, ProbeFault> {
        let search = Search {
            base: dn,
            scope: Scope::Base,
            filter: &Filter::Present("objectClass".to_owned()),
            attributes: &["1.1"],
            size_limit: 1,
            types_only: false,
        };
        let hits = self.service.connection.search(&search, self.limit).await;
        let hits = hits.map_err(|fault| fault.failure(Step::Search))?;
        Ok(!hits.entries.is_empty())
    }

    /// The units below a place that have people, counted to [`PEOPLE_MAX`] and [`UNITS_MAX`].
    ///
    /// # Errors
    ///
    /// [`ProbeFault`] if the server does not answer.
    pub async fn units(&self, base: &str) -> Result<Units, ProbeFault> {
        let units = Filter::Or(vec![
            Filter::equal("objectClass", "organizationalUnit"),
            Filter::equal("objectClass", "container"),
        ]);
        let (units, more_units) = self.names(base, &units, UNITS_MAX).await?;
        let (people, more_people) = self.names(base, &self.people(), PEOPLE_MAX).await?;
        let keys: Vec<DnKey> = people.iter().filter_map(|dn| DnKey::of(dn)).collect();
        let mut list: Vec<Unit> = units
            .into_iter()
            .filter_map(|dn| {
                let unit = DnKey::of(&dn)?;
                let people = keys.iter().filter(|key| key.is_at_or_below(&unit)).count();
                (people > 0).then_some(Unit { dn, people })
            })
            .collect();
        list.sort_by_key(|unit| spoken(&unit.dn));
        Ok(Units {
            list,
            people: people.len(),
            has_more: more_units || more_people,
            policies: self.policies(base).await?,
        })
    }

    /// The groups that a name means: one by its DN, or those whose common name it is.
    ///
    /// # Errors
    ///
    /// [`ProbeFault`] if the server does not answer.
    pub async fn groups(&self, base: &str, name: &str) -> Result<Vec<String>, ProbeFault> {
        if DnKey::of(name).is_some() {
            let is_there = self.is_there(name).await?;
            return Ok(is_there.then(|| name.to_owned()).into_iter().collect());
        }
        let kinds = ["group", "groupOfNames", "groupOfUniqueNames", "posixGroup"];
        let kinds = kinds.map(|kind| Filter::equal("objectClass", kind));
        let names = ["cn", "sAMAccountName"].map(|attribute| Filter::equal(attribute, name));
        let filter = Filter::And(vec![Filter::Or(kinds.to_vec()), Filter::Or(names.to_vec())]);
        let (groups, _) = self.names(base, &filter, GROUPS_MAX).await?;
        Ok(groups)
    }

    async fn policies(&self, base: &str) -> Result<Vec<String>, Failure> {
        if self.root.dialect != Dialect::OpenLdap {
            return Ok(Vec::new());
        }
        let filter = Filter::equal("objectClass", "pwdPolicy");
        let (policies, _) = self.names(base, &filter, POLICIES_MAX).await?;
        Ok(policies)
    }

    fn people(&self) -> Filter {
        let class = |name: &str| Filter::equal("objectClass", name);
        match self.root.dialect {
            Dialect::ActiveDirectory => Filter::And(vec![
                class("user"),
                Filter::Not(Box::new(class("computer"))),
            ]),
            _ => Filter::Or(vec![
                class("person"),
                class("account"),
                class("posixAccount"),
            ]),
        }
    }

    /// The names of all entries that match, up to a number, and whether there are more.
    async fn names(
        &self,
        base: &str,
        filter: &Filter,
        most: usize,
    ) -> Result<(Vec<String>, bool), Failure> {
        let search = Search {
            base,
            scope: Scope::Subtree,
            filter,
            attributes: &["1.1"],
            size_limit: 0,
            types_only: false,
        };
        let mut names = Vec::new();
        let mut pages = Pages::new(PAGE, most);
        let connection = &self.service.connection;
        loop {
            let page = pages.next(connection, &search, Vec::new(), self.limit);
            let page = page.await.map_err(|fault| fault.failure(Step::Search))?;
            // sizeLimitExceeded and adminLimitExceeded: the server stops where it likes.
            let is_cut = page.as_ref().is_some_and(|hits| matches!(hits.rc, 4 | 11));
            let is_last = page.is_none();
            let found = page.map(|hits| hits.entries).unwrap_or_default();
            names.extend(found.into_iter().map(|entry| entry.dn));
            if is_last || is_cut || names.len() > most {
                let has_more = is_cut || pages.is_cut() || names.len() > most;
                names.truncate(most);
                return Ok((names, has_more));
            }
        }
    }
}

/// A name from its top down, so that a sorted list shows what lies within what.
fn spoken(dn: &str) -> String {
    let mut parts: Vec<&str> = dn.split(',').collect();
    parts.reverse();
    parts.join(",").to_lowercase()
}
