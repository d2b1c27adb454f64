-- +goose Up
-- Workarounds given on tickets. The message that says it is an entry of the
-- timeline; a row that was taken back stays.
CREATE TABLE ticket_workarounds (
    id           BIGINT  NOT NULL PRIMARY KEY,
    ticket_id    BIGINT  NOT NULL REFERENCES tickets (id),
    body         TEXT    NOT NULL,
    public       BOOLEAN NOT NULL,
    given_by     BIGINT  NOT NULL,
    given_at     BIGINT  NOT NULL,
    withdrawn_by BIGINT,
    withdrawn_at BIGINT
);
CREATE INDEX ticket_workarounds_ticket ON ticket_workarounds (ticket_id, id);
-- +goose Down
DROP TABLE ticket_workarounds;
