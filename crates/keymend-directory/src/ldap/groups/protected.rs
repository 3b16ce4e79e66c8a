//! Protected groups, which count wherever they are, and the groups in them.
//!
//! Not every server lists the groups in the entries of their members.  A protected group that is
//! not seen would make ordinary people of those in it, so nothing is passed over here: what the
//! server does not show is an error, and nobody is found until it is mended.

use std::collections::{HashMap, HashSet};

use futures_util::future::try_join_all;
use ldap3::Scope;

use super::{Graph, Groups};
use crate::ldap::connect::{Failure, Hits, Search, Step};
use crate::ldap::dialect::Dialect;
use crate::ldap::dn::DnKey;
use crate::ldap::ds389;
use crate::ldap::entry::Entry;
use crate::ldap::filter::Filter;
use crate::ldap::servers::{Server, Service};

const ATTRIBUTES: &[&str] = &["objectClass", "member", "uniqueMember", "memberUid"];
/// Members asked about at the same time.
const AT_A_TIME: usize = 50;
/// Members that are in neither base and are asked one by one, whether they are groups.
const OUTSIDE_MAX: usize = 1_000;

/// `noSuchObject` (RFC 4511 §4.1.9): not there, or not shown.
const NO_SUCH_OBJECT: u32 = 32;

impl Groups {
    /// Adds the protected groups, and the groups in them, to what is below the base.
    pub(super) async fn add_protected(
        &self,
        server: &Server,
        service: &Service,
        graph: &mut Graph,
    ) -> Result<(), Failure> {
        let mut walk = Walk {
            groups: self,
            server,
            service,
            known: HashSet::new(),
            waiting: Vec::new(),
            outside: 0,
            near: None,
        };
        for group in &self.protected {
            walk.start(group, true).await?;
        }
        for group in ds389::guarded_groups(&service.offer) {
            walk.start(&group, false).await?;
        }
        while let Some(group) = walk.waiting.pop() {
            graph.add(&group);
            walk.members(&group, graph).await?;
        }
        Ok(())
    }
}

struct Walk<'a> {
    groups: &'a Groups,
    server: &'a Server,
    service: &'a Service,
    known: HashSet<DnKey>,
    /// Groups whose members are still to be looked at.
    waiting: Vec<Entry>,
    /// How many members in neither base were asked.
    outside: usize,
    /// The groups among the people, once they were needed.
    near: Option<HashMap<DnKey, Entry>>,
}

impl Walk<'_> {
    /// One of the groups with which the walk begins.  A configured one has to be there; the
    /// guessed ones of a FreeIPA need not be.
    async fn start(&mut self, dn: &str, is_configured: bool) -> Result<(), Failure> {
        // Whatever class it has: some servers make members of groups of other kinds.
        let anything = Filter::Present("objectClass".to_owned());
        let mut hits = self.read(dn, &anything).await?;
        self.known.extend(DnKey::of(dn));
        match (hits.rc, hits.entries.pop()) {
            (0, Some(group)) if self.hides_members(&group) => {
                let what = format!("read who is in the protected group {dn}");
                return Err(Failure::rights(Step::Search, what));
            }
            (0, Some(group)) => self.waiting.push(group),
            (0 | NO_SUCH_OBJECT, None) if !is_configured => {}
            (rc, _) => {
                let what = format!("read the protected group {dn} (result {rc})");
                return Err(Failure::rights(Step::Search, what));
            }
        }
        Ok(())
    }

    /// In OpenLDAP these classes are never without a member (RFC 4519 §3.5 and §3.6).
    fn hides_members(&self, group: &Entry) -> bool {
        let has = |class: &str, attribute| {
            let is_one = |own: &str| own.eq_ignore_ascii_case(class);
            group.texts("objectClass").any(is_one) && !group.has(attribute)
        };
        self.service.offer.dialect == Dialect::OpenLdap
            && (has("groupOfNames", "member") || has("groupOfUniqueNames", "uniqueMember"))
    }

    /// The groups among the members of a group.
    async fn members(&mut self, group: &Entry, graph: &Graph) -> Result<(), Failure> {
        let (mut asked, mut near) = (Vec::new(), Vec::new());
        for dn in group.texts("member").chain(group.texts("uniqueMember")) {
            let Some(key) = DnKey::of(dn).filter(|key| !self.known.contains(key)) else {
                continue;
            };
            self.known.insert(key.clone());
            if is_below(&key, &self.groups.base) {
                // All groups there have been read; only who is in them has to be asked.
                if graph.places.contains_key(&key) {
                    asked.push(dn);
                }
            } else if is_below(&key, &self.groups.people) {
                near.push((key, dn));
            } else {
                self.outside = self.outside.saturating_add(1);
                asked.push(dn);
            }
        }
        if self.outside > OUTSIDE_MAX {
            let what = format!(
                "more than {OUTSIDE_MAX} members of protected groups are neither below base nor \
                 below group_base; the last that was looked at is {}",
                group.dn
            );
            return Err(Failure::strange(Step::Search, what));
        }
        if near.len() <= AT_A_TIME {
            asked.extend(near.into_iter().map(|(_, dn)| dn));
        } else {
            self.take_near(near.into_iter().map(|(key, _)| key)).await?;
        }
        self.ask(&asked).await
    }

    /// Many members among the people: one search tells which of them are groups.
    async fn take_near(&mut self, members: impl Iterator<Item = DnKey>) -> Result<(), Failure> {
        let mut all = match self.near.take() {
            Some(all) => all,
            None => {
                let mut all = HashMap::new();
                let base = &self.groups.people;
                let reading = self.groups.below(base, "base", (self.server, self.service));
                for group in reading.await? {
                    if let Some(key) = DnKey::of(&group.dn) {
                        all.insert(key, group);
                    }
                }
                all
            }
        };
        self.waiting
            .extend(members.filter_map(|key| all.remove(&key)));
        self.near = Some(all);
        Ok(())
    }

    async fn ask(&mut self, members: &[&str]) -> Result<(), Failure> {
        for some in members.chunks(AT_A_TIME) {
            let asking = some.iter().map(|dn| self.read(dn, &self.groups.filter));
            let answers = try_join_all(asking).await?;
            for (mut hits, dn) in answers.into_iter().zip(some) {
                if !matches!(hits.rc, 0 | NO_SUCH_OBJECT) {
                    let rc = hits.rc;
                    let what = format!("see whether {dn} is a protected group (result {rc})");
                    return Err(Failure::rights(Step::Search, what));
                }
                self.waiting.extend(hits.entries.pop());
            }
        }
        Ok(())
    }

    async fn read(&self, dn: &str, filter: &Filter) -> Result<Hits, Failure> {
        let search = Search {
            base: dn,
            scope: Scope::Base,
            filter,
            attributes: ATTRIBUTES,
            size_limit: 1,
            types_only: false,
        };
        let limit = self.server.call_timeout();
        let hits = self.service.connection.search(&search, limit).await;
        hits.map_err(|fault| fault.failure(Step::Search))
    }
}

fn is_below(key: &DnKey, base: &str) -> bool {
    DnKey::of(base).is_some_and(|base| key.is_at_or_below(&base))
}
