//! How fast steps are saved.  It prints and asserts nothing about time:
//!
//! ```text
//! cargo test --release -p keymend --lib store::tests::speed -- --nocapture
//! ```

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Instant;

use keymend_domain::limit::{Book, Counter, CounterKey, Lane};

use super::{Bench, NOW, Stop, account, event};
use crate::store::Store;

/// Steps measured for each number of people; enough for a figure where somebody asks for one.
const STEPS: i64 = if cfg!(debug_assertions) { 256 } else { 40_000 };

/// As much as a usual step: a sealed row of 600 bytes read and saved, a counter, an audit line.
async fn one_step(store: &Store, handle: String) {
    let saved = store.transact(move |tx| {
        let body = "x".repeat(600);
        match tx.session::<String>(&handle)? {
            Some(_) => drop(tx.save_session(&handle, NOW, &body)?),
            None => tx.insert_session(&handle, &account("jane"), NOW, &body)?,
        }
        let key = CounterKey::name(&handle, Lane::Familiar);
        let counter = tx.load(&key).map_err(|_| Stop::Own)?;
        let hits = vec![(NOW.0, counter.streak)];
        let counter = Counter { hits, ..counter };
        tx.save(&key, &counter, NOW).map_err(|_| Stop::Own)?;
        tx.audit(&event(1))?;
        Ok::<(), Stop>(())
    });
    saved.await.unwrap();
}

async fn work(store: Store, person: i64, left: Arc<AtomicI64>) {
    while left.fetch_sub(1, Ordering::Relaxed) > 0 {
        one_step(&store, format!("person-{person}")).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn steps_of_many_people_share_a_disk_sync() {
    let bench = Bench::new();
    let store = bench.open().await;
    for people in [1, 8, 32, 128] {
        let steps = if people == 1 { STEPS / 16 } else { STEPS };
        let left = Arc::new(AtomicI64::new(steps));
        let start = Instant::now();
        let workers: Vec<_> = (0..people)
            .map(|person| tokio::spawn(work(store.clone(), person, Arc::clone(&left))))
            .collect();
        for worker in workers {
            worker.await.unwrap();
        }
        let rate = steps as f64 / start.elapsed().as_secs_f64();
        println!("{people:>4} people: {rate:>8.0} steps/s");
    }
    let report = store.read(|rx| rx.audit_verify(Vec::new())).await.unwrap();
    assert_eq!(report.first_bad, None);
    assert_eq!(
        report.records,
        u64::try_from(STEPS * 3 + STEPS / 16).unwrap()
    );
}
