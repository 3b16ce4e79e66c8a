//! A TCP proxy that behaves well until it is told not to.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use socket2::SockRef;

use crate::trouble::{Trouble, or_end_the_test};

/// What goes wrong on the line, from the moment it is set, on old connections and new ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Nothing.
    None,
    /// Nobody listens: connecting is refused.  Open connections stay as they are.
    Refuse,
    /// New connections are accepted and reset at once.
    Reset,
    /// Connections open, but not one byte is carried either way.
    Hang,
    /// Requests arrive, answers are swallowed: the deed happens and nobody learns of it.
    DropAnswers,
    /// Requests are swallowed: the deed does not happen and nobody learns of it.
    DropRequests,
    /// After so many further bytes towards the server, the line is cut: both sides see it end.
    CutUpAfter(usize),
    /// After so many further bytes towards the client, the line is cut: both sides see it end.
    CutDownAfter(usize),
    /// Every piece arrives that much later.
    Latency(Duration),
    /// After so many further pieces, either way, not one byte is carried: the talk stops there.
    HangAfter(usize),
}

/// A proxy on a free port of 127.0.0.1, in front of one server.
pub struct Proxy {
    shared: Arc<Shared>,
    address: SocketAddr,
}

struct Shared {
    target: SocketAddr,
    line: Mutex<Line>,
    listener: Mutex<Option<TcpListener>>,
    open: Mutex<Vec<Pair>>,
    accepted: AtomicUsize,
    is_over: AtomicBool,
}

/// Two ends of one connection, kept so that it can be cut from outside.
struct Pair {
    client: TcpStream,
    server: TcpStream,
    client_address: SocketAddr,
}

/// The fault, and how many bytes have been carried each way since it was set.
struct Line {
    fault: Fault,
    carried_up: usize,
    carried_down: usize,
    pieces: usize,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    Up,
    Down,
}

/// What is to be done with a piece that has just been read.
enum Fate {
    Carry,
    CarryLater(Duration),
    Swallow,
    CarryAndCut(usize),
}

impl Proxy {
    /// Starts a proxy in front of this port of 127.0.0.1.
    #[track_caller]
    pub fn start(target_port: u16) -> Self {
        or_end_the_test(Self::try_start(SocketAddr::from((
            [127, 0, 0, 1],
            target_port,
        ))))
    }

    /// Starts a proxy in front of any address.
    ///
    /// # Errors
    ///
    /// If no port can be had.
    pub fn try_start(target: SocketAddr) -> Result<Self, Trouble> {
        let listener = listen(SocketAddr::from(([127, 0, 0, 1], 0)))?;
        let address = listener
            .local_addr()
            .map_err(Trouble::during("asking for the proxy's port"))?;
        let shared = Arc::new(Shared {
            target,
            line: Mutex::new(Line {
                fault: Fault::None,
                carried_up: 0,
                carried_down: 0,
                pieces: 0,
            }),
            listener: Mutex::new(Some(listener)),
            open: Mutex::new(Vec::new()),
            accepted: AtomicUsize::new(0),
            is_over: AtomicBool::new(false),
        });
        let theirs = Arc::clone(&shared);
        thread::spawn(move || theirs.accept_until_over());
        Ok(Self { shared, address })
    }

    /// Where the proxy listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The port it listens on.
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// Changes how the line behaves, from now on.
    #[track_caller]
    pub fn set(&self, fault: Fault) {
        *lock(&self.shared.line) = Line {
            fault,
            carried_up: 0,
            carried_down: 0,
            pieces: 0,
        };
        let mut listener = lock(&self.shared.listener);
        if fault == Fault::Refuse {
            *listener = None;
        } else if listener.is_none() {
            *listener = Some(or_end_the_test(listen(self.address)));
        }
    }

    /// Cuts every open connection.
    pub fn cut_all(&self) {
        for pair in lock(&self.shared.open).drain(..) {
            cut(&pair.client);
            cut(&pair.server);
        }
    }

    /// How many connections have been accepted so far.
    pub fn connections(&self) -> usize {
        self.shared.accepted.load(Ordering::SeqCst)
    }

    /// How many pieces have gone either way since the last [`Proxy::set`], swallowed ones included.
    pub fn pieces(&self) -> usize {
        lock(&self.shared.line).pieces
    }

    /// How many bytes have gone towards the server since the last [`Proxy::set`], swallowed ones
    /// included.
    pub fn carried_up(&self) -> usize {
        lock(&self.shared.line).carried_up
    }

    /// How many bytes have gone towards the client since the last [`Proxy::set`], swallowed ones
    /// included.
    pub fn carried_down(&self) -> usize {
        lock(&self.shared.line).carried_down
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.shared.is_over.store(true, Ordering::SeqCst);
        *lock(&self.shared.listener) = None;
        self.cut_all();
    }
}

impl Shared {
    fn accept_until_over(self: Arc<Self>) {
        while !self.is_over.load(Ordering::SeqCst) {
            match self.accept() {
                Some((client, address)) => self.join(client, address),
                None => thread::sleep(Duration::from_millis(2)),
            }
        }
    }

    fn accept(&self) -> Option<(TcpStream, SocketAddr)> {
        let (client, address) = lock(&self.listener).as_ref()?.accept().ok()?;
        client.set_nonblocking(false).ok()?;
        client.set_nodelay(true).ok()?;
        self.accepted.fetch_add(1, Ordering::SeqCst);
        Some((client, address))
    }

    /// Joins a client with the server; if the server refuses, the client sees a reset.
    fn join(self: &Arc<Self>, client: TcpStream, client_address: SocketAddr) {
        let is_reset = lock(&self.line).fault == Fault::Reset;
        let connected = (!is_reset).then(|| TcpStream::connect(self.target));
        let Some(Ok(server)) = connected else {
            // Closing with this option sends RST, as a firewall or a dead port would.
            let _ = SockRef::from(&client).set_linger(Some(Duration::ZERO));
            return;
        };
        // Small pieces must not wait for each other: latency is a fault that is asked for.
        let _ = server.set_nodelay(true);
        let clones = || Some((client.try_clone().ok()?, server.try_clone().ok()?));
        let (Some(kept), Some(up), Some(down)) = (clones(), clones(), clones()) else {
            return;
        };
        lock(&self.open).push(Pair {
            client: kept.0,
            server: kept.1,
            client_address,
        });
        let (ours, theirs) = (Arc::clone(self), Arc::clone(self));
        thread::spawn(move || ours.pump(up.0, up.1, Way::Up));
        thread::spawn(move || {
            theirs.pump(down.1, down.0, Way::Down);
            lock(&theirs.open).retain(|pair| pair.client_address != client_address);
        });
    }

    /// Carries bytes one way until either side ends.
    fn pump(&self, mut from: TcpStream, mut to: TcpStream, way: Way) {
        let mut buffer = vec![0; 16 * 1024];
        loop {
            let length = match from.read(&mut buffer) {
                Ok(0) => break,
                Ok(length) => length,
                Err(fault) if fault.kind() == ErrorKind::Interrupted => continue,
                Err(_) => return cut(&to),
            };
            let piece = buffer.get(..length).unwrap_or_default();
            match self.fate(way, length) {
                Fate::Swallow => continue,
                Fate::CarryLater(delay) => thread::sleep(delay),
                Fate::Carry => {}
                Fate::CarryAndCut(allowed) => {
                    let _ = to.write_all(piece.get(..allowed).unwrap_or(piece));
                    cut(&from);
                    return cut(&to);
                }
            }
            if to.write_all(piece).is_err() {
                return cut(&from);
            }
        }
        // The other way may go on: closing one's mouth is not closing one's ears.
        let _ = to.shutdown(Shutdown::Write);
    }

    fn fate(&self, way: Way, length: usize) -> Fate {
        let mut line = lock(&self.line);
        line.pieces += 1;
        let pieces = line.pieces;
        let carried = match way {
            Way::Up => &mut line.carried_up,
            Way::Down => &mut line.carried_down,
        };
        let before = *carried;
        *carried += length;
        match (line.fault, way) {
            (Fault::Hang, _) | (Fault::DropAnswers, Way::Down) | (Fault::DropRequests, Way::Up) => {
                Fate::Swallow
            }
            (Fault::HangAfter(limit), _) if pieces > limit => Fate::Swallow,
            (Fault::CutUpAfter(limit), Way::Up) | (Fault::CutDownAfter(limit), Way::Down)
                if before + length > limit =>
            {
                Fate::CarryAndCut(limit.saturating_sub(before))
            }
            (Fault::Latency(delay), _) => Fate::CarryLater(delay),
            _ => Fate::Carry,
        }
    }
}

fn listen(address: SocketAddr) -> Result<TcpListener, Trouble> {
    let listener = TcpListener::bind(address).map_err(Trouble::during("opening the proxy"))?;
    listener
        .set_nonblocking(true)
        .map_err(Trouble::during("opening the proxy"))?;
    Ok(listener)
}

fn cut(stream: &TcpStream) {
    // A failure means that the connection is gone, which is what we want.
    let _ = stream.shutdown(Shutdown::Both);
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A server that says everything back.
    fn echo() -> u16 {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        thread::spawn(move || {
            for stream in listener.incoming() {
                thread::spawn(move || {
                    let mut stream = stream.unwrap();
                    let mut reader = stream.try_clone().unwrap();
                    let _ = std::io::copy(&mut reader, &mut stream);
                });
            }
        });
        port
    }

    fn connect(proxy: &Proxy) -> TcpStream {
        let stream = TcpStream::connect(proxy.address()).unwrap();
        let patience = Some(Duration::from_millis(200));
        stream.set_read_timeout(patience).unwrap();
        stream
    }

    fn say(stream: &mut TcpStream, words: &[u8]) -> std::io::Result<Vec<u8>> {
        stream.write_all(words)?;
        let mut answer = vec![0; words.len()];
        stream.read_exact(&mut answer)?;
        Ok(answer)
    }

    #[test]
    fn a_healthy_line_carries_both_ways() {
        let proxy = Proxy::start(echo());
        let mut stream = connect(&proxy);
        assert_eq!(say(&mut stream, b"hello").unwrap(), b"hello");
        assert_eq!((proxy.carried_up(), proxy.carried_down()), (5, 5));
        assert_eq!(proxy.connections(), 1);
    }

    #[test]
    fn a_refusing_line_comes_back_on_the_same_port() {
        let proxy = Proxy::start(echo());
        proxy.set(Fault::Refuse);
        let refused = TcpStream::connect(proxy.address()).unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::ConnectionRefused);
        proxy.set(Fault::None);
        assert_eq!(say(&mut connect(&proxy), b"again").unwrap(), b"again");
    }

    #[test]
    fn a_hanging_line_accepts_and_stays_silent() {
        let proxy = Proxy::start(echo());
        proxy.set(Fault::Hang);
        let silence = say(&mut connect(&proxy), b"hello").unwrap_err();
        assert_eq!(silence.kind(), ErrorKind::WouldBlock);
    }

    #[test]
    fn a_talk_stops_after_so_many_pieces() {
        let proxy = Proxy::start(echo());
        let mut stream = connect(&proxy);
        proxy.set(Fault::HangAfter(3));
        say(&mut stream, b"hello").unwrap();
        let silence = say(&mut stream, b"world").unwrap_err();
        assert_eq!(silence.kind(), ErrorKind::WouldBlock);
        assert_eq!((proxy.carried_up(), proxy.pieces()), (10, 4));
    }

    #[test]
    fn swallowed_answers_leave_the_deed_done() {
        let proxy = Proxy::start(echo());
        let mut stream = connect(&proxy);
        say(&mut stream, b"hello").unwrap();
        proxy.set(Fault::DropAnswers);
        say(&mut stream, b"world").unwrap_err();
        assert_eq!((proxy.carried_up(), proxy.carried_down()), (5, 5));
    }

    #[test]
    fn a_line_is_cut_after_so_many_bytes() {
        let proxy = Proxy::start(echo());
        let mut stream = connect(&proxy);
        proxy.set(Fault::CutDownAfter(3));
        stream.write_all(b"hello").unwrap();
        let mut answer = [0; 3];
        stream.read_exact(&mut answer).unwrap();
        assert_eq!(&answer, b"hel");
        assert!(!matches!(stream.read(&mut answer), Ok(1..)));
    }

    #[test]
    fn a_reset_line_ends_new_connections_at_once() {
        let proxy = Proxy::start(echo());
        proxy.set(Fault::Reset);
        assert!(say(&mut connect(&proxy), b"hello").is_err());
    }

    #[test]
    fn all_open_lines_can_be_cut() {
        let proxy = Proxy::start(echo());
        let mut stream = connect(&proxy);
        say(&mut stream, b"hello").unwrap();
        proxy.cut_all();
        assert!(say(&mut stream, b"world").is_err());
    }
}
