//! Letting a claim in: who may ask at all, and what the flow is about.

use super::{
    Asking, Caller, Choosing, Context, Decoy, DecoyReason, Effects, Ending, Flow, FlowFault,
    Intent, Known, Proving, Stage, Step, Subject, Telling, flow_life_ms, tell,
};
use crate::account::{Account, AccountRef, Claim};
use crate::audit::{ActorKind, AuditDeed, AuditEvent, AuditResult, Personal};
use crate::deliver::{HelpReason, Recipient, Tidings};
use crate::directory::Found;
use crate::id::{CorrelationId, FlowId};
use crate::limit::{self, CounterKey, Lane, NameState, Take};
use crate::method::{Class, Method};
use crate::policy::{Eligibility, Scope};
use crate::refusal::Refusal;
use crate::time::Moment;

/// What is known about the account before a flow opens, read in one go.
#[derive(Debug, Clone)]
pub struct Gathered {
    /// What the directories said.
    pub found: Found,
    /// What the store said about the account that was found.
    pub standing: Standing,
}

/// What the store holds about one account.
#[derive(Debug, Clone, Default)]
pub struct Standing {
    /// Its methods.
    pub methods: Vec<Method>,
    /// Its epoch.
    pub epoch: u64,
    /// Whether its owner, or somebody for them, reported abuse.
    pub is_frozen: bool,
}

/// Whether a visitor may start at all; decided before any directory is asked.
#[derive(Debug)]
pub struct Admission {
    /// Why not, if not.
    pub refusal: Option<Refusal>,
    /// For the audit log.
    pub audit: Vec<AuditEvent>,
    /// The bot check should be eight times harder for this source from now on.
    pub presses: bool,
}

/// Counts a start against its source, and refuses names that are blocked.
///
/// Only what an outsider can count himself is looked at here, so the answer may be visible.
///
/// # Errors
///
/// [`FlowFault`] if the counters failed; let nobody in.
pub fn admit(
    claim: &Claim,
    correlation: &CorrelationId,
    ctx: &mut Context<'_>,
) -> Result<Admission, FlowFault> {
    let tag = ctx.keys.claim_tag(claim);
    let mut admission = Admission {
        refusal: None,
        audit: Vec::new(),
        presses: false,
    };
    if ctx.policy.settings().scope == Scope::None {
        // A fact about the whole site, and no secret.
        admission.refusal = Some(Refusal::SiteOff);
        return Ok(admission);
    }
    if !ctx.caller.is_own_network {
        if let Some(open_at) = source_refusal(ctx)? {
            let wait_mins = limit::coarse_mins(open_at, ctx.now);
            admission.refusal = Some(Refusal::LimitReached { wait_mins });
            let deed = AuditDeed::ThrottleSource;
            admission
                .audit
                .push(visitor_event(ctx, deed, correlation, &tag).because("KM-1008"));
            return Ok(admission);
        }
        let names = CounterKey::names_from(&ctx.caller.network);
        admission.presses = limit::note_name(ctx.book, &names, &tag, ctx.now)? > limit::NAMES_MOST;
    }
    // A browser that carries any familiar mark is judged once its account is known.
    if ctx.caller.familiar_account.is_none() {
        let key = CounterKey::name(&tag, Lane::Unfamiliar);
        if let NameState::Blocked { until } = limit::name_state(ctx.book, &key, ctx.now)? {
            let wait_mins = limit::coarse_mins(until, ctx.now);
            admission.refusal = Some(Refusal::NameBlocked { wait_mins });
        }
    }
    Ok(admission)
}

fn source_refusal(ctx: &mut Context<'_>) -> Result<Option<Moment>, FlowFault> {
    let Caller {
        network,
        wide_network,
        ..
    } = ctx.caller;
    for (tag, wide) in [(network, false), (wide_network, true)] {
        let key = CounterKey::source(tag);
        if let Take::Refused { open_at } = limit::take_start(ctx.book, &key, wide, ctx.now)? {
            return Ok(Some(open_at));
        }
    }
    Ok(None)
}

fn visitor_event(
    ctx: &Context<'_>,
    deed: AuditDeed,
    correlation: &CorrelationId,
    claim_tag: &str,
) -> AuditEvent {
    let mut event = AuditEvent::new(
        ctx.now,
        deed,
        AuditResult::Refused,
        ActorKind::Visitor,
        correlation.clone(),
    );
    event.claim_tag = Some(claim_tag.to_owned());
    event.personal = Personal {
        address: Some(ctx.caller.origin.address.clone()),
        browser: Some(ctx.caller.origin.browser.clone()),
        ..Personal::default()
    };
    event
}

impl Flow {
    /// Opens a flow for a claim that was admitted.  Whatever was found, a flow is the answer:
    /// nobody can tell from it whether the claim means someone.
    ///
    /// # Errors
    ///
    /// [`FlowFault`]; nothing may be saved.
    pub fn open(
        claim: &Claim,
        correlation: CorrelationId,
        gathered: Gathered,
        ctx: &mut Context<'_>,
    ) -> Result<Step, FlowFault> {
        let tag = ctx.keys.claim_tag(claim);
        let (subject, found, lane) = subject(gathered, ctx)?;
        let flow = Self {
            id: FlowId::fresh(ctx.now, ctx.entropy)?,
            correlation,
            claim: claim.typed().to_owned(),
            claim_tag: tag,
            lane,
            stage: first_stage(subject, ctx),
            opened_at: ctx.now,
            expires_at: ctx.now.plus_ms(flow_life_ms(ctx)),
            extensions: 0,
            step: 1,
            said: None,
            violations: 0,
        };
        let mut step = Step::of(flow);
        step.effects = Effects {
            renews_handle: true,
            ..Effects::default()
        };
        let opened = step
            .flow
            .event(ctx, AuditDeed::FlowOpened, AuditResult::Info);
        step.audits(opened.because(if found.is_some() { "known" } else { "unknown" }));
        if let Some(until) = blocked_until(&step.flow, ctx)? {
            return Ok(step.ends(Ending::Blocked { until }));
        }
        if let Some(reason) = step.flow.decoy_reason() {
            let event = step
                .flow
                .event(ctx, AuditDeed::FlowIneligible, AuditResult::Refused);
            step.audits(event.because(reason.code()));
            match found {
                Some(owner) if reason == DecoyReason::Rests => resting_mail(&mut step, owner, ctx)?,
                Some((account, standing)) => {
                    help_mail(&mut step, reason, &account, &standing, ctx)?;
                }
                None => {}
            }
        }
        Ok(step)
    }

    fn decoy_reason(&self) -> Option<DecoyReason> {
        match &self.stage {
            Stage::Choosing(Choosing {
                subject: Subject::Decoy(decoy),
            })
            | Stage::Proving(Proving {
                subject: Subject::Decoy(decoy),
                ..
            }) => Some(decoy.reason),
            _ => None,
        }
    }
}

/// A familiar browser's own lane may be blocked as well; that is known only now.
fn blocked_until(flow: &Flow, ctx: &mut Context<'_>) -> Result<Option<Moment>, FlowFault> {
    let key = CounterKey::name(&flow.claim_tag, flow.lane);
    Ok(match limit::name_state(ctx.book, &key, ctx.now)? {
        NameState::Blocked { until } => Some(until),
        NameState::Open => None,
    })
}

fn first_stage(subject: Subject, ctx: &Context<'_>) -> Stage {
    if ctx.policy.settings().actions.unlock_without_reset {
        Stage::Choosing(Choosing { subject })
    } else {
        Stage::Proving(Proving::start(subject, Intent::Reset))
    }
}

impl Proving {
    pub(super) fn start(subject: Subject, intent: Intent) -> Self {
        Self {
            subject,
            intent,
            proofs: Vec::new(),
            asking: Asking::Menu,
            usage: Vec::new(),
            had_wrong: false,
        }
    }
}

type Owner = Option<(Account, Standing)>;

/// Decides whom the flow is about, and in which lane it counts.
fn subject(gathered: Gathered, ctx: &mut Context<'_>) -> Result<(Subject, Owner, Lane), FlowFault> {
    let Gathered { found, standing } = gathered;
    let account = match found {
        Found::One(account) => *account,
        Found::Nobody => return Ok((decoy(DecoyReason::Unknown, None), None, Lane::Unfamiliar)),
        Found::Several { .. } => {
            return Ok((decoy(DecoyReason::Ambiguous, None), None, Lane::Unfamiliar));
        }
    };
    let lane = ctx.caller.lane_for(&account.id);
    let reason = match account_reason(&account, &standing, ctx) {
        Some(reason) => Some(reason),
        None => methods_reason(&account, &standing.methods, lane, ctx)?,
    };
    let subject = match reason {
        Some(reason) => decoy(reason, Some(&account)),
        None => Subject::Known(Box::new(Known {
            account: account.clone(),
            methods: standing.methods.clone(),
            epoch: standing.epoch,
        })),
    };
    Ok((subject, Some((account, standing)), lane))
}

fn decoy(reason: DecoyReason, account: Option<&Account>) -> Subject {
    Subject::Decoy(Decoy {
        reason,
        account: account.map(|account| account.id.clone()),
    })
}

impl Caller {
    /// Which counters of an account this browser moves.
    #[must_use]
    pub fn lane_for(&self, account: &AccountRef) -> Lane {
        if self.familiar_account.as_deref() == Some(account.key().as_str()) {
            Lane::Familiar
        } else {
            Lane::Unfamiliar
        }
    }
}

/// What about the account itself stands in the way.  The order is fixed: what must never be
/// touched comes first, so that no weaker reason can hide it.
pub(super) fn account_reason(
    account: &Account,
    standing: &Standing,
    ctx: &Context<'_>,
) -> Option<DecoyReason> {
    let state = &account.state;
    if state.protection.is_some() {
        return Some(DecoyReason::Protected);
    }
    if state.is_disabled {
        return Some(DecoyReason::Disabled);
    }
    if state.is_expired {
        return Some(DecoyReason::Expired);
    }
    if state.may_not_change {
        return Some(DecoyReason::NoChange);
    }
    if standing.is_frozen {
        return Some(DecoyReason::Frozen);
    }
    match ctx.policy.eligibility(account) {
        Eligibility::Eligible => None,
        Eligibility::SiteOff | Eligibility::OutOfScope => Some(DecoyReason::Scope),
        Eligibility::Administrator => Some(DecoyReason::Administrator),
    }
}

/// What about the methods stands in the way.
fn methods_reason(
    account: &Account,
    methods: &[Method],
    lane: Lane,
    ctx: &mut Context<'_>,
) -> Result<Option<DecoyReason>, FlowFault> {
    let gates = usize::try_from(ctx.policy.gates()).unwrap_or(usize::MAX);
    let registered = methods.iter().filter(|own| ctx.policy.registers(own));
    if classes(registered) < gates {
        return Ok(Some(DecoyReason::Methods));
    }
    let counting = methods.iter().filter(|own| ctx.policy.counts(own, ctx.now));
    let counting: Vec<&Method> = counting.collect();
    if classes(counting.iter().copied()) < gates {
        return Ok(Some(DecoyReason::Probation));
    }
    let per_hour = ctx.policy.settings().limits.tries_most;
    let mut awake: Vec<&Method> = Vec::new();
    for method in counting {
        let key = CounterKey::tries(&account.id.key(), method.kind, lane);
        if !limit::rests(ctx.book, &key, lane, per_hour, ctx.now)? {
            awake.push(method);
        }
    }
    Ok((classes(awake.into_iter()) < gates).then_some(DecoyReason::Rests))
}

fn classes<'m>(methods: impl Iterator<Item = &'m Method>) -> usize {
    let mut distinct: Vec<Class> = methods.map(|method| method.kind.class()).collect();
    distinct.sort_unstable();
    distinct.dedup();
    distinct.len()
}

/// The mail that tells an owner what the page must not (behaviour §7, M11).
fn help_mail(
    step: &mut Step,
    reason: DecoyReason,
    account: &Account,
    standing: &Standing,
    ctx: &mut Context<'_>,
) -> Result<(), FlowFault> {
    let Some(help) = help_reason(reason, standing) else {
        return Ok(());
    };
    let site = CounterKey::site_help();
    if !may_mail((&account.id, reason.code()), Some(&site), ctx)? {
        return Ok(());
    }
    let places = Recipient::of_owner(account, &standing.methods);
    let tidings = Tidings::Help(help);
    let telling = Telling {
        tidings: &tidings,
        veto: None,
    };
    let notices = tell(ctx, &step.flow.correlation, account, places, &telling)?;
    step.notices.extend(notices);
    Ok(())
}

/// The mail about too many tries (M12), to an owner who may not have heard of them yet: the try
/// that used up the hour need not have been a refused one.
fn resting_mail(
    step: &mut Step,
    (account, standing): (Account, Standing),
    ctx: &mut Context<'_>,
) -> Result<(), FlowFault> {
    if !may_tell_tries(&account.id, "rests", ctx)? {
        return Ok(());
    }
    let known = Known {
        account,
        methods: standing.methods,
        epoch: standing.epoch,
    };
    let subject = known.account.id.key();
    let per_hour = ctx.policy.settings().limits.tries_most;
    let mut until = ctx.now;
    for kind in ctx.policy.methods() {
        let key = CounterKey::tries(&subject, kind, step.flow.lane);
        let open_at = limit::opens_at(ctx.book, &key, step.flow.lane, per_hour, ctx.now)?;
        until = until.max(open_at.unwrap_or(until));
    }
    let tidings = Tidings::TooManyTries { until };
    let notices = step.flow.tell_owner(ctx, &known, &tidings, None)?;
    step.notices.extend(notices);
    Ok(())
}

/// Mails about too many tries have a budget of their own: a flood of help mails, which anybody
/// causes by typing names, must not silence them.
pub(crate) fn may_tell_tries(
    account: &AccountRef,
    reason: &str,
    ctx: &mut Context<'_>,
) -> Result<bool, FlowFault> {
    may_mail((account, reason), Some(&CounterKey::site_tries()), ctx)
}

/// Mails to an owner without a deed: one for each account and reason in a day, a thousand in an
/// hour under one key of the site (behaviour §2.2).  Where the site has no room, the account keeps
/// its one for later.
pub(crate) fn may_mail(
    (account, reason): (&AccountRef, &str),
    site: Option<&CounterKey>,
    ctx: &mut Context<'_>,
) -> Result<bool, FlowFault> {
    if let Some(site) = site
        && !limit::peek(ctx.book, site, &limit::SITE_HELP, ctx.now)?.is_granted()
    {
        return Ok(false);
    }
    let own = CounterKey::help(account, reason);
    if !limit::take(ctx.book, &own, &limit::ONCE_A_DAY, ctx.now)?.is_granted() {
        return Ok(false);
    }
    match site {
        Some(site) => Ok(limit::take(ctx.book, site, &limit::SITE_HELP, ctx.now)?.is_granted()),
        None => Ok(true),
    }
}

fn help_reason(reason: DecoyReason, standing: &Standing) -> Option<HelpReason> {
    let registered = standing
        .methods
        .iter()
        .filter(|method| method.is_registered());
    match reason {
        DecoyReason::Unknown | DecoyReason::Ambiguous | DecoyReason::Disabled => None,
        // The owner is told of that in a mail of its own (M12).
        DecoyReason::Rests => None,
        DecoyReason::Scope => Some(HelpReason::NotSwitchedOn),
        DecoyReason::Methods if standing.methods.is_empty() => Some(HelpReason::NotSetUp),
        DecoyReason::Methods => Some(HelpReason::TooFew),
        DecoyReason::Probation => Some(HelpReason::Probation {
            from: registered
                .filter_map(|method| method.probation_until)
                .max()?,
        }),
        DecoyReason::Expired => Some(HelpReason::AskHelpdesk),
        DecoyReason::Protected | DecoyReason::Administrator | DecoyReason::NoChange => {
            Some(HelpReason::AdministratorOnly)
        }
        DecoyReason::Frozen => Some(HelpReason::Frozen),
    }
}
