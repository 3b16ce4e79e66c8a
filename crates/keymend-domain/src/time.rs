//! Instants, and the two ports through which time and chance come in.

use std::fmt;

use serde::{Deserialize, Serialize};

/// An instant: milliseconds since 1970-01-01T00:00:00Z, leap seconds not counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Moment(pub i64);

/// One second, in milliseconds.
pub const SECOND_MS: i64 = 1_000;
/// One minute, in milliseconds.
pub const MINUTE_MS: i64 = 60 * SECOND_MS;
/// One hour, in milliseconds.
pub const HOUR_MS: i64 = 60 * MINUTE_MS;
/// One day of 24 hours, in milliseconds.
pub const DAY_MS: i64 = 24 * HOUR_MS;

impl Moment {
    /// This instant moved by `millis`; stays at the ends of the range instead of wrapping.
    #[must_use]
    pub fn plus_ms(self, millis: i64) -> Self {
        Self(self.0.saturating_add(millis))
    }

    /// Milliseconds from `earlier` to this instant; negative if `earlier` is later.
    #[must_use]
    pub fn since_ms(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }

    /// Whole seconds from `now` until this instant, never negative, rounded up.
    #[must_use]
    pub fn secs_left(self, now: Self) -> u32 {
        let left = self.since_ms(now).max(0);
        u32::try_from(left.div_euclid(SECOND_MS) + i64::from(left.rem_euclid(SECOND_MS) > 0))
            .unwrap_or(u32::MAX)
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ms", self.0)
    }
}

/// Where the time comes from.
pub trait Clock: Send + Sync {
    /// The present instant.
    fn now(&self) -> Moment;
}

/// The random source failed.  The request must fail as a fault; nothing may be guessed around it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the operating system gave no random bytes")]
pub struct NoEntropy;

/// Where chance comes from.
pub trait Entropy: Send + Sync {
    /// Fills `bytes` with random bytes fit for keys.
    ///
    /// # Errors
    ///
    /// [`NoEntropy`] if the source failed; refuse the request.
    fn fill(&self, bytes: &mut [u8]) -> Result<(), NoEntropy>;
}
