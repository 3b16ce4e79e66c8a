//! What stands in front of every directory: no write before the service account's rights were
//! found to be no more than they should, and a note of how long calls take.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use keymend_domain::account::{Account, AccountRef, Claim, DirectoryName};
use keymend_domain::directory::examination::ServerReport;
use keymend_domain::directory::rights::RightsReport;
use keymend_domain::directory::tally::ServerTallies;
use keymend_domain::directory::{
    Directory, DirectoryError, Found, Health, NotDone, PasswordRules, Reread, SignIn, WriteOrder,
    WriteOutcome,
};
use keymend_domain::route::Realms;
use keymend_domain::secret::Password;
use keymend_domain::time::{Clock, Moment};

/// What a directory's health names as broken while its service account may do too much.
pub(super) const RIGHTS: &str = "rights";

/// Calls whose length is remembered.
const CALLS_REMEMBERED: usize = 64;

/// How the last calls went.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Calls {
    /// The median of the last calls, in milliseconds.
    pub(super) median_ms: Option<i64>,
    /// When the last one succeeded.
    pub(super) succeeded_at: Option<Moment>,
    /// When the last one failed.
    pub(super) failed_at: Option<Moment>,
}

#[derive(Debug, Default)]
struct Notes {
    /// Whether the rights were looked at since the start.
    is_proven: bool,
    /// Why nothing may be written.
    refusal: Option<String>,
    /// What was found last.
    report: Option<RightsReport>,
    lengths_ms: VecDeque<i64>,
    succeeded_at: Option<Moment>,
    failed_at: Option<Moment>,
}

/// A directory behind its guard.
pub(super) struct Guarded {
    directory: Arc<dyn Directory>,
    clock: Arc<dyn Clock>,
    notes: Mutex<Notes>,
}

impl Guarded {
    pub(super) fn new(directory: Arc<dyn Directory>, clock: Arc<dyn Clock>) -> Self {
        Self {
            directory,
            clock,
            notes: Mutex::default(),
        }
    }

    /// Finds out what the service account may do, and holds writes back if it is too much.
    pub(super) async fn prove(&self) -> Result<RightsReport, DirectoryError> {
        let report = self.directory.rights().await?;
        let refusal = report.refusal().map(|finding| finding.right.clone());
        let mut notes = self.notes();
        notes.is_proven = true;
        notes.refusal = refusal;
        notes.report = Some(report.clone());
        Ok(report)
    }

    /// What the last proof since the start found.
    pub(super) fn report(&self) -> Option<RightsReport> {
        self.notes().report.clone()
    }

    pub(super) fn calls(&self) -> Calls {
        let notes = self.notes();
        let mut lengths: Vec<i64> = notes.lengths_ms.iter().copied().collect();
        lengths.sort_unstable();
        Calls {
            median_ms: lengths.get(lengths.len() / 2).copied(),
            succeeded_at: notes.succeeded_at,
            failed_at: notes.failed_at,
        }
    }

    /// A lock that a panicking thread left is as good as any: the values under it are whole.
    fn notes(&self) -> MutexGuard<'_, Notes> {
        self.notes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn refusal(&self) -> Option<String> {
        self.notes().refusal.clone()
    }

    async fn timed<T>(
        &self,
        call: impl Future<Output = Result<T, DirectoryError>>,
    ) -> Result<T, DirectoryError> {
        let begun = self.clock.now();
        let answer = call.await;
        let now = self.clock.now();
        let mut notes = self.notes();
        if answer.is_ok() {
            notes.succeeded_at = Some(now);
            notes.lengths_ms.push_back(now.since_ms(begun).max(0));
            if notes.lengths_ms.len() > CALLS_REMEMBERED {
                notes.lengths_ms.pop_front();
            }
        } else {
            notes.failed_at = Some(now);
        }
        drop(notes);
        answer
    }

    /// A directory that nobody could prove anything about is not written to either.
    async fn may_write(&self) -> Result<(), NotDone> {
        if !self.notes().is_proven
            && let Err(error) = self.prove().await
        {
            let directory = self.name();
            tracing::warn!(%directory, %error, "rights could not be proven, so nothing is written");
            return Err(NotDone::Down);
        }
        match self.refusal() {
            None => Ok(()),
            Some(right) => {
                let directory = self.name();
                tracing::error!(
                    %directory, right,
                    "not written: the service account may do too much; see `keymend doctor`"
                );
                Err(NotDone::Rights)
            }
        }
    }
}

#[async_trait]
impl Directory for Guarded {
    fn name(&self) -> &DirectoryName {
        self.directory.name()
    }

    async fn find(&self, claim: &Claim) -> Result<Found, DirectoryError> {
        self.timed(self.directory.find(claim)).await
    }

    async fn read(&self, account: &AccountRef) -> Result<Option<Account>, DirectoryError> {
        self.timed(self.directory.read(account)).await
    }

    async fn password_rules(&self, account: &AccountRef) -> Result<PasswordRules, DirectoryError> {
        self.timed(self.directory.password_rules(account)).await
    }

    async fn rules_to_show(&self, account: &AccountRef) -> Result<PasswordRules, DirectoryError> {
        self.timed(self.directory.rules_to_show(account)).await
    }

    async fn read_with_rules(
        &self,
        account: &AccountRef,
    ) -> Result<Option<(Account, PasswordRules)>, DirectoryError> {
        self.timed(self.directory.read_with_rules(account)).await
    }

    async fn read_back(&self, account: &AccountRef) -> Result<Reread, DirectoryError> {
        self.timed(self.directory.read_back(account)).await
    }

    async fn check_password(
        &self,
        account: &AccountRef,
        password: &Password,
    ) -> Result<SignIn, DirectoryError> {
        self.timed(self.directory.check_password(account, password))
            .await
    }

    async fn confirm_password(
        &self,
        account: &AccountRef,
        password: &Password,
    ) -> Result<SignIn, DirectoryError> {
        self.timed(self.directory.confirm_password(account, password))
            .await
    }

    async fn write(&self, order: &WriteOrder<'_>) -> WriteOutcome {
        match self.may_write().await {
            Ok(()) => self.directory.write(order).await,
            Err(not_done) => WriteOutcome::NotDone(not_done),
        }
    }

    async fn health(&self) -> Health {
        match self.refusal() {
            None => self.directory.health().await,
            Some(detail) => Health::Down {
                during: RIGHTS.to_owned(),
                detail,
            },
        }
    }

    async fn rights(&self) -> Result<RightsReport, DirectoryError> {
        self.directory.rights().await
    }

    async fn realms(&self) -> Result<Realms, DirectoryError> {
        self.directory.realms().await
    }

    async fn tallies(&self, accounts: &[AccountRef]) -> Vec<ServerTallies> {
        self.directory.tallies(accounts).await
    }

    async fn examine(&self) -> Vec<ServerReport> {
        self.directory.examine().await
    }
}
