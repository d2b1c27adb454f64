-- +goose Up
-- Who manages whom. No circles (people.checkManager).
ALTER TABLE persons ADD COLUMN manager_id BIGINT REFERENCES persons (id);
CREATE INDEX persons_manager ON persons (manager_id) WHERE manager_id IS NOT NULL;
-- +goose Down
DROP INDEX persons_manager;
ALTER TABLE persons DROP COLUMN manager_id;
