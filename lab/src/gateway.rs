//! An HTTP gateway for text messages, as a provider would run it.

mod http;

use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use crate::trouble::{Trouble, or_end_the_test};
use crate::wait;

pub use http::Request;

/// The user name that the gateway asks for by HTTP Basic authentication.
pub const USER: &str = "AC00000000000000000000000000000011";
/// The password that it asks for.
pub const PASSWORD: &str = "Gateway-Passw0rd-11";

/// How the gateway answers from now on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// The message is taken, in the words of the provider whose path was called: Twilio's
    /// `…/Messages.json` (201), Vonage's `…/sms/json` (200, status "0"), any other (200).
    Accept,
    /// 429, with `Retry-After` in seconds; Vonage says 200 and status "1" instead.
    TooMany {
        /// Seconds until the next try may be made.
        retry_after_secs: u32,
    },
    /// 500 with a page for people.
    Fault,
    /// The request is read and never answered.
    Hang,
    /// The request is read and the connection is closed.
    Close,
    /// Any status and body.
    Other {
        /// The HTTP status.
        status: u16,
        /// The body, said to be JSON.
        body: String,
    },
}

/// A running gateway on a free port of 127.0.0.1.  It records every request, asks for Basic
/// authentication (or, as Vonage's old interface, the same in the form fields `api_key` and
/// `api_secret`), and answers as told.
pub struct Gateway {
    shared: Arc<Shared>,
    address: SocketAddr,
}

struct Shared {
    answer: Mutex<Answer>,
    requests: Mutex<Vec<Request>>,
    is_over: AtomicBool,
}

impl Gateway {
    /// Starts a gateway that accepts everything.
    #[track_caller]
    pub fn start() -> Self {
        or_end_the_test(Self::try_start())
    }

    /// As [`Gateway::start`], for those who want to handle the failure.
    ///
    /// # Errors
    ///
    /// If no port can be had.
    pub fn try_start() -> Result<Self, Trouble> {
        let opening = || Trouble::during("opening the gateway");
        let listener = TcpListener::bind(("127.0.0.1", 0)).map_err(opening())?;
        let address = listener.local_addr().map_err(opening())?;
        let shared = Arc::new(Shared {
            answer: Mutex::new(Answer::Accept),
            requests: Mutex::new(Vec::new()),
            is_over: AtomicBool::new(false),
        });
        let theirs = Arc::clone(&shared);
        thread::spawn(move || accept_until_over(&theirs, &listener));
        Ok(Self { shared, address })
    }

    /// `http://127.0.0.1:…`, without a slash at the end.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The port, for a [`Proxy`](crate::Proxy) in front.
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// Changes how it answers, from the next request on.
    pub fn set_answer(&self, answer: Answer) {
        *lock(&self.shared.answer) = answer;
    }

    /// Everything that was asked so far, refused requests included, oldest first.
    pub fn requests(&self) -> Vec<Request> {
        lock(&self.shared.requests).clone()
    }

    /// Waits until at least `count` requests have come (ten seconds at most) and gives them all.
    #[track_caller]
    #[expect(
        clippy::panic,
        reason = "the request that the test waits for never came"
    )]
    pub fn wait_for_requests(&self, count: usize) -> Vec<Request> {
        let arrived = || Some(self.requests()).filter(|requests| requests.len() >= count);
        wait::until(Duration::from_secs(10), arrived).unwrap_or_else(|| {
            let there = self.requests();
            panic!("waited for {count} requests to the gateway; there were {there:#?}")
        })
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        self.shared.is_over.store(true, Ordering::SeqCst);
        // Wakes the thread that waits for a caller, so that it sees that it is over.
        let _ = TcpStream::connect(self.address);
    }
}

fn accept_until_over(shared: &Arc<Shared>, listener: &TcpListener) {
    for stream in listener.incoming() {
        if shared.is_over.load(Ordering::SeqCst) {
            return;
        }
        if let Ok(stream) = stream {
            let theirs = Arc::clone(shared);
            thread::spawn(move || serve(&theirs, &stream));
        }
    }
}

/// Serves one connection until the caller or the answer ends it.
fn serve(shared: &Shared, stream: &TcpStream) {
    let mut reader = std::io::BufReader::new(stream);
    while let Some(request) = http::read(&mut reader) {
        lock(&shared.requests).push(request.clone());
        let answer = lock(&shared.answer).clone();
        let response = match answer {
            Answer::Close => return,
            Answer::Hang => {
                // Until the caller gives up and closes, or sends more, there is nothing to do.
                let _ = http::read(&mut reader);
                return;
            }
            _ if !is_known(&request) => unknown_caller(&request),
            other => response(&other, &request),
        };
        if http::write(stream, &response).is_err() {
            return;
        }
    }
}

fn is_known(request: &Request) -> bool {
    let field = |name: &str| request.form_field(name);
    request.basic_login() == Some((USER.to_owned(), PASSWORD.to_owned()))
        || (field("api_key").as_deref() == Some(USER)
            && field("api_secret").as_deref() == Some(PASSWORD))
}

fn unknown_caller(request: &Request) -> http::Response {
    if is_vonage(request) {
        let body =
            r#"{"message-count":"1","messages":[{"status":"4","error-text":"Bad Credentials"}]}"#;
        return http::Response::json(200, body);
    }
    let body = r#"{"code":20003,"message":"Authenticate","status":401}"#;
    http::Response::json(401, body).with_header("WWW-Authenticate", "Basic realm=\"gateway\"")
}

fn response(answer: &Answer, request: &Request) -> http::Response {
    match answer {
        Answer::Accept => accepted(request),
        Answer::TooMany { retry_after_secs } => too_many(request, *retry_after_secs),
        Answer::Other { status, body } => http::Response::json(*status, body),
        Answer::Fault | Answer::Hang | Answer::Close => http::Response {
            status: 500,
            headers: vec![("Content-Type".to_owned(), "text/html".to_owned())],
            body: "<h1>Something broke</h1>".to_owned(),
        },
    }
}

fn accepted(request: &Request) -> http::Response {
    if request.path.ends_with("/Messages.json") {
        let body =
            r#"{"sid":"SM00000000000000000000000000000011","status":"queued","error_code":null}"#;
        return http::Response::json(201, body);
    }
    if is_vonage(request) {
        let body = r#"{"message-count":"1","messages":[{"status":"0","message-id":"0A0000000123ABCD1","remaining-balance":"3.14"}]}"#;
        return http::Response::json(200, body);
    }
    http::Response::json(200, r#"{"accepted":true}"#)
}

fn too_many(request: &Request, retry_after_secs: u32) -> http::Response {
    if is_vonage(request) {
        let body = r#"{"message-count":"1","messages":[{"status":"1","error-text":"Throughput Rate Exceeded"}]}"#;
        return http::Response::json(200, body);
    }
    let body = r#"{"code":20429,"message":"Too Many Requests","status":429}"#;
    http::Response::json(429, body).with_header("Retry-After", &retry_after_secs.to_string())
}

fn is_vonage(request: &Request) -> bool {
    request.path.ends_with("/sms/json")
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
