//! Banned words, made ready for fast look-up: one automaton for exact occurrences, and the words
//! with each one letter left out for those that differ by one letter.

use std::collections::HashSet;

use aho_corasick::{AhoCorasick, MatchKind};

use super::fold::{Folding, Sign};

/// The longest word that is looked for, in characters (behaviour §2.5).
pub(super) const TERM_POINTS_MAX: usize = 32;

/// The shortest, in characters.
pub(super) const TERM_POINTS_MIN: usize = 4;

/// Base of the rolling hash: any large odd number does, because every hit is compared afterwards.
const BASE: u64 = 0x9E37_79B9_7F4A_7C15;

/// A word found in a password, by the positions of its characters.
#[derive(Debug, Clone, Copy)]
pub(super) struct Hit<'a> {
    /// Where it begins.
    pub start: usize,
    /// Behind its last character.
    pub end: usize,
    /// The word as its list has it.
    pub word: &'a str,
}

/// One list of words under one folding.
#[derive(Debug)]
pub(super) struct Lexicon {
    words: Vec<Box<str>>,
    folded: Vec<Box<[char]>>,
    automaton: Option<AhoCorasick>,
    near: Near,
    /// The first and the last letters of all words, by hash: two of each, and three of each.
    edges: HashSet<(Edge, u64)>,
    /// Bit n is set if a word has n characters.
    lengths: u64,
}

/// One end of a word, and how many of its letters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Edge {
    First(usize),
    Last(usize),
}

impl Lexicon {
    /// Folds the words and builds the look-ups; words that are too short or too long when folded
    /// are left out, and of words that fold to the same letters the first stands.
    pub fn new<'a>(words: impl Iterator<Item = &'a str>, folding: Folding) -> Self {
        let mut seen = HashSet::new();
        let (mut kept, mut patterns) = (Vec::new(), Vec::new());
        let mut folded: Vec<Box<[char]>> = Vec::new();
        for word in words {
            let text = folding.text(word);
            let points = text.chars().count();
            if (TERM_POINTS_MIN..=TERM_POINTS_MAX).contains(&points) && seen.insert(text.clone()) {
                kept.push(Box::from(word));
                folded.push(text.chars().collect());
                patterns.push(text);
            }
        }
        let lengths = folded
            .iter()
            .fold(0, |mask, word| mask | (1_u64 << word.len()));
        Self {
            automaton: AhoCorasick::builder()
                .match_kind(MatchKind::Standard)
                .build(&patterns)
                .ok()
                .filter(|_| !patterns.is_empty()),
            near: Near::new(&folded),
            edges: edges(&folded),
            words: kept,
            folded,
            lengths,
        }
    }

    /// How many words it has.
    pub fn len(&self) -> usize {
        self.words.len()
    }

    /// Every exact occurrence, overlapping ones too.
    pub fn exact(&self, text: &Text) -> Vec<Hit<'_>> {
        let Some(automaton) = &self.automaton else {
            return Vec::new();
        };
        let hit = |found: aho_corasick::Match| {
            Some(Hit {
                start: *text.positions.get(found.start())?,
                end: *text.positions.get(found.end())?,
                word: self.words.get(found.pattern().as_usize())?,
            })
        };
        let all = automaton.find_overlapping_iter(&text.folded);
        all.filter_map(hit).collect()
    }

    /// A word that the part of the text from `start` to `end` is, or differs from by one letter
    /// put in, left out or exchanged.  Words below `least` characters are not looked for.
    pub fn within_one(
        &self,
        text: &Text,
        (start, end): (usize, usize),
        least: usize,
    ) -> Option<&str> {
        let points = end.checked_sub(start)?;
        if points > TERM_POINTS_MAX + 1 || points == 0 {
            return None;
        }
        let around = (0b111_u64 << points) >> 1;
        if self.lengths & around == 0 {
            return None;
        }
        let piece = text.signs.get(start..end)?;
        let fits = |index: u32| {
            let index = usize::try_from(index).ok()?;
            let word = self.folded.get(index)?;
            let is_near = word.len() >= least && differ_by_one_at_most(piece, word);
            is_near
                .then(|| self.words.get(index).map(AsRef::as_ref))
                .flatten()
        };
        let whole = std::iter::once(text.hash(start, end));
        whole
            .chain(text.shortened(start, end))
            .find_map(|hash| self.near.candidates(hash).find_map(fits))
    }

    /// Makes the list ready for looking at many parts of one text.
    pub fn reader<'t>(&self, text: &'t Text) -> Reader<'_, 't> {
        let points = text.signs.len();
        let has =
            |edge, start: usize, end: usize| self.edges.contains(&(edge, text.hash(start, end)));
        let first = |letters: usize| {
            let found = |at| at + letters <= points && has(Edge::First(letters), at, at + letters);
            (0..=points).map(found).collect()
        };
        let last = |letters: usize| {
            let found = |at: usize| {
                at.checked_sub(letters)
                    .is_some_and(|start| has(Edge::Last(letters), start, at))
            };
            (0..=points).map(found).collect()
        };
        Reader {
            lexicon: self,
            text,
            first: [first(2), first(3)],
            last: [last(2), last(3)],
        }
    }

    /// The word that is this text, once both are folded.
    pub fn whole(&self, text: &Text) -> Option<&str> {
        let points = text.signs.len();
        let equal = |index: u32| {
            let index = usize::try_from(index).ok()?;
            let word = self.folded.get(index)?;
            let is_equal = text.signs.iter().map(|sign| &sign.folded).eq(word.iter());
            is_equal
                .then(|| self.words.get(index).map(AsRef::as_ref))
                .flatten()
        };
        if points > TERM_POINTS_MAX {
            return None;
        }
        self.near.candidates(text.hash(0, points)).find_map(equal)
    }
}

/// A list beside a text, with what tells most parts of the text apart from every word at once.
pub(super) struct Reader<'a, 't> {
    lexicon: &'a Lexicon,
    text: &'t Text,
    first: [Vec<bool>; 2],
    last: [Vec<bool>; 2],
}

impl<'a> Reader<'a, '_> {
    /// Every exact occurrence, overlapping ones too.
    pub fn exact(&self) -> Vec<Hit<'a>> {
        self.lexicon.exact(self.text)
    }

    /// The same as [`Lexicon::within_one`].  One letter put in, left out or exchanged changes one
    /// end of a word at most, so a part whose ends both begin or end no word is not looked up.
    pub fn within_one(&self, (start, end): (usize, usize), least: usize) -> Option<&'a str> {
        let points = end.saturating_sub(start);
        let ([first_two, first_three], [last_two, last_three]) = (&self.first, &self.last);
        // Two ends of three letters do not overlap in the shortest word that may be meant.
        let (first, last) = match points {
            0..=2 => return None,
            3..=6 => (first_two, last_two),
            _ => (first_three, last_three),
        };
        let is_edge = |edges: &[bool], at| edges.get(at).copied().unwrap_or_default();
        if !is_edge(first, start) && !is_edge(last, end) {
            return None;
        }
        self.lexicon.within_one(self.text, (start, end), least)
    }
}

fn edges(words: &[Box<[char]>]) -> HashSet<(Edge, u64)> {
    let hash = |letters: &[char]| letters.iter().fold(0, |hash, sign| step(hash, *sign));
    let mut edges = HashSet::new();
    for word in words {
        for letters in [2, 3] {
            let first = word.get(..letters);
            edges.extend(first.map(|part| (Edge::First(letters), hash(part))));
            let last = word
                .len()
                .checked_sub(letters)
                .and_then(|start| word.get(start..));
            edges.extend(last.map(|part| (Edge::Last(letters), hash(part))));
        }
    }
    edges
}

/// A folded password, with what makes looking at its parts cheap.
pub(super) struct Text {
    pub signs: Vec<Sign>,
    folded: String,
    /// For each byte of `folded`, the character it belongs to.
    positions: Vec<usize>,
    /// `prefix[n]` is the hash of the first n characters.
    prefix: Vec<u64>,
    power: Vec<u64>,
}

impl Text {
    pub fn new(text: &str, folding: Folding) -> Self {
        let signs = folding.signs(text);
        let folded: String = signs.iter().map(|sign| sign.folded).collect();
        let mut positions: Vec<usize> = Vec::with_capacity(folded.len() + 1);
        for (position, sign) in signs.iter().enumerate() {
            positions.extend(std::iter::repeat_n(position, sign.folded.len_utf8()));
        }
        positions.push(signs.len());
        let (mut prefix, mut power) = (vec![0_u64], vec![1_u64]);
        let (mut hash, mut factor) = (0_u64, 1_u64);
        for sign in &signs {
            hash = step(hash, sign.folded);
            factor = factor.wrapping_mul(BASE);
            prefix.push(hash);
            power.push(factor);
        }
        Self {
            signs,
            folded,
            positions,
            prefix,
            power,
        }
    }

    fn hash(&self, start: usize, end: usize) -> u64 {
        let before = self.prefix.get(start).copied().unwrap_or_default();
        let until = self.prefix.get(end).copied().unwrap_or_default();
        until.wrapping_sub(before.wrapping_mul(self.power_of(end.saturating_sub(start))))
    }

    /// The hashes of a part with each of its characters left out.
    fn shortened(&self, start: usize, end: usize) -> impl Iterator<Item = u64> {
        let until = self.prefix.get(end).copied().unwrap_or_default();
        let before = self.prefix.get(start).copied().unwrap_or_default();
        let prefixes = self.prefix.get(start..=end).unwrap_or_default();
        let growing = self.power.get(..end - start).unwrap_or_default();
        let pairs = prefixes.iter().zip(prefixes.iter().skip(1));
        // With P the prefix hashes, the hash without the character at k is
        // P[end] - B^(end-k-1) * (P[k+1] - P[k] + P[start] * B^(k-start)).
        pairs.zip(growing.iter().zip(growing.iter().rev())).map(
            move |((prefix, next), (power, rest))| {
                let taken = next
                    .wrapping_sub(*prefix)
                    .wrapping_add(before.wrapping_mul(*power));
                until.wrapping_sub(taken.wrapping_mul(*rest))
            },
        )
    }

    fn power_of(&self, exponent: usize) -> u64 {
        self.power.get(exponent).copied().unwrap_or_default()
    }
}

/// Typed passwords are wiped where they are kept; so are their folded copies.
impl Drop for Text {
    fn drop(&mut self) {
        use zeroize::Zeroize;
        self.folded.zeroize();
        self.prefix.zeroize();
        for sign in &mut self.signs {
            *sign = Sign {
                folded: '\0',
                typed: '\0',
            };
        }
        std::hint::black_box(&self.signs);
    }
}

fn step(hash: u64, sign: char) -> u64 {
    hash.wrapping_mul(BASE)
        .wrapping_add(u64::from(u32::from(sign)) + 1)
}

/// The deletion neighbourhood: each word, and each word with one letter left out, by hash.
#[derive(Debug)]
struct Near {
    /// Sorted by hash.
    entries: Vec<(u64, u32)>,
    /// One bit in sixteen is set: most hashes that belong to no word are told apart by it.
    sieve: Vec<u64>,
    shift: u32,
}

impl Near {
    fn new(words: &[Box<[char]>]) -> Self {
        let mut entries = Vec::new();
        for (index, word) in words.iter().enumerate() {
            let index = u32::try_from(index).unwrap_or(u32::MAX);
            let hash_but = |left_out: usize| {
                let kept = word.iter().enumerate().filter(|(at, _)| *at != left_out);
                kept.fold(0, |hash, (_, sign)| step(hash, *sign))
            };
            // Leaving out what is behind the end leaves the word itself.
            entries.extend((0..=word.len()).map(|left_out| (hash_but(left_out), index)));
        }
        entries.sort_unstable();
        entries.dedup();
        let bits = (entries.len() * 16).next_power_of_two().max(64);
        let shift = 64 - bits.trailing_zeros();
        let mut sieve = vec![0_u64; bits / 64];
        for (hash, _) in &entries {
            let bit = bit_of(*hash, shift);
            if let Some(cell) = sieve.get_mut(bit / 64) {
                *cell |= 1 << (bit % 64);
            }
        }
        Self {
            entries,
            sieve,
            shift,
        }
    }

    fn candidates(&self, hash: u64) -> impl Iterator<Item = u32> {
        let bit = bit_of(hash, self.shift);
        let is_there = self
            .sieve
            .get(bit / 64)
            .is_some_and(|cell| (cell >> (bit % 64)) & 1 == 1);
        let first = if is_there {
            self.entries.partition_point(|(other, _)| *other < hash)
        } else {
            self.entries.len()
        };
        let behind = self.entries.get(first..).unwrap_or_default().iter();
        behind
            .take_while(move |(other, _)| *other == hash)
            .map(|(_, index)| *index)
    }
}

fn bit_of(hash: u64, shift: u32) -> usize {
    // The low bits of a polynomial hash depend on few letters, so they are mixed upwards.
    let mixed = (hash ^ (hash >> 29)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    usize::try_from(mixed >> shift).unwrap_or_default()
}

/// Whether one substitution, insertion or deletion at most makes a word of the piece.
fn differ_by_one_at_most(piece: &[Sign], word: &[char]) -> bool {
    let same_from_start = piece
        .iter()
        .zip(word)
        .take_while(|(sign, letter)| sign.folded == **letter);
    let same_from_start = same_from_start.count();
    let from_end = piece.iter().rev().zip(word.iter().rev());
    let same_from_end = from_end
        .take_while(|(sign, letter)| sign.folded == **letter)
        .count();
    let longer = piece.len().max(word.len());
    piece.len().abs_diff(word.len()) <= 1 && same_from_start + same_from_end + 1 >= longer
}
