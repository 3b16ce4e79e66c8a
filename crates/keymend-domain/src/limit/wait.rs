//! Waiting times as a stranger may see them.

use crate::time::{MINUTE_MS, Moment};

/// Whole minutes from now until `until`, made coarse (5, 15, 30, 60 …) so that a wait tells
/// nothing about when exactly something was counted.
#[must_use]
pub fn coarse_mins(until: Moment, now: Moment) -> u32 {
    let mins = (until.since_ms(now).max(1) - 1).div_euclid(MINUTE_MS) + 1;
    let step = [1, 5, 15, 30, 60].into_iter().find(|step| mins <= *step);
    let coarse = step.unwrap_or_else(|| (mins + 59) / 60 * 60);
    u32::try_from(coarse).unwrap_or(u32::MAX)
}
