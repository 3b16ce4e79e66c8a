//! What came of an order: settled exactly once.

use super::budget::alert_site;
use super::write::codes;
use super::{
    Context, EndOthers, Ending, Flow, FlowFault, OpenOrder, Proven, Stage, Step, Telling, Writing,
    tell, veto,
};
use crate::account::Account;
use crate::audit::{AuditDeed, AuditResult};
use crate::deliver::{Recipient, Tidings};
use crate::directory::{Barrier, Check, DeedKind, NotDone, Reread, RuleBroken, WriteOutcome};
use crate::id::OrderId;
use crate::limit::{self, CounterKey, Lane};
use crate::method::MethodKind;
use crate::refusal::Refusal;
use crate::time::{MINUTE_MS, Moment};
use crate::watch::Watch;

impl OpenOrder {
    /// What must have come of an order nobody settled, judged by reading the directory after its
    /// deadline (behaviour §12: "never sent twice unread").
    ///
    /// Servers of one directory hear of each other's writes late.  One that shows a later change
    /// tells that there was one; that there was none, only all of them can tell together.
    #[must_use]
    pub fn reconcile(&self, read: &Reread) -> WriteOutcome {
        let there: Vec<&Account> = read.shown.iter().flatten().collect();
        if there.is_empty() && read.is_whole {
            return WriteOutcome::NotDone(NotDone::Gone);
        }
        match self.kind {
            DeedKind::Unlock => Self::reconcile_unlock(&there, read.is_whole),
            DeedKind::Reset | DeedKind::Change => self.reconcile_password(&there, read.is_whole),
        }
    }

    /// The same where nobody has the password any more to try it.
    ///
    /// Of several servers, the one that was read before the write may have lagged behind the others,
    /// and then an earlier change looks like this one: that something was written is not certain.
    #[must_use]
    pub fn reconcile_unconfirmed(&self, read: &Reread) -> WriteOutcome {
        let outcome = self.reconcile(read);
        let is_one = read.shown.len() == 1 && read.is_whole;
        match outcome {
            WriteOutcome::Done { .. } | WriteOutcome::Barred(_)
                if self.kind != DeedKind::Unlock && !is_one =>
            {
                WriteOutcome::Unknown
            }
            outcome => outcome,
        }
    }

    /// A second unlock does no harm, so doubt leads back to the button.
    fn reconcile_unlock(there: &[&Account], is_whole: bool) -> WriteOutcome {
        let is_locked = there.iter().any(|account| account.state.lock.is_some());
        if is_locked || !is_whole {
            return WriteOutcome::NotDone(NotDone::Late);
        }
        WriteOutcome::Done {
            check: Check::ReadBack,
            unlocked: true,
            change_again: false,
        }
    }

    fn reconcile_password(&self, there: &[&Account], is_whole: bool) -> WriteOutcome {
        // The directory's own times are compared with each other, never with our clock.
        let changed_at = |account: &&&Account| account.state.password_changed_at;
        let latest = there.iter().max_by_key(changed_at);
        match latest {
            Some(latest) if changed_at(&latest) > self.changed_before => self.written(latest),
            Some(_) if is_whole && there.iter().all(|one| self.is_as_before(one)) => {
                WriteOutcome::NotDone(NotDone::Late)
            }
            _ => WriteOutcome::Unknown,
        }
    }

    fn is_as_before(&self, account: &Account) -> bool {
        let changed_at = account.state.password_changed_at;
        changed_at.is_some() && changed_at == self.changed_before
    }

    fn written(&self, account: &Account) -> WriteOutcome {
        let state = &account.state;
        if state.lock.is_some() {
            WriteOutcome::Barred(Barrier::StillLocked)
        } else if state.is_disabled || state.is_expired {
            WriteOutcome::Barred(Barrier::CannotSignIn)
        } else {
            WriteOutcome::Done {
                check: Check::ReadBack,
                unlocked: self.was_locked,
                change_again: state.must_change,
            }
        }
    }
}

impl Flow {
    /// What came of one order.  A flow without an open order, or with another one, is left alone,
    /// so that a settlement that comes twice or late changes nothing.
    ///
    /// # Errors
    ///
    /// [`FlowFault`]; settle again later.
    pub fn settle_order(
        self,
        order: &OrderId,
        outcome: &WriteOutcome,
        ctx: &mut Context<'_>,
    ) -> Result<Option<Step>, FlowFault> {
        match self.open_order() {
            Some(open) if open.id == *order => self.settle(outcome, ctx).map(Some),
            _ => Ok(None),
        }
    }

    /// What came of the open order, whichever it is.
    pub(super) fn settle(
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
                step.watches(&order, ctx);
                let kind = order.kind;
                let ending = Ending::Done {
                    kind,
                    unlocked: *unlocked,
                    change_again: *change_again,
                };
                Ok(step.ends(ending))
            }
            WriteOutcome::Barred(barrier) => {
                // A lock that was not lifted is no unlock, whatever else was written.
                if order.kind != DeedKind::Unlock {
                    step.done(&proven, &order, false, ctx)?;
                }
                step.watches(&order, ctx);
                Ok(step.ends(Ending::Barred(*barrier)))
            }
            WriteOutcome::Refused(broken) => Ok(step.refused_by_directory(&order, broken, ctx)),
            WriteOutcome::NotDone(why) => {
                if *why == NotDone::Rights {
                    step.alert("rights-missing", ctx)?;
                }
                Ok(step.not_done(&order, why))
            }
            WriteOutcome::Unknown => {
                if order.kind != DeedKind::Unlock {
                    step.unsure(&proven, &order, ctx)?;
                }
                step.watches(&order, ctx);
                Ok(step.ends(Ending::Unknown))
            }
        }
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

    /// Wherever a password was written, or may have been, something may go on with another one.
    fn watches(&mut self, order: &OpenOrder, ctx: &Context<'_>) {
        self.effects.watch = match order.kind {
            DeedKind::Reset | DeedKind::Change => Watch::begin(order, &self.flow.correlation, ctx),
            DeedKind::Unlock => None,
        };
    }

    /// A completed reset, unlock or change clears the tries of the methods used in it and the
    /// failures of the name typed; all other counters run on (behaviour §2.6 rule 3).
    fn clear_counters(&mut self, proven: &Proven, ctx: &mut Context<'_>) -> Result<(), FlowFault> {
        let subject = proven.known().account.id.key();
        for proof in &proven.proofs {
            ctx.book
                .clear(&CounterKey::tries(&subject, proof.kind, self.flow.lane))?;
        }
        if !proven.proofs.is_empty() {
            // The owner is back, so no lane of theirs stays off.
            for kind in MethodKind::ALL {
                for lane in [Lane::Familiar, Lane::Unfamiliar] {
                    let key = CounterKey::tries(&subject, kind, lane);
                    limit::end_streak(ctx.book, &key, ctx.now)?;
                }
            }
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

    /// The password may have been changed: the owner hears of it, and everything older dies, as
    /// if it had been.
    fn unsure(
        &mut self,
        proven: &Proven,
        order: &OpenOrder,
        ctx: &mut Context<'_>,
    ) -> Result<(), FlowFault> {
        let known = proven.known().clone();
        let link = veto(ctx, &order.account)?;
        let tidings = Tidings::PasswordUnsure;
        let notices = self.flow.tell_owner(ctx, &known, &tidings, Some(&link))?;
        self.notices.extend(notices);
        self.effects.veto = Some(link);
        self.effects.raise_epoch = Some(order.account.clone());
        self.effects.end_others = Some(EndOthers::All(order.account.clone()));
        Ok(())
    }

    /// The page says that administrators have been told; so they are.
    fn alert(&mut self, what: &'static str, ctx: &mut Context<'_>) -> Result<(), FlowFault> {
        let (audit, notices) = alert_site(&self.flow.correlation, what, ctx)?;
        self.audit.extend(audit);
        self.notices.extend(notices);
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
        let least = ctx.now.plus_ms(least);
        if let Stage::Proven(proven) = &mut self.flow.stage {
            proven.lengthen(least);
        }
        self.flow.expires_at = self.flow.expires_at.max(least).min(self.flow.latest());
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

impl Proven {
    /// After a refusal of the directory the proofs last until `least`, once.
    fn lengthen(&mut self, least: Moment) {
        let is_short = self.proofs.iter().any(|proof| proof.expires_at < least);
        if !is_short || self.was_lengthened {
            return;
        }
        self.was_lengthened = true;
        for proof in &mut self.proofs {
            proof.expires_at = proof.expires_at.max(least);
        }
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
        WriteOutcome::Refused(broken) if broken.is_empty() => "refused KM-4010".to_owned(),
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
