//! G-12, G-14: forms that no page of ours would send, and forms from somewhere else.

use axum::body::Body;
use axum::http::{Request, header};
use expect_test::expect;
use keymend::web::ROUTES;

use crate::people::{NEW, OLD};
use crate::visitor::{Visitor, encoded};
use crate::world::{ORIGIN, World};

fn posts() -> impl Iterator<Item = String> {
    let posts = ROUTES.iter().filter(|(method, _)| *method == "POST");
    posts.map(|(_, path)| path.replace("{token}", "unknown"))
}

/// A visitor in the middle of a journey and signed in as well: every form has its cookies.
async fn busy<'w>(world: &'w World) -> Visitor<'w> {
    let mut visitor = world.visitor();
    visitor.signs_in("jane01", OLD).await;
    visitor.forgot("jane01").await.proves_by_email().await;
    visitor.proves_by_text().await;
    visitor
}

/// What counts as an effect: anything recorded or sent.
async fn effects(world: &World) -> (usize, String) {
    (world.audit().await.len(), world.told().await)
}

#[tokio::test]
async fn gate_12_malformed_forms_get_one_fixed_refusal_and_do_nothing() {
    let world = World::open().await;
    let mut visitor = busy(&world).await;
    let token = visitor.token();
    let (before, _) = effects(&world).await;
    let bodies = [
        format!("form_token={token}&user[]=a&user[]=b"),
        format!("form_token={token}&user=a&user=b"),
        format!("form_token={token}&form_token={token}"),
        format!("form_token={token}&user[x]=a"),
        format!("form_token={token}&dn=cn%3Dadmin"),
        format!("form_token={token}&flow=1"),
        format!("form_token={token}&_method=DELETE"),
        format!("form_token={token}&password=%ff%fe"),
        format!("form_token={token}&password=%zz"),
        format!("form_token={token}&password=%"),
        format!("form_token={token}&password"),
        format!("form_token={token}&User=a"),
        format!("form_token={token}&user%00=a"),
        "f\0o\0r\0m\0".to_owned(),
    ];
    let mut cases = 0;
    for path in posts() {
        for body in &bodies {
            let request = visitor.posting(&path, body.clone());
            let answer = visitor.sends(request).await;
            assert_eq!(answer.status, 400, "{path} {body}");
            assert_eq!(answer.body, "Bad request", "{path} {body}");
            cases += 1;
        }
    }
    assert_eq!(effects(&world).await, (before, String::new()));
    assert_eq!(cases, bodies.len() * posts().count());
    world.rests().await;
}

#[tokio::test]
async fn gate_12_fields_of_another_form_are_refused() {
    let world = World::open().await;
    let mut visitor = busy(&world).await;
    let token = visitor.token();
    let (before, _) = effects(&world).await;
    for path in posts() {
        for (name, value) in [("user", "jane01"), ("intent", "reset"), ("human", "x")] {
            let belongs = match name {
                "user" => matches!(path.as_str(), "/reset" | "/signin" | "/help"),
                "intent" => path == "/flow/intent",
                _ => path == "/reset",
            };
            if belongs {
                continue;
            }
            let fields = [("form_token", token.as_str()), (name, value)];
            let request = visitor.posting(&path, encoded(&fields));
            let answer = visitor.sends(request).await;
            assert_eq!(answer.status, 400, "{path} {name}");
        }
    }
    assert_eq!(effects(&world).await, (before, String::new()));
    world.rests().await;
}

#[tokio::test]
async fn gate_12_other_content_types_are_refused() {
    let world = World::open().await;
    let mut visitor = busy(&world).await;
    let (before, _) = effects(&world).await;
    let types = [
        Some("application/json"),
        Some("text/plain"),
        Some("multipart/form-data; boundary=x"),
        Some("application/x-www-form-urlencodedx"),
        Some(""),
        None,
    ];
    for path in posts() {
        for content_type in types {
            let mut request = visitor
                .request("POST", &path)
                .header(header::ORIGIN, ORIGIN);
            if let Some(content_type) = content_type {
                request = request.header(header::CONTENT_TYPE, content_type);
            }
            let request = request.body(Body::from("{\"user\":[\"a\"]}")).unwrap();
            let answer = visitor.sends(request).await;
            assert_eq!(answer.status, 415, "{path} {content_type:?}");
        }
    }
    assert_eq!(effects(&world).await, (before, String::new()));
    world.rests().await;
}

#[tokio::test]
async fn gate_12_forms_that_are_too_long_are_cut_off() {
    let world = World::open().await;
    let mut visitor = busy(&world).await;
    for path in posts() {
        let request = visitor.posting(&path, format!("password={}", "x".repeat(20_000)));
        assert_eq!(visitor.sends(request).await.status, 413, "{path}");
    }
    world.rests().await;
}

#[tokio::test]
async fn gate_12_strange_names_are_names_like_any_other() {
    let world = World::open().await;
    let mut rows = Vec::new();
    let long = "x".repeat(10_000);
    for user in [
        "user=*",
        "*",
        "\\75ser1",
        "jane01)(uid=*",
        ")(",
        "\u{1f511}",
        "jane01\0",
        "jane\u{1}01",
        "",
        "  ",
        "CORP\\jane01",
        "' or 1=1 --",
        "<script>",
        "%00",
        long.as_str(),
    ] {
        let mut visitor = world.visitor();
        visitor.starts(user).await;
        let shown: String = user.chars().take(16).collect();
        rows.push(format!("{shown:?}: {}", visitor.sees().replace('\n', " ")));
    }
    expect![[r#"
        "user=*": 200 What is the trouble?
        "*": 200 What is the trouble?
        "\\75ser1": 200 What is the trouble?
        "jane01)(uid=*": 200 What is the trouble?
        ")(": 200 What is the trouble?
        "🔑": 200 What is the trouble?
        "jane01\0": 422 Get back into your account ! Type the user name you use at work, for example jane.doe.
        "jane\u{1}01": 422 Get back into your account ! Type the user name you use at work, for example jane.doe.
        "": 422 Get back into your account ! Type the user name you use at work, for example jane.doe.
        "  ": 422 Get back into your account ! Type the user name you use at work, for example jane.doe.
        "CORP\\jane01": 200 What is the trouble?
        "' or 1=1 --": 200 What is the trouble?
        "<script>": 200 What is the trouble?
        "%00": 200 What is the trouble?
        "xxxxxxxxxxxxxxxx": 422 Get back into your account ! That is too long. Please shorten it."#]].assert_eq(&rows.join("\n"));
    world.rests().await;
}

#[tokio::test]
async fn gate_08_a_name_in_a_later_form_or_anothers_cookie_changes_nobody() {
    let world = World::open().await;
    let (mut alice, mut mallory) = (world.visitor(), world.visitor());
    alice.forgot("jane01").await;
    mallory.forgot("john02").await.proves_by_email().await;
    mallory.proves_by_text().await;
    let body = mallory.filled("/flow/password", &[("password", NEW), ("again", NEW)]);
    // The token of one attempt with the cookie of another.
    let request = alice.posting("/flow/password", body);
    alice.sends(request).await;
    assert_eq!(world.count_of("order.opened").await, 0);
    alice.goes_to("/flow").await;
    expect!["200 Show that it is you"].assert_eq(&alice.sees());
    mallory.chooses(NEW).await;
    expect!["200 Your password has been changed"].assert_eq(&mallory.sees());
    let mut owner = world.visitor();
    owner.signs_in("jane01", NEW).await;
    assert_eq!(owner.answer.status, 422);
    world.rests().await;
}

#[tokio::test]
async fn gate_08_an_account_renamed_meanwhile_goes_on_and_one_made_anew_does_not() {
    let world = World::open().await;
    let mut jane = world.visitor();
    jane.forgot("jane01").await.proves_by_email().await;
    jane.proves_by_text().await;
    world
        .directory
        .rename(&world.account("jane01"), "jane99")
        .await
        .unwrap();
    jane.chooses(NEW).await;
    assert_eq!(jane.page.heading(), "Your password has been changed");
    world.minutes_pass(60).await;
    let mut john = world.visitor();
    john.forgot("john02").await.proves_by_email().await;
    john.proves_by_text().await;
    world
        .directory
        .remove(&world.account("john02"))
        .await
        .unwrap();
    john.chooses(NEW).await;
    expect![[r#"
        403 This attempt has ended
        ! Your account can no longer be helped here. Nothing was changed. Your administrators can help you: choose “Ask for help”."#]].assert_eq(&john.sees());
    assert_eq!(world.count_of("order.opened").await, 1);
    world.rests().await;
}

#[tokio::test]
async fn gate_23_an_account_disabled_meanwhile_is_not_written() {
    let world = World::open().await;
    let mut jane = world.visitor();
    jane.forgot("jane01").await.proves_by_email().await;
    jane.proves_by_text().await;
    world
        .directory
        .set_disabled(&world.account("jane01"), true)
        .await
        .unwrap();
    jane.chooses(NEW).await;
    expect![[r#"
        403 This attempt has ended
        ! Your account can no longer be helped here. Nothing was changed. Your administrators can help you: choose “Ask for help”."#]].assert_eq(&jane.sees());
    assert_eq!(world.count_of("order.opened").await, 0);
    world.rests().await;
}

/// Every way in which a form can come from somewhere else.
fn foreign(visitor: &Visitor<'_>, path: &str, body: &str) -> Vec<(&'static str, Request<Body>)> {
    let own = ORIGIN;
    let cases: [(&'static str, &[(&'static str, &str)]); 9] = [
        ("foreign origin", &[("origin", "https://evil.example")]),
        (
            "origin with another port",
            &[("origin", "https://reset.example:8443")],
        ),
        ("plain origin", &[("origin", "http://reset.example")]),
        ("null origin", &[("origin", "null")]),
        ("no origin", &[]),
        (
            "cross-site",
            &[("origin", own), ("sec-fetch-site", "cross-site")],
        ),
        (
            "same-site",
            &[("origin", own), ("sec-fetch-site", "same-site")],
        ),
        ("none", &[("origin", own), ("sec-fetch-site", "none")]),
        (
            "same-origin, foreign origin",
            &[
                ("origin", "https://evil.example"),
                ("sec-fetch-site", "same-origin"),
            ],
        ),
    ];
    let requests = cases.into_iter().map(|(name, headers)| {
        let mut request = visitor
            .request("POST", path)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        for (header, value) in headers {
            request = request.header(*header, *value);
        }
        (name, request.body(Body::from(body.to_owned())).unwrap())
    });
    requests.collect()
}

#[tokio::test]
async fn gate_14_a_form_from_another_site_is_refused_even_with_the_right_token() {
    let world = World::open().await;
    let mut visitor = busy(&world).await;
    let body = visitor.filled("/flow/password", &[("password", NEW), ("again", NEW)]);
    let (before, _) = effects(&world).await;
    let mut cases = 0;
    for path in posts() {
        for (name, request) in foreign(&visitor, &path, &body) {
            let answer = visitor.sends(request).await;
            assert_eq!(answer.status, 403, "{path}: {name}");
            assert!(!answer.headers.contains_key("set-cookie"), "{path}: {name}");
            cases += 1;
        }
    }
    assert_eq!(cases, 9 * posts().count());
    assert_eq!(effects(&world).await, (before, String::new()));
    world.rests().await;
}

#[tokio::test]
async fn gate_14_a_form_without_a_token_or_with_a_foreign_one_does_nothing() {
    let world = World::open().await;
    let mut visitor = busy(&world).await;
    let mut other = world.visitor();
    other.forgot("john02").await;
    let tokens = [
        "",
        "0",
        "1.AAAAAAAAAAAAAAAAAAAAAA",
        &other.token(),
        "\u{1f511}",
    ];
    let (before, _) = effects(&world).await;
    for path in posts() {
        for token in tokens {
            let request = visitor.posting(&path, encoded(&[("form_token", token)]));
            let answer = visitor.sends(request).await;
            let status = answer.status.as_u16();
            assert!(matches!(status, 303 | 404 | 422), "{path}: {status}");
        }
        let request = visitor.posting(&path, String::new());
        visitor.sends(request).await;
    }
    assert_eq!(effects(&world).await, (before, String::new()));
    visitor.goes_to("/flow").await.chooses(NEW).await;
    assert_eq!(visitor.page.heading(), "Your password has been changed");
    world.rests().await;
}

#[tokio::test]
async fn gate_14_other_methods_in_place_of_post_are_refused() {
    let world = World::open().await;
    let mut visitor = busy(&world).await;
    let body = visitor.filled("/flow/password", &[("password", NEW), ("again", NEW)]);
    let (before, _) = effects(&world).await;
    for (_, path) in ROUTES {
        let path = path
            .replace("{token}", "unknown")
            .replace("{file}", "unknown");
        let gets = ROUTES.contains(&("GET", path.as_str())) || path.contains("unknown");
        for method in ["GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"] {
            if gets && matches!(method, "GET" | "HEAD") {
                continue;
            }
            let request = visitor
                .request(method, &path)
                .header(header::ORIGIN, ORIGIN)
                .header("sec-fetch-site", "same-origin")
                .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
                .body(Body::from(body.clone()))
                .unwrap();
            assert_eq!(visitor.sends(request).await.status, 405, "{method} {path}");
        }
    }
    assert_eq!(effects(&world).await, (before, String::new()));
    world.rests().await;
}

#[tokio::test]
async fn gate_10_every_gate_gives_a_new_handle_and_the_old_one_is_dead() {
    let world = World::open().await;
    let mut jane = world.visitor();
    jane.forgot("jane01").await;
    let mut old = Vec::new();
    old.push(jane.jar.clone());
    jane.proves_by_email().await;
    old.push(jane.jar.clone());
    jane.proves_by_text().await;
    let flow = |jar: &std::collections::BTreeMap<String, String>| jar["__Host-km_flow"].clone();
    assert_ne!(flow(&old[0]), flow(&old[1]));
    assert_ne!(flow(&old[1]), flow(&jane.jar));
    for jar in old {
        let mut planted = world.visitor();
        planted.jar = jar;
        planted.goes_to("/flow").await;
        assert_eq!(planted.page.heading(), "Get back into your account");
    }
    // The handle of an attempt opens nothing of a signed-in person.
    for path in [
        "/me",
        "/me/export",
        "/me/password",
        "/register",
        "/me/add",
        "/outbox",
    ] {
        let request = jane.request("GET", path).body(Body::empty()).unwrap();
        let answer = jane.sends(request).await;
        assert!(
            answer.status == 404 || answer.location() == Some("/signin"),
            "{path}"
        );
    }
    jane.goes_to("/flow").await.chooses(NEW).await;
    let changed = world.audit().await.len();
    jane.goes_to("/flow").await;
    assert_eq!(world.count_of("password.reset").await, 1);
    assert_eq!(world.audit().await.len(), changed);
    assert_eq!(world.count_of("signin.succeeded").await, 0);
    world.rests().await;
}
