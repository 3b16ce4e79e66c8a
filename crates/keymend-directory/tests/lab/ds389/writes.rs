//! Writing, and what the server's own audit log says of it.

use std::time::Duration;

use keymend_directory::ldap::LdapOptions;
use keymend_domain::directory::{Check, Deed, NotDone, WriteOutcome};
use keymend_lab::ds389::{MANAGER_DN, PEOPLE_DN, SERVICE_DN, ds_person};

use super::server::{ENDING_DEMANDS, Server, options};
use crate::house::{NEW, is_done};

const OLD: &str = "Start-Passw0rd-1";

/// Who changed this attribute of this person, in order, as the server's audit log says.
fn writers(server: &Server, uid: &str, attribute: &str) -> Vec<String> {
    let log = server.ds389.audit_log().to_lowercase();
    let (dn, deed) = (
        format!("dn: {}", ds_person(uid).dn()),
        format!("replace: {}", attribute.to_lowercase()),
    );
    let has = |record: &str, wanted: &str| record.lines().any(|line| line == wanted);
    let writer = |record: &str| {
        let mut lines = record.lines();
        lines.find_map(|line| line.strip_prefix("modifiersname: ").map(str::to_owned))
    };
    log.split("\n\n")
        .filter(|record| has(record, &dn) && has(record, &deed))
        .filter_map(writer)
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reset_is_one_write_by_the_service_account() {
    let server = Server::start();
    let jane = server.account("jane.doe").await;
    let outcome = server.reset(&jane, NEW).await;
    let done = WriteOutcome::Done {
        check: Check::SignedIn,
        unlocked: false,
        change_again: false,
    };
    assert_eq!(outcome, done);
    assert!(server.ds389.opens_with(&ds_person("jane.doe").dn(), NEW));
    assert!(!server.ds389.opens_with(&ds_person("jane.doe").dn(), OLD));
    let log = server.ds389.log();
    let writes = log.matches("oid=\"1.3.6.1.4.1.4203.1.11.1\"").count();
    assert_eq!(writes, 1, "{log}");
    // Never past the rules by a modification of the attribute.
    let by_hand = format!("MOD dn=\"{}\"", ds_person("jane.doe").dn());
    assert!(!log.contains(&by_hand), "{log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_is_made_by_the_person() {
    let server = Server::start();
    let john = server.account("john.roe").await;
    let wrong = server.change(&john, "Wrong-Passw0rd-1", NEW).await;
    assert_eq!(wrong, WriteOutcome::NotDone(NotDone::WrongCurrent));
    let outcome = server.change(&john, OLD, NEW).await;
    assert!(is_done(&outcome), "{outcome:?}");
    for uid in ["expired.eve", "mustchange.max"] {
        let account = server.account(uid).await;
        let outcome = server.change(&account, OLD, NEW).await;
        assert!(is_done(&outcome), "{uid} {outcome:?}");
        assert!(server.ds389.opens_with(&ds_person(uid).dn(), NEW), "{uid}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_administrators_lock_is_seen_and_never_lifted() {
    let server = Server::start();
    let al = server.account("adminlocked.al").await;
    let refused = WriteOutcome::NotDone(NotDone::Protected);
    assert_eq!(server.reset(&al, NEW).await, refused);
    let unlock = server.write(&al, Duration::from_secs(9), Deed::Unlock);
    assert_eq!(unlock.await, refused);
    let entry = server.ds389.entry("adminlocked.al");
    assert_eq!(entry.get("nsAccountLock"), Some("true"));
    assert!(writers(&server, "adminlocked.al", "userPassword").is_empty());
    let ada = server.account("admin.ada").await;
    assert_eq!(server.reset(&ada, NEW).await, refused);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lock_is_lifted_with_the_reset_and_without_it() {
    let server = Server::start();
    let lee = server.account("locked.lee").await;
    let lifted =
        |outcome: &WriteOutcome| matches!(outcome, WriteOutcome::Done { unlocked: true, .. });
    let outcome = server
        .write(&lee, Duration::from_secs(9), Deed::Unlock)
        .await;
    assert!(lifted(&outcome), "{outcome:?}");
    assert!(server.ds389.opens_with(&ds_person("locked.lee").dn(), OLD));
    let by = writers(&server, "locked.lee", "passwordRetryCount");
    assert!(by.contains(&SERVICE_DN.to_owned()), "{by:?}");
    let again = server
        .write(&lee, Duration::from_secs(9), Deed::Unlock)
        .await;
    assert_eq!(again, WriteOutcome::NotDone(NotDone::NotLocked));
    server.ds389.lock_by_guessing("locked.lee");
    let outcome = server.reset(&lee, NEW).await;
    assert!(lifted(&outcome), "{outcome:?}");
    assert!(server.ds389.opens_with(&ds_person("locked.lee").dn(), NEW));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_demand_for_another_change_is_told_or_ended_if_permitted() {
    let server = Server::start();
    server.set("cn=config", "passwordMustChange", "on");
    let jane = server.account("jane.doe").await;
    let told = WriteOutcome::Done {
        check: Check::SignedIn,
        unlocked: false,
        change_again: true,
    };
    assert_eq!(server.reset(&jane, NEW).await, told);
    server.grant(ENDING_DEMANDS);
    let john = server.account("john.roe").await;
    let outcome = server.reset(&john, NEW).await;
    assert!(is_done(&outcome), "{outcome:?}");
    assert!(!server.account("john.roe").await.state.must_change);
    // The end is the policy's, not none.
    let entry = server.ds389.entry("john.roe");
    let end = entry.get("passwordExpirationTime").unwrap_or_default();
    assert!(end.starts_with("2027"), "{end}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_demand_stays_where_nobody_knows_when_the_password_would_end() {
    let server = Server::start();
    server.set("cn=config", "passwordMustChange", "on");
    server.grant(ENDING_DEMANDS);
    // The policy is hidden from the service account.
    server
        .ds389
        .modify("dn: cn=config\nchangetype: modify\ndelete: aci\n");
    let jane = server.account("jane.doe").await;
    let told = WriteOutcome::Done {
        check: Check::SignedIn,
        unlocked: false,
        change_again: true,
    };
    assert_eq!(server.reset(&jane, NEW).await, told);
    let entry = server.ds389.entry("jane.doe");
    let end = entry.get("passwordExpirationTime").unwrap_or_default();
    assert_eq!(end, "19700101000000Z");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_right_is_told_as_such() {
    let server = Server::start();
    let gus = server.account("guarded.gus").await;
    let refused = WriteOutcome::NotDone(NotDone::Rights);
    assert_eq!(server.reset(&gus, NEW).await, refused);
}

#[test]
fn the_superuser_is_refused_as_configuration() {
    let ds389 = keymend_lab::Ds389::start(keymend_lab::Ds389Options::default());
    let mut options: LdapOptions = options(&ds389, &ds389.ldaps_url());
    options.bind_dn = MANAGER_DN.into();
    let clock = std::sync::Arc::new(crate::desk::WallClock);
    let refused = keymend_directory::ldap::Ldap::new(options, clock);
    let complaint = refused.err().map(|error| error.to_string());
    let complaint = complaint.unwrap_or_default();
    assert!(complaint.contains("superuser"), "{complaint}");
    assert!(PEOPLE_DN.starts_with("ou=people"));
}

#[tokio::test(flavor = "multi_thread")]
async fn start_tls_works_like_ldaps() {
    let server = Server::start();
    let url = server.ds389.ldap_url();
    let raised = server.another(|options| {
        options.urls = vec![url.parse().unwrap()];
        options.start_tls = true;
    });
    let jane = raised.account("jane.doe").await;
    let outcome = raised.reset(&jane, NEW).await;
    assert!(is_done(&outcome), "{outcome:?}");
}
