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

// replyPage is how many linked tickets are looked at together.
const replyPage = 100

// reply sends a public update to the open children of its ticket, however many,
// as replies of whoever wrote it. Each gets it once, however often the job is run,
// and the update tells how many it has reached so far.
func (s *Service) reply(ctx context.Context, updateID int64, as func(ctx context.Context, person int64) (context.Context, error)) error {
	u, err := database.One(ctx, s.db.Reader(), scanUpdate, `SELECT `+updateColumns+` FROM major_incident_updates u WHERE u.id = $1`, updateID)
	if err != nil {
		return err
	}
	ctx, err = as(ctx, u.By)
	if err != nil {
		return err
	}
	reached, last := 0, int64(0)
	for {
		children, err := s.openChildren(ctx, u.MajorID, last)
		if err != nil || len(children) == 0 && last != 0 {
			return err
		}
		n, err := s.replyTo(ctx, &u, children)
		if err != nil {
			return err
		}
		reached += n
		if err := s.reached(ctx, &u, reached); err != nil || len(children) < replyPage {
			return err
		}
		last = children[len(children)-1]
	}
}

// replyTo sends an update to some tickets and says how many took it.
func (s *Service) replyTo(ctx context.Context, u *Update, tickets []int64) (reached int, err error) {
	for _, id := range tickets {
		keyed := once.With(ctx, fmt.Sprintf("major-update:%d:%d", u.ID, id))
		_, err := s.tickets.Reply(keyed, ticket.ByID(id), ticket.PublicReply{Body: ticket.Markdown(u.Body)})
		switch {
		case err == nil:
			reached++
		case apperr.Is(err, apperr.NotFound), apperr.Is(err, apperr.Forbidden), apperr.Is(err, apperr.Conflict): // not theirs to write on, or over by now
		default:
			return reached, err
		}
	}
	return reached, nil
}
