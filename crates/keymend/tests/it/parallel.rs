//! G-19, G-20: many at once, twice the same, and a restart in between.

use axum::body::Body;
use axum::http::Request;
use expect_test::expect;
use futures_util::future::join_all;

use crate::html::Page;
use crate::people::{MAILBOX, MOBILE, NEW, NEWER};
use crate::visitor::{Visitor, encoded, send};
use crate::world::World;

const AT_ONCE: usize = 200;

/// Sends the same kind of request many times at once, each from a task of its own.
async fn at_once(world: &World, visitor: &Visitor<'_>, make: impl Fn() -> Request<Body>) {
    let tasks = (0..AT_ONCE).map(|_| {
        let (router, request, address) = (world.router.clone(), make(), visitor.address);
        tokio::spawn(async move { send(&router, request, address).await })
    });
    for answer in join_all(tasks).await {
        assert!(answer.unwrap().status.as_u16() < 500);
    }
    world.delivers().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn gate_19_of_two_hundred_right_codes_at_once_exactly_one_opens_the_gate() {
    let world = World::open().await;
    let mut jane = world.visitor();
    jane.forgot("jane01")
        .await
        .asks_for_code("email", MAILBOX)
        .await;
    let body = jane.filled("/flow/prove", &[("code", &world.code_to(MAILBOX))]);
    at_once(&world, &jane, || jane.posting("/flow/prove", body.clone())).await;
    assert_eq!(world.count_of("proof.given").await, 1);
    assert_eq!(world.count_of("proof.failed").await, 0);
    world.rests().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn gate_19_of_two_hundred_guesses_at_once_exactly_the_allowed_tries_are_counted() {
    let world = World::open().await;
    let mut mallory = world.visitor();
    mallory
        .forgot("jane01")
        .await
        .asks_for_code("email", MAILBOX)
        .await;
    let wrong = world.wrong_code();
    let guesses = (0..AT_ONCE).map(|_| {
        let (router, address) = (world.router.clone(), mallory.address);
        let wrong = wrong.clone();
        // Each guess comes with the newest form it can get hold of.
        let (page, guess) = (
            mallory.request("GET", "/flow"),
            mallory.posting("/flow/prove", String::new()),
        );
        let (parts, _) = guess.into_parts();
        tokio::spawn(async move {
            let page = send(&router, page.body(Body::empty()).unwrap(), address).await;
            let page = Page::read(&page.body);
            let Some(form) = page.form("/flow/prove") else {
                return;
            };
            let fields = [
                ("form_token", form.fields["form_token"].as_str()),
                ("code", &wrong),
            ];
            let request = Request::from_parts(parts, Body::from(encoded(&fields)));
            send(&router, request, address).await;
        })
    });
    for guess in join_all(guesses).await {
        guess.unwrap();
    }
    for _ in 0..10 {
        mallory.goes_to("/flow").await;
        if mallory.page.form("/flow/prove").is_some() {
            mallory.answers_wrong().await;
        }
    }
    assert_eq!(world.count_of("proof.failed").await, 5);
    expect![[r#"
        200 Show that it is you
        ! Too many tries this way. Use another way, or start again in about an hour."#]]
    .assert_eq(&mallory.sees());
    world.rests().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn gate_19_a_button_pressed_many_times_writes_once() {
    let world = World::open().await;
    let mut jane = world.visitor();
    jane.forgot("jane01").await.proves_by_email().await;
    jane.proves_by_text().await;
    let body = jane.filled("/flow/password", &[("password", NEW), ("again", NEW)]);
    at_once(&world, &jane, || {
        jane.posting("/flow/password", body.clone())
    })
    .await;
    jane.goes_to("/flow").await;
    assert_eq!(jane.page.heading(), "Your password has been changed");
    for word in ["order.opened", "order.settled", "password.reset"] {
        assert_eq!(world.count_of(word).await, 1, "{word}");
    }
    world.rests().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn gate_19_asking_for_codes_at_once_sends_one() {
    let world = World::open().await;
    let mut jane = world.visitor();
    jane.forgot("jane01")
        .await
        .submits("/flow/method", &[("method", "text")])
        .await;
    let body = jane.filled("/flow/challenge", &[("address", MOBILE)]);
    at_once(&world, &jane, || {
        jane.posting("/flow/challenge", body.clone())
    })
    .await;
    assert_eq!(world.count_of("challenge.sent").await, 1);
    world.rests().await;
}

#[tokio::test]
async fn two_tabs_share_one_attempt_and_the_older_form_spends_nothing() {
    let world = World::open().await;
    let mut jane = world.visitor();
    jane.forgot("jane01")
        .await
        .asks_for_code("email", MAILBOX)
        .await;
    let tab = jane.filled("/flow/prove", &[("code", &world.wrong_code())]);
    jane.answers_wrong().await;
    let tried = world.count_of("proof.failed").await;
    for _ in 0..20 {
        let request = jane.posting("/flow/prove", tab.clone());
        jane.sends(request).await;
    }
    jane.goes_to("/flow").await;
    assert_eq!(world.count_of("proof.failed").await, tried);
    jane.answers(&world.code_to(MAILBOX)).await;
    expect!["200 One more step"].assert_eq(&jane.sees());
    world.rests().await;
}

#[tokio::test]
async fn going_back_and_sending_an_old_form_again_changes_nothing() {
    let world = World::open().await;
    let mut jane = world.visitor();
    jane.forgot("jane01").await;
    let menu = jane.filled("/flow/method", &[("method", "text")]);
    jane.proves_by_email().await;
    let second = jane.filled("/flow/method", &[("method", "text")]);
    jane.proves_by_text().await;
    let form = jane.filled("/flow/password", &[("password", NEWER), ("again", NEWER)]);
    jane.chooses(NEW).await;
    let before = world.audit().await.len();
    for (path, body) in [
        ("/flow/method", menu),
        ("/flow/method", second),
        ("/flow/password", form),
    ] {
        let request = jane.posting(path, body);
        jane.sends(request).await;
    }
    assert_eq!(world.audit().await.len(), before);
    jane.signs_in("jane01", NEW).await;
    assert_eq!(jane.page.heading(), "Security info");
    world.rests().await;
}

#[tokio::test]
async fn gate_20_tries_survive_a_restart_a_new_attempt_another_browser_and_another_spelling() {
    let folder = tempfile::tempdir().unwrap();
    let open = || World::plan().kept_in(folder.path().to_owned()).opens();
    let world = open().await;
    let mut mallory = world.visitor();
    mallory
        .forgot("jane01")
        .await
        .asks_for_code("email", MAILBOX)
        .await;
    for _ in 0..3 {
        mallory.answers_wrong().await;
    }
    let jar = mallory.jar.clone();
    drop(mallory);
    world.rests().await;
    let world = open().await;
    let mut mallory = world.visitor();
    mallory.jar = jar;
    mallory.goes_to("/flow").await;
    mallory.answers_wrong().await;
    mallory.answers_wrong().await;
    expect![[r#"
        200 Show that it is you
        ! Too many tries this way. Use another way, or start again in about an hour."#]]
    .assert_eq(&mallory.sees());
    let sent = world.count_of("challenge.sent").await;
    for user in [
        "jane01",
        "JANE01",
        "jane01@corp.example",
        "jane01@work.example",
    ] {
        let mut other = world.visitor();
        other
            .forgot(user)
            .await
            .asks_for_code("email", MAILBOX)
            .await;
        assert_eq!(other.page.heading(), "Type the code", "{user}");
    }
    assert_eq!(
        world.count_of("challenge.sent").await,
        sent,
        "no code goes out any more"
    );
    world.minutes_pass(61).await;
    let mut owner = world.visitor();
    owner.forgot("jane01").await.proves_by_email().await;
    expect!["200 One more step"].assert_eq(&owner.sees());
    world.rests().await;
}

#[tokio::test]
async fn gate_20_sending_again_refunds_nothing() {
    let world = World::open().await;
    let mut mallory = world.visitor();
    mallory
        .forgot("jane01")
        .await
        .asks_for_code("email", MAILBOX)
        .await;
    for _ in 0..2 {
        mallory.answers_wrong().await;
        world.clock.advance_ms(61_000);
        mallory.submits("/flow/resend", &[]).await;
    }
    mallory.answers_wrong().await;
    mallory.submits("/flow/other", &[]).await;
    mallory.asks_for_code("email", MAILBOX).await;
    expect![[r#"
        200 Show that it is you by e-mail
        ! We cannot send more codes in this attempt. Use another way, or start again later."#]]
    .assert_eq(&mallory.sees());
    assert_eq!(world.count_of("proof.failed").await, 3);
    world.rests().await;
}

#[tokio::test]
async fn gate_20_a_block_survives_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let open = || World::plan().kept_in(folder.path().to_owned()).opens();
    let world = open().await;
    for _ in 0..5 {
        let mut mallory = world.visitor();
        mallory
            .forgot("nobo17")
            .await
            .asks_for_code("email", MAILBOX)
            .await;
        mallory.answers_wrong().await;
    }
    world.rests().await;
    let world = open().await;
    let mut mallory = world.visitor();
    mallory.starts("nobo17").await;
    expect!["Resetting is paused There were too many tries for this user name. To keep the account safe, resetting is paused for about an hour. Ask for help"].assert_eq(&mallory.page.text());
    world.rests().await;
}
