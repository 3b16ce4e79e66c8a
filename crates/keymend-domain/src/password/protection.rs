//! Banned words: what makes a password easy to guess although it is long enough
//! (behaviour §6.3, §6.4).

use std::sync::Arc;

use super::builtin;
use super::fold::Folding;
use super::lexicon::{Lexicon, Text};
use super::names;
use super::score::{Manner, Piece, cut};
use crate::account::Account;
use crate::directory::RuleBroken;
use crate::policy::{BannedMode, PasswordSettings};
use crate::secret::Password;

/// Points for which an accepted password needs at least this many pieces that are no words.
const ENTRA: Manner = Manner {
    fuzzy_least: 0,
    has_patterns: false,
};

/// The stricter default: patterns count as one, and short words are not found by resemblance.
const KEYMEND: Manner = Manner {
    fuzzy_least: 5,
    has_patterns: true,
};

/// A list of banned words, made ready for both ways of reading a password.
///
/// Building takes a moment (about a millisecond for a hundred words), so it is done once and not
/// for each password.
#[derive(Debug)]
pub struct WordList {
    entra: Lexicon,
    wide: Lexicon,
}

impl WordList {
    /// Makes a list ready.  Words below 4 and above 32 characters are left out.
    pub fn new<'a>(words: impl Iterator<Item = &'a str> + Clone) -> Self {
        Self {
            entra: Lexicon::new(words.clone(), Folding::Entra),
            wide: Lexicon::new(words, Folding::Wide),
        }
    }

    /// How many words are told apart.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entra.len()
    }

    /// Whether it has none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// The judgement on banned words and names that a policy asks for.
#[derive(Debug, Clone)]
pub struct Protection {
    mode: BannedMode,
    points_min: usize,
    names_word: bool,
    lists: Vec<Arc<WordList>>,
    organisation: Vec<String>,
}

impl Protection {
    /// The judgement under these settings.  `organisation` is the organisation's name;
    /// `site_words` are words of the site that its settings do not name, for instance the labels
    /// of its domain.
    #[must_use]
    pub fn new(settings: &PasswordSettings, organisation: &str, site_words: &[String]) -> Self {
        let own = settings
            .banned_words
            .iter()
            .chain(&settings.organisation_words)
            .chain(site_words)
            .map(String::as_str)
            .chain(organisation.split(|sign: char| !sign.is_alphanumeric()));
        let own = WordList::new(own);
        let mut lists = vec![builtin::list()];
        if !own.is_empty() {
            // Looked at first: of two words that explain a refusal alike, the site's own is named.
            lists.insert(0, Arc::new(own));
        }
        let squeezed: String = organisation.split_whitespace().collect();
        Self {
            lists,
            organisation: vec![organisation.to_owned(), squeezed],
            ..Self::with_lists(settings, Vec::new())
        }
    }

    /// The judgement with these lists alone, and no organisation.
    #[must_use]
    pub fn with_lists(settings: &PasswordSettings, lists: Vec<Arc<WordList>>) -> Self {
        Self {
            mode: settings.banned,
            points_min: usize::try_from(settings.points_min).unwrap_or(usize::MAX),
            names_word: settings.shows_banned_word,
            lists,
            organisation: Vec::new(),
        }
    }

    /// The rules about names and banned words that a password breaks: at most one of each kind.
    #[must_use]
    pub fn judge(&self, password: &Password, account: &Account) -> Vec<RuleBroken> {
        let text = password.expose();
        let name = self
            .name(text, account)
            .map(|part| RuleBroken::Name { part });
        let word = self.banned(text).map(|term| RuleBroken::Banned {
            term: if self.names_word { term } else { String::new() },
        });
        name.into_iter().chain(word).collect()
    }

    /// The name it holds.
    fn name(&self, text: &str, account: &Account) -> Option<String> {
        let mut all = names::of(account);
        let own = [&account.given_name, &account.surname];
        let mut first = vec![account.login.clone()];
        first.extend(own.into_iter().flatten().cloned());
        match self.mode {
            BannedMode::Off => None,
            BannedMode::Whole => {
                all.extend_from_slice(&self.organisation);
                names::whole(text, &all)
            }
            BannedMode::Entra => {
                first.extend_from_slice(&self.organisation);
                names::inside_folded(text, &first, Folding::Entra)
            }
            BannedMode::Keymend => {
                first.extend_from_slice(&self.organisation);
                names::inside_folded(text, &first, Folding::Entra)
                    .or_else(|| names::as_word(text, &all))
                    .or_else(|| {
                        all.extend_from_slice(&self.organisation);
                        names::inside_folded(text, &all, Folding::Wide)
                    })
            }
        }
    }

    /// The word a password is built on, if that makes it too easy; empty if it is not a word but
    /// a repetition or a run.
    fn banned(&self, text: &str) -> Option<String> {
        match self.mode {
            BannedMode::Off => None,
            BannedMode::Whole => self.whole(text),
            BannedMode::Entra => self.entra(text),
            BannedMode::Keymend => self.entra(text).or_else(|| self.keymend(text)),
        }
    }

    fn whole(&self, text: &str) -> Option<String> {
        let text = Text::new(text, Folding::Wide);
        let mut lists = self.lists.iter();
        lists
            .find_map(|list| list.wide.whole(&text))
            .map(str::to_owned)
    }

    fn entra(&self, text: &str) -> Option<String> {
        let lists: Vec<&Lexicon> = self.lists.iter().map(|list| &list.entra).collect();
        self.too_few(&Text::new(text, Folding::Entra), &lists, ENTRA)
    }

    fn keymend(&self, text: &str) -> Option<String> {
        let lists: Vec<&Lexicon> = self.lists.iter().map(|list| &list.wide).collect();
        self.too_few(&Text::new(text, Folding::Wide), &lists, KEYMEND)
    }

    /// Steps 3 to 6.
    fn too_few(&self, text: &Text, lists: &[&Lexicon], manner: Manner) -> Option<String> {
        let all = (0, text.signs.len());
        if let Some(word) = lists.iter().find_map(|list| list.within_one(text, all, 0)) {
            return Some(word.to_owned());
        }
        let pieces = cut(text, lists, manner);
        if pieces.len() >= self.points_min {
            return None;
        }
        let word = |(piece, points): &(Piece<'_>, usize)| match piece {
            Piece::Term(word) | Piece::Near(word) => Some((*points, (*word).to_owned())),
            Piece::Pattern | Piece::Trimming | Piece::Sign => None,
        };
        let words = pieces.iter().filter_map(word);
        let longest = words.reduce(|one, other| if other.0 > one.0 { other } else { one });
        Some(longest.map(|(_, word)| word).unwrap_or_default())
    }
}

#[cfg(test)]
#[path = "tests/protection.rs"]
mod tests;
