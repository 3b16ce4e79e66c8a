//! Directory, mail server, gateway, certificate and configuration of one throw-away installation.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use keymend_lab::process::{Process, free_port};
use keymend_lab::slapd::{BASE_DN, GROUPS_DN, PEOPLE_DN, SERVICE_DN, SERVICE_PASSWORD, person};
use keymend_lab::wait::until;
use keymend_lab::{
    Certificates, Gateway, Proxy, Slapd, SlapdOptions, Smtp, SmtpOptions, clock, gateway,
};
use tempfile::TempDir;

use super::visitor::Visitor;

/// Long enough for every policy here, and nobody's yet.
pub const NEW: &str = "Winter harbour 52 lanterns";

/// Members of `staff` may reset with two proofs; what they register counts at once.
pub const POLICY: &str = r#"
profile = "demo"
scope = "selected"
groups = ["cn=staff,ou=groups,dc=lab,dc=test"]
administrator_groups = ["cn=admins,ou=groups,dc=lab,dc=test"]
gates = 2
methods = ["email", "text"]

[registration]
probation_hours = 0
"#;

pub struct House {
    // The service goes before what it talks to.
    service: Mutex<Option<Process>>,
    pub slapd: Slapd,
    /// Between the service and the directory.
    pub line: Proxy,
    pub smtp: Smtp,
    pub gateway: Gateway,
    pub certificates: Certificates,
    port: u16,
    pub folder: TempDir,
}

impl House {
    /// Everything but the service.
    pub fn furnish() -> Self {
        Self::furnish_with(SlapdOptions::default())
    }

    /// The same with another directory.
    pub fn furnish_with(options: SlapdOptions) -> Self {
        let folder = tempfile::Builder::new()
            .prefix("keymend-lab-")
            .tempdir()
            .unwrap();
        for inner in ["tls", "run"] {
            fs::create_dir(folder.path().join(inner)).unwrap();
        }
        let slapd = Slapd::start(options);
        let house = Self {
            service: Mutex::new(None),
            line: Proxy::start(slapd.tls_port()),
            slapd,
            smtp: Smtp::start(SmtpOptions::default()),
            gateway: Gateway::start(),
            certificates: Certificates::create(&folder.path().join("tls")),
            port: free_port().unwrap(),
            folder,
        };
        house.write("directory.password", SERVICE_PASSWORD);
        house.write("mail.password", house.smtp.password());
        house.write("texts.token", gateway::PASSWORD);
        house.write("keymend.toml", &house.configuration());
        house.private(&house.certificates.key_file());
        let keys = house.run(&["keys", "new", house.path("root.key").to_str().unwrap()]);
        assert!(keys.status.success(), "{keys:?}");
        house
    }

    /// A running service, and the policy in force.
    pub fn open() -> Self {
        let house = Self::furnish();
        house.opens();
        house
    }

    /// Puts the policy in force and starts the service.
    pub fn opens(&self) {
        self.write("policy.toml", POLICY);
        self.does(&["policy", "apply", "policy.toml", "--i-understand"]);
        self.start();
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).unwrap();
        self.private(&self.path(name));
    }

    fn private(&self, path: &Path) {
        fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
    }

    fn configuration(&self) -> String {
        let ldap = format!("ldaps://127.0.0.1:{}", self.line.port());
        format!(
            r#"
[site]
organisation = "Lab"
public_origin = "{origin}"
region = "GB"

[listen]
address = "127.0.0.1:{port}"
tls = {{ certificate_file = "tls/server.pem", key_file = "tls/server.key" }}

[store]
data_dir = "data"

[keys]
root_file = "root.key"

[directory.lab]
kind = "ldap"
title = "Lab directory"
urls = ["{ldap}"]
ca_file = "{ldap_ca}"
bind_dn = "{SERVICE_DN}"
bind_password_file = "directory.password"
base = "{PEOPLE_DN}"
group_base = "{GROUPS_DN}"
protected_groups = ["cn=admins,{GROUPS_DN}"]
default_policy = "cn=default,ou=policies,{BASE_DN}"
connect_timeout_secs = 5
search_timeout_secs = 5
write_timeout_secs = 10

[mail]
servers = [{{ host = "127.0.0.1", port = {mail_port} }}]
username = "{mail_user}"
password_file = "mail.password"
from = "Lab <no-reply@lab.test>"
ca_file = "{mail_ca}"

[texts]
preset = "json"
url = "{gateway}/messages"
sender = "+447700900000"
account = "{account}"
token_file = "texts.token"
basic_login = true

[log]
format = "json"
"#,
            origin = self.origin(),
            port = self.port,
            ldap_ca = self.slapd.ca_file().display(),
            mail_port = self.smtp.port(),
            mail_user = self.smtp.user(),
            mail_ca = self.smtp.ca_file().display(),
            gateway = self.gateway.url(),
            account = gateway::USER,
        )
    }

    pub fn origin(&self) -> String {
        format!("https://localhost:{}", self.port)
    }

    pub fn visitor(&self) -> Visitor {
        Visitor::new(&self.origin(), &self.certificates.ca_file())
    }

    /// Runs a command of the program in the folder of the configuration.
    pub fn run(&self, arguments: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_keymend"))
            .args(arguments)
            .current_dir(self.folder.path())
            .output()
            .unwrap()
    }

    /// The same for a command that must succeed; gives what it printed.
    #[track_caller]
    pub fn does(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert!(output.status.success(), "{arguments:?}: {output:?}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// The same for a command that must fail with this exit code; gives what it complained of.
    #[track_caller]
    pub fn refuses(&self, arguments: &[&str], code: i32) -> String {
        let output = self.run(arguments);
        assert_eq!(
            output.status.code(),
            Some(code),
            "{arguments:?}: {output:?}"
        );
        String::from_utf8(output.stderr).unwrap()
    }

    #[track_caller]
    pub fn start(&self) {
        self.start_with_clock(0);
    }

    /// The same with a clock that is so far ahead (negative: behind), in seconds.
    #[track_caller]
    pub fn start_with_clock(&self, offset_secs: i64) {
        let log = self.path("run/log");
        let before = fs::read_to_string(&log).unwrap_or_default().len();
        let mut command = clock::words(offset_secs);
        command.extend([
            env!("CARGO_BIN_EXE_keymend").to_owned(),
            "serve".to_owned(),
            "--config".to_owned(),
            self.path("keymend.toml").display().to_string(),
        ]);
        let mut service = Process::start("keymend", &self.path("run"), &command).unwrap();
        let is_ready = || {
            let text = fs::read_to_string(&log).unwrap_or_default();
            text[before..].contains("Keymend is ready")
        };
        service.wait_until(is_ready).unwrap();
        *self.service() = Some(service);
    }

    fn service(&self) -> MutexGuard<'_, Option<Process>> {
        self.service.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Ends the service as a crash would.
    pub fn kill(&self) {
        self.service().as_mut().unwrap().kill();
    }

    /// Ends the service as its manager would.
    pub fn stop(&self) {
        let pid = self.pid().to_string();
        Command::new("kill").args(["-TERM", &pid]).status().unwrap();
        let process = PathBuf::from(format!("/proc/{pid}/exe"));
        self.comes_true("the process is gone", || fs::read_link(&process).is_err());
    }

    /// The processor time that the service has used so far, in ticks of the kernel.
    pub fn ticks(&self) -> u64 {
        let pid = self.pid();
        let line = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        // The name in parentheses may hold spaces; user and system time are the 14th and 15th field.
        let (_, rest) = line.rsplit_once(')').unwrap_or_default();
        let fields = rest.split_whitespace().skip(11).take(2);
        fields.filter_map(|field| field.parse::<u64>().ok()).sum()
    }

    /// The service's process id.
    pub fn pid(&self) -> u32 {
        self.service().as_ref().unwrap().pid()
    }

    pub fn log(&self) -> String {
        fs::read_to_string(self.path("run/log")).unwrap_or_default()
    }

    #[track_caller]
    pub fn comes_true(&self, what: &str, holds: impl Fn() -> bool) {
        let held = until(Duration::from_secs(90), || holds().then_some(()));
        assert!(
            held.is_some(),
            "waited for: {what}; the log of the service:\n{}",
            self.log()
        );
    }

    /// The codes that arrived at an address or a number so far.
    pub fn codes_at(&self, contact: &str) -> Vec<String> {
        // A word of six digits; six digits in a row also stand in the tokens of links.
        let digits = |text: &str| {
            let mut words = text.split(|sign: char| !sign.is_ascii_alphanumeric());
            let is_code = |word: &&str| word.len() == 6 && word.bytes().all(|b| b.is_ascii_digit());
            words.find(is_code).map(str::to_owned)
        };
        if contact.starts_with('+') {
            let requests = self.gateway.requests().into_iter();
            let bodies = requests.filter_map(|request| request.json());
            bodies
                .filter(|body| body["to"] == contact)
                .filter_map(|body| digits(body["text"].as_str()?))
                .collect()
        } else {
            let mails = self.smtp.messages().into_iter();
            mails
                .filter(|mail| mail.envelope_to.iter().any(|to| to == contact))
                .filter_map(|mail| digits(mail.text.as_deref()?))
                .collect()
        }
    }

    /// The code that arrives next, after `before` earlier ones.
    #[track_caller]
    pub fn next_code(&self, contact: &str, before: usize) -> String {
        self.comes_true(&format!("a code for {contact}"), || {
            self.codes_at(contact).len() > before
        });
        self.codes_at(contact).pop().unwrap()
    }

    /// Signs in and registers an address and a number.
    pub async fn registers(&self, uid: &str, mail: &str, number: &str) -> Visitor {
        let mut visitor = self.visitor();
        let login = [("user", uid), ("password", person(uid).password)];
        let ways = [("email", mail), ("text", number)];
        self.registers_as(&mut visitor, &login, ways).await;
        visitor
    }

    /// The same for this visitor.
    pub async fn registers_as(
        &self,
        visitor: &mut Visitor,
        login: &[(&str, &str)],
        ways: [(&str, &str); 2],
    ) {
        visitor.goes_to("/signin").await;
        visitor.sends("/signin", login).await;
        for (method, contact) in ways {
            let before = self.codes_at(contact).len();
            visitor.goes_to("/me/add").await;
            let fields = [("method", method), ("address", contact)];
            visitor.sends("/me/add", &fields).await;
            let code = self.next_code(contact, before);
            visitor.sends("/me/code", &[("code", &code)]).await;
        }
    }

    /// Walks from the first form to the page behind the second gate.
    pub async fn proves(&self, uid: &str, intent: &str, contacts: [(&str, &str); 2]) -> Visitor {
        let mut visitor = self.visitor();
        visitor.starts(uid).await;
        visitor.sends("/flow/intent", &[("intent", intent)]).await;
        for (method, contact) in contacts {
            self.passes(&mut visitor, method, contact).await;
        }
        visitor
    }

    /// One gate.
    pub async fn passes(&self, visitor: &mut Visitor, method: &str, contact: &str) {
        let before = self.codes_at(contact).len();
        visitor.sends("/flow/method", &[("method", method)]).await;
        visitor
            .sends("/flow/challenge", &[("address", contact)])
            .await;
        let code = self.next_code(contact, before);
        visitor.sends("/flow/prove", &[("code", &code)]).await;
    }
}
