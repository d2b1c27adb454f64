package document

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/people"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/core/workflow"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/paper"
	"github.com/steward-itsm/steward/internal/ui/text"
)

// maxEntries is how much of a timeline a document holds, from its end.
const maxEntries = 1000

// cast is everybody and everything that a document names.
type cast struct {
	persons       map[int64]people.PersonName
	groups        map[int64]people.GroupName
	organisations map[int64]string
	services      map[int64]string
}

func (d Deps) cast(ctx context.Context, t *ticket.Ticket, persons, groups, services []int64) (cast, error) {
	var c cast
	var err error
	reader := d.DB.Reader()
	if c.persons, err = d.Names.PersonNames(ctx, reader, append(persons, t.RequesterID, t.AssigneeID, t.OpenedByID)); err != nil {
		return c, err
	}
	if c.groups, err = d.Names.GroupNames(ctx, reader, append(groups, t.GroupID)); err != nil {
		return c, err
	}
	if c.organisations, err = d.Names.OrganisationNames(ctx, reader, []int64{t.OrganisationID}); err != nil {
		return c, err
	}
	c.services, err = d.Services.Names(ctx, reader, append(services, t.ServiceID))
	return c, err
}

// PublicOf gives the version of a ticket that may be given away. NotFound unless
// the actor may see the ticket.
func (d Deps) PublicOf(ctx context.Context, ref ticket.Ref) (Public, error) {
	t, err := d.Tickets.Get(ctx, ref)
	if err != nil {
		return Public{}, err
	}
	k, err := d.kindsOf(ctx, &t)
	if err != nil {
		return Public{}, err
	}
	events, err := d.Tickets.PublicTimeline(ctx, &t, 0, maxEntries)
	if err != nil {
		return Public{}, err
	}
	var writers []int64
	for _, e := range events {
		writers = append(writers, e.Actor.ID)
	}
	c, err := d.cast(ctx, &t, writers, nil, nil)
	if err != nil {
		return Public{}, err
	}
	out := Public{Number: t.Number, Title: t.Title, Description: t.Description, Facts: publicFacts(ctx, c, &t, k.now)}
	out.Earlier = len(events) > 0 && events[0].Seq > 1
	for _, e := range events {
		out.Files = append(out.Files, e.Attachments...)
		entry := PublicEntry{Who: c.publicAuthor(ctx, e.Actor), At: e.At, Text: e.Message, Files: e.Attachments}
		if e.Type == ticket.Created {
			entry.Text = "" // it stands above
		}
		if e.State != "" {
			entry.Step = requesterWords(k.at(e.Seq), e.State, e.WaitReason)
		}
		if e.Type == ticket.Rated {
			entry.Step = text.T(ctx, "rated how it went")
		}
		out.Entries = append(out.Entries, entry)
	}
	return out, nil
}

// publicFacts are what a requester may know.
func publicFacts(ctx context.Context, c cast, t *ticket.Ticket, def *workflow.Definition) []paper.Fact {
	facts := []paper.Fact{
		{Label: text.T(ctx, "State"), Value: requesterWords(def, t.State, t.WaitReason)},
		{Label: text.T(ctx, "Asked for by"), Value: c.publicName(ctx, t.RequesterID)},
		{Label: text.T(ctx, "About"), Value: c.services[t.ServiceID]},
		{Label: text.T(ctx, "Asked on"), Value: instant(ctx, t.CreatedAt)},
		{Label: text.T(ctx, "Done on"), Value: instant(ctx, t.ClosedOrResolvedAt())},
	}
	for _, f := range def.Fields {
		if f.RequesterVisible {
			facts = append(facts, paper.Fact{Label: f.Label, Value: fieldWords(ctx, f, t.Fields[f.Key])})
		}
	}
	return facts
}

// publicAuthor names somebody as the portal does: by name, or by what they are.
func (c cast) publicAuthor(ctx context.Context, a ticket.ActorRef) string {
	switch a.Type {
	case access.TypeSupplier:
		return text.T(ctx, "Our supplier")
	case access.TypePerson:
		return cmp.Or(c.publicName(ctx, a.ID), text.T(ctx, "Somebody"))
	case access.TypeRule, access.TypeImporter, access.TypeSystem:
	}
	return text.T(ctx, "Automatically")
}

// publicName is a first name, unless it is the reader's own: who may look people
// up does so elsewhere, and a document travels.
func (c cast) publicName(ctx context.Context, id int64) string {
	name := c.persons[id].Name
	if id == access.From(ctx).ID {
		return name
	}
	for _, word := range strings.Fields(name) {
		if !strings.HasSuffix(word, ".") { // a title
			return word
		}
	}
	return name
}

// requesterWords says a state as those who asked understand it.
func requesterWords(def *workflow.Definition, state, reason string) string {
	s, _ := def.State(state)
	if r, ok := s.Reason(reason); ok && r.RequesterLabel != "" {
		return r.RequesterLabel
	}
	return cmp.Or(s.RequesterLabel, s.Label)
}

// InternalOf gives the version for those who read notes. Errors: NotFound, or
// Forbidden when the actor sees the ticket but not its notes.
func (d Deps) InternalOf(ctx context.Context, ref ticket.Ref) (Internal, error) {
	t, err := d.Tickets.Get(ctx, ref)
	if err != nil {
		return Internal{}, err
	}
	if !d.Tickets.ReadsNotes(ctx, &t) {
		return Internal{}, apperr.New(apperr.Forbidden, "The internal version is for those who read internal notes. Ask for the public one.")
	}
	k, err := d.kindsOf(ctx, &t)
	if err != nil {
		return Internal{}, err
	}
	events, err := d.Tickets.Timeline(ctx, &t, 0, maxEntries)
	if err != nil {
		return Internal{}, err
	}
	persons, groups, services := idsIn(events)
	c, err := d.cast(ctx, &t, persons, groups, services)
	if err != nil {
		return Internal{}, err
	}
	out := Internal{Number: t.Number, Title: t.Title, Description: t.Description, Facts: internalFacts(ctx, c, &t, k.now)}
	out.Earlier = len(events) > 0 && events[0].Seq > 1
	for i := range events {
		e := &events[i]
		out.Files = append(out.Files, e.Attachments...)
		entry := InternalEntry{Who: c.author(ctx, e.Actor), At: e.At, Note: e.Internal && e.Body != "", Text: e.Body, Files: e.Attachments}
		if e.Type == ticket.Created {
			entry.Text = ""
			entry.Changes = []string{text.T(ctx, "Opened")}
		} else {
			entry.Changes = c.changes(ctx, e, k.at(e.Seq-1), k.at(e.Seq))
		}
		if change, ok := e.Change(ticket.FieldResolution); ok && entry.Text == "" {
			entry.Text = change.To
		}
		if entry.Text != "" || len(entry.Changes) > 0 || len(entry.Files) > 0 {
			out.Entries = append(out.Entries, entry)
		}
	}
	return out, nil
}

func (c cast) author(ctx context.Context, a ticket.ActorRef) string {
	if a.ID != 0 {
		return cmp.Or(c.persons[a.ID].Name, text.T(ctx, "Somebody"))
	}
	return text.T(ctx, "Automatically")
}

func internalFacts(ctx context.Context, c cast, t *ticket.Ticket, def *workflow.Definition) []paper.Fact {
	s, _ := def.State(t.State)
	state := s.Label
	if r, ok := s.Reason(t.WaitReason); ok {
		state += " (" + r.Label + ")"
	}
	facts := []paper.Fact{
		{Label: text.T(ctx, "Kind"), Value: def.Label},
		{Label: text.T(ctx, "State"), Value: state},
		{Label: text.T(ctx, "Priority"), Value: workflow.Label(def.Matrix.Priority, t.Priority)},
		{Label: text.T(ctx, "Requester"), Value: c.persons[t.RequesterID].Name},
		{Label: text.T(ctx, "Organisation"), Value: c.organisations[t.OrganisationID]},
		{Label: text.T(ctx, "Service"), Value: c.services[t.ServiceID]},
		{Label: text.T(ctx, "Group"), Value: c.groups[t.GroupID].Name},
		{Label: text.T(ctx, "Assignee"), Value: c.persons[t.AssigneeID].Name},
		{Label: text.T(ctx, "Tags"), Value: strings.Join(t.Tags, ", ")},
		{Label: text.T(ctx, "Created"), Value: instant(ctx, t.CreatedAt)},
		{Label: text.T(ctx, "Resolved"), Value: instant(ctx, t.ResolvedAt)},
		{Label: text.T(ctx, "Closed"), Value: instant(ctx, t.ClosedAt)},
	}
	for _, f := range def.Fields {
		facts = append(facts, paper.Fact{Label: f.Label, Value: fieldWords(ctx, f, t.Fields[f.Key])})
	}
	return facts
}

func fieldWords(ctx context.Context, f workflow.Field, value string) string {
	if f.Type != workflow.Bool || value == "" {
		return value
	}
	if value == "true" {
		return text.T(ctx, "Yes")
	}
	return text.T(ctx, "No")
}

func instant(ctx context.Context, at time.Time) string {
	if at.IsZero() {
		return ""
	}
	return text.DateTime(ctx, at)
}

// idsIn gathers whom and what events name.
func idsIn(events []ticket.Event) (persons, groups, services []int64) {
	for i := range events {
		persons = append(persons, events[i].Actor.ID)
		for _, c := range events[i].Changes {
			for _, value := range []string{c.From, c.To} {
				id, err := strconv.ParseInt(value, 10, 64)
				if err != nil {
					continue
				}
				switch c.Field {
				case ticket.FieldAssignee, ticket.FieldRequester:
					persons = append(persons, id)
				case ticket.FieldGroup:
					groups = append(groups, id)
				case ticket.FieldService:
					services = append(services, id)
				}
			}
		}
	}
	return persons, groups, services
}

// told are the changes a document tells of; long texts and what follows from
// others are left to the page.
var told = []string{
	ticket.FieldState, ticket.FieldWaitReason, ticket.FieldPriority, ticket.FieldAssignee, ticket.FieldGroup, ticket.FieldService,
	ticket.FieldRequester, ticket.FieldTitle, ticket.FieldTags, ticket.FieldResolutionCode, ticket.FieldKind, ticket.FieldNumber,
}

// changes says what an event changed, in the words of the kind that the ticket was
// of before it and after it.
func (c cast) changes(ctx context.Context, e *ticket.Event, before, after *workflow.Definition) []string {
	var out []string
	for _, ch := range e.Changes {
		label := labelOf(ctx, ch.Field)
		if key, ok := strings.CutPrefix(ch.Field, ticket.CustomPrefix); ok {
			label = fieldLabel(key, after, before)
		}
		if label == "" || !slices.Contains(told, ch.Field) && !strings.HasPrefix(ch.Field, ticket.CustomPrefix) {
			continue
		}
		from, to := c.value(ctx, ch.Field, ch.From, before), c.value(ctx, ch.Field, ch.To, after)
		out = append(out, label+": "+cmp.Or(from, "–")+" → "+cmp.Or(to, "–"))
	}
	return out
}

// fieldLabel names a custom field as the first of some kinds that has it does; one
// that none has any more goes by its key.
func fieldLabel(key string, kinds ...*workflow.Definition) string {
	for _, def := range kinds {
		if f, ok := def.Field(key); ok {
			return f.Label
		}
	}
	return key
}

func labelOf(ctx context.Context, field string) string {
	return map[string]string{
		ticket.FieldState: text.T(ctx, "State"), ticket.FieldWaitReason: text.T(ctx, "Waits for"), ticket.FieldPriority: text.T(ctx, "Priority"),
		ticket.FieldAssignee: text.T(ctx, "Assignee"), ticket.FieldGroup: text.T(ctx, "Group"), ticket.FieldService: text.T(ctx, "Service"),
		ticket.FieldRequester: text.T(ctx, "Requester"), ticket.FieldTitle: text.T(ctx, "Title"), ticket.FieldTags: text.T(ctx, "Tags"),
		ticket.FieldResolutionCode: text.T(ctx, "Resolution code"), ticket.FieldKind: text.T(ctx, "Kind"), ticket.FieldNumber: text.T(ctx, "Number"),
	}[field]
}

func (c cast) value(ctx context.Context, field, value string, def *workflow.Definition) string {
	id, _ := strconv.ParseInt(value, 10, 64) // texts are none
	switch field {
	case ticket.FieldState:
		s, _ := def.State(value)
		return cmp.Or(s.Label, value)
	case ticket.FieldWaitReason:
		for _, s := range def.States {
			if r, ok := s.Reason(value); ok {
				return r.Label
			}
		}
	case ticket.FieldPriority:
		return workflow.Label(def.Matrix.Priority, int(id))
	case ticket.FieldAssignee, ticket.FieldRequester:
		return c.persons[id].Name
	case ticket.FieldGroup:
		return c.groups[id].Name
	case ticket.FieldService:
		return c.services[id]
	case ticket.FieldResolutionCode:
		code, _ := def.Code(value)
		return cmp.Or(code.Label, value)
	case ticket.FieldKind:
		if def.Key == value {
			return def.Label
		}
	}
	if key, ok := strings.CutPrefix(field, ticket.CustomPrefix); ok {
		f, _ := def.Field(key)
		return fieldWords(ctx, f, value)
	}
	return value
}
