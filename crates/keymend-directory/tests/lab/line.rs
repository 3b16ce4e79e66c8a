//! The way to the server: certificates, names, failover.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::thread;

use keymend_domain::account::Claim;
use keymend_domain::directory::{Directory, DirectoryError, Found, Health};
use keymend_domain::secret::Secret;
use keymend_lab::{Certificates, Fault, Proxy, Slapd, SlapdOptions};

use crate::house::{House, connect, options};

async fn fails(directory: &impl Directory) -> DirectoryError {
    directory
        .find(&Claim::new("jane.doe").unwrap())
        .await
        .unwrap_err()
}

async fn step(directory: &impl Directory) -> String {
    match directory.health().await {
        Health::Down { during, .. } => during,
        Health::Up => "none".into(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_foreign_authority_is_not_trusted() {
    let slapd = Slapd::start(SlapdOptions::default());
    let folder = tempfile::tempdir().unwrap();
    let foreign = Certificates::create_for(folder.path(), "DNS:localhost").unwrap();
    for (url, start_tls) in [(slapd.ldaps_url(), false), (slapd.ldap_url(), true)] {
        let mut options = options(&slapd, &url);
        options.start_tls = start_tls;
        options.ca_file = Some(foreign.ca_file());
        let directory = connect(options);
        let error = fails(&directory).await;
        assert!(
            matches!(error, DirectoryError::Trust { .. }),
            "{url} {error:?}"
        );
        assert_eq!(step(&directory).await, "certificate");
    }
    // Without a file the operating system's authorities count, and the lab's is none of them.
    let mut options = options(&slapd, &slapd.ldaps_url());
    options.ca_file = None;
    let error = fails(&connect(options)).await;
    assert!(matches!(error, DirectoryError::Trust { .. }), "{error:?}");
    assert!(!slapd.log().contains("BIND dn=\"uid=svc-keymend"));
}

#[tokio::test(flavor = "multi_thread")]
async fn health_names_the_step_that_fails() {
    let house = House::start();
    assert_eq!(house.directory.health().await, Health::Up);
    let slapd = &house.slapd;
    let of = |url: &str| options(slapd, url);
    let unknown = connect(of("ldaps://no-such-host.invalid"));
    assert_eq!(step(&unknown).await, "name");
    let closed = Proxy::start(slapd.tls_port());
    closed.set(Fault::Refuse);
    let refused = connect(of(&format!("ldaps://127.0.0.1:{}", closed.port())));
    assert_eq!(step(&refused).await, "connection");
    let mut wrong = of(&slapd.ldaps_url());
    wrong.bind_password = Secret::new("Wrong-Passw0rd-1".into());
    let wrong = connect(wrong);
    assert_eq!(step(&wrong).await, "sign-in");
    assert!(matches!(fails(&wrong).await, DirectoryError::Rights { .. }));
    let mut elsewhere = of(&slapd.ldaps_url());
    elsewhere.base = "dc=nowhere,dc=test".into();
    assert_eq!(step(&connect(elsewhere)).await, "search");
}

/// Answers the first request with these bytes and then keeps still.
fn stripper(answer: &'static [u8]) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut request = [0; 256];
            let _ = stream.read(&mut request);
            let _ = stream.write_all(answer);
            let _ = stream.read(&mut request);
        }
    });
    port
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stripped_start_tls_is_refused_before_anything_secret_is_said() {
    let slapd = Slapd::start(SlapdOptions::default());
    let raised = |port: u16| {
        let mut options = options(&slapd, &format!("ldap://127.0.0.1:{port}"));
        options.start_tls = true;
        connect(options)
    };
    // protocolError to the extended request with message id 1.
    let refusal = &[0x30, 0x0C, 2, 1, 1, 0x78, 7, 0x0A, 1, 2, 4, 0, 4, 0];
    let error = fails(&raised(stripper(refusal))).await;
    assert!(matches!(error, DirectoryError::Trust { .. }), "{error:?}");
    // A server that never speaks TLS after saying yes, with a forged answer sent along.
    let yes = &[
        0x30, 0x0C, 2, 1, 1, 0x78, 7, 0x0A, 1, 0, 4, 0, 4, 0, //
        0x30, 0x0C, 2, 1, 2, 0x61, 7, 0x0A, 1, 0, 4, 0, 4, 0,
    ];
    let error = fails(&raised(stripper(yes))).await;
    assert!(
        matches!(
            error,
            DirectoryError::Down {
                during: "starting TLS",
                ..
            }
        ),
        "{error:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_next_server_is_asked_when_the_first_is_gone() {
    let slapd = Slapd::start(SlapdOptions::default());
    let first = Proxy::start(slapd.tls_port());
    let mut options = options(&slapd, &format!("ldaps://127.0.0.1:{}", first.port()));
    options.urls.push(slapd.ldaps_url().parse().unwrap());
    let house = House::around(slapd, options);
    house.account("jane.doe").await;
    assert!(first.connections() > 0);
    for fault in [Fault::Refuse, Fault::Reset, Fault::Hang] {
        first.set(fault);
        first.cut_all();
        house.account("jane.doe").await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_was_cut_is_opened_again() {
    let slapd = Slapd::start(SlapdOptions::default());
    let line = Proxy::start(slapd.tls_port());
    let options = options(&slapd, &format!("ldaps://127.0.0.1:{}", line.port()));
    let house = House::around(slapd, options);
    for _ in 0..3 {
        let claim = Claim::new("jane.doe").unwrap();
        let found = house.directory.find(&claim).await;
        assert!(matches!(found, Ok(Found::One(_))), "{found:?}");
        line.cut_all();
    }
}
