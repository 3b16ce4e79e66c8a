//! The servers of one directory: failover in order, and the connections kept to each.

mod lookout;

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use keymend_domain::secret::Secret;
use keymend_domain::time::{Clock, MINUTE_MS, Moment, SECOND_MS};
use tokio::sync::{OnceCell, SemaphorePermit};

use super::active_directory::{self, Sid};
use super::certificate::Certificate;
use super::connect::{Answer, CallError, Connection, Endpoint, Failure, Step};
use super::control::PolicyError;
use super::dialect::{self, Abilities, Offer, Witness};
use super::dn::DnKey;
use super::permits::Permits;
use super::until::Until;
use lookout::Lookout;

/// How long a server that failed is asked last.
const SHUNNED_MS: i64 = 30 * SECOND_MS;
/// How long a connection for people's sign-ins may lie idle.
const IDLE_MS: i64 = MINUTE_MS;

/// A connection on which the service account is signed in.  Shared by many calls at a time.
#[derive(Debug)]
pub(super) struct Service {
    pub(super) connection: Connection,
    /// What the server at the other end is and can do.
    pub(super) offer: Arc<Offer>,
    /// Whether the account was found to be above the password policy; asked once.
    pub(super) is_above_policy: OnceCell<bool>,
}

/// A connection on which people's passwords are tried, one at a time.
///
/// A bind ends the session before it, whether it succeeds or fails (RFC 4511 §4.2.1), so the
/// next person never acts as the one before.  After anything but a plain answer it is closed.
#[derive(Debug)]
pub(super) struct Guest<'a> {
    connection: Connection,
    server: &'a Server,
    is_fresh: bool,
    /// Whether the server has told rightly who was signed in on this connection before.
    is_confirmed: AtomicBool,
    _permit: SemaphorePermit<'a>,
}

/// What a person's bind is for, and with it when the server is asked who it thinks that is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    /// It lets somebody in: the server is asked after every one.
    LetIn,
    /// It is the bind with the current password before a change: the server is asked after the
    /// first on each connection.
    ///
    /// Nothing is gained by a success that is none: the write after it holds that password once
    /// more and needs the person's rights, and what became of it is found out by
    /// [`Purpose::Verify`].
    Act,
    /// It is the bind with the new password, which finds out whether a write took place: the
    /// server is asked after every one.  Where a write was not answered, nothing else tells.
    Verify,
}

/// A connection that waits for the next sign-in.
struct Idle {
    connection: Connection,
    since: Moment,
    is_confirmed: bool,
}

/// The service account.
#[derive(Debug)]
pub(super) struct Account {
    pub(super) dn: String,
    /// `None` if it is named as at a Windows sign-in.
    pub(super) key: Option<DnKey>,
    pub(super) password: Secret,
}

/// A person who signs in: by which name, and by which mark the server knows them.
#[derive(Debug, Clone, Copy)]
pub(super) struct Who<'a> {
    pub(super) dn: &'a str,
    /// The security identifier in its binary form (Active Directory).
    pub(super) sid: Option<&'a [u8]>,
}

/// One server.
pub(super) struct Server {
    endpoint: Endpoint,
    account: Arc<Account>,
    clock: Arc<dyn Clock>,
    services: Vec<Mutex<Arc<OnceCell<Arc<Service>>>>>,
    next_service: AtomicUsize,
    guests: Mutex<Vec<Idle>>,
    permits: Permits,
    failed_at: Mutex<Option<Moment>>,
    offer: Mutex<Option<Arc<Offer>>>,
    lookout: Lookout,
}

impl std::fmt::Debug for Server {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Server({})", self.endpoint.url)
    }
}

/// A lock that a panicking thread left is as good as any: the values under it are whole.
fn locked<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Server {
    pub(super) fn new(
        endpoint: Endpoint,
        account: Arc<Account>,
        clock: Arc<dyn Clock>,
        sizes: (usize, usize),
    ) -> Self {
        Self {
            endpoint,
            account,
            clock,
            services: (0..sizes.0).map(|_| Mutex::default()).collect(),
            next_service: AtomicUsize::new(0),
            guests: Mutex::default(),
            permits: Permits::new(sizes.1),
            failed_at: Mutex::default(),
            offer: Mutex::default(),
            lookout: Lookout::default(),
        }
    }

    /// The server's address, for logs.
    pub(super) fn address(&self) -> &str {
        self.endpoint.url.as_str()
    }

    /// The server's name for people, with its port where that is an unusual one.
    pub(super) fn host(&self) -> String {
        let url = &self.endpoint.url;
        let host = url.host_str().unwrap_or_default();
        match url.port() {
            None | Some(389 | 636) => host.to_owned(),
            Some(port) => format!("{host}:{port}"),
        }
    }

    /// What the server is and can do, once it has been spoken to.
    pub(super) fn offer(&self) -> Option<Arc<Offer>> {
        locked(&self.offer).clone()
    }

    /// The same for others to see.
    pub(super) fn abilities(&self) -> Option<Abilities> {
        self.offer().map(|offer| Abilities {
            server: self.address().to_owned(),
            dialect: offer.dialect,
            vendor: offer.vendor.clone(),
            policy_hints: offer.policy_hints,
        })
    }

    /// The certificate it showed last, once there was one that was trusted.
    pub(super) fn certificate(&self) -> Option<Certificate> {
        self.endpoint.certificate.trusted()
    }

    /// The limit for one call.
    pub(super) fn call_timeout(&self) -> Duration {
        self.endpoint.call_timeout
    }

    /// A connection of the service account: a kept one if there is one, else a new one.
    pub(super) async fn service(&self) -> Result<Arc<Service>, Failure> {
        let turn = self.next_service.fetch_add(1, Ordering::Relaxed);
        let Some(slot) = self.services.get(turn % self.services.len().max(1)) else {
            return Err(Failure::down(
                Step::Connection,
                "no connection is configured",
            ));
        };
        let cell = {
            let mut cell = locked(slot);
            if cell
                .get()
                .is_some_and(|service| service.connection.is_closed())
            {
                *cell = Arc::default();
            }
            Arc::clone(&cell)
        };
        let opened = cell
            .get_or_try_init(|| async {
                self.sign_in(self.endpoint.connect_timeout)
                    .await
                    .map(Arc::new)
            })
            .await;
        *locked(&self.failed_at) = opened.is_err().then(|| self.clock.now());
        opened.cloned()
    }

    /// Gives up a connection that failed, so that nobody is handed it again, and the server with
    /// it for a while if there are others.
    pub(super) fn discard(&self, service: &Arc<Service>) {
        *locked(&self.failed_at) = Some(self.clock.now());
        for slot in &self.services {
            let mut cell = locked(slot);
            if cell.get().is_some_and(|kept| Arc::ptr_eq(kept, service)) {
                *cell = Arc::default();
            }
        }
    }

    /// A new connection on which the service account is signed in and the server is known.
    pub(super) async fn sign_in(&self, limit: Duration) -> Result<Service, Failure> {
        let until = Until::after(limit.min(self.endpoint.connect_timeout));
        let connection = self.endpoint.open(until).await?;
        let bound = connection
            .bind(
                &self.account.dn,
                self.account.password.expose(),
                until.left(),
            )
            .await
            .map_err(|fault| fault.failure(Step::SignIn))?;
        welcome(&bound)?;
        let offer = Arc::new(dialect::discover(&connection, until.left()).await?);
        self.confirm_service(&connection, &offer, until.left())
            .await?;
        Ok(Service {
            connection,
            offer,
            is_above_policy: OnceCell::new(),
        })
    }

    async fn confirm_service(
        &self,
        connection: &Connection,
        offer: &Arc<Offer>,
        limit: Duration,
    ) -> Result<(), Failure> {
        let before = locked(&self.offer).replace(Arc::clone(offer));
        if before.is_none() && offer.lacks_hints() {
            tracing::warn!(
                server = self.address(),
                "connected with limits: the server does not offer policy hints, so it checks \
                 neither history nor minimum age of a password that is reset"
            );
        }
        let is_account = match offer.witness {
            Witness::Nobody => true,
            Witness::WhoAmI => {
                let answer = connection.who_am_i(limit).await;
                let (rc, identity) = answer.map_err(|fault| fault.failure(Step::SignIn))?;
                let key = self.account.key.as_ref();
                rc == 0 && key.is_some_and(|key| is_identity(&identity, key))
            }
            // Only accounts of a domain have such a number, and whoever is nobody has none.
            Witness::RootDse => offer.token.iter().any(Sid::is_of_domain),
        };
        if is_account {
            return Ok(());
        }
        let complaint = "the server says that somebody else is signed in";
        Err(Failure::strange(Step::SignIn, complaint))
    }

    /// A connection to try a person's password on.
    pub(super) async fn guest(&self, purpose: Purpose) -> Result<Guest<'_>, Failure> {
        let permit = self.permits.place(purpose);
        let permit = match tokio::time::timeout(self.endpoint.connect_timeout, permit).await {
            Ok(Some(permit)) => permit,
            _ => return Err(Failure::down(Step::SignIn, "too many sign-ins at once")),
        };
        let (connection, is_fresh, is_confirmed) = match self.idle_guest() {
            Some(idle) => (idle.connection, false, idle.is_confirmed),
            None => {
                let until = Until::after(self.endpoint.connect_timeout);
                (self.endpoint.open(until).await?, true, false)
            }
        };
        Ok(Guest {
            connection,
            server: self,
            is_fresh,
            is_confirmed: AtomicBool::new(is_confirmed),
            _permit: permit,
        })
    }

    fn idle_guest(&self) -> Option<Idle> {
        let now = self.clock.now();
        let mut idle = locked(&self.guests);
        idle.retain(|kept| !kept.connection.is_closed() && now.since_ms(kept.since) < IDLE_MS);
        idle.pop()
    }

    /// A bind as the person on a kept or fresh connection, and the connection it was made on.
    ///
    /// A kept connection may have been closed by the server in the meantime; then, and only then,
    /// the bind is sent once more.
    pub(super) async fn bind_as(
        &self,
        named: (Who<'_>, &str),
        purpose: Purpose,
        limit: Duration,
    ) -> Result<(Guest<'_>, Answer), Failure> {
        let guest = self.guest(purpose).await?;
        match guest.bind(named, purpose, limit).await {
            Ok(answer) => Ok((guest, answer)),
            Err(CallError::Unsent | CallError::Lost) if !guest.is_fresh => {
                drop(guest);
                locked(&self.guests).clear();
                let guest = self.guest(purpose).await?;
                let answer = guest.bind(named, purpose, limit).await;
                answer
                    .map(|answer| (guest, answer))
                    .map_err(|fault| fault.failure(Step::SignIn))
            }
            Err(fault) => Err(fault.failure(Step::SignIn)),
        }
    }
}

impl Guest<'_> {
    /// The connection, for an operation as the person who is signed in on it.
    pub(super) fn connection(&self) -> &Connection {
        &self.connection
    }

    /// A bind that counts as a success only if the server also says that it is this person
    /// (RFC 4532, or the root DSE): some servers answer success to anything and let one in as
    /// nobody.  How often it is asked depends on the [`Purpose`].
    async fn bind(
        &self,
        (who, password): (Who<'_>, &str),
        purpose: Purpose,
        limit: Duration,
    ) -> Result<Answer, CallError> {
        let answer = self.connection.bind(who.dn, password, limit).await?;
        let is_restricted = answer.policy.error == Some(PolicyError::ChangeAfterReset);
        // Someone who must change the password first may not ask even this.
        if answer.rc != 0 || is_restricted || !self.asks_who_am_i(purpose) {
            return Ok(answer);
        }
        if self.is_signed_in(who, limit).await? {
            self.is_confirmed.store(true, Ordering::Relaxed);
            Ok(answer)
        } else {
            Err(CallError::Garbled)
        }
    }

    fn asks_who_am_i(&self, purpose: Purpose) -> bool {
        purpose != Purpose::Act || !self.is_confirmed.load(Ordering::Relaxed)
    }

    async fn is_signed_in(&self, who: Who<'_>, limit: Duration) -> Result<bool, CallError> {
        let witness = self.server.offer().map(|offer| offer.witness);
        Ok(match witness {
            None | Some(Witness::Nobody) => true,
            Some(Witness::WhoAmI) => {
                let (rc, identity) = self.connection.who_am_i(limit).await?;
                let key = DnKey::of(who.dn);
                rc == 0 && key.is_some_and(|key| is_identity(&identity, &key))
            }
            Some(Witness::RootDse) => {
                let token = dialect::token(&self.connection, limit).await?;
                let person = who.sid.and_then(Sid::from_bytes);
                person.is_some_and(|person| token.contains(&person))
            }
        })
    }

    /// Keeps the connection for the next sign-in.  Not called after an error.
    pub(super) fn keep(self) {
        if !self.connection.is_closed() {
            locked(&self.server.guests).push(Idle {
                since: self.server.clock.now(),
                is_confirmed: self.is_confirmed.into_inner(),
                connection: self.connection,
            });
        }
    }
}

/// Whether an authorisation id (`dn:…`) is this entry.
fn is_identity(identity: &str, key: &DnKey) -> bool {
    let dn = identity.strip_prefix("dn:").and_then(DnKey::of);
    dn.as_ref() == Some(key)
}

/// Judges the sign-in of the service account.
fn welcome(answer: &Answer) -> Result<(), Failure> {
    let rc = answer.rc;
    match (rc, answer.policy.error) {
        (0, None) => Ok(()),
        (0, Some(PolicyError::ChangeAfterReset)) => Err(Failure::rights(
            Step::SignIn,
            "do anything before its own password is changed",
        )),
        (0, Some(error)) => Err(Failure::strange(Step::SignIn, format!("{error:?}"))),
        (49, Some(error)) => Err(Failure::rights(
            Step::SignIn,
            format!("sign in (result 49, {error:?})"),
        )),
        (32 | 48 | 49 | 50 | 53, _) => Err(Failure::rights(
            Step::SignIn,
            match active_directory::why_not_let_in(&answer.text) {
                Some(why) => format!("sign in: {why}"),
                None => format!("sign in (result {rc}); check bind_dn and bind_password"),
            },
        )),
        (51 | 52, _) => Err(Failure::down(Step::SignIn, format!("result {rc}"))),
        _ => Err(Failure::strange(Step::SignIn, format!("result {rc}"))),
    }
}

/// All servers of one directory, in the installer's order.
pub(super) struct Servers {
    list: Vec<Server>,
    clock: Arc<dyn Clock>,
}

impl Servers {
    pub(super) fn new(list: Vec<Server>, clock: Arc<dyn Clock>) -> Self {
        Self { list, clock }
    }

    /// How many servers there are.
    pub(super) fn count(&self) -> u32 {
        u32::try_from(self.list.len()).unwrap_or(u32::MAX)
    }

    /// The servers in the installer's order.
    pub(super) fn all(&self) -> &[Server] {
        &self.list
    }

    /// The servers, those that failed lately last.
    pub(super) fn in_order(&self) -> Vec<&Server> {
        let now = self.clock.now();
        let mut order: Vec<&Server> = self.list.iter().collect();
        order.sort_by_key(|server| {
            locked(&server.failed_at).is_some_and(|failed| now.since_ms(failed) < SHUNNED_MS)
        });
        order
    }

    /// A connection of the service account to the first server that can be reached.
    pub(super) async fn service(&self) -> Result<(&Server, Arc<Service>), Failure> {
        let mut last = Failure::down(Step::Connection, "no server is configured");
        for server in self.in_order() {
            match server.service().await {
                Ok(service) => return Ok((server, service)),
                Err(failure) => {
                    let address = server.address();
                    tracing::warn!(server = address, error = %failure.error, "directory server cannot be used");
                    last = failure;
                }
            }
        }
        Err(last)
    }
}
