//! Signed heads: from time to time the end of the chain is signed and written beside the database,
//! so that a chain that was cut off or written anew does not fit.

use std::fs::OpenOptions;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use keymend_domain::time::{MINUTE_MS, Moment};
use rusqlite::{Row, params};
use serde::{Deserialize, Serialize};

use crate::keys::verify_audit;
use crate::store::fault::StoreFault;
use crate::store::tx::{Rx, Tx, from_stored, to_stored};

/// Lines after which the end of the chain is signed (security-gates 4.1).
const LINES_MOST: i64 = 100;
/// Time after which it is.
const AGE_MOST_MS: i64 = MINUTE_MS;

/// The end of the chain at some moment, signed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// The number of the last line it covers.
    pub seq: u64,
    /// The time of that line.
    pub time: Moment,
    /// The hash of that line.
    pub hash: String,
    /// Ed25519 over the three, base64url.
    pub signature: String,
}

/// A file of heads cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("the file of audit heads cannot be read")]
pub struct BadHeads(#[from] std::io::Error);

impl Head {
    /// Whether it was signed by the owner of this key.
    #[must_use]
    pub fn is_signed_by(&self, public_key: &[u8]) -> bool {
        URL_SAFE_NO_PAD
            .decode(&self.signature)
            .is_ok_and(|signature| {
                let message = message(to_stored(self.seq), self.time.0, &self.hash);
                verify_audit(public_key, &message, &signature)
            })
    }

    /// Reads the heads from a file that the store wrote, or a copy kept elsewhere.  A line that
    /// is not one (cut off by a full disk) is left out.
    ///
    /// # Errors
    ///
    /// [`BadHeads`] if the file cannot be read.
    pub fn read_file(path: &Path) -> Result<Vec<Self>, BadHeads> {
        let file = BufReader::new(std::fs::File::open(path)?);
        let mut heads = Vec::new();
        for line in file.lines() {
            if let Ok(head) = serde_json::from_str(&line?) {
                heads.push(head);
            }
        }
        Ok(heads)
    }

    pub(super) fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            seq: from_stored(row.get(0)?),
            time: Moment(row.get(1)?),
            hash: row.get(2)?,
            signature: row.get(3)?,
        })
    }
}

/// What is signed.
fn message(seq: i64, time: i64, hash: &str) -> Vec<u8> {
    let mut message = b"keymend/audit-head/v1".to_vec();
    message.extend_from_slice(&seq.to_be_bytes());
    message.extend_from_slice(&time.to_be_bytes());
    message.extend_from_slice(hash.as_bytes());
    message
}

impl Tx<'_> {
    /// Signs the end of the chain if lines were added since the last head, whatever their number:
    /// for the sweeper and for an orderly stop, so that few lines stay uncovered in quiet hours.
    ///
    /// # Errors
    ///
    /// [`StoreFault`]; nothing was saved.
    pub fn cover_audit(&mut self) -> Result<(), StoreFault> {
        self.audited = true;
        self.covers_all = true;
        Ok(())
    }

    /// Signs the end of the chain if a hundred lines or a minute passed since the last head.
    pub(in crate::store) fn sign_head_if_due(&mut self) -> Result<Option<Head>, StoreFault> {
        let Some((seq, time, hash)) = self.last_line()? else {
            return Ok(None);
        };
        // The very first line is signed at once.
        let (last_seq, last_time) = self.last_head()?.unwrap_or((0, i64::MIN));
        let lines = seq.saturating_sub(last_seq);
        let is_old = time.saturating_sub(last_time) >= AGE_MOST_MS;
        if lines <= 0 || !(lines >= LINES_MOST || is_old || self.covers_all) {
            return Ok(None);
        }
        let signature = self.shared.signer.sign(&message(seq, time, &hash));
        let signature = URL_SAFE_NO_PAD.encode(signature);
        self.execute(
            "signing the audit log",
            "INSERT INTO audit_head (seq, time, hash, signature) VALUES ($1, $2, $3, $4)
             ON CONFLICT (seq) DO NOTHING",
            params![seq, time, hash, signature],
        )?;
        Ok(Some(Head {
            seq: from_stored(seq),
            time: Moment(time),
            hash,
            signature,
        }))
    }
}

impl Rx<'_> {
    fn last_line(&self) -> Result<Option<(i64, i64, String)>, StoreFault> {
        self.row(
            "reading the end of the audit log",
            "SELECT seq, time, hash FROM audit ORDER BY seq DESC LIMIT 1",
            [],
            |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
        )
    }

    fn last_head(&self) -> Result<Option<(i64, i64)>, StoreFault> {
        self.row(
            "reading the last head of the audit log",
            "SELECT seq, time FROM audit_head ORDER BY seq DESC LIMIT 1",
            [],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )
    }

    /// Every head in the database, oldest first.
    pub(super) fn heads(&self) -> Result<Vec<Head>, StoreFault> {
        self.rows(
            "reading the heads of the audit log",
            "SELECT seq, time, hash, signature FROM audit_head ORDER BY seq",
            [],
            Head::read,
        )
    }
}

/// The file beside the database to which heads are appended.
pub(in crate::store) struct HeadsFile(Option<PathBuf>);

impl HeadsFile {
    /// Where the file of a database is.
    pub(in crate::store) fn beside(database: &Path) -> PathBuf {
        database.with_file_name("audit-heads.log")
    }

    pub(in crate::store) fn at(path: Option<PathBuf>) -> Self {
        Self(path)
    }

    /// Appends a head after the transaction that holds it.  It is not synced: a head lost with the
    /// power is still in the database.
    pub(in crate::store) fn append(&self, head: &Head) {
        let Some(path) = &self.0 else { return };
        if let Err(source) = append(path, head) {
            tracing::error!(%source, path = %path.display(), "an audit head could not be appended");
        }
    }
}

fn append(path: &Path, head: &Head) -> std::io::Result<()> {
    let mut options = OpenOptions::new();
    options.append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut line = serde_json::to_string(head)?;
    line.push('\n');
    // One write, so that lines of two processes do not mix.
    options.open(path)?.write_all(line.as_bytes())
}
