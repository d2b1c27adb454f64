package workaround

import (
	"context"
	"strconv"
	"time"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/clock"
	"github.com/steward-itsm/steward/internal/core/once"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/database"
)

// Workaround is a way around a ticket's matter until it is resolved.
type Workaround struct {
	ID          int64
	TicketID    int64
	Body        string // Markdown
	Public      bool   // the requester was told
	GivenBy     int64
	GivenAt     time.Time
	WithdrawnBy int64
	WithdrawnAt time.Time // zero while it stands
}

// Stands reports whether it was not taken back.
func (w *Workaround) Stands() bool { return w.WithdrawnAt.IsZero() }

// Service holds the use cases. The actor is taken from the context.
type Service struct {
	db      *database.DB
	tickets *ticket.Service
	clock   func() time.Time
}

// NewService makes the service.
func NewService(db *database.DB, tickets *ticket.Service, now func() time.Time) *Service {
	return &Service{db, tickets, now}
}

func (s *Service) now() time.Time { return s.clock().UTC().Truncate(time.Microsecond) }

// Give records a workaround with its message, once per idempotency key. NotFound or
// Forbidden without the ticket, its notes or, for a public one, the right to reply;
// Invalid without words; Conflict when nothing is owed on the ticket any more.
func (s *Service) Give(ctx context.Context, ref ticket.Ref, body string, public bool) (Workaround, error) {
	actor := access.From(ctx)
	given := Workaround{Body: body, Public: public, GivenBy: actor.ID}
	_, err := s.tickets.Act(ctx, ref, access.Note, func(a *ticket.Acting) error {
		t := a.Ticket()
		given.TicketID, given.GivenAt = t.ID, s.now()
		id, replayed, err := once.Do(ctx, a.Tx(), given.GivenAt, []any{"workaround", t.ID, body, public}, func() (int64, error) {
			if !t.Category.Active() {
				return 0, apperr.New(apperr.Conflict, "This ticket is done: there is nothing to work around.")
			}
			given.ID = a.Tx().NextID()
			said := ticket.Change{Field: clock.WorkaroundActivity, To: strconv.FormatInt(given.ID, 10)}
			var err error
			if public {
				err = a.Reply(ctx, ticket.PublicReply{Body: ticket.Markdown(body)}, said)
			} else {
				err = a.Note(ctx, ticket.InternalNote{Body: ticket.Markdown(body)}, said)
			}
			if err != nil {
				return 0, err
			}
			return given.ID, insert(ctx, a.Tx(), &given)
		})
		if err == nil && replayed {
			given, err = load(ctx, a.Tx(), t.ID, id)
		}
		return err
	})
	return given, err
}

// Withdraw takes a workaround back: its promise counts as if it had not been given.
// Doing it twice is no error.
func (s *Service) Withdraw(ctx context.Context, ref ticket.Ref, id int64) (Workaround, error) {
	var back Workaround
	_, err := s.tickets.Act(ctx, ref, access.Note, func(a *ticket.Acting) error {
		t := a.Ticket()
		var err error
		if back, err = load(ctx, a.Tx(), t.ID, id); err != nil || !back.Stands() {
			return err
		}
		back.WithdrawnBy, back.WithdrawnAt = access.From(ctx).ID, s.now()
		if done, err := withdraw(ctx, a.Tx(), &back); err != nil || !done {
			return err
		}
		a.Say(clock.WithdrawnActivity, "", strconv.FormatInt(id, 10))
		return nil
	})
	return back, err
}

// Of lists the workarounds of a ticket, the newest first, for those who read its notes.
func (s *Service) Of(ctx context.Context, t *ticket.Ticket) ([]Workaround, error) {
	if !access.From(ctx).Check(access.ReadNotes, t.Record()).Allowed {
		return nil, nil
	}
	return ofTicket(ctx, s.db.Reader(), t.ID)
}
