-- +goose Up
-- partners: metrics with their goals. goal and the partners' goals exist together or not at all.
CREATE TABLE tension_pairs (
    id         BIGINT  NOT NULL PRIMARY KEY,
    process    TEXT    NOT NULL,
    goal       DOUBLE PRECISION,
    partners   JSONB   NOT NULL,
    filter     TEXT    NOT NULL DEFAULT '',
    periods    BIGINT  NOT NULL,
    owner_id   BIGINT  NOT NULL,
    created_at BIGINT  NOT NULL,
    updated_at BIGINT  NOT NULL,
    deleted_at BIGINT,
    version    BIGINT  NOT NULL
);
CREATE INDEX tension_pairs_owner ON tension_pairs (owner_id, id);

-- An alarm holds from the end of the period that raised it until one that ends it.
CREATE TABLE tension_alarms (
    id        BIGINT NOT NULL PRIMARY KEY,
    pair_id   BIGINT NOT NULL REFERENCES tension_pairs (id),
    partner   TEXT   NOT NULL,
    up_to     BIGINT NOT NULL,
    raised_at BIGINT NOT NULL,
    ended_at  BIGINT,
    evidence  JSONB  NOT NULL,
    UNIQUE (pair_id, partner, up_to)
);
CREATE INDEX tension_alarms_open ON tension_alarms (pair_id, raised_at);
-- +goose Down
DROP TABLE tension_alarms;
DROP TABLE tension_pairs;
