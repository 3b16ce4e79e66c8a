//! What the domain controller itself wrote down.

use std::time::Duration;

use expect_test::{Expect, expect};
use keymend_domain::directory::{Check, Deed, Directory, NotDone, RuleBroken, WriteOutcome};
use keymend_lab::samba::AuditMark;
use keymend_lab::{Samba, SambaOptions, SambaVersion};

use super::domain::{Domain, options};
use crate::house::{NEW, is_done};

const OLD: &str = "Start-Passw0rd-1";
const NEWER: &str = "Copper orchard 77 violins";

fn check(domain: &Domain, since: &AuditMark, story: Expect) {
    let deeds = domain.samba.deeds_since(since);
    let lines: Vec<String> = deeds.iter().map(ToString::to_string).collect();
    story.assert_eq(&lines.join("\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reset_is_one_reset_by_our_account_and_lifts_the_lock_with_it() {
    for version in [SambaVersion::V4_17, SambaVersion::V4_25] {
        let domain = Domain::of(version);
        let lee = domain.account("locked.lee").await;
        let mark = domain.samba.mark();
        let outcome = domain.reset(&lee, NEW).await;
        let done = WriteOutcome::Done {
            check: Check::SignedIn,
            unlocked: true,
            change_again: false,
        };
        assert_eq!(outcome, done, "{version:?}");
        check(
            &domain,
            &mark,
            expect![[r#"
            5136 modify lockoutTime pwdLastSet unicodePwd of CN=locked.lee,OU=People,DC=lab,DC=test by svc-keymend: Success
            4724 reset of CN=locked.lee,OU=People,DC=lab,DC=test by svc-keymend: Success"#]],
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_is_one_change_by_the_person() {
    for version in [SambaVersion::V4_17, SambaVersion::V4_25] {
        let domain = Domain::of(version);
        let jane = domain.account("jane.doe").await;
        let mark = domain.samba.mark();
        assert!(
            is_done(&domain.change(&jane, OLD, NEW).await),
            "{version:?}"
        );
        check(
            &domain,
            &mark,
            expect![[r#"
            4723 change of CN=jane.doe,OU=People,DC=lab,DC=test by jane.doe: Success"#]],
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unlock_leaves_the_password_alone() {
    let domain = Domain::plain();
    let lee = domain.account("locked.lee").await;
    let mark = domain.samba.mark();
    let outcome = domain
        .write(&lee, Duration::from_secs(9), Deed::Unlock)
        .await;
    assert!(is_done(&outcome), "{outcome:?}");
    check(
        &domain,
        &mark,
        expect![[r#"
            5136 modify lockoutTime of CN=locked.lee,OU=People,DC=lab,DC=test by svc-keymend: Success"#]],
    );
    assert!(domain.samba.opens_with("locked.lee", OLD));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_refused_before_the_write_leaves_no_trace() {
    let domain = Domain::with_hints();
    let mark = domain.samba.mark();
    let ada = domain.account("admin.ada").await;
    let dan = domain.account("disabled.dan").await;
    let jane = domain.account("jane.doe").await;
    let protected = WriteOutcome::NotDone(NotDone::Protected);
    assert_eq!(domain.reset(&ada, NEW).await, protected);
    assert_eq!(domain.reset(&dan, NEW).await, protected);
    let wrong = WriteOutcome::NotDone(NotDone::WrongCurrent);
    assert_eq!(domain.change(&jane, "Wrong-Passw0rd-1", NEW).await, wrong);
    check(&domain, &mark, expect![""]);
    // A wrong current password counts as a wrong sign-in does.
    let rules = domain.directory.password_rules(&jane.id).await.unwrap();
    assert_eq!(rules.bad_passwords, 1);
}

/// By default a domain takes the old password for an hour, so that it proves nothing.
#[tokio::test(flavor = "multi_thread")]
async fn an_old_password_that_still_opens_is_no_doubt_about_the_new_one() {
    let samba = Samba::start(SambaOptions {
        old_password_minutes: 60,
        ..SambaOptions::default()
    });
    let options = options(&samba, &samba.ldaps_url());
    let domain = Domain::around(samba, options);
    let jane = domain.account("jane.doe").await;
    assert!(is_done(&domain.reset(&jane, NEW).await));
    assert!(domain.samba.opens_with("jane.doe", OLD));
    // Who types the old one after that is let in by the directory, and yet it is not current.
    let wrong = WriteOutcome::NotDone(NotDone::WrongCurrent);
    assert_eq!(domain.change(&jane, OLD, NEWER).await, wrong);
    assert!(domain.samba.opens_with("jane.doe", NEW));
    assert!(!domain.samba.opens_with("jane.doe", NEWER));
}

/// Neither can sign in any more, so the service account writes in their place.
#[tokio::test(flavor = "multi_thread")]
async fn who_must_change_or_has_expired_changes_by_a_reset() {
    for version in [SambaVersion::V4_17, SambaVersion::V4_25] {
        let domain = Domain::of(version);
        for name in ["mustchange.max", "expired.eve"] {
            let account = domain.account(name).await;
            let wrong = WriteOutcome::NotDone(NotDone::WrongCurrent);
            assert_eq!(
                domain.change(&account, "Wrong-Passw0rd-1", NEW).await,
                wrong
            );
            let outcome = domain.change(&account, OLD, NEW).await;
            assert!(is_done(&outcome), "{version:?} {name} {outcome:?}");
            assert!(domain.samba.opens_with(name, NEW), "{version:?} {name}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn policy_hints_make_a_reset_obey_history_and_minimum_age() {
    let domain = Domain::with_hints();
    domain.samba.shows_password_settings();
    let jane = domain.account("jane.doe").await;
    let mark = domain.samba.mark();
    let history = WriteOutcome::Refused(vec![RuleBroken::History { remembered: 5 }]);
    assert_eq!(domain.reset(&jane, OLD).await, history);
    assert!(is_done(&domain.reset(&jane, NEW).await));
    assert!(is_done(&domain.reset(&jane, NEWER).await));
    assert_eq!(domain.reset(&jane, NEW).await, history);
    let yan = domain.account("young.yan").await;
    let from = yan.state.next_change_from;
    assert!(from.is_some());
    let young = WriteOutcome::Refused(vec![RuleBroken::Young { from }]);
    assert_eq!(domain.reset(&yan, NEW).await, young);
    assert_eq!(domain.change(&yan, OLD, NEW).await, young);
    check(
        &domain,
        &mark,
        expect![[r#"
            4724 reset of CN=jane.doe,OU=People,DC=lab,DC=test by svc-keymend: Unwilling to perform
            5136 modify lockoutTime pwdLastSet unicodePwd of CN=jane.doe,OU=People,DC=lab,DC=test by svc-keymend: Success
            4724 reset of CN=jane.doe,OU=People,DC=lab,DC=test by svc-keymend: Success
            5136 modify lockoutTime pwdLastSet unicodePwd of CN=jane.doe,OU=People,DC=lab,DC=test by svc-keymend: Success
            4724 reset of CN=jane.doe,OU=People,DC=lab,DC=test by svc-keymend: Success
            4724 reset of CN=jane.doe,OU=People,DC=lab,DC=test by svc-keymend: Unwilling to perform
            4724 reset of CN=young.yan,OU=People,DC=lab,DC=test by svc-keymend: Unwilling to perform
            4723 change of CN=young.yan,OU=People,DC=lab,DC=test by young.yan: Constraint violation"#]],
    );
}

/// The same without them: this shows that the test above bites.
#[tokio::test(flavor = "multi_thread")]
async fn without_policy_hints_nothing_binds_a_reset_but_length_and_kinds_of_signs() {
    let domain = Domain::plain();
    domain.samba.shows_password_settings();
    let jane = domain.account("jane.doe").await;
    assert!(is_done(&domain.reset(&jane, OLD).await));
    let yan = domain.account("young.yan").await;
    assert_eq!(yan.state.next_change_from, None);
    // A change is bound all the same, and the refusal names the time.
    let rules = domain.directory.password_rules(&yan.id).await.unwrap();
    assert!(!rules.reset_obeys_history && rules.age_min_ms == 86_400_000);
    match domain.change(&yan, OLD, NEW).await {
        WriteOutcome::Refused(rules) => {
            assert!(
                matches!(rules[..], [RuleBroken::Young { from: Some(_) }]),
                "{rules:?}"
            );
        }
        other => panic!("a young password was changed: {other:?}"),
    }
    assert!(is_done(&domain.reset(&yan, NEW).await));
    let classes = RuleBroken::Classes { needed: 3, used: 1 };
    let outcome = domain.reset(&jane, "onlysmallletters").await;
    assert_eq!(outcome, WriteOutcome::Refused(vec![classes]));
}
