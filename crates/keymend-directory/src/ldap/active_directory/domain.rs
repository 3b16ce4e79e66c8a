//! What is known of the domain as a whole, read at most once a minute.

use std::sync::{Arc, Mutex, PoisonError};

use keymend_domain::route::{Realm, Realms};
use keymend_domain::time::{MINUTE_MS, Moment};
use ldap3::Scope;

use super::rules::{self, Policy};
use crate::ldap::connect::{CallError, Search};
use crate::ldap::entry::Entry;
use crate::ldap::filter::Filter;
use crate::ldap::servers::{Server, Service};

/// How old this may be (source: behaviour §6.5).
const FRESH_MS: i64 = MINUTE_MS;

/// A domain: its names, and its rules for passwords.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Domain {
    /// The short name in front of `\`, if it can be read.
    netbios: Option<String>,
    /// The name behind `@`.
    dns: String,
    /// `None` if the head of the domain does not show its rules.
    pub(super) policy: Option<Policy>,
}

/// The domain as it was read lately.
#[derive(Debug, Default)]
pub(super) struct Remembered(Mutex<Option<(Moment, Arc<Domain>)>>);

impl Remembered {
    /// The domain, at most a minute old.
    pub(super) async fn get(
        &self,
        server: &Server,
        service: &Service,
        now: Moment,
    ) -> Result<Arc<Domain>, CallError> {
        let known = self
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        if let Some((read_at, domain)) = known
            && (0..FRESH_MS).contains(&now.since_ms(read_at))
        {
            return Ok(domain);
        }
        let domain = Arc::new(read(server, service).await?);
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *known = Some((now, Arc::clone(&domain)));
        Ok(domain)
    }

    /// Forgets it, so that it is read again.
    pub(super) fn forget(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

async fn read(server: &Server, service: &Service) -> Result<Domain, CallError> {
    let offer = &service.offer;
    let everything = Filter::Present("objectClass".to_owned());
    let head = Search {
        base: &offer.base,
        scope: Scope::Base,
        filter: &everything,
        attributes: rules::OF_DOMAIN,
        size_limit: 1,
        types_only: false,
    };
    let partitions = format!("CN=Partitions,{}", offer.configuration);
    let names = Search {
        base: &partitions,
        scope: Scope::OneLevel,
        filter: &Filter::And(vec![
            Filter::equal("objectClass", "crossRef"),
            Filter::equal("nCName", &offer.base),
        ]),
        attributes: &["nETBIOSName"],
        size_limit: 1,
        types_only: false,
    };
    let limit = server.call_timeout();
    let (head, names) = tokio::join!(
        service.connection.search(&head, limit),
        service.connection.search(&names, limit),
    );
    let (head, names) = (head?, names?);
    let netbios = names
        .entries
        .first()
        .and_then(|entry| entry.text("nETBIOSName"));
    Ok(Domain {
        netbios: netbios.map(str::to_owned),
        dns: dns_name(&offer.base),
        policy: head.entries.first().and_then(Policy::from_domain),
    })
}

/// `lab.test` for `DC=lab,DC=test`.
fn dns_name(base: &str) -> String {
    let label = |part: &str| {
        let (kind, value) = part.split_once('=')?;
        kind.trim()
            .eq_ignore_ascii_case("dc")
            .then(|| value.to_owned())
    };
    let labels: Vec<String> = base.split(',').filter_map(label).collect();
    labels.join(".")
}

impl Domain {
    /// The tests that a typed name must meet one of.
    ///
    /// Besides the attributes that are configured, `DOMAIN\name` and `name@domain` mean the
    /// account called `name` in this domain, as they do at a Windows sign-in.
    pub(super) fn tests(&self, typed: &str, attributes: &[String]) -> Vec<Filter> {
        let mut tests: Vec<Filter> = attributes
            .iter()
            .map(|name| Filter::equal(name, typed))
            .collect();
        let has = |wanted: &str| {
            attributes
                .iter()
                .any(|name| name.eq_ignore_ascii_case(wanted))
        };
        if has("sAMAccountName")
            && let Some((domain, name)) = typed.split_once('\\')
            && self.is_called(domain)
            && !name.is_empty()
        {
            tests.push(Filter::equal("sAMAccountName", name));
        }
        if has("userPrincipalName")
            && let Some((name, domain)) = typed.rsplit_once('@')
            && domain.eq_ignore_ascii_case(&self.dns)
            && !name.is_empty()
        {
            tests.push(Filter::equal("sAMAccountName", name));
        }
        tests
    }

    /// What stands behind the `@` of names in this domain, and before the `\`.  Other endings of
    /// user principal names are the forest's, and often those of everybody's mail: they are not
    /// taken for this domain's own.
    pub(super) fn realms(&self) -> Realms {
        let dns = Realm::new(&self.dns).ok();
        let netbios = self.netbios.as_deref();
        let netbios = netbios.and_then(|name| Realm::new(name).ok());
        Realms {
            suffixes: dns.iter().cloned().collect(),
            domains: dns.into_iter().chain(netbios).collect(),
        }
    }

    fn is_called(&self, name: &str) -> bool {
        let netbios = self.netbios.as_deref();
        netbios.is_some_and(|own| own.eq_ignore_ascii_case(name))
            || name.eq_ignore_ascii_case(&self.dns)
    }
}

/// The rules of a PSO; `None` if it cannot be read.
pub(super) async fn settings(
    server: &Server,
    service: &Service,
    dn: &str,
) -> Result<Option<Policy>, CallError> {
    let search = Search {
        base: dn,
        scope: Scope::Base,
        filter: &Filter::Present("objectClass".to_owned()),
        attributes: rules::OF_SETTINGS,
        size_limit: 1,
        types_only: false,
    };
    let hits = service
        .connection
        .search(&search, server.call_timeout())
        .await?;
    let entry: Option<&Entry> = hits.entries.first();
    Ok(entry.and_then(Policy::from_settings))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn domain() -> Domain {
        Domain {
            netbios: Some("LAB".into()),
            dns: dns_name("DC=lab,DC=test"),
            policy: None,
        }
    }

    fn tests(typed: &str, attributes: &[&str]) -> String {
        let attributes: Vec<String> = attributes.iter().map(|&name| name.to_owned()).collect();
        let tests = domain().tests(typed, &attributes);
        tests.iter().map(Filter::to_string).collect()
    }

    #[test]
    fn names_are_understood_as_at_a_windows_sign_in() {
        let both = ["sAMAccountName", "userPrincipalName"];
        assert_eq!(
            tests("jane", &both),
            "(sAMAccountName=jane)(userPrincipalName=jane)"
        );
        assert_eq!(
            tests("lab\\jane", &both),
            "(sAMAccountName=lab\\5cjane)(userPrincipalName=lab\\5cjane)(sAMAccountName=jane)"
        );
        assert!(tests("lab.test\\jane", &both).ends_with("(sAMAccountName=jane)"));
        assert!(tests("jane@LAB.test", &both).ends_with("(sAMAccountName=jane)"));
    }

    #[test]
    fn a_domain_says_by_which_names_it_is_called() {
        let stored = serde_json::to_string(&domain().realms()).unwrap();
        let expected = r#"{"suffixes":["lab.test"],"domains":["lab","lab.test"]}"#;
        assert_eq!(stored, expected);
        let nameless = Domain {
            netbios: None,
            dns: dns_name("O=corp"),
            policy: None,
        };
        assert_eq!(nameless.realms(), Realms::default());
    }

    #[test]
    fn names_of_other_domains_and_unwanted_forms_stay_plain() {
        assert_eq!(
            tests("evil\\jane", &["sAMAccountName"]),
            "(sAMAccountName=evil\\5cjane)"
        );
        assert_eq!(tests("\\2a", &["mail"]), "(mail=\\5c2a)");
        assert_eq!(tests("jane@lab.test", &["mail"]), "(mail=jane@lab.test)");
        assert_eq!(tests("lab\\*", &["mail"]), "(mail=lab\\5c\\2a)");
    }
}
