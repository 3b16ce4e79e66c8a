//! Putting registration off, looking through methods again, and signing out.

use super::{Due, Person, PersonStep, Profile, Skips};
use crate::audit::{AuditDeed, AuditResult};
use crate::flow::{Context, Standing};
use crate::refusal::Refusal;

impl Person {
    /// "Not now".
    #[must_use]
    pub fn skip(mut self, standing: &Standing, profile: &Profile, ctx: &Context<'_>) -> PersonStep {
        self.seen_at = ctx.now;
        let mut profile = profile.clone();
        match self.due(standing, &profile, ctx.policy, ctx.now) {
            Due::Register {
                skips: Skips::None, ..
            } => {
                return PersonStep::of(self).says(Refusal::SkipOver);
            }
            Due::Register { .. } => {
                profile.skips_used = profile.skips_used.saturating_add(1);
            }
            Due::Review | Due::Nothing => {}
        }
        self.has_skipped = true;
        let mut event = self.event(ctx, AuditDeed::RegistrationSkipped, AuditResult::Info);
        event.count = Some(i64::from(profile.skips_used));
        let mut step = PersonStep::of(self);
        step.audit.push(event);
        step.effects.profile = Some(profile);
        step.moves()
    }

    /// "Still right": everything was looked through.  Asked for after one fresh proof.
    #[must_use]
    pub fn reconfirm(
        mut self,
        standing: &Standing,
        profile: &Profile,
        ctx: &Context<'_>,
    ) -> PersonStep {
        self.seen_at = ctx.now;
        if let Some(refusal) = self.stops(standing, ctx) {
            return PersonStep::of(self).says(refusal);
        }
        let event = self.event(
            ctx,
            AuditDeed::RegistrationReconfirmed,
            AuditResult::Success,
        );
        let mut step = PersonStep::of(self);
        step.audit.push(event);
        step.effects.profile = Some(Profile {
            reviewed_at: Some(ctx.now),
            ..profile.clone()
        });
        step.moves()
    }

    /// Leaving.
    #[must_use]
    pub fn sign_out(self, ctx: &Context<'_>) -> PersonStep {
        let event = self.event(ctx, AuditDeed::SigninEnded, AuditResult::Info);
        let mut step = PersonStep::of(self);
        step.audit.push(event);
        step.effects.signs_out = true;
        step
    }
}
