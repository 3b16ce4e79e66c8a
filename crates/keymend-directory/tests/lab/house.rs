//! A real OpenLDAP server and the adapter in front of it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use keymend_directory::ldap::{Ldap, LdapOptions};
use keymend_domain::account::{Account, Claim, DirectoryName};
use keymend_domain::directory::{Deed, Directory, Found, WriteOrder, WriteOutcome};
use keymend_domain::id::OrderId;
use keymend_domain::secret::{Password, Secret};
use keymend_domain::time::{Clock, Moment};
use keymend_lab::slapd::{BASE_DN, GROUPS_DN, PEOPLE_DN, SERVICE_DN, SERVICE_PASSWORD};
use keymend_lab::{Slapd, SlapdOptions};

/// Long enough for every policy here, and nobody's yet.
pub const NEW: &str = "Winter harbour 52 lanterns";

pub struct WallClock;

impl Clock for WallClock {
    fn now(&self) -> Moment {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        Moment(i64::try_from(since.as_millis()).unwrap())
    }
}

/// What an installer would write for the lab's server.
pub fn options(slapd: &Slapd, url: &str) -> LdapOptions {
    let mut options = LdapOptions::new(
        DirectoryName("lab".into()),
        vec![url.parse().unwrap()],
        PEOPLE_DN.into(),
        SERVICE_DN.into(),
        Secret::new(SERVICE_PASSWORD.into()),
    );
    options.ca_file = Some(slapd.ca_file());
    options.group_base = Some(GROUPS_DN.into());
    options.protected_groups = vec![format!("cn=admins,{GROUPS_DN}")];
    options.default_policy = Some(format!("cn=default,ou=policies,{BASE_DN}"));
    // Tests of silence should not take long.
    options.connect_timeout = Duration::from_millis(1_500);
    options.search_timeout = Duration::from_millis(1_500);
    options
}

pub fn connect(options: LdapOptions) -> Ldap {
    Ldap::new(options, Arc::new(WallClock)).unwrap()
}

pub struct House {
    pub slapd: Slapd,
    pub directory: Ldap,
    count: AtomicU64,
}

impl House {
    pub fn start() -> Self {
        Self::with(SlapdOptions::default(), |_| {})
    }

    pub fn with(server: SlapdOptions, change: impl FnOnce(&mut LdapOptions)) -> Self {
        let slapd = Slapd::start(server);
        let mut options = options(&slapd, &slapd.ldaps_url());
        change(&mut options);
        Self::around(slapd, options)
    }

    pub fn around(slapd: Slapd, options: LdapOptions) -> Self {
        Self {
            directory: connect(options),
            slapd,
            count: AtomicU64::new(0),
        }
    }

    pub fn number(&self) -> u64 {
        self.count.fetch_add(1, Ordering::SeqCst)
    }

    pub async fn account(&self, name: &str) -> Account {
        match self.directory.find(&Claim::new(name).unwrap()).await {
            Ok(Found::One(account)) => *account,
            other => panic!("{name} should be one account, found {other:?}"),
        }
    }

    /// Carries a deed out with so much time for it.
    pub async fn write(&self, account: &Account, limit: Duration, deed: Deed<'_>) -> WriteOutcome {
        let id = OrderId::stored(format!("H{}", self.number()));
        let limit = i64::try_from(limit.as_millis()).unwrap();
        let deadline = WallClock.now().plus_ms(limit);
        let order = WriteOrder::for_conformance(id, account.id.clone(), deadline, deed);
        self.directory.write(&order).await
    }

    pub async fn reset(&self, account: &Account, new: &str) -> WriteOutcome {
        self.reset_within(account, new, Duration::from_secs(20))
            .await
    }

    pub async fn reset_within(
        &self,
        account: &Account,
        new: &str,
        limit: Duration,
    ) -> WriteOutcome {
        let new = Password::new(new.into()).unwrap();
        let deed = Deed::Reset {
            new: &new,
            unlocks: true,
        };
        self.write(account, limit, deed).await
    }

    pub async fn change(&self, account: &Account, current: &str, new: &str) -> WriteOutcome {
        let current = Password::current(current.into()).unwrap();
        let new = Password::new(new.into()).unwrap();
        let deed = Deed::Change {
            current: &current,
            new: &new,
        };
        self.write(account, Duration::from_secs(20), deed).await
    }
}

/// Everything the new password needs to be called written.
pub fn is_done(outcome: &WriteOutcome) -> bool {
    matches!(
        outcome,
        WriteOutcome::Done {
            change_again: false,
            ..
        }
    )
}
