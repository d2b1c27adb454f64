-- +goose Up
CREATE TABLE services (
    id                BIGINT  NOT NULL PRIMARY KEY,
    name              TEXT    NOT NULL,
    name_folded       TEXT    COLLATE "C" NOT NULL UNIQUE,
    description       TEXT    NOT NULL,
    owner_id          BIGINT  REFERENCES persons (id),
    business_owner_id BIGINT  REFERENCES persons (id),
    criticality       BIGINT  NOT NULL,
    mission_critical  BOOLEAN NOT NULL,
    stage             TEXT    NOT NULL,
    provider_id       BIGINT  REFERENCES organisations (id),
    support_group_id  BIGINT  REFERENCES groups (id),
    parent_id         BIGINT  REFERENCES services (id),
    source            TEXT    NOT NULL DEFAULT '',
    source_ref        TEXT,
    created_at        BIGINT  NOT NULL,
    updated_at        BIGINT  NOT NULL,
    version           BIGINT  NOT NULL,
    UNIQUE (source, source_ref)
);
CREATE INDEX services_name ON services (name_folded, id);
CREATE INDEX services_owner ON services (owner_id);
CREATE INDEX services_business_owner ON services (business_owner_id);
CREATE INDEX services_provider ON services (provider_id);
CREATE INDEX services_support_group ON services (support_group_id);
CREATE INDEX services_parent ON services (parent_id);
-- +goose Down
DROP TABLE services;
