-- +goose Up
-- When the next promise on a ticket is due: a cache of what service levels compute,
-- which no event sets and no save touches.
ALTER TABLE tickets ADD COLUMN due_at BIGINT;
CREATE INDEX tickets_due ON tickets (COALESCE(due_at, 253402300800000000), id);
-- +goose Down
DROP INDEX tickets_due;
ALTER TABLE tickets DROP COLUMN due_at;
