//! A peer that insists on well-known ports gets a network of its own, as root or as anybody.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::process::Process;
use crate::trouble::Trouble;

/// A private network (loopback alone), process table and mount table, entered with `unshare`; and
/// perhaps another Debian, whose files are used instead of this machine's.
#[derive(Clone, Debug)]
pub(crate) struct Namespace {
    /// The peer's own folder, on this machine.
    folder: PathBuf,
    /// The other Debian, if there is one; the peer's folder appears in it as [`INSIDE`].
    tree: Option<PathBuf>,
    /// A process whose network is shared, instead of one of its own.
    network: Option<u32>,
}

/// Where a peer out of another Debian finds its folder.
const INSIDE: &str = "/srv/peer";

/// `$1` is the peer's folder, `$2` the other Debian or nothing, the rest the command.
const ENTER: &str = r#"
folder=$1 tree=$2; shift 2
ip link set lo up || exit 1
if [ -e "$folder/resolv.conf" ]; then
  mount --bind "$folder/resolv.conf" "$tree/etc/resolv.conf" || exit 1
fi
[ -n "$tree" ] || exec "$@"
mount --bind "$folder" "$tree/srv/peer" && mount --rbind /dev "$tree/dev" || exit 1
mount -t proc proc "$tree/proc" 2>/dev/null
exec chroot "$tree" "$@"
"#;

/// What comes before [`ENTER`]: KILL ends `unshare` and with it the whole process table.
const UNSHARE: &[&str] = &[
    "--mount",
    "--pid",
    "--fork",
    "--kill-child",
    "sh",
    "-c",
    ENTER,
    "sh",
];

impl Namespace {
    pub(crate) fn new(folder: &Path, tree: Option<PathBuf>) -> Self {
        Self {
            folder: folder.to_path_buf(),
            tree,
            network: None,
        }
    }

    /// The same in the network of another process.
    pub(crate) fn in_network_of(self, pid: u32) -> Self {
        Self {
            network: Some(pid),
            ..self
        }
    }

    /// The peer's folder as the peer sees it.
    pub(crate) fn inside(&self) -> String {
        match self.tree {
            Some(_) => INSIDE.to_owned(),
            None => self.folder.display().to_string(),
        }
    }

    /// The words that run `command` in a new namespace of this kind.
    pub(crate) fn words(&self, command: &[&str]) -> Vec<String> {
        let tree = self.tree.as_deref().unwrap_or(Path::new(""));
        let mut words: Vec<String> = match self.network {
            Some(pid) => format!("nsenter -t {pid} --user --net --preserve-credentials unshare"),
            None => "unshare --user --map-root-user --net".to_owned(),
        }
        .split_whitespace()
        .chain(UNSHARE.iter().copied())
        .map(str::to_owned)
        .collect();
        words.extend([&self.folder, tree].map(|path| path.display().to_string()));
        words.extend(command.iter().copied().map(str::to_owned));
        words
    }

    /// Runs `command` in a new namespace of this kind, to its end.
    pub(crate) fn command(&self, command: &[&str]) -> Command {
        let words = self.words(command);
        let mut words = words.iter();
        let mut command = Command::new(words.next().map_or("", String::as_str));
        command.args(words);
        command
    }
}

/// Runs `words` where the peer runs: its network, its files, its privileges.
pub(crate) fn command_beside(process: &Process, words: &[&str]) -> Result<Command, Trouble> {
    // The first child of `unshare` is the first process of the namespace.
    let first = children(process.pid()).first().copied();
    let first = first.ok_or_else(|| Trouble::new("the peer does not run"))?;
    let mut command = Command::new("nsenter");
    command
        .args(["--target", &first.to_string()])
        .args(["--user", "--net", "--mount", "--pid", "--root", "--wd=/"])
        .arg("--preserve-credentials")
        .args(words)
        .stdin(Stdio::null());
    Ok(command)
}

/// Sends a signal to every process of the peer but those that carry connections to it.
pub(crate) fn signal(process: &Process, name: &str) {
    // Once more for those that were born meanwhile.
    for _ in 0..2 {
        let all = descendants(process.pid()).into_iter();
        let peers = all.filter(|pid| !matches!(name_of(*pid).as_str(), "socat" | "sh"));
        // A failure means that one of them has ended meanwhile.
        let _ = Command::new("sh")
            .args(["-c", r#"kill "$@""#, "sh", &format!("-{name}")])
            .args(peers.map(|pid| pid.to_string()))
            .stderr(Stdio::null())
            .status();
    }
}

fn descendants(pid: u32) -> Vec<u32> {
    let mut found = children(pid);
    let mut next = 0;
    while let Some(pid) = found.get(next).copied() {
        found.extend(children(pid));
        next += 1;
    }
    found
}

fn children(pid: u32) -> Vec<u32> {
    let path = format!("/proc/{pid}/task/{pid}/children");
    let text = fs::read_to_string(path).unwrap_or_default();
    text.split_whitespace()
        .filter_map(|word| word.parse().ok())
        .collect()
}

fn name_of(pid: u32) -> String {
    let name = fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default();
    name.trim().to_owned()
}
