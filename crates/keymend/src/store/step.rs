//! Saving one decision whole: the flow, its notices, its audit lines, and all that follows.

use keymend_domain::account::AccountRef;
use keymend_domain::flow::{Effects, EndOthers, Stage, Step};
use keymend_domain::time::Moment;

use super::fault::{FaultKind, StoreFault};
use super::tx::{Tx, hashed};

impl Tx<'_> {
    /// Saves a step whole: the flow, its notices, its audit lines and its effects.
    ///
    /// A flow that is not in the store yet is added under `new_handle`; one that is there takes it
    /// in place of the old one, if one is given.  `handle` is the one the browser came with, where
    /// a browser came: a flow that is no longer kept under it is not saved.
    ///
    /// # Errors
    ///
    /// [`StoreFault`]: let the deed fail, so that nothing of it is saved.  Among them is a step
    /// that renews its handle and was given none, and one that changes something beside the flow
    /// and leaves no audit line.
    pub fn commit_step(
        &mut self,
        step: &Step,
        handle: Option<&str>,
        new_handle: Option<&str>,
    ) -> Result<(), StoreFault> {
        if step.effects.renews_handle && new_handle.is_none() {
            return Err(misuse(
                "saving a step that renews its handle without a new one",
            ));
        }
        self.save_stepped(step, handle, new_handle)?;
        for notice in &step.notices {
            self.enqueue(notice, notice.happened_at)?;
        }
        for event in &step.audit {
            self.audit(event)?;
        }
        self.take_effect(step)
    }

    fn save_stepped(
        &mut self,
        step: &Step,
        handle: Option<&str>,
        new_handle: Option<&str>,
    ) -> Result<(), StoreFault> {
        match (self.handle_of(&step.flow.id)?, new_handle) {
            (None, Some(new_handle)) => self.insert_flow(new_handle, &step.flow),
            (None, None) => Err(misuse("saving a new flow without a handle")),
            (Some(kept), _) if handle.is_some_and(|handle| hashed(handle) != kept) => {
                Err(misuse("saving a flow under a handle that is not its own"))
            }
            (Some(_), new_handle) => self.save_flow(&step.flow, new_handle),
        }
    }

    fn take_effect(&mut self, step: &Step) -> Result<(), StoreFault> {
        let effects = &step.effects;
        let handle_alone = Effects {
            renews_handle: effects.renews_handle,
            ..Effects::default()
        };
        if *effects == handle_alone {
            return Ok(());
        }
        // No audit, no deed: the line also says when it happened.
        let now = step.audit.iter().map(|event| event.time).max();
        let now = now.ok_or_else(|| misuse("changing an account without an audit line"))?;
        if let Some(account) = step.flow.account() {
            self.touch_methods(account, &effects.used_methods, now)?;
        }
        if let Some(veto) = &effects.veto {
            let correlation = &step.flow.correlation;
            self.add_veto(
                veto.token.expose(),
                &veto.account,
                veto.expires_at,
                correlation,
            )?;
        }
        if let Some(account) = &effects.raise_epoch {
            self.raise_epoch(account)?;
        }
        if let Some(watch) = &effects.watch {
            self.save_watch(watch)?;
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

/// A fault of the caller, not of the database.
fn misuse(during: &'static str) -> StoreFault {
    StoreFault::new(FaultKind::Other, during)
}
