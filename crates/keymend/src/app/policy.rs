//! Settings: one door for page, API and command line.

use std::collections::BTreeMap;
use std::sync::Arc;

use keymend_domain::audit::{ActorKind, AuditDeed, AuditEvent, AuditResult, Change, Personal};
use keymend_domain::method::MethodKind;
use keymend_domain::policy::{Lint, Policy, Settings, Surroundings};

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
    /// What is refused is recorded too, with the rules it broke.
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
        let lint = self.check_settings(&settings);
        if lint.refuses() || (!lint.findings.is_empty() && !understands) {
            self.note_refused(&lint, who).await?;
            return Err(ApplyFault::Lint(lint));
        }
        let before = self.policy();
        let changes = differences(before.settings(), &settings);
        if changes.is_empty() && before.version() > 0 {
            let version = before.version();
            return Ok(Applied {
                version,
                changes,
                lint,
            });
        }
        let version = self.save_settings(before.version(), &settings, &changes, who);
        let version = version.await?;
        let policy = Policy::try_new(settings, version).map_err(ApplyFault::Lint)?;
        self.set_policy(policy);
        Ok(Applied {
            version,
            changes,
            lint,
        })
    }

    /// Everything that is wrong or weak in a settings document, carriers and directories of this
    /// installation included.
    #[must_use]
    pub fn check_settings(&self, settings: &Settings) -> Lint {
        let carries = |kind: &MethodKind| self.inner.carriers.can(*kind);
        let names = self.inner.directories.names();
        let surroundings = Surroundings {
            carried: MethodKind::ALL.into_iter().filter(carries).collect(),
            directories: names.map(|name| name.0.clone()).collect(),
        };
        keymend_domain::policy::check_within(settings, &surroundings)
    }

    /// The methods that the policy allows while nothing is configured that could send their codes.
    #[must_use]
    pub fn uncarried_methods(&self) -> Vec<MethodKind> {
        let methods = self.policy().methods().into_iter();
        methods
            .filter(|kind| !self.inner.carriers.can(*kind))
            .collect()
    }

    async fn save_settings(
        &self,
        expected: u64,
        settings: &Settings,
        changes: &[Change],
        who: &str,
    ) -> Result<u64, ApplyFault> {
        let mut changed = self.settings_event(AuditDeed::PolicyChanged, who)?;
        changed.changes = changes.to_vec();
        let mut events = vec![changed];
        events.extend(self.writeback_events(changes, who)?);
        let (settings, now, who) = (settings.clone(), self.now(), who.to_owned());
        self.inner
            .store
            .transact(move |tx: &mut Tx<'_>| -> Result<_, Stop> {
                let saved = tx.save_settings(expected, &settings, &who, now)?;
                if saved.is_ok() {
                    for event in &events {
                        tx.audit(event)?;
                    }
                }
                Ok(saved)
            })
            .await?
            .map_err(|_| ApplyFault::Conflict)
    }

    /// One event for each directory that writing was switched on or off for.
    fn writeback_events(&self, changes: &[Change], who: &str) -> Result<Vec<AuditEvent>, Stop> {
        let mut events = Vec::new();
        for change in changes {
            let Some(directory) = change.setting.strip_prefix("writeback.") else {
                continue;
            };
            // A directory that is not named is on.
            let (was_on, is_on) = (change.old != "false", change.new != "false");
            let deed = match (was_on, is_on) {
                (true, false) => AuditDeed::WritebackDisabled,
                (false, true) => AuditDeed::WritebackEnabled,
                (true, true) | (false, false) => continue,
            };
            let mut event = self.settings_event(deed, who)?;
            event.directory = Some(directory.to_owned());
            events.push(event);
        }
        Ok(events)
    }

    async fn note_refused(&self, lint: &Lint, who: &str) -> Result<(), Stop> {
        let mut rules: Vec<&str> = lint.findings.iter().map(|found| found.rule).collect();
        rules.dedup();
        let mut event = self.settings_event(AuditDeed::SettingsRefused, who)?;
        event.result = AuditResult::Refused;
        let event = event.because(rules.join(" "));
        self.inner
            .store
            .transact(move |tx: &mut Tx<'_>| -> Result<(), Stop> { Ok(tx.audit(&event)?) })
            .await
    }

    fn settings_event(&self, deed: AuditDeed, who: &str) -> Result<AuditEvent, Stop> {
        let (result, actor) = (AuditResult::Success, ActorKind::Administrator);
        let mut event = AuditEvent::new(self.now(), deed, result, actor, self.new_journey()?);
        event.personal = Personal {
            actor_name: Some(who.to_owned()),
            ..Personal::default()
        };
        Ok(event)
    }

    fn set_policy(&self, policy: Policy) {
        self.inner.guard.follow(&policy);
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
        .map(|path| {
            let (old, new) = (value(&old, path), value(&new, path));
            let (old, new) = match path.as_str() {
                "passwords.banned_words" => (tally(&old, &new), tally(&new, &old)),
                _ => (old, new),
            };
            let setting = path.clone();
            Change { setting, old, new }
        })
        .collect()
}

/// Words of a long list that a change names.
const WORDS_NAMED: usize = 20;

/// A list of up to ten thousand words, told by its length and by what the other list does not have.
fn tally(list: &str, other: &str) -> String {
    let words = |text: &str| -> Vec<String> { serde_json::from_str(text).unwrap_or_default() };
    let (list, other) = (words(list), words(other));
    let mut text = format!("{} words", list.len());
    let known: std::collections::HashSet<&String> = other.iter().collect();
    let own: Vec<&str> = list
        .iter()
        .filter(|word| !known.contains(word))
        .map(String::as_str)
        .collect();
    if !own.is_empty() {
        let named = own
            .iter()
            .take(WORDS_NAMED)
            .copied()
            .collect::<Vec<_>>()
            .join(", ");
        let more = if own.len() > WORDS_NAMED { ", …" } else { "" };
        text.push_str(&format!(", {} only here: {named}{more}", own.len()));
    }
    text
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

    #[test]
    fn a_long_list_of_words_is_told_by_what_came_and_went() {
        let with = |words: &[&str]| {
            let mut settings = Settings::default();
            settings.passwords.banned_words = words.iter().map(|word| (*word).to_owned()).collect();
            settings
        };
        let changes = differences(
            &with(&["kettle", "river"]),
            &with(&["river", "moss", "lantern"]),
        );
        let said: Vec<_> = changes
            .iter()
            .map(|c| (c.old.as_str(), c.new.as_str()))
            .collect();
        assert_eq!(
            said,
            [(
                "2 words, 1 only here: kettle",
                "3 words, 2 only here: moss, lantern"
            )]
        );
    }
}
