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
    /// The accounts it has, among those that were asked for and read: one that is missing may be
    /// gone, or hidden, or not read in time.
    pub accounts: Vec<Tally>,
    /// Whether the directory has no other server, so that this one took every write itself.
    pub is_only: bool,
}

/// What a server tells of when the password was set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PasswordSet {
    /// Then.
    At(Moment),
    /// It tells no time because the password must be changed (Active Directory, `pwdLastSet` 0).
    Unset,
    /// It does not say, or we may not read it.
    Unsaid,
}

impl PasswordSet {
    /// A time that is told, or none that can be read.
    #[must_use]
    pub fn told(at: Option<Moment>) -> Self {
        at.map_or(Self::Unsaid, Self::At)
    }

    /// The time, if one is told.
    #[must_use]
    pub fn at(self) -> Option<Moment> {
        match self {
            Self::At(at) => Some(at),
            Self::Unset | Self::Unsaid => None,
        }
    }
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
    /// When the password was set, as far as this server has heard.
    pub password_set: PasswordSet,
    /// When the count will be forgotten, where the server says so; moved by the first wrong
    /// password after the count was put back to 0.
    pub forgotten_at: Option<Moment>,
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
