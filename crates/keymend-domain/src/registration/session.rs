//! One sign-in among others: how many there may be, and what a fresh proof does to it.

use super::{Person, PersonStep};
use crate::audit::{AuditDeed, AuditEvent, AuditResult};
use crate::flow::Context;
use crate::limit::Lane;
use crate::policy::Policy;
use crate::time::{DAY_MS, Moment};

/// Sign-ins one person may have at one time (security-gates §5).
pub const SIGN_INS_MOST: usize = 3;

/// Browsers that are remembered as familiar for one account; the oldest mark goes first.  More
/// than anybody uses, and few enough that marks cannot be piled up.
pub const FAMILIAR_BROWSERS_MOST: u32 = 10;

/// How long a sign-in that is over is remembered, so that its browser can be told why it has to
/// sign in again (KM-1105).
const TOLD_FOR_MS: i64 = DAY_MS;

impl Person {
    /// When the sign-in may be forgotten altogether.
    #[must_use]
    pub fn forget_at(&self, policy: &Policy) -> Moment {
        self.ends_at(policy).plus_ms(TOLD_FOR_MS)
    }

    /// Takes a place among the sign-ins of the same person: gives those that end because of it,
    /// the oldest first, each with its line for the log.  What is over takes no place.
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
        open.sort_by_key(|(_, own)| own.signed_in_at);
        let surplus = (open.len() + 1).saturating_sub(SIGN_INS_MOST);
        self.ended_others = surplus > 0;
        let ended = open.into_iter().take(surplus);
        ended
            .map(|(handle, own)| {
                let event = own.event(ctx, AuditDeed::SigninEnded, AuditResult::Info);
                (handle, event.because("newer-sign-in"))
            })
            .collect()
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
