//! Carries TCP connections of this machine into a peer's own network, through a socket in its
//! folder.

use std::net::{Shutdown, TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::{io, thread};

use crate::trouble::Trouble;

/// Listens on a port of 127.0.0.1 until it is dropped; then connecting is refused.
pub(crate) struct Relay {
    port: u16,
    is_over: Arc<AtomicBool>,
}

impl Relay {
    /// Carries what arrives on `port` (0: any that is free) to the socket `target`, which need not
    /// be there yet: until it is, connections open and end at once.
    pub(crate) fn start(port: u16, target: &Path) -> Result<Self, Trouble> {
        let doing = || format!("listening on port {port} for a peer");
        let listener = TcpListener::bind(("127.0.0.1", port)).map_err(Trouble::during(doing()))?;
        let address = listener.local_addr().map_err(Trouble::during(doing()))?;
        let is_over = Arc::new(AtomicBool::new(false));
        let (flag, target) = (Arc::clone(&is_over), target.to_path_buf());
        thread::spawn(move || accept_until(&flag, &listener, &target));
        Ok(Self {
            port: address.port(),
            is_over,
        })
    }

    /// The port of 127.0.0.1 it listens on.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::SeqCst);
        // Wakes the thread that accepts, which then sees the flag and closes the port.
        let _ = TcpStream::connect(("127.0.0.1", self.port));
        while TcpStream::connect(("127.0.0.1", self.port)).is_ok() {
            thread::yield_now();
        }
    }
}

fn accept_until(is_over: &AtomicBool, listener: &TcpListener, target: &PathBuf) {
    while let Ok((client, _)) = listener.accept() {
        if is_over.load(Ordering::SeqCst) {
            return;
        }
        // Nobody there: the client sees its connection end, as with a server that is starting.
        if let Ok(server) = UnixStream::connect(target) {
            join(client, server);
        }
    }
}

/// Carries both ways until both ends have closed.
fn join(client: TcpStream, server: UnixStream) {
    let _ = client.set_nodelay(true);
    let (Ok(mut client_again), Ok(mut server_again)) = (client.try_clone(), server.try_clone())
    else {
        return;
    };
    let (mut client, mut server) = (client, server);
    thread::spawn(move || {
        let _ = io::copy(&mut client_again, &mut server_again);
        let _ = server_again.shutdown(Shutdown::Write);
    });
    thread::spawn(move || {
        let _ = io::copy(&mut server, &mut client);
        let _ = client.shutdown(Shutdown::Both);
    });
}
