//! Limits as people meet them: blocked names, rested methods, mails that tell the owner.

use expect_test::expect;
use keymend::app::Stop;
use keymend::store::Tx;
use keymend_domain::limit::{self, CounterKey};

use crate::people::{MAILBOX, NEW, OLD};
use crate::world::World;

/// One attempt that fails on its first code.
async fn fails_once(world: &World, user: &str) -> String {
    let mut stranger = world.visitor();
    stranger.forgot(user).await;
    if stranger.answer.status != 200 {
        return stranger.sees();
    }
    stranger
        .asks_for_code("email", "stranger@mail.example")
        .await;
    stranger.answers_wrong().await;
    stranger.sees()
}

async fn is_blocked_after_five(user: &str) {
    let world = World::open().await;
    for _ in 0..4 {
        let seen = fails_once(&world, user).await;
        assert!(seen.starts_with("200 Type the code"), "{seen}");
        world.minutes_pass(10).await;
    }
    let seen = fails_once(&world, user).await;
    expect!["429 Resetting is paused"].assert_eq(&seen);
    let mut owner = world.visitor();
    owner.starts(user).await;
    expect!["429 Resetting is paused"].assert_eq(&owner.sees());
    world.minutes_pass(60).await;
    owner.starts(user).await;
    expect!["200 What is the trouble?"].assert_eq(&owner.sees());
    assert_eq!(world.count_of("identity.blocked").await, 1);
    world.rests().await;
}

#[tokio::test]
async fn a_known_name_is_blocked_for_an_hour_after_five_failed_attempts() {
    is_blocked_after_five("jane01").await;
}

#[tokio::test]
async fn an_unknown_name_is_blocked_after_as_many() {
    is_blocked_after_five("nobo17").await;
}

#[tokio::test]
async fn an_administrator_lifts_a_block_at_once() {
    let world = World::open().await;
    for _ in 0..5 {
        fails_once(&world, "jane01").await;
        world.minutes_pass(5).await;
    }
    let done = world.app.unblock("jane01", false, "an administrator").await;
    assert!(done.is_ok_and(|done| done.is_known));
    let mut jane = world.visitor();
    jane.forgot("jane01").await.proves_by_email().await;
    jane.proves_by_text().await.chooses(NEW).await;
    expect!["200 Your password has been changed"].assert_eq(&jane.sees());
    world.rests().await;
}

#[tokio::test]
async fn gate_18_failed_attempts_leave_no_trace_in_the_directory() {
    let world = World::open().await;
    let before = world.entry("jane01").await;
    for _ in 0..8 {
        fails_once(&world, "jane01").await;
        world.minutes_pass(120).await;
    }
    assert_eq!(world.entry("jane01").await, before);
    let mut jane = world.visitor();
    jane.signs_in("jane01", OLD).await;
    expect!["200 Security info"].assert_eq(&jane.sees());
    world.rests().await;
}

#[tokio::test]
async fn the_owner_hears_once_when_a_method_rests_and_the_page_says_nothing() {
    let world = World::open().await;
    let mut stranger = world.visitor();
    stranger
        .forgot("jane01")
        .await
        .asks_for_code("email", MAILBOX)
        .await;
    for _ in 0..5 {
        stranger.answers_wrong().await;
    }
    expect![[r#"
        200 Show that it is you
        ! Too many tries this way. Use another way, or start again in about an hour."#]]
    .assert_eq(&stranger.sees());
    world.told().await;
    let mut other = world.visitor();
    other
        .forgot("jane01")
        .await
        .asks_for_code("email", MAILBOX)
        .await;
    other.answers_wrong().await;
    expect![[r#"
        200 Type the code
        ! That code does not fit. Use the newest message, or ask for another code."#]]
    .assert_eq(&other.sees());
    expect![[r#"
        somebody@mail.example: Example Works: too many tries on your account
        jane01@work.example: Example Works: too many tries on your account"#]]
    .assert_eq(&world.told().await);
    world.rests().await;
}

#[tokio::test]
async fn whoever_cannot_be_helped_is_told_by_mail_once_a_day() {
    let world = World::open().await;
    let cases = [
        "noah03", "half04", "olga05", "ende10", "tier08", "admi09", "nils11", "ice-14",
    ];
    for _ in 0..2 {
        for user in cases {
            world.visitor().starts(user).await;
        }
    }
    expect![[r#"
        noah03@work.example: Example Works: about your attempt to reset your password
        somebody@mail.example: Example Works: about your attempt to reset your password
        half04@work.example: Example Works: about your attempt to reset your password
        somebody@mail.example: Example Works: about your attempt to reset your password
        olga05@work.example: Example Works: about your attempt to reset your password
        somebody@mail.example: Example Works: about your attempt to reset your password
        ende10@work.example: Example Works: about your attempt to reset your password
        tier08@work.example: Example Works: about your attempt to reset your password
        somebody@mail.example: Example Works: about your attempt to reset your password
        somebody@mail.example: Example Works: about your attempt to reset your password
        admi09@work.example: Example Works: about your attempt to reset your password
        nils11@work.example: Example Works: about your attempt to reset your password
        somebody@mail.example: Example Works: about your attempt to reset your password
        somebody@mail.example: Example Works: about your attempt to reset your password
        ice-14@work.example: Example Works: about your attempt to reset your password"#]]
    .assert_eq(&world.told().await);
    world.minutes_pass(25 * 60).await;
    world.visitor().starts("noah03").await;
    expect!["noah03@work.example: Example Works: about your attempt to reset your password"]
        .assert_eq(&world.told().await);
    world.rests().await;
}

#[tokio::test]
async fn nobody_is_mailed_for_names_that_mean_nobody_two_people_or_a_disabled_account() {
    let world = World::open().await;
    for user in ["nobo17", "twin16", "dana06"] {
        world.visitor().starts(user).await;
    }
    expect![].assert_eq(&world.told().await);
    world.rests().await;
}

#[tokio::test]
async fn a_call_for_help_reaches_the_administrators_once_a_day_and_says_the_same_to_everybody() {
    let world = World::open().await;
    let mut seen = Vec::new();
    for user in ["jane01", "nobo17", "jane01"] {
        let mut visitor = world.visitor();
        visitor
            .goes_to("/help")
            .await
            .submits("/help", &[("user", user)])
            .await;
        seen.push(visitor.page.text());
    }
    assert_eq!(seen[0], seen[1]);
    assert_eq!(seen[0], seen[2]);
    expect!["Your request has been sent If we know this user name, your administrators have been told. They will use the contact details they already have, and will never ask for your password or a code. Back to the start"].assert_eq(&seen[0]);
    expect!["admins@work.example: Example Works: help with a password reset"]
        .assert_eq(&world.told().await);
    world.rests().await;
}

#[tokio::test]
async fn calls_for_help_stop_at_a_thousand_an_hour_for_the_whole_site_and_the_page_says_the_same() {
    let world = World::open().await;
    let now = world.app.now();
    let filled = world.store.transact(move |tx: &mut Tx<'_>| {
        for _ in 0..1_000 {
            let key = CounterKey::site_contact();
            limit::take(tx.book(), &key, &limit::SITE_HELP, now)
                .map_err(keymend_domain::flow::FlowFault::from)?;
        }
        Ok::<_, Stop>(())
    });
    filled.await.unwrap();
    let mut seen = Vec::new();
    for user in ["jane01", "nobo17"] {
        let mut visitor = world.visitor();
        visitor.goes_to("/help").await;
        visitor.submits("/help", &[("user", user)]).await;
        seen.push(visitor.sees());
    }
    expect!["200 Your request has been sent"].assert_eq(&seen[0]);
    assert_eq!(seen[0], seen[1]);
    expect![].assert_eq(&world.told().await);
    world.minutes_pass(62).await;
    // What there was no room for did not cost Jane her one call of the day.
    let mut jane = world.visitor();
    jane.goes_to("/help").await;
    jane.submits("/help", &[("user", "jane01")]).await;
    expect!["admins@work.example: Example Works: help with a password reset"]
        .assert_eq(&world.told().await);
    world.rests().await;
}

#[tokio::test]
async fn many_starts_from_one_network_are_slowed_down_alike_for_everybody() {
    let world = World::open().await;
    let mut eager = world.visitor();
    for _ in 0..10 {
        eager.starts("jane01").await;
        assert_eq!(eager.answer.status, 200);
    }
    eager.starts("nobo17").await;
    expect![[r#"
        429 Get back into your account
        ! Many requests come from your network. Please wait about one minute and try again."#]]
    .assert_eq(&eager.sees());
    world.clock.advance_ms(30_000);
    eager.starts("nobo17").await;
    assert_eq!(eager.answer.status, 200);
    world.rests().await;
}
