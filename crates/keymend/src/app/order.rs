//! Writing: the order is on disk before anything is sent, the write is carried out by a task that
//! a leaving browser cannot cancel, and what came of it is saved exactly once.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use keymend_domain::account::{Account, AccountRef};
use keymend_domain::directory::{
    Directory, DirectoryError, MustChange, NotDone, RuleBroken, SignIn, WriteOutcome,
};
use keymend_domain::flow::{Flow, Fresh, Judged, Opened, Stage, Step, Ticket, View};
use keymend_domain::id::{FlowId, OrderId};
use keymend_domain::password::Rules;
use keymend_domain::refusal::Refusal;
use keymend_domain::secret::{PASSWORD_POINTS_MAX, Password, PasswordShape, Secret};
use tokio::sync::oneshot;

use super::flow::current;
use super::{App, Fault, FormStep, Moved, Stop, Visitor};
use crate::store::Tx;

/// How long a page waits for the directory before it says "Saving" (behaviour §2.5).
const PAGE_WAIT: Duration = Duration::from_secs(8);

/// Settlements are tried this often before the sweep takes over.
const SETTLE_TRIES: u32 = 3;

/// Where a written password led.
#[derive(Debug, Clone, Default)]
pub struct Written {
    /// Handle and refusal.
    pub moved: Moved,
    /// What the flow came to, if it was settled while the page waited; if not, the next page says
    /// "Saving".
    pub view: Option<View>,
}

/// The new password as the form gave it; wiped on drop, and never printed.
pub struct NewPassword {
    typed: Secret,
    again: Secret,
    was_shown: bool,
}

impl NewPassword {
    /// What was typed, what was typed again, and whether the first field was shown: then the
    /// second is not looked at.
    #[must_use]
    pub fn new(typed: Secret, again: Secret, was_shown: bool) -> Self {
        Self {
            typed,
            again,
            was_shown,
        }
    }

    /// Whether nothing was typed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.typed.expose().is_empty()
    }

    /// The password, or the rules its shape breaks.
    pub(super) fn into_password(self) -> Result<Password, Refusal> {
        let differs = !self.was_shown && !self.typed.matches(&self.again);
        let password = Password::of_new(&self.typed).map_err(shape_refusal)?;
        if differs {
            return Err(Refusal::PasswordRejected(vec![RuleBroken::Differ]));
        }
        Ok(password)
    }
}

pub(super) fn shape_refusal(shape: PasswordShape) -> Refusal {
    match shape {
        PasswordShape::Empty => Refusal::FormMissing,
        PasswordShape::TooLong => Refusal::PasswordRejected(vec![RuleBroken::Long {
            most: u32::try_from(PASSWORD_POINTS_MAX).unwrap_or(u32::MAX),
        }]),
        PasswordShape::Nul => Refusal::PasswordRejected(vec![RuleBroken::Sign {
            which: "U+0000".to_owned(),
        }]),
    }
}

/// A write that was ordered: what its task needs.
pub(super) struct Ordered {
    pub flow: FlowId,
    pub ticket: Ticket,
    pub directory: Arc<dyn Directory>,
}

/// The passwords of a write; wiped when its task ends.
pub(super) struct Passwords {
    pub new: Option<Password>,
    pub current: Option<Password>,
}

impl App {
    /// A new password for a proven flow.
    ///
    /// # Errors
    ///
    /// [`Stop::NoFlow`], [`Stop::Refused`] with `directory.down` before anything was sent,
    /// [`Stop::Fault`].  What the directory said is in the flow.
    pub async fn choose_password(
        &self,
        form: FormStep,
        new: NewPassword,
        visitor: &Visitor,
    ) -> Result<Written, Stop> {
        let (app, visitor) = (self.clone(), visitor.clone());
        let deed = async move { app.choose_password_here(form, new, &visitor).await };
        self.to_its_end(deed).await
    }

    /// A deed that may open an order: a leaving browser must not leave it half done.
    pub(super) async fn to_its_end(
        &self,
        deed: impl Future<Output = Result<Written, Stop>> + Send + 'static,
    ) -> Result<Written, Stop> {
        match self.inner.tasks.finish(deed).await {
            Ok(written) => written,
            Err(lost) => Err(fault("carrying out an order", lost)),
        }
    }

    async fn choose_password_here(
        &self,
        form: FormStep,
        new: NewPassword,
        visitor: &Visitor,
    ) -> Result<Written, Stop> {
        let flow = self.flow(&form.handle).await?;
        let Stage::Proven(_) = flow.stage() else {
            return self.out_of_order(form, visitor).await;
        };
        let password = match new.into_password() {
            Ok(password) => password,
            Err(Refusal::PasswordRejected(broken)) => {
                return self.reject(form, (flow, broken), visitor).await;
            }
            Err(refusal) => return Err(Stop::Refused(refusal)),
        };
        let found = match flow.account() {
            Some(account) => self.read_with_rules(account).await?,
            None => None,
        };
        let broken = found.as_ref().map_or_else(Vec::new, |(account, rules)| {
            self.judge(&password, account, rules)
        });
        let account = found.map(|(account, _)| account);
        let opened = self.open_reset(form, (account, broken), visitor).await?;
        let passwords = Passwords {
            new: Some(password),
            current: None,
        };
        self.carry_out(opened, passwords, visitor).await
    }

    /// The lock lifted for a proven flow.
    ///
    /// # Errors
    ///
    /// As [`Self::choose_password`].
    pub async fn unlock(&self, form: FormStep, visitor: &Visitor) -> Result<Written, Stop> {
        let (app, visitor) = (self.clone(), visitor.clone());
        let deed = async move { app.unlock_here(form, &visitor).await };
        self.to_its_end(deed).await
    }

    async fn unlock_here(&self, form: FormStep, visitor: &Visitor) -> Result<Written, Stop> {
        let flow = self.flow(&form.handle).await?;
        let Stage::Proven(_) = flow.stage() else {
            return self.out_of_order(form, visitor).await;
        };
        let account = self.read_again(&flow).await?;
        let desk = self.desk(visitor);
        let opened = self
            .inner
            .store
            .transact(move |tx: &mut Tx<'_>| -> Result<_, Stop> {
                let (flow, fresh) = match gather(tx, &form, account)? {
                    Gathering::Ready(ready) => *ready,
                    Gathering::Stale(moved) => return Ok((moved, None)),
                };
                let opened = flow.order_unlock(&fresh, &mut desk.context(tx.book()))?;
                commit(tx, opened, &form)
            })
            .await?;
        self.carry_out(
            opened,
            Passwords {
                new: None,
                current: None,
            },
            visitor,
        )
        .await
    }

    async fn out_of_order(&self, form: FormStep, visitor: &Visitor) -> Result<Written, Stop> {
        let fresh = Fresh {
            account: None,
            standing: keymend_domain::flow::Standing::default(),
        };
        let judged = Judged { broken: Vec::new() };
        let moved = self
            .step_flow(form, visitor, move |flow, ctx| {
                Ok(flow.order_reset(&fresh, judged, ctx)?.step)
            })
            .await?;
        Ok(Written { moved, view: None })
    }

    /// A password whose shape already breaks rules: said together, and counted as a submission.
    async fn reject(
        &self,
        form: FormStep,
        (flow, broken): (Flow, Vec<RuleBroken>),
        visitor: &Visitor,
    ) -> Result<Written, Stop> {
        let account = self.read_again(&flow).await?;
        let (moved, _) = self.open_reset(form, (account, broken), visitor).await?;
        Ok(Written { moved, view: None })
    }

    /// The account of a flow, read again right before the write.
    async fn read_again(&self, flow: &Flow) -> Result<Option<Account>, Stop> {
        let Some(account) = flow.account() else {
            return Ok(None);
        };
        match self.inner.directories.read(account).await {
            Ok(account) => Ok(account),
            Err(error) => Err(self.down(&account.directory, &error).await),
        }
    }

    /// An account with all rules that apply to its password, both read right before the write.
    pub(super) async fn read_with_rules(
        &self,
        account: &AccountRef,
    ) -> Result<Option<(Account, Rules)>, Stop> {
        match self.inner.directories.read_with_rules(account).await {
            Ok(found) => {
                Ok(found.map(|(account, rules)| (account, Rules::new(rules, &self.policy()))))
            }
            Err(error) => Err(self.down(&account.directory, &error).await),
        }
    }

    pub(super) async fn down(
        &self,
        name: &keymend_domain::account::DirectoryName,
        error: &DirectoryError,
    ) -> Stop {
        tracing::warn!(%error, directory = %name, "a directory did not answer");
        self.inner.directories.note_down(name, error).await;
        Stop::Refused(Refusal::DirectoryDown {
            directory: name.0.clone(),
        })
    }

    async fn open_reset(
        &self,
        form: FormStep,
        (account, broken): (Option<Account>, Vec<RuleBroken>),
        visitor: &Visitor,
    ) -> Result<(Moved, Option<Saved>), Stop> {
        let desk = self.desk(visitor);
        self.inner
            .store
            .transact(move |tx: &mut Tx<'_>| -> Result<_, Stop> {
                let (flow, fresh) = match gather(tx, &form, account)? {
                    Gathering::Ready(ready) => *ready,
                    Gathering::Stale(moved) => return Ok((moved, None)),
                };
                let judged = Judged { broken };
                let opened = flow.order_reset(&fresh, judged, &mut desk.context(tx.book()))?;
                commit(tx, opened, &form)
            })
            .await
    }

    /// Runs a saved order and waits for it as long as a page may.
    pub(super) async fn carry_out(
        &self,
        (moved, saved): (Moved, Option<Saved>),
        passwords: Passwords,
        visitor: &Visitor,
    ) -> Result<Written, Stop> {
        let Some((flow, ticket)) = saved else {
            return Ok(Written { moved, view: None });
        };
        let name = ticket.order().account.directory.clone();
        let Some(directory) = self.inner.directories.get(&name).cloned() else {
            // Unreachable while a flow lives shorter than a configuration; the sweep settles it.
            return Ok(Written { moved, view: None });
        };
        let ordered = Ordered {
            flow,
            ticket,
            directory,
        };
        let settled = self.spawn_write(ordered, passwords, visitor.clone());
        let settled = tokio::time::timeout(PAGE_WAIT, settled).await;
        let flow = settled.ok().and_then(Result::ok).flatten();
        let view = flow.map(|flow| flow.view(&self.policy(), self.now()));
        Ok(Written { moved, view })
    }

    fn spawn_write(
        &self,
        ordered: Ordered,
        passwords: Passwords,
        visitor: Visitor,
    ) -> oneshot::Receiver<Option<Flow>> {
        let (told, hears) = oneshot::channel();
        let app = self.clone();
        self.inner.tasks.finish(async move {
            let (flow, order) = (ordered.flow.clone(), ordered.ticket.order().id.clone());
            let settled = match app.write(ordered, passwords).await {
                Some(outcome) => app.settle((&flow, &order), outcome, visitor).await,
                None => None,
            };
            // The page may have stopped waiting; then nobody hears, and nothing is lost.
            let _ = told.send(settled);
        });
        hears
    }

    /// The write itself; an outcome nobody knows is settled by reading after the deadline.  `None`
    /// if the directory cannot be read then: the order stays open, and the sweep asks again.
    async fn write(&self, ordered: Ordered, passwords: Passwords) -> Option<WriteOutcome> {
        let Ordered {
            ticket, directory, ..
        } = ordered;
        let order = ticket.order().clone();
        let Some(written) = ticket.into_order(passwords.new.as_ref(), passwords.current.as_ref())
        else {
            return Some(WriteOutcome::NotDone(NotDone::Late));
        };
        let outcome = directory.write(&written).await;
        if outcome != WriteOutcome::Unknown {
            return Some(outcome);
        }
        tracing::warn!(order.id = %order.id, "a write got no answer; reading back");
        let left_ms = order.deadline.since_ms(self.now()).max(0);
        tokio::time::sleep(Duration::from_millis(u64::try_from(left_ms).unwrap_or(0))).await;
        match directory.read_back(&order.account).await {
            Ok(read) => {
                let outcome = order.reconcile(&read);
                Some(
                    confirm(
                        &*directory,
                        outcome,
                        (&order.account, passwords.new.as_ref()),
                    )
                    .await,
                )
            }
            Err(error) => {
                tracing::warn!(order.id = %order.id, %error, "an order stays open");
                None
            }
        }
    }

    /// Saves what came of an order; the flow as it stands then, if this settled it.
    pub(super) async fn settle(
        &self,
        (flow, order): (&FlowId, &OrderId),
        outcome: WriteOutcome,
        visitor: Visitor,
    ) -> Option<Flow> {
        for _ in 0..SETTLE_TRIES {
            let which = (flow.clone(), order.clone());
            match self.try_settle(which, outcome.clone(), &visitor).await {
                Ok(settled) => {
                    self.inner.outbox_has_news.notify_one();
                    return settled;
                }
                Err(stop) => {
                    tracing::error!(flow.id = %flow, error = %stop, "an order could not be settled");
                }
            }
        }
        None
    }

    async fn try_settle(
        &self,
        (flow, order): (FlowId, OrderId),
        outcome: WriteOutcome,
        visitor: &Visitor,
    ) -> Result<Option<Flow>, Stop> {
        let desk = self.desk(visitor);
        self.inner
            .store
            .transact(move |tx: &mut Tx<'_>| -> Result<Option<Flow>, Stop> {
                let Some(flow) = tx.flow_by_id(&flow)? else {
                    return Ok(None);
                };
                let ctx = &mut desk.context(tx.book());
                let Some(step) = flow.settle_order(&order, &outcome, ctx)? else {
                    return Ok(None);
                };
                tx.commit_step(&step, None, None)?;
                end_sign_ins(tx, &step)?;
                Ok(Some(step.flow))
            })
            .await
    }
}

/// A changed password ends every sign-in of the account but keeps nothing half-way: whoever
/// changed it signs in with the new one.
fn end_sign_ins(tx: &mut Tx<'_>, step: &Step) -> Result<(), Stop> {
    if let Some(account) = &step.effects.raise_epoch {
        tx.remove_sessions_of(account)?;
    }
    Ok(())
}

/// A saved order: the flow it belongs to, and the permission to carry it out.
pub(super) type Saved = (FlowId, Ticket);

enum Gathering {
    Ready(Box<(Flow, Fresh)>),
    Stale(Moved),
}

fn gather(tx: &mut Tx<'_>, form: &FormStep, account: Option<Account>) -> Result<Gathering, Stop> {
    let flow = current(tx, form)?;
    if flow.step != form.step {
        return Ok(Gathering::Stale(Moved {
            handle: None,
            refusal: Some(Refusal::StepWrong),
        }));
    }
    let standing = match flow.account() {
        Some(account) => tx.standing(account)?,
        None => keymend_domain::flow::Standing::default(),
    };
    Ok(Gathering::Ready(Box::new((
        flow,
        Fresh { account, standing },
    ))))
}

fn commit(
    tx: &mut Tx<'_>,
    opened: Opened,
    form: &FormStep,
) -> Result<(Moved, Option<Saved>), Stop> {
    let Opened { step, ticket } = opened;
    tx.commit_step(&step, Some(&form.handle), None)?;
    let moved = Moved {
        handle: None,
        refusal: step.refusal.clone(),
    };
    Ok((moved, ticket.map(|ticket| (step.flow.id.clone(), ticket))))
}

/// A write that was read back is confirmed by one sign-in, if the password is still at hand.
async fn confirm(
    directory: &dyn Directory,
    outcome: WriteOutcome,
    (account, password): (&keymend_domain::account::AccountRef, Option<&Password>),
) -> WriteOutcome {
    use keymend_domain::directory::{Barrier, Check};
    let (
        WriteOutcome::Done {
            unlocked,
            change_again,
            ..
        },
        Some(password),
    ) = (&outcome, password)
    else {
        return outcome;
    };
    let (unlocked, change_again) = (*unlocked, *change_again);
    match directory.confirm_password(account, password).await {
        Ok(SignIn::Accepted) => WriteOutcome::Done {
            check: Check::SignedIn,
            unlocked,
            change_again,
        },
        Ok(SignIn::MustChange(MustChange::Expired | MustChange::Demanded)) => WriteOutcome::Done {
            check: Check::SignedIn,
            unlocked,
            change_again: true,
        },
        Ok(SignIn::Unusable | SignIn::NotHere) => WriteOutcome::Barred(Barrier::CannotSignIn),
        // The change time moved, but not to this password: somebody else wrote.
        Ok(SignIn::NoMatch(_)) => WriteOutcome::Unknown,
        Err(_) => outcome,
    }
}

/// A fault of the store, named by what was being done.
pub(super) fn fault(
    during: &'static str,
    source: impl std::error::Error + Send + Sync + 'static,
) -> Stop {
    Stop::Fault(Fault {
        during,
        is_passing: true,
        source: Box::new(source),
    })
}
