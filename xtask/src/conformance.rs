//! `cargo xtask conformance`: the table case × directory of docs/conformance.md.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

use crate::test::step;
use crate::{Failure, root, target};

pub(crate) const HELP: &str = "\
Usage: cargo xtask conformance [--table]

Runs the conformance suite on the embedded directory, OpenLDAP, 389 Directory
Server and Samba in two versions, and writes docs/conformance.md.  With --table
nothing is run: the table is made of what the last run of each has left in the
target folder.
";

/// The columns, in their order.
const COLUMNS: &[&str] = &[
    "embedded",
    "OpenLDAP 2.5",
    "389 DS 2.3",
    "Samba 4.17",
    "Samba 4.25",
];

const INTRODUCTION: &str = "\
# Conformance

What every directory must do, tried on every directory.
The suite is `crates/keymend-directory/src/conformance`; each case makes fresh accounts in a real server, acts through the adapter that the service uses, and looks at the outcome from outside.
`cargo xtask conformance` runs it on all five and writes this page; `cargo xtask test` runs the same cases and fails on any that does not pass, and on any that is left out without a reason.

- **ok**: run, and it did what it must.
- **n/a**: cannot exist there; the reasons are below the table.

";

/// What one directory left behind.
struct Column {
    name: String,
    /// Case, verdict, reason.
    lines: Vec<(String, String, String)>,
}

pub(crate) fn run(words: &[String]) -> Result<(), Failure> {
    match words {
        [] => run_suites()?,
        [word] if word == "--table" => {}
        _ => return Err(Failure::new(HELP)),
    }
    let page = page(&columns()?)?;
    let path = root().join("docs/conformance.md");
    fs::write(&path, &page).map_err(|fault| fault_at("writing docs/conformance.md", &fault))?;
    print!("{page}");
    Ok(())
}

/// Whether docs/conformance.md is what the last run of each suite has found.
pub(crate) fn check() -> Result<(), Failure> {
    if !folder().join("embedded.column").exists() {
        run_suite("conformance")?;
    }
    let page = page(&columns()?)?;
    let path = root().join("docs/conformance.md");
    if fs::read_to_string(path).is_ok_and(|old| old == page) {
        return Ok(());
    }
    Err(Failure::new(
        "docs/conformance.md is not what the suites have found: run cargo xtask conformance --table",
    ))
}

fn run_suites() -> Result<(), Failure> {
    let _ = fs::remove_dir_all(folder());
    run_suite("conformance")?;
    run_suite("lab")
}

fn run_suite(test: &str) -> Result<(), Failure> {
    let mut command = Command::new(env!("CARGO"));
    command
        .args(["test", "--package", "keymend-directory", "--test", test])
        .arg("does_what_every_directory_must")
        .current_dir(root());
    step::succeed(&mut command)
}

/// Where cargo has tests put their files (`CARGO_TARGET_TMPDIR`).
fn folder() -> PathBuf {
    target().join("tmp/conformance")
}

fn columns() -> Result<Vec<Column>, Failure> {
    COLUMNS
        .iter()
        .map(|name| {
            let kept = |sign: &char| sign.is_ascii_alphanumeric() || *sign == '.';
            let file: String = name.chars().filter(kept).collect();
            let path = folder().join(file + ".column");
            let text = fs::read_to_string(&path)
                .map_err(|fault| fault_at(&format!("reading the column of {name}"), &fault))?;
            column(&text).ok_or_else(|| Failure::new(format!("no column: {}", path.display())))
        })
        .collect()
}

fn column(text: &str) -> Option<Column> {
    let mut lines = text.lines();
    let name = lines.next()?.to_owned();
    let lines = lines.map(|line| {
        let mut parts = line.split('\t').map(str::to_owned);
        Some((parts.next()?, parts.next()?, parts.next()?))
    });
    Some(Column {
        name,
        lines: lines.collect::<Option<_>>()?,
    })
}

fn page(columns: &[Column]) -> Result<String, Failure> {
    let first = columns.first().ok_or_else(|| Failure::new("no columns"))?;
    let names: Vec<&str> = columns.iter().map(|one| one.name.as_str()).collect();
    let mut page = INTRODUCTION.to_owned();
    page.push_str(&format!("| Case | {} |\n", names.join(" | ")));
    page.push_str(&format!("|---|{}\n", "---|".repeat(names.len())));
    for (place, (case, ..)) in first.lines.iter().enumerate() {
        let mut cells = Vec::new();
        for column in columns {
            match column.lines.get(place) {
                Some((own, verdict, _)) if own == case => cells.push(verdict.as_str()),
                _ => {
                    let name = &column.name;
                    return Err(Failure::new(format!(
                        "{name} has other cases; run all anew"
                    )));
                }
            }
        }
        page.push_str(&format!("| {case} | {} |\n", cells.join(" | ")));
    }
    page.push_str("\n## Why a case is not applicable\n\n");
    for reason in reasons(columns) {
        page.push_str(&format!("- {reason}.\n"));
    }
    Ok(page)
}

fn reasons(columns: &[Column]) -> BTreeSet<String> {
    let of = |column: &Column| -> Vec<String> {
        let lines = column.lines.iter().filter(|(_, _, why)| !why.is_empty());
        lines
            .map(|(case, _, why)| format!("{}, {case}: {why}", column.name))
            .collect()
    };
    columns.iter().flat_map(of).collect()
}

fn fault_at(what: &str, fault: &std::io::Error) -> Failure {
    Failure::new(format!("{what}: {fault}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_become_a_table_with_their_reasons() {
        let columns = [
            column("a\none\tok\t\ntwo\tok\t\n").unwrap_or_else(|| panic!("a column")),
            column("b\none\tok\t\ntwo\tn/a\tbecause\n").unwrap_or_else(|| panic!("a column")),
        ];
        let page = page(&columns).unwrap_or_default();
        assert!(page.contains("| Case | a | b |\n|---|---|---|\n| one | ok | ok |\n"));
        assert!(page.contains("| two | ok | n/a |\n"));
        assert!(page.contains("- b, two: because.\n"));
    }

    #[test]
    fn columns_of_different_runs_make_no_table() {
        let columns: Vec<Column> = ["a\none\tok\t\n", "b\ntwo\tok\t\n"]
            .into_iter()
            .filter_map(column)
            .collect();
        assert!(page(&columns).is_err());
    }
}
