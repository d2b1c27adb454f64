-- +goose Up
-- AUTOINCREMENT: an id is never used again, even after old jobs were pruned.
CREATE TABLE jobs (
    id          INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    kind        TEXT    NOT NULL,
    payload     TEXT    NOT NULL,
    order_key   TEXT,
    unique_key  TEXT,
    priority    INTEGER NOT NULL,
    state       TEXT    NOT NULL CHECK (state IN ('held', 'scheduled', 'ready', 'running', 'done', 'dead', 'discarded')),
    attempts    INTEGER NOT NULL,
    node        INTEGER,
    created_at  INTEGER NOT NULL,
    run_at      INTEGER NOT NULL,
    started_at  INTEGER,
    finished_at INTEGER
) STRICT;
CREATE INDEX jobs_ready ON jobs (priority, id) WHERE state = 'ready';
CREATE INDEX jobs_scheduled ON jobs (run_at) WHERE state = 'scheduled';
CREATE INDEX jobs_held ON jobs (order_key, id) WHERE state = 'held';
CREATE INDEX jobs_running ON jobs (node) WHERE state = 'running';
CREATE INDEX jobs_dead ON jobs (id) WHERE state = 'dead';
CREATE INDEX jobs_finished ON jobs (finished_at) WHERE state IN ('done', 'dead', 'discarded');
-- The order of a key rests on this: of one key at most one job has its turn.
CREATE UNIQUE INDEX jobs_turn ON jobs (order_key)
    WHERE order_key IS NOT NULL AND state IN ('scheduled', 'ready', 'running');
CREATE UNIQUE INDEX jobs_unique ON jobs (kind, unique_key)
    WHERE unique_key IS NOT NULL AND state IN ('held', 'scheduled', 'ready', 'running');

CREATE TABLE job_errors (
    id      INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    job_id  INTEGER NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
    attempt INTEGER NOT NULL,
    at      INTEGER NOT NULL,
    node    TEXT    NOT NULL,
    message TEXT    NOT NULL
) STRICT;
CREATE INDEX job_errors_job ON job_errors (job_id, id);

CREATE TABLE job_nodes (
    id      INTEGER NOT NULL PRIMARY KEY,
    name    TEXT    NOT NULL,
    beat    INTEGER NOT NULL,
    seen_at INTEGER NOT NULL
) STRICT;

CREATE TABLE job_schedules (
    name TEXT    NOT NULL PRIMARY KEY,
    slot INTEGER NOT NULL
) STRICT;
-- +goose Down
DROP TABLE job_schedules;
DROP TABLE job_nodes;
DROP TABLE job_errors;
DROP TABLE jobs;
