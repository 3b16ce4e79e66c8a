//! The tables of the embedded directory, and every statement that touches them.

use keymend_domain::account::{Anchor, Protection};
use keymend_domain::directory::WriteOutcome;
use keymend_domain::id::OrderId;
use keymend_domain::time::{DAY_MS, Moment};
use rusqlite::types::Type;
use rusqlite::{Connection, OptionalExtension, Result, params};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::entry::{Entry, Seen};
use super::policy::Policy;

/// How long the outcome of an order is remembered: far beyond the deadline of any order
/// (source: behaviour §2.5, at most 120 s).
const ORDERS_KEPT_MS: i64 = 7 * DAY_MS;
/// Entries a search returns at most; two already mean "several".
const FOUND_MAX: u32 = 10;

const TABLES: &str = "
CREATE TABLE IF NOT EXISTS settings (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS entries (anchor TEXT PRIMARY KEY, body TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS names (
    key TEXT NOT NULL, kind TEXT NOT NULL, anchor TEXT NOT NULL,
    PRIMARY KEY (key, kind, anchor)) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX IF NOT EXISTS logins ON names (key) WHERE kind = 'login';
CREATE INDEX IF NOT EXISTS names_of ON names (anchor);
CREATE TABLE IF NOT EXISTS groups (
    key TEXT PRIMARY KEY, name TEXT NOT NULL, is_protected INTEGER NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS members (
    kind TEXT NOT NULL, member TEXT NOT NULL, group_key TEXT NOT NULL,
    PRIMARY KEY (kind, member, group_key)) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS orders (
    id TEXT PRIMARY KEY, at_ms INTEGER NOT NULL, outcome TEXT NOT NULL) STRICT;
CREATE INDEX IF NOT EXISTS orders_by_age ON orders (at_ms);
PRAGMA user_version = 1;
";

/// Makes the tables where they are missing.
pub(super) fn prepare(connection: &Connection) -> Result<()> {
    connection.execute_batch(TABLES)
}

/// Names are compared without regard to case; nothing else is folded, so that a look-alike
/// name finds nobody.
pub(super) fn key(name: &str) -> String {
    name.to_lowercase()
}

pub(super) fn policy(connection: &Connection) -> Result<Policy> {
    let stored: Option<String> = connection
        .prepare_cached("SELECT value FROM settings WHERE name = 'policy'")?
        .query_row([], |row| row.get(0))
        .optional()?;
    stored.map_or_else(|| Ok(Policy::default()), |text| from_json(&text))
}

pub(super) fn save_policy(connection: &Connection, policy: &Policy) -> Result<()> {
    connection.execute(
        "INSERT INTO settings (name, value) VALUES ('policy', ?1)
         ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        params![to_json(policy)?],
    )?;
    Ok(())
}

/// The anchors that a typed name means: login or mail, or a login before one of our suffixes.
pub(super) fn search(
    connection: &Connection,
    typed: &str,
    login: Option<&str>,
) -> Result<Vec<Anchor>> {
    connection
        .prepare_cached(
            "SELECT anchor FROM names WHERE key = ?1
             UNION SELECT anchor FROM names WHERE key = ?2 AND kind = 'login' LIMIT ?3",
        )?
        .query_map(params![key(typed), login.map(key), FOUND_MAX], |row| {
            row.get(0).map(Anchor)
        })?
        .collect()
}

pub(super) fn entry(connection: &Connection, anchor: &Anchor) -> Result<Option<Entry>> {
    let body: Option<String> = connection
        .prepare_cached("SELECT body FROM entries WHERE anchor = ?1")?
        .query_row([&anchor.0], |row| row.get(0))
        .optional()?;
    body.map(|text| from_json(&text)).transpose()
}

/// How many entries there are.
pub(super) fn count(connection: &Connection) -> Result<u64> {
    connection.query_row("SELECT count(*) FROM entries", [], |row| row.get(0))
}

/// The entry with its policy, its groups and whether one of them protects it.
pub(super) fn seen(connection: &Connection, anchor: &Anchor) -> Result<Option<Seen>> {
    let Some(entry) = entry(connection, anchor)? else {
        return Ok(None);
    };
    let (groups, protecting) = groups_of(connection, anchor)?;
    let policy = match &entry.own_policy {
        Some(own) => own.clone(),
        None => policy(connection)?,
    };
    Ok(Some(Seen {
        anchor: anchor.clone(),
        entry,
        policy,
        groups,
        protection: protecting.map(|group| Protection(format!("member of {group}"))),
    }))
}

/// Every group, nested ones included, and the first that is protected.  `UNION` drops what was
/// already found, so that groups which contain each other come to an end.
fn groups_of(connection: &Connection, anchor: &Anchor) -> Result<(Vec<String>, Option<String>)> {
    let rows = connection
        .prepare_cached(
            "WITH RECURSIVE up (group_key) AS (
                 SELECT group_key FROM members WHERE kind = 'account' AND member = ?1
                 UNION
                 SELECT members.group_key FROM members
                 JOIN up ON members.kind = 'group' AND members.member = up.group_key)
             SELECT name, is_protected FROM groups JOIN up ON groups.key = up.group_key
             ORDER BY name",
        )?
        .query_map([&anchor.0], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<Result<Vec<(String, bool)>>>()?;
    let protecting = rows
        .iter()
        .find_map(|(name, is_protected)| is_protected.then(|| name.clone()));
    Ok((rows.into_iter().map(|(name, _)| name).collect(), protecting))
}

/// Writes an entry, new or changed, with the names it is found by.
pub(super) fn save(connection: &Connection, anchor: &Anchor, entry: &Entry) -> Result<()> {
    save_body(connection, anchor, entry)?;
    connection.execute("DELETE FROM names WHERE anchor = ?1", [&anchor.0])?;
    let mut insert = connection.prepare_cached(
        "INSERT OR IGNORE INTO names (key, kind, anchor) VALUES (?1, 'mail', ?2)",
    )?;
    for mail in &entry.mail {
        insert.execute(params![key(mail), anchor.0])?;
    }
    connection.execute(
        "INSERT INTO names (key, kind, anchor) VALUES (?1, 'login', ?2)",
        params![key(&entry.login), anchor.0],
    )?;
    Ok(())
}

/// Writes an entry whose names have not changed.
pub(super) fn save_body(connection: &Connection, anchor: &Anchor, entry: &Entry) -> Result<()> {
    connection
        .prepare_cached(
            "INSERT INTO entries (anchor, body) VALUES (?1, ?2)
             ON CONFLICT (anchor) DO UPDATE SET body = excluded.body",
        )?
        .execute(params![anchor.0, to_json(entry)?])?;
    Ok(())
}

/// Removes an entry and everything that points to it; whether there was one.
pub(super) fn remove(connection: &Connection, anchor: &Anchor) -> Result<bool> {
    connection.execute("DELETE FROM names WHERE anchor = ?1", [&anchor.0])?;
    connection.execute(
        "DELETE FROM members WHERE kind = 'account' AND member = ?1",
        [&anchor.0],
    )?;
    Ok(connection.execute("DELETE FROM entries WHERE anchor = ?1", [&anchor.0])? > 0)
}

/// Makes a group if it is missing; a protection once given stays.
pub(super) fn save_group(connection: &Connection, name: &str, is_protected: bool) -> Result<()> {
    connection.execute(
        "INSERT INTO groups (key, name, is_protected) VALUES (?1, ?2, ?3)
         ON CONFLICT (key) DO UPDATE SET is_protected = max(is_protected, excluded.is_protected)",
        params![key(name), name, is_protected],
    )?;
    Ok(())
}

/// Puts an account into a group, which is made if it is missing.
pub(super) fn join(connection: &Connection, anchor: &Anchor, group: &str) -> Result<()> {
    save_group(connection, group, false)?;
    add_member(connection, "account", &anchor.0, group)
}

/// Puts one group into another; both are made if they are missing.
pub(super) fn nest(connection: &Connection, inner: &str, outer: &str) -> Result<()> {
    save_group(connection, inner, false)?;
    save_group(connection, outer, false)?;
    add_member(connection, "group", &key(inner), outer)
}

fn add_member(connection: &Connection, kind: &str, member: &str, group: &str) -> Result<()> {
    connection.execute(
        "INSERT OR IGNORE INTO members (kind, member, group_key) VALUES (?1, ?2, ?3)",
        params![kind, member, key(group)],
    )?;
    Ok(())
}

/// What came of an order that was carried out before.
pub(super) fn outcome(connection: &Connection, order: &OrderId) -> Result<Option<WriteOutcome>> {
    let stored: Option<String> = connection
        .prepare_cached("SELECT outcome FROM orders WHERE id = ?1")?
        .query_row([order.as_str()], |row| row.get(0))
        .optional()?;
    stored.map(|text| from_json(&text)).transpose()
}

/// Remembers what came of an order, and forgets what no order can ask for any more.
pub(super) fn remember(
    connection: &Connection,
    order: &OrderId,
    outcome: &WriteOutcome,
    now: Moment,
) -> Result<()> {
    connection
        .prepare_cached("DELETE FROM orders WHERE at_ms < ?1")?
        .execute([now.plus_ms(-ORDERS_KEPT_MS).0])?;
    connection
        .prepare_cached(
            "INSERT INTO orders (id, at_ms, outcome) VALUES (?1, ?2, ?3)
             ON CONFLICT (id) DO UPDATE SET outcome = excluded.outcome",
        )?
        .execute(params![order.as_str(), now.0, to_json(outcome)?])?;
    Ok(())
}

fn to_json(value: &impl Serialize) -> Result<String> {
    serde_json::to_string(value)
        .map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))
}

fn from_json<T: DeserializeOwned>(text: &str) -> Result<T> {
    serde_json::from_str(text)
        .map_err(|error| rusqlite::Error::FromSqlConversionFailure(0, Type::Text, error.into()))
}
