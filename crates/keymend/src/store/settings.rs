//! Settings: one sealed document per version, every version kept.

use keymend_domain::policy::Settings;
use keymend_domain::time::Moment;
use rusqlite::params;
use serde::{Deserialize, Serialize};

use super::fault::{FaultKind, StoreFault};
use super::tx::{Rx, Sealed, Tx, from_stored, to_stored};

/// One version of the settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettingsVersion {
    /// Its number, from 1.
    pub version: u64,
    /// When it was saved.
    pub saved_at: Moment,
    /// Who saved it.
    pub saved_by: String,
    /// The document.
    pub settings: Settings,
}

/// Somebody else saved settings meanwhile; read them again and decide again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the settings were changed by somebody else; the version is now {current}")]
pub struct Conflict {
    /// The version that is in force.
    pub current: u64,
}

/// The sealed body of a row.
#[derive(Debug, Serialize, Deserialize)]
struct Saved {
    saved_by: String,
    settings: Settings,
}

impl Rx<'_> {
    /// The settings in force and their version; `None` before the first were saved.
    ///
    /// # Errors
    ///
    /// [`StoreFault`] if the store cannot be read, or if the newest row does not open: an older
    /// one must not come into force by that.
    pub fn settings(&self) -> Result<Option<(u64, Settings)>, StoreFault> {
        let newest = self.settings_rows(1)?;
        match newest.into_iter().next() {
            None => Ok(None),
            Some(row) => match self.open_settings(row) {
                Some(saved) => Ok(Some((saved.version, saved.settings))),
                None => Err(StoreFault::new(FaultKind::Sealed, "reading the settings")),
            },
        }
    }

    /// The version in force; `None` before the first.
    ///
    /// # Errors
    ///
    /// [`StoreFault`] if the store cannot be read.
    pub fn settings_version(&self) -> Result<Option<u64>, StoreFault> {
        let version = self.row(
            "reading the version of the settings",
            "SELECT MAX(version) FROM settings",
            [],
            |row| row.get::<_, Option<i64>>(0),
        )?;
        Ok(version.flatten().map(from_stored))
    }

    /// The newest versions, newest first.
    ///
    /// # Errors
    ///
    /// [`StoreFault`] if the store cannot be read.
    pub fn settings_history(&self, limit: u32) -> Result<Vec<SettingsVersion>, StoreFault> {
        let rows = self.settings_rows(limit)?;
        Ok(rows
            .into_iter()
            .filter_map(|row| self.open_settings(row))
            .collect())
    }

    fn settings_rows(&self, limit: u32) -> Result<Vec<(i64, i64, String)>, StoreFault> {
        self.rows(
            "reading the settings",
            "SELECT version, saved_at, body FROM settings ORDER BY version DESC LIMIT $1",
            params![limit],
            |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
        )
    }

    fn open_settings(
        &self,
        (version, saved_at, body): (i64, i64, String),
    ) -> Option<SettingsVersion> {
        let place = version.to_string();
        let Saved { saved_by, settings } = self.opened(Sealed::Settings, &place, &body)?;
        Some(SettingsVersion {
            version: from_stored(version),
            saved_at: Moment(saved_at),
            saved_by,
            settings,
        })
    }
}

impl Tx<'_> {
    /// Saves settings that were made from version `expected` (0 before the first); gives the new
    /// version, or a [`Conflict`] if another one is in force by now.
    ///
    /// # Errors
    ///
    /// [`StoreFault`]; nothing was saved.
    pub fn save_settings(
        &mut self,
        expected: u64,
        settings: &Settings,
        saved_by: &str,
        now: Moment,
    ) -> Result<Result<u64, Conflict>, StoreFault> {
        let current = self.settings_version()?.unwrap_or(0);
        if current != expected {
            return Ok(Err(Conflict { current }));
        }
        let version = current.saturating_add(1);
        let saved = Saved {
            saved_by: saved_by.to_owned(),
            settings: settings.clone(),
        };
        let body = self.sealed(Sealed::Settings, &version.to_string(), &saved)?;
        self.execute(
            "saving the settings",
            "INSERT INTO settings (version, saved_at, body) VALUES ($1, $2, $3)",
            params![to_stored(version), now.0, body],
        )?;
        Ok(Ok(version))
    }
}
