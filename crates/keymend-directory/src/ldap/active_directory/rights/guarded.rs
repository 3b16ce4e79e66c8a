//! What the service account may do to those who must never be touched.
//!
//! Membership is followed from the groups downward, because not every server marks the members
//! with `adminCount`.  A group of somebody's own (`primaryGroupID`) is in no list of members, and
//! long lists are given in parts (MS-ADTS 3.1.1.3.1.3.3), so members are searched for by what
//! their own entries say.

use std::collections::HashSet;

use keymend_domain::directory::rights::Severity;
use ldap3::Scope;

use super::{ATTRIBUTES, Proof, access_lists};
use crate::ldap::active_directory::access::AccessList;
use crate::ldap::active_directory::{Sid, person, protected};
use crate::ldap::connect::{CallError, Search};
use crate::ldap::dn::DnKey;
use crate::ldap::entry::Entry;
use crate::ldap::filter::Filter;
use crate::ldap::pages::Pages;
use crate::ldap::sample;

/// Entries on one page: their access lists are long, and what may be written is worked out for
/// each.
const PAGE: i32 = 100;
/// Protected accounts and groups looked at; more than this is no tier 0 any more.
const GUARDED_MAX: usize = 10_000;
/// Units, containers and the like above protected entries that are looked at.
const ABOVE_MAX: usize = 200;
/// Entries that are named one by one; the rest are counted.
const NAMED_MAX: u32 = 50;

const SEE_ALL: &str = "see every protected account";
const SEE_WHO: &str = "see who may reset a protected account";

/// Attributes with which a protected account is taken over, or a group filled, whoever holds the
/// right to reset it: by a certificate, a key or a ticket of one's own, or by weaker rules for it.
const TAKEN_OVER_BY: &[&str] = &[
    "altSecurityIdentities",
    "member",
    "msDS-AllowedToActOnBehalfOfOtherIdentity",
    "msDS-KeyCredentialLink",
    "servicePrincipalName",
    "unicodePwd",
    "userAccountControl",
    "userPassword",
];

/// Entries on the way, each once.
#[derive(Default)]
struct Walk {
    waiting: Vec<Entry>,
    known: HashSet<String>,
    /// There are more than can be looked at.
    is_cut: bool,
    /// What the server answered where it did not let everything be seen.
    refused: Option<u32>,
    /// Entries about which something is too much.
    grave: u32,
}

impl Walk {
    fn add(&mut self, entry: Entry) {
        if self.known.len() >= GUARDED_MAX {
            self.is_cut = true;
        } else if self.known.insert(entry.dn.clone()) {
            self.waiting.push(entry);
        }
    }
}

impl Proof<'_> {
    /// Every account that must never be reset, and the groups that make one of them.
    pub(super) async fn protected_accounts(&mut self) -> Result<(), CallError> {
        let mut tests = vec![Filter::equal("adminCount", "1")];
        let own = self.service.offer.token.first().cloned();
        let guarded = own.map(|own| protected::guarded_sids(&own));
        let by_sid = |sid: Sid| Filter::Equal("objectSid".to_owned(), sid.to_bytes());
        tests.extend(guarded.into_iter().flatten().map(by_sid));
        let mut walk = Walk::default();
        self.gather(&mut walk, &Filter::Or(tests)).await?;
        for group in self.of.listed.clone() {
            match self.read(&group).await? {
                Some(entry) => walk.add(entry),
                None => {
                    let remedy = "see that the group in protected_groups exists and may be read";
                    self.find(Severity::Unproven, SEE_ALL, &group, remedy);
                }
            }
        }
        while let Some(entry) = walk.waiting.pop() {
            self.protected_entry(&mut walk, &entry);
            if is_group(&entry) {
                self.members(&mut walk, &entry).await?;
            }
        }
        self.conclude(&walk);
        self.above(&walk).await
    }

    /// Whoever rules what stands above protected entries rules them.
    async fn above(&mut self, walk: &Walk) -> Result<(), CallError> {
        let head = self.service.offer.base.clone();
        let holder = format!("CN=AdminSDHolder,CN=System,{head}");
        // What is stamped on all of tier 0 within the hour, and the domain itself.
        let mut places = vec![head.clone(), holder];
        let mut seen: HashSet<String> = places.iter().map(|dn| dn.to_lowercase()).collect();
        let mut known: Vec<&String> = walk.known.iter().collect();
        known.sort_unstable();
        for dn in known {
            let mut above = sample::unit_of(dn);
            while self.is_of_domain(above) && seen.insert(above.to_lowercase()) {
                places.push(above.to_owned());
                above = sample::unit_of(above);
            }
        }
        if places.len() > ABOVE_MAX {
            let remedy = format!("tier 0 should be in few units; {ABOVE_MAX} were looked at");
            self.find(Severity::Unproven, SEE_ALL, &head, &remedy);
        }
        for dn in places.into_iter().take(ABOVE_MAX) {
            let entry = self.read(&dn).await?;
            let descriptor = entry
                .as_ref()
                .and_then(|it| it.bytes("nTSecurityDescriptor"));
            let Some((entry, list)) = entry.as_ref().zip(descriptor.and_then(AccessList::parse))
            else {
                let remedy =
                    "let the service account read the permissions of the entry (READ_CONTROL)";
                self.find(Severity::Unproven, SEE_WHO, &dn, remedy);
                continue;
            };
            if let Some(right) = rules_below(entry, &list, &self.token) {
                let remedy = "take it away: Keymend needs rights to people's entries alone, which \
                              these inherit from the units that were granted";
                self.find(Severity::TooMuch, right, &dn, remedy);
            }
        }
        Ok(())
    }

    fn conclude(&mut self, walk: &Walk) {
        if let Some(rc) = walk.refused {
            let remedy = format!("let the service account search the domain (result {rc})");
            self.find(Severity::Unproven, SEE_ALL, "the domain", &remedy);
        }
        if walk.is_cut {
            let remedy = format!("tier 0 should be small; {GUARDED_MAX} entries were looked at");
            self.find(Severity::Unproven, SEE_ALL, "the domain", &remedy);
        }
        if let more @ 1.. = walk.grave.saturating_sub(NAMED_MAX) {
            let right = format!("the like on {more} more protected entries");
            let remedy = "mend those that are named, then look again: `keymend doctor`";
            self.find(Severity::TooMuch, &right, "the domain", remedy);
        }
    }

    /// Page by page, all that a filter finds in the domain.
    async fn gather(&self, walk: &mut Walk, filter: &Filter) -> Result<(), CallError> {
        let search = Search {
            base: &self.service.offer.base,
            scope: Scope::Subtree,
            filter,
            attributes: ATTRIBUTES,
            size_limit: 0,
            types_only: false,
        };
        let mut pages = Pages::new(PAGE, GUARDED_MAX);
        let connection = &self.service.connection;
        loop {
            let limit = self.server.call_timeout();
            let lists = vec![access_lists()];
            let Some(hits) = pages.next(connection, &search, lists, limit).await? else {
                walk.is_cut |= pages.is_cut();
                return Ok(());
            };
            if hits.rc != 0 {
                walk.refused = Some(hits.rc);
            }
            hits.entries.into_iter().for_each(|entry| walk.add(entry));
            if walk.is_cut {
                return Ok(());
            }
        }
    }

    /// Who is in a group: by what members say, and by what the group says.
    async fn members(&mut self, walk: &mut Walk, group: &Entry) -> Result<(), CallError> {
        let mut tests = vec![Filter::equal("memberOf", &group.dn)];
        let number = person::own_sid(group).and_then(|own| own.domain_number());
        tests.extend(number.map(|number| Filter::equal("primaryGroupID", &number.to_string())));
        self.gather(walk, &Filter::Or(tests)).await?;
        for member in group.texts("member").map(str::to_owned) {
            if walk.known.contains(&member) || !self.is_of_domain(&member) {
                continue;
            }
            match self.read(&member).await? {
                Some(entry) => walk.add(entry),
                None => {
                    walk.known.insert(member.clone());
                    let remedy = "let the service account read the entry and its permissions";
                    self.find(Severity::Unproven, SEE_WHO, &member, remedy);
                }
            }
        }
        Ok(())
    }

    /// What other domains of the forest hold is out of this server's reach, and so of ours.
    fn is_of_domain(&self, dn: &str) -> bool {
        match (DnKey::of(dn), DnKey::of(&self.service.offer.base)) {
            (Some(dn), Some(base)) => dn.is_at_or_below(&base),
            _ => true,
        }
    }

    fn protected_entry(&mut self, walk: &mut Walk, entry: &Entry) {
        // What an account may do to itself gives it nothing.
        let own = person::own_sid(entry);
        if own.is_some_and(|own| self.service.offer.token.first() == Some(&own)) {
            return;
        }
        let list = entry
            .bytes("nTSecurityDescriptor")
            .and_then(AccessList::parse);
        let Some(list) = list else {
            let remedy = "let the service account read the permissions of the entry (READ_CONTROL)";
            return self.find(Severity::Unproven, SEE_WHO, &entry.dn, remedy);
        };
        let Some(right) = too_much(entry, &list, &self.token) else {
            return;
        };
        walk.grave += 1;
        if walk.grave > NAMED_MAX {
            return;
        }
        let unit = sample::unit_of(&entry.dn);
        let remedy = format!(
            "move it out of the units that were granted to Keymend (it is in {unit}), or take \
             inheritance from it and give it the permissions of CN=AdminSDHolder,CN=System; if \
             only adminCount is left over from former times, clear adminCount"
        );
        self.find(Severity::TooMuch, &right, &entry.dn, &remedy);
    }
}

fn is_group(entry: &Entry) -> bool {
    let mut classes = entry.texts("objectClass");
    classes.any(|class| class.eq_ignore_ascii_case("group"))
}

/// What makes somebody with these identities the ruler of all below an entry.
fn rules_below(entry: &Entry, list: &AccessList, token: &[Sid]) -> Option<&'static str> {
    let mut writes = entry.texts("allowedAttributesEffective");
    if list.lets_rewrite(token) {
        Some("change the permissions of what stands above protected accounts")
    } else if list.lets_replicate(token) {
        Some("read all passwords of the domain by replication")
    } else if list.lets_write_all(token) {
        Some("write every attribute of what stands above protected accounts")
    } else if writes.any(|name| name.eq_ignore_ascii_case("gPLink")) {
        Some("link group policies (gPLink) above protected accounts")
    } else {
        None
    }
}

/// The gravest thing that somebody with these identities may do to a protected entry.
fn too_much(entry: &Entry, list: &AccessList, token: &[Sid]) -> Option<String> {
    let is_group = is_group(entry);
    let may_write = |name: &&&str| {
        let mut all = entry.texts("allowedAttributesEffective");
        all.any(|own| own.eq_ignore_ascii_case(name))
    };
    let right = if is_group && list.lets_add_members(token) {
        "add members to a protected group"
    } else if list.lets_rewrite(token) {
        "change the permissions of a protected entry"
    } else if !is_group && list.lets_reset(token) {
        "reset the password of a protected account"
    } else if !is_group && list.lets_write_all(token) {
        "write every attribute of a protected account"
    } else {
        let name = TAKEN_OVER_BY.iter().find(may_write)?;
        return Some(format!("write {name} of a protected entry"));
    };
    Some(right.to_owned())
}
