//! What the service account may do in a domain, from its groups and from access lists.
//!
//! Nothing is tried and nothing is written.  `allowedAttributesEffective` is the server's own
//! answer to "what may I write here"; whether a password may be reset stands in the access list.

use std::collections::{BTreeMap, HashSet};

use keymend_domain::directory::rights::{Finding, Severity};
use ldap3::Scope;
use ldap3::controls::{PagedResults, RawControl};

use super::access::AccessList;
use super::{ActiveDirectory, PAGE, SD_FLAGS, Sid, domain, person, protected};
use crate::ldap::connect::{CallError, Hits, Search};
use crate::ldap::entry::Entry;
use crate::ldap::filter::Filter;
use crate::ldap::sample;
use crate::ldap::servers::{Server, Service};

/// Owner and discretionary list: `SEQUENCE { INTEGER 5 }` (MS-ADTS 3.1.1.3.4.1.11).
const OWNER_AND_DACL: [u8; 5] = [0x30, 3, 2, 1, 5];
/// Protected accounts and groups looked at; more than this is no tier 0 any more.
const GUARDED_MAX: usize = 1_000;
/// Password settings objects looked at.
const SETTINGS_MAX: usize = 64;

const ATTRIBUTES: &[&str] = &[
    "objectClass",
    "objectSid",
    "member",
    "userAccountControl",
    "adminCount",
    "isCriticalSystemObject",
    "msDS-SecondaryKrbTgtNumber",
    "msDS-ResultantPSO",
    "nTSecurityDescriptor",
    "allowedAttributesEffective",
    "tokenGroups",
];

/// What a reset writes besides the password (`unicodePwd` itself is never listed as writable).
const NEEDED: [(&str, &str); 2] = [
    ("lockoutTime", "write lockoutTime (to unlock)"),
    (
        "pwdLastSet",
        "write pwdLastSet (to end \"must change at next sign-in\")",
    ),
];

/// One proof under way.
struct Proof<'a> {
    of: &'a ActiveDirectory,
    server: &'a Server,
    service: &'a Service,
    /// Everybody the account is, as access lists may name it.
    token: Vec<Sid>,
    findings: Vec<Finding>,
}

impl ActiveDirectory {
    /// The findings about the account that is signed in, and how many people were looked at.
    pub(in crate::ldap) async fn rights(
        &self,
        server: &Server,
        service: &Service,
    ) -> Result<(u32, Vec<Finding>), CallError> {
        let mut token = service.offer.token.clone();
        token.extend([Sid::everyone(), Sid::nt(&[11])]);
        let mut proof = Proof {
            of: self,
            server,
            service,
            token,
            findings: Vec::new(),
        };
        proof.own_groups();
        if !proof.findings.is_empty() {
            // Whoever is in one of these groups may do anything; a list of it would help nobody.
            return Ok((0, proof.findings));
        }
        proof.protected_accounts().await?;
        let (count, settings) = proof.people().await?;
        proof.password_settings(settings).await?;
        proof.policy_hints();
        Ok((count, proof.findings))
    }
}

impl Proof<'_> {
    fn find(&mut self, severity: Severity, right: &str, on: &str, remedy: &str) {
        self.findings.push(Finding {
            severity,
            right: right.to_owned(),
            on: on.to_owned(),
            remedy: remedy.to_owned(),
        });
    }

    fn own_groups(&mut self) {
        let token = self.service.offer.token.clone();
        let own = token.first().and_then(protected::account);
        let reasons = own
            .into_iter()
            .chain(token.iter().filter_map(protected::group));
        for reason in reasons.collect::<Vec<_>>() {
            let right = format!("everything: the service account is {reason}");
            let remedy = "make an account that is in no group but Domain Users, and grant it what \
                          `keymend directory grants` prints";
            self.find(Severity::TooMuch, &right, "the domain", remedy);
        }
    }

    /// Reads one entry with its access list.
    async fn read(&self, dn: &str) -> Result<Option<Entry>, CallError> {
        let search = Search {
            base: dn,
            scope: Scope::Base,
            filter: &Filter::Present("objectClass".to_owned()),
            attributes: ATTRIBUTES,
            size_limit: 1,
            types_only: false,
        };
        let limit = self.server.call_timeout();
        let lists = RawControl {
            ctype: SD_FLAGS.to_owned(),
            crit: false,
            val: Some(OWNER_AND_DACL.to_vec()),
        };
        let mut hits = self
            .service
            .connection
            .search_with(&search, vec![lists], limit)
            .await?;
        Ok(hits.entries.pop())
    }

    async fn below_domain(&self, filter: &Filter, attributes: &[&str]) -> Result<Hits, CallError> {
        let search = Search {
            base: &self.service.offer.base,
            scope: Scope::Subtree,
            filter,
            attributes,
            size_limit: 0,
            types_only: false,
        };
        let page = PagedResults {
            size: PAGE,
            cookie: Vec::new(),
        };
        let limit = self.server.call_timeout();
        self.service.connection.page(&search, page, limit).await
    }

    /// Every account that must never be reset, and the groups that make one of them.
    ///
    /// Membership is followed from the groups downward, because not every server marks the
    /// members with `adminCount`.
    async fn protected_accounts(&mut self) -> Result<(), CallError> {
        let mut tests = vec![Filter::equal("adminCount", "1")];
        let own = self.service.offer.token.first().cloned();
        let guarded = own.map(|own| protected::guarded_sids(&own));
        let by_sid = |sid: Sid| Filter::Equal("objectSid".to_owned(), sid.to_bytes());
        tests.extend(guarded.into_iter().flatten().map(by_sid));
        let found = self.below_domain(&Filter::Or(tests), &["1.1"]).await?;
        if found.rc != 0 || !found.cookie.is_empty() {
            let remedy = "let the service account search the domain; tier 0 should be small";
            let right = "see every protected account";
            self.find(Severity::Unproven, right, "the domain", remedy);
        }
        let mut waiting: Vec<String> = found.entries.into_iter().map(|entry| entry.dn).collect();
        let mut known: HashSet<String> = waiting.iter().cloned().collect();
        let mut count = 0;
        while let Some(dn) = waiting.pop() {
            count += 1;
            if count > GUARDED_MAX {
                let remedy = "tier 0 should be small; empty the administrators' groups";
                self.find(Severity::Unproven, "reset protected accounts", &dn, remedy);
                break;
            }
            let Some(entry) = self.read(&dn).await? else {
                let remedy = "let the service account read the entry and its permissions";
                let right = "see who may reset a protected account";
                self.find(Severity::Unproven, right, &dn, remedy);
                continue;
            };
            self.protected_entry(&entry);
            for member in entry.texts("member").map(str::to_owned) {
                if known.insert(member.clone()) {
                    waiting.push(member);
                }
            }
        }
        Ok(())
    }

    fn protected_entry(&mut self, entry: &Entry) {
        let is_group = entry
            .texts("objectClass")
            .any(|class| class.eq_ignore_ascii_case("group"));
        let list = entry
            .bytes("nTSecurityDescriptor")
            .and_then(AccessList::parse);
        let Some(list) = list else {
            let remedy = "let the service account read the permissions of the entry (READ_CONTROL)";
            let right = "see who may reset a protected account";
            return self.find(Severity::Unproven, right, &entry.dn, remedy);
        };
        let token = self.token.clone();
        let right = if is_group && list.lets_add_members(&token) {
            "add members to a protected group"
        } else if list.lets_rewrite(&token) {
            "change the permissions of a protected entry"
        } else if !is_group && list.lets_reset(&token) {
            "reset the password of a protected account"
        } else if !is_group && list.lets_write_all(&token) {
            "write every attribute of a protected account"
        } else {
            return;
        };
        let remedy = "move it out of the units that were granted to Keymend, or take inheritance \
                      from it and give it the permissions of CN=AdminSDHolder,CN=System; if only \
                      adminCount is left over from former times, clear adminCount";
        self.find(Severity::TooMuch, right, &entry.dn, remedy);
    }

    /// What may be done to a few people of each unit, and the settings objects they are under.
    async fn people(&mut self) -> Result<(u32, HashSet<String>), CallError> {
        let is_marked = Filter::equal("adminCount", "1");
        let filter = self.of.within_scope(Some(Filter::Not(Box::new(is_marked))));
        let names = sample::people(self.server, self.service, (&self.of.base, &filter)).await?;
        let mut settings = HashSet::new();
        let mut count = 0;
        let mut lacks: BTreeMap<(String, &str), u32> = BTreeMap::new();
        for dn in &names {
            let Some(entry) = self.read(dn).await? else {
                continue;
            };
            let own = person::own_sid(&entry);
            let groups: Vec<Sid> = entry
                .all_bytes("tokenGroups")
                .filter_map(Sid::from_bytes)
                .collect();
            let is_protected = own.is_none_or(|own| protected::of(&entry, &own, &groups).is_some());
            if is_protected {
                continue;
            }
            count += 1;
            settings.extend(entry.text("msDS-ResultantPSO").map(str::to_owned));
            for right in self.person(&entry) {
                *lacks
                    .entry((sample::unit_of(dn).to_owned(), right))
                    .or_default() += 1;
            }
        }
        for ((unit, right), _) in lacks {
            let remedy = format!(
                "grant it: `keymend directory grants --ou \"{unit}\"` prints the commands; where \
                 only some people lack it, let them inherit permissions again"
            );
            self.find(Severity::Missing, right, &unit, &remedy);
        }
        if count == 0 {
            let remedy = "see that base and filter of the configuration find people";
            let base = self.of.base.clone();
            self.find(Severity::Unproven, "reset passwords", &base, remedy);
        }
        Ok((count, settings))
    }

    /// The needed rights that are missing for one person; what is not needed is noted.
    fn person(&mut self, entry: &Entry) -> Vec<&'static str> {
        let writes: Vec<String> = entry
            .texts("allowedAttributesEffective")
            .map(str::to_owned)
            .collect();
        let may_write = |name: &str| writes.iter().any(|own| own.eq_ignore_ascii_case(name));
        let list = entry
            .bytes("nTSecurityDescriptor")
            .and_then(AccessList::parse);
        let mut missing = Vec::new();
        let resets = list
            .as_ref()
            .is_some_and(|list| list.lets_reset(&self.token));
        if !resets {
            missing.push("reset passwords (control access right Reset Password)");
        }
        let needed = NEEDED.iter().filter(|(name, _)| !may_write(name));
        missing.extend(needed.map(|(_, right)| *right));
        let unit = sample::unit_of(&entry.dn).to_owned();
        let remedy = "take it away: Keymend needs Reset Password, lockoutTime and pwdLastSet alone";
        if list.is_some_and(|list| list.lets_rewrite(&self.token)) {
            let right = "change the permissions of people";
            self.find(Severity::Excess, right, &unit, remedy);
        }
        let mut more: Vec<&str> = writes
            .iter()
            .map(String::as_str)
            .filter(|name| !NEEDED.iter().any(|(own, _)| own.eq_ignore_ascii_case(name)))
            .collect();
        if !more.is_empty() {
            more.sort_unstable();
            let right = format!("write {}", shortened(&more));
            self.find(Severity::Excess, &right, &unit, remedy);
        }
        missing
    }

    /// Rules of their own that apply to somebody and cannot be read.
    async fn password_settings(&mut self, mut names: HashSet<String>) -> Result<(), CallError> {
        let applied = Filter::Present("msDS-PSOApplied".to_owned());
        let hits = self.below_domain(&applied, &["msDS-PSOApplied"]).await?;
        for entry in &hits.entries {
            names.extend(entry.texts("msDS-PSOApplied").map(str::to_owned));
        }
        let mut hidden = Vec::new();
        for dn in names.into_iter().take(SETTINGS_MAX) {
            if domain::settings(self.server, self.service, &dn)
                .await?
                .is_none()
            {
                hidden.push(sample::unit_of(&dn).to_owned());
            }
        }
        hidden.sort_unstable();
        hidden.dedup();
        for container in hidden {
            let right = "read password settings objects (to tell people the rules that apply)";
            let remedy = "grant it: `keymend directory grants` prints the command";
            self.find(Severity::Missing, right, &container, remedy);
        }
        Ok(())
    }

    fn policy_hints(&mut self) {
        if self.service.offer.policy_hints.is_some() {
            return;
        }
        let right = "policy hints (history and minimum age do not bind resets)";
        let remedy = "use controllers that offer control 1.2.840.113556.1.4.2239: Windows Server \
                      2012 or later, Samba 4.24 or later";
        let server = self.server.address().to_owned();
        self.find(Severity::Missing, right, &server, remedy);
    }
}

/// At most eight names, and how many more there are.
fn shortened(names: &[&str]) -> String {
    const SHOWN: usize = 8;
    let shown: Vec<&str> = names.iter().take(SHOWN).copied().collect();
    match names.len().saturating_sub(SHOWN) {
        0 => shown.join(", "),
        more => format!("{} and {more} more attributes", shown.join(", ")),
    }
}
