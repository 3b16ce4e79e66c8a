//! An embedded directory with a clock that is set by hand.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use async_trait::async_trait;
use keymend_directory::conformance::{Abilities, Act, Fixture, Person, Role};
use keymend_directory::embedded::{
    Credential, Embedded, EmbeddedOptions, HashingCost, NewAccount, Policy,
};
use keymend_domain::account::{Account, AccountRef, Claim, DirectoryName};
use keymend_domain::directory::{Deed, Directory, Found, WriteOrder, WriteOutcome};
use keymend_domain::id::OrderId;
use keymend_domain::secret::Password;
use keymend_domain::time::{Clock, DAY_MS, Entropy, MINUTE_MS, Moment, NoEntropy};

/// A clock that stands still until it is moved.
pub struct ManualClock(AtomicI64);

impl ManualClock {
    pub fn pass(&self, millis: i64) {
        self.0.fetch_add(millis, Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Moment {
        Moment(self.0.load(Ordering::SeqCst))
    }
}

struct SystemEntropy;

impl Entropy for SystemEntropy {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), NoEntropy> {
        getrandom::fill(bytes).map_err(|_| NoEntropy)
    }
}

pub struct House {
    pub directory: Arc<Embedded>,
    pub clock: Arc<ManualClock>,
    count: AtomicU64,
}

impl House {
    pub fn named(name: &str, path: Option<PathBuf>) -> Self {
        Self::with_hashing(name, path, HashingCost::FEATHER)
    }

    pub fn with_hashing(name: &str, path: Option<PathBuf>, hashing: HashingCost) -> Self {
        let (clock, options) = Self::options(name, path, hashing);
        Self {
            directory: Arc::new(Embedded::open(options).unwrap()),
            clock,
            count: AtomicU64::new(0),
        }
    }

    pub fn options(
        name: &str,
        path: Option<PathBuf>,
        hashing: HashingCost,
    ) -> (Arc<ManualClock>, EmbeddedOptions) {
        let clock = Arc::new(ManualClock(AtomicI64::new(1_790_000_000_000)));
        let options = EmbeddedOptions {
            name: DirectoryName(name.into()),
            path,
            suffixes: vec!["home.example".into()],
            hashing,
            clock: Arc::<ManualClock>::clone(&clock),
            entropy: Arc::new(SystemEntropy),
        };
        (clock, options)
    }

    pub fn number(&self) -> u64 {
        self.count.fetch_add(1, Ordering::SeqCst)
    }

    pub async fn found(&self, name: &str) -> Found {
        let claim = Claim::new(name).unwrap();
        self.directory.find(&claim).await.unwrap()
    }

    pub async fn account(&self, name: &str) -> Account {
        match self.found(name).await {
            Found::One(account) => *account,
            other => panic!("{name} should be one account, found {other:?}"),
        }
    }

    /// Carries a deed out under a fresh order id, with a minute to do it.
    pub async fn write(&self, account: &AccountRef, deed: Deed<'_>) -> WriteOutcome {
        let id = OrderId::stored(format!("H{}", self.number()));
        let deadline = self.clock.now().plus_ms(MINUTE_MS);
        let order = WriteOrder::for_conformance(id, account.clone(), deadline, deed);
        self.directory.write(&order).await
    }

    fn drawn(&self, role: Role) -> NewAccount {
        let number = self.number();
        let login = format!("jane{number}");
        let password = Password::new(format!("Sesame street {number}")).unwrap();
        let changed_days_ago = if role == Role::PasswordExpired { 91 } else { 1 };
        let now = self.clock.now();
        NewAccount {
            display_name: format!("Jane {number}"),
            mail: vec![format!("{login}@mail.example")],
            groups: match role {
                Role::Protected => vec!["operators".into()],
                Role::Nested => vec!["inner".into()],
                _ => vec!["staff".into()],
            },
            credential: Some(Credential::Plain(password)),
            password_changed_at: Some(now.plus_ms(-changed_days_ago * DAY_MS)),
            is_disabled: role == Role::Disabled,
            is_locked: role == Role::Locked,
            must_change: role == Role::MustChange,
            ends_at: (role == Role::Ended).then(|| now.plus_ms(-1)),
            own_policy: (role == Role::Young).then(|| Policy {
                age_min_ms: 2 * DAY_MS,
                ..Policy::default()
            }),
            login,
            ..NewAccount::default()
        }
    }
}

#[async_trait]
impl Fixture for House {
    fn abilities(&self) -> Abilities {
        Abilities {
            length_min: 10,
            history: 5,
            reset_obeys_history: true,
            lockout_threshold: 5,
            names_broken_rules: true,
            has_age_min: true,
            has_expiry: true,
            has_demanded_change: true,
            has_end_dates: true,
            can_disable: true,
            protects: true,
            lock_outlasts_reset: true,
            remembers_orders: true,
            finds_by_mail: true,
        }
    }

    fn now(&self) -> Moment {
        self.clock.now()
    }

    async fn person(&self, role: Role) -> Result<Person, String> {
        let account = self.drawn(role);
        let Some(Credential::Plain(password)) = &account.credential else {
            return Err("an account is drawn with a password".into());
        };
        let person = Person {
            login: account.login.clone(),
            mail: account.mail[0].clone(),
            password: password.expose().to_owned(),
            groups: match role {
                Role::Nested => ["inner", "middle", "outer"].map(String::from).to_vec(),
                _ => account.groups.clone(),
            },
        };
        let mut accounts = vec![account];
        if role == Role::Namesake {
            let mut second = self.drawn(Role::Plain);
            second.mail = vec![person.mail.to_uppercase()];
            accounts.push(second);
        }
        let directory = &self.directory;
        let built = async {
            directory.import(&accounts).await?;
            directory.add_group("domain-admins", true).await?;
            directory.nest_group("operators", "domain-admins").await?;
            directory.nest_group("inner", "middle").await?;
            directory.nest_group("middle", "outer").await?;
            directory.nest_group("outer", "inner").await
        };
        built.await.map_err(|error| error.to_string())?;
        Ok(person)
    }

    async fn act(&self, person: &Person, act: Act) -> Result<(), String> {
        let id = self.account(&person.login).await.id;
        let acted = match act {
            Act::Rename(login) => self.directory.rename(&id, &login).await,
            Act::Disable => self.directory.set_disabled(&id, true).await,
            Act::Delete => self.directory.remove(&id).await,
            Act::Protect => self.directory.join_group(&id, "operators").await,
        };
        acted.map_err(|error| error.to_string())
    }
}
