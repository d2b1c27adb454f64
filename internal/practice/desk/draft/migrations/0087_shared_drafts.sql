-- +goose Up
-- Texts of replies and notes that are shared for review before they are sent.
-- reviews is a list as JSON: who, of which version, the verdict and why. A row ends
-- once (ended_at): sent, taken back, discarded or expired.
CREATE TABLE shared_drafts (
    id          BIGINT  NOT NULL PRIMARY KEY,
    ticket_id   BIGINT  NOT NULL REFERENCES tickets (id),
    kind        TEXT    NOT NULL,
    author_id   BIGINT  NOT NULL,
    body        TEXT    NOT NULL,
    files       BIGINT  NOT NULL,
    version     BIGINT  NOT NULL,
    editor_id   BIGINT  NOT NULL,
    edited_at   BIGINT  NOT NULL,
    shared_at   BIGINT  NOT NULL,
    reviewer_id BIGINT,
    asked       TEXT    NOT NULL,
    waits       BOOLEAN NOT NULL,
    reviews     TEXT    NOT NULL,
    ended_at    BIGINT,
    ended_by    BIGINT,
    outcome     TEXT    NOT NULL
);
CREATE INDEX shared_drafts_ticket ON shared_drafts (ticket_id, id) WHERE ended_at IS NULL;
CREATE INDEX shared_drafts_author ON shared_drafts (author_id, id) WHERE ended_at IS NULL;
CREATE INDEX shared_drafts_reviewer ON shared_drafts (reviewer_id, id) WHERE ended_at IS NULL AND waits;
CREATE INDEX shared_drafts_edited ON shared_drafts (edited_at) WHERE ended_at IS NULL;
CREATE INDEX shared_drafts_ended ON shared_drafts (ended_at) WHERE ended_at IS NOT NULL;

-- What a draft said before it was changed.
CREATE TABLE shared_draft_texts (
    draft_id  BIGINT NOT NULL REFERENCES shared_drafts (id),
    version   BIGINT NOT NULL,
    editor_id BIGINT NOT NULL,
    edited_at BIGINT NOT NULL,
    body      TEXT   NOT NULL,
    PRIMARY KEY (draft_id, version)
);
-- A merged ticket's drafts are looked for where it goes on.
CREATE INDEX tickets_merged_into ON tickets (merged_into_id) WHERE merged_into_id IS NOT NULL;
-- Drafts that nobody goes on with are looked for by their age.
CREATE INDEX ticket_drafts_updated ON ticket_drafts (updated_at);
-- +goose Down
DROP INDEX ticket_drafts_updated;
DROP INDEX tickets_merged_into;
DROP TABLE shared_draft_texts;
DROP TABLE shared_drafts;
