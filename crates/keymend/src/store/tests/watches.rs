use keymend_domain::time::{MINUTE_MS, Moment};
use keymend_domain::watch::Watch;

use super::{Bench, NOW, account};
use crate::store::{DueWatches, StoreFault};

/// A watch as the domain writes it down.
pub(super) fn watch(anchor: &str, due_at: Moment) -> Watch {
    let body = serde_json::json!({
        "account": account(anchor),
        "correlation": "journey",
        "started_at": NOW,
        "ends_at": NOW.plus_ms(60 * MINUTE_MS),
        "due_at": due_at,
        "looked_at": NOW,
        "looks": 0,
        "changed_before": null,
        "set_at": null,
        "seen": [{ "server": "dc1.corp.example", "count": 1, "last": NOW }],
        "told": "nothing",
    });
    serde_json::from_value(body).unwrap()
}

#[tokio::test]
async fn an_account_has_one_watch_and_the_newest_password_decides_which() {
    let bench = Bench::new();
    let store = bench.open().await;
    store
        .transact(|tx| {
            tx.save_watch(&watch("jane", NOW.plus_ms(1)))?;
            tx.save_watch(&watch("bob", NOW.plus_ms(2)))?;
            tx.save_watch(&watch("jane", NOW.plus_ms(3)))
        })
        .await
        .unwrap();
    store.close().await;
    let store = bench.open().await;
    let due = |at: i64, limit: u32| {
        let due = store.read(move |rx| rx.due_watches(NOW.plus_ms(at), limit));
        async move {
            let due: DueWatches = due.await.unwrap();
            let anchors = due
                .watches
                .iter()
                .map(|watch| watch.account().anchor.0.clone());
            anchors.collect::<Vec<_>>().join(" ")
        }
    };
    assert_eq!(due(1, 9).await, "");
    assert_eq!(due(2, 9).await, "bob");
    assert_eq!(due(3, 9).await, "bob jane");
    assert_eq!(due(3, 1).await, "bob");
    let over = store.transact(|tx| -> Result<_, StoreFault> {
        tx.remove_watch(&account("bob"))?;
        tx.forget_watches(NOW.plus_ms(2), 9)?;
        Ok((tx.watch(&account("bob"))?, tx.watch(&account("jane"))?))
    });
    let (bob, jane) = over.await.unwrap();
    assert_eq!((bob, jane), (None, Some(watch("jane", NOW.plus_ms(3)))));
    let forgotten = store.transact(|tx| -> Result<_, StoreFault> {
        tx.forget_watches(NOW.plus_ms(3), 9)?;
        tx.watch(&account("jane"))
    });
    assert_eq!(forgotten.await.unwrap(), None);
}

#[tokio::test]
async fn where_somebody_was_seen_is_not_readable_in_any_file() {
    let bench = Bench::new();
    let store = bench.open().await;
    let saved = store.transact(|tx| tx.save_watch(&watch("jane", NOW)));
    saved.await.unwrap();
    store.close().await;
    let bytes = bench.bytes();
    let word = b"dc1.corp.example";
    assert!(!bytes.windows(word.len()).any(|part| part == word));
}

#[tokio::test]
async fn rows_that_do_not_open_give_way_to_those_behind_them() {
    let bench = Bench::new();
    let store = bench.open().await;
    let saved = store.transact(|tx| {
        tx.save_watch(&watch("jane", NOW))?;
        tx.save_watch(&watch("bob", NOW.plus_ms(1)))
    });
    saved.await.unwrap();
    let spoilt = "UPDATE watch SET body = 'of another key' WHERE due_at = $1";
    bench.intruder().execute(spoilt, [NOW.0]).unwrap();
    let at = NOW.plus_ms(1);
    let due = || store.read(move |rx| -> Result<_, StoreFault> { rx.due_watches(at, 1) });
    let first = due().await.unwrap();
    assert!(first.watches.is_empty() && first.has_unreadable);
    let removed = store.transact(move |tx| tx.remove_unreadable_watches(at, 1));
    removed.await.unwrap();
    let second = due().await.unwrap();
    assert_eq!(second.watches, [watch("bob", at)]);
    assert!(!second.has_unreadable);
}
