package webhook

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"slices"
	"strconv"
	"time"

	"github.com/steward-itsm/steward/internal/core/audit"
	"github.com/steward-itsm/steward/internal/core/channel"
	"github.com/steward-itsm/steward/internal/core/filter"
	"github.com/steward-itsm/steward/internal/core/once"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/database"
	"github.com/steward-itsm/steward/internal/platform/seal"
)

const channelColumns = `c.id, c.name, c.kind, c.personal, c.active, c.body, c.address, c.shown, c.headers, c.signing, c.free_at, c.held_until, c.deleted_at,
	c.created_at, c.updated_at, c.version`

func purpose(what string, ids ...int64) string {
	for _, id := range ids {
		what += ":" + strconv.FormatInt(id, 10)
	}
	return what
}

// opened opens what was sealed. What another key sealed is left out: the far side then
// refuses us, and the channel's page asks for it.
func (s *Service) opened(purpose, sealed string) (string, error) {
	plain, err := s.Seal.Open(purpose, sealed)
	if errors.Is(err, seal.ErrKey) {
		return "", nil
	}
	return plain, err
}

func (s *Service) scanChannel(r database.Row) (Channel, error) {
	var c Channel
	var address, headers, signing string
	var free int64
	var deleted database.Time
	err := r.Scan(&c.ID, &c.Name, &c.Kind, &c.Personal, &c.Active, database.JSON{V: &c.Body}, &address, &c.Shown, &headers, &signing, &free,
		(*database.Time)(&c.heldUntil), &deleted, (*database.Time)(&c.CreatedAt), (*database.Time)(&c.UpdatedAt), &c.Version)
	if err != nil {
		return c, err
	}
	c.Deleted, c.freeAt = !time.Time(deleted).IsZero(), time.UnixMicro(free).UTC()
	if c.Address, err = s.opened(purpose("webhook_channels.address", c.ID), address); err != nil {
		return c, err
	}
	if c.Signing, err = s.opened(purpose("webhook_channels.signing", c.ID), signing); err != nil {
		return c, err
	}
	if headers, err = s.opened(purpose("webhook_channels.headers", c.ID), headers); err == nil && headers != "" {
		err = json.Unmarshal([]byte(headers), &c.Headers)
	}
	return c, err
}

// Channels lists all that are not deleted, by name.
func (s *Service) Channels(ctx context.Context) ([]Channel, error) {
	if err := mayManage(ctx); err != nil {
		return nil, err
	}
	return s.channels(ctx, s.DB.Reader(), `c.deleted_at IS NULL`)
}

func (s *Service) channels(ctx context.Context, q database.Querier, where string, args ...any) ([]Channel, error) {
	return database.All(ctx, q, s.scanChannel, `SELECT `+channelColumns+` FROM webhook_channels c WHERE `+where+` ORDER BY c.name_folded, c.id LIMIT 1000`, args...)
}

// Channel gives one.
func (s *Service) Channel(ctx context.Context, id int64) (Channel, error) {
	if err := mayManage(ctx); err != nil {
		return Channel{}, err
	}
	return s.channel(ctx, s.DB.Reader(), id)
}

func (s *Service) channel(ctx context.Context, q database.Querier, id int64) (Channel, error) {
	c, err := database.One(ctx, q, s.scanChannel, `SELECT `+channelColumns+` FROM webhook_channels c WHERE c.id = $1`, id)
	if apperr.Is(err, apperr.NotFound) {
		return c, apperr.New(apperr.NotFound, "There is no such channel.")
	}
	return c, err
}

// live gives a channel that is not deleted.
func (s *Service) live(ctx context.Context, q database.Querier, id int64) (Channel, error) {
	c, err := s.channel(ctx, q, id)
	if err == nil && c.Deleted {
		return c, apperr.New(apperr.NotFound, "There is no such channel.")
	}
	return c, err
}

func (s *Service) byID(ctx context.Context, q database.Querier, ids []int64) (map[int64]Channel, error) {
	out := make(map[int64]Channel, len(ids))
	if len(ids) == 0 {
		return out, nil
	}
	var args database.Args
	found, err := s.channels(ctx, q, `c.id IN `+database.In(&args, ids), args.Values()...)
	for _, c := range found {
		out[c.ID] = c
	}
	return out, err
}

// Rooms lists the channels that lead to rooms, for those who choose among them; some
// that are deleted, if they are asked for by id.
func (s *Service) Rooms(ctx context.Context, q database.Querier, also ...int64) ([]channel.Room, error) {
	var args database.Args
	where := `c.deleted_at IS NULL`
	if len(also) > 0 {
		where = `(c.deleted_at IS NULL OR c.id IN ` + database.In(&args, also) + `)`
	}
	return database.All(ctx, q, func(r database.Row) (channel.Room, error) {
		var v channel.Room
		err := r.Scan(&v.ID, &v.Name, &v.Active)
		return v, err
	}, `SELECT c.id, c.name, c.active AND c.deleted_at IS NULL FROM webhook_channels c WHERE NOT c.personal AND `+where+` ORDER BY c.name_folded, c.id LIMIT 1000`, args.Values()...)
}

// following gives the rooms that follow something by themselves, from memory.
func (s *Service) following(ctx context.Context, q database.Querier) ([]Channel, error) {
	return s.rules.Get(ctx, 0, func(ctx context.Context, _ int) ([]Channel, error) {
		all, err := database.All(ctx, q, func(r database.Row) (Channel, error) {
			var c Channel
			err := r.Scan(&c.ID, &c.Name, database.JSON{V: &c.Body})
			return c, err
		}, `SELECT c.id, c.name, c.body FROM webhook_channels c WHERE c.active AND NOT c.personal AND c.deleted_at IS NULL ORDER BY c.id LIMIT 1000`)
		return slices.DeleteFunc(all, func(c Channel) bool { return len(c.Events) == 0 }), err
	})
}

// checkAround checks what only the database knows.
func (s *Service) checkAround(ctx context.Context, q database.Querier, c *Channel) error {
	var p apperr.Problems
	if len(c.Groups) > 0 {
		found, err := s.People.GroupNames(ctx, q, c.Groups)
		if err != nil {
			return err
		}
		if len(found) < len(c.Groups) {
			p.Add("groups", "There is no such group.")
		}
	}
	if c.Condition != "" {
		if _, err := s.Tickets.Condition(ctx, c.Condition, s.now().Location()); err != nil {
			p.Say("condition", apperr.Message(err))
		}
	}
	return p.Err()
}

// CreateChannel adds one, once per idempotency key. Invalid beside each field.
func (s *Service) CreateChannel(ctx context.Context, c Channel) (Channel, error) {
	if err := mayManage(ctx); err != nil {
		return c, err
	}
	c.tidy()
	if err := c.check(); err != nil {
		return c, err
	}
	if err := s.checkAround(ctx, s.DB.Reader(), &c); err != nil {
		return c, err
	}
	err := s.DB.Write(ctx, func(tx *database.Tx) error {
		id, replayed, err := once.Do(ctx, tx, s.now(), []any{"webhook channel", c.Name, c.Kind, c.Personal, c.Body, c.Shown}, func() (int64, error) {
			return s.insertChannel(ctx, tx, &c)
		})
		if err == nil && replayed {
			c, err = s.channel(ctx, tx, id)
		}
		return err
	})
	return c, err
}

func (s *Service) insertChannel(ctx context.Context, tx *database.Tx, c *Channel) (int64, error) {
	n, err := database.One(ctx, tx, database.Scalar[int], `SELECT count(*) FROM webhook_channels c WHERE c.deleted_at IS NULL`)
	if err != nil {
		return 0, err
	}
	if n >= MaxChannels {
		return 0, apperr.InvalidField("name", "There are at most %d channels.", MaxChannels)
	}
	c.ID, c.Version, c.CreatedAt = tx.NextID(), 1, s.now()
	c.UpdatedAt = c.CreatedAt
	address, headers, signing, err := s.sealed(c)
	if err != nil {
		return 0, err
	}
	_, err = tx.Exec(ctx, `INSERT INTO webhook_channels (id, name, name_folded, kind, personal, active, body, address, shown, headers, signing, free_at, created_at, updated_at, version)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 0, $12, $13, $14)`,
		c.ID, c.Name, filter.Fold(c.Name), string(c.Kind), c.Personal, c.Active, database.JSON{V: c.Body}, address, c.Shown, headers, signing,
		database.Time(c.CreatedAt), database.Time(c.UpdatedAt), c.Version)
	if err != nil {
		return 0, sameName(err)
	}
	s.rules.Changed(tx)
	return c.ID, s.noteChannel(ctx, tx, "create", nil, c)
}

func sameName(err error) error {
	if apperr.Is(err, apperr.Conflict) {
		return apperr.InvalidField("name", "There is a channel with this name already.")
	}
	return err
}

// sealed gives the secrets of a channel as they are kept.
func (s *Service) sealed(c *Channel) (address, headers, signing string, err error) {
	if address, err = s.Seal.Seal(purpose("webhook_channels.address", c.ID), c.Address); err != nil {
		return "", "", "", err
	}
	if len(c.Headers) > 0 {
		raw, err := json.Marshal(c.Headers)
		if err != nil {
			return "", "", "", err
		}
		if headers, err = s.Seal.Seal(purpose("webhook_channels.headers", c.ID), string(raw)); err != nil {
			return "", "", "", err
		}
	}
	signing, err = s.Seal.Seal(purpose("webhook_channels.signing", c.ID), c.Signing)
	return address, headers, signing, err
}

// ChangeChannel applies change to a channel; secrets that it leaves out stay. version is
// the one that was read, 0 does not check. Conflict carries the channel as it is (*Channel),
// without its secrets. Switching it off stops what waits for it.
func (s *Service) ChangeChannel(ctx context.Context, id, version int64, change func(c *Channel)) (Channel, error) {
	var c Channel
	if err := mayManage(ctx); err != nil {
		return c, err
	}
	before, err := s.live(ctx, s.DB.Reader(), id)
	if err != nil {
		return c, err
	}
	c = before
	c.Secrets = Secrets{}
	change(&c)
	c.Kind, c.Personal = before.Kind, before.Personal // what it is stays; there may be those whom it reaches
	c.keep(before.Secrets)
	c.tidy()
	if err := c.check(); err != nil {
		return c, err
	}
	if err := s.checkAround(ctx, s.DB.Reader(), &c); err != nil {
		return c, err
	}
	err = s.DB.Write(ctx, func(tx *database.Tx) error {
		now, err := s.live(ctx, tx, id)
		if err != nil {
			return err
		}
		if version != 0 && version != now.Version || now.Version != before.Version {
			now.Secrets = Secrets{}
			return apperr.Stale(&now, "Somebody else changed this channel meanwhile.")
		}
		c.UpdatedAt, c.Version = s.now(), now.Version+1
		return s.updateChannel(ctx, tx, &now, &c)
	})
	return c, err
}

func (s *Service) updateChannel(ctx context.Context, tx *database.Tx, before, c *Channel) error {
	address, headers, signing, err := s.sealed(c)
	if err != nil {
		return err
	}
	n, err := tx.Exec(ctx, `UPDATE webhook_channels SET name = $1, name_folded = $2, active = $3, body = $4, address = $5, shown = $6, headers = $7, signing = $8, updated_at = $9, version = $10,
			held_until = NULL WHERE id = $11 AND version = $12`,
		c.Name, filter.Fold(c.Name), c.Active, database.JSON{V: c.Body}, address, c.Shown, headers, signing, database.Time(c.UpdatedAt), c.Version, c.ID, before.Version)
	if err != nil {
		return sameName(err)
	}
	if n == 0 {
		return apperr.New(apperr.Conflict, "Somebody else changed this channel at the same moment. Please try again.")
	}
	if before.Active && !c.Active {
		if err := s.stopWaiting(ctx, tx, c.ID, StateStopped, reasonOff); err != nil {
			return err
		}
	}
	s.rules.Changed(tx)
	return s.noteChannel(ctx, tx, "update", before, c)
}

// NewSigningKey makes another key that signs a channel's messages, and gives it this once.
func (s *Service) NewSigningKey(ctx context.Context, id, version int64) (Channel, string, error) {
	c, err := s.Channel(ctx, id)
	if err != nil {
		return c, "", err
	}
	if c.Kind != JSON {
		return c, "", apperr.New(apperr.Invalid, "Only JSON documents are signed.")
	}
	random := make([]byte, 32)
	if _, err := rand.Read(random); err != nil {
		return c, "", err
	}
	key := signingBegin + base64.StdEncoding.EncodeToString(random)
	c, err = s.ChangeChannel(ctx, id, version, func(c *Channel) {
		c.Headers = headersOf(c.Names)
		c.Signing = key
	})
	return c, key, err
}

// headersOf are headers that keep their values.
func headersOf(names []string) []Header {
	var out []Header
	for _, n := range names {
		out = append(out, Header{n, dots})
	}
	return out
}

// DeleteChannel takes a channel away with its secrets. What was sent stays in the log, and
// what waits is given up.
func (s *Service) DeleteChannel(ctx context.Context, id, version int64) error {
	if err := mayManage(ctx); err != nil {
		return err
	}
	return s.DB.Write(ctx, func(tx *database.Tx) error {
		c, err := s.live(ctx, tx, id)
		if err != nil {
			return err
		}
		if version != 0 && version != c.Version {
			c.Secrets = Secrets{}
			return apperr.Stale(&c, "Somebody else changed this channel meanwhile.")
		}
		_, err = tx.Exec(ctx, `UPDATE webhook_channels SET active = FALSE, deleted_at = $1, address = '', headers = '', signing = '', updated_at = $2, version = version + 1 WHERE id = $3`,
			database.Time(s.now()), database.Time(s.now()), id)
		if err != nil {
			return err
		}
		if err := s.stopWaiting(ctx, tx, id, StateDropped, reasonDeleted); err != nil {
			return err
		}
		persons, err := database.All(ctx, tx, database.Scalar[int64], `SELECT t.person_id FROM webhook_targets t WHERE t.channel_id = $1`, id)
		if err != nil {
			return err
		}
		for _, p := range persons {
			if err := s.Notices.LeaveChannel(ctx, tx, id, p); err != nil {
				return err
			}
		}
		if _, err := tx.Exec(ctx, `DELETE FROM webhook_targets WHERE channel_id = $1`, id); err != nil {
			return err
		}
		s.rules.Changed(tx)
		return s.noteChannel(ctx, tx, "delete", &c, nil)
	})
}

// noteChannel writes into the audit log, which never holds a secret: only which there
// are, and whether they were changed.
func (s *Service) noteChannel(ctx context.Context, tx *database.Tx, verb string, before, after *Channel) error {
	about := after
	if about == nil {
		about = before
	}
	e := audit.Entry{Action: "webhook_channel." + verb, ObjectType: "webhook_channel", ObjectID: audit.ID(about.ID), ObjectName: about.Name}
	if before != nil {
		e.Before = channelDocument(before)
	}
	if after != nil {
		now := channelDocument(after)
		now.SecretsChanged = before != nil && (before.Address != after.Address || before.Signing != after.Signing || !slices.Equal(before.Headers, after.Headers))
		e.After = now
	}
	return s.Audit.Append(ctx, tx, e)
}
