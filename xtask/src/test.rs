//! `cargo xtask test`: everything that must hold before a change is handed in.

mod browser;
mod cargo;
mod packages;
pub(crate) mod step;

use std::thread;

use crate::{Failure, tidy};
use step::{Counts, Report, Stopwatch};

pub(crate) const HELP: &str = "\
Usage: cargo xtask test [step]…

Installs what the tests need and is missing (as root, or by sudo where that
asks nothing; otherwise it names the packages), makes a tree of the Debian to
come for the newer Samba (once, 300 MB), and runs these steps:

  format    sources are formatted
  tidy      the house rules that no other tool checks
  clippy    no warning in any crate, tests included
  tests     cargo test, which needs nothing installed
  lab       tests against real servers: Samba (AD) in two versions, OpenLDAP,
            389 Directory Server, mail; one journey in Chromium
  browser   the pages in Chromium, with and without JavaScript

With names of steps, only those run.  The last line adds up all tests:
N passed, N failed, N skipped.  Any failure makes the exit code 1.
";

/// A step: its name, and what runs it.
type Step = (&'static str, fn() -> Result<Counts, Failure>);

const STEPS: &[Step] = &[
    ("format", cargo::format),
    ("tidy", run_tidy),
    ("clippy", cargo::clippy),
    ("tests", cargo::tests),
    ("lab", cargo::lab_tests),
    ("browser", browser::tests),
];

/// The steps that need something installed.
const OUTSIDE: &[&str] = &["lab", "browser"];

pub(crate) fn run(wanted: &[String]) -> Result<(), Failure> {
    let steps = chosen(wanted)?;
    let whole = Stopwatch::start();
    let needs_packages = steps.iter().any(|(name, _)| OUTSIDE.contains(name));
    // Fetching waits for the network while the first steps wait for the processor.
    let mut installing = needs_packages.then(|| thread::spawn(install));
    let mut reports = Vec::new();
    for (name, run) in steps {
        if OUTSIDE.contains(&name)
            && let Some(installing) = installing.take()
        {
            reports.push(joined(installing));
        }
        reports.push(step::run(name, run));
    }
    finish(&reports, &whole)
}

/// Packages first: one of them makes the tree.
fn install() -> Result<(), Failure> {
    packages::install_missing()?;
    packages::install_node_modules()?;
    keymend_lab::debian::tree()
        .map(drop)
        .map_err(|trouble| Failure::new(trouble.to_string()))
}

fn chosen(wanted: &[String]) -> Result<Vec<Step>, Failure> {
    let is_known = |name: &String| STEPS.iter().any(|(known, _)| known == name);
    if let Some(unknown) = wanted.iter().find(|name| !is_known(name)) {
        return Err(Failure::new(format!(
            "There is no step {unknown:?}.\n\n{HELP}"
        )));
    }
    let is_wanted = |name: &str| wanted.is_empty() || wanted.iter().any(|word| word == name);
    let steps = STEPS.iter().filter(|(name, _)| is_wanted(name));
    Ok(steps.copied().collect())
}

fn joined(installing: thread::JoinHandle<Result<(), Failure>>) -> Report {
    step::run("install", || match installing.join() {
        Ok(outcome) => outcome.map(|()| Counts::default()),
        Err(_) => Err(Failure::new("the installation ended in a panic")),
    })
}

fn run_tidy() -> Result<Counts, Failure> {
    tidy::run(&[]).map(|()| Counts::default())
}

fn finish(reports: &[Report], whole: &Stopwatch) -> Result<(), Failure> {
    println!();
    let mut sum = Counts::default();
    for report in reports {
        println!("{}", report.line());
        sum.add(report.counts);
    }
    println!("all of it took {} s", whole.seconds());
    println!(
        "{} passed, {} failed, {} skipped",
        sum.passed, sum.failed, sum.skipped
    );
    let failed: Vec<&str> = reports
        .iter()
        .filter(|report| report.counts.failed > 0)
        .map(|report| report.name)
        .collect();
    if failed.is_empty() {
        return Ok(());
    }
    Err(Failure::new(format!("failed: {}", failed.join(", "))))
}
