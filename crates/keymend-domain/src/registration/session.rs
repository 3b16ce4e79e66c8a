//! One sign-in among others: how many there may be, and what a fresh proof does to it.

use super::{Person, PersonStep};
use crate::audit::{AuditDeed, AuditEvent, AuditResult};
use crate::flow::Context;
use crate::limit::Lane;

/// Sign-ins one person may have at one time (security-gates §5).
pub const SIGN_INS_MOST: usize = 3;

/// Browsers that are remembered as familiar for one account; the oldest mark goes first.  More
/// than anybody uses, and few enough that marks cannot be piled up.
pub const FAMILIAR_BROWSERS_MOST: u32 = 10;

impl Person {
    /// Takes a place among the sign-ins of the same person: gives those that end because of it,
    /// each with its line for the log.  What is over takes no place.
    ///
    /// The oldest goes first, and before any that showed more than a password: somebody who only
    /// knows the password could otherwise end the owner's sign-ins, three times a minute.
    #[must_use]
    pub fn pushes_out<H>(
        &mut self,
        others: Vec<(H, Person)>,
        ctx: &Context<'_>,
    ) -> Vec<(H, AuditEvent)> {
        let mut open: Vec<(H, Person)> = others
            .into_iter()
            .filter(|(_, own)| !own.is_over(ctx.policy, ctx.now))
            .collect();
        open.sort_by_key(|(_, own)| (own.is_recognised(), own.signed_in_at));
        let surplus = (open.len() + 1).saturating_sub(SIGN_INS_MOST);
        self.ended_others = surplus > 0;
        let ended = open.into_iter().take(surplus);
        ended
            .map(|(handle, own)| (handle, own.ended(ctx, "newer-sign-in")))
            .collect()
    }

    /// The log's line about this sign-in, ended by something that was done elsewhere.
    #[must_use]
    pub fn ended(&self, ctx: &Context<'_>, why: &'static str) -> AuditEvent {
        let event = self.event(ctx, AuditDeed::SigninEnded, AuditResult::Info);
        event.because(why)
    }

    /// Whether more than a password says that it is the owner.
    fn is_recognised(&self) -> bool {
        self.proven_at.is_some() || self.lane == Lane::Familiar
    }
}

impl PersonStep {
    /// A method that counts was proved just now: the proof is fresh, a handle that somebody saw
    /// before is worth nothing after, and the browser is one of the owner's.
    pub(super) fn recognises_owner(&mut self, ctx: &Context<'_>) {
        self.person.proven_at = Some(ctx.now);
        self.effects.renews_handle = true;
        let is_remembered = ctx.policy.settings().limits.familiar_days > 0;
        if is_remembered && self.person.lane == Lane::Unfamiliar {
            self.person.lane = Lane::Familiar;
            self.effects.is_familiar = true;
        }
    }
}
