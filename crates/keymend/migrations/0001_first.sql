-- Types are TEXT and BIGINT alone, so that SQLite and PostgreSQL read the same text.
-- Instants are milliseconds since 1970; hashes and sealed bodies are base64url without padding.
-- Whatever speaks of a person is inside a sealed body; the columns beside it are for finding rows.

CREATE TABLE flow (
    id TEXT NOT NULL PRIMARY KEY,
    handle_hash TEXT NOT NULL,
    account_key TEXT,
    stage TEXT NOT NULL,
    expires_at BIGINT NOT NULL,
    deadline BIGINT,
    revision BIGINT NOT NULL,
    body TEXT NOT NULL
);
CREATE UNIQUE INDEX flow_handle ON flow (handle_hash);
CREATE INDEX flow_account ON flow (account_key) WHERE account_key IS NOT NULL;
CREATE INDEX flow_deadline ON flow (deadline) WHERE deadline IS NOT NULL;
CREATE INDEX flow_expiry ON flow (expires_at);

CREATE TABLE counter (
    counter_key TEXT NOT NULL PRIMARY KEY,
    forget_at BIGINT NOT NULL,
    body TEXT NOT NULL
);
CREATE INDEX counter_forget ON counter (forget_at);

CREATE TABLE person (
    account_key TEXT NOT NULL PRIMARY KEY,
    body TEXT NOT NULL
);

CREATE TABLE method (
    id TEXT NOT NULL PRIMARY KEY,
    account_key TEXT NOT NULL,
    contact_tag TEXT NOT NULL,
    body TEXT NOT NULL
);
CREATE INDEX method_account ON method (account_key);
CREATE INDEX method_contact ON method (contact_tag);

CREATE TABLE session (
    handle_hash TEXT NOT NULL PRIMARY KEY,
    account_key TEXT NOT NULL,
    expires_at BIGINT NOT NULL,
    body TEXT NOT NULL
);
CREATE INDEX session_account ON session (account_key);
CREATE INDEX session_expiry ON session (expires_at);

CREATE TABLE familiar (
    handle_hash TEXT NOT NULL PRIMARY KEY,
    account_key TEXT NOT NULL,
    expires_at BIGINT NOT NULL,
    body TEXT NOT NULL
);
CREATE INDEX familiar_account ON familiar (account_key);
CREATE INDEX familiar_expiry ON familiar (expires_at);

CREATE TABLE veto (
    token_hash TEXT NOT NULL PRIMARY KEY,
    expires_at BIGINT NOT NULL,
    body TEXT NOT NULL
);
CREATE INDEX veto_expiry ON veto (expires_at);

CREATE TABLE human_token (
    token_hash TEXT NOT NULL PRIMARY KEY,
    expires_at BIGINT NOT NULL
);
CREATE INDEX human_token_expiry ON human_token (expires_at);

CREATE TABLE outbox (
    id TEXT NOT NULL PRIMARY KEY,
    due_at BIGINT NOT NULL,
    attempts BIGINT NOT NULL,
    body TEXT NOT NULL
);
CREATE INDEX outbox_due ON outbox (due_at, id);

CREATE TABLE settings (
    version BIGINT NOT NULL PRIMARY KEY,
    saved_at BIGINT NOT NULL,
    body TEXT NOT NULL
);

CREATE TABLE audit (
    seq BIGINT NOT NULL PRIMARY KEY,
    time BIGINT NOT NULL,
    event TEXT NOT NULL,
    correlation TEXT NOT NULL,
    subject TEXT,
    open_body TEXT NOT NULL,
    sealed_personal TEXT NOT NULL,
    previous_hash TEXT NOT NULL,
    hash TEXT NOT NULL
);
CREATE INDEX audit_correlation ON audit (correlation);
CREATE INDEX audit_subject ON audit (subject) WHERE subject IS NOT NULL;
CREATE INDEX audit_event ON audit (event, seq);
CREATE INDEX audit_time ON audit (time);

CREATE TABLE audit_head (
    seq BIGINT NOT NULL PRIMARY KEY,
    time BIGINT NOT NULL,
    hash TEXT NOT NULL,
    signature TEXT NOT NULL
);
