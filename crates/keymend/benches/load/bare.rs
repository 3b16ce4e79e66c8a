//! What the directory itself can do, asked by the same client in the same run, with nothing of
//! Keymend in between.

use std::collections::HashSet;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use keymend_lab::Slapd;
use keymend_lab::slapd::{PEOPLE_DN, SERVICE_DN, SERVICE_PASSWORD, bulk_dn};
use ldap3::exop::PasswordModify;
use ldap3::{Ldap, LdapConnAsync, LdapConnSettings, Mod, Scope, StdStream};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

/// What is done again and again.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Deed {
    /// `replace: userPassword` by the service account.
    Modify,
    /// The password modify operation (RFC 3062) by the service account.
    Extended,
    /// What a write that is checked cannot do without: read the entry, write, sign in.
    Verified,
}

/// Counts all deeds of a run: a password that an account had before would be refused.
static DEEDS: AtomicU32 = AtomicU32::new(0);

/// Deeds a second with so many connections at once, each to an account of its own.
pub async fn rate(
    slapd: &Arc<Slapd>,
    deed: Deed,
    (at_once, length): (usize, Duration),
    accounts: Range<u32>,
) -> f64 {
    let next = Arc::new(AtomicU32::new(0));
    let mut hands = Vec::new();
    for _ in 0..at_once {
        hands.push(Hand::open(slapd).await);
    }
    let begun = Instant::now();
    let tasks = hands.into_iter().map(|mut hand| {
        let (next, accounts) = (Arc::clone(&next), accounts.clone());
        tokio::spawn(async move {
            let mut count = 0_u32;
            while begun.elapsed() < length {
                let turn = next.fetch_add(1, Ordering::Relaxed);
                let account = accounts.start + turn % (accounts.end - accounts.start);
                hand.does(deed, account).await;
                count += 1;
            }
            count
        })
    });
    let mut count = 0.0;
    for task in tasks.collect::<Vec<_>>() {
        count += f64::from(task.await.unwrap());
    }
    count / begun.elapsed().as_secs_f64()
}

/// Two connections, as anybody needs who writes with one identity and signs in with others.
struct Hand {
    service: Ldap,
    guest: Ldap,
}

impl Hand {
    async fn open(slapd: &Slapd) -> Self {
        let mut service = connect(slapd).await;
        let bound = service.simple_bind(SERVICE_DN, SERVICE_PASSWORD).await;
        bound.unwrap().success().unwrap();
        let guest = connect(slapd).await;
        Self { service, guest }
    }

    async fn does(&mut self, deed: Deed, account: u32) {
        let number = DEEDS.fetch_add(1, Ordering::Relaxed);
        let (dn, new) = (bulk_dn(account), format!("Fresh-Passw0rd-{number}"));
        match deed {
            Deed::Modify => {
                let change = Mod::Replace("userPassword", HashSet::from([new.as_str()]));
                let modified = self.service.modify(&dn, vec![change]).await;
                modified.unwrap().success().unwrap();
            }
            Deed::Extended => extended(&mut self.service, &dn, &new).await,
            Deed::Verified => {
                self.reads(account).await;
                extended(&mut self.service, &dn, &new).await;
                self.signs_in(&dn, &new).await;
            }
        }
    }

    async fn reads(&mut self, account: u32) {
        let filter = format!("(uid=user{account:05})");
        let asked = vec!["*", "+"];
        let found = self
            .service
            .search(PEOPLE_DN, Scope::Subtree, &filter, asked);
        let (entries, _) = found.await.unwrap().success().unwrap();
        assert_eq!(entries.len(), 1);
    }

    async fn signs_in(&mut self, dn: &str, password: &str) {
        let bound = self.guest.simple_bind(dn, password).await;
        bound.unwrap().success().unwrap();
    }
}

async fn extended(ldap: &mut Ldap, dn: &str, new: &str) {
    let request = PasswordModify {
        user_id: Some(dn),
        old_pass: None,
        new_pass: Some(new),
    };
    ldap.extended(request).await.unwrap().success().unwrap();
}

async fn connect(slapd: &Slapd) -> Ldap {
    let mut roots = rustls::RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(slapd.ca_file()).unwrap() {
        roots.add(certificate.unwrap()).unwrap();
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let tls = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let stream = std::net::TcpStream::connect(("127.0.0.1", slapd.tls_port())).unwrap();
    stream.set_nodelay(true).unwrap();
    let settings = LdapConnSettings::new()
        .set_config(Arc::new(tls))
        .set_std_stream(StdStream::Tcp(stream));
    let (driver, ldap) = LdapConnAsync::with_settings(settings, &slapd.ldaps_url())
        .await
        .unwrap();
    tokio::spawn(async move { driver.drive().await });
    ldap
}
