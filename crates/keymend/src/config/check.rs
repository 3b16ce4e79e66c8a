//! Gathers faults while the sections are checked.

use std::path::{Path, PathBuf};

use keymend_domain::secret::Secret;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

use super::environment::{Environment, variable};
use super::fault::{Complaint, Fault, complaint};
use super::place::Places;
use super::secret_file::{self, Readers};

/// What all checks share: where keys stand, what surrounds the file, and what was found so far.
pub(super) struct Checker<'a> {
    file: String,
    folder: PathBuf,
    places: Places,
    environment: &'a Environment,
    variables: Vec<String>,
    pub(super) faults: Vec<Fault>,
    pub(super) remarks: Vec<Fault>,
}

impl<'a> Checker<'a> {
    /// A checker that has found nothing yet in the file of this name.
    pub(super) fn new(path: &Path, places: Places, environment: &'a Environment) -> Self {
        Self {
            file: path.display().to_string(),
            folder: path.parent().map(Path::to_owned).unwrap_or_default(),
            places,
            environment,
            variables: Vec::new(),
            faults: Vec::new(),
            remarks: Vec::new(),
        }
    }

    /// Notes that the configuration cannot be used.
    pub(super) fn fault(
        &mut self,
        key: &str,
        reason: impl Into<String>,
        remedy: impl Into<String>,
    ) {
        let fault = self.finding(key, complaint(reason, remedy));
        self.faults.push(fault);
    }

    /// The same for a value that must not be repeated.
    pub(super) fn fault_without_value(
        &mut self,
        key: &str,
        reason: impl Into<String>,
        remedy: impl Into<String>,
    ) {
        let fault = self.finding(key, complaint(reason, remedy));
        self.faults.push(Fault {
            value: None,
            ..fault
        });
    }

    /// Notes that the configuration can be used but deserves a second look.
    pub(super) fn remark(
        &mut self,
        key: &str,
        reason: impl Into<String>,
        remedy: impl Into<String>,
    ) {
        let remark = self.finding(key, complaint(reason, remedy));
        self.remarks.push(remark);
    }

    /// The value of a check, or `None` and a fault.
    pub(super) fn accept<T>(&mut self, key: &str, checked: Result<T, Complaint>) -> Option<T> {
        checked
            .map_err(|fault| self.fault(key, fault.reason, fault.remedy))
            .ok()
    }

    /// Whether nothing was found in a section or below it.
    pub(super) fn is_clean(&self, section: &str) -> bool {
        !self.faults.iter().any(|fault| {
            fault
                .key
                .strip_prefix(section)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
        })
    }

    /// A path as the file means it: relative ones begin at the folder of the file.
    pub(super) fn path(&self, path: &Path) -> PathBuf {
        self.folder.join(path)
    }

    /// Reads a secret from the file that `key` names, or from the environment.
    pub(super) fn secret(
        &mut self,
        section: &str,
        name: &str,
        file: Option<&Path>,
    ) -> Option<Secret> {
        let key = format!("{section}.{name}_file");
        let variable = variable(section, name);
        let from_environment = self.environment.secret(&variable);
        self.variables.push(variable.clone());
        match (file, from_environment) {
            (Some(_), Some(_)) => {
                let reason = format!("is given twice: here and in the environment ({variable})");
                self.fault(&key, reason, "keep the file and unset the variable");
                None
            }
            (Some(file), None) => self.secret_file(&key, file, Readers::Owner),
            (None, Some(secret)) => {
                self.remark(
                    &key,
                    format!(
                        "comes from the environment ({variable}), which other programs may read"
                    ),
                    format!("write it into a file and name that with {name}_file"),
                );
                let checked = secret_file::check_secret(&secret);
                self.accept(&key, checked).map(|()| secret)
            }
            (None, None) => None,
        }
    }

    /// Reads a secret of one line from a file.
    pub(super) fn secret_file(
        &mut self,
        key: &str,
        file: &Path,
        readers: Readers,
    ) -> Option<Secret> {
        let secret = self.secret_text(key, file, readers)?;
        let checked = secret_file::check_secret(&secret);
        self.accept(key, checked).map(|()| secret)
    }

    /// Reads a secret text of any number of lines from a file.
    pub(super) fn secret_text(
        &mut self,
        key: &str,
        file: &Path,
        readers: Readers,
    ) -> Option<Secret> {
        let path = self.path(file);
        let readers = if self.environment.hands_over(&path) {
            Readers::AsHandedOver
        } else {
            readers
        };
        self.accept(key, secret_file::read(&path, readers))
    }

    /// Checks a PEM file with certificates and gives its path.
    pub(super) fn certificates(&mut self, key: &str, file: &Path) -> Option<PathBuf> {
        let path = self.path(file);
        let found = read_certificates(&path);
        self.accept(key, found).map(|_| path)
    }

    /// Notes every `KEYMEND_` variable that nothing asked for, and refuses root keys among them.
    pub(super) fn check_variables(&mut self) {
        let unknown: Vec<String> = self
            .environment
            .names()
            .filter(|name| !self.variables.iter().any(|known| known == name))
            .map(str::to_owned)
            .collect();
        for name in unknown {
            let key = format!("environment.{name}");
            if name.contains("ROOT") || name.contains("AUDIT") {
                let remedy =
                    "unset it and draw new keys: it may have been read; keys come from files alone";
                self.fault(&key, "a key stands in the environment", remedy);
            } else {
                self.remark(
                    &key,
                    "means nothing to Keymend",
                    "unset it, or correct its name",
                );
            }
        }
    }

    fn finding(&self, key: &str, complaint: Complaint) -> Fault {
        let place = self.places.find(key);
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

/// The certificates of a PEM file; at least one.
pub(super) fn read_certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, Complaint> {
    let text = std::fs::read(path).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => complaint(
            "names a file that does not exist",
            "create it, or correct the path",
        ),
        _ => complaint(
            format!("cannot be read ({error})"),
            "let the user of the service read it",
        ),
    })?;
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&text).collect();
    match found {
        Ok(all) if !all.is_empty() => Ok(all),
        _ => Err(complaint(
            "names a file without a certificate",
            "name a PEM file: it begins with -----BEGIN CERTIFICATE-----",
        )),
    }
}
