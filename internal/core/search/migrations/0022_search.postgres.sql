-- +goose Up
CREATE TABLE search_docs (
    doc_id    BIGINT   NOT NULL PRIMARY KEY,
    ticket_id BIGINT   NOT NULL,
    part      BIGINT   NOT NULL,
    internal  BOOLEAN  NOT NULL,
    words     TSVECTOR NOT NULL,
    UNIQUE (ticket_id, part)
);
CREATE INDEX search_docs_words ON search_docs USING GIN (words);
-- +goose Down
DROP TABLE search_docs;
