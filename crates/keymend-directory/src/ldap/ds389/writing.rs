//! The few attributes that are written beside the password.

use std::collections::HashSet;
use std::time::Duration;

use keymend_domain::time::Moment;
use ldap3::Mod;

use crate::ldap::connect::{Answer, CallError, Connection};
use crate::ldap::entry::Entry;
use crate::ldap::generalized_time;

type Change = Mod<Vec<u8>>;

/// Where no policy lets passwords expire, the server writes this end (389 Directory Server,
/// `SLAPD_END_TIME`).
const NEVER: &str = "20380119031407Z";

fn none(attribute: &str) -> Change {
    Mod::Replace(attribute.as_bytes().to_vec(), HashSet::new())
}

fn one(attribute: &str, value: &str) -> Change {
    let value = HashSet::from([value.as_bytes().to_vec()]);
    Mod::Replace(attribute.as_bytes().to_vec(), value)
}

/// Lifts a lock by wrong passwords: the count goes to zero and the times go.  An administrator's
/// lock (`nsAccountLock`) is another attribute and stays.
pub(in crate::ldap) async fn lift_lock(
    connection: &Connection,
    entry: &Entry,
    limit: Duration,
) -> Result<Answer, CallError> {
    let mut changes = Vec::new();
    if entry.has("krbLoginFailedCount") {
        changes.push(one("krbLoginFailedCount", "0"));
    }
    if entry.has("passwordRetryCount") || changes.is_empty() {
        changes.extend([none("accountUnlockTime"), one("passwordRetryCount", "0")]);
    }
    connection
        .modify(&entry.dn, changes, Vec::new(), limit)
        .await
}

/// Ends the server's demand for yet another password after one that the person has chosen.
///
/// The server asks whenever somebody else has set a password, and cannot know that this time it
/// was the person.  Needs the right to write `passwordExpirationTime`; without it the person is
/// told.
pub(in crate::ldap) async fn end_demand(
    connection: &Connection,
    dn: &str,
    expires_at: Option<Moment>,
    limit: Duration,
) -> Result<Answer, CallError> {
    let until = expires_at.map_or(NEVER.to_owned(), generalized_time::write);
    let changes = vec![one("passwordExpirationTime", &until)];
    connection.modify(dn, changes, Vec::new(), limit).await
}
