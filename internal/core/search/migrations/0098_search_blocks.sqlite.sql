-- +goose Up
SELECT 1; -- PostgreSQL alone needs blocks: FTS5 walks a word's documents newest first
-- +goose Down
SELECT 1;
