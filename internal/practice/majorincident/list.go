package majorincident

import (
	"context"

	"github.com/steward-itsm/steward/internal/core/ticket"
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
