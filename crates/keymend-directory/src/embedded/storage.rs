//! SQLite kept off the async threads: one writer with group commit, readers of their own.
//!
//! The writer is a thread that drains its queue into one transaction, a savepoint per job, and
//! answers every job after the commit that holds it: durability costs one disk sync per batch,
//! not one per write.  A file is in WAL mode, so readers wait for nobody.  In memory there is
//! one connection alone and reads go through the same queue: nothing there waits for a disk.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, ffi};
use tokio::sync::{Semaphore, mpsc, oneshot};

/// Jobs waiting for the writer at most; whoever comes later waits in line before the queue.
const QUEUE_MAX: usize = 1_024;
/// Jobs in one transaction at most (source: crates.md, the gain flattens at 128).
const BATCH_MAX: usize = 128;
/// Reader connections at most.  A read takes microseconds: whoever waits for a turn is served
/// sooner than by opening one more connection.
const READERS_MAX: usize = 4;
/// How long a connection waits for another process that holds the file.
const BUSY_WAIT: Duration = Duration::from_secs(5);

/// What can go wrong below, split by the one question a write must answer: did it happen?
#[derive(Debug, Clone, thiserror::Error)]
pub(super) enum Fault {
    /// Nothing was changed.
    #[error("{0}")]
    NotDone(String),
    /// Nothing was changed, since a name that must be unique is taken.
    #[error("a name is taken")]
    Taken,
    /// The commit itself failed: the change may or may not be on disk.
    #[error("{0}")]
    MayBeDone(String),
}

impl From<rusqlite::Error> for Fault {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error() {
            Some(known) if known.extended_code == ffi::SQLITE_CONSTRAINT_UNIQUE => Self::Taken,
            _ => Self::NotDone(error.to_string()),
        }
    }
}

type Answer = Box<dyn FnOnce(Result<(), Fault>) + Send>;
type Job = Box<dyn FnOnce(&Connection) -> Answer + Send>;

/// One open SQLite database.
pub(super) struct Storage {
    jobs: mpsc::Sender<Job>,
    readers: Option<Arc<Readers>>,
}

impl Storage {
    /// Opens the file (readable by its owner alone), or a database in memory, and runs `prepare`.
    pub(super) fn open(
        path: Option<&Path>,
        prepare: impl FnOnce(&Connection) -> rusqlite::Result<()>,
    ) -> Result<Self, Fault> {
        let writer = match path {
            Some(path) => open_file(path)?,
            None => Connection::open_in_memory()?,
        };
        writer.set_prepared_statement_cache_capacity(64);
        prepare(&writer)?;
        let (jobs, queue) = mpsc::channel(QUEUE_MAX);
        std::thread::Builder::new()
            .name("embedded-writer".into())
            .spawn(move || serve(&writer, queue))
            .map_err(|error| Fault::NotDone(error.to_string()))?;
        let readers = path.map(|path| Arc::new(Readers::of(path)));
        Ok(Self { jobs, readers })
    }

    /// Runs `work` in a savepoint of the writer's transaction and answers after the commit.
    pub(super) async fn write<T, W>(&self, work: W) -> Result<T, Fault>
    where
        T: Send + 'static,
        W: FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    {
        let (answer, waiting) = oneshot::channel::<Result<T, Fault>>();
        let job: Job = Box::new(move |connection| {
            let result = in_savepoint(connection, work);
            Box::new(move |committed| {
                // Nobody may be waiting any more; the write stands all the same.
                let _ = answer.send(committed.and(result.map_err(Fault::from)));
            })
        });
        let gone = || Fault::NotDone("the writer has stopped".into());
        self.jobs.send(job).await.map_err(|_| gone())?;
        waiting
            .await
            .map_err(|_| Fault::MayBeDone("the writer stopped during the write".into()))?
    }

    /// Runs `work` on a connection that sees whole commits only and changes nothing.
    pub(super) async fn read<T, W>(&self, work: W) -> Result<T, Fault>
    where
        T: Send + 'static,
        W: FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    {
        let Some(readers) = self.readers.clone() else {
            return self.write(work).await;
        };
        let turn = Arc::clone(&readers.turns)
            .acquire_owned()
            .await
            .map_err(|error| Fault::NotDone(error.to_string()))?;
        let reading = move || {
            let _turn = turn;
            readers.lend(work)
        };
        tokio::task::spawn_blocking(reading)
            .await
            .map_err(|error| Fault::NotDone(error.to_string()))?
            .map_err(Fault::from)
    }
}

fn serve(connection: &Connection, mut queue: mpsc::Receiver<Job>) {
    while let Some(first) = queue.blocking_recv() {
        let begun = connection
            .execute_batch("BEGIN IMMEDIATE")
            .map_err(Fault::from);
        let mut answers = vec![first(connection)];
        if begun.is_ok() {
            while answers.len() < BATCH_MAX {
                let Ok(next) = queue.try_recv() else { break };
                answers.push(next(connection));
            }
        }
        let committed = begun.and_then(|()| commit(connection));
        for answer in answers {
            answer(committed.clone());
        }
    }
}

fn commit(connection: &Connection) -> Result<(), Fault> {
    if connection.is_autocommit() {
        // A full disk makes SQLite undo the whole transaction on its own.
        return Err(Fault::NotDone("the transaction was undone".into()));
    }
    connection.execute_batch("COMMIT").map_err(|error| {
        // After a failed commit the transaction may still be open, or SQLite has undone it.
        if !connection.is_autocommit() {
            let _ = connection.execute_batch("ROLLBACK");
        }
        Fault::MayBeDone(error.to_string())
    })
}

/// Refuses to work outside a transaction: then `BEGIN` failed, or a job before this one made
/// SQLite undo everything, and nothing would hold the job's statements together.
fn in_savepoint<T>(
    connection: &Connection,
    work: impl FnOnce(&Connection) -> rusqlite::Result<T>,
) -> rusqlite::Result<T> {
    if connection.is_autocommit() {
        return Err(rusqlite::Error::InvalidQuery);
    }
    connection.prepare_cached("SAVEPOINT job")?.execute([])?;
    let result = work(connection);
    if connection.is_autocommit() {
        return result;
    }
    if result.is_err() {
        connection.prepare_cached("ROLLBACK TO job")?.execute([])?;
    }
    connection.prepare_cached("RELEASE job")?.execute([])?;
    result
}

struct Readers {
    path: PathBuf,
    turns: Arc<Semaphore>,
    idle: Mutex<Vec<Connection>>,
}

impl Readers {
    fn of(path: &Path) -> Self {
        Self {
            path: path.to_owned(),
            turns: Arc::new(Semaphore::new(READERS_MAX)),
            idle: Mutex::default(),
        }
    }

    fn lend<T>(
        &self,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> rusqlite::Result<T> {
        let idle = self.idle().pop();
        let connection = match idle {
            Some(connection) => connection,
            None => self.connect()?,
        };
        let result = work(&connection);
        self.idle().push(connection);
        result
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<Connection>> {
        // A panic elsewhere cannot have left a list of connections half changed.
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn connect(&self) -> rusqlite::Result<Connection> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(&self.path, flags)?;
        connection.busy_timeout(BUSY_WAIT)?;
        connection.set_prepared_statement_cache_capacity(32);
        Ok(connection)
    }
}

fn open_file(path: &Path) -> Result<Connection, Fault> {
    create_private(path).map_err(|error| Fault::NotDone(error.to_string()))?;
    let connection = Connection::open(path)?;
    connection.busy_timeout(BUSY_WAIT)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    Ok(connection)
}

/// The file holds password hashes: only its owner may read it, from its first byte on.
///
/// A file that is there is not touched: closing any handle of it would drop the locks that SQLite
/// holds on it for this process (POSIX, fcntl(2)).
fn create_private(path: &Path) -> std::io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.create_new(true).append(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    match options.open(path) {
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Ok(()),
        made => made.map(drop),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLES: &str = "
        PRAGMA foreign_keys = ON;
        CREATE TABLE owners (name TEXT PRIMARY KEY);
        CREATE TABLE things (name TEXT PRIMARY KEY, owner TEXT
            REFERENCES owners (name) DEFERRABLE INITIALLY DEFERRED);";

    fn open(path: Option<&Path>) -> Storage {
        Storage::open(path, |connection| connection.execute_batch(TABLES)).unwrap()
    }

    async fn insert(storage: &Storage, statement: &'static str) -> Result<usize, Fault> {
        storage
            .write(move |connection| connection.execute(statement, []))
            .await
    }

    async fn count(storage: &Storage) -> i64 {
        let count = "SELECT count(*) FROM things";
        storage
            .read(move |connection| connection.query_row(count, [], |row| row.get(0)))
            .await
            .unwrap()
    }

    #[tokio::test]
    async fn a_job_that_fails_takes_nothing_with_it() {
        let storage = open(None);
        let (first, second, third) = tokio::join!(
            insert(&storage, "INSERT INTO things VALUES ('lamp', NULL)"),
            insert(&storage, "INSERT INTO nowhere VALUES (1)"),
            insert(&storage, "INSERT INTO things VALUES ('rug', NULL)"),
        );
        assert!(first.is_ok() && third.is_ok());
        assert!(matches!(second, Err(Fault::NotDone(_))));
        assert_eq!(count(&storage).await, 2);
    }

    #[tokio::test]
    async fn a_commit_that_fails_is_told_as_uncertain_and_the_next_one_works() {
        let folder = tempfile::tempdir().unwrap();
        let storage = open(Some(&folder.path().join("test.sqlite")));
        // The owner is asked for at the commit, and is not there.
        let orphan = insert(&storage, "INSERT INTO things VALUES ('lamp', 'nobody')").await;
        assert!(matches!(orphan, Err(Fault::MayBeDone(_))));
        assert_eq!(count(&storage).await, 0);
        let next = insert(&storage, "INSERT INTO things VALUES ('lamp', NULL)").await;
        assert!(next.is_ok());
        assert_eq!(count(&storage).await, 1);
    }

    #[tokio::test]
    async fn a_full_disk_is_told_as_not_done_and_what_was_there_stays() {
        let folder = tempfile::tempdir().unwrap();
        let storage = open(Some(&folder.path().join("test.sqlite")));
        insert(&storage, "INSERT INTO things VALUES ('lamp', NULL)")
            .await
            .unwrap();
        let fill = |connection: &Connection| {
            // SQLite says "full" in the same way whether the disk or its own bound is reached.
            let pages: i64 = connection.query_row("PRAGMA page_count", [], |row| row.get(0))?;
            connection.execute_batch(&format!("PRAGMA max_page_count = {pages}"))
        };
        storage.write(fill).await.unwrap();
        let big = "INSERT INTO things VALUES (hex(zeroblob(100000)), NULL)";
        assert!(matches!(
            insert(&storage, big).await,
            Err(Fault::NotDone(_))
        ));
        assert_eq!(count(&storage).await, 1);
    }

    #[tokio::test]
    async fn readers_of_a_file_wait_for_no_writer() {
        let folder = tempfile::tempdir().unwrap();
        let storage = open(Some(&folder.path().join("test.sqlite")));
        let (begun, waiting) = oneshot::channel();
        let (finish, finished) = std::sync::mpsc::channel::<()>();
        let writing = storage.write(move |connection| {
            connection.execute("INSERT INTO things VALUES ('lamp', NULL)", [])?;
            let _ = begun.send(());
            let _ = finished.recv();
            Ok(())
        });
        let reading = async {
            waiting.await.unwrap();
            let during = count(&storage).await;
            finish.send(()).unwrap();
            during
        };
        let (written, during) = tokio::join!(writing, reading);
        assert!(written.is_ok());
        assert_eq!((during, count(&storage).await), (0, 1));
    }
}
