//! What the service account may do to those who must never be touched, and to the rules of an
//! OpenLDAP directory or a 389 Directory Server itself.

use std::collections::HashSet;

use keymend_domain::directory::rights::{Finding, Severity};
use ldap3::Scope;

use super::asked::{PASSWORD, RULES, finding};
use super::asking::{Asking, Question, Would};
use crate::ldap::Ldap;
use crate::ldap::connect::{Failure, Search, Step};
use crate::ldap::dialect::Dialect;
use crate::ldap::ds389;
use crate::ldap::entry::Entry;
use crate::ldap::filter::Filter;
use crate::ldap::pages::Pages;

/// Protected accounts and groups looked at; more than this is no tier 0 any more.
const GUARDED_MAX: usize = 1_000;
/// Entries on one page.
const PAGE: i32 = 500;
/// User names in one search.
const NAMES_MAX: usize = 100;

const SEE_WHO: &str = "see who is protected";
/// A member that no group has.
const NO_MEMBER: &str = "cn=keymend-rights-proof,dc=invalid";
/// Attributes of `cn=config` that a 389 Directory Server is asked about and that are never tried:
/// taking a value from such an attribute may put it back to what it was delivered with.
const TOLD_OF_CONFIGURATION: [Question; 3] = [
    ("nsslapd-rootpw", ""),
    ("passwordAdminDN", ""),
    ("passwordMinLength", ""),
];
const MEMBERS: [Question; 2] = [("member", NO_MEMBER), ("uniqueMember", NO_MEMBER)];

/// The findings about protected accounts, their groups, and the server's own rules.
pub(super) async fn prove(ldap: &Ldap, asking: &Asking<'_>) -> Result<Vec<Finding>, Failure> {
    let mut walk = Walk {
        asking,
        base: &ldap.options.base,
        known: HashSet::new(),
        waiting: Vec::new(),
        findings: Vec::new(),
    };
    walk.configuration(&ldap.options.base).await?;
    for group in &ldap.options.protected_groups {
        match walk.read(group).await? {
            Some(entry) => walk.add(entry),
            None => {
                let remedy = "see that the group in protected_groups exists and may be read";
                let unproven = finding(Severity::Unproven, SEE_WHO, group, remedy);
                walk.findings.push(unproven);
            }
        }
    }
    for group in ds389::guarded_groups(&asking.service.offer) {
        if let Some(entry) = walk.read(&group).await? {
            walk.add(entry);
        }
    }
    while let Some(entry) = walk.waiting.pop() {
        walk.look_at(&entry).await?;
    }
    Ok(walk.findings)
}

struct Walk<'a> {
    asking: &'a Asking<'a>,
    base: &'a str,
    known: HashSet<String>,
    waiting: Vec<Entry>,
    findings: Vec<Finding>,
}

impl Walk<'_> {
    fn add(&mut self, entry: Entry) {
        if self.known.len() < GUARDED_MAX {
            if self.known.insert(entry.dn.to_lowercase()) {
                self.waiting.push(entry);
            }
            return;
        }
        let remedy = format!("tier 0 should be small; {GUARDED_MAX} entries were looked at");
        let cut = finding(Severity::Unproven, SEE_WHO, self.base, &remedy);
        if !self.findings.contains(&cut) {
            self.findings.push(cut);
        }
    }

    /// Whoever writes the server's rules gives himself any right there is.
    async fn configuration(&mut self, base: &str) -> Result<(), Failure> {
        let offer = &self.asking.service.offer;
        let places: &[(&str, &[Question])] = match offer.dialect {
            Dialect::Ds389 => &[
                ("cn=config", &[RULES]),
                (&offer.base, &[RULES]),
                (base, &[RULES]),
            ],
            _ => &[("cn=config", &[("olcSizeLimit", "424242")])],
        };
        for (place, questions) in places {
            let mut answers = self.asking.would_write(place, questions).await?;
            if offer.dialect == Dialect::Ds389 && *place == "cn=config" {
                let told = self.asking.told(place, &TOLD_OF_CONFIGURATION).await?;
                answers.extend(told.into_iter().flatten());
            }
            if answers.contains(&Would::Do) {
                let right = "change the rules of the directory itself";
                let remedy = "take it away: Keymend writes people's entries alone";
                let grave = finding(Severity::TooMuch, right, place, remedy);
                self.findings.push(grave);
            }
        }
        Ok(())
    }

    async fn look_at(&mut self, entry: &Entry) -> Result<(), Failure> {
        let is_own = entry.dn.eq_ignore_ascii_case(self.asking.own);
        let is_group = is_group(entry);
        let questions: &[Question] = match is_group {
            true => &MEMBERS,
            false => &[PASSWORD],
        };
        let answers = self.asking.would_write(&entry.dn, questions).await?;
        if answers.contains(&Would::Do) && !is_own {
            let right = match is_group {
                true => "add members to a protected group",
                false => "set the password of a protected account",
            };
            let remedy = match self.asking.service.offer.dialect {
                Dialect::Ds389 => {
                    "deny it, for a deny goes before every allow: an aci on the entry or above \
                     it, `deny (write) userdn = \"ldap:///…\"` with the service account's DN"
                }
                _ => {
                    "put a rule in front of those that `keymend directory grants` prints: `to \
                     dn.exact=… attrs=userPassword by self =xw by anonymous auth by * none`"
                }
            };
            let grave = finding(Severity::TooMuch, right, &entry.dn, remedy);
            self.findings.push(grave);
        }
        if let Some(Would::Say(rc)) = answers.iter().find(|would| matches!(would, Would::Say(_))) {
            let remedy = format!("look into the server's log (result {rc})");
            let right = "see what may be done to a protected entry";
            let unproven = finding(Severity::Unproven, right, &entry.dn, &remedy);
            self.findings.push(unproven);
        }
        if is_group {
            self.members(entry).await?;
        }
        Ok(())
    }

    /// Who is in a group: by what the group says, and by what the members say.
    async fn members(&mut self, group: &Entry) -> Result<(), Failure> {
        self.gather(&Filter::equal("memberOf", &group.dn)).await?;
        let uids: Vec<Filter> = group
            .texts("memberUid")
            .map(|uid| Filter::equal("uid", uid))
            .collect();
        for some in uids.chunks(NAMES_MAX) {
            self.gather(&Filter::Or(some.to_vec())).await?;
        }
        let listed = group.texts("member").chain(group.texts("uniqueMember"));
        for member in listed.map(str::to_owned).collect::<Vec<_>>() {
            if self.known.contains(&member.to_lowercase()) {
                continue;
            }
            // What is not shown can still be written to, by rules made for writing alone.
            let entry = self.read(&member).await?;
            self.add(entry.unwrap_or_else(|| Entry::named(member)));
        }
        Ok(())
    }

    async fn gather(&mut self, filter: &Filter) -> Result<(), Failure> {
        let search = Search {
            base: self.base,
            scope: Scope::Subtree,
            filter,
            attributes: ATTRIBUTES,
            size_limit: 0,
            types_only: false,
        };
        let mut pages = Pages::new(PAGE, GUARDED_MAX);
        let connection = &self.asking.service.connection;
        loop {
            let page = pages.next(connection, &search, Vec::new(), self.asking.limit);
            let page = page.await.map_err(|fault| fault.failure(Step::Search))?;
            let Some(hits) = page else {
                return Ok(());
            };
            hits.entries.into_iter().for_each(|entry| self.add(entry));
        }
    }

    async fn read(&self, dn: &str) -> Result<Option<Entry>, Failure> {
        let search = Search {
            base: dn,
            scope: Scope::Base,
            filter: &Filter::Present("objectClass".to_owned()),
            attributes: ATTRIBUTES,
            size_limit: 1,
            types_only: false,
        };
        let connection = &self.asking.service.connection;
        let hits = connection.search(&search, self.asking.limit).await;
        let mut hits = hits.map_err(|fault| fault.failure(Step::Search))?;
        Ok(hits.entries.pop())
    }
}

const ATTRIBUTES: &[&str] = &["objectClass", "member", "uniqueMember", "memberUid"];

fn is_group(entry: &Entry) -> bool {
    let kinds = ["groupOfNames", "groupOfUniqueNames", "posixGroup"];
    entry
        .texts("objectClass")
        .any(|class| kinds.iter().any(|kind| class.eq_ignore_ascii_case(kind)))
}
