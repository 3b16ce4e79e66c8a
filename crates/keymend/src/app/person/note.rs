//! What the log hears of a sign-in beside its result.

use keymend_domain::account::{Account, Claim};
use keymend_domain::audit::{ActorKind, AuditDeed, AuditEvent, AuditResult, Personal};
use keymend_domain::id::CorrelationId;
use keymend_domain::registration::{Due, Person, Profile};

use crate::app::{Desk, Stop};
use crate::store::Tx;

/// The log's line about a sign-in that was not put to the directory.
pub(super) fn paused(
    named: (&Claim, &CorrelationId),
    account: Option<&Account>,
    desk: &Desk,
) -> AuditEvent {
    let what = (AuditDeed::SigninPaused, AuditResult::Refused);
    about(what, named, account, desk)
}

/// The log's line about a sign-in to which a directory gave no answer.
pub(super) fn unanswered(
    named: (&Claim, &CorrelationId),
    account: Option<&Account>,
    desk: &Desk,
) -> AuditEvent {
    let what = (AuditDeed::SigninFailed, AuditResult::Failure);
    about(what, named, account, desk).because("unanswered")
}

fn about(
    (deed, result): (AuditDeed, AuditResult),
    (claim, correlation): (&Claim, &CorrelationId),
    account: Option<&Account>,
    desk: &Desk,
) -> AuditEvent {
    let (actor, correlation) = (ActorKind::Visitor, correlation.clone());
    let mut event = AuditEvent::new(desk.now, deed, result, actor, correlation);
    match account {
        Some(account) => event.subject = Some(account.id.key()),
        None => {
            event.claim_tag = Some(desk.inner.flow_keys.claim_tag(claim));
        }
    }
    event.personal = personal(account, desk);
    event
}

/// The log's line about somebody who is led to registration; none if nothing is missing.
pub(super) fn prompted(
    tx: &mut Tx<'_>,
    person: &Person,
    desk: &Desk,
) -> Result<Option<AuditEvent>, Stop> {
    let id = &person.account.id;
    let standing = tx.standing(id)?;
    let profile = tx.profile::<Profile>(id)?.unwrap_or_default();
    let due = person.due(&standing, &profile, &desk.policy, desk.now);
    let Due::Register { .. } = due else {
        return Ok(None);
    };
    let (deed, result) = (AuditDeed::RegistrationPrompted, AuditResult::Info);
    let (actor, correlation) = (ActorKind::System, person.correlation.clone());
    let mut event = AuditEvent::new(desk.now, deed, result, actor, correlation);
    event.subject = Some(id.key());
    event.personal = personal(Some(&person.account), desk);
    Ok(Some(event))
}

fn personal(account: Option<&Account>, desk: &Desk) -> Personal {
    let origin = &desk.caller.origin;
    Personal {
        login: account.map(|account| account.login.clone()),
        address: Some(origin.address.clone()).filter(|text| !text.is_empty()),
        browser: Some(origin.browser.clone()).filter(|text| !text.is_empty()),
        ..Personal::default()
    }
}
