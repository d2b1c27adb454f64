-- +goose Up
-- Lists that people gave a name. audience: mine, group (group_id says which), everyone.
CREATE TABLE views (
    id         BIGINT NOT NULL PRIMARY KEY,
    name       TEXT   NOT NULL,
    filter     TEXT   NOT NULL,
    sort       TEXT   NOT NULL,
    columns    TEXT   NOT NULL,
    owner_id   BIGINT NOT NULL,
    audience   TEXT   NOT NULL,
    group_id   BIGINT,
    position   BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    deleted_at BIGINT,
    version    BIGINT NOT NULL
);
CREATE INDEX views_owner ON views (owner_id, position, id);
CREATE INDEX views_audience ON views (audience, group_id, position, id);

-- Which tickets a person opened last: for finding the way back, never for others to read.
CREATE TABLE ticket_visits (
    person_id BIGINT NOT NULL,
    ticket_id BIGINT NOT NULL,
    at        BIGINT NOT NULL,
    PRIMARY KEY (person_id, ticket_id)
);
CREATE INDEX ticket_visits_recent ON ticket_visits (person_id, at, ticket_id);
-- +goose Down
DROP TABLE ticket_visits;
DROP TABLE views;
