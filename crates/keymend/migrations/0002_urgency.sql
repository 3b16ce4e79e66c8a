-- Codes go before warnings, and warnings before everything else; every carrier has a queue of its
-- own.  What waits from before is taken as the least urgent: an old code dies within minutes.
ALTER TABLE outbox ADD COLUMN urgency BIGINT NOT NULL DEFAULT 2;
ALTER TABLE outbox ADD COLUMN carrier TEXT NOT NULL DEFAULT 'email';
DROP INDEX outbox_due;
CREATE INDEX outbox_due ON outbox (carrier, urgency, due_at, id);
