-- +goose Up
-- What is open is few among the many that are done: lists of somebody's work are read
-- from these in their order, however many tickets there ever were.
CREATE INDEX tickets_open_priority ON tickets (group_id, priority, id) WHERE category IN ('new', 'open', 'waiting');
CREATE INDEX tickets_assignee_unanswered ON tickets (assignee_id, updated_at, id) WHERE unanswered_since IS NOT NULL;
-- +goose Down
DROP INDEX tickets_assignee_unanswered;
DROP INDEX tickets_open_priority;
