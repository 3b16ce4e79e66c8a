//! Clocks that do not agree: the service's and the controller's.

use keymend_lab::samba::{DomainPolicy, ad_person};
use keymend_lab::{Samba, SambaOptions};

use super::domain::{Domain, FORM, passwords_seen};

const TEN_MINUTES_SECS: i64 = 600;

/// The domain may have been made a minute ago; to a controller whose clock is behind, that lies
/// ahead, and every password is too young.
fn was_changed_long_ago(samba: &Samba, name: &str) {
    samba.set_policy(&DomainPolicy {
        age_max_days: 0,
        ..DomainPolicy::default()
    });
    let dn = ad_person(name).dn();
    samba.force(&format!(
        "dn: {dn}\nchangetype: modify\nreplace: pwdLastSet\npwdLastSet: 132223104000000000\n"
    ));
}

/// A reset, and an unlock by somebody else, with clocks that are so far ahead.
async fn check(service_secs: i64, controller_secs: i64) {
    let domain = Domain::furnish(SambaOptions {
        clock_offset_secs: controller_secs,
        ..SambaOptions::default()
    });
    was_changed_long_ago(&domain.samba, "jane.doe");
    domain.house.start_with_clock(service_secs);
    let mut jane = domain.is_about_to_reset("jane.doe").await;
    let mark = domain.samba.mark();
    jane.sends("/flow/password", &FORM).await;
    jane.sees("Your password has been changed");
    assert!(domain.samba.opens_with("jane.doe", FORM[0].1));
    let resets = passwords_seen(&domain.samba, &mark);
    assert_eq!(resets, ["4724 by svc-keymend: Success"]);

    domain.registers("john.roe").await;
    domain.samba.lock_by_guessing("john.roe");
    let mut john = domain.proves("john.roe", "unlock").await;
    john.sends("/flow/unlock", &[]).await;
    john.sees("Your account is unlocked");
    let john = ad_person("john.roe");
    assert!(domain.samba.opens_with(john.name, john.password));
    // The doctor, whose clock is right, names the one that is wrong.
    let said = domain.house.run(&["doctor", "--json"]);
    let said = String::from_utf8(said.stdout).unwrap();
    let complains = said.contains("our clock is");
    assert_eq!(complains, controller_secs != 0, "{said}");
}

#[tokio::test]
async fn a_controller_whose_clock_is_ahead_writes_and_is_believed() {
    check(0, TEN_MINUTES_SECS).await;
}

#[tokio::test]
async fn a_controller_whose_clock_is_behind_writes_and_is_believed() {
    check(0, -TEN_MINUTES_SECS).await;
}

#[tokio::test]
async fn a_service_whose_clock_is_ahead_changes_passwords_all_the_same() {
    check(TEN_MINUTES_SECS, 0).await;
}

/// To such a controller the last change lies ahead, so that every password is too young.
#[tokio::test]
async fn what_a_controller_says_whose_clock_was_set_back_is_passed_on_and_the_attempt_waits() {
    let mut domain = Domain::furnish(SambaOptions {
        clock_offset_secs: TEN_MINUTES_SECS,
        ..SambaOptions::default()
    });
    domain.house.start();
    let mut jane = domain.is_about_to_reset("jane.doe").await;
    jane.sends("/flow/password", &FORM).await;
    jane.sees("Your password has been changed");

    let mut jane = domain.proves("jane.doe", "reset").await;
    domain.samba.restart_with_clock(0);
    let newer = "Spring meadow 63 kettles";
    let form = [("password", newer), ("again", newer), ("shown", "")];
    jane.sends("/flow/password", &form).await;
    jane.sees("Your directory did not accept this password");
    assert!(jane.page_says("does not allow the next change yet"));
    assert!(domain.samba.opens_with("jane.doe", FORM[0].1));
    domain.samba.restart_with_clock(TEN_MINUTES_SECS);
    jane.sends("/flow/password", &form).await;
    jane.sees("Your password has been changed");
    assert!(domain.samba.opens_with("jane.doe", newer));
}
