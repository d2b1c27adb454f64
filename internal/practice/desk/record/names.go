package record

import (
	"context"
	"strings"

	"github.com/steward-itsm/steward/internal/core/people"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/platform/markdown"
	"github.com/steward-itsm/steward/internal/practice/desk/record/view"
	"github.com/steward-itsm/steward/internal/ui"
)

// wanted collects whatever a page speaks of, so that each kind of name is asked
// for once.
type wanted struct {
	persons, groups, services, organisations, tickets, operations []int64
	numbers                                                       []string
}

// cast is everybody and everything a page speaks of, by name.
type cast struct {
	persons       map[int64]people.PersonName
	groups        map[int64]people.GroupName
	services      map[int64]string
	organisations map[int64]string
	tickets       map[int64]ticket.Ticket // only those the reader may see
	numbers       map[string]ticket.Ticket
	operations    map[int64]ticket.Operation
}

// ticket wants what a ticket's values speak of, as far as its reader is shown them.
func (n *wanted) ticket(r reader, t *ticket.Ticket) {
	n.persons = append(n.persons, t.RequesterID, t.AssigneeID)
	n.groups = append(n.groups, t.GroupID)
	n.services = append(n.services, t.ServiceID)
	n.organisations = append(n.organisations, t.OrganisationID)
	if r.inside {
		n.persons = append(append(n.persons, t.OpenedByID), t.Watchers...)
		n.tickets = append(n.tickets, t.ParentID)
	}
}

// entries wants what a timeline speaks of.
func (n *wanted) entries(entries []entry) {
	var texts []string
	for _, e := range entries {
		n.persons = append(n.persons, e.actor.ID)
		n.operations = append(n.operations, e.operation)
		n.text(e.body)
		texts = append(texts, e.body)
		for _, c := range e.changes {
			n.change(c.Field, c.From)
			n.change(c.Field, c.To)
		}
	}
	n.numbers = append(n.numbers, markdown.Numbers(maxReferences, texts...)...)
}

// text wants the persons whom a text mentions.
func (n *wanted) text(body string) { n.persons = append(n.persons, ticket.Mentions(body)...) }

// maxReferences bounds how many tickets a page's texts may point to.
const maxReferences = 150

func (n *wanted) change(field, value string) {
	if value == "" {
		return
	}
	switch field {
	case ticket.FieldRequester, ticket.FieldOpenedBy, ticket.FieldAssignee:
		n.persons = append(n.persons, parseID(value))
	case ticket.FieldWatchers:
		for id := range strings.SplitSeq(value, ",") {
			n.persons = append(n.persons, parseID(id))
		}
	case ticket.FieldGroup:
		n.groups = append(n.groups, parseID(value))
	case ticket.FieldService:
		n.services = append(n.services, parseID(value))
	case ticket.FieldOrganisation:
		n.organisations = append(n.organisations, parseID(value))
	case ticket.FieldMergedFrom:
		for id := range strings.SplitSeq(value, ",") {
			n.tickets = append(n.tickets, parseID(id))
		}
	case ticket.FieldVia:
		event := ticket.Event{Changes: []ticket.Change{{Field: field, To: value}}}
		n.tickets = append(n.tickets, event.Via())
	case ticket.FieldParent, ticket.FieldMergedInto, ticket.FieldSplitFrom, ticket.FieldSplitInto:
		n.tickets = append(n.tickets, parseID(value))
	case ticket.FieldLink:
		_, _, other := ticket.ParseLink(value)
		n.tickets = append(n.tickets, other)
	}
}

// posted wants what the form of a value speaks of. Who may not look people up is
// told no name for an id that they posted: only what they typed comes back.
func (n *wanted) posted(r reader, field string, in *editing) {
	switch {
	case field == ticket.FieldParent:
		n.numbers = append(n.numbers, in.Value)
	case r.people:
		for _, one := range append([]string{in.Value}, in.All...) {
			n.change(field, one)
		}
	}
}

// resolve asks for everything wanted: at most one query for each kind of name.
func (p *Record) resolve(ctx context.Context, n wanted) (cast, error) {
	var c cast
	var err error
	q := p.d.DB.Reader()
	if some(n.persons) {
		if c.persons, err = p.d.Names.PersonNames(ctx, q, n.persons); err != nil {
			return c, err
		}
	}
	if some(n.groups) {
		if c.groups, err = p.d.Names.GroupNames(ctx, q, n.groups); err != nil {
			return c, err
		}
	}
	if some(n.services) {
		if c.services, err = p.d.Services.Names(ctx, q, n.services); err != nil {
			return c, err
		}
	}
	if some(n.organisations) {
		if c.organisations, err = p.d.Names.OrganisationNames(ctx, q, n.organisations); err != nil {
			return c, err
		}
	}
	if some(n.operations) {
		if c.operations, err = p.d.Tickets.OperationNames(ctx, n.operations); err != nil {
			return c, err
		}
	}
	return c, p.resolveTickets(ctx, n, &c)
}

// resolveTickets finds the tickets that are spoken of by id and by number,
// as far as the reader may see them.
func (p *Record) resolveTickets(ctx context.Context, n wanted, c *cast) error {
	c.tickets, c.numbers = map[int64]ticket.Ticket{}, map[string]ticket.Ticket{}
	keep := func(found []ticket.Ticket) {
		for _, t := range found {
			c.tickets[t.ID], c.numbers[t.Number] = t, t
		}
	}
	if some(n.tickets) {
		found, err := p.d.Tickets.ByIDs(ctx, n.tickets)
		if err != nil {
			return err
		}
		keep(found)
	}
	if len(n.numbers) == 0 {
		return nil
	}
	found, err := p.d.Tickets.Referred(ctx, n.numbers)
	for number, t := range found {
		c.tickets[t.ID], c.numbers[t.Number], c.numbers[number] = t, t, t
	}
	return err
}

func some(ids []int64) bool {
	for _, id := range ids {
		if id != 0 {
			return true
		}
	}
	return false
}

func (c cast) person(id int64) string  { return c.persons[id].Name }
func (c cast) group(id int64) string   { return c.groups[id].Name }
func (c cast) service(id int64) string { return c.services[id] }

// party shows a person; the link to their page is for those who may look people up.
func (c cast) party(id int64, r reader) ui.Party {
	p, known := c.persons[id]
	if !known {
		return ui.Party{}
	}
	out := ui.Party{Name: p.Name}
	if r.people {
		out.URL = view.PersonURL(id)
	}
	return out
}

func (c cast) groupParty(id int64) ui.Party {
	return ui.Party{Name: c.groups[id].Name, Kind: ui.PartyGroup}
}

func (c cast) serviceParty(id int64, r reader) ui.Party {
	out := ui.Party{Name: c.services[id], Kind: ui.PartyService}
	if r.people && out.Name != "" {
		out.URL = view.ServiceURL(id)
	}
	return out
}
