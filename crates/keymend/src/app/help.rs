//! "Ask for help" and "This was not me".

use keymend_domain::account::{Account, AccountRef, Claim, DirectoryName};
use keymend_domain::audit::{ActorKind, AuditDeed, AuditEvent, AuditResult, Personal};
use keymend_domain::deliver::{Notice, Recipient, Tidings};
use keymend_domain::directory::Found;
use keymend_domain::id::{CorrelationId, NoticeId};
use keymend_domain::limit::{self, CounterKey};
use keymend_domain::method::Method;
use keymend_domain::time::DAY_MS;

use super::person::end_flows;
use super::{App, Desk, Stop, Visitor};
use crate::store::Tx;

/// Administrators who are told at most (behaviour §2.2).
const RECIPIENTS_MOST: usize = 100;

/// What pressing "Stop and protect my account" did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotMeDone {
    /// How many methods were set aside.
    pub set_aside: u32,
}

impl App {
    /// Tells the administrators that somebody needs help.  The answer is the same for everybody:
    /// nothing is sent for names that mean nobody.
    ///
    /// # Errors
    ///
    /// [`Stop::Refused`] for impossible names; [`Stop::Fault`].
    pub async fn ask_for_help(&self, user: &str, visitor: &Visitor) -> Result<(), Stop> {
        let claim = Claim::new(user).map_err(super::start::shape_refusal)?;
        // A directory that is silent must not silence a call for help: administrators look
        // themselves whom it is about, and nothing is written because of it.
        let (found, silent) = self.inner.directories.find_among_answering(&claim).await;
        let account = match found {
            Found::One(account) => Some(*account),
            Found::Nobody | Found::Several { .. } => None,
        };
        if let (None, Some(silent)) = (&account, silent) {
            return self
                .ask_for_help_unmatched(&claim, silent.name, visitor)
                .await;
        }
        let correlation = self.new_journey()?;
        let desk = self.desk(visitor);
        self.inner
            .store
            .transact(move |tx: &mut Tx<'_>| -> Result<(), Stop> {
                let tag = desk.inner.flow_keys.claim_tag(&claim);
                let allowed = may_ask(tx, (&tag, account.is_some()), &desk)?;
                let deed = AuditDeed::ContactAdminRequested;
                let actor = ActorKind::Visitor;
                let result = if allowed {
                    AuditResult::Info
                } else {
                    AuditResult::Refused
                };
                let mut event = AuditEvent::new(desk.now, deed, result, actor, correlation.clone());
                event.subject = account.as_ref().map(|account| account.id.key());
                event.claim_tag = account.is_none().then_some(tag);
                event.personal = personal(&desk);
                tx.audit(&event)?;
                let Some(account) = account.filter(|_| allowed) else {
                    return Ok(());
                };
                let tidings = Tidings::HelpWanted {
                    login: desk.inner.directories.name_of(&account),
                };
                for to in administrators(&desk) {
                    let mut notice = notice(&desk, to, tidings.clone(), correlation.clone())?;
                    notice.subject = Some(account.id.key());
                    tx.enqueue(&notice, desk.now)?;
                }
                Ok(())
            })
            .await?;
        self.inner.outbox_has_work.notify_one();
        Ok(())
    }

    /// A call for help that cannot be matched to an account while a directory is silent: the
    /// administrators hear once a day that there are such calls.  The name's own call of the day
    /// is not spent, so that whoever asks again later is heard.
    async fn ask_for_help_unmatched(
        &self,
        claim: &Claim,
        silent: DirectoryName,
        visitor: &Visitor,
    ) -> Result<(), Stop> {
        let correlation = self.new_journey()?;
        let (desk, claim) = (self.desk(visitor), claim.clone());
        let fault = keymend_domain::flow::FlowFault::from;
        self.inner
            .store
            .transact(move |tx: &mut Tx<'_>| -> Result<(), Stop> {
                let source = CounterKey::contact_source(&desk.caller.network);
                let (book, now) = (tx.book(), desk.now);
                let by_source = limit::take(book, &source, &limit::CONTACT_PER_SOURCE, now);
                let is_allowed = by_source.map_err(fault)?.is_granted();
                let result = match is_allowed {
                    true => AuditResult::Info,
                    false => AuditResult::Refused,
                };
                let (deed, actor) = (AuditDeed::ContactAdminRequested, ActorKind::Visitor);
                let mut event = AuditEvent::new(now, deed, result, actor, correlation.clone());
                event.claim_tag = Some(desk.inner.flow_keys.claim_tag(&claim));
                event.directory = Some(silent.0.clone());
                event.personal = personal(&desk);
                tx.audit(&event.because("directory-not-reached"))?;
                let today = CounterKey::contact_unmatched(&silent);
                let is_told = !is_allowed
                    || !limit::take(tx.book(), &today, &limit::ONCE_A_DAY, now)
                        .map_err(fault)?
                        .is_granted();
                if is_told {
                    return Ok(());
                }
                let tidings = Tidings::Attention {
                    what: "help-unmatched".to_owned(),
                    name: silent.0.clone(),
                };
                for to in administrators(&desk) {
                    let notice = notice(&desk, to, tidings.clone(), correlation.clone())?;
                    tx.enqueue(&notice, now)?;
                }
                Ok(())
            })
            .await?;
        self.inner.outbox_has_work.notify_one();
        Ok(())
    }

    /// Whether a "not me" link still works.  Changes nothing: mail scanners open links.
    ///
    /// # Errors
    ///
    /// [`Stop::Fault`] if the store cannot be read.
    pub async fn not_me_works(&self, token: &str) -> Result<bool, Stop> {
        let (token, now) = (token.to_owned(), self.now());
        let found = self
            .inner
            .store
            .read(move |rx| -> Result<_, Stop> { Ok(rx.veto(&token, now)?) })
            .await?;
        Ok(found.is_some())
    }

    /// "Stop and protect my account": freezes recovery, sets new methods aside, ends everything
    /// that is open, and tells the administrators.
    ///
    /// # Errors
    ///
    /// [`Stop::NoFlow`] if the link does not work any more.
    pub async fn not_me(&self, token: &str, visitor: &Visitor) -> Result<NotMeDone, Stop> {
        let (app, visitor, token) = (self.clone(), visitor.clone(), token.to_owned());
        let freeze = async move {
            let frozen = app.freeze(token, &visitor).await?;
            let done = NotMeDone {
                set_aside: frozen.set_aside,
            };
            app.tell_of_freeze(frozen, &visitor).await;
            Ok(done)
        };
        // Pressed is pressed: closing the page must not stop it.
        match self.inner.tasks.finish(freeze).await {
            Ok(done) => done,
            Err(lost) => Err(super::order::fault("protecting an account", lost)),
        }
    }

    /// Everything that protects, in one transaction that waits for no directory.
    async fn freeze(&self, token: String, visitor: &Visitor) -> Result<Frozen, Stop> {
        let desk = self.desk(visitor);
        self.inner
            .store
            .transact(move |tx: &mut Tx<'_>| -> Result<_, Stop> {
                let (account, correlation) = tx.veto(&token, desk.now)?.ok_or(Stop::NoFlow)?;
                let before = tx.standing(&account)?;
                tx.use_veto(&token)?;
                tx.set_frozen(&account, true, desk.now)?;
                let recent = desk.now.plus_ms(-7 * DAY_MS);
                let aside = tx.set_aside_methods(&account, recent)?;
                tx.raise_epoch(&account)?;
                end_flows(tx, &account, desk.now)?;
                tx.remove_sessions_of(&account)?;
                tx.remove_familiars(&account)?;
                for method in &aside {
                    let mut event = owner_event(AuditDeed::MethodSetAside, &correlation, &desk);
                    event.subject = Some(account.key());
                    event.method = Some(method.kind.word().to_owned());
                    event.personal.contact = Some(method.contact.masked());
                    tx.audit(&event)?;
                }
                let set_aside = u32::try_from(aside.len()).unwrap_or(u32::MAX);
                let mut event = owner_event(AuditDeed::AccountFrozen, &correlation, &desk);
                event.subject = Some(account.key());
                event.count = Some(i64::from(set_aside));
                tx.audit(&event.because("owner link"))?;
                Ok(Frozen {
                    account,
                    correlation,
                    methods: before.methods,
                    set_aside,
                })
            })
            .await
    }

    /// Tells the administrators and the owner, at every place as it was before.
    async fn tell_of_freeze(&self, frozen: Frozen, visitor: &Visitor) {
        let owner = self.inner.directories.read(&frozen.account).await;
        let owner = owner.ok().flatten();
        let desk = self.desk(visitor);
        let queued = self
            .inner
            .store
            .transact(move |tx: &mut Tx<'_>| -> Result<(), Stop> {
                let directories = &desk.inner.directories;
                let named = owner.as_ref().map(|owner| directories.name_of(owner));
                let tidings = Tidings::Frozen {
                    login: named.unwrap_or_else(|| frozen.account.key()),
                    set_aside: frozen.set_aside,
                };
                for to in told_of_freeze(owner.as_ref(), &frozen.methods, &desk) {
                    let mut notice =
                        notice(&desk, to, tidings.clone(), frozen.correlation.clone())?;
                    notice.subject = Some(frozen.account.key());
                    tx.enqueue(&notice, desk.now)?;
                }
                Ok(())
            })
            .await;
        if let Err(stop) = queued {
            tracing::error!(error = %stop, "nobody could be told of a frozen account");
        }
        self.inner.outbox_has_work.notify_one();
    }
}

/// An account that was just frozen.
struct Frozen {
    account: AccountRef,
    correlation: CorrelationId,
    methods: Vec<Method>,
    set_aside: u32,
}

impl App {
    /// Tells the administrators that something needs a look (behaviour §7, M21).
    pub(super) async fn tell_administrators(&self, what: &'static str, name: &str) {
        let Ok(correlation) = self.new_journey() else {
            return;
        };
        let desk = self.desk(&Visitor::default());
        let tidings = Tidings::Attention {
            what: what.to_owned(),
            name: name.to_owned(),
        };
        let queued = self
            .inner
            .store
            .transact(move |tx: &mut Tx<'_>| -> Result<(), Stop> {
                for to in administrators(&desk) {
                    let notice = notice(&desk, to, tidings.clone(), correlation.clone())?;
                    tx.enqueue(&notice, desk.now)?;
                }
                Ok(())
            })
            .await;
        if let Err(stop) = queued {
            tracing::error!(error = %stop, what, "administrators could not be told");
        }
        self.inner.outbox_has_work.notify_one();
    }
}

/// A line about what the owner of a link did.
fn owner_event(deed: AuditDeed, correlation: &CorrelationId, desk: &Desk) -> AuditEvent {
    let (result, actor) = (AuditResult::Success, ActorKind::Account);
    let mut event = AuditEvent::new(desk.now, deed, result, actor, correlation.clone());
    event.personal = personal(desk);
    event
}

/// The administrators, and the owner at every place as it was before.
fn told_of_freeze(owner: Option<&Account>, methods: &[Method], desk: &Desk) -> Vec<Recipient> {
    let mut places = administrators(desk);
    match owner {
        Some(owner) => places.extend(Recipient::of_owner(owner, methods)),
        None => places.extend(methods.iter().map(Recipient::of_method)),
    }
    places
}

/// Three from a source in an hour, one for a name in a day, and for the whole site a thousand an
/// hour (behaviour §2.2).  A call that reaches nobody takes nothing of the site's, so that typing
/// names cannot silence others; the same is looked up for it.
fn may_ask(
    tx: &mut Tx<'_>,
    (claim_tag, is_known): (&str, bool),
    desk: &Desk,
) -> Result<bool, Stop> {
    let fault = keymend_domain::flow::FlowFault::from;
    let name = CounterKey::contact_name(claim_tag);
    let source = CounterKey::contact_source(&desk.caller.network);
    let site = CounterKey::site_contact();
    let (book, now) = (tx.book(), desk.now);
    let by_source = limit::take(book, &source, &limit::CONTACT_PER_SOURCE, now).map_err(fault)?;
    if !by_source.is_granted() {
        return Ok(false);
    }
    // Looked at first: a call that the site has no room for must not cost the name its one a day.
    let has_room = limit::peek(book, &site, &limit::SITE_HELP, now).map_err(fault)?;
    if !has_room.is_granted() {
        return Ok(false);
    }
    let by_name = limit::take(book, &name, &limit::ONCE_A_DAY, now).map_err(fault)?;
    if by_name.is_granted() && is_known {
        limit::take(book, &site, &limit::SITE_HELP, now).map_err(fault)?;
    }
    Ok(by_name.is_granted())
}

fn personal(desk: &Desk) -> Personal {
    Personal {
        address: Some(desk.caller.origin.address.clone()).filter(|text| !text.is_empty()),
        browser: Some(desk.caller.origin.browser.clone()).filter(|text| !text.is_empty()),
        ..Personal::default()
    }
}

fn administrators(desk: &Desk) -> Vec<Recipient> {
    let addresses = &desk.policy.settings().notifications.administrator_addresses;
    addresses
        .iter()
        .filter_map(|address| Recipient::of_settings(address))
        .take(RECIPIENTS_MOST)
        .collect()
}

fn notice(
    desk: &Desk,
    to: Recipient,
    tidings: Tidings,
    correlation_id: keymend_domain::id::CorrelationId,
) -> Result<Notice, Stop> {
    let id = NoticeId::fresh(desk.now, desk.inner.entropy.as_ref())
        .map_err(keymend_domain::flow::FlowFault::from)?;
    Ok(Notice {
        id,
        to,
        tidings,
        subject: None,
        language: None,
        happened_at: desk.now,
        origin: desk.caller.origin.clone(),
        correlation_id,
        expires_at: desk.now.plus_ms(3 * DAY_MS),
        not_me: None,
        answers: None,
    })
}
