//! The words that come with Keymend: the commonest passwords, words of the languages of its
//! pages, and runs over the keyboard.

use std::sync::{Arc, LazyLock};

use super::WordList;

/// How many of the commonest passwords are banned as words too (behaviour §6.4, S2).
pub const COMMONEST_AS_WORDS: usize = 3_000;

const COMMONEST: &str = include_str!("lists/commonest.txt");
const ENGLISH: &str = include_str!("lists/words.en.txt");
const GERMAN: &str = include_str!("lists/words.de.txt");

/// The rows that a finger slides over: English, German and French keyboards.
const ROWS: &[&str] = &[
    "1234567890",
    "qwertyuiop",
    "asdfghjkl",
    "zxcvbnm",
    "qwertzuiopü",
    "asdfghjklöä",
    "yxcvbnm",
    "azertyuiop",
    "qsdfghjklm",
    "wxcvbn",
];

/// Two rows side by side, for columns (`1qaz`, `qazwsx`) and zigzags (`1q2w3e`).
const BLOCKS: &[[&str; 4]] = &[
    ["1234567890", "qwertyuiop", "asdfghjkl;", "zxcvbnm,./"],
    ["1234567890", "qwertzuiop", "asdfghjklö", "yxcvbnm,.-"],
];

/// One of the lists that come with Keymend.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BuiltIn {
    /// The commonest passwords, the commonest first; the first 3,000 of them are banned as words.
    Commonest,
    /// English words.
    English,
    /// German words.
    German,
    /// Runs over the keyboard.
    Keyboard,
}

impl BuiltIn {
    /// All lists.
    pub const ALL: [Self; 4] = [Self::Commonest, Self::English, Self::German, Self::Keyboard];

    /// Its words, in the order of the list.
    #[must_use]
    pub fn words(self) -> Vec<String> {
        let owned = |text| lines(text).map(str::to_owned).collect();
        match self {
            Self::Commonest => owned(COMMONEST),
            Self::English => owned(ENGLISH),
            Self::German => owned(GERMAN),
            Self::Keyboard => keyboard(),
        }
    }
}

/// The commonest passwords, the commonest first: about 49,000.
pub fn commonest() -> impl Iterator<Item = &'static str> {
    lines(COMMONEST)
}

/// The banned words that come with Keymend, made ready at the first call.
#[must_use]
pub fn list() -> Arc<WordList> {
    static LIST: LazyLock<Arc<WordList>> = LazyLock::new(|| {
        let keyboard = keyboard();
        let mut all: Vec<&str> = lines(ENGLISH).chain(lines(GERMAN)).collect();
        all.extend(keyboard.iter().map(String::as_str));
        all.extend(lines(COMMONEST).take(COMMONEST_AS_WORDS));
        Arc::new(WordList::new(all.into_iter()))
    });
    Arc::clone(&LIST)
}

/// The words of a list file: a line each, except empty ones and comments.
fn lines(text: &str) -> impl Iterator<Item = &str> + Clone {
    text.lines()
        .filter(|line| !line.is_empty() && *line != "#" && !line.starts_with("# "))
}

/// Every run of four keys or more, forwards and backwards; columns and zigzags from the left.
fn keyboard() -> Vec<String> {
    let mut words = Vec::new();
    for row in ROWS {
        let keys: Vec<char> = row.chars().collect();
        for points in 4..=keys.len() {
            for run in keys.windows(points) {
                words.push(run.iter().collect());
                words.push(run.iter().rev().collect());
            }
        }
    }
    for block in BLOCKS {
        let rows: Vec<Vec<char>> = block.iter().map(|row| row.chars().collect()).collect();
        let column = |at: usize| rows.iter().filter_map(move |row| row.get(at));
        for first in 0..rows.iter().map(Vec::len).min().unwrap_or_default() {
            words.push(column(first).collect());
            words.push(column(first).rev().collect());
        }
        for (upper, lower) in rows.iter().zip(rows.iter().skip(1)) {
            let pairs: Vec<[char; 2]> = upper
                .iter()
                .zip(lower)
                .map(|(one, other)| [*one, *other])
                .collect();
            words.extend(
                (2..=6).filter_map(|count| Some(pairs.get(..count)?.iter().flatten().collect())),
            );
        }
        let letters: Vec<&Vec<char>> = rows.iter().skip(1).collect();
        let three = |at: usize| letters.iter().filter_map(move |row| row.get(at));
        words.extend((2..=4).map(|count| (0..count).flat_map(three).collect()));
        words.extend((2..=3).map(|count| (0..count).flat_map(column).collect()));
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_list_has_words_and_no_word_twice() {
        for list in [BuiltIn::Commonest, BuiltIn::English, BuiltIn::German] {
            let words = list.words();
            assert!(words.len() > 300, "{list:?}");
            assert!(words.iter().all(|word| word.trim() == word), "{list:?}");
        }
        assert!(commonest().next() == Some("123456") && commonest().count() > 49_000);
    }

    #[test]
    fn runs_over_the_keyboard_go_both_ways_down_columns_and_in_zigzags() {
        let words = keyboard();
        for run in [
            "qwer", "qwertz", "poiuyt", "asdfgh", "1qaz", "zaq1", "qazwsx", "1q2w3e4r", "1qaz2wsx",
        ] {
            assert!(words.iter().any(|word| word == run), "{run}");
        }
    }
}
