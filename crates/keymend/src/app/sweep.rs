//! What nobody else finishes: orders a crash left open, flows whose time is over, old rows, new
//! settings, and directories that go down or come back.

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use futures_util::stream::{FuturesUnordered, StreamExt as _};
use keymend_domain::account::DirectoryName;
use keymend_domain::audit::{AuditDeed, AuditResult};
use keymend_domain::directory::Health;
use keymend_domain::flow::Flow;
use keymend_domain::time::{DAY_MS, HOUR_MS, Moment, SECOND_MS};

use super::directories::is_down;
use super::{App, Stop, Visitor};
use crate::app::guarded;
use crate::store::Tx;

/// How often the sweep runs.
const EVERY: Duration = Duration::from_secs(2);
/// Rows looked at in one transaction.
const ROWS_MOST: u32 = 256;
/// So many times that many rows are looked at in one round.
const PAGES_MOST: u32 = 16;
/// How often the audit log is covered by a signed head.
const COVER_EVERY_MS: i64 = 60 * SECOND_MS;
/// How long a directory is down before administrators are told.
const DOWN_TOLD_MS: i64 = 5 * 60 * SECOND_MS;

/// How long a watch over wrong passwords can be overdue before it is forgotten unseen: longer than
/// any of them lasts.
const WATCH_OVERDUE_MS: i64 = 6 * HOUR_MS;

impl App {
    /// Sweeps until the process ends.
    pub async fn sweep_forever(&self) {
        let mut watch = Watch::default();
        let mut covered_at = self.now();
        loop {
            if let Err(stop) = self.sweep_once().await {
                tracing::error!(error = %stop, "the sweep failed; it runs again");
            }
            if let Err(stop) = self.refresh_policy().await {
                tracing::error!(error = %stop, "the settings could not be looked at");
            }
            self.watch_directories(&mut watch).await;
            if self.now().since_ms(covered_at) >= COVER_EVERY_MS {
                covered_at = self.now();
                self.cover_audit().await;
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
                tx.forget_sessions(now, ROWS_MOST)?;
                tx.forget_watches(now.plus_ms(-WATCH_OVERDUE_MS), ROWS_MOST)?;
                Ok(())
            })
            .await
    }

    /// Orders whose deadline passed without a settlement: the process that opened them is gone,
    /// or could not save what came of them.  They are settled by reading the directory.
    async fn settle_left_open(&self) -> Result<(), Stop> {
        // A grace of a few seconds leaves living tasks the first word.
        let before = self.now().plus_ms(-5 * SECOND_MS);
        let mut silent = BTreeSet::new();
        // Those that stay open are stepped over: with many orders of a silent directory, the
        // others would never be in the first rows.
        let mut left = 0;
        for _ in 0..PAGES_MOST {
            let page = (left, ROWS_MOST);
            let open = self
                .inner
                .store
                .read(move |rx| -> Result<Vec<Flow>, Stop> { Ok(rx.unsettled(before, page)?) })
                .await?;
            if open.is_empty() {
                break;
            }
            left += self.settle_these(open, &mut silent).await;
        }
        Ok(())
    }

    /// Settles these orders; gives how many stay open.
    async fn settle_these(&self, open: Vec<Flow>, silent: &mut BTreeSet<DirectoryName>) -> u32 {
        let mut left = 0;
        for flow in open {
            // A directory that is silent, or a server of it, is asked once in a round: the orders
            // of the others must not wait for its deadline again and again.
            let Some(order) = flow
                .open_order()
                .filter(|order| !silent.contains(&order.account.directory))
            else {
                left += 1;
                continue;
            };
            match self.inner.directories.read_back(&order.account).await {
                Ok(read) => {
                    if !read.is_whole {
                        silent.insert(order.account.directory.clone());
                    }
                    let outcome = order.reconcile_unconfirmed(&read);
                    tracing::warn!(order.id = %order.id, ?outcome, "an order left open was settled");
                    self.settle((&flow.id, &order.id), outcome, Visitor::default())
                        .await;
                }
                Err(error) => {
                    // It stays open: only the directory knows, and it will be asked again.
                    tracing::warn!(order.id = %order.id, %error, "an open order must wait");
                    left += 1;
                    if is_down(&error) {
                        silent.insert(order.account.directory.clone());
                    }
                }
            }
        }
        left
    }

    /// Signs the head of the audit log, so that a cut tail is noticed.
    async fn cover_audit(&self) {
        let covered = self
            .inner
            .store
            .transact(|tx: &mut Tx<'_>| -> Result<(), Stop> { Ok(tx.cover_audit()?) })
            .await;
        if let Err(stop) = covered {
            tracing::error!(error = %stop, "the audit log could not be covered");
        }
    }

    async fn watch_directories(&self, watch: &mut Watch) {
        let directories = &self.inner.directories;
        let names: Vec<&DirectoryName> = directories
            .names()
            .filter(|name| watch.asks(name, directories.interval_ms(name), self.now()))
            .collect();
        // All at once, and each noted as it comes: one that hangs must not hold up the news of the
        // others.  The next round waits for it, a few seconds at most.
        let asking = names.into_iter();
        let asking = asking.map(|name| async move { (name, directories.health(name).await) });
        let mut answers: FuturesUnordered<_> = asking.collect();
        while let Some((name, health)) = answers.next().await {
            let changed = watch.note(name, &health, self.now());
            if changed.is_news {
                self.note_state(name, &health).await;
            }
            if let Some(what) = changed.tell {
                self.tell_administrators(what, &name.0).await;
            }
        }
    }

    async fn note_state(&self, name: &DirectoryName, health: &Health) {
        let (result, reason) = match health {
            Health::Up => (AuditResult::Success, "up".to_owned()),
            Health::Down { during, .. } => (AuditResult::Failure, format!("down {during}")),
        };
        tracing::warn!(directory = %name, state = reason, "the state of a directory changed");
        let deed = AuditDeed::DirectoryState;
        self.audit_directory(name, deed, (result, reason)).await;
    }
}

/// How each directory was, and since when.
#[derive(Default)]
struct Watch {
    asked_at: HashMap<DirectoryName, Moment>,
    states: HashMap<DirectoryName, Watched>,
}

#[derive(Clone, Copy)]
struct Watched {
    is_up: bool,
    since: Moment,
    /// What administrators were told of it, and nothing since.
    told: Option<&'static str>,
}

/// The word for a service account that may do too much.
const REFUSED: &str = "directory-refused";

struct Changed {
    is_news: bool,
    tell: Option<&'static str>,
}

impl Watch {
    /// Whether a directory is to be asked now; if so, that is noted.
    fn asks(&mut self, name: &DirectoryName, interval_ms: i64, now: Moment) -> bool {
        let last = self.asked_at.get(name);
        if last.is_some_and(|at| now.since_ms(*at) < interval_ms) {
            return false;
        }
        self.asked_at.insert(name.clone(), now);
        true
    }

    /// Down is told after five minutes, a service account that may do too much at once and whatever
    /// was told before, up again only if either was told (behaviour §7, M21).
    fn note(&mut self, name: &DirectoryName, health: &Health, now: Moment) -> Changed {
        let is_up = *health == Health::Up;
        let before = self.states.get(name).copied();
        let mut state = match before {
            Some(before) if before.is_up == is_up => before,
            _ => Watched {
                is_up,
                since: now,
                told: before.and_then(|own| own.told),
            },
        };
        let is_news = before.map_or(!is_up, |before| before.is_up != is_up);
        let is_refused = matches!(health, Health::Down { during, .. } if during == guarded::RIGHTS);
        let is_due = now.since_ms(state.since) >= DOWN_TOLD_MS;
        let tell = match (is_up, state.told) {
            (true, Some(_)) => Some("directory-up"),
            (true, None) | (false, Some(REFUSED)) => None,
            (false, _) if is_refused => Some(REFUSED),
            (false, None) if is_due => Some("directory-down"),
            (false, _) => None,
        };
        if tell.is_some() {
            state.told = tell.filter(|_| !is_up);
        }
        self.states.insert(name.clone(), state);
        Changed { is_news, tell }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn administrators_hear_of_a_directory_that_stays_down_and_of_its_return() {
        let mut watch = Watch::default();
        let name = DirectoryName("corp".into());
        let down = Health::Down {
            during: "connection".into(),
            detail: String::new(),
        };
        let mut told = Vec::new();
        for (minute, health) in [
            (0, &Health::Up),
            (1, &down),
            (3, &down),
            (6, &down),
            (7, &down),
            (8, &Health::Up),
            (9, &Health::Up),
        ] {
            told.push(watch.note(&name, health, Moment(minute * 60_000)).tell);
        }
        let expected = [
            None,
            None,
            None,
            Some("directory-down"),
            None,
            Some("directory-up"),
            None,
        ];
        assert_eq!(told, expected);
    }

    #[test]
    fn administrators_hear_at_once_of_a_service_account_that_may_do_too_much() {
        let mut watch = Watch::default();
        let name = DirectoryName("corp".into());
        let refused = Health::Down {
            during: guarded::RIGHTS.into(),
            detail: "reset the password of a protected account".into(),
        };
        let mut told = Vec::new();
        for (minute, health) in [(0, &refused), (1, &refused), (2, &Health::Up)] {
            told.push(watch.note(&name, health, Moment(minute * 60_000)).tell);
        }
        let expected = [Some("directory-refused"), None, Some("directory-up")];
        assert_eq!(told, expected);

        let down = Health::Down {
            during: "connection".into(),
            detail: String::new(),
        };
        let mut told = Vec::new();
        for (minute, health) in [(10, &down), (16, &down), (17, &refused), (18, &down)] {
            told.push(watch.note(&name, health, Moment(minute * 60_000)).tell);
        }
        let expected = [
            None,
            Some("directory-down"),
            Some("directory-refused"),
            None,
        ];
        assert_eq!(told, expected);
    }
}
