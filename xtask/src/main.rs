//! Chores: `cargo xtask <chore>`.  One file for each, and one line in [`CHORES`].

mod bench;
mod conformance;
mod lab;
mod test;
mod tidy;

use std::env;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// One chore.
struct Chore {
    name: &'static str,
    summary: &'static str,
    help: &'static str,
    run: fn(&[String]) -> Result<(), Failure>,
}

const CHORES: &[Chore] = &[
    Chore {
        name: "test",
        summary: "install what tests need, then run every check and every test",
        help: test::HELP,
        run: test::run,
    },
    Chore {
        name: "bench",
        summary: "measure speed and memory, and print the tables",
        help: bench::HELP,
        run: bench::run,
    },
    Chore {
        name: "conformance",
        summary: "try every case on every directory, and write the table",
        help: conformance::HELP,
        run: conformance::run,
    },
    Chore {
        name: "lab",
        summary: "start test servers for working by hand",
        help: lab::HELP,
        run: lab::run,
    },
    Chore {
        name: "tidy",
        summary: "check what the house rules ask of the sources",
        help: tidy::HELP,
        run: tidy::run,
    },
];

/// Why a chore did not succeed, in words for the person who asked for it.
struct Failure(String);

impl Failure {
    fn new(words: impl Into<String>) -> Self {
        Self(words.into())
    }
}

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    match dispatch(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure(words)) => {
            eprintln!("{words}");
            ExitCode::FAILURE
        }
    }
}

fn dispatch(arguments: &[String]) -> Result<(), Failure> {
    let Some((name, rest)) = arguments.split_first() else {
        print!("{}", overview());
        return Ok(());
    };
    if is_help(name) {
        print!("{}", overview());
        return Ok(());
    }
    let chore = CHORES
        .iter()
        .find(|chore| chore.name == name)
        .ok_or_else(|| Failure::new(format!("There is no chore {name:?}.\n\n{}", overview())))?;
    if rest.iter().any(|word| is_help(word)) {
        print!("{}", chore.help);
        return Ok(());
    }
    (chore.run)(rest)
}

fn is_help(word: &str) -> bool {
    matches!(word, "help" | "--help" | "-h")
}

fn overview() -> String {
    let mut text = "Usage: cargo xtask <chore> [--help]\n\nChores:\n".to_owned();
    for Chore { name, summary, .. } in CHORES {
        text.push_str(&format!("  {name:<12}{summary}\n"));
    }
    text
}

/// The folder that holds the workspace.
fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here).to_path_buf()
}

/// Where cargo puts what it builds.
fn target() -> PathBuf {
    env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from)
}
