-- +goose Up
-- Texts that are used often. purpose: reply, note. kinds: ",incident,request,", or
-- "" for all. audience: mine, group (group_id says which), everyone.
CREATE TABLE canned_replies (
    id           BIGINT NOT NULL PRIMARY KEY,
    title        TEXT   NOT NULL,
    title_folded TEXT   NOT NULL,
    folder       TEXT   NOT NULL,
    body         TEXT   NOT NULL,
    words        TEXT   NOT NULL,
    purpose      TEXT   NOT NULL,
    kinds        TEXT   NOT NULL,
    language     TEXT   NOT NULL,
    owner_id     BIGINT NOT NULL,
    audience     TEXT   NOT NULL,
    group_id     BIGINT,
    uses         BIGINT NOT NULL DEFAULT 0,
    created_at   BIGINT NOT NULL,
    updated_at   BIGINT NOT NULL,
    deleted_at   BIGINT,
    version      BIGINT NOT NULL
);
CREATE INDEX canned_replies_owner ON canned_replies (owner_id, title_folded, id);
CREATE INDEX canned_replies_audience ON canned_replies (audience, group_id, title_folded, id);

-- How often each person used each of them: the useful come first.
CREATE TABLE canned_uses (
    person_id    BIGINT NOT NULL,
    reply_id     BIGINT NOT NULL REFERENCES canned_replies (id),
    uses         BIGINT NOT NULL,
    last_used_at BIGINT NOT NULL,
    PRIMARY KEY (person_id, reply_id)
);
-- +goose Down
DROP TABLE canned_uses;
DROP TABLE canned_replies;
