//! Bad days of a domain: what happens to accounts, rules and the service account while somebody
//! is half-way through a journey, and what the person is told.

use std::time::Duration;

use keymend_lab::samba::{BASE_DN, DomainPolicy, PEOPLE_DN, SERVICE_DN, ad_person};

use super::domain::{Domain, FORM, passwords_seen, seen, ways};
use super::visitor::Visitor;

const NOBODY_WROTE: [&str; 0] = [];
const ONE_RESET: [&str; 1] = ["4724 by svc-keymend: Success"];

/// One change of an entry, in LDIF.
fn changed(name: &str, change: &str) -> String {
    let dn = ad_person(name).dn();
    format!("dn: {dn}\nchangetype: {change}\n")
}

/// What a person sees who sends the form for a new password after this happened to the account,
/// and what the controller sees.
async fn check(domain: &Domain, name: &str, ldif: &str, heading: &str) {
    let mut visitor = domain.is_about_to_reset(name).await;
    match ldif {
        "" => domain.samba.lock_by_guessing(name),
        ldif => domain.samba.modify(ldif),
    }
    let mark = domain.samba.mark();
    visitor.sends("/flow/password", &FORM).await;
    assert_eq!(visitor.heading(), heading, "{name}: {}", domain.house.log());
    let is_done = heading == "Your password has been changed";
    let wanted = if is_done {
        &ONE_RESET[..]
    } else {
        &NOBODY_WROTE
    };
    assert_eq!(passwords_seen(&domain.samba, &mark), wanted, "{name}");
    let says_why = visitor.page_says("Your account can no longer be helped here");
    assert!(is_done || says_why, "{name}");
}

#[tokio::test]
async fn what_happened_to_an_account_since_the_proof_is_seen_before_anything_is_written() {
    let domain = Domain::open();
    const DONE: &str = "Your password has been changed";
    const ENDED: &str = "This attempt has ended";
    let branch = format!("OU=Branch,{PEOPLE_DN}");
    let moved = |cn: &str, to: &str| {
        format!("modrdn\nnewrdn: CN={cn}\ndeleteoldrdn: 1\nnewsuperior: {to}\n")
    };
    let renamed = changed("jane.doe", &moved("Jane Smith", &branch))
        + &format!(
            "\ndn: CN=Jane Smith,{branch}\nchangetype: modify\n\
             replace: sAMAccountName\nsAMAccountName: jane.smith\n-\n\
             replace: userPrincipalName\nuserPrincipalName: jane.smith@lab.test\n-\n"
        );
    check(&domain, "jane.doe", &renamed, DONE).await;
    assert!(domain.samba.opens_with("jane.smith", FORM[0].1));
    check(&domain, "lasting.lou", "", DONE).await;
    assert!(domain.samba.opens_with("lasting.lou", FORM[0].1));

    let elsewhere = format!("OU=Elsewhere,{BASE_DN}");
    let moved_away = changed("john.roe", &moved("john.roe", &elsewhere));
    check(&domain, "john.roe", &moved_away, ENDED).await;
    let disabled = "modify\nreplace: userAccountControl\nuserAccountControl: 514\n-\n";
    check(&domain, "new.noah", &changed("new.noah", disabled), ENDED).await;
    check(
        &domain,
        "nested.nia",
        &changed("nested.nia", "delete"),
        ENDED,
    )
    .await;
    let expired = "modify\nreplace: accountExpires\naccountExpires: 132000000000000000\n-\n";
    check(&domain, "obrien", &changed("obrien", expired), ENDED).await;
    let olga = ad_person("outside.olga").dn();
    let raised = format!(
        "dn: CN=Domain Admins,CN=Users,{BASE_DN}\nchangetype: modify\nadd: member\nmember: {olga}\n-\n"
    );
    check(&domain, "outside.olga", &raised, ENDED).await;
    assert!(
        domain
            .samba
            .opens_with("outside.olga", ad_person("outside.olga").password)
    );
    let refused = domain.records("flow.refused");
    assert_eq!(refused.matches("KM-").count(), 5, "{refused}");
}

#[tokio::test]
async fn somebody_who_is_locked_or_unlocked_by_others_meanwhile_is_told_so() {
    let domain = Domain::open();
    domain.registers("jane.doe").await;
    domain.samba.lock_by_guessing("jane.doe");
    let mut jane = domain.proves("jane.doe", "unlock").await;
    jane.sees("Unlock your account");
    // The helpdesk was quicker.
    let dn = ad_person("jane.doe").dn();
    domain.samba.modify(&format!(
        "dn: {dn}\nchangetype: modify\nreplace: lockoutTime\nlockoutTime: 0\n-\n"
    ));
    let mark = domain.samba.mark();
    jane.sends("/flow/unlock", &[]).await;
    assert!(
        jane.page_says("Your account is not locked"),
        "{}",
        jane.heading()
    );
    assert_eq!(seen(&domain.samba, &mark), NOBODY_WROTE);
    jane.sends("/flow/reset-instead", &[]).await;
    jane.sees("Choose a new password");
    jane.sends("/flow/password", &FORM).await;
    jane.sees("Your password has been changed");
}

#[tokio::test]
async fn a_rule_that_changed_in_mid_journey_is_told_as_it_is_now_and_the_person_goes_on() {
    let domain = Domain::open();
    let mut jane = domain.is_about_to_reset("jane.doe").await;
    domain.samba.set_policy(&DomainPolicy {
        length_min: 33,
        ..DomainPolicy::default()
    });
    let mark = domain.samba.mark();
    jane.sends("/flow/password", &FORM).await;
    jane.sees("Choose a new password");
    assert!(
        jane.page_says("Use at least 33 characters"),
        "{}",
        jane.text()
    );
    assert!(!jane.page_says("at least 10 characters"), "{}", jane.text());
    let longer = format!("{} and one more", FORM[0].1);
    let form = [
        ("password", longer.as_str()),
        ("again", &longer),
        ("shown", ""),
    ];
    jane.sends("/flow/password", &form).await;
    jane.sees("Your password has been changed");
    assert!(domain.samba.opens_with("jane.doe", &longer));
    let seen = passwords_seen(&domain.samba, &mark);
    assert_eq!(
        seen,
        ["4724 by svc-keymend: Unwilling to perform", ONE_RESET[0]]
    );
}

#[tokio::test]
async fn a_right_that_was_taken_away_in_mid_journey_is_told_to_the_person_and_to_administrators() {
    let domain = Domain::open();
    let mut jane = domain.is_about_to_reset("jane.doe").await;
    let dn = ad_person("jane.doe").dn();
    domain.samba.force(&format!(
        "dn: {dn}\nchangetype: modify\nreplace: nTSecurityDescriptor\n\
         nTSecurityDescriptor: O:DAG:DAD:PAI(A;;GA;;;DA)(A;;GA;;;SY)(A;;RPLCLORC;;;AU)\n"
    ));
    jane.sends("/flow/password", &FORM).await;
    jane.sees("This attempt has ended");
    assert!(
        jane.page_says("a permission is missing on our side"),
        "{}",
        jane.text()
    );
    assert!(
        domain
            .samba
            .opens_with("jane.doe", ad_person("jane.doe").password)
    );
    let settled = domain.records("order.settled");
    assert!(settled.contains("KM-3003"), "{settled}");
}

/// Looks again and again, as somebody does who was asked to try again in a few minutes.
async fn comes_back(domain: &Domain, visitor: &mut Visitor) {
    for _ in 0..200 {
        if visitor.goes_to("/flow").await.heading() == "Choose a new password" {
            return;
        }
        tokio::task::yield_now().await;
    }
    panic!("{}: {}", visitor.heading(), domain.house.log());
}

#[tokio::test]
async fn a_service_account_that_is_not_let_in_any_more_costs_nobody_a_code() {
    let domain = Domain::open();
    let mut jane = domain.is_about_to_reset("jane.doe").await;
    domain.registers("john.roe").await;
    let mut john = domain.visitor_of("john.roe");
    john.starts("john.roe").await;
    john.sends("/flow/intent", &[("intent", "reset")]).await;
    john.sends("/flow/method", &[("method", "email")]).await;

    // Its password has expired, and it has to sign in anew.
    let control = |flags: u32| {
        format!(
            "dn: {SERVICE_DN}\nchangetype: modify\n\
             replace: userAccountControl\nuserAccountControl: {flags}\n-\n"
        )
    };
    domain.samba.modify(&control(512));
    domain.samba.force(&format!(
        "dn: {SERVICE_DN}\nchangetype: modify\nreplace: pwdLastSet\npwdLastSet: 132000000000000000\n"
    ));
    domain.line.cut_all();
    let mark = domain.samba.mark();
    jane.sends("/flow/password", &FORM).await;
    jane.sees("We cannot reach Lab directory right now");
    let codes = domain.codes_for("john.roe");
    let [mail, _] = ways("john.roe");
    john.sends("/flow/challenge", &[("address", &mail)]).await;
    john.sees("We cannot reach Lab directory right now");
    assert_eq!(domain.codes_for("john.roe"), codes);
    assert_eq!(seen(&domain.samba, &mark), NOBODY_WROTE);
    assert!(domain.house.log().contains("532"), "{}", domain.house.log());
    domain
        .house
        .comes_true("the log of the service tells administrators", || {
            domain.records("directory.state").contains("sign-in")
        });

    domain.samba.modify(&control(66_048));
    comes_back(&domain, &mut jane).await;
    jane.sends("/flow/password", &FORM).await;
    jane.sees("Your password has been changed");
    assert_eq!(passwords_seen(&domain.samba, &mark), ONE_RESET);
}

#[tokio::test]
async fn a_controller_that_stands_still_is_said_and_the_proven_attempt_waits_for_it() {
    let domain = Domain::open();
    let mut jane = domain.is_about_to_reset("jane.doe").await;
    let mark = domain.samba.mark();
    domain.samba.pause();
    assert!(!domain.samba.answers_within(Duration::from_millis(500)));
    jane.sends("/flow/password", &FORM).await;
    jane.sees("We cannot reach Lab directory right now");
    let mut late = domain.visitor_of("john.roe");
    late.starts("john.roe").await;
    late.sees("We cannot reach Lab directory right now");
    assert_eq!(late.status, 503);

    domain.samba.resume();
    comes_back(&domain, &mut jane).await;
    jane.sends("/flow/password", &FORM).await;
    jane.sees("Your password has been changed");
    assert_eq!(passwords_seen(&domain.samba, &mark), ONE_RESET);
}
