-- +goose Up
CREATE TABLE organisations (
    id          BIGINT  NOT NULL PRIMARY KEY,
    kind        TEXT    NOT NULL,
    name        TEXT    NOT NULL,
    name_folded TEXT    COLLATE "C" NOT NULL,
    parent_id   BIGINT  REFERENCES organisations (id),
    description TEXT    NOT NULL,
    active      BOOLEAN NOT NULL,
    source      TEXT    NOT NULL DEFAULT '',
    source_ref  TEXT,
    created_at  BIGINT  NOT NULL,
    updated_at  BIGINT  NOT NULL,
    version     BIGINT  NOT NULL,
    UNIQUE (source, source_ref)
);
CREATE UNIQUE INDEX organisations_sibling_names ON organisations (COALESCE(parent_id, 0), name_folded);
CREATE INDEX organisations_name ON organisations (name_folded, id);
CREATE INDEX organisations_parent ON organisations (parent_id);

-- Every organisation with each of its ancestors and itself (depth 0), so that a
-- subtree is one indexed query.
CREATE TABLE organisation_tree (
    ancestor_id     BIGINT NOT NULL REFERENCES organisations (id),
    organisation_id BIGINT NOT NULL REFERENCES organisations (id),
    depth           BIGINT NOT NULL,
    PRIMARY KEY (ancestor_id, organisation_id)
);
CREATE INDEX organisation_tree_up ON organisation_tree (organisation_id, depth);

CREATE TABLE persons (
    id              BIGINT  NOT NULL PRIMARY KEY,
    name            TEXT    NOT NULL,
    name_folded     TEXT    COLLATE "C" NOT NULL,
    email           TEXT    NOT NULL,
    email_folded    TEXT    UNIQUE,
    phone           TEXT    NOT NULL,
    job_title       TEXT    NOT NULL,
    organisation_id BIGINT  REFERENCES organisations (id),
    location        TEXT    NOT NULL,
    language        TEXT    NOT NULL,
    zone            TEXT    NOT NULL,
    theme           TEXT    NOT NULL,
    density         TEXT    NOT NULL,
    vip             BOOLEAN NOT NULL,
    active          BOOLEAN NOT NULL,
    service_account BOOLEAN NOT NULL,
    source          TEXT    NOT NULL DEFAULT '',
    source_ref      TEXT,
    created_at      BIGINT  NOT NULL,
    updated_at      BIGINT  NOT NULL,
    version         BIGINT  NOT NULL,
    UNIQUE (source, source_ref)
);
CREATE INDEX persons_name ON persons (name_folded, id);
CREATE INDEX persons_organisation ON persons (organisation_id, name_folded, id);

CREATE TABLE groups (
    id              BIGINT  NOT NULL PRIMARY KEY,
    name            TEXT    NOT NULL,
    name_folded     TEXT    COLLATE "C" NOT NULL UNIQUE,
    tier            BIGINT  NOT NULL,
    organisation_id BIGINT  REFERENCES organisations (id),
    email           TEXT    NOT NULL,
    description     TEXT    NOT NULL,
    active          BOOLEAN NOT NULL,
    source          TEXT    NOT NULL DEFAULT '',
    source_ref      TEXT,
    created_at      BIGINT  NOT NULL,
    updated_at      BIGINT  NOT NULL,
    version         BIGINT  NOT NULL,
    UNIQUE (source, source_ref)
);
CREATE INDEX groups_name ON groups (name_folded, id);
CREATE INDEX groups_organisation ON groups (organisation_id, id);

CREATE TABLE group_members (
    group_id  BIGINT  NOT NULL REFERENCES groups (id),
    person_id BIGINT  NOT NULL REFERENCES persons (id),
    lead      BOOLEAN NOT NULL,
    PRIMARY KEY (group_id, person_id)
);
CREATE INDEX group_members_person ON group_members (person_id, group_id);

-- +goose Down
DROP TABLE group_members;
DROP TABLE groups;
DROP TABLE persons;
DROP TABLE organisation_tree;
DROP TABLE organisations;
