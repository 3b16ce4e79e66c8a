//! A real 389 Directory Server (the LDAP half of FreeIPA) with sample people and policies.

mod client;
mod people;
mod snapshot;

use std::ops::{Deref, DerefMut};
use std::path::Path;

use tempfile::TempDir;

use crate::Certificates;
use crate::peer::Peer;
use crate::process::{self, Process};
use crate::trouble::{Trouble, or_end_the_test};

pub use people::{DS_PEOPLE, DsPerson, ds_person};

/// Where everything lives.
pub const BASE_DN: &str = "dc=lab,dc=test";
/// Where the people are whom the service should find.
pub const PEOPLE_DN: &str = "ou=people,dc=lab,dc=test";
/// Where the groups are.
pub const GROUPS_DN: &str = "ou=groups,dc=lab,dc=test";
/// The identity of the service: below [`PEOPLE_DN`] it may write passwords and what unlocks, and
/// it may read the policies.
pub const SERVICE_DN: &str = "uid=svc-keymend,ou=service,dc=lab,dc=test";
/// An identity that may do nothing at all.
pub const WEAK_DN: &str = "uid=svc-weak,ou=service,dc=lab,dc=test";
/// The password of both.
pub const SERVICE_PASSWORD: &str = "Service-Passw0rd-11";
/// The superuser of the server.
pub const MANAGER_DN: &str = "cn=Directory Manager";
/// The superuser's password.
pub const MANAGER_PASSWORD: &str = "Manager-Passw0rd-11";

/// What kind of server is wanted; `Ds389Options::default()` suits most tests.
#[derive(Clone, Debug, Default)]
pub struct Ds389Options {
    /// More entries and changes, in LDIF (`changetype: …`), made by the superuser.
    pub extra_ldif: String,
}

/// A running 389 Directory Server.
pub struct Ds389 {
    peer: Peer,
    // Last, so that the server has ended when its folder goes.
    folder: TempDir,
}

impl Deref for Ds389 {
    type Target = Peer;

    fn deref(&self) -> &Peer {
        &self.peer
    }
}

impl DerefMut for Ds389 {
    fn deref_mut(&mut self) -> &mut Peer {
        &mut self.peer
    }
}

impl Ds389 {
    /// Starts a server and waits until it answers.  Ends the test with the server's log if it
    /// cannot start.
    #[track_caller]
    pub fn start(options: Ds389Options) -> Self {
        or_end_the_test(Self::try_start(&options))
    }

    /// As [`Ds389::start`], for those who want to handle the failure.
    ///
    /// # Errors
    ///
    /// If a Debian package is missing or a step fails; the text says which.
    pub fn try_start(options: &Ds389Options) -> Result<Self, Trouble> {
        let made = snapshot::made()?;
        process::retry(|| Self::start_once(&made, options))
    }

    fn start_once(made: &Path, options: &Ds389Options) -> Result<Self, Trouble> {
        let folder = process::folder()?;
        let certificates = Certificates::create_for(folder.path(), "DNS:localhost,IP:127.0.0.1")?;
        let ports = Peer::free_ports()?;
        snapshot::copy(made, &folder.path().join("server"), ports)?;
        snapshot::install(&certificates, &folder.path().join("server"))?;
        let mut server = Self {
            peer: Peer::new(launch(folder.path())?, certificates, ports),
            folder,
        };
        server.wait_until_ready()?;
        if !options.extra_ldif.is_empty() {
            server.try_modify(&options.extra_ldif)?;
        }
        Ok(server)
    }

    /// `ldap://127.0.0.1:…`, which also speaks StartTLS.
    pub fn ldap_url(&self) -> String {
        format!("ldap://127.0.0.1:{}", self.port())
    }

    /// `ldaps://127.0.0.1:…`
    pub fn ldaps_url(&self) -> String {
        format!("ldaps://127.0.0.1:{}", self.tls_port())
    }

    /// Starts it again after [`Ds389::kill`], on the same ports and with the same data.
    #[track_caller]
    pub fn restart(&mut self) {
        or_end_the_test(self.try_restart());
    }

    fn try_restart(&mut self) -> Result<(), Trouble> {
        self.kill();
        self.peer.process = launch(self.folder.path())?;
        self.wait_until_ready()
    }

    /// The server's access log: every operation with its result, written before the answer.
    pub fn log(&self) -> String {
        self.log_file("access")
    }

    /// The server's audit log: every change as LDIF, with who made it.
    pub fn audit_log(&self) -> String {
        self.log_file("audit")
    }

    fn log_file(&self, name: &str) -> String {
        let folder = self.folder.path().join("server/var/log/dirsrv/slapd-lab");
        let bytes = std::fs::read(folder.join(name)).unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    }

    fn wait_until_ready(&mut self) -> Result<(), Trouble> {
        let client = self.client();
        let outcome = self
            .peer
            .process
            .wait_until(|| client.bind(MANAGER_DN, MANAGER_PASSWORD).code == 0);
        outcome.map_err(|trouble| Trouble::new(format!("{trouble}\n{}", self.log_file("errors"))))
    }
}

fn launch(folder: &Path) -> Result<Process, Trouble> {
    let instance = folder.join("server/etc/dirsrv/slapd-lab");
    let words = [
        "/usr/sbin/ns-slapd".to_owned(),
        "-D".to_owned(),
        instance.display().to_string(),
        "-i".to_owned(),
        folder.join("pid").display().to_string(),
        // Says that it should stay where it is, and nothing more.
        "-d".to_owned(),
        "0".to_owned(),
    ];
    Process::start("ns-slapd", folder, &words)
}
