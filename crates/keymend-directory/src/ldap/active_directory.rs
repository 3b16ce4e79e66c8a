//! Active Directory and Samba: how people are found and read, and how their passwords are
//! written.
//!
//! An account is known by its `objectGUID` and read from its own entry, because some attributes
//! are worked out only there.  Passwords go into `unicodePwd` and nowhere else: `userPassword`
//! would be taken, stored readable, and change nothing.

mod access;
mod answer;
mod descriptor;
mod domain;
mod file_time;
mod guid;
mod names;
mod person;
mod protected;
mod rights;
mod rules;
mod sid;
pub(super) mod tally;
mod writing;

use std::sync::Arc;

use keymend_domain::account::{AccountRef, Claim, Protection};
use keymend_domain::directory::{Kinds, PasswordRules};
use keymend_domain::route::Realms;
use keymend_domain::time::{Clock, Moment};
use ldap3::Scope;
use ldap3::controls::RawControl;

use super::connect::{CallError, Failure, Hits, Search, Step};
use super::dn::DnKey;
use super::entry::Entry;
use super::filter::Filter;
use super::options::LdapOptions;
use super::person::{Lasting, Seen};
use super::policy::Remembered;
use super::servers::{Server, Service};
use person::{Around, Schema};
use rules::Applied;

pub(super) use answer::{of_sign_in, of_unlock, of_write, why_not_let_in};
pub(super) use protected::is_administrator;
pub(super) use sid::Sid;
pub(super) use writing::{New, lift_lock, set_password};

/// Asks for parts of the access list (MS-ADTS, `LDAP_SERVER_SD_FLAGS_OID`); the value is
/// `SEQUENCE { INTEGER 4 }`, the discretionary list alone.
const SD_FLAGS: &str = "1.2.840.113556.1.4.801";
const DACL: [u8; 5] = [0x30, 3, 2, 1, 4];
/// Follows membership through groups in groups (MS-ADTS 3.1.1.3.4.4.3).
const IN_CHAIN: &str = "1.2.840.113556.1.4.1941";
/// The attributes that hold what people type, if the installer does not say.
const LOGIN: [&str; 3] = ["sAMAccountName", "userPrincipalName", "mail"];

/// Entries on one page; servers give 1,000 at most.
const PAGE: i32 = 500;

/// What is special about reading a directory of this kind.
pub(super) struct ActiveDirectory {
    base: String,
    base_key: Option<DnKey>,
    login: Vec<String>,
    filter: Option<Filter>,
    /// The installer's list of protected groups, as written and for comparing.
    listed: Vec<String>,
    protected: Vec<DnKey>,
    schema: Schema,
    domain: domain::Remembered,
    settings: Remembered<Applied>,
    names: names::Names,
    clock: Arc<dyn Clock>,
}

impl ActiveDirectory {
    pub(super) fn new(
        options: &LdapOptions,
        filter: Option<Filter>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let login = options.login_attributes.clone();
        let listed = options.protected_groups.iter();
        Self {
            base: options.base.clone(),
            base_key: DnKey::of(&options.base),
            login: login.unwrap_or_else(|| LOGIN.map(str::to_owned).to_vec()),
            filter,
            listed: options.protected_groups.clone(),
            protected: listed.filter_map(|dn| DnKey::of(dn)).collect(),
            schema: Schema::new(options),
            domain: domain::Remembered::default(),
            settings: Remembered::default(),
            names: names::Names::default(),
            clock,
        }
    }

    /// The names of the domain, as they stand in `name@domain` and `DOMAIN\name`.
    pub(super) async fn realms(
        &self,
        server: &Server,
        service: &Service,
    ) -> Result<Realms, CallError> {
        let domain = self.domain.get(server, service, self.clock.now()).await?;
        Ok(domain.realms())
    }

    /// Forgets the rules for passwords, so that they are read again.
    pub(super) fn forget_rules(&self) {
        self.domain.forget();
        self.settings.forget();
    }

    /// Everyone a typed name means.  A single one is read whole, from the entry itself.
    pub(super) async fn find(
        &self,
        server: &Server,
        service: &Service,
        claim: &Claim,
    ) -> Result<Hits, CallError> {
        let domain = self.domain.get(server, service, self.clock.now()).await?;
        let tests = domain.tests(claim.typed(), &self.login);
        let search = Search {
            base: &self.base,
            scope: Scope::Subtree,
            filter: &self.within_scope(Some(Filter::Or(tests))),
            attributes: &["objectGUID"],
            size_limit: 2,
            types_only: false,
        };
        let hits = service
            .connection
            .search(&search, server.call_timeout())
            .await?;
        match hits.entries.as_slice() {
            [only] => {
                let Some(guid) = only.bytes("objectGUID").and_then(guid::text_of) else {
                    // The entry without its identity: reading it will name the missing right.
                    return Ok(hits);
                };
                self.read_by(server, service, &guid).await
            }
            _ => Ok(hits),
        }
    }

    /// The entry that has an anchor, if it is still below the base and within the filter.
    pub(super) async fn read(
        &self,
        server: &Server,
        service: &Service,
        account: &AccountRef,
    ) -> Result<Hits, CallError> {
        self.read_by(server, service, &account.anchor.0).await
    }

    async fn read_by(
        &self,
        server: &Server,
        service: &Service,
        guid: &str,
    ) -> Result<Hits, CallError> {
        let Some(dn) = guid::dn_of(guid) else {
            return Ok(Hits::none());
        };
        let attributes: Vec<&str> = self.schema.attributes.iter().map(String::as_str).collect();
        let search = Search {
            base: &dn,
            scope: Scope::Base,
            filter: &self.within_scope(None),
            attributes: &attributes,
            size_limit: 0,
            types_only: false,
        };
        let dacl = RawControl {
            ctype: SD_FLAGS.to_owned(),
            crit: false,
            val: Some(DACL.to_vec()),
        };
        let limit = server.call_timeout();
        let mut hits = service
            .connection
            .search_with(&search, vec![dacl], limit)
            .await?;
        // noSuchObject: nothing has this identity any more.
        if hits.rc == 32 {
            return Ok(Hits::none());
        }
        hits.entries.retain(|entry| self.is_below_base(&entry.dn));
        Ok(hits)
    }

    fn is_below_base(&self, dn: &str) -> bool {
        match (DnKey::of(dn), &self.base_key) {
            (Some(dn), Some(base)) => dn.is_at_or_below(base),
            _ => false,
        }
    }

    pub(super) fn within_scope(&self, test: Option<Filter>) -> Filter {
        let mut parts = vec![Filter::equal("objectClass", "user")];
        parts.extend(self.filter.clone());
        parts.extend(test);
        Filter::And(parts)
    }

    /// Everything about one entry that was read from itself.
    pub(super) async fn see(
        &self,
        server: &Server,
        service: &Service,
        entry: Entry,
    ) -> Result<Seen, Failure> {
        let failure = |fault: CallError| fault.failure(Step::Search);
        let now = self.clock.now();
        let policy = self.policy(server, service, &entry, now).await;
        let policy = policy.map_err(failure)?;
        let groups = self.groups(server, service, &entry).await?;
        let at = (server, service);
        let mut names = self.names.of(at, &groups, now).await.map_err(failure)?;
        // Groups that are for mail alone are not in the list of identifiers.
        names.extend(entry.texts("memberOf").map(str::to_owned));
        names.sort_unstable();
        names.dedup();
        let hints = service.offer.policy_hints.is_some();
        let around = Around {
            policy: &policy,
            binds_resets: hints,
            groups: &groups,
            group_names: names,
            now,
        };
        let mut account = self.schema.account(&entry, around)?;
        if account.state.protection.is_none() {
            let listed = self.listed(at, &entry, &account.groups).await;
            account.state.protection = listed.map_err(failure)?;
        }
        Ok(Seen {
            rules: rules_by(&policy, service, &entry, now),
            lasting: Lasting::Unknown,
            account,
            entry,
        })
    }

    /// The rules for the account of an entry.
    pub(super) async fn rules(
        &self,
        server: &Server,
        service: &Service,
        entry: &Entry,
    ) -> Result<PasswordRules, CallError> {
        let now = self.clock.now();
        let policy = self.policy(server, service, entry, now).await?;
        Ok(rules_by(&policy, service, entry, now))
    }

    /// The rules for one account: its PSO's if one applies, else the domain's.
    async fn policy(
        &self,
        server: &Server,
        service: &Service,
        entry: &Entry,
        now: Moment,
    ) -> Result<Applied, CallError> {
        let Some(dn) = entry.text("msDS-ResultantPSO") else {
            if entry.has("msDS-PSOApplied") {
                tracing::warn!(
                    server = server.address(),
                    "msDS-ResultantPSO cannot be read, although rules of its own are laid on an \
                     account, so these are told to nobody; allow the service account to read it"
                );
                return Ok(Applied::Unreadable);
            }
            let domain = self.domain.get(server, service, now).await?;
            return Ok(match domain.policy.clone() {
                Some(policy) => Applied::Known(policy),
                None => Applied::Unreadable,
            });
        };
        let key = DnKey::of(dn).ok_or(CallError::Garbled)?;
        if let Some(known) = self.settings.get(&key, now) {
            return Ok(known);
        }
        let policy = match domain::settings(server, service, dn).await? {
            Some(policy) => Applied::Known(policy),
            None => {
                tracing::warn!(
                    server = server.address(),
                    pso = dn,
                    "a password settings object cannot be read, so its rules are told to nobody; \
                     allow the service account to read it (docs: Active Directory, rights)"
                );
                Applied::Unreadable
            }
        };
        self.settings.put(key, now, policy.clone());
        Ok(policy)
    }

    /// Every group the person is in, nested and primary ones included.
    ///
    /// The server works them out and ends at cycles, but gives them for one entry read by its own
    /// name alone.  Each person is in one group at least, so an empty list means that it may not
    /// be read; then nobody knows who is protected, and nothing is done.
    async fn groups(
        &self,
        server: &Server,
        service: &Service,
        entry: &Entry,
    ) -> Result<Vec<Sid>, Failure> {
        if let Some(known) = token_groups(entry) {
            return Ok(known);
        }
        let search = Search {
            base: &entry.dn,
            scope: Scope::Base,
            filter: &Filter::Present("objectClass".to_owned()),
            attributes: &["tokenGroups"],
            size_limit: 1,
            types_only: false,
        };
        let limit = server.call_timeout();
        let hits = service.connection.search(&search, limit).await;
        let hits = hits.map_err(|fault| fault.failure(Step::Search))?;
        hits.entries.first().and_then(token_groups).ok_or_else(|| {
            let what = format!("read tokenGroups of people (result {})", hits.rc);
            Failure::rights(Step::Search, what)
        })
    }

    /// Whether the person is in a group of the installer's list, which may be one for mail alone.
    async fn listed(
        &self,
        (server, service): (&Server, &Service),
        entry: &Entry,
        names: &[String],
    ) -> Result<Option<Protection>, CallError> {
        if self.protected.is_empty() {
            return Ok(None);
        }
        let listed =
            |name: &&String| DnKey::of(name).is_some_and(|key| self.protected.contains(&key));
        if let Some(name) = names.iter().find(listed) {
            return Ok(Some(Protection(name.clone())));
        }
        let test = |group: &String| Filter::rule("memberOf", IN_CHAIN, group);
        let search = Search {
            base: &entry.dn,
            scope: Scope::Base,
            filter: &Filter::Or(self.listed.iter().map(test).collect()),
            attributes: &["1.1"],
            size_limit: 1,
            types_only: false,
        };
        let limit = server.call_timeout();
        let hits = service.connection.search(&search, limit).await?;
        match (hits.rc, hits.entries.is_empty()) {
            (_, false) => Ok(Some(Protection("in one of protected_groups".to_owned()))),
            (0, true) => Ok(None),
            // What cannot be asked is not taken for harmless.
            _ => Err(CallError::Garbled),
        }
    }
}

fn rules_by(policy: &Applied, service: &Service, entry: &Entry, now: Moment) -> PasswordRules {
    let hints = service.offer.policy_hints.is_some();
    let mut rules = policy.rules(entry, hints, now);
    if service.offer.is_samba {
        rules.kinds = Kinds::Samba;
    }
    rules
}

/// The identifiers in `tokenGroups`; `None` if there are none, or one cannot be read.
fn token_groups(entry: &Entry) -> Option<Vec<Sid>> {
    let known: Option<Vec<Sid>> = entry
        .all_bytes("tokenGroups")
        .map(Sid::from_bytes)
        .collect();
    known.filter(|known| !known.is_empty())
}
