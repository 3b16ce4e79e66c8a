//! What the service account may do in a domain, from its groups and from access lists.
//!
//! Nothing is tried and nothing is written.  `allowedAttributesEffective` is the server's own
//! answer to "what may I write here"; whether a password may be reset stands in the access list.

mod guarded;

use std::collections::{BTreeMap, HashSet};

use keymend_domain::directory::rights::{Finding, Severity};
use ldap3::Scope;
use ldap3::controls::RawControl;

use super::access::AccessList;
use super::{ActiveDirectory, PAGE, SD_FLAGS, Sid, domain, person, protected};
use crate::ldap::connect::{CallError, Search};
use crate::ldap::entry::Entry;
use crate::ldap::filter::Filter;
use crate::ldap::pages::Pages;
use crate::ldap::sample;
use crate::ldap::servers::{Server, Service};

/// Owner and discretionary list: `SEQUENCE { INTEGER 5 }` (MS-ADTS 3.1.1.3.4.1.11).
const OWNER_AND_DACL: [u8; 5] = [0x30, 3, 2, 1, 5];
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
    "msDS-PSOApplied",
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
        let mut hits = self
            .service
            .connection
            .search_with(&search, vec![access_lists()], limit)
            .await?;
        Ok(hits.entries.pop())
    }

    /// All in the domain that a filter finds, as far as the server lets them be seen.
    async fn below_domain(
        &self,
        filter: &Filter,
        attributes: &[&str],
    ) -> Result<Vec<Entry>, CallError> {
        let search = Search {
            base: &self.service.offer.base,
            scope: Scope::Subtree,
            filter,
            attributes,
            size_limit: 0,
            types_only: false,
        };
        let mut pages = Pages::new(PAGE, SETTINGS_MAX);
        let mut entries = Vec::new();
        let connection = &self.service.connection;
        loop {
            let limit = self.server.call_timeout();
            match pages.next(connection, &search, Vec::new(), limit).await? {
                Some(hits) => entries.extend(hits.entries),
                None => return Ok(entries),
            }
        }
    }

    /// What may be done to a few people of each unit, and the settings objects they are under.
    async fn people(&mut self) -> Result<(u32, HashSet<String>), CallError> {
        let is_marked = Filter::equal("adminCount", "1");
        let filter = self.of.within_scope(Some(Filter::Not(Box::new(is_marked))));
        let place = (self.of.base.as_str(), &filter);
        let sample = sample::people(self.server, self.service, place).await?;
        if sample.is_cut {
            let base = self.of.base.clone();
            self.find(Severity::Unproven, sample::CUT, &base, sample::CUT_REMEDY);
        }
        let mut settings = HashSet::new();
        let mut count = 0;
        let mut lacks: BTreeMap<(String, &str), u32> = BTreeMap::new();
        for dn in &sample.names {
            let Some(entry) = self.read(dn).await? else {
                continue;
            };
            let own = person::own_sid(&entry);
            // Keymend's own account may do more to itself than to others.
            if own.as_ref().is_some_and(|own| self.token.contains(own)) {
                continue;
            }
            let groups: Vec<Sid> = entry
                .all_bytes("tokenGroups")
                .filter_map(Sid::from_bytes)
                .collect();
            let is_protected = own.is_none_or(|own| protected::of(&entry, &own, &groups).is_some());
            if is_protected {
                continue;
            }
            count += 1;
            let applied = entry.text("msDS-ResultantPSO");
            if applied.is_none() && entry.has("msDS-PSOApplied") {
                let right = "read msDS-ResultantPSO (to tell people the rules that apply)";
                let remedy = "let the service account read it of people (`RP;msDS-ResultantPSO`)";
                let unit = sample::unit_of(dn);
                self.find(Severity::Missing, right, unit, remedy);
            }
            settings.extend(applied.map(str::to_owned));
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
            .is_some_and(|list| list.surely_lets_reset(&self.token));
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
        for entry in self.below_domain(&applied, &["msDS-PSOApplied"]).await? {
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

/// Asks for access lists, with their owners.
fn access_lists() -> RawControl {
    RawControl {
        ctype: SD_FLAGS.to_owned(),
        crit: false,
        val: Some(OWNER_AND_DACL.to_vec()),
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
