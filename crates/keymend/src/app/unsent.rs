//! Codes of signed-in people that no carrier has taken: their page says so.

use std::collections::HashMap;
use std::sync::Mutex;

use keymend_domain::id::CorrelationId;
use keymend_domain::time::Moment;

/// Sign-ins remembered at most; beyond that the page says nothing, which is no harm.
const MOST: usize = 1_000;

/// Which sign-ins wait for a code that was not sent, and until when that matters.  In memory: it
/// only words a page.
#[derive(Default)]
pub(super) struct Unsent(Mutex<HashMap<CorrelationId, Moment>>);

impl Unsent {
    pub(super) fn note(&self, journey: &CorrelationId, until: Moment, now: Moment) {
        let Ok(mut known) = self.0.lock() else {
            return;
        };
        if known.len() >= MOST {
            known.retain(|_, until| *until > now);
        }
        if known.len() < MOST {
            known.insert(journey.clone(), until);
        }
    }

    pub(super) fn forget(&self, journey: &CorrelationId) {
        if let Ok(mut known) = self.0.lock() {
            known.remove(journey);
        }
    }

    pub(super) fn is_noted(&self, journey: &CorrelationId, now: Moment) -> bool {
        self.0
            .lock()
            .is_ok_and(|known| known.get(journey).is_some_and(|until| *until > now))
    }
}
