//! A real domain controller and the adapter in front of it.

use std::ops::Deref;
use std::time::Duration;

use keymend_directory::ldap::{Ldap, LdapOptions};
use keymend_domain::account::DirectoryName;
use keymend_domain::secret::Secret;
use keymend_lab::samba::{PEOPLE_DN, SERVICE_PASSWORD, SERVICE_UPN};
use keymend_lab::{Samba, SambaOptions, SambaVersion};

use crate::desk::{Desk, connect};

/// What an installer would write for the lab's domain.
pub fn options(samba: &Samba, url: &str) -> LdapOptions {
    let mut options = LdapOptions::new(
        DirectoryName("lab".into()),
        vec![url.parse().unwrap()],
        PEOPLE_DN.into(),
        SERVICE_UPN.into(),
        Secret::new(SERVICE_PASSWORD.into()),
    );
    options.ca_file = Some(samba.ca_file());
    // Tests of silence should not take long.
    options.connect_timeout = Duration::from_millis(2_500);
    options.search_timeout = Duration::from_millis(2_500);
    options
}

pub struct Domain {
    pub samba: Samba,
    desk: Desk,
}

impl Deref for Domain {
    type Target = Desk;

    fn deref(&self) -> &Desk {
        &self.desk
    }
}

impl Domain {
    /// The version without policy hints.
    pub fn plain() -> Self {
        Self::of(SambaVersion::V4_17)
    }

    /// The version with policy hints.
    pub fn with_hints() -> Self {
        Self::of(SambaVersion::V4_25)
    }

    pub fn of(version: SambaVersion) -> Self {
        Self::with(version, |_| {})
    }

    pub fn with(version: SambaVersion, change: impl FnOnce(&mut LdapOptions)) -> Self {
        let samba = Samba::start(SambaOptions {
            version,
            ..SambaOptions::default()
        });
        let mut options = options(&samba, &samba.ldaps_url());
        change(&mut options);
        Self::around(samba, options)
    }

    pub fn around(samba: Samba, options: LdapOptions) -> Self {
        Self {
            desk: Desk::new(options),
            samba,
        }
    }

    /// A second adapter in front of the same controller, which remembers nothing yet.
    pub fn another(&self) -> Ldap {
        connect(options(&self.samba, &self.samba.ldaps_url()))
    }
}
