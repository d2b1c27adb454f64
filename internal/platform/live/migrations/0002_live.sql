-- +goose Up
-- One row per event and topic. txn is the transaction's place in the engine's
-- own order of commits; see docs/decisions/0003-live-cursor.md.
CREATE TABLE live_events (
    txn   BIGINT NOT NULL,
    event BIGINT NOT NULL,
    topic TEXT   NOT NULL,
    kind  TEXT   NOT NULL,
    item  TEXT   NOT NULL,
    data  TEXT   NOT NULL,
    at    BIGINT NOT NULL,
    PRIMARY KEY (txn, event, topic)
);
CREATE INDEX live_events_topic ON live_events (topic, txn);

-- One row. generation changes when txn starts to count anew (restore); horizon
-- is the highest txn of which rows were pruned.
CREATE TABLE live_state (
    id         BIGINT NOT NULL PRIMARY KEY CHECK (id = 1),
    generation BIGINT NOT NULL,
    horizon    BIGINT NOT NULL
);
INSERT INTO live_state (id, generation, horizon) VALUES (1, 0, 0);
-- +goose Down
DROP TABLE live_state;
DROP TABLE live_events;
