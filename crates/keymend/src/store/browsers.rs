//! What browsers and links hold on to: sessions, familiar browsers, "not me" links, and answers
//! of the bot check that were used.  Of every secret the store keeps the SHA-256 alone.

use keymend_domain::account::AccountRef;
use keymend_domain::id::CorrelationId;
use keymend_domain::time::Moment;
use rusqlite::params;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::fault::StoreFault;
use super::tx::{Rx, Sealed, Tx, hashed};

/// One signed-in browser.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session<P> {
    /// Who is signed in.
    pub account: AccountRef,
    /// When it ends whatever happens.
    pub expires_at: Moment,
    /// What the service keeps with it.
    pub body: P,
}

/// The sealed body of a familiar browser and of a link.
#[derive(Debug, Serialize, Deserialize)]
struct Mark {
    account: AccountRef,
    expires_at: Moment,
    #[serde(default)]
    correlation: Option<CorrelationId>,
}

impl Rx<'_> {
    /// The session of the browser with this handle, if its time is not over.
    ///
    /// # Errors
    ///
    /// [`StoreFault`] if the store cannot be read.
    pub fn session<P: DeserializeOwned>(
        &self,
        handle: &str,
        now: Moment,
    ) -> Result<Option<Session<P>>, StoreFault> {
        let hash = hashed(handle);
        let body = self.row(
            "reading a session",
            "SELECT body FROM session WHERE handle_hash = $1",
            params![hash],
            |row| row.get::<_, String>(0),
        )?;
        let session: Option<Session<P>> =
            body.and_then(|body| self.opened(Sealed::Session, &hash, &body));
        Ok(session.filter(|session| session.expires_at > now))
    }

    /// The sessions of an account, those past their time left out.
    ///
    /// # Errors
    ///
    /// [`StoreFault`] if the store cannot be read.
    pub fn sessions_of<P: DeserializeOwned>(
        &self,
        account: &AccountRef,
        now: Moment,
    ) -> Result<Vec<Session<P>>, StoreFault> {
        let rows = self.rows(
            "reading an account's sessions",
            "SELECT handle_hash, body FROM session WHERE account_key = $1 AND expires_at > $2",
            params![account.key(), now.0],
            |row| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?)),
        )?;
        Ok(rows
            .iter()
            .filter_map(|(hash, body)| self.opened(Sealed::Session, hash, body))
            .filter(|session: &Session<P>| session.expires_at > now)
            .collect())
    }

    /// The account whose owner used the browser with this mark, if its time is not over.
    ///
    /// # Errors
    ///
    /// [`StoreFault`] if the store cannot be read.
    pub fn familiar(&self, handle: &str, now: Moment) -> Result<Option<AccountRef>, StoreFault> {
        let hash = hashed(handle);
        let body = self.row(
            "reading a familiar browser",
            "SELECT body FROM familiar WHERE handle_hash = $1",
            params![hash],
            |row| row.get::<_, String>(0),
        )?;
        let mark: Option<Mark> = body.and_then(|body| self.opened(Sealed::Familiar, &hash, &body));
        Ok(mark
            .filter(|mark| mark.expires_at > now)
            .map(|mark| mark.account))
    }

    /// The account and journey of a "not me" link that still works.
    ///
    /// # Errors
    ///
    /// [`StoreFault`] if the store cannot be read.
    pub fn veto(
        &self,
        token: &str,
        now: Moment,
    ) -> Result<Option<(AccountRef, CorrelationId)>, StoreFault> {
        let hash = hashed(token);
        let body = self.row(
            "reading a link",
            "SELECT body FROM veto WHERE token_hash = $1",
            params![hash],
            |row| row.get::<_, String>(0),
        )?;
        let mark: Option<Mark> = body.and_then(|body| self.opened(Sealed::Veto, &hash, &body));
        Ok(mark
            .filter(|mark| mark.expires_at > now)
            .and_then(|mark| Some((mark.account, mark.correlation?))))
    }
}

impl Tx<'_> {
    /// Opens a session.
    ///
    /// # Errors
    ///
    /// [`StoreFault`]; nothing was saved.
    pub fn insert_session<P: Serialize>(
        &mut self,
        handle: &str,
        session: &Session<P>,
    ) -> Result<(), StoreFault> {
        let hash = hashed(handle);
        let body = self.sealed(Sealed::Session, &hash, session)?;
        self.execute(
            "opening a session",
            "INSERT INTO session (handle_hash, account_key, expires_at, body)
             VALUES ($1, $2, $3, $4)",
            params![hash, session.account.key(), session.expires_at.0, body],
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
        session: &Session<P>,
    ) -> Result<bool, StoreFault> {
        let hash = hashed(handle);
        let body = self.sealed(Sealed::Session, &hash, session)?;
        let count = self.execute(
            "saving a session",
            "UPDATE session SET expires_at = $1, body = $2 WHERE handle_hash = $3",
            params![session.expires_at.0, body, hash],
        )?;
        Ok(count > 0)
    }

    /// Ends a session; tells whether it was open.
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

    /// Marks a browser as one that the account's owner uses.
    ///
    /// # Errors
    ///
    /// [`StoreFault`]; nothing was saved.
    pub fn add_familiar(
        &mut self,
        handle: &str,
        account: &AccountRef,
        expires_at: Moment,
    ) -> Result<(), StoreFault> {
        let hash = hashed(handle);
        let mark = Mark {
            account: account.clone(),
            expires_at,
            correlation: None,
        };
        let body = self.sealed(Sealed::Familiar, &hash, &mark)?;
        self.execute(
            "marking a browser",
            "INSERT INTO familiar (handle_hash, account_key, expires_at, body)
             VALUES ($1, $2, $3, $4)",
            params![hash, account.key(), expires_at.0, body],
        )
        .map(drop)
    }

    /// Forgets every familiar browser of an account; gives how many.
    ///
    /// # Errors
    ///
    /// [`StoreFault`]; nothing was removed.
    pub fn remove_familiars(&mut self, account: &AccountRef) -> Result<u64, StoreFault> {
        let count = self.execute(
            "forgetting familiar browsers",
            "DELETE FROM familiar WHERE account_key = $1",
            params![account.key()],
        )?;
        Ok(count as u64)
    }

    /// Saves a "not me" link.
    ///
    /// # Errors
    ///
    /// [`StoreFault`]; nothing was saved.
    pub fn add_veto(
        &mut self,
        token: &str,
        account: &AccountRef,
        expires_at: Moment,
        correlation: &CorrelationId,
    ) -> Result<(), StoreFault> {
        let hash = hashed(token);
        let mark = Mark {
            account: account.clone(),
            expires_at,
            correlation: Some(correlation.clone()),
        };
        let body = self.sealed(Sealed::Veto, &hash, &mark)?;
        self.execute(
            "saving a link",
            "INSERT INTO veto (token_hash, expires_at, body) VALUES ($1, $2, $3)",
            params![hash, expires_at.0, body],
        )
        .map(drop)
    }

    /// Uses a "not me" link up; tells whether it was there.
    ///
    /// # Errors
    ///
    /// [`StoreFault`]; nothing was removed.
    pub fn use_veto(&mut self, token: &str) -> Result<bool, StoreFault> {
        let count = self.execute(
            "using a link",
            "DELETE FROM veto WHERE token_hash = $1",
            params![hashed(token)],
        )?;
        Ok(count > 0)
    }

    /// Uses an answer of the bot check; `false` if it was used before.
    ///
    /// # Errors
    ///
    /// [`StoreFault`]; take it as used.
    pub fn use_human(&mut self, key: &str, expires_at: Moment) -> Result<bool, StoreFault> {
        let count = self.execute(
            "using an answer of the bot check",
            "INSERT INTO human_token (token_hash, expires_at) VALUES ($1, $2)
             ON CONFLICT (token_hash) DO NOTHING",
            params![hashed(key), expires_at.0],
        )?;
        Ok(count > 0)
    }

    /// Removes sessions, marks, links and used answers whose time is over at `now`, at most
    /// `limit` of each; gives how many.
    ///
    /// # Errors
    ///
    /// [`StoreFault`]; nothing was removed.
    pub fn forget_browsers(&mut self, now: Moment, limit: u32) -> Result<u64, StoreFault> {
        let mut count = 0_u64;
        for sql in [
            "DELETE FROM session WHERE handle_hash IN (SELECT handle_hash FROM session
                WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2)",
            "DELETE FROM familiar WHERE handle_hash IN (SELECT handle_hash FROM familiar
                WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2)",
            "DELETE FROM veto WHERE token_hash IN (SELECT token_hash FROM veto
                WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2)",
            "DELETE FROM human_token WHERE token_hash IN (SELECT token_hash FROM human_token
                WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2)",
        ] {
            let during = "removing what browsers no longer hold";
            count += self.execute(during, sql, params![now.0, limit])? as u64;
        }
        Ok(count)
    }
}
