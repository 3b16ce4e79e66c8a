//! Every sentence exists, is used, and says the same things in every language.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use expect_test::expect;

use super::*;
use crate::web::page::{Rule, RuleState, Strength, Way, demo::DemoAccount, own::OwnEvent};

/// The ids of a language with the variables of each sentence.
fn sentences(lang: Lang) -> BTreeMap<String, BTreeSet<String>> {
    let mut sentences = BTreeMap::new();
    let mut id = String::new();
    for line in lang.files().iter().flat_map(|(_, source)| source.lines()) {
        if line.starts_with('#') {
            continue;
        }
        if let Some((name, _)) = line.split_once(" =").filter(|_| !line.starts_with(' ')) {
            id = name.to_owned();
        }
        let variables: &mut BTreeSet<String> = sentences.entry(id.clone()).or_default();
        for after in line.split('$').skip(1) {
            let word = after
                .split(|sign: char| !sign.is_ascii_alphanumeric())
                .next();
            variables.extend(word.map(str::to_owned));
        }
    }
    sentences.remove("");
    sentences
}

fn files_under(folder: &str, ending: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let mut found = Vec::new();
    let mut open = vec![folder];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else if path.to_string_lossy().ends_with(ending) {
                found.push(path);
            }
        }
    }
    found
}

/// Everything that stands in double or single quotes in templates and in Rust.
fn quoted_words() -> BTreeSet<String> {
    let mut words = BTreeSet::new();
    for path in files_under("templates", ".html")
        .into_iter()
        .chain(files_under("src", ".rs"))
    {
        let source = fs::read_to_string(path).unwrap();
        words.extend(source.split(['"', '\'']).map(str::to_owned));
    }
    words
}

/// The ids that are put together from a beginning and a word.
fn composed_ids() -> BTreeSet<String> {
    let rule_states = RuleState::ALL.iter().map(word_of).collect();
    let strengths = Strength::ALL.iter().map(word_of).collect();
    let ways: Vec<String> = Way::ALL.iter().map(word_of).collect();
    let owned = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
    let families: [(&str, &str, Vec<String>); 8] = [
        ("rule-", "", owned(Rule::IDS)),
        ("rule-state-", "", rule_states),
        ("strength-", "", strengths),
        ("way-", "", ways.clone()),
        ("way-", "-about", ways.clone()),
        ("ways-", "-about", ways),
        ("deed-", "", owned(OwnEvent::DEEDS)),
        ("demo-kind-", "", owned(DemoAccount::KINDS)),
    ];
    families
        .into_iter()
        .flat_map(|(before, after, words)| {
            words
                .into_iter()
                .map(move |word| format!("{before}{word}{after}"))
        })
        .collect()
}

fn word_of(value: &impl serde::Serialize) -> String {
    serde_json::to_value(value)
        .unwrap()
        .as_str()
        .unwrap()
        .to_owned()
}

#[test]
fn every_language_file_parses_and_no_id_stands_twice() {
    Texts::load().unwrap();
}

#[test]
fn every_sentence_is_used_somewhere() {
    let quoted = quoted_words();
    let composed = composed_ids();
    let unused: Vec<String> = sentences(Lang::English)
        .into_keys()
        .filter(|id| !quoted.contains(id) && !composed.contains(id))
        // A refusal comes from the domain by its id; a field by its name.
        .filter(|id| !id.starts_with("refusal-") && !id.starts_with("field-"))
        .collect();
    assert_eq!(unused, Vec::<String>::new());
}

#[test]
fn every_composed_id_has_its_sentence() {
    let english = sentences(Lang::English);
    for id in composed_ids() {
        assert!(english.contains_key(&id), "{id}");
    }
}

#[test]
fn all_languages_have_the_same_sentences_with_the_same_values() {
    let english = sentences(Lang::English);
    for lang in Lang::ALL {
        let other = sentences(*lang);
        let ids = |of: &BTreeMap<String, BTreeSet<String>>| -> Vec<String> {
            of.keys().cloned().collect()
        };
        assert_eq!(ids(&english), ids(&other), "{}", lang.name());
        for (id, variables) in &english {
            assert_eq!(Some(variables), other.get(id), "{}: {id}", lang.name());
        }
    }
}

/// Words in lines of at most 80 signs.
fn wrapped(words: &[String]) -> String {
    let mut lines: Vec<String> = Vec::new();
    for word in words {
        match lines.last_mut() {
            Some(line) if line.len() + 1 + word.len() <= 80 => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.clone()),
        }
    }
    lines.join("\n")
}

#[test]
fn the_ids_of_refusals_are_frozen() {
    let ids: Vec<String> = sentences(Lang::English)
        .into_keys()
        .filter_map(|id| id.strip_prefix("refusal-").map(str::to_owned))
        .collect();
    expect![[r#"
        address-shape answer-app answer-passkey answer-questions answer-recovery
        answer-tries-used-up answer-wrong budget-spent challenge-spent
        challenge-too-soon change-again claim-shape contact-inside contact-twice
        cookie-missing directory-down entry-gone fault flow-expired flow-replaced
        form-missing form-stale gate-raised human-not-sure input-long limit-reached
        lock-none mail-refused method-least method-most name-blocked number-country
        number-shape number-shared pass-refused proof-wanted pw-banned pw-classes
        pw-differ pw-few pw-history pw-leaked pw-long pw-name pw-old pw-same pw-short
        pw-sign pw-unsaid pw-young rights-missing script-needed signin-ended
        signin-no-match signin-not-here signin-paused signin-unusable site-off
        site-paused skip-over sms-refused standing-lost step-wrong unlock-failed
        way-none write-barred write-partial write-protected write-unknown"#]]
    .assert_eq(&wrapped(&ids));
}

#[test]
fn every_sentence_can_be_said_in_every_language() {
    let texts = Texts::load().unwrap();
    for lang in Lang::ALL {
        for (id, variables) in sentences(*lang) {
            let values: Vec<(&str, TextValue)> = variables
                .iter()
                .map(|name| (name.as_str(), "7".into()))
                .collect();
            let said = texts.try_text(*lang, &id, &values).unwrap();
            assert!(
                !said.is_empty() && !said.contains(['{', '}']),
                "{id}: {said}"
            );
        }
    }
}

#[test]
fn one_and_many_are_told_apart() {
    let texts = Texts::load().unwrap();
    let said = |n: u32| texts.text(Lang::English, "tries-left", &[("n", n.into())]);
    assert_eq!(said(1), "You have one try left.");
    assert_eq!(said(4), "You have 4 tries left.");
}

#[test]
fn a_sentence_that_cannot_be_built_says_so_to_the_program_and_shows_its_id() {
    let texts = Texts::load().unwrap();
    let missing = texts.try_text(Lang::English, "no-such-id", &[]);
    assert!(matches!(missing, Err(TextFault::Missing { .. })));
    let without = texts.try_text(Lang::English, "tries-left", &[]);
    assert!(matches!(without, Err(TextFault::Values { .. })));
    assert_eq!(texts.text(Lang::English, "no-such-id", &[]), "no-such-id");
}

#[test]
fn the_language_is_what_the_person_picked_then_the_browsers_then_the_sites() {
    #[track_caller]
    fn check(accept: Option<&str>, wanted: Option<&str>, site: &str, expected: Lang) {
        assert_eq!(Texts::negotiate(accept, wanted, site), expected);
    }
    check(None, None, "en", Lang::English);
    check(None, None, "de", Lang::German);
    check(None, None, "xx", Lang::English);
    check(Some("fr, de-CH;q=0.8, en;q=0.5"), None, "en", Lang::German);
    check(Some("fr"), None, "de", Lang::German);
    check(Some("de"), Some("en-GB"), "de", Lang::English);
    check(Some("de"), Some("<script>"), "en", Lang::German);
    check(Some(&"de,".repeat(10_000)), None, "en", Lang::English);
}
