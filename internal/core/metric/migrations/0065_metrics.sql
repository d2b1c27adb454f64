-- +goose Up
-- What an organisation set for a metric, one row per version.
CREATE TABLE metrics (
    metric         TEXT   NOT NULL,
    version        BIGINT NOT NULL,
    effective_from BIGINT NOT NULL,
    owner_id       BIGINT,
    target         DOUBLE PRECISION,
    direction      TEXT   NOT NULL,
    note           TEXT   NOT NULL DEFAULT '',
    changed_by     BIGINT,
    changed_at     BIGINT NOT NULL,
    PRIMARY KEY (metric, version)
);

-- Everything below is made from ticket_events and can be thrown away.

-- Tickets whose timeline grew and was not folded yet. Rows are only added and
-- removed, so that savers never wait for one another or for the job.
CREATE TABLE metric_outbox (
    id        BIGINT NOT NULL PRIMARY KEY,
    ticket_id BIGINT NOT NULL
);

-- How far each timeline was folded.
CREATE TABLE metric_cursors (
    ticket_id BIGINT NOT NULL PRIMARY KEY,
    seq       BIGINT NOT NULL
);

-- 0 stands for no service, group, organisation or person, '' for no category.
-- bucket and bucket_net are the steps of the spreads that value and net belong to.
CREATE TABLE metric_facts (
    ticket_id       BIGINT NOT NULL,
    seq             BIGINT NOT NULL,
    part            BIGINT NOT NULL,
    what            TEXT   NOT NULL,
    at              BIGINT NOT NULL,
    recorded_at     BIGINT NOT NULL,
    weight          BIGINT NOT NULL,
    kind            TEXT   NOT NULL,
    service_id      BIGINT NOT NULL,
    group_id        BIGINT NOT NULL,
    organisation_id BIGINT NOT NULL,
    priority        BIGINT NOT NULL,
    channel         TEXT   NOT NULL,
    category        TEXT   NOT NULL,
    value           BIGINT NOT NULL,
    net             BIGINT NOT NULL,
    moves           BIGINT NOT NULL,
    touches         BIGINT NOT NULL,
    bounced         BIGINT NOT NULL,
    contact         BIGINT NOT NULL,
    line            BIGINT NOT NULL,
    state           TEXT   NOT NULL,
    next            TEXT   NOT NULL,
    person_id       BIGINT NOT NULL,
    bucket          BIGINT NOT NULL,
    bucket_net      BIGINT NOT NULL,
    PRIMARY KEY (ticket_id, seq, part)
);
CREATE INDEX metric_facts_at ON metric_facts (what, at, ticket_id);
CREATE INDEX metric_facts_bucket ON metric_facts (what, bucket, at) WHERE bucket >= 0;
CREATE INDEX metric_facts_bucket_net ON metric_facts (what, bucket_net, at) WHERE bucket_net >= 0;

CREATE TABLE metric_stretches (
    ticket_id       BIGINT NOT NULL,
    part            BIGINT NOT NULL,
    since           BIGINT NOT NULL,
    began           BIGINT NOT NULL,
    ended           BIGINT,
    began_recorded  BIGINT NOT NULL,
    ended_recorded  BIGINT,
    kind            TEXT   NOT NULL,
    service_id      BIGINT NOT NULL,
    group_id        BIGINT NOT NULL,
    organisation_id BIGINT NOT NULL,
    priority        BIGINT NOT NULL,
    channel         TEXT   NOT NULL,
    category        TEXT   NOT NULL,
    PRIMARY KEY (ticket_id, part)
);
CREATE INDEX metric_stretches_ended ON metric_stretches (ended, began);
CREATE INDEX metric_stretches_open ON metric_stretches (began) WHERE ended IS NULL;

-- The zones whose days are summed. Facts of tickets above filled_to are not in
-- the sums yet.
CREATE TABLE metric_zones (
    id        BIGINT  NOT NULL PRIMARY KEY,
    name      TEXT    NOT NULL UNIQUE,
    filled_to BIGINT  NOT NULL,
    ready     BOOLEAN NOT NULL
);

-- Sums of facts by day (span 1) and by month (span 2); day counts from 1970 and
-- of a month is its first. dim says what slot holds: '' is the whole.
CREATE TABLE metric_days (
    zone_id BIGINT NOT NULL,
    dim     TEXT   NOT NULL,
    what    TEXT   NOT NULL,
    span    BIGINT NOT NULL,
    day     BIGINT NOT NULL,
    kind    TEXT   NOT NULL,
    slot    TEXT   NOT NULL,
    n       BIGINT NOT NULL,
    value   BIGINT NOT NULL,
    net     BIGINT NOT NULL,
    net_n   BIGINT NOT NULL,
    moves   BIGINT NOT NULL,
    touches BIGINT NOT NULL,
    bounced BIGINT NOT NULL,
    contact BIGINT NOT NULL,
    line    BIGINT NOT NULL,
    line_n  BIGINT NOT NULL,
    late    BIGINT NOT NULL,
    PRIMARY KEY (zone_id, dim, what, span, day, kind, slot)
);

-- How many facts of a day lie in each bucket of a spread.
CREATE TABLE metric_spreads (
    zone_id BIGINT NOT NULL,
    dim     TEXT   NOT NULL,
    spread  TEXT   NOT NULL,
    span    BIGINT NOT NULL,
    day     BIGINT NOT NULL,
    kind    TEXT   NOT NULL,
    slot    TEXT   NOT NULL,
    bucket  BIGINT NOT NULL,
    n       BIGINT NOT NULL,
    PRIMARY KEY (zone_id, dim, spread, span, day, kind, slot, bucket)
);

-- One row. swept_to is the last ticket a sweep over all tickets has folded; NULL
-- when there is none under way.
CREATE TABLE metric_state (
    id        BIGINT NOT NULL PRIMARY KEY,
    swept_to  BIGINT,
    folded_at BIGINT
);
INSERT INTO metric_state (id, swept_to) VALUES (1, 0);
-- +goose Down
DROP TABLE metric_state;
DROP TABLE metric_spreads;
DROP TABLE metric_days;
DROP TABLE metric_zones;
DROP TABLE metric_stretches;
DROP TABLE metric_facts;
DROP TABLE metric_cursors;
DROP TABLE metric_outbox;
DROP TABLE metrics;
