//! Giving Keymend a way back in, and looking after it.

use expect_test::expect;
use keymend_domain::policy::Required;

use crate::people::{MAILBOX, MOBILE, NEW, OLD};
use crate::visitor::Visitor;
use crate::world::World;

/// Registers an address or a number and types its code back.
async fn adds<'v, 'w>(
    visitor: &'v mut Visitor<'w>,
    world: &World,
    (way, address, sent_to): (&str, &str, &str),
) -> &'v mut Visitor<'w> {
    visitor.goes_to(&format!("/me/add/{way}")).await;
    visitor.submits("/me/add", &[("address", address)]).await;
    let code = world.code_to(sent_to);
    visitor.submits("/me/code", &[("code", &code)]).await
}

const NOAHS_MAIL: (&str, &str, &str) = ("email", "Noah@Mail.Example", "Noah@mail.example");
const NOAHS_NUMBER: (&str, &str, &str) = ("text", "07700 900199", "+447700900199");

#[tokio::test]
async fn somebody_new_registers_both_ways_and_they_count_after_three_days() {
    let world = World::open().await;
    let mut noah = world.visitor();
    noah.signs_in("noah03", OLD).await;
    expect!["Set up a way back in If you forget your password, you will need 2 of these ways to show that it is you. Setting them up takes about two minutes. E-mail We send a code to an address you can read without your work password. Text message We send a code to your mobile phone. Start Not now"].assert_eq(&noah.page.text());
    adds(&mut noah, &world, NOAHS_MAIL).await;
    expect!["200 Choose a way"].assert_eq(&noah.sees());
    adds(&mut noah, &world, NOAHS_NUMBER).await;
    expect!["You are set up You can now reset your password with any 2 of: E-mail N…@mail.example Text message …99 E-mail can be used for resetting from 5 March 2026, 09:00. Until then ask the helpdesk. Your administrators can help you: choose “Ask for help”. Text message can be used for resetting from 5 March 2026, 09:00. Until then ask the helpdesk. Your administrators can help you: choose “Ask for help”. Continue"].assert_eq(&noah.page.text());
    expect![[r#"
        Noah@mail.example: Example Works: your code
        Noah@mail.example: Example Works: your security info was changed
        noah03@work.example: Example Works: your security info was changed
        +447700900199: Example Works: ###### is your code to confirm this number. 5 minutes. Staff never ask for it.
        @reset.example #######
        Noah@mail.example: Example Works: your security info was changed
        noah03@work.example: Example Works: your security info was changed
        +447700900199: Example Works: your security info was changed (text message added). 2026-03-02 09:00 UTC. Not you? https://reset.example/not-me/f224a59ea97b070051b9c33537f0054f011d1450400173bc53ec5151405dbf96"#]].assert_eq(&world.told().await);
    expect![[r#"
        signin.succeeded
        registration.prompted
        challenge.sent email
        notice.sent M1
        method.registered email
        notice.sent M9
        notice.sent M9
        challenge.sent text
        notice.sent M1
        method.registered text
        registration.completed
        notice.sent M9
        notice.sent M9
        notice.sent M9"#]]
    .assert_eq(&world.audited().await);
    let mut stranger = world.visitor();
    stranger
        .forgot("noah03")
        .await
        .asks_for_code("email", "noah@mail.example")
        .await;
    expect![[r#"
        Noah@mail.example: Example Works: about your attempt to reset your password
        noah03@work.example: Example Works: about your attempt to reset your password"#]]
    .assert_eq(&world.told().await);
    world.minutes_pass(72 * 60).await;
    let mut later = world.visitor();
    later
        .forgot("noah03")
        .await
        .asks_for_code("email", "noah@mail.example")
        .await;
    later.answers(&world.code_to("Noah@mail.example")).await;
    expect!["200 One more step"].assert_eq(&later.sees());
    world.rests().await;
}

#[tokio::test]
async fn registering_can_be_put_off_as_often_as_the_policy_says() {
    let plan = World::plan().with(|settings| {
        settings.registration.required = Required::Skippable;
        settings.registration.skips = 2;
    });
    let world = plan.opens().await;
    for _ in 0..2 {
        let mut noah = world.visitor();
        noah.signs_in("noah03", OLD).await;
        noah.submits("/register/skip", &[]).await;
        assert_eq!(noah.page.heading(), "Security info");
    }
    let mut noah = world.visitor();
    noah.signs_in("noah03", OLD).await;
    expect!["Set up a way back in If you forget your password, you will need 2 of these ways to show that it is you. Setting them up takes about two minutes. E-mail We send a code to an address you can read without your work password. Text message We send a code to your mobile phone. Start Change password"].assert_eq(&noah.page.text());
    assert!(noah.page.form("/register/skip").is_none());
    noah.goes_to("/me").await;
    expect!["200 Set up a way back in"].assert_eq(&noah.sees());
    assert_eq!(world.count_of("registration.skipped").await, 2);
    world.rests().await;
}

#[tokio::test]
async fn where_registration_is_required_only_the_password_and_the_way_out_stay_open() {
    let plan = World::plan().with(|settings| settings.registration.required = Required::Yes);
    let world = plan.opens().await;
    let mut noah = world.visitor();
    noah.signs_in("noah03", OLD).await;
    assert!(noah.page.form("/register/skip").is_none());
    noah.goes_to("/me").await;
    assert_eq!(noah.page.heading(), "Set up a way back in");
    noah.goes_to("/me/password").await;
    expect!["200 Change your password"].assert_eq(&noah.sees());
    noah.submits("/signout", &[]).await;
    expect![[r#"
        200 Sign in to Example Works
        ~ You have signed out."#]]
    .assert_eq(&noah.sees());
    world.rests().await;
}

#[tokio::test]
async fn where_registration_is_off_nobody_is_led_there() {
    let plan = World::plan().with(|settings| settings.registration.required = Required::No);
    let world = plan.opens().await;
    let mut noah = world.visitor();
    noah.signs_in("noah03", OLD).await;
    expect![[r#"
        200 Security info
        ~ You have not set up a way back in yet."#]]
    .assert_eq(&noah.sees());
    world.rests().await;
}

#[tokio::test]
async fn a_code_of_registration_has_five_tries() {
    let world = World::open().await;
    let mut noah = world.visitor();
    noah.signs_in("noah03", OLD)
        .await
        .goes_to("/me/add/email")
        .await;
    noah.submits("/me/add", &[("address", "noah@mail.example")])
        .await;
    let mut seen = Vec::new();
    for _ in 0..5 {
        noah.submits("/me/code", &[("code", "000000")]).await;
        seen.push(noah.sees());
    }
    expect![[r#"
        200 Type the code
        ! That code does not fit. Use the newest message, or ask for another code.
        200 Type the code
        ! That code does not fit. Use the newest message, or ask for another code.
        200 Type the code
        ! That code does not fit. Use the newest message, or ask for another code.
        200 Type the code
        ! That code does not fit. Use the newest message, or ask for another code.
        200 Choose a way
        ! Too many tries this way. Use another way, or start again in about an hour."#]]
    .assert_eq(&seen.join("\n"));
    assert_eq!(world.count_of("method.registered").await, 0);
    world.rests().await;
}

#[tokio::test]
async fn a_way_is_removed_after_a_fresh_proof_and_every_place_is_told_the_removed_one_too() {
    let world = World::open().await;
    let mut jane = world.visitor();
    jane.signs_in("jane01", OLD).await;
    jane.submits("/me/remove", &[]).await;
    expect![[r#"
        200 Show that it is you
        ! Before you change your security info, please show once more that it is you."#]]
    .assert_eq(&jane.sees());
    let chosen = jane
        .page
        .forms
        .iter()
        .find(|form| form.action == "/me/proof/method");
    assert!(chosen.is_some());
    jane.submits("/me/proof/method", &[("method_id", "jane01-email")])
        .await;
    expect!["Type the code We sent a 6-digit code to s…@mail.example. It works for 5 minutes. Code Next Send again Use another way"].assert_eq(&jane.page.text());
    world.told().await;
    jane.submits("/me/proof", &[("code", &world.code_to(MAILBOX))])
        .await;
    expect!["200 Security info"].assert_eq(&jane.sees());
    jane.submits("/me/remove", &[]).await;
    expect![[r#"
        200 Security info
        ! You need 2 ways. Add another one before you remove this."#]]
    .assert_eq(&jane.sees());
    adds(
        &mut jane,
        &world,
        ("email", "jane@second.example", "jane@second.example"),
    )
    .await;
    world.told().await;
    jane.goes_to("/me")
        .await
        .submits("/me/remove", &[("method_id", "jane01-email")])
        .await;
    expect!["Security info For jane01. To reset your password you need 2 of these ways. Ways to get back in E-mail j…@second.example Ready to use Added 2 March 2026, never used Remove Text message …23 Ready to use Added 2 March 2026, never used Remove Add a way Change password What we hold about you What happened to your account When What 2 March 2026, 09:00 A way to get back in was removed 2 March 2026, 09:00 A way to get back in was added 2 March 2026, 09:00 You signed in here"].assert_eq(&jane.page.text());
    expect![[r#"
        somebody@mail.example: Example Works: your security info was changed
        jane01@work.example: Example Works: your security info was changed
        jane@second.example: Example Works: your security info was changed"#]]
    .assert_eq(&world.told().await);
    world.rests().await;
}

#[tokio::test]
async fn a_fresh_proof_is_good_for_five_minutes() {
    let world = World::open().await;
    let mut jane = world.visitor();
    jane.signs_in("jane01", OLD)
        .await
        .goes_to("/me/proof")
        .await;
    jane.submits("/me/proof/method", &[("method_id", "jane01-text")])
        .await;
    jane.submits("/me/proof", &[("code", &world.code_to(MOBILE))])
        .await;
    world.minutes_pass(5).await;
    jane.goes_to("/me/add").await;
    expect!["200 Choose a way"].assert_eq(&jane.sees());
    world.clock.advance_ms(1_000);
    jane.goes_to("/me/add").await;
    expect!["200 Show that it is you"].assert_eq(&jane.sees());
    world.rests().await;
}

#[tokio::test]
async fn after_half_a_year_people_look_through_their_ways_again() {
    let world = World::open().await;
    world.clock.advance_ms(181 * 24 * 3_600_000);
    let mut jane = world.visitor();
    jane.signs_in("jane01", OLD).await;
    // The password is older than ninety days by then; that comes first.
    jane.submits(
        "/me/password",
        &[("current", OLD), ("password", NEW), ("again", NEW)],
    )
    .await;
    jane.signs_in("jane01", NEW).await;
    expect!["200 Are these still right?"].assert_eq(&jane.sees());
    jane.submits("/register/confirm", &[]).await;
    jane.submits("/me/proof/method", &[("method_id", "jane01-email")])
        .await;
    jane.submits("/me/proof", &[("code", &world.code_to(MAILBOX))])
        .await;
    jane.goes_to("/register").await;
    jane.submits("/register/confirm", &[]).await;
    expect!["200 Security info"].assert_eq(&jane.sees());
    jane.signs_in("jane01", NEW).await;
    expect!["200 Security info"].assert_eq(&jane.sees());
    assert_eq!(world.count_of("registration.reconfirmed").await, 1);
    world.rests().await;
}

#[tokio::test]
async fn gate_16_a_link_in_a_mail_freezes_the_account_only_when_its_button_is_pressed() {
    let world = World::open().await;
    let mut noah = world.visitor();
    noah.signs_in("noah03", OLD).await;
    adds(&mut noah, &world, NOAHS_MAIL).await;
    let mail = world.message_to("noah03@work.example");
    let (_, link) = mail.split_once("https://reset.example").unwrap();
    let path: String = link
        .chars()
        .take_while(|sign| !sign.is_whitespace())
        .collect();
    let mut scanner = world.visitor();
    for method in ["GET", "HEAD", "OPTIONS"].repeat(20) {
        let request = scanner
            .request(method, &path)
            .body(axum::body::Body::empty())
            .unwrap();
        scanner.sends(request).await;
    }
    assert_eq!(world.count_of("account.frozen").await, 0);
    let mut owner = world.visitor();
    owner.goes_to(&path).await;
    expect!["Was this not you? If you did not ask for this, stop it here. We will pause resetting for your account, set aside ways that were added in the last 7 days, and tell your administrators. Stop and protect my account"].assert_eq(&owner.page.text());
    world.told().await;
    owner.submits(&path, &[]).await;
    expect![[r#"
        200 Your account is protected
        ~ Done. The helpdesk will contact you."#]]
    .assert_eq(&owner.sees());
    expect![[r#"
        admins@work.example: Example Works: account frozen
        Noah@mail.example: Example Works: account frozen
        noah03@work.example: Example Works: account frozen"#]]
    .assert_eq(&world.told().await);
    noah.goes_to("/me").await;
    expect!["200 Sign in to Example Works"].assert_eq(&noah.sees());
    owner.goes_to(&path).await;
    expect!["404 There is no such page"].assert_eq(&owner.sees());
    assert_eq!(world.count_of("account.frozen").await, 1);
    world.rests().await;
}
