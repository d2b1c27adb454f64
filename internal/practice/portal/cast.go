package portal

import (
	"context"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/people"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/core/workflow"
	"github.com/steward-itsm/steward/internal/practice/portal/view"
	"github.com/steward-itsm/steward/internal/ui"
	"github.com/steward-itsm/steward/internal/ui/text"
)

// cast is everybody who appears on a page.
type cast struct {
	persons map[int64]people.PersonName
	groups  map[int64]people.GroupName
	next    map[int64]ticket.Continuation // where merged tickets go on
}

// castOf reads the names on some tickets and of further persons, in two queries.
func (p *Portal) castOf(ctx context.Context, tickets []ticket.Ticket, further ...int64) (cast, error) {
	persons, groups := further, []int64(nil)
	for i := range tickets {
		persons = append(persons, tickets[i].AssigneeID)
		groups = append(groups, tickets[i].GroupID)
	}
	var c cast
	var err error
	if c.persons, err = p.Names.PersonNames(ctx, p.DB.Reader(), persons); err != nil {
		return c, err
	}
	c.groups, err = p.Names.GroupNames(ctx, p.DB.Reader(), groups)
	return c, err
}

// author says who wrote something to the reader: the reader, a first name, or
// what kind of somebody it was. Empty names are the product's.
func (c cast) author(ctx context.Context, a ticket.ActorRef, t *ticket.Ticket) (name, role string, own bool) {
	switch a.Type {
	case access.TypePerson:
		if a.ID == access.From(ctx).ID {
			return text.T(ctx, "You"), "", true
		}
		name = firstName(c.persons[a.ID].Name)
		if name == "" {
			name = text.T(ctx, "Somebody")
		}
		if a.ID == t.RequesterID {
			role = text.T(ctx, "asked for this")
		}
		return name, role, false
	case access.TypeSupplier:
		return text.T(ctx, "Our supplier"), "", false
	case access.TypeRule, access.TypeImporter, access.TypeSystem:
	}
	return "", "", false
}

// concerns reports whether a ticket is the reader's to see here: asked for or
// followed by them. It is narrower than what their roles may allow.
func concerns(t *ticket.Ticket, reader int64) bool {
	if t.RequesterID == reader {
		return true
	}
	for _, w := range t.Watchers {
		if w == reader {
			return true
		}
	}
	return false
}

// leads reports whether a requester can take a step from a ticket's state to one
// of the category.
func leads(def *workflow.Definition, t *ticket.Ticket, to workflow.Category) bool {
	for _, tr := range def.From(t.State, workflow.Requester) {
		if s, _ := def.State(tr.To); s.Category == to {
			return true
		}
	}
	return false
}

// items makes list entries of tickets.
func (p *Portal) items(ctx context.Context, c cast, tickets []ticket.Ticket) ([]view.Item, error) {
	me := access.From(ctx).ID
	var out []view.Item
	for i := range tickets {
		t := &tickets[i]
		def, err := p.Tickets.Kinds().In(ctx).Get(t.Kind)
		if err != nil {
			return nil, err
		}
		mine := t.RequesterID == me
		done := t.Category == workflow.Resolved || t.Category == workflow.Closed
		if next, merged := c.next[t.ID]; merged {
			item, err := p.goingOn(ctx, t, &next)
			if err != nil {
				return nil, err
			}
			out = append(out, item)
			continue
		}
		out = append(out, view.Item{
			Number: t.Number, Title: t.Title, State: stateWords(def, t.State, t.WaitReason), Category: ui.Category(t.Category),
			Note: c.who(ctx, t), At: t.CreatedAt,
			Answer:  mine && t.WaitsForRequester(def),
			Confirm: mine && t.Category == workflow.Resolved && leads(def, t, workflow.Closed),
			Reopen:  mine && done && leads(def, t, workflow.Open),
			Rate:    mine && done && t.Rating == 0,
		})
	}
	return out, nil
}
