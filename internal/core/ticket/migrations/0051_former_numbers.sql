-- +goose Up
-- Numbers that a ticket had before it became one of another kind: they go on finding it.
CREATE TABLE ticket_numbers (
    number    TEXT   NOT NULL PRIMARY KEY,
    ticket_id BIGINT NOT NULL REFERENCES tickets (id)
);
CREATE INDEX ticket_numbers_ticket ON ticket_numbers (ticket_id);
-- +goose Down
DROP TABLE ticket_numbers;
