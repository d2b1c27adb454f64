-- +goose Up
-- Tickets that people set aside: for a person or for the members of a group, until
-- an instant, something that happens (wakes), or whichever comes first. A row ends
-- once (woken_at) and is a reason to look until it was seen (seen_at).
CREATE TABLE snoozes (
    id        BIGINT NOT NULL PRIMARY KEY,
    ticket_id BIGINT NOT NULL REFERENCES tickets (id),
    setter_id BIGINT NOT NULL,
    person_id BIGINT,
    group_id  BIGINT,
    until_at  BIGINT,
    wakes     TEXT   NOT NULL,
    linked_id BIGINT,
    reason    TEXT   NOT NULL,
    set_at    BIGINT NOT NULL,
    woken_at  BIGINT,
    woken_by  TEXT   NOT NULL,
    seen_at   BIGINT
);
-- Setting aside again takes the place of what was set aside for the same.
CREATE UNIQUE INDEX snoozes_person ON snoozes (ticket_id, person_id) WHERE woken_at IS NULL AND person_id IS NOT NULL;
CREATE UNIQUE INDEX snoozes_group ON snoozes (ticket_id, group_id) WHERE woken_at IS NULL AND group_id IS NOT NULL;
CREATE INDEX snoozes_ticket ON snoozes (ticket_id) WHERE seen_at IS NULL;
CREATE INDEX snoozes_of_person ON snoozes (person_id, id) WHERE seen_at IS NULL;
CREATE INDEX snoozes_of_group ON snoozes (group_id, id) WHERE seen_at IS NULL;
CREATE INDEX snoozes_due ON snoozes (until_at) WHERE woken_at IS NULL;
CREATE INDEX snoozes_linked ON snoozes (linked_id) WHERE woken_at IS NULL;
-- +goose Down
DROP TABLE snoozes;
