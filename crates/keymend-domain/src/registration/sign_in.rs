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
const NAME_TRIES: [Window; 1] = [Window {
    most: 5,
    span_ms: 30 * MINUTE_MS,
}];

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

/// Counts a sign-in try before the directory is asked.  Keymend alone never locks an account:
/// it stops two below the directory's threshold, and one below it whatever was counted there
/// (behaviour §2.3).
///
/// # Errors
///
/// [`FlowFault`]; ask nobody.
pub fn may_try(
    claim: &Claim,
    account: Option<(&Account, &PasswordRules)>,
    ctx: &mut Context<'_>,
) -> Result<Attempt, FlowFault> {
    let tag = ctx
        .keys
        .name
        .tag(&[b"claim", claim.canonical().as_bytes()])
        .short();
    if !ctx.caller.is_own_network {
        // One password tried on many names costs a directory search and a sign-in each.
        let source = CounterKey::sign_in_source(&ctx.caller.network);
        if let Take::Refused { open_at } = limit::take_start(ctx.book, &source, true, ctx.now)? {
            let wait_mins = limit::coarse_mins(open_at, ctx.now);
            return Ok(Attempt::Paused(Refusal::LimitReached { wait_mins }));
        }
    }
    let name = CounterKey::sign_in_name(&tag);
    if let Take::Refused { open_at } = limit::take(ctx.book, &name, &NAME_TRIES, ctx.now)? {
        let wait_mins = limit::coarse_mins(open_at, ctx.now);
        return Ok(Attempt::Paused(Refusal::SigninPaused { wait_mins }));
    }
    let Some((account, rules)) = account else {
        return Ok(Attempt::Allowed);
    };
    let threshold = rules.lockout_threshold;
    let key = CounterKey::sign_in(&account.id);
    // What was tried here a moment ago may not stand in the directory's count yet: two tries at
    // once read the same number.
    let on_the_way = limit::count(ctx.book, &key, ON_THE_WAY, ctx.now)?;
    let bad_at_most = rules.bad_passwords.saturating_add(on_the_way);
    if threshold > 0 && bad_at_most.saturating_add(1) >= threshold {
        return Ok(Attempt::Withheld);
    }
    let most = if threshold == 0 {
        5
    } else {
        threshold.saturating_sub(2).clamp(1, 5)
    };
    let span_ms = match rules.lockout_window_ms {
        0 => 30 * MINUTE_MS,
        window => window,
    };
    let taken = limit::take(ctx.book, &key, &[Window { most, span_ms }], ctx.now)?;
    Ok(if taken.is_granted() {
        Attempt::Allowed
    } else {
        Attempt::Withheld
    })
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
    ctx.book.clear(&CounterKey::sign_in(&account.id))?;
    let tag = ctx
        .keys
        .name
        .tag(&[b"claim", claim.canonical().as_bytes()])
        .short();
    ctx.book.clear(&CounterKey::sign_in_name(&tag))?;
    let is_familiar = ctx.caller.familiar_account.as_deref() == Some(account.id.key().as_str());
    let person = Person {
        correlation,
        account,
        level,
        lane: if is_familiar {
            Lane::Familiar
        } else {
            Lane::Unfamiliar
        },
        signed_in_at: ctx.now,
        seen_at: ctx.now,
        proven_at: None,
        pending: None,
        step: 1,
        said: None,
        has_skipped: false,
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
        let tag = ctx.keys.name.tag(&[b"claim", claim.canonical().as_bytes()]);
        event.claim_tag = Some(tag.short());
    }
    event.personal = Personal {
        login: account.map(|account| account.login.clone()),
        address: Some(ctx.caller.origin.address.clone()),
        browser: Some(ctx.caller.origin.browser.clone()),
        ..Personal::default()
    };
    (refusal, event)
}
