//! The directories that `cargo xtask lab up` starts when they are named.

use std::fmt::Write as _;
use std::path::Path;

use keymend_lab::ds389::{self, DS_PEOPLE};
use keymend_lab::samba::{self, AD_PEOPLE};
use keymend_lab::{Ds389, Ds389Options, Samba, SambaOptions, SambaVersion};

use super::trouble;
use crate::Failure;

/// Those that were asked for.
#[derive(Default)]
pub(super) struct Directories {
    samba: Option<Samba>,
    samba_425: Option<Samba>,
    ds389: Option<Ds389>,
}

/// # Errors
///
/// If one of the names is of no directory.
pub(super) fn known(names: &[String]) -> Result<(), Failure> {
    let is_unknown = |name: &&String| !matches!(name.as_str(), "samba" | "samba425" | "ds389");
    match names.iter().find(is_unknown) {
        Some(name) => Err(Failure::new(format!(
            "There is no directory {name:?} in the lab.\n\n{}",
            super::HELP
        ))),
        None => Ok(()),
    }
}

impl Directories {
    pub(super) fn start(names: &[String]) -> Result<Self, Failure> {
        let mut directories = Self::default();
        for name in names {
            match name.as_str() {
                "samba" => directories.samba = Some(start(SambaVersion::V4_17)?),
                "samba425" => directories.samba_425 = Some(start(SambaVersion::V4_25)?),
                _ => {
                    let server = Ds389::try_start(&Ds389Options::default());
                    directories.ds389 = Some(server.map_err(trouble)?);
                }
            }
        }
        Ok(directories)
    }

    /// Lines for a shell, and the people as comments.
    pub(super) fn lines(&self) -> String {
        let mut lines = String::new();
        for (name, samba) in [("SAMBA", &self.samba), ("SAMBA425", &self.samba_425)] {
            if let Some(samba) = samba {
                domain(&mut lines, name, samba);
            }
        }
        if let Some(server) = &self.ds389 {
            let urls = [server.ldap_url(), server.ldaps_url()];
            exports(&mut lines, "DS389", &urls, &server.ca_file());
            for (name, value) in [
                ("BASE", ds389::PEOPLE_DN),
                ("USER", ds389::SERVICE_DN),
                ("PASSWORD", ds389::SERVICE_PASSWORD),
                ("MANAGER", ds389::MANAGER_DN),
                ("MANAGER_PASSWORD", ds389::MANAGER_PASSWORD),
            ] {
                let _ = writeln!(lines, "export LAB_DS389_{name}='{value}'");
            }
            for person in DS_PEOPLE {
                let (uid, password, what) = (person.uid, person.password, person.what);
                let _ = writeln!(lines, "# 389: {uid} {password}: {what}");
            }
        }
        lines
    }
}

fn start(version: SambaVersion) -> Result<Samba, Failure> {
    let options = SambaOptions {
        version,
        ..SambaOptions::default()
    };
    Samba::try_start(&options).map_err(trouble)
}

fn domain(lines: &mut String, prefix: &str, samba: &Samba) {
    let urls = [samba.ldap_url(), samba.ldaps_url()];
    exports(lines, prefix, &urls, &samba.ca_file());
    for (name, value) in [
        ("BASE", samba::PEOPLE_DN),
        ("USER", samba::SERVICE_UPN),
        ("PASSWORD", samba::SERVICE_PASSWORD),
        ("MANAGER", samba::ADMINISTRATOR_UPN),
        ("MANAGER_PASSWORD", samba::ADMINISTRATOR_PASSWORD),
    ] {
        let _ = writeln!(lines, "export LAB_{prefix}_{name}='{value}'");
    }
    for person in AD_PEOPLE {
        let (name, password, what) = (person.name, person.password, person.what);
        let _ = writeln!(lines, "# {prefix}: {name} {password}: {what}");
    }
}

fn exports(lines: &mut String, prefix: &str, [ldap, ldaps]: &[String; 2], ca_file: &Path) {
    for (name, value) in [("URL", ldap), ("LDAPS_URL", ldaps)] {
        let _ = writeln!(lines, "export LAB_{prefix}_{name}='{value}'");
    }
    let _ = writeln!(lines, "export LAB_{prefix}_CA='{}'", ca_file.display());
}
