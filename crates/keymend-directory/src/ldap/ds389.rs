//! 389 Directory Server and FreeIPA: which policy applies to a person, what the state of an entry
//! is, and how locks and demands are lifted.
//!
//! Passwords are set by the password modify operation and nothing else: it checks the rules for
//! everybody, while a modification of `userPassword` by a password administrator goes past them
//! and may even store a value that somebody has hashed elsewhere.
//!
//! What is said of 389 Directory Server was tried on 2.3.1; what is said of FreeIPA comes from its
//! documents (see each place) and was tried on no server.

mod answer;
mod free_ipa;
mod policy;
mod standing;
pub(super) mod tally;
mod writing;

use std::sync::Arc;

use keymend_domain::account::{AccountState, Anchor, Protection};
use keymend_domain::directory::PasswordRules;
use keymend_domain::time::{Clock, Moment};
use ldap3::Scope;

use super::connect::{CallError, Search};
use super::dialect::{Dialect, Offer};
use super::dn::DnKey;
use super::entry::Entry;
use super::filter::Filter;
use super::options::LdapOptions;
use super::person::{Lasting, with_own};
use super::policy::Remembered;
use super::servers::{Server, Service};
use policy::{Applied, Policy};

pub(super) use answer::{of_sign_in, of_write};
pub(super) use writing::{end_demand, lift_lock};

/// The superuser of every server of this kind, whom no policy binds.
pub(super) const MANAGER: &str = "cn=directory manager";

/// The entry that holds the rules for everybody, and the switch for local ones.
const CONFIGURATION: &str = "cn=config";

/// What is read of every account beside what any directory shows.  Many of these are given only
/// to those who name them.
const ATTRIBUTES: &[&str] = &[
    "uid",
    "mail",
    "cn",
    "displayName",
    "givenName",
    "sn",
    "preferredLanguage",
    "memberOf",
    "nsUniqueId",
    "nsAccountLock",
    "accountUnlockTime",
    "passwordRetryCount",
    "retryCountResetTime",
    "passwordExpirationTime",
    "passwordAllowChangeTime",
    "pwdpolicysubentry",
    "pwdUpdateTime",
    "entryusn",
    "modifyTimestamp",
];

/// What is special about reading a directory of this kind.
pub(super) struct Ds389 {
    /// Everything to ask a server for.
    pub(super) attributes: Vec<String>,
    policies: Remembered<Applied>,
    clock: Arc<dyn Clock>,
}

impl Ds389 {
    pub(super) fn new(options: &LdapOptions, clock: Arc<dyn Clock>) -> Self {
        let mut attributes = with_own(ATTRIBUTES, options);
        attributes.extend(free_ipa::ATTRIBUTES.iter().map(|&name| name.to_owned()));
        Self {
            attributes,
            policies: Remembered::default(),
            clock,
        }
    }

    /// Forgets the rules for passwords, so that they are read again.
    pub(super) fn forget_rules(&self) {
        self.policies.forget();
    }

    /// The rules for one entry: its own policy or its branch's, which the server names alike, else
    /// those for everybody.
    pub(super) async fn policy(
        &self,
        (server, service): (&Server, &Service),
        entry: &Entry,
    ) -> Result<Applied, CallError> {
        if service.offer.is_free_ipa {
            return self.of_free_ipa((server, service), entry).await;
        }
        let global = self.remembered((server, service), CONFIGURATION).await?;
        let Some(local) = entry.text("pwdpolicysubentry") else {
            return Ok(global);
        };
        match &global {
            Applied::Known(rules) if !rules.allows_local => Ok(global),
            _ => self.remembered((server, service), local).await,
        }
    }

    /// FreeIPA works out itself which policy counts for whom and names it in the entry.
    async fn of_free_ipa(
        &self,
        at: (&Server, &Service),
        entry: &Entry,
    ) -> Result<Applied, CallError> {
        let global = || free_ipa::global_policy(&at.1.offer.base);
        let own = entry.text(free_ipa::POLICY).map(str::to_owned);
        match own.or_else(global) {
            Some(dn) => self.remembered(at, &dn).await,
            None => Ok(Applied::Unreadable),
        }
    }

    async fn remembered(
        &self,
        (server, service): (&Server, &Service),
        dn: &str,
    ) -> Result<Applied, CallError> {
        let key = DnKey::of(dn).ok_or(CallError::Garbled)?;
        let now = self.clock.now();
        if let Some(known) = self.policies.get(&key, now) {
            return Ok(known);
        }
        let attributes: Vec<&str> = policy::ATTRIBUTES
            .iter()
            .chain(policy::UNSPOKEN)
            .chain(free_ipa::POLICY_ATTRIBUTES)
            .copied()
            .collect();
        let search = Search {
            base: dn,
            scope: Scope::Base,
            filter: &Filter::Present("objectClass".to_owned()),
            attributes: &attributes,
            size_limit: 1,
            types_only: false,
        };
        let limit = server.call_timeout();
        let hits = service.connection.search(&search, limit).await?;
        let read = hits.entries.first().and_then(|entry| match dn {
            CONFIGURATION => Policy::from_configuration(entry),
            _ if service.offer.is_free_ipa => free_ipa::policy(entry),
            _ => Policy::from_local(entry),
        });
        let applied = read.map_or(Applied::Unreadable, |read| Applied::Known(Arc::new(read)));
        if applied == Applied::Unreadable {
            tracing::warn!(
                server = server.address(),
                policy = dn,
                "a password policy cannot be read, so its rules are told to nobody; allow the \
                 service account to read it (docs: 389 Directory Server, rights)"
            );
        }
        self.policies.put(key, now, applied.clone());
        Ok(applied)
    }
}

/// The attribute by which an account is known for good.
pub(super) fn anchor_name(offer: &Offer) -> &'static str {
    if offer.is_free_ipa {
        "ipaUniqueID"
    } else {
        "nsUniqueId"
    }
}

/// An entry's anchor, if it can be read.
pub(super) fn anchor(entry: &Entry, offer: &Offer) -> Option<Anchor> {
    entry
        .text(anchor_name(offer))
        .map(|id| Anchor(id.to_owned()))
}

/// The state of an account, all but what the installer's own list of groups adds.
pub(super) fn state(
    entry: &Entry,
    policy: &Applied,
    groups: &[String],
    now: Moment,
) -> AccountState {
    let mut state = standing::of(entry, policy, now);
    let is_guarded = |group: &&String| is_guarded(group);
    state.protection = groups.iter().find(is_guarded).cloned().map(Protection);
    state
}

/// How long a new password lasts.
pub(super) fn lasting(policy: &Applied) -> Lasting {
    match policy.known() {
        Some(policy) if policy.hides_expiry => Lasting::Unknown,
        Some(policy) => policy.age_max_ms.map_or(Lasting::Endless, Lasting::Ms),
        None => Lasting::Unknown,
    }
}

/// The rules for new passwords, for showing and for judging early.
pub(super) fn rules(entry: &Entry, policy: &Applied, now: Moment) -> PasswordRules {
    policy.rules(entry, now)
}

/// Groups whose members rule the directory, whatever the installer says: FreeIPA's `admins`
/// (which no installation is without) and the group that `dscreate` makes for a suffix.
const GUARDED: [&str; 2] = [
    "cn=admins,cn=groups,cn=accounts,",
    "cn=directory administrators,",
];

fn is_guarded(group: &str) -> bool {
    let Some(key) = DnKey::of(group) else {
        return false;
    };
    GUARDED.iter().any(|start| key.begins_with(start))
}

/// Where these groups are, if there are any.
pub(super) fn guarded_groups(offer: &Offer) -> Vec<String> {
    match offer.dialect {
        Dialect::Ds389 => {
            let dn = |start: &&str| format!("{start}{}", offer.base);
            GUARDED.iter().map(dn).collect()
        }
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_never_made_endless_because_its_end_is_hidden() {
        let check = |policy: Option<Policy>, expected| {
            let applied = match policy {
                Some(policy) => Applied::Known(Arc::new(policy)),
                None => Applied::Unreadable,
            };
            assert_eq!(lasting(&applied), expected);
        };
        let shown = |more: &[(&str, &str)]| {
            let mut all = vec![("passwordMinLength", "8"), ("passwordCheckSyntax", "on")];
            all.extend(more);
            Policy::from_configuration(&Entry::of("cn=config", &all))
        };
        check(None, Lasting::Unknown);
        check(shown(&[]), Lasting::Unknown);
        check(shown(&[("passwordExp", "off")]), Lasting::Endless);
        let ninety = [("passwordExp", "on"), ("passwordMaxAge", "7776000")];
        check(shown(&ninety), Lasting::Ms(7_776_000_000));
        // On, and nobody may see how long.
        check(shown(&[("passwordExp", "on")]), Lasting::Unknown);
    }

    #[test]
    fn who_rules_the_directory_is_protected_without_being_listed() {
        let check = |group: &str, is_so| assert_eq!(is_guarded(group), is_so, "{group}");
        check("cn=admins,cn=groups,cn=accounts,dc=x", true);
        check("CN=Admins, cn=groups,cn=accounts,dc=x", true);
        check("cn=Directory Administrators,dc=x", true);
        check("cn=admins,ou=groups,dc=x", false);
        check("cn=staff,cn=groups,cn=accounts,dc=x", false);
        check("cn=sub,cn=admins,cn=groups,cn=accounts,dc=x", false);
    }
}
