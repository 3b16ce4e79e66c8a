//! Frozen accounts, carriers that send nothing, accounts that end while they are written to,
//! writing switched off, and the plain line behind a proxy.

use expect_test::expect;
use keymend::deliver::Carrier;
use keymend::deliver::smtp::{Smtp, SmtpLimits, SmtpOptions, SmtpServer, TlsMode};
use keymend_domain::time::{Clock, DAY_MS};

use crate::people::{MAILBOX, MOBILE, NEW, NEWER, OLD};
use crate::stall::Stall;
use crate::visitor::{Visitor, send};
use crate::world::World;

/// Jane resets her password; gives the "not me" address out of the mail about it.
async fn not_me_address(world: &World) -> String {
    let mut jane = world.visitor();
    jane.forgot("jane01").await.proves_by_email().await;
    jane.proves_by_text().await.chooses(NEW).await;
    expect!["200 Your password has been changed"].assert_eq(&jane.sees());
    let mail = world.message_to("jane01@work.example");
    let (_, link) = mail.split_once("https://reset.example").unwrap();
    let path = link.chars().take_while(|sign| !sign.is_whitespace());
    path.collect()
}

#[tokio::test]
async fn a_frozen_account_helps_nobody_until_an_administrator_unfreezes_it() {
    let world = World::open().await;
    // What was added within the last seven days would be set aside.
    world.minutes_pass(8 * 24 * 60).await;
    let path = not_me_address(&world).await;
    let mut owner = world.visitor();
    owner.goes_to(&path).await.submits(&path, &[]).await;
    expect![[r#"
        200 Your account is protected
        ~ Done. The helpdesk will contact you."#]]
    .assert_eq(&owner.sees());
    world.told().await;

    // The thief, who still has mailbox and telephone: the same pages as ever, and no code.
    let mut thief = world.visitor();
    thief.forgot("jane01").await;
    thief.asks_for_code("email", MAILBOX).await;
    expect!["200 Type the code"].assert_eq(&thief.sees());
    expect![[r#"
        jane01@work.example: Example Works: about your attempt to reset your password
        somebody@mail.example: Example Works: about your attempt to reset your password"#]]
    .assert_eq(&world.told().await);

    // Lifting the blocks of a name leaves the freeze.
    let lifted = world.app.unblock("jane01", false, "desk").await.unwrap();
    assert!(lifted.is_known && !lifted.unfrozen);
    let mut again = world.visitor();
    again.forgot("jane01").await;
    again.asks_for_code("email", MAILBOX).await;
    assert_eq!(world.told().await, "");

    let lifted = world.app.unblock("jane01", true, "desk").await.unwrap();
    assert!(lifted.unfrozen);
    assert_eq!(world.count_of("account.unfrozen").await, 1);
    // What began while it was frozen stays a decoy.
    again.answers_wrong().await;
    expect![[r#"
        200 Type the code
        ! That code does not fit. Use the newest message, or ask for another code."#]]
    .assert_eq(&again.sees());
    let mut jane = world.visitor();
    jane.forgot("jane01").await.proves_by_email().await;
    jane.proves_by_text().await.chooses(NEWER).await;
    expect!["200 Your password has been changed"].assert_eq(&jane.sees());
    world.rests().await;
}

/// A mail server that is not there.
async fn nothing_listens() -> Carrier {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let smtp = Smtp::new(SmtpOptions {
        servers: vec![SmtpServer {
            host: "127.0.0.1".to_owned(),
            port,
            tls: TlsMode::None,
            login: None,
        }],
        ca_pem: None,
        from: "Example Works <no-reply@work.example>".to_owned(),
        reply_to: None,
        hello_name: None,
        limits: SmtpLimits::default(),
    });
    Carrier::Smtp(smtp.unwrap())
}

#[tokio::test]
async fn that_a_code_could_not_be_sent_is_said_behind_the_first_gate_and_not_before() {
    let world = World::plan()
        .mails_by(nothing_listens().await)
        .opens()
        .await;
    let mut jane = world.visitor();
    jane.forgot("jane01").await;
    jane.asks_for_code("email", MAILBOX).await;
    jane.goes_to("/flow").await;
    expect!["200 Type the code"].assert_eq(&jane.sees());
    jane.submits("/flow/other", &[]).await;
    jane.proves_by_text().await;
    jane.asks_for_code("email", MAILBOX).await;
    jane.goes_to("/flow").await;
    expect![[r#"
        200 Type the code
        ! We could not send the code. Try another way."#]]
    .assert_eq(&jane.sees());
    // A code that nobody carried is given up when it is too old, and recorded.
    world.minutes_pass(20).await;
    assert!(world.count_of("notice.failed").await > 0);
    assert_eq!(world.count_of("challenge.failed").await, 2);
    world.rests().await;
}

#[tokio::test]
async fn somebody_who_registers_is_told_that_the_code_could_not_be_sent() {
    let world = World::plan()
        .mails_by(nothing_listens().await)
        .opens()
        .await;
    let mut noah = world.visitor();
    noah.signs_in("noah03", OLD).await;
    noah.goes_to("/me/add/email").await;
    let fields = [("address", "noah@mail.example")];
    noah.submits("/me/add", &fields).await;
    noah.goes_to("/me/code").await;
    expect![[r#"
        200 Type the code
        ! We could not send the code. Try another way."#]]
    .assert_eq(&noah.sees());
    world.minutes_pass(20).await;
    world.rests().await;
}

#[tokio::test]
async fn an_account_that_ends_while_it_is_written_to_is_not_called_done() {
    let stall = Stall::begins();
    let world = World::plan().stalled(&stall).opens().await;
    let mut jane = world.visitor();
    jane.forgot("jane01").await.proves_by_email().await;
    jane.proves_by_text().await;
    let body = jane.filled("/flow/password", &[("password", NEW), ("again", NEW)]);
    let (router, address) = (world.router.clone(), jane.address);
    let request = jane.posting("/flow/password", body);
    let writing = tokio::spawn(async move { send(&router, request, address).await });
    while jane.page.heading() != "Saving your new password" {
        jane.goes_to("/flow").await;
    }
    let ended = world.clock.now().plus_ms(-DAY_MS);
    let id = world.account("jane01");
    world.directory.set_end(&id, Some(ended)).await.unwrap();
    stall.ends();
    writing.await.unwrap();
    world.told().await;
    jane.goes_to("/flow").await;
    expect![[r#"
        200 Saved, but you cannot sign in yet
        ~ Your password was saved, but your directory does not let you sign in yet. Wait a minute and try. If it fails: Your administrators can help you: choose “Ask for help”."#]].assert_eq(&jane.sees());
    expect!["Saved, but you cannot sign in yet Your password was saved, but your directory does not let you sign in yet. Wait a minute and try. If it fails: Your administrators can help you: choose “Ask for help”. Ask for help"].assert_eq(&jane.page.text());
    expect![[r#"
        order.settled barred
        password.reset
        notice.sent M4
        notice.sent M4"#]]
    .assert_eq(&last_events(&world, 4).await);
    world.rests().await;
}

async fn last_events(world: &World, count: usize) -> String {
    let lines = world.audited().await;
    let lines: Vec<&str> = lines.lines().collect();
    lines[lines.len() - count..].join("\n")
}

/// An administrator switches writing to the directory on or off.
async fn writing(world: &World, is_on: bool) {
    let mut settings = world.app.policy().settings().clone();
    settings.writeback = [("corp".to_owned(), is_on)].into();
    let applied = world.app.apply_settings(settings, true, "the tests").await;
    applied.unwrap();
}

#[tokio::test]
async fn while_writing_is_switched_off_nobody_spends_a_code_and_a_proven_attempt_waits() {
    let world = World::open().await;
    let mut jane = world.visitor();
    jane.forgot("jane01").await.proves_by_email().await;
    jane.proves_by_text().await;
    let mut john = world.visitor();
    john.forgot("john02").await;
    john.submits("/flow/method", &[("method", "email")]).await;
    world.told().await;

    writing(&world, false).await;
    john.submits("/flow/challenge", &[("address", MAILBOX)])
        .await;
    expect!["503 the directory is paused right now"].assert_eq(&john.sees());
    assert!(!world.told().await.contains(MAILBOX));
    jane.chooses(NEW).await;
    expect![[r#"
        200 Choose a new password
        ! Changing passwords in the directory is paused by its administrators."#]]
    .assert_eq(&jane.sees());
    let mut stranger = world.visitor();
    stranger.starts("nobo17").await;
    expect!["503 the directory is paused right now"].assert_eq(&stranger.sees());
    assert_eq!(world.count_of("order.opened").await, 0);

    writing(&world, true).await;
    jane.goes_to("/flow").await;
    jane.chooses(NEW).await;
    expect!["200 Your password has been changed"].assert_eq(&jane.sees());
    world.rests().await;
}

#[tokio::test]
async fn plain_http_is_spoken_to_named_proxies_alone_and_still_makes_secure_cookies() {
    let world = World::plan().plain_behind("192.0.2.0/24").opens().await;
    let mut direct = Visitor::new(&world, [203, 0, 113, 5].into());
    let request = direct.request("GET", "/reset");
    let request = request.header("x-forwarded-for", "192.0.2.1");
    let request = request.body(axum::body::Body::empty()).unwrap();
    let answer = direct.sends(request).await;
    assert_eq!(answer.status, 403);
    assert_eq!(answer.body, "Forbidden");

    let mut jane = Visitor::new(&world, [192, 0, 2, 1].into());
    jane.forgot("jane01").await.proves_by_email().await;
    jane.proves_by_text().await.chooses(NEW).await;
    expect!["200 Your password has been changed"].assert_eq(&jane.sees());
    for answer in &jane.transcript {
        for cookie in answer.headers.get_all("set-cookie") {
            let cookie = cookie.to_str().unwrap();
            assert!(cookie.starts_with("__Host-") && cookie.contains("; Secure"));
        }
        assert!(answer.header("strict-transport-security").is_some());
    }
    assert!(world.message_to(MOBILE).contains("@reset.example #"));
    world.rests().await;
}
