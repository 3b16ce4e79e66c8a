//! The directories this service knows, and whether each of them answers.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use keymend_domain::account::{Account, AccountRef, Claim, DirectoryName};
use keymend_domain::directory::rights::RightsReport;
use keymend_domain::directory::{Directory, DirectoryError, Found, Health, PasswordRules, Reread};
use keymend_domain::policy::Policy;
use keymend_domain::route::{Realms, Route, Routes};
use keymend_domain::time::{Clock, Moment, SECOND_MS};
use tokio::sync::Mutex;

use super::guarded::Guarded;

/// A reset page trusts a state at most this old; an older one is asked for again (behaviour §2.5).
const STATE_LIFE_MS: i64 = 30 * SECOND_MS;
/// Bad news is asked for again soon, but not by everybody at once.
const DOWN_LIFE_MS: i64 = 3 * SECOND_MS;

/// How often a directory is looked at if the configuration does not say (behaviour §2.5).
const INTERVAL_MS: i64 = 30 * SECOND_MS;

/// A directory that could not be searched.
#[derive(Debug, thiserror::Error)]
#[error("the directory {name} did not answer")]
pub struct Unreached {
    /// Which one.
    pub name: DirectoryName,
    /// Why.
    #[source]
    pub error: DirectoryError,
}

/// One directory, what people call it, and how it was when last asked.
pub struct Connected {
    directory: Arc<dyn Directory>,
    /// The same, with what is noted about it.
    guard: Arc<Guarded>,
    title: String,
    interval_ms: i64,
    /// What the configuration says; see [`Routes::realms`] for what is its alone.
    realms: Realms,
    state: Mutex<Option<(Moment, Health)>>,
    /// The same at a glance, for the landing page.
    is_down: AtomicBool,
}

impl Connected {
    fn state_life_ms(&self, health: &Health) -> i64 {
        match health {
            Health::Up => STATE_LIFE_MS.min(self.interval_ms),
            Health::Down { .. } => DOWN_LIFE_MS,
        }
    }
}

/// All directories, in the order of the configuration.
pub struct Directories {
    all: Vec<Connected>,
    routes: Routes,
    clock: Arc<dyn Clock>,
}

impl Directories {
    /// The directories of this service, each with its name for people.
    #[must_use]
    pub fn new(all: Vec<(Arc<dyn Directory>, String)>, clock: Arc<dyn Clock>) -> Self {
        let connect = |(directory, title)| {
            let guard = Arc::new(Guarded::new(directory, Arc::clone(&clock)));
            Connected {
                directory: Arc::clone(&guard) as Arc<dyn Directory>,
                guard,
                title,
                interval_ms: INTERVAL_MS,
                realms: Realms::default(),
                state: Mutex::new(None),
                is_down: AtomicBool::new(false),
            }
        };
        Self {
            all: all.into_iter().map(connect).collect(),
            routes: Routes::default(),
            clock: Arc::clone(&clock),
        }
    }

    /// The same, with the endings and domains by which names mean this directory.
    #[must_use]
    pub fn called(mut self, name: &DirectoryName, realms: Realms) -> Self {
        let mut found = self.all.iter_mut();
        if let Some(connected) = found.find(|connected| connected.directory.name() == name) {
            connected.realms = realms;
        }
        let all = self.all.iter();
        let realms = all.map(|one| (one.directory.name().clone(), one.realms.clone()));
        self.routes = Routes::new(realms);
        self
    }

    /// The endings and domains by which names mean this directory alone.
    #[must_use]
    pub fn realms(&self, name: &DirectoryName) -> Realms {
        self.routes.realms(name)
    }

    /// The directories that a typed name may mean: one if the name says which, or else all.
    #[must_use]
    pub fn meant_by(&self, claim: &Claim) -> Vec<DirectoryName> {
        match self.routes.of(claim) {
            Route::Only { directory, .. } => vec![directory],
            Route::Everywhere => self.names().cloned().collect(),
        }
    }

    /// The same, with this directory looked at every so many seconds.
    #[must_use]
    pub fn looked_at_every(mut self, name: &DirectoryName, secs: u32) -> Self {
        let mut found = self.all.iter_mut();
        if let Some(connected) = found.find(|connected| connected.directory.name() == name) {
            connected.interval_ms = i64::from(secs) * SECOND_MS;
        }
        self
    }

    /// How often a directory is to be looked at, in milliseconds.
    #[must_use]
    pub fn interval_ms(&self, name: &DirectoryName) -> i64 {
        self.connected(name)
            .map_or(INTERVAL_MS, |connected| connected.interval_ms)
    }

    /// The directory of this name.
    #[must_use]
    pub fn get(&self, name: &DirectoryName) -> Option<&Arc<dyn Directory>> {
        self.connected(name).map(|connected| &connected.directory)
    }

    fn connected(&self, name: &DirectoryName) -> Option<&Connected> {
        self.all
            .iter()
            .find(|connected| connected.directory.name() == name)
    }

    /// What is noted about the directory of this name.
    pub(super) fn guard(&self, name: &DirectoryName) -> Option<&Arc<Guarded>> {
        self.connected(name).map(|connected| &connected.guard)
    }

    /// Finds out what the service account of a directory may do.  A directory whose account may
    /// do too much is not written to from then on, until a later proof finds it mended.
    ///
    /// # Errors
    ///
    /// [`DirectoryError`] if the directory did not answer, or is not configured.
    pub async fn prove(&self, name: &DirectoryName) -> Result<RightsReport, DirectoryError> {
        match self.guard(name) {
            Some(guard) => guard.prove().await,
            None => Err(unknown(name)),
        }
    }

    /// What people call it.
    #[must_use]
    pub fn title(&self, name: &str) -> String {
        let found = self
            .all
            .iter()
            .find(|connected| connected.directory.name().0 == name);
        found.map_or_else(|| name.to_owned(), |connected| connected.title.clone())
    }

    /// How administrators know an account: by its login, and where there are several directories
    /// by what people call its own.
    #[must_use]
    pub fn name_of(&self, account: &Account) -> String {
        match self.all.len() {
            0 | 1 => account.login.clone(),
            _ => {
                let title = self.title(&account.id.directory.0);
                format!("{} ({title})", account.login)
            }
        }
    }

    /// The names of all of them.
    pub fn names(&self) -> impl Iterator<Item = &DirectoryName> {
        self.all.iter().map(|connected| connected.directory.name())
    }

    /// Looks for a claim in every directory it may mean, in all of them at once.  One entry in one
    /// directory is an account; entries in two are nobody's (behaviour §4.1).
    ///
    /// # Errors
    ///
    /// [`Unreached`] as soon as one of them did not answer, whatever the others said: it may
    /// hold the same name, and then nobody could say who is meant.
    pub async fn find(&self, claim: &Claim) -> Result<Found, Unreached> {
        match self.find_among_answering(claim).await {
            (found, None) => Ok(found),
            (_, Some(unreached)) => Err(unreached),
        }
    }

    /// The same among the directories that answered, and the first that did not.
    ///
    /// A directory that answers and cannot read the entry has somebody, and nobody knows who: that
    /// counts as an entry that is not an account, and looks like any other name that cannot be
    /// helped.
    pub async fn find_among_answering(&self, claim: &Claim) -> (Found, Option<Unreached>) {
        let (claim, asked) = match self.routes.of(claim) {
            Route::Only { directory, claim } => {
                (claim, self.connected(&directory).into_iter().collect())
            }
            Route::Everywhere => (claim.clone(), self.all.iter().collect::<Vec<_>>()),
        };
        let searches = asked
            .iter()
            .map(|connected| connected.directory.find(&claim));
        let answers = futures_util::future::join_all(searches).await;
        let mut found: Option<Box<Account>> = None;
        let mut count = 0;
        let mut unreached = None;
        for (answer, connected) in answers.into_iter().zip(asked) {
            match answer {
                Ok(Found::One(account)) => {
                    count += 1;
                    found = Some(account);
                }
                Ok(Found::Several { count: own }) => count += own,
                Ok(Found::Nobody) => {}
                Err(error) => {
                    let name = connected.directory.name().clone();
                    if self.is_silent(&name, &error).await {
                        unreached = unreached.or(Some(Unreached { name, error }));
                    } else {
                        count += 1;
                    }
                }
            }
        }
        let found = match (found, count) {
            (Some(account), 1) => Found::One(account),
            (_, 0) => Found::Nobody,
            (_, count) => Found::Several { count },
        };
        (found, unreached)
    }

    /// Whether a search failed because the directory cannot be used, and not because of the one
    /// entry that was looked for: a page that called the directory down for one name alone would
    /// tell that the name means somebody, and one such entry would stop everybody.
    async fn is_silent(&self, name: &DirectoryName, error: &DirectoryError) -> bool {
        let is_silent = is_down(error) || self.health(name).await != Health::Up;
        if is_silent {
            tracing::warn!(directory = %name, %error, "a directory could not be searched");
            self.note_down(name, error).await;
        } else {
            tracing::error!(
                directory = %name, %error,
                "an entry could not be read; whoever it belongs to is not helped until it can"
            );
        }
        is_silent
    }

    /// Reads an account afresh.
    ///
    /// # Errors
    ///
    /// [`DirectoryError`] if its directory did not answer, or is not configured any more.
    pub async fn read(&self, account: &AccountRef) -> Result<Option<Account>, DirectoryError> {
        match self.get(&account.directory) {
            Some(directory) => directory.read(account).await,
            None => Err(unknown(&account.directory)),
        }
    }

    /// Reads an account afresh, with its directory's rules for its password.
    ///
    /// # Errors
    ///
    /// As [`Self::read`].
    pub async fn read_with_rules(
        &self,
        account: &AccountRef,
    ) -> Result<Option<(Account, PasswordRules)>, DirectoryError> {
        match self.get(&account.directory) {
            Some(directory) => directory.read_with_rules(account).await,
            None => Err(unknown(&account.directory)),
        }
    }

    /// Reads an account afresh to find out what became of a write to it.
    ///
    /// # Errors
    ///
    /// As [`Self::read`].
    pub async fn read_back(&self, account: &AccountRef) -> Result<Reread, DirectoryError> {
        match self.get(&account.directory) {
            Some(directory) => directory.read_back(account).await,
            None => Err(unknown(&account.directory)),
        }
    }

    /// Whether a directory answers, asked again if the last answer is too old.
    pub async fn health(&self, name: &DirectoryName) -> Health {
        let Some(connected) = self.connected(name) else {
            return Health::Down {
                during: "name".to_owned(),
                detail: "not configured".to_owned(),
            };
        };
        // Whoever comes while somebody asks waits for that answer and takes it.
        let mut state = connected.state.lock().await;
        if let Some((at, health)) = state.as_ref()
            && self.clock.now().since_ms(*at) < connected.state_life_ms(health)
        {
            return health.clone();
        }
        let health = connected.directory.health().await;
        let now = self.clock.now();
        connected
            .is_down
            .store(health != Health::Up, Ordering::Relaxed);
        *state = Some((now, health.clone()));
        health
    }

    /// The last known answer, without asking.
    pub async fn last_health(&self, name: &DirectoryName) -> Option<Health> {
        let connected = self.connected(name)?;
        connected
            .state
            .lock()
            .await
            .as_ref()
            .map(|(_, health)| health.clone())
    }

    /// Notes that a directory just failed to answer, so that the next page says so at once.  An
    /// error that may be about one entry alone is no such news, nor is it none: whether the
    /// directory can be used then, is for [`Self::health`] to say, which asks afresh.
    pub async fn note_down(&self, name: &DirectoryName, error: &DirectoryError) {
        let Some(connected) = self.connected(name) else {
            return;
        };
        let mut state = connected.state.lock().await;
        if is_down(error) {
            let health = Health::Down {
                during: "use".to_owned(),
                detail: error.to_string(),
            };
            connected.is_down.store(true, Ordering::Relaxed);
            *state = Some((self.clock.now(), health));
        } else if matches!(&*state, Some((_, Health::Up))) {
            *state = None;
        }
    }

    /// Whether any directory did not answer when last asked.
    #[must_use]
    pub fn is_any_down(&self) -> bool {
        self.all
            .iter()
            .any(|connected| connected.is_down.load(Ordering::Relaxed))
    }

    /// Whether a name in full can help: a directory other than this one answered when last asked,
    /// is not paused, and has names that are its alone.
    #[must_use]
    pub fn is_another_open(&self, than: Option<&str>, policy: &Policy) -> bool {
        self.all.iter().any(|connected| {
            let name = connected.directory.name();
            let is_up = !connected.is_down.load(Ordering::Relaxed);
            let is_other = than != Some(name.0.as_str());
            let has_names = self.realms(name) != Realms::default();
            is_other && is_up && has_names && policy.writes_to_directory(&name.0)
        })
    }

    /// What people call the directories that did not answer when last asked.
    #[must_use]
    pub fn down_titles(&self) -> Vec<String> {
        let down = self
            .all
            .iter()
            .filter(|connected| connected.is_down.load(Ordering::Relaxed));
        down.map(|connected| connected.title.clone()).collect()
    }
}

/// Whether an error is about the directory, whatever it was asked for.
pub(super) fn is_down(error: &DirectoryError) -> bool {
    match error {
        DirectoryError::Down { .. } | DirectoryError::Trust { .. } => true,
        DirectoryError::Rights { .. } | DirectoryError::Strange { .. } => false,
    }
}

/// An account of a directory that is not configured any more: nobody knows whether it is there.
fn unknown(name: &DirectoryName) -> DirectoryError {
    DirectoryError::Strange {
        during: "reading",
        detail: format!("{name} is not configured"),
    }
}
