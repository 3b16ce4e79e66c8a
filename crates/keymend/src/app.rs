//! One method per deed: gather what is needed, decide in a pure function, commit the whole
//! decision, and only then touch the world.
//!
//! This room knows no HTTP, no template, no SQL, no configuration and no sentence for people.

mod change;
mod desk;
mod directories;
mod dispatch;
mod flow;
mod guarded;
mod help;
mod human;
mod integration;
mod order;
mod person;
mod policy;
mod protection;
mod start;
mod sweep;
mod tasks;
mod unsent;
mod visitor;
mod watch;

use std::error::Error;
use std::sync::{Arc, RwLock};

use keymend_domain::flow::{Context, FlowFault, FlowKeys};
use keymend_domain::policy::Policy;
use keymend_domain::refusal::Refusal;
use keymend_domain::time::{Clock, Entropy, Moment};

use crate::deliver::{Carriers, Composer};
use crate::human::Human;
use crate::store::{Store, StoreFault};

pub use crate::deliver::demo::DemoMessage as ShownMessage;
pub use desk::{AccountReport, Block, Unblocked};
pub use directories::{Directories, Unreached};
pub use flow::{FlowPage, FormStep, Moved};
pub use help::NotMeDone;
pub use human::HumanAnswer;
pub use integration::{Integration, StateLine};
pub use order::{NewPassword, Written};
pub use person::{FamiliarMark, Offer, OwnEvent, OwnMoved, PersonPage, SignedIn};
pub use policy::{Applied, ApplyFault};
pub use protection::SitePasswords;
pub use start::{StartForm, Started};
pub use tasks::Tasks;
pub use visitor::{NetworkTags, Visitor};

/// An accident: something that should have worked did not.
#[derive(Debug, thiserror::Error)]
#[error("while {during}")]
pub struct Fault {
    /// The phrase for the log: what was being done.
    pub during: &'static str,
    /// Whether trying again in a minute can help.
    pub is_passing: bool,
    /// What went wrong.
    #[source]
    pub source: Box<dyn Error + Send + Sync>,
}

/// Why a deed gave no answer.
#[derive(Debug, thiserror::Error)]
pub enum Stop {
    /// A foreseen situation.
    #[error("refused: {}", .0.id())]
    Refused(Refusal),
    /// The browser holds no flow, or one that is long over.
    #[error("no flow")]
    NoFlow,
    /// The browser is not signed in.
    #[error("not signed in")]
    NotSignedIn,
    /// The browser was given a newer handle while this form was on the way.
    #[error("under a newer handle")]
    Renewed,
    /// An accident.
    #[error(transparent)]
    Fault(#[from] Fault),
}

impl From<StoreFault> for Stop {
    fn from(fault: StoreFault) -> Self {
        Self::Fault(Fault {
            during: fault.during(),
            is_passing: fault.can_pass(),
            source: Box::new(fault),
        })
    }
}

impl From<Unreached> for Stop {
    fn from(silent: Unreached) -> Self {
        let directory = silent.name.0;
        Self::Refused(Refusal::DirectoryDown { directory })
    }
}

impl From<FlowFault> for Stop {
    fn from(fault: FlowFault) -> Self {
        Self::Fault(Fault {
            during: "deciding a step",
            is_passing: true,
            source: Box::new(fault),
        })
    }
}

/// What the service is built from.
pub struct Parts {
    /// Where everything is kept.
    pub store: Store,
    /// Where accounts live.
    pub directories: Directories,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Chance.
    pub entropy: Arc<dyn Entropy>,
    /// Keys of flows and counters.
    pub flow_keys: FlowKeys,
    /// The bot check.
    pub human: Human,
    /// Who carries messages.
    pub carriers: Arc<Carriers>,
    /// Who puts them into words.
    pub composer: Composer,
    /// Where telephone numbers without a country code belong, as an ISO 3166 code.
    pub region: String,
    /// Networks of the installation itself: larger buckets for starts.
    pub own_networks: Vec<ipnet::IpNet>,
    /// What the site itself knows of passwords that are easy to guess.
    pub passwords: SitePasswords,
    /// The settings in force.
    pub policy: Policy,
}

/// The deeds.
#[derive(Clone)]
pub struct App {
    inner: Arc<Inner>,
}

struct Inner {
    store: Store,
    directories: Directories,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    flow_keys: FlowKeys,
    human: Human,
    pressure: human::Pressure,
    carriers: Arc<Carriers>,
    composer: Composer,
    region: String,
    own_networks: Vec<ipnet::IpNet>,
    policy: RwLock<Arc<Policy>>,
    guard: protection::Guard,
    /// Somebody waits for what lies in the outbox.
    outbox_has_work: tokio::sync::Notify,
    /// What lies there tells of something that is over.
    outbox_has_news: tokio::sync::Notify,
    tasks: Tasks,
    unsent: unsent::Unsent,
}

impl App {
    /// Puts the parts together.
    #[must_use]
    pub fn new(parts: Parts) -> Self {
        Self {
            inner: Arc::new(Inner {
                store: parts.store,
                directories: parts.directories,
                clock: parts.clock,
                entropy: parts.entropy,
                flow_keys: parts.flow_keys,
                human: parts.human,
                pressure: human::Pressure::default(),
                carriers: parts.carriers,
                composer: parts.composer,
                region: parts.region,
                own_networks: parts.own_networks,
                guard: protection::Guard::new(parts.passwords, &parts.policy),
                policy: RwLock::new(Arc::new(parts.policy)),
                outbox_has_work: tokio::sync::Notify::new(),
                outbox_has_news: tokio::sync::Notify::new(),
                tasks: Tasks::default(),
                unsent: unsent::Unsent::default(),
            }),
        }
    }

    /// The present instant.
    #[must_use]
    pub fn now(&self) -> Moment {
        self.inner.clock.now()
    }

    /// The settings in force.
    #[must_use]
    pub fn policy(&self) -> Arc<Policy> {
        match self.inner.policy.read() {
            Ok(policy) => Arc::clone(&policy),
            // A panic while writing cannot leave half a policy: the value is one pointer.
            Err(poisoned) => Arc::clone(&poisoned.into_inner()),
        }
    }

    /// The directories.
    #[must_use]
    pub fn directories(&self) -> &Directories {
        &self.inner.directories
    }

    /// What the demonstration kept instead of sending it, newest first.
    #[must_use]
    pub fn shown_messages(&self) -> Vec<ShownMessage> {
        self.inner.carriers.shown()
    }

    /// Closes the store: everything acknowledged is in its file, and the chain of the audit log is
    /// covered by a signed head.
    pub async fn close(self) {
        let covered = self
            .inner
            .store
            .transact(|tx: &mut crate::store::Tx<'_>| -> Result<(), Stop> { Ok(tx.cover_audit()?) })
            .await;
        if let Err(stop) = covered {
            tracing::error!(error = %stop, "the audit log could not be covered at the end");
        }
        let store = self.inner.store.clone();
        drop(self);
        store.close().await;
    }

    /// Tasks that must finish before the process ends.
    #[must_use]
    pub fn tasks(&self) -> &Tasks {
        &self.inner.tasks
    }

    /// Everything a decision may look at, for a closure that runs in the store's transaction.
    fn desk(&self, visitor: &Visitor) -> Desk {
        Desk {
            now: self.now(),
            policy: self.policy(),
            caller: visitor.caller.clone(),
            inner: Arc::clone(&self.inner),
        }
    }
}

/// The arguments of a decision, owned, so that they can travel to the store's thread.
struct Desk {
    now: Moment,
    policy: Arc<Policy>,
    caller: keymend_domain::flow::Caller,
    inner: Arc<Inner>,
}

impl Desk {
    fn context<'a>(&'a self, book: &'a mut dyn keymend_domain::limit::Book) -> Context<'a> {
        Context {
            now: self.now,
            entropy: self.inner.entropy.as_ref(),
            keys: &self.inner.flow_keys,
            policy: &self.policy,
            book,
            caller: &self.caller,
        }
    }

    /// A fresh handle for a cookie.
    fn handle(&self) -> Result<String, Stop> {
        let handle = keymend_domain::code::handle(self.inner.entropy.as_ref());
        handle
            .map(|secret| secret.expose().to_owned())
            .map_err(|fault| FlowFault::from(fault).into())
    }
}
