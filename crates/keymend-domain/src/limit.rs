//! Limits: how often something may happen in a sliding window (source: behaviour §2.2, §2.6).
//!
//! A try is taken before its answer is looked at, in the transaction that saves what came of it.

mod key;
mod source;
mod wait;

use serde::{Deserialize, Serialize};

use crate::time::{DAY_MS, HOUR_MS, MINUTE_MS, Moment};

pub use key::CounterKey;
pub use source::{NAMES_MOST, note_name, take_start};
pub use wait::coarse_mins;

/// Which browser is asking: one that its owner used for registration, or any other.  Every limit
/// on an account exists twice, so that strangers cannot use up the owner's tries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Lane {
    /// A browser with the mark of this account.
    Familiar,
    /// Any other.
    Unfamiliar,
}

impl Lane {
    fn word(self) -> &'static str {
        match self {
            Self::Familiar => "f",
            Self::Unfamiliar => "u",
        }
    }

    /// The other one.
    #[must_use]
    pub fn other(self) -> Self {
        match self {
            Self::Familiar => Self::Unfamiliar,
            Self::Unfamiliar => Self::Familiar,
        }
    }

    /// Wrong tries in a row after which the lane of a method is off
    /// (together at most 100: NIST SP 800-63B-4 §3.2.2).
    #[must_use]
    pub fn streak_most(self) -> u32 {
        match self {
            Self::Familiar => 10,
            Self::Unfamiliar => 90,
        }
    }
}

/// What is remembered under one key.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counter {
    /// When hits happened, oldest first: start of a grain, and how many.
    #[serde(default)]
    pub hits: Vec<(i64, u32)>,
    /// Wrong answers in a row.
    #[serde(default)]
    pub streak: u32,
    /// Closed until then; for buckets, when the bucket is full again.
    #[serde(default)]
    pub until: Option<Moment>,
    /// Different things seen, each with the time it was last seen.
    #[serde(default)]
    pub marks: Vec<(String, i64)>,
}

/// The counters could not be read or written: nothing may be granted.
#[derive(Debug, thiserror::Error)]
#[error("a counter could not be read or written: {0}")]
pub struct BookFault(pub String);

/// Where counters are kept.  Every call of one decision runs in one transaction.
pub trait Book {
    /// The counter under a key; an empty one if there is none.
    ///
    /// # Errors
    ///
    /// [`BookFault`]; grant nothing.
    fn load(&mut self, key: &CounterKey) -> Result<Counter, BookFault>;

    /// Saves a counter.  It may be forgotten after `forget_at`.
    ///
    /// # Errors
    ///
    /// [`BookFault`]; grant nothing.
    fn save(
        &mut self,
        key: &CounterKey,
        counter: &Counter,
        forget_at: Moment,
    ) -> Result<(), BookFault>;

    /// Forgets a counter.
    ///
    /// # Errors
    ///
    /// [`BookFault`].
    fn clear(&mut self, key: &CounterKey) -> Result<(), BookFault>;
}

/// So many in so long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// How many.
    pub most: u32,
    /// In how many milliseconds.
    pub span_ms: i64,
}

/// Three messages in ten minutes and ten in a day (behaviour §2.2).
pub const SENDS: [Window; 2] = [
    Window {
        most: 3,
        span_ms: 10 * MINUTE_MS,
    },
    Window {
        most: 10,
        span_ms: DAY_MS,
    },
];

/// One in a day: help mails per account and reason, contact requests per name.
pub const ONCE_A_DAY: [Window; 1] = [Window {
    most: 1,
    span_ms: DAY_MS,
}];

/// Three in an hour: contact requests per source.
pub const CONTACT_PER_SOURCE: [Window; 1] = [Window {
    most: 3,
    span_ms: HOUR_MS,
}];

/// A thousand mails in an hour for the whole site: so many help mails, so many about too many
/// tries, and so many contact requests, each with a budget of its own.
pub const SITE_HELP: [Window; 1] = [Window {
    most: 1_000,
    span_ms: HOUR_MS,
}];

/// Three completed resets of one account in a day.
pub const RESETS: [Window; 1] = [Window {
    most: 3,
    span_ms: DAY_MS,
}];

/// Whether a hit was granted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Take {
    /// It was, and it is counted.
    Granted,
    /// It was not; nothing more was counted.
    Refused {
        /// When the next one would be granted.
        open_at: Moment,
    },
}

impl Take {
    /// Whether it was granted.
    #[must_use]
    pub fn is_granted(self) -> bool {
        matches!(self, Self::Granted)
    }
}

/// Hits within the last `span_ms`, a whole grain counted while any part of it is inside.
fn count_within(counter: &Counter, span_ms: i64, grain_ms: i64, now: Moment) -> u32 {
    let from = now.0.saturating_sub(span_ms).saturating_sub(grain_ms);
    counter
        .hits
        .iter()
        .filter(|(at, _)| *at > from)
        .map(|(_, count)| *count)
        .sum()
}

/// Counts are exact up to this many hits; beyond, hits share a grain of a 96th of the window,
/// which never allows more than an exact count would.
const EXACT_MOST: u32 = 100;

fn grain_ms(windows: &[Window]) -> i64 {
    let big = windows.iter().filter(|window| window.most > EXACT_MOST);
    big.map(|window| window.span_ms / 96).max().unwrap_or(0)
}

/// Takes one hit under `key` if every window has room.
///
/// # Errors
///
/// [`BookFault`]; grant nothing.
pub fn take(
    book: &mut dyn Book,
    key: &CounterKey,
    windows: &[Window],
    now: Moment,
) -> Result<Take, BookFault> {
    let mut counter = book.load(key)?;
    let grain = grain_ms(windows);
    if let Some(open_at) = refusal(&counter, windows, grain, now) {
        return Ok(Take::Refused { open_at });
    }
    let longest = windows
        .iter()
        .map(|window| window.span_ms)
        .max()
        .unwrap_or(0);
    push(&mut counter, longest, grain, now);
    book.save(key, &counter, now.plus_ms(longest + grain))?;
    Ok(Take::Granted)
}

/// Gives back the newest hit, because what it was taken for cost nothing.
///
/// # Errors
///
/// [`BookFault`].
pub fn give_back(
    book: &mut dyn Book,
    key: &CounterKey,
    window: Window,
    now: Moment,
) -> Result<(), BookFault> {
    let mut counter = book.load(key)?;
    if let Some((_, count)) = counter.hits.last_mut() {
        *count = count.saturating_sub(1);
    }
    counter.hits.retain(|(_, count)| *count > 0);
    let forget_at = now.plus_ms(window.span_ms + grain_ms(&[window]));
    book.save(key, &counter, forget_at)
}

/// Whether every window has room, without taking anything.
///
/// # Errors
///
/// [`BookFault`]; grant nothing.
pub fn peek(
    book: &mut dyn Book,
    key: &CounterKey,
    windows: &[Window],
    now: Moment,
) -> Result<Take, BookFault> {
    let counter = book.load(key)?;
    Ok(match refusal(&counter, windows, grain_ms(windows), now) {
        Some(open_at) => Take::Refused { open_at },
        None => Take::Granted,
    })
}

fn refusal(counter: &Counter, windows: &[Window], grain: i64, now: Moment) -> Option<Moment> {
    windows
        .iter()
        .filter(|window| count_within(counter, window.span_ms, grain, now) >= window.most)
        .map(|window| {
            let from = now.0.saturating_sub(window.span_ms).saturating_sub(grain);
            let oldest = counter.hits.iter().map(|(at, _)| *at).find(|at| *at > from);
            Moment(oldest.unwrap_or(now.0)).plus_ms(window.span_ms + grain)
        })
        .max()
}

fn push(counter: &mut Counter, longest_ms: i64, grain: i64, now: Moment) {
    let from = now.0.saturating_sub(longest_ms).saturating_sub(grain);
    counter.hits.retain(|(at, _)| *at > from);
    match counter.hits.last_mut() {
        Some((at, count)) if grain > 0 && now.0 - *at < grain => *count = count.saturating_add(1),
        _ => counter.hits.push((now.0, 1)),
    }
}

/// Takes a try of a guessable method: `per_hour` in an hour, and after ten in a day one an hour;
/// nothing at all once the lane is off (source: behaviour §2.2).
///
/// # Errors
///
/// [`BookFault`]; grant nothing.
pub fn take_try(
    book: &mut dyn Book,
    key: &CounterKey,
    lane: Lane,
    per_hour: u32,
    now: Moment,
) -> Result<Take, BookFault> {
    let mut counter = book.load(key)?;
    if let Some(open_at) = try_refusal(&counter, lane, per_hour, now) {
        return Ok(Take::Refused { open_at });
    }
    push(&mut counter, DAY_MS, 0, now);
    book.save(key, &counter, forget_streak_at(&counter, now))?;
    Ok(Take::Granted)
}

/// Uses a try that was taken at `taken_at` and not used yet: it counts from now on, so that a try
/// taken early and used late still slides with its use.
///
/// # Errors
///
/// [`BookFault`]; grant nothing.
pub fn use_try(
    book: &mut dyn Book,
    key: &CounterKey,
    lane: Lane,
    taken_at: Moment,
    now: Moment,
) -> Result<bool, BookFault> {
    let mut counter = book.load(key)?;
    let found = counter.hits.iter().position(|(at, _)| *at == taken_at.0);
    let is_granted = found.is_some() && counter.streak < lane.streak_most();
    if let Some(place) = found {
        counter.hits.remove(place);
        push(&mut counter, DAY_MS, 0, now);
    }
    book.save(key, &counter, forget_streak_at(&counter, now))?;
    Ok(is_granted)
}

/// Whether a method rests: its next try would be refused.
///
/// # Errors
///
/// [`BookFault`]; take it as resting.
pub fn rests(
    book: &mut dyn Book,
    key: &CounterKey,
    lane: Lane,
    per_hour: u32,
    now: Moment,
) -> Result<bool, BookFault> {
    Ok(opens_at(book, key, lane, per_hour, now)?.is_some())
}

/// When a method that rests takes its next try; `None` if it does not rest.
///
/// # Errors
///
/// [`BookFault`]; take it as resting.
pub fn opens_at(
    book: &mut dyn Book,
    key: &CounterKey,
    lane: Lane,
    per_hour: u32,
    now: Moment,
) -> Result<Option<Moment>, BookFault> {
    Ok(try_refusal(&book.load(key)?, lane, per_hour, now))
}

fn try_refusal(counter: &Counter, lane: Lane, per_hour: u32, now: Moment) -> Option<Moment> {
    if counter.streak >= lane.streak_most() {
        return Some(now.plus_ms(DAY_MS));
    }
    let per_hour = if count_within(counter, DAY_MS, 0, now) >= 10 {
        1
    } else {
        per_hour
    };
    refusal(
        counter,
        &[Window {
            most: per_hour,
            span_ms: HOUR_MS,
        }],
        0,
        now,
    )
}

/// A streak outlives every window: it ends with a success, not with time.
fn forget_streak_at(counter: &Counter, now: Moment) -> Moment {
    if counter.streak > 0 {
        now.plus_ms(3_650 * DAY_MS)
    } else {
        now.plus_ms(DAY_MS)
    }
}

/// Notes a wrong answer after its try was taken; gives the wrong answers in a row.
///
/// # Errors
///
/// [`BookFault`].
pub fn note_wrong(book: &mut dyn Book, key: &CounterKey, now: Moment) -> Result<u32, BookFault> {
    let mut counter = book.load(key)?;
    counter.streak = counter.streak.saturating_add(1);
    book.save(key, &counter, forget_streak_at(&counter, now))?;
    Ok(counter.streak)
}

/// Ends a streak of wrong answers because the owner was recognised some other way; the tries
/// within their windows stay counted.
///
/// # Errors
///
/// [`BookFault`].
pub fn end_streak(book: &mut dyn Book, key: &CounterKey, now: Moment) -> Result<(), BookFault> {
    let mut counter = book.load(key)?;
    if counter.streak > 0 {
        counter.streak = 0;
        book.save(key, &counter, now.plus_ms(DAY_MS))?;
    }
    Ok(())
}

/// How many hits a window holds, a grain counted while any part of it is inside.
///
/// # Errors
///
/// [`BookFault`].
pub fn count(
    book: &mut dyn Book,
    key: &CounterKey,
    window: Window,
    now: Moment,
) -> Result<u32, BookFault> {
    let counter = book.load(key)?;
    let grain = grain_ms(&[window]);
    Ok(count_within(&counter, window.span_ms, grain, now))
}

/// What counting an identity failure led to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NameState {
    /// The name may go on.
    Open,
    /// The name is blocked until then.
    Blocked {
        /// When it opens.
        until: Moment,
    },
}

/// Whether a typed name is blocked.
///
/// # Errors
///
/// [`BookFault`]; take it as blocked.
pub fn name_state(
    book: &mut dyn Book,
    key: &CounterKey,
    now: Moment,
) -> Result<NameState, BookFault> {
    Ok(match book.load(key)?.until {
        Some(until) if until > now => NameState::Blocked { until },
        _ => NameState::Open,
    })
}

/// Counts one identity failure of a typed name: at `most` in 24 hours it is blocked for
/// `block_ms` from now, and every further failure inside the 24 hours closes it again.
///
/// # Errors
///
/// [`BookFault`].
pub fn fail_name(
    book: &mut dyn Book,
    key: &CounterKey,
    most: u32,
    block_ms: i64,
    now: Moment,
) -> Result<NameState, BookFault> {
    let mut counter = book.load(key)?;
    push(&mut counter, DAY_MS, 0, now);
    let failures = count_within(&counter, DAY_MS, 0, now);
    // More hits than the limit tell nothing more, and no row may grow for ever.
    let surplus = counter
        .hits
        .len()
        .saturating_sub(usize::try_from(most.max(1)).unwrap_or(1));
    counter.hits.drain(..surplus);
    let state = if failures >= most {
        let until = now.plus_ms(block_ms);
        counter.until = Some(until);
        NameState::Blocked { until }
    } else {
        NameState::Open
    };
    book.save(key, &counter, now.plus_ms(DAY_MS.max(block_ms)))?;
    Ok(state)
}

#[cfg(test)]
#[path = "limit/tests.rs"]
mod tests;

/// A book in memory, for the tests of this crate.
#[cfg(test)]
#[path = "limit/memory.rs"]
pub(crate) mod memory;
