//! Signing in, and changing a password that is known.

use expect_test::expect;

use crate::people::{NEW, OLD};
use crate::world::World;

#[tokio::test]
async fn a_known_password_is_changed_and_every_place_is_told() {
    let world = World::open().await;
    let mut jane = world.visitor();
    jane.signs_in("jane01", OLD)
        .await
        .goes_to("/me/password")
        .await;
    expect!["200 Change your password"].assert_eq(&jane.sees());
    jane.submits(
        "/me/password",
        &[
            ("current", "not my password"),
            ("password", NEW),
            ("again", NEW),
        ],
    )
    .await;
    expect![[r#"
        422 Change your password
        ! Your current password does not fit."#]]
    .assert_eq(&jane.sees());
    jane.submits(
        "/me/password",
        &[
            ("current", OLD),
            ("password", NEW),
            ("again", "other words here"),
        ],
    )
    .await;
    expect![[r#"
        422 Change your password
        ! The two passwords are not the same. Please type them again."#]]
    .assert_eq(&jane.sees());
    jane.submits(
        "/me/password",
        &[("current", OLD), ("password", NEW), ("again", NEW)],
    )
    .await;
    expect!["200 Your password has been changed"].assert_eq(&jane.sees());
    expect![[r#"
        jane01@work.example: Example Works: your password was changed
        somebody@mail.example: Example Works: your password was changed"#]]
    .assert_eq(&world.told().await);
    expect![[r#"
        signin.succeeded
        order.opened change
        order.settled not done KM-4014
        order.opened change
        order.settled done
        password.changed
        notice.sent M5
        notice.sent M5"#]]
    .assert_eq(&world.audited().await);
    jane.goes_to("/me").await;
    expect!["200 Sign in to Example Works"].assert_eq(&jane.sees());
    jane.signs_in("jane01", NEW).await;
    expect!["200 Security info"].assert_eq(&jane.sees());
    world.rests().await;
}

async fn is_led_to_a_new_password(user: &str) -> String {
    let world = World::open().await;
    let mut person = world.visitor();
    person.signs_in(user, OLD).await;
    let first = person.sees();
    person.goes_to("/me").await;
    assert_eq!(person.sees(), first, "nothing else is open until then");
    person
        .submits(
            "/me/password",
            &[("current", OLD), ("password", NEW), ("again", NEW)],
        )
        .await;
    let second = person.sees();
    person.signs_in(user, NEW).await;
    let third = person.sees();
    world.rests().await;
    [first, second, third].join("\n")
}

#[tokio::test]
async fn an_expired_password_leads_to_a_new_one() {
    expect![[r#"
        200 Your password has expired
        200 Your password has been changed
        200 Security info"#]]
    .assert_eq(&is_led_to_a_new_password("expi12").await);
}

#[tokio::test]
async fn a_password_that_must_be_changed_leads_to_a_new_one() {
    expect![[r#"
        200 Your password must be changed
        200 Your password has been changed
        200 Security info"#]]
    .assert_eq(&is_led_to_a_new_password("must13").await);
}

#[tokio::test]
async fn the_right_password_alone_learns_that_an_account_cannot_be_used() {
    let world = World::open().await;
    let mut seen = Vec::new();
    for (user, password) in [
        ("dana06", OLD),
        ("dana06", "wrong words here"),
        ("ende10", OLD),
        ("lock07", OLD),
        ("nobo17", OLD),
        ("jane01", "wrong words here"),
        ("twin16", OLD),
    ] {
        let mut visitor = world.visitor();
        visitor.signs_in(user, password).await;
        seen.push(visitor.sees());
    }
    expect![[r#"
        422 Sign in to Example Works
        ! Your account cannot be used at the moment. Your administrators can help you: choose “Ask for help”.
        422 Sign in to Example Works
        ! That user name and password do not match. If your account is locked, you can unlock it here.
        422 Sign in to Example Works
        ! Your account cannot be used at the moment. Your administrators can help you: choose “Ask for help”.
        422 Sign in to Example Works
        ! That user name and password do not match. If your account is locked, you can unlock it here.
        422 Sign in to Example Works
        ! That user name and password do not match. If your account is locked, you can unlock it here.
        422 Sign in to Example Works
        ! That user name and password do not match. If your account is locked, you can unlock it here.
        422 Sign in to Example Works
        ! That user name and password do not match. If your account is locked, you can unlock it here."#]].assert_eq(&seen.join("\n"));
    world.rests().await;
}

#[tokio::test]
async fn gate_18_guessing_at_the_sign_in_never_locks_the_account_in_the_directory() {
    let world = World::open().await;
    let mut pages = Vec::new();
    for count in 0..50 {
        let mut stranger = world.visitor();
        stranger
            .signs_in("jane01", &format!("wrong words {count}"))
            .await;
        pages.push(stranger.sees());
    }
    assert!(world.entry("jane01").await.state.lock.is_none());
    pages.dedup();
    expect![[r#"
        422 Sign in to Example Works
        ! That user name and password do not match. If your account is locked, you can unlock it here.
        429 Sign in to Example Works
        ! Too many sign-in tries for this user name. Wait about 30 minutes, or reset your password."#]].assert_eq(&pages.join("\n"));
    world.minutes_pass(40).await;
    let mut jane = world.visitor();
    jane.signs_in("jane01", OLD).await;
    expect!["200 Security info"].assert_eq(&jane.sees());
    for count in 0..50 {
        jane.goes_to("/me/password").await;
        let current = format!("wrong words {count}");
        jane.submits(
            "/me/password",
            &[("current", &current), ("password", NEW), ("again", NEW)],
        )
        .await;
    }
    assert!(world.entry("jane01").await.state.lock.is_none());
    expect![[r#"
        422 Change your password
        ! Too many sign-in tries for this user name. Wait about 30 minutes, or reset your password."#]].assert_eq(&jane.sees());
    world.rests().await;
}

#[tokio::test]
async fn the_sign_in_pauses_at_the_same_try_for_known_and_unknown_names() {
    let mut rows = Vec::new();
    for user in ["jane01", "nobo17", "dana06", "lock07"] {
        let world = World::open().await;
        let mut pages = Vec::new();
        for _ in 0..8 {
            let mut stranger = world.visitor();
            stranger.signs_in(user, "wrong words here").await;
            pages.push(stranger.sees());
        }
        rows.push(pages);
        world.rests().await;
    }
    assert!(rows.iter().all(|row| *row == rows[0]));
}

#[tokio::test]
async fn whoever_idles_is_signed_out() {
    let world = World::open().await;
    let mut jane = world.visitor();
    jane.signs_in("jane01", OLD).await;
    world.minutes_pass(15).await;
    jane.goes_to("/me").await;
    expect![[r#"
        200 Sign in to Example Works
        ! You were signed out because nothing happened for a while, or because of something done in another browser."#]]
    .assert_eq(&jane.sees());
    world.rests().await;
}

#[tokio::test]
async fn a_protected_account_is_not_changed_here() {
    let world = World::open().await;
    let mut ada = world.visitor();
    ada.signs_in("tier08", OLD)
        .await
        .goes_to("/me/password")
        .await;
    ada.submits(
        "/me/password",
        &[("current", OLD), ("password", NEW), ("again", NEW)],
    )
    .await;
    expect![[r#"
        422 Change your password
        ! The password of this account cannot be changed here. Change it at a company computer, or ask an administrator."#]].assert_eq(&ada.sees());
    assert_eq!(world.count_of("order.opened").await, 0);
    world.rests().await;
}
