package absence

import (
	"context"
	"slices"
	"strings"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/people"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/platform/web"
	"github.com/steward-itsm/steward/internal/practice/absence/view"
	"github.com/steward-itsm/steward/internal/ui"
	"github.com/steward-itsm/steward/internal/ui/text"
)

const (
	atHome   = 8   // tickets that "My work" shows
	mostHeld = 200 // tickets that are offered to be handed over
)

// held is the filter of the open tickets that somebody covers for another.
func held(c *people.Cover) string {
	f := "assignee:#" + formatID(c.Person)
	if len(c.Groups) > 0 {
		groups := make([]string, len(c.Groups))
		for i, g := range c.Groups {
			groups[i] = "#" + formatID(g)
		}
		sign := " "
		if c.Except {
			sign = " -"
		}
		f += sign + "group:" + strings.Join(groups, ",")
	}
	return f
}

// heldBy is the filter of all that those hold who are away.
func heldBy(covers []people.Cover) string {
	parts := make([]string, len(covers))
	for i := range covers {
		parts[i] = "(" + held(&covers[i]) + ")"
	}
	return "state:open (" + strings.Join(parts, " OR ") + ")"
}

// open reads the open tickets of a filter that the reader may see, the most pressing first.
func (a *Absences) open(ctx context.Context, filter string, most int) (ticket.Page, error) {
	condition, err := a.d.Tickets.Condition(ctx, filter, text.From(ctx).Location)
	if err != nil {
		return ticket.Page{}, err
	}
	sort, err := ticket.ParseSort("priority")
	if err != nil {
		return ticket.Page{}, err
	}
	return a.d.Tickets.List(ctx, ticket.Query{Condition: condition, Sort: sort, Limit: most, Open: true})
}

// home is the part of "My work": what those hold who are away and for whom the reader
// stands in.
func (a *Absences) home(ctx context.Context) (web.Component, error) {
	if !works(access.From(ctx)) {
		return nil, nil
	}
	covers, err := a.d.People.AwayFor(ctx)
	if err != nil || len(covers) == 0 {
		return nil, err
	}
	filter := heldBy(covers)
	page, err := a.open(ctx, filter, atHome)
	if err != nil {
		return nil, err
	}
	var ids []int64
	for _, c := range covers {
		ids = append(ids, c.Person)
	}
	names, err := a.d.People.PersonNames(ctx, a.d.DB.Reader(), ids)
	if err != nil {
		return nil, err
	}
	m := view.Home{AllURL: view.QueueURL(filter), More: page.Next != ""}
	for _, c := range covers {
		m.Lead = append(m.Lead, text.T(ctx, "%s until %s", names[c.Person].Name, text.DateTime(ctx, c.Until)))
	}
	m.Rows = a.rows(ctx, page.Tickets, names)
	return m.View(), nil
}

// rows are tickets in a list.
func (a *Absences) rows(ctx context.Context, tickets []ticket.Ticket, names map[int64]people.PersonName) []view.Row {
	kinds := a.d.Tickets.Kinds().In(ctx)
	out := make([]view.Row, 0, len(tickets))
	for i := range tickets {
		t := &tickets[i]
		row := view.Row{ID: formatID(t.ID), Number: t.Number, Title: t.Title, URL: view.TicketURL(t.Number), Of: names[t.AssigneeID].Name, Priority: t.Priority, At: t.UpdatedAt}
		if def, err := kinds.Get(t.Kind); err == nil {
			if s, ok := def.State(t.State); ok {
				row.State = ui.StateBadge{Label: s.Label, Category: ui.Category(t.Category)}
			}
			for _, l := range def.Matrix.Priority {
				if l.Value == t.Priority {
					row.PriorityLabel = text.T(ctx, l.Label)
				}
			}
		}
		out = append(out, row)
	}
	return out
}

// byStandIn parts tickets by who stands in for each; 0 for nobody.
func byStandIn(book people.Book, tickets []ticket.Ticket) (order []int64, parts map[int64][]ticket.Ticket) {
	parts = map[int64][]ticket.Ticket{}
	for _, t := range tickets {
		to := int64(0)
		if chain, ok := book.Chain(t.AssigneeID, t.GroupID); ok && len(chain) > 0 {
			to = chain[len(chain)-1]
		}
		if !slices.Contains(order, to) {
			order = append(order, to)
		}
		parts[to] = append(parts[to], t)
	}
	return order, parts
}
