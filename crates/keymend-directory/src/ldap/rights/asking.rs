//! Asking an OpenLDAP or a 389 Directory Server what the service account may write.
//!
//! A 389 Directory Server tells everybody their own rights ("get effective rights", tried on
//! 2.3.1).  OpenLDAP tells nobody, so it is asked to take away a value that no entry has.  Both
//! servers look at the rules before they look for the value: `noSuchAttribute` (16) means that it
//! would have been done, `insufficientAccessRights` (50) that it would not.  OpenLDAP gets the
//! no-op control along, critical, so that nothing can be written in any case; without it there is
//! still nothing to take away.
//!
//! The assertion control (RFC 4528) is no way to ask: OpenLDAP 2.5.13 looks at the assertion
//! before it looks at the rules, and 389 Directory Server 2.3.1 does not have it.

use std::collections::HashSet;
use std::time::Duration;

use ldap3::controls::RawControl;
use ldap3::{Mod, Scope};

use crate::ldap::connect::{CallError, Failure, Search, Step};
use crate::ldap::dialect::Dialect;
use crate::ldap::filter::Filter;
use crate::ldap::servers::Service;

/// The no-op control (draft-zeilenga-ldap-noop), by the number OpenLDAP gave it.
const NO_OP: &str = "1.3.6.1.4.1.4203.666.5.2";
/// "Get effective rights" (draft-ietf-ldapext-acl-model), by the number 389 Directory Server gave
/// it; the value is whose rights are asked for.
const EFFECTIVE_RIGHTS: &str = "1.3.6.1.4.1.42.2.27.9.5.2";

/// What the server would have said to a write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Would {
    Do,
    Refuse,
    /// The server has no such attribute: there is no lock where there is no password policy.
    Nonsense,
    /// An answer that says neither.
    Say(u32),
}

/// An attribute, and a value of it that no entry has.
pub(super) type Question = (&'static str, &'static str);

/// The service account's own connection, for questions.
pub(super) struct Asking<'a> {
    pub(super) service: &'a Service,
    /// The DN of the service account.
    pub(super) own: &'a str,
    pub(super) limit: Duration,
}

impl Asking<'_> {
    /// What the server would say to writes of these attributes of one entry, in their order.
    pub(super) async fn would_write(
        &self,
        dn: &str,
        questions: &[Question],
    ) -> Result<Vec<Would>, Failure> {
        if self.service.offer.dialect == Dialect::Ds389
            && let Some(told) = self.told(dn, questions).await?
        {
            return Ok(told);
        }
        let mut answers = Vec::new();
        for question in questions {
            answers.push(self.tried(dn, *question).await?);
        }
        Ok(answers)
    }

    /// The server's own account of it; `None` if it gives none.
    pub(super) async fn told(
        &self,
        dn: &str,
        questions: &[Question],
    ) -> Result<Option<Vec<Would>>, Failure> {
        let attributes: Vec<&str> = questions.iter().map(|(name, _)| *name).collect();
        let search = Search {
            base: dn,
            scope: Scope::Base,
            filter: &Filter::Present("objectClass".to_owned()),
            attributes: &attributes,
            size_limit: 1,
            types_only: false,
        };
        let whose = RawControl {
            ctype: EFFECTIVE_RIGHTS.to_owned(),
            crit: true,
            val: Some(format!("dn:{}", self.own).into_bytes()),
        };
        let connection = &self.service.connection;
        let asked = connection.search_with(&search, vec![whose], self.limit);
        let hits = asked.await.map_err(|fault| fault.failure(Step::Search))?;
        let entry = hits.entries.first().filter(|_| hits.rc == 0);
        let rights = entry.and_then(|entry| entry.text("attributeLevelRights"));
        Ok(rights.and_then(|rights| {
            let names = attributes.iter();
            names.map(|name| level(rights, name)).collect()
        }))
    }

    async fn tried(&self, dn: &str, (attribute, value): Question) -> Result<Would, Failure> {
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
        let failure = |fault: CallError| fault.failure(Step::Search);
        let asked = connection.modify(dn, change(), vec![no_op], self.limit);
        let mut answer = asked.await.map_err(failure)?;
        if answer.rc == 12 {
            let asked = connection.modify(dn, change(), Vec::new(), self.limit);
            answer = asked.await.map_err(failure)?;
        }
        Ok(match answer.rc {
            // 0x410E: "no operation", said by the control itself.
            0 | 16 | 0x410E => Would::Do,
            // 32: nothing can be written to what is not there or not shown.
            32 | 50 => Would::Refuse,
            17 => Would::Nonsense,
            rc => Would::Say(rc),
        })
    }
}

/// What `attributeLevelRights` says of one attribute: `w` is for writing it, `W` for adding
/// oneself (Red Hat Directory Server documentation, "Checking access rights on entries").
fn level(rights: &str, name: &str) -> Option<Would> {
    let all = rights
        .split(',')
        .filter_map(|one| one.trim().split_once(':'));
    let (_, letters) = { all }.find(|(own, _)| own.eq_ignore_ascii_case(name))?;
    let writes = letters != "none" && letters.contains(['w', 'W']);
    Some(if writes { Would::Do } else { Would::Refuse })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn effective_rights_are_read_letter_by_letter() {
        let rights = "userPassword:wo, aci:none, member:rscW, mail:rsc";
        assert_eq!(level(rights, "userpassword"), Some(Would::Do));
        assert_eq!(level(rights, "member"), Some(Would::Do));
        assert_eq!(level(rights, "aci"), Some(Would::Refuse));
        assert_eq!(level(rights, "mail"), Some(Would::Refuse));
        // What is not said is not known.
        assert_eq!(level(rights, "cn"), None);
        assert_eq!(level("", "cn"), None);
    }
}
