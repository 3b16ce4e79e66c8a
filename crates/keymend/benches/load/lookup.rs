//! Finding one person among many: the whole question that the first form asks, through the
//! adapter, in a small directory and in a large one.

use std::sync::Arc;
use std::time::Instant;

use keymend::clock::SystemClock;
use keymend_directory::ldap::Ldap;
use keymend_domain::account::Claim;
use keymend_domain::directory::{Directory, Found};
use keymend_lab::SlapdOptions;

use super::directories::{SAMBA_ACCOUNTS, login};
use super::measure;
use super::peer::Peer;

/// Questions by each kind of name.
const QUESTIONS: usize = 1_000;
const SLAPD_SIZES: [u32; 2] = [250, 100_000];
const SAMBA_SIZES: [u32; 2] = [SAMBA_ACCOUNTS, 10_000];

/// A kind of name, and the name of an account in it.
type Way = (&'static str, fn(usize) -> String);

const LOGIN: Way = ("login name (uid, sAMAccountName)", login);
const MAIL: Way = ("mail", address);
const UPN: Way = ("userPrincipalName", address);
const NOBODY: Way = ("a name nobody has", |number| format!("nobody{number:05}"));

/// Prints the table.
pub fn run() {
    println!("\n### Finding one person among many\n");
    println!("{QUESTIONS} questions of each kind, one after the other, about random people.\n");
    println!("| directory | accounts | asked by | median ms | 99 % ms |");
    println!("|---|---|---|---|---|");
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        for accounts in SLAPD_SIZES {
            table_of(slapd(accounts), accounts, &[LOGIN, MAIL, NOBODY]).await;
        }
        for accounts in SAMBA_SIZES {
            table_of(
                Peer::samba(accounts, false),
                accounts,
                &[LOGIN, UPN, NOBODY],
            )
            .await;
        }
    });
}

fn slapd(accounts: u32) -> Peer {
    Peer::slapd(SlapdOptions {
        bulk_accounts: accounts,
        logs_operations: false,
        ..SlapdOptions::default()
    })
}

/// Mail address and principal name are alike in the lab.
fn address(number: usize) -> String {
    format!("user{number:05}@lab.test")
}

async fn table_of(peer: Peer, accounts: u32, ways: &[Way]) {
    let directory = Ldap::new(peer.options(), Arc::new(SystemClock)).unwrap();
    for (kind, name) in ways {
        let mut times = Vec::with_capacity(QUESTIONS);
        for turn in 0..QUESTIONS + QUESTIONS / 10 {
            // A walk over all accounts that looks random.
            let number = turn * 7_919 % accounts as usize;
            let claim = Claim::new(&name(number)).unwrap();
            let begun = Instant::now();
            let found = directory.find(&claim).await.unwrap();
            let length_ms = begun.elapsed().as_secs_f64() * 1_000.0;
            assert_eq!(
                matches!(found, Found::One(_)),
                *kind != NOBODY.0,
                "{claim:?}"
            );
            // The first tenth warms up.
            if turn >= QUESTIONS / 10 {
                times.push(length_ms);
            }
        }
        println!(
            "| {} | {accounts} | {kind} | {:.2} | {:.2} |",
            peer.name(),
            measure::quantile(&mut times, 0.5),
            measure::quantile(&mut times, 0.99),
        );
    }
}
