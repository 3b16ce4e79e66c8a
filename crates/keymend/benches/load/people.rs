//! People in number: accounts of the embedded directory with two methods each.

use std::sync::Arc;

use keymend::clock::SystemClock;
use keymend::entropy::SystemEntropy;
use keymend::phone;
use keymend::store::{StoreFault, Tx};
use keymend_directory::embedded::demo::{ADMINS, STAFF, SampleKind};
use keymend_directory::embedded::{
    Credential, Embedded, EmbeddedOptions, HashingCost, NewAccount, Policy,
};
use keymend_domain::account::{AccountRef, DirectoryName};
use keymend_domain::id::MethodId;
use keymend_domain::method::{Assurance, Contact, Method, MethodKind, email};
use keymend_domain::secret::Password;
use keymend_domain::time::{Clock, DAY_MS};
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

/// An embedded directory on disk with so many plain people, and their ids.
pub async fn directory(
    count: usize,
    hashing: HashingCost,
) -> (Arc<Embedded>, Vec<AccountRef>, TempDir) {
    directory_of(SampleKind::Plain, count, hashing).await
}

/// The same with people of one kind, in the state that makes them of that kind.
pub async fn directory_of(
    kind: SampleKind,
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
    embedded.add_group(ADMINS, true).await.unwrap();
    let accounts: Vec<NewAccount> = (0..count).map(|number| account(kind, number)).collect();
    let ids = embedded.import(&accounts).await.unwrap();
    (Arc::new(embedded), ids, folder)
}

fn account(kind: SampleKind, number: usize) -> NewAccount {
    let password = Password::new(format!("quiet river {number} stones")).unwrap();
    let now = SystemClock.now();
    let age_days = match kind {
        SampleKind::PasswordExpired => 100,
        SampleKind::Young => 0,
        _ => 10,
    };
    NewAccount {
        login: login(number),
        display_name: "Sample Person".to_owned(),
        mail: vec![format!("person{number}@work.example")],
        groups: groups(kind),
        credential: Some(Credential::Plain(password)),
        password_changed_at: Some(now.plus_ms(-age_days * DAY_MS)),
        is_disabled: kind == SampleKind::Disabled,
        is_locked: kind == SampleKind::Locked,
        must_change: kind == SampleKind::MustChange,
        may_not_change: kind == SampleKind::MayNotChange,
        ends_at: (kind == SampleKind::Ended).then(|| now.plus_ms(-DAY_MS)),
        own_policy: own_policy(kind),
        ..NewAccount::default()
    }
}

fn groups(kind: SampleKind) -> Vec<String> {
    let names: &[&str] = match kind {
        SampleKind::OutOfScope => &["guests"],
        SampleKind::Protected => &[STAFF, ADMINS],
        _ => &[STAFF],
    };
    names.iter().map(|name| (*name).to_owned()).collect()
}

fn own_policy(kind: SampleKind) -> Option<Policy> {
    match kind {
        SampleKind::Young => Some(Policy {
            age_min_ms: DAY_MS,
            ..Policy::default()
        }),
        // Locked until somebody lifts it.
        SampleKind::Locked => Some(Policy {
            lockout_ms: 0,
            ..Policy::default()
        }),
        _ => None,
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
            let tag = house.keys.for_flows().contact_tag(&method.contact);
            methods.push((id.clone(), method, tag));
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
