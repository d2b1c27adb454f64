-- +goose Up
CREATE TABLE search_docs (
    doc_id    INTEGER NOT NULL PRIMARY KEY,
    ticket_id INTEGER NOT NULL,
    part      INTEGER NOT NULL,
    internal  INTEGER NOT NULL,
    UNIQUE (ticket_id, part)
) STRICT;
-- Words are folded and separated before they come here, so the plainest
-- tokenizer does; the text itself stays in its own table.
CREATE VIRTUAL TABLE search_fts USING fts5(words, content='', contentless_delete=1, tokenize='ascii', prefix='3');
-- +goose Down
DROP TABLE search_fts;
DROP TABLE search_docs;
