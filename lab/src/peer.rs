//! What the servers of the lab have in common: a process, a certificate and two ports.

use std::path::PathBuf;

use crate::Certificates;
use crate::process::{self, Process};
use crate::trouble::Trouble;

/// A running server on 127.0.0.1, reached through `Deref` of the server it belongs to.
pub struct Peer {
    pub(crate) process: Process,
    pub(crate) certificates: Certificates,
    port: u16,
    tls_port: u16,
}

impl Peer {
    pub(crate) fn new(process: Process, certificates: Certificates, ports: [u16; 2]) -> Self {
        let [port, tls_port] = ports;
        Self {
            process,
            certificates,
            port,
            tls_port,
        }
    }

    /// Two ports that were free a moment ago.
    pub(crate) fn free_ports() -> Result<[u16; 2], Trouble> {
        Ok([process::free_port()?, process::free_port()?])
    }

    pub(crate) fn ports(&self) -> [u16; 2] {
        [self.port, self.tls_port]
    }

    /// The port that is plain at first, for a [`Proxy`](crate::Proxy) in front.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The port that is encrypted from the first byte, for a [`Proxy`](crate::Proxy) in front.
    pub fn tls_port(&self) -> u16 {
        self.tls_port
    }

    /// The certificate of the authority that signed the server's.
    pub fn ca_file(&self) -> PathBuf {
        self.certificates.ca_file()
    }

    /// Freezes the server: connections open, nobody answers.
    pub fn pause(&self) {
        self.process.pause();
    }

    /// Lets a frozen server go on.
    pub fn resume(&self) {
        self.process.resume();
    }

    /// Ends the server as a crash would; connections are refused from here on.
    pub fn kill(&mut self) {
        self.process.kill();
    }

    /// The server's process id, for measuring it.
    pub fn pid(&self) -> u32 {
        self.process.pid()
    }
}
