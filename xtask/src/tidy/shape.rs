//! The shape of files: how long, what they are called, and what must not stand in them.

use super::source::Source;
use super::{File, Finding};

const LINES_AIM: usize = 400;
const LINES_MAX: usize = 600;

/// Names that say nothing.
const NAMELESS: &[&str] = &[
    "mod.rs",
    "utils.rs",
    "util.rs",
    "common.rs",
    "helpers.rs",
    "helper.rs",
    "manager.rs",
    "misc.rs",
];

/// Paths of somebody's machine and hosts of registries, split so that this file may stand.
const FORBIDDEN: &[(&str, &str)] = &[
    ("/wo", "rk/"),
    ("/tmp", "/wt/"),
    ("registry.npm", "js.org"),
    ("BEGIN PRIVATE", " KEY"),
];

/// What ends a program, and the lint whose `expect` attribute excuses it in a file.
const ENDINGS: &[(&str, &str)] = &[
    (".unwrap()", "clippy::unwrap_used"),
    (".expect(", "clippy::expect_used"),
    (".unwrap_err()", "clippy::unwrap_used"),
    ("panic!(", "clippy::panic"),
    ("unreachable!(", "clippy::unreachable"),
    ("todo!(", "clippy::todo"),
    ("unimplemented!(", "clippy::unimplemented"),
];

/// Files over the aim but within the limit, longest first.
pub(super) fn getting_long(files: &[File]) -> Vec<(&str, usize)> {
    let mut long: Vec<(&str, usize)> = files
        .iter()
        .filter(|file| is_measured(&file.path))
        .map(|file| (file.path.as_str(), file.text.lines().count()))
        .filter(|(_, length)| *length > LINES_AIM)
        .collect();
    long.sort_by_key(|(_, length)| std::cmp::Reverse(*length));
    long
}

/// What is wrong with any file, whatever its language.
pub(super) fn findings(file: &File) -> Vec<Finding> {
    let mut findings = Vec::new();
    let length = file.text.lines().count();
    if is_measured(&file.path) && length > LINES_MAX {
        let what = format!("{length} lines; {LINES_MAX} is the limit");
        findings.push(finding(&file.path, 0, what));
    }
    let name = file.path.rsplit('/').next().unwrap_or_default();
    if NAMELESS.contains(&name) {
        findings.push(finding(
            &file.path,
            0,
            format!("{name} says nothing: name the room"),
        ));
    }
    for (number, line) in (1..).zip(file.text.lines()) {
        for what in wrong_words(line) {
            findings.push(finding(&file.path, number, what));
        }
    }
    findings
}

/// Programs count; texts, tables and locks may be as long as they must.
fn is_measured(path: &str) -> bool {
    [".rs", ".js", ".mjs", ".py", ".css"]
        .iter()
        .any(|ending| path.ends_with(ending))
}

fn wrong_words(line: &str) -> Vec<String> {
    let mut wrong: Vec<String> = FORBIDDEN
        .iter()
        .map(|(head, tail)| format!("{head}{tail}"))
        .filter(|words| line.contains(words.as_str()))
        .map(|words| format!("`{words}` must not stand in the project"))
        .collect();
    if has_loose_todo(line) {
        wrong.push("a TODO carries an issue number, as in TODO(#12)".to_owned());
    }
    wrong
}

/// Only where it is meant: after a comment sign, not in prose about the rule.
fn has_loose_todo(line: &str) -> bool {
    let Some((_, comment)) = line.split_once("//").or_else(|| line.split_once("# ")) else {
        return false;
    };
    let comment = comment.trim_start_matches(['/', '!', ' ']);
    let rest = ["TODO", "FIXME", "XXX"]
        .iter()
        .find_map(|mark| comment.strip_prefix(mark));
    rest.is_some_and(|rest| !rest.starts_with("(#"))
}

/// What is wrong with a Rust file as Rust.
pub(super) fn findings_in_rust(source: &Source) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (number, line) in source.lines() {
        let squeezed: String = line.split_whitespace().collect();
        if squeezed.contains("[allow(") {
            let what = "use #[expect(…, reason = \"…\")], which speaks up when it is over";
            findings.push(finding(&source.path, number, what.to_owned()));
        }
        if squeezed.contains("#[ignore") {
            let what = "a test runs, or it is deleted".to_owned();
            findings.push(finding(&source.path, number, what));
        }
        if source.is_test(number) && says_sleep(line) {
            let what = "a test does not sleep: wait for what it waits for".to_owned();
            findings.push(finding(&source.path, number, what));
        }
    }
    findings.extend(endings(source));
    findings
}

fn says_sleep(line: &str) -> bool {
    line.contains("thread::sleep(")
}

fn endings(source: &Source) -> Vec<Finding> {
    let is_excused = |lint: &str| source.raw.iter().any(|line| line.contains(lint));
    ENDINGS
        .iter()
        .filter(|(_, lint)| !is_excused(lint))
        .flat_map(|(ending, _)| {
            let lines = source.product_lines();
            let hits = lines.filter(move |(_, line)| line.contains(ending));
            hits.map(move |(number, _)| {
                let what = format!("`{ending}` belongs in tests: return the fault");
                finding(&source.path, number, what)
            })
        })
        .collect()
}

fn finding(path: &str, line: usize, what: String) -> Finding {
    Finding {
        path: path.to_owned(),
        line,
        what,
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::said;

    const PATH: &str = "crates/keymend/src/flow.rs";

    #[track_caller]
    fn check(text: &str, expected: usize) {
        let said = said(PATH, text);
        assert_eq!(said.len(), expected, "{said:?}");
    }

    #[test]
    fn a_file_has_a_limit() {
        check(&"fn a() {}\n".repeat(600), 0);
        check(&"fn a() {}\n".repeat(601), 1);
    }

    #[test]
    fn a_file_has_a_name() {
        assert_eq!(said("crates/keymend/src/web/mod.rs", "").len(), 1);
        assert_eq!(said("crates/keymend/src/utils.rs", "").len(), 1);
    }

    #[test]
    fn exceptions_are_expected_with_a_reason() {
        check("#[allow(dead_code)]\nfn a() {}", 1);
        check("#[expect(dead_code, reason = \"soon\")]\nfn a() {}", 0);
    }

    #[test]
    fn a_test_is_not_put_aside() {
        check(
            "#[cfg(test)]\nmod tests {\n#[test]\n#[ignore]\nfn a() {}\n}",
            1,
        );
    }

    #[test]
    fn a_task_for_later_has_a_number() {
        check(&format!("// {} later", "TODO"), 1);
        check(&format!("// {}(#12) later", "TODO"), 0);
    }

    #[test]
    fn what_ends_a_program_is_for_tests() {
        check("fn a() { b().unwrap(); }", 1);
        check("fn a() { b().unwrap_or_default(); }", 0);
        check("#[cfg(test)]\nmod tests { fn a() { b().unwrap(); } }", 0);
    }

    #[test]
    fn paths_of_a_machine_stay_out() {
        check(&format!("// see {}{}x", "/wo", "rk/"), 1);
    }
}
