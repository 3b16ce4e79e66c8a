//! Endings that are not a write, more time, and changes of mind.

use super::{Context, Ending, Flow, FlowFault, Intent, Stage, Step};
use crate::audit::{ActorKind, AuditDeed, AuditEvent, AuditResult};
use crate::refusal::Refusal;
use crate::time::{MINUTE_MS, Moment};

/// How often a person may ask for more time (WCAG 2.2 SC 2.2.1 asks for ten).
pub const EXTENSIONS_MOST: u32 = 10;
const EXTENSION_MS: i64 = 5 * MINUTE_MS;

impl Flow {
    /// "I need more time": five minutes more, ten times at most.
    ///
    /// # Errors
    ///
    /// [`FlowFault`]; nothing may be saved.
    pub fn more_time(mut self, ctx: &mut Context<'_>) -> Result<Step, FlowFault> {
        if self.extensions >= EXTENSIONS_MOST || matches!(self.stage, Stage::Closed(_)) {
            return Ok(Step {
                refusal: Some(Refusal::StepWrong),
                ..Step::of(self)
            });
        }
        self.extensions = self.extensions.saturating_add(1);
        self.expires_at = self.expires_at.plus_ms(EXTENSION_MS);
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
        let may = intent == Intent::Reset || ctx.policy.settings().actions.unlock_without_reset;
        let own = match &mut self.stage {
            // Before the first gate the intent is part of what every visitor sees.
            Stage::Proving(proving) if !proving.proofs.is_empty() => &mut proving.intent,
            Stage::Proven(proven) => &mut proven.intent,
            _ => return Ok(self.out_of_order(ctx)),
        };
        if !may {
            return Ok(self.out_of_order(ctx));
        }
        *own = intent;
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
