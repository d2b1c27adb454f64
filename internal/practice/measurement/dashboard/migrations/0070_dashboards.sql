-- +goose Up
-- Boards that people build. audience: mine, group (group_id), role (role), everyone.
CREATE TABLE dashboards (
    id         BIGINT NOT NULL PRIMARY KEY,
    name       TEXT   NOT NULL,
    owner_id   BIGINT NOT NULL,
    audience   TEXT   NOT NULL,
    group_id   BIGINT,
    role       TEXT   NOT NULL DEFAULT '',
    tiles      JSONB  NOT NULL DEFAULT '[]',
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    deleted_at BIGINT,
    version    BIGINT NOT NULL
);
CREATE INDEX dashboards_owner ON dashboards (owner_id, id);
CREATE INDEX dashboards_audience ON dashboards (audience, group_id, id);

-- Who gets which board when. board is a key of the code's own boards, or d and an id.
CREATE TABLE dashboard_subscriptions (
    id        BIGINT NOT NULL PRIMARY KEY,
    board     TEXT   NOT NULL,
    person_id BIGINT NOT NULL,
    cadence   TEXT   NOT NULL,
    day       BIGINT NOT NULL,
    hour      BIGINT NOT NULL,
    zone      TEXT   NOT NULL,
    next_at   BIGINT NOT NULL,
    UNIQUE (person_id, board)
);
CREATE INDEX dashboard_subscriptions_next ON dashboard_subscriptions (next_at, id);

-- A board as somebody received it: HTML that was rendered for that person.
CREATE TABLE dashboard_snapshots (
    id        BIGINT NOT NULL PRIMARY KEY,
    board     TEXT   NOT NULL,
    person_id BIGINT NOT NULL,
    title     TEXT   NOT NULL,
    made_at   BIGINT NOT NULL,
    content   TEXT   NOT NULL
);
CREATE INDEX dashboard_snapshots_person ON dashboard_snapshots (person_id, made_at);
CREATE INDEX dashboard_snapshots_made ON dashboard_snapshots (made_at);

-- Screens on a wall; token_hash is the SHA-256 of the secret in the address.
CREATE TABLE dashboard_screens (
    id         BIGINT NOT NULL PRIMARY KEY,
    name       TEXT   NOT NULL,
    owner_id   BIGINT NOT NULL,
    boards     JSONB  NOT NULL,
    seconds    BIGINT NOT NULL,
    token_hash TEXT   NOT NULL UNIQUE,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    seen_at    BIGINT,
    revoked_at BIGINT
);
CREATE INDEX dashboard_screens_owner ON dashboard_screens (owner_id, id);
-- +goose Down
DROP TABLE dashboard_screens;
DROP TABLE dashboard_snapshots;
DROP TABLE dashboard_subscriptions;
DROP TABLE dashboards;
