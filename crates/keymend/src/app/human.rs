//! The bot check: which one a visitor gets, and whether the answer holds.

use std::collections::HashMap;
use std::sync::Mutex;

use keymend_domain::policy::BotCheck;
use keymend_domain::refusal::Refusal;
use keymend_domain::time::{HOUR_MS, Moment};

use super::{App, Stop, Visitor};
use crate::human::{Challenge, Kind, UsedKey, Verdict};

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
        let Ok(mut pressed) = self.0.lock() else { return };
        if pressed.len() >= PRESSED_MOST {
            pressed.retain(|_, until| *until > now);
        }
        if pressed.len() < PRESSED_MOST {
            pressed.insert(network.to_owned(), now.plus_ms(HOUR_MS));
        }
    }

    fn is_on(&self, network: &str, now: Moment) -> bool {
        // A poisoned lock means a panic elsewhere; the dearer check is the safe answer.
        self.0.lock().map_or(true, |pressed| pressed.get(network).is_some_and(|until| *until > now))
    }
}

impl App {
    /// The challenge for the first form.  `None` where the policy asks for none just now.
    ///
    /// # Errors
    ///
    /// [`Stop::Fault`] if the random source failed.
    pub fn human_challenge(&self, visitor: &Visitor) -> Result<Option<Challenge>, Stop> {
        let pressed = self.inner.pressure.is_on(visitor.network(), self.now());
        let kind = match self.policy().settings().bot_check {
            BotCheck::Off => return Ok(None),
            BotCheck::UnderPressure if !pressed => return Ok(None),
            BotCheck::Silent | BotCheck::UnderPressure => Kind::Work,
            BotCheck::PictureAndSound => Kind::Picture,
        };
        Ok(Some(self.inner.human.challenge(kind, pressed)?))
    }

    /// A ticket for the queue of visitors without script.
    ///
    /// # Errors
    ///
    /// [`Stop::Fault`] if the random source failed.
    pub fn human_ticket(&self) -> Result<Challenge, Stop> {
        let wait_secs = self.policy().settings().queue_secs;
        Ok(self.inner.human.ticket(wait_secs)?)
    }

    /// The bot check itself, for pictures and sounds.
    #[must_use]
    pub fn human(&self) -> &crate::human::Human {
        &self.inner.human
    }

    /// What must be marked as used if the answer holds; `None` where none was asked for.
    pub(super) fn check_human(
        &self,
        given: &HumanAnswer,
        visitor: &Visitor,
    ) -> Result<Option<UsedKey>, Stop> {
        let pressed = self.inner.pressure.is_on(visitor.network(), self.now());
        match self.policy().settings().bot_check {
            BotCheck::Off => return Ok(None),
            BotCheck::UnderPressure if !pressed => return Ok(None),
            BotCheck::Silent | BotCheck::UnderPressure | BotCheck::PictureAndSound => {}
        }
        let answer = Some(given.answer.as_str()).filter(|text| !text.is_empty());
        match self.inner.human.verify(&given.token, answer, self.now()) {
            Verdict::Passed(used) => Ok(Some(used)),
            Verdict::NotSure => Err(Stop::Refused(Refusal::HumanNotSure)),
        }
    }
}
