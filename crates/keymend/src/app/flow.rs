//! The steps between the first form and the new password.

use std::sync::Arc;

use keymend_domain::account::{AccountRef, Claim, DirectoryName};
use keymend_domain::code;
use keymend_domain::directory::{Directory, DirectoryError, Health, PasswordRules};
use keymend_domain::flow::{Context, Flow, FlowFault, Intent, Stage, Step, View};
use keymend_domain::id::CorrelationId;
use keymend_domain::method::{self, MethodKind};
use keymend_domain::password::{RuleLine, Rules};
use keymend_domain::refusal::Refusal;
use keymend_domain::secret::{Password, Secret};
use keymend_domain::time::Moment;

use super::{App, Stop, Visitor};
use crate::phone;
use crate::store::Tx;

/// A form of a flow: the handle from the cookie, and the step the form was made for.
#[derive(Debug, Clone)]
pub struct FormStep {
    /// The handle.
    pub handle: String,
    /// The step.
    pub step: u32,
}

/// Where a step led.
#[derive(Debug, Clone, Default)]
pub struct Moved {
    /// The browser's new handle, if it changes.
    pub handle: Option<String>,
    /// Why the person did not get further; the next page says so as well.
    pub refusal: Option<Refusal>,
}

/// All that a page may know of a flow.
#[derive(Debug, Clone)]
pub struct FlowPage {
    /// The page.
    pub view: View,
    /// What it has to say about the last form.
    pub said: Option<Refusal>,
    /// The step for its forms.
    pub step: u32,
    /// The journey.
    pub correlation: CorrelationId,
    /// The name as typed, for "Start again".
    pub claim: String,
    /// What the flow is for, once known.
    pub intent: Option<Intent>,
    /// When its time is over.
    pub expires_at: Moment,
    /// How often more time may be asked for.
    pub extensions_left: u32,
    /// Which gate of how many, once the first is passed.
    pub gate: Option<(u32, u32)>,
    /// How often the way in use may still be tried; to be shown after the first gate only.
    pub tries_left: u32,
    /// For the new password: every rule and how it stands.
    pub rules: Vec<RuleLine>,
}

impl App {
    /// The page a flow is at.  Changes nothing.
    ///
    /// # Errors
    ///
    /// [`Stop::NoFlow`] if the handle means none.
    pub async fn view(&self, handle: &str) -> Result<FlowPage, Stop> {
        let flow = self.flow(handle).await?;
        let policy = self.policy();
        let rules = match flow.stage() {
            Stage::Proven(_) => self.rules_of(&flow, None).await?,
            _ => Vec::new(),
        };
        Ok(FlowPage {
            view: flow.view(&policy, self.now()),
            said: flow.said().cloned(),
            step: flow.step,
            correlation: flow.correlation.clone(),
            claim: flow.claim().to_owned(),
            intent: flow.intent(),
            expires_at: flow.expires_at,
            extensions_left: flow.extensions_left(),
            gate: flow.gate(&policy),
            tries_left: flow.tries_left_here(&policy),
            rules,
        })
    }

    pub(super) async fn flow(&self, handle: &str) -> Result<Flow, Stop> {
        let handle = handle.to_owned();
        self.inner
            .store
            .read(move |rx| -> Result<_, Stop> { Ok(rx.flow(&handle)?) })
            .await?
            .ok_or(Stop::NoFlow)
    }

    /// The rules for a proven flow's new password, judged against what was typed so far.
    ///
    /// # Errors
    ///
    /// [`Stop::NoFlow`] unless all gates are passed: before them this would be an oracle.
    pub async fn live_rules(
        &self,
        handle: &str,
        typed: Option<Password>,
    ) -> Result<Vec<RuleLine>, Stop> {
        let flow = self.flow(handle).await?;
        match flow.stage() {
            Stage::Proven(_) if !flow.is_over(self.now()) => {
                self.rules_of(&flow, typed.as_ref()).await
            }
            _ => Err(Stop::NoFlow),
        }
    }

    async fn rules_of(&self, flow: &Flow, typed: Option<&Password>) -> Result<Vec<RuleLine>, Stop> {
        let Some(account) = flow.proven_account() else {
            return Ok(Vec::new());
        };
        let rules = self.rules_to_show(&account.id).await?;
        Ok(self.rule_lines(typed, account, &rules))
    }

    /// All rules that apply to one account, the directory's as it tells them now.
    pub(super) async fn password_rules(&self, account: &AccountRef) -> Result<Rules, Stop> {
        let rules = self.directory_of(account)?.password_rules(account).await;
        self.with_own_rules(account, rules).await
    }

    /// The same for the page, which asks with every key: nothing is decided by them.
    pub(super) async fn rules_to_show(&self, account: &AccountRef) -> Result<Rules, Stop> {
        let rules = self.directory_of(account)?.rules_to_show(account).await;
        self.with_own_rules(account, rules).await
    }

    fn directory_of(&self, account: &AccountRef) -> Result<&Arc<dyn Directory>, Stop> {
        let name = &account.directory;
        let found = self.inner.directories.get(name);
        found.ok_or_else(|| silent(name))
    }

    async fn with_own_rules(
        &self,
        account: &AccountRef,
        rules: Result<PasswordRules, DirectoryError>,
    ) -> Result<Rules, Stop> {
        let name = &account.directory;
        match rules {
            Ok(rules) => Ok(Rules::new(rules, &self.policy())),
            Err(error) => {
                tracing::warn!(%error, directory = %name, "password rules could not be read");
                self.inner.directories.note_down(name, &error).await;
                Err(silent(name))
            }
        }
    }

    /// "I have forgotten my password" or "I know my password but cannot sign in".
    ///
    /// # Errors
    ///
    /// See [`Self::step_flow`].
    pub async fn choose_intent(
        &self,
        form: FormStep,
        intent: Intent,
        visitor: &Visitor,
    ) -> Result<Moved, Stop> {
        self.step_flow(form, visitor, move |flow, ctx| {
            flow.choose_intent(intent, ctx)
        })
        .await
    }

    /// A way from the menu.
    ///
    /// # Errors
    ///
    /// See [`Self::step_flow`].
    pub async fn choose_method(
        &self,
        form: FormStep,
        kind: MethodKind,
        visitor: &Visitor,
    ) -> Result<Moved, Stop> {
        self.step_flow(form, visitor, move |flow, ctx| {
            flow.choose_method(kind, ctx)
        })
        .await
    }

    /// The full registered address or number.  A directory that is down is said before a code
    /// is spent.
    ///
    /// # Errors
    ///
    /// See [`Self::step_flow`].
    pub async fn challenge(
        &self,
        form: FormStep,
        typed: String,
        visitor: &Visitor,
    ) -> Result<Moved, Stop> {
        let flow = self.flow(&form.handle).await?;
        self.directory_answers(&flow).await?;
        let View::Contact { kind } = flow.view(&self.policy(), self.now()) else {
            return self
                .step_flow(form, visitor, |flow, ctx| flow.challenge(None, ctx))
                .await;
        };
        let contact = match kind {
            MethodKind::Email => method::email(&typed),
            MethodKind::Text => phone::normalise(&typed, &self.inner.region),
        };
        let moved = self
            .step_flow(form, visitor, move |flow, ctx| {
                flow.challenge(contact.as_ref(), ctx)
            })
            .await;
        self.inner.outbox_has_work.notify_one();
        moved
    }

    /// Another code to the same place.
    ///
    /// # Errors
    ///
    /// See [`Self::step_flow`].
    pub async fn resend(&self, form: FormStep, visitor: &Visitor) -> Result<Moved, Stop> {
        let flow = self.flow(&form.handle).await?;
        self.directory_answers(&flow).await?;
        let moved = self.step_flow(form, visitor, Flow::resend).await;
        self.inner.outbox_has_work.notify_one();
        moved
    }

    /// A typed code.
    ///
    /// # Errors
    ///
    /// See [`Self::step_flow`].
    pub async fn prove(
        &self,
        form: FormStep,
        typed: &Secret,
        visitor: &Visitor,
    ) -> Result<Moved, Stop> {
        let answer = code::typed(typed.expose());
        let moved = self
            .step_flow(form, visitor, move |flow, ctx| {
                flow.prove(answer.as_ref(), ctx)
            })
            .await;
        self.inner.outbox_has_work.notify_one();
        moved
    }

    /// Back to the menu.
    ///
    /// # Errors
    ///
    /// See [`Self::step_flow`].
    pub async fn other_way(&self, form: FormStep, visitor: &Visitor) -> Result<Moved, Stop> {
        self.step_flow(form, visitor, Flow::other_way).await
    }

    /// Five more minutes.
    ///
    /// # Errors
    ///
    /// See [`Self::step_flow`].
    pub async fn more_time(&self, form: FormStep, visitor: &Visitor) -> Result<Moved, Stop> {
        self.step_flow(form, visitor, Flow::more_time).await
    }

    /// Giving up.
    ///
    /// # Errors
    ///
    /// See [`Self::step_flow`].
    pub async fn cancel(&self, form: FormStep, visitor: &Visitor) -> Result<Moved, Stop> {
        self.step_flow(form, visitor, Flow::cancel).await
    }

    /// Unlocking instead of a new password, or the reverse.
    ///
    /// # Errors
    ///
    /// See [`Self::step_flow`].
    pub async fn switch_intent(
        &self,
        form: FormStep,
        intent: Intent,
        visitor: &Visitor,
    ) -> Result<Moved, Stop> {
        self.step_flow(form, visitor, move |flow, ctx| {
            flow.switch_intent(intent, ctx)
        })
        .await
    }

    /// One step of a flow: read, decide and save inside one transaction, so that two requests
    /// cannot fork a flow and no guess is free.
    ///
    /// # Errors
    ///
    /// [`Stop::NoFlow`] if the handle means no flow; [`Stop::Refused`] with `step.wrong` for a
    /// form of an older page, which spends nothing; [`Stop::Fault`].
    pub(super) async fn step_flow(
        &self,
        form: FormStep,
        visitor: &Visitor,
        decide: impl FnOnce(Flow, &mut Context<'_>) -> Result<Step, FlowFault> + Send + 'static,
    ) -> Result<Moved, Stop> {
        let desk = self.desk(visitor);
        self.inner
            .store
            .transact(move |tx: &mut Tx<'_>| -> Result<Moved, Stop> {
                let flow = current(tx, &form)?;
                if flow.step != form.step {
                    return Ok(Moved {
                        handle: None,
                        refusal: Some(Refusal::StepWrong),
                    });
                }
                let step = if flow.is_over(desk.now) {
                    flow.expire(desk.now)
                } else {
                    decide(flow, &mut desk.context(tx.book()))?
                };
                let handle = match step.effects.renews_handle {
                    true => Some(desk.handle()?),
                    false => None,
                };
                tx.commit_step(&step, Some(&form.handle), handle.as_deref())?;
                Ok(Moved {
                    handle,
                    refusal: step.refusal,
                })
            })
            .await
    }

    /// Refuses before anything is spent if the directory does not answer.  Before the first gate
    /// only the state of the directories that the name as typed may mean can be told: which of
    /// them an account is in is nobody's business, so nothing is said while any of them works.
    pub(super) async fn directory_answers(&self, flow: &Flow) -> Result<(), Stop> {
        let names: Vec<_> = match flow.account().filter(|_| flow.has_passed_a_gate()) {
            Some(account) => vec![account.directory.clone()],
            None => match Claim::new(flow.claim()) {
                Ok(claim) => self.inner.directories.meant_by(&claim),
                Err(_) => self.inner.directories.names().cloned().collect(),
            },
        };
        let mut refusal = None;
        for name in names {
            match self.directory_refusal(&name).await {
                None => return Ok(()),
                Some(own) => refusal = refusal.or(Some(own)),
            }
        }
        refusal.map_or(Ok(()), |refusal| Err(Stop::Refused(refusal)))
    }

    async fn directory_refusal(&self, name: &DirectoryName) -> Option<Refusal> {
        let directory = name.0.clone();
        if !self.policy().writes_to_directory(&directory) {
            return Some(Refusal::SitePaused { directory });
        }
        match self.inner.directories.health(name).await {
            Health::Up => None,
            Health::Down { during, detail } => {
                tracing::warn!(directory, during, detail, "a directory does not answer");
                Some(Refusal::DirectoryDown { directory })
            }
        }
    }
}

fn silent(name: &DirectoryName) -> Stop {
    Stop::Refused(Refusal::DirectoryDown {
        directory: name.0.clone(),
    })
}

/// The flow a form belongs to.
pub(super) fn current(tx: &mut Tx<'_>, form: &FormStep) -> Result<Flow, Stop> {
    tx.flow(&form.handle)?.ok_or(Stop::NoFlow)
}
