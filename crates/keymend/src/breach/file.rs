//! The file of leaked passwords: written once, then only read.
//!
//! All numbers are little-endian.  The header (64 bytes) holds `KMBREACH`, version, kind, time,
//! number of hashes, number of leading bits that choose a shard, and a checksum over itself and
//! the table.  The table holds where each shard begins, and where the last one ends, in units of
//! 16 bytes from its own end.  A shard ([`super::shard`]) holds the hashes that begin with its
//! number, with a checksum of its own.  Checksums are against accidents: whoever may write the
//! file may make another.
//!
//! A look-up reads one shard, about half a kilobyte, and compares its checksum before it believes
//! it.  The file is not mapped into memory: a mapped file that somebody cuts short kills the
//! process that reads it, and this way no damage goes unseen.  The operating system keeps what is
//! read in memory all the same.

use std::cell::RefCell;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;

use keymend_domain::secret::Password;

use super::HashKind;
use super::shard::{Shard, UNIT, checksum};

thread_local! {
    /// What a look-up reads into, kept so that it need not be cleared each time.
    static BUFFER: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

const MAGIC: &[u8; 8] = b"KMBREACH";
const VERSION: u32 = 2;
pub(super) const HEADER_BYTES: u64 = 64;

/// More shards than any list needs: 2^24 of them hold 4 billion hashes.
pub(super) const SHARD_BITS_MAX: u32 = 24;

/// A shard holds about 256 hashes at most; no sound one is larger than this.
const SHARD_BYTES_MAX: u64 = 1 << 20;

/// Why a file of leaked passwords cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum BreachFault {
    /// It is not there, or may not be read.
    #[error("cannot be read")]
    Unreadable(#[source] io::Error),
    /// It is another kind of file, or was not finished.
    #[error("is no file that `keymend breach build` made")]
    Foreign,
    /// Another version of Keymend made it.
    #[error("has format {0}, which this version of Keymend does not know; build it again")]
    OtherVersion(u32),
    /// What it holds does not fit its checksum.
    #[error("is damaged in its {0}; build it again")]
    Damaged(&'static str),
}

/// A file of leaked passwords, open for look-ups.
#[derive(Debug)]
pub struct BreachFile {
    file: File,
    head: Head,
    /// Where each shard begins, and where the last one ends, in units after the table.
    table: Vec<u32>,
}

/// What the header says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Head {
    pub kind: HashKind,
    /// Seconds since 1970.
    pub made_at_secs: u64,
    /// How many different hashes it holds.
    pub count: u64,
    pub shard_bits: u32,
}

impl Head {
    pub fn bytes(&self, table: &[u32]) -> [u8; 64] {
        let mut bytes = [0; 64];
        let kind: u32 = match self.kind {
            HashKind::Sha1 => 1,
            HashKind::Ntlm => 2,
        };
        let mut fields = Vec::with_capacity(40);
        fields.extend_from_slice(MAGIC);
        fields.extend_from_slice(&VERSION.to_le_bytes());
        fields.extend_from_slice(&kind.to_le_bytes());
        fields.extend_from_slice(&self.made_at_secs.to_le_bytes());
        fields.extend_from_slice(&self.count.to_le_bytes());
        fields.extend_from_slice(&self.shard_bits.to_le_bytes());
        for (place, byte) in bytes.iter_mut().zip(&fields) {
            *place = *byte;
        }
        let sum = checksum(&fields) ^ checksum(&table_bytes(table)).rotate_left(1);
        for (place, byte) in bytes.iter_mut().rev().zip(sum.to_be_bytes()) {
            *place = byte;
        }
        bytes
    }

    fn read(bytes: &[u8; 64]) -> Result<Self, BreachFault> {
        let word = |at: usize| {
            bytes
                .get(at..)
                .and_then(<[u8]>::first_chunk)
                .map(|four| u32::from_le_bytes(*four))
        };
        let long = |at: usize| {
            bytes
                .get(at..)
                .and_then(<[u8]>::first_chunk)
                .map(|eight| u64::from_le_bytes(*eight))
        };
        if bytes.first_chunk() != Some(MAGIC) {
            return Err(BreachFault::Foreign);
        }
        match word(8) {
            Some(VERSION) => {}
            other => return Err(BreachFault::OtherVersion(other.unwrap_or_default())),
        }
        let damaged = BreachFault::Damaged("header");
        let kind = match word(12) {
            Some(1) => HashKind::Sha1,
            Some(2) => HashKind::Ntlm,
            _ => return Err(damaged),
        };
        let bits = word(32).filter(|bits| *bits <= SHARD_BITS_MAX);
        match (long(16), long(24), bits) {
            (Some(made_at_secs), Some(count), Some(shard_bits)) => Ok(Self {
                kind,
                made_at_secs,
                count,
                shard_bits,
            }),
            _ => Err(damaged),
        }
    }
}

impl BreachFile {
    /// Opens a file and checks its header and its table.
    ///
    /// # Errors
    ///
    /// [`BreachFault`]: say it, and go on with the other lists.
    pub fn open(path: &Path) -> Result<Self, BreachFault> {
        let file = File::open(path).map_err(BreachFault::Unreadable)?;
        let length = file.metadata().map_err(BreachFault::Unreadable)?.len();
        let mut bytes = [0; 64];
        read_at(&file, &mut bytes, 0, "header")?;
        let head = Head::read(&bytes)?;
        let entries = (1_usize << head.shard_bits) + 1;
        let mut table = vec![0; entries * 4];
        if length < start_of_shards(head.shard_bits) {
            return Err(BreachFault::Damaged("table"));
        }
        read_at(&file, &mut table, HEADER_BYTES, "table")?;
        let table: Vec<u32> = table
            .as_chunks::<4>()
            .0
            .iter()
            .map(|four| u32::from_le_bytes(*four))
            .collect();
        if head.bytes(&table) != bytes {
            return Err(BreachFault::Damaged("header"));
        }
        let end = table.last().map(|end| u64::from(*end) * UNIT);
        if end != Some(length - start_of_shards(head.shard_bits)) {
            return Err(BreachFault::Damaged("length"));
        }
        Ok(Self { file, head, table })
    }

    /// Whether the password is in it.  One in 65,536 passwords that are not is said to be.
    ///
    /// # Errors
    ///
    /// [`BreachFault`] if the part of the file that would tell cannot be read or is damaged.
    pub fn contains(&self, password: &Password) -> Result<bool, BreachFault> {
        self.holds(self.head.kind.key(password))
    }

    /// The same for the first 64 bits of a hash.
    ///
    /// # Errors
    ///
    /// As [`Self::contains`].
    pub fn holds(&self, key: u64) -> Result<bool, BreachFault> {
        let number = shard_of(key, self.head.shard_bits);
        BUFFER.with_borrow_mut(|buffer| {
            let shard = self.shard(number, buffer)?;
            Ok(shard.is_some_and(|shard| shard.holds(key)))
        })
    }

    /// Reads the whole file once and compares every checksum.
    ///
    /// # Errors
    ///
    /// [`BreachFault`] with the first damage.
    pub fn verify(&self) -> Result<(), BreachFault> {
        let mut buffer = Vec::new();
        let mut numbers = 0..1 << self.head.shard_bits;
        numbers.try_for_each(|number| self.shard(number, &mut buffer).map(drop))
    }

    /// Which hash it is made of.
    #[must_use]
    pub fn kind(&self) -> HashKind {
        self.head.kind
    }

    /// How many different hashes it holds.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.head.count
    }

    /// When it was made, in seconds since 1970.
    #[must_use]
    pub fn made_at_secs(&self) -> u64 {
        self.head.made_at_secs
    }

    /// One shard, if any hash begins with its number, read into the buffer.
    fn shard<'b>(
        &self,
        number: usize,
        buffer: &'b mut Vec<u8>,
    ) -> Result<Option<Shard<'b>>, BreachFault> {
        let damaged = || BreachFault::Damaged("table");
        let start = *self.table.get(number).ok_or_else(damaged)?;
        let end = *self.table.get(number + 1).ok_or_else(damaged)?;
        let bytes = end
            .checked_sub(start)
            .map(|units| u64::from(units) * UNIT)
            .filter(|bytes| *bytes <= SHARD_BYTES_MAX);
        let bytes = bytes
            .and_then(|bytes| usize::try_from(bytes).ok())
            .ok_or_else(damaged)?;
        if bytes == 0 {
            return Ok(None);
        }
        buffer.resize(buffer.len().max(bytes), 0);
        let read = buffer.get_mut(..bytes).ok_or_else(damaged)?;
        let at = start_of_shards(self.head.shard_bits) + u64::from(start) * UNIT;
        read_at(&self.file, read, at, "shards")?;
        Shard::parse(read, number, self.head.shard_bits)
            .map(Some)
            .ok_or(BreachFault::Damaged("shards"))
    }
}

fn read_at(file: &File, bytes: &mut [u8], at: u64, part: &'static str) -> Result<(), BreachFault> {
    file.read_exact_at(bytes, at)
        .map_err(|error| match error.kind() {
            // Shorter than its table says.
            io::ErrorKind::UnexpectedEof if part == "header" => BreachFault::Foreign,
            io::ErrorKind::UnexpectedEof => BreachFault::Damaged(part),
            _ => BreachFault::Unreadable(error),
        })
}

/// The shard that a key belongs to: its leading bits.
pub(super) fn shard_of(key: u64, shard_bits: u32) -> usize {
    let leading = key.checked_shr(64 - shard_bits).unwrap_or_default();
    usize::try_from(leading).unwrap_or_default()
}

/// Where the first shard begins: behind header and table.
pub(super) fn start_of_shards(shard_bits: u32) -> u64 {
    HEADER_BYTES + ((1_u64 << shard_bits) + 1) * 4
}

/// A table as it stands in the file.
pub(super) fn table_bytes(table: &[u32]) -> Vec<u8> {
    table
        .iter()
        .flat_map(|offset| offset.to_le_bytes())
        .collect()
}
