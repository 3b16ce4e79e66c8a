//! What a trial brought, and what the wizard makes of it.

use std::path::PathBuf;

use keymend_directory::ldap::Dialect;
use keymend_directory::ldap::probe::{Certificate, Look, ProbeFault, Root, Trust, Units};
use keymend_domain::directory::rights::RightsReport;

use super::rights;
use super::step::Step;
use super::wizard::{Deed, Wizard};
use crate::run::words;
use crate::run::words::harmless;

/// What a trial brought.
#[derive(Debug)]
pub enum Outcome {
    /// The servers were looked at: each with the address that it was reached by.
    Looked(Vec<(String, Look)>),
    /// A PEM file was read.
    Authority(PathBuf, Result<Vec<Certificate>, String>),
    /// The service account signed in, and its places were counted.
    SignedIn(Result<(Root, Units), ProbeFault>),
    /// A place was looked for.
    Place(String, Result<bool, ProbeFault>),
    /// A group was looked for.
    Groups(String, Result<Vec<String>, ProbeFault>),
    /// An account was looked up.
    Account(Result<Vec<String>, String>),
    /// The rights of the service account were looked at.
    Rights(Result<RightsReport, String>),
    /// A file of leaked passwords was opened: what is in it, or what is wrong with it.
    Breach(PathBuf, Result<String, String>),
    /// The mail server or the gateway was tried.
    Carrier(Result<(), Vec<String>>),
}

/// What to do next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Then {
    /// The next question.
    Advance,
    /// The same question.
    Stay,
    /// An earlier or later question.
    GoTo(Step),
    /// Another trial first.
    Try(Deed),
}

/// What was learned, in lines for whoever asked.
#[derive(Debug)]
pub struct Learned {
    /// What to say.
    pub says: Vec<String>,
    /// Whether it is a complaint.
    pub is_bad: bool,
    /// What comes next.
    pub then: Then,
}

impl Learned {
    fn good(says: Vec<String>, then: Then) -> Self {
        Self {
            says,
            is_bad: false,
            then,
        }
    }

    fn bad(says: impl Into<String>, then: Then) -> Self {
        Self {
            says: vec![says.into()],
            is_bad: true,
            then,
        }
    }
}

/// Takes an outcome into what the wizard knows.
pub fn learn(wizard: &mut Wizard, outcome: Outcome) -> Learned {
    match outcome {
        Outcome::Looked(looks) => looked(wizard, looks),
        Outcome::Authority(path, read) => authority(wizard, path, read),
        Outcome::SignedIn(done) => signed_in(wizard, done),
        Outcome::Place(dn, found) => match found {
            Ok(true) => {
                let key = wizard.step().map_or("directory.base", Step::key);
                wizard.answers.set(key, dn);
                let then = match wizard.step() {
                    Some(Step::Base) => Then::Try(Deed::Prove),
                    _ => Then::Advance,
                };
                Learned::good(Vec::new(), then)
            }
            Ok(false) => Learned::bad(
                format!("{dn} is not there, or the service account may not read it"),
                Then::Stay,
            ),
            Err(fault) => Learned::bad(advice(&fault), Then::Stay),
        },
        Outcome::Groups(name, found) => groups(wizard, &name, found),
        Outcome::Rights(found) => {
            let lines = rights::lines(&found);
            wizard.facts.rights.clone_from(&lines);
            Learned::good(lines, Then::Advance)
        }
        Outcome::Breach(_, Ok(said)) => Learned::good(vec![said], Then::Advance),
        Outcome::Breach(path, Err(said)) => {
            let said = format!("{}: {said}", path.display());
            Learned::bad(said, Then::Stay)
        }
        Outcome::Account(Ok(lines)) => Learned::good(lines, Then::Stay),
        Outcome::Account(Err(said)) => Learned::bad(said, Then::Stay),
        Outcome::Carrier(Ok(())) => Learned::good(
            vec!["It answers, and nothing was sent.".to_owned()],
            Then::Advance,
        ),
        Outcome::Carrier(Err(faults)) => carrier(wizard, faults),
    }
}

fn carrier(wizard: &mut Wizard, says: Vec<String>) -> Learned {
    let first = match wizard.step() {
        Some(Step::TextsToken | Step::TextsAccount) => {
            wizard.facts.typed.texts = None;
            Step::TextsPreset
        }
        _ => {
            wizard.facts.typed.mail = None;
            Step::MailHost
        }
    };
    Learned {
        says,
        is_bad: true,
        then: Then::GoTo(first),
    }
}

fn looked(wizard: &mut Wizard, looks: Vec<(String, Look)>) -> Learned {
    wizard.facts.wants_authority = false;
    let mut says = Vec::new();
    let mut urls = Vec::new();
    wizard.facts.root = None;
    for (url, look) in looks {
        match look.root {
            Ok(root) => {
                says.extend(described(&url, &root, &look.chain, &wizard.facts.trust));
                if let Some(complaint) = unsupported(root.dialect) {
                    says.push(complaint.to_owned());
                    return Learned {
                        says,
                        is_bad: true,
                        then: Then::GoTo(Step::Servers),
                    };
                }
                wizard.facts.root.get_or_insert(root);
                urls.push(url);
            }
            Err(fault) if fault.step == "certificate" && !look.chain.is_empty() => {
                return untrusted(wizard, &url, &fault, &look.chain);
            }
            Err(fault) => {
                return Learned::bad(
                    format!("{url}: {}", advice(&fault)),
                    Then::GoTo(Step::Servers),
                );
            }
        }
    }
    wizard.answers.set("directory.servers", urls);
    wizard.go_to(Step::Authority);
    Learned::good(says, Then::Advance)
}

/// A server whose certificate was not accepted: who could be trusted, and what else may be wrong.
fn untrusted(wizard: &mut Wizard, url: &str, fault: &ProbeFault, chain: &[Certificate]) -> Learned {
    let own = chain.first();
    if fault.is_for_another_host() {
        let hosts = own.map(|own| own.hosts.join(", ")).unwrap_or_default();
        let said = format!("{url}: its certificate is for {hosts}; write one of these names");
        return Learned::bad(said, Then::GoTo(Step::Servers));
    }
    let mut says = vec![format!(
        "{url}: its certificate was not accepted ({})",
        fault.detail
    )];
    if let Some(own) = own {
        says.push("The server shows:".to_owned());
        says.extend(card(own));
    }
    let trusted = match std::mem::replace(&mut wizard.facts.trust, Trust::System) {
        Trust::System => Vec::new(),
        Trust::Authorities(all) => all,
    };
    if !trusted.is_empty() {
        says.push(
            "The authority that was given did not sign it, or one of the two has expired."
                .to_owned(),
        );
    }
    wizard.facts.wants_authority = true;
    wizard.facts.offered = None;
    let is_authority = |top: &&Certificate| top.is_authority || top.is_own_issuer();
    match chain.last().filter(is_authority) {
        Some(top) if trusted.contains(top) => {}
        Some(top) => {
            says.push(
                "It is signed by this authority, which this machine does not trust:".to_owned(),
            );
            says.extend(card(top));
            wizard.facts.offered = Some(top.clone());
            let consented = wizard.answers.text("directory.authority_fingerprint");
            let is_agreed = consented.is_some_and(|print| is_same_print(print, &top.fingerprint()));
            if is_agreed && trusted.is_empty() {
                wizard.facts.trust = Trust::Authorities(vec![top.clone()]);
                says.push("You said before that it may be trusted.".to_owned());
                return Learned::good(says, Then::Try(Deed::Look));
            }
        }
        None => says.push(format!(
            "It does not show its authority, {}. Get that authority's PEM file (Samba: \
             private/tls/ca.pem; Windows: certutil -ca.cert on the authority), and write its path.",
            own.map_or("which has no name", |own| own.issuer.as_str())
        )),
    }
    Learned {
        says,
        is_bad: true,
        then: Then::GoTo(Step::Authority),
    }
}

/// Whether two fingerprints are the same, however they are spelt.
pub fn is_same_print(left: &str, right: &str) -> bool {
    let plain = |text: &str| -> String {
        let digits = text.chars().filter(char::is_ascii_hexdigit);
        digits.map(|digit| digit.to_ascii_lowercase()).collect()
    };
    plain(left).len() == 64 && plain(left) == plain(right)
}

fn authority(
    wizard: &mut Wizard,
    path: PathBuf,
    read: Result<Vec<Certificate>, String>,
) -> Learned {
    match read {
        Err(said) => Learned::bad(format!("{}: {said}", path.display()), Then::Stay),
        Ok(all) => {
            let says = all.iter().flat_map(card).collect();
            wizard.answers.forget("directory.authority_fingerprint");
            wizard
                .answers
                .set("directory.ca_file", path.display().to_string());
            wizard.facts.trust = Trust::Authorities(all);
            Learned::good(says, Then::Try(Deed::Look))
        }
    }
}

fn signed_in(wizard: &mut Wizard, done: Result<(Root, Units), ProbeFault>) -> Learned {
    match done {
        Ok((root, units)) => {
            let more = if units.has_more { " or more" } else { "" };
            let context = root.contexts.first().map_or("", String::as_str);
            let says = format!(
                "Signed in. It sees {}{more} accounts below {context}.",
                units.people
            );
            let is_unsaid = wizard.answers.text("directory.default_policy").is_none();
            if let ([only], true) = (units.policies.as_slice(), is_unsaid) {
                wizard
                    .answers
                    .set("directory.default_policy", only.as_str());
            }
            wizard.facts.root = Some(root);
            wizard.facts.units = units;
            Learned::good(vec![says], Then::Advance)
        }
        Err(fault) => {
            wizard.facts.typed.bind = None;
            Learned::bad(advice(&fault), Then::GoTo(Step::Account))
        }
    }
}

fn groups(wizard: &mut Wizard, name: &str, found: Result<Vec<String>, ProbeFault>) -> Learned {
    let Some(step) = wizard.step() else {
        return Learned::good(Vec::new(), Then::Stay);
    };
    match found {
        Err(fault) => Learned::bad(advice(&fault), Then::Stay),
        Ok(groups) => match groups.as_slice() {
            [] => Learned::bad(format!("no group is called {name}"), Then::Stay),
            [one] => {
                wizard.add_group(step, one.clone());
                Learned::good(vec![format!("Added {one}.")], Then::Stay)
            }
            _ => {
                wizard.facts.groups = groups;
                Learned::good(
                    vec!["Several have this name; choose one.".to_owned()],
                    Then::Stay,
                )
            }
        },
    }
}

fn unsupported(dialect: Dialect) -> Option<&'static str> {
    match dialect {
        Dialect::Unfamiliar => Some(
            "This kind of server is not known to Keymend; see docs/install.md for those that are.",
        ),
        Dialect::OpenLdap | Dialect::ActiveDirectory | Dialect::Ds389 => None,
    }
}

/// What kind of directory it is, for people.
pub fn kind(dialect: Dialect) -> &'static str {
    match dialect {
        Dialect::ActiveDirectory => "Active Directory",
        Dialect::OpenLdap => "OpenLDAP",
        Dialect::Ds389 => "389 Directory Server",
        Dialect::Unfamiliar => "an unknown kind of directory",
    }
}

fn described(url: &str, root: &Root, chain: &[Certificate], trust: &Trust) -> Vec<String> {
    let vendor = root.vendor.as_ref().map(|vendor| format!(" ({vendor})"));
    let mut says = vec![format!(
        "{url} is {}{}.",
        kind(root.dialect),
        vendor.unwrap_or_default()
    )];
    if let Some(host) = &root.host {
        says.push(format!("It calls itself {host}."));
    }
    let until = chain.first().map(|own| words::time(own.valid_until));
    let until = until.map_or(String::new(), |until| format!("; it ends {until}"));
    says.push(match trust {
        Trust::System => format!("Its certificate is trusted by this machine already{until}."),
        Trust::Authorities(_) => format!("Its certificate fits the authority{until}."),
    });
    if root.dialect == Dialect::ActiveDirectory && !root.has_policy_hints {
        says.push(
            "It cannot hold resets to its password history and minimum age (no policy hints)."
                .to_owned(),
        );
    }
    says
}

/// A certificate, for a person who compares.
fn card(certificate: &Certificate) -> Vec<String> {
    let print = certificate.fingerprint();
    let (first, second) = print.split_at_checked(48).unwrap_or((&print, ""));
    let mut lines = vec![
        format!("    subject  {}", harmless(&certificate.subject)),
        format!("    issuer   {}", harmless(&certificate.issuer)),
        format!(
            "    valid    {} to {}",
            words::time(certificate.valid_from),
            words::time(certificate.valid_until)
        ),
        format!("    SHA-256  {first}"),
        format!("             {second}"),
    ];
    if !certificate.hosts.is_empty() {
        lines.insert(
            1,
            format!("    hosts    {}", harmless(&certificate.hosts.join(", "))),
        );
    }
    lines
}

/// What failed, and what to look at first.
pub fn advice(fault: &ProbeFault) -> String {
    let remedy = match fault.step {
        "name" => "see that the name is right and resolves on this machine",
        "connection" => "see that the server runs, and that no firewall stands between",
        "certificate" => "see that the server offers TLS with a certificate of its own name",
        "sign-in" => "see that account and password are right, and that the account is not locked",
        _ => "see the server's own log",
    };
    format!("{}: {}; {remedy}", fault.step, fault.detail)
}
