//! The embedded directory: accounts, groups and a password policy in one SQLite file.
//!
//! A real directory, if a small one: it hashes with Argon2id, counts wrong passwords and locks,
//! remembers former passwords, knows minimum and maximum age, nested and protected groups.
//! The demo runs on it, and so do the tests of the service.
//!
//! A write is gathered, decided (with all the slow hashing), committed in one transaction
//! together with its outcome under the order's id, and then checked by a real sign-in.  The
//! transaction judges the entry once more as it is by then, so nothing that happened in between
//! is overwritten.

mod administer;
pub mod demo;
mod entry;
mod hashing;
mod order;
mod policy;
mod rows;
mod sign_in;
mod storage;

use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use keymend_domain::account::{Account, AccountRef, Claim, DirectoryName};
use keymend_domain::directory::tally::ServerTallies;
use keymend_domain::directory::{
    Directory, DirectoryError, Found, Health, PasswordRules, SignIn, WriteOrder, WriteOutcome,
};
use keymend_domain::route::Realms;
use keymend_domain::secret::Password;
use keymend_domain::time::{Clock, Entropy, NoEntropy};

pub use administer::{Credential, NewAccount};
pub use hashing::HashingCost;
pub use policy::Policy;

use entry::Seen;
use hashing::Hasher;
use storage::{Fault, Storage};

/// What an embedded directory needs to open.
pub struct EmbeddedOptions {
    /// The installer's name for it.
    pub name: DirectoryName,
    /// Its file, made if missing and readable by its owner alone; `None` keeps all in memory.
    pub path: Option<PathBuf>,
    /// What may follow a login name after an `@`, as in `jane.doe@home.example`.
    pub suffixes: Vec<String>,
    /// What a password hash costs.  Hashes of another cost are made anew at the next sign-in.
    pub hashing: HashingCost,
    /// Where the time comes from.
    pub clock: Arc<dyn Clock>,
    /// Where ids and salts come from.
    pub entropy: Arc<dyn Entropy>,
}

/// Why the embedded directory could not be opened or administered.
#[derive(Debug, thiserror::Error)]
pub enum EmbeddedError {
    /// The database failed.  Look at the file, its folder and the disk.
    #[error("the embedded directory failed while {during}: {detail}")]
    Storage {
        /// What was being done.
        during: &'static str,
        /// What the database said.
        detail: String,
    },
    /// Another account has this login.  Choose another.
    #[error("the login is taken")]
    LoginTaken,
    /// There is no such account any more.
    #[error("there is no such account")]
    NoSuchAccount,
    /// A hash to import is no Argon2id PHC string.
    #[error("the password hash is not an argon2id PHC string")]
    BadHash,
    /// The text cannot be a password at all.
    #[error("the password cannot be used")]
    BadPassword,
    /// No random bytes for an id.
    #[error(transparent)]
    Entropy(#[from] NoEntropy),
}

impl EmbeddedError {
    fn storage(during: &'static str) -> impl FnOnce(Fault) -> Self {
        move |fault| Self::Storage {
            during,
            detail: fault.to_string(),
        }
    }
}

/// A directory in a SQLite file or in memory.
pub struct Embedded {
    name: DirectoryName,
    suffixes: Vec<String>,
    storage: Storage,
    hasher: Hasher,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
}

impl Embedded {
    /// Opens the directory, and makes its file and tables if they are missing.
    ///
    /// # Errors
    ///
    /// [`EmbeddedError::Storage`] if the file cannot be opened or the hashing cost is outside
    /// what Argon2 allows.
    pub fn open(options: EmbeddedOptions) -> Result<Self, EmbeddedError> {
        let storage = Storage::open(options.path.as_deref(), rows::prepare)
            .map_err(EmbeddedError::storage("opening its file"))?;
        let hasher = Hasher::new(options.hashing, Arc::clone(&options.entropy))
            .map_err(EmbeddedError::storage("reading the hashing cost"))?;
        Ok(Self {
            name: options.name,
            suffixes: options.suffixes.iter().map(|own| rows::key(own)).collect(),
            storage,
            hasher,
            clock: options.clock,
            entropy: options.entropy,
        })
    }

    /// The login inside `login@suffix`, if the suffix is one of ours.
    fn login_of(&self, typed: &str) -> Option<String> {
        let (login, suffix) = typed.rsplit_once('@')?;
        let suffix = rows::key(suffix);
        self.suffixes.contains(&suffix).then(|| login.to_owned())
    }

    async fn seen(&self, account: &AccountRef) -> Result<Option<Seen>, Fault> {
        if account.directory != self.name {
            return Ok(None);
        }
        let anchor = account.anchor.clone();
        self.storage
            .read(move |connection| rows::seen(connection, &anchor))
            .await
    }
}

#[async_trait]
impl Directory for Embedded {
    fn name(&self) -> &DirectoryName {
        &self.name
    }

    async fn find(&self, claim: &Claim) -> Result<Found, DirectoryError> {
        let typed = claim.typed().to_owned();
        let login = self.login_of(&typed);
        let (count, seen) = self
            .storage
            .read(move |connection| {
                let anchors = rows::search(connection, &typed, login.as_deref())?;
                match anchors.as_slice() {
                    [anchor] => Ok((1, rows::seen(connection, anchor)?)),
                    several => Ok((several.len(), None)),
                }
            })
            .await
            .map_err(down("searching"))?;
        Ok(match (seen, count) {
            (Some(seen), _) => Found::One(Box::new(seen.account(&self.name, self.clock.now()))),
            (None, 0 | 1) => Found::Nobody,
            (None, count) => Found::Several { count },
        })
    }

    async fn read(&self, account: &AccountRef) -> Result<Option<Account>, DirectoryError> {
        let seen = self.seen(account).await.map_err(down("reading"))?;
        Ok(seen.map(|seen| seen.account(&self.name, self.clock.now())))
    }

    async fn password_rules(&self, account: &AccountRef) -> Result<PasswordRules, DirectoryError> {
        let seen = self.seen(account).await.map_err(down("reading"))?;
        Ok(seen.map_or_else(PasswordRules::default, |seen| {
            let bad = seen.entry.bad_passwords(&seen.policy, self.clock.now());
            seen.policy.rules(bad)
        }))
    }

    async fn read_with_rules(
        &self,
        account: &AccountRef,
    ) -> Result<Option<(Account, PasswordRules)>, DirectoryError> {
        let (seen, now) = (self.seen(account).await, self.clock.now());
        Ok(seen.map_err(down("reading"))?.map(|seen| {
            let bad = seen.entry.bad_passwords(&seen.policy, now);
            let rules = seen.policy.rules(bad);
            (seen.account(&self.name, now), rules)
        }))
    }

    async fn check_password(
        &self,
        account: &AccountRef,
        password: &Password,
    ) -> Result<SignIn, DirectoryError> {
        self.sign_in(account, password)
            .await
            .map_err(down("checking a password"))
    }

    async fn write(&self, order: &WriteOrder<'_>) -> WriteOutcome {
        self.carry_out(order).await
    }

    async fn realms(&self) -> Result<Realms, DirectoryError> {
        Ok(Realms::default())
    }

    async fn tallies(&self, accounts: &[AccountRef]) -> Vec<ServerTallies> {
        let mut tallies = Vec::new();
        for account in accounts {
            match self.seen(account).await {
                Ok(seen) => tallies.extend(seen.map(Seen::tally)),
                Err(_) => return Vec::new(),
            }
        }
        vec![ServerTallies {
            server: self.name.0.clone(),
            accounts: tallies,
            is_only: true,
        }]
    }

    async fn health(&self) -> Health {
        match self.storage.read(rows::policy).await {
            Ok(_) => Health::Up,
            Err(fault) => Health::Down {
                during: "search".into(),
                detail: fault.to_string(),
            },
        }
    }
}

fn down(during: &'static str) -> impl FnOnce(Fault) -> DirectoryError {
    move |fault| DirectoryError::Down {
        during,
        detail: fault.to_string(),
    }
}

/// A copy that a thread of its own may keep; the port only lends passwords.
fn own(password: &Password) -> Result<Arc<Password>, Fault> {
    Password::current(password.expose().to_owned())
        .map(Arc::new)
        .map_err(|shape| Fault::NotDone(shape.to_string()))
}
