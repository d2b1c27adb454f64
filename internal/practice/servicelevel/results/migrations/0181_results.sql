-- +goose Up
-- Whether and what of an agreement is published to its customers.
CREATE TABLE result_settings (
    agreement_id  BIGINT  NOT NULL PRIMARY KEY REFERENCES agreements (id),
    active        BOOLEAN NOT NULL,
    measures      JSONB   NOT NULL, -- what is promised; an empty list is all of it
    goal          BIGINT  NOT NULL, -- aimed at, in hundredths of a percent; 0 is nothing
    tickets       BOOLEAN NOT NULL, -- with the list of the customer's own tickets
    at_risk       BOOLEAN NOT NULL, -- requesters see which of their own promises are at risk
    contacts_only BOOLEAN NOT NULL, -- only contacts that were named see it
    days          BIGINT,           -- published so many days after the month's end; NULL by hand
    since         TEXT    NOT NULL, -- the first month that is published by itself: 2026-03
    updated_at    BIGINT  NOT NULL,
    version       BIGINT  NOT NULL
);
CREATE TABLE result_audiences (
    agreement_id    BIGINT NOT NULL REFERENCES agreements (id),
    organisation_id BIGINT NOT NULL REFERENCES organisations (id),
    PRIMARY KEY (agreement_id, organisation_id)
);
CREATE INDEX result_audiences_organisation ON result_audiences (organisation_id);
-- People at the customer: named by those who publish, told when results come.
CREATE TABLE result_contacts (
    agreement_id BIGINT  NOT NULL REFERENCES agreements (id),
    person_id    BIGINT  NOT NULL REFERENCES persons (id),
    named        BOOLEAN NOT NULL,
    told         BOOLEAN NOT NULL,
    PRIMARY KEY (agreement_id, person_id)
);
CREATE INDEX result_contacts_person ON result_contacts (person_id);
-- A month as it was published. What is counted never changes; counting it again may
-- give another number, which is kept beside it.
CREATE TABLE result_publications (
    id              BIGINT NOT NULL PRIMARY KEY,
    agreement_id    BIGINT NOT NULL REFERENCES agreements (id),
    organisation_id BIGINT NOT NULL REFERENCES organisations (id),
    month           TEXT   NOT NULL,
    number          BIGINT NOT NULL, -- 2 for what was published again after it was withdrawn
    zone            TEXT   NOT NULL,
    from_at         BIGINT NOT NULL,
    to_at           BIGINT NOT NULL,
    figures         JSONB  NOT NULL,
    published_at    BIGINT NOT NULL,
    published_by    BIGINT REFERENCES persons (id), -- NULL: by itself
    withdrawn_at    BIGINT,
    withdrawn_by    BIGINT REFERENCES persons (id),
    withdrawn_why   TEXT   NOT NULL DEFAULT '',
    checked_at      BIGINT NOT NULL,
    recount         JSONB, -- what it comes to now and why, where that is something else
    UNIQUE (agreement_id, organisation_id, month, number)
);
CREATE UNIQUE INDEX result_publications_once ON result_publications (agreement_id, organisation_id, month) WHERE withdrawn_at IS NULL;
CREATE INDEX result_publications_months ON result_publications (month, id);
CREATE INDEX result_publications_checked ON result_publications (checked_at) WHERE withdrawn_at IS NULL;
CREATE INDEX result_publications_organisation ON result_publications (organisation_id);
CREATE TABLE result_outcomes (
    publication_id BIGINT  NOT NULL REFERENCES result_publications (id),
    position       BIGINT  NOT NULL,
    ticket_id      BIGINT  NOT NULL,
    number         TEXT    NOT NULL,
    kind           TEXT    NOT NULL,
    service_id     BIGINT  NOT NULL,
    priority       BIGINT  NOT NULL,
    version_id     BIGINT  NOT NULL,
    measure        TEXT    NOT NULL,
    state          TEXT    NOT NULL,
    cycle          BIGINT  NOT NULL,
    decided_at     BIGINT  NOT NULL,
    broken         BOOLEAN NOT NULL,
    used           BIGINT  NOT NULL,
    whole          BIGINT  NOT NULL,
    PRIMARY KEY (publication_id, position)
);
-- +goose Down
DROP TABLE result_outcomes;
DROP TABLE result_publications;
DROP TABLE result_contacts;
DROP TABLE result_audiences;
DROP TABLE result_settings;
