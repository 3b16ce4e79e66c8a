//! The 389 Directory Server.

use keymend_lab::ds389::{DS_PEOPLE, SERVICE_DN, SERVICE_PASSWORD, ds_person};
use keymend_lab::{Ds389, Ds389Options};

const SERVICE: (&str, &str) = (SERVICE_DN, SERVICE_PASSWORD);

fn server() -> Ds389 {
    Ds389::start(Ds389Options::default())
}

/// What the server says to the right password of this account.
#[track_caller]
fn check(server: &Ds389, uid: &str, code: i32, words: &str) {
    let person = ds_person(uid);
    let answer = server.bind(&person.dn(), person.password);
    assert!(
        answer.code == code && answer.text.contains(words),
        "{uid}: {answer:?}"
    );
}

#[test]
fn every_sample_account_is_in_the_state_it_is_said_to_be_in() {
    let server = server();
    check(&server, "jane.doe", 0, "uid=jane.doe");
    check(&server, "locked.lee", 19, "Account locked");
    check(&server, "adminlocked.al", 53, "");
    check(&server, "expired.eve", 49, "xpired");
    // The bind succeeds; the question after it is refused.
    check(&server, "mustchange.max", 53, "Password must be changed");
    check(&server, "young.yan", 0, "");
    check(&server, "long.lena", 0, "");
    check(&server, "juergen.mueller", 0, "uid=j");
    check(&server, "o,brien+(x)*", 0, "uid=o");
    check(&server, "guarded.gus", 0, "ou=guarded");
    check(&server, "elsewhere.ed", 0, "ou=elsewhere");
    assert_eq!(server.search("(mobile=*)").len(), DS_PEOPLE.len());
    let groups = server.entry("nested.nia").all("memberOf").to_vec();
    assert!(!groups.is_empty(), "{groups:?}");
}

#[test]
fn the_service_resets_unlocks_and_may_do_nothing_else() {
    let server = server();
    let jane = ds_person("jane.doe").dn();
    let reset = server.set_password_as(SERVICE, &jane, "Fresh-Passw0rd-2");
    assert_eq!(reset.code, 0, "{reset:?}");
    assert!(server.opens_with(&jane, "Fresh-Passw0rd-2"));
    assert!(!server.opens_with(&jane, ds_person("jane.doe").password));
    assert!(server.log().contains("1.3.6.1.4.1.4203.1.11.1"));
    let lee = ds_person("locked.lee").dn();
    let unlock = server.modify_as(
        SERVICE,
        &lee,
        "delete: accountUnlockTime\n-\nreplace: passwordRetryCount\npasswordRetryCount: 0\n-\n",
    );
    assert_eq!(unlock.code, 0, "{unlock:?}");
    check(&server, "locked.lee", 0, "");
    let other = server.modify_as(SERVICE, &jane, "replace: mail\nmail: x@lab.test\n-\n");
    assert_eq!(other.code, 50, "{other:?}");
    let guarded =
        server.set_password_as(SERVICE, &ds_person("guarded.gus").dn(), "Fresh-Passw0rd-2");
    assert_eq!(guarded.code, 50, "{guarded:?}");
}

#[test]
fn the_service_is_told_why_a_password_is_refused() {
    let server = server();
    for (uid, password) in [("jane.doe", "Short-1"), ("long.lena", "Twelve-Char1")] {
        let answer = server.set_password_as(SERVICE, &ds_person(uid).dn(), password);
        assert_eq!(answer.code, 19, "{uid}: {answer:?}");
    }
    let again = server.set_password_as(SERVICE, &ds_person("jane.doe").dn(), "Start-Passw0rd-1");
    assert_eq!(again.code, 19, "{again:?}");
}

#[test]
fn it_answers_after_starttls_freezes_thaws_and_comes_back() {
    let mut server = server();
    let jane = ds_person("jane.doe");
    assert_eq!(server.bind_with_starttls(&jane.dn(), jane.password).code, 0);
    server.set_password(&jane.dn(), "Fresh-Passw0rd-2");
    server.pause();
    assert!(keymend_lab::process::is_listening(server.tls_port()));
    server.resume();
    assert!(server.opens_with(&jane.dn(), "Fresh-Passw0rd-2"));
    server.kill();
    assert!(!keymend_lab::process::is_listening(server.tls_port()));
    server.restart();
    assert!(server.opens_with(&jane.dn(), "Fresh-Passw0rd-2"));
}
