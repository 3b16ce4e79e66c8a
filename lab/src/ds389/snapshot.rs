//! The instance as it is before a server starts: made once, then copied.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::{MANAGER_PASSWORD, people};
use crate::trouble::{Trouble, ended_well, fed};
use crate::{Certificates, cache, process};

const PROGRAM: &str = include_str!("../../peers/ds389.sh");

/// The configuration, which knows where it lies.
const CONFIGURATION: &str = "etc/dirsrv/slapd-lab/dse.ldif";

/// The instance's folder and port as they were when it was made.
const NOTE: &str = "made-for";

/// The folder of the instance, which is made if it was never made before.
pub(super) fn made() -> Result<PathBuf, Trouble> {
    let ldif = people::ldif();
    let recipe = (package_version()?, PROGRAM, &ldif, whoami()?);
    cache::folder_of(&cache::name("ds389", &recipe), |folder| make(folder, &ldif))
}

/// Copies the instance to a folder which does not exist yet, for these ports.
pub(super) fn copy(made: &Path, to: &Path, [port, tls_port]: [u16; 2]) -> Result<(), Trouble> {
    let mut command = Command::new("cp");
    command.args(["-a", "--reflink=auto"]).arg(made).arg(to);
    ended_well(command.output(), "copying the 389 server")?;
    let note = fs::read_to_string(to.join(NOTE)).map_err(Trouble::during("reading a note"))?;
    let mut note = note.lines();
    let (old_folder, old_port) = (note.next().unwrap_or_default(), note.next());
    let file = to.join(CONFIGURATION);
    let text = fs::read_to_string(&file).map_err(Trouble::during("reading dse.ldif"))?;
    // A line that goes on in the next one may be broken in the middle of a path.
    let text = text
        .replace("\n ", "")
        .replace(old_folder, &to.display().to_string())
        .replace(
            &format!("nsslapd-port: {}\n", old_port.unwrap_or_default()),
            &format!("nsslapd-port: {port}\n"),
        )
        .replace(
            "nsslapd-securePort: 636\n",
            &format!("nsslapd-securePort: {tls_port}\n"),
        );
    fs::write(&file, text).map_err(Trouble::during("writing dse.ldif"))
}

/// Gives the copied instance this certificate instead of the one it made for itself.
pub(super) fn install(certificates: &Certificates, folder: &Path) -> Result<(), Trouble> {
    let instance = folder.join("etc/dirsrv/slapd-lab");
    let script = r#"
set -eu
cd "$1"
rm -f cert9.db key4.db pkcs11.txt
printf 'lab-pin' >pwdfile.txt
printf 'Internal (Software) Token:lab-pin\n' >pin.txt
certutil -N -d sql:. -f pwdfile.txt
certutil -A -d sql:. -f pwdfile.txt -n 'Lab CA' -t CT,, -a -i "$2"
openssl pkcs12 -export -in "$3" -inkey "$4" -name Server-Cert -passout pass: -out server.p12
pk12util -i server.p12 -d sql:. -k pwdfile.txt -W ''
"#;
    let mut command = Command::new("sh");
    command.args(["-c", script, "sh"]).arg(instance);
    command.arg(certificates.ca_file());
    command.arg(certificates.certificate_file());
    command.arg(certificates.key_file());
    let doing = "giving the 389 server its certificate (Debian package libnss3-tools)";
    ended_well(command.output(), doing).map(drop)
}

fn make(folder: &Path, ldif: &str) -> Result<(), Trouble> {
    let port = process::free_port()?.to_string();
    let note = format!("{}\n{port}\n", folder.display());
    fs::write(folder.join(NOTE), note).map_err(Trouble::during("writing a note"))?;
    let mut command = Command::new("sh");
    command.args(["-c", PROGRAM, "sh"]).arg(folder);
    command.args([&port, MANAGER_PASSWORD]);
    fed(
        command,
        ldif,
        "making a 389 server (Debian package 389-ds-base)",
    )
    .map(drop)
}

fn package_version() -> Result<String, Trouble> {
    let mut command = Command::new("dpkg-query");
    command.args(["-W", "-f", "${Version}", "389-ds-base"]);
    ended_well(command.output(), "asking for the version of 389-ds-base")
}

/// An instance belongs to whoever made it.
fn whoami() -> Result<String, Trouble> {
    ended_well(Command::new("id").arg("-un").output(), "asking who we are")
}
