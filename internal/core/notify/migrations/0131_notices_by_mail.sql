-- +goose Up
-- Whether a kind of notice comes by mail as well: '' no, 'now' at once, 'digest' with the others.
ALTER TABLE notice_choices ADD COLUMN mail TEXT NOT NULL DEFAULT '';
-- When a person's digest is sent, and when no mail is: minutes after midnight where they are.
CREATE TABLE notice_plans (
    person_id  BIGINT NOT NULL PRIMARY KEY,
    rhythm     TEXT   NOT NULL,
    minute     BIGINT NOT NULL,
    weekday    BIGINT NOT NULL,
    quiet_from BIGINT NOT NULL,
    quiet_to   BIGINT NOT NULL
);
-- Notices that are still to go by mail.
CREATE TABLE notice_mails (
    notice_id BIGINT NOT NULL PRIMARY KEY,
    person_id BIGINT NOT NULL,
    due_at    BIGINT NOT NULL
);
CREATE INDEX notice_mails_due ON notice_mails (due_at, person_id);
-- +goose Down
DROP TABLE notice_mails;
DROP TABLE notice_plans;
ALTER TABLE notice_choices DROP COLUMN mail;
