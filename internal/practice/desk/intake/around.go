package intake

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"unicode/utf8"

	"github.com/a-h/templ"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/filter"
	"github.com/steward-itsm/steward/internal/core/people"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/core/workflow"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/markdown"
	"github.com/steward-itsm/steward/internal/platform/web"
	"github.com/steward-itsm/steward/internal/practice/desk/intake/view"
	"github.com/steward-itsm/steward/internal/ui"
	"github.com/steward-itsm/steward/internal/ui/text"
)

// What follows from what is being typed: who is calling, what may be the same,
// the priority, the group.

const (
	maxOwn     = 5
	maxSimilar = 5
	minTitle   = 3 // characters from which similar tickets are looked for
)

// part reads what a part of the form is asked for with.
func (i *Intake) part(r *http.Request) (asked, *workflow.Definition, error) {
	var a asked
	if err := web.Form(r, &a, nil); err != nil {
		return a, nil, err
	}
	def, err := i.kind(r.Context(), cmp.Or(a.Was, a.Kind))
	return a, def, err
}

func (i *Intake) showAround(w http.ResponseWriter, r *http.Request) error {
	a, _, err := i.part(r)
	if err != nil {
		return err
	}
	caller, err := i.callerOf(r.Context(), &a)
	if err != nil {
		return err
	}
	m, err := i.around(r.Context(), &a, caller)
	if err != nil {
		return err
	}
	return web.Render(w, r, http.StatusOK, m.View())
}

// around shows the caller with their open tickets, and others that may be about
// the same: only what the actor may see.
func (i *Intake) around(ctx context.Context, a *asked, caller *people.Person) (view.Around, error) {
	actor := access.From(ctx)
	m := view.Around{As: a.As, Notes: actor.Can(access.Note, access.AnyKind), Replies: actor.Can(access.Comment, access.AnyKind)}
	if !m.Notes {
		m.As = view.AsReply
	}
	m.As = cmp.Or(m.As, view.AsNote)
	var own, similar []ticket.Ticket
	var err error
	if caller != nil {
		if own, err = i.openTicketsOf(ctx, caller.ID); err != nil {
			return m, err
		}
	}
	if utf8.RuneCountInString(a.Title) >= minTitle {
		if similar, err = i.d.Tickets.Similar(ctx, a.Title, maxSimilar+len(own)); err != nil {
			return m, err
		}
	}
	if m.OwnMore = len(own) > maxOwn; m.OwnMore {
		own = own[:maxOwn]
	}
	similar = slices.DeleteFunc(similar, func(t ticket.Ticket) bool {
		return slices.ContainsFunc(own, func(o ticket.Ticket) bool { return o.ID == t.ID })
	})
	similar = similar[:min(len(similar), maxSimilar)]
	cast, err := i.castOf(ctx, slices.Concat(own, similar), caller)
	if err != nil {
		return m, err
	}
	if caller != nil {
		m.Caller = &view.Caller{
			Name: caller.Name, URL: "/people/" + formatID(caller.ID), Organisation: cast.organisations[caller.OrganisationID],
			JobTitle: caller.JobTitle, Location: caller.Location, Email: caller.Email, Phone: caller.Phone, VIP: caller.VIP,
		}
	}
	m.Own, m.Similar = i.items(ctx, cast, own, false), i.items(ctx, cast, similar, true)
	return m, nil
}

// openTicketsOf gives those a person is waiting for, one more than are shown.
func (i *Intake) openTicketsOf(ctx context.Context, person int64) ([]ticket.Ticket, error) {
	open, err := i.d.Tickets.Condition(ctx, "state:open", nil)
	if err != nil {
		return nil, err
	}
	schema, err := i.d.Tickets.Schema(ctx)
	if err != nil {
		return nil, err
	}
	page, err := i.d.Tickets.List(ctx, ticket.Query{
		Condition: filter.And(open, filter.Eq(schema.MustField("requester"), filter.Int(person))), Limit: maxOwn + 1,
	})
	return page.Tickets, err
}

// cast is everybody who appears beside the form.
type cast struct {
	persons       map[int64]people.PersonName
	groups        map[int64]people.GroupName
	organisations map[int64]string
}

// castOf reads the names on some tickets, which whoever sees the tickets sees.
func (i *Intake) castOf(ctx context.Context, tickets []ticket.Ticket, caller *people.Person) (cast, error) {
	var persons, groups, organisations []int64
	for n := range tickets {
		persons = append(persons, nonZero(tickets[n].RequesterID, tickets[n].AssigneeID)...)
		groups = append(groups, nonZero(tickets[n].GroupID)...)
	}
	if caller != nil {
		organisations = nonZero(caller.OrganisationID)
	}
	var c cast
	var err error
	if c.persons, err = i.d.People.PersonNames(ctx, i.d.DB.Reader(), persons); err != nil {
		return c, err
	}
	if c.groups, err = i.d.People.GroupNames(ctx, i.d.DB.Reader(), groups); err != nil {
		return c, err
	}
	c.organisations, err = i.d.People.OrganisationNames(ctx, i.d.DB.Reader(), organisations)
	return c, err
}

// items are tickets as they stand beside the form; those of others say whose they are.
func (i *Intake) items(ctx context.Context, c cast, tickets []ticket.Ticket, others bool) []view.Item {
	actor := access.From(ctx)
	out := make([]view.Item, 0, len(tickets))
	for n := range tickets {
		t := &tickets[n]
		item := view.Item{
			Number: t.Number, Title: t.Title, At: t.UpdatedAt,
			Adds: actor.Check(access.Note, t.Record()).Allowed || actor.Check(access.Comment, t.Record()).Allowed,
		}
		holder := cmp.Or(c.persons[t.AssigneeID].Name, c.groups[t.GroupID].Name)
		asker := c.persons[t.RequesterID].Name
		switch {
		case others && holder != "" && asker != "":
			item.Note = text.T(ctx, "%s asked, %s has it", asker, holder)
		case others && asker != "":
			item.Note = text.T(ctx, "%s asked", asker)
		case holder != "":
			item.Note = text.T(ctx, "%s has it", holder)
		}
		if def, err := i.d.Tickets.Kinds().In(ctx).Get(t.Kind); err == nil {
			state, _ := def.State(t.State)
			label := text.T(ctx, state.Label)
			if reason, waits := state.Reason(t.WaitReason); waits {
				label += " · " + text.T(ctx, reason.Label)
			}
			item.State = ui.StateBadge{Label: label, Category: ui.Category(state.Category)}
		}
		out = append(out, item)
	}
	return out
}

func (i *Intake) showPriority(w http.ResponseWriter, r *http.Request) error {
	a, def, err := i.part(r)
	if err != nil {
		return err
	}
	return web.Render(w, r, http.StatusOK, priority(r.Context(), def, &a).View())
}

// priority says what the kind's matrix makes of impact and urgency. What is not
// chosen, or not a level of this kind, becomes the kind's default.
func priority(ctx context.Context, def *workflow.Definition, a *asked) view.Priority {
	level, known := def.Matrix.Lookup(a.Impact, a.Urgency)
	if !known {
		if !isLevel(def.Matrix.Impact, a.Impact) {
			a.Impact = def.DefaultImpact
		}
		if !isLevel(def.Matrix.Urgency, a.Urgency) {
			a.Urgency = def.DefaultUrgency
		}
		level, _ = def.Matrix.Lookup(a.Impact, a.Urgency)
	}
	label := text.T(ctx, workflow.Label(def.Matrix.Priority, level))
	return view.Priority{Level: level, Label: label, Why: text.T(ctx, "Follows from impact “%s” and urgency “%s”.",
		text.T(ctx, workflow.Label(def.Matrix.Impact, a.Impact)), text.T(ctx, workflow.Label(def.Matrix.Urgency, a.Urgency)))}
}

func isLevel(all []workflow.Level, value int) bool {
	return slices.ContainsFunc(all, func(l workflow.Level) bool { return l.Value == value })
}

func (i *Intake) showRouting(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	a, def, err := i.part(r)
	if err != nil {
		return err
	}
	if err := i.route(ctx, &a); err != nil {
		return err
	}
	service, err := i.serviceOf(ctx, &a)
	if err != nil {
		return err
	}
	assignee := view.Pick{Text: a.AssigneeText}
	known, err := i.d.People.SuggestKnown(ctx, nonZero(a.Assignee))
	if err != nil {
		return err
	}
	for _, p := range known {
		assignee.Chosen = []ui.Choice{{Value: formatID(p.ID), Label: p.Name}}
	}
	m, err := i.routing(ctx, def, &a, service, assignee)
	if err != nil {
		return err
	}
	return web.Render(w, r, http.StatusOK, m.View())
}

// routing shows who will work on the ticket, and why.
func (i *Intake) routing(ctx context.Context, def *workflow.Definition, a *asked, service, assignee view.Pick) (view.Routing, error) {
	m := view.Routing{
		Assigns: access.From(ctx).Can(access.Assign, def.Key), Routed: formatID(a.Routed),
		Group: view.Pick{Text: a.GroupText}, Assignee: assignee,
	}
	var about string
	if len(service.Chosen) > 0 {
		about = service.Chosen[0].Label
	}
	group, name := a.Group, ""
	if !m.Assigns {
		group = a.Routed
	}
	if group != 0 {
		g, err := i.d.People.Group(ctx, group)
		if err != nil && !apperr.Is(err, apperr.NotFound) {
			return m, err
		}
		name = g.Name
	}
	if name != "" {
		m.Group.Chosen = []ui.Choice{{Value: formatID(group), Label: name, Kind: ui.PartyGroup}}
	}
	switch {
	case about == "" || a.Routed == 0:
	case m.Assigns && a.Group == a.Routed:
		m.Why = text.T(ctx, "Suggested, because this group supports %s.", about)
	case m.Assigns:
		m.Why = text.T(ctx, "Another group supports %s.", about)
	case name != "":
		m.Why = text.T(ctx, "%s supports %s and will take this.", name, about)
	default:
		m.Why = text.T(ctx, "The group that supports %s will take this.", about)
	}
	return m, nil
}

// preview shows the description as it will be read.
func (i *Intake) preview(w http.ResponseWriter, r *http.Request) error {
	var a asked
	if err := i.receive(r, &a); err != nil {
		return err
	}
	if a.Body == "" {
		return web.Render(w, r, http.StatusOK, ui.Nothing())
	}
	return web.Render(w, r, http.StatusOK, templ.Raw(markdown.HTML(a.Body, markdown.Context{})))
}
