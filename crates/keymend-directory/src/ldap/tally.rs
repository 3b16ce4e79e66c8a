//! What each server counts of wrong passwords: all servers are asked at once, and each about many
//! accounts with one search.

use std::time::Duration;

use futures_util::future::join_all;
use keymend_domain::account::{AccountRef, Anchor};
use keymend_domain::directory::tally::{PasswordSet, ServerTallies, Tally};
use ldap3::Scope;

use super::connect::{Failure, Hits, Search, Step};
use super::dialect::Dialect;
use super::entry::Entry;
use super::filter::Filter;
use super::servers::{Server, Service};
use super::until::Until;
use super::{Ldap, active_directory, ds389, verdict};

/// How long one search may take, and the way to a server as well: far less than a person's call
/// may, since all the others of the round wait for it.
const STEP_LIMIT: Duration = Duration::from_secs(4);
/// How long all that is asked about the accounts of one search may take.
const SEARCH_LIMIT: Duration = Duration::from_secs(10);
/// How long a server may take for a round; accounts it was not asked for by then must wait.
const ROUND_LIMIT: Duration = Duration::from_secs(30);
/// After so many searches that failed, each tried on two connections, a server is left alone.
const FAILURES_MOST: u32 = 2;
/// Accounts in one search at most: with more of them filters grow long, and some servers refuse
/// results of more than a few hundred entries.
const ACCOUNTS_AT_ONCE: usize = 50;

/// RFC 4511 §4.1.9.
const SIZE_LIMIT_EXCEEDED: u32 = 4;

/// What is read of an account on OpenLDAP.
const ATTRIBUTES: [&str; 3] = ["entryUUID", "pwdFailureTime", "pwdChangedTime"];

/// Asks every server.  One that does not answer is left out; of one that answers in part, that
/// part is told.
pub(super) async fn of_servers(ldap: &Ldap, accounts: &[AccountRef]) -> Vec<ServerTallies> {
    let servers = ldap.servers.all();
    let asking = servers
        .iter()
        .map(|server| of_server(ldap, server, accounts));
    join_all(asking).await.into_iter().flatten().collect()
}

async fn of_server(ldap: &Ldap, server: &Server, accounts: &[AccountRef]) -> Option<ServerTallies> {
    let until = Until::after(ROUND_LIMIT);
    let (mut tallies, mut is_heard) = (Vec::new(), false);
    let (mut failures, mut last) = (0, None);
    for some in accounts.chunks(ACCOUNTS_AT_ONCE) {
        if failures >= FAILURES_MOST {
            break;
        }
        if until.left().is_zero() {
            last = Some(late());
            break;
        }
        match of_some_twice(ldap, server, some).await {
            Ok(found) => {
                is_heard = true;
                tallies.extend(found);
            }
            Err(failure) => {
                failures += 1;
                last = Some(failure);
            }
        }
    }
    server.notes_round(last.as_ref().map(|failure| &failure.error));
    is_heard.then(|| ServerTallies {
        server: server.host(),
        accounts: tallies,
        is_only: ldap.servers.count() == 1,
    })
}

fn late() -> Failure {
    Failure::down(Step::Search, "the answer took too long")
}

/// A connection that lay idle since the round before may be dead without anybody having said so,
/// and so a search that failed is made once more on a fresh one.
async fn of_some_twice(
    ldap: &Ldap,
    server: &Server,
    accounts: &[AccountRef],
) -> Result<Vec<Tally>, Failure> {
    let mut found = of_some(ldap, server, accounts).await;
    if found.is_err() {
        server.leaves_lookout();
        found = of_some(ldap, server, accounts).await;
    }
    found.inspect_err(|_| server.leaves_lookout())
}

async fn of_some(
    ldap: &Ldap,
    server: &Server,
    accounts: &[AccountRef],
) -> Result<Vec<Tally>, Failure> {
    let asking = async {
        let service = server.lookout(STEP_LIMIT).await?;
        let hits = search(ldap, server, &service, accounts).await?;
        // Where entries are missing nobody knows whose, so a part is no answer.
        if hits.rc == SIZE_LIMIT_EXCEEDED {
            return Err(Failure::strange(Step::Search, "result 4"));
        }
        verdict::of_search(hits.rc)?;
        let mut tallies = Vec::new();
        for entry in hits.entries {
            tallies.extend(of_entry(ldap, (server, &service), &entry).await?);
        }
        Ok(tallies)
    };
    match tokio::time::timeout(SEARCH_LIMIT, asking).await {
        Ok(found) => found,
        Err(_) => Err(late()),
    }
}

async fn search(
    ldap: &Ldap,
    server: &Server,
    service: &Service,
    accounts: &[AccountRef],
) -> Result<Hits, Failure> {
    let dialect = service.offer.dialect;
    let test = |account: &AccountRef| match dialect {
        Dialect::ActiveDirectory => active_directory::tally::test(account),
        Dialect::Ds389 => {
            let name = ds389::anchor_name(&service.offer);
            Some(Filter::equal(name, &account.anchor.0))
        }
        Dialect::OpenLdap | Dialect::Unfamiliar => {
            Some(Filter::equal("entryUUID", &account.anchor.0))
        }
    };
    let tests: Vec<Filter> = accounts.iter().filter_map(test).collect();
    if tests.is_empty() {
        return Ok(Hits::none());
    }
    let tests = Filter::Or(tests);
    let filter = match dialect {
        Dialect::ActiveDirectory => ldap.active_directory.within_scope(Some(tests)),
        _ => ldap.within_scope(tests),
    };
    let mut attributes: Vec<&str> = match dialect {
        Dialect::ActiveDirectory => active_directory::tally::ATTRIBUTES.to_vec(),
        Dialect::Ds389 => ds389::tally::ATTRIBUTES.to_vec(),
        Dialect::OpenLdap | Dialect::Unfamiliar => ATTRIBUTES.to_vec(),
    };
    if dialect == Dialect::Ds389 {
        attributes.push(ds389::anchor_name(&service.offer));
    }
    let search = Search {
        base: &ldap.options.base,
        scope: Scope::Subtree,
        filter: &filter,
        attributes: &attributes,
        size_limit: 0,
        types_only: false,
    };
    let limit = STEP_LIMIT.min(server.call_timeout());
    let hits = service.connection.search(&search, limit);
    hits.await.map_err(|fault| fault.failure(Step::Search))
}

async fn of_entry(
    ldap: &Ldap,
    at: (&Server, &Service),
    entry: &Entry,
) -> Result<Option<Tally>, Failure> {
    Ok(match at.1.offer.dialect {
        Dialect::ActiveDirectory => active_directory::tally::of(entry),
        Dialect::Ds389 => {
            // Remembered for a minute, so that this is no search for each account.
            let policy = ldap.ds389.policy(at, entry).await;
            let policy = policy.map_err(|fault| fault.failure(Step::Search))?;
            ds389::tally::of(entry, &policy, (&at.1.offer, ldap.clock.now()))
        }
        Dialect::OpenLdap | Dialect::Unfamiliar => of_open_ldap(entry),
    })
}

/// The overlay keeps the time of every wrong password until a right one or a new one, and shows
/// them to those who name them (slapo-ppolicy(5)).
fn of_open_ldap(entry: &Entry) -> Option<Tally> {
    let anchor = Anchor(entry.text("entryUUID")?.to_owned());
    let count = entry.texts("pwdFailureTime").count();
    Some(Tally {
        anchor,
        count: u32::try_from(count).unwrap_or(u32::MAX),
        times: entry.moments("pwdFailureTime").collect(),
        password_set: PasswordSet::told(entry.moment("pwdChangedTime")),
        forgotten_at: None,
    })
}

#[cfg(test)]
mod tests {
    use keymend_domain::time::Moment;

    use super::*;

    #[test]
    fn every_time_that_is_told_is_read() {
        let entry = Entry::of(
            "uid=jane",
            &[
                ("entryUUID", "u1"),
                ("pwdFailureTime", "20261122090100.5Z"),
                ("pwdFailureTime", "20261122090000Z"),
                ("pwdChangedTime", "20261122085900Z"),
            ],
        );
        let tally = of_open_ldap(&entry).unwrap();
        assert_eq!((tally.count, tally.times.len()), (2, 2));
        assert_eq!(tally.last(), Some(Moment(1_795_338_060_500)));
        assert_eq!(tally.within(60_000), 1);
        assert_eq!(tally.within(0), 2);
        assert_eq!(of_open_ldap(&Entry::default()), None);
    }
}
