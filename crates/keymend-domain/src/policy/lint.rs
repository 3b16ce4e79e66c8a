//! The check a settings document passes before it is saved (behaviour §4.11).

use std::collections::BTreeSet;

use serde::Serialize;

use super::{BannedMode, BotCheck, Enforcement, Profile, Required, Scope, Settings};
use crate::method::{Class, MethodKind, email};

/// How much a finding weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// The document is not saved.
    Refused,
    /// The document is saved only after "I understand".
    Warned,
}

/// One thing that is wrong or weak.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The rule: `R1`, `W2`, or `range` for a value outside its range (KM-6009).
    pub rule: &'static str,
    /// How much it weighs.
    pub severity: Severity,
    /// The setting's path.
    pub key: String,
    /// Its value.
    pub value: String,
    /// The stable word of the reason; texts are found by it.
    pub reason: &'static str,
    /// For `range`: the least and the greatest value.
    pub range: Option<(u32, u32)>,
}

impl Finding {
    /// A finding for which the document is not saved.
    #[must_use]
    pub fn refused(rule: &'static str, key: &str, value: &str, reason: &'static str) -> Self {
        Self {
            rule,
            severity: Severity::Refused,
            key: key.to_owned(),
            value: value.to_owned(),
            reason,
            range: None,
        }
    }
}

/// All findings on one document.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Lint {
    /// In the order of the document.
    pub findings: Vec<Finding>,
}

impl Lint {
    /// Whether the document must not be saved.
    #[must_use]
    pub fn refuses(&self) -> bool {
        self.findings
            .iter()
            .any(|finding| finding.severity == Severity::Refused)
    }

    fn refuse(&mut self, rule: &'static str, key: &str, value: &str, reason: &'static str) {
        let refused = Finding::refused(rule, key, value, reason);
        self.findings.push(refused);
    }

    fn warn(&mut self, rule: &'static str, key: &str, value: &str, reason: &'static str) {
        let refused = Finding::refused(rule, key, value, reason);
        self.findings.push(Finding {
            severity: Severity::Warned,
            ..refused
        });
    }

    fn range(&mut self, key: &str, value: u32, least: u32, most: u32) {
        if !(least..=most).contains(&value) {
            self.findings.push(Finding {
                rule: "range",
                severity: Severity::Refused,
                key: key.to_owned(),
                value: value.to_string(),
                reason: "out-of-range",
                range: Some((least, most)),
            });
        }
    }
}

/// What a settings document is to work with, as far as the document itself cannot know it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Surroundings {
    /// The methods whose codes something is configured to send.
    pub carried: Vec<MethodKind>,
    /// The names of the directories.
    pub directories: Vec<String>,
}

/// Everything that is wrong or weak in a settings document in its surroundings.
#[must_use]
pub fn check_within(settings: &Settings, surroundings: &Surroundings) -> Lint {
    let mut lint = check(settings);
    for kind in &settings.methods {
        // While nobody may reset, a document may be written before the gateway is there.
        if settings.scope != Scope::None && !surroundings.carried.contains(kind) {
            lint.refuse("R6", "methods", kind.word(), "no-carrier");
        }
    }
    for name in settings.writeback.keys() {
        if !surroundings.directories.contains(name) {
            lint.refuse("R4", "writeback", name, "no-such-directory");
        }
    }
    lint
}

/// Everything that is wrong or weak in a settings document.
#[must_use]
pub fn check(settings: &Settings) -> Lint {
    let mut lint = Lint::default();
    gates(settings, &mut lint);
    scope(settings, &mut lint);
    registration(settings, &mut lint);
    notifications(settings, &mut lint);
    ranges(settings, &mut lint);
    banned_words(settings, &mut lint);
    weak_choices(settings, &mut lint);
    lint
}

fn gates(settings: &Settings, lint: &mut Lint) {
    let classes: BTreeSet<Class> = settings.methods.iter().map(|kind| kind.class()).collect();
    let count = settings.gates.to_string();
    if !(1..=3).contains(&settings.gates) {
        lint.refuse("R1", "gates", &count, "gates-outside-1-to-3");
    } else if settings.methods.is_empty() {
        lint.refuse("R1", "methods", "[]", "no-methods");
    } else if usize::try_from(settings.gates).unwrap_or(usize::MAX) > classes.len() {
        lint.refuse("R1", "gates", &count, "more-gates-than-classes");
    }
    if settings.gates == 1 {
        lint.warn("W1", "gates", &count, "one-gate");
    }
    let issued = classes
        .iter()
        .filter(|class| class.is_issued_code())
        .count();
    if settings.gates >= 2 && issued >= 2 {
        if settings.profile == Profile::Nist {
            lint.refuse("R2", "methods", "email, text", "two-issued-codes-in-nist");
        } else {
            lint.warn("W2", "methods", "email, text", "two-issued-codes");
        }
    }
    if classes.contains(&Class::PhoneLine) {
        lint.warn("W6", "methods", "text", "text-messages-can-be-stolen");
    }
}

fn scope(settings: &Settings, lint: &mut Lint) {
    if settings.scope == Scope::Selected && settings.groups.is_empty() {
        lint.refuse("R4", "groups", "[]", "selected-without-groups");
    }
    for (key, groups) in [
        ("groups", &settings.groups),
        ("excluded_groups", &settings.excluded_groups),
        ("administrator_groups", &settings.administrator_groups),
    ] {
        if groups.iter().any(|group| group.trim().is_empty()) {
            lint.refuse("R4", key, "\"\"", "empty-group");
        }
    }
    if settings.scope != Scope::None && settings.administrator_groups.is_empty() {
        lint.warn(
            "W12",
            "administrator_groups",
            "[]",
            "no-administrator-groups",
        );
    }
}

fn registration(settings: &Settings, lint: &mut Lint) {
    let registration = &settings.registration;
    lint.range("registration.skips", registration.skips, 0, 100);
    lint.range(
        "registration.reconfirm_days",
        registration.reconfirm_days,
        0,
        730,
    );
    lint.range(
        "registration.sharing_most",
        registration.sharing_most,
        1,
        100,
    );
    let least_probation = if settings.profile == Profile::Demo {
        0
    } else {
        24
    };
    lint.range(
        "registration.probation_hours",
        registration.probation_hours,
        least_probation,
        168,
    );
    if registration.required == Required::Yes && settings.methods.is_empty() {
        lint.refuse("R13", "registration.required", "yes", "nothing-to-register");
    }
    if registration.reconfirm_days == 0 {
        lint.warn(
            "W9",
            "registration.reconfirm_days",
            "0",
            "never-reconfirmed",
        );
    }
    if registration.probation_hours < 72 && settings.profile != Profile::Demo {
        let hours = registration.probation_hours.to_string();
        lint.warn(
            "W9",
            "registration.probation_hours",
            &hours,
            "short-probation",
        );
    }
    if let Some(code) = registration
        .countries
        .iter()
        .find(|code| code.is_empty() || code.len() > 3 || !code.chars().all(|c| c.is_ascii_digit()))
    {
        lint.refuse("R4", "registration.countries", code, "not-a-calling-code");
    }
}

fn notifications(settings: &Settings, lint: &mut Lint) {
    let told = &settings.notifications;
    if !told.person {
        if settings.profile == Profile::Nist {
            lint.refuse("R4", "notifications.person", "false", "person-must-be-told");
        } else {
            lint.warn("W9", "notifications.person", "false", "person-not-told");
        }
    }
    if told.administrator_addresses.len() > 100 {
        let count = told.administrator_addresses.len().to_string();
        lint.refuse(
            "R4",
            "notifications.administrator_addresses",
            &count,
            "over-100-addresses",
        );
    }
    if let Some(bad) = told
        .administrator_addresses
        .iter()
        .find(|text| email(text).is_none())
    {
        lint.refuse(
            "R4",
            "notifications.administrator_addresses",
            bad,
            "not-an-address",
        );
    }
}

fn ranges(settings: &Settings, lint: &mut Lint) {
    let limits = &settings.limits;
    let (block_least, block_most) = if settings.profile == Profile::Entra {
        (15, 1_440)
    } else {
        (15, 60)
    };
    lint.range("queue_secs", settings.queue_secs, 0, 30);
    let wrong_passwords_mins = settings.notifications.wrong_passwords_mins;
    lint.range(
        "notifications.wrong_passwords_mins",
        wrong_passwords_mins,
        0,
        240,
    );
    lint.range("limits.flow_mins", limits.flow_mins, 5, 60);
    lint.range(
        "limits.after_refusal_mins",
        limits.after_refusal_mins,
        2,
        15,
    );
    lint.range("limits.submissions_most", limits.submissions_most, 3, 30);
    lint.range("limits.code_digits", limits.code_digits, 6, 10);
    lint.range("limits.code_mins", limits.code_mins, 2, 10);
    lint.range("limits.codes_per_flow", limits.codes_per_flow, 1, 3);
    lint.range("limits.tries_most", limits.tries_most, 3, 5);
    lint.range("limits.name_failures_most", limits.name_failures_most, 3, 5);
    lint.range(
        "limits.block_mins",
        limits.block_mins,
        block_least,
        block_most,
    );
    lint.range("limits.texts_per_day", limits.texts_per_day, 1, 1_000_000);
    lint.range("limits.familiar_days", limits.familiar_days, 0, 180);
    lint.range("limits.breaker_codes", limits.breaker_codes, 1, 1_000);
    lint.range("limits.idle_mins", limits.idle_mins, 5, 60);
    lint.range("limits.signed_in_mins", limits.signed_in_mins, 15, 480);
    lint.range("limits.fresh_proof_mins", limits.fresh_proof_mins, 1, 15);
    let passwords = &settings.passwords;
    if passwords.length_min != 0 {
        lint.range("passwords.length_min", passwords.length_min, 8, 64);
    }
    if passwords.length_max < 64 {
        let most = passwords.length_max.to_string();
        lint.refuse("R12", "passwords.length_max", &most, "maximum-below-64");
    } else {
        lint.range("passwords.length_max", passwords.length_max, 64, 256);
    }
    lint.range("passwords.different_min", passwords.different_min, 1, 8);
}

/// Most words of one list, and their lengths in characters (behaviour §2.5).
const WORDS_MOST: usize = 10_000;
const WORD_POINTS: std::ops::RangeInclusive<usize> = 4..=32;

/// What Microsoft Entra would take: a list above it could not be moved there.
const ENTRA_WORDS_MOST: usize = 1_000;
const ENTRA_WORD_POINTS_MOST: usize = 16;

fn banned_words(settings: &Settings, lint: &mut Lint) {
    let passwords = &settings.passwords;
    lint.range("passwords.points_min", passwords.points_min, 5, 8);
    for (key, words) in [
        ("passwords.banned_words", &passwords.banned_words),
        (
            "passwords.organisation_words",
            &passwords.organisation_words,
        ),
    ] {
        let count = words.len().to_string();
        if words.len() > WORDS_MOST {
            lint.refuse("range", key, &count, "over-10000-words");
        } else if words.len() > ENTRA_WORDS_MOST {
            lint.warn("W14", key, &count, "over-1000-words-cannot-move-to-entra");
        }
        let points = |word: &&String| word.chars().count();
        if let Some(word) = words
            .iter()
            .find(|word| !WORD_POINTS.contains(&points(word)))
        {
            lint.refuse("range", key, word, "word-outside-4-to-32-characters");
        } else if let Some(word) = words
            .iter()
            .find(|word| points(word) > ENTRA_WORD_POINTS_MOST)
        {
            lint.warn(
                "W14",
                key,
                word,
                "word-over-16-characters-cannot-move-to-entra",
            );
        }
    }
    match passwords.banned {
        BannedMode::Off => lint.warn("W15", "passwords.banned", "off", "banned-words-off"),
        BannedMode::Entra | BannedMode::Keymend if settings.profile == Profile::Nist => {
            lint.warn(
                "W15",
                "passwords.banned",
                "keymend",
                "nist-wants-whole-words",
            );
        }
        BannedMode::Entra => lint.warn(
            "W15",
            "passwords.banned",
            "entra",
            "lets-common-passwords-through",
        ),
        BannedMode::Keymend | BannedMode::Whole => {}
    }
    if passwords.enforcement == Enforcement::Audit {
        lint.warn(
            "W15",
            "passwords.enforcement",
            "audit",
            "weak-passwords-only-noted",
        );
    }
    if !passwords.leaked {
        lint.warn(
            "W15",
            "passwords.leaked",
            "false",
            "leaked-passwords-accepted",
        );
    }
}

fn weak_choices(settings: &Settings, lint: &mut Lint) {
    match settings.bot_check {
        BotCheck::Off => lint.warn("W9", "bot_check", "off", "bot-check-off"),
        BotCheck::PictureAndSound if settings.profile != Profile::Entra => {
            lint.refuse(
                "R10",
                "bot_check",
                "picture-and-sound",
                "picture-outside-entra",
            );
        }
        BotCheck::PictureAndSound | BotCheck::Silent | BotCheck::UnderPressure => {}
    }
    if settings.profile == Profile::Entra {
        lint.warn("W9", "profile", "entra", "lets-strangers-block-your-people");
    }
}
