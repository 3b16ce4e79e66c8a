//! Directory and mail server out of order, and what people are told meanwhile.

use std::time::Duration;

use keymend_lab::Fault;
use keymend_lab::slapd::person;

use super::crash::order_is_opened;
use super::house::{House, NEW};

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
    let new = [("password", NEW), ("again", NEW), ("shown", "")];
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

#[tokio::test]
async fn a_directory_that_stands_still_is_said_and_the_proven_attempt_waits_for_it() {
    let house = House::open();
    house.registers("jane.doe", WAYS[0].1, WAYS[1].1).await;
    let mut jane = house.proves("jane.doe", "reset", WAYS).await;
    jane.sees("Choose a new password");

    // The kernel takes connections for it, and nobody answers on them.
    house.slapd.pause();
    let mut late = house.visitor();
    late.starts("john.roe").await;
    late.sees("We cannot reach Lab directory right now");
    assert_eq!(late.status, 503);
    let new = [("password", NEW), ("again", NEW), ("shown", "")];
    jane.sends("/flow/password", &new).await;
    jane.sees("We cannot reach Lab directory right now");

    house.slapd.resume();
    jane.goes_to("/flow").await.sees("Choose a new password");
    jane.sends("/flow/password", &new).await;
    jane.sees("Your password has been changed");
    assert!(house.slapd.opens_with(&person("jane.doe").dn(), NEW));
}

#[tokio::test]
async fn of_a_write_that_stands_still_the_page_tells_the_truth_in_the_end() {
    let house = House::open();
    let jane = person("jane.doe");
    house.registers(jane.uid, WAYS[0].1, WAYS[1].1).await;
    let mut browser = house.proves(jane.uid, "reset", WAYS).await;
    house.line.set(Fault::Latency(Duration::from_millis(300)));
    let new = [("password", NEW), ("again", NEW), ("shown", "")];
    tokio::select! {
        answer = browser.tries_to_send("/flow/password", &new) => {
            drop(answer);
            panic!("answered before it could be stopped: {}", house.log())
        }
        () = order_is_opened(&house) => house.slapd.pause(),
    }
    house.line.set(Fault::None);
    browser
        .goes_to("/flow")
        .await
        .sees("Saving your new password");
    house.slapd.resume();
    house.comes_true("the order is settled", || {
        house
            .does(&["audit", "search", "--event", "order.settled"])
            .contains("order.settled")
    });
    browser.goes_to("/flow").await;
    let says_done = browser.heading() == "Your password has been changed";
    assert_eq!(house.slapd.opens_with(&jane.dn(), NEW), says_done);
    assert_eq!(
        house.slapd.opens_with(&jane.dn(), jane.password),
        !says_done
    );
}

#[tokio::test]
async fn without_a_certificate_the_service_answers_named_proxies_alone() {
    for (proxy, status) in [("127.0.0.1", 200), ("192.0.2.1", 403)] {
        let house = House::furnish();
        let configuration = std::fs::read_to_string(house.path("keymend.toml")).unwrap();
        let (before, after) = configuration.split_once("tls = {").unwrap();
        let (_, after) = after.split_once('}').unwrap();
        let plain = format!("{before}trusted_proxies = [\"{proxy}\"]{after}");
        house.write("keymend.toml", &plain);
        house.opens();
        let place = house.origin().replace("https://", "http://");
        let client = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(Duration::from_secs(60))
            .build()
            .unwrap();
        let request = client.get(format!("{place}/reset"));
        let request = request.header("x-forwarded-for", "198.51.100.7");
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status().as_u16(), status, "{proxy}");
        assert!(answer.headers().contains_key("strict-transport-security"));
        let cookies = answer.headers().get_all("set-cookie");
        for cookie in cookies {
            assert!(cookie.to_str().unwrap().contains("; Secure"));
        }
    }
}

#[tokio::test]
async fn unlocking_alone_that_is_switched_off_leads_to_a_new_password() {
    let house = House::open();
    house.registers("jane.doe", WAYS[0].1, WAYS[1].1).await;
    let jane = person("jane.doe");
    house.slapd.lock_by_guessing(&jane.dn());
    house.does(&["directory", "set", "lab", "unlock-without-reset", "off"]);
    house.comes_true("the service takes the policy up", || {
        house.log().contains("settings taken up")
    });
    let mut jane = house.proves("jane.doe", "unlock", WAYS).await;
    jane.sees("Unlock your account");
    assert!(jane.page_says("Unlocking alone is switched off"));
    jane.sends("/flow/unlock", &[]).await;
    jane.sees("Unlock your account");
    jane.sends("/flow/reset-instead", &[]).await;
    let new = [("password", NEW), ("again", NEW), ("shown", "")];
    jane.sends("/flow/password", &new).await;
    jane.sees("Your password has been changed");
    assert!(house.slapd.opens_with(&person("jane.doe").dn(), NEW));
}
