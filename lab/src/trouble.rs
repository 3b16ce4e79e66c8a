//! What is told when a peer cannot be started or steered.

use std::io::{self, Write as _};
use std::process::{Command, Output, Stdio};
use std::{fmt, thread};

/// Why a peer does not do what the test needs: the whole story, with the peer's own log.
#[derive(thiserror::Error)]
#[error("{0}")]
pub struct Trouble(String);

impl Trouble {
    pub(crate) fn new(story: impl Into<String>) -> Self {
        Self(story.into())
    }

    /// For use with `map_err`: what was being done, and what stopped it.
    pub(crate) fn during<E: fmt::Display>(deed: impl fmt::Display) -> impl FnOnce(E) -> Self {
        move |cause| Self(format!("{deed}: {cause}"))
    }
}

/// The story itself, so that a test which unwraps shows the peer's log with its line breaks.
impl fmt::Debug for Trouble {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}", self.0)
    }
}

/// Ends the test that needs the peer: going on without it would test nothing.
#[track_caller]
#[expect(
    clippy::panic,
    reason = "a peer that cannot start must end the test, with its own log"
)]
pub(crate) fn or_end_the_test<T>(outcome: Result<T, Trouble>) -> T {
    match outcome {
        Ok(value) => value,
        Err(trouble) => panic!("{trouble}"),
    }
}

/// What a command printed, if it succeeded.
pub(crate) fn ended_well(output: io::Result<Output>, doing: &str) -> Result<String, Trouble> {
    let output = output.map_err(Trouble::during(doing))?;
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    if output.status.success() {
        return Ok(printed);
    }
    let words = String::from_utf8_lossy(&output.stderr);
    let status = output.status;
    Err(Trouble::new(format!("{doing}: {status}\n{printed}{words}")))
}

/// Runs a command that reads `input`, and gives what it printed, if it succeeded.
pub(crate) fn fed(command: Command, input: &str, doing: &str) -> Result<String, Trouble> {
    ended_well(output_of(command, input), doing)
}

/// Runs a command that reads `input` to its end.
pub(crate) fn output_of(mut command: Command, input: &str) -> io::Result<Output> {
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn()?;
    let stdin = child.stdin.take();
    thread::scope(|scope| {
        // Beside the reading: a command that says much before it has read everything would wait.
        scope.spawn(|| {
            if let Some(mut stdin) = stdin {
                // A command that ends before it has read everything says why on its error output.
                let _ = stdin.write_all(input.as_bytes());
            }
        });
        child.wait_with_output()
    })
}
