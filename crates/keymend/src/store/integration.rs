//! How each directory was when it was last looked at: one sealed row for each, since the findings
//! name entries.

use keymend_domain::time::Moment;
use rusqlite::params;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::fault::StoreFault;
use super::tx::{Rx, Sealed, Tx};

impl Rx<'_> {
    /// How the directory of this name was; `None` if nobody looked yet.
    ///
    /// # Errors
    ///
    /// [`StoreFault`] if the store cannot be read.
    pub fn integration<T: DeserializeOwned>(
        &self,
        directory: &str,
    ) -> Result<Option<T>, StoreFault> {
        let body = self.row(
            "reading the state of a directory",
            "SELECT body FROM integration WHERE directory = $1",
            params![directory],
            |row| row.get::<_, String>(0),
        )?;
        Ok(body.and_then(|body| self.opened(Sealed::Integration, directory, &body)))
    }
}

impl Tx<'_> {
    /// Saves how a directory is, in place of what was known before.
    ///
    /// # Errors
    ///
    /// [`StoreFault`]; nothing was saved.
    pub fn save_integration<T: Serialize>(
        &mut self,
        directory: &str,
        state: &T,
        now: Moment,
    ) -> Result<(), StoreFault> {
        let body = self.sealed(Sealed::Integration, directory, state)?;
        self.execute(
            "saving the state of a directory",
            "INSERT INTO integration (directory, saved_at, body) VALUES ($1, $2, $3)
             ON CONFLICT (directory) DO UPDATE SET saved_at = $2, body = $3",
            params![directory, now.0, body],
        )?;
        Ok(())
    }
}
