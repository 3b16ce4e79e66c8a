//! `cargo xtask bench`: the figures of docs/benchmarks.md, measured anew on this machine.

use std::collections::BTreeSet;
use std::env;
use std::fs;
use std::process::Command;

use crate::test::step::{self, Stopwatch};
use crate::{Failure, root, target};

pub(crate) const HELP: &str = "\
Usage: cargo xtask bench [part]… [--flows N] [--seconds N] [--hashes N]

Prints Markdown tables; nothing in them is a test.  Parts:

  build      size and number of crates
  cold       the same, and a build in an empty folder (takes minutes)
  start      from exec to the first answer
  landing    the landing page, memory, open flows
  journeys   whole resets with two proofs, and what of it is password hashing
  change     a password change against slapd, beside bare LDAP
  directories  whole resets in slapd and Samba beside bare LDAP, and what each costs the server
  lookup     finding one person among 100,000 (slapd) and 10,000 (Samba)
  failover   a controller dies or freezes between two questions
  timing     whether the time of an answer tells a known name from an unknown one
  words      judging a password by banned words
  breach     building the file of leaked passwords, and looking into it
  directory  the LDAP adapter alone, beside bare LDAP
  oracle     whether Keymend foresees what real directories say to 2,000 passwords each
             (only when asked for; KEYMEND_ORACLE_PASSWORDS says how many, and
             KEYMEND_ORACLE_SEED, a number, draws others)

Without a part, all but cold run.  --flows says how many flows to open
(100000), --seconds how long a round of the landing page lasts (5),
--hashes how many leaked passwords to build a file of (10000000).
`change` and `directory` need the Debian package slapd; `directories`, `lookup` and
`failover` need Samba as well (cargo xtask test installs it).
";

/// Parts that the load driver knows; it gets their names.
const LOAD: &[&str] = &[
    "start",
    "landing",
    "journeys",
    "change",
    "directories",
    "lookup",
    "failover",
    "timing",
    "words",
    "breach",
];
const OWN: &[&str] = &["build", "cold", "directory", "oracle"];
/// Passwords that the oracle run draws for each server.
const ORACLE_PASSWORDS: &str = "2000";

pub(crate) fn run(words: &[String]) -> Result<(), Failure> {
    let wanted = Wanted::read(words)?;
    println!("{}", machine());
    if wanted.names("cold") {
        cold_build()?;
    }
    if wanted.has("build") || wanted.names("cold") {
        size()?;
    }
    let load: Vec<&str> = LOAD
        .iter()
        .copied()
        .filter(|part| wanted.has(part))
        .collect();
    if !load.is_empty() {
        let mut arguments = vec![
            "bench",
            "--quiet",
            "--package",
            "keymend",
            "--bench",
            "load",
        ];
        arguments.push("--");
        arguments.extend(load);
        arguments.extend(wanted.numbers.iter().map(String::as_str));
        step::succeed(&mut cargo(&arguments))?;
    }
    if wanted.has("directory") {
        println!("\n### The LDAP adapter alone\n");
        let package = ["bench", "--quiet", "--package", "keymend-directory"];
        step::succeed(cargo(&package).args(["--bench", "throughput"]))?;
    }
    if wanted.names("oracle") {
        oracle()?;
    }
    Ok(())
}

fn oracle() -> Result<(), Failure> {
    println!("\n### The oracle\n");
    let count = env::var("KEYMEND_ORACLE_PASSWORDS").unwrap_or(ORACLE_PASSWORDS.to_owned());
    let test = ["test", "--quiet", "--package", "keymend-directory"];
    let mut command = cargo(&test);
    command
        .args(["--test", "lab", "oracle", "--", "--nocapture"])
        .env("KEYMEND_ORACLE_PASSWORDS", count);
    step::succeed(&mut command)
}

/// What was asked for.
struct Wanted {
    parts: Vec<String>,
    /// `--flows N` and the like, for the load driver.
    numbers: Vec<String>,
}

impl Wanted {
    fn read(words: &[String]) -> Result<Self, Failure> {
        let mut wanted = Self {
            parts: Vec::new(),
            numbers: Vec::new(),
        };
        let mut words = words.iter();
        while let Some(word) = words.next() {
            if matches!(word.as_str(), "--flows" | "--seconds" | "--hashes") {
                wanted.numbers.push(word.clone());
                wanted.numbers.extend(words.next().cloned());
            } else if LOAD.contains(&word.as_str()) || OWN.contains(&word.as_str()) {
                wanted.parts.push(word.clone());
            } else {
                return Err(Failure::new(format!(
                    "There is no part {word:?}.\n\n{HELP}"
                )));
            }
        }
        Ok(wanted)
    }

    fn names(&self, part: &str) -> bool {
        self.parts.iter().any(|word| word == part)
    }

    fn has(&self, part: &str) -> bool {
        self.parts.is_empty() || self.names(part)
    }
}

/// The machine in a few lines: a figure means nothing without it.
fn machine() -> String {
    let processor = field("/proc/cpuinfo", "model name").unwrap_or_else(|| "unknown".to_owned());
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let memory = field("/proc/meminfo", "MemTotal").unwrap_or_else(|| "unknown".to_owned());
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load: Vec<&str> = load.split_whitespace().take(3).collect();
    format!(
        "Machine: {processor}, {cores} cores, {memory} of memory, Linux {}, {}.\n\
         Commit {}, {}, load before the run {}.",
        said("uname", &["-r"]),
        said("rustc", &["--version"]),
        said("git", &["rev-parse", "--short", "HEAD"]),
        said("date", &["-u", "+%Y-%m-%d %H:%M UTC"]),
        load.join(" ")
    )
}

/// The value of the first line `name : value`.
fn field(file: &str, name: &str) -> Option<String> {
    let text = fs::read_to_string(file).ok()?;
    let line = text.lines().find(|line| line.starts_with(name))?;
    let (_, value) = line.split_once(':')?;
    Some(value.trim().to_owned())
}

/// What a command prints, or that it is unknown.
fn said(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program)
        .args(arguments)
        .current_dir(root())
        .output();
    output.map_or_else(
        |_| "unknown".to_owned(),
        |output| String::from_utf8_lossy(&output.stdout).trim().to_owned(),
    )
}

/// The build of the README's first command where nothing has been built yet.
fn cold_build() -> Result<(), Failure> {
    let folder = target().join("cold");
    let failure = |fault: std::io::Error| Failure::new(format!("{}: {fault}", folder.display()));
    if folder.exists() {
        fs::remove_dir_all(&folder).map_err(failure)?;
    }
    let watch = Stopwatch::start();
    step::succeed(cargo(&["build", "--release", "--quiet"]).env("CARGO_TARGET_DIR", &folder))?;
    println!("\n### Cold build\n");
    println!(
        "`cargo build --release` in an empty target folder took **{} s** of wall time.",
        watch.seconds()
    );
    fs::remove_dir_all(&folder).map_err(failure)
}

fn size() -> Result<(), Failure> {
    step::succeed(&mut cargo(&["build", "--release", "--quiet"]))?;
    let program = target().join("release/keymend");
    let bytes = fs::metadata(&program)
        .map_err(|fault| Failure::new(format!("{}: {fault}", program.display())))?
        .len();
    println!("\n### Size\n");
    println!(
        "The program has **{:.1} MB**; {} crates are built for it, its own included.",
        f64::from(u32::try_from(bytes / 1_000).unwrap_or(u32::MAX)) / 1_000.0,
        crates()
    );
    Ok(())
}

/// How many different crates a build of the service takes.
fn crates() -> usize {
    let arguments = ["tree", "--package", "keymend", "--edges", "normal,build"];
    let output = cargo(&arguments).args(["--prefix", "none"]).output();
    let text = output.map(|output| output.stdout).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let names: BTreeSet<String> = text
        .lines()
        .map(|line| {
            line.split_whitespace()
                .take(2)
                .collect::<Vec<_>>()
                .join(" ")
        })
        .filter(|name| !name.is_empty())
        .collect();
    names.len()
}

fn cargo(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO"));
    command.args(arguments).current_dir(root());
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<String> {
        text.split_whitespace().map(str::to_owned).collect()
    }

    #[test]
    fn without_a_part_everything_runs_but_the_cold_build() {
        let wanted = Wanted::read(&[]).ok().unwrap();
        assert!(wanted.has("landing") && wanted.has("build"));
        assert!(!wanted.names("cold"));
    }

    #[test]
    fn numbers_go_to_the_load_driver_with_their_names() {
        let wanted = Wanted::read(&words("landing --flows 10")).ok().unwrap();
        assert_eq!(wanted.numbers, ["--flows", "10"]);
        assert!(wanted.has("landing") && !wanted.has("change"));
    }

    #[test]
    fn an_unknown_part_is_refused() {
        assert!(Wanted::read(&words("landign")).is_err());
    }
}
