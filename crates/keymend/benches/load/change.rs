//! Changing a known password against a real OpenLDAP server: `POST /me/password` from the router
//! down, beside what the server can do for a bare client.
//!
//! Each account changes its password once in a run, because the service allows nobody more than a
//! few changes in a quarter of an hour.

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use keymend::clock::SystemClock;
use keymend_directory::ldap::{Ldap, LdapOptions};
use keymend_domain::account::DirectoryName;
use keymend_domain::secret::Secret;
use keymend_lab::slapd::{
    BASE_DN, BULK_PASSWORD, GROUPS_DN, PEOPLE_DN, SERVICE_DN, SERVICE_PASSWORD,
};
use keymend_lab::{PasswordHash, Slapd, SlapdOptions};

use super::bare::{self, Deed, Target};
use super::browser::{Page, Visitor};
use super::house::House;
use super::measure;

const ACCOUNTS: u32 = 2_000;
/// The accounts that the bare client writes to; the visitors have the others.
const BARE: Range<u32> = 1_600..ACCOUNTS;
/// How long a bare round lasts.
const BARE_ROUND: Duration = Duration::from_secs(3);

/// A server as somebody might run it.
struct Kind {
    name: &'static str,
    hash: PasswordHash,
    syncs: bool,
    /// Changes of a round with one visitor, and with eight.
    changes: [usize; 2],
}

const KINDS: [Kind; 3] = [
    Kind {
        name: "{SSHA}, synced to disk",
        hash: PasswordHash::Ssha,
        syncs: true,
        changes: [400, 1_200],
    },
    Kind {
        name: "{SSHA}, not synced",
        hash: PasswordHash::Ssha,
        syncs: false,
        changes: [400, 1_200],
    },
    Kind {
        name: "{ARGON2}, synced to disk",
        hash: PasswordHash::Argon2,
        syncs: true,
        changes: [30, 60],
    },
];

/// Prints the table.
pub fn run() {
    println!("\n### Changing a known password (`POST /me/password`, slapd with 2,000 accounts)\n");
    println!(
        "| slapd | at once | Keymend/s | bare modify/s | bare RFC 3062/s | bare read, write, bind/s \
         | of modify | of RFC 3062 | of read, write, bind | CPU ms: ours | CPU ms: slapd |"
    );
    println!("|---|---|---|---|---|---|---|---|---|---|---|");
    let runtime = tokio::runtime::Runtime::new().unwrap();
    for kind in &KINDS {
        runtime.block_on(table_of(kind));
    }
}

async fn table_of(kind: &Kind) {
    let slapd = Arc::new(Slapd::start(SlapdOptions {
        bulk_accounts: ACCOUNTS,
        password_hash: kind.hash,
        logs_operations: false,
        syncs_to_disk: kind.syncs,
        ..SlapdOptions::default()
    }));
    let directory = Ldap::new(options(&slapd), Arc::new(SystemClock)).unwrap();
    let house = Arc::new(House::build(Arc::new(directory)).await);
    let target = Target::slapd(&slapd);
    // The first writes fill the histories of the accounts; they do not count.
    bare::rate(&target, Deed::Extended, (8, BARE_ROUND), BARE).await;
    let mut first = 0;
    for (at_once, count) in [1, 8].into_iter().zip(kind.changes) {
        let shown = changes(&house, &slapd, first..first + count, at_once).await;
        first += count;
        let round = (at_once, BARE_ROUND);
        let modify = bare::rate(&target, Deed::Modify, round, BARE).await;
        let extended = bare::rate(&target, Deed::Extended, round, BARE).await;
        let verified = bare::rate(&target, Deed::Verified, round, BARE).await;
        let of = |bare: f64| format!("{:.0} %", 100.0 * shown.rate / bare);
        println!(
            "| {} | {at_once} | **{:.0}** | {modify:.0} | {extended:.0} | {verified:.0} | {} | {} \
             | {} | {:.2} | {:.2} |",
            kind.name,
            shown.rate,
            of(modify),
            of(extended),
            of(verified),
            shown.own_cpu_ms,
            shown.slapd_cpu_ms
        );
    }
}

struct Shown {
    rate: f64,
    own_cpu_ms: f64,
    slapd_cpu_ms: f64,
}

/// Signs everybody in first, which is not counted, and then lets each change the password once.
async fn changes(
    house: &Arc<House>,
    slapd: &Slapd,
    numbers: Range<usize>,
    at_once: usize,
) -> Shown {
    let count = numbers.len() as f64;
    let mut ready = Vec::new();
    for number in numbers {
        ready.push((number, signed_in(house, number).await));
    }
    let ready = Arc::new(ready);
    let cpu = || (measure::cpu(std::process::id()), measure::cpu(slapd.pid()));
    let (begun, before) = (Instant::now(), cpu());
    change_all(house, &ready, at_once).await;
    let (wall, after) = (begun.elapsed(), cpu());
    let each_ms = |time: Duration| time.as_secs_f64() * 1_000.0 / count;
    Shown {
        rate: count / wall.as_secs_f64(),
        own_cpu_ms: each_ms(after.0 - before.0),
        slapd_cpu_ms: each_ms(after.1 - before.1),
    }
}

async fn change_all(house: &Arc<House>, ready: &Arc<Vec<(usize, Page)>>, at_once: usize) {
    let next = Arc::new(AtomicUsize::new(0));
    let tasks = (0..at_once).map(|_| {
        let (house, ready, next) = (Arc::clone(house), Arc::clone(ready), Arc::clone(&next));
        tokio::spawn(async move {
            while let Some((number, page)) = ready.get(next.fetch_add(1, Ordering::Relaxed)) {
                let new = format!("lantern meadow {number} forty");
                let fields = [
                    ("current", BULK_PASSWORD),
                    ("password", new.as_str()),
                    ("again", &new),
                    ("shown", ""),
                ];
                let mut visitor = Visitor::with(&house, page.clone());
                let location = visitor.posts("/me/password", &fields).await;
                assert_eq!(location, "/flow", "{}", visitor.html);
            }
        })
    });
    for task in tasks.collect::<Vec<_>>() {
        task.await.unwrap();
    }
}

async fn signed_in(house: &House, number: usize) -> Page {
    let mut visitor = Visitor::new(house);
    visitor.opens("/signin").await;
    let user = format!("user{number:05}");
    let fields = [("user", user.as_str()), ("password", BULK_PASSWORD)];
    visitor.posts("/signin", &fields).await;
    visitor.opens("/me/password").await;
    visitor.page()
}

fn options(slapd: &Slapd) -> LdapOptions {
    let mut options = LdapOptions::new(
        DirectoryName("lab".into()),
        vec![slapd.ldaps_url().parse().unwrap()],
        PEOPLE_DN.into(),
        SERVICE_DN.into(),
        Secret::new(SERVICE_PASSWORD.into()),
    );
    options.ca_file = Some(slapd.ca_file());
    options.group_base = Some(GROUPS_DN.into());
    options.default_policy = Some(format!("cn=default,ou=policies,{BASE_DN}"));
    options
}
