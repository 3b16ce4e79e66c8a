//! Signed-in people: signing in, security info, registration.

mod ask;
mod note;
mod offer;
mod step;

pub use offer::Offer;
pub use step::{FamiliarMark, OwnMoved};
pub(super) use step::{end_flows, person_of};

use keymend_domain::account::{Account, Claim};
use keymend_domain::audit::AuditDeed;
use keymend_domain::code;
use keymend_domain::directory::{Found, SignIn};
use keymend_domain::flow::{Context, FlowFault, Standing};
use keymend_domain::id::{CorrelationId, MethodId};
use keymend_domain::method::{self, Contact, Method, MethodKind};
use keymend_domain::refusal::Refusal;
use keymend_domain::registration::{
    Attempt, ContactFacts, Due, Person, PersonStep, Profile, SignInTarget, may_try, signed_in,
};
use keymend_domain::secret::{Password, Secret};
use keymend_domain::time::Moment;

use super::{App, Desk, FormStep, Stop, Visitor};
use crate::phone;
use crate::store::{AuditFilter, Tx};

/// Events of the own account shown on the page about security info.
const OWN_EVENTS_MOST: u32 = 20;

/// A rule by which a contact is added to what a person has.
type AddRule = fn(
    Person,
    (MethodKind, Option<Contact>),
    &Standing,
    &ContactFacts,
    &mut Context<'_>,
) -> Result<PersonStep, FlowFault>;

/// A sign-in that worked.
#[derive(Debug, Clone)]
pub struct SignedIn {
    /// The handle for the cookie.
    pub handle: String,
}

/// One event of the own account.
#[derive(Debug, Clone)]
pub struct OwnEvent {
    /// When.
    pub time: Moment,
    /// What.
    pub deed: AuditDeed,
}

/// All that a page may know of a signed-in person.
#[derive(Debug, Clone)]
pub struct PersonPage {
    /// The person.
    pub person: Person,
    /// Methods and state of the account.
    pub standing: Standing,
    /// Registration facts.
    pub profile: Profile,
    /// What is due before anything else.
    pub due: Due,
    /// Whether a change of security info needs a fresh proof first.
    pub needs_proof: bool,
    /// Methods that can be proved once more.
    pub provable: Vec<Method>,
    /// Kinds of methods that can still be added.
    pub can_add: Vec<MethodKind>,
    /// When the sign-in ends if nothing more happens.
    pub ends_at: Moment,
    /// The code that is expected has not been taken by any carrier.
    pub is_unsent: bool,
}

impl App {
    /// Signs a person in with what the directory says to the typed password.
    ///
    /// # Errors
    ///
    /// [`Stop::Refused`]: `signin.*`, `claim.shape`, `directory.down`.
    pub async fn sign_in(
        &self,
        user: &str,
        password: Secret,
        visitor: &Visitor,
    ) -> Result<SignedIn, Stop> {
        let claim = Claim::new(user).map_err(super::start::shape_refusal)?;
        let password = Password::of_current(password)
            .map_err(|shape| Stop::Refused(super::order::shape_refusal(shape)))?;
        let correlation = self.new_journey()?;
        let account = match self.find(&claim).await? {
            Found::One(account) => Some(*account),
            Found::Nobody | Found::Several { .. } => None,
        };
        let attempt = self
            .may_sign_in((&claim, &correlation), account.as_ref(), visitor)
            .await?;
        let asked = match attempt {
            Attempt::Paused(refusal) => return Err(Stop::Refused(refusal)),
            Attempt::Withheld => None,
            Attempt::Allowed => account.as_ref().map(|account| &account.id),
        };
        let answer = match self.ask_directories((&claim, asked), &password).await {
            Ok(answer) => answer,
            Err(stop) => {
                let named = (&claim, &correlation);
                self.note_unanswered(named, account, visitor).await?;
                return Err(stop);
            }
        };
        self.admit_person((claim, correlation), account, answer, visitor)
            .await
    }

    /// The directory of the account may have counted a wrong password though another one, or its
    /// own answer, was lost: what is seen there later must not look like somebody else's.
    async fn note_unanswered(
        &self,
        (claim, correlation): (&Claim, &CorrelationId),
        account: Option<Account>,
        visitor: &Visitor,
    ) -> Result<(), Stop> {
        let desk = self.desk(visitor);
        let (claim, correlation) = (claim.clone(), correlation.clone());
        self.inner
            .store
            .transact(move |tx: &mut Tx<'_>| -> Result<(), Stop> {
                let named = (&claim, &correlation);
                Ok(tx.audit(&note::unanswered(named, account.as_ref(), &desk))?)
            })
            .await
    }

    async fn may_sign_in(
        &self,
        (claim, correlation): (&Claim, &CorrelationId),
        account: Option<&Account>,
        visitor: &Visitor,
    ) -> Result<Attempt, Stop> {
        let id = account.map(|account| &account.id);
        let rules = self.sign_in_rules((claim, id)).await;
        let account = account.cloned();
        let desk = self.desk(visitor);
        let (claim, correlation) = (claim.clone(), correlation.clone());
        self.inner
            .store
            .transact(move |tx: &mut Tx<'_>| -> Result<_, Stop> {
                let target = match &account {
                    Some(account) => Some(SignInTarget {
                        account,
                        rules: &rules,
                        has_familiar: tx.has_familiar(&account.id, desk.now)?,
                        is_signed_in: tx.has_session(&account.id, desk.now)?,
                    }),
                    None => None,
                };
                let attempt = may_try(&claim, target, &mut desk.context(tx.book()))?;
                if !matches!(attempt, Attempt::Allowed) {
                    let account = target.map(|target| target.account);
                    tx.audit(&note::paused((&claim, &correlation), account, &desk))?;
                }
                Ok(attempt)
            })
            .await
    }

    async fn admit_person(
        &self,
        (claim, correlation): (Claim, CorrelationId),
        account: Option<Account>,
        answer: SignIn,
        visitor: &Visitor,
    ) -> Result<SignedIn, Stop> {
        let (desk, replaced) = (self.desk(visitor), visitor.replaced.clone());
        let decided = self
            .inner
            .store
            .transact(move |tx: &mut Tx<'_>| -> Result<_, Stop> {
                let ctx = &mut desk.context(tx.book());
                let mut step = match signed_in(&claim, account, answer, (correlation, ctx))? {
                    Ok(step) => step,
                    Err((refusal, event)) => {
                        tx.audit(&event)?;
                        return Ok(Err(refusal));
                    }
                };
                let handle = desk.handle()?;
                if let Some(old) = &replaced {
                    step::leave_behind(tx, old, &desk)?;
                }
                make_room(tx, &mut step.person, &desk)?;
                let ends_at = step.person.ends_at(&desk.policy);
                tx.insert_session(&handle, &step.person.account.id, ends_at, &step.person)?;
                for event in &step.audit {
                    tx.audit(event)?;
                }
                if let Some(event) = note::prompted(tx, &step.person, &desk)? {
                    tx.audit(&event)?;
                }
                Ok(Ok(SignedIn { handle }))
            })
            .await?;
        decided.map_err(Stop::Refused)
    }

    /// The person a handle means.
    pub(super) async fn signed_in_person(&self, handle: &str) -> Result<Person, Stop> {
        Ok(self.person(handle).await?.person)
    }

    /// All that a page may know of the person a handle means.  Changes nothing.
    ///
    /// # Errors
    ///
    /// [`Stop::NotSignedIn`], [`Stop::Renewed`], or [`Stop::Refused`] with `signin.ended` after
    /// idling, or if something done elsewhere ended the sign-in.
    pub async fn person(&self, handle: &str) -> Result<PersonPage, Stop> {
        let handle = handle.to_owned();
        let (policy, now) = (self.policy(), self.now());
        let (person, standing, profile) = self
            .inner
            .store
            .read(move |rx| -> Result<_, Stop> {
                let person = step::person_of(rx, &handle, now)?;
                let standing = rx.standing(&person.account.id)?;
                let profile = rx
                    .profile::<Profile>(&person.account.id)?
                    .unwrap_or_default();
                Ok((person, standing, profile))
            })
            .await?;
        if person.is_over(&policy, now) {
            return Err(Stop::Refused(Refusal::SigninEnded));
        }
        let kept = |kind: MethodKind| {
            standing
                .methods
                .iter()
                .filter(|own| own.kind == kind)
                .count()
        };
        Ok(PersonPage {
            due: person.due(&standing, &profile, &policy, now),
            needs_proof: person.needs_proof(&standing, &policy, now),
            provable: standing
                .methods
                .iter()
                .filter(|own| policy.counts(own, now))
                .cloned()
                .collect(),
            can_add: policy
                .methods()
                .into_iter()
                .filter(|kind| kept(*kind) < 2)
                .collect(),
            ends_at: person.ends_at(&policy),
            is_unsent: self.inner.unsent.is_noted(&person.correlation, now),
            person,
            standing,
            profile,
        })
    }

    /// The last events of the own account.
    ///
    /// # Errors
    ///
    /// [`Stop::Fault`] if the log cannot be read.
    pub async fn own_events(&self, person: &Person) -> Result<Vec<OwnEvent>, Stop> {
        let filter = AuditFilter {
            subject: Some(person.account.id.key()),
            limit: OWN_EVENTS_MOST,
            ..AuditFilter::default()
        };
        let records = self
            .inner
            .store
            .read(move |rx| -> Result<_, Stop> { Ok(rx.audit_search(&filter)?) })
            .await?;
        Ok(records
            .into_iter()
            .map(|record| OwnEvent {
                time: record.event.time,
                deed: record.event.event,
            })
            .collect())
    }

    /// A new address or number.
    ///
    /// # Errors
    ///
    /// See [`Self::step_person`].
    pub async fn add_contact(
        &self,
        form: FormStep,
        (kind, typed): (MethodKind, String),
        visitor: &Visitor,
    ) -> Result<OwnMoved, Stop> {
        let contact = match kind {
            MethodKind::Email => method::email(&typed),
            MethodKind::Text => phone::normalise(&typed, &self.inner.region),
        };
        self.adds(form, (kind, contact), visitor, Person::add_contact)
            .await
    }

    /// What adding a typed and adding an offered value have in common; `decide` is the rule.
    async fn adds(
        &self,
        form: FormStep,
        (kind, contact): (MethodKind, Option<Contact>),
        visitor: &Visitor,
        decide: AddRule,
    ) -> Result<OwnMoved, Stop> {
        let facts = contact.as_ref().map(|contact| self.facts_of(contact));
        let tag = contact
            .as_ref()
            .map(|contact| self.inner.flow_keys.contact_tag(contact));
        self.step_person(
            form,
            visitor,
            move |given, ctx| {
                let facts = ContactFacts {
                    sharers: given.sharers,
                    ..facts.unwrap_or_default()
                };
                let person = given.person;
                decide(person, (kind, contact), &given.standing, &facts, ctx)
            },
            tag,
        )
        .await
    }

    /// A code, typed back.
    ///
    /// # Errors
    ///
    /// See [`Self::step_person`].
    pub async fn answer_code(
        &self,
        form: FormStep,
        typed: &Secret,
        visitor: &Visitor,
    ) -> Result<OwnMoved, Stop> {
        let typed = code::typed(typed.expose());
        self.step_person(
            form,
            visitor,
            move |given, ctx| given.person.answer(typed.as_ref(), &given.standing, ctx),
            None,
        )
        .await
    }

    /// Another code to the same place.
    ///
    /// # Errors
    ///
    /// See [`Self::step_person`].
    pub async fn ask_again(&self, form: FormStep, visitor: &Visitor) -> Result<OwnMoved, Stop> {
        self.step_person(
            form,
            visitor,
            |given, ctx| given.person.ask_again(ctx),
            None,
        )
        .await
    }

    /// One of the person's own methods, to be proved once more.
    ///
    /// # Errors
    ///
    /// See [`Self::step_person`].
    pub async fn ask_proof(
        &self,
        form: FormStep,
        method: String,
        visitor: &Visitor,
    ) -> Result<OwnMoved, Stop> {
        let method = MethodId::stored(method);
        self.step_person(
            form,
            visitor,
            move |given, ctx| given.person.ask_proof(&method, &given.standing, ctx),
            None,
        )
        .await
    }

    /// Takes a method away.
    ///
    /// # Errors
    ///
    /// See [`Self::step_person`].
    pub async fn remove_method(
        &self,
        form: FormStep,
        method: String,
        visitor: &Visitor,
    ) -> Result<OwnMoved, Stop> {
        let method = MethodId::stored(method);
        self.step_person(
            form,
            visitor,
            move |given, ctx| given.person.remove_method(&method, &given.standing, ctx),
            None,
        )
        .await
    }

    /// "Not now".
    ///
    /// # Errors
    ///
    /// See [`Self::step_person`].
    pub async fn skip(&self, form: FormStep, visitor: &Visitor) -> Result<OwnMoved, Stop> {
        self.step_person(
            form,
            visitor,
            |given, ctx| Ok(given.person.skip(&given.standing, &given.profile, ctx)),
            None,
        )
        .await
    }

    /// "Still right".
    ///
    /// # Errors
    ///
    /// See [`Self::step_person`].
    pub async fn reconfirm(&self, form: FormStep, visitor: &Visitor) -> Result<OwnMoved, Stop> {
        self.step_person(
            form,
            visitor,
            |given, ctx| Ok(given.person.reconfirm(&given.standing, &given.profile, ctx)),
            None,
        )
        .await
    }

    /// Signs out.
    ///
    /// # Errors
    ///
    /// [`Stop::NotSignedIn`], [`Stop::Fault`].
    pub async fn sign_out(&self, form: FormStep, visitor: &Visitor) -> Result<OwnMoved, Stop> {
        // Whatever page it is asked from: leaving must always work.
        let desk = self.desk(visitor);
        let app = self.clone();
        self.inner
            .store
            .transact(move |tx: &mut Tx<'_>| -> Result<OwnMoved, Stop> {
                let person = step::person_of(tx, &form.handle, desk.now)?;
                let step = person.sign_out(&desk.context(tx.book()));
                app.save_person(tx, step, (&form, &desk))
            })
            .await
    }
}

/// One person may have so many sign-ins at one time: a new one ends the oldest.
fn make_room(tx: &mut Tx<'_>, person: &mut Person, desk: &Desk) -> Result<(), Stop> {
    let others = tx.sessions_of::<Person>(&person.account.id)?;
    let ended = person.pushes_out(others, &desk.context(tx.book()));
    for (session, event) in &ended {
        tx.end_session(session, desk.now)?;
        tx.audit(event)?;
    }
    Ok(())
}
