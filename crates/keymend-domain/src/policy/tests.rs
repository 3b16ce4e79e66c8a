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
