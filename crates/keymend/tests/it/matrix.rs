//! G-05: every state of an attempt against every address of the service.  What is not declared
//! here must not happen.

use axum::body::Body;
use expect_test::expect;
use keymend::web::ROUTES;

use crate::chance::Seeded;
use crate::people::{MAILBOX, MOBILE, NEW};
use crate::stall::Stall;
use crate::visitor::{Visitor, encoded, send};
use crate::world::World;
use keymend_domain::time::Clock as _;

const ALWAYS: [&str; 2] = ["/flow/more-time", "/flow/cancel"];
const WISHES: [&str; 2] = ["/flow/reset-instead", "/flow/unlock-instead"];

/// A state, and the addresses that do something in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    NoCookie,
    Choosing,
    Menu,
    Contact,
    Code,
    SecondMenu,
    SecondContact,
    SecondCode,
    ProvenReset,
    ProvenUnlock,
    Writing,
    Done,
    Cancelled,
    Expired,
    Replaced,
    Blocked,
    Decoy,
}

impl State {
    const ALL: [Self; 17] = [
        Self::NoCookie,
        Self::Choosing,
        Self::Menu,
        Self::Contact,
        Self::Code,
        Self::SecondMenu,
        Self::SecondContact,
        Self::SecondCode,
        Self::ProvenReset,
        Self::ProvenUnlock,
        Self::Writing,
        Self::Done,
        Self::Cancelled,
        Self::Expired,
        Self::Replaced,
        Self::Blocked,
        Self::Decoy,
    ];

    fn allows(self) -> Vec<&'static str> {
        let own: &[&str] = match self {
            Self::Choosing => &["/flow/intent"],
            Self::Menu | Self::SecondMenu => &["/flow/method"],
            // Another way may be named at once; it opens nothing.
            Self::Contact | Self::SecondContact => {
                &["/flow/challenge", "/flow/other", "/flow/method"]
            }
            Self::Code | Self::SecondCode | Self::Decoy => {
                &["/flow/prove", "/flow/resend", "/flow/other", "/flow/method"]
            }
            Self::ProvenReset => &["/flow/password", "/flow/rules"],
            Self::ProvenUnlock => &["/flow/unlock", "/flow/rules"],
            Self::Writing
            | Self::NoCookie
            | Self::Done
            | Self::Cancelled
            | Self::Expired
            | Self::Replaced
            | Self::Blocked => return vec![],
        };
        let past_first = matches!(
            self,
            Self::SecondMenu
                | Self::SecondContact
                | Self::SecondCode
                | Self::ProvenReset
                | Self::ProvenUnlock
        );
        let wishes: &[&str] = if past_first { &WISHES } else { &[] };
        [own, &ALWAYS, wishes].concat()
    }
}

/// Brings a visitor into a state; gives the tokens of an older page and of the newest.
async fn brought(visitor: &mut Visitor<'_>, world: &World, state: State) -> (String, String) {
    let user = if state == State::Blocked {
        "nobo17"
    } else {
        "lock07"
    };
    visitor.starts(user).await;
    let first = visitor.token();
    // More time can be given only where the life of a proof leaves some.
    world.clock.advance_ms(60_000);
    let intent = if state == State::ProvenUnlock {
        "unlock"
    } else {
        "reset"
    };
    if state == State::Decoy {
        visitor.starts("nobo17").await;
    }
    if state != State::Choosing {
        visitor.submits("/flow/intent", &[("intent", intent)]).await;
    }
    match state {
        State::Choosing | State::Menu => {}
        State::NoCookie => visitor.jar.clear(),
        State::Contact => {
            visitor
                .submits("/flow/method", &[("method", "email")])
                .await;
        }
        State::Code | State::Decoy => {
            visitor.asks_for_code("email", MAILBOX).await;
        }
        State::Blocked => {}
        State::Cancelled => {
            visitor.submits("/flow/more-time", &[]).await;
        }
        _ => {
            visitor.proves_by_email().await;
        }
    }
    let token = further(visitor, world, state).await;
    (first, token)
}

async fn further(visitor: &mut Visitor<'_>, world: &World, state: State) -> String {
    match state {
        State::SecondContact => {
            visitor.submits("/flow/method", &[("method", "text")]).await;
        }
        State::SecondCode => {
            visitor.asks_for_code("text", MOBILE).await;
        }
        State::ProvenReset
        | State::ProvenUnlock
        | State::Writing
        | State::Done
        | State::Replaced => {
            visitor.proves_by_text().await;
        }
        _ => {}
    }
    let token = visitor.token();
    match state {
        // Long enough for another code to be asked for.
        State::Code | State::SecondCode | State::Decoy => world.clock.advance_ms(61_000),
        State::Done => {
            let password = format!("quiet river {} stones", world.clock.now().0);
            visitor.chooses(&password).await;
            assert_eq!(visitor.page.heading(), "Your password has been changed");
        }
        State::Cancelled => {
            visitor.submits("/flow/cancel", &[]).await;
        }
        State::Expired => world.minutes_pass(20).await,
        State::Replaced => replace(world).await,
        State::Blocked => block(visitor, world).await,
        _ => {}
    }
    token
}

/// Somebody else proves the same account.
async fn replace(world: &World) {
    world.clock.advance_ms(10 * 60_000 + 1);
    let mut other = world.visitor();
    other.forgot("lock07").await.proves_by_email().await;
    other.proves_by_text().await;
}

/// This attempt's first wrong answer is the fifth of its name.
async fn block(visitor: &mut Visitor<'_>, world: &World) {
    for _ in 0..4 {
        let mut other = world.visitor();
        other
            .forgot("nobo17")
            .await
            .asks_for_code("text", "+447700900999")
            .await;
        other.answers_wrong().await;
    }
    visitor.asks_for_code("text", "+447700900999").await;
    visitor.answers_wrong().await;
    assert_eq!(visitor.answer.status, 429, "{}", visitor.sees());
}

/// The fields a form of this address has, filled in as well as can be.
fn fields(world: &World, path: &str, visitor: &Visitor<'_>) -> Vec<(&'static str, String)> {
    let second =
        visitor.page.heading() == "One more step" || visitor.page.text().contains("Step 2");
    let (way, address) = if second {
        ("text", MOBILE)
    } else {
        ("email", MAILBOX)
    };
    let field = |name, value: &str| (name, value.to_owned());
    match path {
        "/flow/intent" => vec![field("intent", "reset")],
        "/flow/method" => vec![field("method", way)],
        "/flow/challenge" => vec![field("address", address)],
        "/flow/prove" => vec![field(
            "code",
            &world.newest_code().unwrap_or("123456".to_owned()),
        )],
        "/flow/password" => vec![
            field("password", NEW),
            field("again", NEW),
            field("shown", ""),
        ],
        "/flow/rules" => vec![field("password", NEW)],
        "/reset" | "/help" => vec![field("user", "lock07")],
        "/signin" => vec![field("user", "lock07"), field("password", NEW)],
        "/me/remove" | "/me/proof/method" => vec![field("method_id", "lock07-email")],
        "/me/add" => vec![field("method", "email"), field("address", MAILBOX)],
        "/me/code" | "/me/proof" => vec![field("code", "123456")],
        "/me/password" => vec![
            field("current", NEW),
            field("password", NEW),
            field("again", NEW),
        ],
        "/flow/resend"
        | "/flow/other"
        | "/flow/unlock"
        | "/flow/reset-instead"
        | "/flow/unlock-instead"
        | "/flow/more-time"
        | "/flow/cancel"
        | "/signout"
        | "/register/skip"
        | "/register/confirm"
        | "/me/code/resend"
        | "/not-me/{token}" => vec![],
        other => panic!("a new address: say here which fields {other} has, and where it may act"),
    }
}

/// Sends one request; says whether anything came of it.
async fn acts(
    visitor: &mut Visitor<'_>,
    world: &World,
    (method, path): (&str, &str),
    token: &str,
) -> bool {
    visitor.goes_to("/flow").await;
    let before = (
        visitor.page.heading(),
        visitor.page.form("/flow/more-time").is_some(),
    );
    let heard = world.audit().await.len();
    let concrete = path
        .replace("{token}", "unknown")
        .replace("{file}", "unknown");
    let request = if method == "GET" {
        visitor
            .request("GET", &concrete)
            .body(Body::empty())
            .unwrap()
    } else {
        let mut pairs = vec![("form_token", token.to_owned())];
        pairs.extend(fields(world, path, visitor));
        visitor.posting(&concrete, encoded(&pairs))
    };
    let status = visitor.sends(request).await.status.as_u16();
    assert!(status < 500 || status == 503, "{method} {path}: {status}");
    let shown_rules = path == "/flow/rules" && status == 200;
    visitor.goes_to("/flow").await;
    let after = (
        visitor.page.heading(),
        visitor.page.form("/flow/more-time").is_some(),
    );
    let records = world.audit().await;
    let deeds = records.iter().skip(heard).filter(|record| {
        let is_refusal = record.event.reason.as_deref() == Some("sequence_violation");
        !is_refusal && record.event.event.word() != "notice.sent"
    });
    shown_rules || after != before || deeds.count() > 0
}

/// The addresses that an attempt's own forms go to; each gets an attempt of its own.
fn own_routes() -> impl Iterator<Item = &'static (&'static str, &'static str)> {
    ROUTES.iter().filter(|route| is_own(route))
}

/// All others; nothing comes of them, so that one attempt does for all.
fn other_routes() -> impl Iterator<Item = &'static (&'static str, &'static str)> {
    ROUTES.iter().filter(|route| !is_own(route))
}

fn is_own((method, path): &(&str, &str)) -> bool {
    *method == "POST" && path.starts_with("/flow/")
}

async fn check(state: State) {
    let world = World::open().await;
    for route in own_routes() {
        // The counters of the last case are forgotten by then.
        world.minutes_pass(25 * 60).await;
        if state == State::Done {
            world
                .directory
                .lock(&world.account("lock07"))
                .await
                .unwrap();
        }
        let mut visitor = world.visitor();
        let (old, token) = brought(&mut visitor, &world, state).await;
        if old != token {
            let acted = acts(&mut visitor, &world, *route, &old).await;
            assert!(!acted, "{state:?}: an old form of {route:?} did something");
        }
        expects(&mut visitor, &world, state, (*route, &token)).await;
    }
    world.minutes_pass(25 * 60).await;
    let mut visitor = world.visitor();
    let (_, token) = brought(&mut visitor, &world, state).await;
    for route in other_routes() {
        expects(&mut visitor, &world, state, (*route, &token)).await;
    }
    assert_eq!(own_routes().count() + other_routes().count(), ROUTES.len());
    world.rests().await;
}

async fn expects(
    visitor: &mut Visitor<'_>,
    world: &World,
    state: State,
    (route, token): ((&str, &str), &str),
) {
    let acted = acts(visitor, world, route, token).await;
    let expected = route.0 == "POST" && state.allows().contains(&route.1);
    assert_eq!(
        acted,
        expected,
        "{state:?}: {route:?}, now {}",
        visitor.sees()
    );
}

macro_rules! every_state {
    ($($name:ident: $state:ident),+ $(,)?) => {
        $(#[tokio::test] async fn $name() { check(State::$state).await; })+

        #[test]
        fn gate_05_every_state_has_its_row() {
            let rows = [$(State::$state),+, State::Writing];
            assert!(State::ALL.iter().all(|state| rows.contains(state)));
            assert_eq!(rows.len(), State::ALL.len());
        }
    };
}

every_state! {
    gate_05_without_a_cookie_nothing_happens: NoCookie,
    gate_05_before_a_wish_only_a_wish_is_heard: Choosing,
    gate_05_the_menu_takes_a_way: Menu,
    gate_05_the_first_form_takes_an_address: Contact,
    gate_05_the_first_gate_takes_a_code: Code,
    gate_05_the_second_menu_takes_another_way: SecondMenu,
    gate_05_the_second_form_takes_an_address: SecondContact,
    gate_05_the_second_gate_takes_a_code: SecondCode,
    gate_05_a_proven_reset_takes_a_password: ProvenReset,
    gate_05_a_proven_unlock_lifts_a_lock: ProvenUnlock,
    gate_05_a_finished_attempt_takes_nothing: Done,
    gate_05_a_cancelled_attempt_takes_nothing: Cancelled,
    gate_05_an_expired_attempt_takes_nothing: Expired,
    gate_05_a_replaced_attempt_takes_nothing: Replaced,
    gate_05_a_blocked_attempt_takes_nothing: Blocked,
    gate_05_a_decoy_is_like_any_first_gate: Decoy,
}

#[tokio::test]
async fn gate_05_while_a_password_is_being_saved_nothing_else_is_done() {
    for route in own_routes() {
        saves_while(&[*route]).await;
    }
    let others: Vec<_> = other_routes().copied().collect();
    saves_while(&others).await;
}

/// Tries these addresses while the directory keeps the order waiting.
async fn saves_while(routes: &[(&str, &str)]) {
    let stall = Stall::begins();
    let world = World::plan().stalled(&stall).opens().await;
    let mut visitor = world.visitor();
    let (_, token) = brought(&mut visitor, &world, State::Writing).await;
    let body = visitor.filled("/flow/password", &[("password", NEW), ("again", NEW)]);
    let (router, address) = (world.router.clone(), visitor.address);
    let request = visitor.posting("/flow/password", body);
    let writing = tokio::spawn(async move { send(&router, request, address).await });
    while visitor.page.heading() != "Saving your new password" {
        visitor.goes_to("/flow").await;
    }
    for route in routes {
        expects(&mut visitor, &world, State::Writing, (*route, &token)).await;
    }
    stall.ends();
    writing.await.unwrap();
    visitor.goes_to("/flow").await;
    assert_eq!(visitor.page.heading(), "Your password has been changed");
    world.rests().await;
}

#[tokio::test]
async fn gate_05_identify_try_another_way_and_post_a_password_is_refused() {
    // The literal sequence of CVE-2026-18963.
    let world = World::open().await;
    let mut mallory = world.visitor();
    mallory.forgot("jane01").await;
    mallory
        .submits("/flow/method", &[("method", "email")])
        .await;
    mallory.submits("/flow/other", &[]).await;
    let fields = [
        ("form_token", mallory.token()),
        ("password", NEW.to_owned()),
        ("again", NEW.to_owned()),
    ];
    let request = mallory.posting("/flow/password", encoded(&fields));
    mallory.sends(request).await;
    assert_eq!(world.count_of("order.opened").await, 0);
    mallory.goes_to("/flow").await;
    expect![[r#"
        200 Show that it is you
        ! That page is out of date. We have taken you to the step you were on."#]]
    .assert_eq(&mallory.sees());
    for _ in 0..2 {
        let fields = [
            ("form_token", mallory.token()),
            ("password", NEW.to_owned()),
        ];
        let request = mallory.posting("/flow/password", encoded(&fields));
        mallory.sends(request).await;
        mallory.goes_to("/flow").await;
    }
    expect![[r#"
        409 This attempt has ended
        ! That page is out of date. We have taken you to the step you were on."#]]
    .assert_eq(&mallory.sees());
    mallory.signs_in("jane01", NEW).await;
    assert_eq!(mallory.answer.status, 422);
    world.rests().await;
}

#[tokio::test]
async fn gate_05_no_random_walk_without_right_codes_gets_anywhere() {
    const STEPS: usize = 2_000;
    let world = World::open().await;
    let chance = Seeded::new(2_026);
    let paths: Vec<&str> = ROUTES
        .iter()
        .filter(|(method, path)| *method == "POST" && path.starts_with("/flow/"))
        .map(|(_, path)| *path)
        .collect();
    let users = ["jane01", "lock07", "nobo17", "noah03"];
    let mut visitor = world.visitor();
    let mut tokens: Vec<String> = Vec::new();
    for step in 0..STEPS {
        if visitor
            .page
            .forms
            .iter()
            .all(|form| !form.action.starts_with("/flow/"))
        {
            world.minutes_pass(30).await;
            visitor = world.visitor();
            visitor.starts(users[chance.below(users.len())]).await;
            continue;
        }
        tokens.push(visitor.token());
        // Mostly the newest form, now and then one of the last few.
        let back = if chance.below(4) == 0 {
            chance.below(tokens.len().min(4))
        } else {
            0
        };
        let token = tokens[tokens.len() - 1 - back].clone();
        let path = paths[chance.below(paths.len())];
        let mut pairs = vec![("form_token", token)];
        pairs.extend(
            fields(&world, path, &visitor)
                .into_iter()
                .map(|(name, value)| match name {
                    "code" => (name, world.wrong_code()),
                    _ => (name, value),
                }),
        );
        let request = visitor.posting(path, encoded(&pairs));
        visitor.sends(request).await;
        visitor.goes_to("/flow").await;
        let heading = visitor.page.heading();
        assert!(
            !BEHIND_THE_GATES.contains(&heading.as_str()),
            "step {step}: {heading}"
        );
    }
    assert_eq!(world.count_of("gate.passed").await, 0);
    assert_eq!(world.count_of("order.opened").await, 0);
    world.rests().await;
}

const BEHIND_THE_GATES: [&str; 6] = [
    "One more step",
    "Choose a new password",
    "Unlock your account",
    "Saving your new password",
    "Your password has been changed",
    "Your account is unlocked",
];
