//! Choosing a way and asking for a code.

use super::budget::{alert_site, peek_text, take_text};
use super::{
    Asking, Challenge, Choosing, Context, Flow, FlowFault, Intent, Known, Prepaid, Proving, Stage,
    Step, Usage,
};
use crate::audit::{AuditDeed, AuditResult};
use crate::code::{self, Tag};
use crate::deliver::{CodePurpose, Notice, Recipient, Tidings};
use crate::id::NoticeId;
use crate::limit::{self, CounterKey, Window};
use crate::method::{Contact, Method, MethodKind, same_contact};
use crate::refusal::Refusal;
use crate::secret::Secret;
use crate::time::{DAY_MS, MINUTE_MS, Moment, SECOND_MS};

/// No code lives longer, however slow its carrier was (NIST SP 800-63B-4 §3.1.3.2).
const CODE_LIFE_MOST_MS: i64 = 10 * MINUTE_MS;

impl Flow {
    /// "I have forgotten my password" or "I know my password but cannot sign in".
    ///
    /// # Errors
    ///
    /// [`FlowFault`]; nothing may be saved.
    pub fn choose_intent(
        mut self,
        intent: Intent,
        ctx: &mut Context<'_>,
    ) -> Result<Step, FlowFault> {
        if self.is_over(ctx.now) {
            return Ok(self.times_out(ctx));
        }
        let Stage::Choosing(Choosing { subject }) = self.stage else {
            return Ok(self.out_of_order(ctx));
        };
        self.stage = Stage::Proving(Proving::start(subject, intent));
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

    /// One of the ways in the menu.
    ///
    /// # Errors
    ///
    /// [`FlowFault`]; nothing may be saved.
    pub fn choose_method(
        mut self,
        kind: MethodKind,
        ctx: &mut Context<'_>,
    ) -> Result<Step, FlowFault> {
        if self.is_over(ctx.now) {
            return Ok(self.times_out(ctx));
        }
        let offered = self.offered(ctx.policy, ctx.now);
        let Stage::Proving(proving) = &mut self.stage else {
            return Ok(self.out_of_order(ctx));
        };
        if !offered.contains(&kind) {
            return Ok(self.out_of_order(ctx));
        }
        if proving.used(kind).tries >= ctx.policy.settings().limits.tries_most {
            return Ok(Step::of(self).says(Refusal::TriesUsedUp));
        }
        proving.asking = Asking::Contact(kind);
        let mut step = Step::of(self);
        let mut event = step
            .flow
            .event(ctx, AuditDeed::GateOffered, AuditResult::Info);
        event.method = Some(kind.word().to_owned());
        step.audits(event);
        Ok(step.moves())
    }

    /// Back to the menu.
    ///
    /// # Errors
    ///
    /// [`FlowFault`]; nothing may be saved.
    pub fn other_way(mut self, ctx: &mut Context<'_>) -> Result<Step, FlowFault> {
        if self.is_over(ctx.now) {
            return Ok(self.times_out(ctx));
        }
        let Stage::Proving(proving) = &mut self.stage else {
            return Ok(self.out_of_order(ctx));
        };
        proving.asking = Asking::Menu;
        Ok(Step::of(self).moves())
    }

    /// The full registered address or number, typed; `None` if it cannot be one.  A code is sent
    /// if it is registered for this account, and the page is the same if not.
    ///
    /// # Errors
    ///
    /// [`FlowFault`]; nothing may be saved.
    pub fn challenge(
        mut self,
        contact: Option<&Contact>,
        ctx: &mut Context<'_>,
    ) -> Result<Step, FlowFault> {
        if self.is_over(ctx.now) {
            return Ok(self.times_out(ctx));
        }
        let Stage::Proving(proving) = &mut self.stage else {
            return Ok(self.out_of_order(ctx));
        };
        let Asking::Contact(kind) = proving.asking else {
            return Ok(self.out_of_order(ctx));
        };
        let Some(contact) = contact.filter(|contact| fits(contact, kind)) else {
            return Ok(Step::of(self).says(shape_refusal(kind)));
        };
        let limits = &ctx.policy.settings().limits;
        let usage = proving.used(kind);
        if usage.tries >= limits.tries_most {
            return Ok(Step::of(self).says(Refusal::TriesUsedUp));
        }
        if usage.codes >= limits.codes_per_flow {
            return Ok(Step::of(self).says(Refusal::ChallengeSpent));
        }
        let gate = self.gates_passed() + 1;
        let may_send = self.take_try(kind, ctx)?;
        if !may_send && gate > 1 {
            // After the first gate the truth may be told, and nothing is asked in vain.
            let mut step = Step::of(self.back_to_menu());
            step.tell_resting(kind, ctx)?;
            return Ok(step.says(Refusal::TriesUsedUp));
        }
        let asked = Asked {
            kind,
            contact: contact.clone(),
            may_send,
            prepaid: Some(Prepaid {
                taken_at: ctx.now,
                is_granted: may_send,
            }),
        };
        let mut step = self.issue(asked, ctx)?;
        if !may_send {
            step.rest(kind, ctx)?;
        }
        Ok(step)
    }

    /// Another code to the same place.
    ///
    /// # Errors
    ///
    /// [`FlowFault`]; nothing may be saved.
    pub fn resend(mut self, ctx: &mut Context<'_>) -> Result<Step, FlowFault> {
        if self.is_over(ctx.now) {
            return Ok(self.times_out(ctx));
        }
        let Stage::Proving(proving) = &mut self.stage else {
            return Ok(self.out_of_order(ctx));
        };
        let Asking::Code(challenge) = &proving.asking else {
            return Ok(self.out_of_order(ctx));
        };
        let kind = challenge.kind;
        let codes = proving.used(kind).codes;
        if codes >= ctx.policy.settings().limits.codes_per_flow {
            return Ok(Step::of(self).says(Refusal::ChallengeSpent));
        }
        let open_at = challenge.asked_at.plus_ms(wait_ms(codes));
        if open_at > ctx.now {
            let wait_secs = open_at.secs_left(ctx.now);
            return Ok(Step::of(self).says(Refusal::ChallengeTooSoon { wait_secs }));
        }
        let asked = Asked {
            kind,
            contact: stored_contact(kind, &challenge.typed),
            may_send: true,
            prepaid: challenge.prepaid,
        };
        self.issue(asked, ctx)
    }

    /// Draws a code for a matching method and queues it; does the same work where none matches.
    fn issue(mut self, asked: Asked, ctx: &mut Context<'_>) -> Result<Step, FlowFault> {
        let digits = digits(ctx)?;
        let code = code::draw(digits, ctx.entropy)?;
        let (target, alert) = self.target(&asked, ctx)?;
        let Asked {
            kind,
            contact,
            prepaid,
            ..
        } = asked;
        let issue = self.count_code(kind);
        let answer = self.answer_tag(issue, target.as_ref(), &code, ctx);
        let mut step = Step::of(self);
        let deed = match &target {
            Some(_) => AuditDeed::ChallengeSent,
            None => AuditDeed::ChallengeWithheld,
        };
        let mut event = step.flow.event(ctx, deed, AuditResult::Info);
        event.method = Some(kind.word().to_owned());
        if let Some((_, method)) = &target {
            event.personal.contact = Some(method.contact.masked());
        }
        step.audits(event);
        if let Some((known, method)) = &target {
            step.notices
                .push(step.flow.code_notice(known, method, &code, (issue, ctx))?);
        }
        if let Stage::Proving(proving) = &mut step.flow.stage {
            proving.asking = Asking::Code(Challenge {
                kind,
                typed: contact.in_full().to_owned(),
                method: target.as_ref().map(|(_, method)| method.id.clone()),
                answer: target.is_some().then_some(answer),
                issue,
                digits,
                asked_at: ctx.now,
                expires_at: ctx.now.plus_ms(CODE_LIFE_MOST_MS),
                prepaid,
                failed: false,
            });
        }
        if let Some(what) = alert {
            let (events, notices) = alert_site(&step.flow.correlation, what, ctx)?;
            step.audit.extend(events);
            step.notices.extend(notices);
        }
        Ok(step.moves())
    }

    /// The method the code goes to, with room in every budget; and what administrators must be
    /// told about the budget of texts.
    fn target(&self, asked: &Asked, ctx: &mut Context<'_>) -> Result<Target, FlowFault> {
        let Asked { kind, contact, .. } = asked;
        let found = match asked.may_send {
            true => self.matching(*kind, contact, ctx),
            false => None,
        };
        let place = ctx.keys.contact_tag(contact);
        // A message that is not sent counts against nobody: else a stranger could use up the
        // messages of a mailbox by typing it.  The same work is done under a key of no account.
        let (subject, place) = match &found {
            Some(_) => (self.counted_as(), place),
            None => (
                format!("none/{}", self.claim_tag),
                format!("none/{}", self.claim_tag),
            ),
        };
        let sends = CounterKey::sends(&subject, *kind, self.lane);
        let destination = CounterKey::destination(&place, self.lane);
        let to_account = limit::take(ctx.book, &sends, &limit::SENDS, ctx.now)?.is_granted();
        let to_place = limit::take(ctx.book, &destination, &limit::SENDS, ctx.now)?.is_granted();
        let found = found.filter(|_| to_account && to_place);
        if *kind != MethodKind::Text {
            return Ok((found, None));
        }
        let budget = match &found {
            Some(_) => take_text(ctx)?,
            None => peek_text(ctx)?,
        };
        let alert = budget.alert.filter(|_| found.is_some());
        Ok((found.filter(|_| budget.is_granted), alert))
    }

    /// The method that was typed: registered for this account, allowed, confirmed, and not of a
    /// class used for an earlier gate.
    fn matching(
        &self,
        kind: MethodKind,
        contact: &Contact,
        ctx: &Context<'_>,
    ) -> Option<(Known, Method)> {
        let known = self.known()?;
        let method = known.methods.iter().find(|method| {
            method.kind == kind
                && ctx.policy.counts(method, ctx.now)
                && same_contact(&method.contact, contact)
        })?;
        self.class_is_free(kind)
            .then(|| (known.clone(), method.clone()))
    }

    fn class_is_free(&self, kind: MethodKind) -> bool {
        match &self.stage {
            Stage::Proving(proving) => proving.free_kinds()(kind),
            _ => false,
        }
    }

    fn count_code(&mut self, kind: MethodKind) -> u32 {
        let Stage::Proving(proving) = &mut self.stage else {
            return 0;
        };
        let usage = proving.usage_mut(kind);
        usage.codes = usage.codes.saturating_add(1);
        proving.usage.iter().map(|(_, usage)| usage.codes).sum()
    }

    /// The stored form of a code: bound to purpose, flow, account, method, epoch and number
    /// (security-gates R-13).
    fn answer_tag(
        &self,
        issue: u32,
        target: Option<&(Known, Method)>,
        code: &Secret,
        ctx: &Context<'_>,
    ) -> Tag {
        let bound = target.map(|(known, method)| (known, &method.id));
        code_tag(self, issue, bound, (code, ctx))
    }

    fn code_notice(
        &self,
        known: &Known,
        method: &Method,
        code: &Secret,
        (issue, ctx): (u32, &Context<'_>),
    ) -> Result<Notice, FlowFault> {
        let minutes = ctx.policy.settings().limits.code_mins;
        let purpose = match &self.stage {
            Stage::Proving(Proving {
                intent: Intent::Unlock,
                ..
            }) => CodePurpose::Unlock,
            _ => CodePurpose::Reset,
        };
        Ok(Notice {
            id: NoticeId::fresh(ctx.now, ctx.entropy)?,
            to: Recipient::of_method(method),
            tidings: Tidings::Code {
                code: code.duplicate().into(),
                purpose,
                minutes,
            },
            subject: Some(known.account.id.key()),
            language: known.account.language.clone(),
            happened_at: ctx.now,
            origin: ctx.caller.origin.clone(),
            correlation_id: self.correlation.clone(),
            expires_at: ctx.now.plus_ms(i64::from(minutes) * MINUTE_MS),
            not_me: None,
            answers: Some((self.id.clone(), issue)),
        })
    }

    /// A carrier took the code: its time counts from now (behaviour §2.1).
    #[must_use]
    pub fn code_accepted(mut self, issue: u32, code_mins: u32, now: Moment) -> Self {
        if let Some(challenge) = self.challenge_mut(issue) {
            let latest = challenge.asked_at.plus_ms(CODE_LIFE_MOST_MS);
            challenge.expires_at = now.plus_ms(i64::from(code_mins) * MINUTE_MS).min(latest);
            challenge.failed = false;
        }
        self
    }

    /// No carrier will take the code.  The page says so where that reveals nothing.
    #[must_use]
    pub fn code_failed(mut self, issue: u32) -> Self {
        if let Some(challenge) = self.challenge_mut(issue) {
            challenge.failed = true;
        }
        self
    }

    fn challenge_mut(&mut self, issue: u32) -> Option<&mut Challenge> {
        match &mut self.stage {
            Stage::Proving(Proving {
                asking: Asking::Code(challenge),
                ..
            }) if challenge.issue == issue => Some(challenge),
            _ => None,
        }
    }
}

/// What is asked for in one go.
struct Asked {
    kind: MethodKind,
    contact: Contact,
    may_send: bool,
    prepaid: Option<Prepaid>,
}

type Target = (Option<(Known, Method)>, Option<&'static str>);

impl Proving {
    pub(super) fn used(&self, kind: MethodKind) -> Usage {
        let found = self.usage.iter().find(|(own, _)| *own == kind);
        found.map(|(_, usage)| *usage).unwrap_or_default()
    }

    pub(super) fn usage_mut(&mut self, kind: MethodKind) -> &mut Usage {
        let place = self
            .usage
            .iter()
            .position(|(own, _)| *own == kind)
            .unwrap_or_else(|| {
                self.usage.push((kind, Usage::default()));
                self.usage.len() - 1
            });
        #[expect(
            clippy::indexing_slicing,
            reason = "the place was found or made just above"
        )]
        &mut self.usage[place].1
    }

    /// Ways this flow still offers for its next gate.
    pub(super) fn free_kinds(&self) -> impl Fn(MethodKind) -> bool + '_ {
        |kind| self.proofs.iter().all(|proof| proof.class != kind.class())
    }
}

pub(super) fn code_tag(
    flow: &Flow,
    issue: u32,
    bound: Option<(&Known, &crate::id::MethodId)>,
    (code, ctx): (&Secret, &Context<'_>),
) -> Tag {
    let intent = match &flow.stage {
        Stage::Proving(Proving {
            intent: Intent::Unlock,
            ..
        }) => "unlock",
        _ => "reset",
    };
    let (account, method, epoch) = match bound {
        Some((known, method)) => (known.account.id.key(), method.as_str(), known.epoch),
        None => (flow.counted_as(), "", 0),
    };
    ctx.keys.code.tag(&[
        intent.as_bytes(),
        flow.id.as_str().as_bytes(),
        account.as_bytes(),
        method.as_bytes(),
        &epoch.to_be_bytes(),
        &issue.to_be_bytes(),
        code.expose().as_bytes(),
    ])
}

fn fits(contact: &Contact, kind: MethodKind) -> bool {
    match kind {
        MethodKind::Email => matches!(contact, Contact::Email(_)),
        MethodKind::Text => matches!(contact, Contact::Phone(_)),
    }
}

fn stored_contact(kind: MethodKind, typed: &str) -> Contact {
    match kind {
        MethodKind::Email => Contact::Email(typed.to_owned()),
        MethodKind::Text => Contact::Phone(typed.to_owned()),
    }
}

fn shape_refusal(kind: MethodKind) -> Refusal {
    match kind {
        MethodKind::Email => Refusal::AddressShape,
        MethodKind::Text => Refusal::NumberShape,
    }
}

/// 30 s before the second code, 60 s before the third (behaviour §2.1).
pub(crate) fn wait_ms(codes_sent: u32) -> i64 {
    if codes_sent <= 1 {
        30 * SECOND_MS
    } else {
        60 * SECOND_MS
    }
}

/// Codes grow while the site breaker is on: 8, then 10 digits.
pub(crate) fn digits(ctx: &mut Context<'_>) -> Result<u32, FlowFault> {
    let limits = &ctx.policy.settings().limits;
    let most = limits.breaker_codes;
    let stage = |most: u32| {
        [Window {
            most,
            span_ms: DAY_MS,
        }]
    };
    let key = CounterKey::site_codes();
    let first = limit::peek(ctx.book, &key, &stage(most), ctx.now)?.is_granted();
    let second = limit::peek(ctx.book, &key, &stage(most.saturating_mul(2)), ctx.now)?.is_granted();
    Ok(match (first, second) {
        (true, _) => limits.code_digits,
        (false, true) => limits.code_digits.max(8),
        (false, false) => limits.code_digits.max(10),
    })
}
