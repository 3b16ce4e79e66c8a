//! `[directory.NAME]`: the directories and how they are reached.

use std::path::PathBuf;

use keymend_domain::route::Realms;
use keymend_domain::secret::Secret;
use url::Url;

use super::check::Checker;
use super::document::{DirectoryKind, DirectorySection, WithoutPolicyHints};
use super::fault::{Complaint, complaint};
use super::realms;
use super::site::has_more_than_a_path;

/// One directory, ready to be connected to.
#[derive(Debug)]
pub struct DirectoryConfig {
    /// Its name in the store and in the policy.
    pub name: String,
    /// What kind it is.
    pub kind: DirectoryKind,
    /// Its name as people know it.
    pub title: String,
    /// Its servers, in the order they are tried; with `start_tls`, or `ldaps`.
    pub urls: Vec<Url>,
    /// Encrypt `ldap://` connections before anything else is said.
    pub start_tls: bool,
    /// Authorities to trust instead of the operating system's.
    pub ca_file: Option<PathBuf>,
    /// The service account.
    pub bind_dn: String,
    /// Its password.
    pub bind_password: Secret,
    /// Where the accounts are.
    pub base: String,
    /// The endings and domains by which names mean this directory alone.
    pub realms: Realms,
    /// Attributes a typed name is looked up in.
    pub login_attributes: Option<Vec<String>>,
    /// A filter that accounts must match, in parentheses.
    pub filter: Option<String>,
    /// Where the groups are.
    pub group_base: String,
    /// Groups whose members are never touched.
    pub protected_groups: Vec<String>,
    /// Attributes with e-mail addresses.
    pub mail_attributes: Vec<String>,
    /// Attributes with phone numbers.
    pub phone_attributes: Vec<String>,
    /// What becomes of resets that the server would not bind by its rules.
    pub without_policy_hints: WithoutPolicyHints,
    /// The password policy of accounts that have none of their own.
    pub default_policy: Option<String>,
    /// The entry that is signed in to where a name means nobody.
    pub decoy_dn: Option<String>,
    /// Connections of the service account to each server.
    pub service_connections: u32,
    /// People whose password is checked at one time, at each server.
    pub user_connections: u32,
    /// Seconds until a connection is given up.
    pub connect_timeout_secs: u32,
    /// Seconds until a search is given up.
    pub search_timeout_secs: u32,
    /// Seconds within which a password must be written.
    pub write_timeout_secs: u32,
    /// Seconds between two looks at its health.
    pub health_interval_secs: u32,
}

pub(super) fn check(
    name: &str,
    section: &DirectorySection,
    checker: &mut Checker<'_>,
) -> Option<DirectoryConfig> {
    let at = format!("directory.{name}");
    check_name(name, &at, checker);
    let urls = check_urls(section, &at, checker);
    let ca_file = match &section.ca_file {
        Some(file) => Some(checker.certificates(&format!("{at}.ca_file"), file)?),
        None => None,
    };
    let bind_password = check_bind(section, &at, checker);
    check_places(section, &at, checker);
    check_attributes(section, &at, checker);
    let realms = realms::check(section, &at, checker);
    if !checker.is_clean(&at) {
        return None;
    }
    Some(DirectoryConfig {
        name: name.to_owned(),
        kind: section.kind,
        title: section.title.clone(),
        urls: urls?,
        start_tls: section.start_tls,
        ca_file,
        bind_dn: section.bind_dn.clone(),
        bind_password: bind_password?,
        base: section.base.clone(),
        realms,
        login_attributes: section.login_attributes.clone(),
        without_policy_hints: section.without_policy_hints,
        filter: section.filter.clone(),
        group_base: section
            .group_base
            .clone()
            .unwrap_or_else(|| section.base.clone()),
        protected_groups: section.protected_groups.clone(),
        mail_attributes: section.mail_attributes.clone(),
        phone_attributes: section.phone_attributes.clone(),
        default_policy: section.default_policy.clone(),
        decoy_dn: section.decoy_dn.clone(),
        service_connections: section.service_connections,
        user_connections: section.user_connections,
        connect_timeout_secs: section.connect_timeout_secs,
        search_timeout_secs: section.search_timeout_secs,
        write_timeout_secs: section.write_timeout_secs,
        health_interval_secs: section.health_interval_secs,
    })
}

fn check_name(name: &str, at: &str, checker: &mut Checker<'_>) {
    let is_plain = |sign: u8| sign.is_ascii_lowercase() || sign.is_ascii_digit() || sign == b'-';
    if name.is_empty() || name.len() > 32 || !name.bytes().all(is_plain) {
        checker.fault(
            at,
            "is not a name for a directory",
            "use 1 to 32 lower-case letters, digits and dashes",
        );
    }
}

fn check_urls(section: &DirectorySection, at: &str, checker: &mut Checker<'_>) -> Option<Vec<Url>> {
    section
        .urls
        .iter()
        .enumerate()
        .map(|(place, text)| {
            let checked = server(text, section.start_tls);
            checker.accept(&format!("{at}.urls[{place}]"), checked)
        })
        // Collected twice, so that every wrong one is reported and not the first alone.
        .collect::<Vec<_>>()
        .into_iter()
        .collect()
}

fn server(text: &str, start_tls: bool) -> Result<Url, Complaint> {
    let wanted = "write ldaps://HOST or ldaps://HOST:PORT";
    let url = Url::parse(text).map_err(|_| complaint("is not an address", wanted))?;
    match url.scheme() {
        "ldaps" => {}
        "ldap" if start_tls => {}
        "ldap" => {
            return Err(complaint(
                "passwords cannot be written over a plain connection",
                "use ldaps:// or set start_tls = true",
            ));
        }
        _ => return Err(complaint("is not the address of an LDAP server", wanted)),
    }
    if url.host_str().is_none_or(str::is_empty) {
        return Err(complaint("names no host", wanted));
    }
    if has_more_than_a_path(&url) || !matches!(url.path(), "" | "/") {
        return Err(complaint("is more than a host and a port", wanted));
    }
    Ok(url)
}

fn check_bind(section: &DirectorySection, at: &str, checker: &mut Checker<'_>) -> Option<Secret> {
    let key = format!("{at}.bind_dn");
    let dn = section.bind_dn.to_lowercase().replace(' ', "");
    if dn == "cn=directorymanager" {
        checker.fault(
            &key,
            "is the directory's own administrator, whom no password policy binds",
            "make an account for Keymend that may set the passwords of people and nothing more",
        );
    } else if dn.starts_with("cn=admin,dc=") || dn.starts_with("cn=manager,dc=") {
        checker.remark(
            &key,
            "looks like the directory's own administrator, whom no password policy binds",
            "make an account for Keymend that may set the passwords of people and nothing more",
        );
    }
    let file = section.bind_password_file.as_deref();
    let faults_before = checker.faults.len();
    let password = checker.secret(at, "bind_password", file);
    if password.is_none() && checker.faults.len() == faults_before {
        checker.fault(
            &format!("{at}.bind_password_file"),
            "is missing: without a password the directory would take Keymend for anybody",
            "name a file with the password of bind_dn",
        );
    }
    password
}

fn check_places(section: &DirectorySection, at: &str, checker: &mut Checker<'_>) {
    let places = [
        ("bind_dn".to_owned(), Some(&section.bind_dn)),
        ("base".to_owned(), Some(&section.base)),
        ("group_base".to_owned(), section.group_base.as_ref()),
        ("default_policy".to_owned(), section.default_policy.as_ref()),
        ("decoy_dn".to_owned(), section.decoy_dn.as_ref()),
    ];
    let groups = section.protected_groups.iter().enumerate();
    let groups = groups.map(|(place, dn)| (format!("protected_groups[{place}]"), Some(dn)));
    for (key, dn) in places.into_iter().chain(groups) {
        // Active Directory also takes `name@realm` and `REALM\name` for the account that binds.
        let is_login = key == "bind_dn" && dn.is_some_and(|dn| dn.contains(['@', '\\']));
        if dn.is_some_and(|dn| !is_dn(dn)) && !is_login {
            checker.fault(
                &format!("{at}.{key}"),
                "is not a distinguished name",
                "write for instance ou=people,dc=example,dc=org",
            );
        }
    }
    if section
        .filter
        .as_deref()
        .is_some_and(|text| !is_filter(text))
    {
        checker.fault(
            &format!("{at}.filter"),
            "is not an LDAP filter",
            "write it in parentheses, for instance (objectClass=person)",
        );
    }
}

fn check_attributes(section: &DirectorySection, at: &str, checker: &mut Checker<'_>) {
    let lists = [
        ("login_attributes", section.login_attributes.as_ref()),
        ("mail_attributes", Some(&section.mail_attributes)),
        ("phone_attributes", Some(&section.phone_attributes)),
    ];
    for (key, names) in lists {
        for (place, name) in names
            .into_iter()
            .flatten()
            .enumerate()
            .filter(|(_, name)| !is_attribute(name))
        {
            checker.fault(
                &format!("{at}.{key}[{place}]"),
                format!("{name:?} is not the name of an attribute"),
                "use letters, digits and dashes, for instance uid",
            );
        }
    }
}

fn is_attribute(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_alphabetic())
        && name.len() <= 64
        && name
            .bytes()
            .all(|sign| sign.is_ascii_alphanumeric() || sign == b'-')
}

/// Whether every part of a DN has a type and a value; commas may be escaped (RFC 4514 §2.4).
fn is_dn(text: &str) -> bool {
    let mut parts = vec![String::new()];
    let mut signs = text.chars();
    while let Some(sign) = signs.next() {
        match (sign, parts.last_mut()) {
            ('\\', Some(part)) => {
                part.push(sign);
                part.extend(signs.next());
            }
            (',', _) => parts.push(String::new()),
            (_, Some(part)) => part.push(sign),
            (_, None) => return false,
        }
    }
    parts.iter().all(|part| {
        part.split_once('=')
            .is_some_and(|(kind, value)| is_attribute(kind.trim()) && !value.trim().is_empty())
    })
}

/// Whether parentheses surround the whole and close as often as they open, never before.
fn is_filter(text: &str) -> bool {
    let mut depth = 0_u32;
    let mut ended = false;
    for sign in text.chars() {
        match sign {
            _ if ended => return false,
            '(' => depth += 1,
            ')' if depth == 0 => return false,
            ')' => {
                depth -= 1;
                ended = depth == 0;
            }
            _ if depth == 0 => return false,
            _ => {}
        }
    }
    ended && text.contains('=')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters_and_names_are_looked_at_before_a_server_is() {
        assert!(is_filter("(objectClass=person)") && is_filter("(&(a=b)(!(c=d)))"));
        for bad in [
            "objectClass=person",
            "(a=b",
            "(a=b))",
            "(a=b)(c=d)",
            "()",
            "",
        ] {
            assert!(!is_filter(bad), "{bad}");
        }
        assert!(is_dn("ou=people, dc=corp,dc=test") && is_dn(r"cn=Doe\, Jane,dc=test"));
        for bad in ["people", "ou=,dc=test", "ou=people,", "=x", ""] {
            assert!(!is_dn(bad), "{bad}");
        }
        assert!(is_attribute("sAMAccountName") && !is_attribute("1a") && !is_attribute("a)(b"));
    }

    #[test]
    fn a_plain_connection_is_refused_with_the_way_out() {
        assert!(server("ldaps://dc1.corp.test:1636", false).is_ok());
        assert!(server("ldap://dc1.corp.test", true).is_ok());
        assert_eq!(
            server("ldap://dc1", false).unwrap_err(),
            complaint(
                "passwords cannot be written over a plain connection",
                "use ldaps:// or set start_tls = true"
            )
        );
        for bad in [
            "dc1",
            "https://dc1",
            "ldaps://",
            "ldaps://cn:pw@dc1",
            "ldaps://dc1/dc=x?a",
        ] {
            assert!(server(bad, true).is_err(), "{bad}");
        }
    }
}
