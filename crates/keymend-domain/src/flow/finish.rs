//! Endings that are not a write, more time, and changes of mind.

use super::{Asking, Context, Ending, Flow, FlowFault, Intent, Stage, Step};
use crate::audit::{ActorKind, AuditDeed, AuditEvent, AuditResult};
use crate::refusal::Refusal;
use crate::time::{MINUTE_MS, Moment};

/// How often a person may ask for more time (WCAG 2.2 SC 2.2.1 asks for ten).
pub const EXTENSIONS_MOST: u32 = 10;
const EXTENSION_MS: i64 = 5 * MINUTE_MS;

impl Flow {
    /// "I need more time": five minutes more, ten times at most, and never beyond the life of a
    /// proof that was given.
    ///
    /// # Errors
    ///
    /// [`FlowFault`]; nothing may be saved.
    pub fn more_time(mut self, ctx: &mut Context<'_>) -> Result<Step, FlowFault> {
        if self.is_over(ctx.now) {
            return Ok(self.times_out(ctx));
        }
        let later = self.expires_at.plus_ms(EXTENSION_MS).min(self.latest());
        let is_closed = matches!(self.stage, Stage::Closed(_));
        if self.extensions >= EXTENSIONS_MOST || is_closed || later <= self.expires_at {
            return Ok(Step {
                refusal: Some(Refusal::StepWrong),
                ..Step::of(self)
            });
        }
        self.extensions = self.extensions.saturating_add(1);
        self.expires_at = later;
        let said = self.said.clone();
        let mut step = Step::of(self);
        let event = step
            .flow
            .event(ctx, AuditDeed::FlowExtended, AuditResult::Info);
        step.audits(event);
        let mut step = step.moves();
        step.flow.said = said;
        Ok(step)
    }

    /// The person gives up.
    ///
    /// # Errors
    ///
    /// [`FlowFault`]; nothing may be saved.
    pub fn cancel(self, ctx: &mut Context<'_>) -> Result<Step, FlowFault> {
        if self.is_over(ctx.now) {
            return Ok(self.times_out(ctx));
        }
        if matches!(self.stage, Stage::Closed(_) | Stage::Writing(_)) {
            return Ok(Step {
                refusal: Some(Refusal::StepWrong),
                ..Step::of(self)
            });
        }
        let mut step = Step::of(self);
        let event = step
            .flow
            .event(ctx, AuditDeed::FlowCancelled, AuditResult::Info);
        step.audits(event);
        Ok(step.ends(Ending::Cancelled))
    }

    /// Another wish, gates kept: "Choose a new password" instead of unlocking, or the reverse.
    ///
    /// # Errors
    ///
    /// [`FlowFault`]; nothing may be saved.
    pub fn switch_intent(
        mut self,
        intent: Intent,
        ctx: &mut Context<'_>,
    ) -> Result<Step, FlowFault> {
        if self.is_over(ctx.now) {
            return Ok(self.times_out(ctx));
        }
        let may = intent == Intent::Reset || self.may_unlock(ctx.policy);
        if !may {
            return Ok(self.out_of_order(ctx));
        }
        match &mut self.stage {
            // Before the first gate the intent is part of what every visitor sees.
            Stage::Proving(proving) if !proving.proofs.is_empty() => {
                proving.intent = intent;
                // A code is bound to what it was asked for, so an older one fits no more.
                proving.asking = Asking::Menu;
            }
            Stage::Proven(proven) => proven.intent = intent,
            _ => return Ok(self.out_of_order(ctx)),
        }
        let mut step = Step::of(self);
        let event = step
            .flow
            .event(ctx, AuditDeed::FlowIntent, AuditResult::Info);
        step.audits(event.because(match intent {
            Intent::Reset => "reset",
            Intent::Unlock => "unlock",
        }));
        Ok(step.moves())
    }

    /// A form that came after the end.
    pub(super) fn times_out(self, ctx: &Context<'_>) -> Step {
        let mut step = self.expire(ctx.now);
        step.refusal = Some(Refusal::FlowExpired);
        step
    }

    /// The time is over.
    #[must_use]
    pub fn expire(self, now: Moment) -> Step {
        self.close(Ending::Expired, AuditDeed::FlowExpired, now)
    }

    /// Another flow, or another change of the account, took over.
    #[must_use]
    pub fn replace(self, now: Moment) -> Step {
        self.close(Ending::Replaced, AuditDeed::FlowReplaced, now)
    }

    fn close(self, ending: Ending, deed: AuditDeed, now: Moment) -> Step {
        let correlation = self.correlation.clone();
        let subject = self.account().map(crate::account::AccountRef::key);
        let mut step = Step::of(self);
        let mut event =
            AuditEvent::new(now, deed, AuditResult::Info, ActorKind::System, correlation);
        event.subject = subject;
        step.audits(event);
        step.ends(ending)
    }
}
