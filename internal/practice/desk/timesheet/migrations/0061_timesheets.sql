-- +goose Up
-- What time is spent on: a list that administrators keep.
CREATE TABLE time_activities (
    id       BIGINT  NOT NULL PRIMARY KEY,
    name     TEXT    NOT NULL,
    billable BOOLEAN NOT NULL,
    active   BOOLEAN NOT NULL,
    place    BIGINT  NOT NULL,
    version  BIGINT  NOT NULL
);

-- Time that was spent. Rows are only ever added: what another row corrects no
-- longer counts, and a correction to no minutes withdraws it. day is "2026-03-02".
CREATE TABLE time_entries (
    id          BIGINT  NOT NULL PRIMARY KEY,
    ticket_id   BIGINT  NOT NULL REFERENCES tickets (id),
    person_id   BIGINT  NOT NULL,
    activity_id BIGINT  NOT NULL REFERENCES time_activities (id),
    day         TEXT    NOT NULL,
    minutes     BIGINT  NOT NULL,
    billable    BOOLEAN NOT NULL,
    note        TEXT    NOT NULL,
    recorded_by BIGINT  NOT NULL,
    recorded_at BIGINT  NOT NULL,
    corrects_id BIGINT  UNIQUE REFERENCES time_entries (id)
);
CREATE INDEX time_entries_ticket ON time_entries (ticket_id, day, id);
CREATE INDEX time_entries_person ON time_entries (person_id, day, id);
CREATE INDEX time_entries_day ON time_entries (day, id);

-- The one running timer of a person.
CREATE TABLE time_timers (
    person_id  BIGINT NOT NULL PRIMARY KEY,
    ticket_id  BIGINT NOT NULL REFERENCES tickets (id),
    started_at BIGINT NOT NULL
);

-- Kinds whose agents are asked for time: offered or required.
CREATE TABLE time_prompts (
    kind   TEXT NOT NULL PRIMARY KEY,
    prompt TEXT NOT NULL
);

-- Who was asked on which ticket and has not answered.
CREATE TABLE time_asked (
    person_id BIGINT NOT NULL,
    ticket_id BIGINT NOT NULL REFERENCES tickets (id),
    asked_at  BIGINT NOT NULL,
    PRIMARY KEY (person_id, ticket_id)
);
-- +goose Down
DROP TABLE time_asked;
DROP TABLE time_prompts;
DROP TABLE time_timers;
DROP TABLE time_entries;
DROP TABLE time_activities;
