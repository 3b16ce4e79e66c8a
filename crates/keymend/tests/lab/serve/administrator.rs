//! The administrator's commands beside a running service.

use keymend_lab::{Certificates, Fault};
use rusqlite::Connection;

use super::house::{House, POLICY};

#[tokio::test]
async fn a_policy_says_what_is_wrong_with_it_before_it_is_applied() {
    let house = House::furnish();
    house.write("policy.toml", "gates = 1\nscoop = \"all\"\n");
    let said = house.refuses(&["policy", "apply", "policy.toml"], 2);
    assert!(
        said.contains("policy.toml:2: ") && said.contains("scoop"),
        "{said}"
    );

    house.write("policy.toml", "gates = 2\nmethods = [\"email\"]\n");
    let said = house.refuses(&["policy", "apply", "policy.toml", "--i-understand"], 2);
    assert!(
        said.contains("refused  R1") && said.contains("correct what is refused"),
        "{said}"
    );

    house.write("policy.toml", POLICY);
    let said = house.refuses(&["policy", "apply", "policy.toml"], 2);
    assert!(
        said.contains("warning  W2") && said.contains("--i-understand"),
        "{said}"
    );

    let shown = house.does(&["policy", "apply", "policy.toml", "--i-understand"]);
    assert!(
        shown.contains("scope") && shown.contains("\"none\""),
        "{shown}"
    );
    let shown = house.does(&["policy", "show"]);
    assert!(shown.contains("the members of cn=staff"), "{shown}");

    let off = format!("{POLICY}\n[writeback]\nlab = false\n");
    house.write("policy.toml", &off);
    house.does(&["policy", "apply", "policy.toml", "--i-understand"]);
    house.write("exported.toml", &house.does(&["policy", "export"]));
    let shown = house.does(&["policy", "apply", "exported.toml", "--i-understand"]);
    assert!(shown.contains("nothing changed"), "{shown}");

    let records = house.does(&["audit", "search"]);
    for event in [
        "settings.refused",
        "policy.changed",
        "directory.writeback_disabled",
    ] {
        assert!(records.contains(event), "no {event} in\n{records}");
    }
    house.refuses(&["audit", "search", "--event", "password.rest"], 2);
}

#[tokio::test]
async fn a_policy_that_nothing_can_carry_is_refused() {
    let house = House::furnish();
    let whole = std::fs::read_to_string(house.path("keymend.toml")).unwrap();
    let (before, rest) = whole.split_once("[texts]").unwrap();
    let (_, after) = rest.split_once("[log]").unwrap();
    house.write("keymend.toml", &format!("{before}[log]{after}"));
    house.write("policy.toml", POLICY);
    let said = house.refuses(&["policy", "apply", "policy.toml", "--i-understand"], 2);
    assert!(said.contains("refused  R6  methods = text"), "{said}");
}

#[tokio::test]
async fn a_name_that_guessing_blocked_is_unblocked() {
    let house = House::open();
    let mut guesser = house.visitor();
    // One wrong proof of each attempt counts against the name.
    for _ in 0..5 {
        guesser.starts("jane.doe").await;
        guesser.sends("/flow/intent", &[("intent", "reset")]).await;
        guesser.sends("/flow/method", &[("method", "email")]).await;
        let address = [("address", "x@mail.test")];
        guesser.sends("/flow/challenge", &address).await;
        guesser.sends("/flow/prove", &[("code", "123456")]).await;
    }
    guesser.starts("jane.doe").await;
    assert_eq!(guesser.status, 429, "{}", guesser.heading());
    let shown = house.does(&["account", "show", "jane.doe"]);
    assert!(
        shown.contains("blocked") && shown.contains("may reset"),
        "{shown}"
    );

    let shown = house.does(&["account", "unblock", "jane.doe"]);
    assert!(shown.contains("blocks lifted"), "{shown}");
    guesser.starts("jane.doe").await;
    assert_eq!(guesser.status, 200, "{}", guesser.heading());
    house.refuses(&["account", "show", "nobody.here"], 1);
    assert!(
        house
            .does(&["account", "unfreeze", "jane.doe"])
            .contains("was not frozen")
    );
}

#[tokio::test]
async fn an_altered_record_is_named() {
    let house = House::open();
    house.visitor().starts("jane.doe").await;
    house.stop();
    let lines = house.does(&["audit", "export"]);
    assert!(
        lines.lines().count() > 3 && lines.starts_with('{'),
        "{lines}"
    );
    let table = house.does(&["audit", "export", "--format", "csv"]);
    assert!(table.starts_with("id,time,event"), "{table}");
    assert!(house.does(&["audit", "verify"]).contains("records fit"));

    let database = Connection::open(house.path("data/keymend.db")).unwrap();
    database
        .execute("UPDATE audit SET time = time + 1 WHERE seq = 2", [])
        .unwrap();
    drop(database);
    let said = house.refuses(&["audit", "verify"], 1);
    assert!(
        said.contains("record 2 of ") && said.contains("not as it was written"),
        "{said}"
    );
}

#[tokio::test]
async fn the_configuration_is_tried_and_the_failing_step_is_named() {
    let mut house = House::furnish();
    let said = house.does(&["config", "check", "--connect"]);
    assert_eq!(said.matches("  ok").count(), 3, "{said}");

    house.line.set(Fault::Refuse);
    house.smtp.kill();
    let output = house.run(&["config", "check", "--connect"]);
    let said = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(
        said.contains("directory.lab  failed  connection: "),
        "{said}"
    );
    assert!(said.contains("mail           failed  "), "{said}");
    assert!(said.contains("texts          ok"), "{said}");
    house.line.set(Fault::None);
    house.write("directory.password", "Not-Its-Passw0rd");
    let output = house.run(&["config", "check", "--connect"]);
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(said.contains("directory.lab  failed  sign-in: "), "{said}");
}

#[tokio::test]
async fn another_root_key_does_not_open_the_house() {
    let house = House::open();
    house.stop();
    for file in ["root.key", "root.key.audit"] {
        std::fs::remove_file(house.path(file)).unwrap();
    }
    house.does(&["keys", "new", house.path("root.key").to_str().unwrap()]);
    let said = house.refuses(&["serve"], 2);
    assert!(
        said.contains("keys.root_file") && said.contains("restore the right one"),
        "{said}"
    );
    std::fs::remove_file(house.path("data/installation-id")).unwrap();
    let said = house.refuses(&["serve"], 2);
    assert!(said.contains("installation-id is missing"), "{said}");
}

#[tokio::test]
async fn a_new_certificate_is_taken_up_and_a_broken_one_is_not() {
    let house = House::open();
    house
        .visitor()
        .goes_to("/reset")
        .await
        .sees("Get back into your account");

    std::fs::write(house.certificates.certificate_file(), "nonsense").unwrap();
    house.comes_true("the broken certificate is noticed", || {
        house.log().contains("the one before stays in use")
    });
    house
        .visitor()
        .goes_to("/reset")
        .await
        .sees("Get back into your account");

    // A new authority: who trusts it alone is served only with the new certificate.
    Certificates::create(&house.path("tls"));
    house.comes_true("the new certificate is taken up", || {
        house.log().contains("replaced by the new one")
    });
    house
        .visitor()
        .goes_to("/reset")
        .await
        .sees("Get back into your account");
}
