//! Nested group membership, worked out in memory from one search for all groups.

mod protected;

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};

use keymend_domain::directory::DirectoryError;
use keymend_domain::time::{MINUTE_MS, Moment};
use ldap3::Scope;
use tokio::sync::OnceCell;

use super::connect::{Failure, Search, Step};
use super::dn::DnKey;
use super::entry::Entry;
use super::filter::Filter;
use super::options::LdapOptions;
use super::pages::Pages;
use super::servers::{Server, Servers, Service};

/// How old the picture of the groups may be.
const FRESH_MS: i64 = MINUTE_MS;
/// Groups asked for at a time.
const PAGE: i32 = 500;
/// With more groups than this the adapter gives up rather than eat all memory.
const GROUPS_MAX: usize = 100_000;
const ATTRIBUTES: &[&str] = &["member", "uniqueMember", "memberUid"];

/// `sizeLimitExceeded` and `adminLimitExceeded` (RFC 4511 §4.1.9).
const SIZE_LIMIT: u32 = 4;
const ADMIN_LIMIT: u32 = 11;
/// Who is protected is told by groups, so some of them are not enough.
const RAISE: &str = "there are more than the server gives to one account; raise its limit for the \
                     service account (OpenLDAP: size.prtotal in olcLimits; 389 Directory Server: \
                     nsPagedSizeLimit and nsPagedLookThroughLimit of its entry)";

/// All groups of a directory at one moment.
#[derive(Debug, Default)]
pub(super) struct Graph {
    names: Vec<String>,
    keys: Vec<DnKey>,
    places: HashMap<DnKey, usize>,
    by_member: HashMap<DnKey, Vec<usize>>,
    by_uid: HashMap<String, Vec<usize>>,
}

impl Graph {
    fn add(&mut self, group: &Entry) {
        let Some(key) = DnKey::of(&group.dn) else {
            return;
        };
        if self.places.contains_key(&key) {
            return;
        }
        let place = self.names.len();
        self.names.push(group.dn.clone());
        self.keys.push(key.clone());
        self.places.insert(key, place);
        for member in group.texts("member").chain(group.texts("uniqueMember")) {
            if let Some(member) = DnKey::of(member) {
                self.by_member.entry(member).or_default().push(place);
            }
        }
        for uid in group.texts("memberUid") {
            self.by_uid
                .entry(uid.to_lowercase())
                .or_default()
                .push(place);
        }
    }

    /// The DNs of every group an entry is in, directly or through other groups, in order.
    ///
    /// `memberOf` of the entry counts as well: it is fresher than the picture.
    pub(super) fn of(&self, entry: &Entry) -> Vec<String> {
        let mut seen = HashSet::new();
        let mut waiting: Vec<usize> = Vec::new();
        let mut names = HashSet::new();
        if let Some(key) = DnKey::of(&entry.dn) {
            waiting.extend(self.by_member.get(&key).into_iter().flatten());
        }
        for uid in entry.texts("uid") {
            waiting.extend(self.by_uid.get(&uid.to_lowercase()).into_iter().flatten());
        }
        for group in entry.texts("memberOf") {
            match DnKey::of(group).and_then(|key| self.places.get(&key)) {
                Some(place) => waiting.push(*place),
                None => {
                    names.insert(group.to_owned());
                }
            }
        }
        // Each group is looked at once, so a cycle ends.
        while let Some(place) = waiting.pop() {
            if seen.insert(place)
                && let (Some(name), Some(key)) = (self.names.get(place), self.keys.get(place))
            {
                names.insert(name.clone());
                waiting.extend(self.by_member.get(key).into_iter().flatten());
            }
        }
        let mut names: Vec<String> = names.into_iter().collect();
        names.sort_unstable();
        names
    }
}

type Picture = Arc<OnceCell<Arc<Graph>>>;

/// The groups of a directory, read again when they are a minute old.
#[derive(Debug)]
pub(super) struct Groups {
    base: String,
    /// The base of the people, some of whom may be groups.
    people: String,
    /// Protected groups, which count wherever they are.
    protected: Vec<String>,
    filter: Filter,
    current: Mutex<(Moment, Picture)>,
}

impl Groups {
    /// The groups below the base for groups, and the protected ones wherever they are.
    pub(super) fn new(options: &LdapOptions) -> Self {
        let kinds = ["groupOfNames", "groupOfUniqueNames", "posixGroup"];
        let kinds = kinds.map(|kind| Filter::equal("objectClass", kind));
        Self {
            base: options.group_base.as_ref().unwrap_or(&options.base).clone(),
            people: options.base.clone(),
            protected: options.protected_groups.clone(),
            filter: Filter::Or(kinds.into()),
            current: Mutex::new((Moment(i64::MIN), Picture::default())),
        }
    }

    /// The picture of the groups, at most a minute old.  Many callers share one search.
    pub(super) async fn graph(
        &self,
        servers: &Servers,
        now: Moment,
    ) -> Result<Arc<Graph>, Failure> {
        let picture = {
            let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
            if !(0..FRESH_MS).contains(&now.since_ms(current.0)) {
                *current = (now, Picture::default());
            }
            Arc::clone(&current.1)
        };
        let graph = picture.get_or_try_init(|| async { self.read(servers).await.map(Arc::new) });
        graph.await.cloned()
    }

    async fn read(&self, servers: &Servers) -> Result<Graph, Failure> {
        let (server, service) = servers.service().await?;
        let graph = self.read_from(server, &service).await;
        if let Err(failure) = &graph
            && matches!(failure.error, DirectoryError::Down { .. })
        {
            server.discard(&service);
        }
        graph
    }

    /// The groups as one server shows them now.
    pub(super) async fn read_from(
        &self,
        server: &Server,
        service: &Service,
    ) -> Result<Graph, Failure> {
        let mut graph = Graph::default();
        let groups = self.below(&self.base, "group_base", (server, service));
        groups.await?.iter().for_each(|group| graph.add(group));
        self.add_protected(server, service, &mut graph).await?;
        Ok(graph)
    }

    /// All groups below a base, which has this name in the configuration.
    async fn below(
        &self,
        base: &str,
        name: &str,
        (server, service): (&Server, &Service),
    ) -> Result<Vec<Entry>, Failure> {
        let search = Search {
            base,
            scope: Scope::Subtree,
            filter: &self.filter,
            attributes: ATTRIBUTES,
            size_limit: 0,
            types_only: false,
        };
        let mut groups = Vec::new();
        let mut pages = Pages::new(PAGE, GROUPS_MAX);
        let connection = &service.connection;
        let limit = server.call_timeout();
        loop {
            let page = pages.next(connection, &search, Vec::new(), limit).await;
            let page = page.map_err(|fault| fault.failure(Step::Search))?;
            let Some(hits) = page else {
                break;
            };
            match hits.rc {
                0 => {}
                rc @ (SIZE_LIMIT | ADMIN_LIMIT) => {
                    let what = format!("read all groups below {name} (result {rc}): {RAISE}");
                    return Err(Failure::rights(Step::Search, what));
                }
                rc => {
                    let what = format!("read the groups below {name} (result {rc})");
                    return Err(Failure::rights(Step::Search, what));
                }
            }
            groups.extend(hits.entries);
            if groups.len() > GROUPS_MAX {
                break;
            }
        }
        if pages.is_cut() {
            return Err(Failure::strange(Step::Search, "more than 100,000 groups"));
        }
        Ok(groups)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn graph(groups: &[(&str, &[(&str, &str)])]) -> Graph {
        let mut graph = Graph::default();
        for (dn, attributes) in groups {
            graph.add(&Entry::of(dn, attributes));
        }
        graph
    }

    #[test]
    fn nested_groups_are_found_and_a_cycle_ends() {
        let graph = graph(&[
            (
                "cn=a,dc=x",
                &[("member", "uid=Jane,dc=x"), ("member", "cn=c,dc=x")],
            ),
            ("cn=b,dc=x", &[("member", "CN=A, DC=x")]),
            ("cn=c,dc=x", &[("uniqueMember", "cn=b,dc=x")]),
            ("cn=other,dc=x", &[("member", "uid=joe,dc=x")]),
        ]);
        let jane = Entry::of("uid=jane,dc=x", &[]);
        assert_eq!(graph.of(&jane), ["cn=a,dc=x", "cn=b,dc=x", "cn=c,dc=x"]);
    }

    #[test]
    fn the_entrys_own_list_and_unix_groups_count_too() {
        let graph = graph(&[
            ("cn=unix,dc=x", &[("memberUid", "jane")]),
            ("cn=outer,dc=x", &[("member", "cn=new,dc=x")]),
            ("cn=new,dc=x", &[]),
        ]);
        let jane = Entry::of(
            "uid=jane,dc=x",
            &[
                ("uid", "Jane"),
                ("memberOf", "cn=New,dc=x"),
                ("memberOf", "cn=far,dc=y"),
            ],
        );
        let expected = [
            "cn=far,dc=y",
            "cn=new,dc=x",
            "cn=outer,dc=x",
            "cn=unix,dc=x",
        ];
        assert_eq!(graph.of(&jane), expected);
    }
}
