//! When the server is asked who it thinks is signed in.

use keymend_domain::directory::{Directory, SignIn};
use keymend_domain::secret::Password;
use keymend_lab::SlapdOptions;
use keymend_lab::slapd::person;

use crate::house::{House, NEW, is_done};

/// A house that tries all passwords on one connection, and reads on one that is open before the
/// first question is counted.
fn house(confirms_every_bind: bool) -> House {
    House::with(SlapdOptions::default(), |options| {
        (options.service_connections, options.user_connections) = (1, 1);
        options.confirms_every_bind = confirms_every_bind;
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_let_in_is_asked_about_every_time() {
    let house = house(false);
    let jane = house.account("jane.doe").await;
    let right = Password::current(person("jane.doe").password.into()).unwrap();
    for _ in 0..3 {
        let before = questions(&house);
        let said = house.directory.check_password(&jane.id, &right).await;
        assert_eq!(said, Ok(SignIn::Accepted));
        assert_eq!(questions(&house) - before, 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_the_binds_of_changes_the_first_on_a_connection_is_asked_about() {
    let house = house(false);
    assert_eq!(asked_by_changes(&house).await, [1, 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_installer_may_have_it_asked_after_every_bind() {
    let house = house(true);
    assert_eq!(asked_by_changes(&house).await, [2, 2]);
}

/// How often the server is asked during two changes.
async fn asked_by_changes(house: &House) -> [usize; 2] {
    let mut asked = [0; 2];
    for (name, count) in ["jane.doe", "john.roe"].into_iter().zip(&mut asked) {
        let account = house.account(name).await;
        let before = questions(house);
        let outcome = house.change(&account, person(name).password, NEW).await;
        assert!(is_done(&outcome), "{name}: {outcome:?}");
        *count = questions(house) - before;
    }
    asked
}

/// "Who am I?" so far; the log is written before the answer is sent.
fn questions(house: &House) -> usize {
    house.slapd.log().matches("WHOAMI").count()
}
