//! A directory at the end of a long line: every question takes so much longer.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use keymend_directory::embedded::Embedded;
use keymend_domain::account::{Account, AccountRef, Claim, DirectoryName};
use keymend_domain::directory::{
    Directory, DirectoryError, Found, Health, PasswordRules, SignIn, WriteOrder, WriteOutcome,
};
use keymend_domain::route::Realms;
use keymend_domain::secret::Password;

/// The directory behind the line.
pub struct Slow {
    directory: Arc<Embedded>,
    line: Duration,
}

impl Slow {
    /// Puts a line of this length in front of a directory.
    pub fn new(directory: Arc<Embedded>, line: Duration) -> Self {
        Self { directory, line }
    }

    async fn travels(&self) {
        tokio::time::sleep(self.line).await;
    }
}

#[async_trait]
impl Directory for Slow {
    fn name(&self) -> &DirectoryName {
        self.directory.name()
    }

    async fn find(&self, claim: &Claim) -> Result<Found, DirectoryError> {
        self.travels().await;
        self.directory.find(claim).await
    }

    async fn read(&self, account: &AccountRef) -> Result<Option<Account>, DirectoryError> {
        self.travels().await;
        self.directory.read(account).await
    }

    async fn password_rules(&self, account: &AccountRef) -> Result<PasswordRules, DirectoryError> {
        self.travels().await;
        self.directory.password_rules(account).await
    }

    async fn check_password(
        &self,
        account: &AccountRef,
        password: &Password,
    ) -> Result<SignIn, DirectoryError> {
        self.travels().await;
        self.directory.check_password(account, password).await
    }

    async fn write(&self, order: &WriteOrder<'_>) -> WriteOutcome {
        self.travels().await;
        self.directory.write(order).await
    }

    async fn health(&self) -> Health {
        self.travels().await;
        self.directory.health().await
    }

    async fn realms(&self) -> Result<Realms, DirectoryError> {
        Ok(Realms::default())
    }
}
