//! `keymend policy`: who may reset, and with which methods.

use std::fs;
use std::path::Path;

use keymend_domain::audit::Change;
use keymend_domain::policy::{Lint, Policy, Scope, Settings, Severity};
use serde::Serialize;

use super::build::{self, Built};
use super::{who, words};
use crate::app::{Applied, ApplyFault};
use crate::cli::{ConfigFile, Output, PolicyApply, PolicyCommand, Stop, config::load, print};
use crate::config::Config;
use crate::store::{Rx, SettingsVersion, StoreFault};

/// Carries out one `keymend policy` command.
///
/// # Errors
///
/// [`Stop::Usage`] for a policy that is not accepted, [`Stop::Fault`] for accidents.
pub fn policy(command: &PolicyCommand, output: Output<'_>) -> Result<(), Stop> {
    let file = match command {
        PolicyCommand::Show(file) | PolicyCommand::Export(file) => file,
        PolicyCommand::Apply(arguments) => &arguments.config,
    };
    let config = load(file)?;
    super::runtime()?.block_on(async {
        let text = match command {
            PolicyCommand::Show(file) => show(file, &config).await,
            PolicyCommand::Export(file) => export(file, &config).await,
            PolicyCommand::Apply(arguments) => apply(arguments, &config).await,
        }?;
        print(output, &text)
    })
}

async fn show(file: &ConfigFile, config: &Config) -> Result<String, Stop> {
    let built = build::build(&file.config, config).await?;
    let policy = built.app.policy();
    let newest = newest(&built).await?;
    let mut text = words::table(&summary(&policy, newest.as_ref(), config));
    let lint = built.app.check_settings(policy.settings());
    if !lint.findings.is_empty() {
        text.push('\n');
        text.push_str(&words::findings(&lint.findings));
    }
    Ok(text)
}

async fn newest(built: &Built) -> Result<Option<SettingsVersion>, Stop> {
    let history = built
        .store
        .read(|rx: &Rx<'_>| -> Result<_, StoreFault> { rx.settings_history(1) })
        .await
        .map_err(|fault| Stop::Fault(words::chain(&fault)))?;
    Ok(history.into_iter().next())
}

/// What an administrator asks first, one line each.
fn summary(policy: &Policy, newest: Option<&SettingsVersion>, config: &Config) -> Vec<Vec<String>> {
    let settings = policy.settings();
    let version = match newest {
        Some(saved) => format!(
            "{}, saved {} by {}",
            saved.version,
            words::time(saved.saved_at),
            saved.saved_by
        ),
        None => "none was applied yet; these are the defaults".to_owned(),
    };
    let who = match settings.scope {
        Scope::None => "nobody".to_owned(),
        Scope::All => "everybody".to_owned(),
        Scope::Selected => format!("the members of {}", settings.groups.join(", ")),
    };
    let methods: Vec<&str> = policy.methods().iter().map(|kind| kind.word()).collect();
    let registration = &settings.registration;
    let mut rows = vec![
        ("version", version),
        ("may reset", who),
        ("may not", listed(&settings.excluded_groups)),
        ("administrators", listed(&settings.administrator_groups)),
        ("proofs", settings.gates.to_string()),
        ("methods", methods.join(", ")),
        ("registration", word(&registration.required)),
        ("bot check", word(&settings.bot_check)),
        ("profile", word(&settings.profile)),
    ];
    for directory in &config.directories {
        let writes = policy.writes_to_directory(&directory.name);
        let state = if writes { "on" } else { "off" };
        rows.push(("writeback", format!("{} {state}", directory.name)));
    }
    let row = |(key, value): (&str, String)| vec![key.to_owned(), value];
    rows.into_iter().map(row).collect()
}

fn listed(names: &[String]) -> String {
    if names.is_empty() {
        "-".to_owned()
    } else {
        names.join(", ")
    }
}

/// The word a setting has in the file.
fn word(value: &impl Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => word,
        _ => "?".to_owned(),
    }
}

async fn export(file: &ConfigFile, config: &Config) -> Result<String, Stop> {
    let built = build::build(&file.config, config).await?;
    let policy = built.app.policy();
    let settings = toml::to_string(policy.settings())
        .map_err(|error| Stop::Fault(format!("the policy cannot be written as TOML: {error}")))?;
    Ok(format!(
        "# The policy of Keymend, version {}.  Edit it, then: keymend policy apply FILE\n{settings}",
        policy.version()
    ))
}

async fn apply(arguments: &PolicyApply, config: &Config) -> Result<String, Stop> {
    let settings = read(&arguments.file)?;
    let built = build::build(&arguments.config.config, config).await?;
    let applied = built
        .app
        .apply_settings(settings, arguments.i_understand, &who::operator())
        .await;
    match applied {
        Ok(applied) => Ok(said(&applied)),
        Err(fault) => Err(not_applied(&arguments.file, fault)),
    }
}

/// Reads a policy file; an unknown key is named with its line.
fn read(file: &Path) -> Result<Settings, Stop> {
    let shown = file.display();
    let text = fs::read_to_string(file)
        .map_err(|error| Stop::Usage(format!("{shown}: cannot be read ({error})")))?;
    toml::from_str(&text).map_err(|error| {
        let before = error.span().and_then(|span| text.get(..span.start));
        let line = before.map_or(1, |before| before.matches('\n').count() + 1);
        let said = error.message().replace('\n', ", ");
        Stop::Usage(format!(
            "{shown}:{line}: {said}; `keymend policy export` shows every key"
        ))
    })
}

pub(super) fn said(applied: &Applied) -> String {
    let mut text = String::new();
    if applied.changes.is_empty() {
        text.push_str("nothing changed\n");
    }
    text.push_str(&words::table(&change_rows(&applied.changes)));
    if !applied.lint.findings.is_empty() {
        text.push_str("\naccepted although the check warns:\n");
        text.push_str(&words::findings(&applied.lint.findings));
    }
    let version = applied.version;
    text.push_str(&format!("the policy is now version {version}\n"));
    text
}

fn change_rows(changes: &[Change]) -> Vec<Vec<String>> {
    let nothing = |value: &str| {
        if value.is_empty() {
            "-".to_owned()
        } else {
            value.to_owned()
        }
    };
    let row = |change: &Change| {
        vec![
            change.setting.clone(),
            nothing(&change.old),
            "->".to_owned(),
            nothing(&change.new),
        ]
    };
    changes.iter().map(row).collect()
}

fn not_applied(file: &Path, fault: ApplyFault) -> Stop {
    let shown = file.display();
    match fault {
        ApplyFault::Lint(lint) => Stop::Usage(format!(
            "{}{shown}: {}",
            words::findings(&lint.findings),
            verdict(&lint)
        )),
        ApplyFault::Conflict => Stop::Fault(format!(
            "{shown}: somebody else applied another policy meanwhile; look at it with `keymend \
             policy show`, then apply yours again"
        )),
        ApplyFault::Stop(stop) => Stop::Fault(words::chain(&stop)),
    }
}

fn verdict(lint: &Lint) -> &'static str {
    let is_refusal = |severity: Severity| severity == Severity::Refused;
    if lint.findings.iter().any(|found| is_refusal(found.severity)) {
        "was not applied; correct what is refused"
    } else {
        "was not applied; to apply it all the same, add --i-understand"
    }
}
