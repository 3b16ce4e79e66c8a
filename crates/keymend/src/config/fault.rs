//! What is wrong with a configuration, said so that the reader can mend it.

use std::fmt;

/// One thing that is wrong with the configuration, or that deserves a second look.
///
/// Prints as `keymend.toml:12: KEY = VALUE: REASON; REMEDY`.  Values of keys that may hold a
/// secret are never kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The file, as it was named.
    pub file: String,
    /// The line, counted from 1; `None` if the key is nowhere in the file.
    pub line: Option<usize>,
    /// The key with its sections, for instance `directory.corp.urls[0]`.
    pub key: String,
    /// The value as it stands in the file.
    pub value: Option<String>,
    /// What is wrong.
    pub reason: String,
    /// What to do.
    pub remedy: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if let Some(line) = self.line {
            write!(f, ":{line}")?;
        }
        if !self.key.is_empty() {
            write!(f, ": {}", self.key)?;
        }
        if let Some(value) = &self.value {
            write!(f, " = {value}")?;
        }
        write!(f, ": {}; {}", self.reason, self.remedy)
    }
}

/// Everything that is wrong with a configuration; never empty.  One line for each fault.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigFaults(pub Vec<Fault>);

impl fmt::Display for ConfigFaults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, fault) in self.0.iter().enumerate() {
            if place > 0 {
                f.write_str("\n")?;
            }
            fault.fmt(f)?;
        }
        Ok(())
    }
}

impl std::error::Error for ConfigFaults {}

/// A reason and a remedy, before it is known which key they belong to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Complaint {
    pub(super) reason: String,
    pub(super) remedy: String,
}

/// Says what is wrong and what to do about it.
pub(super) fn complaint(reason: impl Into<String>, remedy: impl Into<String>) -> Complaint {
    Complaint {
        reason: reason.into(),
        remedy: remedy.into(),
    }
}
