//! A connection that cannot be tricked with words slipped in before the encryption.
//!
//! What arrives together with the answer to STARTTLS was sent in the clear, by anybody.  A client
//! that has already read it into its buffer takes it for the first encrypted answers
//! (CVE-2011-0411 and its kin).  The SMTP library reads through a buffer that survives the
//! upgrade, so nothing may get into that buffer: until TLS begins, this stream gives out one byte
//! at a time.  Whatever was slipped in then reaches the TLS handshake, which fails on it.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use lettre::transport::smtp::client::AsyncTokioStream;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

/// The first byte of a TLS handshake record (RFC 8446 §5.1); no SMTP command begins with it.
const TLS_HANDSHAKE: u8 = 22;

/// A connection on which TLS may begin later.
#[derive(Debug)]
pub(super) struct UpgradableLine {
    stream: TcpStream,
    has_tls_begun: bool,
}

impl UpgradableLine {
    pub(super) fn new(stream: TcpStream) -> Self {
        Self {
            stream,
            has_tls_begun: false,
        }
    }
}

impl AsyncTokioStream for UpgradableLine {
    fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.stream.peer_addr()
    }
}

impl AsyncRead for UpgradableLine {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.has_tls_begun {
            return Pin::new(&mut self.stream).poll_read(context, buffer);
        }
        let mut byte = [0];
        let mut single = ReadBuf::new(&mut byte);
        ready!(Pin::new(&mut self.stream).poll_read(context, &mut single))?;
        buffer.put_slice(single.filled());
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for UpgradableLine {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.has_tls_begun |= bytes.first() == Some(&TLS_HANDSHAKE);
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
