//! The hour after a password was set: does something go on trying another one?
//!
//! ```text
//! settled ──► Watch ──look──► quiet ──► looked at again later
//!                       │
//!                       ├──► over: the time is up, the account is gone, or it has a newer password
//!                       └──► sighted ──decide──► the owner is told once, and once more near a lock
//! ```
//!
//! Times of wrong passwords are compared with the time at which the same server says the password
//! was set, never with our clock, unless the server does not say it.  Where the new password has
//! not arrived it is the wrong one, so a server is believed from when a look has found it there,
//! or from a while after it was set; the only server of a directory took it itself.
//!
//! What cannot be known is which password was wrong.  Active Directory and Samba do not count one
//! that is among the last two, so what is seen there is an older one, or a slip of the owner's
//! (directories §1 and the lab's tests); the notice says no more than that.

mod sighted;

use serde::{Deserialize, Serialize};

pub use sighted::{Facts, Sighted, WatchStep};

use crate::account::AccountRef;
use crate::directory::tally::{PasswordSet, ServerTallies, Tally};
use crate::flow::{Context, OpenOrder};
use crate::id::CorrelationId;
use crate::time::{MINUTE_MS, Moment};

/// How long after the settlement, and then after the first look, it is looked: soon.
const FIRST_GAPS_MS: [i64; 2] = [MINUTE_MS, 2 * MINUTE_MS];
/// How long after the look before it is looked again.
const EVERY_MS: i64 = 5 * MINUTE_MS;
/// How long a new password may be on its way to a server that no look has found it at yet.
const GRACE_MS: i64 = 2 * MINUTE_MS;
/// How far the clocks of servers may lie apart: what Kerberos allows by default (MIT krb5,
/// `clockskew`; Active Directory, "Maximum tolerance for computer clock synchronization").
const CLOCKS_MS: i64 = 5 * MINUTE_MS;

/// What the owner was told so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Told {
    Nothing,
    Sighted,
    NearLock,
}

/// What was seen at one server before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Seen {
    server: String,
    count: u32,
    last: Option<Moment>,
    #[serde(default)]
    forgotten_at: Option<Moment>,
    /// Whether it had the new password then.
    #[serde(default)]
    has_new: bool,
    /// When it was heard, by our clock.
    #[serde(default)]
    heard_at: Option<Moment>,
}

/// One account whose password was set a short while ago.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Watch {
    account: AccountRef,
    correlation: CorrelationId,
    /// When the order was opened, by our clock: it was written after that.
    started_at: Moment,
    ends_at: Moment,
    due_at: Moment,
    looked_at: Moment,
    looks: u32,
    /// The directory's time of the password before this one.
    changed_before: Option<Moment>,
    /// The directory's time of this one, once a server that has it was asked.
    set_at: Option<Moment>,
    seen: Vec<Seen>,
    told: Told,
}

/// What a look comes to.
#[derive(Debug, PartialEq, Eq)]
pub enum Looked {
    /// Nothing more is to be watched; forget it.
    Over,
    /// Nothing was seen.
    Quiet(Watch),
    /// Something was seen, and more must be known before anybody is told.
    Sighted(Sighted),
}

/// What one server counted since it was last asked.
#[derive(Debug, PartialEq, Eq)]
struct Sighting {
    server: String,
    tally: Tally,
    /// New times, as far as the server tells them.
    times: Vec<Moment>,
    /// How many are new, where it does not tell the time of each.
    fresh: u32,
    /// When it was heard before this, by our clock.
    heard_before: Option<Moment>,
}

impl Watch {
    /// The watch over an account whose order was settled just now, if a password was written or
    /// may have been; `None` if watching is off.
    pub(crate) fn begin(
        order: &OpenOrder,
        correlation: &CorrelationId,
        ctx: &Context<'_>,
    ) -> Option<Self> {
        let minutes = ctx.policy.settings().notifications.wrong_passwords_mins;
        let ends_at = ctx.now.plus_ms(i64::from(minutes) * MINUTE_MS);
        let mut watch = Self {
            account: order.account.clone(),
            correlation: correlation.clone(),
            started_at: order.opened_at,
            ends_at,
            due_at: ctx.now,
            looked_at: ctx.now,
            looks: 0,
            changed_before: order.changed_before,
            set_at: None,
            seen: Vec::new(),
            told: Told::Nothing,
        };
        watch.due_at = watch.next_due();
        (minutes > 0).then_some(watch)
    }

    /// The account.
    #[must_use]
    pub fn account(&self) -> &AccountRef {
        &self.account
    }

    /// When the order was opened that set the password, by our clock.
    #[must_use]
    pub fn started_at(&self) -> Moment {
        self.started_at
    }

    /// When it is to be looked again.
    #[must_use]
    pub fn due_at(&self) -> Moment {
        self.due_at
    }

    /// The last look is at the end, so that the last minutes are seen too.
    fn next_due(&self) -> Moment {
        let place = usize::try_from(self.looks).unwrap_or(usize::MAX);
        let gap_ms = FIRST_GAPS_MS.get(place).copied().unwrap_or(EVERY_MS);
        self.looked_at.plus_ms(gap_ms).min(self.ends_at)
    }

    /// The watch as it goes on where nobody could find out what to tell, so that the next look
    /// sees the same again; `None` if its time is up.
    #[must_use]
    pub fn put_off(mut self, now: Moment) -> Option<Self> {
        self.due_at = now.plus_ms(EVERY_MS).min(self.ends_at);
        (now < self.ends_at).then_some(self)
    }

    /// What the servers count now.  Servers that did not answer are not in the list.
    ///
    /// An account that none of them shows is not taken to be gone: it may be hidden, or may not
    /// have been read in time, and looking on costs little.
    #[must_use]
    pub fn look(mut self, servers: &[ServerTallies], now: Moment) -> Looked {
        let is_last = now >= self.ends_at;
        self.looked_at = now;
        self.looks = self.looks.saturating_add(1);
        self.due_at = self.next_due();
        let of_account: Vec<(&ServerTallies, &Tally)> = servers
            .iter()
            .flat_map(|server| server.accounts.iter().map(move |own| (server, own)))
            .filter(|(_, tally)| tally.anchor == self.account.anchor)
            .collect();
        if self.was_set_again(&of_account) {
            return Looked::Over;
        }
        let sightings: Vec<Sighting> = of_account
            .iter()
            .filter_map(|(server, tally)| self.sighting(server, tally))
            .collect();
        for (server, tally) in of_account {
            self.note(server, tally);
        }
        match (sightings.is_empty(), is_last) {
            (true, true) => Looked::Over,
            (true, false) => Looked::Quiet(self),
            (false, _) => Looked::Sighted(Sighted::new(self, sightings)),
        }
    }

    /// Notes when the password was set; whether another one was set since that was first known.
    fn was_set_again(&mut self, of_account: &[(&ServerTallies, &Tally)]) -> bool {
        let told = of_account
            .iter()
            .filter_map(|(_, own)| own.password_set.at());
        let newest = told.filter(|at| self.is_new(*at)).max();
        match (self.set_at, newest) {
            (Some(known), Some(newest)) => newest > known,
            (None, newest) => {
                self.set_at = newest;
                false
            }
            (Some(_), None) => false,
        }
    }

    /// Whether a password set then is the new one.  Where the directory told no time of the one
    /// before it, any old time would be later than none, so it must be about when ours was.
    fn is_new(&self, set_at: Moment) -> bool {
        match self.changed_before {
            Some(before) => set_at > before,
            None => set_at.since_ms(self.started_at) >= -CLOCKS_MS,
        }
    }

    /// When the new password was set, by the clock of a server that has it; `None` where it has
    /// not arrived, so that the old one is still right there.
    fn set_at_server(&self, tally: &Tally) -> Option<Moment> {
        match tally.password_set {
            PasswordSet::At(at) => self.is_new(at).then_some(at),
            // It had to be changed before, so this is what was there before.
            PasswordSet::Unset if self.changed_before.is_none() => None,
            PasswordSet::Unset | PasswordSet::Unsaid => Some(self.started_at),
        }
    }

    fn seen(&self, server: &str) -> Option<&Seen> {
        self.seen.iter().find(|seen| seen.server == server)
    }

    fn sighting(&self, server: &ServerTallies, tally: &Tally) -> Option<Sighting> {
        let set_at = self.set_at_server(tally)?;
        let before = self.seen(&server.server);
        let from = match before {
            // It arrived between two looks, and until then it was the wrong one itself.
            Some(seen) if !seen.has_new => return None,
            None if !server.is_only => set_at.plus_ms(GRACE_MS),
            Some(_) | None => set_at,
        };
        let seen_at = before.and_then(|seen| seen.last);
        let is_news = |at: &&Moment| **at >= from && seen_at.is_none_or(|known| **at > known);
        let times: Vec<Moment> = tally.times.iter().filter(is_news).copied().collect();
        let fresh = fresh(before, server.is_only, tally);
        (!times.is_empty() || fresh > 0).then(|| Sighting {
            server: server.server.clone(),
            tally: tally.clone(),
            times,
            fresh,
            heard_before: before.and_then(|seen| seen.heard_at),
        })
    }

    fn note(&mut self, server: &ServerTallies, tally: &Tally) {
        let before = self.seen(&server.server).and_then(|seen| seen.last);
        let has_new = self.set_at_server(tally).is_some();
        self.seen.retain(|seen| seen.server != server.server);
        self.seen.push(Seen {
            server: server.server.clone(),
            count: tally.count,
            last: tally.last().max(before),
            forgotten_at: tally.forgotten_at,
            has_new,
            heard_at: Some(self.looked_at),
        });
    }
}

/// How many came since the server was last heard, where it does not tell the time of each.
fn fresh(before: Option<&Seen>, is_only: bool, tally: &Tally) -> u32 {
    let told = u32::try_from(tally.times.len()).unwrap_or(u32::MAX);
    if told >= tally.count {
        return 0;
    }
    match before {
        // A right password put the count back, or its time was over: this is another series.
        Some(seen) if tally.count < seen.count || tally.forgotten_at > seen.forgotten_at => {
            tally.count
        }
        Some(seen) => tally.count.saturating_sub(seen.count),
        // Such a server begins anew with each password; one that tells a time need not.
        None if is_only && tally.times.is_empty() => tally.count,
        None => 0,
    }
}

#[cfg(test)]
mod tests;
