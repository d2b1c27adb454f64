-- +goose Up
-- How a view is laid out: layout list, board or split; group_by is the field whose
-- values are its columns or groups; work_limit says how many tickets a column may
-- hold ("8", "in_progress:5"), in words so that a column that is no more hurts nobody.
ALTER TABLE views ADD COLUMN layout TEXT NOT NULL DEFAULT 'list';
ALTER TABLE views ADD COLUMN group_by TEXT NOT NULL DEFAULT '';
ALTER TABLE views ADD COLUMN work_limit TEXT NOT NULL DEFAULT '';
-- +goose Down
ALTER TABLE views DROP COLUMN work_limit;
ALTER TABLE views DROP COLUMN group_by;
ALTER TABLE views DROP COLUMN layout;
