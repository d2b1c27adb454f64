-- +goose Up
-- Outbound channels by webhook. body is what an administrator chose; address, headers and
-- signing are sealed (platform/seal), shown is the address without what is secret in it.
-- free_at and held_until keep the rate: when the next message may go, across nodes.
CREATE TABLE webhook_channels (
    id           BIGINT  NOT NULL PRIMARY KEY,
    name         TEXT    NOT NULL,
    name_folded  TEXT    NOT NULL,
    kind         TEXT    NOT NULL,
    personal     BOOLEAN NOT NULL,
    active       BOOLEAN NOT NULL,
    body         JSONB   NOT NULL,
    address      TEXT    NOT NULL,
    shown        TEXT    NOT NULL,
    headers      TEXT    NOT NULL,
    signing      TEXT    NOT NULL,
    free_at      BIGINT  NOT NULL,
    held_until   BIGINT,
    deleted_at   BIGINT,
    created_at   BIGINT  NOT NULL,
    updated_at   BIGINT  NOT NULL,
    version      BIGINT  NOT NULL
);
CREATE UNIQUE INDEX webhook_channels_name ON webhook_channels (name_folded) WHERE deleted_at IS NULL;

-- Where a personal channel reaches somebody. target and code are sealed.
CREATE TABLE webhook_targets (
    person_id   BIGINT NOT NULL,
    channel_id  BIGINT NOT NULL,
    target      TEXT   NOT NULL,
    shown       TEXT   NOT NULL,
    code        TEXT   NOT NULL,
    code_until  BIGINT,
    tries       BIGINT NOT NULL,
    codes       BIGINT NOT NULL,
    codes_since BIGINT,
    verified_at BIGINT,
    PRIMARY KEY (person_id, channel_id)
);

-- What is to be sent, written with its cause. state: waiting, sent, failed (a person can
-- send it again), stopped (its channel was switched off), dropped. tries counts since it was
-- queued last, attempts all of them.
CREATE TABLE webhook_messages (
    id         BIGINT NOT NULL PRIMARY KEY,
    channel_id BIGINT NOT NULL,
    person_id  BIGINT,
    ticket_id  BIGINT,
    kind       TEXT   NOT NULL,
    content    JSONB  NOT NULL,
    cause      TEXT,
    state      TEXT   NOT NULL,
    attempts   BIGINT NOT NULL,
    tries      BIGINT NOT NULL,
    status     BIGINT NOT NULL,
    error      TEXT   NOT NULL,
    created_at BIGINT NOT NULL,
    queued_at  BIGINT NOT NULL,
    due_at     BIGINT NOT NULL,
    ended_at   BIGINT
);
CREATE UNIQUE INDEX webhook_messages_once ON webhook_messages (channel_id, cause);
CREATE INDEX webhook_messages_channel ON webhook_messages (channel_id, state, id);
CREATE INDEX webhook_messages_state ON webhook_messages (state, id);
CREATE INDEX webhook_messages_created ON webhook_messages (created_at);

-- Every attempt, written before the request: one without an end was cut off by the end of
-- its node, and may have arrived. request and answer are without secrets.
CREATE TABLE webhook_attempts (
    id         BIGINT NOT NULL PRIMARY KEY,
    message_id BIGINT NOT NULL REFERENCES webhook_messages (id),
    number     BIGINT NOT NULL,
    node       TEXT   NOT NULL,
    began_at   BIGINT NOT NULL,
    ended_at   BIGINT,
    status     BIGINT NOT NULL,
    request    TEXT   NOT NULL,
    answer     TEXT   NOT NULL,
    error      TEXT   NOT NULL
);
CREATE INDEX webhook_attempts_message ON webhook_attempts (message_id, number);
-- +goose Down
DROP TABLE webhook_attempts;
DROP TABLE webhook_messages;
DROP TABLE webhook_targets;
DROP TABLE webhook_channels;
