-- +goose Up
CREATE TABLE import_runs (
    id          BIGINT NOT NULL PRIMARY KEY,
    person_id   BIGINT,
    file_name   TEXT   NOT NULL,
    blob_key    TEXT   NOT NULL,
    size        BIGINT NOT NULL,
    zone        TEXT   NOT NULL,
    state       TEXT   NOT NULL,
    read_bytes  BIGINT NOT NULL DEFAULT 0,
    problem     TEXT   NOT NULL DEFAULT '',
    report      JSONB  NOT NULL DEFAULT '{}',
    created_at  BIGINT NOT NULL,
    started_at  BIGINT,
    finished_at BIGINT
);
CREATE INDEX import_runs_created ON import_runs (created_at, id);
-- +goose Down
DROP TABLE import_runs;
