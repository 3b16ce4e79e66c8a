//! What a deed sees of the store: [`Rx`] reads, [`Tx`] reads and writes.

use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use keymend_domain::time::Entropy;
use rusqlite::{Connection, OptionalExtension, Params, Row};
use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};

use super::fault::{FaultKind, StoreFault};
use crate::keys::{AuditSigner, KeyFault, Keys, Place, Seal};

/// Room for a row before it is sealed; notices take about 700 bytes.
const PLAIN_BYTES: usize = 4_096;

/// The tables whose rows are sealed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sealed {
    Flow,
    Person,
    Method,
    Session,
    Familiar,
    Veto,
    Outbox,
    Settings,
    Integration,
    Watch,
    Audit,
}

/// One seal for each table.
pub(super) struct Seals {
    flow: Seal,
    person: Seal,
    method: Seal,
    session: Seal,
    familiar: Seal,
    veto: Seal,
    outbox: Seal,
    settings: Seal,
    integration: Seal,
    watch: Seal,
    audit: Seal,
}

impl Seals {
    pub(super) fn derive(keys: &Keys) -> Result<Self, KeyFault> {
        Ok(Self {
            flow: keys.seal("flow")?,
            person: keys.seal("person")?,
            method: keys.seal("method")?,
            session: keys.seal("session")?,
            familiar: keys.seal("familiar")?,
            veto: keys.seal("veto")?,
            outbox: keys.seal("outbox")?,
            settings: keys.seal("settings")?,
            integration: keys.seal("integration")?,
            watch: keys.seal("watch")?,
            audit: keys.seal("audit")?,
        })
    }

    fn of(&self, table: Sealed) -> &Seal {
        match table {
            Sealed::Flow => &self.flow,
            Sealed::Person => &self.person,
            Sealed::Method => &self.method,
            Sealed::Session => &self.session,
            Sealed::Familiar => &self.familiar,
            Sealed::Veto => &self.veto,
            Sealed::Outbox => &self.outbox,
            Sealed::Settings => &self.settings,
            Sealed::Integration => &self.integration,
            Sealed::Watch => &self.watch,
            Sealed::Audit => &self.audit,
        }
    }
}

/// What all connections of one store share.
pub(super) struct Shared {
    pub(super) seals: Seals,
    pub(super) signer: Arc<AuditSigner>,
    pub(super) entropy: Arc<dyn Entropy>,
    /// Rows that did not open since the start.
    pub(super) damaged_rows: AtomicU64,
}

/// A view of the store that does not change while it is used.
pub struct Rx<'c> {
    pub(super) connection: &'c Connection,
    pub(super) shared: &'c Shared,
}

/// One transaction: everything done through it is saved whole or not at all.
pub struct Tx<'c> {
    rx: Rx<'c>,
    /// Whether lines were added to the audit log.
    pub(super) audited: bool,
    /// Whether a head is wanted even if none is due.
    pub(super) covers_all: bool,
}

impl<'c> Tx<'c> {
    pub(super) fn new(connection: &'c Connection, shared: &'c Shared) -> Self {
        Self {
            rx: Rx { connection, shared },
            audited: false,
            covers_all: false,
        }
    }
}

/// Whatever can be read outside a transaction can be read inside it, as it stands there.
impl<'c> Deref for Tx<'c> {
    type Target = Rx<'c>;

    fn deref(&self) -> &Rx<'c> {
        &self.rx
    }
}

impl Rx<'_> {
    pub(super) fn execute(
        &self,
        during: &'static str,
        sql: &str,
        params: impl Params,
    ) -> Result<usize, StoreFault> {
        let fault = |source| StoreFault::database(during, source);
        let mut statement = self.connection.prepare_cached(sql).map_err(fault)?;
        statement.execute(params).map_err(fault)
    }

    pub(super) fn row<T>(
        &self,
        during: &'static str,
        sql: &str,
        params: impl Params,
        read: impl FnOnce(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Option<T>, StoreFault> {
        let fault = |source| StoreFault::database(during, source);
        let mut statement = self.connection.prepare_cached(sql).map_err(fault)?;
        statement.query_row(params, read).optional().map_err(fault)
    }

    pub(super) fn rows<T>(
        &self,
        during: &'static str,
        sql: &str,
        params: impl Params,
        read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Vec<T>, StoreFault> {
        let fault = |source| StoreFault::database(during, source);
        let mut statement = self.connection.prepare_cached(sql).map_err(fault)?;
        let rows = statement.query_map(params, read).map_err(fault)?;
        rows.collect::<rusqlite::Result<Vec<T>>>().map_err(fault)
    }

    /// Seals a value for one row of one table.
    pub(super) fn sealed<T: Serialize>(
        &self,
        table: Sealed,
        row: &str,
        value: &T,
    ) -> Result<String, StoreFault> {
        let during = "sealing a row";
        // Roomy, so that it seldom moves and leaves a copy of a secret behind.
        let mut plain = zeroize::Zeroizing::new(Vec::with_capacity(PLAIN_BYTES));
        serde_json::to_writer(&mut *plain, value)
            .map_err(|source| StoreFault::caused(FaultKind::Other, during, source))?;
        let place = Place {
            row,
            purpose: "body",
        };
        let sealed = self
            .shared
            .seals
            .of(table)
            .seal(place, &plain, self.shared.entropy.as_ref())
            .map_err(|source| StoreFault::caused(FaultKind::Sealed, during, source))?;
        Ok(URL_SAFE_NO_PAD.encode(sealed))
    }

    /// Opens a row; one that does not open here is reported and counts as absent.
    pub(super) fn opened<T: DeserializeOwned>(
        &self,
        table: Sealed,
        row: &str,
        sealed: &str,
    ) -> Option<T> {
        let value = self.try_open(table, row, sealed);
        if value.is_none() {
            self.shared.damaged_rows.fetch_add(1, Ordering::Relaxed);
            tracing::error!(
                table = ?table,
                row,
                "a stored row does not open: it was altered, moved from another row, or sealed under another root key"
            );
        }
        value
    }

    /// The same, without the report: for verifying.
    pub(super) fn try_open<T: DeserializeOwned>(
        &self,
        table: Sealed,
        row: &str,
        sealed: &str,
    ) -> Option<T> {
        let sealed = URL_SAFE_NO_PAD.decode(sealed).ok()?;
        let place = Place {
            row,
            purpose: "body",
        };
        let plain = self.shared.seals.of(table).open(place, &sealed).ok()?;
        serde_json::from_slice(&plain).ok()
    }
}

/// What the store keeps of a handle, a token or a link: its SHA-256, never the text.
pub(super) fn hashed(secret: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(secret.as_bytes()))
}

/// A count as the database keeps it.
pub(super) fn to_stored(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// A count read back; a negative one, which nobody wrote, is none.
pub(super) fn from_stored(count: i64) -> u64 {
    u64::try_from(count).unwrap_or(0)
}
