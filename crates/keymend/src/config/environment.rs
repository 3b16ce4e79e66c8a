//! The environment of the process: the only place that reads it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use keymend_domain::secret::Secret;

const PREFIX: &str = "KEYMEND_";
const CREDENTIALS: &str = "CREDENTIALS_DIRECTORY";

/// The variables that concern Keymend, as they were when it started.
#[derive(Default)]
pub struct Environment(BTreeMap<String, String>);

impl Environment {
    /// What the process was started with.
    #[must_use]
    pub fn of_process() -> Self {
        Self::from_pairs(std::env::vars_os().filter_map(|(name, value)| {
            Some((name.into_string().ok()?, value.into_string().ok()?))
        }))
    }

    /// An environment made of these pairs; those that do not concern Keymend are dropped.
    pub fn from_pairs(pairs: impl IntoIterator<Item = (String, String)>) -> Self {
        Self(
            pairs
                .into_iter()
                .filter(|(name, _)| name.starts_with(PREFIX) || name == CREDENTIALS)
                .collect(),
        )
    }

    /// The secret in a variable.
    pub(super) fn secret(&self, name: &str) -> Option<Secret> {
        self.0.get(name).map(|text| Secret::new(text.clone()))
    }

    /// The names of all variables that begin with `KEYMEND_`.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.0
            .keys()
            .map(String::as_str)
            .filter(|name| name.starts_with(PREFIX))
    }

    /// Whether the file is a credential that the service manager handed over (systemd
    /// `LoadCredential=`): it has checked who may read it, with means a file mode does not show.
    pub(super) fn hands_over(&self, file: &Path) -> bool {
        self.0
            .get(CREDENTIALS)
            .map(PathBuf::from)
            .is_some_and(|folder| folder.is_absolute() && file.starts_with(folder))
    }
}

/// The variable for the secret of a key: `directory.corp`, `bind_password` gives
/// `KEYMEND_DIRECTORY_CORP_BIND_PASSWORD`.
pub(super) fn variable(section: &str, secret: &str) -> String {
    let name: String = format!("{section}_{secret}")
        .chars()
        .map(|sign| {
            if sign.is_ascii_alphanumeric() {
                sign
            } else {
                '_'
            }
        })
        .collect();
    format!("{PREFIX}{}", name.to_ascii_uppercase())
}
