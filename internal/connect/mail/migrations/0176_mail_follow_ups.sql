-- +goose Up
-- Tickets that were opened because another was closed for too long.
CREATE INDEX mail_arrivals_possible ON mail_arrivals (possible_id, person_id) WHERE possible_id IS NOT NULL;
-- +goose Down
DROP INDEX mail_arrivals_possible;
