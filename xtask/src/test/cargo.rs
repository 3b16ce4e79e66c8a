//! The steps that cargo carries out.

use std::path::Path;
use std::process::Command;

use super::step::{self, Counts};
use crate::{Failure, conformance, root};

pub(super) fn format() -> Result<Counts, Failure> {
    needed("fmt", "rustfmt")?;
    step::succeed(cargo(&["fmt", "--all", "--check"]).arg("--quiet"))
        .map_err(|_| Failure::new("sources are not formatted: run cargo fmt --all"))?;
    Ok(Counts::default())
}

/// Tests of the lab are not among all targets, because they run only when asked for by name.
pub(super) fn clippy() -> Result<Counts, Failure> {
    needed("clippy", "clippy")?;
    let strict = ["--", "--deny", "warnings"];
    step::succeed(cargo(&["clippy", "--workspace", "--all-targets"]).args(strict))?;
    step::succeed(cargo(&["clippy", "--workspace", "--test", "lab"]).args(strict))?;
    Ok(Counts::default())
}

pub(super) fn tests() -> Result<Counts, Failure> {
    step::counted(cargo(&["test", "--workspace", "--no-fail-fast"]), count)
}

pub(super) fn lab_tests() -> Result<Counts, Failure> {
    let counts = step::counted(
        cargo(&["test", "--workspace", "--test", "lab", "--no-fail-fast"]),
        count,
    )?;
    if counts.failed == 0 {
        conformance::check()?;
    }
    Ok(counts)
}

pub(super) fn build_service() -> Result<(), Failure> {
    step::succeed(&mut cargo(&[
        "build",
        "--package",
        "keymend",
        "--bin",
        "keymend",
    ]))
}

/// Writes every page in every shape to the folder, once for each language.
pub(super) fn write_galleries(folder: &Path) -> Result<(), Failure> {
    // Pages of an older run are none of this one.
    if folder.exists() {
        std::fs::remove_dir_all(folder)
            .map_err(|fault| Failure::new(format!("removing the old gallery: {fault}")))?;
    }
    for language in ["en", "de"] {
        let run = ["run", "--quiet", "--package", "keymend"];
        let example = ["--example", "gallery", "--"];
        let mut command = cargo(&run);
        command
            .args(example)
            .arg(folder.join(language))
            .arg(language);
        step::succeed(&mut command)?;
    }
    Ok(())
}

fn cargo(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO"));
    command.args(arguments).current_dir(root());
    command
}

fn needed(command: &str, component: &str) -> Result<(), Failure> {
    let is_there = cargo(&[command, "--version"]).output();
    if is_there.is_ok_and(|output| output.status.success()) {
        return Ok(());
    }
    Err(Failure::new(format!(
        "cargo {command} is missing: rustup component add {component}"
    )))
}

/// Reads `test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; …`.
fn count(line: &str) -> Option<Counts> {
    let line = line.strip_prefix("test result: ")?;
    Some(Counts {
        passed: step::number_before(line, " passed")?,
        failed: step::number_before(line, " failed")?,
        skipped: step::number_before(line, " ignored")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sums_of_cargo_are_understood() {
        let line =
            "test result: FAILED. 12 passed; 2 failed; 1 ignored; 0 measured; 0 filtered out";
        let expected = Counts {
            passed: 12,
            failed: 2,
            skipped: 1,
        };
        assert_eq!(count(line), Some(expected));
        assert_eq!(count("test a::b ... ok"), None);
    }
}
