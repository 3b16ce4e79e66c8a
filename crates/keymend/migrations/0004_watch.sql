-- Accounts whose password was set a short while ago.

CREATE TABLE watch (
    account_key TEXT NOT NULL PRIMARY KEY,
    due_at BIGINT NOT NULL,
    body TEXT NOT NULL
);
CREATE INDEX watch_due ON watch (due_at);
