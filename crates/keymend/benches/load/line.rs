//! A client for HTTP/1.1 that costs as little as it can, because it shares the machine with what
//! it measures.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// Longer than any answer takes.
const PATIENCE: Duration = Duration::from_secs(30);

/// A connection that is kept open.
pub struct Line {
    stream: TcpStream,
    host: String,
    buffer: Vec<u8>,
}

/// One answer, as it lies in the buffer of its line.
pub struct Answer<'a> {
    /// The status code.
    pub status: u16,
    /// Status line and headers.
    pub head: &'a [u8],
    /// The body.
    pub body: &'a [u8],
}

impl Line {
    /// Connects.
    pub fn open(address: SocketAddr) -> std::io::Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        Ok(Self {
            stream,
            host: format!("localhost:{}", address.port()),
            buffer: Vec::with_capacity(64 * 1_024),
        })
    }

    /// A request for a page, to be sent as often as wanted.
    pub fn request(&self, path: &str) -> Vec<u8> {
        let host = &self.host;
        format!(
            "GET {path} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: Mozilla/5.0 Firefox/140.0\r\n\
             Accept: text/html\r\nAccept-Language: en\r\nSec-Fetch-Site: none\r\n\
             Sec-Fetch-Mode: navigate\r\n\r\n"
        )
        .into_bytes()
    }

    /// A form, as a browser would send it.
    pub fn form(&self, path: &str, body: &str) -> Vec<u8> {
        let (host, length) = (&self.host, body.len());
        format!(
            "POST {path} HTTP/1.1\r\nHost: {host}\r\nOrigin: http://{host}\r\n\
             Sec-Fetch-Site: same-origin\r\nContent-Type: application/x-www-form-urlencoded\r\n\
             Content-Length: {length}\r\n\r\n{body}"
        )
        .into_bytes()
    }

    /// The same request with cookies.
    pub fn with_cookies(request: &[u8], cookies: &str) -> Vec<u8> {
        let text = String::from_utf8_lossy(request);
        let (first, rest) = text.split_once("\r\n").expect("a request line");
        format!("{first}\r\nCookie: {cookies}\r\n{rest}").into_bytes()
    }

    /// Sends a request and waits for the whole answer.
    pub fn ask(&mut self, request: &[u8]) -> std::io::Result<Answer<'_>> {
        self.stream.write_all(request)?;
        self.buffer.clear();
        let mut piece = [0_u8; 32 * 1_024];
        let (head, length) = loop {
            let count = self.stream.read(&mut piece)?;
            if count == 0 {
                return Err(std::io::ErrorKind::UnexpectedEof.into());
            }
            self.buffer.extend_from_slice(&piece[..count]);
            if let Some(head) = end_of_head(&self.buffer) {
                break (head, length_of_body(&self.buffer[..head]));
            }
        };
        while self.buffer.len() < head + length {
            let count = self.stream.read(&mut piece)?;
            if count == 0 {
                return Err(std::io::ErrorKind::UnexpectedEof.into());
            }
            self.buffer.extend_from_slice(&piece[..count]);
        }
        let digits = std::str::from_utf8(&self.buffer[9..12]).expect("a status line");
        Ok(Answer {
            status: digits.parse().expect("a status code"),
            head: &self.buffer[..head],
            body: &self.buffer[head..head + length],
        })
    }
}

fn end_of_head(bytes: &[u8]) -> Option<usize> {
    let at = bytes.windows(4).position(|four| four == b"\r\n\r\n")?;
    Some(at + 4)
}

fn length_of_body(head: &[u8]) -> usize {
    let head = std::str::from_utf8(head).expect("a head in ASCII");
    head.lines()
        .filter_map(|line| line.split_once(':'))
        .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
        .map_or(0, |(_, value)| value.trim().parse().expect("a length"))
}
