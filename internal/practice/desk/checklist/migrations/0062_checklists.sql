-- +goose Up
-- What lists are made of. audience: mine, group (group_id says which), everyone.
-- items is a JSON list of texts. by_itself: attached to new tickets of the kind and
-- service ('' and NULL are any) that the filter finds.
CREATE TABLE checklist_templates (
    id         BIGINT  NOT NULL PRIMARY KEY,
    name       TEXT    NOT NULL,
    items      JSONB   NOT NULL,
    owner_id   BIGINT  NOT NULL,
    audience   TEXT    NOT NULL,
    group_id   BIGINT,
    kind       TEXT    NOT NULL,
    service_id BIGINT,
    by_itself  BOOLEAN NOT NULL,
    filter     TEXT    NOT NULL,
    blocks     BOOLEAN NOT NULL,
    created_at BIGINT  NOT NULL,
    updated_at BIGINT  NOT NULL,
    deleted_at BIGINT,
    version    BIGINT  NOT NULL
);
CREATE INDEX checklist_templates_owner ON checklist_templates (owner_id, id);
CREATE INDEX checklist_templates_audience ON checklist_templates (audience, group_id, id);

CREATE TABLE checklists (
    id          BIGINT  NOT NULL PRIMARY KEY,
    ticket_id   BIGINT  NOT NULL REFERENCES tickets (id),
    name        TEXT    NOT NULL,
    template_id BIGINT,
    blocks      BOOLEAN NOT NULL,
    created_by  BIGINT,
    created_at  BIGINT  NOT NULL,
    removed_at  BIGINT
);
CREATE INDEX checklists_ticket ON checklists (ticket_id, id);

CREATE TABLE checklist_items (
    id           BIGINT NOT NULL PRIMARY KEY,
    checklist_id BIGINT NOT NULL REFERENCES checklists (id),
    place        BIGINT NOT NULL,
    text         TEXT   NOT NULL,
    assignee_id  BIGINT,
    done_by      BIGINT,
    done_at      BIGINT,
    removed_at   BIGINT
);
CREATE INDEX checklist_items_list ON checklist_items (checklist_id, place, id);
-- +goose Down
DROP TABLE checklist_items;
DROP TABLE checklists;
DROP TABLE checklist_templates;
