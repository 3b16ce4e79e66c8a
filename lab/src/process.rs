//! One server process: started, watched, stopped, and never left behind.

use std::fs::{self, OpenOptions};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::time::Duration;

use tempfile::TempDir;

use crate::trouble::Trouble;
use crate::wait;

/// A server that runs until this value is dropped or the test process ends.
///
/// A shell stands between us and the server and holds a pipe to us (the lifeline).  When the pipe
/// closes, because we dropped it or because we were killed, it kills the server and removes the
/// folder.  So nothing outlives a test run, not even peers kept in a `static`.
pub struct Process {
    name: String,
    shell: Child,
    lifeline: Option<ChildStdin>,
    pid: u32,
    log: PathBuf,
}

/// `$1` is the folder to remove, the rest is the server's command line.
const SHELL: &str = r#"
folder=$1; shift
"$@" </dev/null >>"$folder/log" 2>&1 &
server=$!
echo "$server"
exec 3<&0
( read -r _ <&3; trap '' TERM; kill -KILL "$server"; rm -rf "$folder" ) >/dev/null 2>&1 &
watch=$!
wait "$server"; code=$?
kill "$watch" 2>/dev/null
exit "$code"
"#;

impl Process {
    /// Starts `command` (program and arguments); its output goes to the file `log` in `folder`.
    ///
    /// # Errors
    ///
    /// If the shell cannot be started.  Whether the server stays up is for [`Process::wait_until`].
    pub fn start(name: &str, folder: &Path, command: &[String]) -> Result<Self, Trouble> {
        let log = folder.join("log");
        OpenOptions::new()
            .create(true)
            .append(true)
            .open(&log)
            .map_err(Trouble::during(format!("creating {}", log.display())))?;
        let mut shell = Command::new("sh")
            .args(["-c", SHELL, "sh"])
            .arg(folder)
            .args(command)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(Trouble::during(format!("starting {name}")))?;
        let lifeline = shell.stdin.take();
        let mut first_line = String::new();
        if let Some(output) = shell.stdout.take() {
            BufReader::new(output)
                .read_line(&mut first_line)
                .map_err(Trouble::during(format!("starting {name}")))?;
        }
        let pid = first_line
            .trim()
            .parse()
            .map_err(Trouble::during(format!("reading the id of {name}")))?;
        Ok(Self {
            name: name.to_owned(),
            shell,
            lifeline,
            pid,
            log,
        })
    }

    /// Waits until `is_ready` says so, a minute at most: machines that build and test are busy.
    ///
    /// # Errors
    ///
    /// If the server ended or did not become ready; the text carries its log.
    pub fn wait_until(&mut self, mut is_ready: impl FnMut() -> bool) -> Result<(), Trouble> {
        let verdict = wait::until(Duration::from_secs(60), || {
            if let Ok(Some(status)) = self.shell.try_wait() {
                return Some(Err(format!("ended at once ({status})")));
            }
            is_ready().then_some(Ok(()))
        });
        match verdict {
            Some(Ok(())) => Ok(()),
            Some(Err(how)) => Err(self.trouble(&how)),
            None => Err(self.trouble("was not ready after 60 s")),
        }
    }

    /// What the server has written so far.
    pub fn log(&self) -> String {
        fs::read(&self.log)
            .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
            .unwrap_or_default()
    }

    /// Freezes the server: connections are accepted by the kernel, but nobody answers.
    pub fn pause(&self) {
        self.signal("STOP");
    }

    /// Lets a frozen server go on.
    pub fn resume(&self) {
        self.signal("CONT");
    }

    /// Ends the server as a crash would, and waits until it is gone.  Its folder stays.
    pub fn kill(&mut self) {
        self.signal("KILL");
        // The result is of no use: whatever it was, the process has ended.
        let _ = self.shell.wait();
    }

    /// The server's process id.
    pub fn pid(&self) -> u32 {
        self.pid
    }

    fn signal(&self, name: &str) {
        // A failure means that the process is gone already, which a later step will notice.
        let _ = Command::new("sh")
            .args(["-c", &format!("kill -{name} {}", self.pid)])
            .stderr(Stdio::null())
            .status();
    }

    fn trouble(&self, how: &str) -> Trouble {
        let log = self.log();
        let name = &self.name;
        Trouble::new(format!("{name} {how}; its log:\n{log}"))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.lifeline = None;
        let _ = self.shell.wait();
    }
}

/// A throw-away folder for one peer, named so that one left by a crash is known for what it is.
pub(crate) fn folder() -> Result<TempDir, Trouble> {
    tempfile::Builder::new()
        .prefix("keymend-lab-")
        .tempdir()
        .map_err(Trouble::during("making a folder for a peer"))
}

/// A port of 127.0.0.1 that was free a moment ago.
///
/// # Errors
///
/// If the system has no free port.
pub fn free_port() -> Result<u16, Trouble> {
    std::net::TcpListener::bind(("127.0.0.1", 0))
        .and_then(|listener| listener.local_addr())
        .map(|address| address.port())
        .map_err(Trouble::during("looking for a free port"))
}

/// Says whether somebody listens on this port of 127.0.0.1.
pub fn is_listening(port: u16) -> bool {
    std::net::TcpStream::connect(("127.0.0.1", port)).is_ok()
}

/// Tries `start` three times: a port that was free may have been taken meanwhile.
pub(crate) fn retry<T>(start: impl Fn() -> Result<T, Trouble>) -> Result<T, Trouble> {
    start().or_else(|_| start()).or_else(|_| start())
}
