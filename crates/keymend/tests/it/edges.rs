//! G-15, G-17, G-48: what every answer carries, and which host and address a request is of.

use axum::body::Body;
use axum::http::{Request, header};
use expect_test::expect;
use keymend::web::ROUTES;

use crate::people::{MAILBOX, NEW, OLD};
use crate::visitor::{Answer, Visitor, send};
use crate::world::{HOST, ORIGIN, World};

/// What security-gates asks of every answer, whatever it is.
fn is_dressed(answer: &Answer, what: &str) {
    let fixed = [
        ("x-content-type-options", "nosniff"),
        ("x-frame-options", "DENY"),
        ("cross-origin-opener-policy", "same-origin"),
        ("cross-origin-embedder-policy", "require-corp"),
        ("cross-origin-resource-policy", "same-origin"),
    ];
    for (name, value) in fixed {
        assert_eq!(answer.header(name), Some(value), "{what}: {name}");
    }
    // Pages keep the origin for themselves, so that their forms carry one.
    let referrer = answer.header("referrer-policy").unwrap_or_default();
    assert!(
        matches!(referrer, "no-referrer" | "same-origin"),
        "{what}: {referrer}"
    );
    let transport = answer
        .header("strict-transport-security")
        .unwrap_or_default();
    assert!(
        transport.starts_with("max-age=63072000"),
        "{what}: {transport}"
    );
    let policy = answer.header("content-security-policy").unwrap_or_default();
    assert!(policy.starts_with("default-src 'none'"), "{what}: {policy}");
    assert!(
        policy.contains("frame-ancestors 'none'"),
        "{what}: {policy}"
    );
    for word in ["unsafe", "*", "data:", "http:", "https:", "blob:"] {
        assert!(!policy.contains(word), "{what}: {policy}");
    }
    let is_asset = what.contains("/assets/") && answer.status == 200;
    let cache = answer.header("cache-control").unwrap_or_default();
    assert!(is_asset || cache.contains("no-store"), "{what}: {cache}");
    for name in ["server", "x-powered-by", "access-control-allow-origin"] {
        assert!(answer.header(name).is_none(), "{what}: {name}");
    }
    if !answer.body.is_empty() {
        assert!(
            answer.header("content-type").is_some(),
            "{what}: no content type"
        );
    }
    for cookie in answer.headers.get_all(header::SET_COOKIE) {
        let cookie = cookie.to_str().unwrap();
        for part in [
            "__Host-",
            "; Path=/",
            "; HttpOnly",
            "; SameSite=Strict",
            "; Secure",
        ] {
            assert!(cookie.contains(part), "{what}: {cookie}");
        }
        assert!(!cookie.contains("Domain="), "{what}: {cookie}");
    }
}

async fn signed_in_and_proven(world: &World) -> Visitor<'_> {
    let mut visitor = world.visitor();
    visitor.signs_in("jane01", OLD).await;
    visitor.forgot("jane01").await.proves_by_email().await;
    visitor.proves_by_text().await;
    visitor
}

#[tokio::test]
async fn gate_15_every_answer_of_every_route_is_dressed() {
    let world = World::open().await;
    let mut visitor = signed_in_and_proven(&world).await;
    let mut statuses = std::collections::BTreeSet::new();
    let assets = [
        "/assets/keymend.css",
        "/assets/unknown.css",
        "/nothing/here",
        "/%00",
        "/flow/",
    ];
    let paths = ROUTES.iter().map(|(_, path)| *path).chain(assets);
    for path in paths {
        let path = path
            .replace("{token}", "unknown")
            .replace("{file}", "unknown.svg");
        for method in ["GET", "HEAD", "POST", "PUT", "OPTIONS"] {
            for content_type in ["application/x-www-form-urlencoded", "application/json"] {
                let body = if content_type.ends_with("json") {
                    "{}"
                } else {
                    "form_token=1.x"
                };
                let request = visitor
                    .request(method, &path)
                    .header(header::ORIGIN, ORIGIN)
                    .header(header::CONTENT_TYPE, content_type)
                    .body(Body::from(body))
                    .unwrap();
                let answer = visitor.sends(request).await;
                is_dressed(answer, &format!("{method} {path}"));
                statuses.insert(answer.status.as_u16());
            }
        }
    }
    let big = visitor.posting("/reset", "x".repeat(30_000));
    is_dressed(visitor.sends(big).await, "a form that is too long");
    let foreign = visitor
        .request("GET", "/reset")
        .header("x", "y")
        .body(Body::empty())
        .unwrap();
    is_dressed(visitor.sends(foreign).await, "a page");
    expect!["{200, 303, 404, 405, 415, 422}"].assert_eq(&format!("{statuses:?}"));
    for answer in &visitor.transcript {
        is_dressed(answer, "an answer of the journey /assets/");
    }
    world.rests().await;
}

#[tokio::test]
async fn gate_15_pages_hold_no_inline_script_and_load_nothing_from_elsewhere() {
    let world = World::open().await;
    let mut visitor = signed_in_and_proven(&world).await;
    visitor.chooses(NEW).await;
    for path in [
        "/",
        "/reset",
        "/help",
        "/me",
        "/me/add",
        "/register",
        "/me/password",
    ] {
        visitor.goes_to(path).await;
    }
    let mut pages = 0;
    for answer in &visitor.transcript {
        if !answer
            .header("content-type")
            .is_some_and(|text| text.starts_with("text/html"))
        {
            continue;
        }
        pages += 1;
        let body = answer.body.to_lowercase().replace("&#x2f;", "/");
        for word in [
            "javascript:",
            " onclick",
            " onload",
            " style=\"",
            "src=\"http",
            "href=\"http",
            "//cdn",
        ] {
            assert!(!body.contains(word), "{word}");
        }
        let policy = answer.header("content-security-policy").unwrap();
        let (_, rest) = policy.split_once("'nonce-").unwrap();
        let (nonce, _) = rest.split_once('\'').unwrap();
        let scripts = body.matches("<script").count();
        assert_eq!(body.matches("<script src=\"/assets/").count(), scripts);
        assert!(answer.body.contains(&format!("nonce=\"{nonce}\"")));
    }
    assert!(pages > 12, "{pages}");
    world.rests().await;
}

#[tokio::test]
async fn gate_17_a_request_for_another_host_is_turned_away() {
    let world = World::open().await;
    let visitor = world.visitor();
    let hosts = [
        "evil.example",
        "reset.example.evil.example",
        "reset.example:8443",
        "reset.example.",
        "evil@reset.example",
        "reset.example, evil.example",
        "[::1]",
        "127.0.0.1",
        "",
        "xn--reset-example",
    ];
    for (method, path) in ROUTES {
        let path = path
            .replace("{token}", "unknown")
            .replace("{file}", "unknown");
        for host in hosts {
            let request = Request::builder()
                .method(*method)
                .uri(&path)
                .header(header::HOST, host)
                .header(header::ORIGIN, ORIGIN)
                .body(Body::empty())
                .unwrap();
            let answer = send(&world.router, request, visitor.address).await;
            assert_eq!(answer.status, 421, "{method} {path} for {host}");
            assert_eq!(answer.body, "Misdirected Request");
            assert!(!answer.headers.contains_key(header::SET_COOKIE));
        }
    }
    let none = Request::builder()
        .uri("/reset")
        .body(Body::empty())
        .unwrap();
    assert_eq!(send(&world.router, none, visitor.address).await.status, 421);
    let two = Request::builder()
        .uri("/reset")
        .header("host", HOST)
        .header("host", HOST);
    let two = two.body(Body::empty()).unwrap();
    assert_eq!(send(&world.router, two, visitor.address).await.status, 421);
    let absolute = Request::builder()
        .uri("https://evil.example/reset")
        .header("host", HOST);
    let absolute = absolute.body(Body::empty()).unwrap();
    assert_eq!(
        send(&world.router, absolute, visitor.address).await.status,
        421
    );
    let shouted = Request::builder()
        .uri("/reset")
        .header("host", "RESET.example");
    let shouted = shouted.body(Body::empty()).unwrap();
    assert_eq!(
        send(&world.router, shouted, visitor.address).await.status,
        200
    );
    world.rests().await;
}

#[tokio::test]
async fn gate_17_no_header_gets_into_a_link_or_a_redirect() {
    let world = World::open().await;
    let mut jane = world.visitor();
    jane.forgot("jane01").await.proves_by_email().await;
    jane.proves_by_text().await;
    let body = jane.filled("/flow/password", &[("password", NEW), ("again", NEW)]);
    let mut request = jane.posting("/flow/password", body);
    for name in [
        "x-forwarded-host",
        "forwarded",
        "x-host",
        "x-original-url",
        "x-rewrite-url",
    ] {
        request
            .headers_mut()
            .insert(name, "host=evil.example".parse().unwrap());
    }
    jane.sends(request).await;
    jane.goes_to("/flow").await;
    assert_eq!(jane.page.heading(), "Your password has been changed");
    let mail = world.message_to(MAILBOX);
    assert!(mail.contains("https://reset.example/not-me/"), "{mail}");
    let all = jane
        .transcript
        .iter()
        .map(|answer| format!("{:?}{}", answer.headers, answer.body));
    assert!(all.chain([mail]).all(|text| !text.contains("evil.example")));
    world.rests().await;
}

/// How many starts one forged address gets through a proxy before it is slowed down.
async fn starts(world: &World, peer: [u8; 4], forwarded: &[&str]) -> usize {
    let mut visitor = Visitor::new(world, peer.into());
    let mut granted = 0;
    for count in 0..12 {
        visitor.goes_to("/reset").await;
        let body = visitor.filled("/reset", &[("user", "jane01")]);
        let mut request = visitor.posting("/reset", body);
        for hop in forwarded {
            let hop = hop.replace("{n}", &count.to_string());
            request
                .headers_mut()
                .append("x-forwarded-for", hop.parse().unwrap());
        }
        granted += usize::from(visitor.sends(request).await.status == 303);
    }
    granted
}

#[tokio::test]
async fn gate_48_only_a_named_proxy_speaks_for_an_address_and_only_for_the_last_hop() {
    let cases: [(&str, [u8; 4], &[&str], usize); 6] = [
        (
            "nobody's proxy is not believed",
            [203, 0, 113, 5],
            &["198.51.100.{n}"],
            10,
        ),
        (
            "a forged first hop does not count",
            [192, 0, 2, 1],
            &["198.51.100.{n}, 203.0.113.9"],
            10,
        ),
        (
            "nor one in a header of its own",
            [192, 0, 2, 1],
            &["198.51.100.{n}", "203.0.113.9"],
            10,
        ),
        (
            "nor before another proxy of ours",
            [192, 0, 2, 1],
            &["198.51.100.{n}, 203.0.113.9, 192.0.2.7"],
            10,
        ),
        (
            "nor before a hop with its port",
            [192, 0, 2, 1],
            &["198.51.100.{n}, 203.0.113.9:4711"],
            10,
        ),
        (
            "nor before a hop nobody can read",
            [192, 0, 2, 1],
            &["198.51.100.{n}, unknown"],
            10,
        ),
    ];
    for (what, peer, forwarded, expected) in cases {
        let world = World::plan().behind("192.0.2.0/24").opens().await;
        assert_eq!(starts(&world, peer, forwarded).await, expected, "{what}");
        world.rests().await;
    }
    let world = World::plan().behind("192.0.2.0/24").opens().await;
    assert_eq!(
        starts(&world, [192, 0, 2, 1], &["198.51.100.{n}"]).await,
        12,
        "clients apart"
    );
    world.rests().await;
}
