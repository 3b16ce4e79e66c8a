//! What the service account may write in an OpenLDAP directory or a 389 Directory Server.

use std::collections::BTreeMap;

use keymend_domain::directory::rights::{Finding, Severity};
use ldap3::Scope;

use super::asking::{Asking, NOT_OFFERED, Question, Value, Would};
use super::tier_zero;
use super::{is_above_policy, shows};
use crate::ldap::Ldap;
use crate::ldap::connect::{Failure, Search, Step};
use crate::ldap::dialect::{Dialect, Offer};
use crate::ldap::dn::DnKey;
use crate::ldap::entry::Entry;
use crate::ldap::filter::Filter;
use crate::ldap::sample;
use crate::ldap::servers::{Server, Service};

pub(super) const PASSWORD: Question = ("userPassword", Value::Password);
pub(super) const RULES: Question = ("aci", Value::Rules);

/// A question about a person's entry, whether the right is needed, and what it is called.
type Asked = (Question, bool, &'static str);

const SET_PASSWORDS: Asked = (PASSWORD, true, "write userPassword (to set passwords)");
const WRITE_MAIL: Asked = (("mail", Value::Mail), false, "write mail and probably more");

const OF_OPEN_LDAP: &[Asked] = &[
    SET_PASSWORDS,
    (
        ("pwdAccountLockedTime", Value::Time),
        true,
        "write pwdAccountLockedTime (to unlock)",
    ),
    WRITE_MAIL,
];

const OF_389: &[Asked] = &[
    SET_PASSWORDS,
    (
        ("accountUnlockTime", Value::Time),
        true,
        "write accountUnlockTime (to unlock)",
    ),
    (
        ("passwordRetryCount", Value::Number),
        true,
        "write passwordRetryCount (to unlock)",
    ),
    WRITE_MAIL,
    (
        ("nsAccountLock", Value::Text),
        false,
        "write nsAccountLock (to activate accounts)",
    ),
    (RULES, false, "write aci of people's entries"),
];

const OF_FREE_IPA: &[Asked] = &[
    SET_PASSWORDS,
    (
        ("krbLoginFailedCount", Value::Number),
        true,
        "write krbLoginFailedCount (to unlock)",
    ),
    WRITE_MAIL,
    (RULES, false, "write aci of people's entries"),
];

fn questions(offer: &Offer) -> &'static [Asked] {
    match offer.dialect {
        Dialect::Ds389 if offer.is_free_ipa => OF_FREE_IPA,
        Dialect::Ds389 => OF_389,
        _ => OF_OPEN_LDAP,
    }
}

pub(super) fn finding(severity: Severity, right: &str, on: &str, remedy: &str) -> Finding {
    Finding {
        severity,
        right: right.to_owned(),
        on: on.to_owned(),
        remedy: remedy.to_owned(),
    }
}

/// The findings about the account that is signed in, and how many people were looked at.
pub(super) async fn prove(
    ldap: &Ldap,
    server: &Server,
    service: &Service,
) -> Result<(u32, Vec<Finding>), Failure> {
    let bind_dn = &ldap.options.bind_dn;
    let asking = Asking::new(service, bind_dn, server.call_timeout())?;
    let filter = ldap.anybody(service.offer.dialect);
    let base = &ldap.options.base;
    let names = sample::people(server, service, (base, &filter)).await;
    let sample::Sample { mut names, is_cut } =
        names.map_err(|fault| fault.failure(Step::Search))?;
    // What it may do to itself says nothing about others.
    names.retain(|dn| ldap.own.is_none() || DnKey::of(dn) != ldap.own);
    let Some(first) = names.first() else {
        let remedy = "see that base and filter of the configuration find people";
        let unproven = finding(Severity::Unproven, "set passwords", base, remedy);
        return Ok((0, vec![unproven]));
    };
    if is_above_policy(service, bind_dn, first, asking.limit()).await? {
        let right = "everything: the service account is the root DN of the directory";
        let remedy = "make an account with an entry of its own and grant it what `keymend \
                      directory grants` prints; no password policy binds the root DN";
        return Ok((0, vec![finding(Severity::TooMuch, right, bind_dn, remedy)]));
    }
    let mut findings = tier_zero::prove(ldap, &asking).await?;
    findings.extend(people(&asking, &names).await?);
    findings.extend(policies(ldap, server, service, &names).await?);
    if is_cut {
        findings.push(finding(
            Severity::Unproven,
            sample::CUT,
            base,
            sample::CUT_REMEDY,
        ));
    }
    let count = u32::try_from(names.len()).unwrap_or(u32::MAX);
    Ok((count, findings))
}

async fn people(asking: &Asking<'_>, names: &[String]) -> Result<Vec<Finding>, Failure> {
    let all = questions(&asking.service().offer);
    let asked: Vec<Question> = all.iter().map(|(question, _, _)| *question).collect();
    let mut found: BTreeMap<(Severity, String, String), String> = BTreeMap::new();
    for dn in names {
        let unit = sample::unit_of(dn);
        let mut note = |severity, right: &str, remedy: String| {
            found.insert((severity, right.to_owned(), unit.to_owned()), remedy);
        };
        let answers = asking.would_write(dn, &asked).await?;
        for ((_, is_needed, right), would) in all.iter().zip(answers) {
            match (would, *is_needed) {
                (Would::Do, true) | (Would::Refuse, false) | (Would::Nonsense, _) => {}
                (Would::Refuse | Would::DoHalf, true) => {
                    let remedy = match asking.service().offer.is_free_ipa {
                        true => "grant it by an aci of your own; what `keymend directory grants` \
                                 prints is not for FreeIPA"
                            .to_owned(),
                        false => format!(
                            "grant it: `keymend directory grants --ou \"{unit}\"` prints the rules"
                        ),
                    };
                    note(Severity::Missing, right, remedy);
                }
                (Would::Do | Would::DoHalf, false) => {
                    let remedy = "take it away: Keymend writes passwords and the marks of locks \
                                  alone";
                    note(Severity::Excess, right, remedy.to_owned());
                }
                (Would::Say(rc), _) => {
                    note(Severity::Unproven, right, unanswered(rc));
                }
            }
        }
        if shows(asking.service(), dn, PASSWORD.0, asking.limit()).await? {
            let remedy = "let it write userPassword and not read it".to_owned();
            note(Severity::Excess, "read userPassword", remedy);
        }
    }
    let finding = |((severity, right, on), remedy): ((Severity, String, String), String)| Finding {
        severity,
        right,
        on,
        remedy,
    };
    Ok(found.into_iter().map(finding).collect())
}

/// What to do about an answer that says neither yes nor no.
pub(super) fn unanswered(rc: u32) -> String {
    match rc {
        NOT_OFFERED => "the server has no control \"no operation\" for this entry, so it is not \
                        asked whether it would add values; see in its rules that it would not"
            .to_owned(),
        rc => format!("look into the server's log (result {rc})"),
    }
}

/// Whether the rules for passwords can be told to people, from one person of each unit.
async fn policies(
    ldap: &Ldap,
    server: &Server,
    service: &Service,
    names: &[String],
) -> Result<Vec<Finding>, Failure> {
    const RIGHT: &str = "read the password policy (to tell people the rules that apply)";
    const REMEDY: &str = "grant it: `keymend directory grants` prints the rules";
    let mut units: BTreeMap<&str, &str> = BTreeMap::new();
    for dn in names {
        units.entry(sample::unit_of(dn)).or_insert(dn);
    }
    let mut hidden = Vec::new();
    for (unit, dn) in units {
        let Some(entry) = read(server, service, dn).await? else {
            continue;
        };
        if ldap.hides_policy(server, service, &entry).await? {
            hidden.push(finding(Severity::Missing, RIGHT, unit, REMEDY));
        }
    }
    Ok(hidden)
}

async fn read(server: &Server, service: &Service, dn: &str) -> Result<Option<Entry>, Failure> {
    let search = Search {
        base: dn,
        scope: Scope::Base,
        filter: &Filter::Present("objectClass".to_owned()),
        attributes: &["pwdPolicySubentry", "krbPwdPolicyReference"],
        size_limit: 1,
        types_only: false,
    };
    let limit = server.call_timeout();
    let hits = service.connection.search(&search, limit).await;
    let mut hits = hits.map_err(|fault| fault.failure(Step::Search))?;
    Ok(hits.entries.pop())
}
