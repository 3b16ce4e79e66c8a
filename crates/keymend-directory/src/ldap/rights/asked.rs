//! What the service account may write in an OpenLDAP directory.
//!
//! The server tells nobody what its access rules are, so it is asked to take away a value that no
//! entry has.  It looks at the rules before it looks for the value: `noSuchAttribute` (16) means
//! that it would have done it, `insufficientAccessRights` (50) that it would not.  The no-op
//! control goes along, critical, so that nothing can be written in any case; a server without it
//! refuses the question (12) and is asked without it, for there is still nothing to take away.

use std::collections::{BTreeMap, HashSet};
use std::time::Duration;

use keymend_domain::directory::rights::{Finding, Severity};
use ldap3::controls::RawControl;
use ldap3::{Mod, Scope};

use super::{is_above_policy, shows};
use crate::ldap::Ldap;
use crate::ldap::connect::{Failure, Search, Step};
use crate::ldap::filter::Filter;
use crate::ldap::sample;
use crate::ldap::servers::{Server, Service};

/// The no-op control (draft-zeilenga-ldap-noop), by the number OpenLDAP gave it.
const NO_OP: &str = "1.3.6.1.4.1.4203.666.5.2";
/// Values that no entry has: no password is stored in this form, nobody was locked in 1900.
const NO_PASSWORD: &str = "{KEYMEND-RIGHTS-PROOF}no-such-value";
const NO_LOCK: &str = "19000101000000Z";
const NO_MAIL: &str = "rights-proof@keymend.invalid";

const PASSWORD: &str = "userPassword";
const LOCK: &str = "pwdAccountLockedTime";

/// Members of each protected group looked at.
const MEMBERS_MAX: usize = 5;

/// What the server would have said to a write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Would {
    Do,
    Refuse,
    /// The server has no such attribute: there is no lock where there is no password policy.
    Nonsense,
    /// An answer that says neither.
    Say(u32),
}

/// The findings about the account that is signed in, and how many people were looked at.
pub(super) async fn prove(
    ldap: &Ldap,
    server: &Server,
    service: &Service,
) -> Result<(u32, Vec<Finding>), Failure> {
    let proof = Proof {
        service,
        limit: server.call_timeout(),
    };
    let filter = ldap.anybody(service.offer.dialect);
    let base = &ldap.options.base;
    let names = sample::people(server, service, (base, &filter)).await;
    let names = names.map_err(|fault| fault.failure(Step::Search))?;
    let Some(first) = names.first() else {
        let remedy = "see that base and filter of the configuration find people";
        return Ok((
            0,
            vec![finding(Severity::Unproven, "set passwords", base, remedy)],
        ));
    };
    let bind_dn = &ldap.options.bind_dn;
    if is_above_policy(service, bind_dn, first, proof.limit).await? {
        let right = "everything: the service account is the root DN of the directory";
        let remedy = "make an account with an entry of its own and grant it what `keymend \
                      directory grants` prints; no password policy binds the root DN";
        return Ok((0, vec![finding(Severity::TooMuch, right, bind_dn, remedy)]));
    }
    let mut findings = proof.people(&names).await?;
    for group in &ldap.options.protected_groups {
        findings.extend(proof.protected_group(group).await?);
    }
    let count = u32::try_from(names.len()).unwrap_or(u32::MAX);
    Ok((count, findings))
}

fn finding(severity: Severity, right: &str, on: &str, remedy: &str) -> Finding {
    Finding {
        severity,
        right: right.to_owned(),
        on: on.to_owned(),
        remedy: remedy.to_owned(),
    }
}

/// What each question means: the attribute, a value nobody has, and whether it is needed.
const QUESTIONS: [(&str, &str, bool, &str); 3] = [
    (
        PASSWORD,
        NO_PASSWORD,
        true,
        "write userPassword (to set passwords)",
    ),
    (
        LOCK,
        NO_LOCK,
        true,
        "write pwdAccountLockedTime (to unlock)",
    ),
    ("mail", NO_MAIL, false, "write mail and probably more"),
];

struct Proof<'a> {
    service: &'a Service,
    limit: Duration,
}

impl Proof<'_> {
    async fn people(&self, names: &[String]) -> Result<Vec<Finding>, Failure> {
        let mut found: BTreeMap<(Severity, String, String), String> = BTreeMap::new();
        let mut note = |severity, right: &str, unit: &str, remedy: String| {
            found.insert((severity, right.to_owned(), unit.to_owned()), remedy);
        };
        for dn in names {
            let unit = sample::unit_of(dn);
            for (attribute, value, is_needed, right) in QUESTIONS {
                match (self.would_write(dn, attribute, value).await?, is_needed) {
                    (Would::Do, true) | (Would::Refuse, false) | (Would::Nonsense, _) => {}
                    (Would::Refuse, true) => {
                        let remedy = format!(
                            "grant it: `keymend directory grants --ou \"{unit}\"` prints the rules"
                        );
                        note(Severity::Missing, right, unit, remedy);
                    }
                    (Would::Do, false) => {
                        let remedy = "take it away: Keymend writes userPassword and \
                                      pwdAccountLockedTime alone";
                        note(Severity::Excess, right, unit, remedy.to_owned());
                    }
                    (Would::Say(rc), _) => {
                        let remedy = format!("look into the server's log (result {rc})");
                        note(Severity::Unproven, right, unit, remedy);
                    }
                }
            }
            if shows(self.service, dn, PASSWORD, self.limit).await? {
                let remedy = "let it write userPassword and not read it (`=w`)".to_owned();
                note(Severity::Excess, "read userPassword", unit, remedy);
            }
        }
        let finding =
            |((severity, right, on), remedy): ((Severity, String, String), String)| Finding {
                severity,
                right,
                on,
                remedy,
            };
        Ok(found.into_iter().map(finding).collect())
    }

    /// Whether passwords could be set in a group whose members are never to be touched.
    async fn protected_group(&self, group: &str) -> Result<Option<Finding>, Failure> {
        let search = Search {
            base: group,
            scope: Scope::Base,
            filter: &Filter::Present("objectClass".to_owned()),
            attributes: &["member", "uniqueMember"],
            size_limit: 1,
            types_only: false,
        };
        let hits = self.service.connection.search(&search, self.limit).await;
        let hits = hits.map_err(|fault| fault.failure(Step::Search))?;
        let Some(entry) = hits.entries.first() else {
            let remedy = "see that the group in protected_groups exists and may be read";
            let right = "see who is protected";
            return Ok(Some(finding(Severity::Unproven, right, group, remedy)));
        };
        let members = entry.texts("member").chain(entry.texts("uniqueMember"));
        for member in members.take(MEMBERS_MAX) {
            if self.would_write(member, PASSWORD, NO_PASSWORD).await? == Would::Do {
                let remedy = "Keymend itself never touches the members; to take the right away as \
                              well, put a rule for them in front: `to dn.subtree=… \
                              filter=(memberOf=…) attrs=userPassword by … none by * break`";
                let right = "set the passwords of members of a protected group";
                return Ok(Some(finding(Severity::Excess, right, group, remedy)));
            }
        }
        Ok(None)
    }

    async fn would_write(&self, dn: &str, attribute: &str, value: &str) -> Result<Would, Failure> {
        let change = || {
            let values = HashSet::from([value.as_bytes().to_vec()]);
            vec![Mod::Delete(attribute.as_bytes().to_vec(), values)]
        };
        let no_op = RawControl {
            ctype: NO_OP.to_owned(),
            crit: true,
            val: None,
        };
        let connection = &self.service.connection;
        let failure = |fault: crate::ldap::connect::CallError| fault.failure(Step::Search);
        let asked = connection.modify(dn, change(), vec![no_op], self.limit);
        let mut answer = asked.await.map_err(failure)?;
        if answer.rc == 12 {
            let asked = connection.modify(dn, change(), Vec::new(), self.limit);
            answer = asked.await.map_err(failure)?;
        }
        Ok(match answer.rc {
            // 0x410E: "no operation", said by the control itself.
            0 | 16 | 0x410E => Would::Do,
            50 => Would::Refuse,
            17 => Would::Nonsense,
            rc => Would::Say(rc),
        })
    }
}
