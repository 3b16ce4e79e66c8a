//! What was forgotten: events that nobody records.

use std::path::Path;

use keymend_domain::audit::AuditDeed;

/// Deeds of the vocabulary that no part of this version does yet.
const LATER: &[&str] = &["breaker.off"];

/// All source text of the service and its rules.
fn sources() -> String {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut text = String::new();
    let mut folders = vec![here.join("src"), here.join("../keymend-domain/src")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|kind| kind == "rs") {
                text.push_str(&std::fs::read_to_string(path).unwrap());
            }
        }
    }
    text
}

#[test]
fn every_event_of_the_vocabulary_is_recorded_somewhere_or_known_to_come_later() {
    let sources = sources();
    let unused: Vec<&str> = AuditDeed::ALL
        .iter()
        .filter(|deed| !sources.contains(&format!("AuditDeed::{deed:?}")))
        .map(|deed| deed.word())
        .collect();
    assert_eq!(unused, LATER);
}
