//! The gateway, asked by hand over a real connection.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::*;

/// Sends a form with the right login and gives status line, headers and body.
fn post(gateway: &Gateway, path: &str, login: &str, body: &str) -> std::io::Result<String> {
    let mut stream = TcpStream::connect(("127.0.0.1", gateway.port()))?;
    stream.set_read_timeout(Some(Duration::from_millis(300)))?;
    let login = STANDARD.encode(login);
    let length = body.len();
    write!(
        stream,
        "POST {path} HTTP/1.1\r\nHost: lab\r\nAuthorization: Basic {login}\r\n\
         Content-Length: {length}\r\n\r\n{body}"
    )?;
    stream.shutdown(std::net::Shutdown::Write)?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}

fn login() -> String {
    format!("{USER}:{PASSWORD}")
}

#[test]
fn a_message_is_taken_and_recorded() {
    let gateway = Gateway::start();
    let body = "To=%2B447700900123&Body=Lab%3A+123456+is+your+code";
    let answer = post(
        &gateway,
        "/2010-04-01/Accounts/AC/Messages.json",
        &login(),
        body,
    )
    .unwrap();
    assert!(answer.starts_with("HTTP/1.1 201 "), "{answer}");
    let requests = gateway.wait_for_requests(1);
    assert_eq!(requests[0].form_field("To").unwrap(), "+447700900123");
    assert_eq!(
        requests[0].form_field("Body").unwrap(),
        "Lab: 123456 is your code"
    );
}

#[test]
fn a_stranger_is_turned_away_but_recorded() {
    let gateway = Gateway::start();
    let answer = post(&gateway, "/send", "somebody:else", "").unwrap();
    assert!(answer.starts_with("HTTP/1.1 401 "), "{answer}");
    assert_eq!(gateway.requests().len(), 1);
}

#[test]
fn a_provider_that_says_200_and_no_says_so() {
    let gateway = Gateway::start();
    let body = format!("api_key={USER}&api_secret=wrong&to=447700900123");
    let answer = post(&gateway, "/sms/json", "", &body).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 ") && answer.contains(r#""status":"4""#));
}

#[test]
fn it_can_be_told_to_ask_for_patience() {
    let gateway = Gateway::start();
    gateway.set_answer(Answer::TooMany {
        retry_after_secs: 7,
    });
    let answer = post(&gateway, "/send", &login(), "").unwrap();
    assert!(answer.starts_with("HTTP/1.1 429 ") && answer.contains("Retry-After: 7\r\n"));
}

#[test]
fn it_can_break() {
    let gateway = Gateway::start();
    gateway.set_answer(Answer::Fault);
    let answer = post(&gateway, "/send", &login(), "").unwrap();
    assert!(answer.starts_with("HTTP/1.1 500 "), "{answer}");
}

#[test]
fn it_can_close_without_a_word() {
    let gateway = Gateway::start();
    gateway.set_answer(Answer::Close);
    assert_eq!(post(&gateway, "/send", &login(), "").unwrap(), "");
}

#[test]
fn it_reads_a_body_in_pieces() {
    let text = "POST /send HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n";
    let request = http::read(&mut text.as_bytes()).unwrap();
    assert_eq!(request.body, "hello");
}
