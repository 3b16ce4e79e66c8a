use keymend_domain::method::Contact;
use rusqlite::params;

use super::{Bench, NOW, account, add_lines, method};
use crate::store::{FaultKind, Store, StoreFault};

const HANDLE: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

const SESSION: &str = "signed in as Jane Roe";

async fn with_people() -> (Bench, Store) {
    let bench = Bench::new();
    let store = bench.open().await;
    store
        .transact(|tx| {
            let phone = Contact::Phone("+447700900123".into());
            tx.add_method(&account("alice"), &method("m-alice", phone), "tag-1")?;
            let mail = Contact::Email("mallory.moore@mail.example".into());
            tx.add_method(&account("mallory"), &method("m-mallory", mail), "tag-2")?;
            tx.raise_epoch(&account("alice"))?;
            tx.set_frozen(&account("mallory"), true, NOW)?;
            tx.insert_session(HANDLE, &account("mallory"), NOW.plus_ms(9), &SESSION)?;
            tx.add_familiar(HANDLE, &account("mallory"), NOW.plus_ms(9))
        })
        .await
        .unwrap();
    add_lines(&store, 0..3).await;
    (bench, store)
}

#[tokio::test]
async fn no_name_address_number_or_handle_is_readable_in_any_file() {
    let (bench, store) = with_people().await;
    let while_open = bench.bytes();
    store.close().await;
    for bytes in [while_open, bench.bytes()] {
        let text = String::from_utf8_lossy(&bytes).to_lowercase();
        assert!(text.contains("corp/alice"), "the search itself works");
        for secret in [
            "7700900123",
            "mallory.moore",
            "mail.example",
            "jane",
            "203.0.113.77",
            HANDLE,
        ] {
            assert!(!text.contains(secret), "{secret}");
        }
    }
}

#[tokio::test]
async fn a_method_moved_to_somebody_else_is_absent_and_reported() {
    let (bench, store) = with_people().await;
    let moved = "UPDATE method SET account_key = 'corp/alice' WHERE id = 'm-mallory'";
    bench.intruder().execute_batch(moved).unwrap();
    let standing = store.read(|rx| rx.standing(&account("alice"))).await;
    let ids: Vec<String> = standing
        .unwrap()
        .methods
        .iter()
        .map(|method| method.id.to_string())
        .collect();
    assert_eq!(ids, ["m-alice"]);
    assert_eq!(store.damaged_rows(), 1);
}

#[tokio::test]
async fn an_account_whose_row_was_exchanged_counts_as_frozen_and_cannot_be_written_over() {
    let (bench, store) = with_people().await;
    let exchange = "UPDATE person SET body = (SELECT body FROM person
        WHERE account_key = 'corp/alice') WHERE account_key = 'corp/mallory'";
    bench.intruder().execute_batch(exchange).unwrap();
    let standing = store.read(|rx| rx.standing(&account("mallory"))).await;
    assert!(standing.unwrap().is_frozen);
    let lifted = store.transact(|tx| tx.set_frozen(&account("mallory"), false, NOW));
    assert_eq!(lifted.await.unwrap_err().kind(), FaultKind::Sealed);
}

#[tokio::test]
async fn a_session_and_a_mark_open_for_their_own_account_alone() {
    let (bench, store) = with_people().await;
    let own = store.read(|rx| rx.session::<String>(HANDLE)).await.unwrap();
    assert_eq!(own.as_deref(), Some(SESSION));
    for table in ["session", "familiar"] {
        let sql = format!("UPDATE {table} SET account_key = 'corp/alice'");
        bench.intruder().execute_batch(&sql).unwrap();
    }
    let (moved, mark) = store
        .read(|rx| Ok::<_, StoreFault>((rx.session::<String>(HANDLE)?, rx.familiar(HANDLE, NOW)?)))
        .await
        .unwrap();
    assert_eq!((moved, mark), (None, None));
}

#[tokio::test]
async fn settings_that_do_not_open_are_a_fault_and_no_older_ones_come_into_force() {
    let bench = Bench::new();
    let store = bench.open().await;
    for version in 0..2 {
        store
            .transact(move |tx| tx.save_settings(version, &Default::default(), "root", NOW))
            .await
            .unwrap()
            .unwrap();
    }
    bench
        .intruder()
        .execute(
            "UPDATE settings SET body = (SELECT body FROM settings WHERE version = 1)
             WHERE version = $1",
            params![2],
        )
        .unwrap();
    let fault = store.read(|rx| rx.settings()).await.unwrap_err();
    assert_eq!(fault.kind(), FaultKind::Sealed);
}
