package queue

import (
	"context"
	"slices"
	"strings"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/people"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/core/workflow"
	"github.com/steward-itsm/steward/internal/practice/desk/queue/view"
	"github.com/steward-itsm/steward/internal/ui/text"
)

// names are the names behind the ids of one page.
type names struct {
	persons       map[int64]people.PersonName
	groups        map[int64]people.GroupName
	organisations map[int64]string
	services      map[int64]string
	plugged       map[string]map[int64]string // texts of practices' columns, by column and ticket
	marks         map[int64][]string          // of practices, by ticket
}

// wanted collects ids while a page is put together, so that it asks for each
// sort of name once.
type wanted struct {
	persons, groups, organisations, services []int64

	plugged map[string][]int64 // tickets, by the practice's column that shows them
	tickets []int64
}

// of notes the ids that a list of the columns shows.
func (w *wanted) of(tickets []ticket.Ticket, shown []view.Column) {
	shows := func(key string) bool {
		return slices.ContainsFunc(shown, func(c view.Column) bool { return c.Key == key })
	}
	requester, assignee := shows(view.ColumnRequester), shows(view.ColumnAssignee)
	group := shows(view.ColumnGroup) || assignee // who has a ticket that is nobody's
	organisation, about := shows(view.ColumnOrganisation), shows(view.ColumnService)
	for _, c := range shown {
		if c.Plugged {
			w.plug(c.Key, tickets)
		}
	}
	for i := range tickets {
		t := &tickets[i]
		w.tickets = append(w.tickets, t.ID)
		if requester {
			w.persons = append(w.persons, t.RequesterID)
		}
		if assignee {
			w.persons = append(w.persons, t.AssigneeID)
		}
		if group {
			w.groups = append(w.groups, t.GroupID)
		}
		if organisation {
			w.organisations = append(w.organisations, t.OrganisationID)
		}
		if about {
			w.services = append(w.services, t.ServiceID)
		}
	}
}

func (w *wanted) plug(column string, tickets []ticket.Ticket) {
	if w.plugged == nil {
		w.plugged = map[string][]int64{}
	}
	for i := range tickets {
		w.plugged[column] = append(w.plugged[column], tickets[i].ID)
	}
}

// names asks for everything wanted: at most one query for each sort.
func (q *Queue) names(ctx context.Context, w wanted) (names, error) {
	var n names
	var err error
	reader := q.d.DB.Reader()
	if n.persons, err = q.d.Names.PersonNames(ctx, reader, w.persons); err != nil {
		return n, err
	}
	if n.groups, err = q.d.Names.GroupNames(ctx, reader, w.groups); err != nil {
		return n, err
	}
	if n.organisations, err = q.d.Names.OrganisationNames(ctx, reader, w.organisations); err != nil {
		return n, err
	}
	if n.services, err = q.d.Services.Names(ctx, reader, w.services); err != nil {
		return n, err
	}
	if len(w.tickets) > 0 {
		if n.marks, err = q.d.Marks(ctx, w.tickets); err != nil {
			return n, err
		}
	}
	for _, c := range q.d.Plugged() {
		if len(w.plugged[c.Key]) == 0 {
			continue
		}
		if n.plugged == nil {
			n.plugged = map[string]map[int64]string{}
		}
		if n.plugged[c.Key], err = c.Cells(ctx, w.plugged[c.Key]); err != nil {
			return n, err
		}
	}
	return n, nil
}

// ticketURL is where a ticket's page is for the actor.
func (q *Queue) ticketURL(ctx context.Context, number string) string {
	return q.d.Links.Ticket(access.From(ctx), number)
}

// rows makes what a list shows of tickets.
func (q *Queue) rows(ctx context.Context, tickets []ticket.Ticket, n names) []view.Ticket {
	out := make([]view.Ticket, 0, len(tickets))
	for i := range tickets {
		out = append(out, q.row(ctx, &tickets[i], n))
	}
	return out
}

// row is a ticket with what the actor may do with it.
func (q *Queue) row(ctx context.Context, t *ticket.Ticket, n names) view.Ticket {
	v := q.facts(ctx, t, n)
	actor, record := access.From(ctx), t.Record()
	v.MayAssign = actor.Check(access.Assign, record).Allowed
	v.MayEdit = actor.Check(access.Edit, record).Allowed
	v.MayMove = actor.Check(access.Transition, record).Allowed
	v.MayReply = actor.Check(access.Comment, record).Allowed
	v.Mine = actor.IsPerson() && t.AssigneeID == actor.ID
	return v
}

// facts is what a list or an export says of a ticket.
func (q *Queue) facts(ctx context.Context, t *ticket.Ticket, n names) view.Ticket {
	v := view.Ticket{
		ID: t.ID, Version: t.Version, Number: t.Number, URL: q.ticketURL(ctx, t.Number), Title: t.Title, Tags: t.Tags,
		StateLabel: t.State, Category: string(t.Category), Priority: t.Priority, KindLabel: t.Kind,
		Requester: n.persons[t.RequesterID].Name, VIP: n.persons[t.RequesterID].VIP,
		Assignee: n.persons[t.AssigneeID].Name, Group: n.groups[t.GroupID].Name,
		Service: n.services[t.ServiceID], Organisation: n.organisations[t.OrganisationID],
		CreatedAt: t.CreatedAt, UpdatedAt: t.UpdatedAt, ResolvedAt: t.ResolvedAt, UnansweredSince: t.UnansweredSince,
		Fields: map[string]string{}, Done: !t.Category.Active(), Marks: n.marks[t.ID],
	}
	for key, value := range t.Fields {
		v.Fields[ticket.CustomPrefix+key] = value
	}
	for column, texts := range n.plugged {
		v.Fields[column] = texts[t.ID]
	}
	if t.ServiceID != 0 {
		v.ServiceURL = q.d.Links.Service(t.ServiceID)
	}
	if def, err := q.d.Tickets.Kinds().In(ctx).Get(t.Kind); err == nil {
		describe(ctx, &v, t, def)
	}
	return v
}

// describe adds the words of the kind's definition.
func describe(ctx context.Context, v *view.Ticket, t *ticket.Ticket, def *workflow.Definition) {
	v.KindLabel, v.KindIcon = def.Label, def.Icon
	v.StateLabel, v.WaitLabel = stateLabels(t, def)
	v.PriorityLabel = workflow.Label(def.Matrix.Priority, t.Priority)
	v.PriorityWhy = t.ExplainPriority(def).In(ctx)
	for _, f := range def.Fields {
		key := ticket.CustomPrefix + f.Key
		if f.Type == workflow.Bool && v.Fields[key] != "" {
			v.Fields[key] = yesOrNo(ctx, v.Fields[key] == "true")
		}
	}
}

func yesOrNo(ctx context.Context, yes bool) string {
	if yes {
		return text.T(ctx, "Yes")
	}
	return text.T(ctx, "No")
}

// stateLabels gives the agents' words for where a ticket stands and what it waits for.
func stateLabels(t *ticket.Ticket, def *workflow.Definition) (state, reason string) {
	s, ok := def.State(t.State)
	if !ok {
		return t.State, t.WaitReason
	}
	if r, ok := s.Reason(t.WaitReason); ok {
		reason = r.Label
	}
	return s.Label, reason
}

// requesterState is the same in the words of those who asked.
func requesterState(t *ticket.Ticket, def *workflow.Definition) string {
	s, ok := def.State(t.State)
	if !ok {
		return ""
	}
	if r, ok := s.Reason(t.WaitReason); ok && r.RequesterLabel != "" {
		return r.RequesterLabel
	}
	return strings.TrimSpace(s.RequesterLabel)
}
