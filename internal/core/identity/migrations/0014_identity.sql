-- +goose Up
CREATE TABLE passwords (
    person_id   BIGINT  NOT NULL PRIMARY KEY REFERENCES persons (id),
    hash        TEXT    NOT NULL,
    changed_at  BIGINT  NOT NULL,
    must_change BOOLEAN NOT NULL
);

-- Of sessions, devices and tokens only the SHA-256 is kept: who reads the
-- database cannot sign in with what is in it.
CREATE TABLE sessions (
    id         BIGINT NOT NULL PRIMARY KEY,
    person_id  BIGINT NOT NULL REFERENCES persons (id),
    hash       TEXT   NOT NULL UNIQUE,
    method     TEXT   NOT NULL,
    address    TEXT   NOT NULL,
    user_agent TEXT   NOT NULL,
    created_at BIGINT NOT NULL,
    seen_at    BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX sessions_person ON sessions (person_id, seen_at);
CREATE INDEX sessions_expires ON sessions (expires_at);
CREATE INDEX sessions_seen ON sessions (seen_at);

-- Browsers a person has signed in with before.
CREATE TABLE devices (
    hash      TEXT   NOT NULL PRIMARY KEY,
    person_id BIGINT NOT NULL REFERENCES persons (id),
    used_at   BIGINT NOT NULL
);
CREATE INDEX devices_person ON devices (person_id);
CREATE INDEX devices_used ON devices (used_at);

CREATE TABLE api_tokens (
    id         BIGINT NOT NULL PRIMARY KEY,
    owner_id   BIGINT NOT NULL REFERENCES persons (id),
    name       TEXT   NOT NULL,
    hash       TEXT   NOT NULL UNIQUE,
    hint       TEXT   NOT NULL,
    verbs      JSONB  NOT NULL,
    kinds      JSONB  NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT,
    used_at    BIGINT,
    revoked_at BIGINT
);
CREATE INDEX api_tokens_owner ON api_tokens (owner_id, created_at, id);

CREATE TABLE sign_ins (
    id         BIGINT  NOT NULL PRIMARY KEY,
    person_id  BIGINT  REFERENCES persons (id),
    at         BIGINT  NOT NULL,
    ok         BOOLEAN NOT NULL,
    method     TEXT    NOT NULL,
    address    TEXT    NOT NULL,
    user_agent TEXT    NOT NULL
);
CREATE INDEX sign_ins_person ON sign_ins (person_id, at, id);
CREATE INDEX sign_ins_at ON sign_ins (at);

CREATE TABLE sign_in_failures (
    counted TEXT   NOT NULL PRIMARY KEY,
    count   BIGINT NOT NULL,
    since   BIGINT NOT NULL
);
CREATE INDEX sign_in_failures_since ON sign_in_failures (since);

-- The code that makes the first administrator, while there is none.
CREATE TABLE setup_code (
    id         BIGINT NOT NULL PRIMARY KEY,
    hash       TEXT   NOT NULL,
    created_at BIGINT NOT NULL
);

-- +goose Down
DROP TABLE setup_code;
DROP TABLE sign_in_failures;
DROP TABLE sign_ins;
DROP TABLE api_tokens;
DROP TABLE devices;
DROP TABLE sessions;
DROP TABLE passwords;
