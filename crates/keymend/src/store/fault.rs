//! Accidents of the store, sorted by what can be done about them.

use std::error::Error;
use std::fmt;
use std::sync::Arc;

use rusqlite::ErrorCode;

/// What kind of accident it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FaultKind {
    /// Another process holds the database; trying again can help.
    Busy,
    /// No space is left on the disk.  Nothing can be saved until somebody makes some.
    Full,
    /// The file is not a sound database, or belongs to a newer or foreign version.
    Damaged,
    /// Sealing failed, or a row that must open does not.
    Sealed,
    /// The deed was well, but one beside it made the database undo both; trying again can help.
    Undone,
    /// The deed itself crashed; a fault in the program.
    Crashed,
    /// The store has stopped.
    Stopped,
    /// Anything else.
    Other,
}

/// The store could not do it: nothing of the deed was saved.
#[derive(Debug, Clone)]
pub struct StoreFault {
    kind: FaultKind,
    during: &'static str,
    source: Option<Arc<dyn Error + Send + Sync>>,
}

impl StoreFault {
    /// A fault without a source.
    #[must_use]
    pub fn new(kind: FaultKind, during: &'static str) -> Self {
        Self {
            kind,
            during,
            source: None,
        }
    }

    /// A fault that something else caused.
    #[must_use]
    pub fn caused(
        kind: FaultKind,
        during: &'static str,
        source: impl Error + Send + Sync + 'static,
    ) -> Self {
        Self {
            kind,
            during,
            source: Some(Arc::new(source)),
        }
    }

    /// A fault of the database.
    pub(super) fn database(during: &'static str, source: rusqlite::Error) -> Self {
        Self::caused(kind_of(&source), during, source)
    }

    /// What kind of accident it was.
    #[must_use]
    pub fn kind(&self) -> FaultKind {
        self.kind
    }

    /// What the store was doing.
    #[must_use]
    pub fn during(&self) -> &'static str {
        self.during
    }

    /// Whether the same deed may work in a moment.
    #[must_use]
    pub fn can_pass(&self) -> bool {
        matches!(
            self.kind,
            FaultKind::Busy | FaultKind::Full | FaultKind::Undone | FaultKind::Stopped
        )
    }
}

fn kind_of(source: &rusqlite::Error) -> FaultKind {
    match source.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => FaultKind::Busy,
        Some(ErrorCode::DiskFull) => FaultKind::Full,
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => FaultKind::Damaged,
        _ => FaultKind::Other,
    }
}

impl fmt::Display for StoreFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let why = match self.kind {
            FaultKind::Busy => "the database is in use by another process",
            FaultKind::Full => "no space is left for the database",
            FaultKind::Damaged => "the database is damaged or of a foreign version",
            FaultKind::Sealed => "a row could not be sealed or opened",
            FaultKind::Undone => "the database undid more than one deed",
            FaultKind::Crashed => "the deed crashed",
            FaultKind::Stopped => "the store has stopped",
            FaultKind::Other => "the database refused",
        };
        write!(f, "{why} while {}", self.during)
    }
}

impl Error for StoreFault {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source
            .as_deref()
            .map(|source| source as &(dyn Error + 'static))
    }
}
