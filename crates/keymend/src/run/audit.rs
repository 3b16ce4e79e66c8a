//! `keymend audit`: searching, exporting and verifying the audit trail.

use std::collections::BTreeSet;
use std::io::{self, Write};

use keymend_domain::audit::{ActorKind, AuditDeed, AuditEvent, AuditResult, Personal};
use keymend_domain::id::CorrelationId;
use keymend_domain::time::{Clock, HOUR_MS, Moment};
use tokio::sync::mpsc;

use super::{build, who, words};
use crate::cli::{AuditCommand, AuditExport, AuditFormat, AuditSearch, ConfigFile};
use crate::cli::{Output, Stop, config::load, print};
use crate::clock::SystemClock;
use crate::entropy::SystemEntropy;
use crate::store::{
    AuditFilter, AuditRecord, ExportFault, ExportFormat, Head, Misfit, Rx, Store, StoreFault, Tx,
    VerifyReport,
};

/// Pieces of an export that wait to be written.
const PIECES: usize = 16;
/// Bytes of one piece.
const PIECE_BYTES: usize = 64 * 1_024;

/// Carries out one `keymend audit` command.
///
/// # Errors
///
/// [`Stop::Usage`] for a search that cannot be, [`Stop::Fault`] for accidents and for a trail in
/// which a record does not fit.
pub fn audit(command: &AuditCommand, output: Output<'_>) -> Result<(), Stop> {
    let runtime = super::runtime()?;
    match command {
        AuditCommand::Search(arguments) => runtime.block_on(search(arguments, output)),
        AuditCommand::Export(arguments) => runtime.block_on(export(arguments, output)),
        AuditCommand::Verify(file) => runtime.block_on(verify(file, output)),
    }
}

fn fault(fault: StoreFault) -> Stop {
    Stop::Fault(words::chain(&fault))
}

async fn search(arguments: &AuditSearch, output: Output<'_>) -> Result<(), Stop> {
    let config = load(&arguments.config)?;
    let built = build::build(&arguments.config.config, &config).await?;
    let mut filter = AuditFilter {
        event: arguments.event.as_deref().map(deed).transpose()?,
        since: arguments.since_hours.map(since),
        limit: arguments.most,
        ..AuditFilter::default()
    };
    if let Some(name) = &arguments.account {
        match built.app.account_report(name).await {
            Ok(Some(report)) => filter.subject = Some(report.account.id.key()),
            // Its directory is down or forgot it; the trail has not.
            Ok(None) | Err(_) => filter.text = Some(format!("{name:?}")),
        }
    }
    let reference = arguments.reference.as_deref().map(reference);
    if reference.is_some() && filter.text.is_none() {
        filter.text.clone_from(&reference);
    }
    let mut records = built
        .store
        .read(move |rx: &Rx<'_>| -> Result<_, StoreFault> { rx.audit_search(&filter) })
        .await
        .map_err(fault)?;
    if let Some(reference) = reference {
        records.retain(|record| record.event.correlation_id.as_str().ends_with(&reference));
    }
    records.reverse();
    print(output, &lines(&records))
}

fn deed(word: &str) -> Result<AuditDeed, Stop> {
    let known = AuditDeed::ALL.iter().find(|deed| deed.word() == word);
    known.copied().ok_or_else(|| {
        let near = |deed: &&AuditDeed| strsim::jaro_winkler(deed.word(), word) > 0.8;
        let words: Vec<&str> = AuditDeed::ALL
            .iter()
            .filter(near)
            .map(|deed| deed.word())
            .collect();
        let hint = match words.is_empty() {
            true => "write for instance password.reset".to_owned(),
            false => format!("did you mean {}?", words.join(", ")),
        };
        Stop::Usage(format!("--event {word}: no record has this kind; {hint}"))
    })
}

fn since(hours: u32) -> Moment {
    SystemClock.now().plus_ms(-(i64::from(hours) * HOUR_MS))
}

/// A reference as pages show it, or a whole id: what the id ends with.
fn reference(typed: &str) -> String {
    typed.replace('-', "").to_uppercase()
}

/// One line for each record.
pub(super) fn lines(records: &[AuditRecord]) -> String {
    let directories: BTreeSet<&str> = records.iter().filter_map(directory).collect();
    // Two people may have one login in two directories.
    let is_told = directories.len() > 1;
    let rows: Vec<Vec<String>> = records.iter().map(|record| row(record, is_told)).collect();
    words::table(&rows)
}

/// The directory of the account that a record is about.
fn directory(record: &AuditRecord) -> Option<&str> {
    let (directory, _) = record.event.subject.as_deref()?.split_once('/')?;
    Some(directory)
}

fn row(record: &AuditRecord, tells_directory: bool) -> Vec<String> {
    let event = &record.event;
    let personal = &event.personal;
    let or_none = |text: Option<&String>| text.cloned().unwrap_or_else(|| "-".to_owned());
    let result = match event.result {
        AuditResult::Success => "success",
        AuditResult::Failure => "failure",
        AuditResult::Refused => "refused",
        AuditResult::Info => "info",
    };
    let who = match (&personal.login, directory(record)) {
        (Some(login), Some(directory)) if tells_directory => Some(format!("{login} ({directory})")),
        (login, _) => login.clone().or_else(|| event.subject.clone()),
    };
    let mut more: Vec<String> = [&event.method, &event.reason, &personal.address]
        .into_iter()
        .flatten()
        .cloned()
        .collect();
    more.extend(personal.actor_name.iter().map(|name| format!("by {name}")));
    vec![
        record.seq.to_string(),
        words::time(event.time),
        event.event.word().to_owned(),
        result.to_owned(),
        event.correlation_id.reference(),
        or_none(who.as_ref()),
        more.join(" "),
    ]
}

async fn export(arguments: &AuditExport, output: Output<'_>) -> Result<(), Stop> {
    let config = load(&arguments.config)?;
    let store = build::build_store(&arguments.config.config, &config).await?;
    let format = match arguments.format {
        AuditFormat::Jsonl => ExportFormat::JsonLines,
        AuditFormat::Csv => ExportFormat::Csv,
    };
    let filter = AuditFilter {
        since: arguments.since_hours.map(since),
        ..AuditFilter::default()
    };
    let (pieces, mut arrived) = mpsc::channel(PIECES);
    let writing = store.read(move |rx: &Rx<'_>| -> Result<u64, ExportFault> {
        let mut to = io::BufWriter::with_capacity(PIECE_BYTES, Pieces(pieces));
        rx.audit_export(&filter, format, &mut to)
    });
    let printing = async {
        while let Some(piece) = arrived.recv().await {
            output.write_all(&piece)?;
        }
        output.flush()
    };
    let (count, printed) = tokio::join!(writing, printing);
    printed.map_err(|error| Stop::Fault(format!("the export could not be written: {error}")))?;
    let count = count.map_err(|fault| Stop::Fault(words::chain(&fault)))?;
    let count = i64::try_from(count).unwrap_or(i64::MAX);
    note(
        &store,
        AuditDeed::AuditExported,
        AuditResult::Success,
        count,
    )
    .await
}

/// Hands what is written on to another task, piece by piece.
struct Pieces(mpsc::Sender<Vec<u8>>);

impl Write for Pieces {
    fn write(&mut self, piece: &[u8]) -> io::Result<usize> {
        let sent = self.0.blocking_send(piece.to_vec());
        sent.map_err(|_| io::ErrorKind::BrokenPipe)?;
        Ok(piece.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

async fn verify(file: &ConfigFile, output: Output<'_>) -> Result<(), Stop> {
    let config = load(file)?;
    let store = build::build_store(&file.config, &config).await?;
    let kept = kept_heads(&store)?;
    let report = store
        .read(move |rx: &Rx<'_>| -> Result<_, StoreFault> { rx.audit_verify(kept) })
        .await
        .map_err(fault)?;
    let (result, count) = match report.first_bad {
        None => (AuditResult::Success, report.records),
        Some((seq, _)) => (AuditResult::Failure, seq),
    };
    let count = i64::try_from(count).unwrap_or(i64::MAX);
    let noted = note(&store, AuditDeed::AuditVerified, result, count).await;
    match report.first_bad {
        None => print(output, &sound(&report)).and(noted),
        Some((seq, misfit)) => Err(Stop::Fault(format!(
            "record {seq} of {} does not fit: {}",
            report.records,
            why(misfit)
        ))),
    }
}

/// The heads in the file beside the database; before the first head there is none.
fn kept_heads(store: &Store) -> Result<Vec<Head>, Stop> {
    match store.heads_path() {
        Some(path) if path.exists() => {
            Head::read_file(path).map_err(|bad| Stop::Fault(words::chain(&bad)))
        }
        _ => Ok(Vec::new()),
    }
}

fn sound(report: &VerifyReport) -> String {
    let VerifyReport {
        records,
        heads,
        covered_to,
        ..
    } = report;
    format!(
        "all {records} records fit; {heads} signed heads, the last covers record {covered_to}\n"
    )
}

fn why(misfit: Misfit) -> &'static str {
    match misfit {
        Misfit::Altered => "it is not as it was written",
        Misfit::Removed => "it was removed, or cut off with everything after it",
        Misfit::Reordered => "it stands in another place than where it was written",
        Misfit::Head => {
            "it is not the one that was signed: the trail was written anew, or an older database \
             was put back"
        }
        Misfit::Signature => "the head that covers it was not signed with this installation's key",
    }
}

/// Records that somebody looked.
async fn note(store: &Store, deed: AuditDeed, result: AuditResult, count: i64) -> Result<(), Stop> {
    let now = SystemClock.now();
    let correlation = CorrelationId::fresh(now, &SystemEntropy)
        .map_err(|error| Stop::Fault(error.to_string()))?;
    let mut event = AuditEvent::new(now, deed, result, ActorKind::Administrator, correlation);
    event.count = Some(count);
    event.personal = Personal {
        actor_name: Some(who::operator()),
        ..Personal::default()
    };
    store
        .transact(move |tx: &mut Tx<'_>| -> Result<(), StoreFault> { tx.audit(&event) })
        .await
        .map_err(fault)
}
