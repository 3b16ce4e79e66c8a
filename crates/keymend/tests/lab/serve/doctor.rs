//! `keymend doctor` and `keymend directory` in front of real servers.

use std::fs;

use keymend_lab::Fault;
use keymend_lab::process::free_port;
use keymend_lab::slapd::{MANAGER_DN, MANAGER_PASSWORD, PEOPLE_DN, SERVICE_DN};
use serde_json::Value;

use super::house::House;

/// What `keymend doctor --json` printed, and whether it ended well.
fn examined(house: &House) -> (bool, Vec<Value>) {
    let output = house.run(&["doctor", "--json"]);
    let lines: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|error| {
        panic!("{error}: {output:?}");
    });
    (output.status.success(), lines.as_array().unwrap().clone())
}

/// The links that break, as `part link`.
fn broken(lines: &[Value]) -> Vec<String> {
    let word = |line: &Value, key: &str| line[key].as_str().unwrap_or_default().to_owned();
    let is_broken = |line: &&Value| line["condition"] == "broken";
    let broken = lines.iter().filter(is_broken);
    broken
        .map(|line| {
            assert!(!word(line, "remedy").is_empty(), "{line}");
            format!("{} {}", word(line, "part"), word(line, "link"))
        })
        .collect()
}

#[track_caller]
fn breaks(house: &House, wanted: &[&str]) {
    let (ended_well, lines) = examined(house);
    assert_eq!(broken(&lines), wanted, "{lines:#?}");
    assert!(!ended_well);
}

/// Puts something else into the configuration.
fn edit(house: &House, from: &str, to: &str) {
    let before = fs::read_to_string(house.path("keymend.toml")).unwrap();
    assert!(before.contains(from), "{from}");
    house.write("keymend.toml", &before.replacen(from, to, 1));
}

#[tokio::test]
async fn the_doctor_finds_nothing_broken_and_then_each_thing_that_is() {
    let mut house = House::furnish();
    let (ended_well, lines) = examined(&house);
    assert_eq!(broken(&lines), Vec::<String>::new(), "{lines:#?}");
    assert!(ended_well);
    // The lab keeps one unit from the service account.
    let rights: Vec<&Value> = lines
        .iter()
        .filter(|line| line["link"] == "rights")
        .collect();
    assert!(
        rights.iter().all(|line| line["condition"] == "limits"),
        "{rights:#?}"
    );
    let said = house.does(&["doctor"]);
    assert!(
        said.contains("certificate") || said.contains("good until"),
        "{said}"
    );

    house.write("directory.password", "Not-the-password-1");
    breaks(&house, &["directory.lab sign-in"]);
    house.write("directory.password", keymend_lab::slapd::SERVICE_PASSWORD);
    house.line.set(Fault::Refuse);
    breaks(&house, &["directory.lab connection"]);
    house.line.set(Fault::None);
    house.smtp.kill();
    breaks(&house, &["mail carrier"]);
    house.smtp.restart();
    house.write("mail.password", "Not-the-password-1");
    breaks(&house, &["mail carrier"]);
    house.write("mail.password", house.smtp.password());
    let gateway = format!("{}/messages", house.gateway.url());
    let nowhere = format!("http://127.0.0.1:{}/messages", free_port().unwrap());
    edit(&house, &gateway, &nowhere);
    breaks(&house, &["texts carrier"]);
    edit(&house, &nowhere, &gateway);
    edit(&house, PEOPLE_DN, "ou=poeple,dc=lab,dc=test");
    breaks(&house, &["directory.lab base"]);
    edit(&house, "ou=poeple,dc=lab,dc=test", PEOPLE_DN);
    let sent = house.smtp.messages().len();
    house.does(&["doctor", "--send-test", "me@mail.test"]);
    assert_eq!(house.smtp.messages().len(), sent + 1);
}

#[tokio::test]
async fn gate_46_the_service_does_not_start_with_the_root_dn() {
    let house = House::furnish();
    edit(&house, SERVICE_DN, MANAGER_DN);
    house.write("directory.password", MANAGER_PASSWORD);
    breaks(&house, &["directory.lab rights"]);
    let said = house.refuses(&["serve"], 1);
    assert!(
        said.contains("may do too much") && said.contains("root DN"),
        "{said}"
    );
    let records = house.does(&["audit", "search", "--event", "directory.rights_checked"]);
    assert!(records.contains("too much"), "{records}");
}

#[tokio::test]
async fn gate_46_the_service_does_not_start_with_power_over_the_protected() {
    let house = House::furnish();
    let ada = keymend_lab::slapd::person("admin.ada").dn();
    house.slapd.configure(&format!(
        "dn: olcDatabase={{1}}mdb,cn=config\nchangetype: modify\nadd: olcAccess\n\
         olcAccess: {{0}}to dn.exact=\"{ada}\" attrs=userPassword \
         by dn.exact=\"{SERVICE_DN}\" =w by * break\n"
    ));
    breaks(&house, &["directory.lab rights"]);
    let said = house.refuses(&["serve"], 1);
    assert!(said.contains("may do too much"), "{said}");
    assert!(
        said.contains("set the password of a protected account"),
        "{said}"
    );
    let status = house.does(&["directory", "status", "--now"]);
    assert!(status.contains("Cannot be used"), "{status}");
    let records = house.does(&["audit", "search", "--event", "directory.rights_checked"]);
    assert!(records.contains("too much"), "{records}");
}

#[tokio::test]
async fn the_state_is_kept_by_the_service_and_switches_show_at_once() {
    let house = House::open();
    house.comes_true("the service has looked", || {
        let said = house.does(&["directory", "status"]);
        said.contains("Connected with limits") && said.contains("certificate until")
    });
    let json: Value =
        serde_json::from_str(&house.does(&["directory", "status", "--json"])).unwrap();
    assert_eq!(json[0]["directory"], "lab");
    assert!(json[0]["latency_ms"].is_number(), "{json:#}");
    let now = house.does(&["directory", "status", "--now"]);
    assert!(now.contains("write userPassword"), "{now}");

    house.does(&["directory", "set", "lab", "write-passwords", "off"]);
    let said = house.does(&["directory", "status"]);
    assert!(said.contains("Paused"), "{said}");
    let shown = house.does(&["policy", "show"]);
    assert!(shown.contains("lab off"), "{shown}");
    house.does(&["directory", "set", "lab", "write-passwords", "on"]);
    house.does(&["directory", "set", "lab", "unlock-without-reset", "off"]);
    house.refuses(&["directory", "set", "nowhere", "write-passwords", "on"], 2);
    let records = house.does(&["audit", "search"]);
    for event in [
        "directory.writeback_disabled",
        "directory.writeback_enabled",
        "directory.rights_checked",
    ] {
        assert!(records.contains(event), "no {event} in\n{records}");
    }
    let grants = house.does(&[
        "directory",
        "grants",
        "--ou",
        "ou=branch,ou=people,dc=lab,dc=test",
    ]);
    assert!(
        grants.contains("olcAccess: {0}to dn.subtree=\"ou=branch"),
        "{grants}"
    );
    assert!(!grants.contains("samba-tool"), "{grants}");
}
