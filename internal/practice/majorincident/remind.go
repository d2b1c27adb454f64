package majorincident

import (
	"context"
	"fmt"

	"github.com/steward-itsm/steward/internal/core/once"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/platform/apperr"
)

// maxDue bounds what one look for due updates handles; the next goes on.
const maxDue = 100

// Remind tells the people of every major incident whose update is due, once for
// each time one becomes due, also when nobody looked for hours.
func (s *Service) Remind(ctx context.Context) error { return s.RemindAt(ctx, s.now()) }

// replyPage is how many linked tickets are looked at together.
const replyPage = 100

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

// reply sends a public update to the open children of its ticket, however many,
// as replies of whoever wrote it. Each gets it once, however often the job is run,
// and the update tells how many it has reached so far.
func (s *Service) reply(ctx context.Context, updateID int64, as func(ctx context.Context, person int64) (context.Context, error)) error {
	u, err := s.update(ctx, updateID)
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
