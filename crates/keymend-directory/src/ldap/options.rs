//! What an installer says about one LDAP directory, checked before anything connects.

use std::path::PathBuf;
use std::time::Duration;

use keymend_domain::account::DirectoryName;
use keymend_domain::secret::Secret;
use url::Url;

use super::dn::DnKey;
use super::ds389;
use super::filter::Filter;

/// How one LDAP directory is reached and read.
///
/// Start from [`LdapOptions::new`], which fills in the defaults, and change what differs.
#[derive(Debug)]
pub struct LdapOptions {
    /// The installer's name for the directory.
    pub name: DirectoryName,
    /// The servers, tried in this order: `ldaps://host[:port]`, or `ldap://host[:port]` together
    /// with `start_tls`.
    pub urls: Vec<Url>,
    /// Whether connections to `ldap://` are raised to TLS before anything else is said.
    pub start_tls: bool,
    /// The certificate authorities to trust, PEM; `None` for those of the operating system.
    pub ca_file: Option<PathBuf>,
    /// The service account.  It must not be the root DN, which is above every password policy.
    /// Active Directory also takes `name@domain` and `DOMAIN\\name`.
    pub bind_dn: String,
    /// The service account's password.
    pub bind_password: Secret,
    /// Where accounts are searched.
    pub base: String,
    /// The attributes that hold what people type as their name; `None` for the usual ones of the
    /// kind of server: `uid`, `mail`; for Active Directory `sAMAccountName`,
    /// `userPrincipalName`, `mail`.
    pub login_attributes: Option<Vec<String>>,
    /// A filter that every account must meet besides.
    pub filter: Option<String>,
    /// Where groups are searched; `None` for `base`.
    pub group_base: Option<String>,
    /// DNs of groups whose members, nested ones included, are never written to.
    pub protected_groups: Vec<String>,
    /// The attributes that hold e-mail addresses; default `mail`.
    pub mail_attributes: Vec<String>,
    /// The attributes that hold telephone numbers; default `mobile`, `telephoneNumber`.
    pub phone_attributes: Vec<String>,
    /// What becomes of resets on an Active Directory whose servers cannot apply their rules to
    /// them; default [`WithoutPolicyHints::Reset`].
    pub without_policy_hints: WithoutPolicyHints,
    /// DN of the password policy for entries without one of their own (`ppolicy_default`).
    pub default_policy: Option<String>,
    /// DN of an entry that is signed in to, with a wrong password, where a name means nobody;
    /// `None` for one that does not exist, which most servers refuse without hashing.
    pub decoy_dn: Option<String>,
    /// For connecting, TLS and the sign-in of the service account together; default 5 s.
    pub connect_timeout: Duration,
    /// For one search or one sign-in; default 10 s.
    pub search_timeout: Duration,
    /// For one order from the first read to the last check, if its own deadline is not sooner;
    /// default 30 s.
    pub write_deadline: Duration,
    /// Connections of the service account per server; default 4.
    pub service_connections: usize,
    /// Sign-ins of people at the same time, per server; default 16.  Four more are kept for those
    /// that belong to a password write.
    pub user_connections: usize,
}

/// What becomes of a reset when an Active Directory server does not offer the policy hints
/// control, without which it checks neither history nor minimum age of a password that is reset.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum WithoutPolicyHints {
    /// It is carried out, and the directory is "connected with limits".
    #[default]
    Reset,
    /// It is not carried out; signing in, changing and unlocking go on.
    Refuse,
}

/// A setting that cannot work.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("directory.{directory}.{key} = {value:?}: {remedy}")]
pub struct OptionsError {
    /// The directory the setting belongs to.
    pub directory: String,
    /// The name of the setting.
    pub key: &'static str,
    /// What it is set to; never a secret.
    pub value: String,
    /// What is wrong, and what to do.
    pub remedy: String,
}

impl LdapOptions {
    /// The options with every default.
    #[must_use]
    pub fn new(
        name: DirectoryName,
        urls: Vec<Url>,
        base: String,
        bind_dn: String,
        bind_password: Secret,
    ) -> Self {
        let texts = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect();
        Self {
            name,
            urls,
            start_tls: false,
            ca_file: None,
            bind_dn,
            bind_password,
            base,
            login_attributes: None,
            filter: None,
            group_base: None,
            protected_groups: Vec::new(),
            mail_attributes: texts(&["mail"]),
            phone_attributes: texts(&["mobile", "telephoneNumber"]),
            without_policy_hints: WithoutPolicyHints::Reset,
            default_policy: None,
            decoy_dn: None,
            connect_timeout: Duration::from_secs(5),
            search_timeout: Duration::from_secs(10),
            write_deadline: Duration::from_secs(30),
            service_connections: 4,
            user_connections: 16,
        }
    }

    /// A complaint about one setting.
    pub(super) fn wrong(&self, key: &'static str, value: &str, remedy: &str) -> OptionsError {
        OptionsError {
            directory: self.name.0.clone(),
            key,
            value: value.to_owned(),
            remedy: remedy.to_owned(),
        }
    }

    /// Checks everything that can be checked without a network.
    pub(super) fn check(&self) -> Result<(), OptionsError> {
        if self.urls.is_empty() {
            return Err(self.wrong(
                "url",
                "",
                "no server is named; add one ldaps:// URL at least",
            ));
        }
        self.urls.iter().try_for_each(|url| self.check_url(url))?;
        self.check_names()?;
        self.check_attributes()?;
        if self.bind_password.expose().is_empty() {
            let remedy = "an empty password would be an anonymous sign-in; set the password of \
                          the service account";
            return Err(self.wrong("bind_password", "", remedy));
        }
        for (key, count) in [
            ("service_connections", self.service_connections),
            ("user_connections", self.user_connections),
        ] {
            if !(1..=256).contains(&count) {
                return Err(self.wrong(key, &count.to_string(), "must be between 1 and 256"));
            }
        }
        Ok(())
    }

    fn check_url(&self, url: &Url) -> Result<(), OptionsError> {
        let shown = url.as_str();
        match (url.scheme(), self.start_tls) {
            ("ldaps", _) | ("ldap", true) => {}
            ("ldap", false) => {
                let remedy = "passwords cannot be written over a plain connection; use ldaps:// \
                              or set start_tls = true";
                return Err(self.wrong("url", shown, remedy));
            }
            _ => return Err(self.wrong("url", shown, "only ldaps:// and ldap:// are known")),
        }
        match url.host_str() {
            None | Some("") => Err(self.wrong("url", shown, "names no server; write its name")),
            Some(host) if host.starts_with('[') => {
                let remedy = "an IPv6 address cannot be compared with a certificate here; write \
                              the server's name";
                Err(self.wrong("url", shown, remedy))
            }
            Some(_) if !url.username().is_empty() || url.password().is_some() => {
                let remedy = "names and passwords do not belong in a URL; use bind_dn and \
                              bind_password";
                Err(self.wrong("url", "ldaps://…", remedy))
            }
            Some(_) => Ok(()),
        }
    }

    fn check_names(&self) -> Result<(), OptionsError> {
        let is_manager = DnKey::of(&self.bind_dn) == DnKey::of(ds389::MANAGER);
        if is_manager {
            let remedy = "is the superuser of 389 Directory Server, whom no password policy \
                          binds; name a service account";
            return Err(self.wrong("bind_dn", &self.bind_dn, remedy));
        }
        let single = [
            (
                "bind_dn",
                Some(&self.bind_dn).filter(|_| !self.binds_by_login()),
            ),
            ("base", Some(&self.base)),
            ("group_base", self.group_base.as_ref()),
            ("default_policy", self.default_policy.as_ref()),
            ("decoy_dn", self.decoy_dn.as_ref()),
        ];
        let groups = self
            .protected_groups
            .iter()
            .map(|group| ("protected_groups", Some(group)));
        for (key, name) in single.into_iter().chain(groups) {
            if let Some(name) = name
                && DnKey::of(name).is_none()
            {
                let remedy = "is not a distinguished name; write it as cn=…,dc=…";
                return Err(self.wrong(key, name, remedy));
            }
        }
        let decoy = self.decoy_dn.as_deref();
        if let Some(name) = decoy
            && DnKey::of(name) == DnKey::of(&self.bind_dn)
        {
            let remedy = "strangers' sign-ins would lock the service account; name an entry that \
                          nobody uses";
            return Err(self.wrong("decoy_dn", name, remedy));
        }
        Ok(())
    }

    /// Whether the service account is named as at a Windows sign-in and not by its DN.
    pub(super) fn binds_by_login(&self) -> bool {
        DnKey::of(&self.bind_dn).is_none() && self.bind_dn.contains(['@', '\\'])
    }

    fn check_attributes(&self) -> Result<(), OptionsError> {
        if self.login_attributes.as_ref().is_some_and(Vec::is_empty) {
            let remedy = "nobody could be found; name one attribute at least";
            return Err(self.wrong("login_attributes", "", remedy));
        }
        let all = [
            ("login_attributes", self.login_attributes.as_ref()),
            ("mail_attributes", Some(&self.mail_attributes)),
            ("phone_attributes", Some(&self.phone_attributes)),
        ];
        for (key, names) in all {
            for name in names.into_iter().flatten() {
                let is_name = name.starts_with(|sign: char| sign.is_ascii_alphabetic())
                    && name
                        .bytes()
                        .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b';'));
                if !is_name {
                    return Err(self.wrong(key, name, "is not the name of an attribute"));
                }
            }
        }
        Ok(())
    }

    /// The extra filter as a tree.
    pub(super) fn parsed_filter(&self) -> Result<Option<Filter>, OptionsError> {
        let Some(text) = &self.filter else {
            return Ok(None);
        };
        Filter::parse(text)
            .map(Some)
            .map_err(|stop| self.wrong("filter", text, &stop.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(url: &str) -> LdapOptions {
        LdapOptions::new(
            DirectoryName("corp".into()),
            vec![url.parse().unwrap()],
            "dc=lab,dc=test".into(),
            "uid=svc,dc=lab,dc=test".into(),
            Secret::new("hunter2".into()),
        )
    }

    #[test]
    fn a_plain_connection_is_refused_with_its_remedy() {
        let error = options("ldap://dc1").check().unwrap_err();
        expect_test::expect![[r#"directory.corp.url = "ldap://dc1": passwords cannot be written over a plain connection; use ldaps:// or set start_tls = true"#]]
            .assert_eq(&error.to_string());
        let mut raised = options("ldap://dc1");
        raised.start_tls = true;
        assert_eq!(raised.check(), Ok(()));
        assert_eq!(options("ldaps://dc1").check(), Ok(()));
    }

    #[test]
    fn what_cannot_work_is_named() {
        let check = |key: &str, change: fn(&mut LdapOptions)| {
            let mut options = options("ldaps://dc1");
            change(&mut options);
            assert_eq!(options.check().unwrap_err().key, key);
        };
        check("url", |o| o.urls.clear());
        check("url", |o| o.urls = vec!["https://dc1".parse().unwrap()]);
        check("url", |o| o.urls = vec!["ldaps://[::1]".parse().unwrap()]);
        check("url", |o| {
            o.urls = vec!["ldaps://jane:secret@dc1".parse().unwrap()]
        });
        check("bind_dn", |o| o.bind_dn = "svc".into());
        check("bind_dn", |o| o.bind_dn = "CN=Directory  Manager".into());
        check("base", |o| o.base = String::new());
        check("protected_groups", |o| {
            o.protected_groups = vec!["admins".into()]
        });
        check("decoy_dn", |o| o.decoy_dn = Some("nobody".into()));
        check("decoy_dn", |o| {
            o.decoy_dn = Some("UID=svc, dc=lab,dc=test".into())
        });
        check("login_attributes", |o| {
            o.login_attributes = Some(Vec::new())
        });
        check("login_attributes", |o| {
            o.login_attributes = Some(vec!["uid)(x".into()])
        });
        check("bind_password", |o| {
            o.bind_password = Secret::new(String::new())
        });
        check("service_connections", |o| o.service_connections = 0);
    }

    #[test]
    fn neither_the_password_nor_one_in_a_url_is_shown() {
        let mut options = options("ldaps://dc1");
        options.urls = vec!["ldaps://jane:hunter2@dc1".parse().unwrap()];
        assert!(!options.check().unwrap_err().to_string().contains("hunter2"));
        options.urls.clear();
        assert!(!format!("{options:?}").contains("hunter2"));
    }

    #[test]
    fn a_filter_is_read_at_the_start() {
        let mut options = options("ldaps://dc1");
        options.filter = Some("(uid=ja*)".into());
        assert_eq!(options.parsed_filter().unwrap_err().key, "filter");
    }
}
