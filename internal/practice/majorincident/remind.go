package majorincident

import (
	"context"
	"fmt"
	"time"

	"github.com/steward-itsm/steward/internal/core/once"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/database"
)

// maxDue bounds what one look for due updates handles; the next goes on.
const maxDue = 100

// Remind tells the people of every major incident whose update is due, once for
// each time one becomes due, also when nobody looked for hours.
func (s *Service) Remind(ctx context.Context) error { return s.RemindAt(ctx, s.now()) }

// RemindAt is Remind as if it were then.
func (s *Service) RemindAt(ctx context.Context, now time.Time) error {
	due, err := database.All(ctx, s.db.Reader(), database.Scalar[int64], `SELECT id FROM major_incidents
		WHERE next_update_at IS NOT NULL AND next_update_at <= $1 AND state = 'accepted' AND (reminded_for IS NULL OR reminded_for <> next_update_at)
		ORDER BY next_update_at, id LIMIT $2`, database.Time(now), maxDue)
	if err != nil {
		return err
	}
	for _, id := range due {
		if err := s.db.Write(ctx, func(tx *database.Tx) error { return s.remind(ctx, tx, id, now) }); err != nil {
			return err
		}
	}
	return nil
}

func (s *Service) remind(ctx context.Context, tx *database.Tx, id int64, now time.Time) error {
	n, err := tx.Exec(ctx, `UPDATE major_incidents SET reminded_for = next_update_at
		WHERE id = $1 AND state = 'accepted' AND next_update_at <= $2 AND (reminded_for IS NULL OR reminded_for <> next_update_at)`, id, database.Time(now))
	if err != nil || n == 0 {
		return err // another node did
	}
	m, err := load(ctx, tx, id)
	if err != nil {
		return err
	}
	number, err := database.One(ctx, tx, database.Scalar[string], `SELECT number FROM tickets WHERE id = $1`, m.TicketID)
	if err != nil {
		return err
	}
	var persons []int64
	for _, role := range []Role{Commander, Communicator} {
		if p := m.Roles[role]; p != 0 {
			persons = append(persons, p)
		}
	}
	notice := Notice{Kind: NoticeDue, Persons: persons, Key: fmt.Sprintf("major-due:%d:%d", m.ID, m.NextUpdate.UnixMicro())}
	if len(persons) == 0 {
		notice.Verb = Manage
	}
	if err := s.tell(ctx, tx, &m, number, notice); err != nil {
		return err
	}
	return s.announce.MajorChanged(ctx, tx, m.ID, false)
}

// maxReplied bounds how many linked tickets one update is sent to.
const maxReplied = 500

// reply sends a public update to the open children of its ticket, as replies of
// whoever wrote it. Each gets it once, however often the job is run.
func (s *Service) reply(ctx context.Context, updateID int64, as func(ctx context.Context, person int64) (context.Context, error)) error {
	u, err := database.One(ctx, s.db.Reader(), scanUpdate, `SELECT `+updateColumns+` FROM major_incident_updates u WHERE u.id = $1`, updateID)
	if err != nil {
		return err
	}
	ctx, err = as(ctx, u.By)
	if err != nil {
		return err
	}
	children, err := database.All(ctx, s.db.Reader(), database.Scalar[int64], `SELECT t.id FROM tickets t JOIN major_incidents m ON m.ticket_id = t.parent_id
		WHERE m.id = $1 AND t.category IN ('new', 'open', 'waiting') ORDER BY t.id LIMIT $2`, u.MajorID, maxReplied)
	if err != nil {
		return err
	}
	reached := 0
	for _, id := range children {
		keyed := once.With(ctx, fmt.Sprintf("major-update:%d:%d", u.ID, id))
		_, err := s.tickets.Reply(keyed, ticket.ByID(id), ticket.PublicReply{Body: ticket.Markdown(u.Body)})
		switch {
		case err == nil:
			reached++
		case apperr.Is(err, apperr.NotFound), apperr.Is(err, apperr.Forbidden), apperr.Is(err, apperr.Conflict): // not theirs to write on, or over by now
		default:
			return err
		}
	}
	return s.db.Write(ctx, func(tx *database.Tx) error {
		if _, err := tx.Exec(ctx, `UPDATE major_incident_updates SET replied = $2 WHERE id = $1`, u.ID, reached); err != nil {
			return err
		}
		return s.announce.MajorChanged(ctx, tx, u.MajorID, false)
	})
}
