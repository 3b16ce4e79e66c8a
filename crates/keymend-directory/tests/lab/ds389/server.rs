//! A real 389 Directory Server and the adapter in front of it.

use std::ops::Deref;

use keymend_directory::ldap::LdapOptions;
use keymend_domain::account::{Account, DirectoryName};
use keymend_domain::directory::{Directory, SignIn};
use keymend_domain::secret::{Password, Secret};
use keymend_lab::ds389::{GROUPS_DN, PEOPLE_DN, SERVICE_DN, SERVICE_PASSWORD};
use keymend_lab::{Ds389, Ds389Options};

use crate::desk::Desk;

/// The right, beside those of the lab, with which a demand for another password can be ended.
pub const ENDING_DEMANDS: &str = "(targetattr=\"passwordExpirationTime\")(version 3.0; \
     acl \"service ends demands\"; allow (write) \
     userdn=\"ldap:///uid=svc-keymend,ou=service,dc=lab,dc=test\";)";

/// What an installer would write for the lab's server.
pub fn options(ds389: &Ds389, url: &str) -> LdapOptions {
    let mut options = LdapOptions::new(
        DirectoryName("lab".into()),
        vec![url.parse().unwrap()],
        PEOPLE_DN.into(),
        SERVICE_DN.into(),
        Secret::new(SERVICE_PASSWORD.into()),
    );
    options.ca_file = Some(ds389.ca_file());
    options.group_base = Some(GROUPS_DN.into());
    options.protected_groups = vec![format!("cn=admins,{GROUPS_DN}")];
    options
}

pub struct Server {
    pub ds389: Ds389,
    desk: Desk,
}

impl Deref for Server {
    type Target = Desk;

    fn deref(&self) -> &Desk {
        &self.desk
    }
}

impl Server {
    pub fn start() -> Self {
        Self::with(|_| {})
    }

    pub fn with(change: impl FnOnce(&mut LdapOptions)) -> Self {
        let ds389 = Ds389::start(Ds389Options::default());
        let mut options = options(&ds389, &ds389.ldaps_url());
        change(&mut options);
        Self {
            desk: Desk::new(options),
            ds389,
        }
    }

    /// A second adapter in front of the same server, which remembers nothing yet.
    pub fn another(&self, change: impl FnOnce(&mut LdapOptions)) -> Desk {
        let mut options = options(&self.ds389, &self.ds389.ldaps_url());
        change(&mut options);
        Desk::new(options)
    }

    pub fn set(&self, dn: &str, attribute: &str, value: &str) {
        self.ds389.modify(&format!(
            "dn: {dn}\nchangetype: modify\nreplace: {attribute}\n{attribute}: {value}\n"
        ));
    }

    pub fn grant(&self, right: &str) {
        self.ds389.modify(&format!(
            "dn: {PEOPLE_DN}\nchangetype: modify\nadd: aci\naci: {right}\n"
        ));
    }

    pub async fn sign_in(&self, account: &Account, password: &str) -> SignIn {
        let password = Password::current(password.into()).unwrap();
        let said = self.directory.check_password(&account.id, &password);
        said.await.unwrap()
    }
}
