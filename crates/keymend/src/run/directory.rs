//! `keymend directory`: how the directories are, switches, and the rights to grant.

use std::sync::Arc;

use keymend_directory::ldap::{Dialect, Grant, Grantee};
use keymend_domain::account::DirectoryName;
use keymend_domain::directory::rights::RightsReport;
use keymend_domain::route::Realms;
use keymend_domain::time::{Clock, Moment, SECOND_MS};
use serde::Serialize;

use super::build::{self, Built};
use super::{who, words};
use crate::app::{ApplyFault, Integration, StateLine};
use crate::cli::{
    DirectoryCommand, DirectoryGrants, DirectorySet, DirectoryStatus, DirectorySwitch, OnOff,
    Output, ServerKind, Stop, config::load, print,
};
use crate::clock::SystemClock;
use crate::config::{Config, DirectoryConfig};

/// Carries out one `keymend directory` command.
///
/// # Errors
///
/// [`Stop::Usage`] for a name that the configuration does not have, [`Stop::Fault`] for accidents.
pub fn directory(command: &DirectoryCommand, output: Output<'_>) -> Result<(), Stop> {
    let text = match command {
        DirectoryCommand::Status(arguments) => status(arguments)?,
        DirectoryCommand::Set(arguments) => set(arguments)?,
        DirectoryCommand::Grants(arguments) => grants(arguments)?,
    };
    print(output, &text)
}

/// One directory, as scripts read it.
#[derive(Serialize)]
struct Shown<'a> {
    directory: &'a str,
    title: &'a str,
    says: String,
    /// The endings and domains by which names mean it alone, as the file stands.
    realms: Realms,
    /// What the file might say of its names besides, by its own word just now.
    proposed: Option<String>,
    #[serde(flatten)]
    state: Option<&'a Integration>,
}

fn status(arguments: &DirectoryStatus) -> Result<String, Stop> {
    let config = load(&arguments.config)?;
    super::runtime()?.block_on(async {
        let built = build::build(&arguments.config.config, &config).await?;
        let mut text = String::new();
        let mut all = Vec::new();
        for section in &config.directories {
            let name = DirectoryName(section.name.clone());
            let state = look(&built, &name, arguments.now).await?;
            let says = says(&built, &name, state.as_ref());
            let realms = built.app.directories().realms(&name);
            let proposed = match arguments.now && config.directories.len() > 1 {
                true => proposed(&built, section).await,
                false => None,
            };
            if arguments.json {
                let shown = Shown {
                    directory: &section.name,
                    title: &section.title,
                    says,
                    realms,
                    proposed,
                    state: state.as_ref(),
                };
                let value = serde_json::to_value(&shown);
                all.push(value.map_err(|error| Stop::Fault(error.to_string()))?);
            } else {
                text.push_str(&report(section, (&says, proposed), state.as_ref()));
            }
        }
        if config.directories.is_empty() {
            text.push_str("Not set up: the configuration names no directory.\n");
        }
        if arguments.json {
            let json = serde_json::to_string_pretty(&all);
            text = json.map_err(|error| Stop::Fault(error.to_string()))? + "\n";
        }
        Ok(text)
    })
}

async fn look(built: &Built, name: &DirectoryName, now: bool) -> Result<Option<Integration>, Stop> {
    if now {
        return Ok(Some(built.app.look_at(name, None).await));
    }
    let kept = built.app.integration(name).await;
    kept.map_err(|stop| Stop::Fault(words::chain(&stop)))
}

async fn proposed(built: &Built, section: &DirectoryConfig) -> Option<String> {
    let name = DirectoryName(section.name.clone());
    let told = built.app.directories().get(&name)?.realms().await.ok()?;
    words::proposal(&told, &section.realms)
}

/// The state line of one directory, as a sentence.
fn says(built: &Built, name: &DirectoryName, state: Option<&Integration>) -> String {
    let Some(state) = state else {
        return "State unknown: the service has not looked yet; add --now to look.".to_owned();
    };
    let age_secs = built.app.now().since_ms(state.checked_at).max(0) / SECOND_MS;
    match state.line_under(&built.app.policy(), name) {
        StateLine::Connected => {
            format!("Connected. Passwords can be written. Checked {age_secs} s ago.")
        }
        StateLine::Limits { missing, unproven } => {
            format!(
                "Connected with limits: {}. Checked {age_secs} s ago.",
                limits(&missing, &unproven)
            )
        }
        StateLine::Unreachable { since, link } => {
            format!("Cannot reach it since {}: {link}.", words::time(since))
        }
        StateLine::Refused { right } => {
            let right = words::harmless(&right);
            format!("Cannot be used: the service account may do too much: {right}.")
        }
        StateLine::Paused => "Paused: write-passwords is off.".to_owned(),
    }
}

/// What is missing, and what is not known.
fn limits(missing: &[String], unproven: &[String]) -> String {
    let mut parts = Vec::new();
    if !missing.is_empty() {
        parts.push(format!("{} is missing", missing.join("; ")));
    }
    if !unproven.is_empty() {
        parts.push(format!("{} is unproven", unproven.join("; ")));
    }
    words::harmless(&parts.join(", "))
}

fn report(
    section: &DirectoryConfig,
    (says, proposed): (&str, Option<String>),
    state: Option<&Integration>,
) -> String {
    let mut text = format!("{} ({})\n  {says}\n", section.name, section.title);
    let Some(state) = state else {
        return text;
    };
    let or_never = |at: Option<Moment>| at.map_or_else(|| "never".to_owned(), words::time);
    let latency = state
        .latency_ms
        .map_or_else(|| "-".to_owned(), |ms| format!("{ms} ms"));
    let mut rows = vec![
        ("service account", section.bind_dn.clone()),
        ("names", words::realms(&section.realms)),
        ("latency", latency),
        ("last success", or_never(state.succeeded_at)),
        ("last failure", or_never(state.failed_at)),
    ];
    rows.extend(proposed.map(|proposal| ("may have", proposal)));
    for server in &state.servers {
        let how = match server.broken() {
            Some(point) => format!("{}: {}", point.link.word(), point.detail),
            None => "up".to_owned(),
        };
        let ends_at = server.certificate_ends_at.map(words::time);
        let certificate =
            ends_at.map_or_else(String::new, |end| format!(", certificate until {end}"));
        let hints = match server.has_policy_hints {
            Some(true) => ", policy hints",
            Some(false) => ", no policy hints",
            None => "",
        };
        rows.push((
            "server",
            format!("{}  {how}{certificate}{hints}", server.server),
        ));
    }
    rows.extend(rights_rows(state.rights.as_ref()));
    for row in words::table(&rows.iter().map(cells).collect::<Vec<_>>()).lines() {
        text.push_str(&format!("  {row}\n"));
    }
    text
}

fn cells((key, value): &(&str, String)) -> Vec<String> {
    vec![(*key).to_owned(), value.clone()]
}

fn rights_rows(report: Option<&RightsReport>) -> Vec<(&'static str, String)> {
    let Some(report) = report else {
        return vec![("rights", "not looked at yet".to_owned())];
    };
    if report.is_exact() {
        return vec![("rights", "exactly what is needed".to_owned())];
    }
    let row = |finding: &keymend_domain::directory::rights::Finding| {
        let severity = finding.severity.word();
        let (right, on, remedy) = (&finding.right, &finding.on, &finding.remedy);
        ("rights", format!("{severity}: {right} ({on}); {remedy}"))
    };
    report.findings.iter().map(row).collect()
}

/// The section of a directory; the only one there is if no name is given.
fn section<'a>(config: &'a Config, name: Option<&str>) -> Result<&'a DirectoryConfig, Stop> {
    let known: Vec<&str> = config
        .directories
        .iter()
        .map(|one| one.name.as_str())
        .collect();
    let found = match (name, config.directories.as_slice()) {
        (None, [only]) => Some(only),
        (None, _) => None,
        (Some(name), all) => all.iter().find(|section| section.name == name),
    };
    found.ok_or_else(|| {
        let named = name.unwrap_or("(none)");
        Stop::Usage(format!(
            "directory {named}: name one of {}",
            known.join(", ")
        ))
    })
}

fn set(arguments: &DirectorySet) -> Result<String, Stop> {
    let config = load(&arguments.config)?;
    let name = section(&config, Some(&arguments.name))?.name.clone();
    super::runtime()?.block_on(async {
        let built = build::build(&arguments.config.config, &config).await?;
        let mut settings = built.app.policy().settings().clone();
        let is_on = arguments.to == OnOff::On;
        let switches = match arguments.switch {
            DirectorySwitch::WritePasswords => &mut settings.writeback,
            DirectorySwitch::UnlockWithoutReset => &mut settings.unlocking,
        };
        switches.insert(name.clone(), is_on);
        // The rest of the policy was accepted before, with whatever it warns of.
        let operator = who::operator();
        let applied = built.app.apply_settings(settings, true, &operator);
        let applied = applied.await.map_err(|fault| match fault {
            ApplyFault::Lint(lint) => Stop::Usage(words::findings(&lint.findings)),
            ApplyFault::Conflict => {
                Stop::Fault("somebody else changed the policy at this moment; try again".to_owned())
            }
            ApplyFault::Stop(stop) => Stop::Fault(words::chain(&stop)),
        })?;
        let version = applied.version;
        let what = match arguments.switch {
            DirectorySwitch::WritePasswords => "write-passwords",
            DirectorySwitch::UnlockWithoutReset => "unlock-without-reset",
        };
        let to = if is_on { "on" } else { "off" };
        Ok(format!(
            "{name}: {what} is {to}; the policy is now version {version}\n"
        ))
    })
}

/// The attributes of people that the configuration names.
fn named_attributes(section: &DirectoryConfig) -> Vec<String> {
    let mut all: Vec<String> = section.login_attributes.iter().flatten().cloned().collect();
    all.extend(section.mail_attributes.iter().cloned());
    all.extend(section.phone_attributes.iter().cloned());
    // In a filter a bracket that opens stands before a name or an operator (RFC 4515 §3).
    let filter = section.filter.as_deref().unwrap_or_default();
    let names = filter
        .split('(')
        .filter_map(|part| part.split(['=', '<', '>', '~', ':']).next());
    let is_name = |name: &&str| name.starts_with(|sign: char| sign.is_ascii_alphabetic());
    all.extend(names.filter(is_name).map(str::to_owned));
    all
}

fn grants(arguments: &DirectoryGrants) -> Result<String, Stop> {
    let config = load(&arguments.config)?;
    let section = section(&config, arguments.name.as_deref())?;
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let mut grantee = Grantee {
        account: arguments
            .account
            .clone()
            .unwrap_or_else(|| section.bind_dn.clone()),
        sid: None,
        units: arguments.ou.clone(),
        group_base: Some(section.group_base.clone()),
        protected_groups: section.protected_groups.clone(),
        attributes: named_attributes(section),
    };
    if grantee.units.is_empty() {
        grantee.units.push(section.base.clone());
    }
    let asked = match arguments.kind {
        Some(_) => None,
        None => {
            let ldap = build::ldap(&arguments.config.config, section, &clock)?;
            super::runtime()?.block_on(ldap.who_answers()).ok()
        }
    };
    let kind = arguments.kind.or(match &asked {
        Some((Dialect::ActiveDirectory, _)) => Some(ServerKind::ActiveDirectory),
        Some((Dialect::OpenLdap, _)) => Some(ServerKind::OpenLdap),
        Some((Dialect::Ds389, _)) => Some(ServerKind::Ds389),
        Some((Dialect::Unfamiliar, _)) | None => None,
    });
    // The identifier is that of the account that signed in.
    if arguments.account.is_none() {
        grantee.sid = asked.and_then(|(_, sid)| sid);
    }
    let mut grants: Vec<Grant> = Vec::new();
    if matches!(kind, None | Some(ServerKind::ActiveDirectory)) {
        grants.extend(grantee.active_directory());
    }
    if matches!(kind, None | Some(ServerKind::OpenLdap)) {
        grants.push(grantee.open_ldap());
    }
    if matches!(kind, None | Some(ServerKind::Ds389)) {
        grants.push(grantee.ds389());
    }
    let block = |grant: &Grant| format!("# {}\n{}", grant.title, grant.text);
    Ok(grants.iter().map(block).collect::<Vec<_>>().join("\n"))
}
