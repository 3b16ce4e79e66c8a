//! Wrong passwords that came after the new one: which were typed into Keymend itself, and what
//! the owner is told of the others.

use super::{Sighting, Told, Watch};
use crate::account::Account;
use crate::audit::{ActorKind, AuditDeed, AuditEvent, AuditResult, Personal};
use crate::deliver::{Notice, Recipient, Tidings};
use crate::directory::PasswordRules;
use crate::flow::{Context, FlowFault, Telling, tell};
use crate::method::Method;
use crate::time::{Moment, SECOND_MS};

/// A lock is near when so many wrong passwords are left, or fewer.
const NEAR: u32 = 2;
/// How long before its line in the log a try made here may have reached the directory: the answers
/// of other directories may have been waited for.
const ANSWER_MS: i64 = 30 * SECOND_MS;
/// How long after that line the directory may say that it was.
const OWN_TRY_MS: i64 = 10 * SECOND_MS;
/// A controller hands a wrong password on to another, which counts it too: what several servers
/// saw within this time was one try.
const SAME_TRY_MS: i64 = 5 * SECOND_MS;
/// Servers named in one notice at most.
const SERVERS_NAMED_MOST: usize = 3;

/// Wrong passwords that came after the new one was set.
#[derive(Debug, PartialEq, Eq)]
pub struct Sighted {
    watch: Watch,
    sightings: Vec<Sighting>,
}

/// What must be known before somebody is told.
pub struct Facts<'a> {
    /// The account, read just now.
    pub account: &'a Account,
    /// Its directory's rules.
    pub rules: &'a PasswordRules,
    /// Its registered methods.
    pub methods: &'a [Method],
    /// When the directory refused passwords typed into Keymend itself, by our clock, each once.
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

/// The last wrong password at one server.
#[derive(Debug, Clone, Copy)]
struct Try {
    at: Moment,
    is_exact: bool,
}

/// What is told.
struct Sight {
    servers: Vec<String>,
    last: Try,
    count: u32,
}

impl Sighted {
    pub(super) fn new(watch: Watch, sightings: Vec<Sighting>) -> Self {
        Self { watch, sightings }
    }

    /// Whether this could be news to the owner, even if none of it was typed into Keymend itself.
    /// If not, there is nothing to be decided: see [`Self::passed_over`].
    #[must_use]
    pub fn may_be_news(&self, account: &Account, rules: &PasswordRules) -> bool {
        let sightings: Vec<&Sighting> = self.sightings.iter().collect();
        let left = left(count(&sightings, rules), account, rules);
        self.watch.told == Told::Nothing || left.is_some_and(|left| left <= NEAR)
    }

    /// The watch as it goes on where there is no news; `None` if it is over.
    #[must_use]
    pub fn passed_over(self) -> Option<Watch> {
        WatchStep::silent(self.watch).watch
    }

    /// Whether the owner is told, and of what.
    ///
    /// # Errors
    ///
    /// [`FlowFault`]; nothing may be saved.
    pub fn decide(self, facts: &Facts<'_>, ctx: &Context<'_>) -> Result<WatchStep, FlowFault> {
        let watch = self.watch;
        let ahead_ms = watch.set_at.map_or(0, |at| at.since_ms(watch.started_at));
        let now = watch.looked_at;
        let strange: Vec<(&Sighting, Try)> = self
            .sightings
            .iter()
            .filter_map(|one| Some((one, one.unexplained(now, facts.own_tries, ahead_ms)?)))
            .collect();
        let Some((_, last)) = strange.iter().max_by_key(|(_, tried)| tried.at).copied() else {
            return Ok(WatchStep::silent(watch));
        };
        let is_same = |tried: &Try| last.at.since_ms(tried.at) <= SAME_TRY_MS;
        let servers = strange.iter().filter(|(_, tried)| is_same(tried));
        let servers = servers.map(|(one, _)| one.server.clone());
        let sightings: Vec<&Sighting> = strange.iter().map(|(one, _)| *one).collect();
        let sight = Sight {
            servers: servers.take(SERVERS_NAMED_MOST).collect(),
            last,
            count: count(&sightings, facts.rules),
        };
        watch.tell(sight, facts, ctx)
    }
}

impl Sighting {
    /// What a stranger's program did, after tries made in Keymend itself are taken out: the last
    /// time, and whether it is exact.  Each of them explains one wrong password at most, else one
    /// slip typed on purpose would hide a whole series.
    fn unexplained(&self, now: Moment, own: &[Moment], ahead_ms: i64) -> Option<Try> {
        let mut strange = self.times.clone();
        strange.sort_unstable();
        for typed in own {
            let explained = strange
                .iter()
                .position(|at| explains(*typed, *at, ahead_ms));
            if let Some(place) = explained {
                strange.remove(place);
            }
        }
        if let Some(at) = strange.last() {
            let (at, is_exact) = (*at, true);
            return Some(Try { at, is_exact });
        }
        let is_since = |at: &&Moment| self.heard_before.is_none_or(|heard| **at > heard);
        let typed_here = own.iter().filter(is_since).count();
        let is_more = u32::try_from(typed_here).is_ok_and(|typed| self.fresh > typed);
        is_more.then_some(Try {
            at: now,
            is_exact: false,
        })
    }
}

/// Whether a try typed here may be the wrong password that a server saw at `at`.
///
/// `ahead_ms` is how far the directory's clock seems to be ahead.  That is too much where an order
/// waited long before it was written, so a try is also explained without it.
fn explains(typed: Moment, at: Moment, ahead_ms: i64) -> bool {
    let apart = at.since_ms(typed);
    let is_near = |apart: i64| (-ANSWER_MS..=OWN_TRY_MS).contains(&apart);
    is_near(apart) || is_near(apart.saturating_sub(ahead_ms))
}

/// The most that one server counts now.
fn count(sightings: &[&Sighting], rules: &PasswordRules) -> u32 {
    let counts = sightings
        .iter()
        .map(|one| one.tally.within(rules.lockout_window_ms));
    counts.max().unwrap_or(0)
}

/// How many wrong passwords are left before a lock, 0 if there is one; `None` if nothing locks, or
/// nobody can say.  A count at its end with no lock is one whose lock ran out.
fn left(count: u32, account: &Account, rules: &PasswordRules) -> Option<u32> {
    match rules.lockout_threshold {
        _ if account.state.lock.is_some() => Some(0),
        0 => None,
        threshold => Some(threshold.saturating_sub(count).max(1)),
    }
}

impl Watch {
    fn tell(
        mut self,
        sight: Sight,
        facts: &Facts<'_>,
        ctx: &Context<'_>,
    ) -> Result<WatchStep, FlowFault> {
        let left = left(sight.count, facts.account, facts.rules);
        let told = match left {
            Some(left) if left <= NEAR => Told::NearLock,
            _ => Told::Sighted,
        };
        if self.told != Told::Nothing && told == Told::Sighted {
            return Ok(WatchStep::silent(self));
        }
        self.told = told;
        let audit = vec![self.event(&sight, facts, ctx)];
        let notices = match ctx.policy.settings().notifications.person {
            true => self.notices(&sight, left, facts, ctx)?,
            false => Vec::new(),
        };
        // Near a lock, and where there is none, nothing is left to be said.
        let goes_on = told == Told::Sighted && left.is_some() && ctx.now < self.ends_at;
        Ok(WatchStep {
            watch: goes_on.then_some(self),
            notices,
            audit,
        })
    }

    /// The directory's own addresses hear how many are left; registered ones may be private
    /// mailboxes, and hear of a lock alone.
    fn notices(
        &self,
        sight: &Sight,
        left: Option<u32>,
        facts: &Facts<'_>,
        ctx: &Context<'_>,
    ) -> Result<Vec<Notice>, FlowFault> {
        let at_work = Recipient::of_account(facts.account);
        let places = Recipient::of_owner(facts.account, facts.methods);
        let (work, private) = places.into_iter().partition(|to| at_work.contains(to));
        // A server's clock may be ahead, and nobody believes a time that is still to come.
        let at = sight.last.at.min(ctx.now);
        let mut notices = Vec::new();
        for (places, left) in [(work, left), (private, left.filter(|left| *left == 0))] {
            let tidings = Tidings::WrongPasswords {
                servers: hosts(&sight.servers),
                at,
                is_exact: sight.last.is_exact,
                left,
            };
            let telling = Telling {
                tidings: &tidings,
                veto: None,
            };
            let told = tell(ctx, &self.correlation, facts.account, places, &telling)?;
            notices.extend(told);
        }
        for notice in &mut notices {
            notice.happened_at = at;
        }
        Ok(notices)
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

/// The names without ports, each once: ports are for administrators, who find them in the log.
fn hosts(servers: &[String]) -> Vec<String> {
    let mut hosts: Vec<String> = Vec::new();
    for server in servers {
        let host = match server.rsplit_once(':') {
            Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host,
            _ => server,
        };
        if !hosts.iter().any(|known| known == host) {
            hosts.push(host.to_owned());
        }
    }
    hosts
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
