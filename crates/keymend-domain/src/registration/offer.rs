//! Values the directory knows of its person, offered for registration (behaviour §3.2 S03, §5.3).
//!
//! They are what the entry said at the sign-in, and are kept no longer than that lasts: a value
//! becomes a method when its code came back, like any other.

use super::contact::refusal;
use super::{ContactFacts, Pending, Person, PersonStep};
use crate::flow::{Context, FlowFault, Standing};
use crate::method::{Contact, MethodKind};
use crate::policy::Policy;
use crate::refusal::Refusal;

/// A value of the entry, in stored form, and what the site knows about it.
pub type Candidate = (Contact, ContactFacts);

impl Person {
    /// The first of the directory's values that this person could register now.  To be shown
    /// masked: whoever signs in with a stolen password must not learn it.
    #[must_use]
    pub fn offer<'c>(
        &self,
        kind: MethodKind,
        candidates: &'c [Candidate],
        standing: &Standing,
        policy: &Policy,
    ) -> Option<&'c Contact> {
        let is_of_kind = |contact: &Contact| match kind {
            MethodKind::Email => matches!(contact, Contact::Email(_)),
            MethodKind::Text => matches!(contact, Contact::Phone(_)),
        };
        let fits = candidates.iter().find(|(contact, facts)| {
            is_of_kind(contact) && refusal(contact, kind, standing, (facts, policy)).is_none()
        });
        fits.map(|(contact, _)| contact)
    }

    /// The offered value is wanted: a code goes there, as to one that was typed.
    ///
    /// # Errors
    ///
    /// [`FlowFault`]; nothing may be saved.
    pub fn add_offered(
        self,
        (kind, contact): (MethodKind, Option<Contact>),
        standing: &Standing,
        facts: &ContactFacts,
        ctx: &mut Context<'_>,
    ) -> Result<PersonStep, FlowFault> {
        if contact.is_none() {
            // The directory offers it no more, or never did.
            return Ok(PersonStep::of(self).says(Refusal::StepWrong));
        }
        let mut step = self.add_contact((kind, contact), standing, facts, ctx)?;
        if step.refusal.is_none()
            && let Some(pending) = &mut step.person.pending
        {
            pending.is_offered = true;
        }
        Ok(step)
    }
}

impl Pending {
    /// The place as the person may see it: as typed, or masked if it was only offered.
    #[must_use]
    pub fn shown(&self) -> String {
        if self.is_offered {
            self.contact.masked()
        } else {
            self.contact.in_full().to_owned()
        }
    }
}
