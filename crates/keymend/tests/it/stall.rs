//! A real directory behind a slow line: it takes an order, and answers when it is let.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use async_trait::async_trait;
use keymend_directory::embedded::Embedded;
use keymend_domain::account::{Account, AccountRef, Claim, DirectoryName};
use keymend_domain::directory::tally::ServerTallies;
use keymend_domain::directory::{
    Directory, DirectoryError, Found, Health, PasswordRules, SignIn, WriteOrder, WriteOutcome,
};
use keymend_domain::route::Realms;
use keymend_domain::secret::Password;
use tokio::sync::Semaphore;

/// Holds orders back until [`Stall::ends`], and accounts while [`Stall::hides_accounts`].
#[derive(Debug, Clone)]
pub struct Stall {
    orders: Arc<Semaphore>,
    hides: Arc<AtomicBool>,
    hidden_reads: Arc<AtomicU32>,
}

impl Stall {
    /// Nothing gets through yet.
    pub fn begins() -> Self {
        Self {
            orders: Arc::new(Semaphore::new(0)),
            hides: Arc::default(),
            hidden_reads: Arc::default(),
        }
    }

    /// Orders get through, now and later.
    pub fn of_nothing() -> Self {
        let stall = Self::begins();
        stall.ends();
        stall
    }

    /// The directory tells what it counts and does not answer when an account is read.
    pub fn hides_accounts(&self, hides: bool) {
        self.hides.store(hides, Ordering::SeqCst);
    }

    /// How often an account was asked for in vain.
    pub fn hidden_reads(&self) -> u32 {
        self.hidden_reads.load(Ordering::SeqCst)
    }

    /// Everything gets through from now on.
    pub fn ends(&self) {
        self.orders.add_permits(1_000);
    }
}

/// The directory behind the stall.
pub struct Stalling {
    directory: Arc<Embedded>,
    stall: Stall,
}

impl Stalling {
    /// Puts a stall in front of a directory.
    pub fn new(directory: Arc<Embedded>, stall: Stall) -> Self {
        Self { directory, stall }
    }
}

#[async_trait]
impl Directory for Stalling {
    fn name(&self) -> &DirectoryName {
        self.directory.name()
    }

    async fn find(&self, claim: &Claim) -> Result<Found, DirectoryError> {
        self.directory.find(claim).await
    }

    async fn read(&self, account: &AccountRef) -> Result<Option<Account>, DirectoryError> {
        if self.stall.hides.load(Ordering::SeqCst) {
            self.stall.hidden_reads.fetch_add(1, Ordering::SeqCst);
            return Err(DirectoryError::Down {
                during: "searching",
                detail: "the line is cut".to_owned(),
            });
        }
        self.directory.read(account).await
    }

    async fn tallies(&self, accounts: &[AccountRef]) -> Vec<ServerTallies> {
        self.directory.tallies(accounts).await
    }

    async fn password_rules(&self, account: &AccountRef) -> Result<PasswordRules, DirectoryError> {
        self.directory.password_rules(account).await
    }

    async fn check_password(
        &self,
        account: &AccountRef,
        password: &Password,
    ) -> Result<SignIn, DirectoryError> {
        self.directory.check_password(account, password).await
    }

    async fn write(&self, order: &WriteOrder<'_>) -> WriteOutcome {
        let _permit = self.stall.orders.acquire().await.unwrap();
        self.directory.write(order).await
    }

    async fn health(&self) -> Health {
        self.directory.health().await
    }

    async fn realms(&self) -> Result<Realms, DirectoryError> {
        Ok(Realms::default())
    }
}
