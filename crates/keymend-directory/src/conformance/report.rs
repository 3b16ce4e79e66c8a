//! What came of the cases, as a table.

use std::path::Path;
use std::{fmt, fs, io};

/// What came of one case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// The directory does what it must.
    Passed,
    /// The directory cannot do this by its nature, and what its fixture says to that.
    NotApplicable(Option<&'static str>),
    /// It does not do what it must, and how.
    Failed(String),
}

impl Verdict {
    fn word(&self) -> &'static str {
        match self {
            Self::Passed => "ok",
            Self::NotApplicable(_) => "n/a",
            Self::Failed(_) => "FAILED",
        }
    }
}

/// One case and its verdict.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// The case, as a sentence.
    pub case: &'static str,
    /// What came of it.
    pub verdict: Verdict,
}

/// What came of all cases in one directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// The directory's name.
    pub directory: String,
    /// Every case, in the order of the suite.
    pub lines: Vec<Line>,
}

impl Report {
    /// One sentence per case that failed; a test asserts that there is none.
    #[must_use]
    pub fn failures(&self) -> Vec<String> {
        let failed = |line: &Line| match &line.verdict {
            Verdict::Failed(why) => Some(format!("{}: {}: {why}", self.directory, line.case)),
            Verdict::Passed | Verdict::NotApplicable(_) => None,
        };
        self.lines.iter().filter_map(failed).collect()
    }

    /// The cases that were left out without a reason; a test asserts that there is none.
    #[must_use]
    pub fn unexplained(&self) -> Vec<&'static str> {
        let lines = self.lines.iter();
        lines
            .filter(|line| line.verdict == Verdict::NotApplicable(None))
            .map(|line| line.case)
            .collect()
    }

    /// How many cases were run and passed.
    #[must_use]
    pub fn passed(&self) -> usize {
        let passed = |line: &&Line| line.verdict == Verdict::Passed;
        self.lines.iter().filter(passed).count()
    }
}

/// How a column is called in a file name: its letters, digits and dots.
fn file_name(name: &str) -> String {
    let kept = |sign: &char| sign.is_ascii_alphanumeric() || *sign == '.';
    let plain: String = name.chars().filter(kept).collect();
    plain + ".column"
}

impl Report {
    /// Writes the column of this directory to a file of its own, from which
    /// `cargo xtask conformance` makes the table of all: the name of the column, then for each
    /// case one line of case, verdict and reason with tabs between.
    ///
    /// # Errors
    ///
    /// If the folder cannot be made or the file cannot be written.
    pub fn save(&self, folder: &Path, name: &str) -> io::Result<()> {
        let mut text = format!("{name}\n");
        for line in &self.lines {
            let reason = match &line.verdict {
                Verdict::NotApplicable(reason) => reason.unwrap_or_default(),
                Verdict::Passed | Verdict::Failed(_) => "",
            };
            text.push_str(&format!(
                "{}\t{}\t{reason}\n",
                line.case,
                line.verdict.word()
            ));
        }
        fs::create_dir_all(folder)?;
        fs::write(folder.join(file_name(name)), text)
    }
}

/// The table case × directory, for several directories that ran the same suite.
#[must_use]
pub fn table(reports: &[Report]) -> String {
    let first = reports.first().map_or(&[][..], |report| &report.lines[..]);
    let width = first
        .iter()
        .map(|line| line.case.len())
        .max()
        .unwrap_or_default();
    let mut text = format!("{:width$}", "case");
    for report in reports {
        text.push_str(&format!("  {:>10}", report.directory));
    }
    for (place, line) in first.iter().enumerate() {
        text.push_str(&format!("\n{:width$}", line.case));
        for report in reports {
            let word = report
                .lines
                .get(place)
                .map_or("?", |own| own.verdict.word());
            text.push_str(&format!("  {word:>10}"));
        }
    }
    text
}

/// The table of this directory alone, and below it what failed.
impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", table(std::slice::from_ref(self)))?;
        for line in &self.lines {
            if let Verdict::NotApplicable(Some(reason)) = line.verdict {
                writeln!(f, "n/a: {}: {reason}", line.case)?;
            }
        }
        for failure in self.failures() {
            writeln!(f, "{failure}")?;
        }
        Ok(())
    }
}
