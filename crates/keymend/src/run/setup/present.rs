//! What there is before the wizard begins: configuration, secrets, policy, unfinished answers.

use std::fs;
use std::path::{Path, PathBuf};

use keymend_directory::ldap::probe::{Certificate, Trust};
use keymend_domain::policy::Settings;
use keymend_domain::secret::Secret;
use toml::Table;

use super::answers::Answers;
use super::wizard::Wizard;
use crate::cli::Stop;
use crate::config::Config;
use crate::run::build;

/// What there is.
#[derive(Debug, Default)]
pub struct Present {
    /// The configuration file as it stands; empty if there is none.
    pub table: Table,
    /// The policy in force, if one was ever applied and can be read.
    pub settings: Option<Settings>,
    /// What is wrong with what there is.
    pub complaints: Vec<String>,
}

impl Present {
    /// Reads what there is, and puts it into the wizard as its first answers.
    ///
    /// # Errors
    ///
    /// [`Stop::Usage`] if there is a file that is no configuration: it is not written over.
    pub async fn read(path: &Path, wizard: &mut Wizard) -> Result<Self, Stop> {
        let mut present = Self::default();
        if !path.exists() {
            // What is configured for the whole machine has its data where those of services are.
            if path.starts_with("/etc") {
                wizard.answers.set("store.data_dir", "/var/lib/keymend");
            }
            return Ok(present);
        }
        let shown = path.display();
        let text = fs::read_to_string(path)
            .map_err(|error| Stop::Usage(format!("{shown}: cannot be read ({error})")))?;
        present.table = text.parse().map_err(|error: toml::de::Error| {
            let said = error.message().replace('\n', ", ");
            Stop::Usage(format!(
                "{shown}: is not TOML: {said}; correct it, or move it away"
            ))
        })?;
        wizard.answers = Answers::of(&present.table);
        match Config::load(path) {
            Ok(config) => {
                secrets(&config, wizard);
                match build::build(path, &config).await {
                    Ok(built) if built.has_settings => {
                        present.settings = Some(built.app.policy().settings().clone());
                    }
                    Ok(_) => {}
                    Err(stop) => present.complaints.push(stop.to_string()),
                }
            }
            // What can be understood is taken all the same.
            Err(faults) => present.complaints.push(faults.to_string()),
        }
        if let Some(settings) = &present.settings {
            policy_answers(settings, wizard);
        }
        Ok(present)
    }
}

fn secrets(config: &Config, wizard: &mut Wizard) {
    let copy = |secret: &Secret| Some(secret.duplicate());
    let present = &mut wizard.facts.present;
    present.bind = config
        .directories
        .first()
        .and_then(|one| copy(&one.bind_password));
    let login = config.mail.as_ref().and_then(|mail| mail.login.as_ref());
    present.mail = login.and_then(|login| copy(&login.password));
    let token = config.texts.as_ref().and_then(|texts| texts.token.as_ref());
    present.texts = token.and_then(copy);
}

fn policy_answers(settings: &Settings, wizard: &mut Wizard) {
    let scope = toml::Value::try_from(settings.scope);
    let answers = &mut wizard.answers;
    if let Ok(scope) = scope {
        answers.set("policy.scope", scope);
    }
    answers.set("policy.groups", settings.groups.clone());
    let administrators = settings.administrator_groups.clone();
    answers.set("policy.administrator_groups", administrators);
    answers.set(
        "policy.unlock_without_reset",
        settings.actions.unlock_without_reset,
    );
    let name = answers
        .text("directory.name")
        .unwrap_or_default()
        .to_owned();
    let writes = settings.writeback.get(&name).copied().unwrap_or(true);
    answers.set("policy.writeback", writes);
}

/// Trusts the authorities in the file that the answers name.
///
/// # Errors
///
/// What is wrong with the file.
pub fn trust(wizard: &mut Wizard, folder: &Path) -> Result<(), String> {
    let Some(file) = wizard.answers.text("directory.ca_file") else {
        return Ok(());
    };
    let all = Certificate::read(&folder.join(file)).map_err(|said| format!("{file}: {said}"))?;
    wizard.facts.trust = Trust::Authorities(all);
    Ok(())
}

/// Where answers are kept until they are applied.
pub fn unfinished(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".setup");
    PathBuf::from(name)
}
