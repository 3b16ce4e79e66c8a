//! The adapter as the service uses it: accounts by name, and orders with a deadline.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use keymend_directory::ldap::{Ldap, LdapOptions};
use keymend_domain::account::{Account, Claim};
use keymend_domain::directory::{Deed, Directory, Found, WriteOrder, WriteOutcome};
use keymend_domain::id::OrderId;
use keymend_domain::secret::Password;
use keymend_domain::time::{Clock, Moment};

pub struct WallClock;

impl Clock for WallClock {
    fn now(&self) -> Moment {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        Moment(i64::try_from(since.as_millis()).unwrap())
    }
}

pub fn connect(options: LdapOptions) -> Ldap {
    Ldap::new(options, Arc::new(WallClock)).unwrap()
}

/// The adapter in front of whichever server.
pub struct Desk {
    pub directory: Ldap,
    count: AtomicU64,
}

impl Desk {
    pub fn new(options: LdapOptions) -> Self {
        Self {
            directory: connect(options),
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
