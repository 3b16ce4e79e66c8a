//! A rule that an administrator changes while somebody chooses a password.
//!
//! The rules were read less than a minute before, so the password passes here and is refused
//! there; once the refusal named the old number, which the password met.

use keymend_domain::account::Account;
use keymend_domain::directory::{Directory, RuleBroken, WriteOutcome};
use keymend_lab::samba::DomainPolicy;
use keymend_lab::slapd::BASE_DN;

use crate::active_directory::Domain;
use crate::desk::Desk;
use crate::ds389::Server;
use crate::house::{House, NEW, is_done};

const LEAST: u32 = 33;

async fn check(desk: &Desk, change: impl FnOnce()) {
    let jane: Account = desk.account("jane.doe").await;
    let before = desk.directory.password_rules(&jane.id).await.unwrap();
    assert_eq!(before.length_min, 10);
    change();
    let short = RuleBroken::Short {
        least: LEAST,
        typed: 26,
    };
    let outcome = desk.reset(&jane, NEW).await;
    assert_eq!(outcome, WriteOutcome::Refused(vec![short]));
    let after = desk.directory.password_rules(&jane.id).await.unwrap();
    assert_eq!(after.length_min, LEAST);
    let longer = format!("{NEW} by the lake");
    let outcome = desk.reset(&jane, &longer).await;
    assert!(is_done(&outcome), "{outcome:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_domain_that_asks_for_more_than_a_moment_ago_is_understood() {
    for domain in [Domain::plain(), Domain::with_hints()] {
        let policy = DomainPolicy {
            length_min: LEAST,
            ..DomainPolicy::default()
        };
        check(&domain, || domain.samba.set_policy(&policy)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slapd_that_asks_for_more_than_a_moment_ago_is_understood() {
    let house = House::start();
    let ldif = format!(
        "dn: cn=default,ou=policies,{BASE_DN}\nchangetype: modify\nreplace: pwdMinLength\n\
         pwdMinLength: {LEAST}\n"
    );
    check(&house, || house.slapd.modify(&ldif)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_389_that_asks_for_more_than_a_moment_ago_is_understood() {
    let server = Server::start();
    let least = LEAST.to_string();
    check(&server, || {
        server.set("cn=config", "passwordMinLength", &least)
    })
    .await;
}
