-- +goose Up
-- The party of a role: a customer's organisation (NULL is every customer) of an SLA,
-- a supplier's of a UC, a group of an OLA.
CREATE TABLE agreements (
    id              BIGINT NOT NULL PRIMARY KEY,
    name            TEXT   NOT NULL,
    name_folded     TEXT   COLLATE "C" NOT NULL UNIQUE,
    role            TEXT   NOT NULL,
    organisation_id BIGINT REFERENCES organisations (id),
    group_id        BIGINT REFERENCES groups (id),
    description     TEXT   NOT NULL,
    owner_id        BIGINT REFERENCES persons (id),
    ends_at         BIGINT,
    created_at      BIGINT NOT NULL,
    updated_at      BIGINT NOT NULL,
    version         BIGINT NOT NULL
);
CREATE INDEX agreements_order ON agreements (name_folded, id);
CREATE INDEX agreements_organisation ON agreements (organisation_id);
CREATE INDEX agreements_group ON agreements (group_id);
CREATE INDEX agreements_owner ON agreements (owner_id);

-- What an agreement says from an instant on. Rows are never changed; those whose
-- instant is still to come may be taken away.
CREATE TABLE agreement_versions (
    id           BIGINT NOT NULL PRIMARY KEY,
    agreement_id BIGINT NOT NULL REFERENCES agreements (id),
    number       BIGINT NOT NULL,
    valid_from   BIGINT NOT NULL,
    terms        JSONB  NOT NULL,
    author_id    BIGINT NOT NULL,
    created_at   BIGINT NOT NULL,
    UNIQUE (agreement_id, number),
    UNIQUE (agreement_id, valid_from)
);
-- +goose Down
DROP TABLE agreement_versions;
DROP TABLE agreements;
