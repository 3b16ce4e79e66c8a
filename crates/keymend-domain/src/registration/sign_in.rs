//! Signing in: how often a typed password may be tried, and what a right one opens.

use super::{Level, Person, PersonEffects, PersonStep};
use crate::account::{Account, Claim};
use crate::audit::{ActorKind, AuditDeed, AuditEvent, AuditResult, Personal};
use crate::directory::{NoMatch, PasswordRules, SignIn};
use crate::flow::{Context, FlowFault};
use crate::id::CorrelationId;
use crate::limit::{self, CounterKey, Lane, Take, Window};
use crate::refusal::Refusal;
use crate::time::{MINUTE_MS, SECOND_MS};

/// Tries per typed name in half an hour; visible, and the same for names that mean nobody.
const NAME_TRIES: Window = Window {
    most: 5,
    span_ms: 30 * MINUTE_MS,
};

/// Tries that a directory may not have counted yet when it was asked.
const ON_THE_WAY: Window = Window {
    most: u32::MAX,
    span_ms: 30 * SECOND_MS,
};

/// Whether a typed password may be put to the directory.
#[derive(Debug)]
pub enum Attempt {
    /// It may; the try is counted.
    Allowed,
    /// The typed name has no try left, and the page may say so.
    Paused(Refusal),
    /// The account has none left below its lockout threshold; to the visitor this is the same as
    /// a wrong password.
    Withheld,
}

/// The account a typed name means, as far as signing in is concerned.
#[derive(Debug, Clone, Copy)]
pub struct SignInTarget<'a> {
    /// The account.
    pub account: &'a Account,
    /// Its directory's rules, read just now.
    pub rules: &'a PasswordRules,
    /// Whether any browser is familiar for it, so that some tries must be kept for that lane.
    pub has_familiar: bool,
    /// Whether somebody is signed in, whose change of the password needs tries of that lane too.
    pub is_signed_in: bool,
}

/// Counts a sign-in try before the directory is asked.  Keymend alone never locks an account:
/// it stops two below the directory's threshold, and one below it whatever was counted there
/// (behaviour §2.3).
///
/// Familiar browsers have a lane of their own, for the name and for the account, so that no
/// stranger can use up the owner's tries (behaviour §2.2).
///
/// # Errors
///
/// [`FlowFault`]; ask nobody.
pub fn may_try(
    claim: &Claim,
    target: Option<SignInTarget<'_>>,
    ctx: &mut Context<'_>,
) -> Result<Attempt, FlowFault> {
    if !ctx.caller.is_own_network {
        // One password tried on many names costs a directory search and a sign-in each.
        let source = CounterKey::sign_in_source(&ctx.caller.network);
        if let Take::Refused { open_at } = limit::take_start(ctx.book, &source, true, ctx.now)? {
            let wait_mins = limit::coarse_mins(open_at, ctx.now);
            return Ok(Attempt::Paused(Refusal::LimitReached { wait_mins }));
        }
    }
    let lane = target.map_or(Lane::Unfamiliar, |target| {
        ctx.caller.lane_for(&target.account.id)
    });
    let name = CounterKey::sign_in_name(&ctx.keys.claim_tag(claim), lane);
    if let Take::Refused { open_at } = limit::take(ctx.book, &name, &[NAME_TRIES], ctx.now)? {
        let wait_mins = limit::coarse_mins(open_at, ctx.now);
        return Ok(Attempt::Paused(Refusal::SigninPaused { wait_mins }));
    }
    let is_granted = match target {
        Some(target) => take_try(target, lane, ctx)?,
        None => true,
    };
    Ok(if is_granted {
        Attempt::Allowed
    } else {
        Attempt::Withheld
    })
}

/// Takes a try of the account.  The directory knows no lanes: what it may hear is one number for
/// both, of which strangers get no more than half, rounded up, where somebody has a familiar
/// browser or is signed in; the last one is kept for familiar browsers.
fn take_try(
    target: SignInTarget<'_>,
    lane: Lane,
    ctx: &mut Context<'_>,
) -> Result<bool, FlowFault> {
    let (id, rules) = (&target.account.id, target.rules);
    let (own, other) = (
        CounterKey::sign_in(id, lane),
        CounterKey::sign_in(id, lane.other()),
    );
    let threshold = rules.lockout_threshold;
    // What was tried here a moment ago may not stand in the directory's count yet: two tries at
    // once read the same number.
    let on_the_way = limit::count(ctx.book, &own, ON_THE_WAY, ctx.now)?
        .saturating_add(limit::count(ctx.book, &other, ON_THE_WAY, ctx.now)?);
    let bad_at_most = rules.bad_passwords.saturating_add(on_the_way);
    if threshold > 0 && bad_at_most.saturating_add(1) >= threshold {
        return Ok(false);
    }
    let together = match threshold {
        0 => 5,
        threshold => threshold.saturating_sub(2).clamp(1, 5),
    };
    let span_ms = match rules.lockout_window_ms {
        0 => 30 * MINUTE_MS,
        window => window,
    };
    let window = |most: u32| Window { most, span_ms };
    let elsewhere = limit::count(ctx.book, &other, window(together), ctx.now)?;
    let kept = match lane {
        // Where there is one try alone, it is the owner's.
        Lane::Unfamiliar if target.has_familiar => (together / 2).max(1),
        // Not the only one: the owner may want to sign in at a second place.
        Lane::Unfamiliar if target.is_signed_in => together / 2,
        _ => 0,
    };
    let most = together.saturating_sub(elsewhere.max(kept));
    let taken = limit::take(ctx.book, &own, &[window(most)], ctx.now)?;
    Ok(taken.is_granted())
}

/// What the directory's answer opens: a signed-in person, or a refusal.
///
/// # Errors
///
/// [`FlowFault`]; nothing may be saved.
pub fn signed_in(
    claim: &Claim,
    account: Option<Account>,
    answer: SignIn,
    (correlation, ctx): (CorrelationId, &mut Context<'_>),
) -> Result<Result<PersonStep, (Refusal, AuditEvent)>, FlowFault> {
    let level = match answer {
        SignIn::Accepted => Level::Full,
        SignIn::MustChange(why) => Level::MustChange(why),
        SignIn::Unusable => {
            return Ok(Err(failure(
                claim,
                account.as_ref(),
                Failure::Unusable,
                (correlation, ctx),
            )));
        }
        SignIn::NotHere => {
            return Ok(Err(failure(
                claim,
                account.as_ref(),
                Failure::NotHere,
                (correlation, ctx),
            )));
        }
        SignIn::NoMatch(why) => {
            return Ok(Err(failure(
                claim,
                account.as_ref(),
                Failure::NoMatch(why),
                (correlation, ctx),
            )));
        }
    };
    let Some(account) = account else {
        let why = Failure::NoMatch(NoMatch::Unsaid);
        return Ok(Err(failure(claim, None, why, (correlation, ctx))));
    };
    let lane = ctx.caller.lane_for(&account.id);
    ctx.book.clear(&CounterKey::sign_in(&account.id, lane))?;
    let tag = ctx.keys.claim_tag(claim);
    let name = CounterKey::sign_in_name(&tag, lane);
    match lane {
        Lane::Familiar => ctx.book.clear(&name)?,
        // Strangers see this counter: all that a success may do to it is take nothing, else they
        // could read from it that somebody signed in.
        Lane::Unfamiliar => limit::give_back(ctx.book, &name, NAME_TRIES, ctx.now)?,
    }
    let person = Person {
        correlation,
        account,
        level,
        lane,
        signed_in_at: ctx.now,
        seen_at: ctx.now,
        proven_at: None,
        pending: None,
        step: 1,
        said: None,
        has_skipped: false,
        ended_others: false,
        codes_asked: 0,
    };
    let event = person.event(ctx, AuditDeed::SigninSucceeded, AuditResult::Success);
    Ok(Ok(PersonStep {
        person,
        notices: Vec::new(),
        audit: vec![event],
        refusal: None,
        effects: PersonEffects::default(),
    }))
}

enum Failure {
    Unusable,
    NotHere,
    NoMatch(NoMatch),
}

fn failure(
    claim: &Claim,
    account: Option<&Account>,
    why: Failure,
    (correlation, ctx): (CorrelationId, &Context<'_>),
) -> (Refusal, AuditEvent) {
    let (refusal, reason) = match why {
        Failure::Unusable => (Refusal::SigninUnusable, "unusable"),
        Failure::NotHere => (Refusal::SigninNotHere, "not-here"),
        Failure::NoMatch(NoMatch::Wrong) => (Refusal::SigninNoMatch, "wrong"),
        Failure::NoMatch(NoMatch::Locked) => (Refusal::SigninNoMatch, "locked"),
        Failure::NoMatch(NoMatch::Disabled) => (Refusal::SigninNoMatch, "disabled"),
        Failure::NoMatch(NoMatch::Unsaid) => (Refusal::SigninNoMatch, "unsaid"),
    };
    let deed = AuditDeed::SigninFailed;
    let mut event = AuditEvent::new(
        ctx.now,
        deed,
        AuditResult::Failure,
        ActorKind::Visitor,
        correlation,
    );
    event.reason = Some(reason.to_owned());
    event.subject = account.map(|account| account.id.key());
    if account.is_none() {
        event.claim_tag = Some(ctx.keys.claim_tag(claim));
    }
    event.personal = Personal {
        login: account.map(|account| account.login.clone()),
        address: Some(ctx.caller.origin.address.clone()),
        browser: Some(ctx.caller.origin.browser.clone()),
        ..Personal::default()
    };
    (refusal, event)
}
