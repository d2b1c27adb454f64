-- +goose Up
-- By which further ways, beside mail, a kind of notice comes to somebody: 'now' at once,
-- 'digest' with the others. The channels are those of the room that sends.
CREATE TABLE notice_channels (
    person_id  BIGINT NOT NULL,
    kind       TEXT   NOT NULL,
    channel_id BIGINT NOT NULL,
    how        TEXT   NOT NULL,
    PRIMARY KEY (person_id, kind, channel_id)
);
-- Notices that are still to go by a channel.
CREATE TABLE notice_sendings (
    notice_id  BIGINT NOT NULL,
    channel_id BIGINT NOT NULL,
    person_id  BIGINT NOT NULL,
    due_at     BIGINT NOT NULL,
    PRIMARY KEY (notice_id, channel_id)
);
CREATE INDEX notice_sendings_due ON notice_sendings (due_at, person_id, channel_id);
-- +goose Down
DROP TABLE notice_sendings;
DROP TABLE notice_channels;
