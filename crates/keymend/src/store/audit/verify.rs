//! Checking the audit log: names the first line that does not fit.

use std::collections::BTreeMap;

use rusqlite::params;

use super::head::Head;
use super::{AuditFilter, NO_HASH, StoredLine};
use crate::store::fault::StoreFault;
use crate::store::tx::{Rx, Sealed, from_stored};

/// Why a line does not fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Misfit {
    /// It is not as it was written.
    Altered,
    /// It is missing: taken out, or cut off with everything after it.
    Removed,
    /// It stands in another place than where it was written.
    Reordered,
    /// It fits the chain, but not the head that was signed when it was written: the log was
    /// written anew, or an older database was put back and went on from there.
    Head,
    /// The head that covers it was not signed by this installation.
    Signature,
}

/// What checking found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifyReport {
    /// Lines in the log.
    pub records: u64,
    /// Different heads that were checked.
    pub heads: u64,
    /// The last line covered by a head; later ones could be cut off unnoticed.
    pub covered_to: u64,
    /// The first line that does not fit, and why.
    pub first_bad: Option<(u64, Misfit)>,
}

/// How far checking has come.
struct Walk<'r, 'c> {
    rx: &'r Rx<'c>,
    heads: BTreeMap<u64, Vec<Head>>,
    previous_hash: String,
    records: u64,
    first_bad: Option<(u64, Misfit)>,
}

impl Rx<'_> {
    /// Checks the whole log against itself, against the heads in the database, and against the
    /// `kept` ones from the file beside it or from elsewhere.
    ///
    /// # Errors
    ///
    /// [`StoreFault`] if the store cannot be read; the log may be sound all the same.
    pub fn audit_verify(&self, kept: Vec<Head>) -> Result<VerifyReport, StoreFault> {
        let mut heads: BTreeMap<u64, Vec<Head>> = BTreeMap::new();
        for head in self.heads()?.into_iter().chain(kept) {
            let same = heads.entry(head.seq).or_default();
            if !same.contains(&head) {
                same.push(head);
            }
        }
        let checked = heads.values().map(Vec::len).sum::<usize>() as u64;
        let covered_to = heads.keys().next_back().copied().unwrap_or(0);
        let mut walk = Walk {
            rx: self,
            heads,
            previous_hash: NO_HASH.to_owned(),
            records: 0,
            first_bad: None,
        };
        self.each_line(&AuditFilter::default(), false, |line| walk.step(&line))?;
        if walk.first_bad.is_none() && covered_to > walk.records {
            walk.first_bad = Some((walk.records + 1, Misfit::Removed));
        }
        Ok(VerifyReport {
            records: self.count_lines()?,
            heads: checked,
            covered_to,
            first_bad: walk.first_bad,
        })
    }

    fn count_lines(&self) -> Result<u64, StoreFault> {
        let count = self.row(
            "counting audit lines",
            "SELECT COUNT(*) FROM audit",
            [],
            |row| row.get(0),
        )?;
        Ok(from_stored(count.unwrap_or(0)))
    }

    /// Whether some line has this hash.
    fn has_line(&self, hash: &str) -> Result<bool, StoreFault> {
        let found = self.row(
            "looking for an audit line",
            "SELECT 1 FROM audit WHERE hash = $1 LIMIT 1",
            params![hash],
            |_| Ok(()),
        )?;
        Ok(found.is_some())
    }
}

impl Walk<'_, '_> {
    /// Checks one line; `false` at the first that does not fit.
    fn step(&mut self, line: &StoredLine) -> Result<bool, StoreFault> {
        self.first_bad = self.misfit(line)?;
        self.records += 1;
        self.previous_hash.clone_from(&line.hash);
        Ok(self.first_bad.is_none())
    }

    fn misfit(&self, line: &StoredLine) -> Result<Option<(u64, Misfit)>, StoreFault> {
        let (seq, expected) = (from_stored(line.seq), self.records + 1);
        if seq != expected {
            return Ok(Some((expected, Misfit::Removed)));
        }
        if line.previous_hash != self.previous_hash {
            let moved = self.rx.has_line(&line.previous_hash)? || line.previous_hash == NO_HASH;
            let why = if moved {
                Misfit::Reordered
            } else {
                Misfit::Altered
            };
            return Ok(Some((seq, why)));
        }
        if line.hash() != line.hash || !self.opens(line) {
            return Ok(Some((seq, Misfit::Altered)));
        }
        Ok(self.head_misfit(seq, line).map(|why| (seq, why)))
    }

    /// A line that somebody without the root key wrote anew has the right hash and does not open.
    fn opens(&self, line: &StoredLine) -> bool {
        let personal = self.rx.try_open::<keymend_domain::audit::Personal>(
            Sealed::Audit,
            &line.place(),
            &line.sealed_personal,
        );
        personal.is_some()
    }

    fn head_misfit(&self, seq: u64, line: &StoredLine) -> Option<Misfit> {
        let public_key = self.rx.shared.signer.public_key();
        self.heads.get(&seq)?.iter().find_map(|head| {
            if !head.is_signed_by(public_key) {
                Some(Misfit::Signature)
            } else if head.hash != line.hash || head.time.0 != line.time {
                Some(Misfit::Head)
            } else {
                None
            }
        })
    }
}
