//! The first journey of all, in a real browser and in a real domain at once.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use keymend_lab::Samba;
use keymend_lab::samba::{AuditMark, ad_person};
use serde_json::{Value, json};

use super::domain::Domain;
use super::house::House;

/// The windows of the walks, and who sits before each.
const PEOPLE: [(&str, &str, &str); 4] = [
    ("phone", "jane.doe", "+447700900131"),
    ("desktop", "john.roe", "+447700900132"),
    ("phone, no script", "new.noah", "+447700900133"),
    ("desktop, no script", "nested.nia", "+447700900134"),
];

/// How long all windows of one walk may take together, in seconds.
const WALK_SECS_MOST: &str = "600";

const PAUSE: Duration = Duration::from_millis(100);

/// What `walks/served.mjs` changes a password to in the end.
const NEWER: &str = "meadow-Kettle-63-violin";

fn mail(user: &str) -> String {
    format!("{user}@mail.test")
}

/// All that was sent, of each kind the newest first, as the walks read it.
fn letters(house: &House) -> Value {
    let mails = house.smtp.messages().into_iter().enumerate();
    let mails = mails.filter_map(|(count, mail)| {
        let (id, to) = (format!("mail {count}"), mail.envelope_to.first()?.clone());
        Some(json!({ "id": id, "to": to, "subject": mail.subject, "body": mail.text? }))
    });
    let requests = house.gateway.requests().into_iter().enumerate();
    let texts = requests.filter_map(|(count, request)| {
        let (id, body) = (format!("text {count}"), request.json()?);
        Some(json!({ "id": id, "to": body["to"], "subject": "", "body": body["text"] }))
    });
    let (mails, texts): (Vec<Value>, Vec<Value>) = (mails.collect(), texts.collect());
    mails
        .into_iter()
        .rev()
        .chain(texts.into_iter().rev())
        .collect()
}

/// Replaces the file as a whole, for somebody reads it at any moment.
fn put(file: &Path, letters: &Value) {
    let unfinished = file.with_extension("part");
    fs::write(&unfinished, letters.to_string()).unwrap();
    fs::rename(unfinished, file).unwrap();
}

/// Walks in all windows what this name says, and keeps the walks' letters up to date meanwhile.
#[track_caller]
fn walks(house: &House, name: &str) {
    let (about, file) = (house.path("served.json"), house.path("letters.json"));
    let person = |&(window, user, phone): &(&str, &'static str, &str)| {
        let password = ad_person(user).password;
        let known =
            json!({ "user": user, "password": password, "email": mail(user), "phone": phone });
        (window.to_owned(), known)
    };
    let people: serde_json::Map<String, Value> = PEOPLE.iter().map(person).collect();
    let served = json!({ "url": house.origin(), "people": people, "letters": file });
    fs::write(&about, served.to_string()).unwrap();
    put(&file, &letters(house));
    let has_ended = AtomicBool::new(false);
    let output = thread::scope(|scope| {
        scope.spawn(|| {
            while !has_ended.load(Ordering::Relaxed) {
                put(&file, &letters(house));
                thread::park_timeout(PAUSE);
            }
        });
        // A browser that hangs is ended, so that the test fails with what was said until then.
        let output = Command::new("timeout")
            .args(["--kill-after=5", WALK_SECS_MOST, "node"])
            .arg(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/browser/run.mjs"))
            .arg(name)
            .env("KEYMEND_SERVED", &about)
            .env("KEYMEND_EVIDENCE", house.path("evidence"))
            .output();
        has_ended.store(true, Ordering::Relaxed);
        output.unwrap()
    });
    let told = String::from_utf8_lossy(&output.stdout);
    let complaints = String::from_utf8_lossy(&output.stderr);
    let all = format!("{} passed, 0 failed", PEOPLE.len());
    assert!(told.contains(&all), "{told}\n{complaints}\n{}", house.log());
}

/// What the controller wrote down about one person's password and lock: `4724 by svc-keymend`.
fn seen_of(domain: &Samba, mark: &AuditMark, user: &str) -> Vec<String> {
    let deeds = domain.deeds_since(mark).into_iter();
    let of_them = deeds.filter(|event| event.dn() == Some(ad_person(user).dn().as_str()));
    of_them
        .map(|event| format!("{} by {}: {}", event.event_id(), event.by, event.status))
        .collect()
}

#[test]
fn people_in_a_browser_reset_change_and_unlock_in_a_domain_and_its_controller_saw_just_that() {
    let whole = Domain::open();
    let (house, domain) = (&whole.house, &whole.samba);
    let mark = domain.mark();
    walks(house, "registers, forgets, proves");
    for (window, user, _) in PEOPLE {
        assert!(domain.opens_with(user, NEWER), "{window}");
        let mut seen = seen_of(domain, &mark, user);
        // One modify sets the password and takes away a lock that may be there.
        seen.retain(|line| line != "5136 by svc-keymend: Success");
        let expected = [
            "4724 by svc-keymend: Success".to_owned(),
            format!("4723 by {user}: Success"),
        ];
        assert_eq!(seen, expected, "{window}");
        domain.lock_by_guessing(user);
        assert!(!domain.opens_with(user, NEWER), "{window}: not locked");
    }
    let mark = domain.mark();
    walks(house, "somebody who is locked out unlocks");
    for (window, user, _) in PEOPLE {
        let seen = seen_of(domain, &mark, user);
        assert_eq!(seen, ["5136 by svc-keymend: Success"], "{window}");
        assert!(domain.opens_with(user, NEWER), "{window}");
    }
}
