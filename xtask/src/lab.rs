//! `cargo xtask lab`: test servers for working by hand.

mod directories;

use std::env;
use std::fs;
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use keymend_lab::gateway::{self, Gateway};
use keymend_lab::slapd::{self, PEOPLE};
use keymend_lab::{Slapd, SlapdOptions, Smtp, SmtpOptions, Trouble};

use crate::{Failure, target};
use directories::Directories;

pub(crate) const HELP: &str = "\
Usage: cargo xtask lab up [samba] [samba425] [ds389]|status|down|tree

  up       start OpenLDAP, a mail server and a gateway for text messages on free
           ports of 127.0.0.1, and print where they are, as lines for a shell:
           eval \"$(cargo xtask lab up)\"
           With names, these directories as well: Active Directory (Samba 4.17 or
           4.25) and 389 Directory Server, as LAB_SAMBA_…, LAB_SAMBA425_…, LAB_DS389_…
  status   print the same lines again, or say that nothing runs
  down     stop them; their data is thrown away
  tree     make the tree of the Debian to come that Samba 4.25 runs out of, unless
           it is there (root, once; 300 MB in the target folder, or where
           KEYMEND_LAB_CACHE says)

What the mail server and the gateway receive is appended to the files
LAB_MAILS and LAB_TEXTS.
";

/// The first start of a directory makes its data.
const PATIENCE: Duration = Duration::from_secs(180);
const PAUSE: Duration = Duration::from_millis(100);

pub(crate) fn run(arguments: &[String]) -> Result<(), Failure> {
    match arguments.first().map(String::as_str) {
        Some("up") => up(arguments.get(1..).unwrap_or_default()),
        Some("status") => status(),
        Some("down") => down(),
        // What `up` leaves behind; it is told where to write by being what it is.
        Some("hold") => hold(arguments.get(1..).unwrap_or_default()),
        Some("tree") => tree(),
        _ => Err(Failure::new(HELP)),
    }
}

fn folder() -> PathBuf {
    target().join("lab")
}

/// The lines for a shell; this file is there exactly while the servers run.
fn lines_file() -> PathBuf {
    folder().join("env")
}

fn pid_file() -> PathBuf {
    folder().join("pid")
}

fn tree() -> Result<(), Failure> {
    let tree = keymend_lab::debian::tree().map_err(trouble)?;
    println!("{}", tree.display());
    Ok(())
}

fn up(names: &[String]) -> Result<(), Failure> {
    directories::known(names)?;
    if is_running() {
        return status();
    }
    // What a crash left behind would be taken for the new servers.
    let _ = fs::remove_dir_all(folder());
    fs::create_dir_all(folder()).map_err(|fault| fault_during("making target/lab", &fault))?;
    let log = fs::File::create(folder().join("log"))
        .map_err(|fault| fault_during("opening the log", &fault))?;
    let program = env::current_exe().map_err(|fault| fault_during("finding myself", &fault))?;
    let mut holder = Command::new(program)
        .args(["lab", "hold"])
        .args(names)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(log)
        .process_group(0)
        .spawn()
        .map_err(|fault| fault_during("starting the servers", &fault))?;
    fs::write(pid_file(), holder.id().to_string())
        .map_err(|fault| fault_during("noting who holds the servers", &fault))?;
    let has_ended = || matches!(holder.try_wait(), Ok(Some(_)));
    if wait(has_ended) {
        return status();
    }
    let log = fs::read_to_string(folder().join("log")).unwrap_or_default();
    Err(Failure::new(format!("The servers did not start.\n{log}")))
}

/// Waits for the lines; false if the holder ended or took too long.
fn wait(mut has_ended: impl FnMut() -> bool) -> bool {
    for _ in 0..PATIENCE.as_millis() / PAUSE.as_millis() {
        if lines_file().exists() {
            return true;
        }
        if has_ended() {
            return false;
        }
        thread::sleep(PAUSE);
    }
    false
}

fn status() -> Result<(), Failure> {
    match fs::read_to_string(lines_file()) {
        Ok(lines) if is_running() => {
            print!("{lines}");
            Ok(())
        }
        _ => Err(Failure::new("Nothing runs; cargo xtask lab up starts it.")),
    }
}

fn down() -> Result<(), Failure> {
    if !is_running() {
        println!("Nothing runs.");
        return Ok(());
    }
    // The holder sees that its note is gone, and leaves; its servers leave with it.
    fs::remove_file(pid_file()).map_err(|fault| fault_during("asking it to stop", &fault))?;
    for _ in 0..PATIENCE.as_millis() / PAUSE.as_millis() {
        if !lines_file().exists() {
            println!("Stopped.");
            return Ok(());
        }
        thread::sleep(PAUSE);
    }
    Err(Failure::new("The servers did not stop in time."))
}

/// Whether the process of the note is alive and is one of ours.
fn is_running() -> bool {
    let pid = fs::read_to_string(pid_file()).unwrap_or_default();
    let command = fs::read_to_string(format!("/proc/{}/cmdline", pid.trim())).unwrap_or_default();
    !pid.is_empty() && command.contains("hold")
}

/// Keeps the servers until somebody removes the note.
fn hold(names: &[String]) -> Result<(), Failure> {
    let slapd = Slapd::try_start(&SlapdOptions::default()).map_err(trouble)?;
    let smtp = Smtp::try_start(&SmtpOptions::default()).map_err(trouble)?;
    let gateway = Gateway::try_start().map_err(trouble)?;
    let directories = Directories::start(names)?;
    let unfinished = folder().join("env.part");
    fs::write(
        &unfinished,
        lines(&slapd, &smtp, &gateway) + &directories.lines(),
    )
    .and_then(|()| fs::rename(&unfinished, lines_file()))
    .map_err(|fault| fault_during("writing the lines", &fault))?;
    while pid_file().exists() {
        write_down(&smtp, &gateway);
        thread::sleep(PAUSE);
    }
    let _ = fs::remove_file(lines_file());
    Ok(())
}

/// Shows what arrived, for `tail -f`; the whole file is written anew, which is simple and enough.
fn write_down(smtp: &Smtp, gateway: &Gateway) {
    let mails: String = smtp
        .messages()
        .iter()
        .map(|mail| format!("To: {:?}\n{}\n\n", mail.envelope_to, mail.raw))
        .collect();
    let texts: String = gateway
        .requests()
        .iter()
        .map(|request| format!("{} {}\n{}\n\n", request.method, request.path, request.body))
        .collect();
    let _ = fs::write(folder().join("mails"), mails);
    let _ = fs::write(folder().join("texts"), texts);
}

fn lines(slapd: &Slapd, smtp: &Smtp, gateway: &Gateway) -> String {
    let mut lines = String::new();
    for (name, value) in [
        ("LAB_LDAP_URL", slapd.ldap_url()),
        ("LAB_LDAPS_URL", slapd.ldaps_url()),
        ("LAB_LDAP_CA", slapd.ca_file().display().to_string()),
        ("LAB_LDAP_BASE", slapd::PEOPLE_DN.to_owned()),
        ("LAB_LDAP_USER", slapd::SERVICE_DN.to_owned()),
        ("LAB_LDAP_PASSWORD", slapd::SERVICE_PASSWORD.to_owned()),
        ("LAB_SMTP_HOST", smtp.host().to_owned()),
        ("LAB_SMTP_PORT", smtp.port().to_string()),
        ("LAB_SMTPS_PORT", smtp.tls_port().to_string()),
        ("LAB_SMTP_CA", smtp.ca_file().display().to_string()),
        ("LAB_SMTP_USER", smtp.user().to_owned()),
        ("LAB_SMTP_PASSWORD", smtp.password().to_owned()),
        ("LAB_GATEWAY_URL", gateway.url()),
        ("LAB_GATEWAY_USER", gateway::USER.to_owned()),
        ("LAB_GATEWAY_PASSWORD", gateway::PASSWORD.to_owned()),
        ("LAB_MAILS", folder().join("mails").display().to_string()),
        ("LAB_TEXTS", folder().join("texts").display().to_string()),
    ] {
        lines.push_str(&format!("export {name}='{value}'\n"));
    }
    for person in PEOPLE {
        let (uid, password, what) = (person.uid, person.password, person.what);
        lines.push_str(&format!("# {uid} {password}: {what}\n"));
    }
    lines
}

fn trouble(trouble: Trouble) -> Failure {
    Failure::new(trouble.to_string())
}

fn fault_during(deed: &str, fault: &std::io::Error) -> Failure {
    Failure::new(format!("{deed}: {fault}"))
}
