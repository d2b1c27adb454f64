package webhook

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/steward-itsm/steward/internal/core/audit"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/database"
)

// insertMessage writes a message; false when its channel had one of this cause.
func insertMessage(ctx context.Context, tx *database.Tx, m *Stored, cause string) (bool, error) {
	m.ID = tx.NextID()
	because := any(nil)
	if cause != "" {
		because = cause
	}
	if m.State != StateWaiting {
		m.EndedAt = m.CreatedAt
	}
	n, err := tx.Exec(ctx, `INSERT INTO webhook_messages (id, channel_id, person_id, ticket_id, kind, content, cause, state, attempts, tries, status, error, created_at, queued_at, due_at, ended_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0, 0, 0, $9, $10, $11, $12, $13) ON CONFLICT (channel_id, cause) DO NOTHING`,
		m.ID, m.ChannelID, database.ID(m.PersonID), database.ID(m.TicketID), string(m.Kind), database.JSON{V: m.Content}, because, string(m.State), m.Error,
		database.Time(m.CreatedAt), database.Time(m.QueuedAt), database.Time(m.DueAt), database.Time(m.EndedAt))
	return n > 0, err
}

const messageColumns = `m.id, m.channel_id, m.person_id, m.ticket_id, m.kind, m.content, m.state, m.attempts, m.tries, m.status, m.error, m.created_at, m.queued_at, m.due_at, m.ended_at`

func scanMessage(r database.Row) (Stored, error) {
	var m Stored
	err := r.Scan(&m.ID, &m.ChannelID, (*database.ID)(&m.PersonID), (*database.ID)(&m.TicketID), &m.Kind, database.JSON{V: &m.Content}, &m.State, &m.Attempts, &m.Tries, &m.Status,
		&m.Error, (*database.Time)(&m.CreatedAt), (*database.Time)(&m.QueuedAt), (*database.Time)(&m.DueAt), (*database.Time)(&m.EndedAt))
	return m, err
}

func (s *Service) message(ctx context.Context, q database.Querier, id int64) (Stored, error) {
	m, err := database.One(ctx, q, scanMessage, `SELECT `+messageColumns+` FROM webhook_messages m WHERE m.id = $1`, id)
	if apperr.Is(err, apperr.NotFound) {
		return m, apperr.New(apperr.NotFound, "There is no such message.")
	}
	return m, err
}

// begin takes a place in the channel's rate and writes an attempt down before it is made.
// wait is how long there is no place; begun is false when another node has the message.
func (s *Service) begin(ctx context.Context, c *Channel, m *Stored, request string) (wait time.Duration, begun bool, err error) {
	now := s.now()
	err = s.DB.Write(ctx, func(tx *database.Tx) error {
		wait, begun = 0, false
		if h := c.heldUntil.Sub(now); h > 0 {
			wait = h
			return nil
		}
		// The generic cell rate: each message moves the channel's clock on by its share of a
		// minute, and may run ahead of it by a few.
		share := time.Minute / time.Duration(max(c.Rate, 1))
		if ahead := c.freeAt.Sub(now) - (burst-1)*share; ahead > 0 {
			wait = ahead
			return nil
		}
		next := now
		if c.freeAt.After(now) {
			next = c.freeAt
		}
		n, err := tx.Exec(ctx, `UPDATE webhook_channels SET free_at = $1 WHERE id = $2 AND free_at = $3 AND active`, next.Add(share).UnixMicro(), c.ID, c.freeAt.UnixMicro())
		if err != nil {
			return err
		}
		if n == 0 { // another message took the place, or the channel was switched off
			wait = share/4 + time.Millisecond
			return nil
		}
		n, err = tx.Exec(ctx, `UPDATE webhook_messages SET attempts = attempts + 1, tries = tries + 1 WHERE id = $1 AND state = 'waiting' AND attempts = $2`, m.ID, m.Attempts)
		if err != nil || n == 0 {
			return err
		}
		_, err = tx.Exec(ctx, `INSERT INTO webhook_attempts (id, message_id, number, node, began_at, status, request, answer, error) VALUES ($1, $2, $3, $4, $5, 0, $6, '', '')`,
			tx.NextID(), m.ID, m.Attempts+1, s.Node, database.Time(now), request)
		begun = err == nil
		return err
	})
	if begun && err == nil {
		m.Attempts++
		m.Tries++
	}
	return wait, begun && err == nil, err
}

// finish keeps what an attempt came to. A message that somebody gave up meanwhile stays
// given up, unless it arrived. hold is until when the far side wants to hear nothing.
func (s *Service) finish(ctx context.Context, m *Stored, answer string, hold time.Time) error {
	return s.DB.Write(ctx, func(tx *database.Tx) error {
		_, err := tx.Exec(ctx, `UPDATE webhook_attempts SET ended_at = $1, status = $2, answer = $3, error = $4 WHERE message_id = $5 AND number = $6`,
			database.Time(s.now()), m.Status, answer, m.Error, m.ID, m.Attempts)
		if err != nil {
			return err
		}
		_, err = tx.Exec(ctx, `UPDATE webhook_messages SET state = $1, status = $2, error = $3, due_at = $4, ended_at = $5 WHERE id = $6 AND (state = 'waiting' OR $7 = 'sent')`,
			string(m.State), m.Status, m.Error, database.Time(m.DueAt), database.Time(m.EndedAt), m.ID, string(m.State))
		if err != nil || hold.IsZero() {
			return err
		}
		_, err = tx.Exec(ctx, `UPDATE webhook_channels SET held_until = $1 WHERE id = $2`, database.Time(hold), m.ChannelID)
		return err
	})
}

// end ends a message without another attempt.
func (s *Service) end(ctx context.Context, m *Stored, state State, reason string) error {
	m.State, m.Error, m.EndedAt = state, reason, s.now()
	return s.DB.Write(ctx, func(tx *database.Tx) error {
		_, err := tx.Exec(ctx, `UPDATE webhook_messages SET state = $1, error = $2, ended_at = $3 WHERE id = $4 AND state = 'waiting'`, string(state), reason, database.Time(m.EndedAt), m.ID)
		return err
	})
}

// stopWaiting ends all that waits for a channel.
func (s *Service) stopWaiting(ctx context.Context, tx *database.Tx, id int64, state State, reason string) error {
	_, err := tx.Exec(ctx, `UPDATE webhook_messages SET state = $1, error = $2, ended_at = $3 WHERE channel_id = $4 AND state = 'waiting'`,
		string(state), reason, database.Time(s.now()), id)
	return err
}

// MessageQuery selects messages of the log.
type MessageQuery struct {
	Channel int64
	State   State // "" is every one
	Before  int64 // only ids below; 0 starts with the newest
	Limit   int
}

// Messages lists what was sent and what waits, newest first.
func (s *Service) Messages(ctx context.Context, q MessageQuery) ([]Stored, error) {
	if err := mayManage(ctx); err != nil {
		return nil, err
	}
	var args database.Args
	where := []string{"TRUE"}
	if q.Channel != 0 {
		where = append(where, "m.channel_id = "+args.Arg(q.Channel))
	}
	if q.State != "" {
		where = append(where, "m.state = "+args.Arg(string(q.State)))
	}
	if q.Before != 0 {
		where = append(where, "m.id < "+args.Arg(q.Before))
	}
	if q.Limit <= 0 || q.Limit > 500 {
		q.Limit = 50
	}
	return database.All(ctx, s.DB.Reader(), scanMessage, `SELECT `+messageColumns+` FROM webhook_messages m WHERE `+strings.Join(where, " AND ")+
		` ORDER BY m.id DESC LIMIT `+args.Arg(q.Limit), args.Values()...)
}

// mostAttempts bounds the attempts that are shown of a message: the newest.
const mostAttempts = 50

// Message gives one with its attempts, the newest first.
func (s *Service) Message(ctx context.Context, id int64) (Stored, []Attempt, error) {
	if err := mayManage(ctx); err != nil {
		return Stored{}, nil, err
	}
	m, err := s.message(ctx, s.DB.Reader(), id)
	if err != nil {
		return m, nil, err
	}
	all, err := database.All(ctx, s.DB.Reader(), func(r database.Row) (Attempt, error) {
		var a Attempt
		err := r.Scan(&a.Number, &a.Node, (*database.Time)(&a.BeganAt), (*database.Time)(&a.EndedAt), &a.Status, &a.Request, &a.Answer, &a.Error)
		return a, err
	}, `SELECT a.number, a.node, a.began_at, a.ended_at, a.status, a.request, a.answer, a.error FROM webhook_attempts a WHERE a.message_id = $1 ORDER BY a.number DESC LIMIT $2`, id, mostAttempts)
	return m, all, err
}

// Count is how many messages of a channel are in the states that somebody has to look at.
type Count struct{ Waiting, Failed, Stopped int }

// Counts counts them for each channel.
func (s *Service) Counts(ctx context.Context) (map[int64]Count, error) {
	if err := mayManage(ctx); err != nil {
		return nil, err
	}
	out := map[int64]Count{}
	err := database.Each(ctx, s.DB.Reader(), func(r database.Row) error {
		var id int64
		var state State
		var n int
		if err := r.Scan(&id, &state, &n); err != nil {
			return err
		}
		c := out[id]
		switch state {
		case StateWaiting:
			c.Waiting = n
		case StateFailed:
			c.Failed = n
		case StateStopped:
			c.Stopped = n
		case StateSent, StateDropped:
		}
		out[id] = c
		return nil
	}, `SELECT m.channel_id, m.state, count(*) FROM webhook_messages m WHERE m.state IN ('waiting', 'failed', 'stopped') GROUP BY m.channel_id, m.state`)
	return out, err
}

// mostReplayed bounds how many messages one call sends again.
const mostReplayed = 1000

// Replay sends messages again that failed or were stopped: one, or with id 0 all of a
// channel in their order, at most 1000. Under the same id, so that a far side that had one
// can tell. Conflict when there is none, or when its channel is off.
func (s *Service) Replay(ctx context.Context, channelID, id int64) (int, error) {
	return s.decide(ctx, channelID, id, "replay", func(tx *database.Tx, c *Channel, m *Stored) (bool, error) {
		if m.State != StateFailed && m.State != StateStopped && (id == 0 || m.State != StateDropped) {
			return false, nil
		}
		if c.Deleted || !c.Active {
			return false, apperr.New(apperr.Conflict, "The channel is off. Switch it on first.")
		}
		now := s.now()
		n, err := tx.Exec(ctx, `UPDATE webhook_messages SET state = 'waiting', error = '', tries = 0, queued_at = $1, due_at = $2, ended_at = NULL WHERE id = $3 AND state <> 'waiting'`,
			database.Time(now), database.Time(now), m.ID)
		if err != nil || n == 0 {
			return false, err
		}
		return true, s.schedule(ctx, tx, m)
	})
}

// Drop gives messages up that were not sent: one, or with id 0 all of a channel.
func (s *Service) Drop(ctx context.Context, channelID, id int64) (int, error) {
	return s.decide(ctx, channelID, id, "drop", func(tx *database.Tx, _ *Channel, m *Stored) (bool, error) {
		if m.State != StateWaiting && m.State != StateFailed && m.State != StateStopped {
			return false, nil
		}
		n, err := tx.Exec(ctx, `UPDATE webhook_messages SET state = 'dropped', error = $1, ended_at = $2 WHERE id = $3 AND state IN ('waiting', 'failed', 'stopped')`,
			reasonByHand, database.Time(s.now()), m.ID)
		return n > 0, err
	})
}

// decide does something with messages of a channel that were not sent, and writes it into
// the audit log.
func (s *Service) decide(ctx context.Context, channelID, id int64, verb string, do func(tx *database.Tx, c *Channel, m *Stored) (bool, error)) (int, error) {
	if err := mayManage(ctx); err != nil {
		return 0, err
	}
	done := 0
	err := s.DB.Write(ctx, func(tx *database.Tx) error {
		done = 0
		var all []Stored
		if id != 0 {
			m, err := s.message(ctx, tx, id)
			if err != nil {
				return err
			}
			all, channelID = []Stored{m}, m.ChannelID
		} else {
			found, err := database.All(ctx, tx, scanMessage, `SELECT `+messageColumns+` FROM webhook_messages m WHERE m.channel_id = $1 AND m.state IN ('failed', 'stopped') ORDER BY m.id LIMIT $2`,
				channelID, mostReplayed)
			if err != nil {
				return err
			}
			all = found
		}
		c, err := s.channel(ctx, tx, channelID)
		if err != nil {
			return err
		}
		for i := range all {
			did, err := do(tx, &c, &all[i])
			if err != nil {
				return err
			}
			if did {
				done++
			}
		}
		if done == 0 {
			return apperr.New(apperr.Conflict, "There is no message left of which this could be done.")
		}
		after := map[string]any{"messages": done}
		if id != 0 {
			after["message"] = id
		}
		return s.Audit.Append(ctx, tx, audit.Entry{Action: "webhook_message." + verb, ObjectType: "webhook_channel", ObjectID: audit.ID(channelID), ObjectName: c.Name, After: after})
	})
	return done, err
}

// How long messages are kept, with what was sent and answered.
const (
	KeepEnded  = 30 * 24 * time.Hour
	KeepFailed = 90 * 24 * time.Hour
)

// Prune deletes messages that are over, a part at a time, so that nobody waits for it.
func (s *Service) Prune(ctx context.Context) error {
	const part = 500
	now := s.now()
	for {
		ids, err := database.All(ctx, s.DB.Reader(), database.Scalar[int64], `SELECT m.id FROM webhook_messages m WHERE m.created_at < $1 AND m.state IN ('sent', 'dropped')
			OR m.created_at < $2 AND m.state <> 'waiting' ORDER BY m.id LIMIT $3`, database.Time(now.Add(-KeepEnded)), database.Time(now.Add(-KeepFailed)), part)
		if err != nil || len(ids) == 0 {
			return err
		}
		err = s.DB.Write(ctx, func(tx *database.Tx) error {
			var first, second database.Args
			if _, err := tx.Exec(ctx, `DELETE FROM webhook_attempts WHERE message_id IN `+database.In(&first, ids), first.Values()...); err != nil {
				return err
			}
			_, err := tx.Exec(ctx, `DELETE FROM webhook_messages WHERE id IN `+database.In(&second, ids), second.Values()...)
			return err
		})
		if err != nil {
			return err
		}
	}
}

// ticketNumbers gives the numbers of tickets, for the log; whoever follows one is asked
// there whether they may see it.
func (s *Service) ticketNumbers(ctx context.Context, ids []int64) (map[int64]string, error) {
	out := map[int64]string{}
	ids = slices.DeleteFunc(slices.Clone(ids), func(id int64) bool { return id == 0 })
	if len(ids) == 0 {
		return out, nil
	}
	var args database.Args
	err := database.Each(ctx, s.DB.Reader(), func(r database.Row) error {
		var id int64
		var number string
		err := r.Scan(&id, &number)
		out[id] = number
		return err
	}, `SELECT t.id, t.number FROM tickets t WHERE t.id IN `+database.In(&args, ids), args.Values()...)
	return out, err
}
