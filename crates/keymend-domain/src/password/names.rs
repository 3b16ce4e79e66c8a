//! Names of the person and of the organisation in a password (behaviour §6.3 step 2, §6.4 S5).

use super::fold::{Folding, plain};
use crate::account::Account;

/// A name counts from this many characters on.
const POINTS_MIN: usize = 4;

/// A name of the person inside the password: login name, given name, surname, parts of the
/// display name and of the mail address, of four characters or more, without regard to case and
/// accents.
pub(super) fn inside(text: &str, account: &Account) -> Option<String> {
    let folded: String = plain(text).collect();
    let found = |name: &String| {
        let name: String = plain(name).collect();
        name.chars().count() >= POINTS_MIN && folded.contains(&name)
    };
    of(account).into_iter().find(found)
}

/// A name of person or organisation inside the password, once both are folded.
pub(super) fn inside_folded(text: &str, names: &[String], folding: Folding) -> Option<String> {
    let folded = folding.text(text);
    let found = |name: &&String| {
        let name = folding.text(name);
        name.chars().count() >= POINTS_MIN && folded.contains(&name)
    };
    names.iter().find(found).cloned()
}

/// A name that is the whole password, once both are folded.
pub(super) fn whole(text: &str, names: &[String]) -> Option<String> {
    let folded = Folding::Wide.text(text);
    let is_it = |name: &&String| Folding::Wide.text(name) == folded;
    names.iter().find(is_it).cloned()
}

/// A name of exactly three characters as a word of its own, or the beginning of a name, of four
/// characters or more, as a word of its own.
pub(super) fn as_word(text: &str, names: &[String]) -> Option<String> {
    let folded: String = plain(text).collect();
    let words: Vec<&str> = folded
        .split(|sign: char| !sign.is_alphabetic())
        .filter(|word| word.chars().count() >= 3)
        .collect();
    let found = |name: &&String| {
        let name: String = plain(name).collect();
        let points = name.chars().count();
        let is_it = |word: &str| {
            let typed = word.chars().count();
            (points == 3 && name == word) || (typed >= POINTS_MIN && name.starts_with(word))
        };
        words.iter().any(|word| is_it(word))
    };
    names.iter().find(found).cloned()
}

/// All names of an account, whole and in parts.
pub(super) fn of(account: &Account) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    let mut add = |text: &str| {
        let parts = text.split(|sign: char| sign.is_whitespace() || ",.-–_#£@".contains(sign));
        // A number is no name: "Person 1200" must not bar every password that holds 1200.
        let is_name = |part: &&str| part.chars().any(|sign| !sign.is_numeric());
        names.push(text.to_owned());
        names.extend(parts.filter(is_name).map(str::to_owned));
    };
    add(&account.login);
    add(&account.display_name);
    for name in [&account.given_name, &account.surname]
        .into_iter()
        .flatten()
    {
        add(name);
    }
    for address in &account.mail {
        if let Some((local, _)) = address.split_once('@') {
            add(local);
        }
    }
    names
}
