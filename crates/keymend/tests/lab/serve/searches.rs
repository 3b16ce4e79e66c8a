//! How many questions one reset asks a directory, by the directory's own log.

use keymend_lab::LoggedSearch;
use keymend_lab::slapd::person;

use super::controller::{JANE, JOHN, registers};
use super::domain::Domain;
use super::house::{House, NEW};
use super::visitor::Visitor;

/// What the page asks for while somebody types.
const KEYS: [&str; 3] = ["W", "Winter", "Winter harbour"];

/// One reset from the first form to the last page, as a browser with scripts makes it: the rules
/// are asked for with the keys.
async fn resets(house: &House, name: &str, ways: [(&str, &str); 2]) {
    let mut visitor: Visitor = house.proves(name, "reset", ways).await;
    for typed in KEYS {
        let fields = [("password", typed)];
        visitor.sends_unheard("/flow/rules", &fields).await.unwrap();
    }
    let form = [("password", NEW), ("again", NEW), ("shown", "")];
    visitor.sends("/flow/password", &form).await;
    visitor.sees("Your password has been changed");
}

/// The searches about the person, and those that are not kept for a minute and shared by all.
fn about_one(searches: &[LoggedSearch]) -> Vec<&LoggedSearch> {
    let about = searches.iter();
    about.filter(|search| search.is_about_a_person()).collect()
}

#[tokio::test]
async fn a_reset_in_openldap_takes_three_searches() {
    let house = House::open();
    let jane = [("email", "jane@mail.test"), ("text", "+447700900133")];
    house.registers("jane.doe", jane[0].1, jane[1].1).await;
    let before = house.slapd.searches().len();
    resets(&house, "jane.doe", jane).await;
    let all = house.slapd.searches().split_off(before);
    let own = about_one(&all);
    // Who is meant, the account before the order is opened, and once more right before the write.
    assert_eq!(own.len(), 3, "{own:#?}");
    assert!(house.slapd.opens_with(&person("jane.doe").dn(), NEW));
}

#[tokio::test]
async fn a_reset_in_active_directory_takes_five_searches() {
    let whole = Domain::open();
    let (house, domain) = (&whole.house, &whole.samba);
    registers(house, "john.roe", JOHN).await;
    registers(house, "jane.doe", JANE).await;
    domain.log_searches();
    // Names of groups and rules are kept for a minute; the first fetches them.
    resets(house, "john.roe", JOHN).await;
    let before = domain.searches().len();
    resets(house, "jane.doe", JANE).await;
    let all = domain.searches().split_off(before);
    let own = about_one(&all);
    // Who is meant, and the entry itself, because groups are told of one entry alone; the account
    // before the order is opened, once more right before the write, and once after it.
    assert_eq!(own.len(), 5, "{own:#?}");
    assert!(domain.opens_with("jane.doe", NEW));
}
