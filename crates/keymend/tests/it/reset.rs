//! A forgotten password becomes a new one.

use expect_test::expect;
use keymend_domain::directory::Directory as _;
use keymend_domain::policy::Enforcement;
use keymend_domain::secret::Password;

use crate::people::{MAILBOX, NEW, OLD};
use crate::world::World;

#[tokio::test]
async fn a_forgotten_password_becomes_a_new_one_behind_two_gates() {
    let world = World::open().await;
    let mut jane = world.visitor();
    jane.starts("jane01").await;
    expect!["200 What is the trouble?"].assert_eq(&jane.sees());
    jane.submits("/flow/intent", &[("intent", "reset")]).await;
    expect!["200 Show that it is you"].assert_eq(&jane.sees());
    jane.asks_for_code("email", MAILBOX).await;
    expect!["200 Type the code"].assert_eq(&jane.sees());
    expect!["somebody@mail.example: Example Works: your code"].assert_eq(&world.told().await);
    jane.answers_wrong().await;
    expect![[r#"
        200 Type the code
        ! That code does not fit. Use the newest message, or ask for another code."#]]
    .assert_eq(&jane.sees());
    jane.answers(&world.code_to(MAILBOX)).await;
    expect!["200 One more step"].assert_eq(&jane.sees());
    jane.proves_by_text().await;
    expect!["200 Choose a new password"].assert_eq(&jane.sees());
    jane.chooses(NEW).await;
    expect!["200 Your password has been changed"].assert_eq(&jane.sees());
    expect![[r#"
        +447700900123: Example Works: ###### is your code to reset your password. 5 minutes. Staff never ask for it.
        @reset.example #######
        jane01@work.example: Example Works: your password was reset
        somebody@mail.example: Example Works: your password was reset"#]].assert_eq(&world.told().await);
    expect![[r#"
        flow.opened known
        flow.intent reset
        gate.offered email
        challenge.sent email
        notice.sent M1
        proof.failed email gate 1 wrong
        proof.given email gate 1
        gate.passed email gate 1
        gate.offered text
        challenge.sent text
        notice.sent M1
        proof.given text gate 2
        gate.passed text gate 2
        order.opened reset
        order.settled done
        password.reset
        notice.sent M4
        notice.sent M4"#]]
    .assert_eq(&world.audited().await);
    jane.signs_in("jane01", OLD).await;
    expect![[r#"
        422 Sign in to Example Works
        ! That user name and password do not match. If your account is locked, you can unlock it here."#]].assert_eq(&jane.sees());
    jane.signs_in("jane01", NEW).await;
    expect!["200 Security info"].assert_eq(&jane.sees());
    world.rests().await;
}

#[tokio::test]
async fn one_gate_is_enough_where_the_policy_says_so_and_then_asks_for_a_longer_password() {
    let world = World::plan().gates(1).opens().await;
    let mut jane = world.visitor();
    jane.forgot("jane01").await.proves_by_text().await;
    expect!["200 Choose a new password"].assert_eq(&jane.sees());
    jane.chooses("vexed gnomes").await;
    expect![[r#"
        200 Choose a new password
        ! Use at least 15 characters; you typed 12."#]]
    .assert_eq(&jane.sees());
    jane.chooses(NEW).await;
    expect!["200 Your password has been changed"].assert_eq(&jane.sees());
    world.rests().await;
}

#[tokio::test]
async fn what_is_easy_to_guess_or_leaked_is_refused_with_the_reason() {
    let world = World::open().await;
    let mut jane = world.visitor();
    jane.forgot("jane01").await.proves_by_email().await;
    jane.proves_by_text().await;
    jane.chooses("Summer2025!").await;
    expect![[r#"
        200 Choose a new password
        ! This password is easy to guess: it is built on “summer”. Use three or four words that have nothing to do with each other."#]]
    .assert_eq(&jane.sees());
    // The page says it without script too.
    assert!(
        jane.page.text().contains("Strength: easy to guess"),
        "{}",
        jane.page.text()
    );
    jane.chooses("bhrh0h2oof6xbqjeh").await;
    expect![[r#"
        200 Choose a new password
        ! This password is in a public list of leaked passwords, so attackers try it early. Please choose another."#]]
    .assert_eq(&jane.sees());
    jane.chooses(NEW).await;
    expect!["200 Your password has been changed"].assert_eq(&jane.sees());
    world.rests().await;
}

#[tokio::test]
async fn where_the_policy_only_notes_weak_passwords_they_are_accepted() {
    let world = World::plan()
        .with(|settings| settings.passwords.enforcement = Enforcement::Audit)
        .opens()
        .await;
    let mut jane = world.visitor();
    jane.forgot("jane01").await.proves_by_email().await;
    jane.proves_by_text().await;
    jane.chooses("Summer2025!").await;
    expect!["200 Your password has been changed"].assert_eq(&jane.sees());
    world.rests().await;
}

#[tokio::test]
async fn a_locked_account_is_unlocked_and_keeps_its_password() {
    let world = World::open().await;
    let mut lee = world.visitor();
    lee.is_locked_out("lock07").await.proves_by_email().await;
    lee.proves_by_text().await;
    expect!["200 Unlock your account"].assert_eq(&lee.sees());
    world.told().await;
    lee.submits("/flow/unlock", &[]).await;
    expect![[r#"
        200 Your account is unlocked
        ~ Your password has not changed. You can sign in now."#]]
    .assert_eq(&lee.sees());
    expect![[r#"
        somebody@mail.example: Example Works: your account was unlocked
        lock07@work.example: Example Works: your account was unlocked"#]]
    .assert_eq(&world.told().await);
    lee.signs_in("lock07", OLD).await;
    expect!["200 Security info"].assert_eq(&lee.sees());
    assert_eq!(world.count_of("account.unlocked").await, 1);
    assert_eq!(world.count_of("password.reset").await, 0);
    world.rests().await;
}

#[tokio::test]
async fn an_account_that_is_not_locked_is_offered_a_new_password_instead() {
    let world = World::open().await;
    let mut jane = world.visitor();
    jane.is_locked_out("jane01").await.proves_by_email().await;
    jane.proves_by_text().await;
    expect!["Unlock your account Your account is not locked. If you still cannot sign in, choose a new password. Choose a new password This attempt ends in about 15 minutes. Cancel"].assert_eq(&jane.page.text());
    assert!(jane.page.form("/flow/unlock").is_none());
    jane.submits("/flow/reset-instead", &[]).await;
    jane.chooses(NEW).await;
    expect!["200 Your password has been changed"].assert_eq(&jane.sees());
    world.rests().await;
}

#[tokio::test]
async fn a_reset_lifts_the_lock_as_well_and_says_so() {
    let world = World::open().await;
    let mut lee = world.visitor();
    lee.forgot("lock07").await.proves_by_email().await;
    lee.proves_by_text().await.chooses(NEW).await;
    expect!["Your password has been changed Use it from now on. It works in Example Works now. Your account is also unlocked. What to do now Phones, mail programs and mapped drives may still try the old password: change it there, or they may lock you out again. On a Windows laptop away from the office: connect to the company network or VPN, lock the screen, then unlock it with the new password. We have told you at every address we know. Sign in"].assert_eq(&lee.page.text());
    assert!(world.entry("lock07").await.state.lock.is_none());
    world.rests().await;
}

#[tokio::test]
async fn a_password_the_directory_remembers_is_refused_and_the_gates_are_kept() {
    let world = World::open().await;
    let mut jane = world.visitor();
    jane.forgot("jane01").await.proves_by_email().await;
    jane.proves_by_text().await.chooses(OLD).await;
    expect!["200 Your directory did not accept this password"].assert_eq(&jane.sees());
    jane.chooses(NEW).await;
    expect!["200 Your password has been changed"].assert_eq(&jane.sees());
    world.rests().await;
}

#[tokio::test]
async fn that_a_password_is_too_young_is_told_after_the_first_gate_and_not_before() {
    let world = World::open().await;
    let mut yara = world.visitor();
    yara.forgot("yara15").await;
    assert!(yara.page.notes().is_empty());
    yara.proves_by_email().await;
    // There is no lock that could be lifted instead.
    expect![[r#"
        200 One more step
        ~ Your password was changed on 2 March 2026. Your directory allows the next change from 3 March 2026, 09:00."#]].assert_eq(&yara.sees());
    assert!(yara.page.form("/flow/unlock-instead").is_none());

    let wrong = Password::new("not what it is".to_owned()).unwrap();
    for _ in 0..5 {
        let id = world.account("yara15");
        world.directory.check_password(&id, &wrong).await.unwrap();
    }
    yara.forgot("yara15").await;
    yara.proves_by_email().await;
    expect![[r#"
        200 One more step
        ~ Your password was changed on 2 March 2026. Your directory allows the next change from 3 March 2026, 09:00."#]].assert_eq(&yara.sees());
    yara.submits("/flow/unlock-instead", &[]).await;
    yara.proves_by_text().await;
    expect!["200 Unlock your account"].assert_eq(&yara.sees());
    world.rests().await;
}

#[tokio::test]
async fn of_two_proven_attempts_the_newer_one_counts() {
    let world = World::open().await;
    let (mut first, mut second) = (world.visitor(), world.visitor());
    first.forgot("jane01").await.proves_by_email().await;
    first.proves_by_text().await;
    // The messages of ten minutes are used up with the third.
    world.minutes_pass(11).await;
    second.forgot("jane01").await.proves_by_email().await;
    second.proves_by_text().await;
    expect!["200 Choose a new password"].assert_eq(&second.sees());
    first.goes_to("/flow").await;
    expect![[r#"
        410 This attempt has ended
        ! This attempt was closed because a newer one was started for the same account."#]]
    .assert_eq(&first.sees());
    second.chooses(NEW).await;
    expect!["200 Your password has been changed"].assert_eq(&second.sees());
    world.rests().await;
}

#[tokio::test]
async fn a_finished_reset_ends_every_other_attempt_and_its_codes() {
    let world = World::open().await;
    let (mut first, mut second) = (world.visitor(), world.visitor());
    second
        .forgot("jane01")
        .await
        .asks_for_code("email", MAILBOX)
        .await;
    let code = world.code_to(MAILBOX);
    first.forgot("jane01").await.proves_by_email().await;
    first.proves_by_text().await.chooses(NEW).await;
    let stale = second.filled("/flow/prove", &[("code", &code)]);
    let request = second.posting("/flow/prove", stale);
    second.sends(request).await;
    second.goes_to("/flow").await;
    expect![[r#"
        410 This attempt has ended
        ! This attempt was closed because a newer one was started for the same account."#]]
    .assert_eq(&second.sees());
    assert_eq!(world.count_of("flow.replaced").await, 1);
    world.rests().await;
}

#[tokio::test]
async fn an_attempt_ends_after_fifteen_minutes_and_more_time_can_be_had() {
    let world = World::open().await;
    let mut jane = world.visitor();
    jane.forgot("jane01").await;
    world.minutes_pass(14).await;
    jane.submits("/flow/more-time", &[]).await;
    world.minutes_pass(5).await;
    jane.goes_to("/flow").await;
    expect!["200 Show that it is you"].assert_eq(&jane.sees());
    world.minutes_pass(2).await;
    jane.goes_to("/flow").await;
    expect!["410 This attempt has timed out"].assert_eq(&jane.sees());
    assert_eq!(world.count_of("flow.expired").await, 1);
    world.rests().await;
}

#[tokio::test]
async fn a_cancelled_attempt_says_that_nothing_changed() {
    let world = World::open().await;
    let mut jane = world.visitor();
    jane.forgot("jane01").await.proves_by_email().await;
    jane.submits("/flow/cancel", &[]).await;
    expect!["200 Cancelled"].assert_eq(&jane.sees());
    jane.goes_to("/flow").await;
    assert_eq!(jane.answer.status, 200);
    assert_eq!(world.count_of("flow.cancelled").await, 1);
    world.rests().await;
}

#[tokio::test]
async fn a_code_can_be_sent_again_after_a_while_and_three_times_at_most() {
    let world = World::open().await;
    let mut jane = world.visitor();
    jane.forgot("jane01")
        .await
        .asks_for_code("email", MAILBOX)
        .await;
    let first = world.code_to(MAILBOX);
    jane.submits("/flow/resend", &[]).await;
    expect![[r#"
        200 Type the code
        ! You can ask for another code in 30 seconds."#]]
    .assert_eq(&jane.sees());
    world.minutes_pass(1).await;
    jane.submits("/flow/resend", &[]).await;
    expect!["200 Type the code"].assert_eq(&jane.sees());
    jane.answers(&first).await;
    expect![[r#"
        200 Type the code
        ! That code does not fit. Use the newest message, or ask for another code."#]]
    .assert_eq(&jane.sees());
    world.minutes_pass(1).await;
    jane.submits("/flow/resend", &[]).await;
    assert!(jane.page.form("/flow/resend").is_none());
    jane.answers(&world.code_to(MAILBOX)).await;
    expect!["200 One more step"].assert_eq(&jane.sees());
    world.rests().await;
}

#[tokio::test]
async fn a_code_dies_after_five_minutes() {
    let world = World::open().await;
    let mut jane = world.visitor();
    jane.forgot("jane01")
        .await
        .asks_for_code("email", MAILBOX)
        .await;
    let code = world.code_to(MAILBOX);
    world.minutes_pass(5).await;
    jane.answers(&code).await;
    expect![[r#"
        200 Type the code
        ! That code does not fit. Use the newest message, or ask for another code."#]]
    .assert_eq(&jane.sees());
    world.rests().await;
}

#[tokio::test]
async fn the_bot_check_is_a_sum_for_scripts() {
    let world = World::plan()
        .with(|settings| settings.bot_check = keymend_domain::policy::BotCheck::Silent)
        .opens()
        .await;
    let mut jane = world.visitor();
    jane.starts("jane01").await;
    expect!["200 What is the trouble?"].assert_eq(&jane.sees());
    world.rests().await;
}

#[tokio::test]
async fn the_bot_check_is_a_short_queue_without_scripts() {
    let world = World::plan()
        .with(|settings| settings.bot_check = keymend_domain::policy::BotCheck::Silent)
        .opens()
        .await;
    let mut jane = world.visitor();
    jane.goes_to("/reset")
        .await
        .submits("/reset", &[("user", "jane01")])
        .await;
    expect!["200 One moment, please"].assert_eq(&jane.sees());
    world.clock.advance_ms(5_000);
    jane.goes_to("/reset/wait").await;
    jane.submits("/reset", &[]).await;
    expect!["200 What is the trouble?"].assert_eq(&jane.sees());
    world.rests().await;
}
