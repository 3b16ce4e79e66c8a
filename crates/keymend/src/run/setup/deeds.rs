//! What the wizard tries: directory, mail server and gateway, as the service would use them.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use keymend_directory::ldap::probe::{Candidate, Certificate, ProbeFault, Session, Trust, Units};
use keymend_directory::ldap::{Ldap, LdapOptions};
use keymend_domain::account::{Account, Claim, DirectoryName};
use keymend_domain::directory::rights::RightsReport;
use keymend_domain::directory::{Directory, Found, PasswordRules};
use keymend_domain::secret::Secret;
use keymend_domain::time::Clock;
use toml::Value;
use url::Url;

use super::outcome::{self, Outcome};
use super::wizard::{Deed, Wizard};
use crate::breach::BreachFile;
use crate::config::{MailConfig, MailLogin, MailServerSection, TextsConfig, TextsSection};
use crate::deliver::Carrier;
use crate::run::{account, breach, build, words};

/// How long one question to a server may take.
const LIMIT: Duration = Duration::from_secs(10);
/// Contexts that are searched for people.
const CONTEXTS_MAX: usize = 4;

/// Everything outside the program.
pub struct World {
    /// The configuration file that is being written.
    pub config: PathBuf,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

impl World {
    /// A path as the configuration means it.
    pub fn path(&self, file: &str) -> PathBuf {
        let folder = self.config.parent().unwrap_or(Path::new(""));
        folder.join(file)
    }

    /// Tries one thing.
    pub async fn carry_out(&self, deed: &Deed, wizard: &Wizard) -> Outcome {
        match deed {
            Deed::Look => Outcome::Looked(look(wizard).await),
            Deed::ReadAuthority(path) => {
                let shown = path.display().to_string();
                Outcome::Authority(path.clone(), Certificate::read(&self.path(&shown)))
            }
            Deed::SignIn => Outcome::SignedIn(self.see_places(wizard).await),
            Deed::IsThere(dn) => Outcome::Place(dn.clone(), self.is_there(wizard, dn).await),
            Deed::FindGroup(name) => {
                Outcome::Groups(name.clone(), self.find_groups(wizard, name).await)
            }
            Deed::LookUp(name) => Outcome::Account(self.look_up(wizard, name).await),
            Deed::Prove => Outcome::Rights(self.prove(wizard).await),
            Deed::OpenBreach(path) => {
                let file = self.path(&path.display().to_string());
                Outcome::Breach(path.clone(), open_breach(&file))
            }
            Deed::TryMail => Outcome::Carrier(self.try_mail(wizard).await),
            Deed::TryTexts => Outcome::Carrier(self.try_texts(wizard).await),
        }
    }

    async fn session(&self, wizard: &Wizard) -> Result<Session, ProbeFault> {
        let strange = |detail: &str| ProbeFault {
            step: "sign-in",
            detail: detail.to_owned(),
        };
        let servers = wizard.answers.list("directory.servers");
        let url = servers.first().and_then(|url| Url::parse(url).ok());
        let url = url.ok_or_else(|| strange("no server is known yet"))?;
        let (Some(account), Some(password)) = (
            wizard.answers.text("directory.account"),
            secret(&wizard.facts.typed.bind, &wizard.facts.present.bind),
        ) else {
            return Err(strange("no account and password are known yet"));
        };
        let trust = wizard.facts.trust.clone();
        let candidate = Candidate {
            url,
            trust,
            limit: LIMIT,
        };
        candidate
            .sign_in(account, &password, Arc::clone(&self.clock))
            .await
    }

    async fn see_places(
        &self,
        wizard: &Wizard,
    ) -> Result<(keymend_directory::ldap::probe::Root, Units), ProbeFault> {
        let session = self.session(wizard).await?;
        let root = session.root().clone();
        let mut all = Units::default();
        // In an Active Directory the domain comes first, and nobody else's people are below it.
        let most = match root.dialect {
            keymend_directory::ldap::Dialect::ActiveDirectory => 1,
            _ => CONTEXTS_MAX,
        };
        for context in root.contexts.iter().take(most) {
            let units = session.units(context).await?;
            all.people += units.people;
            all.has_more |= units.has_more;
            all.list.extend(units.list);
            all.policies.extend(units.policies);
        }
        Ok((root, all))
    }

    async fn is_there(&self, wizard: &Wizard, dn: &str) -> Result<bool, ProbeFault> {
        self.session(wizard).await?.is_there(dn).await
    }

    async fn find_groups(&self, wizard: &Wizard, name: &str) -> Result<Vec<String>, ProbeFault> {
        let session = self.session(wizard).await?;
        let context = session.root().contexts.first().cloned().unwrap_or_default();
        session.groups(&context, name).await
    }

    /// Looks an account up exactly as the service would.
    async fn look_up(&self, wizard: &Wizard, name: &str) -> Result<Vec<String>, String> {
        let claim = Claim::new(name).map_err(|fault| fault.to_string())?;
        let staged = self.stage_authority(wizard)?;
        let found = self.find(wizard, staged.as_deref(), &claim).await;
        unstage(wizard, staged);
        match found? {
            (Found::Nobody, _) => Err(format!("{name} means nobody below the place you chose")),
            (Found::Several { count }, _) => Err(format!(
                "{name} means {count} accounts, so nobody will be found by it"
            )),
            (Found::One(account), rules) => Ok(seen(&account, rules.as_ref())),
        }
    }

    /// Finds out what the service account may do, exactly as the service would.
    async fn prove(&self, wizard: &Wizard) -> Result<RightsReport, String> {
        let staged = self.stage_authority(wizard)?;
        let options = self.options(wizard, staged.as_deref());
        let proven = match options.map(|options| Ldap::new(options, Arc::clone(&self.clock))) {
            Ok(Ok(ldap)) => ldap.rights().await.map_err(|fault| fault.to_string()),
            Ok(Err(fault)) => Err(fault.to_string()),
            Err(said) => Err(said),
        };
        unstage(wizard, staged);
        proven
    }

    async fn find(
        &self,
        wizard: &Wizard,
        authority: Option<&Path>,
        claim: &Claim,
    ) -> Result<(Found, Option<PasswordRules>), String> {
        let options = self.options(wizard, authority)?;
        let ldap =
            Ldap::new(options, Arc::clone(&self.clock)).map_err(|fault| fault.to_string())?;
        let found = ldap.find(claim).await.map_err(|fault| fault.to_string())?;
        let rules = match &found {
            Found::One(account) => ldap.password_rules(&account.id).await.ok(),
            _ => None,
        };
        Ok((found, rules))
    }

    fn options(&self, wizard: &Wizard, authority: Option<&Path>) -> Result<LdapOptions, String> {
        let answers = &wizard.answers;
        let text = |key: &str| answers.text(key).unwrap_or_default().to_owned();
        let urls: Result<Vec<Url>, _> = answers
            .list("directory.servers")
            .iter()
            .map(|url| Url::parse(url))
            .collect();
        let urls = urls.map_err(|fault| fault.to_string())?;
        let password = secret(&wizard.facts.typed.bind, &wizard.facts.present.bind);
        let contexts = wizard.facts.root.as_ref().map(|root| &root.contexts);
        Ok(LdapOptions {
            start_tls: urls.iter().any(|url| url.scheme() == "ldap"),
            ca_file: authority.map(Path::to_owned),
            group_base: contexts.and_then(|all| all.first().cloned()),
            default_policy: answers.text("directory.default_policy").map(str::to_owned),
            ..LdapOptions::new(
                DirectoryName(text("directory.name")),
                urls,
                text("directory.base"),
                text("directory.account"),
                password.ok_or("no password is known yet")?,
            )
        })
    }

    /// The PEM file of the authority, for what reads it from a file.
    fn stage_authority(&self, wizard: &Wizard) -> Result<Option<PathBuf>, String> {
        if let Some(file) = wizard.answers.text("directory.ca_file") {
            return Ok(Some(self.path(file)));
        }
        let Trust::Authorities(all) = &wizard.facts.trust else {
            return Ok(None);
        };
        let mut name = self.config.as_os_str().to_owned();
        name.push(".setup-ca.pem");
        let staged = PathBuf::from(name);
        let pem: String = all.iter().map(Certificate::pem).collect();
        super::apply::write(&staged, &pem, 0o644).map_err(|stop| stop.to_string())?;
        Ok(Some(staged))
    }

    async fn try_mail(&self, wizard: &Wizard) -> Result<(), Vec<String>> {
        let mail = self.mail(wizard).map_err(|fault| vec![fault])?;
        let smtp = build::smtp(&self.config, &mail).map_err(|stop| vec![stop.to_string()])?;
        Carrier::Smtp(smtp).test_connection().await
    }

    fn mail(&self, wizard: &Wizard) -> Result<MailConfig, String> {
        let answers = &wizard.answers;
        let table = toml::Table::from_iter(["host", "port", "tls"].into_iter().filter_map(|key| {
            Some((
                key.to_owned(),
                answers.value(&format!("mail.{key}"))?.clone(),
            ))
        }));
        let server: MailServerSection = Value::Table(table)
            .try_into()
            .map_err(|fault: toml::de::Error| fault.message().to_owned())?;
        let password = secret(&wizard.facts.typed.mail, &wizard.facts.present.mail);
        let login = answers.text("mail.username").map(str::to_owned);
        let login = login
            .zip(password)
            .map(|(username, password)| MailLogin { username, password });
        Ok(MailConfig {
            servers: vec![server],
            login,
            from: answers.text("mail.from").unwrap_or_default().to_owned(),
            reply_to: None,
            ca_file: answers.text("mail.ca_file").map(|file| self.path(file)),
        })
    }

    async fn try_texts(&self, wizard: &Wizard) -> Result<(), Vec<String>> {
        let mut table = match wizard.answers.0.get("texts") {
            Some(Value::Table(table)) => table.clone(),
            _ => toml::Table::new(),
        };
        table.remove("wanted");
        let section: Result<TextsSection, toml::de::Error> = Value::Table(table).try_into();
        let section = section.map_err(|fault| vec![fault.message().to_owned()])?;
        let texts = TextsConfig {
            preset: section.preset,
            sender: section.sender,
            account: section.account,
            token: secret(&wizard.facts.typed.texts, &wizard.facts.present.texts),
            url: section.url,
            method: section.method,
            headers: section.headers,
            body_kind: section.body_kind,
            body: section.body,
            basic_login: section.basic_login,
            success: section.success,
            ca_file: section
                .ca_file
                .map(|file| self.path(&file.display().to_string())),
            timeout_secs: section.timeout_secs,
        };
        let gateway =
            build::gateway(&self.config, &texts).map_err(|stop| vec![stop.to_string()])?;
        Carrier::Gateway(Box::new(gateway)).test_connection().await
    }
}

/// Takes the file of the authority away again; left behind it would do no harm, for it is a
/// public certificate.
fn unstage(wizard: &Wizard, staged: Option<PathBuf>) {
    if let Some(staged) = staged.filter(|_| wizard.facts.offered.is_some()) {
        let _ = fs::remove_file(staged);
    }
}

/// What is in a file of leaked passwords.
fn open_breach(file: &Path) -> Result<String, String> {
    let opened = BreachFile::open(file).map_err(|fault| words::chain(&fault))?;
    Ok(breach::summary(&opened).trim_end().to_owned())
}

fn secret(typed: &Option<Secret>, present: &Option<Secret>) -> Option<Secret> {
    typed.as_ref().or(present.as_ref()).map(Secret::duplicate)
}

/// Looks at every server that was named, by the first address that reaches it.
async fn look(wizard: &Wizard) -> Vec<(String, keymend_directory::ldap::probe::Look)> {
    let mut looks = Vec::new();
    for word in wizard.answers.list("directory.servers") {
        let mut last = None;
        for url in addresses(&word) {
            let shown = url.as_str().trim_end_matches('/').to_owned();
            let trust = wizard.facts.trust.clone();
            let candidate = Candidate {
                url,
                trust,
                limit: LIMIT,
            };
            let look = candidate.look().await;
            let is_elsewhere = look.root.as_ref().err().is_some_and(|fault| {
                fault.step == "connection" || (fault.step == "certificate" && look.chain.is_empty())
            });
            // The first failure says more than the one at the address that was only guessed.
            if !is_elsewhere || last.is_none() {
                last = Some((shown, look));
            }
            if !is_elsewhere {
                break;
            }
        }
        let nothing = || {
            let fault = ProbeFault {
                step: "name",
                detail: "this is not the name of a server".to_owned(),
            };
            let look = keymend_directory::ldap::probe::Look {
                chain: Vec::new(),
                root: Err(fault),
            };
            (word.clone(), look)
        };
        looks.push(last.unwrap_or_else(nothing));
    }
    looks
}

/// The addresses that a word may mean.
fn addresses(word: &str) -> Vec<Url> {
    let texts = if word.contains("://") {
        vec![word.to_owned()]
    } else {
        vec![format!("ldaps://{word}"), format!("ldap://{word}")]
    };
    let is_fit = |url: &Url| {
        let is_bare = url.username().is_empty() && matches!(url.path(), "" | "/");
        matches!(url.scheme(), "ldap" | "ldaps") && url.host_str().is_some() && is_bare
    };
    let urls = texts.iter().filter_map(|text| Url::parse(text).ok());
    urls.filter(is_fit).collect()
}

/// What Keymend sees of an account; nothing that its owner would not see.
fn seen(found: &Account, rules: Option<&PasswordRules>) -> Vec<String> {
    let mut lines = vec![
        format!("    login    {}", found.login),
        format!("    name     {}", found.display_name),
        format!("    state    {}", account::state_words(&found.state)),
        format!("    groups   {}", found.groups.len()),
        format!("    mail     {}", found.mail.len()),
        format!("    phones   {}", found.phones.len()),
    ];
    if let Some(rules) = rules {
        lines.push(format!("    rules    {}", rule_words(rules)));
    }
    lines
}

fn rule_words(rules: &PasswordRules) -> String {
    let mut words = vec![format!("at least {} characters", rules.length_min)];
    if rules.classes_min > 0 {
        words.push(format!("{} kinds of characters", rules.classes_min));
    }
    if rules.history > 0 {
        words.push(format!("none of the last {}", rules.history));
    }
    if rules.lockout_threshold > 0 {
        words.push(format!(
            "locks after {} wrong ones",
            rules.lockout_threshold
        ));
    }
    if rules.has_unreadable_rule {
        words.push("and others that cannot be read".to_owned());
    }
    words.join(", ")
}

/// What the summary says of the kind of directory.
pub fn kind_of(wizard: &Wizard) -> &'static str {
    wizard
        .facts
        .root
        .as_ref()
        .map_or("not looked at", |root| outcome::kind(root.dialect))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bare_name_is_tried_with_tls_first_and_a_whole_address_as_it_is() {
        let shown =
            |word: &str| -> Vec<String> { addresses(word).iter().map(Url::to_string).collect() };
        assert_eq!(
            shown("dc1.corp.test"),
            ["ldaps://dc1.corp.test", "ldap://dc1.corp.test"]
        );
        assert_eq!(shown("dc1:1636"), ["ldaps://dc1:1636", "ldap://dc1:1636"]);
        assert_eq!(shown("ldaps://dc1:1636"), ["ldaps://dc1:1636"]);
        for bad in ["https://dc1", "ldaps://cn:pw@dc1", "ldaps://dc1/dc=x", ""] {
            assert!(shown(bad).is_empty(), "{bad}");
        }
    }
}
