//! `keymend breach`: lists of leaked passwords.

use std::io::{self, IsTerminal, Write};
use std::path::Path;

use keymend_domain::time::{Clock, Moment};

use super::{ask, words};
use crate::breach::{BreachFile, Build, HashKind, Progress};
use crate::cli::{BreachBuild, BreachCommand, BreachKind, Output, Stop, print};
use crate::clock::SystemClock;

/// Carries out one `keymend breach` command.
///
/// # Errors
///
/// [`Stop::Fault`] if a list cannot be read or written, is damaged, or holds the password.
pub fn breach(command: &BreachCommand, output: Output<'_>) -> Result<(), Stop> {
    match command {
        BreachCommand::Build(arguments) => build(arguments, output),
        BreachCommand::Check { file } => check(file, output),
    }
}

fn build(arguments: &BreachBuild, output: Output<'_>) -> Result<(), Stop> {
    let build = Build {
        from: arguments.from.clone(),
        to: arguments.to.clone(),
        kind: match arguments.kind {
            BreachKind::Sha1 => HashKind::Sha1,
            BreachKind::Ntlm => HashKind::Ntlm,
        },
        made_at_secs: u64::try_from(SystemClock.now().0 / 1_000).unwrap_or_default(),
    };
    let mut bar = Bar::new();
    let built = build.run(&mut |progress| bar.show(progress));
    bar.end();
    let built = built.map_err(|fault| Stop::Fault(words::chain(&fault)))?;
    let (file, count, bytes) = (arguments.to.display(), built.count, built.bytes);
    print(
        output,
        &format!(
            "{file}: {count} hashes in {bytes} bytes\nname it in keymend.toml, [breach] file, and \
             start the service again\n"
        ),
    )
}

fn check(path: &Path, output: Output<'_>) -> Result<(), Stop> {
    let stop = |fault| Stop::Fault(format!("{}: {}", path.display(), words::chain(&fault)));
    let file = BreachFile::open(path).map_err(stop)?;
    file.verify().map_err(stop)?;
    print(output, &summary(&file))?;
    if file.contains(&ask::password()?).map_err(stop)? {
        return Err(Stop::Fault("the password is in the list".to_owned()));
    }
    print(output, "the password is not in the list\n")
}

/// A line about a list.
pub(super) fn summary(file: &BreachFile) -> String {
    let made_at = i64::try_from(file.made_at_secs()).unwrap_or_default();
    format!(
        "leaked passwords: {} hashes ({}), built {}\n",
        file.count(),
        file.kind().word(),
        words::time(Moment(made_at.saturating_mul(1_000)))
    )
}

/// A line that says how far the build is; silent where nobody watches.
struct Bar {
    is_watched: bool,
    shown: Option<(&'static str, u64)>,
}

impl Bar {
    fn new() -> Self {
        let is_watched = io::stderr().is_terminal();
        Self {
            is_watched,
            shown: None,
        }
    }

    fn show(&mut self, progress: Progress) {
        let (doing, done, all) = match progress {
            Progress::Reading { done, all } => ("reading", done, all),
            Progress::Writing { done, all } => ("writing", done, all),
        };
        let percent = done
            .saturating_mul(100)
            .checked_div(all)
            .unwrap_or(100)
            .min(100);
        if !self.is_watched || self.shown == Some((doing, percent)) {
            return;
        }
        self.shown = Some((doing, percent));
        let full = usize::try_from(percent / 4).unwrap_or_default();
        eprint!("\r{doing}  [{:<25}] {percent:>3} %", "#".repeat(full));
        // Unwritten, it only shows less.
        let _ = io::stderr().flush();
    }

    fn end(&self) {
        if self.shown.is_some() {
            eprintln!();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn a_list_is_built_and_said_in_one_line() {
        let folder = tempfile::tempdir().unwrap();
        let (list, to) = (
            folder.path().join("list.txt"),
            folder.path().join("leaked.kmb"),
        );
        fs::write(&list, "5BAA61E4C9B93F3F0682250B6CF8331B7EE68FD8:9545824\n").unwrap();
        let arguments = BreachBuild {
            from: vec![list],
            to: to.clone(),
            kind: BreachKind::Sha1,
        };
        let mut output = Vec::new();
        breach(&BreachCommand::Build(arguments), &mut output).unwrap();
        let said = String::from_utf8(output).unwrap();
        assert!(said.contains("leaked.kmb: 1 hashes in "), "{said}");
        let summary = summary(&BreachFile::open(&to).unwrap());
        assert!(
            summary.starts_with("leaked passwords: 1 hashes (sha1), built 2"),
            "{summary}"
        );
    }
}
