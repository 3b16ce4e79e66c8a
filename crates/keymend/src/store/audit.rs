//! The audit log: numbered lines, each bound to the one before (source: behaviour §8).
//!
//! A line is bound three times: its hash covers it and the hash before it; its personal part is
//! sealed to exactly this line, so that nobody without the root key can write one that fits; and
//! every hundred lines or sixty seconds a signed head covers all that came before.

pub(super) mod export;
pub(super) mod head;
pub(super) mod verify;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use keymend_domain::audit::{AuditDeed, AuditEvent, Personal};
use keymend_domain::id::CorrelationId;
use keymend_domain::time::Moment;
use rusqlite::types::Value;
use rusqlite::{Row, params, params_from_iter};
use sha2::{Digest, Sha256};

use super::fault::{FaultKind, StoreFault};
use super::tx::{Rx, Sealed, Tx, from_stored, to_stored};

/// What stands before the first line.
pub(super) const NO_HASH: &str = "";
/// Lines looked at for one search at most, so that a search for a rare word ends.
const SCAN_MOST: u32 = 200_000;

/// One line of the log, read back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditRecord {
    /// Its number, from 1 without gaps.
    pub seq: u64,
    /// What happened; the personal part is empty if it does not open.
    pub event: AuditEvent,
    /// The hash of the line before.
    pub previous_hash: String,
    /// Its own hash.
    pub hash: String,
}

/// Which lines are wanted; everything left out matches all.
#[derive(Debug, Clone, Default)]
pub struct AuditFilter {
    /// Of this journey.
    pub correlation: Option<CorrelationId>,
    /// Of this kind.
    pub event: Option<AuditDeed>,
    /// About this account, `directory/anchor`.
    pub subject: Option<String>,
    /// Not before this instant.
    pub since: Option<Moment>,
    /// Before this instant.
    pub until: Option<Moment>,
    /// With this text anywhere in the line, names and addresses included; case does not matter.
    pub text: Option<String>,
    /// Numbered below this, for the next page.
    pub before_seq: Option<u64>,
    /// At most so many; 0 means 100.
    pub limit: u32,
}

/// A row of the table as it stands there.
pub(super) struct StoredLine {
    pub(super) seq: i64,
    pub(super) time: i64,
    pub(super) event: String,
    pub(super) correlation: String,
    pub(super) subject: Option<String>,
    pub(super) open_body: String,
    pub(super) sealed_personal: String,
    pub(super) previous_hash: String,
    pub(super) hash: String,
}

pub(super) const COLUMNS: &str = "seq, time, event, correlation, subject, open_body, \
    sealed_personal, previous_hash, hash";

impl StoredLine {
    pub(super) fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            seq: row.get(0)?,
            time: row.get(1)?,
            event: row.get(2)?,
            correlation: row.get(3)?,
            subject: row.get(4)?,
            open_body: row.get(5)?,
            sealed_personal: row.get(6)?,
            previous_hash: row.get(7)?,
            hash: row.get(8)?,
        })
    }

    /// SHA-256 over everything readable, each field preceded by its length: what the sealed part
    /// is bound to.
    pub(super) fn place(&self) -> String {
        let (seq, time) = (self.seq.to_be_bytes(), self.time.to_be_bytes());
        let subject = self.subject.as_deref();
        digest(&[
            b"keymend/audit/v1",
            &seq,
            &time,
            self.event.as_bytes(),
            self.correlation.as_bytes(),
            &[u8::from(subject.is_some())],
            subject.unwrap_or_default().as_bytes(),
            self.open_body.as_bytes(),
            self.previous_hash.as_bytes(),
        ])
    }

    /// The hash the line must have.
    pub(super) fn hash(&self) -> String {
        digest(&[self.place().as_bytes(), self.sealed_personal.as_bytes()])
    }
}

fn digest(parts: &[&[u8]]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    URL_SAFE_NO_PAD.encode(hash.finalize())
}

impl Tx<'_> {
    /// Adds a line to the log, in this transaction.
    ///
    /// # Errors
    ///
    /// [`StoreFault`]: let the deed fail; what was not recorded must not happen.
    pub fn audit(&mut self, event: &AuditEvent) -> Result<(), StoreFault> {
        // Other processes write too, so the end of the chain is read where the line is added.
        let (last, previous_hash) = self.chain_end()?;
        let mut line = StoredLine {
            seq: last.saturating_add(1),
            time: event.time.0,
            event: event.event.word().to_owned(),
            correlation: event.correlation_id.as_str().to_owned(),
            subject: event.subject.clone(),
            open_body: open_body(event)?,
            sealed_personal: String::new(),
            previous_hash,
            hash: String::new(),
        };
        line.sealed_personal = self.sealed(Sealed::Audit, &line.place(), &event.personal)?;
        line.hash = line.hash();
        self.audited = true;
        self.execute(
            "adding a line to the audit log",
            "INSERT INTO audit (seq, time, event, correlation, subject, open_body,
                sealed_personal, previous_hash, hash)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
            params![
                line.seq,
                line.time,
                line.event,
                line.correlation,
                line.subject,
                line.open_body,
                line.sealed_personal,
                line.previous_hash,
                line.hash
            ],
        )
        .map(drop)
    }
}

/// The event as JSON with sorted keys, without its personal part.
fn open_body(event: &AuditEvent) -> Result<String, StoreFault> {
    let during = "writing an audit line";
    let unfit = |source| StoreFault::caused(FaultKind::Other, during, source);
    let open = AuditEvent {
        personal: Personal::default(),
        ..event.clone()
    };
    let mut body = serde_json::to_value(&open).map_err(unfit)?;
    if let Some(fields) = body.as_object_mut() {
        fields.remove("personal");
    }
    serde_json::to_string(&body).map_err(unfit)
}

impl Rx<'_> {
    /// Lines of the log, newest first.
    ///
    /// # Errors
    ///
    /// [`StoreFault`] if the store cannot be read.
    pub fn audit_search(&self, filter: &AuditFilter) -> Result<Vec<AuditRecord>, StoreFault> {
        let limit = if filter.limit == 0 { 100 } else { filter.limit } as usize;
        let mut found = Vec::new();
        self.each_line(filter, true, |line| {
            let record = self.record(line);
            if filter.matches_text(&record) {
                found.push(record);
            }
            Ok::<bool, StoreFault>(found.len() < limit)
        })?;
        Ok(found)
    }

    /// How many lines there are.
    ///
    /// # Errors
    ///
    /// [`StoreFault`] if the store cannot be read.
    pub fn audit_len(&self) -> Result<u64, StoreFault> {
        Ok(from_stored(self.chain_end()?.0))
    }

    /// The number and hash of the last line.
    pub(super) fn chain_end(&self) -> Result<(i64, String), StoreFault> {
        let end = self.row(
            "reading the end of the audit log",
            "SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1",
            [],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )?;
        Ok(end.unwrap_or((0, NO_HASH.to_owned())))
    }

    /// Hands over the lines that the columns let match, one by one, until `take` says `false`.
    pub(super) fn each_line<E: From<StoreFault>>(
        &self,
        filter: &AuditFilter,
        newest_first: bool,
        mut take: impl FnMut(StoredLine) -> Result<bool, E>,
    ) -> Result<(), E> {
        let fault = |source| StoreFault::database("reading the audit log", source);
        let (sql, values) = filter.sql(newest_first);
        let mut statement = self.connection.prepare_cached(&sql).map_err(fault)?;
        let mut rows = statement.query(params_from_iter(values)).map_err(fault)?;
        while let Some(row) = rows.next().map_err(fault)? {
            if !take(StoredLine::read(row).map_err(fault)?)? {
                break;
            }
        }
        Ok(())
    }

    /// A line with its personal part opened; a damaged one is shown as far as it can be read.
    pub(super) fn record(&self, line: StoredLine) -> AuditRecord {
        let personal = self.opened(Sealed::Audit, &line.place(), &line.sealed_personal);
        AuditRecord {
            seq: from_stored(line.seq),
            event: AuditEvent {
                personal: personal.unwrap_or_default(),
                ..read_event(&line)
            },
            previous_hash: line.previous_hash,
            hash: line.hash,
        }
    }
}

/// The event of a line; one that cannot be read any more keeps its time, journey and a reason.
fn read_event(line: &StoredLine) -> AuditEvent {
    use keymend_domain::audit::{ActorKind, AuditResult};
    serde_json::from_str(&line.open_body).unwrap_or_else(|_| {
        AuditEvent::new(
            Moment(line.time),
            AuditDeed::AuditVerified,
            AuditResult::Failure,
            ActorKind::System,
            CorrelationId::stored(line.correlation.clone()),
        )
        .because("unreadable")
    })
}

impl AuditFilter {
    /// The statement for what the columns can tell, and its values in order.
    pub(super) fn sql(&self, newest_first: bool) -> (String, Vec<Value>) {
        let text = |text: &str| Value::Text(text.to_owned());
        let conditions = [
            (
                "correlation =",
                self.correlation.as_ref().map(|id| text(id.as_str())),
            ),
            ("event =", self.event.map(|deed| text(deed.word()))),
            ("subject =", self.subject.as_deref().map(text)),
            ("time >=", self.since.map(|since| Value::Integer(since.0))),
            ("time <", self.until.map(|until| Value::Integer(until.0))),
            (
                "seq <",
                self.before_seq.map(|seq| Value::Integer(to_stored(seq))),
            ),
        ];
        let mut sql = format!("SELECT {COLUMNS} FROM audit");
        let mut values = Vec::new();
        for (condition, value) in conditions {
            if let Some(value) = value {
                values.push(value);
                let word = if values.len() == 1 { "WHERE" } else { "AND" };
                sql.push_str(&format!(" {word} {condition} ${}", values.len()));
            }
        }
        let order = if newest_first { "DESC" } else { "ASC" };
        sql.push_str(&format!(" ORDER BY seq {order}"));
        if newest_first {
            sql.push_str(&format!(" LIMIT {SCAN_MOST}"));
        }
        (sql, values)
    }

    fn matches_text(&self, record: &AuditRecord) -> bool {
        let Some(wanted) = &self.text else {
            return true;
        };
        let line = serde_json::to_string(&record.event).unwrap_or_default();
        line.to_lowercase().contains(&wanted.to_lowercase())
    }
}
