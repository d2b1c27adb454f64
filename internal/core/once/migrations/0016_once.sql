-- +goose Up
-- What a client already asked for under an Idempotency-Key.
CREATE TABLE idempotency_keys (
    actor_id    BIGINT NOT NULL,
    key         TEXT   NOT NULL,
    fingerprint TEXT   NOT NULL,
    result_id   BIGINT NOT NULL,
    created_at  BIGINT NOT NULL,
    PRIMARY KEY (actor_id, key)
);
CREATE INDEX idempotency_keys_age ON idempotency_keys (created_at);
-- +goose Down
DROP TABLE idempotency_keys;
