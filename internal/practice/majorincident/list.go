package majorincident

import (
	"context"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/database"
)

// Query chooses major incidents.
type Query struct {
	State  State // "" is every state
	Before int64 // id of the last one of the page before
	Limit  int   // 1 to 100; 0 is 50
}

// Listed is a major incident with its ticket.
type Listed struct {
	Major
	Ticket ticket.Ticket
}

// List gives major incidents, the newest first, as far as the actor reads their
// tickets as a colleague. next is the Before of the page that follows, 0 at the end.
func (s *Service) List(ctx context.Context, q Query) (found []Listed, next int64, err error) {
	if !access.From(ctx).Can(access.ReadNotes, access.AnyKind) {
		return nil, 0, apperr.New(apperr.Forbidden, "Major incidents are for those who read internal notes.")
	}
	if q.Limit <= 0 || q.Limit > 100 {
		q.Limit = 50
	}
	var args database.Args
	where := "1 = 1"
	if q.State != "" {
		where += " AND m.state = " + args.Arg(string(q.State))
	}
	if q.Before != 0 {
		where += " AND m.id < " + args.Arg(q.Before)
	}
	rows, err := database.All(ctx, s.db.Reader(), scan, `SELECT `+columns+` FROM major_incidents m WHERE `+where+` ORDER BY m.id DESC LIMIT `+args.Arg(q.Limit+1), args.Values()...)
	if err != nil {
		return nil, 0, err
	}
	if len(rows) > q.Limit {
		rows = rows[:q.Limit]
		next = rows[q.Limit-1].ID
	}
	ids := make([]int64, len(rows))
	for i := range rows {
		ids[i] = rows[i].TicketID
	}
	tickets, err := s.visible(ctx, ids)
	if err != nil {
		return nil, 0, err
	}
	for _, m := range rows {
		if t, ok := tickets[m.TicketID]; ok && s.mayRead(ctx, &t) {
			found = append(found, Listed{m, t})
		}
	}
	return found, next, nil
}

// visible gives those of some tickets that the actor may see.
func (s *Service) visible(ctx context.Context, ids []int64) (map[int64]ticket.Ticket, error) {
	out := map[int64]ticket.Ticket{}
	if len(ids) == 0 {
		return out, nil
	}
	everything, err := s.tickets.Condition(ctx, "", nil)
	if err != nil {
		return nil, err
	}
	page, err := s.tickets.List(ctx, ticket.Query{Condition: everything, Among: ids, Limit: 200})
	for _, t := range page.Tickets {
		out[t.ID] = t
	}
	return out, err
}

// Updates gives what was told about a major incident, newest first.
func (s *Service) Updates(ctx context.Context, id int64) ([]Update, error) {
	if _, _, err := s.Get(ctx, id); err != nil {
		return nil, err
	}
	return updates(ctx, s.db.Reader(), false, id)
}

// Actions gives the improvements that a major incident calls for.
func (s *Service) Actions(ctx context.Context, id int64) ([]Action, error) {
	if _, _, err := s.Get(ctx, id); err != nil {
		return nil, err
	}
	return actions(ctx, s.db.Reader(), id)
}
