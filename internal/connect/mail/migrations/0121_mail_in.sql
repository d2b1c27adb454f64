-- +goose Up
-- Where mail comes from. uid_validity and uid are how far it was read; holder is the
-- node that reads it and beat counts while it does. secrets are sealed.
CREATE TABLE mail_boxes (
    id              BIGINT  NOT NULL PRIMARY KEY,
    name            TEXT    NOT NULL,
    address         TEXT    NOT NULL,
    address_folded  TEXT    NOT NULL,
    protocol        TEXT    NOT NULL,
    server          TEXT    NOT NULL,
    security        TEXT    NOT NULL,
    auth            TEXT    NOT NULL,
    username        TEXT    NOT NULL,
    token_url       TEXT    NOT NULL,
    client_id       TEXT    NOT NULL,
    scope           TEXT    NOT NULL,
    secrets         TEXT    NOT NULL,
    folder          TEXT    NOT NULL,
    after           TEXT    NOT NULL,
    move_to         TEXT    NOT NULL,
    kind            TEXT    NOT NULL,
    service_id      BIGINT,
    group_id        BIGINT,
    sender_id       BIGINT,
    organisation_id BIGINT,
    unknown         TEXT    NOT NULL,
    per_hour        BIGINT  NOT NULL,
    active          BOOLEAN NOT NULL,
    uid_validity    BIGINT  NOT NULL,
    uid             BIGINT  NOT NULL,
    holder          TEXT    NOT NULL,
    beat            BIGINT  NOT NULL,
    problem         TEXT    NOT NULL,
    reached_at      BIGINT,
    created_at      BIGINT  NOT NULL,
    updated_at      BIGINT  NOT NULL,
    version         BIGINT  NOT NULL
);
CREATE UNIQUE INDEX mail_boxes_address ON mail_boxes (address_folded);

-- Every mail that came: the message itself lies in the file store under blob_key.
-- state: stored, landed, ignored, quarantined, dropped, duplicate.
CREATE TABLE mail_arrivals (
    id           BIGINT  NOT NULL PRIMARY KEY,
    box_id       BIGINT  NOT NULL,
    uid_validity BIGINT,
    uid          BIGINT,
    blob_key     TEXT    NOT NULL,
    size         BIGINT  NOT NULL,
    whole        BOOLEAN NOT NULL,
    content_key  TEXT    NOT NULL,
    message_id   TEXT    NOT NULL,
    from_address TEXT    NOT NULL,
    from_name    TEXT    NOT NULL,
    subject      TEXT    NOT NULL,
    nature       TEXT    NOT NULL,
    state        TEXT    NOT NULL,
    reason       TEXT    NOT NULL,
    trace        JSONB   NOT NULL,
    released     BOOLEAN NOT NULL,
    person_id    BIGINT,
    ticket_id    BIGINT,
    seq          BIGINT  NOT NULL,
    possible_id  BIGINT,
    received_at  BIGINT  NOT NULL,
    stored_at    BIGINT  NOT NULL
);
CREATE UNIQUE INDEX mail_arrivals_position ON mail_arrivals (box_id, uid_validity, uid) WHERE uid IS NOT NULL;
CREATE UNIQUE INDEX mail_arrivals_content ON mail_arrivals (content_key) WHERE state <> 'duplicate';
CREATE INDEX mail_arrivals_ticket ON mail_arrivals (ticket_id, seq) WHERE ticket_id IS NOT NULL;
CREATE INDEX mail_arrivals_state ON mail_arrivals (state, id);
CREATE INDEX mail_arrivals_from ON mail_arrivals (from_address, stored_at);
CREATE INDEX mail_arrivals_blob ON mail_arrivals (blob_key);

-- Senders whose mail is held back: an address, or @ and a domain.
CREATE TABLE mail_blocks (
    pattern    TEXT   NOT NULL PRIMARY KEY,
    person_id  BIGINT,
    created_at BIGINT NOT NULL
);
-- +goose Down
DROP TABLE mail_blocks;
DROP TABLE mail_arrivals;
DROP TABLE mail_boxes;
