-- +goose Up
-- What the clocks of tickets said when they were last computed: a cache of what
-- follows from timelines, agreements and calendars, for lists and reports.
CREATE TABLE ticket_clocks (
    ticket_id    BIGINT NOT NULL REFERENCES tickets (id),
    role         TEXT   NOT NULL,
    party_id     BIGINT NOT NULL,
    measure      TEXT   NOT NULL,
    state        TEXT   NOT NULL,
    cycle        BIGINT NOT NULL,
    agreement_id BIGINT NOT NULL,
    version_id   BIGINT NOT NULL,
    calendar_id  BIGINT NOT NULL,
    stage        TEXT   NOT NULL,
    started_at   BIGINT NOT NULL,
    ended_at     BIGINT,
    due_at       BIGINT,
    breached_at  BIGINT,
    used         BIGINT NOT NULL, -- microseconds of business time
    whole        BIGINT NOT NULL, -- the target; of business days what they come to
    late_pause   BOOLEAN NOT NULL, -- it was paused when it was nearly broken
    PRIMARY KEY (ticket_id, role, party_id, measure, state, cycle)
);
CREATE INDEX ticket_clocks_due ON ticket_clocks (due_at) WHERE stage = 'running' AND breached_at IS NULL;
CREATE INDEX ticket_clocks_ended ON ticket_clocks (ended_at, agreement_id);
-- Tickets whose clocks are to be computed anew.
CREATE TABLE clock_outbox (
    id        BIGINT NOT NULL PRIMARY KEY,
    ticket_id BIGINT NOT NULL
);
CREATE TABLE clock_state (
    id       BIGINT NOT NULL PRIMARY KEY,
    swept_to BIGINT, -- of a pass over all tickets; NULL when none is under way
    kept_at  BIGINT
);
INSERT INTO clock_state (id, swept_to) VALUES (1, 0);
-- +goose Down
DROP TABLE clock_state;
DROP TABLE clock_outbox;
DROP TABLE ticket_clocks;
