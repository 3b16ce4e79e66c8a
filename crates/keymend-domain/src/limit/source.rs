//! Limits on a network: starts, and how many different names it asks about.

use super::{Book, BookFault, CounterKey, Take};
use crate::time::{HOUR_MS, Moment, SECOND_MS};

/// Seconds between two starts from one source once its bucket is empty.
const REFILL_MS: i64 = 30 * SECOND_MS;
/// Starts a source may make at once.
const BUCKET_SIZE: i64 = 10;

/// Takes one start from a bucket of ten that refills by one every 30 s; `wide` networks have ten
/// times of both (source: behaviour §2.2).  One number per source: when the bucket is full again.
///
/// # Errors
///
/// [`BookFault`]; grant nothing.
pub fn take_start(
    book: &mut dyn Book,
    key: &CounterKey,
    wide: bool,
    now: Moment,
) -> Result<Take, BookFault> {
    let (refill, size) = if wide {
        (REFILL_MS / 10, BUCKET_SIZE * 10)
    } else {
        (REFILL_MS, BUCKET_SIZE)
    };
    let mut counter = book.load(key)?;
    let full_at = counter
        .until
        .filter(|until| *until > now)
        .unwrap_or(now)
        .plus_ms(refill);
    let over_ms = full_at.since_ms(now) - refill * size;
    if over_ms > 0 {
        return Ok(Take::Refused {
            open_at: now.plus_ms(over_ms),
        });
    }
    counter.until = Some(full_at);
    book.save(key, &counter, full_at)?;
    Ok(Take::Granted)
}

/// Different names from one network in an hour above which the bot check is eight times harder.
pub const NAMES_MOST: usize = 10;

/// Notes a typed name from a network; gives how many different ones were seen in the last hour,
/// counted up to one more than [`NAMES_MOST`].
///
/// # Errors
///
/// [`BookFault`].
pub fn note_name(
    book: &mut dyn Book,
    key: &CounterKey,
    claim_tag: &str,
    now: Moment,
) -> Result<usize, BookFault> {
    let mut counter = book.load(key)?;
    counter
        .marks
        .retain(|(tag, at)| now.0.saturating_sub(*at) < HOUR_MS && tag != claim_tag);
    if counter.marks.len() <= NAMES_MOST {
        counter.marks.push((claim_tag.to_owned(), now.0));
    }
    book.save(key, &counter, now.plus_ms(HOUR_MS))?;
    Ok(counter.marks.len())
}
