//! People in number: accounts of the embedded directory with two methods each.

use std::sync::Arc;

use keymend::clock::SystemClock;
use keymend::entropy::SystemEntropy;
use keymend::phone;
use keymend::store::{StoreFault, Tx};
use keymend_directory::embedded::{Credential, Embedded, EmbeddedOptions, HashingCost, NewAccount};
use keymend_domain::account::{AccountRef, DirectoryName};
use keymend_domain::id::MethodId;
use keymend_domain::method::{Assurance, Contact, Method, MethodKind, email};
use keymend_domain::secret::Password;
use keymend_domain::time::Clock;
use tempfile::TempDir;

use super::house::House;

/// The name of an account.
pub fn login(number: usize) -> String {
    format!("person{number}")
}

/// The registered address of an account.
pub fn address(number: usize) -> String {
    format!("person{number}@mail.example")
}

/// The registered number of an account.
pub fn number(number: usize) -> String {
    format!("+447400{number:06}")
}

/// An embedded directory on disk with so many people, and their ids.
pub async fn directory(
    count: usize,
    hashing: HashingCost,
) -> (Arc<Embedded>, Vec<AccountRef>, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let options = EmbeddedOptions {
        name: DirectoryName("bench".to_owned()),
        path: Some(folder.path().join("directory.db")),
        suffixes: Vec::new(),
        hashing,
        clock: Arc::new(SystemClock),
        entropy: Arc::new(SystemEntropy),
    };
    let embedded = Embedded::open(options).unwrap();
    let accounts: Vec<NewAccount> = (0..count).map(account).collect();
    let ids = embedded.import(&accounts).await.unwrap();
    (Arc::new(embedded), ids, folder)
}

fn account(number: usize) -> NewAccount {
    let password = Password::new(format!("quiet river {number} stones")).unwrap();
    NewAccount {
        login: login(number),
        // No digits: a password may not hold a part of the name.
        display_name: "Sample Person".to_owned(),
        credential: Some(Credential::Plain(password)),
        ..NewAccount::default()
    }
}

/// Gives everybody a mail address and a telephone number.
pub async fn register(house: &House, ids: &[AccountRef]) {
    let mut methods = Vec::new();
    for (place, id) in ids.iter().enumerate() {
        let contacts = [
            (MethodKind::Email, email(&address(place))),
            (MethodKind::Text, phone::normalise(&number(place), "GB")),
        ];
        for (kind, contact) in contacts {
            let method = method(kind, contact.expect("a contact that can be one"));
            let text = method.contact.in_full().to_lowercase();
            let tag = house.keys.name_tag.tag(&[b"contact", text.as_bytes()]);
            methods.push((id.clone(), method, tag.short()));
        }
    }
    let adding = house
        .store
        .transact(move |tx: &mut Tx<'_>| -> Result<(), StoreFault> {
            for (account, method, tag) in &methods {
                tx.add_method(account, method, tag)?;
            }
            Ok(())
        });
    adding.await.unwrap();
}

fn method(kind: MethodKind, contact: Contact) -> Method {
    let now = SystemClock.now();
    Method {
        id: MethodId::fresh(now, &SystemEntropy).unwrap(),
        kind,
        contact,
        assurance: Assurance::UserVerified,
        probation_until: None,
        added_at: now,
        used_at: None,
    }
}
