//! LDAP servers.
//!
//! OpenLDAP is supported, with the ppolicy overlay or without, 389 Directory Server with FreeIPA,
//! and Active Directory; another vendor is refused when it is first spoken to.  What each needs is
//! in [`active_directory`], in [`ds389`] and, for OpenLDAP, in the other files here.
//!
//! On an OpenLDAP server the service account needs to read the people, their groups and policies, `entryUUID`,
//! `entryCSN`, `memberOf` and the `pwd…` attributes; to write `userPassword` (which it should not
//! be able to read); and to write `pwdAccountLockedTime` for unlocking.  It must not be the root
//! DN, which no policy binds: one without an entry of its own is recognised and refused, one with
//! an entry cannot be told from a service account.
//!
//! One search finds a person (in an Active Directory two), one reads a person; policies and the
//! picture of the groups are kept for a minute.  Reads and writes share a few connections of the service account; people's
//! passwords are tried on connections of their own.

mod active_directory;
mod certificate;
mod connect;
mod control;
mod dialect;
mod ds389;
mod entry;
mod examine;
mod filter;
mod generalized_time;
mod grants;
mod groups;
mod lately;
mod options;
mod orders;
mod pages;
mod password;
mod permits;
mod person;
mod policy;
pub mod probe;
mod rights;
mod sample;
mod servers;
mod tally;
mod tls;
mod understand;
mod until;
mod verdict;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use keymend_domain::account::{AccountRef, Claim, DirectoryName};
use keymend_domain::directory::examination::ServerReport;
use keymend_domain::directory::rights::RightsReport;
use keymend_domain::directory::tally::ServerTallies;
use keymend_domain::directory::{
    Directory, DirectoryError, Found, Health, NoMatch, NotDone, PasswordRules, Reread, SignIn,
    WriteOrder, WriteOutcome,
};
use keymend_domain::dn::{self, DnKey};
use keymend_domain::route::Realms;
use keymend_domain::secret::{Password, Secret};
use keymend_domain::time::Clock;
use ldap3::Scope;

use self::active_directory::ActiveDirectory;
use self::connect::{CallError, Endpoint, Failure, Hits, Search, Step};
use self::ds389::Ds389;
use self::filter::Filter;
use self::groups::Groups;
use self::lately::Lately;
use self::orders::{Orders, Turn};
use self::person::{Schema, Seen};
use self::policy::{Applied, Remembered};
use self::servers::{Account, Purpose, Server, Servers, Service, Who};
use self::understand::try_password;

pub use self::dialect::{Abilities, Dialect};
pub use self::grants::{Grant, GrantTool, Grantee};
pub use self::options::{LdapOptions, OptionsError, WithoutPolicyHints};

/// How long [`Directory::health`] may take in all.
const HEALTH_LIMIT: Duration = Duration::from_secs(5);

/// Whom a search is for.
#[derive(Clone, Copy)]
enum Wanted<'a> {
    /// Whoever a typed name means.
    Name(&'a Claim),
    /// Whoever has this immutable id.
    Anchor(&'a AccountRef),
}

/// A directory behind LDAP.  Nothing connects before the first question.
pub struct Ldap {
    options: LdapOptions,
    filter: Option<Filter>,
    schema: Schema,
    servers: Servers,
    policies: Remembered<Applied>,
    groups: Groups,
    lately: Lately,
    active_directory: ActiveDirectory,
    ds389: Ds389,
    orders: Orders,
    /// The entry of the service account, if it is named by its DN.
    own: Option<DnKey>,
    clock: Arc<dyn Clock>,
}

impl Ldap {
    /// Takes the options after checking them; the network is not touched.
    ///
    /// # Errors
    ///
    /// [`OptionsError`] names the setting, its value and the remedy; show it and do not start.
    pub fn new(mut options: LdapOptions, clock: Arc<dyn Clock>) -> Result<Self, OptionsError> {
        options.check()?;
        let filter = options.parsed_filter()?;
        let password = std::mem::replace(&mut options.bind_password, Secret::new(String::new()));
        let account = Arc::new(Account {
            dn: options.bind_dn.clone(),
            key: DnKey::of(&options.bind_dn),
            password,
        });
        // A server that hangs may cost its share of a write's time, and no more.
        let count = u32::try_from(options.urls.len()).unwrap_or(u32::MAX);
        let share = options.write_deadline / count.saturating_mul(2).max(1);
        let list = options.urls.iter().map(|url| {
            let (tls, certificate) = tls::client_config(&options)?;
            let endpoint = Endpoint {
                url: url.clone(),
                start_tls: options.start_tls,
                tls,
                certificate,
                connect_timeout: options.connect_timeout.min(share),
                call_timeout: options.search_timeout,
            };
            let sizes = (options.service_connections, options.user_connections);
            let (account, clock) = (Arc::clone(&account), Arc::clone(&clock));
            Ok(Server::new(endpoint, account, clock, sizes))
        });
        let list = list.collect::<Result<Vec<Server>, OptionsError>>()?;
        Ok(Self {
            active_directory: ActiveDirectory::new(&options, filter.clone(), Arc::clone(&clock)),
            ds389: Ds389::new(&options, Arc::clone(&clock)),
            filter,
            schema: Schema::new(&options),
            servers: Servers::new(list, Arc::clone(&clock)),
            policies: Remembered::default(),
            groups: Groups::new(&options),
            lately: Lately::default(),
            orders: Orders::default(),
            own: DnKey::of(&options.bind_dn),
            clock,
            options,
        })
    }

    /// What the servers are and can do, as far as they have been spoken to since the start.
    #[must_use]
    pub fn abilities(&self) -> Vec<Abilities> {
        let servers = self.servers.all().iter();
        servers.filter_map(Server::abilities).collect()
    }

    /// What kind of server answers, and the service account's security identifier if that kind
    /// has one.
    ///
    /// # Errors
    ///
    /// [`DirectoryError`] if no server lets the service account in.
    pub async fn who_answers(&self) -> Result<(Dialect, Option<String>), DirectoryError> {
        let (_, service) = self
            .servers
            .service()
            .await
            .map_err(|failure| failure.error)?;
        let sid = service.offer.token.first().map(ToString::to_string);
        Ok((service.offer.dialect, sid))
    }

    /// One search for people, on the first server that answers.
    async fn search(&self, wanted: Wanted<'_>) -> Result<(&Server, Arc<Service>, Hits), Failure> {
        let mut last = Failure::down(Step::Search, "no server is configured");
        for _ in 0..2 {
            let (server, service) = self.servers.service().await?;
            match self.search_on(server, &service, wanted).await {
                Ok(hits) => return verdict::of_search(hits.rc).map(|()| (server, service, hits)),
                Err(fault) => {
                    server.discard(&service);
                    last = fault.failure(Step::Search);
                    if fault == CallError::Silent && self.servers.count() < 2 {
                        break;
                    }
                }
            }
        }
        Err(last)
    }

    fn within_scope(&self, test: Filter) -> Filter {
        match &self.filter {
            Some(filter) => Filter::And(vec![filter.clone(), test]),
            None => test,
        }
    }

    /// The filter that every account within the installer's scope meets.
    fn anybody(&self, dialect: Dialect) -> Filter {
        if dialect == Dialect::ActiveDirectory {
            return self.active_directory.within_scope(None);
        }
        let names = self.schema.login.iter();
        self.within_scope(Filter::Or(names.cloned().map(Filter::Present).collect()))
    }

    async fn search_on(
        &self,
        server: &Server,
        service: &Service,
        wanted: Wanted<'_>,
    ) -> Result<Hits, CallError> {
        let active_directory = &self.active_directory;
        match (service.offer.dialect, wanted) {
            (Dialect::ActiveDirectory, Wanted::Name(claim)) => {
                active_directory.find(server, service, claim).await
            }
            (Dialect::ActiveDirectory, Wanted::Anchor(account)) => {
                active_directory.read(server, service, account).await
            }
            (_, Wanted::Name(claim)) => {
                let test = |name: &String| Filter::equal(name, claim.typed());
                let tests = self.schema.login.iter().map(test).collect();
                self.below_base(server, service, Filter::Or(tests)).await
            }
            (dialect, Wanted::Anchor(account)) => {
                let name = match dialect {
                    Dialect::Ds389 => ds389::anchor_name(&service.offer),
                    _ => "entryUUID",
                };
                let test = Filter::equal(name, &account.anchor.0);
                self.below_base(server, service, test).await
            }
        }
    }

    async fn below_base(
        &self,
        server: &Server,
        service: &Service,
        test: Filter,
    ) -> Result<Hits, CallError> {
        let attributes = match service.offer.dialect {
            Dialect::Ds389 => &self.ds389.attributes,
            _ => &self.schema.attributes,
        };
        let attributes: Vec<&str> = attributes.iter().map(String::as_str).collect();
        let search = Search {
            base: &self.options.base,
            scope: Scope::Subtree,
            filter: &self.within_scope(test),
            attributes: &attributes,
            size_limit: 2,
            types_only: false,
        };
        service
            .connection
            .search(&search, server.call_timeout())
            .await
    }

    /// An account read afresh by its anchor, and where it was read.
    async fn fresh(
        &self,
        account: &AccountRef,
    ) -> Result<(&Server, Arc<Service>, Option<Seen>), Failure> {
        let (server, service, hits) = self.search(Wanted::Anchor(account)).await?;
        let seen = self.only(server, &service, hits).await?;
        Ok((server, service, seen))
    }

    /// An account read afresh by its anchor from one particular server.
    async fn look(&self, server: &Server, account: &AccountRef) -> Result<Option<Seen>, Failure> {
        let service = server.service().await?;
        let hits = self
            .search_on(server, &service, Wanted::Anchor(account))
            .await
            .map_err(|fault| {
                server.discard(&service);
                fault.failure(Step::Search)
            })?;
        verdict::of_search(hits.rc)?;
        self.only(server, &service, hits).await
    }

    /// The one entry that has an anchor.
    async fn only(
        &self,
        server: &Server,
        service: &Service,
        mut hits: Hits,
    ) -> Result<Option<Seen>, Failure> {
        let Some(entry) = hits.entries.pop() else {
            return Ok(None);
        };
        if !hits.entries.is_empty() {
            return Err(Failure::strange(
                Step::Search,
                "two entries have one immutable id",
            ));
        }
        self.see(server, service, entry).await.map(Some)
    }

    async fn try_health(&self, server: &Server, limit: Duration) -> Result<(), Failure> {
        let service = server.sign_in(limit).await?;
        let search = Search {
            base: &self.options.base,
            scope: Scope::Base,
            filter: &Filter::Present("objectClass".to_owned()),
            attributes: &["1.1"],
            size_limit: 1,
            types_only: false,
        };
        let hits = service.connection.search(&search, limit).await;
        let hits = hits.map_err(|fault| fault.failure(Step::Search))?;
        if hits.entries.is_empty() {
            let what = format!("read the base (result {})", hits.rc);
            return Err(Failure::rights(Step::Search, what));
        }
        Ok(())
    }
}

#[async_trait]
impl Directory for Ldap {
    fn name(&self) -> &DirectoryName {
        &self.options.name
    }

    async fn find(&self, claim: &Claim) -> Result<Found, DirectoryError> {
        let found = self.search(Wanted::Name(claim)).await;
        let (server, service, mut hits) = found.map_err(|failure| failure.error)?;
        let count = hits.entries.len();
        match (hits.entries.pop(), count) {
            (None, _) => Ok(Found::Nobody),
            (Some(entry), 1) => {
                let seen = self.see(server, &service, entry).await;
                seen.map(|seen| Found::One(Box::new(seen.account)))
                    .map_err(|failure| failure.error)
            }
            (Some(_), count) => Ok(Found::Several { count }),
        }
    }

    async fn read(
        &self,
        account: &AccountRef,
    ) -> Result<Option<keymend_domain::account::Account>, DirectoryError> {
        let fresh = self.fresh(account).await;
        fresh
            .map(|(_, _, seen)| seen.map(|seen| seen.account))
            .map_err(|failure| failure.error)
    }

    async fn password_rules(&self, account: &AccountRef) -> Result<PasswordRules, DirectoryError> {
        let (_, _, seen) = self.fresh(account).await.map_err(|failure| failure.error)?;
        Ok(seen.map_or_else(PasswordRules::default, |seen| seen.rules))
    }

    async fn rules_to_show(&self, account: &AccountRef) -> Result<PasswordRules, DirectoryError> {
        let Some(entry) = self.lately.get(&account.anchor, self.clock.now()) else {
            return self.password_rules(account).await;
        };
        let (server, service) = self.servers.service().await.map_err(|f| f.error)?;
        match self.rules((server, &service), &entry).await {
            Ok(rules) => Ok(rules),
            Err(_) => {
                // The next server may know.
                server.discard(&service);
                self.password_rules(account).await
            }
        }
    }

    async fn read_with_rules(
        &self,
        account: &AccountRef,
    ) -> Result<Option<(keymend_domain::account::Account, PasswordRules)>, DirectoryError> {
        let (_, _, seen) = self.fresh(account).await.map_err(|failure| failure.error)?;
        Ok(seen.map(|seen| (seen.account, seen.rules)))
    }

    async fn read_back(&self, account: &AccountRef) -> Result<Reread, DirectoryError> {
        let (mut shown, mut last) = (Vec::new(), None);
        for server in self.servers.all() {
            match self.look(server, account).await {
                Ok(seen) => shown.push(seen.map(|seen| seen.account)),
                Err(failure) => last = Some(failure.error),
            }
        }
        match last {
            Some(error) if shown.is_empty() => Err(error),
            silent => Ok(Reread {
                shown,
                is_whole: silent.is_none(),
            }),
        }
    }

    async fn check_password(
        &self,
        account: &AccountRef,
        password: &Password,
    ) -> Result<SignIn, DirectoryError> {
        let (server, service, seen) = self.fresh(account).await.map_err(|failure| failure.error)?;
        let Some(seen) = seen else {
            // The same question about nobody, with nobody's password: else the time of the answer
            // would tell that there is no such account.
            let decoy = self.options.decoy_dn.clone();
            let dn = decoy.unwrap_or_else(|| format!("cn=keymend-nobody,{}", self.options.base));
            let nobody = (Who { dn: &dn, sid: None }, "no password");
            let asking = server.bind_as(nobody, Purpose::LetIn, server.call_timeout());
            let (guest, _) = asking.await.map_err(|failure| failure.error)?;
            guest.keep();
            return Ok(SignIn::NoMatch(NoMatch::Unsaid));
        };
        let tried = try_password((server, service.offer.dialect), &seen, password).await;
        tried.map_err(|failure| failure.error)
    }

    async fn confirm_password(
        &self,
        account: &AccountRef,
        password: &Password,
    ) -> Result<SignIn, DirectoryError> {
        let mut newest: Option<(&Server, Seen)> = None;
        for server in self.servers.all() {
            let Ok(Some(seen)) = self.look(server, account).await else {
                continue;
            };
            let changed_at = |seen: &Seen| seen.account.state.password_changed_at;
            let is_newer = |(_, known): &(&Server, Seen)| changed_at(&seen) > changed_at(known);
            if newest.as_ref().is_none_or(is_newer) {
                newest = Some((server, seen));
            }
        }
        let Some((server, seen)) = newest else {
            return self.check_password(account, password).await;
        };
        let service = server.service().await.map_err(|failure| failure.error)?;
        let tried = try_password((server, service.offer.dialect), &seen, password).await;
        tried.map_err(|failure| failure.error)
    }

    async fn write(&self, order: &WriteOrder<'_>) -> WriteOutcome {
        if order.account().directory != self.options.name {
            return WriteOutcome::NotDone(NotDone::Gone);
        }
        match self.orders.begin(order.id()) {
            Turn::First(ticket) => {
                let outcome = password::carry_out(self, order).await;
                ticket.settle(&outcome);
                outcome
            }
            Turn::Again(repeat) => repeat.outcome().await,
        }
    }

    async fn health(&self) -> Health {
        let mut last = Failure::down(Step::Connection, "no server answered in time");
        // Each server gets its share, so that the failing step of the last can be named.
        let limit = HEALTH_LIMIT * 4 / 5 / self.servers.count().max(1);
        let trying = async {
            for server in self.servers.in_order() {
                match self.try_health(server, limit).await {
                    Ok(()) => return true,
                    Err(failure) => last = failure,
                }
            }
            false
        };
        if tokio::time::timeout(HEALTH_LIMIT, trying).await == Ok(true) {
            return Health::Up;
        }
        Health::Down {
            during: last.step.name().to_owned(),
            detail: last.error.to_string(),
        }
    }

    async fn rights(&self) -> Result<RightsReport, DirectoryError> {
        rights::prove(self).await.map_err(|failure| failure.error)
    }

    async fn realms(&self) -> Result<Realms, DirectoryError> {
        let service = self.servers.service().await;
        let (server, service) = service.map_err(|failure| failure.error)?;
        if service.offer.dialect != Dialect::ActiveDirectory {
            return Ok(Realms::default());
        }
        let realms = self.active_directory.realms(server, &service).await;
        realms.map_err(|fault| fault.failure(Step::Search).error)
    }

    async fn tallies(&self, accounts: &[AccountRef]) -> Vec<ServerTallies> {
        tally::of_servers(self, accounts).await
    }

    async fn examine(&self) -> Vec<ServerReport> {
        let mut reports = Vec::new();
        for server in self.servers.all() {
            reports.push(examine::server(self, server).await);
        }
        reports
    }
}
