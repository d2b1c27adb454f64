-- +goose Up
-- Ordered steps under a name. steps is a JSON array; kinds: ",incident,request,",
-- or "" for all; condition: a filter; next: stay, next, list.
CREATE TABLE macros (
    id           BIGINT NOT NULL PRIMARY KEY,
    title        TEXT   NOT NULL,
    title_folded TEXT   NOT NULL,
    about        TEXT   NOT NULL,
    steps        JSONB  NOT NULL,
    kinds        TEXT   NOT NULL,
    condition    TEXT   NOT NULL,
    next         TEXT   NOT NULL,
    owner_id     BIGINT NOT NULL,
    audience     TEXT   NOT NULL,
    group_id     BIGINT,
    uses         BIGINT NOT NULL DEFAULT 0,
    created_at   BIGINT NOT NULL,
    updated_at   BIGINT NOT NULL,
    deleted_at   BIGINT,
    version      BIGINT NOT NULL
);
CREATE INDEX macros_owner ON macros (owner_id, title_folded, id);
CREATE INDEX macros_audience ON macros (audience, group_id, title_folded, id);

-- How often each person ran each of them: the useful come first.
CREATE TABLE macro_uses (
    person_id    BIGINT NOT NULL,
    macro_id     BIGINT NOT NULL REFERENCES macros (id),
    uses         BIGINT NOT NULL,
    last_used_at BIGINT NOT NULL,
    PRIMARY KEY (person_id, macro_id)
);
-- +goose Down
DROP TABLE macro_uses;
DROP TABLE macros;
