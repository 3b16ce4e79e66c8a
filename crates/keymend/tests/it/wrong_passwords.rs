//! The hour after a new password: something goes on trying another one.

use expect_test::expect;
use keymend_directory::embedded::Policy as DirectoryPolicy;
use keymend_domain::directory::Directory;
use keymend_domain::secret::Password;

use crate::people::{MAILBOX, NEW, NEWER, OLD};
use crate::stall::Stall;
use crate::world::World;

/// Jane has a new password, has read her mail, and three seconds have passed.
async fn after_a_reset(world: &World) {
    let mut jane = world.visitor();
    jane.forgot("jane01").await.proves_by_email().await;
    jane.proves_by_text().await.chooses(NEW).await;
    expect!["200 Your password has been changed"].assert_eq(&jane.sees());
    world.clock.advance_ms(3_000);
    world.told().await;
    world.audited().await;
}

/// A phone tries a password, so many times.
async fn phone_tries(world: &World, password: &str, times: u32) {
    let id = world.account("jane01");
    let password = Password::current(password.to_owned()).unwrap();
    for _ in 0..times {
        let checked = world.directory.check_password(&id, &password);
        checked.await.unwrap();
    }
}

async fn minutes_pass(world: &World, minutes: i64) {
    world.minutes_pass(minutes).await;
    world.app.watch_passwords_once().await.unwrap();
}

async fn locks_after(world: &World, threshold: u32) {
    let policy = DirectoryPolicy {
        lockout_threshold: threshold,
        ..DirectoryPolicy::default()
    };
    world.directory.set_policy(&policy).await.unwrap();
}

#[tokio::test]
async fn the_owner_is_told_once_when_and_where_the_old_password_is_still_tried() {
    let world = World::open().await;
    locks_after(&world, 10).await;
    after_a_reset(&world).await;
    minutes_pass(&world, 1).await;
    expect![""].assert_eq(&world.told().await);
    phone_tries(&world, OLD, 2).await;
    minutes_pass(&world, 2).await;
    expect![[r#"
        somebody@mail.example: Example Works: something may still use your old password
        jane01@work.example: Example Works: something may still use your old password"#]]
    .assert_eq(&world.told().await);
    expect![[r#"
        Hello,

        Since your password was changed, something has tried to sign in to your account with a wrong one, last at 2026-03-02 09:01 UTC. It was noticed by corp.

        Most often it is a phone, a mail program or a mapped network drive that has kept an old password. Enter the new one there, or take the account out of it for now. If you mistyped the password yourself, there is nothing to do.

        When: 2026-03-02 09:01 UTC
        Reference: DP39-3ERK

        Example Works sent this message automatically from https://reset.example.
    "#]].assert_eq(&world.message_to(MAILBOX));
    // How near the lock is concerns no mailbox outside.
    let at_work = world.message_to("jane01@work.example");
    assert!(at_work.contains("After 8 more wrong passwords it will be locked."));
    expect![[r#"
        password.wrong_seen corp
        notice.sent M22
        notice.sent M22"#]]
    .assert_eq(&world.audited().await);
    phone_tries(&world, OLD, 1).await;
    minutes_pass(&world, 5).await;
    expect![""].assert_eq(&world.told().await);
    phone_tries(&world, OLD, 5).await;
    minutes_pass(&world, 5).await;
    expect![[r#"
        somebody@mail.example: Example Works: something may still use your old password
        jane01@work.example: Example Works: something may still use your old password"#]]
    .assert_eq(&world.told().await);
    phone_tries(&world, OLD, 1).await;
    minutes_pass(&world, 50).await;
    expect![""].assert_eq(&world.told().await);
    world.rests().await;
}

#[tokio::test]
async fn a_slip_in_keymends_own_forms_warns_nobody() {
    let world = World::open().await;
    after_a_reset(&world).await;
    let mut jane = world.visitor();
    jane.signs_in("jane01", "not my password").await;
    minutes_pass(&world, 1).await;
    jane.signs_in("jane01", NEW)
        .await
        .goes_to("/me/password")
        .await;
    world.clock.advance_ms(30_000);
    let fields = [("current", OLD), ("password", NEWER), ("again", NEWER)];
    jane.submits("/me/password", &fields).await;
    minutes_pass(&world, 2).await;
    minutes_pass(&world, 58).await;
    expect![""].assert_eq(&world.told().await);
    assert_eq!(world.count_of("password.wrong_seen").await, 0);
    world.rests().await;
}

#[tokio::test]
async fn a_change_is_watched_too_and_ends_the_watch_before_it() {
    let world = World::open().await;
    after_a_reset(&world).await;
    phone_tries(&world, OLD, 1).await;
    world.clock.advance_ms(20_000);
    let mut jane = world.visitor();
    jane.signs_in("jane01", NEW)
        .await
        .goes_to("/me/password")
        .await;
    let fields = [("current", NEW), ("password", NEWER), ("again", NEWER)];
    jane.submits("/me/password", &fields).await;
    expect!["200 Your password has been changed"].assert_eq(&jane.sees());
    world.told().await;
    minutes_pass(&world, 3).await;
    expect![""].assert_eq(&world.told().await);
    phone_tries(&world, NEW, 1).await;
    minutes_pass(&world, 5).await;
    expect![[r#"
        jane01@work.example: Example Works: something may still use your old password
        somebody@mail.example: Example Works: something may still use your old password"#]]
    .assert_eq(&world.told().await);
    world.rests().await;
}

#[tokio::test]
async fn a_restart_loses_neither_the_watch_nor_tells_twice() {
    let folder = tempfile::tempdir().unwrap();
    let plan = || World::plan().kept_in(folder.path().to_owned());
    let world = plan().opens().await;
    after_a_reset(&world).await;
    phone_tries(&world, OLD, 1).await;
    world.rests().await;
    for (minutes, expected) in [(1, 2), (9, 0)] {
        let world = plan().opens().await;
        minutes_pass(&world, minutes).await;
        let told = world.told().await;
        assert_eq!(told.lines().count(), expected, "{told}");
        world.rests().await;
    }
}

#[tokio::test]
async fn nobody_is_told_where_the_watch_is_off() {
    let plan = World::plan().with(|settings| settings.notifications.wrong_passwords_mins = 0);
    let world = plan.opens().await;
    after_a_reset(&world).await;
    phone_tries(&world, OLD, 2).await;
    minutes_pass(&world, 3).await;
    expect![""].assert_eq(&world.told().await);
    world.rests().await;
}

#[tokio::test]
async fn a_directory_silent_between_counting_and_reading_delays_the_news_and_loses_none() {
    let stall = Stall::of_nothing();
    let world = World::plan().stalled(&stall).opens().await;
    after_a_reset(&world).await;
    phone_tries(&world, OLD, 1).await;
    stall.hides_accounts(true);
    minutes_pass(&world, 1).await;
    expect![""].assert_eq(&world.told().await);
    assert_eq!(stall.hidden_reads(), 1);
    // It is not asked again in each round.
    minutes_pass(&world, 1).await;
    assert_eq!(stall.hidden_reads(), 1);
    stall.hides_accounts(false);
    minutes_pass(&world, 4).await;
    assert_eq!(world.told().await.lines().count(), 2);
    world.rests().await;
}

/// Anybody can type wrong passwords for a name until they are withheld from the directory; what
/// something else tries there meanwhile is no less told.
#[tokio::test]
async fn a_sign_in_that_was_withheld_hides_no_other_try() {
    let world = World::open().await;
    locks_after(&world, 4).await;
    after_a_reset(&world).await;
    for _ in 0..2 {
        let mut stranger = world.visitor();
        stranger.signs_in("jane01", "not the password").await;
    }
    minutes_pass(&world, 1).await;
    expect![""].assert_eq(&world.told().await);
    let counts = async || {
        let withheld = world.count_of("signin.paused").await;
        (world.count_of("signin.failed").await, withheld)
    };
    let (failed, withheld) = counts().await;
    phone_tries(&world, OLD, 1).await;
    let mut stranger = world.visitor();
    stranger.signs_in("jane01", "not the password").await;
    assert_eq!(counts().await, (failed + 1, withheld + 1));
    minutes_pass(&world, 2).await;
    assert_eq!(world.told().await.lines().count(), 2);
    world.rests().await;
}
