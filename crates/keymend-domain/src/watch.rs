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
//! was set, never with our clock, unless the server does not say it.
//!
//! What cannot be known is which password was wrong.  Active Directory and Samba do not count one
//! that is among the last two, so what is seen there is an older one, or a slip of the owner's
//! (directories §1 and the lab's tests); the notice says no more than that.

use serde::{Deserialize, Serialize};

use crate::account::{Account, AccountRef};
use crate::audit::{ActorKind, AuditDeed, AuditEvent, AuditResult, Personal};
use crate::deliver::{Notice, Recipient, Tidings};
use crate::directory::PasswordRules;
use crate::directory::tally::{ServerTallies, Tally};
use crate::flow::{Context, FlowFault, OpenOrder, Telling, tell};
use crate::id::CorrelationId;
use crate::method::Method;
use crate::time::{MINUTE_MS, Moment, SECOND_MS};

/// When it is looked, after the password was set: soon, and then at a gentle pace.
const FIRST_LOOKS_MS: [i64; 2] = [MINUTE_MS, 3 * MINUTE_MS];
/// How long after the look before it is looked again.
const EVERY_MS: i64 = 5 * MINUTE_MS;
/// A lock is near when so many wrong passwords are left, or fewer.
const NEAR: u32 = 2;
/// How far a wrong password at the directory may lie from a try made here that explains it.
const OWN_TRY_MS: i64 = 10 * SECOND_MS;
/// A controller hands a wrong password on to another, which counts it too: what several servers
/// saw within this time was one try.
const SAME_TRY_MS: i64 = 5 * SECOND_MS;
/// Servers named in one notice at most.
const SERVERS_NAMED_MOST: usize = 3;

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
}

/// One account whose password was set a short while ago.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Watch {
    account: AccountRef,
    correlation: CorrelationId,
    /// When the order was settled, by our clock.
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

/// Wrong passwords that came after the new one was set.
#[derive(Debug, PartialEq, Eq)]
pub struct Sighted {
    watch: Watch,
    sightings: Vec<Sighting>,
    /// When it was looked before this.
    looked_before: Moment,
}

/// What one server counted since it was last asked.
#[derive(Debug, PartialEq, Eq)]
struct Sighting {
    server: String,
    tally: Tally,
    /// New times; none if the server tells no times.
    times: Vec<Moment>,
    /// How many are new, where it tells none.
    fresh: u32,
}

/// What must be known before somebody is told.
pub struct Facts<'a> {
    /// The account, read just now.
    pub account: &'a Account,
    /// Its directory's rules.
    pub rules: &'a PasswordRules,
    /// Its registered methods.
    pub methods: &'a [Method],
    /// When wrong passwords were typed into Keymend itself, by our clock.
    pub own_tries: &'a [Moment],
}

/// What a decision leaves behind: saved whole, in one transaction.
#[derive(Debug)]
pub struct WatchStep {
    /// The watch as it goes on; `None` if it is over.
    pub watch: Option<Watch>,
    /// Messages to be sent.
    pub notices: Vec<Notice>,
    /// Lines for the audit log.
    pub audit: Vec<AuditEvent>,
}

impl Watch {
    /// The watch over an account whose order was settled just now; `None` if watching is off.
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
            started_at: ctx.now,
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

    /// When the password was set, by our clock.
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
        let next = match FIRST_LOOKS_MS.get(place) {
            Some(after) => self.started_at.plus_ms(*after),
            None => self.looked_at.plus_ms(EVERY_MS),
        };
        next.min(self.ends_at)
    }

    /// The watch as it goes on where nobody could find out what to tell, so that the next look
    /// sees the same again; `None` if its time is up.
    #[must_use]
    pub fn put_off(mut self, now: Moment) -> Option<Self> {
        self.due_at = now.plus_ms(EVERY_MS).min(self.ends_at);
        (now < self.ends_at).then_some(self)
    }

    /// What the servers count now.  Servers that did not answer are not in the list.
    #[must_use]
    pub fn look(mut self, servers: &[ServerTallies], now: Moment) -> Looked {
        let is_last = now >= self.ends_at;
        let looked_before = std::mem::replace(&mut self.looked_at, now);
        self.looks = self.looks.saturating_add(1);
        self.due_at = self.next_due();
        let of_account: Vec<(&str, &Tally)> = servers
            .iter()
            .flat_map(|server| server.accounts.iter().map(|own| (&*server.server, own)))
            .filter(|(_, tally)| tally.anchor == self.account.anchor)
            .collect();
        let is_gone = of_account.is_empty() && !servers.is_empty();
        if is_gone || self.was_set_again(&of_account) {
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
            (false, _) => Looked::Sighted(Sighted {
                watch: self,
                sightings,
                looked_before,
            }),
        }
    }

    /// Notes when the password was set; whether another one was set since that was first known.
    fn was_set_again(&mut self, of_account: &[(&str, &Tally)]) -> bool {
        let told = of_account.iter().filter_map(|(_, own)| own.password_set_at);
        let newest = told.filter(|at| Some(*at) > self.changed_before).max();
        match (self.set_at, newest) {
            (Some(known), Some(newest)) => newest > known,
            (None, newest) => {
                self.set_at = newest;
                false
            }
            (Some(_), None) => false,
        }
    }

    /// From when on wrong passwords count at a server; `None` where the new one has not arrived,
    /// so that the old one is still right there.
    fn counts_from(&self, tally: &Tally) -> Option<Moment> {
        match tally.password_set_at {
            Some(at) => (Some(at) > self.changed_before).then_some(at),
            None => Some(self.started_at),
        }
    }

    fn sighting(&self, server: &str, tally: &Tally) -> Option<Sighting> {
        let from = self.counts_from(tally)?;
        let before = self.seen.iter().find(|seen| seen.server == server);
        let seen_at = before.and_then(|seen| seen.last);
        let is_fresh = |at: &&Moment| **at >= from && seen_at.is_none_or(|known| **at > known);
        let times: Vec<Moment> = tally.times.iter().filter(is_fresh).copied().collect();
        let fresh = match tally.times.is_empty() {
            true => tally
                .count
                .saturating_sub(before.map_or(0, |seen| seen.count)),
            false => 0,
        };
        (!times.is_empty() || fresh > 0).then(|| Sighting {
            server: server.to_owned(),
            tally: tally.clone(),
            times,
            fresh,
        })
    }

    fn note(&mut self, server: &str, tally: &Tally) {
        let before = self.seen.iter().position(|seen| seen.server == server);
        let known = before.map(|place| self.seen.swap_remove(place));
        self.seen.push(Seen {
            server: server.to_owned(),
            count: tally.count,
            last: tally.last().max(known.and_then(|seen| seen.last)),
        });
    }
}

impl Sighting {
    /// What a stranger's program did, after tries made in Keymend itself are taken out: the last
    /// time, and whether it is exact.
    ///
    /// `ahead_ms` is how far the directory's clock seems to be ahead.  That is too little where an
    /// order was settled late, so a try is also explained without it.
    fn unexplained(&self, looked: (Moment, Moment), own: &[Moment], ahead_ms: i64) -> Option<Try> {
        let explains = |at: &Moment, own: &Moment| {
            let apart = at.since_ms(*own);
            apart.abs() <= OWN_TRY_MS || apart.saturating_sub(ahead_ms).abs() <= OWN_TRY_MS
        };
        let strange = |at: &&Moment| !own.iter().any(|own| explains(at, own));
        let last = self.times.iter().filter(strange).max();
        let (before, now) = looked;
        let typed_here = own.iter().filter(|at| **at > before).count();
        let at_now = u32::try_from(typed_here).is_ok_and(|typed| self.fresh > typed);
        let (at, is_exact) = match last {
            Some(at) => (*at, true),
            None => (at_now.then_some(now)?, false),
        };
        Some(Try { at, is_exact })
    }
}

/// The last wrong password at one server.
#[derive(Debug, Clone, Copy)]
struct Try {
    at: Moment,
    is_exact: bool,
}

impl Sighted {
    /// Whether the owner is told, and of what.
    ///
    /// # Errors
    ///
    /// [`FlowFault`]; nothing may be saved.
    pub fn decide(self, facts: &Facts<'_>, ctx: &Context<'_>) -> Result<WatchStep, FlowFault> {
        let watch = self.watch;
        let ahead_ms = watch.set_at.map_or(0, |at| at.since_ms(watch.started_at));
        let looked = (self.looked_before, watch.looked_at);
        let strange: Vec<(&Sighting, Try)> = self
            .sightings
            .iter()
            .filter_map(|one| Some((one, one.unexplained(looked, facts.own_tries, ahead_ms)?)))
            .collect();
        let Some((_, last)) = strange.iter().max_by_key(|(_, tried)| tried.at).copied() else {
            return Ok(WatchStep::silent(watch));
        };
        let is_same = |tried: &Try| last.at.since_ms(tried.at) <= SAME_TRY_MS;
        let servers = strange.iter().filter(|(_, tried)| is_same(tried));
        let servers = servers.map(|(one, _)| one.server.clone());
        let window_ms = facts.rules.lockout_window_ms;
        let count = strange.iter().map(|(one, _)| one.tally.within(window_ms));
        let sight = Sight {
            servers: servers.take(SERVERS_NAMED_MOST).collect(),
            last,
            count: count.max().unwrap_or(0),
        };
        watch.tell(sight, facts, ctx)
    }
}

/// What is told.
struct Sight {
    servers: Vec<String>,
    last: Try,
    count: u32,
}

impl Watch {
    fn tell(
        mut self,
        sight: Sight,
        facts: &Facts<'_>,
        ctx: &Context<'_>,
    ) -> Result<WatchStep, FlowFault> {
        let left = left(sight.count, facts);
        let told = match left {
            Some(left) if left <= NEAR => Told::NearLock,
            _ => Told::Sighted,
        };
        if self.told != Told::Nothing && told == Told::Sighted {
            return Ok(WatchStep::silent(self));
        }
        self.told = told;
        let audit = vec![self.event(&sight, facts, ctx)];
        let mut notices = Vec::new();
        if ctx.policy.settings().notifications.person {
            let tidings = Tidings::WrongPasswords {
                servers: sight.servers.clone(),
                at: sight.last.at,
                is_exact: sight.last.is_exact,
                left,
            };
            let telling = Telling {
                tidings: &tidings,
                veto: None,
            };
            let places = Recipient::of_owner(facts.account, facts.methods);
            notices = tell(ctx, &self.correlation, facts.account, places, &telling)?;
            for notice in &mut notices {
                notice.happened_at = sight.last.at.min(ctx.now);
            }
        }
        // Near a lock, and where there is none, nothing is left to be said.
        let goes_on = told == Told::Sighted && left.is_some() && ctx.now < self.ends_at;
        Ok(WatchStep {
            watch: goes_on.then_some(self),
            notices,
            audit,
        })
    }

    fn event(&self, sight: &Sight, facts: &Facts<'_>, ctx: &Context<'_>) -> AuditEvent {
        let (deed, result) = (AuditDeed::WrongPasswordsSeen, AuditResult::Info);
        let correlation = self.correlation.clone();
        let mut event = AuditEvent::new(ctx.now, deed, result, ActorKind::System, correlation);
        event.subject = Some(self.account.key());
        event.directory = Some(self.account.directory.0.clone());
        event.count = Some(i64::from(sight.count));
        event.personal = Personal {
            login: Some(facts.account.login.clone()),
            ..Personal::default()
        };
        event.because(sight.servers.join(", "))
    }
}

/// How many wrong passwords are left before a lock; `None` if nothing locks, or nobody can say.
fn left(count: u32, facts: &Facts<'_>) -> Option<u32> {
    match facts.rules.lockout_threshold {
        _ if facts.account.state.lock.is_some() => Some(0),
        0 => None,
        threshold => Some(threshold.saturating_sub(count)),
    }
}

impl WatchStep {
    fn silent(watch: Watch) -> Self {
        let is_over = watch.looked_at >= watch.ends_at;
        Self {
            watch: (!is_over).then_some(watch),
            notices: Vec::new(),
            audit: Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests;
