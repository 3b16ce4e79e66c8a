//! Whole resets in real directories: how many a second beside the bare modify rate of the same
//! client in the same run, and how many operations each of them costs the server.

use std::sync::Arc;
use std::time::{Duration, Instant};

use keymend::clock::SystemClock;
use keymend_directory::ldap::Ldap;
use keymend_domain::account::{AccountRef, Claim};
use keymend_domain::directory::{Directory, Found};
use keymend_lab::{PasswordHash, SlapdOptions};

use super::bare::{self, Deed};
use super::house::House;
use super::peer::Peer;
use super::{journeys, measure, people};

/// Turns of journeys and bare writes, one after the other, so that other work on the machine
/// falls on both alike.
const TURNS: usize = 3;
/// How long the bare client writes in each turn.
const BARE_ROUND: Duration = Duration::from_secs(2);
/// Accounts that the bare client writes to, at the end of the list.
const BARE_ACCOUNTS: u32 = 50;
/// Journeys whose operations are counted.
const COUNTED: usize = 20;

/// How many journeys a turn has, with one person and with eight at a time; each account goes once.
const SLAPD: [(PasswordHash, u32, [usize; 2]); 2] = [
    (PasswordHash::Ssha, 1_000, [60, 240]),
    (PasswordHash::Argon2, 400, [20, 80]),
];
const SAMBA: [usize; 2] = [10, 32];

/// Accounts of the domain; other parts use the same, which is made once.
pub const SAMBA_ACCOUNTS: u32 = 250;

/// Prints both tables.
pub fn run() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    println!("\n### Whole resets (two proofs) in real directories\n");
    println!(
        "| directory | at once | resets/s | bare modify/s | bare read, write, bind/s | of modify \
         | of read, write, bind | CPU ms a reset: ours | the server's | CPU ms of the server a \
         bare modify |"
    );
    println!("|---|---|---|---|---|---|---|---|---|---|");
    runtime.block_on(async {
        for (hash, accounts, counts) in SLAPD {
            let options = SlapdOptions {
                bulk_accounts: accounts,
                password_hash: hash,
                logs_operations: false,
                syncs_to_disk: true,
                ..SlapdOptions::default()
            };
            rates(Peer::slapd(options), accounts, counts).await;
        }
        rates(Peer::samba(SAMBA_ACCOUNTS, false), SAMBA_ACCOUNTS, SAMBA).await;
    });
    println!("\n### Operations of one reset, by the server's own log\n");
    println!("{COUNTED} resets one after the other, after one that is not counted.\n");
    println!(
        "| directory | searches for the person | for what is kept a minute | who is signed in | \
         sign-ins | password writes |"
    );
    println!("|---|---|---|---|---|---|");
    runtime.block_on(async {
        let logged = SlapdOptions {
            bulk_accounts: SAMBA_ACCOUNTS,
            ..SlapdOptions::default()
        };
        count(Peer::slapd(logged)).await;
        count(Peer::samba(SAMBA_ACCOUNTS, true)).await;
    });
}

/// The service in front of a server, and its people with two methods each.
async fn furnish(peer: &Peer, accounts: u32) -> Arc<House> {
    let directory = Arc::new(Ldap::new(peer.options(), Arc::new(SystemClock)).unwrap());
    let mut ids: Vec<AccountRef> = Vec::new();
    for number in 0..accounts {
        let claim = Claim::new(&login(number as usize)).unwrap();
        match directory.find(&claim).await {
            Ok(Found::One(account)) => ids.push(account.id),
            other => panic!("{claim:?} is not one account: {other:?}"),
        }
    }
    let house = House::build_for(directory, login).await;
    people::register(&house, &ids).await;
    Arc::new(house)
}

/// The name of a bulk account.
pub fn login(number: usize) -> String {
    format!("user{number:05}")
}

#[derive(Default)]
struct Sum {
    resets: f64,
    wall: Duration,
    own: Duration,
    server: Duration,
    modify: f64,
    verified: f64,
    bare_server: Duration,
    bare_writes: f64,
}

async fn rates(peer: Peer, accounts: u32, counts: [usize; 2]) {
    let house = furnish(&peer, accounts - BARE_ACCOUNTS).await;
    // The first touch what nobody has touched before.
    journeys::walk_all(&house, 0..8, 8).await;
    let mut next = 8;
    for (at_once, count) in [1, 8].into_iter().zip(counts) {
        let mut sum = Sum::default();
        for _ in 0..TURNS {
            let numbers = next..next + count;
            next += count;
            resets(&house, &peer, (numbers, at_once), &mut sum).await;
            bare(&peer, accounts, at_once, &mut sum).await;
        }
        row(&peer, at_once, &sum);
    }
}

async fn resets(
    house: &Arc<House>,
    peer: &Peer,
    (numbers, at_once): (std::ops::Range<usize>, usize),
    sum: &mut Sum,
) {
    let own = || measure::cpu(std::process::id());
    let (begun, before) = (Instant::now(), (own(), peer.cpu()));
    sum.resets += numbers.len() as f64;
    journeys::walk_all(house, numbers, at_once).await;
    sum.wall += begun.elapsed();
    sum.own += own() - before.0;
    sum.server += peer.cpu().saturating_sub(before.1);
}

async fn bare(peer: &Peer, accounts: u32, at_once: usize, sum: &mut Sum) {
    let target = peer.target();
    let (whom, round) = (accounts - BARE_ACCOUNTS..accounts, (at_once, BARE_ROUND));
    let before = peer.cpu();
    let modify = bare::rate(&target, Deed::Modify, round, whom.clone()).await;
    sum.bare_server += peer.cpu().saturating_sub(before);
    sum.bare_writes += modify * BARE_ROUND.as_secs_f64();
    let turns = TURNS as f64;
    sum.modify += modify / turns;
    sum.verified += bare::rate(&target, Deed::Verified, round, whom).await / turns;
}

fn row(peer: &Peer, at_once: usize, sum: &Sum) {
    let rate = sum.resets / sum.wall.as_secs_f64();
    let each_ms = |time: Duration, count: f64| time.as_secs_f64() * 1_000.0 / count;
    println!(
        "| {} | {at_once} | **{rate:.1}** | {:.1} | {:.1} | {:.0} % | {:.0} % | {:.2} | {:.2} | \
         {:.2} |",
        peer.name(),
        sum.modify,
        sum.verified,
        100.0 * rate / sum.modify,
        100.0 * rate / sum.verified,
        each_ms(sum.own, sum.resets),
        each_ms(sum.server, sum.resets),
        each_ms(sum.bare_server, sum.bare_writes),
    );
}

async fn count(peer: Peer) {
    let house = furnish(&peer, COUNTED as u32 + 1).await;
    journeys::walk_all(&house, 0..1, 1).await;
    let before = peer.operations();
    journeys::walk_all(&house, 1..1 + COUNTED, 1).await;
    let done = peer.operations().since(&before);
    let each = |count: usize| count as f64 / COUNTED as f64;
    println!(
        "| {} | **{:.2}** | {:.2} | {:.2} | {:.2} | {:.2} |",
        peer.name(),
        each(done.person),
        each(done.shared),
        each(done.who),
        each(done.binds),
        each(done.writes),
    );
}
