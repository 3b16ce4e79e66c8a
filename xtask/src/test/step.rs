//! One step of a test run: named, timed, counted.

use std::io::{BufRead, BufReader, Read};
use std::process::{Command, Stdio};
use std::time::Instant;

use crate::Failure;

/// How many tests there were of each kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Counts {
    pub(super) passed: u32,
    pub(super) failed: u32,
    pub(super) skipped: u32,
}

impl Counts {
    pub(super) fn add(&mut self, more: Self) {
        self.passed += more.passed;
        self.failed += more.failed;
        self.skipped += more.skipped;
    }
}

/// How a step went.
pub(super) struct Report {
    pub(super) name: &'static str,
    pub(super) counts: Counts,
    seconds: u64,
}

impl Report {
    pub(super) fn line(&self) -> String {
        let Self {
            name,
            counts,
            seconds,
        } = self;
        let verdict = if counts.failed > 0 { "FAILED" } else { "ok" };
        let Counts {
            passed,
            failed,
            skipped,
        } = counts;
        let tests = match passed + failed + skipped {
            0 => String::new(),
            _ => format!(": {passed} passed, {failed} failed, {skipped} skipped"),
        };
        format!("{name:<8} {verdict:<6} {seconds:>5} s{tests}")
    }
}

/// Measures how long a step takes, for the person who waits.
pub(crate) struct Stopwatch(Instant);

impl Stopwatch {
    #[expect(
        clippy::disallowed_methods,
        reason = "shows a person how long something took; nothing depends on it"
    )]
    pub(crate) fn start() -> Self {
        Self(Instant::now())
    }

    pub(crate) fn seconds(&self) -> u64 {
        self.0.elapsed().as_secs()
    }
}

/// Runs a step and says so.  A step that fails without having counted a failed test counts as one.
pub(super) fn run(name: &'static str, step: impl FnOnce() -> Result<Counts, Failure>) -> Report {
    println!("\n== {name}");
    let watch = Stopwatch::start();
    let counts = step().unwrap_or_else(|Failure(words)| {
        println!("{words}");
        Counts {
            failed: 1,
            ..Counts::default()
        }
    });
    let report = Report {
        name,
        counts,
        seconds: watch.seconds(),
    };
    println!("== {}", report.line());
    report
}

/// Runs a command, passes its output on line by line, and adds up what `count` makes of each.
///
/// # Errors
///
/// If the command cannot be started, or fails although no failed test was counted.
pub(super) fn counted(
    mut command: Command,
    count: impl Fn(&str) -> Option<Counts>,
) -> Result<Counts, Failure> {
    let words = format!("{command:?}");
    let failure = |fault: std::io::Error| Failure::new(format!("{words}: {fault}"));
    let mut child = command.stdout(Stdio::piped()).spawn().map_err(failure)?;
    let mut counts = Counts::default();
    if let Some(output) = child.stdout.take() {
        counts = added_up(output, count);
    }
    let status = child.wait().map_err(failure)?;
    if !status.success() && counts.failed == 0 {
        // The tests that did run are still worth telling.
        println!("{words} ended with {status}");
        counts.failed = 1;
    }
    Ok(counts)
}

fn added_up(output: impl Read, count: impl Fn(&str) -> Option<Counts>) -> Counts {
    let mut counts = Counts::default();
    let mut reader = BufReader::new(output);
    let mut line = Vec::new();
    while reader
        .read_until(b'\n', &mut line)
        .is_ok_and(|length| length > 0)
    {
        let text = String::from_utf8_lossy(&line);
        print!("{text}");
        counts.add(count(text.trim()).unwrap_or_default());
        line.clear();
    }
    counts
}

/// Runs a command that only succeeds or fails.
///
/// # Errors
///
/// If it cannot be started or fails.
pub(crate) fn succeed(command: &mut Command) -> Result<(), Failure> {
    let words = format!("{command:?}");
    match command.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(Failure::new(format!("{words} ended with {status}"))),
        Err(fault) => Err(Failure::new(format!("{words}: {fault}"))),
    }
}

/// The number before a word, as in `12 passed; 0 failed`.
pub(super) fn number_before(line: &str, word: &str) -> Option<u32> {
    let (before, _) = line.split_once(word)?;
    before.split_whitespace().next_back()?.parse().ok()
}
