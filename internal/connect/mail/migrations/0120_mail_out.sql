-- +goose Up
-- Who this installation is among mail servers, and the key of the marks by which
-- answers find their ticket. One row, made at first need; it goes with backups, so
-- that conversations go on after a restore.
CREATE TABLE mail_identity (
    id         BIGINT NOT NULL PRIMARY KEY,
    instance   TEXT   NOT NULL,
    mark_key   TEXT   NOT NULL,
    created_at BIGINT NOT NULL
);

-- Addresses that mail is sent from. secrets and dkim_key are sealed (platform/seal).
CREATE TABLE mail_senders (
    id             BIGINT  NOT NULL PRIMARY KEY,
    name           TEXT    NOT NULL,
    address        TEXT    NOT NULL,
    address_folded TEXT    NOT NULL,
    group_id       BIGINT,
    by_default     BOOLEAN NOT NULL,
    language       TEXT    NOT NULL,
    signature      TEXT    NOT NULL,
    server         TEXT    NOT NULL,
    security       TEXT    NOT NULL,
    auth           TEXT    NOT NULL,
    username       TEXT    NOT NULL,
    token_url      TEXT    NOT NULL,
    client_id      TEXT    NOT NULL,
    scope          TEXT    NOT NULL,
    secrets        TEXT    NOT NULL,
    dkim_domain    TEXT    NOT NULL,
    dkim_selector  TEXT    NOT NULL,
    dkim_key       TEXT    NOT NULL,
    plus           BOOLEAN NOT NULL,
    number_in      TEXT    NOT NULL,
    active         BOOLEAN NOT NULL,
    created_at     BIGINT  NOT NULL,
    updated_at     BIGINT  NOT NULL,
    version        BIGINT  NOT NULL
);
CREATE UNIQUE INDEX mail_senders_address ON mail_senders (address_folded);

-- What letters of a kind say, where it is not what the product brings.
CREATE TABLE mail_templates (
    kind       TEXT   NOT NULL,
    language   TEXT   NOT NULL,
    subject    TEXT   NOT NULL,
    body       TEXT   NOT NULL,
    updated_at BIGINT NOT NULL,
    version    BIGINT NOT NULL,
    PRIMARY KEY (kind, language)
);

-- What is to be sent, written with its cause. message_id is '' until the letter was
-- put into words, which the job does; since and seq are the entries of the timeline
-- that it tells. state: waiting, sent, failed, dropped.
CREATE TABLE mail_letters (
    id           BIGINT NOT NULL PRIMARY KEY,
    kind         TEXT   NOT NULL,
    sender_id    BIGINT,
    author_id    BIGINT,
    ticket_id    BIGINT,
    since        BIGINT NOT NULL,
    seq          BIGINT NOT NULL,
    subject      TEXT   NOT NULL,
    body         TEXT   NOT NULL,
    why          TEXT   NOT NULL,
    url          TEXT   NOT NULL,
    files        JSONB  NOT NULL,
    language     TEXT   NOT NULL,
    message_id   TEXT   NOT NULL,
    in_reply_to  TEXT   NOT NULL,
    earlier      JSONB  NOT NULL,
    topic        TEXT   NOT NULL,
    thread_index TEXT   NOT NULL,
    state        TEXT   NOT NULL,
    attempts     BIGINT NOT NULL,
    error        TEXT   NOT NULL,
    created_at   BIGINT NOT NULL,
    sent_at      BIGINT
);
CREATE INDEX mail_letters_ticket ON mail_letters (ticket_id, id) WHERE ticket_id IS NOT NULL;
CREATE INDEX mail_letters_state ON mail_letters (state, id);
CREATE INDEX mail_letters_created ON mail_letters (created_at);

-- Whom a letter is for. cause lets a person get one letter of a cause.
-- state: waiting, sent, refused, bounced, skipped.
CREATE TABLE mail_recipients (
    id        BIGINT  NOT NULL PRIMARY KEY,
    letter_id BIGINT  NOT NULL REFERENCES mail_letters (id),
    person_id BIGINT,
    address   TEXT    NOT NULL,
    name      TEXT    NOT NULL,
    copied    BOOLEAN NOT NULL,
    cause     TEXT,
    state     TEXT    NOT NULL,
    error     TEXT    NOT NULL
);
CREATE INDEX mail_recipients_letter ON mail_recipients (letter_id, id);
CREATE UNIQUE INDEX mail_recipients_once ON mail_recipients (person_id, cause);

-- Every Message-ID that has to do with a ticket. relation: sent and received are
-- messages that we have, mentioned those that others only refer to.
CREATE TABLE mail_ids (
    message_id TEXT   NOT NULL,
    ticket_id  BIGINT NOT NULL REFERENCES tickets (id),
    relation   TEXT   NOT NULL,
    at         BIGINT NOT NULL,
    PRIMARY KEY (message_id, ticket_id)
);
CREATE INDEX mail_ids_ticket ON mail_ids (ticket_id, at);

-- How a ticket's conversation looks in mail programs.
CREATE TABLE mail_threads (
    ticket_id    BIGINT NOT NULL PRIMARY KEY REFERENCES tickets (id),
    topic        TEXT   NOT NULL,
    thread_index TEXT   NOT NULL,
    sender_id    BIGINT,
    last_id      TEXT   NOT NULL,
    updated_at   BIGINT NOT NULL
);

-- Who takes part in a ticket by mail.
CREATE TABLE mail_participants (
    ticket_id BIGINT NOT NULL REFERENCES tickets (id),
    person_id BIGINT NOT NULL,
    since     BIGINT NOT NULL,
    PRIMARY KEY (ticket_id, person_id)
);

-- Who wants all news of their tickets by mail, or none; without a row, of those
-- tickets that they take part in by mail.
CREATE TABLE mail_wishes (
    person_id BIGINT NOT NULL PRIMARY KEY,
    wish      TEXT   NOT NULL
);

-- Addresses that a server said do not exist.
CREATE TABLE mail_dead_addresses (
    address   TEXT   NOT NULL PRIMARY KEY,
    reason    TEXT   NOT NULL,
    letter_id BIGINT,
    since     BIGINT NOT NULL
);
-- +goose Down
DROP TABLE mail_dead_addresses;
DROP TABLE mail_wishes;
DROP TABLE mail_participants;
DROP TABLE mail_threads;
DROP TABLE mail_ids;
DROP TABLE mail_recipients;
DROP TABLE mail_letters;
DROP TABLE mail_templates;
DROP TABLE mail_senders;
DROP TABLE mail_identity;
