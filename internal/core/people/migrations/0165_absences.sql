-- +goose Up
-- When people are away, and who stands in for them. ended_at is set when what
-- belongs to the end was done; told_at the same of the beginning.
CREATE TABLE absences (
    id            BIGINT NOT NULL PRIMARY KEY,
    person_id     BIGINT NOT NULL REFERENCES persons (id),
    from_at       BIGINT NOT NULL,
    until_at      BIGINT NOT NULL,
    reason        TEXT   NOT NULL,
    substitute_id BIGINT REFERENCES persons (id),
    entered_by    BIGINT,
    told_at       BIGINT,
    ended_at      BIGINT,
    created_at    BIGINT NOT NULL,
    updated_at    BIGINT NOT NULL,
    version       BIGINT NOT NULL
);
CREATE INDEX absences_person ON absences (person_id, until_at);
CREATE INDEX absences_open ON absences (from_at, person_id) WHERE ended_at IS NULL;
CREATE INDEX absences_substitute ON absences (substitute_id) WHERE ended_at IS NULL;
-- Who stands in for the tickets of one group, where that is somebody else.
CREATE TABLE absence_groups (
    absence_id    BIGINT NOT NULL REFERENCES absences (id),
    group_id      BIGINT NOT NULL REFERENCES groups (id),
    substitute_id BIGINT NOT NULL REFERENCES persons (id),
    PRIMARY KEY (absence_id, group_id)
);
CREATE INDEX absence_groups_substitute ON absence_groups (substitute_id);
-- +goose Down
DROP TABLE absence_groups;
DROP TABLE absences;
