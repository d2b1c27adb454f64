-- +goose Up
-- A promise is decided when it breaks: what was decided in a month is found by it.
CREATE INDEX ticket_clocks_broken ON ticket_clocks (breached_at, agreement_id) WHERE breached_at IS NOT NULL;
-- +goose Down
DROP INDEX ticket_clocks_broken;
