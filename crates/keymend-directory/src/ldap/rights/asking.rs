//! Asking an OpenLDAP or a 389 Directory Server what the service account may write.
//!
//! A 389 Directory Server tells everybody their own rights ("get effective rights", tried on
//! 2.3.1).  OpenLDAP tells nobody, so it is asked to add a value and to take one away that no
//! entry has, both under the no-op control and that critical: nothing is written in any case.
//! It looks at the rules before it looks for the value (tried on 2.5.13, with the overlays
//! ppolicy, memberof and refint): `noSuchAttribute` (16) and `no operation` mean that it would
//! have been done, `insufficientAccessRights` (50) that it would not.
//!
//! Without the control, as in `cn=config`, nothing is ever added; taking away is asked all the
//! same, for there is nothing to take away: the values are drawn anew for each proof.
//!
//! The assertion control (RFC 4528) is no way to ask: OpenLDAP 2.5.13 looks at the assertion
//! before it looks at the rules, and 389 Directory Server 2.3.1 does not have it.

use std::collections::HashSet;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use ldap3::controls::RawControl;
use ldap3::{Mod, Scope};

use crate::ldap::connect::{Failure, Search, Step};
use crate::ldap::dialect::Dialect;
use crate::ldap::filter::Filter;
use crate::ldap::servers::Service;

/// The no-op control (draft-zeilenga-ldap-noop), by the number OpenLDAP gave it.
const NO_OP: &str = "1.3.6.1.4.1.4203.666.5.2";
/// "Get effective rights" (draft-ietf-ldapext-acl-model), by the number 389 Directory Server gave
/// it; the value is whose rights are asked for.
const EFFECTIVE_RIGHTS: &str = "1.3.6.1.4.1.42.2.27.9.5.2";

/// `unavailableCriticalExtension` (RFC 4511 §4.1.11): there is no no-op here.
pub(super) const NOT_OFFERED: u32 = 12;

/// What the server would have said to a write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Would {
    Do,
    /// Add values and take none away, or the other way round.
    DoHalf,
    Refuse,
    /// The server has no such attribute: there is no lock where there is no password policy.
    Nonsense,
    /// An answer that says neither.
    Say(u32),
}

impl Would {
    /// Whether something could be written.
    pub(super) fn writes(self) -> bool {
        matches!(self, Self::Do | Self::DoHalf)
    }

    /// What is known from asking to take away and, where it can be asked, to add.
    fn both(removes: Self, adds: Self) -> Self {
        match (removes, adds) {
            (Self::Nonsense, _) | (_, Self::Nonsense) => Self::Nonsense,
            (Self::Do, Self::Refuse) | (Self::Refuse, Self::Do) => Self::DoHalf,
            (Self::Do, _) | (_, Self::Do) => Self::Do,
            (Self::Say(rc), _) | (_, Self::Say(rc)) => Self::Say(rc),
            _ => Self::Refuse,
        }
    }
}

/// What a value that no entry has looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Value {
    /// In a form in which no password is stored.
    Password,
    Text,
    Mail,
    Member,
    /// The service account's own DN, which is added and never taken away.
    Own,
    /// A moment long before any computer; only taking it away is asked.
    Time,
    /// A number higher than anybody counts; only taking it away is asked.
    Number,
    /// An access control item of 389 Directory Server.
    Rules,
    /// A setting in `cn=config` of OpenLDAP, where there is no no-op.
    Setting,
}

/// An attribute, and a kind of value of it that no entry has.
pub(super) type Question = (&'static str, Value);

/// The service account's own connection, for questions.
pub(super) struct Asking<'a> {
    service: &'a Service,
    /// The DN of the service account.
    own: &'a str,
    limit: Duration,
    /// What makes the values of this proof like no others.
    chance: u128,
    /// Attributes that the server said it does not have.
    absent: Mutex<HashSet<&'static str>>,
}

impl<'a> Asking<'a> {
    /// # Errors
    ///
    /// If the system gives no random numbers.
    pub(super) fn new(
        service: &'a Service,
        own: &'a str,
        limit: Duration,
    ) -> Result<Self, Failure> {
        let mut chance = [0; 16];
        getrandom::fill(&mut chance)
            .map_err(|_| Failure::strange(Step::Search, "the system gives no random numbers"))?;
        Ok(Self {
            service,
            own,
            limit,
            chance: u128::from_le_bytes(chance),
            absent: Mutex::default(),
        })
    }

    pub(super) fn service(&self) -> &'a Service {
        self.service
    }

    pub(super) fn own(&self) -> &'a str {
        self.own
    }

    pub(super) fn limit(&self) -> Duration {
        self.limit
    }

    /// What the server would say to writes of these attributes of one entry, in their order.
    pub(super) async fn would_write(
        &self,
        dn: &str,
        questions: &[Question],
    ) -> Result<Vec<Would>, Failure> {
        if self.service.offer.dialect == Dialect::Ds389
            && let Some(told) = self.told(dn, questions).await?
            && let Some(told) = told.into_iter().collect()
        {
            return Ok(told);
        }
        let mut answers = Vec::new();
        for question in questions {
            answers.push(self.tried(dn, *question).await?);
        }
        Ok(answers)
    }

    /// The server's own account of it; `None` if it gives none of the entry, or of an attribute.
    pub(super) async fn told(
        &self,
        dn: &str,
        questions: &[Question],
    ) -> Result<Option<Vec<Option<Would>>>, Failure> {
        let attributes: Vec<&str> = questions.iter().map(|(name, _)| *name).collect();
        let mut once = attributes.clone();
        once.sort_unstable();
        once.dedup();
        let search = Search {
            base: dn,
            scope: Scope::Base,
            filter: &Filter::Present("objectClass".to_owned()),
            attributes: &once,
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
        Ok(rights.map(|rights| {
            let names = attributes.iter();
            names.map(|name| level(rights, name)).collect()
        }))
    }

    async fn tried(&self, dn: &str, (attribute, kind): Question) -> Result<Would, Failure> {
        if self.absent().contains(attribute) {
            return Ok(Would::Nonsense);
        }
        let value = self.value(kind);
        let removes = match kind {
            Value::Own => Would::Refuse,
            _ => self.removal(dn, attribute, &value).await?,
        };
        let adds = match (removes, kind) {
            (Would::Nonsense, _) => Would::Nonsense,
            // These are taken away and never added, or cannot be asked about.
            (same, Value::Time | Value::Number | Value::Setting) => same,
            _ => {
                let values = HashSet::from([value.into_bytes()]);
                let change = Mod::Add(attribute.as_bytes().to_vec(), values);
                meaning(self.modified(dn, change, true).await?)
            }
        };
        let would = Would::both(removes, adds);
        if would == Would::Nonsense {
            self.absent().insert(attribute);
        }
        Ok(would)
    }

    /// What the server says to taking away a value that no entry has.
    async fn removal(&self, dn: &str, attribute: &str, value: &str) -> Result<Would, Failure> {
        let change = || {
            let values = HashSet::from([value.as_bytes().to_vec()]);
            Mod::Delete(attribute.as_bytes().to_vec(), values)
        };
        let rc = self.modified(dn, change(), true).await?;
        if rc != NOT_OFFERED {
            return Ok(meaning(rc));
        }
        let rc = self.modified(dn, change(), false).await?;
        if rc == 0 {
            tracing::error!(
                dn,
                attribute,
                value,
                "the proof of rights took a value away that no entry should have; put it back"
            );
            return Ok(Would::Say(rc));
        }
        Ok(meaning(rc))
    }

    async fn modified(&self, dn: &str, change: Mod<Vec<u8>>, no_op: bool) -> Result<u32, Failure> {
        let no_op = no_op.then(|| RawControl {
            ctype: NO_OP.to_owned(),
            crit: true,
            val: None,
        });
        let controls = no_op.into_iter().collect();
        let connection = &self.service.connection;
        let asked = connection.modify(dn, vec![change], controls, self.limit);
        let answer = asked.await.map_err(|fault| fault.failure(Step::Search))?;
        Ok(answer.rc)
    }

    fn absent(&self) -> MutexGuard<'_, HashSet<&'static str>> {
        self.absent.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn value(&self, kind: Value) -> String {
        let chance = self.chance;
        match kind {
            Value::Password => format!("{{KEYMEND-RIGHTS-PROOF}}{chance:032x}"),
            Value::Text => format!("{chance:032x}"),
            Value::Setting => format!("keymend-rights-proof-{chance:032x}"),
            Value::Mail => format!("{chance:032x}@keymend.invalid"),
            Value::Member => format!("cn=keymend-rights-proof-{chance:032x},dc=invalid"),
            Value::Own => self.own.to_owned(),
            Value::Time => format!(
                "1{:03}01{:02}{:02}{:02}{:02}Z",
                chance % 800,
                chance / 800 % 28 + 1,
                chance / 22_400 % 24,
                chance / 537_600 % 60,
                chance / 32_256_000 % 60
            ),
            Value::Number => format!("{}", 1_000_000_000 + chance % 1_000_000_000),
            Value::Rules => format!(
                "(targetattr=\"cn\")(version 3.0; acl \"Keymend rights proof {chance:032x}\"; deny \
                 (write) userdn=\"ldap:///self\";)"
            ),
        }
    }
}

/// What a result code says of the rules.
fn meaning(rc: u32) -> Would {
    match rc {
        // 16: no such value; 20: the value is there already; 0x410E: "no operation", said by the
        // control itself.
        0 | 16 | 20 | 0x410E => Would::Do,
        // 32: nothing can be written to what is not there or not shown.  65: nor what the classes
        // of the entry do not have.
        32 | 50 | 65 => Would::Refuse,
        17 => Would::Nonsense,
        rc => Would::Say(rc),
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
    fn half_a_right_is_told_from_a_whole_one_and_from_none() {
        use Would::{Do, DoHalf, Nonsense, Refuse, Say};
        for (removes, adds, expected) in [
            (Do, Do, Do),
            (Do, Refuse, DoHalf),
            (Refuse, Do, DoHalf),
            (Refuse, Refuse, Refuse),
            // What cannot be asked is not refused.
            (Refuse, Say(NOT_OFFERED), Say(NOT_OFFERED)),
            (Do, Say(NOT_OFFERED), Do),
            (Say(21), Do, Do),
            (Refuse, Nonsense, Nonsense),
        ] {
            assert_eq!(Would::both(removes, adds), expected, "{removes:?} {adds:?}");
        }
    }

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
