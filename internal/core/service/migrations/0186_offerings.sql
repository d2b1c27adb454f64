-- +goose Up
-- The levels at which services are offered.
CREATE TABLE service_offerings (
    id          BIGINT  NOT NULL PRIMARY KEY,
    service_id  BIGINT  NOT NULL REFERENCES services (id),
    name        TEXT    NOT NULL,
    name_folded TEXT    COLLATE "C" NOT NULL,
    description TEXT    NOT NULL,
    active      BOOLEAN NOT NULL,
    created_at  BIGINT  NOT NULL,
    updated_at  BIGINT  NOT NULL,
    version     BIGINT  NOT NULL,
    UNIQUE (service_id, name_folded)
);
-- Which offering of a service an organisation has from an instant on; without an organisation
-- it is everybody who has none of their own, without an offering none any more.
CREATE TABLE offering_uses (
    id              BIGINT NOT NULL PRIMARY KEY,
    service_id      BIGINT NOT NULL REFERENCES services (id),
    organisation_id BIGINT REFERENCES organisations (id),
    offering_id     BIGINT REFERENCES service_offerings (id),
    since           BIGINT NOT NULL
);
CREATE UNIQUE INDEX offering_uses_since ON offering_uses (service_id, COALESCE(organisation_id, 0), since);
CREATE INDEX offering_uses_organisation ON offering_uses (organisation_id);
CREATE INDEX offering_uses_offering ON offering_uses (offering_id);
-- +goose Down
DROP TABLE offering_uses;
DROP TABLE service_offerings;
