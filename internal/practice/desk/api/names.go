package api

import (
	"context"
	"strconv"
	"strings"

	"github.com/steward-itsm/steward/internal/core/people"
	"github.com/steward-itsm/steward/internal/core/ticket"
)

// wanted collects the ids whose names an answer shows.
type wanted struct {
	persons, groups, organisations, services, parents []int64
}

// ticket wants the names of what a view shows, and of nothing else: a name that
// is not fetched cannot slip out.
func (w *wanted) ticket(t *ticket.Ticket, v view) {
	w.persons = append(w.persons, t.RequesterID, t.OpenedByID)
	w.organisations = append(w.organisations, t.OrganisationID)
	w.services = append(w.services, t.ServiceID)
	if t.ParentID != 0 {
		w.parents = append(w.parents, t.ParentID)
	}
	if v >= workerView {
		w.persons = append(w.persons, t.AssigneeID)
		w.groups = append(w.groups, t.GroupID)
	}
	if v >= insiderView {
		w.persons = append(w.persons, t.Watchers...)
	}
}

// events wants the names in a timeline.
func (w *wanted) events(events []ticket.Event) {
	for i := range events {
		w.persons = append(w.persons, events[i].Actor.ID)
		for _, c := range events[i].Changes {
			w.value(c.Field, c.From)
			w.value(c.Field, c.To)
		}
	}
}

func (w *wanted) publicEvents(events []ticket.PublicEvent) {
	for _, e := range events {
		w.persons = append(w.persons, e.Actor.ID)
	}
}

func (w *wanted) value(field, value string) {
	if value == "" {
		return
	}
	var list *[]int64
	switch field {
	case ticket.FieldRequester, ticket.FieldOpenedBy, ticket.FieldAssignee, ticket.FieldWatchers:
		list = &w.persons
	case ticket.FieldGroup:
		list = &w.groups
	case ticket.FieldOrganisation:
		list = &w.organisations
	case ticket.FieldService:
		list = &w.services
	default:
		return
	}
	for part := range strings.SplitSeq(value, ",") {
		if id, err := strconv.ParseInt(part, 10, 64); err == nil {
			*list = append(*list, id)
		}
	}
}

// names are the answers.
type names struct {
	persons       map[int64]people.PersonName
	groups        map[int64]people.GroupName
	organisations map[int64]string
	services      map[int64]string
	parents       map[int64]*TicketName // those that may be seen
}

// names asks once per kind of name, however many tickets there are.
func (a *API) names(ctx context.Context, w *wanted) (*names, error) {
	n := &names{parents: map[int64]*TicketName{}}
	q := a.db.Reader()
	var err error
	if hasID(w.persons) {
		if n.persons, err = a.people.PersonNames(ctx, q, w.persons); err != nil {
			return nil, err
		}
	}
	if hasID(w.groups) {
		if n.groups, err = a.people.GroupNames(ctx, q, w.groups); err != nil {
			return nil, err
		}
	}
	if hasID(w.organisations) {
		if n.organisations, err = a.people.OrganisationNames(ctx, q, w.organisations); err != nil {
			return nil, err
		}
	}
	if hasID(w.services) {
		if n.services, err = a.services.Names(ctx, q, w.services); err != nil {
			return nil, err
		}
	}
	if len(w.parents) > 0 {
		parents, err := a.tickets.ByIDs(ctx, w.parents)
		if err != nil {
			return nil, err
		}
		for _, p := range parents {
			n.parents[p.ID] = &TicketName{p.ID, p.Number, p.Title}
		}
	}
	return n, nil
}

func hasID(ids []int64) bool {
	for _, id := range ids {
		if id != 0 {
			return true
		}
	}
	return false
}

func (n *names) person(id int64) *Named {
	if id == 0 {
		return nil
	}
	return &Named{id, n.persons[id].Name}
}

func (n *names) group(id int64) *Named {
	if id == 0 {
		return nil
	}
	return &Named{id, n.groups[id].Name}
}

func (n *names) organisation(id int64) *Named {
	if id == 0 {
		return nil
	}
	return &Named{id, n.organisations[id]}
}

func (n *names) service(id int64) *Named {
	if id == 0 {
		return nil
	}
	return &Named{id, n.services[id]}
}

func (n *names) actor(a ticket.ActorRef) Actor {
	out := Actor{Type: string(a.Type), ID: a.ID}
	if a.ID != 0 {
		out.Name = n.persons[a.ID].Name
	}
	return out
}

// value names what a change's value refers to; "" for plain values.
func (n *names) value(field, value string) string {
	if value == "" {
		return ""
	}
	var name func(id int64) string
	switch field {
	case ticket.FieldRequester, ticket.FieldOpenedBy, ticket.FieldAssignee, ticket.FieldWatchers:
		name = func(id int64) string { return n.persons[id].Name }
	case ticket.FieldGroup:
		name = func(id int64) string { return n.groups[id].Name }
	case ticket.FieldOrganisation:
		name = func(id int64) string { return n.organisations[id] }
	case ticket.FieldService:
		name = func(id int64) string { return n.services[id] }
	default:
		return ""
	}
	var found []string
	for part := range strings.SplitSeq(value, ",") {
		id, _ := strconv.ParseInt(part, 10, 64) // what is no id has no name
		if text := name(id); text != "" {
			found = append(found, text)
		}
	}
	return strings.Join(found, ", ")
}
