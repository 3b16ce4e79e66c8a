//! A real OpenLDAP server and the adapter in front of it.

use std::ops::Deref;
use std::time::Duration;

use keymend_directory::ldap::LdapOptions;
use keymend_domain::account::DirectoryName;
use keymend_domain::directory::WriteOutcome;
use keymend_domain::secret::Secret;
use keymend_lab::slapd::{BASE_DN, GROUPS_DN, PEOPLE_DN, SERVICE_DN, SERVICE_PASSWORD};
use keymend_lab::{Slapd, SlapdOptions};

pub use crate::desk::{Desk, WallClock, connect};

/// Long enough for every policy here, and nobody's yet.
pub const NEW: &str = "Winter harbour 52 lanterns";

/// What an installer would write for the lab's server.
pub fn options(slapd: &Slapd, url: &str) -> LdapOptions {
    let mut options = LdapOptions::new(
        DirectoryName("lab".into()),
        vec![url.parse().unwrap()],
        PEOPLE_DN.into(),
        SERVICE_DN.into(),
        Secret::new(SERVICE_PASSWORD.into()),
    );
    options.ca_file = Some(slapd.ca_file());
    options.group_base = Some(GROUPS_DN.into());
    options.protected_groups = vec![format!("cn=admins,{GROUPS_DN}")];
    options.default_policy = Some(format!("cn=default,ou=policies,{BASE_DN}"));
    // Tests of silence should not take long.
    options.connect_timeout = Duration::from_millis(1_500);
    options.search_timeout = Duration::from_millis(1_500);
    options
}

pub struct House {
    pub slapd: Slapd,
    desk: Desk,
}

impl Deref for House {
    type Target = Desk;

    fn deref(&self) -> &Desk {
        &self.desk
    }
}

impl House {
    pub fn start() -> Self {
        Self::with(SlapdOptions::default(), |_| {})
    }

    pub fn with(server: SlapdOptions, change: impl FnOnce(&mut LdapOptions)) -> Self {
        let slapd = Slapd::start(server);
        let mut options = options(&slapd, &slapd.ldaps_url());
        change(&mut options);
        Self::around(slapd, options)
    }

    pub fn around(slapd: Slapd, options: LdapOptions) -> Self {
        Self {
            desk: Desk::new(options),
            slapd,
        }
    }
}

/// Everything the new password needs to be called written.
pub fn is_done(outcome: &WriteOutcome) -> bool {
    matches!(
        outcome,
        WriteOutcome::Done {
            change_again: false,
            ..
        }
    )
}
