//! The store: the only room that speaks SQL.
//!
//! Every decision is one [`Store::transact`]: what it reads, decides and saves happens in one
//! transaction, saved whole or not at all, and the answer comes after the disk has it.  One thread
//! writes and takes all deeds that wait into one transaction, so that durability does not cost a
//! disk sync per step.  What speaks of a person is sealed; handles and tokens are kept as SHA-256.
//!
//! ```text
//! transact ─► queue ─► writer thread: BEGIN ─ savepoint per deed ─ COMMIT ─► answers
//! read ─────► queue ─► reading threads, one snapshot per deed (in memory: the writer)
//! ```

mod audit;
mod browsers;
mod counters;
mod fault;
mod flows;
mod integration;
mod migrate;
mod outbox;
mod people;
mod reader;
mod sessions;
mod settings;
mod step;
mod tx;
mod watches;
mod writer;

use std::convert::Infallible;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use keymend_domain::time::Entropy;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};
use tokio::sync::{mpsc, oneshot};

use crate::entropy::SystemEntropy;
use crate::keys::{AuditSigner, Keys};

use self::audit::head::HeadsFile;
use self::reader::Look;
use self::tx::{Seals, Shared};
use self::writer::{Deed, Job, Writer};

pub use self::audit::export::{ExportFault, ExportFormat};
pub use self::audit::head::{BadHeads, Head};
pub use self::audit::verify::{Misfit, VerifyReport};
pub use self::audit::{AuditFilter, AuditRecord};
pub use self::fault::{FaultKind, StoreFault};
pub use self::outbox::{Leased, Queue};
pub use self::sessions::{Over, SessionRow};
pub use self::settings::{Conflict, SettingsVersion};
pub use self::tx::{Rx, Tx};
pub use self::watches::DueWatches;

/// Deeds that may wait for the writer; more of them wait for room.
const WRITE_QUEUE: usize = 1_024;
/// Readings that may wait.
const READ_QUEUE: usize = 1_024;
/// Reading threads of a store on disk.
const READERS: usize = 2;
/// Prepared statements kept per connection: more than there are.
const STATEMENTS_KEPT: usize = 128;

/// Where a store is and what it needs.
pub struct StoreOptions {
    /// The database file; `None` for a store in memory that ends with its last handle.
    pub path: Option<PathBuf>,
    /// The keys that rows are sealed with.
    pub keys: Arc<Keys>,
    /// Signs the heads of the audit chain.
    pub signer: Arc<AuditSigner>,
    /// Chance, for sealing.
    pub entropy: Arc<dyn Entropy>,
    /// How long another process may hold the database before a deed gives up, in milliseconds.
    pub busy_ms: u64,
}

impl StoreOptions {
    /// A store in memory.
    #[must_use]
    pub fn in_memory(keys: Arc<Keys>, signer: Arc<AuditSigner>) -> Self {
        Self {
            path: None,
            keys,
            signer,
            entropy: Arc::new(SystemEntropy),
            busy_ms: 5_000,
        }
    }

    /// A store in a file, which is made if it is not there, readable by its owner alone.
    #[must_use]
    pub fn at(path: PathBuf, keys: Arc<Keys>, signer: Arc<AuditSigner>) -> Self {
        Self {
            path: Some(path),
            ..Self::in_memory(keys, signer)
        }
    }
}

/// A handle of the store; copies of it are the same store.
#[derive(Clone)]
pub struct Store {
    inner: Arc<Inner>,
}

struct Inner {
    writes: mpsc::Sender<Box<dyn Job>>,
    /// `None` in memory, where the writer reads as well.
    reads: Option<mpsc::Sender<Look>>,
    shared: Arc<Shared>,
    heads_path: Option<PathBuf>,
    /// The writer holds the other end until everything is closed.
    finished: Mutex<Option<mpsc::Receiver<Infallible>>>,
}

impl Store {
    /// Opens a store, and brings its tables to this version.
    ///
    /// # Errors
    ///
    /// [`StoreFault`]: [`FaultKind::Damaged`] if the file is no database or of a newer version,
    /// [`FaultKind::Busy`] if another process holds it, else what the operating system said.
    pub async fn open(options: StoreOptions) -> Result<Self, StoreFault> {
        let (reply, answer) = oneshot::channel();
        let stopped = || StoreFault::new(FaultKind::Stopped, OPENING);
        thread::Builder::new()
            .name("store-open".to_owned())
            .spawn(move || drop(reply.send(open(&options))))
            .map_err(|source| StoreFault::caused(FaultKind::Other, OPENING, source))?;
        answer.await.map_err(|_| stopped())?
    }

    /// Runs one decision inside one write transaction: saved whole if it gives `Ok`, not at all if
    /// it gives `Err` or crashes.  Answers after the sync that holds it.
    ///
    /// Whoever stops waiting does not stop the deed.
    ///
    /// # Errors
    ///
    /// The deed's own error, or a [`StoreFault`] if the store could not save it.
    pub async fn transact<T, E, F>(&self, deed: F) -> Result<T, E>
    where
        F: FnOnce(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<StoreFault> + Send + 'static,
    {
        let stopped = || StoreFault::new(FaultKind::Stopped, "saving");
        let (deed, answer) = Deed::new(deed);
        let sent = self.inner.writes.send(Box::new(deed)).await;
        sent.map_err(|_| stopped())?;
        answer.await.map_err(|_| stopped())?
    }

    /// Runs a reading on one snapshot of the store.
    ///
    /// # Errors
    ///
    /// The reading's own error, or a [`StoreFault`] if the store could not be read.
    pub async fn read<T, E, F>(&self, look: F) -> Result<T, E>
    where
        F: FnOnce(&Rx<'_>) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<StoreFault> + Send + 'static,
    {
        let Some(reads) = &self.inner.reads else {
            return self.transact(|tx| look(tx)).await;
        };
        let (reply, answer) = oneshot::channel();
        let look: Look = Box::new(move |rx| {
            let result = match rx {
                Ok(rx) => look(rx),
                Err(fault) => Err(fault.into()),
            };
            drop(reply.send(result));
        });
        let stopped = || StoreFault::new(FaultKind::Stopped, "reading");
        reads.send(look).await.map_err(|_| stopped())?;
        answer.await.map_err(|_| reader::crashed())?
    }

    /// How many rows did not open since the start: altered, moved, or sealed under another root.
    #[must_use]
    pub fn damaged_rows(&self) -> u64 {
        self.inner.shared.damaged_rows.load(Ordering::Relaxed)
    }

    /// The file beside the database that keeps the signed heads of the audit chain.
    #[must_use]
    pub fn heads_path(&self) -> Option<&Path> {
        self.inner.heads_path.as_deref()
    }

    /// Ends the store: waits until its other handles are gone, the deeds that wait are done and
    /// the files are closed.
    pub async fn close(self) {
        let finished = self.inner.finished.lock();
        let finished = finished.map_or(None, |mut slot| slot.take());
        drop(self);
        if let Some(mut finished) = finished {
            // Nothing is ever sent: the answer comes when the last thread is done.
            finished.recv().await;
        }
    }
}

const OPENING: &str = "opening the store";

fn open(options: &StoreOptions) -> Result<Store, StoreFault> {
    let seals = Seals::derive(&options.keys)
        .map_err(|source| StoreFault::caused(FaultKind::Sealed, OPENING, source))?;
    let shared = Arc::new(Shared {
        seals,
        signer: Arc::clone(&options.signer),
        entropy: Arc::clone(&options.entropy),
        damaged_rows: AtomicU64::new(0),
    });
    let mut connection = connect(options)?;
    migrate::migrate(&mut connection)?;
    let heads_path = options.path.as_deref().map(HeadsFile::beside);
    let writer = Writer {
        connection,
        shared: Arc::clone(&shared),
        heads: HeadsFile::at(heads_path.clone()),
    };
    let (writes, inbox) = mpsc::channel(WRITE_QUEUE);
    let (reading, mut readers_gone) = mpsc::channel(1);
    let (alive, finished) = mpsc::channel(1);
    let reads = match options.path {
        Some(_) => Some(start_readers(options, &shared, &reading)?),
        None => None,
    };
    drop(reading);
    spawn("store-writer", move || {
        let closing = writer.work(inbox);
        // The writer closes last: only the last connection puts everything into the one file.
        let gone: Option<Infallible> = readers_gone.blocking_recv();
        drop((gone, closing, alive));
    })?;
    Ok(Store {
        inner: Arc::new(Inner {
            writes,
            reads,
            shared,
            heads_path,
            finished: Mutex::new(Some(finished)),
        }),
    })
}

fn start_readers(
    options: &StoreOptions,
    shared: &Arc<Shared>,
    reading: &mpsc::Sender<Infallible>,
) -> Result<mpsc::Sender<Look>, StoreFault> {
    let (reads, desk) = mpsc::channel(READ_QUEUE);
    let desk = Arc::new(Mutex::new(desk));
    for _ in 0..READERS {
        let connection = connect(options)?;
        connection
            .pragma_update(None, "query_only", "ON")
            .map_err(|source| StoreFault::database(OPENING, source))?;
        let (shared, desk, reading) = (Arc::clone(shared), Arc::clone(&desk), reading.clone());
        spawn("store-reader", move || {
            reader::work(connection, &shared, &desk);
            drop(reading);
        })?;
    }
    Ok(reads)
}

fn spawn(name: &str, work: impl FnOnce() + Send + 'static) -> Result<(), StoreFault> {
    let builder = thread::Builder::new().name(name.to_owned());
    builder
        .spawn(work)
        .map(drop)
        .map_err(|source| StoreFault::caused(FaultKind::Other, OPENING, source))
}

fn connect(options: &StoreOptions) -> Result<Connection, StoreFault> {
    let fault = |source| StoreFault::database(OPENING, source);
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
        | OpenFlags::SQLITE_OPEN_CREATE
        | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = match &options.path {
        Some(path) => {
            make_private(path)?;
            Connection::open_with_flags(path, flags)
        }
        None => Connection::open_in_memory(),
    }
    .map_err(fault)?;
    connection
        .busy_timeout(Duration::from_millis(options.busy_ms))
        .map_err(fault)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS_KEPT);
    // Without it a statement with `LIMIT $1` is planned anew each time it runs.
    connection
        .set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)
        .map_err(fault)?;
    // The answer of `journal_mode` is a row; in memory it stays "memory".
    connection
        .execute_batch(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA secure_delete = FAST;
             PRAGMA temp_store = MEMORY; PRAGMA trusted_schema = OFF;",
        )
        .map_err(fault)?;
    Ok(connection)
}

/// Makes the file before SQLite does, so that nobody but its owner ever can read it; the files
/// beside it take its rights.
///
/// A file that is there is not touched: closing any handle of it would drop the locks that SQLite
/// holds on it for this process (POSIX, fcntl(2)), and the next process to close the database would
/// take itself for the last one and remove the log that this one still writes to.
fn make_private(path: &Path) -> Result<(), StoreFault> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(path) {
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Ok(()),
        made => made
            .map(drop)
            .map_err(|source| StoreFault::caused(FaultKind::Other, OPENING, source)),
    }
}

#[cfg(test)]
mod tests;
