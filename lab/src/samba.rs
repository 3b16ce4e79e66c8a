//! A real Active Directory domain controller (Samba) with sample people, a service account with
//! exactly the rights it needs, and its audit log.

mod audit;
mod client;
mod files;
mod pair;
mod people;
mod plan;
mod policy;
mod snapshot;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use crate::Certificates;
use crate::clock;
use crate::namespace::{self, Namespace};
use crate::process::{self, Process};
use crate::relay::Relay;
use crate::trouble::{Trouble, ended_well, fed, or_end_the_test};

use files::{ALONE, Place};

pub use audit::{AuditEvent, AuditMark, Deed};
pub use pair::SambaPair;
pub use people::{AD_PEOPLE, AdPerson, ad_person};
pub use policy::DomainPolicy;

/// Where everything lives.
pub const BASE_DN: &str = "DC=lab,DC=test";
/// Where the people are whom the service should find and may write to.
pub const PEOPLE_DN: &str = "OU=People,DC=lab,DC=test";
/// Where the groups are.
pub const GROUPS_DN: &str = "OU=Groups,DC=lab,DC=test";
/// Where the password settings objects are.
pub const SETTINGS_DN: &str = "CN=Password Settings Container,CN=System,DC=lab,DC=test";
/// The domain's administrator (RID 500), as it signs in.
pub const ADMINISTRATOR_UPN: &str = "administrator@lab.test";
/// The administrator's password.
pub const ADMINISTRATOR_PASSWORD: &str = "Adm1n-Passw0rd!";
/// The account of the service: it may reset passwords and write `lockoutTime` and `pwdLastSet` of
/// users below [`PEOPLE_DN`], and nothing else.
pub const SERVICE_ACCOUNT: &str = "svc-keymend";
/// How it signs in.
pub const SERVICE_UPN: &str = "svc-keymend@lab.test";
/// The name of its entry.
pub const SERVICE_DN: &str = "CN=svc-keymend,OU=Service,DC=lab,DC=test";
/// The password of all three service accounts.
pub const SERVICE_PASSWORD: &str = "Service-Passw0rd-11";
/// A service account that may do far too much: it is a Domain Admin.
pub const STRONG_ACCOUNT: &str = "svc-strong";
/// A service account that may do nothing at all.
pub const WEAK_ACCOUNT: &str = "svc-weak";

/// The name of a bulk account.
pub fn bulk_dn(number: u32) -> String {
    format!("CN=user{number:05},{PEOPLE_DN}")
}

/// Which Samba.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SambaVersion {
    /// The one of Debian 12: without the policy-hints control.
    #[default]
    V4_17,
    /// The one of the Debian to come (4.25 when this was written), which has the control.
    V4_25,
}

/// What kind of domain is wanted; `SambaOptions::default()` suits most tests.
#[derive(Clone, Debug, Default)]
pub struct SambaOptions {
    /// Which Samba.
    pub version: SambaVersion,
    /// What the domain asks of passwords.
    pub policy: DomainPolicy,
    /// For how long an old password still opens the account (Samba's own default is 60; here 0).
    pub old_password_minutes: u32,
    /// How many accounts besides the sample people, named `user00000` and so on, without a
    /// password.  The first start with a number takes 3 ms for each, the next ones nothing.
    pub bulk_accounts: u32,
    /// More entries and changes, in LDIF (`changetype: add`).
    pub extra_ldif: String,
    /// How far the controller's clock is ahead (negative: behind), in seconds.
    pub clock_offset_secs: i64,
}

/// A running domain controller.
pub struct Samba {
    process: Process,
    relays: Vec<Relay>,
    ports: [u16; 2],
    certificates: Certificates,
    namespace: Namespace,
    place: Place,
    clock_offset_secs: i64,
    names: BTreeMap<String, String>,
    // Last, so that the server has ended when its folder goes.
    folder: TempDir,
}

/// The well-known ports, which Samba does not let anybody choose.
const PORTS: [u16; 2] = [389, 636];

const NAMES: &str = "DNS:dc1.lab.test,DNS:dc2.lab.test,DNS:lab.test,DNS:localhost,IP:127.0.0.1";

/// `$1` is the folder, `$2` the address, the rest what comes before the command; carries the ports
/// out through sockets in the folder.
const LAUNCH: &str = r#"
folder=$1 address=$2; shift 2
rm -rf "$folder/run"; mkdir -p "$folder/run"
for port in 389 636; do
  rm -f "$folder/$port.socket"
  socat "UNIX-LISTEN:$folder/$port.socket,fork,backlog=128" "TCP:$address:$port" &
done
"$@" samba --foreground --no-process-group --configfile="$folder/smb.conf" &
wait $!
"#;

impl Samba {
    /// Starts a server and waits until it answers.  Ends the test with the server's log if it
    /// cannot start.
    #[track_caller]
    pub fn start(options: SambaOptions) -> Self {
        or_end_the_test(Self::try_start(&options))
    }

    /// As [`Samba::start`], for those who want to handle the failure.
    ///
    /// # Errors
    ///
    /// If a Debian package is missing or a step fails; the text says which.
    pub fn try_start(options: &SambaOptions) -> Result<Self, Trouble> {
        let folder = process::folder()?;
        let tree = snapshot::tree(options.version)?;
        snapshot::copy(options, tree.as_deref(), &folder.path().join("data"))?;
        let namespace = Namespace::new(folder.path(), tree);
        prepare(&namespace, options)?;
        Self::start_at(&ALONE, folder, namespace, options)
    }

    /// Starts a server on the domain in `folder/data`.
    fn start_at(
        place: &Place,
        folder: TempDir,
        namespace: Namespace,
        options: &SambaOptions,
    ) -> Result<Self, Trouble> {
        let certificates = Certificates::create_for(folder.path(), NAMES)?;
        let inside = namespace.inside();
        let configuration = files::configuration(&inside, place, options.old_password_minutes);
        fs::write(folder.path().join("smb.conf"), configuration)
            .map_err(Trouble::during("writing smb.conf"))?;
        let mut samba = Self {
            process: launch(&namespace, place, &folder, options.clock_offset_secs)?,
            relays: Vec::new(),
            ports: [0, 0],
            certificates,
            namespace,
            place: *place,
            clock_offset_secs: options.clock_offset_secs,
            names: snapshot::names(&folder.path().join("data"))?,
            folder,
        };
        samba.open_ports()?;
        samba.wait_until_ready()?;
        Ok(samba)
    }

    /// `ldap://127.0.0.1:…`, which also speaks StartTLS and refuses to sign in without it.
    pub fn ldap_url(&self) -> String {
        format!("ldap://127.0.0.1:{}", self.port())
    }

    /// `ldaps://127.0.0.1:…`
    pub fn ldaps_url(&self) -> String {
        format!("ldaps://127.0.0.1:{}", self.tls_port())
    }

    /// The port of [`Samba::ldap_url`], for a [`Proxy`](crate::Proxy) in front.
    pub fn port(&self) -> u16 {
        let [port, _] = self.ports;
        port
    }

    /// The port of [`Samba::ldaps_url`], for a [`Proxy`](crate::Proxy) in front.
    pub fn tls_port(&self) -> u16 {
        let [_, port] = self.ports;
        port
    }

    /// The certificate of the authority that signed the server's.
    pub fn ca_file(&self) -> PathBuf {
        self.certificates.ca_file()
    }

    /// Freezes the server: connections open, nobody answers.
    pub fn pause(&self) {
        namespace::signal(&self.process, "STOP");
    }

    /// Lets a frozen server go on.
    pub fn resume(&self) {
        namespace::signal(&self.process, "CONT");
    }

    /// Ends the server as a crash would; connections are refused from here on.
    pub fn kill(&mut self) {
        self.relays.clear();
        self.process.kill();
    }

    /// Starts it again after [`Samba::kill`], on the same ports and with the same data.
    #[track_caller]
    pub fn restart(&mut self) {
        or_end_the_test(self.try_restart());
    }

    /// Starts it again with a clock that is so far ahead (negative: behind), in seconds.
    #[track_caller]
    pub fn restart_with_clock(&mut self, offset_secs: i64) {
        self.clock_offset_secs = offset_secs;
        self.restart();
    }

    fn try_restart(&mut self) -> Result<(), Trouble> {
        self.kill();
        let offset_secs = self.clock_offset_secs;
        self.process = launch(&self.namespace, &self.place, &self.folder, offset_secs)?;
        self.open_ports()?;
        self.wait_until_ready()
    }

    /// The server's own log, for a person to read; see [`Samba::audit_since`] for the other.
    pub fn log(&self) -> String {
        let log = fs::read(self.folder.path().join("samba.log")).unwrap_or_default();
        self.process.log() + &String::from_utf8_lossy(&log)
    }

    /// The process id of what holds the server, whose descendants are the server.
    pub fn pid(&self) -> u32 {
        self.process.pid()
    }

    /// Any free ports the first time, the same ones afterwards.
    fn open_ports(&mut self) -> Result<(), Trouble> {
        for (port, well_known) in self.ports.iter_mut().zip(PORTS) {
            let socket = self.folder.path().join(format!("{well_known}.socket"));
            let relay = Relay::start(*port, &socket)?;
            *port = relay.port();
            self.relays.push(relay);
        }
        Ok(())
    }

    fn wait_until_ready(&mut self) -> Result<(), Trouble> {
        let socket = self.folder.path().join("636.socket");
        let log = self.folder.path().join("samba.log");
        let client = self.client();
        let outcome = self.process.wait_until(|| {
            socket.exists() && {
                let mut command = client.as_superuser("ldapsearch");
                command.args(["-s", "base", "-b", BASE_DN, "1.1"]);
                command.output().is_ok_and(|output| output.status.success())
            }
        });
        outcome.map_err(|trouble| {
            let log = fs::read_to_string(log).unwrap_or_default();
            Trouble::new(format!("{trouble}\n{log}"))
        })
    }
}

fn launch(
    namespace: &Namespace,
    place: &Place,
    folder: &TempDir,
    clock_offset_secs: i64,
) -> Result<Process, Trouble> {
    let inside = namespace.inside();
    let mut words = vec!["sh", "-c", LAUNCH, "sh", &inside, place.address];
    let clock = match clock_offset_secs {
        0 => Vec::new(),
        offset_secs => {
            let library = clock::copy_into(folder.path())?;
            clock::words_with(&Path::new(&inside).join(library), offset_secs)
        }
    };
    words.extend(clock.iter().map(String::as_str));
    let words = namespace.words(&words);
    Process::start("samba", folder.path(), &words)
}

/// Changes the copied domain before the server starts: what belongs to the moment of the start,
/// and what the test asked for.
fn prepare(namespace: &Namespace, options: &SambaOptions) -> Result<(), Trouble> {
    let output = Command::new("date").args(["-u", "+%s"]).output();
    let now = ended_well(output, "asking for the date")?;
    let now = now
        .trim()
        .parse()
        .map_err(Trouble::during("reading the date"))?;
    let mut forced = plan::ldif_at_start(now);
    if options.policy != DomainPolicy::default() {
        forced.push_str(&options.policy.ldif());
    }
    change(namespace, &forced, &[client::BYPASS_LAST_SET])?;
    if options.extra_ldif.is_empty() {
        return Ok(());
    }
    change(namespace, &options.extra_ldif, &[])
}

fn change(namespace: &Namespace, ldif: &str, arguments: &[&str]) -> Result<(), Trouble> {
    let inside = namespace.inside();
    let url = format!("{inside}/data/private/sam.ldb");
    let mut words = vec!["ldbmodify", "--nosync", "-H", &url];
    words.extend(arguments);
    let mut command = namespace.command(&words);
    command.env("SMB_CONF_PATH", format!("{inside}/data/empty.conf"));
    fed(
        command,
        ldif,
        "changing the copied domain (package ldb-tools)",
    )
    .map(drop)
}
