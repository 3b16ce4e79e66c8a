//! The watch over accounts whose password was set a short while ago: what the servers count is
//! read in rounds, and the owner hears of wrong passwords before they lock the account.
//!
//! ```text
//! due watches ─► one search for many accounts at each server ─► look ─► saved, or over
//!                                                                └► sighted: account, own tries ─► decide ─► notices
//! ```

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::future::join_all;
use keymend_domain::account::{Account, AccountRef, DirectoryName};
use keymend_domain::audit::AuditDeed;
use keymend_domain::directory::{DirectoryError, PasswordRules};
use keymend_domain::time::{MINUTE_MS, Moment};
use keymend_domain::watch::{Facts, Looked, Sighted, Watch, WatchStep};

use super::{App, Stop, Visitor};
use crate::store::{AuditFilter, AuditRecord, DueWatches, Rx, Tx};

/// How often the chore wakes.
const EVERY: Duration = Duration::from_secs(10);
/// Accounts looked at in one round; more of them wait for the next.
const ACCOUNTS_MOST: u32 = 500;
/// How long before the watch began tries made in Keymend itself matter: clocks and answers differ.
const BEFORE_MS: i64 = MINUTE_MS;
/// Tries made in Keymend itself that are looked at.
const OWN_TRIES_MOST: u32 = 100;

impl App {
    /// Watches until the process ends.
    pub async fn watch_passwords_forever(&self) {
        loop {
            if let Err(stop) = self.watch_passwords_once().await {
                tracing::error!(error = %stop, "wrong passwords could not be looked for; it runs again");
            }
            tokio::time::sleep(EVERY).await;
        }
    }

    /// One round over all watches that are due, at all directories at once: one that hangs must
    /// not hold up the news of the others.
    ///
    /// # Errors
    ///
    /// [`Stop::Fault`] if the store failed.
    pub async fn watch_passwords_once(&self) -> Result<(), Stop> {
        let mut by_directory: BTreeMap<DirectoryName, Vec<Watch>> = BTreeMap::new();
        for watch in self.due_watches().await? {
            let name = watch.account().directory.clone();
            by_directory.entry(name).or_default().push(watch);
        }
        let rounds = by_directory
            .iter()
            .map(|(name, watches)| self.watch_directory(name, watches));
        join_all(rounds).await.into_iter().collect()
    }

    async fn due_watches(&self) -> Result<Vec<Watch>, Stop> {
        let now = self.now();
        let store = &self.inner.store;
        let due: DueWatches = store
            .read(move |rx| -> Result<_, Stop> { Ok(rx.due_watches(now, ACCOUNTS_MOST)?) })
            .await?;
        if due.has_unreadable {
            store
                .transact(move |tx: &mut Tx<'_>| -> Result<(), Stop> {
                    Ok(tx.remove_unreadable_watches(now, ACCOUNTS_MOST)?)
                })
                .await?;
        }
        Ok(due.watches)
    }

    async fn watch_directory(&self, name: &DirectoryName, watches: &[Watch]) -> Result<(), Stop> {
        let is_off = self.policy().settings().notifications.wrong_passwords_mins == 0;
        let directory = self.inner.directories.get(name).filter(|_| !is_off);
        let Some(directory) = directory else {
            let over = watches.iter().map(|watch| (watch.clone(), None)).collect();
            return self.save_watches(over).await;
        };
        let accounts: Vec<AccountRef> = watches.iter().map(|own| own.account().clone()).collect();
        let servers = directory.tallies(&accounts).await;
        let now = self.now();
        let (mut seen, mut sighted) = (Vec::new(), Vec::new());
        for before in watches {
            match before.clone().look(&servers, now) {
                Looked::Over => seen.push((before.clone(), None)),
                Looked::Quiet(next) => seen.push((before.clone(), Some(next))),
                Looked::Sighted(news) => sighted.push((before.clone(), news)),
            }
        }
        // Saved first: trouble with one account must not make all the others due again.
        self.save_watches(seen).await?;
        self.tell_of_sightings(name, sighted).await
    }

    /// What cannot be told of now is told later: an account with a fault alone, and all that are
    /// left once the directory does not answer, each of which would wait for it again.
    async fn tell_of_sightings(
        &self,
        directory: &DirectoryName,
        sighted: Vec<(Watch, Sighted)>,
    ) -> Result<(), Stop> {
        let mut put_off = Vec::new();
        let mut is_down = false;
        for (before, news) in sighted {
            if is_down {
                put_off.push((before.clone(), before.put_off(self.now())));
                continue;
            }
            let Err(error) = self.tell_of_sighting(before.clone(), news).await else {
                continue;
            };
            tracing::warn!(%directory, %error, "wrong passwords were seen and nobody told yet");
            is_down = matches!(error, Untold::Directory(DirectoryError::Down { .. }));
            put_off.push((before.clone(), before.put_off(self.now())));
        }
        self.save_watches(put_off).await
    }

    /// Saves watches as they go on, unless a newer password has begun another meanwhile.
    async fn save_watches(&self, seen: Vec<(Watch, Option<Watch>)>) -> Result<(), Stop> {
        if seen.is_empty() {
            return Ok(());
        }
        self.inner
            .store
            .transact(move |tx: &mut Tx<'_>| -> Result<(), Stop> {
                for (before, next) in &seen {
                    if is_current(tx, before)? {
                        save(tx, before, next.as_ref())?;
                    }
                }
                Ok(())
            })
            .await
    }

    async fn tell_of_sighting(&self, before: Watch, sighted: Sighted) -> Result<(), Untold> {
        let account = before.account().clone();
        let found = self.inner.directories.read_with_rules(&account).await;
        let Some((found, rules)) = found.map_err(Untold::Directory)? else {
            return Ok(self.save_watches(vec![(before, None)]).await?);
        };
        if !sighted.may_be_news(&found, &rules) {
            let next = sighted.passed_over();
            return Ok(self.save_watches(vec![(before, next)]).await?);
        }
        let watch = before.clone();
        let own_tries = self
            .inner
            .store
            .read(move |rx| own_tries(rx, &watch))
            .await?;
        let known = Known {
            account: found,
            rules,
            own_tries,
        };
        let told = self.decide_sighting(before, sighted, known).await?;
        if told > 0 {
            tracing::info!(directory = %account.directory, "wrong passwords after a new one");
            self.inner.outbox_has_news.notify_one();
        }
        Ok(())
    }

    /// Decides and saves in one transaction; gives how many messages are to be sent.
    async fn decide_sighting(
        &self,
        before: Watch,
        sighted: Sighted,
        known: Known,
    ) -> Result<usize, Stop> {
        let desk = self.desk(&Visitor::default());
        self.inner
            .store
            .transact(move |tx: &mut Tx<'_>| -> Result<usize, Stop> {
                if !is_current(tx, &before)? {
                    return Ok(0);
                }
                let standing = tx.standing(&known.account.id)?;
                let facts = Facts {
                    account: &known.account,
                    rules: &known.rules,
                    methods: &standing.methods,
                    own_tries: &known.own_tries,
                };
                let step: WatchStep = sighted.decide(&facts, &desk.context(tx.book()))?;
                for notice in &step.notices {
                    tx.enqueue(notice, desk.now)?;
                }
                for event in &step.audit {
                    tx.audit(event)?;
                }
                save(tx, &before, step.watch.as_ref())?;
                Ok(step.notices.len())
            })
            .await
    }
}

/// What was gathered before the decision: none of it may be waited for by the writer.
struct Known {
    account: Account,
    rules: PasswordRules,
    own_tries: Vec<Moment>,
}

/// Why nobody could be told yet.
#[derive(Debug, thiserror::Error)]
enum Untold {
    #[error(transparent)]
    Directory(DirectoryError),
    #[error(transparent)]
    Stop(#[from] Stop),
}

fn is_current(tx: &Tx<'_>, before: &Watch) -> Result<bool, Stop> {
    Ok(tx.watch(before.account())?.as_ref() == Some(before))
}

fn save(tx: &mut Tx<'_>, before: &Watch, next: Option<&Watch>) -> Result<(), Stop> {
    match next {
        Some(next) => tx.save_watch(next)?,
        None => tx.remove_watch(before.account())?,
    }
    Ok(())
}

/// When passwords of the account that were typed into Keymend itself were put to the directory and
/// refused, or not answered: the log knows, oldest first.  Both ways to type one end in a line
/// about the account, a sign-in and an order.
fn own_tries(rx: &Rx<'_>, watch: &Watch) -> Result<Vec<Moment>, Stop> {
    let mut tries = Vec::new();
    for event in [AuditDeed::SigninFailed, AuditDeed::OrderSettled] {
        let filter = AuditFilter {
            event: Some(event),
            subject: Some(watch.account().key()),
            since: Some(watch.started_at().plus_ms(-BEFORE_MS)),
            limit: OWN_TRIES_MOST,
            ..AuditFilter::default()
        };
        for record in rx.audit_search(&filter)? {
            let reason = record.event.reason.as_deref().unwrap_or_default();
            let is_try = match event {
                AuditDeed::SigninFailed => {
                    REFUSED_SIGN_INS.contains(&reason) && !was_withheld(rx, &record)?
                }
                _ => TRIED_ORDERS.iter().any(|end| reason.ends_with(end)),
            };
            if is_try {
                tries.push(record.event.time);
            }
        }
    }
    tries.sort_unstable();
    Ok(tries)
}

/// Whether a sign-in was never put to the directory: anybody can type such ones, and they must
/// not explain what somebody else tries elsewhere.
fn was_withheld(rx: &Rx<'_>, record: &AuditRecord) -> Result<bool, Stop> {
    let filter = AuditFilter {
        correlation: Some(record.event.correlation_id.clone()),
        ..AuditFilter::default()
    };
    let journey = rx.audit_search(&filter)?;
    let mut deeds = journey.iter().map(|line| line.event.event);
    Ok(deeds.any(|deed| deed == AuditDeed::SigninPaused))
}

/// The reasons of sign-ins that a directory may have counted as wrong.
const REFUSED_SIGN_INS: [&str; 3] = ["wrong", "unsaid", "unanswered"];
/// The ends of the reasons of orders at which a password may have been refused: the current one,
/// an answer that was lost, and the new one where nobody knows whether it was written.
const TRIED_ORDERS: [&str; 3] = ["KM-4014", "KM-3001", "KM-3002"];
