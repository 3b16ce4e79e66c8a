//! What an entry that was read says about its account: state, protection, rules.

use std::sync::Arc;

use keymend_domain::account::Protection;
use keymend_domain::directory::{PasswordRules, SignIn};
use keymend_domain::dn::DnKey;
use keymend_domain::secret::Password;
use keymend_domain::time::Moment;
use ldap3::Scope;

use super::active_directory::Sid;
use super::connect::{CallError, Failure, Search, Step};
use super::dialect::Dialect;
use super::entry::Entry;
use super::filter::Filter;
use super::person::{Lasting, Seen};
use super::policy::{Applied, Policy};
use super::servers::{Purpose, Server, Service};
use super::{Ldap, ds389, policy, verdict};

impl Ldap {
    /// Everything about one entry that was read.
    pub(super) async fn see(
        &self,
        server: &Server,
        service: &Service,
        entry: Entry,
    ) -> Result<Seen, Failure> {
        let is_own = self.is_own(service, &entry);
        let mut seen = self.understand(server, service, entry).await?;
        if is_own {
            let reason = "the service account of Keymend itself".to_owned();
            seen.account
                .state
                .protection
                .get_or_insert(Protection(reason));
        }
        let (anchor, now) = (&seen.account.id.anchor, self.clock.now());
        self.lately.put(anchor, now, &seen.entry);
        Ok(seen)
    }

    /// Whether an entry is that of the service account: whoever resets it, shuts Keymend out.
    pub(super) fn is_own(&self, service: &Service, entry: &Entry) -> bool {
        let key = DnKey::of(&entry.dn);
        let sid = entry.bytes("objectSid").and_then(Sid::from_bytes);
        (key.is_some() && key == self.own)
            || sid.is_some_and(|sid| service.offer.token.contains(&sid))
    }

    pub(super) async fn understand(
        &self,
        server: &Server,
        service: &Service,
        entry: Entry,
    ) -> Result<Seen, Failure> {
        if service.offer.dialect == Dialect::ActiveDirectory {
            return self.active_directory.see(server, service, entry).await;
        }
        let now = self.clock.now();
        let groups = self.groups.graph(&self.servers, now).await?.of(&entry);
        if service.offer.dialect == Dialect::Ds389 {
            return self.see_389((server, service), entry, groups, now).await;
        }
        let policy = self.policy(server, service, &entry).await?;
        let account = self
            .schema
            .account(&entry, &policy, groups, now)
            .ok_or_else(|| Failure::rights(Step::Search, "read entryUUID of the accounts"))?;
        Ok(Seen {
            rules: policy.rules(&entry, now),
            lasting: Lasting::Unknown,
            entry,
            account,
        })
    }

    /// Forgets the rules for passwords: one was refused that they allow.
    pub(super) fn forget_rules(&self) {
        self.policies.forget();
        self.active_directory.forget_rules();
        self.ds389.forget_rules();
    }

    pub(super) async fn see_389(
        &self,
        at: (&Server, &Service),
        entry: Entry,
        groups: Vec<String>,
        now: Moment,
    ) -> Result<Seen, Failure> {
        let policy = self.ds389.policy(at, &entry).await;
        let policy = policy.map_err(|fault| fault.failure(Step::Search))?;
        let anchor = ds389::anchor(&entry, &at.1.offer).ok_or_else(|| {
            let name = ds389::anchor_name(&at.1.offer);
            Failure::rights(Step::Search, format!("read {name} of the accounts"))
        })?;
        let mut state = ds389::state(&entry, &policy, &groups, now);
        state.protection = self.schema.protection(&groups).or(state.protection);
        Ok(Seen {
            rules: ds389::rules(&entry, &policy, now),
            lasting: ds389::lasting(&policy),
            account: self.schema.person(&entry, anchor, groups, state),
            entry,
        })
    }

    /// The password policy of an entry: its own, or the one that is configured as the default.
    pub(super) async fn policy(
        &self,
        server: &Server,
        service: &Service,
        entry: &Entry,
    ) -> Result<Applied, Failure> {
        let own = entry.text("pwdPolicySubentry");
        let Some(dn) = own.or(self.options.default_policy.as_deref()) else {
            return Ok(Applied::None);
        };
        let Some(key) = DnKey::of(dn) else {
            return Ok(Applied::Unreadable);
        };
        let now = self.clock.now();
        if let Some(known) = self.policies.get(&key, now) {
            return Ok(known);
        }
        let search = Search {
            base: dn,
            scope: Scope::Base,
            filter: &Filter::Present("objectClass".to_owned()),
            attributes: policy::ATTRIBUTES,
            size_limit: 1,
            types_only: false,
        };
        let hits = service
            .connection
            .search(&search, server.call_timeout())
            .await;
        let hits = hits.map_err(|fault| fault.failure(Step::Search))?;
        let readable = hits.entries.first().filter(|entry| {
            let mut classes = entry.texts("objectClass");
            classes.any(|class| class.eq_ignore_ascii_case("pwdPolicy"))
        });
        let policy = match readable {
            Some(entry) => Applied::Known(Arc::new(Policy::from_entry(entry))),
            None => Applied::Unreadable,
        };
        self.policies.put(key, now, policy.clone());
        Ok(policy)
    }

    /// Whether a password policy counts for an entry that the service account may not read.
    pub(super) async fn hides_policy(
        &self,
        server: &Server,
        service: &Service,
        entry: &Entry,
    ) -> Result<bool, Failure> {
        if service.offer.dialect == Dialect::Ds389 {
            let policy = self.ds389.policy((server, service), entry).await;
            let policy = policy.map_err(|fault| fault.failure(Step::Search))?;
            return Ok(policy.known().is_none());
        }
        Ok(matches!(
            self.policy(server, service, entry).await?,
            Applied::Unreadable
        ))
    }

    /// The rules for the account of an entry.
    pub(super) async fn rules(
        &self,
        (server, service): (&Server, &Service),
        entry: &Entry,
    ) -> Result<PasswordRules, Failure> {
        let now = self.clock.now();
        let failure = |fault: CallError| fault.failure(Step::Search);
        match service.offer.dialect {
            Dialect::ActiveDirectory => {
                let rules = self.active_directory.rules(server, service, entry).await;
                rules.map_err(failure)
            }
            Dialect::Ds389 => {
                let policy = self.ds389.policy((server, service), entry).await;
                Ok(ds389::rules(entry, &policy.map_err(failure)?, now))
            }
            _ => Ok(self.policy(server, service, entry).await?.rules(entry, now)),
        }
    }
}

/// A sign-in as the person on one particular server.
pub(super) async fn try_password(
    (server, dialect): (&Server, Dialect),
    seen: &Seen,
    password: &Password,
) -> Result<SignIn, Failure> {
    let named = (seen.who(), password.expose());
    let binding = server.bind_as(named, Purpose::LetIn, server.call_timeout());
    let (guest, answer) = binding.await?;
    guest.keep();
    verdict::of_sign_in(dialect, &answer, &seen.account.state)
}
