use super::*;
use crate::account::{Account, AccountRef, AccountState, Anchor, DirectoryName};

fn person(login: &str, given: &str, surname: &str) -> Account {
    let name = |name: &str| (!name.is_empty()).then(|| name.to_owned());
    Account {
        id: AccountRef {
            directory: DirectoryName("demo".into()),
            anchor: Anchor("1".into()),
        },
        login: login.into(),
        display_name: String::new(),
        given_name: name(given),
        surname: name(surname),
        mail: vec![],
        phones: vec![],
        groups: vec![],
        language: None,
        state: AccountState::default(),
    }
}

fn protection(mode: BannedMode, words: &str) -> Protection {
    let list = WordList::new(words.split(", "));
    let settings = PasswordSettings {
        banned: mode,
        ..PasswordSettings::default()
    };
    Protection::with_lists(&settings, vec![Arc::new(list)])
}

/// One row of the table of worked examples (behaviour §6.4): the pieces as that table writes them.
struct Row {
    password: &'static str,
    words: &'static str,
    entra: &'static str,
    keymend: &'static str,
}

const fn row(
    password: &'static str,
    words: &'static str,
    entra: &'static str,
    keymend: &'static str,
) -> Row {
    Row {
        password,
        words,
        entra,
        keymend,
    }
}

const ROWS: &[Row] = &[
    row(
        "C0ntos0Blank12",
        "contoso, blank",
        "[contoso] [blank] l 2",
        "[contoso] [blank] {12}",
    ),
    row(
        "ContoS0Bl@nkf9!",
        "contoso, blank",
        "[contoso] [blank] f 9 !",
        "[contoso] [blank] f 9 !",
    ),
    row("Bl@nK", "blank", "whole", "whole"),
    row("abcdeg", "abcdef", "whole", "whole"),
    row("abcdefg", "abcdef", "whole", "whole"),
    row("abcde", "abcdef", "whole", "whole"),
    row("Contoso1", "contoso", "whole", "whole"),
    row(
        "Password1!",
        "password",
        "[password] l !",
        "[password] {1!}",
    ),
    row(
        "Pa$$word1!",
        "password",
        "[password] l !",
        "[password] {1!}",
    ),
    row(
        "Password123!",
        "password",
        "[password] l 2 3 !",
        "[password] {123!}",
    ),
    row(
        "P@ssw0rd2024",
        "password",
        "[password] 2 o 2 4",
        "[password] {2024}",
    ),
    row(
        "Summer2025!",
        "summer",
        "[summer] 2 o 2 5 !",
        "[summer] {2025!}",
    ),
    row(
        "Contoso!2025",
        "contoso",
        "[contoso] ! 2 o 2 5",
        "[contoso] {!2025}",
    ),
    row(
        "Passwor123!",
        "password",
        "[~passworl] 2 3 !",
        "[~passwor1] {23!}",
    ),
    row(
        "Passsword123!",
        "password",
        "[~passsword] l 2 3 !",
        "[~passsword] {123!}",
    ),
    row(
        "Contso19!kQ",
        "contoso",
        "[~contso] l 9 ! k q",
        "[~contso] 1 9 ! k q",
    ),
    row(
        "P455w0rd!99",
        "password",
        "p 4 5 5 w o r d ! 9 9",
        "[password] {!99}",
    ),
    row(
        "Password!7391",
        "password",
        "[password] ! 7 3 9 l",
        "[password] {!7391}",
    ),
    row(
        "qwerty123456",
        "qwerty",
        "[qwerty] l 2 3 4 5 6",
        "[qwerty] {123456}",
    ),
    row(
        "Autumn2026!!",
        "autumn, 2026",
        "[autumn] [2026] ! !",
        "[autumn] [2026] {!!}",
    ),
    row(
        "Contoso@London1",
        "contoso, london",
        "[contoso] a [london] l",
        "[contoso] @ [london] {1}",
    ),
    row(
        "c0nt0s0c0nt0s0!",
        "contoso",
        "[contoso] [contoso] !",
        "[contoso] [contoso] {!}",
    ),
    row(
        "Pässwörd1🔑Z",
        "password",
        "p ä s s w ö r d l 🔑 z",
        "[password] 1 🔑 z",
    ),
    row(
        "abcd1234efgh",
        "nothing",
        "a b c d l 2 3 4 e f g h",
        "<abcd> <1234> <efgh>",
    ),
    row(
        "Jeff!9xQ7z",
        "nothing",
        "j e f f ! 9 x q 7 z",
        "j e f f ! 9 x q 7 z",
    ),
    row(
        "my password is long",
        "password",
        "m y   [password]   i s   l o n g",
        "m y   [password]   i s   l o n g",
    ),
    row(
        "Contoso-Rhein-7Kiesel",
        "contoso",
        "[contoso] - r h e i n - 7 k i e s e l",
        "[contoso] - r h e i n - 7 k i e s e l",
    ),
];

/// A cut as the table writes it: words in brackets, near ones with `~`, patterns in angles,
/// trimmings in braces; signs of the `entra` column are folded, those of the other as typed.
fn written(password: &str, words: &str, folding: Folding) -> String {
    let list = Lexicon::new(words.split(", "), folding);
    let text = Text::new(password, folding);
    if list.within_one(&text, (0, text.signs.len()), 0).is_some() {
        return "whole".to_owned();
    }
    let manner = if folding == Folding::Entra {
        ENTRA
    } else {
        KEYMEND
    };
    let mut at = 0;
    let show = |(piece, points): &(Piece<'_>, usize)| {
        let typed: String = text.signs[at..at + points]
            .iter()
            .map(|sign| sign.typed)
            .collect();
        let folded: String = text.signs[at..at + points]
            .iter()
            .map(|sign| sign.folded)
            .collect();
        let seen = if folding == Folding::Entra {
            folded
        } else {
            typed
        };
        at += points;
        match piece {
            Piece::Term(word) => format!("[{word}]"),
            Piece::Near(_) => format!("[~{seen}]"),
            Piece::Pattern => format!("<{seen}>"),
            Piece::Trimming => format!("{{{seen}}}"),
            Piece::Sign => seen,
        }
    };
    let shown: Vec<String> = cut(&text, &[&list], manner).iter().map(show).collect();
    shown.join(" ")
}

#[test]
fn the_worked_examples_are_cut_as_the_table_says() {
    for row in ROWS {
        let entra = written(row.password, row.words, Folding::Entra);
        assert_eq!(entra, row.entra, "entra: {}", row.password);
        let keymend = written(row.password, row.words, Folding::Wide);
        assert_eq!(keymend, row.keymend, "keymend: {}", row.password);
    }
}

fn verdict(mode: BannedMode, password: &str, words: &str, account: &Account) -> &'static str {
    let password = Password::new(password.into()).unwrap();
    match protection(mode, words).judge(&password, account).first() {
        None => "accept",
        Some(RuleBroken::Name { .. }) => "name",
        Some(_) => "refuse",
    }
}

#[test]
fn the_worked_examples_are_accepted_and_refused_as_the_table_says() {
    let nobody = person("zz", "", "");
    for row in ROWS {
        let points = |cut: &str| cut.split(' ').filter(|piece| !piece.is_empty()).count();
        let blanks = row.password.matches(' ').count();
        let passes = |cut: &str| cut != "whole" && points(cut) + blanks >= 5;
        let wanted = |passes: bool| if passes { "accept" } else { "refuse" };
        let entra = verdict(BannedMode::Entra, row.password, row.words, &nobody);
        assert_eq!(entra, wanted(passes(row.entra)), "entra: {}", row.password);
        let keymend = verdict(BannedMode::Keymend, row.password, row.words, &nobody);
        let both = passes(row.entra) && passes(row.keymend);
        assert_eq!(keymend, wanted(both), "keymend: {}", row.password);
    }
}

#[test]
fn names_are_refused_as_the_table_says() {
    for (password, account, entra, keymend) in [
        ("p0LL23fb", person("zz", "", "Poll"), "name", "name"),
        ("Jeff!9xQ7z", person("zz", "Jeffrey", ""), "accept", "name"),
        ("Ann#48Tkq", person("zz", "Ann", ""), "accept", "name"),
        (
            "planning my trip 7",
            person("zz", "Ann", ""),
            "accept",
            "accept",
        ),
        (
            "quiet k3ttle moss",
            person("kettle", "", ""),
            "accept",
            "name",
        ),
    ] {
        let found = verdict(BannedMode::Entra, password, "nothing", &account);
        assert_eq!(found, entra, "entra: {password}");
        let found = verdict(BannedMode::Keymend, password, "nothing", &account);
        assert_eq!(found, keymend, "keymend: {password}");
    }
}

#[test]
fn whole_passwords_alone_are_compared_in_the_mode_of_that_name() {
    let account = person("mustermann", "", "");
    for (password, wanted) in [
        ("P@55w0rd", "refuse"),
        ("password1", "accept"),
        ("Mu5termann", "name"),
        ("mustermann 7", "accept"),
    ] {
        let found = verdict(BannedMode::Whole, password, "password", &account);
        assert_eq!(found, wanted, "{password}");
        assert_eq!(
            verdict(BannedMode::Off, password, "password", &account),
            "accept"
        );
    }
}

#[test]
fn a_refusal_names_the_word_unless_the_policy_keeps_it_back() {
    let broken = |settings: &PasswordSettings, typed: &str| {
        let list = Arc::new(WordList::new(["Contoso", "blank"].into_iter()));
        let password = Password::new(typed.into()).unwrap();
        Protection::with_lists(settings, vec![list]).judge(&password, &person("zz", "", ""))
    };
    let banned = |term: &str| vec![RuleBroken::Banned { term: term.into() }];
    let shown = PasswordSettings::default();
    assert_eq!(broken(&shown, "c0nt0s0!blank"), banned("Contoso"));
    assert_eq!(broken(&shown, "11112222"), banned(""));
    let kept_back = PasswordSettings {
        shows_banned_word: false,
        ..shown
    };
    assert_eq!(broken(&kept_back, "c0nt0s0!blank"), banned(""));
}

#[test]
fn the_organisation_is_a_name_and_its_words_are_banned() {
    let settings = PasswordSettings {
        organisation_words: vec!["Fabrikam".into()],
        ..PasswordSettings::default()
    };
    let protection = Protection::new(&settings, "Blue Yonder", &["northwind".into()]);
    let ids = |typed: &str| -> Vec<&str> {
        let password = Password::new(typed.into()).unwrap();
        let broken = protection.judge(&password, &person("zz", "", ""));
        broken.iter().map(RuleBroken::id).collect()
    };
    assert_eq!(ids("my blueyonder kettle"), ["pw.name"]);
    for typed in ["Fabrikam2026!", "N0rthwind#12", "yonder!!2024"] {
        assert_eq!(ids(typed), ["pw.banned"], "{typed}");
    }
    assert_eq!(ids("Fabrikam-Rhein-7Kiesel"), [""; 0]);
}

#[test]
fn a_long_password_and_a_long_list_are_judged_to_the_end() {
    let words: Vec<String> = (0..2_000).map(|n| format!("wo{n}rdy")).collect();
    let list = Arc::new(WordList::new(words.iter().map(String::as_str)));
    let protection = Protection::with_lists(&PasswordSettings::default(), vec![list]);
    let nobody = person("zz", "", "");
    for typed in [
        "a".repeat(256),
        "\u{1f511}".repeat(256),
        "wo17rdy".repeat(36),
        "1".repeat(250),
    ] {
        let _ = protection.judge(&Password::new(typed).unwrap(), &nobody);
    }
}

#[path = "bars.rs"]
mod bars;
