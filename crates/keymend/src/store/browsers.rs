//! What browsers and links hold on to beside sessions: familiar browsers, "not me" links, and
//! answers of the bot check that were used.  Of every secret the store keeps the SHA-256 alone.

use keymend_domain::account::AccountRef;
use keymend_domain::id::CorrelationId;
use keymend_domain::time::Moment;
use rusqlite::{Row, params};
use serde::{Deserialize, Serialize};

use super::fault::StoreFault;
use super::tx::{Rx, Sealed, Tx, hashed};

/// The sealed body of a familiar browser and of a link.
#[derive(Debug, Serialize, Deserialize)]
struct Mark {
    account: AccountRef,
    expires_at: Moment,
    #[serde(default)]
    correlation: Option<CorrelationId>,
}

/// A row opens only for its own handle and account, so that ending all of an account's sessions,
/// or forgetting all its browsers, leaves none.
pub(super) fn place(handle_hash: &str, account_key: &str) -> String {
    format!("{handle_hash}/{account_key}")
}

impl Rx<'_> {
    /// Whether any browser is familiar for an account.
    ///
    /// # Errors
    ///
    /// [`StoreFault`] if the store cannot be read.
    pub fn has_familiar(&self, account: &AccountRef, now: Moment) -> Result<bool, StoreFault> {
        let found = self.row(
            "looking for familiar browsers",
            "SELECT 1 FROM familiar WHERE account_key = $1 AND expires_at > $2 LIMIT 1",
            params![account.key(), now.0],
            |row| row.get::<_, i64>(0),
        )?;
        Ok(found.is_some())
    }

    /// The account whose owner used the browser with this mark, if its time is not over.
    ///
    /// # Errors
    ///
    /// [`StoreFault`] if the store cannot be read.
    pub fn familiar(&self, handle: &str, now: Moment) -> Result<Option<AccountRef>, StoreFault> {
        let hash = hashed(handle);
        let row = self.row(
            "reading a familiar browser",
            "SELECT account_key, body FROM familiar WHERE handle_hash = $1 AND expires_at > $2",
            params![hash, now.0],
            pair,
        )?;
        let mark: Option<Mark> = row.and_then(|(account_key, body)| {
            self.opened(Sealed::Familiar, &place(&hash, &account_key), &body)
        });
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

/// The first two columns of a row, as texts.
pub(super) fn pair(row: &Row<'_>) -> rusqlite::Result<(String, String)> {
    Ok((row.get(0)?, row.get(1)?))
}

impl Tx<'_> {
    /// Marks a browser as one that the account's owner uses.  No older mark of the account lasts
    /// longer than the new one: marks last as long as the policy says now.
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
        let account_key = account.key();
        let body = self.sealed(Sealed::Familiar, &place(&hash, &account_key), &mark)?;
        let during = "marking a browser";
        // A millisecond less, so that the new mark is the last of them to be forgotten.
        self.execute(
            during,
            "UPDATE familiar SET expires_at = $1 WHERE account_key = $2 AND expires_at > $1",
            params![expires_at.plus_ms(-1).0, account_key],
        )?;
        self.execute(
            during,
            "INSERT INTO familiar (handle_hash, account_key, expires_at, body)
             VALUES ($1, $2, $3, $4)",
            params![hash, account_key, expires_at.0, body],
        )
        .map(drop)
    }

    /// Forgets an account's familiar browsers but the `kept` whose mark lasts longest; gives how
    /// many were forgotten.
    ///
    /// # Errors
    ///
    /// [`StoreFault`]; nothing was removed.
    pub fn keep_familiars(&mut self, account: &AccountRef, kept: u32) -> Result<u64, StoreFault> {
        let count = self.execute(
            "forgetting the oldest familiar browsers",
            "DELETE FROM familiar WHERE account_key = $1 AND handle_hash NOT IN (
                SELECT handle_hash FROM familiar WHERE account_key = $1
                ORDER BY expires_at DESC LIMIT $2)",
            params![account.key(), kept],
        )?;
        Ok(count as u64)
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

    /// Removes marks, links and used answers whose time is over at `now`, at most
    /// `limit` of each; gives how many.
    ///
    /// # Errors
    ///
    /// [`StoreFault`]; nothing was removed.
    pub fn forget_ended(&mut self, now: Moment, limit: u32) -> Result<u64, StoreFault> {
        let mut count = 0_u64;
        for sql in [
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
