//! `keymend setup` as an administrator meets it: the built program at a real terminal, before real
//! directories.

mod answers;
mod terminal;
mod wizard;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use keymend_lab::process::free_port;
use keymend_lab::{Certificates, Smtp, SmtpOptions};
use tempfile::TempDir;

/// A machine on which nothing is set up yet: a folder, a certificate for the pages, a mail server.
pub struct Site {
    folder: TempDir,
    certificates: Certificates,
    smtp: Smtp,
    port: u16,
}

impl Site {
    fn new() -> Self {
        let folder = tempfile::Builder::new()
            .prefix("keymend-lab-")
            .tempdir()
            .unwrap();
        fs::create_dir(folder.path().join("tls")).unwrap();
        let site = Self {
            certificates: Certificates::create(&folder.path().join("tls")),
            smtp: Smtp::start(SmtpOptions::default()),
            port: free_port().unwrap(),
            folder,
        };
        private(&site.certificates.key_file());
        site
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).unwrap();
        private(&self.path(name));
    }

    fn origin(&self) -> String {
        format!("https://localhost:{}", self.port)
    }

    fn run(&self, arguments: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_keymend"))
            .args(arguments)
            .current_dir(self.folder.path())
            .output()
            .unwrap()
    }

    #[track_caller]
    fn does(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert!(output.status.success(), "{arguments:?}: {output:?}");
        String::from_utf8(output.stdout).unwrap()
    }

    #[track_caller]
    fn refuses(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {output:?}");
        String::from_utf8(output.stderr).unwrap()
    }

    fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.folder.path()).unwrap();
        let mut names: Vec<String> = entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }
}

fn private(path: &Path) {
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
}
