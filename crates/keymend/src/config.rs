//! Configuration: one TOML file, checked as a whole before anything starts.
//!
//! Secrets stand in files of their own or, but for the keys, in the environment; never in the
//! file.  Whatever is wrong is said with file, line, key, value, reason and remedy, all at once.

mod check;
mod directory;
mod document;
mod environment;
mod fault;
mod listen;
mod mail;
mod place;
mod realms;
pub mod reference;
mod secret_file;
mod shape;
mod shaped;
mod site;
mod texts;

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::de::DeserializeOwned;
use toml::de::DeTable;

use crate::keys::{AuditSigner, RootKey};
use check::Checker;
use place::{Places, line_of};
use secret_file::Readers;

pub use directory::DirectoryConfig;
pub use document::{
    BreachSection, DirectoryKind, Document, KeysSection, LogFormat, LogLevel, LogSection,
    MailSection, MailServerSection, MailTls, StoreSection, SuccessSection, TextsBody, TextsMethod,
    TextsPreset, TextsSection, WithoutPolicyHints,
};
pub use environment::Environment;
pub use fault::{ConfigFaults, Fault};
pub use listen::{Listen, TlsFiles};
pub use mail::{MailConfig, MailLogin};
pub use shaped::{Shaped, read_secret};
pub use site::{PublicOrigin, Site};
pub use texts::TextsConfig;

/// The most bytes a configuration file may have.
const FILE_BYTES_MAX: u64 = 1_048_576;

/// A configuration that was checked: the service can start with it.
#[derive(Debug)]
pub struct Config {
    /// What people see.
    pub site: Site,
    /// Where the service listens.
    pub listen: Listen,
    /// The folder of the data; the service makes it if it is not there.
    pub data_dir: PathBuf,
    /// The keys.
    pub keys: KeyFiles,
    /// The directories, in the order of their names; at least one.
    pub directories: Vec<DirectoryConfig>,
    /// How mails are sent, if they are.
    pub mail: Option<MailConfig>,
    /// How text messages are sent, if they are.
    pub texts: Option<TextsConfig>,
    /// The file of leaked passwords, if one is named; whether it can be used is seen when it is
    /// opened.
    pub breach_file: Option<PathBuf>,
    /// What is written to the log.
    pub log: LogSection,
    /// What works but deserves a second look.
    pub remarks: Vec<Fault>,
    /// The file as it was read, defaults filled in; it holds no secret.
    pub document: Document,
}

/// The keys as read from their files.
#[derive(Debug)]
pub struct KeyFiles {
    /// What everything else is derived from.
    pub root: RootKey,
    /// Signs the audit trail.
    pub audit: Arc<AuditSigner>,
}

impl Config {
    /// Reads and checks a configuration file, and the secret files it names.
    ///
    /// # Errors
    ///
    /// Everything that is wrong, in the order it was found; print it and stop.
    pub fn load(path: &Path) -> Result<Self, ConfigFaults> {
        Self::load_in(path, &Environment::of_process())
    }

    /// The same in an environment that the caller gives.
    ///
    /// # Errors
    ///
    /// As [`Config::load`].
    pub fn load_in(path: &Path, environment: &Environment) -> Result<Self, ConfigFaults> {
        Self::check_text(path, &read_file(path)?, environment)
    }

    /// The same for a text that is to stand in this file and does not yet.
    ///
    /// # Errors
    ///
    /// As [`Config::load`].
    pub fn check_text(
        path: &Path,
        text: &str,
        environment: &Environment,
    ) -> Result<Self, ConfigFaults> {
        let (spanned, errors) = DeTable::parse_recoverable(text);
        if !errors.is_empty() {
            return Err(syntax_faults(path, text, &errors));
        }
        let places = Places::of(text, spanned.get_ref());
        let mut checker = Checker::new(path, places, environment);
        shape::compare(&reference::schema(), spanned.get_ref(), &mut checker);
        let checked = check_sections(text, &mut checker);
        match checked {
            Some(config) if checker.faults.is_empty() => Ok(Self {
                remarks: checker.remarks,
                ..config
            }),
            _ => {
                let mut faults = checker.faults;
                faults.sort_by_key(|fault| fault.line.unwrap_or(usize::MAX));
                Err(ConfigFaults(faults))
            }
        }
    }
}

/// Checks every section whose shape is right, so that one wrong section hides no other.
fn check_sections(text: &str, checker: &mut Checker<'_>) -> Option<Config> {
    let table: toml::Table = text.parse().ok()?;
    let site = section(&table, "site", checker).and_then(|part| site::check(&part, checker));
    let listen = section(&table, "listen", checker).and_then(|part| listen::check(&part, checker));
    let store: Option<StoreSection> = section(&table, "store", checker);
    let data_dir = store.and_then(|part| check_store(&part, checker));
    let keys: Option<KeysSection> = section(&table, "keys", checker);
    let keys = keys.and_then(|part| check_keys(&part, data_dir.as_deref(), checker));
    let directories = check_directories(&table, checker);
    let mail = section(&table, "mail", checker).and_then(|part| mail::check(&part, checker));
    let texts = section(&table, "texts", checker).and_then(|part| texts::check(&part, checker));
    let breach: Option<BreachSection> = section(&table, "breach", checker);
    let breach_file = breach.map(|part| checker.path(&part.file));
    let log = section(&table, "log", checker).unwrap_or_default();
    checker.check_variables();
    if !checker.faults.is_empty() {
        return None;
    }
    let document = typed(toml::Value::Table(table), "", checker);
    Some(Config {
        site: site?,
        listen: listen?,
        data_dir: data_dir?,
        keys: keys?,
        directories,
        mail,
        texts,
        breach_file,
        log,
        remarks: Vec::new(),
        document: document?,
    })
}

/// A section as a typed value, if it is there and its shape is right.
fn section<T: DeserializeOwned>(
    table: &toml::Table,
    name: &str,
    checker: &mut Checker<'_>,
) -> Option<T> {
    let value = table.get(name)?.clone();
    typed(value, name, checker)
}

fn typed<T: DeserializeOwned>(
    value: toml::Value,
    path: &str,
    checker: &mut Checker<'_>,
) -> Option<T> {
    if !checker.is_clean(path) {
        return None;
    }
    value
        .try_into()
        .map_err(|error: toml::de::Error| {
            let reason = error.message().to_owned();
            checker.fault(path, reason, "correct it; see `keymend config example`");
        })
        .ok()
}

fn check_directories(table: &toml::Table, checker: &mut Checker<'_>) -> Vec<DirectoryConfig> {
    let sections = table.get("directory").and_then(toml::Value::as_table);
    if sections.is_none_or(toml::Table::is_empty) {
        checker.fault(
            "directory",
            "there is no directory",
            "add a section [directory.NAME]; see `keymend config example`",
        );
    }
    let mut directories = Vec::new();
    for (name, value) in sections.into_iter().flatten() {
        let part = typed(value.clone(), &format!("directory.{name}"), checker);
        directories.extend(part.and_then(|part| directory::check(name, &part, checker)));
    }
    realms::check_shared(&directories, checker);
    directories
}

fn check_store(section: &StoreSection, checker: &mut Checker<'_>) -> Option<PathBuf> {
    let key = "store.data_dir";
    let folder = checker.path(&section.data_dir);
    let Ok(metadata) = fs::metadata(&folder) else {
        return Some(folder);
    };
    let mode = metadata.mode() & 0o7777;
    if !metadata.is_dir() {
        checker.fault(key, "is not a folder", "name a folder");
        return None;
    }
    if mode & 0o077 != 0 {
        let reason = format!("others than its owner can get at the data (mode {mode:04o})");
        let remedy = format!("run: chmod 0700 {}", folder.display());
        checker.fault(key, reason, remedy);
        return None;
    }
    Some(folder)
}

fn check_keys(
    section: &KeysSection,
    data_dir: Option<&Path>,
    checker: &mut Checker<'_>,
) -> Option<KeyFiles> {
    let root = root_key(section, data_dir, checker);
    if root.is_none() && !checker.path(&section.root_file).exists() {
        // One command makes both keys; one fault is enough.
        return None;
    }
    let audit = audit_key(section, checker);
    Some(KeyFiles {
        root: root?,
        audit: Arc::new(audit?),
    })
}

fn audit_key(section: &KeysSection, checker: &mut Checker<'_>) -> Option<AuditSigner> {
    let key = "keys.audit_file";
    let file = match &section.audit_file {
        Some(file) => file.clone(),
        None => audit_file_beside(&section.root_file),
    };
    let path = checker.path(&file);
    if !path.exists() {
        let remedy = format!(
            "restore it from its safe copy, or make a new one, which the audit trail will show: keymend keys new-audit {}",
            path.display()
        );
        checker.fault(
            key,
            "the key that signs the audit trail is not there",
            remedy,
        );
        return None;
    }
    let text = checker.secret_file(key, &file, Readers::Owner)?;
    let signer = AuditSigner::parse(text.expose())
        .map_err(|bad| fault::complaint(bad.to_string(), "restore it from its safe copy"));
    checker.accept(key, signer)
}

fn root_key(
    section: &KeysSection,
    data_dir: Option<&Path>,
    checker: &mut Checker<'_>,
) -> Option<RootKey> {
    let key = "keys.root_file";
    let path = checker.path(&section.root_file);
    if !path.exists() {
        let has_data = data_dir
            .and_then(|folder| fs::read_dir(folder).ok())
            .is_some_and(|mut entries| entries.next().is_some());
        let remedy = if has_data {
            "restore it from its safe copy: the data was written with it, and a new key cannot read it".to_owned()
        } else {
            format!("make it, once: keymend keys new {}", path.display())
        };
        checker.fault(key, "names a file that does not exist", remedy);
        return None;
    }
    let text = checker.secret_text(key, &section.root_file, Readers::Owner)?;
    let root = RootKey::parse(text.expose()).map_err(|bad| {
        fault::complaint(
            bad.to_string(),
            "restore the right file, or make one with `keymend keys new` if there is no data yet",
        )
    });
    checker.accept(key, root)
}

/// Where the audit signing key is unless the file says otherwise.
#[must_use]
pub fn audit_file_beside(root_file: &Path) -> PathBuf {
    let mut name = root_file.as_os_str().to_owned();
    name.push(".audit");
    PathBuf::from(name)
}

fn read_file(path: &Path) -> Result<String, ConfigFaults> {
    let size = fs::metadata(path).map_or(0, |metadata| metadata.len());
    let text = if size > FILE_BYTES_MAX {
        Err("is larger than 1 MiB".to_owned())
    } else {
        fs::read_to_string(path).map_err(|error| format!("cannot be read ({error})"))
    };
    text.map_err(|reason| {
        ConfigFaults(vec![Fault {
            file: path.display().to_string(),
            line: None,
            key: String::new(),
            value: None,
            reason,
            remedy: "name the file with --config; `keymend config example` shows one".to_owned(),
        }])
    })
}

fn syntax_faults(path: &Path, text: &str, errors: &[toml::de::Error]) -> ConfigFaults {
    let faults = errors.iter().map(|error| Fault {
        file: path.display().to_string(),
        line: error.span().map(|span| line_of(text, span.start)),
        key: String::new(),
        value: None,
        reason: format!("is not TOML: {}", error.message().replace('\n', ", ")),
        remedy: "correct this line".to_owned(),
    });
    ConfigFaults(faults.collect())
}

#[cfg(test)]
mod tests;
