//! Orders: opened on disk before anything is sent.

use super::open::{Standing, account_reason};
use super::{
    Caller, Closed, Context, Ending, Flow, FlowFault, Intent, Known, OpenOrder, Proven, Stage,
    Step, Writing, flow_life_ms,
};
use crate::account::Account;
use crate::audit::{AuditDeed, AuditResult};
use crate::directory::{Deed, DeedKind, RuleBroken, WriteOrder};
use crate::id::{CorrelationId, FlowId, OrderId};
use crate::limit::{self, CounterKey, Lane};
use crate::policy::Eligibility;
use crate::refusal::Refusal;
use crate::secret::Password;
use crate::time::{Moment, SECOND_MS};

/// After this long an order either happened or never will (behaviour §2.5).
const ORDER_LIFE_MS: i64 = 30 * SECOND_MS;

/// The account as read again right before the write.
#[derive(Debug, Clone)]
pub struct Fresh {
    /// The entry; `None` if it is gone.
    pub account: Option<Account>,
    /// What the store holds about it now.
    pub standing: Standing,
}

/// What our own rules and the readable ones of the directory said to a new password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judged {
    /// Every broken rule; none if it may be tried.
    pub broken: Vec<RuleBroken>,
}

/// A step that may have opened an order.
#[derive(Debug)]
pub struct Opened {
    /// To be saved before the ticket is used.
    pub step: Step,
    /// Permission for one write; `None` if the step refused.
    pub ticket: Option<Ticket>,
}

/// Permission for exactly one write, made only from a proven flow or a signed-in change.
#[derive(Debug)]
pub struct Ticket {
    order: OpenOrder,
    unlocks: bool,
}

impl Ticket {
    /// The order as it was saved.
    #[must_use]
    pub fn order(&self) -> &OpenOrder {
        &self.order
    }

    /// The write order.  `current` matters for changes only; an unlock takes no password.
    /// Gives `None` if the passwords do not fit the kind of order.
    #[must_use]
    pub fn into_order<'a>(
        self,
        new: Option<&'a Password>,
        current: Option<&'a Password>,
    ) -> Option<WriteOrder<'a>> {
        let deed = match (self.order.kind, new, current) {
            (DeedKind::Reset, Some(new), _) => Deed::Reset {
                new,
                unlocks: self.unlocks,
            },
            (DeedKind::Change, Some(new), Some(current)) => Deed::Change { current, new },
            (DeedKind::Unlock, _, _) => Deed::Unlock,
            (DeedKind::Reset | DeedKind::Change, _, _) => return None,
        };
        let OpenOrder {
            id,
            account,
            deadline,
            ..
        } = self.order;
        Some(WriteOrder::new(id, account, deadline, deed))
    }
}

impl Flow {
    /// A new password for a proven flow: judged, and if nothing stands in the way, ordered.
    ///
    /// # Errors
    ///
    /// [`FlowFault`]; nothing may be saved or written.
    pub fn order_reset(
        mut self,
        fresh: &Fresh,
        judged: Judged,
        ctx: &mut Context<'_>,
    ) -> Result<Opened, FlowFault> {
        if self.is_over(ctx.now) {
            return Ok(refused(self.times_out(ctx)));
        }
        let Stage::Proven(proven) = &mut self.stage else {
            return Ok(refused(self.out_of_order(ctx)));
        };
        if proven.intent() != Intent::Reset {
            return Ok(refused(self.out_of_order(ctx)));
        }
        proven.submissions = proven.submissions.saturating_add(1);
        if proven.submissions > ctx.policy.settings().limits.submissions_most {
            return Ok(refused(self.times_out(ctx)));
        }
        if let Some(lost) = self.lost(fresh, DeedKind::Reset, ctx)? {
            return Ok(refused(self.refuse(lost, ctx)));
        }
        if !judged.broken.is_empty() {
            let mut step = Step::of(self);
            let event = step
                .flow
                .event(ctx, AuditDeed::PasswordRejected, AuditResult::Refused);
            step.audits(event.because(codes(&judged.broken)));
            return Ok(refused(step.says(Refusal::PasswordRejected(judged.broken))));
        }
        self.order(DeedKind::Reset, fresh, ctx)
    }

    /// The lock lifted, for a proven flow.
    ///
    /// # Errors
    ///
    /// [`FlowFault`]; nothing may be saved or written.
    pub fn order_unlock(self, fresh: &Fresh, ctx: &mut Context<'_>) -> Result<Opened, FlowFault> {
        if self.is_over(ctx.now) {
            return Ok(refused(self.times_out(ctx)));
        }
        let may = self.may_unlock(ctx.policy);
        match &self.stage {
            Stage::Proven(proven) if may && proven.intent() == Intent::Unlock => {}
            _ => return Ok(refused(self.out_of_order(ctx))),
        }
        if let Some(lost) = self.lost(fresh, DeedKind::Unlock, ctx)? {
            return Ok(refused(self.refuse(lost, ctx)));
        }
        let is_locked = fresh
            .account
            .as_ref()
            .is_some_and(|account| account.state.lock.is_some());
        if !is_locked {
            return Ok(refused(Step::of(self).says(Refusal::LockNone)));
        }
        self.order(DeedKind::Unlock, fresh, ctx)
    }

    /// A change by somebody whom the directory will ask for the old password: a flow of its own
    /// that begins with the order.  It needs no proofs, for the directory itself asks for the old
    /// password; whether that may be asked is for [`crate::registration::may_try`] to say.
    ///
    /// # Errors
    ///
    /// [`FlowFault`]; nothing may be saved or written.
    pub fn order_change(
        account: &Account,
        standing: Standing,
        (correlation, forced): (CorrelationId, bool),
        ctx: &mut Context<'_>,
    ) -> Result<Opened, FlowFault> {
        let known = Known {
            account: account.clone(),
            methods: standing.methods.clone(),
            epoch: standing.epoch,
        };
        let proven = Proven {
            known,
            intent: Intent::Reset,
            proofs: Vec::new(),
            submissions: 1,
            was_lengthened: false,
        };
        let flow = Self {
            id: FlowId::fresh(ctx.now, ctx.entropy)?,
            correlation,
            claim: account.login.clone(),
            claim_tag: String::new(),
            lane: lane(ctx.caller, account),
            stage: Stage::Proven(proven),
            opened_at: ctx.now,
            expires_at: ctx.now.plus_ms(flow_life_ms(ctx)),
            extensions: 0,
            step: 1,
            said: None,
            violations: 0,
        };
        let fresh = Fresh {
            account: Some(account.clone()),
            standing,
        };
        if let Some(refusal) = change_refusal(account, ctx) {
            let mut step = Step::of(flow);
            step.effects.renews_handle = true;
            let event = step
                .flow
                .event(ctx, AuditDeed::FlowRefused, AuditResult::Refused);
            step.audits(event.because(refusal.code()));
            step.refusal = Some(refusal.clone());
            return Ok(refused(step.ends(Ending::NotDone(refusal))));
        }
        let mut opened = flow.order(DeedKind::Change, &fresh, ctx)?;
        opened.step.effects.renews_handle = true;
        if let Stage::Writing(writing) = &mut opened.step.flow.stage {
            writing.order.forced = forced;
        }
        Ok(opened)
    }

    /// Why a proven flow may no longer write, looked at afresh.
    fn lost(
        &self,
        fresh: &Fresh,
        kind: DeedKind,
        ctx: &mut Context<'_>,
    ) -> Result<Option<Refusal>, FlowFault> {
        let Stage::Proven(proven) = &self.stage else {
            return Ok(Some(Refusal::StandingLost));
        };
        let Some(account) = &fresh.account else {
            return Ok(Some(Refusal::StandingLost));
        };
        let is_same = account.id == proven.known().account.id;
        let holds = is_same
            && account_reason(account, &fresh.standing, ctx).is_none()
            && proven.satisfies(&self.id, fresh.standing.epoch, (ctx.policy, ctx.now));
        if !holds {
            return Ok(Some(Refusal::StandingLost));
        }
        let directory = &account.id.directory.0;
        if !ctx.policy.writes_to(&account.id) {
            let directory = directory.clone();
            return Ok(Some(Refusal::SitePaused { directory }));
        }
        let resets = CounterKey::resets(&account.id);
        let has_room = limit::peek(ctx.book, &resets, &limit::RESETS, ctx.now)?.is_granted();
        if kind == DeedKind::Reset && !has_room {
            return Ok(Some(Refusal::StandingLost));
        }
        Ok(None)
    }

    fn refuse(self, refusal: Refusal, ctx: &Context<'_>) -> Step {
        let mut step = Step::of(self);
        if !matches!(refusal, Refusal::SitePaused { .. }) {
            return step.flow_refused(refusal, ctx);
        }
        let event = step
            .flow
            .event(ctx, AuditDeed::FlowRefused, AuditResult::Refused);
        step.audits(event.because(refusal.code()));
        // A pause may be over in a minute; the gates are kept until then.
        step.says(refusal)
    }

    fn order(
        mut self,
        kind: DeedKind,
        fresh: &Fresh,
        ctx: &mut Context<'_>,
    ) -> Result<Opened, FlowFault> {
        let Stage::Proven(proven) = self.stage else {
            return Ok(refused(self.out_of_order(ctx)));
        };
        let account = &proven.known.account;
        let state = fresh
            .account
            .as_ref()
            .map_or(&account.state, |fresh| &fresh.state);
        let order = OpenOrder {
            id: OrderId::fresh(ctx.now, ctx.entropy)?,
            account: account.id.clone(),
            kind,
            opened_at: ctx.now,
            deadline: ctx.now.plus_ms(ORDER_LIFE_MS),
            changed_before: state.password_changed_at,
            was_locked: state.lock.is_some(),
            forced: false,
        };
        let unlocks = ctx.policy.settings().actions.reset_unlocks;
        self.stage = Stage::Writing(Writing {
            proven,
            order: order.clone(),
        });
        let mut step = Step::of(self);
        let mut event = step
            .flow
            .event(ctx, AuditDeed::OrderOpened, AuditResult::Info);
        event.order_id = Some(order.id.to_string());
        step.audits(event.because(kind_word(kind)));
        Ok(Opened {
            step: step.moves(),
            ticket: Some(Ticket { order, unlocks }),
        })
    }
}

fn refused(step: Step) -> Opened {
    Opened { step, ticket: None }
}

/// Why a person who knows the password may not change it here.
fn change_refusal(account: &Account, ctx: &Context<'_>) -> Option<Refusal> {
    if account.state.protection.is_some() {
        return Some(Refusal::WriteProtected);
    }
    if !ctx.policy.writes_to(&account.id) {
        let directory = account.id.directory.0.clone();
        return Some(Refusal::SitePaused { directory });
    }
    let may_anyone = ctx.policy.settings().actions.change_out_of_scope;
    let is_outside = matches!(
        ctx.policy.eligibility(account),
        Eligibility::SiteOff | Eligibility::OutOfScope
    );
    (is_outside && !may_anyone).then_some(Refusal::StandingLost)
}

fn lane(caller: &Caller, account: &Account) -> Lane {
    if caller.familiar_account.as_deref() == Some(account.id.key().as_str()) {
        Lane::Familiar
    } else {
        Lane::Unfamiliar
    }
}

pub(super) fn codes(broken: &[RuleBroken]) -> String {
    broken
        .iter()
        .map(RuleBroken::code)
        .collect::<Vec<_>>()
        .join(",")
}

fn kind_word(kind: DeedKind) -> &'static str {
    match kind {
        DeedKind::Reset => "reset",
        DeedKind::Change => "change",
        DeedKind::Unlock => "unlock",
    }
}

impl Closed {
    /// How it ended.
    #[must_use]
    pub fn ending(&self) -> &Ending {
        &self.ending
    }

    /// The login name, if the flow had got that far.
    #[must_use]
    pub fn login(&self) -> Option<&str> {
        self.login.as_deref()
    }
}

/// When the flow's time is over, judged at `now`.
impl Flow {
    /// Whether the flow's time is over and no order keeps it open.
    #[must_use]
    pub fn is_over(&self, now: Moment) -> bool {
        match self.stage {
            Stage::Closed(_) | Stage::Writing(_) => false,
            Stage::Choosing(_) | Stage::Proving(_) | Stage::Proven(_) => now >= self.expires_at,
        }
    }
}
