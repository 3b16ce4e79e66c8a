use super::*;
use crate::account::{AccountRef, AccountState, Anchor, DirectoryName};
use crate::method::MethodKind;
use crate::policy::Settings;

fn jane() -> Account {
    Account {
        id: AccountRef {
            directory: DirectoryName("demo".into()),
            anchor: Anchor("1".into()),
        },
        login: "jane.doe".into(),
        display_name: "Jané Döring-Smith".into(),
        given_name: Some("Jané".into()),
        surname: Some("Döring-Smith".into()),
        mail: vec!["jdoering@corp.example".into()],
        phones: vec![],
        groups: vec![],
        language: None,
        state: AccountState::default(),
    }
}

fn rules(directory: PasswordRules) -> Rules {
    let settings = Settings {
        methods: vec![MethodKind::Email, MethodKind::Text],
        ..Settings::default()
    };
    Rules::new(directory, &Policy::try_new(settings, 1).unwrap())
}

fn broken(text: &str, directory: PasswordRules) -> Vec<&'static str> {
    let password = Password::new(text.into()).unwrap();
    judge(&password, &jane(), &rules(directory))
        .iter()
        .map(RuleBroken::id)
        .collect()
}

#[test]
fn all_broken_rules_are_named_at_once() {
    let directory = PasswordRules {
        length_min: 12,
        classes_min: 3,
        ..PasswordRules::default()
    };
    assert_eq!(
        broken("aaaa", directory),
        ["pw.short", "pw.few", "pw.classes"]
    );
}

#[test]
fn the_longer_of_the_two_least_lengths_holds() {
    assert_eq!(broken("kettle9", PasswordRules::default()), ["pw.short"]);
    assert_eq!(broken("kettle 9", PasswordRules::default()), [""; 0]);
    let directory = PasswordRules {
        length_min: 10,
        ..PasswordRules::default()
    };
    assert_eq!(broken("kettle 9", directory), ["pw.short"]);
}

#[test]
fn names_are_found_whatever_their_case_and_accents() {
    for text in [
        "xxJANE.doe12",
        "quiet-doring-7",
        "my Smith hat",
        "JDÖRING!river",
    ] {
        assert_eq!(
            broken(text, PasswordRules::default()),
            ["pw.name"],
            "{text}"
        );
    }
    assert_eq!(broken("doe quiet river", PasswordRules::default()), [""; 0]);
}

#[test]
fn a_number_beside_a_name_is_no_name_but_a_login_of_digits_is() {
    let mut person = jane();
    person.display_name = "Person 1200".into();
    let password = Password::new("quiet 1200 river".into()).unwrap();
    let rules = rules(PasswordRules::default());
    assert_eq!(judge(&password, &person, &rules), []);
    person.login = "1200".into();
    assert_eq!(judge(&password, &person, &rules).len(), 1);
}

#[test]
fn signs_that_cannot_be_typed_are_named() {
    let password = Password::new("quiet\u{a0}river 7".into()).unwrap();
    let broken = judge(&password, &jane(), &rules(PasswordRules::default()));
    assert_eq!(
        broken,
        [RuleBroken::Sign {
            which: "U+00A0".into()
        }]
    );
}

#[test]
fn the_five_kinds_of_characters_are_told_apart() {
    for (text, count) in [
        ("abc", 1),
        ("aB", 2),
        ("aB1", 3),
        ("aB1!", 4),
        ("aB1!文", 5),
        ("  ab 12 ", 2),
        ("€£", 0),
    ] {
        assert_eq!(classes(text), count, "{text}");
    }
}

#[test]
fn the_list_says_what_only_the_directory_can_tell() {
    let directory = PasswordRules {
        length_min: 10,
        history: 5,
        has_unreadable_rule: true,
        ..PasswordRules::default()
    };
    let lines = lines(None, &rules(directory));
    let hidden = lines.iter().find(|line| line.kind == RuleKind::Hidden);
    assert_eq!(hidden.unwrap().state, RuleState::OnSave);
    let history = lines
        .iter()
        .find(|line| line.kind == RuleKind::History)
        .unwrap();
    assert_eq!((history.state, history.value), (RuleState::OnSave, 5));
    assert!(lines.iter().all(|line| line.state != RuleState::Met));
}

#[test]
fn a_change_asks_for_another_password_however_it_was_composed() {
    let current = Password::current("quiet cafe\u{301} 7".into()).unwrap();
    for (text, expected) in [
        ("quiet caf\u{e9} 7", vec!["pw.same"]),
        ("quiet caf\u{e9} 8", vec![]),
    ] {
        let new = Password::new(text.into()).unwrap();
        let broken = judge_change(&new, &current, &jane(), &rules(PasswordRules::default()));
        let ids: Vec<&str> = broken.iter().map(RuleBroken::id).collect();
        assert_eq!(ids, expected);
    }
}
