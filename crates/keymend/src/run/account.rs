//! `keymend account`: looking at one account and helping it.

use keymend_domain::account::{Account, AccountState};
use keymend_domain::limit::Lane;
use keymend_domain::method::MethodKind;
use keymend_domain::policy::Eligibility;
use keymend_domain::refusal::Refusal;
use keymend_domain::time::Moment;

use super::build::{self, Built};
use super::{audit, who, words};
use crate::app::{AccountReport, Block, Stop as Halt, Unblocked};
use crate::cli::{AccountCommand, Output, Stop, config::load, print};
use crate::store::{AuditFilter, Rx, StoreFault};

/// Records shown below an account.
const RECORDS_SHOWN: u32 = 10;

/// Carries out one `keymend account` command.
///
/// # Errors
///
/// [`Stop::Fault`] if the name means nobody, if its directory does not answer, or for accidents.
pub fn account(command: &AccountCommand, output: Output<'_>) -> Result<(), Stop> {
    let (AccountCommand::Show(wanted)
    | AccountCommand::Unblock(wanted)
    | AccountCommand::Unfreeze(wanted)) = command;
    let config = load(&wanted.config)?;
    super::runtime()?.block_on(async {
        let built = build::build(&wanted.config.config, &config).await?;
        let name = wanted.name.as_str();
        let text = match command {
            AccountCommand::Show(_) => show(&built, name).await,
            AccountCommand::Unblock(_) => help(&built, name, false).await,
            AccountCommand::Unfreeze(_) => help(&built, name, true).await,
        }?;
        print(output, &text)
    })
}

async fn show(built: &Built, name: &str) -> Result<String, Stop> {
    let report = built.app.account_report(name).await;
    let Some(report) = report.map_err(|halt| stop(name, &halt))? else {
        return Err(Stop::Fault(format!(
            "{name}: means no account, or more than one"
        )));
    };
    let filter = AuditFilter {
        subject: Some(report.account.id.key()),
        limit: RECORDS_SHOWN,
        ..AuditFilter::default()
    };
    let mut records = built
        .store
        .read(move |rx: &Rx<'_>| -> Result<_, StoreFault> { rx.audit_search(&filter) })
        .await
        .map_err(|fault| Stop::Fault(words::chain(&fault)))?;
    records.reverse();
    let mut text = words::table(&rows(&report, built.app.now()));
    if !records.is_empty() {
        text.push_str("\nlast records\n");
        text.push_str(&audit::lines(&records));
    }
    Ok(text)
}

fn rows(report: &AccountReport, now: Moment) -> Vec<Vec<String>> {
    let Account {
        id,
        login,
        display_name,
        state,
        ..
    } = &report.account;
    let mut rows = vec![
        ("login", login.clone()),
        ("name", display_name.clone()),
        ("directory", id.directory.0.clone()),
        ("id", id.anchor.0.clone()),
        ("state", state_words(state)),
        ("may reset", eligibility_words(report).to_owned()),
    ];
    if report.standing.is_frozen {
        let remedy = "yes: the owner said \"this was not me\"; see `keymend account unfreeze`";
        rows.push(("frozen", remedy.to_owned()));
    }
    for block in &report.blocks {
        rows.push(("blocked", block_words(block)));
    }
    if report.standing.methods.is_empty() {
        rows.push(("methods", "none".to_owned()));
    }
    for method in &report.standing.methods {
        let counts = match method.probation_until.filter(|until| *until > now) {
            Some(until) => format!(", counts from {}", words::time(until)),
            None if method.is_confirmed(now) => String::new(),
            None => ", does not count".to_owned(),
        };
        let (kind, contact) = (method.kind.word(), method.contact.masked());
        let added = words::time(method.added_at);
        rows.push(("method", format!("{kind} {contact}, added {added}{counts}")));
    }
    let row = |(key, value): (&str, String)| vec![key.to_owned(), value];
    rows.into_iter().map(row).collect()
}

fn block_words(block: &Block) -> String {
    let what = match block.method {
        None => "the name",
        Some(MethodKind::Email) => "codes by e-mail",
        Some(MethodKind::Text) => "codes by text message",
    };
    let lane = match block.lane {
        Lane::Familiar => "from familiar browsers",
        Lane::Unfamiliar => "from other browsers",
    };
    match block.until {
        Some(until) => format!("{what} {lane}, until {}", words::time(until)),
        None => format!("{what} {lane}, for an hour at most"),
    }
}

/// The state of an account in words.
pub(super) fn state_words(state: &AccountState) -> String {
    let facts = [
        (state.is_disabled, "disabled"),
        (state.is_expired, "ended"),
        (state.lock.is_some(), "locked"),
        (state.password_is_expired, "password expired"),
        (state.must_change, "must change the password"),
        (state.may_not_change, "may not change the password"),
        (state.protection.is_some(), "protected"),
    ];
    let holding = facts.iter().filter(|(holds, _)| *holds);
    let words: Vec<&str> = holding.map(|(_, word)| *word).collect();
    if words.is_empty() {
        "in order".to_owned()
    } else {
        words.join(", ")
    }
}

fn eligibility_words(report: &AccountReport) -> &'static str {
    if report.account.state.protection.is_some() {
        return "no: protected accounts never are";
    }
    match report.eligibility {
        Eligibility::Eligible => "yes",
        Eligibility::SiteOff => "no: the policy's scope is none",
        Eligibility::OutOfScope => "no: outside the policy's groups",
        Eligibility::Administrator => "no: no allowed method is strong enough for administrators",
    }
}

async fn help(built: &Built, name: &str, unfreezes: bool) -> Result<String, Stop> {
    let done = built.app.unblock(name, unfreezes, &who::operator()).await;
    let done: Unblocked = done.map_err(|halt| stop(name, &halt))?;
    Ok(lifted(name, &done, unfreezes))
}

/// What was lifted, and what was not reached.
fn lifted(name: &str, done: &Unblocked, unfreezes: bool) -> String {
    if let Some(directory) = &done.unreached {
        return format!(
            "{name}: the block of the name is lifted\n\
             {name}: the directory {directory} does not answer, so what rests on the account \
             itself (codes, sign-in) was not reached; do it again once it answers\n"
        );
    }
    let account = if done.is_known {
        "its account"
    } else {
        "no account has this name"
    };
    let mut text = format!("{name}: blocks lifted ({account})\n");
    if done.unfrozen {
        text.push_str(&format!("{name}: no longer frozen\n"));
    } else if unfreezes {
        text.push_str(&format!("{name}: was not frozen\n"));
    }
    text
}

/// Why nothing was done, and what to do.
fn stop(name: &str, halt: &Halt) -> Stop {
    match halt {
        Halt::Refused(Refusal::DirectoryDown { directory }) => Stop::Fault(format!(
            "{name}: the directory {directory} does not answer, so nobody could be looked up; see \
             `keymend config check --connect`"
        )),
        Halt::Refused(Refusal::ClaimShape | Refusal::InputLong) => {
            Stop::Usage(format!("{name:?}: cannot be anybody's name"))
        }
        other => Stop::Fault(words::chain(other)),
    }
}
