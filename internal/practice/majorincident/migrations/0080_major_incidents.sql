-- +goose Up
-- An incident that is, was or might have been a major one.
CREATE TABLE major_incidents (
    id              BIGINT  NOT NULL PRIMARY KEY,
    ticket_id       BIGINT  NOT NULL REFERENCES tickets (id),
    state           TEXT    NOT NULL,
    summary         TEXT    NOT NULL,
    impact          TEXT    NOT NULL,
    people          BIGINT  NOT NULL DEFAULT 0,
    proposed_by     BIGINT,
    proposed_at     BIGINT  NOT NULL,
    reason          TEXT    NOT NULL,
    decided_by      BIGINT,
    decided_at      BIGINT,
    decision        TEXT    NOT NULL DEFAULT '',
    cadence_seconds BIGINT  NOT NULL DEFAULT 0,
    next_update_at  BIGINT,
    reminded_for    BIGINT, -- the next_update_at that people were reminded of
    resolved_at     BIGINT,
    public          BOOLEAN NOT NULL,
    public_text     TEXT    NOT NULL DEFAULT '',
    overview        TEXT    NOT NULL DEFAULT '',
    findings        TEXT    NOT NULL DEFAULT '',
    cause           TEXT    NOT NULL DEFAULT '',
    remedy          TEXT    NOT NULL DEFAULT '',
    reviewed_at     BIGINT,
    reviewed_by     BIGINT,
    version         BIGINT  NOT NULL
);
-- One at a time for each ticket; what was rejected or cancelled may be proposed again.
CREATE UNIQUE INDEX major_incidents_ticket ON major_incidents (ticket_id) WHERE state IN ('proposed', 'accepted', 'resolved');
CREATE INDEX major_incidents_of_ticket ON major_incidents (ticket_id, id);
CREATE INDEX major_incidents_state ON major_incidents (state, id);
CREATE INDEX major_incidents_due ON major_incidents (next_update_at) WHERE next_update_at IS NOT NULL;

CREATE TABLE major_incident_services (
    major_id   BIGINT NOT NULL REFERENCES major_incidents (id),
    service_id BIGINT NOT NULL,
    PRIMARY KEY (major_id, service_id)
);
CREATE TABLE major_incident_roles (
    major_id  BIGINT NOT NULL REFERENCES major_incidents (id),
    role      TEXT   NOT NULL,
    person_id BIGINT NOT NULL,
    PRIMARY KEY (major_id, role)
);
-- What was told. Nothing updates or deletes a row but the count of tickets reached.
CREATE TABLE major_incident_updates (
    id        BIGINT  NOT NULL PRIMARY KEY,
    major_id  BIGINT  NOT NULL REFERENCES major_incidents (id),
    at        BIGINT  NOT NULL,
    person_id BIGINT,
    public    BOOLEAN NOT NULL,
    body      TEXT    NOT NULL,
    replied   BIGINT  NOT NULL DEFAULT 0
);
CREATE INDEX major_incident_updates_major ON major_incident_updates (major_id, id);
CREATE TABLE major_incident_actions (
    id       BIGINT NOT NULL PRIMARY KEY,
    major_id BIGINT NOT NULL REFERENCES major_incidents (id),
    title    TEXT   NOT NULL,
    owner_id BIGINT,
    due_on   BIGINT,
    done_at  BIGINT,
    done_by  BIGINT
);
CREATE INDEX major_incident_actions_major ON major_incident_actions (major_id, id);
-- Which incidents are proposed or accepted by themselves: the first rule that fits decides.
CREATE TABLE major_incident_rules (
    id       BIGINT  NOT NULL PRIMARY KEY,
    position BIGINT  NOT NULL,
    name     TEXT    NOT NULL,
    filter   TEXT    NOT NULL,
    children BIGINT  NOT NULL DEFAULT 0, -- fits only with at least so many open children
    accepts  BOOLEAN NOT NULL,           -- otherwise it proposes
    active   BOOLEAN NOT NULL,
    version  BIGINT  NOT NULL
);
-- +goose Down
DROP TABLE major_incident_rules;
DROP TABLE major_incident_actions;
DROP TABLE major_incident_updates;
DROP TABLE major_incident_roles;
DROP TABLE major_incident_services;
DROP TABLE major_incidents;
