-- +goose Up
-- From when on an open promise is likely to break, unless something happens on its
-- ticket, and why; likely follows when that instant has come.
ALTER TABLE ticket_clocks ADD COLUMN likely_at BIGINT;
ALTER TABLE ticket_clocks ADD COLUMN likely_why TEXT NOT NULL DEFAULT '';
ALTER TABLE ticket_clocks ADD COLUMN likely BOOLEAN NOT NULL DEFAULT FALSE;
CREATE INDEX ticket_clocks_turns ON ticket_clocks (likely_at) WHERE NOT likely AND likely_at IS NOT NULL;
CREATE INDEX ticket_clocks_likely ON ticket_clocks (ticket_id) WHERE likely;
ALTER TABLE clock_state ADD COLUMN learned_at BIGINT;
-- What comparable promises took, in microseconds of business time, from the shortest.
CREATE TABLE clock_typical (
    role     TEXT   NOT NULL,
    measure  TEXT   NOT NULL,
    step     TEXT   NOT NULL,
    kind     TEXT   NOT NULL,
    state    TEXT   NOT NULL,
    group_id BIGINT NOT NULL,
    to_end   JSONB  NOT NULL,
    length   JSONB  NOT NULL,
    PRIMARY KEY (role, measure, step, kind, state, group_id)
);
-- +goose Down
DROP TABLE clock_typical;
ALTER TABLE clock_state DROP COLUMN learned_at;
DROP INDEX ticket_clocks_likely;
DROP INDEX ticket_clocks_turns;
ALTER TABLE ticket_clocks DROP COLUMN likely;
ALTER TABLE ticket_clocks DROP COLUMN likely_why;
ALTER TABLE ticket_clocks DROP COLUMN likely_at;
