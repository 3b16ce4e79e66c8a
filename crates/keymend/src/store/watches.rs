//! Watches over accounts whose password was set a short while ago: one for an account at most.

use keymend_domain::account::AccountRef;
use keymend_domain::time::Moment;
use keymend_domain::watch::Watch;
use rusqlite::params;

use super::browsers::pair;
use super::fault::StoreFault;
use super::tx::{Rx, Sealed, Tx};

/// Watches whose turn it is.
#[derive(Debug, Default)]
pub struct DueWatches {
    /// Those that wait longest first.
    pub watches: Vec<Watch>,
    /// Whether rows among them do not open: [`Tx::remove_unreadable_watches`] makes room for the
    /// others.
    pub has_unreadable: bool,
}

impl Rx<'_> {
    /// The watch over an account.
    ///
    /// # Errors
    ///
    /// [`StoreFault`] if the store cannot be read.
    pub fn watch(&self, account: &AccountRef) -> Result<Option<Watch>, StoreFault> {
        let account_key = account.key();
        let body = self.row(
            "reading a watch",
            "SELECT body FROM watch WHERE account_key = $1",
            params![account_key],
            |row| row.get::<_, String>(0),
        )?;
        Ok(body.and_then(|body| self.opened(Sealed::Watch, &account_key, &body)))
    }

    /// The watches that are due, those that wait longest first, at most `limit`.
    ///
    /// # Errors
    ///
    /// [`StoreFault`] if the store cannot be read.
    pub fn due_watches(&self, now: Moment, limit: u32) -> Result<DueWatches, StoreFault> {
        let rows = self.due_rows(now, limit)?;
        let opened = |(key, body): &(String, String)| self.opened(Sealed::Watch, key, body);
        let watches: Vec<Watch> = rows.iter().filter_map(opened).collect();
        Ok(DueWatches {
            has_unreadable: watches.len() < rows.len(),
            watches,
        })
    }

    fn due_rows(&self, now: Moment, limit: u32) -> Result<Vec<(String, String)>, StoreFault> {
        self.rows(
            "reading what is watched",
            "SELECT account_key, body FROM watch WHERE due_at <= $1 ORDER BY due_at LIMIT $2",
            params![now.0, limit],
            pair,
        )
    }
}

impl Tx<'_> {
    /// Saves a watch, in place of an older one over the same account.
    ///
    /// # Errors
    ///
    /// [`StoreFault`]; nothing was saved.
    pub fn save_watch(&mut self, watch: &Watch) -> Result<(), StoreFault> {
        let account_key = watch.account().key();
        let body = self.sealed(Sealed::Watch, &account_key, watch)?;
        self.execute(
            "saving a watch",
            "INSERT INTO watch (account_key, due_at, body) VALUES ($1, $2, $3)
             ON CONFLICT (account_key) DO UPDATE SET due_at = $2, body = $3",
            params![account_key, watch.due_at().0, body],
        )
        .map(drop)
    }

    /// Ends the watch over an account.
    ///
    /// # Errors
    ///
    /// [`StoreFault`]; nothing was removed.
    pub fn remove_watch(&mut self, account: &AccountRef) -> Result<(), StoreFault> {
        self.execute(
            "ending a watch",
            "DELETE FROM watch WHERE account_key = $1",
            params![account.key()],
        )
        .map(drop)
    }

    /// Removes those among the due watches that do not open: they wait longest, and nobody would
    /// ever look at them.
    ///
    /// # Errors
    ///
    /// [`StoreFault`]; nothing was removed.
    pub fn remove_unreadable_watches(&mut self, now: Moment, limit: u32) -> Result<(), StoreFault> {
        for (account_key, body) in self.due_rows(now, limit)? {
            let opened: Option<Watch> = self.opened(Sealed::Watch, &account_key, &body);
            if opened.is_none() {
                self.execute(
                    "removing a watch that does not open",
                    "DELETE FROM watch WHERE account_key = $1",
                    params![account_key],
                )?;
            }
        }
        Ok(())
    }

    /// Removes watches that nobody looked at for so long that they are over:
    /// those due before `until`, at most `limit`.
    ///
    /// # Errors
    ///
    /// [`StoreFault`]; nothing was removed.
    pub fn forget_watches(&mut self, until: Moment, limit: u32) -> Result<(), StoreFault> {
        self.execute(
            "removing watches that are over",
            "DELETE FROM watch WHERE account_key IN
                (SELECT account_key FROM watch WHERE due_at <= $1 ORDER BY due_at LIMIT $2)",
            params![until.0, limit],
        )
        .map(drop)
    }
}
