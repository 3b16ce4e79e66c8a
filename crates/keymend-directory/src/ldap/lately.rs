//! Entries read lately, for what is shown beside a form and decides nothing.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use keymend_domain::account::Anchor;
use keymend_domain::directory::SHOWN_RULES_AGE_MS;
use keymend_domain::time::Moment;

use super::entry::Entry;

/// More people than this are not on their way at once; then all are read again.
const REMEMBERED_MAX: usize = 1_000;

/// The entries of people on their way through the forms.
#[derive(Debug, Default)]
pub(super) struct Lately(Mutex<HashMap<Anchor, (Moment, Entry)>>);

impl Lately {
    /// What an account's entry was when it was read last, if that is not too long ago.
    pub(super) fn get(&self, anchor: &Anchor, now: Moment) -> Option<Entry> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (read_at, entry) = known.get(anchor)?;
        is_recent(*read_at, now).then(|| entry.clone())
    }

    /// Remembers an entry that was just read.
    pub(super) fn put(&self, anchor: &Anchor, now: Moment, entry: &Entry) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= REMEMBERED_MAX {
            known.retain(|_, (read_at, _)| is_recent(*read_at, now));
        }
        if known.len() >= REMEMBERED_MAX {
            known.clear();
        }
        known.insert(anchor.clone(), (now, entry.clone()));
    }
}

fn is_recent(read_at: Moment, now: Moment) -> bool {
    (0..SHOWN_RULES_AGE_MS).contains(&now.since_ms(read_at))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_are_forgotten_in_time_and_memory_is_bounded() {
        let lately = Lately::default();
        let anchor = |number: usize| Anchor(number.to_string());
        let now = Moment(1_795_338_000_000);
        for number in 0..REMEMBERED_MAX + 10 {
            lately.put(&anchor(number), now, &Entry::default());
        }
        assert_eq!(lately.0.lock().unwrap().len(), 10);
        let newest = anchor(REMEMBERED_MAX + 9);
        assert!(
            lately
                .get(&newest, now.plus_ms(SHOWN_RULES_AGE_MS - 1))
                .is_some()
        );
        assert!(
            lately
                .get(&newest, now.plus_ms(SHOWN_RULES_AGE_MS))
                .is_none()
        );
        assert!(lately.get(&newest, now.plus_ms(-1)).is_none());
        assert!(lately.get(&anchor(0), now).is_none());
    }
}
