//! The first form: a name is claimed.

use keymend_domain::account::{AccountRef, Anchor, Claim, ClaimShape, DirectoryName};
use keymend_domain::directory::Found;
use keymend_domain::flow::{Flow, Gathered, admit};
use keymend_domain::id::CorrelationId;
use keymend_domain::policy::Scope;
use keymend_domain::refusal::Refusal;

use super::{App, HumanAnswer, Stop, Visitor};
use crate::human::Verdict;
use crate::store::Tx;

/// What the first form holds.
#[derive(Debug, Clone)]
pub struct StartForm {
    /// The name as typed.
    pub user: String,
    /// The answer to the bot check.
    pub human: HumanAnswer,
}

/// A flow that was opened.
#[derive(Debug, Clone)]
pub struct Started {
    /// The handle for the cookie.
    pub handle: String,
}

/// How a name that can be nobody's is refused.
pub(super) fn shape_refusal(shape: ClaimShape) -> Stop {
    Stop::Refused(match shape {
        ClaimShape::Empty | ClaimShape::Control => Refusal::ClaimShape,
        ClaimShape::TooLong => Refusal::InputLong,
    })
}

impl App {
    /// Opens a flow for whatever was typed.
    ///
    /// # Errors
    ///
    /// [`Stop::Refused`] for what an outsider can see himself: shape, bot check, pace of the
    /// source, a blocked name, the whole site off, all directories that the name may mean paused,
    /// or one of them down.
    pub async fn start(&self, form: StartForm, visitor: &Visitor) -> Result<Started, Stop> {
        let claim = Claim::new(&form.user).map_err(shape_refusal)?;
        let correlation = self.new_journey()?;
        self.is_open()?;
        self.writes_to_some(&claim)?;
        self.admit(&claim, &correlation, form.human, visitor)
            .await?;
        let found = self.find(&claim).await?;
        let handle = self.open(claim, correlation, found, visitor).await?;
        Ok(Started { handle })
    }

    /// Whether resetting is switched on for anybody: a fact about the site, said at once.
    ///
    /// # Errors
    ///
    /// `site.off`.
    pub fn is_open(&self) -> Result<(), Stop> {
        match self.policy().settings().scope {
            Scope::None => Err(Stop::Refused(Refusal::SiteOff)),
            Scope::Selected | Scope::All => Ok(()),
        }
    }

    /// Writing is switched off for every directory that the name may mean: whoever it is cannot be
    /// helped, and it is said at once.
    fn writes_to_some(&self, claim: &Claim) -> Result<(), Stop> {
        let policy = self.policy();
        let meant = self.inner.directories.meant_by(claim);
        let is_off = |name: &DirectoryName| !policy.writes_to_directory(&name.0);
        match meant.first() {
            Some(first) if meant.iter().all(is_off) => Err(Stop::Refused(Refusal::SitePaused {
                directory: first.0.clone(),
            })),
            _ => Ok(()),
        }
    }

    pub(super) fn new_journey(&self) -> Result<CorrelationId, Stop> {
        CorrelationId::fresh(self.now(), self.inner.entropy.as_ref())
            .map_err(|fault| keymend_domain::flow::FlowFault::from(fault).into())
    }

    /// Source limits, blocked names and the bot check, in one transaction.
    async fn admit(
        &self,
        claim: &Claim,
        correlation: &CorrelationId,
        human: HumanAnswer,
        visitor: &Visitor,
    ) -> Result<(), Stop> {
        let verdict = self.check_human(&human, visitor);
        let desk = self.desk(visitor);
        let (claim, correlation) = (claim.clone(), correlation.clone());
        let admission = self
            .inner
            .store
            .transact(move |tx: &mut Tx<'_>| -> Result<_, Stop> {
                if !is_human(tx, verdict.as_ref())? {
                    return Ok(Err(Refusal::HumanNotSure));
                }
                let admission = admit(&claim, &correlation, &mut desk.context(tx.book()))?;
                for event in &admission.audit {
                    tx.audit(event)?;
                }
                Ok(Ok(admission))
            })
            .await?;
        let admission = admission.map_err(Stop::Refused)?;
        if admission.presses {
            self.inner.pressure.press(visitor.network(), self.now());
        }
        match admission.refusal {
            Some(refusal) => Err(Stop::Refused(refusal)),
            None => Ok(()),
        }
    }

    /// Asks the directories that the name may mean; if one of them is silent, says so before
    /// anything is spent.
    pub(super) async fn find(&self, claim: &Claim) -> Result<Found, Stop> {
        Ok(self.inner.directories.find(claim).await?)
    }

    async fn open(
        &self,
        claim: Claim,
        correlation: CorrelationId,
        found: Found,
        visitor: &Visitor,
    ) -> Result<String, Stop> {
        let desk = self.desk(visitor);
        let handle = self
            .inner
            .store
            .transact(move |tx: &mut Tx<'_>| -> Result<String, Stop> {
                let standing = match &found {
                    Found::One(account) => tx.standing(&account.id)?,
                    // The same look-up against a name nobody has: equal work for a decoy.
                    Found::Nobody | Found::Several { .. } => tx.standing(&nobody())?,
                };
                let gathered = Gathered { found, standing };
                let step = Flow::open(&claim, correlation, gathered, &mut desk.context(tx.book()))?;
                let handle = desk.handle()?;
                tx.commit_step(&step, None, Some(&handle))?;
                Ok(handle)
            })
            .await?;
        // Told whether or not there is work, so that a decoy costs the same.
        self.inner.outbox_has_work.notify_one();
        Ok(handle)
    }
}

/// An account that cannot be: no directory has an empty name.
fn nobody() -> AccountRef {
    AccountRef {
        directory: DirectoryName(String::new()),
        anchor: Anchor(String::new()),
    }
}

/// Whether the bot check was passed, with an answer nobody used before.  A wrong answer uses its
/// challenge up as well, so that a picture cannot be guessed at.
fn is_human(tx: &mut Tx<'_>, verdict: Option<&Verdict>) -> Result<bool, Stop> {
    match verdict {
        None => Ok(true),
        Some(Verdict::Passed(used)) => Ok(tx.use_human(&used.key, used.expires_at)?),
        Some(Verdict::Spent(used)) => {
            tx.use_human(&used.key, used.expires_at)?;
            Ok(false)
        }
        Some(Verdict::NotSure) => Ok(false),
    }
}
