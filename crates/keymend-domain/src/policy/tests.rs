use super::*;
use crate::account::{AccountState, Anchor, DirectoryName};

fn account(groups: &[&str]) -> Account {
    Account {
        id: AccountRef {
            directory: DirectoryName("corp".into()),
            anchor: Anchor("a1".into()),
        },
        login: "jane".into(),
        display_name: "Jane".into(),
        given_name: None,
        surname: None,
        mail: vec![],
        phones: vec![],
        groups: groups.iter().map(|group| (*group).to_owned()).collect(),
        language: None,
        state: AccountState::default(),
    }
}

fn settings() -> Settings {
    Settings {
        scope: Scope::Selected,
        groups: vec!["staff".into()],
        administrator_groups: vec!["admins".into()],
        gates: 2,
        methods: vec![MethodKind::Email, MethodKind::Text],
        ..Settings::default()
    }
}

fn reasons(settings: &Settings, severity: Severity) -> Vec<&'static str> {
    check(settings)
        .findings
        .into_iter()
        .filter(|finding| finding.severity == severity)
        .map(|finding| finding.reason)
        .collect()
}

#[test]
fn a_policy_without_gates_or_methods_cannot_exist() {
    for (gates, methods) in [
        (0, vec![MethodKind::Email]),
        (4, vec![MethodKind::Email, MethodKind::Text]),
        (1, vec![]),
        (2, vec![MethodKind::Email]),
        (2, vec![MethodKind::Email, MethodKind::Email]),
        (3, vec![MethodKind::Email, MethodKind::Text]),
    ] {
        let bad = Settings {
            gates,
            methods: methods.clone(),
            ..settings()
        };
        assert!(
            Policy::try_new(bad, 1).is_err(),
            "{gates} gates of {methods:?}"
        );
    }
    assert!(Policy::try_new(settings(), 1).is_ok());
}

#[test]
fn two_codes_that_are_sent_are_warned_of_and_refused_in_nist() {
    assert!(reasons(&settings(), Severity::Warned).contains(&"two-issued-codes"));
    let nist = Settings {
        profile: Profile::Nist,
        ..settings()
    };
    assert!(reasons(&nist, Severity::Refused).contains(&"two-issued-codes-in-nist"));
}

#[test]
fn a_value_outside_its_range_names_key_value_and_range() {
    let mut wild = settings();
    wild.limits.code_digits = 4;
    let lint = Policy::try_new(wild, 1).unwrap_err();
    let finding = lint
        .findings
        .iter()
        .find(|finding| finding.rule == "range")
        .unwrap();
    assert_eq!(
        (finding.key.as_str(), finding.value.as_str()),
        ("limits.code_digits", "4")
    );
    assert_eq!(finding.range, Some((6, 10)));
}

#[test]
fn exclusion_beats_inclusion_and_groups_compare_without_case() {
    let policy = Policy::try_new(
        Settings {
            excluded_groups: vec!["Leavers".into()],
            ..settings()
        },
        1,
    )
    .unwrap();
    assert_eq!(
        policy.eligibility(&account(&["STAFF"])),
        Eligibility::Eligible
    );
    assert_eq!(
        policy.eligibility(&account(&["staff", "leavers"])),
        Eligibility::OutOfScope
    );
    assert_eq!(policy.eligibility(&account(&[])), Eligibility::OutOfScope);
}

#[test]
fn administrators_need_methods_stronger_than_codes_that_are_sent() {
    let policy = Policy::try_new(settings(), 1).unwrap();
    assert_eq!(
        policy.eligibility(&account(&["staff", "admins"])),
        Eligibility::Administrator
    );
}

#[test]
fn scope_none_is_off_for_everybody() {
    let policy = Policy::try_new(
        Settings {
            scope: Scope::None,
            ..settings()
        },
        1,
    )
    .unwrap();
    assert_eq!(
        policy.eligibility(&account(&["staff"])),
        Eligibility::SiteOff
    );
}

#[test]
fn one_gate_asks_for_longer_passwords() {
    let two = Policy::try_new(settings(), 1).unwrap();
    let one = Policy::try_new(
        Settings {
            gates: 1,
            ..settings()
        },
        1,
    )
    .unwrap();
    assert_eq!(
        (two.password_length_min(), one.password_length_min()),
        (8, 15)
    );
}

#[test]
fn the_picture_is_part_of_the_entra_profile_only() {
    let picture = Settings {
        bot_check: BotCheck::PictureAndSound,
        ..settings()
    };
    assert!(reasons(&picture, Severity::Refused).contains(&"picture-outside-entra"));
    let entra = Settings {
        profile: Profile::Entra,
        ..picture
    };
    assert!(Policy::try_new(entra, 1).is_ok());
}

#[test]
fn a_directory_that_is_not_named_is_written_to() {
    let mut paused = settings();
    paused.writeback.insert("corp".into(), false);
    let policy = Policy::try_new(paused, 1).unwrap();
    assert!(!policy.writes_to_directory("corp"));
    assert!(policy.writes_to_directory("lab"));
}

#[test]
fn the_defaults_pass_their_own_check_and_let_nobody_reset() {
    let policy = Policy::try_new(Settings::default(), 0).unwrap();
    assert_eq!(policy.settings().scope, Scope::None);
    assert_eq!(
        policy.eligibility(&account(&["staff"])),
        Eligibility::SiteOff
    );
}

#[test]
fn a_method_that_nothing_can_send_and_a_directory_that_is_not_there_are_refused() {
    let here = Surroundings {
        carried: vec![MethodKind::Email],
        directories: vec!["corp".into()],
    };
    let refused = |settings: &Settings| -> Vec<(&str, String)> {
        let findings = check_within(settings, &here).findings;
        findings
            .into_iter()
            .filter(|finding| finding.severity == Severity::Refused)
            .map(|finding| (finding.rule, finding.value))
            .collect()
    };
    assert_eq!(refused(&settings()), [("R6", "text".to_owned())]);
    let mut elsewhere = Settings {
        scope: Scope::None,
        ..settings()
    };
    elsewhere.writeback.insert("corp".into(), false);
    elsewhere.writeback.insert("crop".into(), false);
    assert_eq!(refused(&elsewhere), [("R4", "crop".to_owned())]);
}

#[test]
fn banned_words_have_bounds_and_what_entra_would_not_take_is_noted() {
    let with = |words: Vec<String>| {
        let mut settings = settings();
        settings.passwords.banned_words = words;
        settings
    };
    let numbered = |count: usize| (0..count).map(|n| format!("word{n}")).collect::<Vec<_>>();
    for (words, severity, reason) in [
        (numbered(10_001), Severity::Refused, "over-10000-words"),
        (
            vec!["abc".into()],
            Severity::Refused,
            "word-outside-4-to-32-characters",
        ),
        (
            vec!["x".repeat(33)],
            Severity::Refused,
            "word-outside-4-to-32-characters",
        ),
        (
            numbered(1_001),
            Severity::Warned,
            "over-1000-words-cannot-move-to-entra",
        ),
        (
            vec!["x".repeat(17)],
            Severity::Warned,
            "word-over-16-characters-cannot-move-to-entra",
        ),
    ] {
        assert!(
            reasons(&with(words), severity).contains(&reason),
            "{reason}"
        );
    }
    let fine = reasons(&with(numbered(1_000)), Severity::Warned);
    assert_eq!(fine, reasons(&settings(), Severity::Warned));
}

#[test]
fn what_protects_passwords_less_is_warned_of() {
    for (change, reason) in [
        (
            (|own| own.banned = BannedMode::Off) as fn(&mut PasswordSettings),
            "banned-words-off",
        ),
        (
            |own| own.banned = BannedMode::Entra,
            "lets-common-passwords-through",
        ),
        (
            |own| own.enforcement = Enforcement::Audit,
            "weak-passwords-only-noted",
        ),
        (|own| own.leaked = false, "leaked-passwords-accepted"),
    ] {
        let mut settings = settings();
        change(&mut settings.passwords);
        assert!(
            reasons(&settings, Severity::Warned).contains(&reason),
            "{reason}"
        );
    }
}

#[test]
fn a_policy_from_before_banned_words_has_their_defaults() {
    let kept = r#"{"passwords": {"length_min": 12, "length_max": 100, "different_min": 3}}"#;
    let settings: Settings = serde_json::from_str(kept).unwrap();
    assert_eq!(settings.passwords.banned, BannedMode::Keymend);
    assert_eq!(settings.passwords.points_min, 5);
    assert!(settings.passwords.leaked && settings.passwords.banned_words.is_empty());
}
