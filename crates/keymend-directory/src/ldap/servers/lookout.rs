//! The connection on which a server is asked what it counts of wrong passwords.
//!
//! It is one of its own, and what becomes of it says nothing about the order in which servers are
//! asked for people: a chore that runs every few seconds must neither bring a server that hangs
//! back to the front, nor send people away from one that is merely slow with long searches.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use keymend_domain::directory::DirectoryError;

use super::{Server, Service, locked};
use crate::ldap::connect::Failure;

/// The connection, and what is known of it.
#[derive(Debug, Default)]
pub(super) struct Lookout {
    kept: Mutex<Option<Arc<Service>>>,
    is_silent: AtomicBool,
}

impl Server {
    /// The connection of the lookout: the kept one if it is open, else a new one.
    pub(in crate::ldap) async fn lookout(&self, limit: Duration) -> Result<Arc<Service>, Failure> {
        let kept = locked(&self.lookout.kept).clone();
        if let Some(kept) = kept.filter(|kept| !kept.connection.is_closed()) {
            return Ok(kept);
        }
        let fresh = Arc::new(self.sign_in(limit).await?);
        *locked(&self.lookout.kept) = Some(Arc::clone(&fresh));
        Ok(fresh)
    }

    /// Gives up the connection of the lookout, after anything but a plain answer.
    pub(in crate::ldap) fn leaves_lookout(&self) {
        *locked(&self.lookout.kept) = None;
    }

    /// Notes how a round went, and says in the log if that is news: a server that is never heard
    /// would otherwise be a watch that nobody knows to be off.
    pub(in crate::ldap) fn notes_round(&self, error: Option<&DirectoryError>) {
        let was_silent = self
            .lookout
            .is_silent
            .swap(error.is_some(), Ordering::Relaxed);
        let server = self.address();
        match error {
            Some(error) if !was_silent => tracing::warn!(
                server,
                %error,
                "a server does not say what it counts: wrong passwords there may go unnoticed"
            ),
            None if was_silent => tracing::info!(server, "a server says again what it counts"),
            _ => {}
        }
    }
}
