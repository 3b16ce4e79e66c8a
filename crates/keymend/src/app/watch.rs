//! The watch over accounts whose password was set a short while ago: what the servers count is
//! read in rounds, and the owner hears of wrong passwords before they lock the account.
//!
//! ```text
//! due watches ─► one search for many accounts at each server ─► look ─► saved, or over
//!                                                                └► sighted: account, own tries ─► decide ─► notices
//! ```

use std::collections::BTreeMap;
use std::time::Duration;

use keymend_domain::account::{Account, AccountRef, DirectoryName};
use keymend_domain::audit::AuditDeed;
use keymend_domain::directory::PasswordRules;
use keymend_domain::time::{MINUTE_MS, Moment};
use keymend_domain::watch::{Facts, Looked, Sighted, Watch, WatchStep};

use super::{App, Stop, Visitor};
use crate::store::{AuditFilter, Tx};

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

    /// One round over all watches that are due.
    ///
    /// # Errors
    ///
    /// [`Stop::Fault`] if the store failed.
    pub async fn watch_passwords_once(&self) -> Result<(), Stop> {
        let now = self.now();
        let due = self
            .inner
            .store
            .read(move |rx| -> Result<Vec<Watch>, Stop> { Ok(rx.due_watches(now, ACCOUNTS_MOST)?) })
            .await?;
        let mut by_directory: BTreeMap<DirectoryName, Vec<Watch>> = BTreeMap::new();
        for watch in due {
            let name = watch.account().directory.clone();
            by_directory.entry(name).or_default().push(watch);
        }
        for (name, watches) in by_directory {
            self.watch_directory(&name, watches).await?;
        }
        Ok(())
    }

    async fn watch_directory(&self, name: &DirectoryName, watches: Vec<Watch>) -> Result<(), Stop> {
        let is_off = self.policy().settings().notifications.wrong_passwords_mins == 0;
        let directory = self.inner.directories.get(name).filter(|_| !is_off);
        let Some(directory) = directory else {
            let over = watches.into_iter().map(|watch| (watch, None)).collect();
            return self.save_watches(over).await;
        };
        let accounts: Vec<AccountRef> = watches.iter().map(|own| own.account().clone()).collect();
        let servers = directory.tallies(&accounts).await;
        let now = self.now();
        let mut seen = Vec::new();
        for watch in watches {
            match watch.clone().look(&servers, now) {
                Looked::Over => seen.push((watch, None)),
                Looked::Quiet(next) => seen.push((watch, Some(next))),
                Looked::Sighted(sighted) => self.tell_of_sighting(watch, sighted).await?,
            }
        }
        self.save_watches(seen).await
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

    async fn tell_of_sighting(&self, before: Watch, sighted: Sighted) -> Result<(), Stop> {
        let account = before.account().clone();
        let (found, rules) = match self.inner.directories.read_with_rules(&account).await {
            Ok(Some(found)) => found,
            Ok(None) => return self.save_watches(vec![(before, None)]).await,
            Err(error) => {
                let directory = &account.directory;
                tracing::warn!(%directory, %error, "wrong passwords were seen and nobody told yet");
                let next = before.clone().put_off(self.now());
                return self.save_watches(vec![(before, next)]).await;
            }
        };
        let told = self
            .decide_sighting(before, sighted, (found, rules))
            .await?;
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
        (account, rules): (Account, PasswordRules),
    ) -> Result<usize, Stop> {
        let desk = self.desk(&Visitor::default());
        self.inner
            .store
            .transact(move |tx: &mut Tx<'_>| -> Result<usize, Stop> {
                if !is_current(tx, &before)? {
                    return Ok(0);
                }
                let standing = tx.standing(&account.id)?;
                let own_tries = own_tries(tx, &before)?;
                let facts = Facts {
                    account: &account,
                    rules: &rules,
                    methods: &standing.methods,
                    own_tries: &own_tries,
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

/// When wrong passwords of the account were typed into Keymend itself: the log knows.  Both ways
/// to type one end in a line about the account, a sign-in and a change with the current password.
fn own_tries(tx: &Tx<'_>, watch: &Watch) -> Result<Vec<Moment>, Stop> {
    let mut tries = Vec::new();
    for event in [AuditDeed::SigninFailed, AuditDeed::OrderSettled] {
        let filter = AuditFilter {
            event: Some(event),
            subject: Some(watch.account().key()),
            since: Some(watch.started_at().plus_ms(-BEFORE_MS)),
            limit: OWN_TRIES_MOST,
            ..AuditFilter::default()
        };
        let failed = tx.audit_search(&filter)?.into_iter().filter(|record| {
            let reason = record.event.reason.as_deref().unwrap_or_default();
            event == AuditDeed::SigninFailed || reason.ends_with(WRONG_CURRENT)
        });
        tries.extend(failed.map(|record| record.event.time));
    }
    Ok(tries)
}

/// The end of the reason of a change that was refused because the current password was wrong.
const WRONG_CURRENT: &str = "KM-4014";
