//! The figures of `docs/benchmarks.md`: `cargo bench --package keymend --bench load -- [part]…`
//!
//! Parts: `landing` (with memory and open flows), `start`, `journeys`, `change` (needs slapd), `timing`,
//! `words`, `breach` (`--hashes N` of them, 10,000,000), `directories` (resets in slapd and Samba,
//! and their operations), `lookup`, `failover`.
//! Without one, all of them run.  `--flows N` says how many flows to open (100,000),
//! `--seconds N` how long a round lasts (5).  Nothing here is a test: the tables are for people.
//!
//! `landing` and `start` measure the program as it ships, in a process of its own.  `journeys` and
//! `change` run the whole service from the router down inside this process, so that no socket
//! hides what the work itself costs.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "a benchmark that cannot go on must stop, and it measures real time"
)]

mod bare;
mod browser;
mod change;
mod directories;
mod failover;
mod flows;
mod house;
mod journeys;
mod landing;
mod line;
mod lookup;
mod measure;
mod passwords;
mod peer;
mod people;
mod program;
mod slow;
mod timing;

use std::time::Duration;

/// What was asked for on the command line.
struct Wanted {
    parts: Vec<String>,
    flows: usize,
    round: Duration,
    hashes: u64,
}

impl Wanted {
    fn read(mut words: impl Iterator<Item = String>) -> Self {
        let mut wanted = Self {
            parts: Vec::new(),
            flows: 100_000,
            round: Duration::from_secs(5),
            hashes: 10_000_000,
        };
        while let Some(word) = words.next() {
            let mut number = || words.next().and_then(|text| text.parse::<usize>().ok());
            match word.as_str() {
                "--flows" => wanted.flows = number().expect("--flows takes a number"),
                "--hashes" => wanted.hashes = number().expect("--hashes takes a number") as u64,
                "--seconds" => {
                    let seconds = number().expect("--seconds takes a number");
                    wanted.round = Duration::from_secs(seconds as u64);
                }
                // What cargo adds by itself.
                "--bench" => {}
                _ => wanted.parts.push(word),
            }
        }
        wanted
    }

    fn has(&self, part: &str) -> bool {
        self.parts.is_empty() || self.parts.iter().any(|word| word == part)
    }
}

fn main() {
    let wanted = Wanted::read(std::env::args().skip(1));
    if wanted.has("start") {
        landing::start();
    }
    if wanted.has("landing") {
        landing::run(wanted.flows, wanted.round);
    }
    if wanted.has("journeys") {
        journeys::run();
    }
    if wanted.has("change") {
        change::run();
    }
    if wanted.has("directories") {
        directories::run();
    }
    if wanted.has("lookup") {
        lookup::run();
    }
    if wanted.has("failover") {
        failover::run();
    }
    if wanted.has("timing") {
        timing::run();
    }
    if wanted.has("words") {
        passwords::words();
    }
    if wanted.has("breach") {
        passwords::breach(wanted.hashes);
    }
}
