-- +goose Up
CREATE TABLE tickets (
    id                BIGINT  NOT NULL PRIMARY KEY,
    kind              TEXT    NOT NULL,
    number            TEXT    NOT NULL UNIQUE,
    title             TEXT    NOT NULL,
    title_folded      TEXT    NOT NULL,
    state             TEXT    NOT NULL,
    category          TEXT    NOT NULL,
    wait_reason       TEXT    NOT NULL DEFAULT '',
    impact            BIGINT  NOT NULL,
    urgency           BIGINT  NOT NULL,
    priority          BIGINT  NOT NULL,
    priority_reason   TEXT    NOT NULL DEFAULT '',
    requester_id      BIGINT,
    opened_by_id      BIGINT,
    organisation_id   BIGINT,
    service_id        BIGINT,
    group_id          BIGINT,
    assignee_id       BIGINT,
    parent_id         BIGINT  REFERENCES tickets (id),
    channel           TEXT    NOT NULL DEFAULT '',
    resolution_code   TEXT    NOT NULL DEFAULT '',
    created_at        BIGINT  NOT NULL,
    updated_at        BIGINT  NOT NULL,
    assigned_at       BIGINT,
    first_response_at BIGINT,
    resolved_at       BIGINT,
    closed_at         BIGINT,
    unanswered_since  BIGINT,
    reopen_count      BIGINT  NOT NULL DEFAULT 0,
    reassign_count    BIGINT  NOT NULL DEFAULT 0,
    rating            BIGINT,
    source            TEXT    NOT NULL DEFAULT '',
    source_ref        TEXT,
    version           BIGINT  NOT NULL,
    last_seq          BIGINT  NOT NULL,
    fields            JSONB   NOT NULL DEFAULT '{}',
    resolution        TEXT    NOT NULL DEFAULT '',
    description       TEXT    NOT NULL DEFAULT '',
    UNIQUE (source, source_ref)
);
-- Queues ask for states first: open tickets are few among many. Filters compare
-- the state, not its category, so that is what the indexes begin with.
CREATE INDEX tickets_state_priority ON tickets (state, priority, id);
CREATE INDEX tickets_state_updated ON tickets (state, updated_at, id);
CREATE INDEX tickets_group ON tickets (group_id, state, updated_at, id);
CREATE INDEX tickets_assignee ON tickets (assignee_id, state, updated_at, id);
CREATE INDEX tickets_requester ON tickets (requester_id, updated_at, id);
CREATE INDEX tickets_opened_by ON tickets (opened_by_id);
CREATE INDEX tickets_organisation ON tickets (organisation_id, state, updated_at, id);
CREATE INDEX tickets_service ON tickets (service_id, state, updated_at, id);
CREATE INDEX tickets_parent ON tickets (parent_id);
CREATE INDEX tickets_created ON tickets (created_at, id);
CREATE INDEX tickets_updated ON tickets (updated_at, id);
CREATE INDEX tickets_resolved ON tickets (resolved_at, id);
CREATE INDEX tickets_autoclose ON tickets (category, kind, resolved_at);
CREATE INDEX tickets_unanswered ON tickets (unanswered_since) WHERE unanswered_since IS NOT NULL;

-- The append-only truth about the past. Nothing updates or deletes a row here.
CREATE TABLE ticket_events (
    ticket_id   BIGINT  NOT NULL REFERENCES tickets (id),
    seq         BIGINT  NOT NULL,
    at          BIGINT  NOT NULL,
    recorded_at BIGINT  NOT NULL,
    actor_type  TEXT    NOT NULL,
    actor_id    BIGINT,
    type        TEXT    NOT NULL,
    internal    BOOLEAN NOT NULL,
    changes     JSONB   NOT NULL DEFAULT '[]',
    body        TEXT    NOT NULL DEFAULT '',
    PRIMARY KEY (ticket_id, seq)
);

CREATE TABLE ticket_tags (
    ticket_id BIGINT NOT NULL REFERENCES tickets (id),
    tag       TEXT   NOT NULL,
    PRIMARY KEY (ticket_id, tag)
);
CREATE INDEX ticket_tags_tag ON ticket_tags (tag, ticket_id);

CREATE TABLE ticket_watchers (
    ticket_id BIGINT NOT NULL REFERENCES tickets (id),
    person_id BIGINT NOT NULL,
    PRIMARY KEY (ticket_id, person_id)
);
CREATE INDEX ticket_watchers_person ON ticket_watchers (person_id, ticket_id);

-- One row per link, read from both ends; parents live in tickets.parent_id.
CREATE TABLE ticket_links (
    from_id    BIGINT NOT NULL REFERENCES tickets (id),
    to_id      BIGINT NOT NULL REFERENCES tickets (id),
    type       TEXT   NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (from_id, to_id, type)
);
CREATE INDEX ticket_links_to ON ticket_links (to_id);

-- An attachment belongs to nobody's conversation until an event takes it.
CREATE TABLE ticket_attachments (
    id          BIGINT  NOT NULL PRIMARY KEY,
    ticket_id   BIGINT  REFERENCES tickets (id),
    seq         BIGINT,
    internal    BOOLEAN NOT NULL DEFAULT TRUE,
    name        TEXT    NOT NULL,
    media_type  TEXT    NOT NULL,
    size        BIGINT  NOT NULL,
    sha256      TEXT    NOT NULL,
    uploader_id BIGINT  NOT NULL,
    created_at  BIGINT  NOT NULL
);
CREATE INDEX ticket_attachments_ticket ON ticket_attachments (ticket_id, seq);
CREATE INDEX ticket_attachments_sha256 ON ticket_attachments (sha256);
CREATE INDEX ticket_attachments_loose ON ticket_attachments (created_at) WHERE ticket_id IS NULL;

CREATE TABLE ticket_ratings (
    ticket_id    BIGINT NOT NULL PRIMARY KEY REFERENCES tickets (id),
    person_id    BIGINT NOT NULL,
    score        BIGINT NOT NULL,
    minutes_lost BIGINT,
    comment      TEXT   NOT NULL DEFAULT '',
    created_at   BIGINT NOT NULL
);

-- What a person typed and has not sent; "slot" is reply, note, or new:KIND.
CREATE TABLE ticket_drafts (
    person_id  BIGINT NOT NULL,
    ticket_id  BIGINT NOT NULL,
    slot       TEXT   NOT NULL,
    body       TEXT   NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (person_id, ticket_id, slot)
);
-- +goose Down
DROP TABLE ticket_drafts;
DROP TABLE ticket_ratings;
DROP TABLE ticket_attachments;
DROP TABLE ticket_links;
DROP TABLE ticket_watchers;
DROP TABLE ticket_tags;
DROP TABLE ticket_events;
DROP TABLE tickets;
