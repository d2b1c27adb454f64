-- +goose Up
-- Custom roles only: the built-in ones are part of the program.
CREATE TABLE roles (
    key         TEXT   COLLATE "C" NOT NULL PRIMARY KEY,
    name        TEXT   NOT NULL,
    description TEXT   NOT NULL,
    permissions JSONB  NOT NULL,
    created_at  BIGINT NOT NULL,
    updated_at  BIGINT NOT NULL,
    version     BIGINT NOT NULL
);

CREATE TABLE person_roles (
    person_id       BIGINT NOT NULL REFERENCES persons (id),
    role_key        TEXT   COLLATE "C" NOT NULL,
    organisation_id BIGINT REFERENCES organisations (id)
);
CREATE UNIQUE INDEX person_roles_once ON person_roles (person_id, role_key, COALESCE(organisation_id, 0));
CREATE INDEX person_roles_role ON person_roles (role_key, person_id);
CREATE INDEX person_roles_organisation ON person_roles (organisation_id);

CREATE TABLE group_roles (
    group_id        BIGINT NOT NULL REFERENCES groups (id),
    role_key        TEXT   COLLATE "C" NOT NULL,
    organisation_id BIGINT REFERENCES organisations (id)
);
CREATE UNIQUE INDEX group_roles_once ON group_roles (group_id, role_key, COALESCE(organisation_id, 0));
CREATE INDEX group_roles_role ON group_roles (role_key, group_id);
CREATE INDEX group_roles_organisation ON group_roles (organisation_id);

-- +goose Down
DROP TABLE group_roles;
DROP TABLE person_roles;
DROP TABLE roles;
