//! The whole journey in an Active Directory, and what its controller wrote down about it.

use keymend_lab::samba::ad_person;

use super::domain::{Domain, seen};
use super::house::{House, NEW};
use super::visitor::Visitor;

pub const JANE: [(&str, &str); 2] = [("email", "jane@mail.test"), ("text", "+447700900133")];
pub const JOHN: [(&str, &str); 2] = [("email", "john@mail.test"), ("text", "+447700900155")];

pub async fn registers(house: &House, name: &str, ways: [(&str, &str); 2]) -> Visitor {
    let login = [("user", name), ("password", ad_person(name).password)];
    let mut visitor = house.visitor();
    house.registers_as(&mut visitor, &login, ways).await;
    visitor
}

#[tokio::test]
async fn a_controller_saw_one_reset_by_our_account_one_change_by_the_person_and_nothing_else() {
    let whole = Domain::open();
    let (house, domain) = (&whole.house, &whole.samba);
    let mut at_home = registers(house, "jane.doe", JANE).await;
    let form = [("password", NEW), ("again", NEW), ("shown", "")];

    let mark = domain.mark();
    let mut jane = house.visitor();
    jane.starts("jane.doe").await;
    jane.sends("/flow/intent", &[("intent", "reset")]).await;
    jane.sends("/flow/method", &[("method", "email")]).await;
    jane.sends("/flow/challenge", &[("address", JANE[0].1)])
        .await;
    jane.sends("/flow/prove", &[("code", "000000")]).await;
    jane.sends("/flow/password", &form).await;
    assert_eq!(seen(domain, &mark), Vec::<String>::new(), "no proof");

    let mut jane = house.proves("jane.doe", "reset", JANE).await;
    jane.sends("/flow/password", &form).await;
    jane.sees("Your password has been changed");
    assert!(domain.opens_with("jane.doe", NEW));
    let resets = seen(domain, &mark);
    let of_passwords = resets.iter().filter(|line| line.starts_with("472"));
    let of_passwords: Vec<&String> = of_passwords.collect();
    assert_eq!(of_passwords, ["4724 by svc-keymend: Success"], "{resets:?}");

    // Her own browser: of the three wrong passwords after which the controller locks, one may be
    // tried here, and it is kept for her.
    let mark = domain.mark();
    at_home.goes_to("/signin").await;
    let login = [("user", "jane.doe"), ("password", NEW)];
    at_home.sends("/signin", &login).await;
    at_home.goes_to("/me/password").await;
    let newer = "Spring meadow 63 kettles";
    let change = [
        ("current", NEW),
        ("password", newer),
        ("again", newer),
        ("shown", ""),
    ];
    at_home.sends("/me/password", &change).await;
    assert!(
        domain.opens_with("jane.doe", newer),
        "{}",
        at_home.heading()
    );
    assert_eq!(seen(domain, &mark), ["4723 by jane.doe: Success"]);
}

#[tokio::test]
async fn a_controller_saw_one_unlock_and_no_password_written() {
    let whole = Domain::open();
    let (house, domain) = (&whole.house, &whole.samba);
    let john = ad_person("john.roe");
    registers(house, john.name, JOHN).await;
    domain.lock_by_guessing(john.name);
    assert!(!domain.opens_with(john.name, john.password));
    let mark = domain.mark();
    let mut visitor = house.proves(john.name, "unlock", JOHN).await;
    visitor.sends("/flow/unlock", &[]).await;
    visitor.sees("Your account is unlocked");
    assert!(domain.opens_with(john.name, john.password));
    assert_eq!(seen(domain, &mark), ["5136 by svc-keymend: Success"]);
}

#[tokio::test]
async fn a_password_that_is_too_young_is_said_after_the_first_proof_with_the_time_of_the_next() {
    let whole = Domain::open();
    let (house, domain) = (&whole.house, &whole.samba);
    domain.shows_password_settings();
    let yan = ad_person("young.yan");
    registers(house, yan.name, JANE).await;
    let mark = domain.mark();
    let mut visitor = house.visitor();
    visitor.starts(yan.name).await;
    visitor.sends("/flow/intent", &[("intent", "reset")]).await;
    assert!(!visitor.page_says("allows the next change"));
    house.passes(&mut visitor, "email", JANE[0].1).await;
    visitor.sees("One more step");
    assert!(visitor.page_says("Your directory allows the next change from"));
    // There is no lock to lift.
    assert!(!visitor.page_says("You can unlock your account now"));

    // The directory has the last word for those who try all the same.
    house.passes(&mut visitor, "text", JANE[1].1).await;
    visitor.sees("Choose a new password");
    let form = [("password", NEW), ("again", NEW), ("shown", "")];
    visitor.sends("/flow/password", &form).await;
    visitor.sees("Your directory did not accept this password");
    assert!(visitor.page_says("Your directory allows the next change from"));
    assert!(domain.opens_with(yan.name, yan.password));
    assert_eq!(
        seen(domain, &mark),
        ["4724 by svc-keymend: Unwilling to perform"]
    );

    // Who is locked out as well need not wait for that time.
    domain.lock_by_guessing(yan.name);
    let mut visitor = house.proves(yan.name, "reset", JANE).await;
    visitor.sees("Choose a new password");
    assert!(visitor.page_says("You can unlock your account now"));
    visitor.sends("/flow/unlock-instead", &[]).await;
    visitor.sends("/flow/unlock", &[]).await;
    visitor.sees("Your account is unlocked");
    assert!(domain.opens_with(yan.name, yan.password));
}

#[tokio::test]
async fn rules_that_cannot_be_read_are_said_to_be_unknown_and_the_refusal_still_tells() {
    let whole = Domain::open();
    let (house, domain) = (&whole.house, &whole.samba);
    let yan = ad_person("young.yan");
    registers(house, yan.name, JANE).await;
    let mut visitor = house.proves(yan.name, "reset", JANE).await;
    visitor.sees("Choose a new password");
    assert!(visitor.page_says("a rule that we cannot show you"));
    let form = [("password", NEW), ("again", NEW), ("shown", "")];
    visitor.sends("/flow/password", &form).await;
    visitor.sees("Your directory did not accept this password");
    assert!(domain.opens_with(yan.name, yan.password));
}
