use std::sync::{Arc, Barrier};

use keymend_domain::limit::{CounterKey, Lane, Window, take};
use keymend_domain::time::MINUTE_MS;

use super::{Bench, NOW, Stop, account, add_lines, event, lines};
use crate::store::{FaultKind, Head, Store, StoreFault};

/// Holds the writer at a barrier until everything that shall share one transaction is queued.
async fn hold_writer(store: &Store) -> Arc<Barrier> {
    let barrier = Arc::new(Barrier::new(2));
    let (held, theirs) = (store.clone(), Arc::clone(&barrier));
    let (reply, started) = tokio::sync::oneshot::channel();
    tokio::spawn(async move {
        held.transact(move |_| {
            reply.send(()).unwrap();
            theirs.wait();
            Ok::<(), StoreFault>(())
        })
        .await
    });
    started.await.unwrap();
    barrier
}

#[tokio::test]
async fn a_deed_that_fails_leaves_its_neighbours_alone() {
    let bench = Bench::new();
    let store = bench.open().await;
    let barrier = hold_writer(&store).await;
    let good = store.transact(|tx| tx.audit(&event(1)));
    let bad = store.transact(|tx| {
        tx.audit(&event(2))?;
        Err::<(), Stop>(Stop::Own)
    });
    let crash = store.transact(|tx| -> Result<(), StoreFault> {
        tx.audit(&event(3))?;
        panic!("a fault in the program")
    });
    let last = store.transact(|tx| tx.audit(&event(4)));
    let release = async { tokio::task::spawn_blocking(move || barrier.wait()).await };
    let (good, bad, crash, last, _) = tokio::join!(good, bad, crash, last, release);
    good.unwrap();
    assert!(matches!(bad, Err(Stop::Own)));
    assert_eq!(crash.unwrap_err().kind(), FaultKind::Crashed);
    last.unwrap();
    store.close().await;

    let store = bench.open().await;
    let report = store.read(|rx| rx.audit_verify(Vec::new())).await.unwrap();
    assert_eq!((report.records, report.first_bad), (2, None));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_200_parallel_tries_exactly_the_allowed_ones_are_granted() {
    let bench = Bench::new();
    for store in [bench.open().await, bench.in_memory().await] {
        let tries = (0..200).map(|_| {
            let store = store.clone();
            tokio::spawn(async move { try_once(&store).await })
        });
        let mut granted = 0;
        for one in tries.collect::<Vec<_>>() {
            granted += u32::from(one.await.unwrap());
        }
        assert_eq!(granted, 5);
    }
}

async fn try_once(store: &Store) -> bool {
    let key = CounterKey::name("tag", Lane::Unfamiliar);
    let window = Window {
        most: 5,
        span_ms: 10 * MINUTE_MS,
    };
    store
        .transact(move |tx| {
            let granted = take(tx.book(), &key, &[window], NOW).map_err(|_| Stop::Own)?;
            Ok::<bool, Stop>(granted.is_granted())
        })
        .await
        .unwrap()
}

#[tokio::test]
async fn what_was_answered_is_there_after_opening_again() {
    let bench = Bench::new();
    let store = bench.open().await;
    add_lines(&store, 0..3).await;
    let epoch = store
        .transact(|tx| tx.raise_epoch(&account("1")))
        .await
        .unwrap();
    assert_eq!(epoch, 1);
    store.close().await;

    let store = bench.open().await;
    assert_eq!(lines(&store).await, 3);
    let standing = store.read(|rx| rx.standing(&account("1"))).await.unwrap();
    assert_eq!(standing.epoch, 1);
}

#[tokio::test]
async fn what_was_answered_survives_a_crash_in_the_next_instant() {
    let bench = Bench::new();
    let store = bench.open().await;
    add_lines(&store, 0..150).await;
    // The files as a killed process leaves them: nothing was closed or checkpointed.
    let crashed = Bench::new();
    for file in std::fs::read_dir(bench.folder.path()).unwrap() {
        let file = file.unwrap();
        std::fs::copy(file.path(), crashed.folder.path().join(file.file_name())).unwrap();
    }
    let store = crashed.open().await;
    let kept = Head::read_file(store.heads_path().unwrap()).unwrap();
    let report = store.read(move |rx| rx.audit_verify(kept)).await.unwrap();
    assert_eq!((report.records, report.first_bad), (150, None));
}

#[tokio::test]
async fn a_closed_store_is_one_whole_file() {
    for _ in 0..10 {
        let bench = Bench::new();
        let store = bench.open().await;
        add_lines(&store, 0..1).await;
        store.close().await;
        let files = std::fs::read_dir(bench.folder.path()).unwrap();
        let mut names: Vec<_> = files.map(|file| file.unwrap().file_name()).collect();
        names.sort();
        assert_eq!(names, ["audit-heads.log", "keymend.db"]);
    }
}

#[tokio::test]
async fn a_caller_who_leaves_does_not_stop_the_deed() {
    let bench = Bench::new();
    let store = bench.open().await;
    let barrier = hold_writer(&store).await;
    let leaving = store.clone();
    let asked = tokio::spawn(async move { leaving.transact(|tx| tx.audit(&event(1))).await });
    let look = tokio::spawn({
        let store = store.clone();
        async move { store.transact(|tx| tx.audit_len()).await }
    });
    // Both are queued once this task was left to others.
    while store.inner.writes.capacity() > store.inner.writes.max_capacity() - 2 {
        tokio::task::yield_now().await;
    }
    asked.abort();
    tokio::task::spawn_blocking(move || barrier.wait())
        .await
        .unwrap();
    assert_eq!(look.await.unwrap().unwrap(), 1);
}

#[tokio::test]
async fn a_full_disk_is_a_fault_and_what_was_saved_before_stays() {
    let bench = Bench::new();
    let store = bench.open().await;
    add_lines(&store, 0..1).await;
    let fill = store.transact(|tx| {
        let pages: i64 = pragma(tx.connection, "page_count");
        drop(
            tx.connection
                .pragma_update_and_check(None, "max_page_count", pages, |_| Ok(())),
        );
        Ok::<(), StoreFault>(())
    });
    fill.await.unwrap();
    let mut fault = None;
    for number in 1..1_000 {
        match store.transact(move |tx| tx.audit(&event(number))).await {
            Ok(()) => {}
            Err(full) => {
                fault = Some((number, full));
                break;
            }
        }
    }
    let (number, fault) = fault.unwrap();
    assert_eq!(fault.kind(), FaultKind::Full, "{fault}");
    assert!(fault.can_pass());
    store.close().await;

    let store = bench.open().await;
    let report = store.read(|rx| rx.audit_verify(Vec::new())).await.unwrap();
    assert_eq!(report.records, u64::try_from(number).unwrap());
    assert_eq!(report.first_bad, None);
    add_lines(&store, number..number + 1).await;
}

fn pragma(connection: &rusqlite::Connection, name: &str) -> i64 {
    connection
        .pragma_query_value(None, name, |row| row.get(0))
        .unwrap()
}

#[tokio::test]
async fn a_database_held_by_another_process_is_a_fault_that_can_pass() {
    let bench = Bench::new();
    let mut options = bench.options();
    options.busy_ms = 1;
    let store = Store::open(options).await.unwrap();
    let intruder = bench.intruder();
    intruder.execute_batch("BEGIN IMMEDIATE").unwrap();
    let fault = store.transact(|tx| tx.audit(&event(1))).await.unwrap_err();
    assert_eq!(fault.kind(), FaultKind::Busy);
    assert!(fault.can_pass());
    assert_eq!(lines(&store).await, 0);
    intruder.execute_batch("ROLLBACK").unwrap();
    add_lines(&store, 1..2).await;
    assert_eq!(lines(&store).await, 1);
}

#[tokio::test]
async fn durability_is_what_it_is_said_to_be() {
    let bench = Bench::new();
    let store = bench.open().await;
    let settings = store.transact(|tx| {
        let journal: String = tx
            .connection
            .pragma_query_value(None, "journal_mode", |row| row.get(0))
            .unwrap();
        Ok::<_, StoreFault>((journal, pragma(tx.connection, "synchronous")))
    });
    assert_eq!(settings.await.unwrap(), ("wal".to_owned(), 2));
}

#[tokio::test]
async fn a_reading_cannot_write_and_one_that_crashes_harms_nobody() {
    let bench = Bench::new();
    let store = bench.open().await;
    let refused = store.read(|rx| {
        let written = rx.execute("writing", "DELETE FROM audit", []);
        Ok::<bool, StoreFault>(written.is_err())
    });
    assert!(refused.await.unwrap());
    for _ in 0..4 {
        let crash = store.read(|_| -> Result<(), StoreFault> { panic!("a fault in the program") });
        assert_eq!(crash.await.unwrap_err().kind(), FaultKind::Crashed);
    }
    assert_eq!(lines(&store).await, 0);
}

#[tokio::test]
async fn a_database_of_a_newer_or_foreign_version_is_refused() {
    for change in [
        "INSERT INTO migration SELECT MAX(version) + 1, 'next', 'x' FROM migration",
        "UPDATE migration SET checksum = 'x' WHERE version = 1",
    ] {
        let bench = Bench::new();
        bench.open().await.close().await;
        bench.intruder().execute_batch(change).unwrap();
        let fault = Store::open(bench.options()).await.err().unwrap();
        assert_eq!(fault.kind(), FaultKind::Damaged, "{change}");
    }
}

#[tokio::test]
async fn a_file_that_is_no_database_is_refused_and_left_as_it_is() {
    let bench = Bench::new();
    let text = "not a database, and long enough to be looked at ".repeat(100);
    std::fs::write(bench.path(), &text).unwrap();
    let fault = Store::open(bench.options()).await.err().unwrap();
    assert_eq!(fault.kind(), FaultKind::Damaged);
    assert_eq!(std::fs::read_to_string(bench.path()).unwrap(), text);
}

#[cfg(unix)]
#[tokio::test]
async fn nobody_but_the_owner_can_read_the_files() {
    use std::os::unix::fs::PermissionsExt;
    let bench = Bench::new();
    let store = bench.open().await;
    add_lines(&store, 0..1).await;
    for file in std::fs::read_dir(bench.folder.path()).unwrap() {
        let file = file.unwrap();
        let mode = file.metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "{:?}", file.file_name());
    }
}
