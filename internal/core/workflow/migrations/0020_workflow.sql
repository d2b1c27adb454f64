-- +goose Up
CREATE TABLE kind_versions (
    kind       TEXT   NOT NULL,
    version    BIGINT NOT NULL,
    definition JSONB  NOT NULL,
    author_id  BIGINT,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (kind, version)
);
-- +goose Down
DROP TABLE kind_versions;
