//! Directory and mail server out of order, and what people are told meanwhile.

use super::house::House;

const WAYS: [(&str, &str); 2] = [("email", "jane@mail.test"), ("text", "+447700900133")];

#[tokio::test]
async fn a_directory_that_is_down_is_said_before_a_code_is_spent() {
    let mut house = House::open();
    house.registers("jane.doe", WAYS[0].1, WAYS[1].1).await;
    let mut jane = house.visitor();
    jane.starts("jane.doe").await;
    jane.sends("/flow/intent", &[("intent", "reset")]).await;
    jane.sends("/flow/method", &[("method", "email")]).await;

    house.slapd.kill();
    let mut late = house.visitor();
    late.starts("john.roe").await;
    late.sees("We cannot reach Lab directory right now");
    assert_eq!(late.status, 503);
    let codes = house.codes_at(WAYS[0].1).len();
    jane.sends("/flow/challenge", &[("address", WAYS[0].1)])
        .await;
    jane.sees("We cannot reach Lab directory right now");
    assert_eq!(house.codes_at(WAYS[0].1).len(), codes);

    // A directory that is down does not keep the service from starting either.
    house.stop();
    house.start();
    house.comes_true("the log says so", || {
        house.log().contains("does not answer")
    });

    house.slapd.restart();
    house.comes_true("the directory is asked again", || {
        house
            .does(&["audit", "search", "--event", "directory.state"])
            .contains("success")
    });
    let mut jane = house.proves("jane.doe", "reset", WAYS).await;
    let new = [
        ("password", super::house::NEW),
        ("again", super::house::NEW),
        ("shown", ""),
    ];
    jane.sends("/flow/password", &new).await;
    jane.sees("Your password has been changed");
}

#[tokio::test]
async fn a_code_waits_for_the_mail_server_and_arrives_when_it_is_back() {
    let mut house = House::open();
    house.registers("jane.doe", WAYS[0].1, WAYS[1].1).await;
    house.smtp.kill();
    let before = house.codes_at(WAYS[0].1).len();
    let mut jane = house.visitor();
    jane.starts("jane.doe").await;
    jane.sends("/flow/intent", &[("intent", "reset")]).await;
    jane.sends("/flow/method", &[("method", "email")]).await;
    jane.sends("/flow/challenge", &[("address", WAYS[0].1)])
        .await;
    house.comes_true("the mail is put off", || {
        house.log().contains("a message is put off")
    });
    assert!(!house.log().contains(WAYS[0].1));

    house.smtp.restart();
    let code = house.next_code(WAYS[0].1, before);
    jane.sends("/flow/prove", &[("code", &code)]).await;
    house.passes(&mut jane, "text", WAYS[1].1).await;
    jane.sees("Choose a new password");
}
