//! Bringing a password and the banned words to the same letters before they are compared.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// One character of a folded text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Sign {
    /// What is compared.
    pub folded: char,
    /// What was typed, in lower case: patterns and trimmings are judged by it.
    pub typed: char,
}

/// In which manner texts are folded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Folding {
    /// Lower case and four substitutions (behaviour §6.3 step 1).
    Entra,
    /// Accents dropped and one letter for each class of look-alikes (behaviour §6.4, S1).
    Wide,
}

impl Folding {
    /// A text as it is compared.
    pub fn signs(self, text: &str) -> Vec<Sign> {
        match self {
            Self::Entra => text
                .chars()
                .flat_map(char::to_lowercase)
                .map(entra)
                .collect(),
            Self::Wide => plain(text).map(wide).collect(),
        }
    }

    /// The characters that are compared, alone.
    pub fn text(self, text: &str) -> String {
        self.signs(text).iter().map(|sign| sign.folded).collect()
    }
}

/// Lower case, without accents, compatibility forms resolved, `ß` as `ss`.
pub(super) fn plain(text: &str) -> impl Iterator<Item = char> {
    text.nfkd()
        .flat_map(char::to_lowercase)
        .filter(|sign| !is_combining_mark(*sign))
        .flat_map(|sign| {
            let (first, second) = if sign == 'ß' {
                ('s', Some('s'))
            } else {
                (sign, None)
            };
            std::iter::once(first).chain(second)
        })
}

fn entra(typed: char) -> Sign {
    let folded = match typed {
        '0' => 'o',
        '1' => 'l',
        '$' => 's',
        '@' => 'a',
        other => other,
    };
    Sign { folded, typed }
}

fn wide(typed: char) -> Sign {
    let folded = match typed {
        '4' | '@' => 'a',
        '8' => 'b',
        '(' => 'c',
        '3' | '€' => 'e',
        '6' | '9' => 'g',
        'l' | '1' | '!' | '|' => 'i',
        '0' => 'o',
        '5' | '$' => 's',
        '7' | '+' => 't',
        '2' => 'z',
        other => other,
    };
    Sign { folded, typed }
}
