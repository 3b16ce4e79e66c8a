//! Saving one decision whole: the flow, its notices, its audit lines, and all that follows.

use keymend_domain::account::AccountRef;
use keymend_domain::flow::{EndOthers, Stage, Step};
use keymend_domain::time::Moment;

use super::fault::{FaultKind, StoreFault};
use super::tx::Tx;

/// What was saved beside the step itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Committed {
    /// The browser must be given the new handle: the old one no longer works.
    pub has_new_handle: bool,
}

impl Tx<'_> {
    /// Saves a step whole.
    ///
    /// A flow that is not in the store yet is added under `new_handle`; one that is there takes
    /// it only if the step renews the handle.
    ///
    /// # Errors
    ///
    /// [`StoreFault`]: let the deed fail, so that nothing of it is saved.  Among them is a step
    /// that needs a new handle and was given none.
    pub fn commit_step(
        &mut self,
        step: &Step,
        new_handle: Option<&str>,
        now: Moment,
    ) -> Result<Committed, StoreFault> {
        let has_new_handle = self.save_stepped(step, new_handle)?;
        for notice in &step.notices {
            self.enqueue(notice, now)?;
        }
        for event in &step.audit {
            self.audit(event)?;
        }
        self.take_effect(step, now)?;
        Ok(Committed { has_new_handle })
    }

    fn save_stepped(&mut self, step: &Step, new_handle: Option<&str>) -> Result<bool, StoreFault> {
        let during = "saving a step without its new handle";
        let missing = || StoreFault::new(FaultKind::Other, during);
        if !self.holds_flow(&step.flow.id)? {
            let handle = new_handle.ok_or_else(missing)?;
            self.insert_flow(handle, &step.flow)?;
            return Ok(true);
        }
        if step.effects.renews_handle {
            let handle = new_handle.ok_or_else(missing)?;
            self.save_flow(&step.flow, Some(handle))?;
            return Ok(true);
        }
        self.save_flow(&step.flow, None)?;
        Ok(false)
    }

    fn take_effect(&mut self, step: &Step, now: Moment) -> Result<(), StoreFault> {
        let effects = &step.effects;
        if let (Some(account), false) = (step.flow.account(), effects.used_methods.is_empty()) {
            self.touch_methods(account, &effects.used_methods, now)?;
        }
        if let Some(veto) = &effects.veto {
            let correlation = &step.flow.correlation;
            self.add_veto(&veto.token, &veto.account, veto.expires_at, correlation)?;
        }
        if let Some(account) = &effects.raise_epoch {
            self.raise_epoch(account)?;
        }
        match &effects.end_others {
            Some(EndOthers::Proven(account)) => self.end_others(account, step, true, now),
            Some(EndOthers::All(account)) => self.end_others(account, step, false, now),
            None => Ok(()),
        }
    }

    /// Ends an account's other flows.  One with an open order is left to its settlement: every
    /// order has exactly one.
    fn end_others(
        &mut self,
        account: &AccountRef,
        step: &Step,
        only_proven: bool,
        now: Moment,
    ) -> Result<(), StoreFault> {
        for other in self.open_flows_of(account)? {
            let ends = match other.stage() {
                Stage::Proven(_) => true,
                Stage::Choosing(_) | Stage::Proving(_) => !only_proven,
                Stage::Writing(_) | Stage::Closed(_) => false,
            };
            if ends && other.id != step.flow.id {
                let replaced = other.replace(now);
                self.save_flow(&replaced.flow, None)?;
                for event in &replaced.audit {
                    self.audit(event)?;
                }
            }
        }
        Ok(())
    }
}
