//! Counters: the book of `keymend_domain::limit`, in the transaction that saves the step.
//!
//! Their rows are not sealed: they hold keyed tags and stable ids only, and whoever can write to
//! the database could remove them anyway.

use keymend_domain::limit::{Book, BookFault, Counter, CounterKey};
use keymend_domain::time::Moment;
use rusqlite::params;

use super::fault::StoreFault;
use super::tx::Tx;

fn fault(source: impl std::fmt::Display) -> BookFault {
    BookFault(source.to_string())
}

impl Book for Tx<'_> {
    fn load(&mut self, key: &CounterKey) -> Result<Counter, BookFault> {
        let body = self
            .row(
                "reading a counter",
                "SELECT body FROM counter WHERE counter_key = $1",
                params![key.as_str()],
                |row| row.get::<_, String>(0),
            )
            .map_err(fault)?;
        match body {
            Some(body) => serde_json::from_str(&body).map_err(fault),
            None => Ok(Counter::default()),
        }
    }

    fn save(
        &mut self,
        key: &CounterKey,
        counter: &Counter,
        forget_at: Moment,
    ) -> Result<(), BookFault> {
        let body = serde_json::to_string(counter).map_err(fault)?;
        self.execute(
            "saving a counter",
            "INSERT INTO counter (counter_key, forget_at, body) VALUES ($1, $2, $3)
             ON CONFLICT (counter_key)
             DO UPDATE SET forget_at = excluded.forget_at, body = excluded.body",
            params![key.as_str(), forget_at.0, body],
        )
        .map(drop)
        .map_err(fault)
    }

    fn clear(&mut self, key: &CounterKey) -> Result<(), BookFault> {
        self.execute(
            "clearing a counter",
            "DELETE FROM counter WHERE counter_key = $1",
            params![key.as_str()],
        )
        .map(drop)
        .map_err(fault)
    }
}

impl Tx<'_> {
    /// The counters.
    pub fn book(&mut self) -> &mut dyn Book {
        self
    }

    /// Removes counters that mean nothing any more at `now`; gives how many.
    ///
    /// # Errors
    ///
    /// [`StoreFault`]; nothing was removed.
    pub fn forget_counters(&mut self, now: Moment, limit: u32) -> Result<u64, StoreFault> {
        let count = self.execute(
            "removing old counters",
            "DELETE FROM counter WHERE counter_key IN (SELECT counter_key FROM counter
                WHERE forget_at <= $1 ORDER BY forget_at LIMIT $2)",
            params![now.0, limit],
        )?;
        Ok(count as u64)
    }
}
