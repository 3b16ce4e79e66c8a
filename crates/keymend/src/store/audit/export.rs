//! The audit log for other programs: JSON Lines, and CSV that no spreadsheet runs.

use std::io::Write;

use jiff::Timestamp;
use keymend_domain::audit::ActorKind;
use keymend_domain::time::Moment;
use serde_json::{Map, Value, json};

use super::{AuditFilter, AuditRecord};
use crate::store::fault::StoreFault;
use crate::store::tx::Rx;

/// The form of an export.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExportFormat {
    /// One JSON object in each line.
    JsonLines,
    /// Comma-separated, RFC 4180.
    Csv,
}

/// Why an export ended early.
#[derive(Debug, thiserror::Error)]
pub enum ExportFault {
    /// The log could not be read.
    #[error(transparent)]
    Store(#[from] StoreFault),
    /// What was read could not be written.
    #[error("the export could not be written")]
    Write(#[from] std::io::Error),
}

/// The version of the shape of exported lines.
const SCHEMA: u32 = 1;

/// The columns of the CSV form, each with its path in the JSON form.
const CELLS: [(&str, &str); 23] = [
    ("id", "/id"),
    ("time", "/time"),
    ("event", "/event"),
    ("schema", "/schema"),
    ("result", "/result"),
    ("reason", "/reason"),
    ("correlation_id", "/correlation_id"),
    ("actor_kind", "/actor/kind"),
    ("actor_name", "/actor/name"),
    ("subject_directory", "/subject/directory"),
    ("subject_id", "/subject/id"),
    ("subject_login", "/subject/login"),
    ("subject_claim_tag", "/subject/claim_tag"),
    ("source_address", "/source/address"),
    ("source_browser", "/source/browser"),
    ("policy", "/policy/version"),
    ("method", "/method"),
    ("contact", "/contact"),
    ("gate", "/gate"),
    ("directory", "/directory/id"),
    ("order_id", "/order_id"),
    ("changes", "/changes"),
    ("chain", "/chain/hash"),
];

impl Rx<'_> {
    /// Writes the lines that match, oldest first, one at a time; gives how many.
    ///
    /// # Errors
    ///
    /// [`ExportFault`]; what was written up to then is incomplete.
    pub fn audit_export(
        &self,
        filter: &AuditFilter,
        format: ExportFormat,
        to: &mut dyn Write,
    ) -> Result<u64, ExportFault> {
        if format == ExportFormat::Csv {
            let names: Vec<String> = CELLS.iter().map(|(name, _)| (*name).to_owned()).collect();
            write!(to, "{}\r\n", names.join(","))?;
        }
        let mut count = 0_u64;
        self.each_line(filter, false, |line| -> Result<bool, ExportFault> {
            let record = self.record(line);
            if filter.matches_text(&record) {
                write_line(&record, format, to)?;
                count += 1;
            }
            Ok(filter.limit == 0 || count < u64::from(filter.limit))
        })?;
        to.flush()?;
        Ok(count)
    }
}

fn write_line(
    record: &AuditRecord,
    format: ExportFormat,
    to: &mut dyn Write,
) -> std::io::Result<()> {
    let line = record.to_json();
    match format {
        ExportFormat::JsonLines => writeln!(to, "{line}"),
        ExportFormat::Csv => {
            let cells: Vec<String> = CELLS
                .iter()
                .map(|(_, path)| cell(line.pointer(path)))
                .collect();
            write!(to, "{}\r\n", cells.join(","))
        }
    }
}

impl AuditRecord {
    /// The line as behaviour §8.1 names its fields; what is not known is left out.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let event = &self.event;
        let personal = &event.personal;
        let (directory, anchor) = match event.subject.as_deref().and_then(|key| key.split_once('/'))
        {
            Some((directory, anchor)) => (Some(directory), Some(anchor)),
            None => (None, None),
        };
        let line = json!({
            "id": self.seq,
            "time": written_time(event.time),
            "event": event.event.word(),
            "schema": SCHEMA,
            "result": event.result,
            "reason": event.reason,
            "correlation_id": event.correlation_id,
            "actor": {
                "kind": event.actor,
                "id": event.subject.as_deref().filter(|_| event.actor == ActorKind::Account),
                "name": personal.actor_name,
            },
            "subject": {
                "directory": directory,
                "id": anchor,
                "login": personal.login,
                "claim_tag": event.claim_tag,
            },
            "source": { "address": personal.address, "browser": personal.browser },
            "policy": { "version": event.policy },
            "method": event.method,
            "contact": personal.contact,
            "gate": event.gate,
            "directory": { "id": event.directory },
            "order_id": event.order_id,
            "changes": event.changes,
            "count": event.count,
            "chain": { "previous": self.previous_hash, "hash": self.hash },
        });
        without_nothing(line)
    }
}

/// Leaves out what is null or empty.
fn without_nothing(value: Value) -> Value {
    let Value::Object(fields) = value else {
        return value;
    };
    let known: Map<String, Value> = fields
        .into_iter()
        .map(|(name, value)| (name, without_nothing(value)))
        .filter(|(_, value)| match value {
            Value::Null => false,
            Value::Object(fields) => !fields.is_empty(),
            Value::Array(items) => !items.is_empty(),
            _ => true,
        })
        .collect();
    Value::Object(known)
}

/// UTC with microseconds, as RFC 3339 writes it.
fn written_time(time: Moment) -> String {
    match Timestamp::from_millisecond(time.0) {
        Ok(time) => format!("{time:.6}"),
        Err(_) => time.to_string(),
    }
}

/// A cell of a CSV file: quoted if it must be, and with an apostrophe before what a spreadsheet
/// would run (ASVS 1.2.10).
fn cell(value: Option<&Value>) -> String {
    let text = match value {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    };
    let runs = text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']);
    let is_plain = !runs && !text.contains([',', '"', '\r', '\n', '\t']);
    if is_plain {
        return text;
    }
    let apostrophe = if runs { "'" } else { "" };
    format!("\"{apostrophe}{}\"", text.replace('"', "\"\""))
}
