//! What an administrator does at the command line for one account.

use keymend_domain::account::{Account, Claim};
use keymend_domain::audit::{ActorKind, AuditDeed, AuditEvent, AuditResult, Personal};
use keymend_domain::directory::Found;
use keymend_domain::flow::Standing;
use keymend_domain::limit::{CounterKey, Lane, NameState, name_state, rests};
use keymend_domain::method::MethodKind;
use keymend_domain::policy::Eligibility;
use keymend_domain::time::Moment;

use super::{App, Stop, Visitor};
use crate::store::Tx;

/// What is known about one account, without anything secret.
#[derive(Debug, Clone)]
pub struct AccountReport {
    /// The entry.
    pub account: Account,
    /// Methods (to be shown masked), epoch, freeze.
    pub standing: Standing,
    /// Whether the policy takes it in.
    pub eligibility: Eligibility,
    /// What is closed at this moment.
    pub blocks: Vec<Block>,
}

/// Something that failed attempts closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Block {
    /// The method that rests; none for the typed name itself.
    pub method: Option<MethodKind>,
    /// For which browsers.
    pub lane: Lane,
    /// Until when, where one instant says it.
    pub until: Option<Moment>,
}

/// What lifting a block did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unblocked {
    /// Whether the name means an account.
    pub is_known: bool,
    /// Whether a freeze was lifted as well.
    pub unfrozen: bool,
    /// A directory that did not answer: what rests on an account was not reached.
    pub unreached: Option<String>,
}

impl App {
    /// What is known about the account a name means; `None` if it means none.
    ///
    /// # Errors
    ///
    /// `directory.down`, [`Stop::Fault`].
    pub async fn account_report(&self, name: &str) -> Result<Option<AccountReport>, Stop> {
        let claim = Claim::new(name).map_err(super::start::shape_refusal)?;
        let Found::One(account) = self.find(&claim).await? else {
            return Ok(None);
        };
        let (id, tag) = (account.id.clone(), self.inner.flow_keys.claim_tag(&claim));
        let (now, per_hour) = (self.now(), self.policy().settings().limits.tries_most);
        let (standing, blocks) = self
            .inner
            .store
            .transact(move |tx: &mut Tx<'_>| -> Result<_, Stop> {
                let standing = tx.standing(&id)?;
                Ok((standing, blocks(tx, &tag, &id.key(), (per_hour, now))?))
            })
            .await?;
        let eligibility = self.policy().eligibility(&account);
        Ok(Some(AccountReport {
            account: *account,
            standing,
            eligibility,
            blocks,
        }))
    }

    /// Lifts every block of a typed name and of the account it means; a freeze too if asked for.
    ///
    /// A block lies on the typed name, so it is lifted even while a directory is silent; what
    /// rests on the account itself is not reached then.
    ///
    /// # Errors
    ///
    /// `directory.down` if a freeze is to be lifted and nobody can say whose, [`Stop::Fault`].
    pub async fn unblock(&self, name: &str, unfreezes: bool, who: &str) -> Result<Unblocked, Stop> {
        let claim = Claim::new(name).map_err(super::start::shape_refusal)?;
        let (account, unreached) = match self.inner.directories.find(&claim).await {
            Ok(Found::One(account)) => (Some(*account), None),
            Ok(Found::Nobody | Found::Several { .. }) => (None, None),
            Err(silent) if unfreezes => return Err(silent.into()),
            Err(silent) => (None, Some(silent.name.0)),
        };
        let tag = self.inner.flow_keys.claim_tag(&claim);
        let correlation = self.new_journey()?;
        let desk = self.desk(&Visitor::default());
        let who = who.to_owned();
        self.inner
            .store
            .transact(move |tx: &mut Tx<'_>| -> Result<Unblocked, Stop> {
                clear(tx, &tag, account.as_ref())?;
                let mut unfrozen = false;
                if let Some(account) = &account
                    && unfreezes
                    && tx.standing(&account.id)?.is_frozen
                {
                    tx.set_frozen(&account.id, false, desk.now)?;
                    unfrozen = true;
                }
                let deeds = [AuditDeed::IdentityUnblocked, AuditDeed::AccountUnfrozen];
                for deed in deeds.into_iter().take(1 + usize::from(unfrozen)) {
                    let (result, actor) = (AuditResult::Success, ActorKind::Administrator);
                    let mut event =
                        AuditEvent::new(desk.now, deed, result, actor, correlation.clone());
                    event.subject = account.as_ref().map(|account| account.id.key());
                    event.claim_tag = account.is_none().then(|| tag.clone());
                    event.reason = unreached
                        .is_some()
                        .then(|| "directory-not-reached".to_owned());
                    event.personal = Personal {
                        actor_name: Some(who.clone()),
                        login: account.as_ref().map(|account| account.login.clone()),
                        ..Personal::default()
                    };
                    tx.audit(&event)?;
                }
                Ok(Unblocked {
                    is_known: account.is_some(),
                    unfrozen,
                    unreached,
                })
            })
            .await
    }
}

/// What is closed for a typed name and the account it means, in either lane.
fn blocks(
    tx: &mut Tx<'_>,
    claim_tag: &str,
    subject: &str,
    (per_hour, now): (u32, Moment),
) -> Result<Vec<Block>, Stop> {
    let fault = keymend_domain::flow::FlowFault::from;
    let mut blocks = Vec::new();
    for lane in [Lane::Familiar, Lane::Unfamiliar] {
        let name = CounterKey::name(claim_tag, lane);
        if let NameState::Blocked { until } = name_state(tx.book(), &name, now).map_err(fault)? {
            blocks.push(Block {
                method: None,
                lane,
                until: Some(until),
            });
        }
        for kind in MethodKind::ALL {
            let tries = CounterKey::tries(subject, kind, lane);
            if rests(tx.book(), &tries, lane, per_hour, now).map_err(fault)? {
                blocks.push(Block {
                    method: Some(kind),
                    lane,
                    until: None,
                });
            }
        }
    }
    Ok(blocks)
}

fn clear(tx: &mut Tx<'_>, claim_tag: &str, account: Option<&Account>) -> Result<(), Stop> {
    let mut keys = Vec::new();
    for lane in [Lane::Familiar, Lane::Unfamiliar] {
        keys.push(CounterKey::sign_in_name(claim_tag, lane));
        keys.push(CounterKey::name(claim_tag, lane));
        if let Some(account) = account {
            keys.extend(CounterKey::of_account(&account.id, lane));
        }
    }
    for key in &keys {
        tx.book()
            .clear(key)
            .map_err(keymend_domain::flow::FlowFault::from)?;
    }
    Ok(())
}
