//! Keyed tags: how typed names and contacts stand in counters, in columns and in the log.

use super::FlowKeys;
use crate::account::Claim;
use crate::method::Contact;

impl FlowKeys {
    /// The tag under which a typed name is counted and logged: one for all its spellings
    /// (behaviour §2.6 rule 1).
    #[must_use]
    pub fn claim_tag(&self, claim: &Claim) -> String {
        self.name
            .tag(&[b"claim", claim.canonical().as_bytes()])
            .short()
    }

    /// The tag under which a place is counted, and under which accounts that share it are found.
    #[must_use]
    pub fn contact_tag(&self, contact: &Contact) -> String {
        let place = contact.in_full().to_lowercase();
        self.name.tag(&[b"contact", place.as_bytes()]).short()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::code::MacKey;

    #[test]
    fn spellings_of_one_name_and_of_one_address_share_a_tag_and_others_do_not() {
        let keys = FlowKeys {
            code: MacKey::new([1; 32]),
            name: MacKey::new([2; 32]),
        };
        let name = |text: &str| keys.claim_tag(&Claim::new(text).unwrap());
        assert_eq!(name("jane"), name(" JANE "));
        assert_ne!(name("jane"), name("john"));
        let place = |text: &str| keys.contact_tag(&Contact::Email(text.into()));
        assert_eq!(place("Jane@mail.example"), place("jane@mail.example"));
        assert_ne!(place("jane"), name("jane"));
    }
}
