//! Adding and removing methods, and proving one once more.

use super::{Goal, Level, Pending, Person, PersonStep, is_registered};
use crate::audit::{AuditDeed, AuditResult};
use crate::code;
use crate::deliver::{CodePurpose, InfoChange, Notice, Recipient, Tidings};
use crate::flow::{
    Context, FlowFault, Standing, alert_site, digits, note_answered_text, take_text, wait_ms,
};
use crate::id::{MethodId, NoticeId};
use crate::limit::{self, CounterKey, Lane};
use crate::method::{Assurance, Contact, Method, MethodKind, same_contact};
use crate::policy::Policy;
use crate::refusal::Refusal;
use crate::secret::Secret;
use crate::time::{MINUTE_MS, Moment};

/// How many addresses, and how many mobile numbers, one account may keep (behaviour §2.4).
const KEPT_MOST: u32 = 2;
/// Codes one sign-in may ask for.
const CODES_PER_SIGN_IN: u32 = 10;

/// What the site knows about a new contact beside the contact itself.
#[derive(Debug, Clone, Default)]
pub struct ContactFacts {
    /// How many other accounts share the number.
    pub sharers: u32,
    /// The calling code of a number, without `+`.
    pub calling_code: Option<String>,
    /// The calling code of the site's own region.
    pub own_calling_code: Option<String>,
}

impl Pending {
    /// When another code may be asked for.
    #[must_use]
    pub fn resend_at(&self) -> Moment {
        self.asked_at.plus_ms(wait_ms(self.codes))
    }
}

impl Person {
    /// A new address or number, typed; `None` if it cannot be one.  Nothing is registered until
    /// its code was typed back.
    ///
    /// # Errors
    ///
    /// [`FlowFault`]; nothing may be saved.
    pub fn add_contact(
        mut self,
        (kind, contact): (MethodKind, Option<Contact>),
        standing: &Standing,
        facts: &ContactFacts,
        ctx: &mut Context<'_>,
    ) -> Result<PersonStep, FlowFault> {
        self.seen_at = ctx.now;
        if let Some(refusal) = self.stops(standing, ctx) {
            return Ok(PersonStep::of(self).says(refusal));
        }
        let Some(contact) = contact else {
            let refusal = match kind {
                MethodKind::Email => Refusal::AddressShape,
                MethodKind::Text => Refusal::NumberShape,
            };
            return Ok(PersonStep::of(self).says(refusal));
        };
        if let Some(refusal) = refusal(&contact, kind, standing, (facts, ctx.policy)) {
            return Ok(PersonStep::of(self).says(refusal));
        }
        self.ask(Goal::Confirm, kind, contact, ctx)
    }

    /// One of the person's own methods, to be proved once more.
    ///
    /// # Errors
    ///
    /// [`FlowFault`]; nothing may be saved.
    pub fn ask_proof(
        mut self,
        method: &MethodId,
        standing: &Standing,
        ctx: &mut Context<'_>,
    ) -> Result<PersonStep, FlowFault> {
        self.seen_at = ctx.now;
        let found = self.provable(method, standing, ctx);
        match found {
            Some(own) => {
                let (goal, kind) = (Goal::Prove(own.id.clone()), own.kind);
                let contact = own.contact.clone();
                self.ask(goal, kind, contact, ctx)
            }
            None => Ok(PersonStep::of(self).says(Refusal::StepWrong)),
        }
    }

    /// Another code to the same place.
    ///
    /// # Errors
    ///
    /// [`FlowFault`]; nothing may be saved.
    pub fn ask_again(mut self, ctx: &mut Context<'_>) -> Result<PersonStep, FlowFault> {
        self.seen_at = ctx.now;
        let Some(pending) = &self.pending else {
            return Ok(PersonStep::of(self).says(Refusal::StepWrong));
        };
        if pending.codes >= ctx.policy.settings().limits.codes_per_flow {
            return Ok(PersonStep::of(self).says(Refusal::ChallengeSpent));
        }
        let open_at = pending.asked_at.plus_ms(wait_ms(pending.codes));
        if open_at > ctx.now {
            let wait_secs = open_at.secs_left(ctx.now);
            return Ok(PersonStep::of(self).says(Refusal::ChallengeTooSoon { wait_secs }));
        }
        let (goal, kind, contact) = (pending.goal.clone(), pending.kind, pending.contact.clone());
        self.ask(goal, kind, contact, ctx)
    }

    fn ask(
        mut self,
        goal: Goal,
        kind: MethodKind,
        contact: Contact,
        ctx: &mut Context<'_>,
    ) -> Result<PersonStep, FlowFault> {
        if self.codes_asked >= CODES_PER_SIGN_IN {
            return Ok(PersonStep::of(self).says(Refusal::ChallengeSpent));
        }
        let (may_send, alert) = self.may_send(kind, &contact, ctx)?;
        let (mut audit, mut notices) = match alert {
            Some(what) => alert_site(&self.correlation, what, ctx)?,
            None => (Vec::new(), Vec::new()),
        };
        if !may_send {
            let mut step = PersonStep::of(self).says(Refusal::BudgetSpent);
            (step.audit, step.notices) = (audit, notices);
            return Ok(step);
        }
        self.codes_asked = self.codes_asked.saturating_add(1);
        let digits = digits(ctx)?;
        let drawn = code::draw(digits, ctx.entropy)?;
        let issue = self.codes_asked;
        let before = self
            .pending
            .take()
            .filter(|own| own.contact == contact && own.goal == goal);
        let pending = Pending {
            answer: answer(&self, (&goal, issue), &drawn, ctx),
            goal,
            kind,
            contact,
            issue,
            is_offered: before.as_ref().is_some_and(|own| own.is_offered),
            // A new code refunds nothing: tries are carried over for the same place.
            tries: before.as_ref().map_or(0, |own| own.tries),
            codes: before.as_ref().map_or(0, |own| own.codes).saturating_add(1),
            digits,
            asked_at: ctx.now,
            expires_at: ctx
                .now
                .plus_ms(i64::from(ctx.policy.settings().limits.code_mins) * MINUTE_MS),
            failed: false,
        };
        let notice = self.code_notice(&pending, &drawn, ctx)?;
        let mut event = self.event(ctx, AuditDeed::ChallengeSent, AuditResult::Info);
        event.method = Some(kind.word().to_owned());
        event.personal.contact = Some(pending.contact.masked());
        self.pending = Some(pending);
        notices.push(notice);
        audit.push(event);
        let mut step = PersonStep::of(self);
        (step.audit, step.notices) = (audit, notices);
        Ok(step.moves())
    }

    fn may_send(
        &self,
        kind: MethodKind,
        contact: &Contact,
        ctx: &mut Context<'_>,
    ) -> Result<(bool, Option<&'static str>), FlowFault> {
        // Registration has a lane of its own, so that it can use up nobody's reset messages.
        let subject = format!("register/{}", self.account.id.key());
        let sends = CounterKey::sends(&subject, kind, self.lane);
        let place = format!("register/{}", ctx.keys.contact_tag(contact));
        let destination = CounterKey::destination(&place, self.lane);
        let granted = limit::take(ctx.book, &sends, &REGISTER_SENDS, ctx.now)?.is_granted()
            && limit::take(ctx.book, &destination, &limit::SENDS, ctx.now)?.is_granted();
        if !granted || kind != MethodKind::Text {
            return Ok((granted, None));
        }
        let budget = take_text(ctx)?;
        Ok((budget.is_granted, budget.alert))
    }

    fn code_notice(
        &self,
        pending: &Pending,
        drawn: &Secret,
        ctx: &Context<'_>,
    ) -> Result<Notice, FlowFault> {
        let minutes = ctx.policy.settings().limits.code_mins;
        let purpose = match pending.goal {
            Goal::Confirm => CodePurpose::Confirm,
            Goal::Prove(_) => CodePurpose::FreshProof,
        };
        Ok(Notice {
            id: NoticeId::fresh(ctx.now, ctx.entropy)?,
            to: Recipient::being_confirmed(pending.contact.clone()),
            tidings: Tidings::Code {
                code: drawn.duplicate().into(),
                purpose,
                minutes,
            },
            subject: Some(self.account.id.key()),
            language: self.account.language.clone(),
            happened_at: ctx.now,
            origin: ctx.caller.origin.clone(),
            correlation_id: self.correlation.clone(),
            expires_at: pending.expires_at,
            not_me: None,
            answers: None,
        })
    }

    /// The code, typed back.
    ///
    /// # Errors
    ///
    /// [`FlowFault`]; nothing may be saved.
    pub fn answer(
        mut self,
        typed: Option<&Secret>,
        standing: &Standing,
        ctx: &mut Context<'_>,
    ) -> Result<PersonStep, FlowFault> {
        self.seen_at = ctx.now;
        let Some(pending) = self.pending.take() else {
            return Ok(PersonStep::of(self).says(Refusal::StepWrong));
        };
        let Some(typed) = typed else {
            self.pending = Some(pending);
            return Ok(PersonStep::of(self).says(Refusal::FormMissing));
        };
        let most = ctx.policy.settings().limits.tries_most;
        let tries = pending.tries.saturating_add(1);
        let given = answer(&self, (&pending.goal, pending.issue), typed, ctx);
        let is_right = given.matches(&pending.answer) && ctx.now < pending.expires_at;
        let key = self.tries_key(&pending);
        if !limit::take_try(ctx.book, &key, self.lane, most, ctx.now)?.is_granted() {
            let event = self.event(ctx, AuditDeed::MethodRested, AuditResult::Info);
            let mut step = PersonStep::of(self);
            step.audit.push(event);
            return Ok(step.says(Refusal::TriesUsedUp));
        }
        if tries > most || !is_right {
            limit::note_wrong(ctx.book, &key, ctx.now)?;
            return Ok(self.wrong(Pending { tries, ..pending }, most, ctx));
        }
        match pending.goal {
            // Nobody but the owner gets here, so they may do so as often as they like.
            Goal::Prove(_) => ctx.book.clear(&key)?,
            Goal::Confirm => limit::end_streak(ctx.book, &key, ctx.now)?,
        }
        if pending.kind == MethodKind::Text {
            note_answered_text(ctx)?;
        }
        match pending.goal.clone() {
            Goal::Confirm => self.confirmed(pending, standing, ctx),
            Goal::Prove(method) => self.proved(&method, standing, ctx),
        }
    }

    /// Tries of codes by a signed-in person: a counter of their own, kept on the account, so that
    /// neither another code, another place nor another sign-in gives tries back.
    fn tries_key(&self, pending: &Pending) -> CounterKey {
        let purpose = match pending.goal {
            Goal::Confirm => "confirm",
            Goal::Prove(_) => "prove",
        };
        let subject = format!("{purpose}/{}", self.account.id.key());
        CounterKey::tries(&subject, pending.kind, self.lane)
    }

    /// A method that can be proved once more: one that counts.
    fn provable<'s>(
        &self,
        method: &MethodId,
        standing: &'s Standing,
        ctx: &Context<'_>,
    ) -> Option<&'s Method> {
        standing.methods.iter().find(|own| {
            self.level == Level::Full && own.id == *method && ctx.policy.counts(own, ctx.now)
        })
    }

    fn wrong(mut self, pending: Pending, most: u32, ctx: &Context<'_>) -> PersonStep {
        let tries_left = most.saturating_sub(pending.tries);
        let mut event = self.event(ctx, AuditDeed::ProofFailed, AuditResult::Failure);
        event.method = Some(pending.kind.word().to_owned());
        if tries_left > 0 {
            self.pending = Some(pending);
        }
        let mut step = PersonStep::of(self);
        step.audit.push(event);
        if tries_left == 0 {
            return step.says(Refusal::TriesUsedUp);
        }
        step.says(Refusal::AnswerWrong {
            tries_left: Some(tries_left),
        })
    }

    fn proved(
        self,
        method: &MethodId,
        standing: &Standing,
        ctx: &mut Context<'_>,
    ) -> Result<PersonStep, FlowFault> {
        let Some(kind) = self.provable(method, standing, ctx).map(|own| own.kind) else {
            // Removed, or switched off, while its code was on the way.
            return Ok(PersonStep::of(self).says(Refusal::StepWrong));
        };
        // The owner is recognised, so no lane of theirs stays off.
        let subject = self.account.id.key();
        for lane in [Lane::Familiar, Lane::Unfamiliar] {
            for kind in MethodKind::ALL {
                limit::end_streak(ctx.book, &CounterKey::tries(&subject, kind, lane), ctx.now)?;
            }
        }
        let mut event = self.event(ctx, AuditDeed::ProofGiven, AuditResult::Success);
        event.method = Some(kind.word().to_owned());
        let mut step = PersonStep::of(self);
        step.audit.push(event);
        step.effects.used_method = Some(method.clone());
        step.recognises_owner(ctx);
        Ok(step.moves())
    }

    /// The contact is its owner's: it becomes a method, in probation unless an older one vouched.
    fn confirmed(
        self,
        pending: Pending,
        standing: &Standing,
        ctx: &mut Context<'_>,
    ) -> Result<PersonStep, FlowFault> {
        // A method was added elsewhere, or the owner reported a thief, while this code was on the
        // way.  A proof that was fresh when the code was asked for is still good.
        let was_fresh = self.has_fresh_proof(ctx.policy, pending.asked_at);
        let stop = self.stops(standing, ctx);
        if let Some(refusal) = stop.filter(|stop| !was_fresh || *stop != Refusal::ProofWanted) {
            return Ok(PersonStep::of(self).says(refusal));
        }
        if let Some(refusal) = kept_refusal(&pending.contact, pending.kind, standing) {
            // Registered in another browser while this code was on the way.
            return Ok(PersonStep::of(self).says(refusal));
        }
        let vouched = self.has_fresh_proof(ctx.policy, ctx.now);
        let probation_ms = ctx.policy.probation_ms();
        let probation_until = (!vouched && probation_ms > 0).then(|| ctx.now.plus_ms(probation_ms));
        let method = Method {
            id: MethodId::fresh(ctx.now, ctx.entropy)?,
            kind: pending.kind,
            contact: pending.contact,
            assurance: Assurance::UserVerified,
            probation_until,
            added_at: ctx.now,
            used_at: None,
        };
        let tidings = Tidings::SecurityInfo {
            change: InfoChange::Added,
            kind: method.kind,
            counts_from: probation_until,
        };
        let link = self.link(ctx)?;
        // All addresses before the change, and the new one.
        let mut places = standing.methods.clone();
        places.push(method.clone());
        let known_before = (
            standing.methods.as_slice(),
            Some(Recipient::of_method(&method)),
        );
        let notices = self.tell(ctx, known_before, &tidings, &link)?;
        let mut audit = vec![self.method_event(ctx, AuditDeed::MethodRegistered, &method)];
        let completes =
            !is_registered(&standing.methods, ctx.policy) && is_registered(&places, ctx.policy);
        if completes {
            audit.push(self.event(ctx, AuditDeed::RegistrationCompleted, AuditResult::Success));
        }
        let mut step = PersonStep::of(self);
        step.notices = notices;
        step.audit = audit;
        step.effects.add_method = Some(method);
        step.effects.raises_epoch = true;
        step.effects.veto = Some(link);
        if probation_until.is_none() {
            // The code just typed back is a proof by a method that counts.
            step.recognises_owner(ctx);
        }
        Ok(step.moves())
    }

    /// Takes a method away.
    ///
    /// # Errors
    ///
    /// [`FlowFault`]; nothing may be saved.
    pub fn remove_method(
        mut self,
        method: &MethodId,
        standing: &Standing,
        ctx: &mut Context<'_>,
    ) -> Result<PersonStep, FlowFault> {
        self.seen_at = ctx.now;
        if let Some(refusal) = self.stops(standing, ctx) {
            return Ok(PersonStep::of(self).says(refusal));
        }
        let Some(found) = standing.methods.iter().find(|own| own.id == *method) else {
            return Ok(PersonStep::of(self).says(Refusal::StepWrong));
        };
        let rest: Vec<Method> = standing
            .methods
            .iter()
            .filter(|own| own.id != *method)
            .cloned()
            .collect();
        if is_registered(&standing.methods, ctx.policy) && !is_registered(&rest, ctx.policy) {
            return Ok(PersonStep::of(self).says(Refusal::MethodLeast {
                least: ctx.policy.gates(),
            }));
        }
        let tidings = Tidings::SecurityInfo {
            change: InfoChange::Removed,
            kind: found.kind,
            counts_from: None,
        };
        let link = self.link(ctx)?;
        let notices = self.tell(ctx, (&standing.methods, None), &tidings, &link)?;
        let event = self.method_event(ctx, AuditDeed::MethodRemoved, found);
        let mut step = PersonStep::of(self);
        step.notices = notices;
        step.audit.push(event);
        step.effects.remove_method = Some(method.clone());
        step.effects.raises_epoch = true;
        step.effects.veto = Some(link);
        Ok(step.moves())
    }

    fn method_event(
        &self,
        ctx: &Context<'_>,
        deed: AuditDeed,
        method: &Method,
    ) -> crate::audit::AuditEvent {
        let mut event = self.event(ctx, deed, AuditResult::Success);
        event.method = Some(method.kind.word().to_owned());
        event.personal.contact = Some(method.contact.masked());
        event
    }

    /// A carrier refused the code that is expected.
    #[must_use]
    pub fn code_failed(mut self, asked_at: Moment) -> Self {
        if let Some(pending) = self.pending.as_mut().filter(|own| own.asked_at == asked_at) {
            pending.failed = true;
        }
        self
    }
}

/// More generous than for a reset: two new contacts with a typing mistake in each.
const REGISTER_SENDS: [limit::Window; 2] = [
    limit::Window {
        most: 6,
        span_ms: 10 * MINUTE_MS,
    },
    limit::Window {
        most: 20,
        span_ms: crate::time::DAY_MS,
    },
];

/// Why a contact cannot be registered, if it cannot.
pub(super) fn refusal(
    contact: &Contact,
    kind: MethodKind,
    standing: &Standing,
    (facts, policy): (&ContactFacts, &Policy),
) -> Option<Refusal> {
    let settings = &policy.settings().registration;
    if !policy.allows(kind) {
        return Some(Refusal::StepWrong);
    }
    if let Some(refusal) = kept_refusal(contact, kind, standing) {
        return Some(refusal);
    }
    if let Contact::Email(address) = contact {
        let domain = address
            .rsplit_once('@')
            .map(|(_, domain)| domain)
            .unwrap_or_default();
        let is_inside = |own: &String| {
            let own = own.to_lowercase();
            domain == own || domain.ends_with(&format!(".{own}"))
        };
        if settings.internal_mail_domains.iter().any(is_inside) {
            return Some(Refusal::ContactInside);
        }
    }
    if let Some(code) = &facts.calling_code {
        // Without a list the site's own region alone is served: somebody earns money with
        // messages to far countries.
        let is_served = match settings.countries.is_empty() {
            true => facts.own_calling_code.as_ref() == Some(code),
            false => settings.countries.contains(code),
        };
        if !is_served {
            return Some(Refusal::NumberCountry);
        }
    }
    (facts.sharers >= settings.sharing_most).then_some(Refusal::NumberShared)
}

/// What the methods kept already say to one more.
fn kept_refusal(contact: &Contact, kind: MethodKind, standing: &Standing) -> Option<Refusal> {
    let methods = &standing.methods;
    if methods
        .iter()
        .any(|own| same_contact(&own.contact, contact))
    {
        return Some(Refusal::ContactTwice);
    }
    let kept = methods.iter().filter(|own| own.kind == kind).count();
    u32::try_from(kept)
        .is_ok_and(|kept| kept >= KEPT_MOST)
        .then_some(Refusal::MethodMost { most: KEPT_MOST })
}

fn answer(
    person: &Person,
    (goal, issue): (&Goal, u32),
    typed: &Secret,
    ctx: &Context<'_>,
) -> code::Tag {
    let (purpose, method) = match goal {
        Goal::Confirm => ("confirm", ""),
        Goal::Prove(method) => ("fresh-proof", method.as_str()),
    };
    ctx.keys.code.tag(&[
        purpose.as_bytes(),
        person.correlation.as_str().as_bytes(),
        person.account.id.key().as_bytes(),
        method.as_bytes(),
        &issue.to_be_bytes(),
        typed.expose().as_bytes(),
    ])
}
