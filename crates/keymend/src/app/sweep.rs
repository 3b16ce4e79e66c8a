//! What nobody else finishes: orders a crash left open, flows whose time is over, old rows, new
//! settings, and directories that go down or come back.

use std::collections::HashMap;
use std::time::Duration;

use keymend_domain::account::DirectoryName;
use keymend_domain::audit::{ActorKind, AuditDeed, AuditEvent, AuditResult};
use keymend_domain::directory::Health;
use keymend_domain::flow::Flow;
use keymend_domain::time::{DAY_MS, Moment, SECOND_MS};

use super::{App, Stop, Visitor};
use crate::store::Tx;

/// How often the sweep runs.
const EVERY: Duration = Duration::from_secs(2);
/// Rows looked at in one transaction.
const ROWS_MOST: u32 = 256;
/// How often directories are asked for their state.
const HEALTH_EVERY_MS: i64 = 30 * SECOND_MS;

impl App {
    /// Sweeps until the process ends.
    pub async fn sweep_forever(&self) {
        let mut states: HashMap<DirectoryName, bool> = HashMap::new();
        let mut asked_at = Moment(0);
        loop {
            if let Err(stop) = self.sweep_once().await {
                tracing::error!(error = %stop, "the sweep failed; it runs again");
            }
            if let Err(stop) = self.refresh_policy().await {
                tracing::error!(error = %stop, "the settings could not be looked at");
            }
            if self.now().since_ms(asked_at) >= HEALTH_EVERY_MS {
                asked_at = self.now();
                self.watch_directories(&mut states).await;
            }
            tokio::time::sleep(EVERY).await;
        }
    }

    /// One round: settle, expire, forget.
    ///
    /// # Errors
    ///
    /// [`Stop::Fault`] if the store failed.
    pub async fn sweep_once(&self) -> Result<(), Stop> {
        self.settle_left_open().await?;
        let now = self.now();
        self.inner
            .store
            .transact(move |tx: &mut Tx<'_>| -> Result<(), Stop> {
                for flow in tx.expired(now, ROWS_MOST)? {
                    let step = flow.expire(now);
                    tx.commit_step(&step, None, None)?;
                }
                tx.forget_flows(now.plus_ms(-DAY_MS), ROWS_MOST)?;
                tx.forget_counters(now, ROWS_MOST)?;
                tx.forget_ended(now, ROWS_MOST)?;
                Ok(())
            })
            .await
    }

    /// Orders whose deadline passed without a settlement: the process that opened them is gone,
    /// or could not save what came of them.  They are settled by reading the directory.
    async fn settle_left_open(&self) -> Result<(), Stop> {
        // A grace of a few seconds leaves living tasks the first word.
        let before = self.now().plus_ms(-5 * SECOND_MS);
        let open = self
            .inner
            .store
            .read(move |rx| -> Result<Vec<Flow>, Stop> { Ok(rx.unsettled(before, ROWS_MOST)?) })
            .await?;
        for flow in open {
            let Some(order) = flow.open_order() else {
                continue;
            };
            match self.inner.directories.read(&order.account).await {
                Ok(account) => {
                    let outcome = order.reconcile(account.as_ref());
                    tracing::warn!(order.id = %order.id, ?outcome, "an order left open was settled");
                    self.settle(&flow.id, outcome, Visitor::default()).await;
                }
                Err(error) => {
                    // It stays open: only the directory knows, and it will be asked again.
                    tracing::warn!(order.id = %order.id, %error, "an open order must wait");
                }
            }
        }
        Ok(())
    }

    async fn watch_directories(&self, states: &mut HashMap<DirectoryName, bool>) {
        let names: Vec<DirectoryName> = self.inner.directories.names().cloned().collect();
        for name in names {
            let health = self.inner.directories.health(&name).await;
            let is_up = health == Health::Up;
            let was_up = states.insert(name.clone(), is_up);
            if was_up.is_some_and(|was_up| was_up != is_up) || (was_up.is_none() && !is_up) {
                self.note_state(&name, &health).await;
            }
        }
    }

    async fn note_state(&self, name: &DirectoryName, health: &Health) {
        let (result, reason) = match health {
            Health::Up => (AuditResult::Success, "up".to_owned()),
            Health::Down { during, .. } => (AuditResult::Failure, format!("down {during}")),
        };
        tracing::warn!(directory = %name, state = reason, "the state of a directory changed");
        let Ok(correlation) = self.new_journey() else {
            return;
        };
        let deed = AuditDeed::DirectoryState;
        let mut event = AuditEvent::new(self.now(), deed, result, ActorKind::System, correlation);
        event.directory = Some(name.0.clone());
        let event = event.because(reason);
        let saved = self
            .inner
            .store
            .transact(move |tx: &mut Tx<'_>| -> Result<(), Stop> { Ok(tx.audit(&event)?) })
            .await;
        if let Err(stop) = saved {
            tracing::error!(error = %stop, "the state of a directory could not be recorded");
        }
    }
}
