//! Settings: one door for page, API and command line.

use std::collections::BTreeMap;
use std::sync::Arc;

use keymend_domain::audit::{ActorKind, AuditDeed, AuditEvent, AuditResult, Change, Personal};
use keymend_domain::policy::{Lint, Policy, Settings};

use super::order::fault;
use super::{App, Stop};
use crate::store::Tx;

/// What applying a document did.
#[derive(Debug, Clone)]
pub struct Applied {
    /// The new version.
    pub version: u64,
    /// What changed.
    pub changes: Vec<Change>,
    /// Findings that were accepted.
    pub lint: Lint,
}

/// Why a document was not applied.
#[derive(Debug, thiserror::Error)]
pub enum ApplyFault {
    /// The lint refused it, or warned and nobody said "I understand".
    #[error("the settings were not accepted")]
    Lint(Lint),
    /// Somebody else saved another version meanwhile.
    #[error("the settings were changed meanwhile")]
    Conflict,
    /// An accident.
    #[error(transparent)]
    Stop(#[from] Stop),
}

impl App {
    /// Checks and saves a settings document; the running policy follows at once.
    ///
    /// # Errors
    ///
    /// [`ApplyFault`]; the running policy stays as it is.
    pub async fn apply_settings(
        &self,
        settings: Settings,
        understands: bool,
        who: &str,
    ) -> Result<Applied, ApplyFault> {
        let lint = keymend_domain::policy::check(&settings);
        if lint.refuses() || (!lint.findings.is_empty() && !understands) {
            return Err(ApplyFault::Lint(lint));
        }
        let before = self.policy();
        let changes = differences(before.settings(), &settings);
        let event = self.changed_event(&changes, who)?;
        let (expected, now, who) = (before.version(), self.now(), who.to_owned());
        let saved = settings.clone();
        let version = self
            .inner
            .store
            .transact(move |tx: &mut Tx<'_>| -> Result<_, Stop> {
                let saved = tx.save_settings(expected, &saved, &who, now)?;
                if saved.is_ok() {
                    tx.audit(&event)?;
                }
                Ok(saved)
            })
            .await?
            .map_err(|_| ApplyFault::Conflict)?;
        let policy = Policy::try_new(settings, version).map_err(ApplyFault::Lint)?;
        self.set_policy(policy);
        Ok(Applied {
            version,
            changes,
            lint,
        })
    }

    fn changed_event(&self, changes: &[Change], who: &str) -> Result<AuditEvent, Stop> {
        let mut event = AuditEvent::new(
            self.now(),
            AuditDeed::PolicyChanged,
            AuditResult::Success,
            ActorKind::Administrator,
            self.new_journey()?,
        );
        event.changes = changes.to_vec();
        event.personal = Personal {
            actor_name: Some(who.to_owned()),
            ..Personal::default()
        };
        Ok(event)
    }

    fn set_policy(&self, policy: Policy) {
        let policy = Arc::new(policy);
        match self.inner.policy.write() {
            Ok(mut running) => *running = policy,
            Err(poisoned) => *poisoned.into_inner() = policy,
        }
    }

    /// Takes up settings that another process saved.
    ///
    /// # Errors
    ///
    /// [`Stop::Fault`] if the store failed, or holds settings that cannot be; the running policy
    /// stays.
    pub async fn refresh_policy(&self) -> Result<(), Stop> {
        let running = self.policy().version();
        let newer = self
            .inner
            .store
            .read(move |rx| -> Result<_, Stop> {
                if rx.settings_version()? == Some(running) {
                    return Ok(None);
                }
                Ok(rx.settings()?)
            })
            .await?;
        if let Some((version, settings)) = newer {
            let policy = Policy::try_new(settings, version)
                .map_err(|lint| fault("reading settings", Unfit(lint)))?;
            tracing::info!(version, "settings taken up");
            self.set_policy(policy);
        }
        Ok(())
    }
}

/// Settings in the store that the lint refuses.
#[derive(Debug, thiserror::Error)]
#[error("stored settings are refused: {:?}", .0.findings)]
struct Unfit(Lint);

/// Which settings differ, by path.
fn differences(old: &Settings, new: &Settings) -> Vec<Change> {
    let (old, new) = (flat(old), flat(new));
    let mut paths: Vec<&String> = old.keys().chain(new.keys()).collect();
    paths.sort_unstable();
    paths.dedup();
    let value = |side: &BTreeMap<String, String>, path: &String| {
        side.get(path).cloned().unwrap_or_default()
    };
    paths
        .into_iter()
        .filter(|path| old.get(*path) != new.get(*path))
        .map(|path| Change {
            setting: path.clone(),
            old: value(&old, path),
            new: value(&new, path),
        })
        .collect()
}

fn flat(settings: &Settings) -> BTreeMap<String, String> {
    let mut flat = BTreeMap::new();
    if let Ok(value) = serde_json::to_value(settings) {
        flatten("", &value, &mut flat);
    }
    flat
}

fn flatten(path: &str, value: &serde_json::Value, flat: &mut BTreeMap<String, String>) {
    match value {
        serde_json::Value::Object(fields) => {
            for (name, value) in fields {
                let path = if path.is_empty() {
                    name.clone()
                } else {
                    format!("{path}.{name}")
                };
                flatten(&path, value, flat);
            }
        }
        other => {
            flat.insert(path.to_owned(), other.to_string());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_changed_setting_is_named_by_its_path_with_both_values() {
        let old = Settings::default();
        let mut new = Settings {
            gates: 1,
            ..Settings::default()
        };
        new.limits.flow_mins = 20;
        let changes = differences(&old, &new);
        let named: Vec<_> = changes
            .iter()
            .map(|c| (c.setting.as_str(), c.old.as_str(), c.new.as_str()))
            .collect();
        assert_eq!(
            named,
            [("gates", "2", "1"), ("limits.flow_mins", "15", "20")]
        );
    }
}
