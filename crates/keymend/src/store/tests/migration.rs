//! For each migration a database that was used before it: what was saved then must open now.

use keymend_domain::method::MethodKind;
use keymend_domain::policy::Settings;
use rusqlite::Connection;

use super::{Bench, NOW, account};
use crate::store::{Queue, StoreFault};

/// Each migration with the rows that the version it made has left behind.
const USED: [(&str, &str); 4] = [
    (
        include_str!("../../../migrations/0001_first.sql"),
        include_str!("fixtures/0001_first.sql"),
    ),
    (
        include_str!("../../../migrations/0002_urgency.sql"),
        include_str!("fixtures/0002_urgency.sql"),
    ),
    (
        include_str!("../../../migrations/0003_integration.sql"),
        include_str!("fixtures/0003_integration.sql"),
    ),
    (
        include_str!("../../../migrations/0004_watch.sql"),
        include_str!("fixtures/0004_watch.sql"),
    ),
];

/// The database as the version with so many migrations left it.
fn left_behind(bench: &Bench, version: usize) {
    let connection = Connection::open(bench.path()).unwrap();
    let migration = "CREATE TABLE migration (
        version BIGINT NOT NULL PRIMARY KEY, name TEXT NOT NULL, checksum TEXT NOT NULL)";
    connection.execute_batch(migration).unwrap();
    for (schema, _) in &USED[..version] {
        connection.execute_batch(schema).unwrap();
    }
    connection.execute_batch(USED[version - 1].1).unwrap();
}

#[tokio::test]
async fn what_every_earlier_version_saved_opens_now() {
    for version in 1..=USED.len() {
        let bench = Bench::new();
        left_behind(&bench, version);
        let store = bench.open().await;
        let jane = || account("jane");
        let held = store.read(move |rx| {
            let standing = rx.standing(&jane())?;
            assert_eq!(standing.methods[0].contact.in_full(), "jane@mail.example");
            assert_eq!((standing.epoch, standing.is_frozen), (1, false));
            assert_eq!(rx.profile::<u8>(&jane())?, Some(7));
            assert_eq!(rx.watch(&jane())?.is_some(), version >= 4);
            assert_eq!(rx.session::<String>("handle")?.as_deref(), Some("session"));
            assert_eq!(rx.familiar("handle", NOW)?, Some(jane()));
            assert!(rx.veto("link", NOW)?.is_some());
            // The defaults of the version that saved it.
            let saved = Settings {
                methods: vec![MethodKind::Email],
                ..Settings::default()
            };
            assert_eq!(rx.settings()?, Some((1, saved)));
            rx.audit_verify(Vec::new())
        });
        let report = held.await.unwrap();
        assert_eq!((report.records, report.first_bad), (2, None));
        let leased = store.transact(|tx| -> Result<usize, StoreFault> {
            let queues = Queue::ALL.map(|queue| tx.lease_notices(queue, 9, NOW, 1));
            queues.into_iter().map(|leased| Ok(leased?.len())).sum()
        });
        assert_eq!(leased.await.unwrap(), 1);
        assert_eq!(store.damaged_rows(), 0);
    }
}

#[tokio::test]
async fn every_migration_has_its_fixture() {
    let bench = Bench::new();
    let store = bench.open().await;
    let applied = store.read(|rx| {
        let count = rx.row("counting", "SELECT COUNT(*) FROM migration", [], |row| {
            row.get::<_, usize>(0)
        });
        count.map(Option::unwrap_or_default)
    });
    assert_eq!(applied.await.unwrap(), USED.len());
}
