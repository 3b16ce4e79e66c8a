//! What there is and what would be, on one screen.

use std::path::Path;

use keymend_domain::policy::{Scope, Settings};
use toml::{Table, Value};

use super::answers::Answers;
use super::apply::{self, Plan};
use super::deeds;
use super::present::Present;
use super::wizard::Wizard;
use crate::run::words;

/// The configuration in force.
pub fn present(present: &Present) -> String {
    if present.table.is_empty() {
        return "\nNothing is configured yet. Choose Customise.".to_owned();
    }
    let mut text = String::from("\n");
    text.push_str(&words::table(&rows(&present.table)));
    match &present.settings {
        Some(settings) => text.push_str(&words::table(&policy_rows(settings))),
        None => text.push_str("may reset   nobody: no policy was applied yet\n"),
    }
    text
}

/// What would be written and applied.
pub fn planned(plan: &Plan, present: &Present, wizard: &Wizard) -> String {
    let table: Table = plan.text.parse().unwrap_or_default();
    let mut text = String::from("\nSummary\n\n");
    let mut all = rows(&table);
    let kind = vec!["  kind".to_owned(), deeds::kind_of(wizard).to_owned()];
    let place = all
        .iter()
        .position(|row| row.first().is_some_and(|key| key == "directory"));
    all.insert(place.map_or(all.len(), |place| place + 1), kind);
    let settings = apply::settings(present, &wizard.answers);
    all.extend(policy_rows(&settings));
    for name in plan.names() {
        all.push(vec!["writes".to_owned(), name]);
    }
    text.push_str(&words::table(&all));
    if !wizard.facts.rights.is_empty() {
        text.push('\n');
        wizard
            .facts
            .rights
            .iter()
            .for_each(|line| text.push_str(&format!("{line}\n")));
    }
    if is_mute(&wizard.answers) {
        text.push_str(
            "\nNeither mail nor text messages are set up, so no code can be sent, and nobody may \
             reset until one of them is: see Optional features.\n",
        );
    }
    let lint = apply::findings(present, &wizard.answers);
    // While nobody may reset, nothing can be weak.
    if lint.refuses() || (settings.scope != Scope::None && !lint.findings.is_empty()) {
        text.push_str("\nThe check of the policy says:\n");
        text.push_str(&words::findings(&lint.findings));
    }
    text
}

/// What to do after everything was applied.
pub fn next_steps(path: &Path) -> String {
    let path = path.display();
    format!(
        "Done. Now:\n\
         \u{20} keymend config check --connect --config {path}\n\
         \u{20} keymend serve --config {path}\n\
         A service that runs already takes the policy up by itself; restart it for the rest."
    )
}

fn is_mute(answers: &Answers) -> bool {
    ["mail.wanted", "texts.wanted"]
        .iter()
        .all(|key| answers.truth(key) != Some(true))
}

fn rows(table: &Table) -> Vec<Vec<String>> {
    let text = |section: &str, key: &str| {
        let value = table.get(section).and_then(|part| part.get(key));
        value.map_or_else(|| "-".to_owned(), shown)
    };
    let mut rows = vec![
        ("site".to_owned(), text("site", "organisation")),
        ("address".to_owned(), text("site", "public_origin")),
        ("listens".to_owned(), text("listen", "address")),
        ("data".to_owned(), text("store", "data_dir")),
        ("root key".to_owned(), text("keys", "root_file")),
    ];
    let directories = table.get("directory").and_then(Value::as_table);
    for (name, section) in directories.into_iter().flatten() {
        let of = |key: &str| section.get(key).map_or_else(|| "-".to_owned(), shown);
        rows.push(("directory".to_owned(), name.clone()));
        rows.push(("  servers".to_owned(), of("urls")));
        rows.push(("  authority".to_owned(), of("ca_file")));
        rows.push(("  account".to_owned(), of("bind_dn")));
        rows.push(("  accounts in".to_owned(), of("base")));
    }
    let mail = table
        .get("mail")
        .and_then(|mail| mail.get("servers")?.get(0)?.get("host"));
    rows.push((
        "mail".to_owned(),
        mail.map_or_else(|| "off".to_owned(), shown),
    ));
    let texts = table.get("texts").and_then(|texts| texts.get("preset"));
    rows.push((
        "texts".to_owned(),
        texts.map_or_else(|| "off".to_owned(), shown),
    ));
    rows.push((
        "leaked".to_owned(),
        match text("breach", "file") {
            none if none == "-" => "the list that comes with Keymend".to_owned(),
            file => file,
        },
    ));
    rows.into_iter()
        .map(|(key, value)| vec![key, value])
        .collect()
}

fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(shown).collect::<Vec<_>>().join(" "),
        other => other.to_string(),
    }
}

fn policy_rows(settings: &Settings) -> Vec<Vec<String>> {
    let who = match settings.scope {
        Scope::None => "nobody".to_owned(),
        Scope::All => "everybody".to_owned(),
        Scope::Selected => format!("members of {}", settings.groups.join("; ")),
    };
    let methods: Vec<&str> = settings.methods.iter().map(|kind| kind.word()).collect();
    let mut rows = vec![
        vec!["may reset".to_owned(), who],
        vec![
            "proofs".to_owned(),
            format!("{} by {}", settings.gates, methods.join(", ")),
        ],
    ];
    for (name, writes) in &settings.writeback {
        let state = if *writes { "on" } else { "off" };
        rows.push(vec!["writeback".to_owned(), format!("{name} {state}")]);
    }
    rows
}
