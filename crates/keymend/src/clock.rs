//! The only clock of the service, and one for tests that stands still until it is moved.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use keymend_domain::time::{Clock, Moment};

/// The time of the operating system.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the one place where the service reads the time"
    )]
    fn now(&self) -> Moment {
        let elapsed = SystemTime::now().duration_since(UNIX_EPOCH);
        // A clock before 1970 is broken; the epoch keeps everything expired rather than valid.
        Moment(elapsed.map_or(0, |since| {
            i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
        }))
    }
}

/// A clock that stands still until it is moved; copies of it show the same time.
#[derive(Debug, Clone)]
pub struct ManualClock(Arc<AtomicI64>);

impl ManualClock {
    /// A clock that shows `start`.
    #[must_use]
    pub fn at(start: Moment) -> Self {
        Self(Arc::new(AtomicI64::new(start.0)))
    }

    /// Moves the time on by `millis`; a negative number turns it back.
    pub fn advance_ms(&self, millis: i64) {
        self.0.fetch_add(millis, Ordering::SeqCst);
    }

    /// Sets the time.
    pub fn set(&self, moment: Moment) {
        self.0.store(moment.0, Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Moment {
        Moment(self.0.load(Ordering::SeqCst))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_system_clock_shows_this_century() {
        assert!(SystemClock.now() > Moment(1_700_000_000_000));
    }

    #[test]
    fn copies_of_a_manual_clock_move_together() {
        let clock = ManualClock::at(Moment(1_000));
        let copy = clock.clone();
        clock.advance_ms(500);
        assert_eq!(copy.now(), Moment(1_500));
        copy.set(Moment(7));
        assert_eq!(clock.now(), Moment(7));
    }
}
