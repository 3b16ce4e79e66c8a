//! Flows: one sealed body each, found by the hash of the browser's handle.

use keymend_domain::account::AccountRef;
use keymend_domain::flow::Flow;
use keymend_domain::id::FlowId;
use keymend_domain::time::Moment;
use rusqlite::{Row, params};

use super::fault::{FaultKind, StoreFault};
use super::tx::{Rx, Sealed, Tx, from_stored, hashed};

const COLUMNS: &str = "id, handle_hash, account_key, revision, body";

/// A row of the table as it stands there.
struct StoredFlow {
    id: String,
    handle_hash: String,
    account_key: Option<String>,
    revision: i64,
    body: String,
}

impl StoredFlow {
    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            id: row.get(0)?,
            handle_hash: row.get(1)?,
            account_key: row.get(2)?,
            revision: row.get(3)?,
            body: row.get(4)?,
        })
    }
}

/// A flow opens only with its own id, revision and account, and with the handle it was saved with:
/// nobody who can write to the database can hand somebody else's proven flow to his own browser.
fn place(id: &str, revision: i64, handle_hash: &str, account_key: Option<&str>) -> String {
    let account_key = account_key.unwrap_or_default();
    format!("{id}/{revision}/{handle_hash}/{account_key}")
}

impl Rx<'_> {
    /// The flow of the browser with this handle.
    ///
    /// # Errors
    ///
    /// [`StoreFault`] if the store cannot be read.
    pub fn flow(&self, handle: &str) -> Result<Option<Flow>, StoreFault> {
        self.one_flow("handle_hash", &hashed(handle))
    }

    /// The flow with this id.
    ///
    /// # Errors
    ///
    /// [`StoreFault`] if the store cannot be read.
    pub fn flow_by_id(&self, id: &FlowId) -> Result<Option<Flow>, StoreFault> {
        self.one_flow("id", id.as_str())
    }

    /// The flows of an account that are still open, oldest first.
    ///
    /// # Errors
    ///
    /// [`StoreFault`] if the store cannot be read.
    pub fn open_flows_of(&self, account: &AccountRef) -> Result<Vec<Flow>, StoreFault> {
        let sql = format!(
            "SELECT {COLUMNS} FROM flow WHERE account_key = $1 AND stage <> 'closed' ORDER BY id"
        );
        let rows = self.rows(
            "reading an account's flows",
            &sql,
            params![account.key()],
            StoredFlow::read,
        )?;
        Ok(self.open_flows(rows))
    }

    /// Flows with an order whose deadline passed before `deadline_before`, longest waiting first.
    /// The first `skipped` of them are left out, and no more than `limit` are given.
    ///
    /// # Errors
    ///
    /// [`StoreFault`] if the store cannot be read.
    pub fn unsettled(
        &self,
        deadline_before: Moment,
        (skipped, limit): (u32, u32),
    ) -> Result<Vec<Flow>, StoreFault> {
        let sql = format!(
            "SELECT {COLUMNS} FROM flow WHERE deadline < $1 AND stage = 'writing'
             ORDER BY deadline, id LIMIT $2 OFFSET $3"
        );
        let rows = self.rows(
            "reading unsettled flows",
            &sql,
            params![deadline_before.0, limit, skipped],
            StoredFlow::read,
        )?;
        Ok(self.open_flows(rows))
    }

    /// Flows whose time was over before `before` and which nobody has closed.  Those with an open
    /// order are not among them: see [`Rx::unsettled`].
    ///
    /// # Errors
    ///
    /// [`StoreFault`] if the store cannot be read.
    pub fn expired(&self, before: Moment, limit: u32) -> Result<Vec<Flow>, StoreFault> {
        let sql = format!(
            "SELECT {COLUMNS} FROM flow
             WHERE expires_at < $1 AND stage NOT IN ('closed', 'writing')
             ORDER BY expires_at LIMIT $2"
        );
        let rows = self.rows(
            "reading expired flows",
            &sql,
            params![before.0, limit],
            StoredFlow::read,
        )?;
        Ok(self.open_flows(rows))
    }

    /// How many flows stand in each stage, by the stage's word.
    ///
    /// # Errors
    ///
    /// [`StoreFault`] if the store cannot be read.
    pub fn count_flows_by_stage(&self) -> Result<Vec<(String, u64)>, StoreFault> {
        self.rows(
            "counting flows",
            "SELECT stage, COUNT(*) FROM flow GROUP BY stage ORDER BY stage",
            [],
            |row| Ok((row.get(0)?, from_stored(row.get(1)?))),
        )
    }

    fn one_flow(&self, column: &'static str, value: &str) -> Result<Option<Flow>, StoreFault> {
        let sql = format!("SELECT {COLUMNS} FROM flow WHERE {column} = $1");
        let row = self.row("reading a flow", &sql, params![value], StoredFlow::read)?;
        Ok(row.and_then(|row| self.open_flow(&row)))
    }

    fn open_flows(&self, rows: Vec<StoredFlow>) -> Vec<Flow> {
        rows.iter().filter_map(|row| self.open_flow(row)).collect()
    }

    fn open_flow(&self, row: &StoredFlow) -> Option<Flow> {
        let account_key = row.account_key.as_deref();
        let place = place(&row.id, row.revision, &row.handle_hash, account_key);
        self.opened(Sealed::Flow, &place, &row.body)
    }
}

impl Tx<'_> {
    /// Saves a new flow, to be found by its handle.
    ///
    /// # Errors
    ///
    /// [`StoreFault`]; nothing was saved.
    pub fn insert_flow(&mut self, handle: &str, flow: &Flow) -> Result<(), StoreFault> {
        let handle_hash = hashed(handle);
        let account_key = flow.account().map(AccountRef::key);
        let place = place(flow.id.as_str(), 1, &handle_hash, account_key.as_deref());
        let body = self.sealed(Sealed::Flow, &place, flow)?;
        self.execute(
            "saving a new flow",
            "INSERT INTO flow
                (id, handle_hash, account_key, stage, expires_at, deadline, revision, body)
             VALUES ($1, $2, $3, $4, $5, $6, 1, $7)",
            params![
                flow.id.as_str(),
                handle_hash,
                account_key,
                flow.stage().word(),
                flow.expires_at.0,
                flow.open_order().map(|order| order.deadline.0),
                body,
            ],
        )
        .map(drop)
    }

    /// Saves a flow that is in the store; a `new_handle` takes the place of the old one.
    ///
    /// # Errors
    ///
    /// [`StoreFault`]; nothing was saved.
    pub fn save_flow(&mut self, flow: &Flow, new_handle: Option<&str>) -> Result<(), StoreFault> {
        let during = "saving a flow";
        let Some((old_hash, revision)) = self.flow_row(&flow.id)? else {
            return Err(StoreFault::new(FaultKind::Other, during));
        };
        let handle_hash = new_handle.map_or(old_hash, hashed);
        let revision = revision.saturating_add(1);
        let account_key = flow.account().map(AccountRef::key);
        let place = place(
            flow.id.as_str(),
            revision,
            &handle_hash,
            account_key.as_deref(),
        );
        let body = self.sealed(Sealed::Flow, &place, flow)?;
        self.execute(
            during,
            "UPDATE flow SET handle_hash = $1, account_key = $2, stage = $3, expires_at = $4,
                deadline = $5, revision = $6, body = $7 WHERE id = $8",
            params![
                handle_hash,
                account_key,
                flow.stage().word(),
                flow.expires_at.0,
                flow.open_order().map(|order| order.deadline.0),
                revision,
                body,
                flow.id.as_str(),
            ],
        )
        .map(drop)
    }

    /// The hash of the handle a flow is kept under, if the store holds it.
    pub(super) fn handle_of(&self, id: &FlowId) -> Result<Option<String>, StoreFault> {
        Ok(self.flow_row(id)?.map(|(handle_hash, _)| handle_hash))
    }

    /// Removes closed flows whose time was over before `ended_before`; gives how many.
    ///
    /// # Errors
    ///
    /// [`StoreFault`]; nothing was removed.
    pub fn forget_flows(&mut self, ended_before: Moment, limit: u32) -> Result<u64, StoreFault> {
        let count = self.execute(
            "removing old flows",
            "DELETE FROM flow WHERE id IN (SELECT id FROM flow
                WHERE expires_at < $1 AND stage = 'closed' ORDER BY expires_at LIMIT $2)",
            params![ended_before.0, limit],
        )?;
        Ok(count as u64)
    }

    fn flow_row(&self, id: &FlowId) -> Result<Option<(String, i64)>, StoreFault> {
        self.row(
            "finding a flow",
            "SELECT handle_hash, revision FROM flow WHERE id = $1",
            params![id.as_str()],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )
    }
}
