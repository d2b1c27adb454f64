package canned

import (
	"context"
	"strings"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/people"
	"github.com/steward-itsm/steward/internal/core/phrase"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/core/workflow"
	"github.com/steward-itsm/steward/internal/platform/database"
	"github.com/steward-itsm/steward/internal/ui/text"
)

// Facts gives what variables stand for on a ticket that the actor writes on, in
// four queries. How to reach the requester is not among it: see contact.
func (c *Canned) Facts(ctx context.Context, q database.Querier, t *ticket.Ticket) (phrase.InternalFacts, error) {
	var f phrase.InternalFacts
	def, err := c.d.Tickets.Kinds().In(ctx).Get(t.Kind)
	if err != nil {
		return f, err
	}
	actor, now := access.From(ctx), c.d.Clock()
	persons, err := c.d.Names.PersonNames(ctx, q, []int64{t.RequesterID, t.AssigneeID, actor.ID})
	if err != nil {
		return f, err
	}
	groups, err := c.d.Names.GroupNames(ctx, q, []int64{t.GroupID})
	if err != nil {
		return f, err
	}
	services, err := c.d.Services.Names(ctx, q, []int64{t.ServiceID})
	if err != nil {
		return f, err
	}
	organisations, err := c.d.Names.OrganisationNames(ctx, q, []int64{t.OrganisationID})
	f.Facts = phrase.Facts{
		Requester: persons[t.RequesterID].Name, TicketNumber: t.Number, TicketTitle: t.Title,
		TicketKind: text.T(ctx, either(def.RequesterLabel, def.Label)), TicketOpened: text.Date(ctx, t.CreatedAt), TicketState: requesterState(ctx, t, def),
		Agent: either(persons[actor.ID].Name, actor.Name), Service: services[t.ServiceID], Group: groups[t.GroupID].Name,
		Organisation: organisations[t.OrganisationID], Today: text.Date(ctx, now), Tomorrow: text.Date(ctx, now.AddDate(0, 0, 1)),
	}
	f.Assignee, f.Tags = persons[t.AssigneeID].Name, strings.Join(t.Tags, ", ")
	f.Priority = text.T(ctx, workflow.Label(def.Matrix.Priority, t.Priority))
	f.Impact, f.Urgency = text.T(ctx, workflow.Label(def.Matrix.Impact, t.Impact)), text.T(ctx, workflow.Label(def.Matrix.Urgency, t.Urgency))
	f.InternalState = internalState(ctx, t, def)
	return f, err
}

// contact is how to reach who asks, as far as the actor may look them up.
func (c *Canned) contact(ctx context.Context, t *ticket.Ticket) (people.Contact, error) {
	if t.RequesterID == 0 {
		return people.Contact{}, nil
	}
	found, err := c.d.Names.Contacts(ctx, c.d.DB.Reader(), []int64{t.RequesterID})
	return found[t.RequesterID], err
}

func requesterState(ctx context.Context, t *ticket.Ticket, def *workflow.Definition) string {
	s, ok := def.State(t.State)
	if !ok {
		return t.State
	}
	if r, ok := s.Reason(t.WaitReason); ok && r.RequesterLabel != "" {
		return text.T(ctx, r.RequesterLabel)
	}
	return text.T(ctx, either(s.RequesterLabel, s.Label))
}

func internalState(ctx context.Context, t *ticket.Ticket, def *workflow.Definition) string {
	s, ok := def.State(t.State)
	if !ok {
		return t.State
	}
	label := text.T(ctx, s.Label)
	if r, ok := s.Reason(t.WaitReason); ok {
		label += ": " + text.T(ctx, r.Label)
	}
	return label
}

func either(texts ...string) string {
	for _, t := range texts {
		if t != "" {
			return t
		}
	}
	return ""
}

// fill puts a ticket's values into a reply.
func (c *Canned) fill(ctx context.Context, r *Reply, t *ticket.Ticket) (body string, missing []string, err error) {
	f, err := c.Facts(ctx, c.d.DB.Reader(), t)
	if err != nil {
		return "", nil, err
	}
	if r.Purpose == ForNote {
		to, err := c.contact(ctx, t)
		if err != nil {
			return "", nil, err
		}
		f.RequesterEmail, f.RequesterPhone, f.RequesterLocation = to.Email, to.Phone, to.Location
		parsed, err := phrase.ParseInternal(r.Body)
		if err != nil {
			return "", nil, err
		}
		body, missing = parsed.Fill(f)
		return body, missing, nil
	}
	parsed, err := phrase.ParsePublic(r.Body)
	if err != nil {
		return "", nil, err
	}
	body, missing = parsed.Fill(f.Facts)
	return body, missing, nil
}
