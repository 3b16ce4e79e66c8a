//! How many passwords a second go through the adapter, beside the rate of bare LDAP modify
//! operations and bare password modify operations from the same driver against the same server.
//!
//! `cargo bench -p keymend-directory --bench throughput -- [seconds a round] [argon2] [synced]`
//! (needs slapd)

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "a benchmark that cannot go on must stop, and it measures real time"
)]

use std::collections::HashSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use keymend_directory::ldap::{Ldap, LdapOptions};
use keymend_domain::account::{Account, Claim, DirectoryName};
use keymend_domain::directory::{Deed, Directory, Found, SignIn, WriteOrder, WriteOutcome};
use keymend_domain::id::OrderId;
use keymend_domain::secret::{Password, Secret};
use keymend_domain::time::{Clock, Moment};
use keymend_lab::slapd::{
    BASE_DN, BULK_PASSWORD, GROUPS_DN, PEOPLE_DN, SERVICE_DN, SERVICE_PASSWORD, bulk_dn,
};
use keymend_lab::{PasswordHash, Slapd, SlapdOptions};
use ldap3::exop::PasswordModify;
use ldap3::{LdapConnAsync, LdapConnSettings, Mod};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

const ACCOUNTS: u32 = 2_000;
const TASKS: [usize; 2] = [1, 8];

struct WallClock;

impl Clock for WallClock {
    fn now(&self) -> Moment {
        let since = SystemTime::now().duration_since(UNIX_EPOCH);
        Moment(since.map_or(0, |since| since.as_millis().try_into().unwrap_or(0)))
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    /// `replace: userPassword`.
    Modify,
    /// RFC 3062, nothing else.
    Extended,
    /// A fresh read by the adapter.
    Read,
    /// A read and a sign-in by the adapter.
    SignIn,
    /// The whole of an order: read, write, sign in.
    Order,
}

struct Bench {
    slapd: Slapd,
    directory: Ldap,
    accounts: Vec<Account>,
    passwords: Vec<Mutex<String>>,
    limit: Duration,
    next: AtomicU64,
}

impl Bench {
    async fn start() -> Self {
        let words: Vec<String> = std::env::args().skip(1).collect();
        let is_argon2 = words.iter().any(|word| word == "argon2");
        let slapd = Slapd::start(SlapdOptions {
            bulk_accounts: ACCOUNTS,
            password_hash: if is_argon2 {
                PasswordHash::Argon2
            } else {
                PasswordHash::Ssha
            },
            logs_operations: false,
            syncs_to_disk: words.iter().any(|word| word == "synced"),
            ..SlapdOptions::default()
        });
        let options = options(&slapd);
        let directory = Ldap::new(options, Arc::new(WallClock)).unwrap();
        let mut accounts = Vec::new();
        for number in 0..ACCOUNTS {
            let claim = Claim::new(&format!("user{number:05}")).unwrap();
            match directory.find(&claim).await.unwrap() {
                Found::One(account) => accounts.push(*account),
                other => panic!("{other:?}"),
            }
        }
        let seconds = words.iter().find_map(|word| word.parse().ok());
        Self {
            slapd,
            directory,
            accounts,
            passwords: (0..ACCOUNTS)
                .map(|_| Mutex::new(BULK_PASSWORD.into()))
                .collect(),
            limit: Duration::from_secs(seconds.unwrap_or(5)),
            next: AtomicU64::new(0),
        }
    }

    /// Operations a second with so many tasks at once.
    async fn rate(self: &Arc<Self>, kind: Kind, tasks: usize) -> f64 {
        let (begun, mut running) = (Instant::now(), Vec::new());
        for _ in 0..tasks {
            let bench = Arc::clone(self);
            running.push(tokio::spawn(async move {
                match kind {
                    Kind::Read | Kind::SignIn | Kind::Order => bench.adapter(kind, begun).await,
                    Kind::Modify | Kind::Extended => bench.bare(kind, begun).await,
                }
            }));
        }
        let mut count = 0.0;
        for task in running {
            count += f64::from(task.await.unwrap());
        }
        count / begun.elapsed().as_secs_f64()
    }

    fn turn(&self) -> (u64, usize, String) {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let place = usize::try_from(number % u64::from(ACCOUNTS)).unwrap();
        (number, place, format!("Fresh-Passw0rd-{number}"))
    }

    async fn adapter(&self, kind: Kind, begun: Instant) -> u32 {
        let mut count = 0;
        while begun.elapsed() < self.limit {
            let (number, place, new) = self.turn();
            match kind {
                Kind::Order => self.order(number, place, new).await,
                Kind::Read => {
                    let read = self.directory.read(&self.accounts[place].id).await;
                    assert!(read.unwrap().is_some());
                }
                _ => self.sign_in(place).await,
            }
            count += 1;
        }
        count
    }

    async fn sign_in(&self, place: usize) {
        let password = Password::current(self.passwords[place].lock().unwrap().clone()).unwrap();
        let id = &self.accounts[place].id;
        let said = self.directory.check_password(id, &password).await;
        assert_eq!(said, Ok(SignIn::Accepted));
    }

    async fn order(&self, number: u64, place: usize, new: String) {
        let password = Password::new(new.clone()).unwrap();
        let deed = Deed::Reset {
            new: &password,
            unlocks: true,
        };
        let order = WriteOrder::for_conformance(
            OrderId::stored(number.to_string()),
            self.accounts[place].id.clone(),
            WallClock.now().plus_ms(30_000),
            deed,
        );
        let outcome = self.directory.write(&order).await;
        assert!(matches!(outcome, WriteOutcome::Done { .. }), "{outcome:?}");
        *self.passwords[place].lock().unwrap() = new;
    }

    async fn bare(&self, kind: Kind, begun: Instant) -> u32 {
        let mut roots = rustls::RootCertStore::empty();
        for certificate in CertificateDer::pem_file_iter(self.slapd.ca_file()).unwrap() {
            roots.add(certificate.unwrap()).unwrap();
        }
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let tls = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        let settings = LdapConnSettings::new().set_config(Arc::new(tls));
        let url = self.slapd.ldaps_url();
        let (driver, mut ldap) = LdapConnAsync::with_settings(settings, &url).await.unwrap();
        tokio::spawn(async move { driver.drive().await });
        let bound = ldap
            .simple_bind(SERVICE_DN, SERVICE_PASSWORD)
            .await
            .unwrap();
        bound.success().unwrap();
        let mut count = 0;
        while begun.elapsed() < self.limit {
            let (_, place, new) = self.turn();
            let dn = bulk_dn(u32::try_from(place).unwrap());
            if kind == Kind::Modify {
                let change = Mod::Replace("userPassword", HashSet::from([new.as_str()]));
                ldap.modify(&dn, vec![change])
                    .await
                    .unwrap()
                    .success()
                    .unwrap();
            } else {
                let request = PasswordModify {
                    user_id: Some(&dn),
                    old_pass: None,
                    new_pass: Some(&new),
                };
                ldap.extended(request).await.unwrap().success().unwrap();
            }
            *self.passwords[place].lock().unwrap() = new;
            count += 1;
        }
        count
    }
}

fn options(slapd: &Slapd) -> LdapOptions {
    let mut options = LdapOptions::new(
        DirectoryName("lab".into()),
        vec![slapd.ldaps_url().parse().unwrap()],
        PEOPLE_DN.into(),
        SERVICE_DN.into(),
        Secret::new(SERVICE_PASSWORD.into()),
    );
    options.ca_file = Some(slapd.ca_file());
    options.group_base = Some(GROUPS_DN.into());
    options.default_policy = Some(format!("cn=default,ou=policies,{BASE_DN}"));
    options
}

#[tokio::main]
async fn main() {
    let bench = Arc::new(Bench::start().await);
    println!(
        "| tasks | modify/s | RFC 3062/s | read/s | sign-in/s | order/s | of modify | of RFC 3062 |"
    );
    println!("|---|---|---|---|---|---|---|---|");
    for tasks in TASKS {
        // Passwords grow a history; the first rounds fill it, and do not count.
        bench.rate(Kind::Extended, 8).await;
        let modify = bench.rate(Kind::Modify, tasks).await;
        let extended = bench.rate(Kind::Extended, tasks).await;
        let read = bench.rate(Kind::Read, tasks).await;
        let sign_in = bench.rate(Kind::SignIn, tasks).await;
        let order = bench.rate(Kind::Order, tasks).await;
        println!(
            "| {tasks} | {modify:.0} | {extended:.0} | {read:.0} | {sign_in:.0} | {order:.0} \
             | {:.0} % | {:.0} % |",
            100.0 * order / modify,
            100.0 * order / extended
        );
    }
}
