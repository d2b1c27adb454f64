-- +goose Up
-- A document's words and the block of documents it belongs to (blocks.go), so that
-- the index gives the newest documents of a word that very many have.
CREATE INDEX search_docs_blocks ON search_docs USING GIN ((words || array_to_tsvector(ARRAY['@' || (doc_id >> 13)::text])));
DROP INDEX search_docs_words;
-- +goose Down
CREATE INDEX search_docs_words ON search_docs USING GIN (words);
DROP INDEX search_docs_blocks;
