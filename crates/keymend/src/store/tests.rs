//! Tests of the store, and the bench they stand on.

mod audit;
#[expect(
    clippy::disallowed_methods,
    reason = "these tasks play callers who come and go"
)]
mod commit;
mod journey;
mod migration;
mod processes;
mod rows;
mod sealing;
#[expect(
    clippy::disallowed_methods,
    reason = "here time is measured, and each worker is waited for"
)]
mod speed;
mod watches;

use std::path::PathBuf;
use std::sync::Arc;

use keymend_domain::account::{AccountRef, Anchor, DirectoryName};
use keymend_domain::audit::{ActorKind, AuditDeed, AuditEvent, AuditResult};
use keymend_domain::id::{CorrelationId, MethodId};
use keymend_domain::method::{Assurance, Contact, Method, MethodKind};
use keymend_domain::time::Moment;
use rusqlite::Connection;
use tempfile::TempDir;

use super::{Store, StoreFault, StoreOptions};
use crate::keys::{AuditSigner, Keys, RootKey};

pub(super) const NOW: Moment = Moment(1_800_000_000_000);

/// A store on disk that can be opened again, and keys that stay the same.
pub(super) struct Bench {
    folder: TempDir,
    keys: Arc<Keys>,
    signer: Arc<AuditSigner>,
}

impl Bench {
    pub(super) fn new() -> Self {
        let text = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
        let root = RootKey::parse(text).unwrap();
        Self {
            folder: tempfile::tempdir().unwrap(),
            keys: Arc::new(Keys::derive(&root, "bench").unwrap()),
            signer: Arc::new(AuditSigner::parse(text).unwrap()),
        }
    }

    pub(super) fn path(&self) -> PathBuf {
        self.folder.path().join("keymend.db")
    }

    pub(super) fn options(&self) -> StoreOptions {
        StoreOptions::at(
            self.path(),
            Arc::clone(&self.keys),
            Arc::clone(&self.signer),
        )
    }

    pub(super) async fn open(&self) -> Store {
        Store::open(self.options()).await.unwrap()
    }

    pub(super) async fn in_memory(&self) -> Store {
        let (keys, signer) = (Arc::clone(&self.keys), Arc::clone(&self.signer));
        Store::open(StoreOptions::in_memory(keys, signer))
            .await
            .unwrap()
    }

    /// A way past the store, as an intruder with write access has it.
    pub(super) fn intruder(&self) -> Connection {
        Connection::open(self.path()).unwrap()
    }

    /// Every byte of every file of the store.
    pub(super) fn bytes(&self) -> Vec<u8> {
        let files = std::fs::read_dir(self.folder.path()).unwrap();
        files
            .flat_map(|file| std::fs::read(file.unwrap().path()).unwrap())
            .collect()
    }
}

pub(super) fn account(anchor: &str) -> AccountRef {
    AccountRef {
        directory: DirectoryName("corp".into()),
        anchor: Anchor(anchor.into()),
    }
}

pub(super) fn event(number: i64) -> AuditEvent {
    let mut event = AuditEvent::new(
        NOW.plus_ms(number),
        AuditDeed::FlowOpened,
        AuditResult::Info,
        ActorKind::Visitor,
        CorrelationId::stored(format!("journey-{number}")),
    );
    event.subject = Some("corp/anchor-1".into());
    event.personal.login = Some("jane.roe".into());
    event.personal.address = Some("203.0.113.77".into());
    event
}

pub(super) fn method(id: &str, contact: Contact) -> Method {
    Method {
        id: MethodId::stored(id.into()),
        kind: match contact {
            Contact::Email(_) => MethodKind::Email,
            Contact::Phone(_) => MethodKind::Text,
        },
        contact,
        assurance: Assurance::UserVerified,
        probation_until: None,
        added_at: NOW,
        used_at: None,
    }
}

/// Adds so many lines to the audit log, each in a transaction of its own.
pub(super) async fn add_lines(store: &Store, numbers: std::ops::Range<i64>) {
    for number in numbers {
        store
            .transact(move |tx| tx.audit(&event(number)))
            .await
            .unwrap();
    }
}

pub(super) async fn lines(store: &Store) -> u64 {
    store.read(|rx| rx.audit_len()).await.unwrap()
}

/// The error of a deed that has something of its own to say.
#[derive(Debug)]
#[expect(dead_code, reason = "shown when a test fails")]
pub(super) enum Stop {
    Own,
    Store(StoreFault),
}

impl From<StoreFault> for Stop {
    fn from(fault: StoreFault) -> Self {
        Self::Store(fault)
    }
}
