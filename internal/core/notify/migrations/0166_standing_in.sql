-- +goose Up
-- Whom a notice reached its reader instead of, or whose it is, and until when that is
-- so; and what makes it pass quiet hours.
ALTER TABLE notices ADD COLUMN for_id BIGINT;
ALTER TABLE notices ADD COLUMN for_until BIGINT;
ALTER TABLE notices ADD COLUMN urgent TEXT NOT NULL DEFAULT '';
ALTER TABLE notice_plans ADD COLUMN urgent BOOLEAN NOT NULL DEFAULT TRUE;
-- +goose Down
ALTER TABLE notice_plans DROP COLUMN urgent;
ALTER TABLE notices DROP COLUMN urgent;
ALTER TABLE notices DROP COLUMN for_until;
ALTER TABLE notices DROP COLUMN for_id;
