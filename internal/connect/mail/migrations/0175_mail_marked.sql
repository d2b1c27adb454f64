-- +goose Up
-- How far mails that are here are marked, moved or deleted at their server; it lags
-- behind uid when a node ended in between. What was read before is done with.
ALTER TABLE mail_boxes ADD COLUMN marked_uid BIGINT NOT NULL DEFAULT 0;
UPDATE mail_boxes SET marked_uid = uid;
-- Since when the mailbox is not reached; empty while it is.
ALTER TABLE mail_boxes ADD COLUMN problem_since BIGINT;
-- +goose Down
ALTER TABLE mail_boxes DROP COLUMN problem_since;
ALTER TABLE mail_boxes DROP COLUMN marked_uid;
