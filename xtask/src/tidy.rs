//! `cargo xtask tidy`: what the house rules ask of the sources and no other tool checks.

mod dependencies;
mod rooms;
mod shape;
mod source;

use std::fs;
use std::path::Path;

use crate::{Failure, root};

pub(crate) const HELP: &str = "\
Usage: cargo xtask tidy

Checks what the house rules ask of the sources and no other tool checks:
imports by room, length of files, names of files, exceptions without a reason,
panics outside tests, forbidden crates among the dependencies.
Lists files that are getting long.  Also runs as a test of the crate xtask.
";

/// One thing that is not as it should be.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Finding {
    path: String,
    /// Counted from one; zero for the file as a whole.
    line: usize,
    what: String,
}

impl Finding {
    fn shown(&self) -> String {
        let Self { path, line, what } = self;
        match line {
            0 => format!("{path}: {what}"),
            _ => format!("{path}:{line}: {what}"),
        }
    }
}

/// A text file of the project.
struct File {
    /// Relative to the root, with slashes.
    path: String,
    text: String,
}

pub(crate) fn run(_: &[String]) -> Result<(), Failure> {
    let files = files_below(&root());
    for (path, length) in shape::getting_long(&files) {
        println!("note: {path} has {length} lines; 400 is the aim, 600 the limit");
    }
    let mut findings = findings(&files);
    findings.extend(dependencies::findings(&root())?);
    report(findings, files.len())
}

fn report(findings: Vec<Finding>, files: usize) -> Result<(), Failure> {
    if findings.is_empty() {
        println!("tidy: {files} files, nothing to complain of");
        return Ok(());
    }
    let lines: Vec<String> = findings.iter().map(Finding::shown).collect();
    let count = match findings.len() {
        1 => "one finding".to_owned(),
        count => format!("{count} findings"),
    };
    Err(Failure::new(format!(
        "{}\ntidy: {count} in {files} files",
        lines.join("\n")
    )))
}

/// Everything that can be seen in the files themselves.
fn findings(files: &[File]) -> Vec<Finding> {
    let mut findings: Vec<Finding> = files
        .iter()
        .flat_map(|file| {
            let mut found = shape::findings(file);
            if file.path.ends_with(".rs") {
                let source = source::Source::read(&file.path, &file.text);
                found.extend(shape::findings_in_rust(&source));
                found.extend(rooms::findings(&source));
            }
            found
        })
        .collect();
    findings.sort();
    findings
}

/// What cargo, npm and git keep for themselves; `.git` is a file in a second working tree.
const SKIPPED: &[&str] = &["target", "node_modules", ".git"];

const TEXT_ENDINGS: &[&str] = &[
    "rs", "toml", "md", "ftl", "html", "css", "js", "mjs", "json", "py", "sh", "sql", "svg", "txt",
    "lock",
];

fn files_below(root: &Path) -> Vec<File> {
    let mut files = Vec::new();
    let mut folders = vec![root.to_path_buf()];
    while let Some(folder) = folders.pop() {
        let entries = fs::read_dir(&folder).into_iter().flatten().flatten();
        for path in entries.map(|entry| entry.path()) {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            if SKIPPED.contains(&name.as_ref()) {
                continue;
            }
            if path.is_dir() {
                folders.push(path);
            } else if is_text(&path) {
                files.extend(read(root, &path));
            }
        }
    }
    files.sort_by(|one, other| one.path.cmp(&other.path));
    files
}

/// Files without an ending that are not cargo's (`LICENSE`, `.ci/run`) count as text, too.
fn is_text(path: &Path) -> bool {
    match path.extension() {
        Some(ending) => TEXT_ENDINGS.contains(&ending.to_string_lossy().as_ref()),
        None => path.is_file(),
    }
}

fn read(root: &Path, path: &Path) -> Option<File> {
    let text = String::from_utf8(fs::read(path).ok()?).ok()?;
    let path = path.strip_prefix(root).ok()?.to_string_lossy();
    Some(File {
        path: path.replace('\\', "/"),
        text,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_house_is_tidy() {
        let files = files_below(&root());
        let mut findings = findings(&files);
        findings.extend(dependencies::findings(&root()).unwrap_or_default());
        let lines: Vec<String> = findings.iter().map(Finding::shown).collect();
        assert!(lines.is_empty(), "\n{}", lines.join("\n"));
    }

    /// What tidy says of a file with this path and text.
    pub(super) fn said(path: &str, text: &str) -> Vec<String> {
        let file = File {
            path: path.to_owned(),
            text: text.to_owned(),
        };
        let findings = findings(&[file]);
        findings
            .iter()
            .map(|finding| finding.what.clone())
            .collect()
    }
}
