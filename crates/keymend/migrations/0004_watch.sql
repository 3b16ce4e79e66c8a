-- Accounts whose password was set a short while ago.

CREATE TABLE watch (
    account_key TEXT NOT NULL PRIMARY KEY,
    due_at BIGINT NOT NULL,
    body TEXT NOT NULL
);
CREATE INDEX watch_due ON watch (due_at);

-- What the log says of one account since then, newest first: without it every line of a kind is
-- looked at, and the log only grows.
CREATE INDEX audit_of_subject ON audit (subject, event, seq) WHERE subject IS NOT NULL;
