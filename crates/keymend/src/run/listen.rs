//! Listening: plain or with TLS, with limits on slow and greedy connections.

use std::future::Future;
use std::net::{SocketAddr, TcpListener};
use std::time::Duration;

use axum::Router;
use axum_server::Handle;
use axum_server::tls_rustls::RustlsConfig;
use hyper_util::rt::TokioTimer;

use super::taken;
use crate::cli::Stop;

/// How long a client may take over the head of a request.
const HEAD_WAIT: Duration = Duration::from_secs(10);
/// How long running answers may take when the service stops; a write takes up to 30 s more.
const STOP_WAIT: Duration = Duration::from_secs(10);
/// The most bytes the head of a request may have.
const HEAD_BYTES_MAX: usize = 32 * 1_024;

/// An address that is ours.
pub struct Listener {
    socket: TcpListener,
    tls: Option<RustlsConfig>,
}

/// Takes an address.
///
/// # Errors
///
/// [`Stop::Usage`] if it is taken; the message names one that is free.
pub fn bind(address: SocketAddr) -> Result<Listener, Stop> {
    let socket = TcpListener::bind(address).map_err(|error| taken(address, &error))?;
    let nonblocking = socket.set_nonblocking(true);
    nonblocking.map_err(|error| Stop::Fault(format!("the socket cannot be used: {error}")))?;
    Ok(Listener { socket, tls: None })
}

impl Listener {
    /// The address, with the port that was given if 0 was asked for.
    #[must_use]
    pub fn address(&self) -> Option<SocketAddr> {
        self.socket.local_addr().ok()
    }

    /// Speaks TLS with this certificate, which may be replaced while the service runs.
    #[must_use]
    pub fn with_tls(self, tls: RustlsConfig) -> Self {
        Self {
            tls: Some(tls),
            ..self
        }
    }

    /// Serves until `stop` comes to its end.
    pub(super) async fn serve(
        self,
        router: Router,
        stop: impl Future<Output = ()> + Send + 'static,
    ) -> Result<(), Stop> {
        let handle = Handle::new();
        let stopping = handle.clone();
        #[expect(clippy::disallowed_methods, reason = "it ends with the listener")]
        tokio::spawn(async move {
            stop.await;
            stopping.graceful_shutdown(Some(STOP_WAIT));
        });
        let service = router.into_make_service_with_connect_info::<SocketAddr>();
        let fault = |error: std::io::Error| Stop::Fault(format!("the listener failed: {error}"));
        match self.tls {
            Some(tls) => {
                let mut server = axum_server::from_tcp_rustls(self.socket, tls)
                    .map_err(fault)?
                    .handle(handle);
                limit(server.http_builder());
                server.serve(service).await.map_err(fault)
            }
            None => {
                let mut server = axum_server::from_tcp(self.socket)
                    .map_err(fault)?
                    .handle(handle);
                limit(server.http_builder());
                server.serve(service).await.map_err(fault)
            }
        }
    }
}

fn limit<E>(builder: &mut hyper_util::server::conn::auto::Builder<E>)
where
    E: Clone,
{
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_WAIT)
        .max_buf_size(HEAD_BYTES_MAX);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(64)
        .max_header_list_size(u32::try_from(HEAD_BYTES_MAX).unwrap_or(u32::MAX))
        .keep_alive_interval(Duration::from_secs(30))
        .keep_alive_timeout(Duration::from_secs(10));
}
