//! What a server was asked for, as its own log tells it: the witness of how many searches a deed
//! costs.

use std::time::Duration;

use crate::samba::Samba;
use crate::slapd::Slapd;
use crate::trouble::{Trouble, or_end_the_test};
use crate::wait;

/// For every process of the server to hear of it.
const PATIENCE: Duration = Duration::from_secs(20);
/// Connections after which every process had one.
const TURNS: usize = 4;

/// One search that a server carried out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoggedSearch {
    /// Where; empty for the root DSE.
    pub base: String,
    /// The filter, as the server writes it.
    pub filter: String,
}

/// What the lab's people are told by, in filters.
const NAMES: [&str; 6] = [
    "(uid=",
    "(mail=",
    "(entryUUID=",
    "(sAMAccountName=",
    "(userPrincipalName=",
    "(objectGUID=",
];

impl LoggedSearch {
    /// Whether it was about one person, and not about what many share: groups, policies, the
    /// domain.
    pub fn is_about_a_person(&self) -> bool {
        let Self { base, filter } = self;
        NAMES.iter().any(|name| filter.contains(name))
            || base.contains("<GUID=")
            || base.to_lowercase().contains(",ou=people,")
    }
}

impl Slapd {
    /// Every search since the start, in order; none if the log is switched off.
    pub fn searches(&self) -> Vec<LoggedSearch> {
        let log = self.log();
        let lines = log.lines().filter(|line| line.contains(" SRCH base="));
        let search = |line: &str| {
            Some(LoggedSearch {
                base: between(line, "base=\"", "\" scope=")?,
                filter: between(line, "filter=\"", "\"")?,
            })
        };
        lines.filter_map(search).collect()
    }
}

impl Samba {
    /// Lets the server write down every search from here on, which it does not by itself.
    #[track_caller]
    pub fn log_searches(&self) {
        // All classes are named, because those that are not fall silent.
        let level = "1 dsdb_password_json_audit:5 dsdb_json_audit:5 auth_json_audit:3 ldapsrv:5";
        self.run(&["smbcontrol", "-s", "{conf}", "all", "debug", level]);
        // The message travels to several processes, which take connections in turn.
        let heard = wait::until(PATIENCE, || {
            let before = self.searches().len();
            for _ in 0..TURNS {
                let _ = self.root_attribute("dnsHostName");
            }
            (self.searches().len() == before + TURNS).then_some(())
        });
        let silent = || Trouble::new("the server does not write its searches down");
        or_end_the_test(heard.ok_or_else(silent));
    }

    /// Every search since [`Samba::log_searches`], in order.
    pub fn searches(&self) -> Vec<LoggedSearch> {
        let log = self.log();
        let lines = log.lines().filter(|line| line.contains("LDAP Query: "));
        let search = |line: &str| {
            Some(LoggedSearch {
                base: between(line, "basedn: [", "] scope: ")?,
                filter: between(line, "filter: [", "] basedn: ")?,
            })
        };
        lines.filter_map(search).collect()
    }
}

fn between(line: &str, before: &str, after: &str) -> Option<String> {
    let (_, rest) = line.split_once(before)?;
    let (value, _) = rest.split_once(after)?;
    Some(value.to_owned())
}
