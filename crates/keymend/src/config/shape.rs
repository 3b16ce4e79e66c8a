//! Compares a file with the schema: unknown and missing keys, kinds, ranges, choices, samples.
//!
//! serde stops at the first thing it does not like; an administrator wants to hear of all of them.

use serde_json::Value as Schema;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::check::Checker;
use super::place::{join, may_hold_a_secret};

/// Reports everything in `table` that the schema does not allow.
pub(super) fn compare(schema: &Schema, table: &DeTable<'_>, checker: &mut Checker<'_>) {
    compare_table(schema, table, "", checker);
}

fn compare_table(schema: &Schema, table: &DeTable<'_>, path: &str, checker: &mut Checker<'_>) {
    let properties = schema.get("properties").and_then(Schema::as_object);
    let others = schema.get("additionalProperties").filter(|s| s.is_object());
    for (key, value) in table {
        let name = key.get_ref().as_ref();
        let below = join(path, name);
        match properties.and_then(|known| known.get(name)).or(others) {
            Some(inner) => compare_value(inner, value, &below, checker),
            None => report_unknown(schema, name, &below, checker),
        }
    }
    for name in texts(schema.get("required")) {
        if !table.keys().any(|key| key.get_ref().as_ref() == name) {
            report_missing(schema, name, path, checker);
        }
    }
}

fn compare_value(
    schema: &Schema,
    value: &Spanned<DeValue<'_>>,
    path: &str,
    checker: &mut Checker<'_>,
) {
    match value.get_ref() {
        DeValue::Table(table) if is_of_kind(schema, "object") => {
            compare_table(schema, table, path, checker);
        }
        DeValue::Array(items) if is_of_kind(schema, "array") => {
            compare_list(schema, items, path, checker);
        }
        DeValue::String(text) if is_of_kind(schema, "string") => {
            compare_text(schema, text, path, checker);
        }
        DeValue::Integer(number) if is_of_kind(schema, "integer") => {
            compare_number(schema, &number.to_string(), path, checker);
        }
        DeValue::Boolean(_) if is_of_kind(schema, "boolean") => {}
        other => checker.fault(
            path,
            format!("is {}", kind_of(other)),
            format!("write {}{}", kind_wanted(schema), for_instance(schema)),
        ),
    }
}

fn compare_list(
    schema: &Schema,
    items: &[Spanned<DeValue<'_>>],
    path: &str,
    checker: &mut Checker<'_>,
) {
    if number(schema, "minItems").is_some_and(|least| (items.len() as u64) < least) {
        let remedy = format!("write at least one{}", for_instance(schema));
        checker.fault(path, "is empty", remedy);
    }
    if let Some(most) = number(schema, "maxItems").filter(|most| items.len() as u64 > *most) {
        let reason = format!("has {} entries", items.len());
        checker.fault(path, reason, format!("write at most {most}"));
    }
    if let Some(inner) = schema.get("items") {
        for (place, item) in items.iter().enumerate() {
            compare_value(inner, item, &format!("{path}[{place}]"), checker);
        }
    }
    let samples = schema.get("examples").and_then(|all| all.get(0));
    let has_sample = items.iter().any(|item| {
        let text = item.get_ref().as_str().unwrap_or_default();
        texts(samples).any(|sample| sample == text)
    });
    if is_sample(schema) && has_sample {
        report_sample(path, checker);
    }
}

fn compare_text(schema: &Schema, text: &str, path: &str, checker: &mut Checker<'_>) {
    let choices: Vec<&str> = choices(schema).collect();
    if !choices.is_empty() {
        if !choices.contains(&text) {
            report_choice(&choices, text, path, checker);
        }
        return;
    }
    let longest = number(schema, "maxLength").unwrap_or(4_096);
    if text.trim().is_empty() {
        let remedy = format!("write a text{}, or leave the key out", for_instance(schema));
        checker.fault(path, "is empty", remedy);
    } else if text.chars().count() as u64 > longest {
        let remedy = format!("write at most {longest} characters");
        checker.fault(path, "is too long", remedy);
    } else if text
        .chars()
        .any(|sign| sign.is_control() && !matches!(sign, '\n' | '\t'))
    {
        checker.fault(path, "holds a control character", "take it out");
    } else if is_sample(schema) && texts(schema.get("examples")).any(|sample| sample == text) {
        report_sample(path, checker);
    }
}

fn compare_number(schema: &Schema, text: &str, path: &str, checker: &mut Checker<'_>) {
    let least = number(schema, "minimum").unwrap_or(0);
    let most = number(schema, "maximum").unwrap_or(u64::from(u32::MAX));
    let fits = text
        .parse::<u64>()
        .is_ok_and(|value| (least..=most).contains(&value));
    if !fits {
        let remedy = format!("write a whole number from {least} to {most}");
        checker.fault(path, "is out of range", remedy);
    }
}

fn report_unknown(schema: &Schema, name: &str, path: &str, checker: &mut Checker<'_>) {
    let known: Vec<&str> = schema
        .get("properties")
        .and_then(Schema::as_object)
        .map(|all| all.keys().map(String::as_str).collect())
        .unwrap_or_default();
    let as_file = format!("{name}_file");
    let remedy = if may_hold_a_secret(path) && known.contains(&as_file.as_str()) {
        format!(
            "secrets do not stand in this file: write it into a file of its own and name that with {as_file}"
        )
    } else if let Some(near) = nearest(name, &known) {
        format!("did you mean {near}?")
    } else {
        format!("take it out; known here: {}", known.join(", "))
    };
    // The value is not repeated: nobody knows what was meant to stand there.
    checker.fault_without_value(path, "is not a known key", remedy);
}

fn report_missing(schema: &Schema, name: &str, path: &str, checker: &mut Checker<'_>) {
    let inner = schema.get("properties").and_then(|all| all.get(name));
    let remedy = match inner {
        Some(inner) if is_of_kind(inner, "object") => format!("add the section [{name}]"),
        Some(inner) => match example(inner) {
            Some(example) => format!("add for instance {name} = {example}"),
            None => format!("add it to [{path}]"),
        },
        None => "add it".to_owned(),
    };
    checker.fault(&join(path, name), "is missing", remedy);
}

fn report_choice(choices: &[&str], text: &str, path: &str, checker: &mut Checker<'_>) {
    let remedy = match nearest(text, choices) {
        Some(near) => format!("did you mean {near:?}?"),
        None => format!("write one of {}", choices.join(", ")),
    };
    checker.fault(path, "is not one of the choices", remedy);
}

fn report_sample(path: &str, checker: &mut Checker<'_>) {
    checker.fault(path, "is the sample value", "write your own");
}

/// The known word that somebody most probably meant.
fn nearest<'a>(word: &str, known: &[&'a str]) -> Option<&'a str> {
    let word = word.to_lowercase().replace('-', "_");
    known
        .iter()
        .map(|candidate| {
            let comparable = candidate.replace('-', "_");
            (strsim::damerau_levenshtein(&word, &comparable), *candidate)
        })
        .filter(|(distance, candidate)| *distance <= 1 + candidate.len() / 4)
        .min()
        .map(|(_, candidate)| candidate)
}

fn is_sample(schema: &Schema) -> bool {
    schema.get("x-sample") == Some(&Schema::Bool(true))
}

fn is_of_kind(schema: &Schema, kind: &str) -> bool {
    let has = |schema: &Schema| match schema.get("type") {
        Some(Schema::String(one)) => one == kind,
        Some(many) => texts(Some(many)).any(|one| one == kind),
        None => false,
    };
    has(schema) || alternatives(schema).any(has)
}

/// The alternatives of an enum, or of an enum that may be left out.
fn alternatives(schema: &Schema) -> impl Iterator<Item = &Schema> {
    ["oneOf", "anyOf"]
        .into_iter()
        .filter_map(|key| schema.get(key))
        .filter_map(Schema::as_array)
        .flatten()
}

/// The texts an enum allows; none for free texts.
pub(super) fn choices(schema: &Schema) -> impl Iterator<Item = &str> {
    alternatives(schema)
        .filter_map(|one| one.get("const"))
        .filter_map(Schema::as_str)
}

fn texts(schema: Option<&Schema>) -> impl Iterator<Item = &str> {
    schema
        .and_then(Schema::as_array)
        .into_iter()
        .flatten()
        .filter_map(Schema::as_str)
}

fn number(schema: &Schema, key: &str) -> Option<u64> {
    schema.get(key).and_then(Schema::as_u64)
}

fn kind_of(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a text",
        DeValue::Integer(_) => "a number",
        DeValue::Float(_) => "a fraction",
        DeValue::Boolean(_) => "a truth value",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a section",
    }
}

fn kind_wanted(schema: &Schema) -> &'static str {
    [
        ("string", "a text"),
        ("integer", "a whole number"),
        ("boolean", "true or false"),
        ("array", "a list"),
        ("object", "a section"),
    ]
    .into_iter()
    .find(|(kind, _)| is_of_kind(schema, kind))
    .map_or("something else", |(_, words)| words)
}

fn for_instance(schema: &Schema) -> String {
    example(schema).map_or_else(String::new, |text| format!(", for instance {text}"))
}

/// The first example, as it would stand in the file.
pub(super) fn example(schema: &Schema) -> Option<String> {
    schema
        .get("examples")
        .and_then(|all| all.get(0))
        .or_else(|| schema.get("default"))
        .filter(|value| !value.is_null() && !value.is_object())
        .map(Schema::to_string)
}
