-- +goose Up
-- What people are told. Rows end by themselves (notify.Expire).
CREATE TABLE notices (
    id         BIGINT  NOT NULL PRIMARY KEY,
    person_id  BIGINT  NOT NULL,
    kind       TEXT    NOT NULL,
    reason     TEXT    NOT NULL,
    subject    TEXT    NOT NULL,
    subject_id BIGINT  NOT NULL,
    title      TEXT    NOT NULL DEFAULT '',
    url        TEXT    NOT NULL DEFAULT '',
    actor_type TEXT    NOT NULL,
    actor_id   BIGINT,
    internal   BOOLEAN NOT NULL,
    seq        BIGINT  NOT NULL DEFAULT 0,
    detail     TEXT    NOT NULL DEFAULT '',
    at         BIGINT  NOT NULL,
    read_at    BIGINT,
    cause      TEXT
);
CREATE UNIQUE INDEX notices_once ON notices (person_id, cause);
CREATE INDEX notices_person ON notices (person_id, at, id);
CREATE INDEX notices_unread ON notices (person_id, subject, subject_id) WHERE read_at IS NULL;
CREATE INDEX notices_at ON notices (at);
CREATE INDEX notices_read ON notices (read_at) WHERE read_at IS NOT NULL;

-- Kinds that somebody wants or does not want; who chose nothing has no row.
CREATE TABLE notice_choices (
    person_id BIGINT  NOT NULL,
    kind      TEXT    NOT NULL,
    wanted    BOOLEAN NOT NULL,
    PRIMARY KEY (person_id, kind)
);

CREATE TABLE ticket_mutes (
    person_id BIGINT NOT NULL,
    ticket_id BIGINT NOT NULL,
    since     BIGINT NOT NULL,
    PRIMARY KEY (person_id, ticket_id)
);
-- +goose Down
DROP TABLE ticket_mutes;
DROP TABLE notice_choices;
DROP TABLE notices;
