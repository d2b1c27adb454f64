-- +goose Up
-- Where organisations hung before: until an instant below this parent, or below none.
CREATE TABLE organisation_moves (
    organisation_id BIGINT NOT NULL REFERENCES organisations (id),
    moved_at        BIGINT NOT NULL,
    parent_id       BIGINT REFERENCES organisations (id),
    PRIMARY KEY (organisation_id, moved_at)
);
-- +goose Down
DROP TABLE organisation_moves;
