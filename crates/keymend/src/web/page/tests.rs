//! Every page in every shape and language: whole, labelled, and safe.

use std::collections::BTreeSet;
use std::sync::Arc;

use expect_test::expect;
use serde_json::Value;

use super::before_proof::{
    HumanCheck, Intent, ProveByEmail, ProveByText, QueueWait, Start, TypeCode, Ways,
};
use super::*;
use crate::text::{Lang, Texts};

fn renderer() -> Renderer {
    Renderer::new(Arc::new(Texts::load().unwrap())).unwrap()
}

/// Frames with as much on them as there can be, and then with as little.
fn rooms(lang: Lang) -> [Frames; 2] {
    let plain = Frame::sample(lang);
    let line = |field, refusal_id, values| ErrorLine {
        field,
        refusal_id,
        values,
    };
    let errors = vec![
        line(Some("code"), "answer.wrong", vec![]),
        line(
            Some("password"),
            "pw.short",
            vec![("n", 12_u32.into()), ("m", 3_u32.into())],
        ),
        line(Some("user"), "form.missing", vec![]),
        line(
            Some("address"),
            "address.shape",
            vec![("example", "a@b.example".into())],
        ),
        line(Some("method"), "form.missing", vec![]),
        line(None, "step.wrong", vec![]),
    ];
    let full = Frame {
        errors,
        is_demo: true,
        time_left: Some(TimeLeft {
            secs: 840,
            extensions_left: 10,
        }),
        help: Help::Link {
            url: "https://help.example/desk?a=1&b=2".to_owned(),
        },
        ..plain.clone()
    };
    let own = Frame {
        signed_in: Some("Jane & \"Doe\"".to_owned()),
        ..plain.clone()
    };
    [
        Frames {
            plain: plain.clone(),
            flow: plain,
            own: own.clone(),
        },
        Frames {
            plain: full.clone(),
            flow: full.clone(),
            own: Frame {
                errors: full.errors,
                ..own
            },
        },
    ]
}

fn all_pages() -> Vec<Exhibit> {
    let renderer = renderer();
    Lang::ALL
        .iter()
        .flat_map(|lang| rooms(*lang))
        .flat_map(|frames| gallery(&renderer, &frames).unwrap())
        .collect()
}

/// The opening tags of a document.
fn tags(html: &str) -> impl Iterator<Item = &str> {
    html.split('<')
        .skip(1)
        .filter(|tag| !tag.starts_with('/'))
        .filter_map(|tag| tag.split('>').next())
}

/// Whether an attribute such as `onclick="…"` stands in the tag, outside all quotes.
fn has_event_handler(tag: &str) -> bool {
    tag.split('"').step_by(2).any(|names| {
        names
            .split_whitespace()
            .any(|name| name.starts_with("on") && name.ends_with('='))
    })
}

fn attribute<'a>(tag: &'a str, name: &str) -> Option<&'a str> {
    let (_, after) = tag.split_once(&format!(" {name}=\""))?;
    after.split('"').next()
}

#[test]
fn every_page_has_one_heading_one_main_part_and_a_title_that_names_the_organisation() {
    for page in all_pages() {
        let count = |name: &str| {
            tags(&page.html)
                .filter(|tag| tag.split_whitespace().next() == Some(name))
                .count()
        };
        assert_eq!(count("h1"), 1, "{}", page.name);
        assert_eq!(count("main"), 1, "{}", page.name);
        assert_eq!(count("footer"), 1, "{}", page.name);
        assert!(
            page.html.contains(" – Example Works</title>"),
            "{}",
            page.name
        );
        assert!(
            page.html.trim_start().starts_with("<!doctype html>"),
            "{}",
            page.name
        );
        assert!(page.html.contains("href=\"/help\""), "{}", page.name);
        assert!(page.html.contains("R-01J8XK4M"), "{}", page.name);
    }
}

#[test]
fn every_field_has_a_label_and_every_id_stands_once() {
    for page in all_pages() {
        let labels: BTreeSet<&str> = tags(&page.html)
            .filter(|tag| tag.starts_with("label "))
            .filter_map(|tag| attribute(tag, "for"))
            .collect();
        for tag in tags(&page.html).filter(|tag| tag.starts_with("input ")) {
            let is_hidden = attribute(tag, "type") == Some("hidden");
            let is_named = attribute(tag, "id").is_some_and(|id| labels.contains(id))
                || attribute(tag, "aria-label").is_some();
            assert!(is_hidden || is_named, "{}: <{tag}>", page.name);
        }
        let ids: Vec<&str> = tags(&page.html)
            .filter_map(|tag| attribute(tag, "id"))
            .collect();
        let different: BTreeSet<&str> = ids.iter().copied().collect();
        assert_eq!(ids.len(), different.len(), "{}: {ids:?}", page.name);
        for tag in tags(&page.html) {
            for id in attribute(tag, "aria-describedby")
                .into_iter()
                .flat_map(str::split_whitespace)
            {
                assert!(different.contains(id), "{}: {id}", page.name);
            }
        }
    }
}

#[test]
fn no_page_holds_what_its_security_policy_forbids() {
    for page in all_pages() {
        for tag in tags(&page.html) {
            let name = tag.split_whitespace().next().unwrap_or_default();
            assert_ne!(name, "style", "{}", page.name);
            assert!(attribute(tag, "style").is_none(), "{}: <{tag}>", page.name);
            assert!(!has_event_handler(tag), "{}: <{tag}>", page.name);
            assert!(!tag.contains("javascript:"), "{}: <{tag}>", page.name);
            if name == "script" {
                assert!(attribute(tag, "src").is_some(), "{}: <{tag}>", page.name);
            }
            if name == "script" || attribute(tag, "rel") == Some("stylesheet") {
                assert_eq!(
                    attribute(tag, "nonce"),
                    Some("bm9uY2Utc2FtcGxlLTAwMQ"),
                    "{}",
                    page.name
                );
            }
            for link in ["src", "href", "action"]
                .iter()
                .filter_map(|name| attribute(tag, name))
            {
                let is_own =
                    link.starts_with("&#x2f;") || link.starts_with('/') || link.starts_with('#');
                let is_helpdesk = link.starts_with("https:") && link.contains("help.example");
                assert!(
                    is_own && !link.starts_with("//") || is_helpdesk,
                    "{}: {link}",
                    page.name
                );
            }
        }
    }
}

#[test]
fn every_form_that_changes_something_carries_the_token() {
    for page in all_pages() {
        for form in page.html.split("<form").skip(1) {
            let form = form.split("</form>").next().unwrap();
            let is_get = form.contains("method=\"get\"");
            assert!(
                is_get || form.contains("name=\"form_token\" value=\"form-token-sample\""),
                "{}",
                page.name
            );
        }
    }
}

#[test]
fn only_the_two_waiting_pages_renew_themselves() {
    for page in all_pages() {
        let waits = page.name.starts_with("s12-queue-wait") || page.name.starts_with("s19-saving");
        assert_eq!(page.html.contains("http-equiv"), waits, "{}", page.name);
    }
}

#[test]
fn whoever_is_signed_in_can_sign_out_on_every_page() {
    for page in all_pages()
        .iter()
        .filter(|page| page.html.contains("class=\"who\""))
    {
        assert!(page.html.contains("action=\"/signout\""), "{}", page.name);
    }
}

#[test]
fn what_was_typed_is_shown_as_text_and_never_as_markup() {
    let [frames, _] = rooms(Lang::English);
    let html = renderer()
        .page(&frames.plain, &Start::samples().remove(1))
        .unwrap();
    assert!(html.contains("&lt;jane&gt; &amp; &quot;co&quot;"));
    assert!(!html.contains("<jane>"));
}

#[test]
fn a_message_stands_in_the_summary_and_beside_its_field() {
    let mut frame = Frame::sample(Lang::English);
    frame.errors = vec![ErrorLine {
        field: Some("user"),
        refusal_id: "form.missing",
        values: vec![],
    }];
    let html = renderer()
        .page(&frame, &Start::samples().remove(0))
        .unwrap();
    assert_eq!(html.matches("Please fill in: user name.").count(), 2);
    assert!(html.contains("id=\"user-beside\""));
    assert!(html.contains("aria-invalid=\"true\""));
}

#[test]
fn help_leads_to_wherever_the_organisation_helps() {
    #[track_caller]
    fn check(help: Help, expected: &str) {
        let frame = Frame {
            help,
            ..Frame::sample(Lang::English)
        };
        let html = renderer()
            .page(
                &frame,
                &ending::AskForHelp {
                    user: String::new(),
                },
            )
            .unwrap();
        assert!(html.contains(expected), "{html}");
    }
    check(Help::Request, "action=\"/help\"");
    check(
        Help::Mail {
            address: "desk@help.example".to_owned(),
        },
        "mailto:desk@help.example",
    );
    check(
        Help::Link {
            url: "https://help.example".to_owned(),
        },
        "help.example\" rel=",
    );
}

/// The names of all fields in all samples of a page, nested ones with their path.
fn fields_of<P: Page>() -> Vec<String> {
    fn collect(path: &str, value: &Value, found: &mut BTreeSet<String>) {
        match value {
            Value::Object(map) => {
                for (name, value) in map {
                    collect(&format!("{path}.{name}"), value, found);
                }
            }
            Value::Array(items) => items.iter().for_each(|item| collect(path, item, found)),
            _ => {
                found.insert(path.to_owned());
            }
        }
    }
    let mut found = BTreeSet::new();
    for sample in P::samples() {
        collect(
            P::TEMPLATE,
            &serde_json::to_value(&sample).unwrap(),
            &mut found,
        );
    }
    found.into_iter().collect()
}

#[test]
fn pages_before_the_first_proof_hold_site_settings_and_what_was_typed_and_nothing_else() {
    let fields: Vec<String> = [
        fields_of::<Start>(),
        fields_of::<QueueWait>(),
        fields_of::<Intent>(),
        fields_of::<Ways>(),
        fields_of::<ProveByEmail>(),
        fields_of::<ProveByText>(),
        fields_of::<TypeCode>(),
    ]
    .concat();
    expect![[r#"
        start.html.down
        start.html.example
        start.html.human.bits
        start.html.human.challenge
        start.html.human.kind
        start.html.human.ticket
        start.html.human.token
        start.html.is_another_open
        start.html.user
        queue_wait.html.renew_secs
        ways.html.ways
        prove_by_email.html.address
        prove_by_text.html.address
        prove_by_text.html.example
        type_code.html.can_resend
        type_code.html.digits
        type_code.html.minutes
        type_code.html.resend_secs
        type_code.html.typed
        type_code.html.way"#]]
    .assert_eq(&fields.join("\n"));
}

#[test]
fn pages_before_the_first_proof_never_tell_the_number_of_steps_or_tries() {
    let [frames, _] = rooms(Lang::English);
    let renderer = renderer();
    for page in TypeCode::samples() {
        let html = renderer.page(&frames.flow, &page).unwrap();
        assert!(!html.contains("Step ") && !html.contains("tries left"));
    }
}

#[test]
fn the_prepared_landing_page_is_the_rendered_one() {
    let renderer = renderer();
    let page = |challenge: &str| Start {
        user: String::new(),
        example: "jane.doe".to_owned(),
        down: Vec::new(),
        is_another_open: false,
        human: HumanCheck::Work {
            challenge: challenge.to_owned(),
            bits: 12,
        },
    };
    let frame = |nonce: &str, form_token: &str, reference: &str| Frame {
        nonce: nonce.to_owned(),
        form_token: form_token.to_owned(),
        reference: reference.to_owned(),
        ..Frame::sample(Lang::English)
    };
    let markers = [
        "MARK-NONCE",
        "MARK-TOKEN",
        "MARK-REFERENCE",
        "MARK-CHALLENGE",
    ];
    let [nonce, token, reference, challenge] = markers;
    let marked = renderer
        .page(&frame(nonce, token, reference), &page(challenge))
        .unwrap();
    let prepared = Prepared::new(&marked, &markers);
    let rendered = renderer
        .page(&frame("bm9u", "dG9r", "R-1"), &page("Y2hh"))
        .unwrap();
    assert_eq!(prepared.fill(&["bm9u", "dG9r", "R-1", "Y2hh"]), rendered);
    for marker in 0..markers.len() {
        assert!(prepared.places_of(marker) > 0, "{marker}");
    }
}

#[test]
fn the_answer_to_a_password_being_typed_says_every_rule_in_words() {
    let texts = Texts::load().unwrap();
    let lists = RuleLists {
        directory: vec![Rule {
            id: "directory-history",
            state: RuleState::OnSave,
            values: vec![("n", 24_u32.into())],
        }],
        organisation: vec![Rule {
            id: "name",
            state: RuleState::NotYet,
            values: vec![],
        }],
    };
    let answer = RulesAnswer::new(
        &texts,
        (Lang::English, "Example Works"),
        &lists,
        Some(Strength::Good),
    );
    expect![[r#"
        {
          "rules": [
            {
              "id": "directory-history",
              "state": "on-save",
              "text": "None of your last 24 passwords"
            },
            {
              "id": "name",
              "state": "not-yet",
              "text": "Not your name, user name or Example Works"
            }
          ],
          "strength": "hard to guess"
        }"#]]
    .assert_eq(&serde_json::to_string_pretty(&answer).unwrap());
}
