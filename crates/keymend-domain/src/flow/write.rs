//! Orders: opened on disk before anything is sent, and settled exactly once.

use super::open::{Standing, account_reason};
use super::{
    Caller, Closed, Context, EndOthers, Ending, Flow, FlowFault, Intent, Known, OpenOrder, Proven,
    Stage, Step, Telling, Writing, flow_life_ms, tell, veto,
};
use crate::account::Account;
use crate::audit::{AuditDeed, AuditResult};
use crate::deliver::{Recipient, Tidings};
use crate::directory::{Check, Deed, DeedKind, NotDone, RuleBroken, WriteOrder, WriteOutcome};
use crate::id::{CorrelationId, FlowId, OrderId};
use crate::limit::{self, CounterKey, Lane};
use crate::refusal::Refusal;
use crate::secret::Password;
use crate::time::{MINUTE_MS, Moment, SECOND_MS};

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

impl OpenOrder {
    /// What must have come of an order nobody settled, judged by reading the directory after its
    /// deadline (behaviour §12: "never sent twice unread").
    #[must_use]
    pub fn reconcile(&self, account: Option<&Account>) -> WriteOutcome {
        let Some(account) = account else {
            return WriteOutcome::NotDone(NotDone::Gone);
        };
        match self.kind {
            DeedKind::Unlock if account.state.lock.is_some() => {
                WriteOutcome::NotDone(NotDone::Late)
            }
            DeedKind::Unlock => WriteOutcome::Done {
                check: Check::ReadBack,
                unlocked: true,
                change_again: false,
            },
            DeedKind::Reset | DeedKind::Change => match account.state.password_changed_at {
                None => WriteOutcome::Unknown,
                now if now == self.changed_before => WriteOutcome::NotDone(NotDone::Late),
                Some(_) => WriteOutcome::Done {
                    check: Check::ReadBack,
                    unlocked: self.was_locked && account.state.lock.is_none(),
                    change_again: account.state.must_change,
                },
            },
        }
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
        let Stage::Proven(proven) = &mut self.stage else {
            return Ok(refused(self.out_of_order(ctx)));
        };
        if proven.intent() != Intent::Reset {
            return Ok(refused(self.out_of_order(ctx)));
        }
        proven.submissions = proven.submissions.saturating_add(1);
        if proven.submissions > ctx.policy.settings().limits.submissions_most {
            return Ok(refused(Step::of(self).ends(Ending::Expired)));
        }
        if let Some(lost) = self.lost(fresh, ctx)? {
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
        let may = ctx.policy.settings().actions.unlock_without_reset;
        match &self.stage {
            Stage::Proven(proven) if may && proven.intent() == Intent::Unlock => {}
            _ => return Ok(refused(self.out_of_order(ctx))),
        }
        if let Some(lost) = self.lost(fresh, ctx)? {
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
    /// that begins with the order.
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
        let mut opened = flow.order(DeedKind::Change, &fresh, ctx)?;
        opened.step.effects.renews_handle = true;
        if let Stage::Writing(writing) = &mut opened.step.flow.stage {
            writing.order.forced = forced;
        }
        Ok(opened)
    }

    /// Why a proven flow may no longer write, looked at afresh.
    fn lost(&self, fresh: &Fresh, ctx: &mut Context<'_>) -> Result<Option<Refusal>, FlowFault> {
        let Stage::Proven(proven) = &self.stage else {
            return Ok(Some(Refusal::StandingLost));
        };
        let Some(account) = &fresh.account else {
            return Ok(Some(Refusal::StandingLost));
        };
        let is_same = account.id == proven.known().account.id;
        let holds = is_same
            && account_reason(account, &fresh.standing, ctx).is_none()
            && proven.satisfies(&self.id, ctx.policy, fresh.standing.epoch);
        if !holds {
            return Ok(Some(Refusal::StandingLost));
        }
        if !ctx.policy.writes_to(&account.id) {
            let directory = account.id.directory.0.clone();
            return Ok(Some(Refusal::SitePaused { directory }));
        }
        let resets = CounterKey::resets(&account.id);
        if !limit::peek(ctx.book, &resets, &limit::RESETS, ctx.now)?.is_granted() {
            return Ok(Some(Refusal::StandingLost));
        }
        Ok(None)
    }

    fn refuse(self, refusal: Refusal, ctx: &Context<'_>) -> Step {
        let mut step = Step::of(self);
        let event = step
            .flow
            .event(ctx, AuditDeed::FlowRefused, AuditResult::Refused);
        step.audits(event.because(refusal.code()));
        match refusal {
            // A pause may be over in a minute; the gates are kept until then.
            Refusal::SitePaused { .. } => step.says(refusal),
            other => {
                step.refusal = Some(other.clone());
                step.ends(Ending::Refused(other))
            }
        }
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

    /// What came of the open order.  A flow without one is left alone, so that a settlement that
    /// comes twice changes nothing.
    ///
    /// # Errors
    ///
    /// [`FlowFault`]; settle again later.
    pub fn settle(
        mut self,
        outcome: &WriteOutcome,
        ctx: &mut Context<'_>,
    ) -> Result<Step, FlowFault> {
        let Stage::Writing(writing) = self.stage else {
            return Ok(Step::of(self));
        };
        let Writing { proven, order } = writing;
        self.stage = Stage::Proven(proven.clone());
        let mut step = Step::of(self);
        let mut event = step
            .flow
            .event(ctx, AuditDeed::OrderSettled, settled_result(outcome));
        event.order_id = Some(order.id.to_string());
        step.audits(event.because(outcome_word(outcome)));
        match outcome {
            WriteOutcome::Done {
                unlocked,
                change_again,
                ..
            } => {
                step.done(&proven, &order, *unlocked, ctx)?;
                let kind = order.kind;
                let ending = Ending::Done {
                    kind,
                    unlocked: *unlocked,
                    change_again: *change_again,
                };
                Ok(step.ends(ending))
            }
            WriteOutcome::Barred(barrier) => {
                step.done(&proven, &order, false, ctx)?;
                Ok(step.ends(Ending::Barred(*barrier)))
            }
            WriteOutcome::Refused(broken) => Ok(step.refused_by_directory(&order, broken, ctx)),
            WriteOutcome::NotDone(why) => Ok(step.not_done(&order, why)),
            WriteOutcome::Unknown => Ok(step.ends(Ending::Unknown)),
        }
    }
}

fn refused(step: Step) -> Opened {
    Opened { step, ticket: None }
}

fn lane(caller: &Caller, account: &Account) -> Lane {
    if caller.familiar_account.as_deref() == Some(account.id.key().as_str()) {
        Lane::Familiar
    } else {
        Lane::Unfamiliar
    }
}

impl Step {
    /// Everything that follows from a password or lock that was really written.
    fn done(
        &mut self,
        proven: &Proven,
        order: &OpenOrder,
        unlocked: bool,
        ctx: &mut Context<'_>,
    ) -> Result<(), FlowFault> {
        let known = proven.known().clone();
        self.clear_counters(proven, ctx)?;
        if order.kind == DeedKind::Reset {
            limit::take(
                ctx.book,
                &CounterKey::resets(&order.account),
                &limit::RESETS,
                ctx.now,
            )?;
        }
        let tidings = match order.kind {
            DeedKind::Reset => Tidings::PasswordReset { unlocked },
            DeedKind::Change => Tidings::PasswordChanged,
            DeedKind::Unlock => Tidings::AccountUnlocked,
        };
        let link = veto(ctx, &order.account)?;
        self.notices
            .extend(self.flow.tell_owner(ctx, &known, &tidings, Some(&link))?);
        self.effects.veto = Some(link);
        if order.kind == DeedKind::Reset && ctx.policy.is_administrator(&known.account) {
            self.tell_administrators(proven, ctx)?;
        }
        self.effects.raise_epoch = Some(order.account.clone());
        self.effects.end_others = Some(EndOthers::All(order.account.clone()));
        let deeds = match (order.kind, unlocked) {
            (DeedKind::Reset, true) => vec![AuditDeed::PasswordReset, AuditDeed::AccountUnlocked],
            (DeedKind::Reset, false) => vec![AuditDeed::PasswordReset],
            (DeedKind::Change, _) => vec![AuditDeed::PasswordChanged],
            (DeedKind::Unlock, _) => vec![AuditDeed::AccountUnlocked],
        };
        for deed in deeds {
            let mut event = self.flow.event(ctx, deed, AuditResult::Success);
            event.order_id = Some(order.id.to_string());
            event.reason = order.forced.then(|| "demanded".to_owned());
            self.audits(event);
        }
        Ok(())
    }

    /// A completed reset, unlock or change clears the tries of the methods used in it and the
    /// failures of the name typed; all other counters run on (behaviour §2.6 rule 3).
    fn clear_counters(&mut self, proven: &Proven, ctx: &mut Context<'_>) -> Result<(), FlowFault> {
        let subject = proven.known().account.id.key();
        for proof in &proven.proofs {
            ctx.book
                .clear(&CounterKey::tries(&subject, proof.kind, self.flow.lane))?;
        }
        if !self.flow.claim_tag.is_empty() {
            ctx.book
                .clear(&CounterKey::name(&self.flow.claim_tag, self.flow.lane))?;
        }
        Ok(())
    }

    fn tell_administrators(&mut self, proven: &Proven, ctx: &Context<'_>) -> Result<(), FlowFault> {
        let settings = &ctx.policy.settings().notifications;
        if !settings.administrators {
            return Ok(());
        }
        let account = &proven.known().account;
        let own = Recipient::of_owner(account, &proven.known().methods);
        let places = settings
            .administrator_addresses
            .iter()
            .filter_map(|address| Recipient::of_settings(address))
            .filter(|place| !own.contains(place))
            .collect();
        let methods = proven.proofs.iter().map(|proof| proof.kind).collect();
        let tidings = Tidings::AdministratorReset {
            login: account.login.clone(),
            methods,
        };
        let telling = Telling {
            tidings: &tidings,
            veto: None,
        };
        self.notices.extend(tell(
            ctx,
            &self.flow.correlation,
            account,
            places,
            &telling,
        )?);
        Ok(())
    }

    /// Back to the form: gates kept, and time enough for another try.
    fn refused_by_directory(
        mut self,
        order: &OpenOrder,
        broken: &[RuleBroken],
        ctx: &Context<'_>,
    ) -> Self {
        let broken = if broken.is_empty() {
            vec![RuleBroken::Unsaid]
        } else {
            broken.to_vec()
        };
        if order.kind == DeedKind::Change {
            self.refusal = Some(Refusal::PasswordRejected(broken.clone()));
            return self.ends(Ending::ChangeRefused(broken));
        }
        let least = i64::from(ctx.policy.settings().limits.after_refusal_mins) * MINUTE_MS;
        self.flow.expires_at = self.flow.expires_at.max(ctx.now.plus_ms(least));
        self.says(Refusal::PasswordRejected(broken))
    }

    fn not_done(mut self, order: &OpenOrder, why: &NotDone) -> Self {
        let directory = order.account.directory.0.clone();
        let refusal = match why {
            NotDone::Down | NotDone::Late => Refusal::DirectoryDown { directory },
            NotDone::Gone => Refusal::StandingLost,
            NotDone::Protected => Refusal::WriteProtected,
            NotDone::Rights => Refusal::RightsMissing,
            NotDone::WrongCurrent => Refusal::PasswordOld,
            NotDone::NotLocked => Refusal::LockNone,
        };
        let stays = matches!(why, NotDone::Down | NotDone::Late | NotDone::NotLocked);
        if order.kind == DeedKind::Change {
            self.refusal = Some(refusal.clone());
            return match why {
                NotDone::WrongCurrent => self.ends(Ending::ChangeWrongCurrent),
                _ => self.ends(Ending::NotDone(refusal)),
            };
        }
        if stays {
            return self.says(refusal);
        }
        self.refusal = Some(refusal.clone());
        self.ends(Ending::Refused(refusal))
    }
}

fn codes(broken: &[RuleBroken]) -> String {
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

fn settled_result(outcome: &WriteOutcome) -> AuditResult {
    match outcome {
        WriteOutcome::Done { .. } => AuditResult::Success,
        WriteOutcome::Refused(_) => AuditResult::Refused,
        WriteOutcome::Barred(_) | WriteOutcome::NotDone(_) | WriteOutcome::Unknown => {
            AuditResult::Failure
        }
    }
}

fn outcome_word(outcome: &WriteOutcome) -> String {
    match outcome {
        WriteOutcome::Done {
            check: Check::SignedIn,
            ..
        } => "done".to_owned(),
        WriteOutcome::Done {
            check: Check::ReadBack,
            ..
        } => "done, read back".to_owned(),
        WriteOutcome::Barred(_) => "barred".to_owned(),
        WriteOutcome::Refused(broken) => format!("refused {}", codes(broken)),
        WriteOutcome::NotDone(why) => format!("not done {}", not_done_word(why)),
        WriteOutcome::Unknown => "unknown KM-3002".to_owned(),
    }
}

fn not_done_word(why: &NotDone) -> &'static str {
    match why {
        NotDone::Down | NotDone::Late => "KM-3001",
        NotDone::Gone => "KM-3005",
        NotDone::Protected => "KM-3004",
        NotDone::Rights => "KM-3003",
        NotDone::WrongCurrent => "KM-4014",
        NotDone::NotLocked => "KM-3013",
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
