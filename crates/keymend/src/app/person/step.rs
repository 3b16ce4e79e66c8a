//! One step of a signed-in person: read, decided and saved in one transaction.

use keymend_domain::flow::{Context, FlowFault, Standing};
use keymend_domain::refusal::Refusal;
use keymend_domain::registration::{Person, PersonStep, Profile};
use keymend_domain::time::{DAY_MS, Moment};

use crate::app::{App, Desk, FormStep, Moved, Stop, Visitor};
use crate::store::Tx;

impl App {
    /// One step of a signed-in person, decided and saved in one transaction.
    ///
    /// # Errors
    ///
    /// [`Stop::NotSignedIn`]; [`Stop::Refused`] with `step.wrong` for a form of an older page;
    /// [`Stop::Fault`].
    pub(super) async fn step_person(
        &self,
        form: FormStep,
        visitor: &Visitor,
        decide: impl FnOnce(Given, &mut Context<'_>) -> Result<PersonStep, FlowFault> + Send + 'static,
        contact_tag: Option<String>,
    ) -> Result<Moved, Stop> {
        let desk = self.desk(visitor);
        let app = self.clone();
        self.inner
            .store
            .transact(move |tx: &mut Tx<'_>| -> Result<Moved, Stop> {
                let person = tx
                    .session::<Person>(&form.handle)?
                    .ok_or(Stop::NotSignedIn)?;
                if person.is_over(&desk.policy, desk.now) {
                    tx.remove_session(&form.handle)?;
                    return Ok(Moved {
                        handle: None,
                        refusal: Some(Refusal::SigninEnded),
                    });
                }
                if person.step != form.step {
                    return Ok(Moved {
                        handle: None,
                        refusal: Some(Refusal::StepWrong),
                    });
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
            .await
    }

    pub(super) fn save_person(
        &self,
        tx: &mut Tx<'_>,
        step: PersonStep,
        (form, desk): (&FormStep, &Desk),
    ) -> Result<Moved, Stop> {
        let PersonStep {
            person,
            notices,
            audit,
            refusal,
            effects,
        } = step;
        let account = person.account.id.clone();
        if let Some(method) = &effects.add_method {
            tx.add_method(&account, method, &self.contact_tag(&method.contact))?;
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
        let mut moved = Moved {
            handle: None,
            refusal,
        };
        let days = i64::from(desk.policy.settings().limits.familiar_days);
        if effects.is_familiar && days > 0 {
            let mark = desk.handle()?;
            tx.add_familiar(&mark, &account, desk.now.plus_ms(days * DAY_MS))?;
            moved.handle = Some(mark);
        }
        if effects.signs_out {
            tx.remove_session(&form.handle)?;
        } else {
            tx.save_session(&form.handle, person.ends_at(&desk.policy), &person)?;
        }
        Ok(moved)
    }
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
    account: &keymend_domain::account::AccountRef,
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
