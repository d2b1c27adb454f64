-- +goose Up
-- Where groups were at home before: until an instant in this organisation, or in none.
CREATE TABLE group_homes (
    group_id        BIGINT NOT NULL REFERENCES groups (id),
    until           BIGINT NOT NULL,
    organisation_id BIGINT REFERENCES organisations (id),
    PRIMARY KEY (group_id, until)
);
-- What organisations were before: until an instant of this kind.
CREATE TABLE organisation_kinds (
    organisation_id BIGINT NOT NULL REFERENCES organisations (id),
    until           BIGINT NOT NULL,
    kind            TEXT   NOT NULL,
    PRIMARY KEY (organisation_id, until)
);
-- +goose Down
DROP TABLE organisation_kinds;
DROP TABLE group_homes;
