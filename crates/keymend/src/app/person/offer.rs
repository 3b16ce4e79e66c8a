//! Values of the entry, offered for registration: as it was read at the sign-in, and kept, sealed,
//! no longer than that lasts.

use keymend_domain::account::Account;
use keymend_domain::method::{self, Contact, MethodKind};
use keymend_domain::registration::{Candidate, ContactFacts, Person};

use super::OwnMoved;
use crate::app::{App, FormStep, PersonPage, Stop, Visitor};
use crate::phone;

/// One way that can be added.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    /// Which way.
    pub kind: MethodKind,
    /// A value the directory knows, masked.
    pub known: Option<String>,
}

impl App {
    /// The ways a person can add, each with what the directory already knows.
    #[must_use]
    pub fn offers(&self, page: &PersonPage) -> Vec<Offer> {
        let offer = |kind: &MethodKind| Offer {
            kind: *kind,
            known: self.offered(page, *kind).map(|contact| contact.masked()),
        };
        page.can_add.iter().map(offer).collect()
    }

    fn offered(&self, page: &PersonPage, kind: MethodKind) -> Option<Contact> {
        let candidates = self.candidates(&page.person.account);
        let offered = page
            .person
            .offer(kind, &candidates, &page.standing, &self.policy());
        offered.cloned()
    }

    /// The offered value is wanted: a code goes there.  Which value that is comes from the
    /// directory, never from the form.
    ///
    /// # Errors
    ///
    /// See [`Self::step_person`].
    pub async fn add_offered(
        &self,
        form: FormStep,
        kind: MethodKind,
        visitor: &Visitor,
    ) -> Result<OwnMoved, Stop> {
        let page = self.person(&form.handle).await?;
        let contact = self.offered(&page, kind);
        self.adds(form, (kind, contact), visitor, Person::add_offered)
            .await
    }

    fn candidates(&self, account: &Account) -> Vec<Candidate> {
        let addresses = account.mail.iter().filter_map(|text| method::email(text));
        let numbers = account
            .phones
            .iter()
            .filter_map(|text| phone::normalise(text, &self.inner.region));
        addresses
            .chain(numbers)
            .map(|contact| {
                let facts = self.facts_of(&contact);
                (contact, facts)
            })
            .collect()
    }

    /// What can be told of a contact without the store.
    pub(super) fn facts_of(&self, contact: &Contact) -> ContactFacts {
        // For numbers alone: the tables of all countries are read at the first use.
        let Contact::Phone(number) = contact else {
            return ContactFacts::default();
        };
        let calling_code = phone::calling_code(number).map(|code| code.to_string());
        let own = phone::region_calling_code(&self.inner.region).map(|code| code.to_string());
        ContactFacts {
            sharers: 0,
            own_calling_code: own.filter(|_| calling_code.is_some()),
            calling_code,
        }
    }
}
