-- +goose Up
-- Acts of one person that change many tickets, and can be undone for some time.
CREATE TABLE ticket_operations (
    id          BIGINT NOT NULL PRIMARY KEY,
    kind        TEXT   NOT NULL,
    title       TEXT   NOT NULL,
    wish        JSONB  NOT NULL DEFAULT '{}',
    actor_type  TEXT   NOT NULL,
    actor_id    BIGINT,
    state       TEXT   NOT NULL,
    created_at  BIGINT NOT NULL,
    finished_at BIGINT,
    undo_until  BIGINT,
    undone_at   BIGINT,
    undone_by   BIGINT
);
CREATE INDEX ticket_operations_actor ON ticket_operations (actor_id, created_at, id);
CREATE INDEX ticket_operations_created ON ticket_operations (created_at, id);

-- What an operation did to each ticket: the difference it made, so that it can be given back.
CREATE TABLE ticket_operation_items (
    operation_id BIGINT NOT NULL REFERENCES ticket_operations (id),
    ticket_id    BIGINT NOT NULL REFERENCES tickets (id),
    place        BIGINT NOT NULL,
    role         TEXT   NOT NULL,
    outcome      TEXT   NOT NULL,
    message      TEXT   NOT NULL DEFAULT '',
    first_seq    BIGINT NOT NULL DEFAULT 0,
    last_seq     BIGINT NOT NULL DEFAULT 0,
    wrote        JSONB  NOT NULL DEFAULT '{}',
    kept         JSONB  NOT NULL DEFAULT '[]',
    PRIMARY KEY (operation_id, ticket_id)
);
CREATE INDEX ticket_operation_items_place ON ticket_operation_items (operation_id, outcome, place);
CREATE INDEX ticket_operation_items_ticket ON ticket_operation_items (ticket_id, operation_id);

ALTER TABLE ticket_events ADD COLUMN operation_id BIGINT;
ALTER TABLE tickets ADD COLUMN merged_into_id BIGINT;
ALTER TABLE tickets ADD COLUMN merged_from TEXT NOT NULL DEFAULT '';
-- +goose Down
ALTER TABLE tickets DROP COLUMN merged_from;
ALTER TABLE tickets DROP COLUMN merged_into_id;
ALTER TABLE ticket_events DROP COLUMN operation_id;
DROP TABLE ticket_operation_items;
DROP TABLE ticket_operations;
