//! Two domain controllers that replicate to each other.

use std::fs;
use std::path::Path;
use std::thread;
use std::time::Duration;

use tempfile::TempDir;

use super::files::{Place, Replication};
use super::plan::plan;
use super::{ADMINISTRATOR_PASSWORD, BASE_DN, Samba, SambaOptions, files, snapshot};
use crate::namespace::Namespace;
use crate::process::{self, Process};
use crate::trouble::{Trouble, ended_well, or_end_the_test};
use crate::{cache, wait};

static FIRST: Place = Place {
    host: "DC1",
    address: "10.90.0.2",
    replication: Replication::OnDemand,
};
static SECOND: Place = Place {
    host: "DC2",
    address: "10.90.0.3",
    replication: Replication::OnDemand,
};

/// Two domain controllers (Samba 4.17) of one domain in a network of their own.  What is written
/// to one reaches the other when [`SambaPair::replicate`] is called, and not before; each can be
/// frozen, killed and restarted alone.
pub struct SambaPair {
    /// The controller that was there first.
    pub first: Samba,
    /// The one that joined.
    pub second: Samba,
    // Last: the network must be there for as long as they are.
    _network: Network,
}

impl SambaPair {
    /// Starts both and waits until both answer.  Ends the test with the log if one cannot start.
    #[track_caller]
    pub fn start() -> Self {
        or_end_the_test(Self::try_start())
    }

    /// As [`SambaPair::start`], for those who want to handle the failure.
    ///
    /// # Errors
    ///
    /// If a Debian package is missing or a step fails; the text says which.
    pub fn try_start() -> Result<Self, Trouble> {
        let plan = plan(&FIRST, 0).to_string();
        let recipe = (
            snapshot::package_version(None)?,
            snapshot::PROGRAM,
            &plan,
            JOIN,
        );
        let made = cache::folder_of(&cache::name("pair", &recipe), |folder| make(folder, &plan))?;
        let network = Network::start()?;
        let first = network.folder()?;
        snapshot::copied(&made.join("first"), &first.path().join("data"))?;
        super::prepare(&network.namespace(first.path()), &SambaOptions::default())?;
        let second = network.folder()?;
        snapshot::copied(&made.join("second"), &second.path().join("data"))?;
        let start = |place: &'static Place, folder| network.controller(place, folder);
        let (first, second) = thread::scope(|scope| {
            let second = scope.spawn(|| start(&SECOND, second));
            (start(&FIRST, first), second.join())
        });
        let second = second.unwrap_or_else(|_| Err(Trouble::new("the second did not start")));
        Ok(Self {
            first: first?,
            second: second?,
            _network: network,
        })
    }

    /// Lets each fetch what was written to the other since the last time; without it, neither
    /// hears of it.
    #[track_caller]
    pub fn replicate(&self) {
        self.fetch(&self.second, (SECOND.host, FIRST.host));
        self.fetch(&self.first, (FIRST.host, SECOND.host));
    }

    #[track_caller]
    fn fetch(&self, beside: &Samba, (to, from): (&str, &str)) {
        let login = format!("--username=administrator%{ADMINISTRATOR_PASSWORD}");
        let place = format!("{}/smb.conf", beside.namespace.inside());
        beside.run(&[
            "samba-tool",
            "drs",
            "replicate",
            to,
            from,
            BASE_DN,
            &login,
            "--configfile",
            &place,
        ]);
    }

    /// Whether both show the same value of an attribute of this account.
    #[track_caller]
    pub fn agree_on(&self, name: &str, attribute: &str) -> bool {
        let [one, other] = [&self.first, &self.second].map(|samba| samba.entry(name));
        one.get(attribute) == other.get(attribute)
    }
}

/// A network with both addresses, which lives for as long as this value.
struct Network {
    process: Process,
    _folder: TempDir,
}

/// `$1` is the folder, in which the file `ready` appears; the rest are the addresses.
const NETWORK: &str = r#"
folder=$1; shift
ip link set lo up || exit 1
for address in "$@"; do ip address add "$address/24" dev lo || exit 1; done
: >"$folder/ready"
exec sleep infinity
"#;

/// Both are name servers for the domain; the second answers when the first is gone.
const RESOLVERS: &str = "search lab.test\nnameserver 10.90.0.2\nnameserver 10.90.0.3\n";

impl Network {
    fn start() -> Result<Self, Trouble> {
        let folder = process::folder()?;
        let place = folder.path().display().to_string();
        let command = [
            "unshare",
            "--user",
            "--map-root-user",
            "--net",
            "sh",
            "-c",
            NETWORK,
            "sh",
        ];
        let mut words: Vec<String> = command.into_iter().map(str::to_owned).collect();
        words.extend([&place, FIRST.address, SECOND.address].map(str::to_owned));
        let mut process = Process::start("network", folder.path(), &words)?;
        let ready = folder.path().join("ready");
        process.wait_until(|| ready.exists())?;
        Ok(Self {
            process,
            _folder: folder,
        })
    }

    /// A folder for a controller.
    fn folder(&self) -> Result<TempDir, Trouble> {
        let folder = process::folder()?;
        fs::write(folder.path().join("resolv.conf"), RESOLVERS)
            .map_err(Trouble::during("writing resolv.conf"))?;
        Ok(folder)
    }

    fn namespace(&self, folder: &Path) -> Namespace {
        Namespace::new(folder, None).in_network_of(self.process.pid())
    }

    fn controller(&self, place: &Place, folder: TempDir) -> Result<Samba, Trouble> {
        let namespace = self.namespace(folder.path());
        Samba::start_at(place, folder, namespace, &SambaOptions::default())
    }
}

/// `$1` is the folder, `$2` the administrator's password.
const JOIN: &str = r#"
set -eu
samba-tool domain join lab.test DC --server=dc1.lab.test --targetdir="$1/data" \
  --configfile="$1/smb.conf" --option='netbios name=DC2' \
  --option='interfaces=10.90.0.3/24' --option='bind interfaces only=yes' \
  --username="administrator%$2" --dns-backend=SAMBA_INTERNAL --realm=LAB.TEST 2>&1
"#;

/// Makes the first controller, starts it, and lets the second join.
fn make(folder: &Path, plan: &str) -> Result<(), Trouble> {
    let network = Network::start()?;
    let first = network.folder()?;
    let data = first.path().join("data");
    fs::create_dir(&data).map_err(Trouble::during("making the data folder"))?;
    snapshot::make(&network.namespace(&data), &data, plan)?;
    let mut first = network.controller(&eager(FIRST), first)?;
    let second = network.folder()?;
    let namespace = network.namespace(second.path());
    let inside = namespace.inside();
    let configuration = files::configuration(&inside, &eager(SECOND), 0);
    fs::write(second.path().join("smb.conf"), configuration)
        .map_err(Trouble::during("writing smb.conf"))?;
    let words = ["sh", "-c", JOIN, "sh", &inside, ADMINISTRATOR_PASSWORD];
    let output = namespace.command(&words).output();
    ended_well(output, "letting the second controller join the domain")?;
    for file in ["sids.json", "empty.conf"] {
        fs::copy(data.join(file), second.path().join("data").join(file))
            .map_err(Trouble::during(format!("copying {file}")))?;
    }
    let mut second = network.controller(&eager(SECOND), second)?;
    wait_until_they_replicate(&first, &second)?;
    for (samba, name) in [(&mut first, "first"), (&mut second, "second")] {
        samba.kill();
        snapshot::copied(&samba.folder.path().join("data"), &folder.join(name))?;
    }
    Ok(())
}

/// The same place while the two get to know each other.
fn eager(place: Place) -> Place {
    Place {
        replication: Replication::Eager,
        ..place
    }
}

/// Both have to know of each other before they are copied.
fn wait_until_they_replicate(first: &Samba, second: &Samba) -> Result<(), Trouble> {
    for (one, other, sign) in [(first, second, "there"), (second, first, "back")] {
        one.modify(&format!(
            "dn: OU=Groups,{BASE_DN}\nchangetype: modify\nreplace: description\ndescription: {sign}\n"
        ));
        let filter = format!("(&(ou=Groups)(description={sign}))");
        let arrived = wait::until(Duration::from_secs(40), || {
            (!other.search(&filter).is_empty()).then_some(())
        });
        arrived.ok_or_else(|| {
            let log = other.log();
            Trouble::new(format!("the controllers do not replicate ({sign}):\n{log}"))
        })?;
    }
    Ok(())
}
