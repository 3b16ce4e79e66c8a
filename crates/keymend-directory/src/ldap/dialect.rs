//! Which kind of server answers, and what it offers.

use ldap3::Scope;

use super::connect::{CallError, Connection, Failure, Search, Step};
use super::entry::Entry;
use super::filter::Filter;
use std::time::Duration;

const PASSWORD_MODIFY: &str = "1.3.6.1.4.1.4203.1.11.1";
const WHO_AM_I: &str = "1.3.6.1.4.1.4203.1.11.3";
const AD_CAPABILITY: &str = "1.2.840.113556.1.4.800";

/// The vendors whose differences Keymend knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Dialect {
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
            Self::OpenLdap => None,
            Self::ActiveDirectory => Some(
                "the server is an Active Directory, which is not supported yet; only OpenLDAP is",
            ),
            Self::Ds389 => Some(
                "the server is a 389 Directory Server, which is not supported yet; only OpenLDAP is",
            ),
            Self::Unfamiliar => {
                Some("the root DSE names no vendor that is supported; only OpenLDAP is")
            }
        }
    }
}

/// What a server offers, from its root DSE.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Offer {
    /// Whether it answers "Who am I?" (RFC 4532).
    pub(super) who_am_i: bool,
}

/// Reads the root DSE and refuses servers that cannot be written to.
pub(super) async fn discover(connection: &Connection, limit: Duration) -> Result<Offer, Failure> {
    let everything = Filter::Present("objectClass".to_owned());
    let search = Search {
        base: "",
        scope: Scope::Base,
        filter: &everything,
        attributes: &[
            "objectClass",
            "vendorName",
            "vendorVersion",
            "supportedCapabilities",
            "supportedExtension",
            "forestFunctionality",
        ],
        size_limit: 0,
        types_only: false,
    };
    let hits = connection.search(&search, limit).await;
    let hits = hits.map_err(|fault: CallError| fault.failure(Step::Search))?;
    let root = hits.entries.first().ok_or_else(|| {
        Failure::strange(
            Step::Search,
            format!("the root DSE cannot be read (result {})", hits.rc),
        )
    })?;
    offer(root)
}

fn offer(root: &Entry) -> Result<Offer, Failure> {
    if let Some(complaint) = Dialect::of(root).unsupported() {
        return Err(Failure::strange(Step::Search, complaint));
    }
    let offers = |oid: &str| root.texts("supportedExtension").any(|value| value == oid);
    if !offers(PASSWORD_MODIFY) {
        let complaint = "the server does not offer the password modify operation (RFC 3062)";
        return Err(Failure::strange(Step::Search, complaint));
    }
    Ok(Offer {
        who_am_i: offers(WHO_AM_I),
    })
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
    fn a_server_that_is_not_supported_yet_is_named() {
        let refused = offer(&Entry::of("", &[("vendorName", "389 Project")])).unwrap_err();
        assert!(refused.error.to_string().contains("389 Directory Server"));
        assert!(refused.error.to_string().contains("not supported yet"));
        let bare = Entry::of("", &[("objectClass", "OpenLDAProotDSE")]);
        assert!(
            offer(&bare)
                .unwrap_err()
                .error
                .to_string()
                .contains("RFC 3062")
        );
    }
}
