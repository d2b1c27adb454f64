package api

import (
	"context"
	"strconv"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/core/workflow"
	"github.com/steward-itsm/steward/internal/platform/web/openapi"
)

// view is how much of a ticket its reader is shown; each includes those before.
type view int

const (
	requesterView view = iota
	workerView
	insiderView
)

func viewOf(ctx context.Context, t *ticket.Ticket) view {
	actor, record := access.From(ctx), t.Record()
	switch {
	case actor.Check(access.ReadNotes, record).Allowed:
		return insiderView
	case actor.Check(access.Edit, record).Allowed:
		return workerView
	}
	return requesterView
}

// audience says whose words a kind's labels are given in.
func (v view) audience(forStaff, forRequesters string) string {
	if v == requesterView && forRequesters != "" {
		return forRequesters
	}
	return forStaff
}

// one shows a single ticket, long texts included.
func (a *API) one(ctx context.Context, t *ticket.Ticket) (Ticket, error) {
	shown, err := a.show(ctx, []ticket.Ticket{*t})
	if err != nil {
		return Ticket{}, err
	}
	return shown[0], nil
}

// show shows tickets with the names of everything they refer to.
func (a *API) show(ctx context.Context, tickets []ticket.Ticket) ([]Ticket, error) {
	var w wanted
	views := make([]view, len(tickets))
	for i := range tickets {
		views[i] = viewOf(ctx, &tickets[i])
		w.ticket(&tickets[i], views[i])
	}
	names, err := a.names(ctx, &w)
	if err != nil {
		return nil, err
	}
	out := make([]Ticket, len(tickets))
	for i := range tickets {
		out[i] = names.show(&tickets[i], a.definition(&tickets[i]), views[i])
	}
	return out, nil
}

// definition gives a ticket's kind; an empty one if it is gone, so that old
// tickets can still be read.
func (a *API) definition(t *ticket.Ticket) *workflow.Definition {
	def, err := a.tickets.Kinds().Get(t.Kind)
	if err != nil {
		return &workflow.Definition{Key: t.Kind, Label: t.Kind}
	}
	return def
}

// show gives each view what it adds to the one before.
func (n *names) show(t *ticket.Ticket, def *workflow.Definition, v view) Ticket {
	out := Ticket{
		ID: t.ID, Number: t.Number, Title: t.Title, Description: t.Description,
		Kind:       Labelled{def.Key, v.audience(def.Label, def.RequesterLabel)},
		State:      stateOf(def, t.State, string(t.Category), v),
		WaitReason: reasonOf(def, t.State, t.WaitReason, v),
		Priority:   level(def.Matrix.Priority, t.Priority),
		Requester:  n.person(t.RequesterID), OpenedBy: n.person(t.OpenedByID),
		Organisation: n.organisation(t.OrganisationID), Service: n.service(t.ServiceID), Parent: n.parents[t.ParentID],
		Channel: t.Channel, Resolution: t.Resolution, Rating: t.Rating,
		CreatedAt: t.CreatedAt, UpdatedAt: t.UpdatedAt, ResolvedAt: t.ResolvedAt, ClosedAt: t.ClosedAt,
		ReopenCount: t.ReopenCount, Version: t.Version,
		Fields: fieldsOf(t, def, v),
	}
	if v >= workerView {
		n.addWork(&out, t, def)
	}
	if v >= insiderView {
		n.addInside(&out, t, def)
	}
	return out
}

func (n *names) addWork(out *Ticket, t *ticket.Ticket, def *workflow.Definition) {
	impact, urgency := level(def.Matrix.Impact, t.Impact), level(def.Matrix.Urgency, t.Urgency)
	out.Impact, out.Urgency = &impact, &urgency
	out.Group, out.Assignee = n.group(t.GroupID), n.person(t.AssigneeID)
	if t.ResolutionCode != "" {
		out.ResolutionCode = &Labelled{t.ResolutionCode, t.ResolutionCode}
		if c, ok := def.Code(t.ResolutionCode); ok {
			out.ResolutionCode.Label = c.Label
		}
	}
	out.Tags = t.Tags
	out.AssignedAt, out.FirstResponseAt, out.UnansweredSince = t.AssignedAt, t.FirstResponseAt, t.UnansweredSince
	out.ReassignCount = t.ReassignCount
}

func (n *names) addInside(out *Ticket, t *ticket.Ticket, def *workflow.Definition) {
	out.PriorityReason, out.PriorityExplained = t.PriorityReason, t.ExplainPriority(def).String()
	out.Source, out.SourceRef = t.Source, t.SourceRef
	for _, id := range t.Watchers {
		out.Watchers = append(out.Watchers, *n.person(id))
	}
}

// fieldsOf gives the custom fields a view may see. A requester who is not shown
// a field does not learn that it has a value.
func fieldsOf(t *ticket.Ticket, def *workflow.Definition, v view) map[string]FieldValue {
	out := map[string]FieldValue{}
	for key, value := range t.Fields {
		f, known := def.Field(key)
		if v == requesterView && (!known || !f.RequesterVisible) {
			continue
		}
		out[key] = FieldValue{Text: value, Type: f.Type}
	}
	return out
}

func stateOf(def *workflow.Definition, key, category string, v view) State {
	out := State{Labelled: Labelled{key, key}, Category: category}
	if s, ok := def.State(key); ok {
		out.Label = v.audience(s.Label, s.RequesterLabel)
		out.Category = string(s.Category)
	}
	if out.Category == "" {
		out.Category = string(workflow.Open) // as ticket.Apply counts states of older definitions
	}
	return out
}

func reasonOf(def *workflow.Definition, state, key string, v view) *Labelled {
	if key == "" {
		return nil
	}
	out := &Labelled{key, key}
	if s, ok := def.State(state); ok {
		if r, ok := s.Reason(key); ok {
			out.Label = v.audience(r.Label, r.RequesterLabel)
		}
	}
	return out
}

func level(levels []workflow.Level, value int) Level {
	return Level{value, workflow.Label(levels, value)}
}

// summary shows one of several other tickets.
func (a *API) summary(ctx context.Context, t *ticket.Ticket) TicketSummary {
	def, v := a.definition(t), viewOf(ctx, t)
	return TicketSummary{
		TicketName: TicketName{t.ID, t.Number, t.Title},
		Kind:       Labelled{def.Key, v.audience(def.Label, def.RequesterLabel)},
		State:      stateOf(def, t.State, string(t.Category), v),
	}
}

// entries shows what an insider sees of a timeline.
func (n *names) entries(events []ticket.Event, def *workflow.Definition) []Entry {
	out := make([]Entry, 0, len(events))
	for i := range events {
		e := &events[i]
		entry := Entry{
			Seq: e.Seq, At: e.At, RecordedAt: e.RecordedAt, Actor: n.actor(e.Actor), Type: string(e.Type),
			Internal: e.Internal, Message: e.Body, Attachments: files(e.Attachments),
		}
		if c, ok := e.Change(ticket.FieldState); ok {
			entry.moved(def, c.To, reasonIn(e), insiderView)
		}
		if c, ok := e.Change(ticket.FieldRating); ok {
			entry.Rating, _ = strconv.Atoi(c.To) // nothing when it was withdrawn
		}
		for _, c := range e.Changes {
			entry.Changes = append(entry.Changes, Change{
				Field: c.Field, From: c.From, To: c.To, FromName: n.value(c.Field, c.From), ToName: n.value(c.Field, c.To),
			})
		}
		out = append(out, entry)
	}
	return out
}

func reasonIn(e *ticket.Event) string {
	c, _ := e.Change(ticket.FieldWaitReason)
	return c.To
}

// publicEntries shows what anybody else sees of a timeline.
func (n *names) publicEntries(events []ticket.PublicEvent, def *workflow.Definition, v view) []Entry {
	out := make([]Entry, 0, len(events))
	for _, e := range events {
		entry := Entry{
			Seq: e.Seq, At: e.At, Actor: n.actor(e.Actor), Type: string(e.Type), Message: e.Message,
			Rating: e.Rating, Attachments: files(e.Attachments),
		}
		if e.State != "" {
			entry.moved(def, e.State, e.WaitReason, v)
		}
		out = append(out, entry)
	}
	return out
}

func (e *Entry) moved(def *workflow.Definition, state, reason string, v view) {
	s := stateOf(def, state, "", v)
	e.State, e.WaitReason = &s, reasonOf(def, state, reason, v)
}

func files(attachments []ticket.Attachment) []File {
	out := make([]File, 0, len(attachments))
	for i := range attachments {
		out = append(out, file(&attachments[i]))
	}
	return out
}

func file(a *ticket.Attachment) File {
	return File{
		ID: a.ID, Name: a.Name, MediaType: a.MediaType, Size: a.Size, SHA256: a.SHA256, Internal: a.Internal,
		CreatedAt: a.CreatedAt, Content: openapi.Prefix + "/attachments/" + strconv.FormatInt(a.ID, 10) + "/content",
	}
}
