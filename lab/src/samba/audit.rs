//! What the domain controller itself wrote down: the independent witness of what was done.

use std::collections::BTreeMap;
use std::fmt;
use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::Path;

use serde_json::Value;

/// A moment in the controller's audit log.
#[derive(Clone, Debug, Default)]
pub struct AuditMark([u64; 3]);

/// One line of the audit log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditEvent {
    /// When, in the controller's notation; sorts by time.
    pub at: String,
    /// Who did it: the `sAMAccountName` of an account that was there from the start, else the
    /// security identifier.  For a sign-in, the name as it was given.
    pub by: String,
    /// From where (`ipv4:127.0.0.1:48906`): an address of the controller's own network, so that
    /// only the port tells clients apart.
    pub from: String,
    /// What became of it: `Success`, or the controller's words (`Constraint violation`,
    /// `NT_STATUS_WRONG_PASSWORD`).
    pub status: String,
    /// What was done.
    pub deed: Deed,
}

/// What was done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Deed {
    /// A password was set without the old one: event 4724.
    Reset {
        /// The account.
        dn: String,
    },
    /// A password was changed with the old one: event 4723.
    Change {
        /// The account.
        dn: String,
    },
    /// An entry was added, modified or deleted.
    Write {
        /// `Add`, `Modify`, `Delete` or `Rename`.
        operation: String,
        /// The entry.
        dn: String,
        /// The attributes and their new values; what is secret has none.
        attributes: BTreeMap<String, Vec<String>>,
    },
    /// A sign-in: event 4624 if it succeeded, 4625 if it did not.
    SignIn {
        /// Which service, and how (`LDAP, simple bind/TLS`).
        way: String,
    },
}

impl AuditEvent {
    /// Whether it was done.
    pub fn is_success(&self) -> bool {
        matches!(self.status.as_str(), "Success" | "NT_STATUS_OK")
    }

    /// The number of the event in the Windows event log; 5136 for a write.
    pub fn event_id(&self) -> u32 {
        match self.deed {
            Deed::Reset { .. } => 4724,
            Deed::Change { .. } => 4723,
            Deed::Write { .. } => 5136,
            Deed::SignIn { .. } if self.is_success() => 4624,
            Deed::SignIn { .. } => 4625,
        }
    }

    /// The entry it was done to; none for a sign-in.
    pub fn dn(&self) -> Option<&str> {
        match &self.deed {
            Deed::Reset { dn } | Deed::Change { dn } | Deed::Write { dn, .. } => Some(dn),
            Deed::SignIn { .. } => None,
        }
    }

    /// Whether this wrote a password, with or without success.
    pub fn is_about_a_password(&self) -> bool {
        matches!(self.deed, Deed::Reset { .. } | Deed::Change { .. })
    }

    /// Whether this unlocked an account.
    pub fn unlocks(&self) -> bool {
        let Deed::Write { attributes, .. } = &self.deed else {
            return false;
        };
        let lockout = attributes.get("lockoutTime");
        self.is_success() && lockout.is_some_and(|values| values.iter().all(|value| value == "0"))
    }
}

/// One line, good for comparing whole stories: `4724 reset of CN=… by svc-keymend: Success`.
impl fmt::Display for AuditEvent {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (id, by, status) = (self.event_id(), &self.by, &self.status);
        match &self.deed {
            Deed::Reset { dn } => write!(formatter, "{id} reset of {dn} by {by}: {status}"),
            Deed::Change { dn } => write!(formatter, "{id} change of {dn} by {by}: {status}"),
            Deed::SignIn { way } => write!(formatter, "{id} sign-in of {by} ({way}): {status}"),
            Deed::Write {
                operation,
                dn,
                attributes,
            } => {
                let names: Vec<&str> = attributes.keys().map(String::as_str).collect();
                let (names, operation) = (names.join(" "), operation.to_lowercase());
                write!(
                    formatter,
                    "{id} {operation} {names} of {dn} by {by}: {status}"
                )
            }
        }
    }
}

/// The files, each with one kind of event; Samba is told their names in `smb.conf`.
pub(super) const FILES: [&str; 3] = ["audit-password.json", "audit-write.json", "audit-auth.json"];

/// The end of the log as it is now.
pub(super) fn mark(folder: &Path) -> AuditMark {
    let length = |name: &str| folder.join(name).metadata().map_or(0, |data| data.len());
    AuditMark(FILES.map(length))
}

/// What was written after the mark, in the order of time.
pub(super) fn since(
    folder: &Path,
    mark: &AuditMark,
    names: &BTreeMap<String, String>,
) -> Vec<AuditEvent> {
    let mut events = Vec::new();
    for (name, start) in FILES.iter().zip(mark.0) {
        let text = text_from(&folder.join(name), start);
        // A line that is not finished yet is one of the future.
        let whole = text
            .split_inclusive('\n')
            .filter(|line| line.ends_with('\n'));
        events.extend(whole.filter_map(|line| event(line, names)));
    }
    // Stable: what happened in one microsecond stays in the order of the files.
    events.sort_by(|one, other| one.at.cmp(&other.at));
    events
}

fn text_from(path: &Path, start: u64) -> String {
    let mut bytes = Vec::new();
    // There is no file before the first event.
    if let Ok(mut file) = File::open(path)
        && file.seek(SeekFrom::Start(start)).is_ok()
    {
        let _ = file.read_to_end(&mut bytes);
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn event(line: &str, names: &BTreeMap<String, String>) -> Option<AuditEvent> {
    let line: Value = serde_json::from_str(line.trim()).ok()?;
    let kind = line.get("type")?.as_str()?;
    let body = line.get(kind)?;
    let text = |name: &str| body.get(name).and_then(Value::as_str).unwrap_or_default();
    let dn = || text("dn").to_owned();
    let deed = match (kind, text("action")) {
        ("passwordChange", "Reset") => Deed::Reset { dn: dn() },
        ("passwordChange", _) => Deed::Change { dn: dn() },
        ("dsdbChange", _) => Deed::Write {
            operation: text("operation").to_owned(),
            dn: dn(),
            attributes: attributes(body),
        },
        ("Authentication", _) => Deed::SignIn {
            way: format!(
                "{}, {}",
                text("serviceDescription"),
                text("authDescription")
            ),
        },
        _ => return None,
    };
    let sid = text("userSid");
    let by = match &deed {
        Deed::SignIn { .. } => text("clientAccount"),
        _ => names.get(sid).map_or(sid, String::as_str),
    };
    Some(AuditEvent {
        at: line.get("timestamp")?.as_str()?.to_owned(),
        by: by.to_owned(),
        from: text("remoteAddress").to_owned(),
        status: text("status").to_owned(),
        deed,
    })
}

fn attributes(body: &Value) -> BTreeMap<String, Vec<String>> {
    let mut attributes = BTreeMap::new();
    let all = body.get("attributes").and_then(Value::as_object);
    for (name, attribute) in all.into_iter().flatten() {
        let actions = attribute.get("actions").and_then(Value::as_array);
        let values = actions
            .into_iter()
            .flatten()
            .filter_map(|action| action.get("values")?.as_array())
            .flatten()
            .filter_map(|value| value.get("value")?.as_str().map(str::to_owned));
        attributes.insert(name.clone(), values.collect());
    }
    attributes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(line: &str, expected: &str) {
        let names = BTreeMap::from([("S-1-5-21-1-500".to_owned(), "Administrator".to_owned())]);
        let found = event(line, &names).map(|event| event.to_string());
        assert_eq!(found.as_deref(), Some(expected));
    }

    #[test]
    fn every_kind_of_line_is_read() {
        check(
            r#"  {"timestamp": "2026-11-22T07:01:06.346873+0000", "type": "passwordChange", "passwordChange": {"version": {"major": 1, "minor": 1}, "eventId": 4724, "statusCode": 0, "status": "Success", "remoteAddress": "ipv4:10.90.0.1:48906", "userSid": "S-1-5-21-1-500", "dn": "CN=alice,DC=lab,DC=test", "action": "Reset"}}"#,
            "4724 reset of CN=alice,DC=lab,DC=test by Administrator: Success",
        );
        check(
            r#"{"timestamp": "2026", "type": "passwordChange", "passwordChange": {"eventId": 4723, "statusCode": 19, "status": "Constraint violation", "userSid": "S-1-5-21-1-1104", "dn": "CN=alice,DC=lab,DC=test", "action": "Change"}}"#,
            "4723 change of CN=alice,DC=lab,DC=test by S-1-5-21-1-1104: Constraint violation",
        );
        check(
            r#"{"timestamp": "2026", "type": "dsdbChange", "dsdbChange": {"statusCode": 0, "status": "Success", "operation": "Modify", "userSid": "S-1-5-21-1-500", "dn": "CN=alice,DC=lab,DC=test", "attributes": {"unicodePwd": {"actions": [{"action": "replace", "redacted": true}]}, "lockoutTime": {"actions": [{"action": "replace", "values": [{"value": "0"}]}]}}}}"#,
            "5136 modify lockoutTime unicodePwd of CN=alice,DC=lab,DC=test by Administrator: Success",
        );
        check(
            r#"{"timestamp": "2026", "type": "Authentication", "Authentication": {"eventId": 4625, "status": "NT_STATUS_WRONG_PASSWORD", "serviceDescription": "LDAP", "authDescription": "simple bind/TLS", "clientAccount": "alice@lab.test"}}"#,
            "4625 sign-in of alice@lab.test (LDAP, simple bind/TLS): NT_STATUS_WRONG_PASSWORD",
        );
    }
}
