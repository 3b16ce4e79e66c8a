//! Whatever breaks on the way to a server, the link that breaks is the one that is named.

use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use keymend_directory::ldap::{Ldap, LdapOptions};
use keymend_domain::directory::Directory;
use keymend_domain::directory::examination::{Checkpoint, Condition, Link, ServerReport};
use keymend_domain::secret::Secret;
use keymend_domain::time::{Clock, Moment};
use keymend_lab::process::{Process, free_port, is_listening};
use keymend_lab::{Samba, SambaOptions, Slapd, SlapdOptions};

use crate::active_directory::domain::options as domain_options;
use crate::desk::WallClock;
use crate::house::{connect, options};

async fn examined(options: LdapOptions) -> ServerReport {
    let mut reports = connect(options).examine().await;
    assert_eq!(reports.len(), 1);
    reports.pop().unwrap()
}

/// The link that breaks; everything before it holds, and nothing after it was looked at.
#[track_caller]
fn broken(report: &ServerReport) -> &Checkpoint {
    let broken = report.broken().unwrap_or_else(|| panic!("{report:#?}"));
    assert_eq!(report.checkpoints.last(), Some(broken), "{report:#?}");
    assert!(!broken.remedy.is_empty(), "{report:#?}");
    broken
}

async fn breaks_at(options: LdapOptions, link: Link, words: &str) {
    let report = examined(options).await;
    let broken = broken(&report);
    assert_eq!(broken.link, link, "{report:#?}");
    let said = format!("{}; {}", broken.detail, broken.remedy);
    assert!(said.contains(words), "{words:?} is not in {said:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn gate_42_each_broken_link_on_the_way_to_a_server_is_named() {
    let slapd = Slapd::start(SlapdOptions::default());
    let at = |url: &str| options(&slapd, url);
    let sound = examined(at(&slapd.ldaps_url())).await;
    assert_eq!(sound.broken(), None, "{sound:#?}");
    assert!(sound.latency_ms.is_some());
    let days_left = sound.certificate_ends_at.unwrap().since_ms(WallClock.now()) / 86_400_000;
    assert!((28..=30).contains(&days_left), "{days_left}");
    let by_start_tls = {
        let mut options = at(&slapd.ldap_url());
        options.start_tls = true;
        examined(options).await
    };
    assert_eq!(by_start_tls.broken(), None, "{by_start_tls:#?}");
    assert_eq!(by_start_tls.certificate_ends_at, sound.certificate_ends_at);

    breaks_at(at("ldaps://nowhere.invalid"), Link::Name, "host in urls").await;
    let refused = format!("ldaps://127.0.0.1:{}", free_port().unwrap());
    breaks_at(at(&refused), Link::Connection, "refused").await;
    let mut wrong_authority = at(&slapd.ldaps_url());
    let other = Slapd::start(SlapdOptions::default());
    wrong_authority.ca_file = Some(other.ca_file());
    breaks_at(wrong_authority, Link::Tls, "ca_file").await;
    let mut wrong_password = at(&slapd.ldaps_url());
    wrong_password.bind_password = Secret::new("Not-the-password-1".into());
    breaks_at(wrong_password, Link::SignIn, "bind_dn").await;
    let mut wrong_base = at(&slapd.ldaps_url());
    wrong_base.base = "ou=poeple,dc=lab,dc=test".into();
    breaks_at(wrong_base, Link::Base, "base").await;
    let mut wrong_filter = at(&slapd.ldaps_url());
    wrong_filter.filter = Some("(objectClass=starship)".into());
    breaks_at(wrong_filter, Link::Filter, "starship").await;
    slapd.pause();
    // The signal needs a moment; a server that froze half-way is named by another link.
    examined(at(&slapd.ldaps_url())).await;
    breaks_at(at(&slapd.ldaps_url()), Link::Tls, "it may hang").await;
    slapd.resume();
}

/// A TLS server that shows one particular certificate and says nothing.
fn show(folder: &Path, names: &str, days: &str) -> (Process, u16) {
    std::fs::write(folder.join("names"), format!("subjectAltName = {names}\n")).unwrap();
    let openssl = |line: &str| {
        let words = line.split(' ').filter(|word| !word.is_empty());
        let mut command = Command::new("openssl");
        let output = command.args(words).current_dir(folder).output().unwrap();
        assert!(output.status.success(), "{line}: {output:?}");
    };
    openssl(
        "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -subj /CN=Test \
         -keyout ca.key -out ca.pem",
    );
    openssl(
        "req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=test -keyout key.pem \
         -out request.pem",
    );
    openssl(&format!(
        "x509 -req -in request.pem -CA ca.pem -CAkey ca.key -CAcreateserial -days {days} \
         -extfile names -out certificate.pem"
    ));
    let port = free_port().unwrap();
    let address = port.to_string();
    let command = [
        "openssl",
        "s_server",
        "-accept",
        &address,
        "-cert",
        "certificate.pem",
        "-key",
        "key.pem",
        "-quiet",
    ];
    let folder_name = folder.display().to_string();
    let mut words = vec!["env".to_owned(), "-C".to_owned(), folder_name];
    words.extend(command.map(str::to_owned));
    let mut process = Process::start("s_server", folder, &words).unwrap();
    process.wait_until(|| is_listening(port)).unwrap();
    (process, port)
}

#[tokio::test(flavor = "multi_thread")]
async fn gate_42_a_certificate_that_ended_and_one_for_another_name_are_told_apart() {
    let slapd = Slapd::start(SlapdOptions::default());
    for (names, days, words) in [
        ("IP:127.0.0.1", "-1", "the certificate has expired"),
        ("DNS:dc9.lab.test", "30", "dc9.lab.test"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let (_server, port) = show(folder.path(), names, days);
        let mut options = options(&slapd, &format!("ldaps://127.0.0.1:{port}"));
        options.ca_file = Some(folder.path().join("ca.pem"));
        breaks_at(options, Link::Tls, words).await;
    }
}

/// A clock that runs so much ahead of the world's.
struct Ahead(i64);

impl Clock for Ahead {
    fn now(&self) -> Moment {
        WallClock.now().plus_ms(self.0)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_domain_is_examined_to_the_clock() {
    let samba = Samba::start(SambaOptions::default());
    let options = || domain_options(&samba, &samba.ldaps_url());
    let sound = examined(options()).await;
    assert_eq!(sound.broken(), None, "{sound:#?}");
    assert_eq!(sound.has_policy_hints, Some(false));
    let hints = sound
        .checkpoints
        .iter()
        .find(|point| point.link == Link::PolicyHints);
    assert_eq!(hints.unwrap().condition, Condition::Limits);

    for ahead_mins in [10, -10] {
        let clock = Arc::new(Ahead(ahead_mins * 60_000));
        let late = Ldap::new(options(), clock).unwrap().examine().await;
        let broken = broken(&late[0]);
        assert_eq!(broken.link, Link::Clock, "{late:#?}");
    }

    let mut wrong_password = options();
    wrong_password.bind_password = Secret::new("Not-the-password-1".into());
    breaks_at(
        wrong_password,
        Link::SignIn,
        "name or its password is wrong",
    )
    .await;
    samba.force(
        "dn: CN=svc-weak,OU=Service,DC=lab,DC=test\nchangetype: modify\n\
         replace: userAccountControl\nuserAccountControl: 512\n-\n\
         replace: pwdLastSet\npwdLastSet: 132223104000000000\n",
    );
    let mut expired = options();
    expired.bind_dn = "svc-weak@lab.test".into();
    breaks_at(expired, Link::SignIn, "its password has expired").await;
    let mut disabled = options();
    disabled.bind_dn = "disabled.dan@lab.test".into();
    disabled.bind_password = Secret::new(
        keymend_lab::samba::ad_person("disabled.dan")
            .password
            .into(),
    );
    breaks_at(disabled, Link::SignIn, "it is disabled").await;
    samba.pause();
    examined(options()).await;
    let mut frozen = options();
    frozen.connect_timeout = Duration::from_secs(2);
    breaks_at(frozen, Link::Tls, "it may hang").await;
    samba.resume();
}
