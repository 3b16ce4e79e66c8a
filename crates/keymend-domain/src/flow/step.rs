//! What one decision leaves behind.

use super::{Closed, Ending, Flow, Stage};
use crate::account::AccountRef;
use crate::audit::AuditEvent;
use crate::deliver::Notice;
use crate::id::MethodId;
use crate::refusal::Refusal;
use crate::secret::Enclosed;
use crate::time::Moment;
use crate::watch::Watch;

/// Which other flows of an account end with a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EndOthers {
    /// Those that have passed all gates.
    Proven(AccountRef),
    /// All of them.
    All(AccountRef),
}

/// The link by which an owner can say "This was not me".
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Veto {
    /// The secret in the link; the store keeps its hash.
    pub token: Enclosed,
    /// The account.
    pub account: AccountRef,
    /// When it stops working.
    pub expires_at: Moment,
}

/// What a step changes beside the flow itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Effects {
    /// Other flows that end.
    pub end_others: Option<EndOthers>,
    /// The account whose epoch rises, which kills every older code, link and flow.
    pub raise_epoch: Option<AccountRef>,
    /// Methods that opened a gate.
    pub used_methods: Vec<MethodId>,
    /// The "not me" link of the notices.
    pub veto: Option<Veto>,
    /// Wrong passwords of the account are looked for, for a while.
    pub watch: Option<Watch>,
    /// The browser gets a new handle.
    pub renews_handle: bool,
}

/// What one decision leaves behind: saved whole, in one transaction, or not at all.
#[derive(Debug)]
pub struct Step {
    /// The flow after the step.
    pub flow: Flow,
    /// Messages to be sent.
    pub notices: Vec<Notice>,
    /// Lines for the audit log.
    pub audit: Vec<AuditEvent>,
    /// Why the person did not get further, if they did not.
    pub refusal: Option<Refusal>,
    /// Everything else.
    pub effects: Effects,
}

impl Step {
    pub(super) fn of(flow: Flow) -> Self {
        Self {
            flow,
            notices: Vec::new(),
            audit: Vec::new(),
            refusal: None,
            effects: Effects::default(),
        }
    }

    /// The person moves on: a new page, nothing to complain about.
    pub(super) fn moves(mut self) -> Self {
        self.flow.step = self.flow.step.saturating_add(1);
        self.flow.said = None;
        self
    }

    /// The person stays, or is sent back, and is told why on the next page.
    pub(super) fn says(mut self, refusal: Refusal) -> Self {
        self.flow.step = self.flow.step.saturating_add(1);
        self.flow.said = Some(refusal.clone());
        self.refusal = Some(refusal);
        self
    }

    pub(super) fn ends(mut self, ending: Ending) -> Self {
        let login = self.flow.recognised().map(|account| account.login.clone());
        self.flow.stage = Stage::Closed(Closed { ending, login });
        self.moves()
    }

    pub(super) fn audits(&mut self, event: AuditEvent) {
        self.audit.push(event);
    }
}
