package app

import (
	"context"

	"github.com/steward-itsm/steward/internal/core/filter"
	"github.com/steward-itsm/steward/internal/core/identity"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/practice/administration"
)

// history tells the person's page what happened elsewhere in the product.
type history struct{ core *Core }

// TicketsOf lists a person's newest tickets, as far as the reader may see them.
func (h history) TicketsOf(ctx context.Context, person int64, limit int) ([]administration.TicketLine, error) {
	schema, err := h.core.Tickets.Schema(ctx)
	if err != nil {
		return nil, err
	}
	page, err := h.core.Tickets.List(ctx, ticket.Query{Condition: filter.Eq(schema.MustField("requester"), filter.Int(person)), Limit: limit})
	if err != nil {
		return nil, err
	}
	out := make([]administration.TicketLine, 0, len(page.Tickets))
	for _, t := range page.Tickets {
		line := administration.TicketLine{Number: t.Number, Title: t.Title, State: t.State, Category: string(t.Category), UpdatedAt: t.UpdatedAt}
		if d, err := h.core.Kinds.Get(t.Kind); err == nil {
			if s, ok := d.State(t.State); ok {
				line.State = s.Label
			}
		}
		out = append(out, line)
	}
	return out, nil
}

// SignInsOf lists a person's newest attempts to sign in.
func (h history) SignInsOf(ctx context.Context, person int64, limit int) ([]administration.SignIn, error) {
	records, _, err := h.core.Identity.History(ctx, person, identity.HistoryCursor{}, limit)
	if err != nil {
		return nil, err
	}
	out := make([]administration.SignIn, 0, len(records))
	for _, r := range records {
		out = append(out, administration.SignIn{At: r.At, Success: r.OK, Address: r.Address, Device: r.UserAgent})
	}
	return out, nil
}

// ResetPassword makes a password that the person must change when they sign in.
func (h history) ResetPassword(ctx context.Context, person int64) (string, error) {
	return h.core.Identity.ResetPassword(ctx, person)
}
