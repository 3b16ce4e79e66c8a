//! One step of a signed-in person: read, decided and saved in one transaction.

use keymend_domain::account::AccountRef;
use keymend_domain::flow::{Context, FlowFault, Standing};
use keymend_domain::refusal::Refusal;
use keymend_domain::registration::{FAMILIAR_BROWSERS_MOST, Person, PersonStep, Profile};
use keymend_domain::time::{DAY_MS, Moment, SECOND_MS};

use crate::app::{App, Desk, FormStep, Stop, Visitor};
use crate::store::{Over, Rx, Tx};

/// Where a step of a signed-in person led.
#[derive(Debug, Clone, Default)]
pub struct OwnMoved {
    /// The browser's new handle, if it changes.
    pub handle: Option<String>,
    /// The mark of a browser that became one of the owner's.
    pub mark: Option<FamiliarMark>,
    /// Why the person did not get further; the next page says so as well.
    pub refusal: Option<Refusal>,
}

/// The mark of a familiar browser.
#[derive(Debug, Clone)]
pub struct FamiliarMark {
    /// What the browser keeps.
    pub value: String,
    /// For how many seconds.
    pub life_secs: u32,
}

impl OwnMoved {
    fn refused(refusal: Refusal) -> Self {
        Self {
            refusal: Some(refusal),
            ..Self::default()
        }
    }
}

impl App {
    /// One step of a signed-in person, decided and saved in one transaction.
    ///
    /// # Errors
    ///
    /// [`Stop::NotSignedIn`]; [`Stop::Renewed`]; [`Stop::Refused`] with `step.wrong` for a form of an older page;
    /// [`Stop::Fault`].
    pub(super) async fn step_person(
        &self,
        form: FormStep,
        visitor: &Visitor,
        decide: impl FnOnce(Given, &mut Context<'_>) -> Result<PersonStep, FlowFault> + Send + 'static,
        contact_tag: Option<String>,
    ) -> Result<OwnMoved, Stop> {
        let desk = self.desk(visitor);
        let app = self.clone();
        let moved = self
            .inner
            .store
            .transact(move |tx: &mut Tx<'_>| -> Result<OwnMoved, Stop> {
                let person = person_of(tx, &form.handle, desk.now)?;
                if person.is_over(&desk.policy, desk.now) {
                    tx.remove_session(&form.handle)?;
                    return Ok(OwnMoved::refused(Refusal::SigninEnded));
                }
                if person.step != form.step {
                    return Ok(OwnMoved::refused(Refusal::StepWrong));
                }
                let given = Given {
                    standing: tx.standing(&person.account.id)?,
                    profile: tx
                        .profile::<Profile>(&person.account.id)?
                        .unwrap_or_default(),
                    sharers: match &contact_tag {
                        Some(tag) => tx.sharers(tag)?,
                        None => 0,
                    },
                    person,
                };
                let step = decide(given, &mut desk.context(tx.book()))?;
                app.save_person(tx, step, (&form, &desk))
            })
            .await;
        // Most steps leave a message behind; looking for one in vain costs nothing.
        self.inner.outbox_has_work.notify_one();
        moved
    }

    pub(super) fn save_person(
        &self,
        tx: &mut Tx<'_>,
        step: PersonStep,
        (form, desk): (&FormStep, &Desk),
    ) -> Result<OwnMoved, Stop> {
        let PersonStep {
            person,
            notices,
            audit,
            refusal,
            effects,
        } = step;
        let account = person.account.id.clone();
        if let Some(method) = &effects.add_method {
            let tag = self.inner.flow_keys.contact_tag(&method.contact);
            tx.add_method(&account, method, &tag)?;
        }
        if let Some(method) = &effects.remove_method {
            tx.remove_method(&account, method)?;
        }
        if let Some(method) = &effects.used_method {
            tx.touch_methods(&account, std::slice::from_ref(method), desk.now)?;
        }
        if let Some(profile) = &effects.profile {
            tx.save_profile(&account, profile)?;
        }
        if effects.raises_epoch {
            tx.raise_epoch(&account)?;
            end_flows(tx, &account, desk.now)?;
            end_others(tx, &account, (&form.handle, desk))?;
        }
        if let Some(veto) = &effects.veto {
            tx.add_veto(
                veto.token.expose(),
                &veto.account,
                veto.expires_at,
                &person.correlation,
            )?;
        }
        for event in &audit {
            tx.audit(event)?;
        }
        for notice in &notices {
            tx.enqueue(notice, desk.now)?;
        }
        let mark = match effects.is_familiar {
            true => Some(mark_browser(tx, &account, desk)?),
            false => None,
        };
        let handle = match effects.renews_handle {
            true => Some(desk.handle()?),
            false => None,
        };
        let ends_at = person.ends_at(&desk.policy);
        match &handle {
            _ if effects.signs_out => drop(tx.remove_session(&form.handle)?),
            Some(new) => {
                let times = (ends_at, desk.now);
                tx.renew_session((&form.handle, new), &account, times, &person)?;
            }
            None => drop(tx.save_session(&form.handle, ends_at, &person)?),
        }
        Ok(OwnMoved {
            handle,
            mark,
            refusal,
        })
    }
}

/// The person a handle means, or why it means nobody.
pub(in crate::app) fn person_of(rx: &Rx<'_>, handle: &str, now: Moment) -> Result<Person, Stop> {
    if let Some(person) = rx.session::<Person>(handle)? {
        return Ok(person);
    }
    Err(match rx.word_left(handle, now)? {
        Some(Over::Ended) => Stop::Refused(Refusal::SigninEnded),
        Some(Over::Renewed) => Stop::Renewed,
        None => Stop::NotSignedIn,
    })
}

/// Ends the sign-in that a browser held when it signed in again.
pub(super) fn leave_behind(tx: &mut Tx<'_>, handle: &str, desk: &Desk) -> Result<(), Stop> {
    let Some(old) = tx.session::<Person>(handle)? else {
        return Ok(());
    };
    tx.remove_session(handle)?;
    if !old.is_over(&desk.policy, desk.now) {
        let event = old.ended(&desk.context(tx.book()), "signed-in-again");
        tx.audit(&event)?;
    }
    Ok(())
}

/// Ends the other sign-ins of an account: one of them may be a thief's, and each may hold a code
/// that was asked for while less was needed (security-gates §5).
fn end_others(
    tx: &mut Tx<'_>,
    account: &AccountRef,
    (kept, desk): (&str, &Desk),
) -> Result<(), Stop> {
    for (row, other) in tx.sessions_of::<Person>(account)? {
        if row.is_of(kept) {
            continue;
        }
        tx.end_session(&row, desk.now)?;
        if !other.is_over(&desk.policy, desk.now) {
            let event = other.ended(&desk.context(tx.book()), "methods-changed");
            tx.audit(&event)?;
        }
    }
    Ok(())
}

/// Marks a browser as one of the owner's; of many marks the oldest is forgotten.
fn mark_browser(tx: &mut Tx<'_>, account: &AccountRef, desk: &Desk) -> Result<FamiliarMark, Stop> {
    let value = desk.handle()?;
    let life_ms = i64::from(desk.policy.settings().limits.familiar_days) * DAY_MS;
    tx.add_familiar(&value, account, desk.now.plus_ms(life_ms))?;
    tx.keep_familiars(account, FAMILIAR_BROWSERS_MOST)?;
    let life_secs = u32::try_from(life_ms / SECOND_MS).unwrap_or(u32::MAX);
    Ok(FamiliarMark { value, life_secs })
}

/// What a decision of a signed-in person may look at.
pub(in crate::app) struct Given {
    pub person: Person,
    pub standing: Standing,
    pub profile: Profile,
    pub sharers: u32,
}

/// Ends every open flow of an account: its methods or state changed by another path.
pub(in crate::app) fn end_flows(
    tx: &mut Tx<'_>,
    account: &AccountRef,
    now: Moment,
) -> Result<(), Stop> {
    for flow in tx.open_flows_of(account)? {
        if flow.open_order().is_none() {
            let step = flow.replace(now);
            tx.commit_step(&step, None, None)?;
        }
    }
    Ok(())
}
