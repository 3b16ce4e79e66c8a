//! Notices that wait for a carrier: sealed rows, leased to one sender at a time.

use keymend_domain::deliver::{Notice, Unsealed, Urgency};
use keymend_domain::id::NoticeId;
use keymend_domain::method::MethodKind;
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
    /// The queue it lay in.  Notices from before there were queues lie in the last one, whatever
    /// they tell.
    pub queue: Queue,
}

/// One of the queues in the outbox: they share nothing, so that none holds up another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Queue {
    /// The kind of carrier that empties it.
    pub carrier: MethodKind,
    /// How urgent its notices are.
    pub urgency: Urgency,
}

impl Queue {
    /// Every queue, the most urgent ones first.
    pub const ALL: [Self; 6] = {
        let [code, warning, other] = Urgency::ALL;
        let [email, text] = MethodKind::ALL;
        [
            Self::new(email, code),
            Self::new(text, code),
            Self::new(email, warning),
            Self::new(text, warning),
            Self::new(email, other),
            Self::new(text, other),
        ]
    };

    const fn new(carrier: MethodKind, urgency: Urgency) -> Self {
        Self { carrier, urgency }
    }
}

/// The number of an urgency in the database.
fn rank(urgency: Urgency) -> i64 {
    match urgency {
        Urgency::Code => 0,
        Urgency::Warning => 1,
        Urgency::Other => 2,
    }
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
        let body = self.sealed(Sealed::Outbox, notice.id.as_str(), &notice.for_sealing())?;
        let urgency = rank(notice.tidings.urgency());
        let carrier = notice.carrier().word();
        self.execute(
            "queueing a notice",
            "INSERT INTO outbox (id, due_at, attempts, body, urgency, carrier)
             VALUES ($1, $2, 0, $3, $4, $5)",
            params![notice.id.as_str(), now.0, body, urgency, carrier],
        )
        .map(drop)
    }

    /// Takes at most `limit` notices of one queue that are due at `now`, longest waiting first;
    /// nobody else gets them for `lease_ms`.  Expired ones are among them, for the sender to give
    /// up.
    ///
    /// A sender that dies leaves them to the next one after that time, so a carrier may be asked
    /// twice, never not at all.
    ///
    /// # Errors
    ///
    /// [`StoreFault`]; nothing was leased.
    pub fn lease_notices(
        &mut self,
        queue: Queue,
        limit: u32,
        now: Moment,
        lease_ms: i64,
    ) -> Result<Vec<Leased>, StoreFault> {
        let due = self.rows(
            "looking for due notices",
            "SELECT id, attempts, body FROM outbox
             WHERE carrier = $1 AND urgency = $2 AND due_at <= $3 ORDER BY due_at, id LIMIT $4",
            params![queue.carrier.word(), rank(queue.urgency), now.0, limit],
            |row| {
                let id: String = row.get(0)?;
                let attempts: u32 = row.get(1)?;
                Ok((id, attempts, row.get::<_, String>(2)?))
            },
        )?;
        let mut leased = Vec::with_capacity(due.len());
        for (id, attempts, body) in due {
            let Some(notice) = self.opened::<Unsealed>(Sealed::Outbox, &id, &body) else {
                // It was reported; leased again and again it would be reported for ever.
                self.remove_notice(&id)?;
                continue;
            };
            self.execute(
                "leasing a notice",
                "UPDATE outbox SET due_at = $1, attempts = attempts + 1 WHERE id = $2",
                params![now.plus_ms(lease_ms).0, id],
            )?;
            leased.push(Leased {
                notice: notice.into(),
                attempts: attempts.saturating_add(1),
                queue,
            });
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
