-- +goose Up
-- Who is told, and what happens, when time runs out for a promise.
CREATE TABLE escalation_ladders (
    id          BIGINT  NOT NULL PRIMARY KEY,
    name        TEXT    NOT NULL,
    name_folded TEXT    COLLATE "C" NOT NULL UNIQUE,
    description TEXT    NOT NULL,
    active      BOOLEAN NOT NULL,
    body        JSONB   NOT NULL,
    created_at  BIGINT  NOT NULL,
    updated_at  BIGINT  NOT NULL,
    version     BIGINT  NOT NULL
);
-- One row for each rung of a ladder on each clock of a ticket: when it is to fire, or
-- what became of it. The unique key is what lets a rung fire once.
CREATE TABLE escalations (
    id        BIGINT NOT NULL PRIMARY KEY,
    ticket_id BIGINT NOT NULL REFERENCES tickets (id),
    role      TEXT   NOT NULL,
    party_id  BIGINT NOT NULL,
    measure   TEXT   NOT NULL,
    state     TEXT   NOT NULL,
    cycle     BIGINT NOT NULL,
    rung_id   BIGINT NOT NULL,
    round     BIGINT NOT NULL, -- 0, and 1 and up for repetitions
    ladder_id BIGINT NOT NULL,
    status    TEXT   NOT NULL, -- planned, fired, skipped
    reason    TEXT   NOT NULL, -- why it was skipped
    at        BIGINT,          -- the rung's instant; NULL while its clock is paused
    fire_at   BIGINT,          -- the same after quiet hours
    ended_at  BIGINT,          -- when it fired or was skipped
    UNIQUE (ticket_id, role, party_id, measure, state, cycle, rung_id, round)
);
CREATE INDEX escalations_due ON escalations (fire_at, id) WHERE status = 'planned' AND fire_at IS NOT NULL;
CREATE INDEX escalations_ladder ON escalations (ladder_id, ended_at);
-- +goose Down
DROP TABLE escalations;
DROP TABLE escalation_ladders;
