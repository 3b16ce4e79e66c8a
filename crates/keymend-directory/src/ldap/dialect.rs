//! Which kind of server answers, and what it offers.

use ldap3::Scope;

use super::active_directory::Sid;
use super::connect::{CallError, Connection, Failure, Search, Step};
use super::entry::Entry;
use super::filter::Filter;
use std::time::Duration;

const PASSWORD_MODIFY: &str = "1.3.6.1.4.1.4203.1.11.1";
const WHO_AM_I: &str = "1.3.6.1.4.1.4203.1.11.3";
const AD_CAPABILITY: &str = "1.2.840.113556.1.4.800";
/// The controls that make resets obey the password rules, the better one first
/// (MS-ADTS, `LDAP_SERVER_POLICY_HINTS_OID` and its deprecated twin).
pub(super) const POLICY_HINTS: [&str; 2] = ["1.2.840.113556.1.4.2239", "1.2.840.113556.1.4.2066"];

/// The vendors whose differences Keymend knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// OpenLDAP, with or without the ppolicy overlay.
    OpenLdap,
    /// Active Directory or Samba.
    ActiveDirectory,
    /// 389 Directory Server or FreeIPA.
    Ds389,
    /// Something else that speaks LDAP.
    Unfamiliar,
}

impl Dialect {
    /// The vendor, by the marks each leaves in its root DSE.
    pub(super) fn of(root: &Entry) -> Self {
        let says = |name: &str, part: &str| root.texts(name).any(|value| value.contains(part));
        if says("supportedCapabilities", AD_CAPABILITY) || root.has("forestFunctionality") {
            Self::ActiveDirectory
        } else if says("vendorName", "389 Project") || says("vendorVersion", "389-Directory") {
            Self::Ds389
        } else if says("objectClass", "OpenLDAProotDSE") {
            Self::OpenLdap
        } else {
            Self::Unfamiliar
        }
    }

    /// A complaint about a vendor that Keymend cannot write to.
    fn unsupported(self) -> Option<&'static str> {
        match self {
            Self::OpenLdap | Self::ActiveDirectory | Self::Ds389 => None,
            Self::Unfamiliar => Some(
                "the root DSE names no vendor that is supported; OpenLDAP, 389 Directory Server \
                 and Active Directory are",
            ),
        }
    }
}

/// What one server is and can do, as far as it matters to the state of the directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Abilities {
    /// The server's address, as configured.
    pub server: String,
    /// What kind of server it is.
    pub dialect: Dialect,
    /// What it calls itself.
    pub vendor: Option<String>,
    /// The control that makes resets obey history and minimum age, if it offers one; without it
    /// an Active Directory is "connected with limits".
    pub policy_hints: Option<&'static str>,
}

/// How a server tells who is signed in on a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Witness {
    /// It does not.
    Nobody,
    /// By the operation "Who am I?" (RFC 4532).
    WhoAmI,
    /// By the identifiers in its root DSE (MS-ADTS, rootDSE attribute `tokenGroups`).
    RootDse,
}

/// What a server offers, from its root DSE.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Offer {
    pub(super) dialect: Dialect,
    pub(super) witness: Witness,
    /// The control that makes resets obey the password rules, if there is one.
    pub(super) policy_hints: Option<&'static str>,
    /// Whether an Active Directory is Samba's.
    pub(super) is_samba: bool,
    /// Whether a 389 Directory Server is FreeIPA's.
    pub(super) is_free_ipa: bool,
    /// The top of the domain (Active Directory) or of the data (389 Directory Server).
    pub(super) base: String,
    /// Where the forest keeps its configuration (Active Directory).
    pub(super) configuration: String,
    /// What the server calls its maker.
    pub(super) vendor: Option<String>,
    /// Who is signed in, and the groups that count for it (Active Directory).
    pub(super) token: Vec<Sid>,
}

impl Offer {
    /// Whether resets are bound by no history here, although this kind of server could do it.
    pub(super) fn lacks_hints(&self) -> bool {
        self.dialect == Dialect::ActiveDirectory && self.policy_hints.is_none()
    }
}

/// Reads the root DSE and refuses servers that cannot be written to.
pub(super) async fn discover(connection: &Connection, limit: Duration) -> Result<Offer, Failure> {
    let root = root(
        connection,
        &[
            "objectClass",
            "vendorName",
            "vendorVersion",
            "supportedCapabilities",
            "supportedControl",
            "supportedExtension",
            "forestFunctionality",
            "ipaDomainLevel",
            "ipaTopologyPluginVersion",
            "defaultNamingContext",
            "configurationNamingContext",
            "tokenGroups",
        ],
        limit,
    );
    let root = root.await.map_err(|fault| fault.failure(Step::Search))?;
    let root = root
        .ok_or_else(|| Failure::strange(Step::Search, "the root DSE cannot be read".to_owned()))?;
    offer(&root)
}

/// Who is signed in on a connection, by [`Witness::RootDse`].
pub(super) async fn token(connection: &Connection, limit: Duration) -> Result<Vec<Sid>, CallError> {
    let root = root(connection, &["tokenGroups"], limit).await?;
    Ok(root.as_ref().map(token_of).unwrap_or_default())
}

async fn root(
    connection: &Connection,
    attributes: &[&str],
    limit: Duration,
) -> Result<Option<Entry>, CallError> {
    let search = Search {
        base: "",
        scope: Scope::Base,
        filter: &Filter::Present("objectClass".to_owned()),
        attributes,
        size_limit: 0,
        types_only: false,
    };
    Ok(connection.search(&search, limit).await?.entries.pop())
}

fn token_of(root: &Entry) -> Vec<Sid> {
    root.all_bytes("tokenGroups")
        .filter_map(Sid::from_bytes)
        .collect()
}

fn offer(root: &Entry) -> Result<Offer, Failure> {
    let dialect = Dialect::of(root);
    if let Some(complaint) = dialect.unsupported() {
        return Err(Failure::strange(Step::Search, complaint));
    }
    let extends = |oid: &str| root.texts("supportedExtension").any(|value| value == oid);
    let controls = |oid: &str| root.texts("supportedControl").any(|value| value == oid);
    let text = |name: &str| root.text(name).map(str::to_owned);
    let witness = match dialect {
        Dialect::ActiveDirectory => Witness::RootDse,
        _ if extends(WHO_AM_I) => Witness::WhoAmI,
        _ => Witness::Nobody,
    };
    let offer = Offer {
        dialect,
        witness,
        is_samba: root.texts("vendorName").any(|name| name.contains("Samba")),
        is_free_ipa: root.has("ipaDomainLevel") || root.has("ipaTopologyPluginVersion"),
        policy_hints: POLICY_HINTS.into_iter().find(|oid| controls(oid)),
        base: text("defaultNamingContext").unwrap_or_default(),
        configuration: text("configurationNamingContext").unwrap_or_default(),
        vendor: text("vendorVersion").or(text("vendorName")),
        token: token_of(root),
    };
    match dialect {
        Dialect::ActiveDirectory if offer.base.is_empty() => {
            let complaint = "the root DSE names no domain (defaultNamingContext)";
            Err(Failure::strange(Step::Search, complaint))
        }
        Dialect::OpenLdap | Dialect::Ds389 if !extends(PASSWORD_MODIFY) => {
            let complaint = "the server does not offer the password modify operation (RFC 3062)";
            Err(Failure::strange(Step::Search, complaint))
        }
        _ => Ok(offer),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vendors_are_told_apart_by_their_root_dse() {
        let check = |attributes: &[(&str, &str)], dialect| {
            assert_eq!(Dialect::of(&Entry::of("", attributes)), dialect);
        };
        check(&[("objectClass", "OpenLDAProotDSE")], Dialect::OpenLdap);
        check(&[("vendorName", "389 Project")], Dialect::Ds389);
        check(
            &[("vendorName", "Samba Team"), ("forestFunctionality", "4")],
            Dialect::ActiveDirectory,
        );
        check(
            &[("supportedCapabilities", AD_CAPABILITY)],
            Dialect::ActiveDirectory,
        );
        check(&[("vendorName", "Acme")], Dialect::Unfamiliar);
    }

    #[test]
    fn a_server_that_cannot_be_written_to_is_refused() {
        let refused = offer(&Entry::of("", &[("vendorName", "Acme")])).unwrap_err();
        assert!(refused.error.to_string().contains("names no vendor"));
        for kind in [
            ("objectClass", "OpenLDAProotDSE"),
            ("vendorName", "389 Project"),
        ] {
            let refused = offer(&Entry::of("", &[kind])).unwrap_err();
            assert!(refused.error.to_string().contains("RFC 3062"));
        }
    }

    #[test]
    fn free_ipa_is_told_from_a_389_server_alone() {
        let is_free_ipa = |more: &[(&str, &str)]| {
            let mut all = vec![
                ("vendorName", "389 Project"),
                ("supportedExtension", PASSWORD_MODIFY),
            ];
            all.extend(more);
            offer(&Entry::of("", &all)).unwrap().is_free_ipa
        };
        assert!(!is_free_ipa(&[]));
        assert!(is_free_ipa(&[("ipaDomainLevel", "1")]));
        assert!(is_free_ipa(&[("ipatopologypluginversion", "1.0")]));
    }

    #[test]
    fn the_better_of_the_policy_hints_is_taken() {
        let hints = |controls: &[&str]| {
            let mut all = vec![
                ("supportedCapabilities", AD_CAPABILITY),
                ("defaultNamingContext", "DC=x"),
            ];
            all.extend(controls.iter().map(|&oid| ("supportedControl", oid)));
            offer(&Entry::of("", &all)).unwrap().policy_hints
        };
        let [new, old] = POLICY_HINTS;
        assert_eq!(hints(&[old, new]), Some(new));
        assert_eq!(hints(&[old]), Some(old));
        assert_eq!(hints(&["1.2.840.113556.1.4.319"]), None);
    }
}
