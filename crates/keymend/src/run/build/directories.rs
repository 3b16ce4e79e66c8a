//! The directories, as the configuration describes them.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use keymend_directory::ldap::{self, Ldap, LdapOptions};
use keymend_domain::account::DirectoryName;
use keymend_domain::directory::Directory;
use keymend_domain::time::Clock;

use crate::app::Directories;
use crate::cli::Stop;
use crate::config::{self, Config, DirectoryConfig, DirectoryKind};

/// A directory and what people call it.
type Titled = (Arc<dyn Directory>, String);

/// Every directory with what people call it; none of them connects before the first question.
///
/// # Errors
///
/// [`Stop::Usage`]: a section cannot work, and the text says which and why.
pub(crate) fn directories(
    path: &Path,
    config: &Config,
    clock: &Arc<dyn Clock>,
) -> Result<Vec<Titled>, Stop> {
    let sections = config.directories.iter();
    sections
        .map(|section| Ok((directory(path, section, clock)?, section.title.clone())))
        .collect()
}

/// The same, each called and looked at as its section says.
pub(super) fn connected(
    path: &Path,
    config: &Config,
    clock: &Arc<dyn Clock>,
) -> Result<Directories, Stop> {
    let all = Directories::new(directories(path, config, clock)?, Arc::clone(clock));
    let sections = config.directories.iter();
    Ok(sections.fold(all, |all, section| {
        let name = DirectoryName(section.name.clone());
        all.looked_at_every(&name, section.health_interval_secs)
            .called(&name, section.realms.clone())
    }))
}

fn directory(
    path: &Path,
    section: &DirectoryConfig,
    clock: &Arc<dyn Clock>,
) -> Result<Arc<dyn Directory>, Stop> {
    match section.kind {
        DirectoryKind::Ldap => Ok(Arc::new(ldap(path, section, clock)?)),
    }
}

/// One directory as an LDAP adapter, for questions that only such a one can answer.
///
/// # Errors
///
/// [`Stop::Usage`]: the section cannot work, and the text says why.
pub(crate) fn ldap(
    path: &Path,
    section: &DirectoryConfig,
    clock: &Arc<dyn Clock>,
) -> Result<Ldap, Stop> {
    let ldap = Ldap::new(options(section), Arc::clone(clock));
    ldap.map_err(|error| Stop::Usage(format!("{}: {error}", path.display())))
}

fn options(section: &DirectoryConfig) -> LdapOptions {
    let secs = |count: u32| Duration::from_secs(count.into());
    let count = |count: u32| usize::try_from(count).unwrap_or(usize::MAX);
    LdapOptions {
        start_tls: section.start_tls,
        ca_file: section.ca_file.clone(),
        login_attributes: section.login_attributes.clone(),
        without_policy_hints: match section.without_policy_hints {
            config::WithoutPolicyHints::Reset => ldap::WithoutPolicyHints::Reset,
            config::WithoutPolicyHints::Refuse => ldap::WithoutPolicyHints::Refuse,
        },
        filter: section.filter.clone(),
        group_base: Some(section.group_base.clone()),
        protected_groups: section.protected_groups.clone(),
        mail_attributes: section.mail_attributes.clone(),
        phone_attributes: section.phone_attributes.clone(),
        default_policy: section.default_policy.clone(),
        decoy_dn: section.decoy_dn.clone(),
        connect_timeout: secs(section.connect_timeout_secs),
        search_timeout: secs(section.search_timeout_secs),
        write_deadline: secs(section.write_timeout_secs),
        service_connections: count(section.service_connections),
        user_connections: count(section.user_connections),
        ..LdapOptions::new(
            DirectoryName(section.name.clone()),
            section.urls.clone(),
            section.base.clone(),
            section.bind_dn.clone(),
            section.bind_password.duplicate(),
        )
    }
}
