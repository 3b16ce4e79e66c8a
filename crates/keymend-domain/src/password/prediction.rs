//! What a directory will say to a new password, as far as its own rules alone tell it.

use crate::account::Account;
use crate::directory::{Kinds, PasswordRules, RuleBroken};
use crate::secret::Password;

/// The rules of the directory, and only those, that a password breaks by what stands in it.
///
/// History and minimum age are not in it: only the directory knows them.  Used to name the rule
/// where a server does not, and compared with the servers' verdicts by the oracle run.
#[must_use]
pub fn for_directory(
    password: &Password,
    account: &Account,
    rules: &PasswordRules,
) -> Vec<RuleBroken> {
    let text = password.expose();
    let length = match rules.kinds {
        _ if rules.length_in_bytes => text.len(),
        // An emoji fills two places (Samba 4.25, measured by the oracle run).
        Kinds::Samba => text.encode_utf16().count(),
        Kinds::Windows | Kinds::Ascii => password.points(),
    };
    let typed = u32::try_from(length).unwrap_or(u32::MAX);
    let mut broken = Vec::new();
    if typed < rules.length_min {
        let least = rules.length_min;
        broken.push(RuleBroken::Short { least, typed });
    }
    if let Some(most) = rules.length_max.filter(|most| typed > *most) {
        broken.push(RuleBroken::Long { most });
    }
    let (needed, used) = (rules.classes_min, kinds_used(text, rules.kinds));
    if used < needed {
        broken.push(RuleBroken::Classes { needed, used });
    }
    if rules.refuses_names
        && let Some(part) = part_of_name(text, account, rules.name_window)
    {
        broken.push(RuleBroken::Name { part });
    }
    broken
}

/// The kinds of characters used in a password, as this directory counts them.
pub(super) fn kinds_used(text: &str, kinds: Kinds) -> u32 {
    match kinds {
        Kinds::Windows => super::classes(text),
        Kinds::Samba => samba_kinds(text),
        Kinds::Ascii => ascii_kinds(text),
    }
}

/// Capital, small, ASCII digit, ASCII symbol, and whatever is left beyond ASCII (Samba 4.25,
/// measured by the oracle run).
fn samba_kinds(text: &str) -> u32 {
    let has_other = |sign: char, mut other: Box<dyn Iterator<Item = char>>| matches!((other.next(), other.next()), (Some(only), None) if only != sign);
    let is_capital = |sign: char| has_other(sign, Box::new(sign.to_lowercase()));
    let is_small = |sign: char| has_other(sign, Box::new(sign.to_uppercase()));
    let is_left = |sign: char| !sign.is_ascii() && !is_capital(sign) && !is_small(sign);
    let kinds = [
        text.chars().any(is_capital),
        text.chars().any(is_small),
        text.chars().any(|sign| sign.is_ascii_digit()),
        text.chars().any(|sign| sign.is_ascii_punctuation()),
        text.chars().any(is_left),
    ];
    u32::try_from(kinds.into_iter().filter(|used| *used).count()).unwrap_or(5)
}

/// Capital, small letter, digit, any other ASCII sign, anything beyond ASCII (389 Directory
/// Server 2.3.1, measured: blanks are symbols, and all letters beyond ASCII are one kind).
fn ascii_kinds(text: &str) -> u32 {
    let kinds: [fn(&char) -> bool; 5] = [
        char::is_ascii_uppercase,
        char::is_ascii_lowercase,
        char::is_ascii_digit,
        |sign| sign.is_ascii() && !sign.is_ascii_alphanumeric(),
        |sign| !sign.is_ascii(),
    ];
    let used = kinds
        .into_iter()
        .filter(|kind| text.chars().any(|sign| kind(&sign)));
    u32::try_from(used.count()).unwrap_or(5)
}

/// A part of the person's names in the password that the directory refuses.
///
/// With a window, that many signs in a row of any name, without regard to the case of ASCII
/// letters (389 Directory Server 2.3.1, measured: user name, full name, given name, surname, mail
/// address).  Without, the login name and the parts of the display name, from three signs on
/// (MS-SAMR 3.1.1.7.2).
pub(super) fn part_of_name(text: &str, account: &Account, window: u32) -> Option<String> {
    let folded = text.to_ascii_lowercase();
    let is_inside = |part: &String| folded.contains(&part.to_ascii_lowercase());
    if window == 0 {
        let parts = account
            .display_name
            .split(|sign: char| sign.is_whitespace() || ",.-_#".contains(sign));
        let mut names = [account.login.as_str()].into_iter().chain(parts);
        return names
            .find(|name| name.chars().count() >= 3 && is_inside(&(*name).to_owned()))
            .map(str::to_owned);
    }
    let window = usize::try_from(window).unwrap_or(usize::MAX);
    let names = [&account.login, &account.display_name]
        .into_iter()
        .chain(&account.given_name)
        .chain(&account.surname)
        .chain(&account.mail);
    names.flat_map(|name| pieces(name, window)).find(is_inside)
}

/// All runs of so many signs of a text.
fn pieces(text: &str, length: usize) -> Vec<String> {
    let signs: Vec<char> = text.chars().collect();
    signs
        .windows(length)
        .map(|run| run.iter().collect())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::account::{AccountRef, AccountState, Anchor, DirectoryName};

    fn olga() -> Account {
        Account {
            id: AccountRef {
                directory: DirectoryName("lab".into()),
                anchor: Anchor("1".into()),
            },
            login: "outside.olga".into(),
            display_name: "outside olga".into(),
            given_name: Some("outside".into()),
            surname: Some("olga".into()),
            mail: vec!["outside.olga@lab.test".into()],
            phones: vec![],
            groups: vec![],
            language: None,
            state: AccountState::default(),
        }
    }

    fn broken(text: &str, rules: &PasswordRules) -> Vec<&'static str> {
        let password = Password::new(text.into()).unwrap();
        let broken = for_directory(&password, &olga(), rules);
        broken.iter().map(RuleBroken::id).collect()
    }

    /// Every line of this table was tried on a 389 Directory Server 2.3.1.
    #[test]
    fn a_389_server_is_foreseen() {
        let rules = PasswordRules {
            length_min: 10,
            classes_min: 3,
            kinds: Kinds::Ascii,
            refuses_names: true,
            name_window: 3,
            ..PasswordRules::default()
        };
        for taken in [
            "winter harbour 52",
            "Öinter 5x yz",
            "€€€€€€€€€1aB",
            "patXX99yyzzww",
            "密密密密密密密密a1",
            "peoplePeople99",
            "aB1aB1aB1a",
            "o.u.t.s.i.d.e.9A",
        ] {
            assert_eq!(broken(taken, &rules), [""; 0], "{taken}");
        }
        for (refused, rule) in [
            ("WinterHarbour", "pw.classes"),
            ("ÄÖÜäöüßéàè", "pw.classes"),
            ("ÄÖÜäöü12345", "pw.classes"),
            ("ööööööö1A", "pw.short"),
            ("xolgaxYY99zz", "pw.name"),
            ("Olg-12345678", "pw.name"),
            ("xtest9999Xxy", "pw.name"),
            ("OLGA0UTSIDEpp", "pw.name"),
        ] {
            assert_eq!(broken(refused, &rules), [rule], "{refused}");
        }
    }

    /// Every line was tried on a Samba 4.25.
    #[test]
    fn samba_counts_what_has_no_case_as_a_kind_of_its_own() {
        let check = |text, used| assert_eq!(kinds_used(text, Kinds::Samba), used, "{text}");
        check("Jß ñ    Pø ñ", 3);
        check("r🌊5obys4kz", 3);
        check("Si°iT£§Xpt°Y§", 3);
        check("ü_ß+ßç!çß]@", 3);
        check("small digits 52", 2);
    }

    #[test]
    fn active_directory_refuses_the_login_name_and_parts_of_the_display_name() {
        let rules = PasswordRules {
            refuses_names: true,
            ..PasswordRules::default()
        };
        assert_eq!(broken("xxOLGAxx", &rules), ["pw.name"]);
        assert_eq!(broken("outside!", &rules), ["pw.name"]);
        assert_eq!(broken("lab.test", &rules), [""; 0]);
        assert_eq!(broken("xxOLGAxx", &PasswordRules::default()), [""; 0]);
    }
}
