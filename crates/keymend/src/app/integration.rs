//! How each directory is: looked at every half minute, kept in the store for `keymend directory
//! status`, its rights proven at the start and daily (behaviour §4.8).

use std::time::Duration;

use keymend_domain::account::DirectoryName;
use keymend_domain::audit::{ActorKind, AuditDeed, AuditEvent, AuditResult};
use keymend_domain::directory::examination::{Condition, ServerReport};
use keymend_domain::directory::rights::{RightsReport, Severity};
use keymend_domain::directory::{Directory, DirectoryError};
use keymend_domain::policy::Policy;
use keymend_domain::time::{DAY_MS, Moment};
use serde::{Deserialize, Serialize};

use super::{App, Stop};
use crate::store::Tx;

/// How often the chore wakes; each directory has an interval of its own.
const EVERY: Duration = Duration::from_secs(2);
/// How often rights are proven.
const PROVE_EVERY_MS: i64 = DAY_MS;
/// So many looks in a row must fail before a directory counts as out of reach.
const MISSES_MOST: u32 = 3;

/// What stands on one line about a directory.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "state")]
pub enum StateLine {
    /// Passwords can be written.
    Connected,
    /// They can, and something is missing: rights, or one of several servers.
    Limits {
        /// What, each in a few words.
        missing: Vec<String>,
        /// What could not be found out about the service account.
        #[serde(default)]
        unproven: Vec<String>,
    },
    /// No server can be used.
    Unreachable {
        /// Since when.
        since: Moment,
        /// The link that breaks, as `keymend doctor` names it.
        link: String,
    },
    /// The service account may do too much, so nothing is written.
    Refused {
        /// What it may.
        right: String,
    },
    /// Writing is switched off.
    Paused,
}

/// How a directory was when it was last looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Integration {
    /// The line.
    pub line: StateLine,
    /// When it was looked at.
    pub checked_at: Moment,
    /// Each server, link by link.
    pub servers: Vec<ServerReport>,
    /// What the service account may do; `None` before the first proof.
    pub rights: Option<RightsReport>,
    /// The median length of the last calls, in milliseconds.
    pub latency_ms: Option<i64>,
    /// When a call succeeded last.
    pub succeeded_at: Option<Moment>,
    /// When a call failed last.
    pub failed_at: Option<Moment>,
    /// Since when no server can be used.
    pub down_since: Option<Moment>,
    /// How many looks in a row found no server.
    pub misses: u32,
}

impl Integration {
    /// The state after one more look.
    fn next(
        before: Option<&Self>,
        servers: Vec<ServerReport>,
        rights: Option<RightsReport>,
        now: Moment,
    ) -> Self {
        let is_up = servers.iter().any(|server| server.broken().is_none());
        let down_since = before.and_then(|before| before.down_since).or(Some(now));
        let misses = before.map_or(0, |before| before.misses).saturating_add(1);
        Self {
            line: StateLine::Connected,
            checked_at: now,
            servers,
            rights,
            latency_ms: None,
            succeeded_at: before.and_then(|before| before.succeeded_at),
            failed_at: before.and_then(|before| before.failed_at),
            down_since: down_since.filter(|_| !is_up),
            misses: if is_up { 0 } else { misses },
        }
    }

    /// The line, from what was seen and what the policy says.
    fn line(&self, may_write: bool) -> StateLine {
        let refusal = self.rights.as_ref().and_then(RightsReport::refusal);
        if let Some(finding) = refusal {
            let right = finding.right.clone();
            return StateLine::Refused { right };
        }
        if !may_write {
            return StateLine::Paused;
        }
        let broken: Vec<&ServerReport> = self
            .servers
            .iter()
            .filter(|server| server.broken().is_some())
            .collect();
        let down = (
            self.down_since,
            broken.last().and_then(|last| last.broken()),
        );
        if let (Some(since), Some(point)) = down
            && self.misses >= MISSES_MOST
        {
            let link = point.link.word().to_owned();
            return StateLine::Unreachable { since, link };
        }
        let mut missing: Vec<String> = broken.iter().map(|server| server.server.clone()).collect();
        if let Some(rights) = &self.rights {
            missing.extend(rights.missing());
        }
        missing.extend(self.limits());
        missing.dedup();
        let rights = self.rights.as_ref();
        let unproven = match rights {
            Some(rights) => rights.unproven(),
            None => vec!["what the service account may do".to_owned()],
        };
        match missing.is_empty() && unproven.is_empty() {
            true => StateLine::Connected,
            false => StateLine::Limits { missing, unproven },
        }
    }

    /// The line as it is under a policy that may have changed after the last look.
    #[must_use]
    pub fn line_under(&self, policy: &Policy, name: &DirectoryName) -> StateLine {
        self.line(policy.writes_to_directory(&name.0))
    }

    fn limits(&self) -> impl Iterator<Item = String> {
        let points = self.servers.iter().flat_map(|server| &server.checkpoints);
        let limited = points.filter(|point| point.condition == Condition::Limits);
        let mut words: Vec<String> = limited.map(|point| point.link.word().to_owned()).collect();
        // The rights report says it in more words.
        words.retain(|word| word != "policy-hints" || self.rights.is_none());
        words.dedup();
        words.into_iter()
    }
}

impl App {
    /// Looks at the directories until the process ends; at each by itself, so that one that hangs
    /// does not hold up the news of the others.
    pub async fn watch_integration_forever(&self) {
        let names = self.inner.directories.names();
        futures_util::future::join_all(names.map(|name| self.watch_one_forever(name))).await;
    }

    async fn watch_one_forever(&self, name: &DirectoryName) {
        let mut known: Option<Integration> = None;
        loop {
            if self.is_due(name, known.as_ref()) {
                let state = self.look_at(name, known.as_ref()).await;
                self.save_integration(name, &state).await;
                known = Some(state);
            }
            tokio::time::sleep(EVERY).await;
        }
    }

    fn is_due(&self, name: &DirectoryName, before: Option<&Integration>) -> bool {
        let interval_ms = self.inner.directories.interval_ms(name);
        before.is_none_or(|before| {
            self.now().since_ms(before.checked_at) >= interval_ms
                || before.line != before.line(self.policy().writes_to_directory(&name.0))
        })
    }

    /// Looks at one directory, and proves its rights if that was not done for a day.
    pub async fn look_at(&self, name: &DirectoryName, before: Option<&Integration>) -> Integration {
        let Some(guard) = self.inner.directories.guard(name) else {
            return Integration::next(before, Vec::new(), None, self.now());
        };
        let servers = guard.examine().await;
        let is_up = servers.iter().any(|server| server.broken().is_none());
        let mut rights = guard.report();
        let is_old = rights
            .as_ref()
            .is_none_or(|report| self.now().since_ms(report.checked_at) >= PROVE_EVERY_MS);
        if is_up && is_old {
            rights = match self.prove_rights(name).await {
                Ok(report) => Some(report),
                Err(_) => rights,
            };
        }
        let calls = guard.calls();
        let mut state = Integration::next(before, servers, rights, self.now());
        let signing_in: Option<i64> = state.servers.iter().find_map(|server| server.latency_ms);
        state.latency_ms = calls.median_ms.or(signing_in);
        let now = Some(self.now());
        state.succeeded_at = if is_up {
            now
        } else {
            calls.succeeded_at.or(state.succeeded_at)
        };
        state.failed_at = if is_up {
            calls.failed_at.or(state.failed_at)
        } else {
            now
        };
        state.line = state.line(self.policy().writes_to_directory(&name.0));
        state
    }

    /// Proves the rights of one directory's service account, and records it.
    ///
    /// # Errors
    ///
    /// [`DirectoryError`] if the directory did not answer; nothing is written to it until it does.
    pub async fn prove_rights(&self, name: &DirectoryName) -> Result<RightsReport, DirectoryError> {
        let proven = self.inner.directories.prove(name).await;
        match &proven {
            Ok(report) => {
                for finding in &report.findings {
                    let (severity, right) = (finding.severity.word(), &finding.right);
                    if finding.severity == Severity::TooMuch {
                        tracing::error!(directory = %name, severity, right, "service account");
                    } else {
                        tracing::warn!(directory = %name, severity, right, "service account");
                    }
                }
                self.note_rights(name, report).await;
            }
            Err(error) => {
                tracing::warn!(directory = %name, %error, "the rights could not be proven");
            }
        }
        proven
    }

    async fn note_rights(&self, name: &DirectoryName, report: &RightsReport) {
        let count = |severity| report.of(severity).count();
        let (result, reason) = if report.refusal().is_some() {
            (AuditResult::Refused, "too much".to_owned())
        } else if report.is_exact() {
            (AuditResult::Success, "exact".to_owned())
        } else {
            let (missing, excess) = (count(Severity::Missing), count(Severity::Excess));
            let unproven = count(Severity::Unproven);
            let reason = format!("missing {missing}, not needed {excess}, unproven {unproven}");
            (AuditResult::Failure, reason)
        };
        let deed = AuditDeed::DirectoryRightsChecked;
        self.audit_directory(name, deed, (result, reason)).await;
    }

    /// Records what was found out about a directory.
    pub(super) async fn audit_directory(
        &self,
        name: &DirectoryName,
        deed: AuditDeed,
        (result, reason): (AuditResult, String),
    ) {
        let Ok(correlation) = self.new_journey() else {
            return;
        };
        let mut event = AuditEvent::new(self.now(), deed, result, ActorKind::System, correlation);
        event.directory = Some(name.0.clone());
        let event = event.because(reason);
        let saved = self
            .inner
            .store
            .transact(move |tx: &mut Tx<'_>| -> Result<(), Stop> { Ok(tx.audit(&event)?) })
            .await;
        if let Err(stop) = saved {
            tracing::error!(error = %stop, directory = %name, ?deed, "an event could not be recorded");
        }
    }

    /// Keeps the state for whoever asks, also after a restart.
    pub async fn save_integration(&self, name: &DirectoryName, state: &Integration) {
        let (directory, state) = (name.0.clone(), state.clone());
        let saved = self
            .inner
            .store
            .transact(move |tx: &mut Tx<'_>| -> Result<(), Stop> {
                Ok(tx.save_integration(&directory, &state, state.checked_at)?)
            })
            .await;
        if let Err(stop) = saved {
            tracing::error!(error = %stop, "the state of a directory could not be saved");
        }
    }

    /// What the service saw last; `None` if it never looked.
    ///
    /// # Errors
    ///
    /// [`Stop::Fault`] if the store failed.
    pub async fn integration(&self, name: &DirectoryName) -> Result<Option<Integration>, Stop> {
        let directory = name.0.clone();
        self.inner
            .store
            .read(move |rx| -> Result<_, Stop> { Ok(rx.integration(&directory)?) })
            .await
    }
}

#[cfg(test)]
mod tests {
    use keymend_domain::directory::examination::{Checkpoint, Link};
    use keymend_domain::directory::rights::Finding;

    use super::*;

    fn server(name: &str, is_up: bool) -> ServerReport {
        let link = Link::Connection;
        let point = match is_up {
            true => Checkpoint::ok(link, ""),
            false => Checkpoint::amiss(link, Condition::Broken, "refused", "start it"),
        };
        ServerReport {
            server: name.to_owned(),
            checkpoints: vec![point],
            ..ServerReport::default()
        }
    }

    fn report(severity: Severity, right: &str) -> RightsReport {
        let finding = Finding {
            severity,
            right: right.to_owned(),
            on: "ou=people".to_owned(),
            remedy: String::new(),
        };
        RightsReport::new(Moment(0), "dc1".into(), 1, vec![finding])
    }

    fn look(before: Option<&Integration>, up: [bool; 2], now: i64) -> Integration {
        let servers = vec![server("dc1", up[0]), server("dc2", up[1])];
        let exact = RightsReport::new(Moment(0), "dc1".into(), 1, Vec::new());
        let mut state = Integration::next(before, servers, Some(exact), Moment(now));
        state.line = state.line(true);
        state
    }

    #[test]
    fn a_directory_is_out_of_reach_after_three_looks_and_back_after_one() {
        let up = look(None, [true, true], 0);
        assert_eq!(up.line, StateLine::Connected);
        let one = look(Some(&up), [true, false], 30);
        let missing = vec!["dc2".to_owned()];
        let unproven = Vec::new();
        assert_eq!(one.line, StateLine::Limits { missing, unproven });
        let mut down = look(Some(&one), [false, false], 60);
        for at in [90, 120] {
            assert!(matches!(down.line, StateLine::Limits { .. }), "{at}");
            down = look(Some(&down), [false, false], at);
        }
        let expected = StateLine::Unreachable {
            since: Moment(60),
            link: "connection".to_owned(),
        };
        assert_eq!(down.line, expected);
        assert_eq!(
            look(Some(&down), [true, true], 150).line,
            StateLine::Connected
        );
    }

    #[test]
    fn too_many_rights_weigh_more_than_anything_else() {
        let line = |severity, may_write| {
            let rights = Some(report(severity, "reset administrators"));
            let servers = vec![server("dc1", true)];
            Integration::next(None, servers, rights, Moment(0)).line(may_write)
        };
        let right = "reset administrators".to_owned();
        let refused = StateLine::Refused { right };
        assert_eq!(line(Severity::TooMuch, false), refused);
        assert_eq!(line(Severity::Missing, false), StateLine::Paused);
        let named = vec!["reset administrators".to_owned()];
        let limits = |missing, unproven| StateLine::Limits { missing, unproven };
        let missing = limits(named.clone(), Vec::new());
        assert_eq!(line(Severity::Missing, true), missing);
        assert_eq!(line(Severity::Excess, true), StateLine::Connected);
        // What nobody could find out is not taken for harmless.
        let unproven = limits(Vec::new(), named);
        assert_eq!(line(Severity::Unproven, true), unproven);
    }

    #[test]
    fn a_directory_whose_rights_were_never_proven_is_not_plainly_connected() {
        let servers = vec![server("dc1", true)];
        let line = Integration::next(None, servers, None, Moment(0)).line(true);
        let unproven = vec!["what the service account may do".to_owned()];
        let missing = Vec::new();
        assert_eq!(line, StateLine::Limits { missing, unproven });
    }

    #[test]
    fn a_state_that_an_older_version_kept_is_still_read() {
        let kept = r#"{"state":"limits","missing":["dc2"]}"#;
        let line: StateLine = serde_json::from_str(kept).unwrap();
        let missing = vec!["dc2".to_owned()];
        let unproven = Vec::new();
        assert_eq!(line, StateLine::Limits { missing, unproven });
    }
}
