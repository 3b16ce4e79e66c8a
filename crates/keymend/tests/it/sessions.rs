//! What a browser holds: handles that change, marks that end, names that nobody reads.

use axum::body::Body;
use axum::http::header;
use expect_test::expect;
use keymend::app::{FormStep, NewPassword, Stop};
use keymend::store::StoreFault;
use keymend_domain::policy::BotCheck;
use keymend_domain::refusal::Refusal;
use keymend_domain::secret::Secret;

use crate::people::{MAILBOX, MOBILE, NEW, OLD};
use crate::visitor::Visitor;
use crate::world::World;

const ME: &str = "__Host-km_me";
const DEVICE: &str = "__Host-km_dev";
const WAIT: &str = "__Host-km_wait";

/// Shows once more that it is Jane.
async fn proves(jane: &mut Visitor<'_>, world: &World) {
    jane.goes_to("/me/proof").await;
    jane.submits("/me/proof/method", &[("method_id", "jane01-email")])
        .await;
    let code = world.code_to(MAILBOX);
    jane.submits("/me/proof", &[("code", &code)]).await;
}

#[tokio::test]
async fn gate_10_a_fresh_proof_renews_the_handle_and_the_old_one_is_dead() {
    let world = World::open().await;
    let mut jane = world.visitor();
    jane.signs_in("jane01", OLD).await;
    let before = jane.jar[ME].clone();
    let mut thief = world.visitor();
    thief.jar.insert(ME.to_owned(), before.clone());
    thief.goes_to("/me").await;
    expect!["200 Security info"].assert_eq(&thief.sees());
    proves(&mut jane, &world).await;
    expect!["200 Security info"].assert_eq(&jane.sees());
    assert_ne!(jane.jar[ME], before);
    thief.goes_to("/me/add").await;
    expect!["200 Sign in to Example Works"].assert_eq(&thief.sees());
    jane.goes_to("/me/add").await;
    expect!["200 Choose a way"].assert_eq(&jane.sees());
    world.rests().await;
}

#[tokio::test]
async fn gate_10_a_fourth_sign_in_ends_the_oldest_and_says_so() {
    let world = World::open().await;
    let mut browsers = Vec::new();
    for _ in 0..4 {
        let mut browser = world.visitor();
        browser.signs_in("jane01", OLD).await;
        browsers.push(browser);
        world.clock.advance_ms(1_000);
    }
    let said = "You were signed in at three places already, so the oldest of them was signed out.";
    assert!(!browsers[2].page.text().contains(said));
    assert!(browsers[3].answer.body.contains(said));
    let mut seen = Vec::new();
    for browser in &mut browsers {
        browser.goes_to("/me").await;
        seen.push(browser.sees());
    }
    expect![[r#"
        200 Sign in to Example Works
        ! You were signed out because nothing happened for a while, or because of something done in another browser.
        200 Security info
        200 Security info
        200 Security info
        ~ You were signed in at three places already, so the oldest of them was signed out."#]]
    .assert_eq(&seen.join("\n"));
    assert_eq!(world.count_of("signin.ended").await, 1);
    world.rests().await;
}

/// Whoever only knew the password signed in again and again, and ended the owner's each time.
#[tokio::test]
async fn gate_10_sign_ins_with_a_password_alone_end_none_that_showed_more() {
    let world = World::open().await;
    let mut jane = world.visitor();
    jane.signs_in("jane01", OLD).await;
    proves(&mut jane, &world).await;
    for _ in 0..4 {
        world.clock.advance_ms(30_000);
        world.visitor().signs_in("jane01", OLD).await;
    }
    jane.goes_to("/me").await;
    expect!["200 Security info"].assert_eq(&jane.sees());
    world.rests().await;
}

#[tokio::test]
async fn gate_10_a_change_of_the_ways_back_in_ends_every_other_sign_in() {
    let world = World::open().await;
    let (mut jane, mut other) = (world.visitor(), world.visitor());
    other.signs_in("jane01", OLD).await;
    jane.signs_in("jane01", OLD).await;
    proves(&mut jane, &world).await;
    other.goes_to("/me").await;
    expect!["200 Security info"].assert_eq(&other.sees());
    jane.goes_to("/me/add/email").await;
    jane.submits("/me/add", &[("address", "jane@second.example")])
        .await;
    let code = world.code_to("jane@second.example");
    jane.submits("/me/code", &[("code", &code)]).await;
    assert_eq!(world.count_of("method.registered").await, 1);
    other.goes_to("/me").await;
    expect![[r#"
        200 Sign in to Example Works
        ! You were signed out because nothing happened for a while, or because of something done in another browser."#]]
    .assert_eq(&other.sees());
    jane.goes_to("/me").await;
    expect!["200 Security info"].assert_eq(&jane.sees());
    assert_eq!(world.count_of("signin.ended").await, 1);
    world.rests().await;
}

/// The second of two clicks came under the handle that the first had renewed, and led to the
/// sign-in.
#[tokio::test]
async fn a_form_sent_twice_while_its_handle_is_renewed_leads_on() {
    let world = World::open().await;
    let mut jane = world.visitor();
    jane.signs_in("jane01", OLD)
        .await
        .goes_to("/me/proof")
        .await;
    jane.submits("/me/proof/method", &[("method_id", "jane01-email")])
        .await;
    let body = jane.filled("/me/proof", &[("code", &world.code_to(MAILBOX))]);
    let clicks = [(); 3].map(|()| jane.posting("/me/proof", body.clone()));
    let [first, second, late] = clicks;
    jane.sends(first).await;
    let renewed = jane.jar[ME].clone();
    jane.sends(second).await;
    assert_eq!(jane.answer.location(), Some("/me"));
    assert_eq!(jane.jar[ME], renewed);
    jane.goes_to("/me").await;
    expect!["200 Security info"].assert_eq(&jane.sees());
    assert_eq!(world.count_of("proof.given").await, 1);
    world.clock.advance_ms(10_000);
    jane.sends(late).await;
    assert_eq!(jane.answer.location(), Some("/signin"));
    world.rests().await;
}

#[tokio::test]
async fn whoever_signs_in_again_in_the_same_browser_takes_no_second_place() {
    let world = World::open().await;
    let (mut jane, mut other) = (world.visitor(), world.visitor());
    other.signs_in("jane01", OLD).await;
    let mut olds = Vec::new();
    for _ in 0..4 {
        world.clock.advance_ms(1_000);
        jane.signs_in("jane01", OLD).await;
        olds.push(jane.jar[ME].clone());
    }
    other.goes_to("/me").await;
    expect!["200 Security info"].assert_eq(&other.sees());
    let mut thief = world.visitor();
    thief.jar.insert(ME.to_owned(), olds[0].clone());
    thief.goes_to("/me").await;
    expect!["200 Sign in to Example Works"].assert_eq(&thief.sees());
    world.rests().await;
}

#[tokio::test]
async fn a_change_of_the_password_that_was_slow_does_not_outlive_the_sign_in() {
    let world = World::open().await;
    let mut jane = world.visitor();
    jane.signs_in("jane01", OLD).await;
    let handle = jane.jar[ME].clone();
    let person = world.app.person(&handle).await.unwrap().person;
    let step = person.step;
    world.clock.advance_ms(15 * 60_000);
    let typed = || Secret::new(NEW.to_owned());
    let new = NewPassword::new(typed(), typed(), false);
    let passwords = (Secret::new(OLD.to_owned()), new);
    let form = FormStep { handle, step };
    let visitor = keymend::app::Visitor::default();
    let changed = world
        .app
        .change_password((form, person), passwords, &visitor);
    let stop = changed.await.unwrap_err();
    assert!(matches!(stop, Stop::Refused(Refusal::SigninEnded)));
    assert_eq!(world.count_of("order.opened").await, 0);
    world.rests().await;
}

#[tokio::test]
async fn strangers_who_guess_do_not_hold_up_a_change_of_the_password() {
    let world = World::open().await;
    let mut jane = world.visitor();
    jane.signs_in("jane01", OLD).await;
    for count in 0..20 {
        let mut stranger = world.visitor();
        stranger
            .signs_in("jane01", &format!("wrong words {count}"))
            .await;
    }
    world.minutes_pass(1).await;
    let fields = [("current", OLD), ("password", NEW), ("again", NEW)];
    jane.goes_to("/me/password").await;
    jane.submits("/me/password", &fields).await;
    expect!["200 Your password has been changed"].assert_eq(&jane.sees());
    world.rests().await;
}

#[tokio::test]
async fn whoever_idled_is_told_so_once_even_much_later() {
    let world = World::open().await;
    for minutes in [15, 23 * 60] {
        let mut jane = world.visitor();
        jane.signs_in("jane01", OLD).await;
        world.minutes_pass(minutes).await;
        jane.goes_to("/me").await;
        expect![[r#"
            200 Sign in to Example Works
            ! You were signed out because nothing happened for a while, or because of something done in another browser."#]]
        .assert_eq(&jane.sees());
        jane.goes_to("/me").await;
        expect!["200 Sign in to Example Works"].assert_eq(&jane.sees());
    }
    world.minutes_pass(26 * 60).await;
    world.rests().await;
}

#[tokio::test]
async fn a_familiar_mark_lasts_as_long_as_the_policy_says_and_only_ten_are_kept() {
    let plan = World::plan().with(|settings| settings.limits.familiar_days = 30);
    let world = plan.opens().await;
    let mut marks = Vec::new();
    for _ in 0..12 {
        let mut jane = world.visitor();
        jane.signs_in("jane01", OLD).await;
        assert!(!jane.jar.contains_key(DEVICE));
        proves(&mut jane, &world).await;
        let set = jane.transcript.iter().flat_map(|answer| {
            let cookies = answer.headers.get_all(header::SET_COOKIE).iter();
            cookies.map(|value| value.to_str().unwrap().to_owned())
        });
        let mark = set.into_iter().find(|text| text.starts_with(DEVICE));
        assert!(mark.unwrap().contains("; Max-Age=2592000"));
        marks.push(jane.jar[DEVICE].clone());
        // Ten messages a day go to one place.
        world.minutes_pass(150).await;
    }
    let now = world.app.now();
    let known = world
        .store
        .read(move |rx| -> Result<Vec<bool>, StoreFault> {
            let known = marks
                .iter()
                .map(|mark| Ok(rx.familiar(mark, now)?.is_some()));
            known.collect()
        });
    let known = known.await.unwrap();
    assert_eq!(known.iter().filter(|known| **known).count(), 10);
    assert_eq!(known[..2], [false, false]);
    world.rests().await;
}

#[tokio::test]
async fn a_stranger_who_paused_the_sign_in_does_not_keep_out_the_owners_own_browser() {
    let world = World::open().await;
    let mut jane = world.visitor();
    jane.signs_in("jane01", OLD).await;
    proves(&mut jane, &world).await;
    jane.submits("/signout", &[]).await;
    for count in 0..20 {
        let mut stranger = world.visitor();
        stranger
            .signs_in("jane01", &format!("wrong words {count}"))
            .await;
    }
    world.minutes_pass(1).await;
    let mut elsewhere = world.visitor();
    elsewhere.signs_in("jane01", OLD).await;
    assert_eq!(elsewhere.answer.status, 429);
    jane.signs_in("jane01", OLD).await;
    expect!["200 Security info"].assert_eq(&jane.sees());
    assert!(world.entry("jane01").await.state.lock.is_none());
    world.rests().await;
}

#[tokio::test]
async fn the_cookie_of_the_queue_shows_nobody_the_typed_name_and_takes_no_other() {
    let plan = World::plan().with(|settings| settings.bot_check = BotCheck::Silent);
    let world = plan.opens().await;
    let mut visitor = world.visitor();
    visitor.goes_to("/reset").await;
    visitor.submits("/reset", &[("user", "jane01")]).await;
    let value = visitor.jar[WAIT].clone();
    let (ticket, sealed) = value.split_once('~').unwrap();
    for plain in ["jane01", "amFuZTAx", "6a616e653031"] {
        assert!(!value.contains(plain), "{value}");
    }
    world.clock.advance_ms(6_000);
    let request = visitor.request("GET", "/reset/wait").body(Body::empty());
    visitor.sends(request.unwrap()).await;
    assert!(visitor.answer.body.contains("value=\"jane01\""));
    let forged = format!("{ticket}~{}", sealed.chars().rev().collect::<String>());
    visitor.jar.insert(WAIT.to_owned(), forged);
    let request = visitor.request("GET", "/reset/wait").body(Body::empty());
    visitor.sends(request.unwrap()).await;
    assert_eq!(visitor.answer.status, 200);
    assert!(!visitor.answer.body.contains("jane01"));
    world.rests().await;
}

#[tokio::test]
async fn under_pressure_an_answer_at_the_old_price_is_asked_for_again() {
    let plan = World::plan().with(|settings| settings.bot_check = BotCheck::Silent);
    let world = plan.opens().await;
    let mut eager = world.visitor();
    for count in 0..10 {
        eager.starts(&format!("name {count}")).await;
        assert_eq!(eager.answer.status, 200);
        world.clock.advance_ms(31_000);
    }
    // Two tabs are open at the old price; the first of them is the eleventh name.
    let mut other = world.visitor();
    other.address = eager.address;
    other.goes_to("/reset").await;
    let bits = |visitor: &Visitor<'_>| visitor.page.attribute("data-bits").unwrap();
    assert_eq!(bits(&other), "14");
    let cheap = other.works();
    eager.starts("name 11").await;
    other
        .submits("/reset", &[("user", "jane01"), ("human", &cheap)])
        .await;
    expect![[r#"
        422 Get back into your account
        ! We could not check your browser. Please try once more."#]]
    .assert_eq(&other.sees());
    assert_eq!(bits(&other), "17");
    let dear = other.works();
    other
        .submits("/reset", &[("user", "jane01"), ("human", &dear)])
        .await;
    expect!["200 What is the trouble?"].assert_eq(&other.sees());
    world.rests().await;
}

#[tokio::test]
async fn what_the_directory_knows_is_offered_masked_and_its_code_is_typed_back() {
    let world = World::open().await;
    let mut noah = world.visitor();
    noah.signs_in("noah03", OLD).await.goes_to("/me/add").await;
    let text = noah.page.text();
    assert!(
        text.contains("Your organisation has n…@work.example. Use it?"),
        "{text}"
    );
    noah.submits("/me/add", &[("known", "yes")]).await;
    let text = noah.page.text();
    assert!(text.contains("n…@work.example"), "{text}");
    let body = &noah.answer.body;
    assert!(!body.contains("noah03@work.example"), "shown in full");
    assert_eq!(world.count_of("method.registered").await, 0);
    let code = world.code_to("noah03@work.example");
    noah.submits("/me/code", &[("code", &code)]).await;
    expect!["200 Choose a way"].assert_eq(&noah.sees());
    assert_eq!(world.count_of("method.registered").await, 1);
    assert!(!noah.page.text().contains("work.example"), "offered again");
    world.rests().await;
}

#[tokio::test]
async fn a_proof_by_text_renews_the_handle_too() {
    let world = World::open().await;
    let mut jane = world.visitor();
    jane.signs_in("jane01", OLD).await;
    let before = jane.jar[ME].clone();
    jane.goes_to("/me/proof").await;
    jane.submits("/me/proof/method", &[("method_id", "jane01-text")])
        .await;
    jane.submits("/me/proof", &[("code", &world.code_to(MOBILE))])
        .await;
    assert_ne!(jane.jar[ME], before);
    world.rests().await;
}
