-- +goose Up
-- Where a person begins, whether single keys do something, and which columns they
-- want of which list: {"queue:open": "title,kind"}.
ALTER TABLE persons ADD COLUMN start_page TEXT NOT NULL DEFAULT '';
ALTER TABLE persons ADD COLUMN keys_off BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE persons ADD COLUMN list_columns JSONB NOT NULL DEFAULT '{}';
-- +goose Down
ALTER TABLE persons DROP COLUMN list_columns;
ALTER TABLE persons DROP COLUMN keys_off;
ALTER TABLE persons DROP COLUMN start_page;
