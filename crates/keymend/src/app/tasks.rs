//! What must finish is not owned by the request that began it.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::Notify;
use tokio::task::JoinHandle;

/// Tasks that a leaving browser cannot cancel, and that a shutdown waits for.
#[derive(Clone, Default)]
pub struct Tasks(Arc<Running>);

#[derive(Default)]
struct Running {
    count: AtomicUsize,
    none_left: Notify,
}

/// Counts a task out when it ends, even by a panic.
struct Ticket(Arc<Running>);

impl Drop for Ticket {
    fn drop(&mut self) {
        if self.0.count.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.0.none_left.notify_waiters();
        }
    }
}

impl Tasks {
    /// Runs `work` to its end, whoever stops waiting for it.
    pub fn finish<T: Send + 'static>(
        &self,
        work: impl Future<Output = T> + Send + 'static,
    ) -> JoinHandle<T> {
        self.0.count.fetch_add(1, Ordering::AcqRel);
        let ticket = Ticket(Arc::clone(&self.0));
        #[expect(
            clippy::disallowed_methods,
            reason = "this is the place that counts tasks"
        )]
        tokio::spawn(async move {
            let _ticket = ticket;
            work.await
        })
    }

    /// Waits until nothing runs any more.
    pub async fn wait(&self) {
        loop {
            let none_left = self.0.none_left.notified();
            if self.0.count.load(Ordering::Acquire) == 0 {
                return;
            }
            none_left.await;
        }
    }
}
