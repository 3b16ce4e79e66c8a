//! As much of HTTP/1.1 as a gateway for text messages needs.

use std::io::{self, BufRead, Read, Write};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// The largest body that is read; more ends the connection.
const BODY_BYTES_MAX: usize = 64 * 1024;

/// A request as it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// `POST` and so on.
    pub method: String,
    /// Path and query.
    pub path: String,
    /// Names in small letters, in the order they came.
    pub headers: Vec<(String, String)>,
    /// The body; bytes that are not UTF-8 are replaced.
    pub body: String,
}

impl Request {
    /// The first header of this name (small letters).
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.headers.iter();
        let found = headers.find(|(known, _)| known == name)?;
        Some(&found.1)
    }

    /// User name and password of HTTP Basic authentication, if the caller sent them.
    pub fn basic_login(&self) -> Option<(String, String)> {
        let encoded = self.header("authorization")?.strip_prefix("Basic ")?;
        let decoded = String::from_utf8(STANDARD.decode(encoded).ok()?).ok()?;
        let (user, password) = decoded.split_once(':')?;
        Some((user.to_owned(), password.to_owned()))
    }

    /// A field of a form body, decoded.
    pub fn form_field(&self, name: &str) -> Option<String> {
        self.body.split('&').find_map(|pair| {
            let (key, value) = pair.split_once('=')?;
            (decoded(key) == name).then(|| decoded(value))
        })
    }

    /// The body as JSON, if it is.
    pub fn json(&self) -> Option<serde_json::Value> {
        serde_json::from_str(&self.body).ok()
    }
}

/// What the gateway says.
pub(super) struct Response {
    pub(super) status: u16,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: String,
}

impl Response {
    pub(super) fn json(status: u16, body: &str) -> Self {
        let kind = ("Content-Type".to_owned(), "application/json".to_owned());
        Self {
            status,
            headers: vec![kind],
            body: body.to_owned(),
        }
    }

    pub(super) fn with_header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }
}

/// Reads one request; `None` when the caller has ended or does not speak HTTP.
pub(super) fn read(reader: &mut impl BufRead) -> Option<Request> {
    let first = line(reader)?;
    let mut words = first.split(' ');
    let (method, path) = (words.next()?.to_owned(), words.next()?.to_owned());
    let mut headers = Vec::new();
    loop {
        let line = line(reader)?;
        if line.is_empty() {
            break;
        }
        let (name, value) = line.split_once(':')?;
        headers.push((name.to_lowercase(), value.trim().to_owned()));
    }
    let mut request = Request {
        method,
        path,
        headers,
        body: String::new(),
    };
    request.body = body(&request, reader)?;
    Some(request)
}

fn body(request: &Request, reader: &mut impl BufRead) -> Option<String> {
    let is_chunked = request
        .header("transfer-encoding")
        .is_some_and(|value| value.eq_ignore_ascii_case("chunked"));
    let mut bytes = Vec::new();
    if is_chunked {
        while let length @ 1.. = usize::from_str_radix(&line(reader)?, 16).ok()? {
            read_piece(reader, &mut bytes, length)?;
            line(reader)?;
        }
        line(reader)?;
    } else if let Some(length) = request.header("content-length") {
        read_piece(reader, &mut bytes, length.parse().ok()?)?;
    }
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

fn read_piece(reader: &mut impl BufRead, bytes: &mut Vec<u8>, length: usize) -> Option<()> {
    if bytes.len() + length > BODY_BYTES_MAX {
        return None;
    }
    let wanted = u64::try_from(length).ok()?;
    let got = reader.take(wanted).read_to_end(bytes).ok()?;
    (got == length).then_some(())
}

fn line(reader: &mut impl BufRead) -> Option<String> {
    let mut line = String::new();
    let length = reader.read_line(&mut line).ok()?;
    (length > 0).then(|| line.trim_end().to_owned())
}

pub(super) fn write(mut stream: impl Write, response: &Response) -> io::Result<()> {
    let Response {
        status,
        headers,
        body,
    } = response;
    let headers: String = headers
        .iter()
        .map(|(name, value)| format!("{name}: {value}\r\n"))
        .collect();
    let length = body.len();
    let whole = format!("HTTP/1.1 {status} Lab\r\n{headers}Content-Length: {length}\r\n\r\n{body}");
    stream.write_all(whole.as_bytes())
}

/// Undoes `application/x-www-form-urlencoded`.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => {
                let digits = [rest.next().unwrap_or(b'0'), rest.next().unwrap_or(b'0')];
                let digits = String::from_utf8_lossy(&digits).into_owned();
                u8::from_str_radix(&digits, 16).unwrap_or(b'?')
            }
            other => other,
        });
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
