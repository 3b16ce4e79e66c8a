//! The names of groups, by their identifiers.
//!
//! A server lists every group a person is in, nested and primary ones included, in one attribute
//! (`tokenGroups`), but as identifiers.  Names change seldom and are shared by many people.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use keymend_domain::time::{MINUTE_MS, Moment};
use ldap3::Scope;

use super::sid::Sid;
use crate::ldap::connect::{CallError, Search};
use crate::ldap::filter::Filter;
use crate::ldap::servers::{Server, Service};

/// How old a name may be, as with everything that is remembered of a directory.
const FRESH_MS: i64 = MINUTE_MS;
/// Identifiers in one search; far below the 1,000 entries that a server gives at most.
const AT_A_TIME: usize = 200;
/// More names than this are not remembered at once.
const REMEMBERED_MAX: usize = 100_000;

/// Names of groups read lately.
#[derive(Debug, Default)]
pub(super) struct Names(Mutex<HashMap<Sid, (Moment, String)>>);

impl Names {
    /// The DNs of the groups, in order.  A group of another domain is named by its identifier.
    pub(super) async fn of(
        &self,
        (server, service): (&Server, &Service),
        groups: &[Sid],
        now: Moment,
    ) -> Result<Vec<String>, CallError> {
        let unknown = self.unknown(groups, now);
        for some in unknown.chunks(AT_A_TIME) {
            let found = read(server, service, some).await?;
            self.put(some, &found, now);
        }
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut names: Vec<String> = groups
            .iter()
            .map(|sid| match known.get(sid) {
                Some((_, name)) => name.clone(),
                None => sid.to_string(),
            })
            .collect();
        names.sort_unstable();
        Ok(names)
    }

    fn unknown(&self, groups: &[Sid], now: Moment) -> Vec<Sid> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_fresh = |sid: &&Sid| {
            known
                .get(*sid)
                .is_some_and(|(read_at, _)| (0..FRESH_MS).contains(&now.since_ms(*read_at)))
        };
        groups
            .iter()
            .filter(|sid| !is_fresh(sid))
            .cloned()
            .collect()
    }

    fn put(&self, asked: &[Sid], found: &HashMap<Sid, String>, now: Moment) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= REMEMBERED_MAX {
            known.clear();
        }
        for sid in asked {
            let name = found.get(sid).cloned().unwrap_or_else(|| sid.to_string());
            known.insert(sid.clone(), (now, name));
        }
    }
}

async fn read(
    server: &Server,
    service: &Service,
    sids: &[Sid],
) -> Result<HashMap<Sid, String>, CallError> {
    let test = |sid: &Sid| Filter::Equal("objectSid".to_owned(), sid.to_bytes());
    let search = Search {
        base: &service.offer.base,
        scope: Scope::Subtree,
        filter: &Filter::Or(sids.iter().map(test).collect()),
        attributes: &["objectSid"],
        size_limit: 0,
        types_only: false,
    };
    let hits = service
        .connection
        .search(&search, server.call_timeout())
        .await?;
    // A part of the answer would make groups nameless, and with them whoever is told by names.
    if hits.rc != 0 {
        return Err(CallError::Garbled);
    }
    let name = |entry: &crate::ldap::entry::Entry| {
        let sid = entry.bytes("objectSid").and_then(Sid::from_bytes)?;
        Some((sid, entry.dn.clone()))
    };
    Ok(hits.entries.iter().filter_map(name).collect())
}
