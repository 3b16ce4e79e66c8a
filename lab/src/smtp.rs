//! A mail server that really speaks SMTP, with STARTTLS, implicit TLS and AUTH.

use std::fs;
use std::ops::{Deref, DerefMut};
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Deserialize;
use tempfile::TempDir;

use crate::Certificates;
use crate::peer::Peer;
use crate::process::{self, Process};
use crate::trouble::{Trouble, or_end_the_test};
use crate::wait;

/// The server itself; the Debian package `python3-aiosmtpd` carries the protocol.
const PROGRAM: &str = include_str!("../peers/smtp.py");

/// What kind of mail server is wanted.
#[derive(Clone, Debug)]
pub struct SmtpOptions {
    /// The user name that AUTH asks for.
    pub user: String,
    /// The password that AUTH asks for.
    pub password: String,
    /// Whether mail is refused without AUTH (default: yes).
    pub requires_login: bool,
    /// Whether STARTTLS is offered and demanded (default: yes).  Without it the server is one
    /// that a careful client must refuse to talk to.
    pub offers_starttls: bool,
}

impl Default for SmtpOptions {
    fn default() -> Self {
        Self {
            user: "mailer".to_owned(),
            password: "Mail-Passw0rd-11".to_owned(),
            requires_login: true,
            offers_starttls: true,
        }
    }
}

/// A mail as it arrived.
#[derive(Clone, Debug, Deserialize)]
pub struct Mail {
    /// Who sent it, on the envelope.
    pub envelope_from: String,
    /// Who was to get it, on the envelope.
    pub envelope_to: Vec<String>,
    /// Who had signed in, if anybody had.
    pub user: Option<String>,
    /// Whether the connection was encrypted.
    pub is_encrypted: bool,
    /// Names and decoded values, in the order they stood in.
    pub headers: Vec<(String, String)>,
    /// Decoded.
    pub subject: String,
    /// The plain part, decoded.
    pub text: Option<String>,
    /// The HTML part, decoded.
    pub html: Option<String>,
    /// Headers and body as they were sent.
    pub raw: String,
}

impl Mail {
    /// The first header of this name, in any spelling.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.headers.iter();
        let found = headers.find(|(known, _)| known.eq_ignore_ascii_case(name))?;
        Some(&found.1)
    }

    /// The first run of exactly `digits` digits in the plain part: the code, in a code mail.
    pub fn code(&self, digits: usize) -> Option<&str> {
        self.text
            .as_deref()?
            .split(|letter: char| !letter.is_ascii_digit())
            .find(|run| run.len() == digits)
    }
}

/// A running mail server.  It refuses `nosuchuser…@…` for good (550) and `tempfail…@…` for now
/// (450), and keeps everything else.
pub struct Smtp {
    peer: Peer,
    folder: TempDir,
    options: SmtpOptions,
}

impl Deref for Smtp {
    type Target = Peer;

    fn deref(&self) -> &Peer {
        &self.peer
    }
}

impl DerefMut for Smtp {
    fn deref_mut(&mut self) -> &mut Peer {
        &mut self.peer
    }
}

impl Smtp {
    /// Starts a server and waits until it answers.  Ends the test with the server's log if it
    /// cannot start.
    #[track_caller]
    pub fn start(options: SmtpOptions) -> Self {
        or_end_the_test(Self::try_start(&options))
    }

    /// As [`Smtp::start`], for those who want to handle the failure.
    ///
    /// # Errors
    ///
    /// If Python, its `aiosmtpd` or `openssl` are missing or fail.
    pub fn try_start(options: &SmtpOptions) -> Result<Self, Trouble> {
        process::retry(|| Self::start_once(options))
    }

    fn start_once(options: &SmtpOptions) -> Result<Self, Trouble> {
        let folder = process::folder()?;
        let certificates = Certificates::create_for(folder.path(), "DNS:localhost,IP:127.0.0.1")?;
        let ports = Peer::free_ports()?;
        write_files(folder.path(), options, &certificates, ports)?;
        let mut smtp = Self {
            peer: Peer::new(launch(folder.path())?, certificates, ports),
            folder,
            options: options.clone(),
        };
        smtp.wait_until_ready()?;
        Ok(smtp)
    }

    /// `127.0.0.1`
    pub fn host(&self) -> &'static str {
        "127.0.0.1"
    }

    /// The user name that AUTH asks for.
    pub fn user(&self) -> &str {
        &self.options.user
    }

    /// The password that AUTH asks for.
    pub fn password(&self) -> &str {
        &self.options.password
    }

    /// Everything that has arrived, oldest first.
    #[track_caller]
    pub fn messages(&self) -> Vec<Mail> {
        or_end_the_test(read_messages(&self.folder.path().join("messages")))
    }

    /// Waits until at least `count` mails have arrived (ten seconds at most) and gives them all.
    #[track_caller]
    #[expect(clippy::panic, reason = "the mail that the test waits for never came")]
    pub fn wait_for_messages(&self, count: usize) -> Vec<Mail> {
        let arrived = || Some(self.messages()).filter(|mails| mails.len() >= count);
        wait::until(Duration::from_secs(10), arrived).unwrap_or_else(|| {
            let there = self.messages().len();
            let log = self.log();
            panic!("waited for {count} mails, {there} arrived; the server's log:\n{log}")
        })
    }

    /// Starts it again after [`Smtp::kill`], on the same ports; mails kept so far stay.
    #[track_caller]
    pub fn restart(&mut self) {
        or_end_the_test(self.try_restart());
    }

    fn try_restart(&mut self) -> Result<(), Trouble> {
        self.kill();
        self.peer.process = launch(self.folder.path())?;
        self.wait_until_ready()
    }

    /// What the server wrote.
    pub fn log(&self) -> String {
        self.peer.process.log()
    }

    fn wait_until_ready(&mut self) -> Result<(), Trouble> {
        let ports = self.ports();
        self.peer
            .process
            .wait_until(|| ports.into_iter().all(process::is_listening))
    }
}

fn launch(folder: &Path) -> Result<Process, Trouble> {
    let command = [
        python().to_owned(),
        folder.join("smtp.py").display().to_string(),
        folder.join("settings.json").display().to_string(),
    ];
    Process::start(
        "the mail server (Debian package python3-aiosmtpd)",
        folder,
        &command,
    )
}

/// Debian's own Python, which sees Debian's packages; elsewhere whatever is in the path.
fn python() -> &'static str {
    if Path::new("/usr/bin/python3").exists() {
        "/usr/bin/python3"
    } else {
        "python3"
    }
}

fn write_files(
    folder: &Path,
    options: &SmtpOptions,
    certificates: &Certificates,
    [port, tls_port]: [u16; 2],
) -> Result<(), Trouble> {
    let messages = folder.join("messages");
    fs::create_dir(&messages).map_err(Trouble::during("making the folder for mails"))?;
    let settings = serde_json::json!({
        "certificate": certificates.certificate_file(),
        "key": certificates.key_file(),
        "messages": messages,
        "port": port,
        "tls_port": tls_port,
        "user": options.user,
        "password": options.password,
        "requires_login": options.requires_login,
        "offers_starttls": options.offers_starttls,
    });
    for (file, text) in [
        ("smtp.py", PROGRAM),
        ("settings.json", settings.to_string().as_str()),
    ] {
        fs::write(folder.join(file), text).map_err(Trouble::during(format!("writing {file}")))?;
    }
    Ok(())
}

fn read_messages(folder: &Path) -> Result<Vec<Mail>, Trouble> {
    let mut files: Vec<PathBuf> = fs::read_dir(folder)
        .map_err(Trouble::during("listing the mails"))?
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .filter(|path| path.extension().is_some_and(|end| end == "json"))
        .collect();
    files.sort();
    files.iter().map(|file| read_message(file)).collect()
}

fn read_message(file: &Path) -> Result<Mail, Trouble> {
    let bytes = fs::read(file).map_err(Trouble::during("reading a mail"))?;
    serde_json::from_slice(&bytes).map_err(Trouble::during("understanding a mail"))
}
