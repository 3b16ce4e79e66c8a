//! Answers: right ones open gates, wrong ones are counted before anybody looks at them.

use super::budget::{alert_site, note_answered_text};
use super::challenge::code_tag;
use super::open::{may_mail, may_tell_tries};
use super::{
    Asking, Challenge, Choosing, Context, Decoy, DecoyReason, EndOthers, Ending, Flow, FlowFault,
    Intent, Known, Prepaid, Proof, Proven, Proving, Stage, Step, Subject, veto,
};
use crate::audit::{AuditDeed, AuditResult};
use crate::deliver::Tidings;
use crate::id::FlowId;
use crate::limit::{self, CounterKey, NameState};
use crate::method::MethodKind;
use crate::policy::Policy;
use crate::refusal::Refusal;
use crate::secret::Secret;
use crate::time::{DAY_MS, MINUTE_MS, Moment};

/// Wrong answers at the second gate, in a day, after which the owner hears that somebody got
/// half-way.
const HALF_WAY: limit::Window = limit::Window {
    most: 3,
    span_ms: DAY_MS,
};
/// How long a proof counts (security-gates §5).
const PROOF_LIFE_MS: i64 = 15 * MINUTE_MS;
/// Wrong answers in a row after which the owner is told.
const STREAK_TOLD: u32 = 10;
/// Requests out of order after which a flow ends.
const VIOLATIONS_MOST: u32 = 3;

impl Flow {
    /// A typed code; `None` if it is no code at all.
    ///
    /// The try is taken first, then the answer is compared; a wrong one gives a step *with* a
    /// refusal, because a lost try must be saved.
    ///
    /// # Errors
    ///
    /// [`FlowFault`]; nothing may be saved, and nothing was granted.
    pub fn prove(
        mut self,
        answer: Option<&Secret>,
        ctx: &mut Context<'_>,
    ) -> Result<Step, FlowFault> {
        if self.is_over(ctx.now) {
            return Ok(self.times_out(ctx));
        }
        let Stage::Proving(proving) = &self.stage else {
            return Ok(self.out_of_order(ctx));
        };
        let Asking::Code(challenge) = &proving.asking else {
            return Ok(self.out_of_order(ctx));
        };
        let Some(answer) = answer else {
            return Ok(Step::of(self).says(Refusal::FormMissing));
        };
        let challenge = challenge.clone();
        let kind = challenge.kind;
        let most = ctx.policy.settings().limits.tries_most;
        if challenge.prepaid.is_none() && proving.used(kind).tries >= most {
            return Ok(Step::of(self.back_to_menu()).says(Refusal::TriesUsedUp));
        }
        let allowed = match challenge.prepaid {
            Some(prepaid) => self.use_prepaid_try(kind, prepaid, ctx)?,
            None => self.take_try(kind, ctx)?,
        };
        match self.verify(&challenge, answer, allowed, ctx) {
            Some(proof) => self.right(proof, ctx),
            None => self.wrong(&challenge, allowed, ctx),
        }
    }

    /// Takes one try of a method, in this flow and on the account.  Says whether the account
    /// still has one; the flow's own count is what a visitor may see.
    pub(super) fn take_try(
        &mut self,
        kind: MethodKind,
        ctx: &mut Context<'_>,
    ) -> Result<bool, FlowFault> {
        let key = CounterKey::tries(&self.counted_as(), kind, self.lane);
        let per_hour = ctx.policy.settings().limits.tries_most;
        let taken = limit::take_try(ctx.book, &key, self.lane, per_hour, ctx.now)?;
        if let Stage::Proving(proving) = &mut self.stage {
            let usage = proving.usage_mut(kind);
            usage.tries = usage.tries.saturating_add(1);
        }
        Ok(taken.is_granted())
    }

    /// Uses the try that was taken when the code was asked for.
    fn use_prepaid_try(
        &mut self,
        kind: MethodKind,
        prepaid: Prepaid,
        ctx: &mut Context<'_>,
    ) -> Result<bool, FlowFault> {
        let key = CounterKey::tries(&self.counted_as(), kind, self.lane);
        let is_granted = prepaid.is_granted
            && limit::use_try(ctx.book, &key, self.lane, prepaid.taken_at, ctx.now)?;
        if let Stage::Proving(Proving {
            asking: Asking::Code(challenge),
            ..
        }) = &mut self.stage
        {
            challenge.prepaid = None;
        }
        Ok(is_granted)
    }

    /// The verifier: the one place where a proof is made.
    fn verify(
        &self,
        challenge: &Challenge,
        answer: &Secret,
        allowed: bool,
        ctx: &Context<'_>,
    ) -> Option<Proof> {
        let bound = self.known().zip(challenge.method.as_ref());
        // The tag is computed whoever was named: equal work for a decoy.
        let given = code_tag(self, challenge.issue, bound, (answer, ctx));
        let expected = challenge.answer?;
        let (known, method) = bound?;
        let is_right = given.matches(&expected);
        let still_counts = known
            .methods
            .iter()
            .any(|own| own.id == *method && ctx.policy.counts(own, ctx.now));
        let usable = allowed && ctx.now < challenge.expires_at && still_counts;
        (is_right && usable).then(|| Proof {
            flow: self.id.clone(),
            account: known.account.id.clone(),
            method: method.clone(),
            kind: challenge.kind,
            class: challenge.kind.class(),
            epoch: known.epoch,
            given_at: ctx.now,
            expires_at: ctx.now.plus_ms(PROOF_LIFE_MS),
        })
    }

    fn right(mut self, proof: Proof, ctx: &mut Context<'_>) -> Result<Step, FlowFault> {
        let kind = proof.kind;
        let method = proof.method.clone();
        let Stage::Proving(mut proving) = self.stage else {
            return Ok(self.out_of_order(ctx));
        };
        proving.proofs.push(proof);
        proving.asking = Asking::Menu;
        let gate = u32::try_from(proving.proofs.len()).unwrap_or(u32::MAX);
        let is_last = gate >= ctx.policy.gates();
        self.stage = match (is_last, proving.subject) {
            (true, Subject::Known(known)) => Stage::Proven(Proven {
                known: *known,
                intent: proving.intent,
                proofs: proving.proofs,
                submissions: 0,
                was_lengthened: false,
            }),
            (_, subject) => Stage::Proving(Proving { subject, ..proving }),
        };
        self.expires_at = self.expires_at.min(self.latest());
        if kind == MethodKind::Text {
            note_answered_text(ctx)?;
        }
        let mut step = Step::of(self);
        step.effects.renews_handle = true;
        step.effects.used_methods.push(method);
        for deed in [AuditDeed::ProofGiven, AuditDeed::GatePassed] {
            let mut event = step.flow.event(ctx, deed, AuditResult::Success);
            event.method = Some(kind.word().to_owned());
            event.gate = Some(gate);
            step.audits(event);
        }
        if is_last && !step.flow.is_satisfied(ctx) {
            // A gate passed earlier no longer counts: the policy changed meanwhile.
            return Ok(step.flow_refused(Refusal::StandingLost, ctx));
        }
        if is_last {
            step.effects.end_others = step.flow.account().cloned().map(EndOthers::Proven);
            return Ok(step.moves());
        }
        if step.flow.offered(ctx.policy, ctx.now).is_empty() {
            return Ok(step.flow_refused(Refusal::WayNone, ctx));
        }
        Ok(step.moves())
    }

    /// Whether the proofs satisfy the policy as it is now.
    fn is_satisfied(&self, ctx: &Context<'_>) -> bool {
        match &self.stage {
            Stage::Proven(proven) => {
                proven.satisfies(&self.id, proven.known.epoch, (ctx.policy, ctx.now))
            }
            _ => false,
        }
    }

    fn wrong(
        mut self,
        challenge: &Challenge,
        allowed: bool,
        ctx: &mut Context<'_>,
    ) -> Result<Step, FlowFault> {
        let kind = challenge.kind;
        let gate = self.gates_passed() + 1;
        let first_wrong = self.note_wrong();
        let mut step = Step::of(self);
        let mut event = step
            .flow
            .event(ctx, AuditDeed::ProofFailed, AuditResult::Failure);
        event.method = Some(kind.word().to_owned());
        event.gate = Some(gate);
        step.audits(event.because(reason(challenge, allowed, ctx.now)));
        step.count_wrong(challenge, allowed, ctx)?;
        if !allowed && gate == 1 {
            step.rest(kind, ctx)?;
        }
        if gate == 2 {
            step.tell_half_way(ctx)?;
        }
        if first_wrong && let Some(until) = step.fail_name(ctx)? {
            return Ok(step.ends(Ending::Blocked { until }));
        }
        let tries_left = step.flow.tries_left(kind, ctx);
        if tries_left == 0 || (!allowed && gate > 1) {
            step.flow = step.flow.back_to_menu();
            return Ok(step.says(Refusal::TriesUsedUp));
        }
        // Before the first gate nothing says how many tries are left.
        let tries_left = (gate > 1).then_some(tries_left);
        Ok(step.says(Refusal::AnswerWrong { tries_left }))
    }

    pub(super) fn back_to_menu(mut self) -> Self {
        if let Stage::Proving(proving) = &mut self.stage {
            proving.asking = Asking::Menu;
        }
        self
    }

    fn tries_left(&self, kind: MethodKind, ctx: &Context<'_>) -> u32 {
        let most = ctx.policy.settings().limits.tries_most;
        match &self.stage {
            Stage::Proving(proving) => most.saturating_sub(proving.used(kind).tries),
            _ => 0,
        }
    }

    pub(super) fn gates_passed(&self) -> u32 {
        match &self.stage {
            Stage::Proving(proving) => u32::try_from(proving.proofs.len()).unwrap_or(u32::MAX),
            _ => 0,
        }
    }

    /// Says whether this was the first wrong answer of the flow.
    fn note_wrong(&mut self) -> bool {
        let Stage::Proving(proving) = &mut self.stage else {
            return false;
        };
        !std::mem::replace(&mut proving.had_wrong, true)
    }

    /// The ways shown for the next gate: before the first gate the site's own list, the same for
    /// everybody; after it the account's counting methods of other classes.
    pub(super) fn offered(&self, policy: &Policy, now: Moment) -> Vec<MethodKind> {
        let Stage::Proving(proving) = &self.stage else {
            return Vec::new();
        };
        let is_free = proving.free_kinds();
        let site = policy.methods();
        if proving.proofs.is_empty() {
            return site;
        }
        let Subject::Known(known) = &proving.subject else {
            return Vec::new();
        };
        site.into_iter()
            .filter(|kind| is_free(*kind))
            .filter(|kind| {
                known
                    .methods
                    .iter()
                    .any(|own| own.kind == *kind && policy.counts(own, now))
            })
            .collect()
    }

    /// A request that does not belong to this stage: no harm once or twice, the end at the third.
    pub(super) fn out_of_order(mut self, ctx: &Context<'_>) -> Step {
        if matches!(self.stage, Stage::Writing(_) | Stage::Closed(_)) {
            return Step {
                refusal: Some(Refusal::StepWrong),
                ..Step::of(self)
            };
        }
        self.violations = self.violations.saturating_add(1);
        let violations = self.violations;
        let mut step = Step::of(self);
        let event = step
            .flow
            .event(ctx, AuditDeed::FlowRefused, AuditResult::Refused);
        step.audits(event.because("sequence_violation"));
        if violations >= VIOLATIONS_MOST {
            step.refusal = Some(Refusal::StepWrong);
            return step.ends(Ending::Refused(Refusal::StepWrong));
        }
        step.says(Refusal::StepWrong)
    }
}

impl Step {
    /// The flow cannot go on, for a reason that is told.
    pub(super) fn flow_refused(mut self, refusal: Refusal, ctx: &Context<'_>) -> Self {
        let event = self
            .flow
            .event(ctx, AuditDeed::FlowRefused, AuditResult::Refused);
        self.audits(event.because(refusal.code()));
        self.refusal = Some(refusal.clone());
        self.ends(Ending::Refused(refusal))
    }

    /// Streaks on the account's method, and the breaker of the site.
    fn count_wrong(
        &mut self,
        challenge: &Challenge,
        allowed: bool,
        ctx: &mut Context<'_>,
    ) -> Result<(), FlowFault> {
        if !allowed || challenge.answer.is_none() {
            // Nothing was compared, or there was nothing to guess; else a stranger could run up
            // the streak, which only the owner can end, without ever causing a code.
            return Ok(());
        }
        let flow = &self.flow;
        let key = CounterKey::tries(&flow.counted_as(), challenge.kind, flow.lane);
        let streak = limit::note_wrong(ctx.book, &key, ctx.now)?;
        self.count_on_site(ctx)?;
        let Some(known) = self.flow.known().cloned() else {
            return Ok(());
        };
        if streak == STREAK_TOLD && may_tell_tries(&known.account.id, "streak", ctx)? {
            let until = ctx.now.plus_ms(DAY_MS);
            let tidings = Tidings::TooManyTries { until };
            self.notices
                .extend(self.flow.tell_owner(ctx, &known, &tidings, None)?);
        }
        if streak == self.flow.lane.streak_most() {
            let mut event = self
                .flow
                .event(ctx, AuditDeed::MethodDisabled, AuditResult::Info);
            event.method = Some(challenge.kind.word().to_owned());
            event.count = Some(i64::from(streak));
            self.audits(event);
        }
        Ok(())
    }

    fn count_on_site(&mut self, ctx: &mut Context<'_>) -> Result<(), FlowFault> {
        let most = ctx.policy.settings().limits.breaker_codes;
        let window = limit::Window {
            most: most.saturating_mul(4),
            span_ms: DAY_MS,
        };
        let key = CounterKey::site_codes();
        let trip = [limit::Window {
            most,
            span_ms: DAY_MS,
        }];
        let before = limit::peek(ctx.book, &key, &trip, ctx.now)?.is_granted();
        limit::take(ctx.book, &key, &[window], ctx.now)?;
        let after = limit::peek(ctx.book, &key, &trip, ctx.now)?.is_granted();
        if before && !after {
            let (events, notices) = alert_site(&self.flow.correlation, "breaker", ctx)?;
            self.audit.extend(events);
            self.notices.extend(notices);
        }
        Ok(())
    }

    /// The account has no try left: the flow goes on as a decoy, and the owner is told.
    pub(super) fn rest(
        &mut self,
        kind: MethodKind,
        ctx: &mut Context<'_>,
    ) -> Result<(), FlowFault> {
        let Some(account) = self.flow.account().cloned() else {
            return Ok(());
        };
        self.tell_resting(kind, ctx)?;
        let decoy = Subject::Decoy(Decoy {
            reason: DecoyReason::Rests,
            account: Some(account),
        });
        match &mut self.flow.stage {
            Stage::Proving(proving) => proving.subject = decoy,
            Stage::Choosing(choosing) => *choosing = Choosing { subject: decoy },
            _ => {}
        }
        Ok(())
    }

    /// A method of the account rests: the log and the owner hear of it.
    pub(super) fn tell_resting(
        &mut self,
        kind: MethodKind,
        ctx: &mut Context<'_>,
    ) -> Result<(), FlowFault> {
        let Some(known) = self.flow.known().cloned() else {
            return Ok(());
        };
        let key = CounterKey::tries(&self.flow.counted_as(), kind, self.flow.lane);
        let per_hour = ctx.policy.settings().limits.tries_most;
        let lane = self.flow.lane;
        let until = limit::opens_at(ctx.book, &key, lane, per_hour, ctx.now)?
            .unwrap_or(ctx.now.plus_ms(60 * MINUTE_MS));
        let mut event = self
            .flow
            .event(ctx, AuditDeed::MethodRested, AuditResult::Info);
        event.method = Some(kind.word().to_owned());
        self.audits(event);
        if may_tell_tries(&known.account.id, "rests", ctx)? {
            let tidings = Tidings::TooManyTries { until };
            self.notices
                .extend(self.flow.tell_owner(ctx, &known, &tidings, None)?);
        }
        Ok(())
    }

    fn tell_half_way(&mut self, ctx: &mut Context<'_>) -> Result<(), FlowFault> {
        let Stage::Proving(proving) = &self.flow.stage else {
            return Ok(());
        };
        let (Some(known), Some(proof)) = (self.flow.known().cloned(), proving.proofs.first())
        else {
            return Ok(());
        };
        let tidings = Tidings::HalfWay { passed: proof.kind };
        // Counted for the account and not for the flow: else two wrong answers in each of many
        // flows would never be told.
        let wrong = CounterKey::half_way(&known.account.id);
        limit::take(ctx.book, &wrong, &[HALF_WAY], ctx.now)?;
        if limit::peek(ctx.book, &wrong, &[HALF_WAY], ctx.now)?.is_granted() {
            return Ok(());
        }
        // No budget of the site: whoever causes it had to pass a gate, and nobody else may be able
        // to silence it.
        if !may_mail((&known.account.id, "half-way"), None, ctx)? {
            return Ok(());
        }
        let link = veto(ctx, &known.account.id)?;
        self.notices
            .extend(self.flow.tell_owner(ctx, &known, &tidings, Some(&link))?);
        self.effects.veto = Some(link);
        Ok(())
    }

    /// Counts an identity failure of the typed name; gives the end of the block if it met its
    /// limit.
    fn fail_name(&mut self, ctx: &mut Context<'_>) -> Result<Option<Moment>, FlowFault> {
        let limits = &ctx.policy.settings().limits;
        let key = CounterKey::name(&self.flow.claim_tag, self.flow.lane);
        let block_ms = i64::from(limits.block_mins) * MINUTE_MS;
        let state = limit::fail_name(ctx.book, &key, limits.name_failures_most, block_ms, ctx.now)?;
        let NameState::Blocked { until } = state else {
            return Ok(None);
        };
        let mut event = self
            .flow
            .event(ctx, AuditDeed::IdentityBlocked, AuditResult::Success);
        event.count = Some(i64::from(limits.name_failures_most));
        self.audits(event);
        if let Some(known) = self.flow.known().cloned()
            && may_tell_tries(&known.account.id, "blocked", ctx)?
        {
            let tidings = Tidings::TooManyTries { until };
            self.notices
                .extend(self.flow.tell_owner(ctx, &known, &tidings, None)?);
        }
        Ok(Some(until))
    }
}

fn reason(challenge: &Challenge, allowed: bool, now: Moment) -> &'static str {
    if !allowed {
        "over-limit"
    } else if challenge.answer.is_none() {
        "never-sent"
    } else if now >= challenge.expires_at {
        "late"
    } else {
        "wrong"
    }
}

impl Proven {
    /// Whether the proofs still satisfy the policy, as it is now, for this account at this epoch.
    pub(super) fn satisfies(
        &self,
        flow: &FlowId,
        epoch: u64,
        (policy, now): (&Policy, Moment),
    ) -> bool {
        let mut classes = Vec::new();
        for proof in &self.proofs {
            let holds = proof.flow == *flow
                && proof.account == self.known.account.id
                && proof.epoch == epoch
                && now < proof.expires_at
                && policy.allows(proof.kind)
                && !classes.contains(&proof.class);
            if !holds {
                return false;
            }
            classes.push(proof.class);
        }
        u32::try_from(classes.len()).is_ok_and(|count| count >= policy.gates())
    }

    pub(super) fn known(&self) -> &Known {
        &self.known
    }

    pub(super) fn intent(&self) -> Intent {
        self.intent
    }
}
