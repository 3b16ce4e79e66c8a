//! Opening many flows as visitors do: the page, the proof of work, the form.

use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};

use sha2::{Digest, Sha256};

use super::line::Line;
use super::program::Program;

/// Visitors at a time: the answer to the first form is paced, so they mostly wait.
const VISITORS: usize = 96;

/// Opens one flow for each number, for names that mean nobody: the same flows as any others,
/// because nothing in them may tell.
pub fn open(program: &Program, numbers: Range<usize>) {
    let next = AtomicUsize::new(numbers.start);
    std::thread::scope(|scope| {
        for _ in 0..VISITORS {
            scope.spawn(|| {
                let mut line = Line::open(program.address).expect("a connection");
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= numbers.end {
                        return;
                    }
                    open_one(&mut line, number);
                }
            });
        }
    });
}

fn open_one(line: &mut Line, number: usize) {
    let (status, head) = open_for(line, &format!("visitor{number}"));
    assert_eq!(status, 303, "{head}");
}

/// The page, the proof of work, the form; gives status and headers of the answer.
fn open_for(line: &mut Line, user: &str) -> (u16, String) {
    let request = line.request("/reset");
    let page = line.ask(&request).expect("a page");
    let html = std::str::from_utf8(page.body).expect("text");
    let token = between(html, "name=\"form_token\" value=\"", "\"").to_owned();
    let challenge = between(html, "data-pow=\"", "\"").to_owned();
    let bits = between(html, "data-bits=\"", "\"")
        .parse()
        .expect("a number");
    let human = solved(&challenge, bits);
    let body = format!(
        "form_token={token}&human={}&answer=&user={user}",
        human.replace(':', "%3A")
    );
    let form = line.form("/reset", &body);
    let answer = line.ask(&form).expect("an answer");
    let head = String::from_utf8_lossy(answer.head).into_owned();
    (answer.status, head)
}

/// Somebody goes as far as typing a telephone number.
pub fn types_a_number(program: &Program) {
    let mut line = Line::open(program.address).expect("a connection");
    let (status, head) = open_for(&mut line, "jane.doe");
    assert_eq!(status, 303, "{head}");
    let cookies: Vec<&str> = head
        .lines()
        .filter(|line| line.to_ascii_lowercase().starts_with("set-cookie:"))
        .filter_map(|line| line.split_once(':')?.1.split(';').next())
        .map(str::trim)
        .collect();
    let cookies = cookies.join("; ");
    let steps = [
        ("/flow/intent", "intent=reset"),
        ("/flow/method", "method=text"),
        ("/flow/challenge", "address=%2B44+7700+900011"),
    ];
    for (action, field) in steps {
        let request = Line::with_cookies(&line.request("/flow"), &cookies);
        let page = line.ask(&request).expect("a page");
        let html = String::from_utf8_lossy(page.body).into_owned();
        let token = between(&html, "name=\"form_token\" value=\"", "\"");
        let form = line.form(action, &format!("form_token={token}&{field}"));
        let form = Line::with_cookies(&form, &cookies);
        let answer = line.ask(&form).expect("an answer");
        let words = String::from_utf8_lossy(answer.body);
        assert_eq!(answer.status, 303, "{action}: {words}");
    }
}

/// The challenge with a counter that gives as many leading zero bits as are asked for.
fn solved(challenge: &str, bits: u32) -> String {
    let mut begun = Sha256::new();
    begun.update(challenge.as_bytes());
    begun.update(b":");
    (0_u64..)
        .find(|counter| {
            let mut hash = begun.clone();
            hash.update(counter.to_string().as_bytes());
            let digest = hash.finalize();
            let first = u64::from_be_bytes(std::array::from_fn(|place| digest[place]));
            first.leading_zeros() >= bits
        })
        .map(|counter| format!("{challenge}:{counter}"))
        .expect("a counter")
}

/// The text between two marks.
pub fn between<'a>(text: &'a str, before: &str, after: &str) -> &'a str {
    let (_, rest) = text
        .split_once(before)
        .unwrap_or_else(|| panic!("no {before} in {text}"));
    rest.split_once(after).map_or(rest, |(found, _)| found)
}
