//! Sessions: whom the handles of browsers mean, and the word left for those that are over.
//!
//! A session that is over leaves a row without account and without anything of the person: its
//! handle's hash and a word for the browser that comes back with it.

use keymend_domain::account::AccountRef;
use keymend_domain::time::{DAY_MS, Moment, SECOND_MS};
use rusqlite::params;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::browsers::{pair, place};
use super::fault::StoreFault;
use super::tx::{Rx, Sealed, Tx, hashed};

/// How long a browser can still be told that its session is over (KM-1105).
const TOLD_FOR_MS: i64 = DAY_MS;

/// How long a form under the old handle may be late: a second click, or a slow line.
const LATE_FOR_MS: i64 = 10 * SECOND_MS;

/// What stands in the place of an account where a session is over.
const NO_ACCOUNT: &str = "";

/// Names the session of some browser without being its handle.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionRow(String);

impl SessionRow {
    /// Whether it is the session of the browser with this handle.
    #[must_use]
    pub fn is_of(&self, handle: &str) -> bool {
        self.0 == hashed(handle)
    }
}

/// Why a handle means nobody any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Over {
    /// Its time was over, or something done elsewhere ended it.
    Ended,
    /// The browser was given another one a moment ago.
    Renewed,
}

/// The sealed body of a session that is over.
#[derive(Debug, Serialize, Deserialize)]
struct Word {
    over: Over,
    until: Moment,
}

impl Rx<'_> {
    /// The session of the browser with this handle; whether its time is over is for the caller
    /// to judge.
    ///
    /// # Errors
    ///
    /// [`StoreFault`] if the store cannot be read.
    pub fn session<P: DeserializeOwned>(&self, handle: &str) -> Result<Option<P>, StoreFault> {
        let hash = hashed(handle);
        let row = self.row(
            "reading a session",
            "SELECT account_key, body FROM session
             WHERE handle_hash = $1 AND account_key <> $2",
            params![hash, NO_ACCOUNT],
            pair,
        )?;
        Ok(row.and_then(|(account_key, body)| {
            self.opened(Sealed::Session, &place(&hash, &account_key), &body)
        }))
    }

    /// Why this handle means nobody, if it meant somebody lately.
    ///
    /// # Errors
    ///
    /// [`StoreFault`] if the store cannot be read.
    pub fn word_left(&self, handle: &str, now: Moment) -> Result<Option<Over>, StoreFault> {
        let hash = hashed(handle);
        let body = self.row(
            "reading why a session is over",
            "SELECT body FROM session WHERE handle_hash = $1 AND account_key = $2",
            params![hash, NO_ACCOUNT],
            |row| row.get::<_, String>(0),
        )?;
        let word: Option<Word> =
            body.and_then(|body| self.opened(Sealed::Session, &place(&hash, NO_ACCOUNT), &body));
        Ok(word.filter(|word| word.until > now).map(|word| word.over))
    }

    /// The sessions of an account, those that end first in front.
    ///
    /// # Errors
    ///
    /// [`StoreFault`] if the store cannot be read.
    pub fn sessions_of<P: DeserializeOwned>(
        &self,
        account: &AccountRef,
    ) -> Result<Vec<(SessionRow, P)>, StoreFault> {
        let account_key = account.key();
        let rows = self.rows(
            "reading an account's sessions",
            "SELECT handle_hash, body FROM session WHERE account_key = $1 ORDER BY expires_at",
            params![account_key],
            pair,
        )?;
        Ok(rows
            .iter()
            .filter_map(|(hash, body)| {
                let session = self.opened(Sealed::Session, &place(hash, &account_key), body)?;
                Some((SessionRow(hash.clone()), session))
            })
            .collect())
    }

    /// Whether anybody is signed in to an account.
    ///
    /// # Errors
    ///
    /// [`StoreFault`] if the store cannot be read.
    pub fn has_session(&self, account: &AccountRef, now: Moment) -> Result<bool, StoreFault> {
        let found = self.row(
            "looking for sessions",
            "SELECT 1 FROM session WHERE account_key = $1 AND expires_at > $2 LIMIT 1",
            params![account.key(), now.0],
            |row| row.get::<_, i64>(0),
        )?;
        Ok(found.is_some())
    }
}

impl Tx<'_> {
    /// Opens a session, which is over at `expires_at`.
    ///
    /// # Errors
    ///
    /// [`StoreFault`]; nothing was saved.
    pub fn insert_session<P: Serialize>(
        &mut self,
        handle: &str,
        account: &AccountRef,
        expires_at: Moment,
        session: &P,
    ) -> Result<(), StoreFault> {
        let (hash, account_key) = (hashed(handle), account.key());
        let body = self.sealed(Sealed::Session, &place(&hash, &account_key), session)?;
        self.execute(
            "opening a session",
            "INSERT INTO session (handle_hash, account_key, expires_at, body)
             VALUES ($1, $2, $3, $4)",
            params![hash, account_key, expires_at.0, body],
        )
        .map(drop)
    }

    /// Saves a session that is open; tells whether it still was.
    ///
    /// # Errors
    ///
    /// [`StoreFault`]; nothing was saved.
    pub fn save_session<P: Serialize>(
        &mut self,
        handle: &str,
        expires_at: Moment,
        session: &P,
    ) -> Result<bool, StoreFault> {
        let (during, hash) = ("saving a session", hashed(handle));
        let account_key = self.row(
            during,
            "SELECT account_key FROM session WHERE handle_hash = $1 AND account_key <> $2",
            params![hash, NO_ACCOUNT],
            |row| row.get::<_, String>(0),
        )?;
        let Some(account_key) = account_key else {
            return Ok(false);
        };
        let body = self.sealed(Sealed::Session, &place(&hash, &account_key), session)?;
        self.execute(
            during,
            "UPDATE session SET expires_at = $1, body = $2 WHERE handle_hash = $3",
            params![expires_at.0, body, hash],
        )?;
        Ok(true)
    }

    /// Ends a session without a word; tells whether there was one.
    ///
    /// # Errors
    ///
    /// [`StoreFault`]; nothing was removed.
    pub fn remove_session(&mut self, handle: &str) -> Result<bool, StoreFault> {
        let count = self.execute(
            "ending a session",
            "DELETE FROM session WHERE handle_hash = $1",
            params![hashed(handle)],
        )?;
        Ok(count > 0)
    }

    /// Gives a session another handle; the old one opens nothing from now on.
    ///
    /// # Errors
    ///
    /// [`StoreFault`]; nothing was saved.
    pub fn renew_session<P: Serialize>(
        &mut self,
        (old, new): (&str, &str),
        account: &AccountRef,
        (expires_at, now): (Moment, Moment),
        session: &P,
    ) -> Result<(), StoreFault> {
        let (over, until) = (Over::Renewed, now.plus_ms(LATE_FOR_MS));
        self.leave_word(&hashed(old), Word { over, until })?;
        self.insert_session(new, account, expires_at, session)
    }

    /// Ends the session of another browser, which can be told so.
    ///
    /// # Errors
    ///
    /// [`StoreFault`]; nothing was changed.
    pub fn end_session(&mut self, row: &SessionRow, now: Moment) -> Result<(), StoreFault> {
        let (over, until) = (Over::Ended, now.plus_ms(TOLD_FOR_MS));
        self.leave_word(&row.0, Word { over, until })
    }

    fn leave_word(&mut self, hash: &str, word: Word) -> Result<(), StoreFault> {
        let body = self.sealed(Sealed::Session, &place(hash, NO_ACCOUNT), &word)?;
        self.execute(
            "ending a session",
            "UPDATE session SET account_key = $1, expires_at = $2, body = $3
             WHERE handle_hash = $4",
            params![NO_ACCOUNT, word.until.0, body, hash],
        )
        .map(drop)
    }

    /// Ends every session of an account; gives how many.
    ///
    /// # Errors
    ///
    /// [`StoreFault`]; nothing was removed.
    pub fn remove_sessions_of(&mut self, account: &AccountRef) -> Result<u64, StoreFault> {
        let count = self.execute(
            "ending an account's sessions",
            "DELETE FROM session WHERE account_key = $1",
            params![account.key()],
        )?;
        Ok(count as u64)
    }

    /// Leaves no more than a word of sessions whose time is over at `now`, and removes the words
    /// that are old, at most `limit` of each; gives how many rows were removed.
    ///
    /// # Errors
    ///
    /// [`StoreFault`]; nothing was changed.
    pub fn forget_sessions(&mut self, now: Moment, limit: u32) -> Result<u64, StoreFault> {
        let during = "removing sessions that are over";
        let count = self.execute(
            during,
            "DELETE FROM session WHERE handle_hash IN (SELECT handle_hash FROM session
                WHERE expires_at <= $1 AND account_key = $2 ORDER BY expires_at LIMIT $3)",
            params![now.0, NO_ACCOUNT, limit],
        )?;
        let over = self.rows(
            during,
            "SELECT handle_hash FROM session
             WHERE expires_at <= $1 AND account_key <> $2 ORDER BY expires_at LIMIT $3",
            params![now.0, NO_ACCOUNT, limit],
            |row| row.get::<_, String>(0),
        )?;
        for hash in over {
            self.end_session(&SessionRow(hash), now)?;
        }
        Ok(count as u64)
    }
}
