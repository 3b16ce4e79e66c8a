//! Other files that administrators write, read with the same care as the configuration.

use std::path::Path;

use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use toml::Table;
use toml::de::DeTable;

use super::check::Checker;
use super::environment::Environment;
use super::fault::{ConfigFaults, Fault, complaint};
use super::place::Places;
use super::secret_file::{self, Readers};
use super::{read_file, shape, syntax_faults};

/// A TOML file whose shape was checked against a schema.
#[derive(Debug)]
pub struct Shaped {
    /// What it says.
    pub table: Table,
    file: String,
    places: Places,
}

impl Shaped {
    /// Reads a file that has the shape of `T`.
    ///
    /// # Errors
    ///
    /// Everything that is wrong with its shape: unknown keys, kinds, ranges, samples left in.
    pub fn read<T: JsonSchema + DeserializeOwned>(path: &Path) -> Result<Self, ConfigFaults> {
        let text = read_file(path)?;
        let (spanned, errors) = DeTable::parse_recoverable(&text);
        if !errors.is_empty() {
            return Err(syntax_faults(path, &text, &errors));
        }
        let places = Places::of(&text, spanned.get_ref());
        let environment = Environment::default();
        let mut checker = Checker::new(path, places, &environment);
        let schema = schemars::schema_for!(T).to_value();
        shape::compare(&schema, spanned.get_ref(), &mut checker);
        let table: Table = text.parse().unwrap_or_default();
        if checker.faults.is_empty()
            && let Err(error) = toml::Value::Table(table.clone()).try_into::<T>()
        {
            checker.fault("", error.message().to_owned(), "correct it");
        }
        if !checker.faults.is_empty() {
            return Err(ConfigFaults(checker.faults));
        }
        Ok(Self {
            table,
            file: path.display().to_string(),
            places: Places::of(&text, spanned.get_ref()),
        })
    }

    /// Something that is wrong with one key, with its line and value.
    #[must_use]
    pub fn fault(&self, key: &str, reason: &str, remedy: &str) -> Fault {
        let place = self.places.find(key);
        let complaint = complaint(reason, remedy);
        Fault {
            file: self.file.clone(),
            line: place.as_ref().map(|place| place.line),
            key: key.to_owned(),
            value: place.and_then(|place| place.value),
            reason: complaint.reason,
            remedy: complaint.remedy,
        }
    }
}

/// Reads a secret of one line from a file that its owner alone may read.
///
/// # Errors
///
/// What is wrong with the file, and what to do.
pub fn read_secret(path: &Path) -> Result<keymend_domain::secret::Secret, String> {
    let read = secret_file::read(path, Readers::Owner);
    let checked = read.and_then(|secret| secret_file::check_secret(&secret).map(|()| secret));
    checked.map_err(|fault| format!("{}; {}", fault.reason, fault.remedy))
}
