//! Time limits of network calls.

use std::future::Future;
use std::time::Duration;

use tokio::time::error::Elapsed;
use tokio::time::{Instant, sleep_until, timeout_at};

/// The end of a time limit, on the machine's own clock that only runs forward.
///
/// No rule is decided by it: what the service means by "now" comes from its `Clock`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Until(Instant);

impl Until {
    /// The end of a limit that begins now.
    pub(super) fn after(limit: Duration) -> Self {
        Self(present() + limit)
    }

    /// What is left of it.
    pub(super) fn left(self) -> Duration {
        self.0.saturating_duration_since(present())
    }

    /// Waits for something, but not beyond the end.
    pub(super) async fn wait<F: Future>(self, awaited: F) -> Result<F::Output, Elapsed> {
        timeout_at(self.0, awaited).await
    }

    /// Lets some time pass, but not beyond the end.
    pub(super) async fn pause(self, length: Duration) {
        sleep_until(self.0.min(present() + length)).await;
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "a network's time limit is no rule of ours: it must not move when the clock is set"
)]
fn present() -> Instant {
    Instant::now()
}
