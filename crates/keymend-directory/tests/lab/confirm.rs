//! When the server is asked who it thinks is signed in, and who is signed in where nobody is meant.

use keymend_domain::account::{AccountRef, Anchor};
use keymend_domain::directory::{Directory, NoMatch, SignIn};
use keymend_domain::secret::Password;
use keymend_lab::SlapdOptions;
use keymend_lab::slapd::{BASE_DN, PEOPLE_DN, person};

use crate::house::{House, NEW, is_done};

/// A house that tries all passwords on one connection, and reads on one that is open before the
/// first question is counted.
fn house() -> House {
    House::with(SlapdOptions::default(), |options| {
        (options.service_connections, options.user_connections) = (1, 1);
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_let_in_is_asked_about_every_time() {
    let house = house();
    let jane = house.account("jane.doe").await;
    let right = Password::current(person("jane.doe").password.into()).unwrap();
    for _ in 0..3 {
        let before = questions(&house);
        let said = house.directory.check_password(&jane.id, &right).await;
        assert_eq!(said, Ok(SignIn::Accepted));
        assert_eq!(questions(&house) - before, 1);
    }
}

/// "Done" rests on the bind with the new password, so only the one with the current password is
/// spared the question, and that only on a connection that has answered it rightly before.
#[tokio::test(flavor = "multi_thread")]
async fn every_bind_with_a_new_password_is_asked_about() {
    let house = house();
    let mut asked = Vec::new();
    for name in ["jane.doe", "john.roe"] {
        let account = house.account(name).await;
        let before = questions(&house);
        let outcome = house.change(&account, person(name).password, NEW).await;
        assert!(is_done(&outcome), "{name}: {outcome:?}");
        asked.push(questions(&house) - before);
        let before = questions(&house);
        let outcome = house.reset(&account, &format!("{NEW} again")).await;
        assert!(is_done(&outcome), "{name}: {outcome:?}");
        asked.push(questions(&house) - before);
    }
    // Each time a change and a reset.
    assert_eq!(asked, [2, 1, 1, 1]);
}

#[tokio::test(flavor = "multi_thread")]
async fn where_nobody_is_meant_the_decoy_is_signed_in_to() {
    let named = format!("uid=decoy,{BASE_DN}");
    for (decoy, bound) in [
        (None, format!("cn=keymend-nobody,{PEOPLE_DN}")),
        (Some(named.clone()), named),
    ] {
        let house = House::with(SlapdOptions::default(), |options| options.decoy_dn = decoy);
        let nobody = AccountRef {
            directory: house.directory.name().clone(),
            anchor: Anchor("00000000-0000-0000-0000-000000000000".into()),
        };
        let typed = Password::current("anything at all".into()).unwrap();
        let said = house.directory.check_password(&nobody, &typed).await;
        assert_eq!(said, Ok(SignIn::NoMatch(NoMatch::Unsaid)));
        let log = house.slapd.log();
        assert!(log.contains(&format!("BIND dn=\"{bound}\"")), "{log}");
    }
}

/// "Who am I?" so far; the log is written before the answer is sent.
fn questions(house: &House) -> usize {
    house.slapd.log().matches("WHOAMI").count()
}
