//! Waiting for something that another process does, without a fixed sleep.

use std::time::{Duration, Instant};

const PAUSE: Duration = Duration::from_millis(5);

/// Asks again and again, every few milliseconds, until `answer` gives a value; `None` after
/// `at_most`.
#[expect(
    clippy::disallowed_methods,
    reason = "a real peer lives in real time: there is no clock to hand in"
)]
#[must_use]
pub fn until<T>(at_most: Duration, mut answer: impl FnMut() -> Option<T>) -> Option<T> {
    let started = Instant::now();
    loop {
        if let Some(value) = answer() {
            return Some(value);
        }
        if started.elapsed() > at_most {
            return None;
        }
        std::thread::sleep(PAUSE);
    }
}
