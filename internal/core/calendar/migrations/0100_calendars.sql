-- +goose Up
CREATE TABLE calendars (
    id          BIGINT  NOT NULL PRIMARY KEY,
    key         TEXT    UNIQUE,
    name        TEXT    NOT NULL,
    name_folded TEXT    COLLATE "C" NOT NULL,
    description TEXT    NOT NULL,
    zone        TEXT    NOT NULL,
    standard    BOOLEAN NOT NULL,
    feed_hash   TEXT    UNIQUE,
    feed_by     BIGINT  REFERENCES persons (id),
    rules       TEXT    NOT NULL,
    created_at  BIGINT  NOT NULL,
    updated_at  BIGINT  NOT NULL,
    deleted_at  BIGINT,
    version     BIGINT  NOT NULL
);
CREATE UNIQUE INDEX calendars_name ON calendars (name_folded) WHERE deleted_at IS NULL;
CREATE INDEX calendars_order ON calendars (name_folded, id);
CREATE TABLE calendar_versions (
    calendar_id    BIGINT NOT NULL REFERENCES calendars (id),
    effective_from TEXT   COLLATE "C" NOT NULL,
    document       TEXT   NOT NULL,
    PRIMARY KEY (calendar_id, effective_from)
);
-- A new installation has two: one that never closes, and office hours in a zone that the first administrator chooses.
INSERT INTO calendars (id, key, name, name_folded, description, zone, standard, rules, created_at, updated_at, version) VALUES
    (1, 'always', '24x7', '24x7', 'Every hour of every day.', 'UTC', FALSE, '', 0, 0, 1),
    (2, 'office', 'Office hours', 'office hours', '', 'UTC', TRUE, '', 0, 0, 1);
INSERT INTO calendar_versions (calendar_id, effective_from, document) VALUES
    (1, '', '{"week":{"mon":["00:00-24:00"],"tue":["00:00-24:00"],"wed":["00:00-24:00"],"thu":["00:00-24:00"],"fri":["00:00-24:00"],"sat":["00:00-24:00"],"sun":["00:00-24:00"]}}'),
    (2, '', '{"week":{"mon":["09:00-17:00"],"tue":["09:00-17:00"],"wed":["09:00-17:00"],"thu":["09:00-17:00"],"fri":["09:00-17:00"]}}');
-- +goose Down
DROP TABLE calendar_versions;
DROP TABLE calendars;
