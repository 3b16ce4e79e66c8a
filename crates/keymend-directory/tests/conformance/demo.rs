//! The sample accounts of the demo.

use keymend_directory::embedded::HashingCost;
use keymend_directory::embedded::demo::{SAMPLES, STAFF, SampleKind, fill};
use keymend_domain::directory::{Directory, MustChange, NoMatch, SignIn};
use keymend_domain::secret::Password;

use crate::house::House;

#[tokio::test]
async fn every_sample_account_is_of_the_kind_the_table_says() {
    let house = House::named("demo", None);
    let placed = fill(&house.directory).await.unwrap();
    assert_eq!(placed.len(), SAMPLES.len());
    for one in placed {
        let login = one.sample.login;
        let account = house.account(&one.sample.mail()).await;
        assert_eq!(account.id, one.id, "{login}");
        assert_eq!(account.phones, [one.sample.phone], "{login}");
        let is_in_scope = one.sample.kind != SampleKind::OutOfScope;
        assert_eq!(account.is_in(STAFF), is_in_scope, "{login}");
        let is_protected = one.sample.kind == SampleKind::Protected;
        assert_eq!(account.state.protection.is_some(), is_protected, "{login}");
        let is_young = one.sample.kind == SampleKind::Young;
        assert_eq!(
            account.state.next_change_from.is_some(),
            is_young,
            "{login}"
        );
        let may_not = one.sample.kind == SampleKind::MayNotChange;
        assert_eq!(account.state.may_not_change, may_not, "{login}");
        let password = Password::current(one.sample.password.into()).unwrap();
        let said = house.directory.check_password(&one.id, &password).await;
        assert_eq!(said.unwrap(), expected(one.sample.kind), "{login}");
    }
}

fn expected(kind: SampleKind) -> SignIn {
    match kind {
        SampleKind::Locked => SignIn::NoMatch(NoMatch::Locked),
        SampleKind::PasswordExpired => SignIn::MustChange(MustChange::Expired),
        SampleKind::MustChange => SignIn::MustChange(MustChange::Demanded),
        SampleKind::Disabled | SampleKind::Ended => SignIn::Unusable,
        SampleKind::Plain
        | SampleKind::Protected
        | SampleKind::Unregistered
        | SampleKind::OutOfScope
        | SampleKind::Young
        | SampleKind::MayNotChange => SignIn::Accepted,
    }
}

#[tokio::test]
async fn at_the_recommended_cost_the_samples_come_with_their_hashes() {
    let house = House::with_hashing("demo", None, HashingCost::RECOMMENDED);
    let placed = fill(&house.directory).await.unwrap();
    let jane = &placed[0];
    let password = Password::current(jane.sample.password.into()).unwrap();
    let said = house.directory.check_password(&jane.id, &password).await;
    assert_eq!(said.unwrap(), SignIn::Accepted);
}

#[tokio::test]
async fn a_directory_with_accounts_is_left_as_it_is() {
    let house = House::named("demo", None);
    fill(&house.directory).await.unwrap();
    assert!(fill(&house.directory).await.unwrap().is_empty());
    let count = house.directory.account_count().await.unwrap();
    assert_eq!(count, SAMPLES.len() as u64);
}
