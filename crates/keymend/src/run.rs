//! Building the parts, starting and stopping them.

mod account;
mod ask;
mod audit;
mod banned;
mod breach;
mod build;
mod certificate;
mod check;
mod demo;
mod directory;
mod doctor;
mod listen;
mod log;
mod policy;
mod serve;
mod setup;
mod who;
mod words;

use std::net::SocketAddr;
use std::sync::Arc;

use tokio::task::JoinHandle;

use crate::app::App;
use crate::cli::Stop;
use crate::text::Texts;
use crate::web::{Site, Web, router};

pub use account::account;
pub use audit::audit;
pub use banned::banned;
pub use breach::breach;
pub use check::check;
pub use demo::demo;
pub use directory::directory;
pub use doctor::doctor;
pub use listen::{Listener, bind};
pub use policy::policy;
pub use serve::serve;
pub use setup::setup;
pub use words::harmless;

/// A service that was put together and is not yet listening.
pub struct Service {
    app: App,
    router: axum::Router,
}

impl Service {
    /// Puts pages in front of the deeds.
    ///
    /// # Errors
    ///
    /// [`Stop::Fault`] for a defect of the build: a broken text or template.
    pub fn new(app: App, site: Site, form_key: keymend_domain::code::MacKey) -> Result<Self, Stop> {
        let texts = Texts::load().map_err(|fault| Stop::Fault(fault.to_string()))?;
        let web = Web::new(app.clone(), site, Arc::new(texts), form_key)
            .map_err(|fault| Stop::Fault(fault.to_string()))?;
        Ok(Self {
            app,
            router: router(web),
        })
    }

    /// The pages, for tests that walk them without a socket.
    pub fn router(&self) -> axum::Router {
        self.router.clone()
    }

    /// Serves until the process is told to stop, then lets everything that was begun come to its
    /// end.
    ///
    /// # Errors
    ///
    /// [`Stop::Fault`] if the listener fails.
    pub async fn serve(self, listener: Listener) -> Result<(), Stop> {
        self.serve_then(listener, std::future::ready(Ok(()))).await
    }

    /// The same, with something to do before the store is closed.  `last` must hold every other
    /// handle of the store there is: closing waits until they are gone.
    async fn serve_then(
        self,
        listener: Listener,
        last: impl Future<Output = Result<(), Stop>>,
    ) -> Result<(), Stop> {
        let chores = self.chores();
        let served = listener.serve(self.router, told_to_stop()).await;
        self.app.tasks().wait().await;
        for chore in chores {
            chore.abort();
            // Aborted or finished: either way it holds no handle of the store any more.
            let _ = chore.await;
        }
        let last = last.await;
        self.app.close().await;
        served.and(last)
    }

    /// The tasks that run beside the pages.
    fn chores(&self) -> Vec<JoinHandle<()>> {
        let (dispatcher, sweeper) = (self.app.clone(), self.app.clone());
        let (watcher, warner) = (self.app.clone(), self.app.clone());
        #[expect(clippy::disallowed_methods, reason = "chores end with the process")]
        let chores = vec![
            tokio::spawn(async move { dispatcher.dispatch_forever().await }),
            tokio::spawn(async move { sweeper.sweep_forever().await }),
            tokio::spawn(async move { watcher.watch_integration_forever().await }),
            tokio::spawn(async move { warner.watch_passwords_forever().await }),
        ];
        chores
    }
}

/// The threads that everything asynchronous runs on.
pub(crate) fn runtime() -> Result<tokio::runtime::Runtime, Stop> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Stop::Fault(format!("the runtime could not be started: {error}")))
}

/// Waits for SIGTERM or SIGINT.
async fn told_to_stop() {
    use tokio::signal::unix::{SignalKind, signal};
    match (
        signal(SignalKind::terminate()),
        signal(SignalKind::interrupt()),
    ) {
        (Ok(mut terminate), Ok(mut interrupt)) => {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
        }
        // Without signals the process can only be killed; it then settles at the next start.
        _ => std::future::pending().await,
    }
}

/// Says that an address is taken, and names one that is free.
pub(crate) fn taken(wanted: SocketAddr, error: &std::io::Error) -> Stop {
    let free = std::net::TcpListener::bind(SocketAddr::new(wanted.ip(), 0))
        .and_then(|listener| listener.local_addr())
        .map(|address| format!("; {address} is free: try --listen {address}"))
        .unwrap_or_default();
    Stop::Usage(format!("cannot listen on {wanted}: {error}{free}"))
}
