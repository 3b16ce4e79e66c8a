//! The bars of behaviour §6.4 for the list that comes with Keymend: decorated common passwords are
//! refused, and good passwords are not.

use super::super::builtin::{self, BuiltIn};
use super::*;

/// Numbers that look random and are the same in every run (xorshift, Marsaglia 2003).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 11).unwrap() % bound
    }

    fn pick<'a>(&mut self, words: &'a [String]) -> &'a str {
        &words[self.below(words.len())]
    }
}

fn shipped() -> Protection {
    Protection::with_lists(&PasswordSettings::default(), vec![builtin::list()])
}

fn is_accepted(protection: &Protection, typed: &str) -> bool {
    let password = Password::new(typed.to_owned()).unwrap();
    protection
        .judge(&password, &person("zz", "", ""))
        .is_empty()
}

fn capital(word: &str) -> String {
    let mut signs = word.chars();
    let first = signs.next().into_iter().flat_map(char::to_uppercase);
    first.chain(signs).collect()
}

fn look_alikes(word: &str) -> String {
    let swap = |sign: char| match sign {
        'a' => '@',
        'e' => '3',
        'o' => '0',
        's' => '$',
        'i' => '1',
        other => other,
    };
    word.chars().map(swap).collect()
}

/// A word that nobody has heard, of about so many letters.
fn pronounceable(numbers: &mut Numbers, letters: usize) -> String {
    let mut one_of = |signs: &str| {
        let signs: Vec<char> = signs.chars().collect();
        signs[numbers.below(signs.len())]
    };
    let pairs = letters.clamp(4, 9).div_ceil(2);
    (0..pairs)
        .flat_map(|_| [one_of("bdfghklmnprstvwz"), one_of("aeiou")])
        .collect()
}

#[test]
fn no_decorated_common_password_is_accepted() {
    let protection = shipped();
    let (mut tried, mut accepted) = (0, Vec::new());
    let words = BuiltIn::Commonest.words();
    for word in words.iter().take(builtin::COMMONEST_AS_WORDS).step_by(10) {
        for typed in [
            format!("{}1!", capital(word)),
            format!("{}123!", capital(word)),
            format!("{}2024", look_alikes(word)),
            format!("!{}2025!", capital(word)),
            format!("{word}{word}1"),
            format!("12{}#", look_alikes(&capital(word))),
        ] {
            tried += 1;
            if is_accepted(&protection, &typed) {
                accepted.push(typed);
            }
        }
    }
    assert!(tried > 1_700, "{tried}");
    assert_eq!(accepted, [""; 0]);
}

#[test]
fn random_passwords_are_wrongly_refused_once_in_a_thousand_at_most() {
    let protection = shipped();
    let mut numbers = Numbers(0x5EED_0001);
    let tried = 3_000;
    let mut sign = || char::from(b'!' + u8::try_from(numbers.below(94)).unwrap());
    let refused = (0..tried)
        .map(|_| (0..12).map(|_| sign()).collect::<String>())
        .filter(|typed| !is_accepted(&protection, typed))
        .count();
    assert!(refused * 1_000 <= tried, "{refused} of {tried}");
}

#[test]
fn three_random_words_are_wrongly_refused_twice_in_a_thousand_at_most() {
    let protection = shipped();
    // The hard case: half of the words are banned ones themselves.
    let mut words = BuiltIn::English.words();
    words.extend(BuiltIn::German.words());
    let mut numbers = Numbers(0x5EED_0002);
    let made_up: Vec<String> = words
        .iter()
        .map(|word| pronounceable(&mut numbers, word.len()))
        .collect();
    words.extend(made_up);
    let tried = 1_500;
    let mut three = || [(); 3].map(|()| numbers.pick(&words).to_owned()).join("-");
    let refused: Vec<String> = (0..tried)
        .map(|_| three())
        .filter(|typed| !is_accepted(&protection, typed))
        .collect();
    assert!(refused.len() * 500 <= tried, "{refused:?}");
}
