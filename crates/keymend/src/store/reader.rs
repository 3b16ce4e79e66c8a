//! Threads that read: each has a connection of its own and sees one snapshot per deed.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::Connection;
use tokio::sync::mpsc;

use super::fault::{FaultKind, StoreFault};
use super::tx::{Rx, Shared};

/// Something to be read.
pub(super) type Look = Box<dyn FnOnce(Result<&Rx<'_>, StoreFault>) + Send>;

/// Where reading threads take their work from.
pub(super) type Desk = Arc<Mutex<mpsc::Receiver<Look>>>;

/// Works until the last handle of the store is gone.
pub(super) fn work(connection: Connection, shared: &Shared, desk: &Desk) {
    loop {
        let next = desk
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .blocking_recv();
        let Some(look) = next else { return };
        in_snapshot(&connection, shared, look);
    }
}

fn in_snapshot(connection: &Connection, shared: &Shared, look: Look) {
    let fault = |source| StoreFault::database("beginning to read", source);
    match statement(connection, "BEGIN DEFERRED").map_err(fault) {
        Ok(()) => {
            let rx = Rx { connection, shared };
            // Whoever waits is answered by the dropped reply.
            drop(catch_unwind(AssertUnwindSafe(|| look(Ok(&rx)))));
        }
        Err(fault) => look(Err(fault)),
    }
    if !connection.is_autocommit() && statement(connection, "ROLLBACK").is_err() {
        tracing::error!("a reading transaction could not be ended");
    }
}

fn statement(connection: &Connection, sql: &str) -> rusqlite::Result<()> {
    connection.prepare_cached(sql)?.execute([]).map(drop)
}

/// What a caller hears whose reading crashed, or whose store is gone.
pub(super) fn crashed() -> StoreFault {
    StoreFault::new(FaultKind::Crashed, "reading")
}
