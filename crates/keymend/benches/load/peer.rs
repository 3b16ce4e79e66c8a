//! The directories of the tables: a real OpenLDAP server and a real domain controller, each with
//! accounts in number.

use std::path::PathBuf;
use std::time::Duration;

use keymend_directory::ldap::LdapOptions;
use keymend_domain::account::DirectoryName;
use keymend_domain::secret::Secret;
use keymend_lab::{
    LoggedSearch, PasswordHash, Samba, SambaOptions, SambaVersion, Slapd, SlapdOptions,
};
use keymend_lab::{samba, slapd};

use super::bare::{Kind, Target};
use super::measure;

/// A directory server.
pub enum Peer {
    /// OpenLDAP.
    Slapd(Box<Slapd>, &'static str),
    /// Active Directory.
    Samba(Box<Samba>),
}

impl Peer {
    /// An OpenLDAP server; its log costs time.
    pub fn slapd(options: SlapdOptions) -> Self {
        let name = match (options.password_hash, options.syncs_to_disk) {
            (PasswordHash::Ssha, false) => "OpenLDAP 2.5",
            (PasswordHash::Ssha, true) => "OpenLDAP 2.5, {SSHA}, synced to disk",
            (PasswordHash::Argon2, _) => "OpenLDAP 2.5, {ARGON2}, synced to disk",
        };
        Self::Slapd(Box::new(Slapd::start(options)), name)
    }

    /// A domain controller with so many accounts.
    pub fn samba(accounts: u32, logs_operations: bool) -> Self {
        let samba = Samba::start(SambaOptions {
            version: SambaVersion::V4_25,
            bulk_accounts: accounts,
            ..SambaOptions::default()
        });
        // Else the service would refuse to write: its account could reset these.
        samba.seal_tier_zero();
        if logs_operations {
            samba.log_searches();
        }
        Self::Samba(Box::new(samba))
    }

    /// What it is called in a table.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Slapd(_, name) => name,
            Self::Samba(_) => "Samba 4.25",
        }
    }

    /// What an installer would write.
    pub fn options(&self) -> LdapOptions {
        let (people, service, password) = match self {
            Self::Slapd(..) => (slapd::PEOPLE_DN, slapd::SERVICE_DN, slapd::SERVICE_PASSWORD),
            Self::Samba(_) => (
                samba::PEOPLE_DN,
                samba::SERVICE_UPN,
                samba::SERVICE_PASSWORD,
            ),
        };
        let target = self.target();
        let mut options = LdapOptions::new(
            DirectoryName("lab".into()),
            vec![target.url.parse().unwrap()],
            people.into(),
            service.into(),
            Secret::new(password.into()),
        );
        options.ca_file = Some(target.ca_file);
        if let Self::Slapd(..) = self {
            options.group_base = Some(slapd::GROUPS_DN.into());
            let policy = format!("cn=default,ou=policies,{}", slapd::BASE_DN);
            options.default_policy = Some(policy);
        }
        options
    }

    /// Where a bare client finds it.
    pub fn target(&self) -> Target {
        let (url, ca_file, kind): (String, PathBuf, Kind) = match self {
            Self::Slapd(slapd, _) => (slapd.ldaps_url(), slapd.ca_file(), Kind::OpenLdap),
            Self::Samba(samba) => (samba.ldaps_url(), samba.ca_file(), Kind::ActiveDirectory),
        };
        Target { url, ca_file, kind }
    }

    /// Processor time the server has used so far, without what carries connections to it.
    pub fn cpu(&self) -> Duration {
        match self {
            Self::Slapd(slapd, _) => measure::cpu(slapd.pid()),
            Self::Samba(samba) => measure::cpu_of_family(samba.pid(), &["socat", "sh"]),
        }
    }

    /// Every search that its log shows, in order.
    pub fn searches(&self) -> Vec<LoggedSearch> {
        match self {
            Self::Slapd(slapd, _) => slapd.searches(),
            Self::Samba(samba) => samba.searches(),
        }
    }
}

/// What a server did, by its own log.
#[derive(Debug, Clone, Copy, Default)]
pub struct Operations {
    /// Searches for one person, or for what one person is told by.
    pub person: usize,
    /// Searches for what many share and Keymend keeps for a minute: groups, rules, names.
    pub shared: usize,
    /// Questions who is signed in: RFC 4532, or a read of the root DSE.
    pub who: usize,
    /// Sign-ins.
    pub binds: usize,
    /// Passwords written.
    pub writes: usize,
}

impl Operations {
    /// What happened since an earlier look.
    pub fn since(&self, before: &Self) -> Self {
        Self {
            person: self.person - before.person,
            shared: self.shared - before.shared,
            who: self.who - before.who,
            binds: self.binds - before.binds,
            writes: self.writes - before.writes,
        }
    }
}

impl Peer {
    /// Everything the server did since its log began.
    pub fn operations(&self) -> Operations {
        let mut operations = Operations::default();
        for search in self.searches() {
            if search.base.is_empty() {
                operations.who += 1;
            } else if search.is_about_a_person() {
                operations.person += 1;
            } else {
                operations.shared += 1;
            }
        }
        match self {
            Self::Slapd(slapd, _) => {
                let log = slapd.log();
                operations.who += log.matches("WHOAMI").count();
                operations.binds = log.matches(" method=128").count();
                operations.writes = log.matches("PASSMOD id=").count();
            }
            Self::Samba(samba) => {
                let events = samba.audit_since(&samba::AuditMark::default());
                let is_sign_in =
                    |event: &&samba::AuditEvent| matches!(event.deed, samba::Deed::SignIn { .. });
                operations.binds = events.iter().filter(is_sign_in).count();
                let writes = events.iter().filter(|event| event.is_about_a_password());
                operations.writes = writes.count();
            }
        }
        operations
    }
}
