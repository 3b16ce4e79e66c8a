//! Notices that wait for a carrier: sealed rows, leased to one sender at a time.

use keymend_domain::deliver::Notice;
use keymend_domain::id::NoticeId;
use keymend_domain::time::Moment;
use rusqlite::params;

use super::fault::StoreFault;
use super::tx::{Rx, Sealed, Tx, from_stored};

/// A notice that nobody else may send until the lease is over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leased {
    /// The notice.
    pub notice: Notice,
    /// How often it was leased, this time included.
    pub attempts: u32,
}

impl Rx<'_> {
    /// How many notices wait, leased ones included.
    ///
    /// # Errors
    ///
    /// [`StoreFault`] if the store cannot be read.
    pub fn outbox_len(&self) -> Result<u64, StoreFault> {
        let count = self.row(
            "counting notices",
            "SELECT COUNT(*) FROM outbox",
            [],
            |row| row.get(0),
        )?;
        Ok(from_stored(count.unwrap_or(0)))
    }

    /// When the next notice is due or its lease over; `None` if none waits.
    ///
    /// # Errors
    ///
    /// [`StoreFault`] if the store cannot be read.
    pub fn next_notice_due(&self) -> Result<Option<Moment>, StoreFault> {
        let due = self.row(
            "looking for the next notice",
            "SELECT MIN(due_at) FROM outbox",
            [],
            |row| row.get::<_, Option<i64>>(0),
        )?;
        Ok(due.flatten().map(Moment))
    }
}

impl Tx<'_> {
    /// Puts a notice into the outbox, due at `now`.
    ///
    /// # Errors
    ///
    /// [`StoreFault`]; nothing was saved.
    pub fn enqueue(&mut self, notice: &Notice, now: Moment) -> Result<(), StoreFault> {
        let body = self.sealed(Sealed::Outbox, notice.id.as_str(), notice)?;
        self.execute(
            "queueing a notice",
            "INSERT INTO outbox (id, due_at, attempts, body) VALUES ($1, $2, 0, $3)",
            params![notice.id.as_str(), now.0, body],
        )
        .map(drop)
    }

    /// Takes notices that are due at `now`, longest waiting first; nobody else gets them for
    /// `lease_ms`.  Expired ones are among them, for the sender to give up.
    ///
    /// A sender that dies leaves them to the next one after that time, so a carrier may be asked
    /// twice, never not at all.
    ///
    /// # Errors
    ///
    /// [`StoreFault`]; nothing was leased.
    pub fn lease_notices(
        &mut self,
        now: Moment,
        lease_ms: i64,
        limit: u32,
    ) -> Result<Vec<Leased>, StoreFault> {
        let mut rows = self.rows(
            "leasing notices",
            "UPDATE outbox SET due_at = $1, attempts = attempts + 1
             WHERE id IN (SELECT id FROM outbox WHERE due_at <= $2 ORDER BY due_at, id LIMIT $3)
             RETURNING id, attempts, body",
            params![now.plus_ms(lease_ms).0, now.0, limit],
            |row| {
                Ok((
                    row.get::<_, String>(0)?,
                    row.get(1)?,
                    row.get::<_, String>(2)?,
                ))
            },
        )?;
        rows.sort_by(|one, other| one.0.cmp(&other.0));
        let mut leased = Vec::with_capacity(rows.len());
        for (id, attempts, body) in rows {
            match self.opened(Sealed::Outbox, &id, &body) {
                Some(notice) => leased.push(Leased { notice, attempts }),
                // It was reported; leased again and again it would be reported for ever.
                None => self.remove_notice(&id)?,
            }
        }
        Ok(leased)
    }

    /// Removes a notice that was sent or given up.
    ///
    /// # Errors
    ///
    /// [`StoreFault`]; nothing was removed.
    pub fn notice_done(&mut self, id: &NoticeId) -> Result<(), StoreFault> {
        self.remove_notice(id.as_str())
    }

    /// Ends the lease of a notice, to be tried again from `due_at`.
    ///
    /// # Errors
    ///
    /// [`StoreFault`]; nothing was saved.
    pub fn notice_later(&mut self, id: &NoticeId, due_at: Moment) -> Result<(), StoreFault> {
        self.execute(
            "putting a notice off",
            "UPDATE outbox SET due_at = $1 WHERE id = $2",
            params![due_at.0, id.as_str()],
        )
        .map(drop)
    }

    fn remove_notice(&mut self, id: &str) -> Result<(), StoreFault> {
        self.execute(
            "removing a notice",
            "DELETE FROM outbox WHERE id = $1",
            params![id],
        )
        .map(drop)
    }
}
