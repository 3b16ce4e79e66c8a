//! What the directory itself can do, asked by the same client in the same run, with nothing of
//! Keymend in between.

use std::collections::HashSet;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use keymend_lab::{Slapd, samba, slapd};
use ldap3::exop::PasswordModify;
use ldap3::{Ldap, LdapConnAsync, LdapConnSettings, Mod, Scope, StdStream};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

/// The kind of directory.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Passwords are in `userPassword`.
    OpenLdap,
    /// Passwords go into `unicodePwd`, in quotes and UTF-16.
    ActiveDirectory,
}

/// A server and its service account.
#[derive(Clone)]
pub struct Target {
    /// `ldaps://127.0.0.1:…`
    pub url: String,
    /// The authority to trust.
    pub ca_file: PathBuf,
    /// What it is.
    pub kind: Kind,
}

impl Target {
    /// An OpenLDAP server of the lab.
    pub fn slapd(slapd: &Slapd) -> Self {
        Self {
            url: slapd.ldaps_url(),
            ca_file: slapd.ca_file(),
            kind: Kind::OpenLdap,
        }
    }

    fn service(&self) -> (&'static str, &'static str) {
        match self.kind {
            Kind::OpenLdap => (slapd::SERVICE_DN, slapd::SERVICE_PASSWORD),
            Kind::ActiveDirectory => (samba::SERVICE_UPN, samba::SERVICE_PASSWORD),
        }
    }

    fn dn(&self, account: u32) -> String {
        match self.kind {
            Kind::OpenLdap => slapd::bulk_dn(account),
            Kind::ActiveDirectory => samba::bulk_dn(account),
        }
    }

    /// Where accounts are searched, and by which filter.
    fn search(&self, account: u32) -> (&'static str, String) {
        match self.kind {
            Kind::OpenLdap => (slapd::PEOPLE_DN, format!("(uid=user{account:05})")),
            Kind::ActiveDirectory => {
                let filter = format!("(sAMAccountName=user{account:05})");
                (samba::PEOPLE_DN, filter)
            }
        }
    }
}

/// What is done again and again.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Deed {
    /// `replace: userPassword` (or `unicodePwd`) by the service account.
    Modify,
    /// The password modify operation (RFC 3062) by the service account; an Active Directory knows
    /// none.
    Extended,
    /// What a write that is checked cannot do without: read the entry, write in the best way
    /// there is, sign in.
    Verified,
}

/// Counts all deeds of a run: a password that an account had before would be refused.
static DEEDS: AtomicU32 = AtomicU32::new(0);

/// Deeds a second with so many connections at once, each to an account of its own.
pub async fn rate(
    target: &Target,
    deed: Deed,
    (at_once, length): (usize, Duration),
    accounts: Range<u32>,
) -> f64 {
    let next = Arc::new(AtomicU32::new(0));
    let mut hands = Vec::new();
    for _ in 0..at_once {
        hands.push(Hand::open(target).await);
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
    target: Target,
    service: Ldap,
    guest: Ldap,
}

impl Hand {
    async fn open(target: &Target) -> Self {
        let mut service = connect(target).await;
        let (name, password) = target.service();
        let bound = service.simple_bind(name, password).await;
        bound.unwrap().success().unwrap();
        Self {
            target: target.clone(),
            service,
            guest: connect(target).await,
        }
    }

    async fn does(&mut self, deed: Deed, account: u32) {
        let number = DEEDS.fetch_add(1, Ordering::Relaxed);
        let (dn, new) = (self.target.dn(account), format!("Fresh-Passw0rd-{number}"));
        match deed {
            Deed::Modify => self.modifies(&dn, &new).await,
            Deed::Extended => extended(&mut self.service, &dn, &new).await,
            Deed::Verified => {
                self.reads(account).await;
                match self.target.kind {
                    Kind::OpenLdap => extended(&mut self.service, &dn, &new).await,
                    Kind::ActiveDirectory => self.modifies(&dn, &new).await,
                }
                self.signs_in(&dn, &new).await;
            }
        }
    }

    async fn modifies(&mut self, dn: &str, new: &str) {
        let (name, value) = match self.target.kind {
            Kind::OpenLdap => (&b"userPassword"[..], new.as_bytes().to_vec()),
            Kind::ActiveDirectory => {
                let quoted = format!("\"{new}\"");
                let units = quoted.encode_utf16().flat_map(u16::to_le_bytes);
                (&b"unicodePwd"[..], units.collect())
            }
        };
        let change = Mod::Replace(name.to_vec(), HashSet::from([value]));
        let modified = self.service.modify(dn, vec![change]).await;
        modified.unwrap().success().unwrap();
    }

    async fn reads(&mut self, account: u32) {
        let (base, filter) = self.target.search(account);
        let asked = vec!["*", "+"];
        let found = self.service.search(base, Scope::Subtree, &filter, asked);
        let (entries, _) = found.await.unwrap().success().unwrap();
        let entries = entries.into_iter().filter(|entry| !entry.is_ref());
        assert_eq!(entries.count(), 1);
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

async fn connect(target: &Target) -> Ldap {
    let mut roots = rustls::RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(&target.ca_file).unwrap() {
        roots.add(certificate.unwrap()).unwrap();
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let tls = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let address = target.url.trim_start_matches("ldaps://");
    let stream = std::net::TcpStream::connect(address).unwrap();
    stream.set_nodelay(true).unwrap();
    let settings = LdapConnSettings::new()
        .set_config(Arc::new(tls))
        .set_std_stream(StdStream::Tcp(stream));
    let (driver, ldap) = LdapConnAsync::with_settings(settings, &target.url)
        .await
        .unwrap();
    tokio::spawn(async move { driver.drive().await });
    ldap
}
