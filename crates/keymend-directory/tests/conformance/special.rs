//! What is special about the embedded directory.

use std::sync::Arc;

use keymend_directory::conformance::{Fixture, Person, Role};
use keymend_directory::embedded::{
    Embedded, EmbeddedError, EmbeddedOptions, HashingCost, NewAccount, Policy,
};
use keymend_domain::directory::{
    Check, Deed, Directory, Found, NoMatch, NotDone, RuleBroken, SignIn, WriteOrder, WriteOutcome,
};
use keymend_domain::id::OrderId;
use keymend_domain::secret::Password;
use keymend_domain::time::{Clock, DAY_MS, MINUTE_MS};

use crate::house::House;

fn password(text: &str) -> Password {
    Password::new(text.into()).unwrap()
}

async fn sign_in(house: &House, person: &Person, text: &str) -> SignIn {
    let id = house.account(&person.login).await.id;
    let said = house.directory.check_password(&id, &password(text)).await;
    said.unwrap()
}

async fn reset(house: &House, person: &Person, text: &str) -> WriteOutcome {
    let id = house.account(&person.login).await.id;
    let new = password(text);
    let deed = Deed::Reset {
        new: &new,
        unlocks: false,
    };
    house.write(&id, deed).await
}

#[tokio::test]
async fn a_login_before_our_suffix_finds_its_account_and_before_another_does_not() {
    let house = House::named("home", None);
    let jane = house.person(Role::Plain).await.unwrap();
    let id = house.account(&jane.login).await.id;
    let named = house.account(&format!("{}@Home.Example", jane.login)).await;
    assert_eq!(named.id, id);
    let foreign = house.found(&format!("{}@other.example", jane.login)).await;
    assert_eq!(foreign, Found::Nobody);
    let doubled = house.found(&format!("{}@home.example", jane.mail)).await;
    assert_eq!(doubled, Found::Nobody);
}

#[tokio::test]
async fn of_two_hundred_guesses_at_once_five_are_told_and_the_account_is_locked() {
    let house = House::named("home", None);
    let jane = house.person(Role::Plain).await.unwrap();
    let id = house.account(&jane.login).await.id;
    let mut guesses = tokio::task::JoinSet::new();
    for number in 0..200 {
        let (directory, id) = (Arc::clone(&house.directory), id.clone());
        guesses.spawn(async move {
            let guess = password(&format!("wrong guess {number}"));
            directory.check_password(&id, &guess).await.unwrap()
        });
    }
    let said = guesses.join_all().await;
    let told = said
        .iter()
        .filter(|said| **said == SignIn::NoMatch(NoMatch::Wrong));
    assert_eq!(told.count(), 5);
    assert!(house.account(&jane.login).await.state.lock.is_some());
}

#[tokio::test]
async fn a_lock_opens_by_itself_and_the_count_begins_anew() {
    let house = House::named("home", None);
    let jane = house.person(Role::Locked).await.unwrap();
    house.clock.pass(15 * MINUTE_MS - 1);
    let said = sign_in(&house, &jane, &jane.password).await;
    assert_eq!(said, SignIn::NoMatch(NoMatch::Locked));
    house.clock.pass(1);
    let said = sign_in(&house, &jane, "wrong guess once").await;
    assert_eq!(said, SignIn::NoMatch(NoMatch::Wrong));
    assert_eq!(
        sign_in(&house, &jane, &jane.password).await,
        SignIn::Accepted
    );
}

#[tokio::test]
async fn wrong_passwords_far_apart_do_not_add_up() {
    let house = House::named("home", None);
    let jane = house.person(Role::Plain).await.unwrap();
    for _ in 0..8 {
        sign_in(&house, &jane, "wrong guess often").await;
        assert_eq!(house.account(&jane.login).await.state.lock, None);
        house.clock.pass(15 * MINUTE_MS);
    }
    assert_eq!(
        sign_in(&house, &jane, &jane.password).await,
        SignIn::Accepted
    );
}

#[tokio::test]
async fn a_hash_of_another_cost_is_made_anew_at_the_sign_in_and_still_opens() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("directory.sqlite");
    let house = House::named("home", Some(path.clone()));
    let jane = house.person(Role::Plain).await.unwrap();
    let dearer = HashingCost {
        memory_kib: 64,
        ..HashingCost::FEATHER
    };
    let raised = House::with_hashing("home", Some(path.clone()), dearer);
    for _ in 0..2 {
        let said = sign_in(&raised, &jane, &jane.password).await;
        assert_eq!(said, SignIn::Accepted);
    }
    let wrong = sign_in(&raised, &jane, "not the password").await;
    assert_eq!(wrong, SignIn::NoMatch(NoMatch::Wrong));
    let database = rusqlite::Connection::open(&path).unwrap();
    let body = "SELECT body FROM entries";
    let body: String = database.query_row(body, [], |row| row.get(0)).unwrap();
    assert!(body.contains("m=64,t=1,p=1") && !body.contains("m=8,"));
}

#[tokio::test]
async fn a_password_leaves_the_history_when_five_newer_ones_are_in_it() {
    let house = House::named("home", None);
    let jane = house.person(Role::Plain).await.unwrap();
    for number in 0..6 {
        let outcome = reset(&house, &jane, &format!("new password {number}")).await;
        assert!(matches!(outcome, WriteOutcome::Done { .. }), "{outcome:?}");
        let again = reset(&house, &jane, "new password 0").await;
        assert!(matches!(again, WriteOutcome::Refused(_)), "{again:?}");
    }
    let outcome = reset(&house, &jane, &jane.password).await;
    assert!(matches!(outcome, WriteOutcome::Done { .. }), "{outcome:?}");
}

#[tokio::test]
async fn every_broken_rule_is_named_at_once_and_the_minimum_age_ends() {
    let house = House::named("home", None);
    let yara = house.person(Role::Young).await.unwrap();
    let from = house.clock.now().plus_ms(DAY_MS);
    let young = RuleBroken::Young { from: Some(from) };
    let short = RuleBroken::Short {
        least: 10,
        typed: 5,
    };
    let outcome = reset(&house, &yara, "short").await;
    assert_eq!(outcome, WriteOutcome::Refused(vec![short, young]));
    house.clock.pass(DAY_MS);
    let outcome = reset(&house, &yara, "grown old enough").await;
    let done = WriteOutcome::Done {
        check: Check::SignedIn,
        unlocked: false,
        change_again: false,
    };
    assert_eq!(outcome, done);
}

#[tokio::test]
async fn of_one_order_sent_ten_times_at_once_one_is_carried_out() {
    let house = House::named("home", None);
    let jane = house.person(Role::Plain).await.unwrap();
    let id = house.account(&jane.login).await.id;
    let deadline = house.clock.now().plus_ms(MINUTE_MS);
    let mut sent = tokio::task::JoinSet::new();
    for _ in 0..10 {
        let (directory, id) = (Arc::clone(&house.directory), id.clone());
        sent.spawn(async move {
            let new = password("the only new one");
            let deed = Deed::Reset {
                new: &new,
                unlocks: false,
            };
            let order = OrderId::stored("ONE".into());
            let order = WriteOrder::for_conformance(order, id, deadline, deed);
            directory.write(&order).await
        });
    }
    for outcome in sent.join_all().await {
        // A second write would have been refused by the history.
        assert!(matches!(outcome, WriteOutcome::Done { .. }), "{outcome:?}");
    }
    let said = sign_in(&house, &jane, "the only new one").await;
    assert_eq!(said, SignIn::Accepted);
}

#[tokio::test]
async fn what_was_written_is_there_when_the_file_is_opened_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("directory.sqlite");
    let house = House::named("home", Some(path.clone()));
    let strict = Policy {
        length_min: 12,
        ..Policy::default()
    };
    house.directory.set_policy(&strict).await.unwrap();
    let jane = house.person(Role::Plain).await.unwrap();
    let outcome = reset(&house, &jane, "kept on the disk").await;
    drop(house);
    let again = House::named("home", Some(path.clone()));
    assert_eq!(again.directory.policy().await.unwrap(), strict);
    assert!(matches!(outcome, WriteOutcome::Done { .. }));
    let said = sign_in(&again, &jane, "kept on the disk").await;
    assert_eq!(said, SignIn::Accepted);
    assert!(!is_readable_by_others(&path));
}

#[tokio::test]
async fn a_file_that_cannot_be_opened_is_said_with_the_reason() {
    let folder = tempfile::tempdir().unwrap();
    let refused = Embedded::open(EmbeddedOptions {
        path: Some(folder.path().join("missing").join("directory.sqlite")),
        ..House::options("home", None, HashingCost::FEATHER).1
    });
    let said = refused.err().unwrap().to_string();
    assert!(said.contains("opening its file"), "{said}");
}

#[cfg(unix)]
fn is_readable_by_others(path: &std::path::Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    std::fs::metadata(path).unwrap().permissions().mode() & 0o077 != 0
}

#[cfg(not(unix))]
fn is_readable_by_others(_: &std::path::Path) -> bool {
    false
}

#[tokio::test]
async fn an_import_with_a_taken_login_takes_nobody_in() {
    let house = House::named("home", None);
    let jane = house.person(Role::Plain).await.unwrap();
    let named = |login: String| NewAccount {
        login,
        ..NewAccount::default()
    };
    let accounts = [named("fresh".into()), named(jane.login.to_uppercase())];
    let refused = house.directory.import(&accounts).await;
    assert!(matches!(refused, Err(EmbeddedError::LoginTaken)));
    assert_eq!(house.found("fresh").await, Found::Nobody);
}

#[tokio::test]
async fn an_account_made_anew_under_an_old_name_is_another_account() {
    let house = House::named("home", None);
    let jane = house.person(Role::Plain).await.unwrap();
    let old = house.account(&jane.login).await.id;
    house.directory.remove(&old).await.unwrap();
    let new = NewAccount {
        login: jane.login.clone(),
        ..NewAccount::default()
    };
    house.directory.import(&[new]).await.unwrap();
    assert_ne!(house.account(&jane.login).await.id, old);
    let outcome = house.write(&old, Deed::Unlock).await;
    assert_eq!(outcome, WriteOutcome::NotDone(NotDone::Gone));
}

#[tokio::test]
async fn who_may_not_change_the_password_cannot_and_without_a_password_nobody_signs_in() {
    let house = House::named("home", None);
    let nils = NewAccount {
        login: "nils".into(),
        may_not_change: true,
        ..NewAccount::default()
    };
    let ids = house.directory.import(&[nils]).await.unwrap();
    let new = password("granite for ever");
    let deed = Deed::Reset {
        new: &new,
        unlocks: true,
    };
    let outcome = house.write(&ids[0], deed).await;
    assert_eq!(outcome, WriteOutcome::NotDone(NotDone::Rights));
    let said = house.directory.check_password(&ids[0], &new).await;
    assert_eq!(said.unwrap(), SignIn::NoMatch(NoMatch::Wrong));
}
