//! What the service account may do to those who must never be touched, and to the rules of an
//! OpenLDAP directory or a 389 Directory Server itself.

use std::collections::HashSet;

use keymend_domain::directory::rights::{Finding, Severity};
use ldap3::Scope;

use super::asked::{PASSWORD, RULES, finding, unanswered};
use super::asking::{Asking, Question, Value, Would};
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
/// Attributes of `cn=config` that a 389 Directory Server is asked about and that are never tried:
/// taking a value from such an attribute may put it back to what it was delivered with.
const TOLD_OF_CONFIGURATION: [Question; 3] = [
    ("nsslapd-rootpw", Value::Password),
    ("passwordAdminDN", Value::Text),
    ("passwordMinLength", Value::Number),
];
/// Data bases that nearly every OpenLDAP has; others are found if the service account sees them.
const USUAL_DATA_BASES: [&str; 4] = ["{-1}frontend", "{0}config", "{1}mdb", "{2}mdb"];
/// Data bases that are asked about.
const DATA_BASES_MAX: usize = 32;
/// Whoever writes one of these in a data base's settings rules the data base.
const OF_DATA_BASE: [Question; 3] = [
    ("olcAccess", Value::Setting),
    ("olcRootDN", Value::Member),
    ("olcRootPW", Value::Setting),
];
const OF_DN_GROUP: &[Question] = &[
    ("member", Value::Member),
    ("uniqueMember", Value::Member),
    ("member", Value::Own),
];
const OF_UNIX_GROUP: &[Question] = &[("memberUid", Value::Text)];
/// With these a protected account is taken over, whoever may set its password: a key, a hash that
/// is as good as the password, or a certificate of one's own.
const TAKEN_OVER_BY: &[Question] = &[
    ("krbPrincipalKey", Value::Text),
    ("sambaNTPassword", Value::Text),
    ("sshPublicKey", Value::Text),
    ("ipaSshPubKey", Value::Text),
    ("userCertificate", Value::Text),
];

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
                walk.note(Severity::Unproven, SEE_WHO, group, remedy);
                walk.add(Entry::named(group.clone()));
            }
        }
    }
    let offer = &asking.service().offer;
    for group in ds389::guarded_groups(offer) {
        match walk.read(&group).await? {
            Some(entry) => walk.add(entry),
            // Other servers than FreeIPA need not have it.
            None if offer.is_free_ipa => {
                let remedy = "let the service account read the group and who is in it";
                walk.note(Severity::Unproven, SEE_WHO, &group, remedy);
            }
            None => {}
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
    /// Each finding once.
    fn note(&mut self, severity: Severity, right: &str, on: &str, remedy: &str) {
        let new = finding(severity, right, on, remedy);
        if !self.findings.contains(&new) {
            self.findings.push(new);
        }
    }

    fn add(&mut self, entry: Entry) {
        if self.known.len() < GUARDED_MAX {
            if self.known.insert(entry.dn.to_lowercase()) {
                self.waiting.push(entry);
            }
            return;
        }
        let remedy = format!("tier 0 should be small; {GUARDED_MAX} entries were looked at");
        self.note(Severity::Unproven, SEE_WHO, self.base, &remedy);
    }

    /// Whoever writes the server's rules gives himself any right there is.
    async fn configuration(&mut self, base: &str) -> Result<(), Failure> {
        let offer = &self.asking.service().offer;
        if offer.dialect == Dialect::Ds389 {
            for place in ["cn=config", &offer.base, base] {
                let mut answers = self.asking.would_write(place, &[RULES]).await?;
                if place == "cn=config" {
                    answers.extend(self.told(place, &TOLD_OF_CONFIGURATION).await?);
                }
                self.judge_rules(place, &answers);
            }
            return Ok(());
        }
        let limits = [("olcSizeLimit", Value::Number)];
        let answers = self.asking.would_write("cn=config", &limits).await?;
        self.judge_rules("cn=config", &answers);
        for place in self.data_bases().await? {
            let answers = self.asking.would_write(&place, &OF_DATA_BASE).await?;
            self.judge_rules(&place, &answers);
        }
        Ok(())
    }

    fn judge_rules(&mut self, place: &str, answers: &[Would]) {
        if answers.iter().any(|would| would.writes()) {
            let right = "change the rules of the directory itself";
            let remedy = "take it away: Keymend writes people's entries alone";
            self.note(Severity::TooMuch, right, place, remedy);
        }
    }

    /// The settings of the data bases of an OpenLDAP: the usual ones, for who may write them need
    /// not see them, and those that can be seen.
    async fn data_bases(&self) -> Result<Vec<String>, Failure> {
        let search = Search {
            base: "cn=config",
            scope: Scope::OneLevel,
            filter: &Filter::Present("olcDatabase".to_owned()),
            attributes: &["1.1"],
            size_limit: 0,
            types_only: true,
        };
        let connection = &self.asking.service().connection;
        let hits = connection.search(&search, self.asking.limit()).await;
        let hits = hits.map_err(|fault| fault.failure(Step::Search))?;
        let usual = USUAL_DATA_BASES.map(|name| format!("olcDatabase={name},cn=config"));
        let mut all: Vec<String> = usual.to_vec();
        for entry in hits.entries.into_iter().take(DATA_BASES_MAX) {
            if !all
                .iter()
                .any(|known| known.eq_ignore_ascii_case(&entry.dn))
            {
                all.push(entry.dn);
            }
        }
        Ok(all)
    }

    async fn told(&self, dn: &str, questions: &[Question]) -> Result<Vec<Would>, Failure> {
        let told = self.asking.told(dn, questions).await?;
        Ok(told.into_iter().flatten().flatten().collect())
    }

    async fn look_at(&mut self, entry: &Entry) -> Result<(), Failure> {
        if !entry.dn.eq_ignore_ascii_case(self.asking.own()) {
            let answers = self.answers(entry).await?;
            let is_group = is_group(entry);
            self.judge(entry, is_group, &answers);
        }
        if is_group(entry) {
            self.members(entry).await?;
        }
        Ok(())
    }

    /// What was said to each question about a protected entry.
    async fn answers(&self, entry: &Entry) -> Result<Vec<(&'static str, Would)>, Failure> {
        let dn = &entry.dn;
        let is_unseen = !entry.has("objectClass");
        let mut questions = Vec::new();
        if is_unseen || !is_group(entry) {
            questions.push(PASSWORD);
        }
        if is_unseen || is_dn_group(entry) {
            questions.extend(OF_DN_GROUP);
        }
        if is_unseen || is_unix_group(entry) {
            questions.extend(OF_UNIX_GROUP);
        }
        let answers = self.asking.would_write(dn, &questions).await?;
        let names = questions.iter().map(|(name, _)| *name);
        let mut all: Vec<_> = names.zip(answers).collect();
        let mut more = Vec::new();
        if is_unseen || !is_group(entry) {
            more.extend(TAKEN_OVER_BY);
        }
        if self.asking.service().offer.dialect == Dialect::Ds389 {
            more.push(RULES);
            // What the server does not speak of, its schema does not have.
            let told = self.asking.told(dn, &more).await?.unwrap_or_default();
            let named = more.iter().map(|(name, _)| *name).zip(told);
            all.extend(named.filter_map(|(name, would)| Some((name, would?))));
        } else {
            let answers = self.asking.would_write(dn, &more).await?;
            all.extend(more.iter().map(|(name, _)| *name).zip(answers));
        }
        Ok(all)
    }

    fn judge(&mut self, entry: &Entry, is_group: bool, answers: &[(&'static str, Would)]) {
        let mut grave = answers.iter().filter(|(_, would)| would.writes());
        if let Some((name, _)) = grave.next() {
            let right = match *name {
                "userPassword" => "set the password of a protected account".to_owned(),
                "aci" => "change the rules of a protected entry".to_owned(),
                "member" | "uniqueMember" | "memberUid" if is_group => {
                    "add members to a protected group".to_owned()
                }
                name => format!("write {name} of a protected entry"),
            };
            let remedy = self.taking_away(name);
            self.note(Severity::TooMuch, &right, &entry.dn, &remedy);
        }
        let unanswered_by = |(_, would): &(&str, Would)| match would {
            Would::Say(rc) => Some(*rc),
            _ => None,
        };
        if let Some(rc) = answers.iter().find_map(unanswered_by) {
            let right = "see what may be done to a protected entry";
            self.note(Severity::Unproven, right, &entry.dn, &unanswered(rc));
        }
    }

    fn taking_away(&self, name: &str) -> String {
        match self.asking.service().offer.dialect {
            Dialect::Ds389 => {
                "deny it, for a deny goes before every allow: an aci on the entry or \
                               above it, `deny (write) userdn = \"ldap:///…\"` with the service \
                               account's DN"
                    .to_owned()
            }
            _ => {
                let rest = match name {
                    "userPassword" => "by self =xw by anonymous auth by * none",
                    _ => "by dn.exact=… read by * break",
                };
                format!(
                    "put a rule in front of those that `keymend directory grants` prints: `to \
                     dn.exact=… attrs={name} {rest}`"
                )
            }
        }
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
            if entry.is_none() {
                let remedy = "let the service account read the entry, so that it can be told \
                              whether it is a group, or take it out if it is gone";
                self.note(Severity::Unproven, SEE_WHO, &member, remedy);
            }
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
        let connection = &self.asking.service().connection;
        loop {
            let page = pages.next(connection, &search, Vec::new(), self.asking.limit());
            let page = page.await.map_err(|fault| fault.failure(Step::Search))?;
            let Some(hits) = page else {
                break;
            };
            if hits.rc != 0 {
                let remedy = format!(
                    "let the service account search for {filter}, with an index for it (result {})",
                    hits.rc
                );
                self.note(Severity::Unproven, SEE_WHO, self.base, &remedy);
            }
            hits.entries.into_iter().for_each(|entry| self.add(entry));
        }
        if pages.is_cut() {
            let remedy = format!("tier 0 should be small; {filter} finds too many");
            self.note(Severity::Unproven, SEE_WHO, self.base, &remedy);
        }
        Ok(())
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
        let connection = &self.asking.service().connection;
        let hits = connection.search(&search, self.asking.limit()).await;
        let mut hits = hits.map_err(|fault| fault.failure(Step::Search))?;
        Ok(hits.entries.pop())
    }
}

const ATTRIBUTES: &[&str] = &["objectClass", "member", "uniqueMember", "memberUid"];

fn is_group(entry: &Entry) -> bool {
    is_dn_group(entry) || is_unix_group(entry)
}

fn is_dn_group(entry: &Entry) -> bool {
    is_a(entry, &["groupOfNames", "groupOfUniqueNames"])
}

fn is_unix_group(entry: &Entry) -> bool {
    is_a(entry, &["posixGroup"])
}

fn is_a(entry: &Entry, kinds: &[&str]) -> bool {
    let mut classes = entry.texts("objectClass");
    classes.any(|class| kinds.iter().any(|kind| class.eq_ignore_ascii_case(kind)))
}
