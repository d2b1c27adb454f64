package notify

import (
	"context"
	"slices"
	"strings"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/database"
)

// way is a channel by which a kind of notice comes, and when.
type way struct {
	channel int64
	how     Mail
}

// ChooseChannels sets by which channels kinds come to the actor, and whether at once or
// in the digest; what is not named stays as it is. The caller made sure that the actor
// can be told by these channels. Invalid for an unknown kind or way.
func (s *Service) ChooseChannels(ctx context.Context, how map[Kind]map[int64]Mail) error {
	actor := access.From(ctx)
	if err := mustBePerson(actor); err != nil {
		return err
	}
	var args database.Args
	var rows []string
	known := 0
	for _, info := range kinds {
		channels, chose := how[info.Kind]
		if chose {
			known++
		}
		for channel, way := range channels {
			if !slices.Contains(Mails(), way) {
				return apperr.InvalidField("channels", "It comes never, at once or in the digest.")
			}
			rows = append(rows, database.In(&args, []any{actor.ID, string(info.Kind), channel, string(way)}))
		}
	}
	if known != len(how) {
		return apperr.InvalidField("kinds", "There is no such kind of notification.")
	}
	if len(rows) == 0 {
		return nil
	}
	return s.db.Write(ctx, func(tx *database.Tx) error {
		_, err := tx.Exec(ctx, `INSERT INTO notice_channels (person_id, kind, channel_id, how) VALUES `+strings.Join(rows, ", ")+
			` ON CONFLICT (person_id, kind, channel_id) DO UPDATE SET how = excluded.how`, args.Values()...)
		return err
	})
}

// LeaveChannel ends that anything comes to somebody by a channel, as when it does not
// reach them any more.
func (s *Service) LeaveChannel(ctx context.Context, tx *database.Tx, channel, person int64) error {
	if _, err := tx.Exec(ctx, `DELETE FROM notice_channels WHERE person_id = $1 AND channel_id = $2`, person, channel); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `DELETE FROM notice_sendings WHERE person_id = $1 AND channel_id = $2`, person, channel)
	return err
}

// planChannels notes which of some notices go by channels, and when.
func (s *Service) planChannels(ctx context.Context, tx *database.Tx, notices []Notice, ids []int64, w wishes) error {
	if len(w.channels) == 0 {
		return nil
	}
	var args database.Args
	var rows []string
	now := s.now()
	for i, n := range notices {
		m := w.plans[n.To]
		for _, c := range w.channels[wish{n.To, n.Kind}] {
			rows = append(rows, database.In(&args, []any{ids[i], c.channel, n.To, database.Time(m.dueOf(&n, c.how, now, m.zone))}))
		}
	}
	if len(rows) == 0 {
		return nil
	}
	_, err := tx.Exec(ctx, `INSERT INTO notice_sendings (notice_id, channel_id, person_id, due_at) VALUES `+strings.Join(rows, ", "), args.Values()...)
	return err
}

// Sending is that notices are to go to somebody by a channel now.
type Sending struct{ Person, Channel int64 }

// DueByChannel gives for whom notices are to go by which channel now, at most so many.
// What is for somebody who is away waits until they are back (Back).
func (s *Service) DueByChannel(ctx context.Context, most int) ([]Sending, error) {
	return database.All(ctx, s.db.Reader(), func(r database.Row) (Sending, error) {
		var v Sending
		err := r.Scan(&v.Person, &v.Channel)
		return v, err
	}, `SELECT d.person_id, d.channel_id FROM (SELECT m.person_id, m.channel_id, min(m.due_at) AS first FROM notice_sendings m
			WHERE m.due_at <= $1 AND NOT `+absent+` GROUP BY m.person_id, m.channel_id) d
		ORDER BY d.first, d.person_id, d.channel_id LIMIT $2`, database.Time(s.now()), most)
}

// ForChannel is ForMail for a channel; ids go to SentBy.
func (s *Service) ForChannel(ctx context.Context, channel int64) (found []Line, ids []int64, err error) {
	actor := access.From(ctx)
	if err := mustBePerson(actor); err != nil {
		return nil, nil, err
	}
	if ids, err = s.WaitingFor(ctx, Sending{actor.ID, channel}); err != nil || len(ids) == 0 {
		return nil, ids, err
	}
	rows, err := s.visible(ctx, actor)
	if err != nil {
		return nil, nil, err
	}
	rows = slices.DeleteFunc(rows, func(r row) bool { return !r.Unread() || !slices.Contains(ids, r.ID) })
	return lines(rows, ""), ids, nil
}

// WaitingFor gives the notices that are to go to somebody by a channel now.
func (s *Service) WaitingFor(ctx context.Context, v Sending) ([]int64, error) {
	return database.All(ctx, s.db.Reader(), database.Scalar[int64], `SELECT notice_id FROM notice_sendings WHERE person_id = $1 AND channel_id = $2 AND due_at <= $3
		ORDER BY notice_id LIMIT $4`, v.Person, v.Channel, database.Time(s.now()), maxMailed)
}

// SentBy notes, in the transaction that hands them to a channel, that notices are done
// with there. Conflict when another node was first: then nothing must be handed over.
func (s *Service) SentBy(ctx context.Context, tx *database.Tx, channel int64, ids []int64) error {
	var args database.Args
	n, err := tx.Exec(ctx, `DELETE FROM notice_sendings WHERE channel_id = `+args.Arg(channel)+` AND notice_id IN `+database.In(&args, ids), args.Values()...)
	if err == nil && int(n) != len(ids) {
		return apperr.New(apperr.Conflict, "Another node sent this.")
	}
	return err
}
