//! Brings a database to the schema of this version, one numbered file after the other.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rusqlite::{Connection, params};
use sha2::{Digest, Sha256};

use super::fault::{FaultKind, StoreFault};

/// One step of the schema.  Its text never changes once it was released.
struct Migration {
    version: i64,
    name: &'static str,
    sql: &'static str,
}

const MIGRATIONS: &[Migration] = &[
    Migration {
        version: 1,
        name: "first",
        sql: include_str!("../../migrations/0001_first.sql"),
    },
    Migration {
        version: 2,
        name: "urgency",
        sql: include_str!("../../migrations/0002_urgency.sql"),
    },
    Migration {
        version: 3,
        name: "integration",
        sql: include_str!("../../migrations/0003_integration.sql"),
    },
    Migration {
        version: 4,
        name: "watch",
        sql: include_str!("../../migrations/0004_watch.sql"),
    },
];

/// Why a database does not fit this version.
#[derive(Debug, thiserror::Error)]
enum Unfit {
    #[error("it was made by a newer version; upgrade, or restore the backup made before")]
    Newer,
    #[error("its migration {0} is not the one this version knows")]
    Foreign(usize),
}

const DURING: &str = "bringing the database to this version";

/// Applies what is missing, in one transaction.
///
/// # Errors
///
/// [`FaultKind::Damaged`] if the database was made by a newer version (upgrade, or restore the
/// backup made before the upgrade), or if a migration in it is not the one this version knows.
pub(super) fn migrate(connection: &mut Connection) -> Result<(), StoreFault> {
    let fault = |source| StoreFault::database(DURING, source);
    let transaction = connection
        .transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)
        .map_err(fault)?;
    transaction
        .execute_batch(
            "CREATE TABLE IF NOT EXISTS migration (
                version BIGINT NOT NULL PRIMARY KEY, name TEXT NOT NULL, checksum TEXT NOT NULL)",
        )
        .map_err(fault)?;
    let applied = applied(&transaction).map_err(fault)?;
    for (place, checksum) in applied.iter().enumerate() {
        let unfit = match MIGRATIONS.get(place).map(checksum_of) {
            None => Unfit::Newer,
            Some(known) if known != *checksum => Unfit::Foreign(place + 1),
            Some(_) => continue,
        };
        return Err(StoreFault::caused(FaultKind::Damaged, DURING, unfit));
    }
    for migration in MIGRATIONS.iter().skip(applied.len()) {
        transaction.execute_batch(migration.sql).map_err(fault)?;
        transaction
            .execute(
                "INSERT INTO migration (version, name, checksum) VALUES ($1, $2, $3)",
                params![migration.version, migration.name, checksum_of(migration)],
            )
            .map_err(fault)?;
    }
    transaction.commit().map_err(fault)
}

fn applied(connection: &Connection) -> rusqlite::Result<Vec<String>> {
    let mut statement = connection.prepare("SELECT checksum FROM migration ORDER BY version")?;
    let rows = statement.query_map([], |row| row.get(0))?;
    rows.collect()
}

fn checksum_of(migration: &Migration) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(migration.sql.as_bytes()))
}
