//! The domain as it is before a server starts: made once, then copied.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::files::ALONE;
use super::plan::plan;
use super::{SambaOptions, SambaVersion};
use crate::namespace::Namespace;
use crate::trouble::{Trouble, ended_well, fed};
use crate::{cache, debian};

pub(super) const PROGRAM: &str = include_str!("../../peers/domain.py");

/// Where the server's programs come from: another Debian, or (none) this machine.
pub(super) fn tree(version: SambaVersion) -> Result<Option<PathBuf>, Trouble> {
    match version {
        SambaVersion::V4_17 => Ok(None),
        SambaVersion::V4_25 => debian::tree().map(Some),
    }
}

/// Copies the domain to `folder`, which does not exist yet; makes it if it was never made before.
pub(super) fn copy(options: &SambaOptions, tree: Option<&Path>, to: &Path) -> Result<(), Trouble> {
    let plan = plan(&ALONE, options.bulk_accounts).to_string();
    let recipe = (package_version(tree)?, PROGRAM, &plan);
    let name = cache::name("samba", &recipe);
    let made = cache::folder_of(&name, |folder| {
        make(
            &Namespace::new(folder, tree.map(Path::to_path_buf)),
            folder,
            &plan,
        )
    })?;
    copied(&made, to)
}

pub(super) fn copied(made: &Path, to: &Path) -> Result<(), Trouble> {
    let mut command = Command::new("cp");
    command.args(["-a", "--reflink=auto"]).arg(made).arg(to);
    ended_well(command.output(), "copying the domain").map(drop)
}

/// The names of all accounts by their security identifier.
pub(super) fn names(folder: &Path) -> Result<BTreeMap<String, String>, Trouble> {
    let file = folder.join("sids.json");
    let text = fs::read_to_string(&file).map_err(Trouble::during("reading sids.json"))?;
    let sids: BTreeMap<String, String> =
        serde_json::from_str(&text).map_err(Trouble::during("understanding sids.json"))?;
    Ok(sids.into_iter().map(|(name, sid)| (sid, name)).collect())
}

/// Makes a domain in the folder, which the namespace has for its own.
pub(super) fn make(namespace: &Namespace, folder: &Path, plan: &str) -> Result<(), Trouble> {
    let program = folder.join("domain.py");
    fs::write(&program, PROGRAM).map_err(Trouble::during("writing domain.py"))?;
    let inside = namespace.inside();
    let program = format!("{inside}/domain.py");
    let mut command = namespace.command(&["/usr/bin/python3", &program, &inside]);
    command.env("SMB_CONF_PATH", format!("{inside}/empty.conf"));
    let doing = "making a domain (Debian package samba-ad-provision)";
    fed(command, plan, doing).map(drop)
}

/// Another version may want its data another way.
pub(super) fn package_version(tree: Option<&Path>) -> Result<String, Trouble> {
    let mut command = Command::new("dpkg-query");
    if let Some(tree) = tree {
        command.arg("--admindir").arg(tree.join("var/lib/dpkg"));
    }
    command.args(["-W", "-f", "${Package} ${Version} ", "samba-dsdb-modules"]);
    ended_well(
        command.output(),
        "asking for the version of Samba (package samba-dsdb-modules)",
    )
}
