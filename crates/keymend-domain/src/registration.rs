//! Signed-in people, and giving Keymend methods (source: behaviour §3.2, §5).

mod contact;
mod offer;
mod review;
mod session;
mod sign_in;

use serde::{Deserialize, Serialize};

use crate::account::Account;
use crate::audit::{ActorKind, AuditDeed, AuditEvent, AuditResult, Personal};
use crate::code::Tag;
use crate::deliver::{Notice, Recipient, Tidings};
use crate::directory::MustChange;
use crate::flow::{Context, FlowFault, Standing, Telling, Veto, tell, veto};
use crate::id::{CorrelationId, MethodId};
use crate::limit::Lane;
use crate::method::{Class, Contact, Method, MethodKind};
use crate::policy::{Eligibility, Policy, Required};
use crate::refusal::Refusal;
use crate::time::{MINUTE_MS, Moment};

pub use contact::ContactFacts;
pub use offer::Candidate;
pub use session::{FAMILIAR_BROWSERS_MOST, SIGN_INS_MOST};
pub use sign_in::{Attempt, SignInTarget, may_try, signed_in};

/// What lasts about a person's registration, beside the methods themselves.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Profile {
    /// How often registration was put off.
    pub skips_used: u32,
    /// When the person last looked through the methods.
    pub reviewed_at: Option<Moment>,
}

/// What a signed-in person may do just now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Level {
    /// Everything.
    Full,
    /// Nothing but choosing a new password: the directory demands it.
    MustChange(MustChange),
}

/// What is due at a sign-in, before anything else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Due {
    /// Nothing.
    Nothing,
    /// Registration.
    Register {
        /// How many methods of different kinds are needed.
        needed: u32,
        /// Whether it may be put off now, and how often still (`None`: as often as one likes).
        skips: Skips,
    },
    /// Looking through the methods again.
    Review,
}

/// Whether registration may be put off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Skips {
    /// No.
    None,
    /// So many times.
    Left(u32),
    /// As often as one likes.
    Unlimited,
}

/// Why a code was asked for by a signed-in person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Goal {
    /// To confirm a new contact.
    Confirm,
    /// To show once more that it is the owner.
    Prove(MethodId),
}

/// A code that a signed-in person is expected to type.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Pending {
    /// What for.
    pub goal: Goal,
    /// By which way.
    pub kind: MethodKind,
    /// Where to.
    pub contact: Contact,
    answer: Tag,
    issue: u32,
    tries: u32,
    /// How many codes were sent.
    pub codes: u32,
    /// Digits of the code.
    pub digits: u32,
    /// When it was asked for.
    pub asked_at: Moment,
    expires_at: Moment,
    /// No carrier took it.
    pub failed: bool,
    /// The place came from the directory; whoever only knows the password may not read it.
    #[serde(default)]
    is_offered: bool,
}

/// Somebody who signed in: one browser, one account.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Person {
    /// The journey.
    pub correlation: CorrelationId,
    /// The account as read at sign-in.
    pub account: Account,
    /// What they may do.
    pub level: Level,
    /// Which counters they move.
    pub lane: Lane,
    /// When they signed in.
    pub signed_in_at: Moment,
    /// When they last did something.
    pub seen_at: Moment,
    /// When they last proved a method.
    pub proven_at: Option<Moment>,
    /// The code that is expected.
    pub pending: Option<Pending>,
    /// Rises with every form; forms carry it.
    pub step: u32,
    /// What the next page has to say about the last form.
    pub said: Option<Refusal>,
    /// Registration was put off in this sign-in.
    pub has_skipped: bool,
    /// An older sign-in ended because of this one, and the person has not been told yet.
    #[serde(default)]
    pub ended_others: bool,
    codes_asked: u32,
}

/// What a signed-in step changes beside the person.
#[derive(Debug, Clone, Default)]
pub struct PersonEffects {
    /// A method to save.
    pub add_method: Option<Method>,
    /// A method to remove.
    pub remove_method: Option<MethodId>,
    /// Methods whose probation ends, because an older one vouched.
    pub used_method: Option<MethodId>,
    /// Registration facts to save.
    pub profile: Option<Profile>,
    /// Every older code, link and flow of the account dies.
    pub raises_epoch: bool,
    /// This browser is one of the owner's from now on.
    pub is_familiar: bool,
    /// The browser gets a new handle, and the old one is worth nothing (security-gates §5).
    pub renews_handle: bool,
    /// The "not me" link of the notices.
    pub veto: Option<Veto>,
    /// The person is signed out.
    pub signs_out: bool,
}

/// What one decision of a signed-in person leaves behind.
#[derive(Debug)]
pub struct PersonStep {
    /// The person after the step.
    pub person: Person,
    /// Messages to be sent.
    pub notices: Vec<Notice>,
    /// Lines for the audit log.
    pub audit: Vec<AuditEvent>,
    /// Why they did not get further, if they did not.
    pub refusal: Option<Refusal>,
    /// Everything else.
    pub effects: PersonEffects,
}

impl PersonStep {
    fn of(person: Person) -> Self {
        Self {
            person,
            notices: Vec::new(),
            audit: Vec::new(),
            refusal: None,
            effects: PersonEffects::default(),
        }
    }

    fn moves(mut self) -> Self {
        self.person.step = self.person.step.saturating_add(1);
        self.person.ended_others = false;
        self.person.said = None;
        self
    }

    fn says(mut self, refusal: Refusal) -> Self {
        self.person.step = self.person.step.saturating_add(1);
        self.person.ended_others = false;
        self.person.said = Some(refusal.clone());
        self.refusal = Some(refusal);
        self
    }
}

impl Person {
    /// Whether the sign-in is over: idle too long, or too old (behaviour §2.3).
    #[must_use]
    pub fn is_over(&self, policy: &Policy, now: Moment) -> bool {
        now >= self.ends_at(policy)
    }

    /// When the sign-in ends if nothing more happens.
    #[must_use]
    pub fn ends_at(&self, policy: &Policy) -> Moment {
        let limits = &policy.settings().limits;
        let idle = self
            .seen_at
            .plus_ms(i64::from(limits.idle_mins) * MINUTE_MS);
        let oldest = self
            .signed_in_at
            .plus_ms(i64::from(limits.signed_in_mins) * MINUTE_MS);
        idle.min(oldest)
    }

    /// Whether an existing method was proved recently enough to change security info.
    #[must_use]
    pub fn has_fresh_proof(&self, policy: &Policy, now: Moment) -> bool {
        let fresh_ms = i64::from(policy.settings().limits.fresh_proof_mins) * MINUTE_MS;
        self.proven_at
            .is_some_and(|at| now.since_ms(at) <= fresh_ms)
    }

    /// Whether a change of security info needs a fresh proof first: it does as soon as one
    /// counting method exists (ASVS 5.0 7.5.1).
    #[must_use]
    pub fn needs_proof(&self, standing: &Standing, policy: &Policy, now: Moment) -> bool {
        let mut counting = standing
            .methods
            .iter()
            .filter(|own| policy.counts(own, now));
        counting.next().is_some() && !self.has_fresh_proof(policy, now)
    }

    /// What is due before anything else.
    #[must_use]
    pub fn due(&self, standing: &Standing, profile: &Profile, policy: &Policy, now: Moment) -> Due {
        let settings = &policy.settings().registration;
        let is_concerned = policy.eligibility(&self.account) == Eligibility::Eligible
            && self.account.state.protection.is_none();
        if !is_concerned || settings.required == Required::No || self.has_skipped {
            return Due::Nothing;
        }
        if !is_registered(&standing.methods, policy) {
            return Due::Register {
                needed: policy.gates(),
                skips: skips(profile, policy),
            };
        }
        let newest = standing.methods.iter().map(|own| own.added_at).max();
        let reviewed = profile.reviewed_at.max(newest);
        match (policy.reconfirm_ms(), reviewed) {
            (Some(after), Some(at)) if now.since_ms(at) >= after => Due::Review,
            _ => Due::Nothing,
        }
    }

    /// What stands before a change of security info: a password that must be replaced first
    /// (behaviour §3.4, S24), or a fresh proof.
    fn stops(&self, standing: &Standing, ctx: &Context<'_>) -> Option<Refusal> {
        if self.level != Level::Full {
            return Some(Refusal::StepWrong);
        }
        if standing.is_frozen {
            // Whoever is signed in may be the thief the owner reported.
            return Some(Refusal::StandingLost);
        }
        self.needs_proof(standing, ctx.policy, ctx.now)
            .then_some(Refusal::ProofWanted)
    }

    fn event(&self, ctx: &Context<'_>, deed: AuditDeed, result: AuditResult) -> AuditEvent {
        let actor = ActorKind::Account;
        let mut event = AuditEvent::new(ctx.now, deed, result, actor, self.correlation.clone());
        event.subject = Some(self.account.id.key());
        event.directory = Some(self.account.id.directory.0.clone());
        event.policy = Some(format!("v{}", ctx.policy.version()));
        event.personal = Personal {
            login: Some(self.account.login.clone()),
            address: Some(ctx.caller.origin.address.clone()).filter(|text| !text.is_empty()),
            browser: Some(ctx.caller.origin.browser.clone()).filter(|text| !text.is_empty()),
            ..Personal::default()
        };
        event
    }

    /// One notice to each of the owner's places, as they were before, and to one more place.
    fn tell(
        &self,
        ctx: &Context<'_>,
        (methods, also): (&[Method], Option<Recipient>),
        tidings: &Tidings,
        link: &Veto,
    ) -> Result<Vec<Notice>, FlowFault> {
        if !ctx.policy.settings().notifications.person {
            return Ok(Vec::new());
        }
        let mut places = Recipient::of_owner(&self.account, methods);
        places.extend(also.filter(|place| !places.contains(place)));
        let telling = Telling {
            tidings,
            veto: Some(link),
        };
        Ok(tell(
            ctx,
            &self.correlation,
            &self.account,
            places,
            &telling,
        )?)
    }

    fn link(&self, ctx: &Context<'_>) -> Result<Veto, FlowFault> {
        Ok(veto(ctx, &self.account.id)?)
    }
}

/// Whether an account has at least as many registered methods, of different classes, as its
/// policy has gates; probation included (behaviour §5.7).
#[must_use]
pub fn is_registered(methods: &[Method], policy: &Policy) -> bool {
    let mut classes: Vec<Class> = methods
        .iter()
        .filter(|own| policy.registers(own))
        .map(|own| own.kind.class())
        .collect();
    classes.sort_unstable();
    classes.dedup();
    u32::try_from(classes.len()).is_ok_and(|count| count >= policy.gates())
}

fn skips(profile: &Profile, policy: &Policy) -> Skips {
    let settings = &policy.settings().registration;
    match (settings.required, settings.skips) {
        (Required::Yes, _) => Skips::None,
        (_, 0) => Skips::Unlimited,
        (_, most) => match most.saturating_sub(profile.skips_used) {
            0 => Skips::None,
            left => Skips::Left(left),
        },
    }
}

#[cfg(test)]
mod tests;
