//! From an empty folder to a new password, with everything real.

use keymend_lab::slapd::person;

use super::house::{House, NEW, POLICY};

const MAIL: &str = "noah@mail.test";
const NUMBER: &str = "+447700900199";

#[tokio::test]
async fn a_policy_is_applied_while_the_service_runs_and_noah_gets_back_in() {
    let house = House::furnish();
    house.start();
    let mut stranger = house.visitor();
    stranger
        .goes_to("/reset")
        .await
        .sees("Resetting is not switched on");

    house.write("policy.toml", POLICY);
    let shown = house.does(&["policy", "apply", "policy.toml", "--i-understand"]);
    assert!(shown.contains("the policy is now version 1"), "{shown}");
    house.comes_true("the service takes the policy up", || {
        house.log().contains("settings taken up")
    });
    stranger
        .goes_to("/reset")
        .await
        .sees("Get back into your account");

    let noah = person("new.noah");
    let mut browser = house.registers("new.noah", MAIL, NUMBER).await;
    browser.goes_to("/me").await;
    assert!(browser.page_says("99"), "the number is registered");

    let ways = [("email", MAIL), ("text", NUMBER)];
    let mut forgetful = house.proves("new.noah", "reset", ways).await;
    let short = [("password", "short"), ("again", "short"), ("shown", "")];
    forgetful.sends("/flow/password", &short).await;
    assert!(house.slapd.opens_with(&noah.dn(), noah.password));
    let new = [("password", NEW), ("again", NEW), ("shown", "")];
    forgetful.sends("/flow/password", &new).await;
    forgetful.sees("Your password has been changed");
    assert!(house.slapd.opens_with(&noah.dn(), NEW));
    assert!(!house.slapd.opens_with(&noah.dn(), noah.password));
    house.comes_true("noah is told by mail", || {
        house.smtp.messages().len() > house.codes_at(MAIL).len()
    });

    house.stop();
    let report = house.does(&["audit", "verify"]);
    assert!(report.starts_with("all "), "{report}");
    let found = house.does(&["audit", "search", "--account", "new.noah"]);
    for event in [
        "method.registered",
        "order.opened",
        "order.settled",
        "password.reset",
    ] {
        assert!(found.contains(event), "no {event} in\n{found}");
    }
    assert!(!house.log().contains(MAIL) && !house.log().contains("new.noah"));
    assert!(house.log().contains(r#""route":"/flow/password""#));
}

#[tokio::test]
async fn somebody_who_is_locked_out_unlocks_and_somebody_who_knows_it_changes() {
    let house = House::open();
    let john = person("john.roe");
    let ways = [("email", "john@mail.test"), ("text", "+447700900155")];
    house.registers("john.roe", ways[0].1, ways[1].1).await;
    house.slapd.lock_by_guessing(&john.dn());
    assert!(!house.slapd.opens_with(&john.dn(), john.password));

    let mut visitor = house.proves("john.roe", "unlock", ways).await;
    visitor.sends("/flow/unlock", &[]).await;
    visitor.sees("Your account is unlocked");
    assert!(house.slapd.opens_with(&john.dn(), john.password));

    let max = person("mustchange.max");
    let mut visitor = house.visitor();
    visitor.goes_to("/signin").await;
    let login = [("user", max.uid), ("password", max.password)];
    visitor.sends("/signin", &login).await;
    visitor.goes_to("/me/password").await;
    let change = [
        ("current", max.password),
        ("password", NEW),
        ("again", NEW),
        ("shown", ""),
    ];
    visitor.sends("/me/password", &change).await;
    assert!(
        house.slapd.opens_with(&max.dn(), NEW),
        "{}",
        visitor.heading()
    );
    assert!(!house.slapd.opens_with(&max.dn(), max.password));
}
