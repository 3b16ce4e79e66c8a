//! The Active Directory domain controllers.

use std::time::Duration;

use keymend_lab::samba::{
    AD_PEOPLE, DomainPolicy, SERVICE_DN, SERVICE_PASSWORD, SERVICE_UPN, ad_person, bulk_dn,
};
use keymend_lab::{Samba, SambaOptions, SambaPair, SambaVersion, wait};

const SERVICE: (&str, &str) = (SERVICE_UPN, SERVICE_PASSWORD);
const OLD: SambaVersion = SambaVersion::V4_17;
const NEW: SambaVersion = SambaVersion::V4_25;

fn samba(version: SambaVersion) -> Samba {
    Samba::start(SambaOptions {
        version,
        ..SambaOptions::default()
    })
}

/// What the controller says to the right password of this account: the number after `data`.
#[track_caller]
fn check(samba: &Samba, name: &str, expected: Option<&str>) {
    let person = ad_person(name);
    let answer = samba.bind(&person.dn(), person.password);
    assert_eq!(answer.data(), expected, "{name}: {answer:?}");
    assert_eq!(answer.code == 0, expected.is_none(), "{name}: {answer:?}");
}

fn every_account_is_as_said(version: SambaVersion) {
    let samba = samba(version);
    for (name, expected) in [
        ("jane.doe", None),
        ("locked.lee", Some("775")),
        ("expired.eve", Some("532")),
        ("lasting.lou", None),
        ("mustchange.max", Some("773")),
        ("young.yan", None),
        ("disabled.dan", Some("533")),
        ("gone.gwen", Some("701")),
        ("nightly.ned", Some("530")),
        ("desk.dora", Some("531")),
        ("jürgen.müller", None),
        ("obrien", None),
        ("comma.cleo", None),
        ("sealed.sam", None),
    ] {
        check(&samba, name, expected);
    }
    assert_eq!(samba.search("(mobile=*)").len(), AD_PEOPLE.len());
    assert_eq!(samba.search("(mail=twin@lab.test)").len(), 2);
    assert_eq!(samba.search("(sAMAccountName=gmsa-web$)").len(), 1);
    let lena = samba.entry("long.lena");
    let policy = lena.get("msDS-ResultantPSO").unwrap_or_default();
    assert!(policy.starts_with("CN=long,"), "{lena:?}");
}

#[test]
fn every_sample_account_of_the_older_controller_is_in_the_state_it_is_said_to_be_in() {
    every_account_is_as_said(OLD);
}

#[test]
fn every_sample_account_of_the_newer_controller_is_in_the_state_it_is_said_to_be_in() {
    every_account_is_as_said(NEW);
}

/// A reset, an unlock and a change, and what the controller's own log says of them.
fn the_log_is_a_witness(version: SambaVersion) {
    let samba = samba(version);
    let lee = ad_person("locked.lee");
    let mark = samba.mark();
    let reset = samba.reset_as(SERVICE, &lee.dn(), "Fresh-Passw0rd-2");
    assert_eq!(reset.code, 0, "{reset:?}");
    let unlock = samba.modify_as(
        SERVICE,
        &lee.dn(),
        "replace: lockoutTime\nlockoutTime: 0\n-\n",
    );
    assert_eq!(unlock.code, 0, "{unlock:?}");
    let him = (lee.upn(), "Fresh-Passw0rd-2");
    let change = samba.change_as(
        (&him.0, him.1),
        &lee.dn(),
        ("Fresh-Passw0rd-2", "Fresh-Passw0rd-3"),
    );
    assert_eq!(change.code, 0, "{change:?}");
    let short = samba.reset_as(SERVICE, &lee.dn(), "Short-1");
    assert!(short.text.contains("0000052D"), "{short:?}");
    let told: Vec<String> = samba
        .deeds_since(&mark)
        .iter()
        .map(ToString::to_string)
        .collect();
    let [reset, unlock, change, refused] = told.as_slice() else {
        panic!("not four deeds: {told:#?}");
    };
    let dn = lee.dn();
    assert_eq!(
        *reset,
        format!("4724 reset of {dn} by svc-keymend: Success")
    );
    assert_eq!(
        *unlock,
        format!("5136 modify lockoutTime of {dn} by svc-keymend: Success")
    );
    assert!(
        change.starts_with(&format!("4723 change of {dn} by locked.lee: Success")),
        "{change}"
    );
    assert!(
        refused.starts_with(&format!("4724 reset of {dn} by svc-keymend: ")),
        "{refused}"
    );
    assert!(!refused.ends_with("Success"), "{refused}");
}

#[test]
fn the_older_controller_writes_down_what_is_done() {
    the_log_is_a_witness(OLD);
}

#[test]
fn the_newer_controller_writes_down_what_is_done() {
    the_log_is_a_witness(NEW);
}

#[test]
fn the_service_account_may_do_three_things_and_no_more() {
    let samba = samba(OLD);
    let refused = |dn: &str, changes: &str| {
        let answer = samba.modify_as(SERVICE, dn, changes);
        assert_eq!(answer.code, 50, "{dn}: {answer:?}");
    };
    let jane = ad_person("jane.doe").dn();
    let must_change = samba.modify_as(SERVICE, &jane, "replace: pwdLastSet\npwdLastSet: 0\n-\n");
    assert_eq!(must_change.code, 0, "{must_change:?}");
    refused(&jane, "replace: mail\nmail: x@lab.test\n-\n");
    refused(
        &jane,
        "replace: userAccountControl\nuserAccountControl: 514\n-\n",
    );
    for name in ["elsewhere.ed", "sealed.sam"] {
        let answer = samba.reset_as(SERVICE, &ad_person(name).dn(), "Fresh-Passw0rd-2");
        assert_eq!(answer.code, 50, "{name}: {answer:?}");
    }
    let itself = samba.reset_as(SERVICE, SERVICE_DN, "Fresh-Passw0rd-2");
    assert_eq!(itself.code, 50, "{itself:?}");
}

#[test]
fn only_encrypted_connections_are_good_for_signing_in() {
    for version in [OLD, NEW] {
        let samba = samba(version);
        let jane = ad_person("jane.doe");
        assert_eq!(samba.bind_with_starttls(&jane.upn(), jane.password).code, 0);
        let plain = samba.bind_without_tls(&jane.upn(), jane.password);
        assert_eq!(plain.code, 8, "{plain:?}");
    }
}

#[test]
fn only_the_newer_controller_knows_policy_hints() {
    for (version, is_known) in [(OLD, false), (NEW, true)] {
        let controls = samba(version).root_attribute("supportedControl");
        let hints = "1.2.840.113556.1.4.2239".to_owned();
        assert_eq!(controls.contains(&hints), is_known, "{version:?}");
    }
}

#[test]
fn a_frozen_controller_thaws_and_a_dead_one_comes_back_as_it_was() {
    let mut samba = samba(OLD);
    let jane = ad_person("jane.doe");
    samba.set_password(&jane.dn(), "Fresh-Passw0rd-2");
    let port = samba.port();
    samba.pause();
    assert!(keymend_lab::process::is_listening(port));
    assert!(!samba.answers_within(Duration::from_secs(1)));
    samba.resume();
    assert!(samba.opens_with("jane.doe", "Fresh-Passw0rd-2"));
    samba.kill();
    assert!(!keymend_lab::process::is_listening(port));
    samba.restart();
    assert_eq!(samba.port(), port);
    assert!(samba.opens_with("jane.doe", "Fresh-Passw0rd-2"));
    assert!(!samba.opens_with("jane.doe", jane.password));
}

#[test]
fn a_lock_of_seconds_ends_by_itself() {
    let samba = Samba::start(SambaOptions {
        policy: DomainPolicy {
            lockout_secs: 3,
            lockout_window_secs: 3,
            ..DomainPolicy::default()
        },
        ..SambaOptions::default()
    });
    let jane = ad_person("jane.doe");
    samba.lock_by_guessing("jane.doe");
    check(&samba, "jane.doe", Some("775"));
    let opened = wait::until(Duration::from_secs(20), || {
        samba.opens_with("jane.doe", jane.password).then_some(())
    });
    assert!(opened.is_some());
}

#[test]
fn many_accounts_can_be_asked_for() {
    let samba = Samba::start(SambaOptions {
        bulk_accounts: 20,
        extra_ldif:
            "dn: OU=More,DC=lab,DC=test\nchangetype: add\nobjectClass: organizationalUnit\n"
                .to_owned(),
        ..SambaOptions::default()
    });
    assert_eq!(samba.search("(sAMAccountName=user000*)").len(), 20);
    assert_eq!(samba.search("(ou=More)").len(), 1);
    samba.set_password(&bulk_dn(7), "Fresh-Passw0rd-2");
    assert!(samba.opens_with("user00007", "Fresh-Passw0rd-2"));
}

#[test]
fn commands_run_beside_the_controller() {
    for version in [OLD, NEW] {
        let samba = samba(version);
        let jane = ad_person("jane.doe");
        samba.force(&format!(
            "dn: {}\nchangetype: modify\nreplace: adminCount\nadminCount: 1\n",
            jane.dn()
        ));
        assert_eq!(samba.entry("jane.doe").get("adminCount"), Some("1"));
        let shown = samba.run(&["samba-tool", "group", "list", "-H", "{sam}"]);
        assert!(shown.contains("tier-zero"), "{shown}");
    }
}

#[test]
fn two_controllers_tell_each_other_and_one_answers_when_the_other_is_frozen() {
    let pair = SambaPair::start();
    let jane = ad_person("jane.doe");
    let mark = pair.first.mark();
    let reset = pair.first.reset_as(SERVICE, &jane.dn(), "Fresh-Passw0rd-2");
    assert_eq!(reset.code, 0, "{reset:?}");
    assert_eq!(pair.first.deeds_since(&mark).len(), 1);
    assert!(pair.second.opens_with("jane.doe", jane.password));
    assert!(!pair.agree_on("jane.doe", "pwdLastSet"));
    pair.replicate();
    assert!(pair.agree_on("jane.doe", "pwdLastSet"));
    assert!(pair.second.opens_with("jane.doe", "Fresh-Passw0rd-2"));
    pair.first.pause();
    assert!(pair.second.opens_with("jane.doe", "Fresh-Passw0rd-2"));
    assert!(!pair.first.answers_within(Duration::from_secs(1)));
    pair.first.resume();
}
