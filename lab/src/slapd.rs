//! A real OpenLDAP server with the ppolicy and memberOf overlays and sample people.

mod client;
mod files;
mod people;

use std::ops::{Deref, DerefMut};
use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

use crate::Certificates;
use crate::peer::Peer;
use crate::process::{self, Process};
use crate::trouble::{Trouble, or_end_the_test};

pub use crate::client::{BindAnswer, Entry};
pub use people::{PEOPLE, Person, bulk_dn, person};

/// Where everything lives.
pub const BASE_DN: &str = "dc=lab,dc=test";
/// Where the people are whom the service should find.
pub const PEOPLE_DN: &str = "ou=people,dc=lab,dc=test";
/// Where the groups are.
pub const GROUPS_DN: &str = "ou=groups,dc=lab,dc=test";
/// The identity that the service binds with; it may do exactly what the service needs.
pub const SERVICE_DN: &str = "uid=svc-keymend,ou=service,dc=lab,dc=test";
/// Its password.
pub const SERVICE_PASSWORD: &str = "Service-Passw0rd-11";
/// The superuser of the server; ppolicy does not apply to it.
pub const MANAGER_DN: &str = "cn=manager,dc=lab,dc=test";
/// The superuser's password.
pub const MANAGER_PASSWORD: &str = "Manager-Passw0rd";
/// The password of all bulk accounts (`user00000`, `user00001`, …).
pub const BULK_PASSWORD: &str = "Bulk-Passw0rd-11";
/// The password of `cn=config`.
const CONFIGURATION_PASSWORD: &str = "Config-Passw0rd";

/// How the server stores passwords.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PasswordHash {
    /// Salted SHA-1: fast, for most tests and for benchmarks.
    #[default]
    Ssha,
    /// argon2id by the server's own module.
    Argon2,
}

/// What kind of server is wanted; `SlapdOptions::default()` suits most tests.
#[derive(Clone, Debug)]
pub struct SlapdOptions {
    /// How many accounts besides the sample people, named `user00000` and so on.
    pub bulk_accounts: u32,
    /// How passwords are stored.
    pub password_hash: PasswordHash,
    /// Whether the ppolicy overlay is there (default: yes).
    pub has_password_policy: bool,
    /// Whether a bind over an unprotected connection is refused (default: no).
    pub refuses_plain_binds: bool,
    /// Whether every operation is written to the log (default: yes; benchmarks turn it off).
    pub logs_operations: bool,
    /// Whether every write is on the disk before it is answered, as where people depend on it
    /// (default: no, which is faster and good enough for tests).
    pub syncs_to_disk: bool,
    /// More entries, in LDIF.
    pub extra_ldif: String,
}

impl Default for SlapdOptions {
    fn default() -> Self {
        Self {
            bulk_accounts: 0,
            password_hash: PasswordHash::default(),
            has_password_policy: true,
            refuses_plain_binds: false,
            logs_operations: true,
            syncs_to_disk: false,
            extra_ldif: String::new(),
        }
    }
}

/// A running OpenLDAP server.
pub struct Slapd {
    peer: Peer,
    folder: TempDir,
    logs_operations: bool,
}

impl Deref for Slapd {
    type Target = Peer;

    fn deref(&self) -> &Peer {
        &self.peer
    }
}

impl DerefMut for Slapd {
    fn deref_mut(&mut self) -> &mut Peer {
        &mut self.peer
    }
}

impl Slapd {
    /// Starts a server and waits until it answers.  Ends the test with the server's log if it
    /// cannot start.
    #[track_caller]
    pub fn start(options: SlapdOptions) -> Self {
        or_end_the_test(Self::try_start(&options))
    }

    /// As [`Slapd::start`], for those who want to handle the failure.
    ///
    /// # Errors
    ///
    /// If `slapd`, `slapadd`, `openssl` or the LDAP client commands are missing or fail.
    pub fn try_start(options: &SlapdOptions) -> Result<Self, Trouble> {
        process::retry(|| Self::start_once(options))
    }

    fn start_once(options: &SlapdOptions) -> Result<Self, Trouble> {
        let folder = process::folder()?;
        let certificates = Certificates::create_for(folder.path(), "DNS:localhost,IP:127.0.0.1")?;
        files::write(folder.path(), options, &certificates)?;
        load(folder.path())?;
        let ports = Peer::free_ports()?;
        let process = launch(folder.path(), ports, options.logs_operations)?;
        let mut slapd = Self {
            peer: Peer::new(process, certificates, ports),
            folder,
            logs_operations: options.logs_operations,
        };
        slapd.wait_until_ready()?;
        slapd.ldapadd(people::GROUPS)?;
        Ok(slapd)
    }

    /// `ldap://127.0.0.1:…`, which also speaks StartTLS.
    pub fn ldap_url(&self) -> String {
        format!("ldap://127.0.0.1:{}", self.port())
    }

    /// `ldaps://127.0.0.1:…`
    pub fn ldaps_url(&self) -> String {
        format!("ldaps://127.0.0.1:{}", self.tls_port())
    }

    /// Starts it again after [`Slapd::kill`], on the same ports and with the same data.
    #[track_caller]
    pub fn restart(&mut self) {
        or_end_the_test(self.try_restart());
    }

    fn try_restart(&mut self) -> Result<(), Trouble> {
        self.kill();
        let ports = self.ports();
        self.peer.process = launch(self.folder.path(), ports, self.logs_operations)?;
        self.wait_until_ready()
    }

    /// The server's log: every operation with its result, unless switched off.
    pub fn log(&self) -> String {
        self.peer.process.log()
    }

    fn wait_until_ready(&mut self) -> Result<(), Trouble> {
        let client = self.client();
        self.peer
            .process
            .wait_until(|| client.bind(MANAGER_DN, MANAGER_PASSWORD).code == 0)
    }
}

/// Fills the data base while the server is not running, as `slapadd` wants it.
fn load(folder: &Path) -> Result<(), Trouble> {
    let output = Command::new("/usr/sbin/slapadd")
        .arg("-q")
        .args(["-f", "slapd.conf", "-b", BASE_DN, "-l", "data.ldif"])
        .current_dir(folder)
        .output()
        .map_err(Trouble::during("running slapadd (Debian package slapd)"))?;
    if output.status.success() {
        return Ok(());
    }
    let words = String::from_utf8_lossy(&output.stderr);
    Err(Trouble::new(format!("slapadd failed:\n{words}")))
}

fn launch(
    folder: &Path,
    [port, tls_port]: [u16; 2],
    logs_operations: bool,
) -> Result<Process, Trouble> {
    let configuration = folder.join("slapd.conf").display().to_string();
    let listeners = format!("ldap://127.0.0.1:{port}/ ldaps://127.0.0.1:{tls_port}/");
    let level = if logs_operations { "stats" } else { "none" };
    let command = [
        "/usr/sbin/slapd",
        "-d",
        level,
        "-f",
        &configuration,
        "-h",
        &listeners,
    ]
    .map(str::to_owned);
    Process::start("slapd", folder, &command)
}
