//! Changing a password that is known: voluntary, expired, or demanded.

use keymend_domain::account::Account;
use keymend_domain::directory::PasswordRules;
use keymend_domain::flow::{Flow, Opened};
use keymend_domain::password::{RuleLine, Rules};
use keymend_domain::refusal::Refusal;
use keymend_domain::registration::{Attempt, Level, Person, SignInTarget, may_try};
use keymend_domain::secret::{Password, Secret};

use super::order::{NewPassword, Passwords, Saved, shape_refusal};
use super::person::person_of;
use super::{App, FormStep, Moved, Stop, Visitor, Written};
use crate::store::Tx;
use keymend_domain::account::Claim;
use keymend_domain::policy::Eligibility;

impl App {
    /// The rules for a signed-in person's new password, judged against what was typed so far.
    ///
    /// # Errors
    ///
    /// [`Stop::NotSignedIn`], or `directory.down`.
    pub async fn own_rules(
        &self,
        handle: &str,
        typed: Option<Password>,
    ) -> Result<Vec<RuleLine>, Stop> {
        let person = self.signed_in_person(handle).await?;
        let rules = self.rules_to_show(&person.account.id).await?;
        Ok(self.rule_lines(typed.as_ref(), &person.account, &rules))
    }

    /// A new password by somebody who types the old one.  The directory is asked as the person,
    /// and its own rules hold.
    ///
    /// `person` is who the form's handle meant when the request came in; whether that still holds
    /// is looked at where the order is saved.
    ///
    /// # Errors
    ///
    /// [`Stop::Refused`] for everything that was decided before the directory was asked;
    /// what it said afterwards is in the flow the handle of [`Written`] means.
    pub async fn change_password(
        &self,
        (form, person): (FormStep, Person),
        (current, new): (Secret, NewPassword),
        visitor: &Visitor,
    ) -> Result<Written, Stop> {
        let (app, visitor) = (self.clone(), visitor.clone());
        let deed = async move {
            app.change_password_here((form, person), (current, new), &visitor)
                .await
        };
        self.to_its_end(deed).await
    }

    async fn change_password_here(
        &self,
        (form, person): (FormStep, Person),
        (current, new): (Secret, NewPassword),
        visitor: &Visitor,
    ) -> Result<Written, Stop> {
        if person.step != form.step {
            return Err(Stop::Refused(Refusal::StepWrong));
        }
        let current =
            Password::of_current(current).map_err(|shape| Stop::Refused(shape_refusal(shape)))?;
        let new = new.into_password().map_err(Stop::Refused)?;
        let (account, rules) = self.changeable(&person).await?;
        let broken = self.judge_change((&new, &current), &account, &rules);
        if !broken.is_empty() {
            return Err(Stop::Refused(Refusal::PasswordRejected(broken)));
        }
        let opened = self.open_change(form, (account, rules), visitor).await?;
        let passwords = Passwords {
            new: Some(new),
            current: Some(current),
        };
        self.carry_out(opened, passwords, visitor).await
    }

    /// The account, read afresh, if its password may be changed here at all, and its rules.
    async fn changeable(&self, person: &Person) -> Result<(Account, Rules), Stop> {
        let id = &person.account.id;
        let found = self.read_with_rules(id).await?;
        let (account, rules) = found.ok_or(Stop::Refused(Refusal::StandingLost))?;
        if account.state.protection.is_some() {
            return Err(Stop::Refused(Refusal::WriteProtected));
        }
        let policy = self.policy();
        if !policy.writes_to(id) {
            let directory = id.directory.0.clone();
            return Err(Stop::Refused(Refusal::SitePaused { directory }));
        }
        let is_outside = policy.eligibility(&account) != Eligibility::Eligible;
        if is_outside && !policy.settings().actions.change_out_of_scope {
            return Err(Stop::Refused(Refusal::StandingLost));
        }
        Ok((account, rules))
    }

    async fn open_change(
        &self,
        form: FormStep,
        (account, rules): (Account, Rules),
        visitor: &Visitor,
    ) -> Result<(Moved, Option<Saved>), Stop> {
        let desk = self.desk(visitor);
        self.inner
            .store
            .transact(move |tx: &mut Tx<'_>| -> Result<_, Stop> {
                // Read again: the sign-in may have ended meanwhile, and of a form that was sent
                // twice only the first orders anything.
                let mut person = person_of(tx, &form.handle, desk.now)?;
                if person.is_over(&desk.policy, desk.now) {
                    return Err(Stop::Refused(Refusal::SigninEnded));
                }
                if person.account.id != account.id || person.step != form.step {
                    return Err(Stop::Refused(Refusal::StepWrong));
                }
                person.step = person.step.saturating_add(1);
                let ends_at = person.ends_at(&desk.policy);
                tx.save_session(&form.handle, ends_at, &person)?;
                let correlation = person.correlation.clone();
                let forced = matches!(person.level, Level::MustChange(_));
                // A wrong current password counts in the directory: stop below its threshold.
                if let Some(refusal) = take_try(tx, &account, &rules.directory, &desk)? {
                    return Ok((
                        Moved {
                            handle: None,
                            refusal: Some(refusal),
                        },
                        None,
                    ));
                }
                let standing = tx.standing(&account.id)?;
                let why = (correlation, forced);
                let ctx = &mut desk.context(tx.book());
                let Opened { step, ticket } = Flow::order_change(&account, standing, why, ctx)?;
                let handle = desk.handle()?;
                tx.commit_step(&step, None, Some(&handle))?;
                let moved = Moved {
                    handle: Some(handle),
                    refusal: step.refusal.clone(),
                };
                Ok((moved, ticket.map(|ticket| (step.flow.id.clone(), ticket))))
            })
            .await
    }
}

fn take_try(
    tx: &mut Tx<'_>,
    account: &Account,
    rules: &PasswordRules,
    desk: &super::Desk,
) -> Result<Option<Refusal>, Stop> {
    let Ok(claim) = Claim::new(&account.login) else {
        return Ok(Some(Refusal::StandingLost));
    };
    let target = SignInTarget {
        account,
        rules,
        has_familiar: tx.has_familiar(&account.id, desk.now)?,
        is_signed_in: true,
    };
    // Whoever signed in knows the password, whatever browser it is: strangers, who do not, must
    // not be able to hold up a change that the directory demands.
    let mut caller = desk.caller.clone();
    caller.familiar_account = Some(account.id.key());
    let mut context = desk.context(tx.book());
    context.caller = &caller;
    let attempt = may_try(&claim, Some(target), &mut context)?;
    Ok(match attempt {
        Attempt::Allowed => None,
        Attempt::Paused(refusal) => Some(refusal),
        // The person is signed in: this tells nobody anything, and is the truth.
        Attempt::Withheld => Some(Refusal::SigninPaused { wait_mins: 30 }),
    })
}
