//! Argon2id, on threads of its own and never more than the machine can bear.

use std::sync::Arc;

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};
use keymend_domain::secret::Password;
use keymend_domain::time::Entropy;
use tokio::sync::Semaphore;

use super::storage::Fault;

/// Hashes computed at the same time, per processor core.
const AT_ONCE_PER_CORE: usize = 2;
/// Callers that may wait for a hash; beyond, the directory calls itself busy.
const WAITING_MAX: usize = 256;
/// Bytes of salt (source: RFC 9106 §3.1, 16 bytes recommended).
const SALT_BYTES: usize = 16;

/// What one password hash costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HashingCost {
    /// Memory in KiB.
    pub memory_kib: u32,
    /// Passes over the memory.
    pub passes: u32,
    /// Lanes; they are computed one after the other.
    pub lanes: u32,
}

impl HashingCost {
    /// What a directory of people needs (source: security-gates §4.1, OWASP Password Storage).
    pub const RECOMMENDED: Self = Self {
        memory_kib: 19_456,
        passes: 2,
        lanes: 1,
    };

    /// As good as nothing: for tests and for measuring everything but the hashing.
    pub const FEATHER: Self = Self {
        memory_kib: 8,
        passes: 1,
        lanes: 1,
    };

    fn prefix(self) -> String {
        let Self {
            memory_kib,
            passes,
            lanes,
        } = self;
        format!("$argon2id$v=19$m={memory_kib},t={passes},p={lanes}$")
    }

    /// A hash nobody has the password of; checking it costs what checking a real one costs.
    fn decoy(self) -> String {
        format!("{}{}${}", self.prefix(), "A".repeat(22), "A".repeat(43))
    }
}

/// Computes and checks password hashes.
pub(super) struct Hasher {
    cost: HashingCost,
    argon2: Argon2<'static>,
    decoy: String,
    at_once: Arc<Semaphore>,
    waiting: Semaphore,
    entropy: Arc<dyn Entropy>,
}

impl Hasher {
    pub(super) fn new(cost: HashingCost, entropy: Arc<dyn Entropy>) -> Result<Self, Fault> {
        let params = Params::new(cost.memory_kib, cost.passes, cost.lanes, None)
            .map_err(|error| Fault::NotDone(error.to_string()))?;
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Ok(Self {
            cost,
            argon2: Argon2::new(Algorithm::Argon2id, Version::V0x13, params),
            decoy: cost.decoy(),
            at_once: Arc::new(Semaphore::new(cores * AT_ONCE_PER_CORE)),
            waiting: Semaphore::new(WAITING_MAX),
            entropy,
        })
    }

    pub(super) fn cost(&self) -> HashingCost {
        self.cost
    }

    /// Whether `hash` was made with another cost than today's and should be made anew.
    pub(super) fn is_outdated(&self, hash: &str) -> bool {
        !hash.starts_with(&self.cost.prefix())
    }

    /// A fresh hash with a salt of its own, as a PHC string.
    pub(super) async fn hash(&self, password: &Arc<Password>) -> Result<String, Fault> {
        let mut salt = [0_u8; SALT_BYTES];
        self.entropy
            .fill(&mut salt)
            .map_err(|error| Fault::NotDone(error.to_string()))?;
        let (argon2, password) = (self.argon2.clone(), Arc::clone(password));
        self.off_thread(move || {
            let hash: Result<PasswordHash, _> =
                argon2.hash_password_with_salt(password.expose().as_bytes(), &salt);
            hash.map(|hash| hash.to_string())
                .map_err(|error| Fault::NotDone(error.to_string()))
        })
        .await?
    }

    /// Whether the password belongs to `hash`; without a hash, the same work for a plain no.
    pub(super) async fn verify(
        &self,
        hash: Option<&str>,
        password: &Arc<Password>,
    ) -> Result<bool, Fault> {
        let is_real = hash.is_some();
        let hash = hash.unwrap_or(&self.decoy).to_owned();
        Ok(self.matches_any(vec![hash], password).await? && is_real)
    }

    /// Whether the password belongs to one of `hashes`; all of them are always computed.
    pub(super) async fn matches_any(
        &self,
        hashes: Vec<String>,
        password: &Arc<Password>,
    ) -> Result<bool, Fault> {
        let (argon2, password) = (self.argon2.clone(), Arc::clone(password));
        self.off_thread(move || {
            hashes.iter().fold(false, |found, hash| {
                found | is_of(&argon2, hash, password.expose())
            })
        })
        .await
    }

    async fn off_thread<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Fault> {
        let stopped = |_| Fault::NotDone("the hashing has stopped".into());
        let in_line = self
            .waiting
            .try_acquire()
            .map_err(|_| Fault::NotDone("too many passwords at the same time".into()))?;
        let turn = Arc::clone(&self.at_once)
            .acquire_owned()
            .await
            .map_err(stopped)?;
        drop(in_line);
        tokio::task::spawn_blocking(move || {
            // The turn ends with the work, even if nobody waits for its result any more.
            let _turn = turn;
            work()
        })
        .await
        .map_err(|error| Fault::NotDone(error.to_string()))
    }
}

/// Whether `text` is a hash this directory can check.
pub(super) fn is_hash(text: &str) -> bool {
    text.starts_with("$argon2id$") && PasswordHash::new(text).is_ok()
}

fn is_of(argon2: &Argon2<'_>, hash: &str, password: &str) -> bool {
    PasswordHash::new(hash)
        .is_ok_and(|hash| argon2.verify_password(password.as_bytes(), &hash).is_ok())
}
