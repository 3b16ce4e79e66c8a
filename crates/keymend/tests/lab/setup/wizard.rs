//! The wizard at a terminal, from an empty folder to a service that finds people.

use std::fs;
use std::os::unix::fs::MetadataExt;

use keymend_lab::process::Process;
use keymend_lab::{Samba, SambaOptions, SambaVersion, Slapd, SlapdOptions, samba, slapd};

use super::Site;
use super::terminal::Terminal;

/// The questions after those about the directory, up to the end.
#[track_caller]
fn finishes(terminal: &mut Terminal, site: &Site) {
    terminal
        .answers("Address that people will open:", &site.origin())
        .answers("Country of the site", "GB")
        .answers("Who encrypts", "1")
        .answers("Address and port", &format!("127.0.0.1:{}", site.port))
        .answers("PEM file with the certificate:", "tls/server.pem")
        .answers("private key:", "tls/server.key")
        .answers("Apply this now?", "y")
        .sees("Done. Now:");
}

/// What every new installation must be able to do.
#[track_caller]
fn works(site: &Site, name: &str, state: &str) {
    for (file, mode) in [
        ("keymend.toml", 0o600),
        ("corp.password", 0o600),
        ("root.key", 0o400),
    ] {
        let found = fs::metadata(site.path(file)).unwrap().mode() & 0o777;
        assert_eq!(found, mode, "{file}");
    }
    assert!(!site.path("keymend.toml.setup").exists());
    let text = fs::read_to_string(site.path("keymend.toml")).unwrap();
    assert!(!text.contains(slapd::SERVICE_PASSWORD), "{text}");
    let checked = site.does(&["config", "check", "--connect"]);
    assert!(checked.contains("directory.corp  ok"), "{checked}");
    let shown = site.does(&["account", "show", name]);
    assert!(shown.contains(state), "{shown}");
    println!("{checked}{shown}{text}");
    let config = site.path("keymend.toml").display().to_string();
    let program = env!("CARGO_BIN_EXE_keymend").to_owned();
    let command = [program, "serve".to_owned(), "--config".to_owned(), config];
    fs::create_dir(site.path("run")).unwrap();
    let mut service = Process::start("keymend", &site.path("run"), &command).unwrap();
    let log = site.path("run/log");
    let is_ready = || {
        let text = fs::read_to_string(&log).unwrap_or_default();
        text.contains("Keymend is ready") && text.contains("the directory answers")
    };
    service.wait_until(is_ready).unwrap();
}

#[test]
fn a_new_user_sets_up_openldap_in_spite_of_every_slip() {
    let (site, slapd) = (Site::new(), Slapd::start(SlapdOptions::default()));
    let server = format!("127.0.0.1:{}", slapd.tls_port());
    let mut terminal = Terminal::open(site.folder.path(), "");
    terminal
        .answers("Choice:", "1")
        .sees("Nothing is configured yet")
        .answers("Choice:", "2")
        .answers("Name of your organisation:", "?")
        .sees("It stands on every page")
        .answers("Name of your organisation:", "Corp")
        .answers("Short name", "")
        // A host that is not there.
        .answers("Directory servers", "nowhere.invalid")
        .sees("! ldaps://nowhere.invalid: name:")
        .answers("Directory servers", &server)
        // Whose fingerprint is refused at first.
        .sees("CN=Keymend lab authority")
        .sees("SHA-256")
        .answers("Trust this authority", "n")
        .sees("nothing was trusted and nothing was sent")
        .answers("Directory servers", "")
        .answers("Trust this authority", "y")
        .sees("is OpenLDAP")
        // A wrong password, then the right one.
        .answers("Service account", slapd::SERVICE_DN)
        .answers("Password of that account:", "not-the-password")
        .sees("! sign-in:")
        .answers("Service account", "")
        .answers("Password of that account:", slapd::SERVICE_PASSWORD)
        .sees("Signed in. It sees")
        .sees("cn=default,ou=policies,dc=lab,dc=test")
        .answers(
            "Password policy of people",
            "cn=default,ou=policies,dc=lab,dc=test",
        )
        // A place that is not there, then one of the list.
        .sees(slapd::PEOPLE_DN)
        .answers("Where are the accounts?", "ou=nobody,dc=lab,dc=test")
        .sees("is not there")
        .answers("Where are the accounts?", slapd::PEOPLE_DN)
        .answers("Who may reset a password?", "2")
        .answers("Group whose members may reset:", "no-such-group")
        .sees("no group is called no-such-group")
        .answers("Group whose members may reset:", "staff")
        .sees("Added cn=staff")
        .answers("Group whose members may reset", "")
        .answers("administrators:", "admins")
        .answers("administrators", "")
        .answers("Login name", "nobody.here")
        .sees("means nobody")
        .answers("Login name", "jane.doe")
        .sees("state    in order")
        .answers("Login name", "");
    finishes(&mut terminal, &site);
    terminal.answers("Choice:", "4");
    let (code, shown) = terminal.ends();
    assert_eq!(code, Some(0), "{shown}");
    println!("{shown}");
    assert!(!shown.contains(slapd::SERVICE_PASSWORD), "{shown}");
    assert!(!shown.contains("not-the-password"), "{shown}");
    assert!(shown.lines().all(|line| line.len() <= 120), "{shown}");
    works(&site, "jane.doe", "in order");
}

#[test]
fn a_new_user_sets_up_active_directory_with_mail() {
    let options = SambaOptions {
        version: SambaVersion::V4_25,
        ..SambaOptions::default()
    };
    let (site, domain) = (Site::new(), Samba::start(options));
    // Else the service refuses to run with an account that could reset them.
    domain.seal_tier_zero();
    let mut terminal = Terminal::open(site.folder.path(), "");
    terminal
        .answers("Choice:", "2")
        .answers("Name of your organisation:", "Corp")
        .answers("Short name", "")
        .answers(
            "Directory servers",
            &format!("localhost:{}", domain.tls_port()),
        )
        // Samba shows its own certificate alone, as controllers usually do.
        .sees("It does not show its authority, CN=Keymend lab authority")
        .answers("Trust this authority", "no-such-file.pem")
        .sees("cannot be read")
        .answers(
            "Trust this authority",
            &domain.ca_file().display().to_string(),
        )
        .sees("is Active Directory")
        .answers("Service account", samba::SERVICE_UPN)
        .answers("Password of that account:", samba::SERVICE_PASSWORD)
        .sees("OU=People,DC=lab,DC=test  (")
        .answers("Where are the accounts?", "b")
        .answers("Password of that account [the one there is]:", "")
        .answers("Where are the accounts?", samba::PEOPLE_DN)
        .answers("Who may reset a password?", "3")
        .answers("administrators:", "Domain Admins")
        .sees("Added CN=Domain Admins")
        .answers("administrators", "")
        .answers("Login name", "locked.lee")
        .sees("state    locked")
        .answers("Login name", "");
    finishes(&mut terminal, &site);
    mail(&mut terminal, &site);
    terminal.answers("Choice:", "4");
    let (code, shown) = terminal.ends();
    assert_eq!(code, Some(0), "{shown}");
    // The walk of docs/setup-transcript.md.
    println!("{shown}");
    for secret in [samba::SERVICE_PASSWORD, site.smtp.password()] {
        assert!(!shown.contains(secret), "{shown}");
    }
    works(&site, "locked.lee", "locked");
    assert!(site.does(&["policy", "show"]).contains("everybody"));
    let names = site.names();
    assert!(names.iter().any(|name| name.ends_with(".bak")), "{names:?}");
}

/// Mail as an optional feature, with a wrong password first; then the policy takes effect.
#[track_caller]
fn mail(terminal: &mut Terminal, site: &Site) {
    let port = site.smtp.port().to_string();
    let ca = site.smtp.ca_file().display().to_string();
    terminal
        .answers("Choice:", "3")
        .answers("Choice:", "2")
        .answers("Send mail?", "y")
        .answers("Mail server:", "localhost")
        .answers("encrypted?", "1")
        .answers("Its port", &port)
        .answers("Sender of the mails:", "Corp <no-reply@lab.test>")
        .answers("User name there", site.smtp.user())
        .answers("of its authority", &ca)
        .answers("Password of that name:", "wrong")
        .sees("! ")
        .answers("Mail server", "")
        .answers("encrypted?", "")
        .answers("Its port", "")
        .answers("Sender of the mails", "")
        .answers("User name there", "")
        .answers("of its authority", "")
        .answers("Password of that name", site.smtp.password())
        .sees("It answers")
        .answers("Apply this now?", "y")
        .answers("applied all the same", "y")
        .sees("the policy is now version 2");
}

#[test]
fn an_interrupted_setup_leaves_nothing_behind_but_its_answers_and_goes_on_from_them() {
    let (site, slapd) = (Site::new(), Slapd::start(SlapdOptions::default()));
    let mut terminal = Terminal::open(site.folder.path(), "");
    terminal
        .answers("Choice:", "2")
        .answers("Name of your organisation:", "Corp")
        .answers("Short name", "")
        .answers(
            "Directory servers",
            &format!("127.0.0.1:{}", slapd.tls_port()),
        )
        .answers("Trust this authority", "y")
        .answers("Service account", slapd::SERVICE_DN)
        .sees("Password of that account:")
        // Ctrl-C in the middle of a password.
        .types("Service-\u{3}");
    let (code, shown) = terminal.ends();
    assert_eq!(code, Some(1), "{shown}");
    assert!(!shown.contains("Service-"), "{shown}");
    assert_eq!(site.names(), ["keymend.toml.setup", "tls"]);

    let mut terminal = Terminal::open(site.folder.path(), "");
    terminal
        .answers("Go on where you stopped?", "y")
        .sees("Name of your organisation: Corp")
        .sees("You said before that it may be trusted.")
        .answers("Password of that account:", slapd::SERVICE_PASSWORD)
        .answers("Password policy of people", "1")
        .answers("Where are the accounts?", slapd::PEOPLE_DN)
        .answers("Who may reset a password?", "1")
        .answers("administrators:", "")
        .answers("Login name", "");
    finishes(&mut terminal, &site);
    // Ctrl-C at any other question ends the program at once.
    terminal.sees("Choice:").types("\u{3}");
    let (code, _) = terminal.ends();
    assert_ne!(code, Some(0));
    works(&site, "jane.doe", "in order");
}
