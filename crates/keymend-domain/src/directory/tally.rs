//! What servers count of wrong passwords.
//!
//! The counts are each server's own: Active Directory does not replicate `badPwdCount` and
//! `badPasswordTime` (MS-ADA1 2.83, `FLAG_ATTR_NOT_REPLICATED`), and others need not.  So every
//! server is asked, and each answer keeps its server's name.

use crate::account::Anchor;
use crate::time::Moment;

/// What one server counts of several accounts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerTallies {
    /// The server's name, as people who run it know it; a port only where it is an unusual one.
    pub server: String,
    /// The accounts it has, among those that were asked for.
    pub accounts: Vec<Tally>,
}

/// What one server counts of one account.  All times are by that server's clock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tally {
    /// The account.
    pub anchor: Anchor,
    /// How many wrong passwords it counts; 0 after a right one on most servers.
    pub count: u32,
    /// When they came, as far as it tells: all of them, the last alone, or none.
    pub times: Vec<Moment>,
    /// When the password was set, as far as this server has heard; `None` if it does not say.
    pub password_set_at: Option<Moment>,
}

impl Tally {
    /// When the last wrong password came, if the server says so.
    #[must_use]
    pub fn last(&self) -> Option<Moment> {
        self.times.iter().copied().max()
    }

    /// How many of them still count in a window of `window_ms` milliseconds, 0 for one without
    /// end.  A server that does not name each time has left out by itself what is too old.
    #[must_use]
    pub fn within(&self, window_ms: i64) -> u32 {
        let names_each = u32::try_from(self.times.len()).is_ok_and(|told| told == self.count);
        let Some(last) = self.last().filter(|_| names_each && window_ms > 0) else {
            return self.count;
        };
        let counts = |at: &&Moment| last.since_ms(**at) < window_ms;
        u32::try_from(self.times.iter().filter(counts).count()).unwrap_or(u32::MAX)
    }
}
