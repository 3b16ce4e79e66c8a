//! The bot check: which one a visitor gets, and whether the answer holds.

use std::collections::HashMap;
use std::sync::Mutex;

use keymend_domain::flow::FlowFault;
use keymend_domain::time::{HOUR_MS, Moment};

use super::{App, NetworkTags, Stop, Visitor};
use crate::human::{Ask, Challenge, Human, Ticket, Verdict};

/// What the form carried.
#[derive(Debug, Clone, Default)]
pub struct HumanAnswer {
    /// The challenge with its answer, or the matured ticket of the queue; empty without script.
    pub token: String,
    /// What was read or heard, for the picture-and-sound check.
    pub answer: String,
}

/// Networks that must work harder for a while.  Bounded, and in memory: it only tunes a price.
#[derive(Default)]
pub(super) struct Pressure(Mutex<HashMap<String, Moment>>);

/// Networks remembered at most; beyond that the oldest pressure is forgotten first.
const PRESSED_MOST: usize = 10_000;

impl Pressure {
    pub(super) fn press(&self, network: &str, now: Moment) {
        let Ok(mut pressed) = self.0.lock() else {
            return;
        };
        if pressed.len() >= PRESSED_MOST {
            pressed.retain(|_, until| *until > now);
        }
        if pressed.len() < PRESSED_MOST {
            pressed.insert(network.to_owned(), now.plus_ms(HOUR_MS));
        }
    }

    fn is_on(&self, network: &str, now: Moment) -> bool {
        // A poisoned lock means a panic elsewhere; the dearer check is the safe answer.
        self.0.lock().map_or(true, |pressed| {
            pressed.get(network).is_some_and(|until| *until > now)
        })
    }
}

impl App {
    /// The challenge for the first form.  `None` where the policy asks for none just now.
    ///
    /// # Errors
    ///
    /// [`Stop::Fault`] if the random source failed.
    pub fn human_challenge(&self, visitor: &NetworkTags) -> Result<Option<Challenge>, Stop> {
        let now = self.now();
        let pressed = self.inner.pressure.is_on(&visitor.near, now);
        let Some(ask) = Ask::of(self.policy().settings().bot_check, pressed) else {
            return Ok(None);
        };
        let entropy = self.inner.entropy.as_ref();
        let challenge = self.inner.human.challenge(ask, pressed, now, entropy);
        challenge
            .map(Some)
            .map_err(|fault| FlowFault::from(fault).into())
    }

    /// A ticket for the queue of visitors without script.
    ///
    /// # Errors
    ///
    /// [`Stop::Fault`] if the random source failed.
    pub fn human_ticket(&self, visitor: &NetworkTags) -> Result<Ticket, Stop> {
        let (wait_secs, now) = (self.policy().settings().queue_secs, self.now());
        let pressed = self.inner.pressure.is_on(&visitor.near, now);
        let entropy = self.inner.entropy.as_ref();
        let ticket = self.inner.human.ticket(wait_secs, pressed, now, entropy);
        ticket.map_err(|fault| FlowFault::from(fault).into())
    }

    /// The bot check itself, for its queue, pictures and sounds.
    #[must_use]
    pub fn human(&self) -> &Human {
        &self.inner.human
    }

    /// What must be marked as used, and whether the answer holds; `None` where none was asked for.
    pub(super) fn check_human(&self, given: &HumanAnswer, visitor: &Visitor) -> Option<Verdict> {
        let now = self.now();
        let pressed = self.inner.pressure.is_on(visitor.network(), now);
        let ask = Ask::of(self.policy().settings().bot_check, pressed)?;
        let answer = Some(given.answer.as_str()).filter(|text| !text.is_empty());
        let asked = (ask, pressed);
        Some(self.inner.human.verify(asked, &given.token, answer, now))
    }
}
