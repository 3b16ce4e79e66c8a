//! The step that walks the pages in a browser.

use std::process::Command;

use super::cargo;
use super::step::{self, Counts};
use crate::{Failure, root, target};

pub(super) fn tests() -> Result<Counts, Failure> {
    let galleries = target().join("gallery");
    cargo::build_service()?;
    cargo::write_galleries(&galleries)?;
    let mut command = Command::new("node");
    command
        .arg(root().join("crates/keymend/tests/browser/run.mjs"))
        .env("KEYMEND_BIN", target().join("debug/keymend"))
        .env("KEYMEND_GALLERY", galleries)
        .env("KEYMEND_EVIDENCE", target().join("screenshots"))
        .current_dir(root());
    let counts = step::counted(command, count)?;
    if counts == Counts::default() {
        return Err(Failure::new(
            "the browser tests ended without having tested anything",
        ));
    }
    Ok(counts)
}

/// Reads `12 passed, 0 failed`.
fn count(line: &str) -> Option<Counts> {
    if !line.starts_with(|letter: char| letter.is_ascii_digit()) {
        return None;
    }
    Some(Counts {
        passed: step::number_before(line, " passed,")?,
        failed: step::number_before(line, " failed")?,
        skipped: step::number_before(line, " skipped").unwrap_or(0),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sums_of_the_walks_are_understood() {
        let counts = count("12 passed, 1 failed").unwrap_or_default();
        assert_eq!((counts.passed, counts.failed, counts.skipped), (12, 1, 0));
        assert_eq!(count("ok   12 passed, by the way"), None);
    }
}
