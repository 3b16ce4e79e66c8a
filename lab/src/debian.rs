//! A tree of the Debian to come, for a server that this machine's Debian has only in an older
//! version.

use std::path::PathBuf;
use std::process::Command;

use crate::cache;
use crate::trouble::{Trouble, ended_well};

const PROGRAM: &str = include_str!("../peers/debian-tree.sh");

/// The release, and what is wanted out of it.
const SUITE: &str = "forky";
const PACKAGES: &[&str] = &[
    "samba-ad-dc",
    "samba-ad-provision",
    "samba-dsdb-modules",
    "samba-common-bin",
    "python3-samba",
    "ldb-tools",
    "socat",
    "iproute2",
];

/// The folder of the tree.
///
/// Made once, by root or by `sudo` where that asks nothing: it takes one to three minutes, about
/// 100 MB from the Debian mirror and 300 MB of disk.  Using it afterwards needs no rights.
///
/// # Errors
///
/// If it is not there and cannot be made; the text says what root would have to call.
pub fn tree() -> Result<PathBuf, Trouble> {
    let name = cache::name(SUITE, &(PROGRAM, PACKAGES));
    cache::lasting_folder(&name, |folder| {
        let mut command = Command::new("sudo");
        command.arg("-n");
        if is_root() {
            command = Command::new("env");
        }
        command.args(["sh", "-c", PROGRAM, "sh"]);
        command.arg(folder).arg(SUITE).args(PACKAGES);
        let doing = "making a tree of the Debian to come, which only root can \
                     (sudo cargo xtask lab tree; package debootstrap)";
        ended_well(command.output(), doing).map(drop)
    })
}

fn is_root() -> bool {
    let output = Command::new("id").arg("-u").output();
    output.is_ok_and(|output| output.stdout.starts_with(b"0\n"))
}
