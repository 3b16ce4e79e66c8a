//! The file of leaked passwords: written once, then only read.
//!
//! All numbers are little-endian.  The header (64 bytes) holds `KMBREACH`, version, kind, time,
//! number of hashes, number of leading bits that choose a shard, and a checksum over itself and
//! the table.  The table holds where each shard begins, and where the last one ends.  A shard is a
//! binary fuse filter (Graf and Lemire 2022) of the hashes that begin with its number, with a
//! checksum of its own.  Checksums are against accidents: whoever may write the file may make
//! another.
//!
//! A look-up reads one shard, about three kilobytes, and compares its checksum before it believes
//! it.  The file is not mapped into memory: a mapped file that somebody cuts short kills the
//! process that reads it, and this way no damage goes unseen.  The operating system keeps what is
//! read in memory all the same.

use std::cell::RefCell;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;

use keymend_domain::secret::Password;
use xorf::{BinaryFuse16, BinaryFuse16Ref, Filter, FilterRef};

use super::HashKind;

thread_local! {
    /// What a look-up reads into, kept so that it need not be cleared each time.
    static BUFFER: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

// The filter takes its numbers from memory as they are.
const _: () = assert!(cfg!(target_endian = "little"));

const MAGIC: &[u8; 8] = b"KMBREACH";
const VERSION: u32 = 1;
pub(super) const HEADER_BYTES: u64 = 64;

/// Bytes before the fingerprints of a shard: seed and three lengths.
const DESCRIPTOR_BYTES: usize = 20;
const CHECKSUM_BYTES: usize = 8;

/// More shards than any list needs: 2^24 of them hold 17 billion hashes.
pub(super) const SHARD_BITS_MAX: u32 = 24;

/// A shard holds about 1,024 hashes at most; no sound one is larger than this.
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
    /// Where each shard begins, and where the last one ends.
    table: Vec<u64>,
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
    pub fn bytes(&self, table: &[u64]) -> [u8; 64] {
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
        let mut table = vec![0; entries * 8];
        if length < HEADER_BYTES + table.len() as u64 {
            return Err(BreachFault::Damaged("table"));
        }
        read_at(&file, &mut table, HEADER_BYTES, "table")?;
        let table: Vec<u64> = table
            .as_chunks::<8>()
            .0
            .iter()
            .map(|eight| u64::from_le_bytes(*eight))
            .collect();
        if head.bytes(&table) != bytes {
            return Err(BreachFault::Damaged("header"));
        }
        if table.last() != Some(&length) {
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
            Ok(shard.is_some_and(|shard| shard.contains(&key)))
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
    ) -> Result<Option<BinaryFuse16Ref<'b>>, BreachFault> {
        let damaged = || BreachFault::Damaged("table");
        let start = *self.table.get(number).ok_or_else(damaged)?;
        let end = *self.table.get(number + 1).ok_or_else(damaged)?;
        let bytes = end
            .checked_sub(start)
            .filter(|bytes| *bytes <= SHARD_BYTES_MAX);
        let bytes = bytes
            .and_then(|bytes| usize::try_from(bytes).ok())
            .ok_or_else(damaged)?;
        if bytes == 0 {
            return Ok(None);
        }
        buffer.resize(buffer.len().max(bytes + 1), 0);
        // The filter reads numbers of two bytes, so they must begin at an even address.
        let skew = buffer.as_ptr().align_offset(2);
        let read = buffer.get_mut(skew..skew + bytes).ok_or_else(damaged)?;
        read_at(&self.file, read, start, "shards")?;
        parse(read, number)
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

/// A table as it stands in the file.
pub(super) fn table_bytes(table: &[u64]) -> Vec<u8> {
    table
        .iter()
        .flat_map(|offset| offset.to_le_bytes())
        .collect()
}

/// A shard as it stands in the file.
pub(super) fn shard_bytes(shard: &BinaryFuse16, number: usize) -> Vec<u8> {
    let about = &shard.descriptor;
    let lengths = [
        about.segment_length,
        about.segment_length_mask,
        about.segment_count_length,
    ];
    let mut bytes = about.seed.to_le_bytes().to_vec();
    bytes.extend(lengths.iter().flat_map(|length| length.to_le_bytes()));
    bytes.extend(
        shard
            .fingerprints
            .iter()
            .flat_map(|print| print.to_le_bytes()),
    );
    let sum = checksum(&bytes) ^ number as u64;
    bytes.extend_from_slice(&sum.to_le_bytes());
    bytes
}

fn parse(bytes: &[u8], number: usize) -> Option<BinaryFuse16Ref<'_>> {
    let (held, sum) = bytes.split_last_chunk::<CHECKSUM_BYTES>()?;
    if u64::from_le_bytes(*sum) != checksum(held) ^ number as u64 {
        return None;
    }
    let (about, prints) = held.split_first_chunk::<DESCRIPTOR_BYTES>()?;
    let mut lengths = about.as_chunks::<4>().0.iter().skip(2);
    let mut length = || lengths.next().map(|four| u32::from_le_bytes(*four));
    let (segment, mask, all) = (length()?, length()?, length()?);
    // Every place that a look-up can compute must be there.
    let reach = (u64::from(all) + 2 * u64::from(segment)) * 2;
    let is_sound = mask.checked_add(1) == Some(segment)
        && reach <= prints.len() as u64
        && prints.len().is_multiple_of(2)
        && prints.as_ptr().align_offset(2) == 0;
    is_sound.then(|| BinaryFuse16Ref::from_dma(about, prints))
}

/// A checksum that notices every change of a few bytes and is quicker than reading them was.
/// Four lanes, because the processor multiplies several numbers at a time.
fn checksum(bytes: &[u8]) -> u64 {
    const FACTOR: u64 = 0x9E37_79B9_7F4A_7C15;
    let mut lanes = [1_u64, 2, 3, 4];
    let (blocks, rest) = bytes.as_chunks::<32>();
    let mut last = [0_u8; 32];
    for (place, byte) in last.iter_mut().zip(rest) {
        *place = *byte;
    }
    for block in blocks.iter().chain(std::iter::once(&last)) {
        for (lane, word) in lanes.iter_mut().zip(block.as_chunks::<8>().0) {
            *lane = (*lane ^ u64::from_le_bytes(*word))
                .wrapping_mul(FACTOR)
                .rotate_left(29);
        }
    }
    lanes.iter().fold(bytes.len() as u64, |sum, lane| {
        (sum ^ lane).wrapping_mul(FACTOR).rotate_left(31)
    })
}
