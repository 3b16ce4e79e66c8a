//! Installing what the tests need from outside: Debian packages and two libraries for Node.

use std::path::Path;
use std::process::{Command, Stdio};

use super::step;
use crate::{Failure, root};

/// How to see whether a package is there.
enum Sign {
    File(&'static str),
    /// A command and its arguments, which then succeeds.
    Runs(&'static [&'static str]),
}

/// A Debian package and the sign that it, or something as good, is there.
const PACKAGES: &[(&str, Sign)] = &[
    ("slapd", Sign::File("/usr/sbin/slapd")),
    ("slapd-contrib", Sign::File("/usr/lib/ldap/argon2.la")),
    ("ldap-utils", Sign::Runs(&["ldapwhoami", "-VV"])),
    ("openssl", Sign::Runs(&["openssl", "version"])),
    (
        "python3-aiosmtpd",
        Sign::Runs(&["/usr/bin/python3", "-c", "import aiosmtpd"]),
    ),
    (
        "chromium-headless-shell",
        Sign::Runs(&[
            "sh",
            "-c",
            "command -v chromium-headless-shell || command -v chromium",
        ]),
    ),
    (
        "libfaketime",
        Sign::Runs(&["sh", "-c", "ls /usr/lib/*/faketime/libfaketimeMT.so.1"]),
    ),
    ("samba", Sign::File("/usr/sbin/samba")),
    (
        "samba-ad-provision",
        Sign::File("/usr/share/samba/setup/provision.ldif"),
    ),
    (
        "samba-dsdb-modules",
        Sign::Runs(&["dpkg-query", "--status", "samba-dsdb-modules"]),
    ),
    (
        "python3-samba",
        Sign::Runs(&["/usr/bin/python3", "-c", "import samba.provision"]),
    ),
    ("ldb-tools", Sign::File("/usr/bin/ldbmodify")),
    ("iproute2", Sign::Runs(&["ip", "-V"])),
    ("socat", Sign::Runs(&["socat", "-V"])),
    ("debootstrap", Sign::File("/usr/sbin/debootstrap")),
    ("389-ds-base", Sign::File("/usr/sbin/ns-slapd")),
    ("libnss3-tools", Sign::File("/usr/bin/pk12util")),
    (
        "fonts-dejavu-core",
        Sign::File("/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf"),
    ),
    ("nodejs", Sign::Runs(&["node", "--version"])),
    ("npm", Sign::Runs(&["npm", "--version"])),
];

/// Installs without starting any service: a policy-rc.d that says no is put in place for as long
/// as the installation takes, and what was there before is put back.
const INSTALL: &str = r#"
set -eu
policy=/usr/sbin/policy-rc.d
kept=$policy.kept-by-keymend
if [ -e "$policy" ]; then mv "$policy" "$kept"; fi
restore() { rm -f "$policy"; if [ -e "$kept" ]; then mv "$kept" "$policy"; fi; }
trap restore EXIT
trap 'exit 1' INT TERM
printf '#!/bin/sh\nexit 101\n' >"$policy"
chmod 755 "$policy"
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
apt-get install -y -qq --no-install-recommends "$@"
# Whoever runs the tests makes a 389 server of their own out of the schema in there.
if [ -d /etc/dirsrv ]; then chmod o+rx /etc/dirsrv; fi
"#;

/// Installs the Debian packages that are missing.
///
/// # Errors
///
/// If we may not, or `apt-get` fails; the text names the packages.
pub(super) fn install_missing() -> Result<(), Failure> {
    let missing: Vec<&str> = PACKAGES
        .iter()
        .filter(|(_, sign)| !is_there(sign))
        .map(|(name, _)| *name)
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    let names = missing.join(" ");
    let Some(mut command) = as_root() else {
        return Err(Failure::new(format!(
            "These packages are missing and only root may install them:\n  \
             apt-get install --no-install-recommends {names}"
        )));
    };
    command.args(["sh", "-c", INSTALL, "sh"]).args(&missing);
    let output = command
        .stdin(Stdio::null())
        .output()
        .map_err(|fault| Failure::new(format!("starting apt-get: {fault}")))?;
    if output.status.success() {
        println!("installed: {names}");
        return Ok(());
    }
    let words = [output.stdout, output.stderr].map(|b| String::from_utf8_lossy(&b).into_owned());
    Err(Failure::new(format!(
        "apt-get could not install {names}:\n{}",
        words.concat()
    )))
}

/// Installs the two libraries of `lab/package.json`, as its lock file says, unless they are there.
///
/// # Errors
///
/// If `npm` fails.
pub(super) fn install_node_modules() -> Result<(), Failure> {
    let lab = root().join("lab");
    let wanted = std::fs::read(lab.join("package-lock.json")).ok();
    let stamp = lab.join("node_modules/.installed-from");
    if wanted.is_some() && std::fs::read(&stamp).ok() == wanted {
        return Ok(());
    }
    step::succeed(
        Command::new("npm")
            .args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"])
            .args(["--loglevel", "error"])
            .current_dir(&lab),
    )?;
    std::fs::write(&stamp, wanted.unwrap_or_default())
        .map_err(|fault| Failure::new(format!("noting what npm installed: {fault}")))
}

fn is_there(sign: &Sign) -> bool {
    match sign {
        Sign::File(path) => Path::new(path).exists(),
        Sign::Runs([program, arguments @ ..]) => succeeds(program, arguments),
        Sign::Runs([]) => true,
    }
}

fn succeeds(program: &str, arguments: &[&str]) -> bool {
    let mut command = Command::new(program);
    let command = command.args(arguments).stdin(Stdio::null());
    command.output().is_ok_and(|output| output.status.success())
}

/// A command that runs the rest of its words as root without asking anybody, if there is one.
fn as_root() -> Option<Command> {
    let id = Command::new("id").arg("-u").output().ok()?;
    if id.stdout.starts_with(b"0\n") {
        return Some(Command::new("env"));
    }
    let mut sudo = Command::new("sudo");
    sudo.arg("-n");
    succeeds("sudo", &["-n", "true"]).then_some(sudo)
}
