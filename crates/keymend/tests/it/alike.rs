//! G-01, G-04: nobody can tell from what a stranger sees whether a name means somebody.

use axum::http::header;

use crate::people::{EVERYBODY, Kind, MAILBOX, MOBILE, mail};
use crate::visitor::{Answer, Visitor};
use crate::world::World;

/// One answer as the comparison sees it: status, headers in order, body; and exactly these
/// hidden: nonce, form token, cookie value, reference, date.
fn masked(answer: &Answer) -> String {
    let mut text = format!("{}\n", answer.status);
    for (name, value) in &answer.headers {
        let value = value.to_str().unwrap();
        let value = match name.as_str() {
            "content-security-policy" => hidden(value, "'nonce-", "'"),
            "set-cookie" => hidden(value, "=", ";"),
            "date" => "####".to_owned(),
            _ => value.to_owned(),
        };
        text.push_str(&format!("{name}: {value}\n"));
    }
    let body = hidden(&answer.body, "nonce=\"", "\"");
    let body = hidden(&body, "name=\"form_token\" value=\"", "\"");
    let body = hidden(&body, "class=\"reference\">", "<");
    text.push_str(&body);
    text
}

/// Hides what stands between `from` and `to`, keeping its length: a length tells as well.
fn hidden(text: &str, from: &str, to: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(from) {
        let end = after.find(to).unwrap_or(after.len());
        out.push_str(before);
        out.push_str(from);
        out.push_str(&"#".repeat(end));
        rest = &after[end..];
    }
    out.push_str(rest);
    out
}

/// What a stranger can do before the first proof, every method, everything wrong.
async fn tries_everything(stranger: &mut Visitor<'_>, world: &World, user: &str, intent: &str) {
    stranger.starts(user).await;
    stranger.submits("/flow/intent", &[]).await;
    stranger
        .submits("/flow/intent", &[("intent", intent)])
        .await;
    for (way, right, wrong, broken) in [
        ("email", MAILBOX, "other@mail.example", "no address"),
        ("text", MOBILE, "+447700900999", "12"),
    ] {
        stranger.submits("/flow/method", &[]).await;
        stranger.submits("/flow/method", &[("method", way)]).await;
        stranger
            .submits("/flow/challenge", &[("address", broken)])
            .await;
        stranger
            .submits("/flow/challenge", &[("address", wrong)])
            .await;
        stranger.submits("/flow/prove", &[]).await;
        stranger.answers_wrong().await;
        stranger.submits("/flow/resend", &[]).await;
        stranger.submits("/flow/other", &[]).await;
        stranger.submits("/flow/method", &[("method", way)]).await;
        stranger
            .submits("/flow/challenge", &[("address", right)])
            .await;
        stranger.goes_to("/flow").await;
        world.clock.advance_ms(61_000);
        stranger.submits("/flow/resend", &[]).await;
        while stranger.page.form("/flow/prove").is_some() {
            stranger.answers_wrong().await;
        }
        stranger.submits("/flow/method", &[("method", way)]).await;
    }
    out_of_order(stranger).await;
}

/// Requests that belong to later steps, each alike refused.
async fn out_of_order(stranger: &mut Visitor<'_>) {
    let token = stranger.token();
    for (path, field) in [
        ("/flow/rules", "password"),
        ("/flow/password", "password"),
        ("/flow/unlock", ""),
        ("/flow/reset-instead", ""),
    ] {
        let mut fields = vec![("form_token", token.as_str())];
        if !field.is_empty() {
            fields.push((field, "some other words here"));
        }
        let request = stranger.posting(path, crate::visitor::encoded(&fields));
        stranger.sends(request).await;
        stranger.goes_to("/flow").await;
    }
}

/// A journey that goes wrong until the name is blocked, cancelled and started again in between.
async fn is_stopped(stranger: &mut Visitor<'_>, world: &World, user: &str) {
    for round in 0..6 {
        stranger.starts(user).await;
        if stranger.page.form("/flow/intent").is_none() {
            continue;
        }
        stranger
            .submits("/flow/intent", &[("intent", "reset")])
            .await;
        stranger.asks_for_code("email", MAILBOX).await;
        stranger.answers_wrong().await;
        if stranger.page.form("/flow/cancel").is_some() {
            let step = if round % 2 == 0 {
                "/flow/cancel"
            } else {
                "/flow/more-time"
            };
            stranger.submits(step, &[]).await;
        }
        stranger.goes_to("/flow").await;
        world.clock.advance_ms(61_000);
    }
    stranger.starts(user).await;
    world.clock.advance_ms(61 * 60_000);
    stranger.starts(user).await;
    world.clock.advance_ms(16 * 60_000);
    // The page of an attempt that timed out offers the typed name again, so it stays out.
    stranger.goes_to("/reset").await;
}

async fn transcript(user: &str, languages: &'static str, intent: &str) -> Vec<String> {
    let world = World::open().await;
    let mut stranger = world.visitor();
    stranger.languages = languages;
    tries_everything(&mut stranger, &world, user, intent).await;
    let mut again = world.visitor();
    again.languages = languages;
    is_stopped(&mut again, &world, user).await;
    let answers = stranger.transcript.iter().chain(&again.transcript);
    let masked = answers.map(masked).collect();
    world.rests().await;
    masked
}

async fn looks_alike(languages: &'static str, intent: &str) {
    let (first, _) = EVERYBODY[0];
    let expected = transcript(first, languages, intent).await;
    let mut cases = 0;
    for (user, kind) in &EVERYBODY[1..] {
        let got = transcript(user, languages, intent).await;
        for (step, (one, other)) in expected.iter().zip(&got).enumerate() {
            assert_eq!(
                one, other,
                "{kind:?} differs from a plain account at answer {step}"
            );
        }
        assert_eq!(expected.len(), got.len(), "{kind:?}: more or fewer answers");
        cases += got.len();
    }
    assert!(cases > 16 * 80, "only {cases} answers were compared");
}

#[tokio::test]
async fn gate_01_every_class_of_account_gets_the_same_bytes_in_english() {
    looks_alike("en", "reset").await;
}

#[tokio::test]
async fn gate_01_every_class_of_account_gets_the_same_bytes_in_german_when_unlocking() {
    looks_alike("de", "unlock").await;
}

#[tokio::test]
async fn gate_01_a_call_for_help_and_a_failed_sign_in_look_alike_as_well() {
    let mut expected: Option<Vec<String>> = None;
    for (user, kind) in EVERYBODY {
        let world = World::open().await;
        let mut stranger = world.visitor();
        for _ in 0..2 {
            stranger.goes_to("/help").await;
            stranger.submits("/help", &[("user", user)]).await;
        }
        for _ in 0..7 {
            stranger.signs_in(user, "wrong words here").await;
        }
        // A refused sign-in keeps what was typed in its field.
        let got: Vec<String> = stranger
            .transcript
            .iter()
            .map(|answer| masked(answer).replace(user, "######"))
            .collect();
        world.rests().await;
        match &expected {
            None => expected = Some(got),
            Some(expected) => assert_eq!(*expected, got, "{kind:?}"),
        }
    }
}

#[tokio::test]
async fn gate_04_nothing_of_the_entry_is_on_a_page_before_the_first_proof() {
    for (user, kind) in EVERYBODY {
        if kind == Kind::Unknown {
            continue;
        }
        let world = World::open().await;
        let mut stranger = world.visitor();
        stranger.starts(user).await;
        stranger
            .submits("/flow/intent", &[("intent", "reset")])
            .await;
        for way in ["email", "text"] {
            stranger.submits("/flow/method", &[("method", way)]).await;
            stranger.submits("/flow/other", &[]).await;
        }
        let entry = world.entry(user).await;
        let secrets = [
            mail(user),
            MAILBOX.to_owned(),
            "s…@mail.example".to_owned(),
            MOBILE.to_owned(),
            "…23".to_owned(),
            entry.id.anchor.0.clone(),
            entry.display_name.clone(),
            "staff".to_owned(),
        ];
        for answer in &stranger.transcript {
            let whole = format!(
                "{:?}{}",
                answer.headers,
                answer.body.replace("+44 7700 900123", "")
            );
            for secret in &secrets {
                assert!(
                    !whole.contains(secret.as_str()),
                    "{kind:?}: {secret} is on a page"
                );
            }
        }
        world.rests().await;
    }
}

#[tokio::test]
async fn gate_03_every_spelling_of_a_name_is_stopped_at_the_same_try() {
    let spellings = |plain: &str| {
        [
            plain.to_owned(),
            plain.to_uppercase(),
            format!("  {plain} "),
            plain.chars().map(full_width).collect(),
        ]
    };
    let mut rows = Vec::new();
    for user in ["jane01", "nobo17"] {
        let world = World::open().await;
        let mut row = Vec::new();
        for spelling in spellings(user).iter().cycle().take(7) {
            let mut stranger = world.visitor();
            stranger.starts(spelling).await;
            if stranger.page.form("/flow/intent").is_some() {
                stranger
                    .submits("/flow/intent", &[("intent", "reset")])
                    .await;
                stranger.asks_for_code("email", "other@mail.example").await;
                stranger.answers_wrong().await;
            }
            row.push(stranger.sees());
            assert!(stranger.answer.headers.contains_key(header::CONTENT_TYPE));
            world.clock.advance_ms(1_000);
        }
        rows.push(row);
        world.rests().await;
    }
    assert_eq!(rows[0], rows[1]);
    assert!(rows[0][4].starts_with("429"), "{:?}", rows[0]);
}

fn full_width(sign: char) -> char {
    match sign {
        '!'..='~' => char::from_u32(u32::from(sign) + 0xFEE0).unwrap(),
        other => other,
    }
}
