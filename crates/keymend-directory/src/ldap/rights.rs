//! What the service account may do, against what it needs.  Nothing is written to find out.

mod asked;
mod asking;
mod tier_zero;

use std::time::Duration;

use keymend_domain::directory::rights::{Finding, RightsReport, Severity};
use ldap3::Scope;

use super::Ldap;
use super::active_directory;
use super::connect::{Failure, Search, Step};
use super::dialect::Dialect;
use super::filter::Filter;
use super::servers::Service;

/// The whole proof, on the first server that answers.
pub(super) async fn prove(ldap: &Ldap) -> Result<RightsReport, Failure> {
    let (server, service) = ldap.servers.service().await?;
    let proven = match service.offer.dialect {
        Dialect::ActiveDirectory => {
            let proving = ldap.active_directory.rights(server, &service).await;
            proving.map_err(|fault| {
                server.discard(&service);
                fault.failure(Step::Search)
            })
        }
        Dialect::OpenLdap | Dialect::Ds389 => asked::prove(ldap, server, &service).await,
        Dialect::Unfamiliar => Ok((0, vec![not_yet()])),
    };
    let (people, findings) = proven?;
    let (now, address) = (ldap.clock.now(), server.address().to_owned());
    Ok(RightsReport::new(now, address, people, findings))
}

/// What is said where nobody has taught Keymend yet how to find out.
fn not_yet() -> Finding {
    let remedy = "see that the service account is no administrator of the directory";
    asked::finding(Severity::Unproven, "everything", "the directory", remedy)
}

/// Whether the account that is signed in rules the directory itself, so that no password policy
/// binds what it writes.
///
/// The mark of a root DN: it needs no entry of its own, and it may read what nobody may.
pub(super) async fn is_above_policy(
    service: &Service,
    bind_dn: &str,
    person: &str,
    limit: Duration,
) -> Result<bool, Failure> {
    if service.offer.dialect == Dialect::ActiveDirectory {
        return Ok(active_directory::is_administrator(&service.offer.token));
    }
    if shows(service, bind_dn, "objectClass", limit).await? {
        return Ok(false);
    }
    shows(service, person, "userPassword", limit).await
}

/// Whether the service account sees this attribute of this entry; values are not fetched.
async fn shows(
    service: &Service,
    dn: &str,
    attribute: &str,
    limit: Duration,
) -> Result<bool, Failure> {
    let search = Search {
        base: dn,
        scope: Scope::Base,
        filter: &Filter::Present("objectClass".to_owned()),
        attributes: &[attribute],
        size_limit: 1,
        types_only: true,
    };
    let hits = service.connection.search(&search, limit).await;
    let hits = hits.map_err(|fault| fault.failure(Step::Search))?;
    Ok(hits.entries.iter().any(|entry| entry.has(attribute)))
}
