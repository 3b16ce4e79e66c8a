//! One shard of the file of leaked passwords: the hashes that begin alike.
//!
//! The bits of a hash after those that choose the shard are cut in two: [`CELL_BITS`] choose a
//! cell of the shard, and the next 16 are kept as they are, the hash's print.  A shard holds:
//!
//! 1. how many prints there are (4 bytes);
//! 2. the cells as a row of bits, in words of 8 bytes: for each cell a 0 for every print in it,
//!    and a 1 where it ends;
//! 3. the prints, cell after cell (2 bytes each);
//! 4. nothing, until with the checksum (8 bytes) a whole number of [`UNIT`] bytes is reached.
//!
//! A file has about as many cells as hashes and never fewer, so a hash that is not in it meets one
//! print at most on average, and one in 65,536 is taken for it (Elias 1974 and Fano 1971 describe
//! the row of bits).

/// Bits that choose a cell within a shard.
pub(super) const CELL_BITS: u32 = 8;
/// Cells of a shard.
const CELLS: usize = 1 << CELL_BITS;
const PRINT_BITS: u32 = 16;
/// Shards begin and end at whole units, so that the table takes 4 bytes for each.
pub(super) const UNIT: u64 = 16;

const COUNT_BYTES: usize = 4;
const CHECKSUM_BYTES: usize = 8;

/// Cell and print of a key, of whose leading bits so many choose the shard.
fn parts(key: u64, shard_bits: u32) -> (usize, u16) {
    let rest = key.checked_shl(shard_bits).unwrap_or_default();
    let cell = usize::try_from(rest >> (64 - CELL_BITS)).unwrap_or_default();
    let print = (rest << CELL_BITS) >> (64 - PRINT_BITS);
    (cell, u16::try_from(print).unwrap_or_default())
}

/// A shard as it stands in the file; the keys are sorted, and there is one at least.
pub(super) fn encode(keys: &[u64], number: usize, shard_bits: u32) -> Vec<u8> {
    let mut parts: Vec<(usize, u16)> = keys.iter().map(|key| parts(*key, shard_bits)).collect();
    // Keys that differ further behind look the same here.
    parts.dedup();
    let mut marks = vec![0_u64; (CELLS + parts.len()).div_ceil(64)];
    let mut at = 0;
    let mut waiting = parts.iter().peekable();
    for cell in 0..CELLS {
        while waiting.next_if(|(own, _)| *own == cell).is_some() {
            at += 1;
        }
        if let Some(word) = marks.get_mut(at / 64) {
            *word |= 1 << (at % 64);
        }
        at += 1;
    }
    let count = u32::try_from(parts.len()).unwrap_or(u32::MAX);
    let mut bytes = count.to_le_bytes().to_vec();
    bytes.extend(marks.iter().flat_map(|word| word.to_le_bytes()));
    bytes.extend(parts.iter().flat_map(|(_, print)| print.to_le_bytes()));
    let unit = usize::try_from(UNIT).unwrap_or(1);
    let whole = (bytes.len() + CHECKSUM_BYTES).next_multiple_of(unit);
    bytes.resize(whole - CHECKSUM_BYTES, 0);
    let sum = checksum(&bytes) ^ number as u64;
    bytes.extend_from_slice(&sum.to_le_bytes());
    bytes
}

/// A shard that was read and whose checksum is right.
#[derive(Debug, Clone, Copy)]
pub(super) struct Shard<'b> {
    marks: &'b [[u8; 8]],
    prints: &'b [[u8; 2]],
    bits: u32,
}

impl<'b> Shard<'b> {
    /// Takes the bytes for what they are; `None` if they are not the shard of this number.
    pub(super) fn parse(bytes: &'b [u8], number: usize, shard_bits: u32) -> Option<Self> {
        let (held, sum) = bytes.split_last_chunk::<CHECKSUM_BYTES>()?;
        if u64::from_le_bytes(*sum) != checksum(held) ^ number as u64 {
            return None;
        }
        let (count, held) = held.split_first_chunk::<COUNT_BYTES>()?;
        let count = usize::try_from(u32::from_le_bytes(*count)).ok()?;
        let words = CELLS.checked_add(count)?.div_ceil(64);
        let (marks, held) = held.split_at_checked(words.checked_mul(8)?)?;
        let prints = held.get(..count.checked_mul(2)?)?;
        Some(Self {
            marks: marks.as_chunks().0,
            prints: prints.as_chunks().0,
            bits: shard_bits,
        })
    }

    /// Whether a key that belongs to this shard is in it.
    pub(super) fn holds(&self, key: u64) -> bool {
        let (cell, print) = parts(key, self.bits);
        // As many prints come before the end of a cell as zeros come before its one.
        let begins = match cell.checked_sub(1) {
            Some(before) => self.end_of(before),
            None => Some(0),
        };
        let prints = begins
            .zip(self.end_of(cell))
            .and_then(|(begins, ends)| self.prints.get(begins..ends));
        prints.is_some_and(|prints| prints.contains(&print.to_le_bytes()))
    }

    /// How many prints there are up to the end of a cell.
    fn end_of(&self, cell: usize) -> Option<usize> {
        let mut before = 0;
        for (place, word) in self.marks.iter().enumerate() {
            let mut word = u64::from_le_bytes(*word);
            let ones = usize::try_from(word.count_ones()).ok()?;
            if before + ones <= cell {
                before += ones;
                continue;
            }
            for _ in before..cell {
                // The lowest one goes.
                word &= word.wrapping_sub(1);
            }
            let zeros = usize::try_from(word.trailing_zeros()).ok()?;
            return (place * 64 + zeros).checked_sub(cell);
        }
        None
    }
}

/// A checksum that notices every change of a few bytes and is quicker than reading them was.
/// Four lanes, because the processor multiplies several numbers at a time.
pub(super) fn checksum(bytes: &[u8]) -> u64 {
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Shard 5 of 8.
    const BITS: u32 = 3;
    const NUMBER: usize = 5;

    fn key(cell: u64, print: u64, rest: u64) -> u64 {
        ((5 << CELL_BITS | cell) << PRINT_BITS | print) << (64 - BITS - CELL_BITS - PRINT_BITS)
            | rest
    }

    #[test]
    fn a_shard_holds_its_keys_in_crowded_cells_and_empty_ones() {
        let mut keys: Vec<u64> = (0..300).map(|print| key(7, print * 3, 0)).collect();
        keys.extend([
            key(0, 0, 0),
            key(0, 65_535, 9),
            key(200, 1, 0),
            key(255, 65_535, 1),
        ]);
        keys.sort_unstable();
        let bytes = encode(&keys, NUMBER, BITS);
        assert_eq!(bytes.len() as u64 % UNIT, 0);
        let shard = Shard::parse(&bytes, NUMBER, BITS).unwrap();
        assert!(keys.iter().all(|key| shard.holds(*key)));
        for stranger in [
            key(7, 1, 0),
            key(0, 1, 0),
            key(8, 0, 0),
            key(254, 65_535, 0),
        ] {
            assert!(!shard.holds(stranger), "{stranger:x}");
        }
        assert!(Shard::parse(&bytes, NUMBER + 1, BITS).is_none());
    }

    #[test]
    fn keys_that_differ_only_behind_the_print_are_kept_once() {
        let keys = [key(9, 8, 1), key(9, 8, 2)];
        let once = encode(&keys[..1], NUMBER, BITS).len();
        assert_eq!(encode(&keys, NUMBER, BITS).len(), once);
    }
}
