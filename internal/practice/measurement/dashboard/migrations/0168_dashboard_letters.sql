-- +goose Up
-- The figures of a board as it came to somebody, in Markdown, for a letter.
ALTER TABLE dashboard_snapshots ADD COLUMN letter TEXT NOT NULL DEFAULT '';
-- +goose Down
ALTER TABLE dashboard_snapshots DROP COLUMN letter;
