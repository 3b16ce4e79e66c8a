//! The one thread that writes: it takes what waits, does it in one transaction, and answers after
//! the sync that holds it.  One disk sync serves all deeds that came in meanwhile.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};

use rusqlite::Connection;
use tokio::sync::{mpsc, oneshot};

use super::audit::head::{Head, HeadsFile};
use super::fault::{FaultKind, StoreFault};
use super::tx::{Shared, Tx};

/// The most deeds in one transaction: bounds how long the first of them waits.
const BATCH_MOST: usize = 256;

/// Something to be done in a savepoint of its own.
pub(super) trait Job: Send {
    /// Does it, and tells whether it is to be kept.
    fn run(&mut self, tx: &mut Tx<'_>) -> bool;
    /// Answers whoever waits; `undone` if the transaction was lost after [`Job::run`].
    fn answer(self: Box<Self>, undone: Option<StoreFault>);
}

/// A job made of a closure.
pub(super) struct Deed<T, E, F> {
    deed: Option<F>,
    result: Option<Result<T, E>>,
    reply: oneshot::Sender<Result<T, E>>,
}

impl<T, E, F> Deed<T, E, F> {
    pub(super) fn new(deed: F) -> (Self, oneshot::Receiver<Result<T, E>>) {
        let (reply, answer) = oneshot::channel();
        let deed = Self {
            deed: Some(deed),
            result: None,
            reply,
        };
        (deed, answer)
    }
}

impl<T, E, F> Job for Deed<T, E, F>
where
    F: FnOnce(&mut Tx<'_>) -> Result<T, E> + Send,
    T: Send,
    E: From<StoreFault> + Send,
{
    fn run(&mut self, tx: &mut Tx<'_>) -> bool {
        let Some(deed) = self.deed.take() else {
            return false;
        };
        // The savepoint is rolled back after a panic, so nothing half-done can be seen.
        let result = catch_unwind(AssertUnwindSafe(|| deed(tx)))
            .unwrap_or_else(|_| Err(StoreFault::new(FaultKind::Crashed, "a deed").into()));
        let is_kept = result.is_ok();
        self.result = Some(result);
        is_kept
    }

    fn answer(self: Box<Self>, undone: Option<StoreFault>) {
        let lost = || StoreFault::new(FaultKind::Stopped, "a deed that never ran");
        let result = match (self.result, undone) {
            (Some(Err(own)), _) => Err(own),
            (_, Some(fault)) => Err(fault.into()),
            (Some(done), None) => done,
            (None, None) => Err(lost().into()),
        };
        // Whoever asked may have left; the deed stands all the same.
        drop(self.reply.send(result));
    }
}

/// The writing end of a store.
pub(super) struct Writer {
    pub(super) connection: Connection,
    pub(super) shared: std::sync::Arc<Shared>,
    pub(super) heads: HeadsFile,
}

impl Writer {
    /// Works until the last handle of the store is gone; gives the connection back to be closed.
    pub(super) fn work(self, mut inbox: mpsc::Receiver<Box<dyn Job>>) -> Connection {
        while let Some(first) = inbox.blocking_recv() {
            let mut batch = VecDeque::from([first]);
            while batch.len() < BATCH_MOST {
                match inbox.try_recv() {
                    Ok(next) => batch.push_back(next),
                    Err(_) => break,
                }
            }
            while !batch.is_empty() {
                self.transaction(&mut batch);
            }
        }
        self.connection
    }

    /// Does as many jobs as go into one transaction, and answers them.
    fn transaction(&self, batch: &mut VecDeque<Box<dyn Job>>) {
        if let Err(fault) = self.statement("beginning a transaction", "BEGIN IMMEDIATE") {
            answer_all(batch.drain(..), Some(&fault));
            return;
        }
        let mut tx = Tx::new(&self.connection, &self.shared);
        let mut done = Vec::with_capacity(batch.len());
        while let Some(mut job) = batch.pop_front() {
            let ran = self.in_savepoint(&mut tx, job.as_mut());
            done.push(job);
            if let Err(fault) = ran {
                self.roll_back();
                answer_all(done, Some(&fault));
                return;
            }
        }
        let head = if tx.audited {
            tx.sign_head_if_due()
        } else {
            Ok(None)
        };
        match head.and_then(|head| self.commit(head)) {
            Ok(()) => answer_all(done, None),
            Err(fault) => {
                self.roll_back();
                answer_all(done, Some(&fault));
            }
        }
    }

    /// Runs one job so that it can be undone alone.
    ///
    /// An error means that the whole transaction is lost: some errors (a full disk) make SQLite
    /// roll back everything, and what ran before is gone with it.
    fn in_savepoint(&self, tx: &mut Tx<'_>, job: &mut dyn Job) -> Result<(), StoreFault> {
        let during = "a savepoint";
        self.statement(during, "SAVEPOINT deed")?;
        let is_kept = job.run(tx);
        if self.connection.is_autocommit() {
            return Err(StoreFault::new(FaultKind::Undone, "saving a deed"));
        }
        if !is_kept {
            self.statement(during, "ROLLBACK TO deed")?;
        }
        self.statement(during, "RELEASE deed")
    }

    fn commit(&self, head: Option<Head>) -> Result<(), StoreFault> {
        self.statement("committing", "COMMIT")?;
        if let Some(head) = head {
            self.heads.append(&head);
        }
        Ok(())
    }

    fn roll_back(&self) {
        if self.connection.is_autocommit() {
            return;
        }
        if let Err(fault) = self.statement("rolling back", "ROLLBACK") {
            tracing::error!(%fault, "a transaction could not be rolled back");
        }
    }

    fn statement(&self, during: &'static str, sql: &str) -> Result<(), StoreFault> {
        let fault = |source| StoreFault::database(during, source);
        let mut statement = self.connection.prepare_cached(sql).map_err(fault)?;
        statement.execute([]).map(drop).map_err(fault)
    }
}

fn answer_all(jobs: impl IntoIterator<Item = Box<dyn Job>>, undone: Option<&StoreFault>) {
    for job in jobs {
        job.answer(undone.cloned());
    }
}
