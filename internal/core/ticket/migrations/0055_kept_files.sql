-- +goose Up
-- Files that are kept to be sent again and again: those of canned replies and
-- macros. keeper_id is the id of what keeps them.
CREATE TABLE kept_files (
    id         BIGINT NOT NULL PRIMARY KEY,
    keeper_id  BIGINT NOT NULL,
    name       TEXT   NOT NULL,
    media_type TEXT   NOT NULL,
    size       BIGINT NOT NULL,
    sha256     TEXT   NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE INDEX kept_files_keeper ON kept_files (keeper_id, id);
CREATE INDEX kept_files_sha256 ON kept_files (sha256);
-- +goose Down
DROP TABLE kept_files;
