//! What is told when a peer cannot be started or steered.

use std::fmt;

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
