-- +goose Up
-- Byte order, so that a range finds every word with a given beginning.
CREATE TABLE lookup_words (
    kind TEXT   COLLATE "C" NOT NULL,
    word TEXT   COLLATE "C" NOT NULL,
    id   BIGINT NOT NULL,
    PRIMARY KEY (kind, word, id)
);
CREATE INDEX lookup_words_id ON lookup_words (kind, id);
-- +goose Down
DROP TABLE lookup_words;
