package demo

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/core/workflow"
)

// ids are what refs became in the database.
type ids struct {
	units, people, groups, services map[string]int64
	stories                         []int64
	files                           map[string][]ticket.Attachment
	unitOf                          map[string]string // a person's
	outside                         map[string]bool   // people of suppliers, who write no internal notes
}

// scribe writes a story down as the timeline that the product itself would have
// written, event by event.
type scribe struct {
	ids    *ids
	def    *workflow.Definition
	story  *Story
	number int // of the story, to vary its files
	ticket ticket.Ticket
	events []ticket.Event
}

// history writes one story down.
func (x *ids) history(number int, s *Story, def *workflow.Definition) (ticket.History, error) {
	w := &scribe{ids: x, def: def, story: s, number: number}
	if err := w.created(); err != nil {
		return ticket.History{}, err
	}
	for i := range s.Beats {
		if err := w.beat(&s.Beats[i]); err != nil {
			return ticket.History{}, err
		}
	}
	h := ticket.History{
		ID: x.stories[number], Kind: s.Kind, Source: Source, SourceRef: strconv.Itoa(number + 1), Events: w.events,
	}
	if s.Minutes > 0 {
		h.MinutesLost = &s.Minutes
	}
	return h, nil
}

// actor is who did it: a person, or the product for "".
func (w *scribe) actor(ref string) ticket.ActorRef {
	if ref == "" {
		return ticket.ActorRef{Type: access.TypeSystem}
	}
	return ticket.ActorRef{Type: access.TypePerson, ID: w.ids.people[ref]}
}

// event opens an entry; changes are noted on it by set.
func (w *scribe) event(at time.Time, by string, typ ticket.EventType, internal bool, body string) {
	w.events = append(w.events, ticket.Event{At: at, Actor: w.actor(by), Type: typ, Internal: internal, Body: body})
}

// set notes a change on the last event, unless nothing changes.
func (w *scribe) set(field, value string) error {
	from := w.ticket.Get(field)
	if from == value {
		return nil
	}
	e := &w.events[len(w.events)-1]
	e.Changes = append(e.Changes, ticket.Change{Field: field, From: from, To: value})
	return w.ticket.Set(field, value)
}

// sets notes several changes: pairs of field and value.
func (w *scribe) sets(pairs ...string) error {
	for i := 0; i+1 < len(pairs); i += 2 {
		if err := w.set(pairs[i], pairs[i+1]); err != nil {
			return err
		}
	}
	return nil
}

func ref(id int64) string {
	if id == 0 {
		return ""
	}
	return strconv.FormatInt(id, 10)
}

func number(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n)
}

// attach adds files of some sorts to the last event.
func (w *scribe) attach(kinds []string) {
	e := &w.events[len(w.events)-1]
	for i, kind := range kinds {
		if made := w.ids.files[kind]; len(made) > 0 {
			e.Attachments = append(e.Attachments, made[(w.number+i)%len(made)])
		}
	}
}

func (w *scribe) created() error {
	s, x := w.story, w.ids
	impact, urgency := s.Impact, s.Urgency
	if impact == 0 {
		impact = w.def.DefaultImpact
	}
	if urgency == 0 {
		urgency = w.def.DefaultUrgency
	}
	priority, _ := w.def.Matrix.Lookup(impact, urgency)
	w.event(s.Opened, s.OpenedBy, ticket.Created, false, s.Text)
	err := w.sets(
		ticket.FieldKind, s.Kind, ticket.FieldTitle, s.Title, ticket.FieldDescription, s.Text, ticket.FieldState, w.def.Initial,
		ticket.FieldRequester, ref(x.people[s.Requester]), ticket.FieldOpenedBy, ref(x.people[s.OpenedBy]),
		ticket.FieldOrganisation, ref(x.units[x.unitOf[s.Requester]]), ticket.FieldService, ref(x.services[s.Service]),
		ticket.FieldGroup, ref(x.groups[s.Group]), ticket.FieldChannel, s.Channel,
		ticket.FieldImpact, number(impact), ticket.FieldUrgency, number(urgency), ticket.FieldPriority, number(priority),
		ticket.FieldTags, strings.Join(sorted(s.Tags), ","),
	)
	w.attach(s.Files)
	return err
}

func sorted(tags []string) []string { return slices.Compact(slices.Sorted(slices.Values(tags))) }

// beat writes one beat down.
func (w *scribe) beat(b *Beat) error {
	switch b.Do {
	case Reply:
		return w.reply(b)
	case Note:
		w.event(b.At, b.By, ticket.Noted, true, b.Text)
		w.attach(b.Files)
		return nil
	case Start, Hold, Resume, Resolve, Reopen, Close, Cancel, Follow:
		return w.step(b)
	case Rate:
		w.event(b.At, b.By, ticket.Rated, false, b.Text)
		return w.set(ticket.FieldRating, number(b.Score))
	case Link:
		typ := string(b.Link)
		if b.Inverse {
			typ = "inverse_" + typ
		}
		w.event(b.At, b.By, ticket.Linked, true, "")
		e := &w.events[len(w.events)-1]
		e.Changes = append(e.Changes, ticket.Change{Field: ticket.FieldLink, To: typ + " " + ref(w.ids.stories[b.Other])})
		return nil
	case Assign, Tag, Watch, Override, About, Adopt:
		return w.edit(b)
	}
	return nil
}

// reply is a message; the requester's own ends a hold that waits for them.
func (w *scribe) reply(b *Beat) error {
	w.event(b.At, b.By, ticket.Replied, false, b.Text)
	w.attach(b.Files)
	if b.By != w.story.Requester || !w.ticket.WaitsForRequester(w.def) {
		return nil
	}
	w.event(b.At, "", ticket.Transitioned, false, "")
	return w.sets(ticket.FieldState, w.stateOf(workflow.Open), ticket.FieldWaitReason, "")
}

// edit is a change of fields, which only those inside see.
func (w *scribe) edit(b *Beat) error {
	w.event(b.At, b.By, ticket.Changed, true, "")
	switch b.Do {
	case Assign:
		return w.sets(ticket.FieldGroup, ref(w.ids.groups[b.Group]), ticket.FieldAssignee, ref(w.ids.people[b.To]))
	case Tag:
		return w.set(ticket.FieldTags, strings.Join(sorted(append(slices.Clone(w.ticket.Tags), b.Tags...)), ","))
	case Watch:
		watchers := append(slices.Clone(w.ticket.Watchers), w.ids.people[b.To])
		slices.Sort(watchers)
		texts := make([]string, len(watchers))
		for i, id := range watchers {
			texts[i] = ref(id)
		}
		return w.set(ticket.FieldWatchers, strings.Join(texts, ","))
	case Override:
		return w.sets(ticket.FieldPriority, number(b.Score), ticket.FieldPriorityReason, b.Text)
	case About:
		return w.set(ticket.FieldService, ref(w.ids.services[b.Service]))
	case Adopt:
		return w.set(ticket.FieldParent, ref(w.ids.stories[b.Other]))
	default:
		return nil
	}
}

// step is a step of the workflow, with the words that go with it before it.
func (w *scribe) step(b *Beat) error {
	typ := ticket.Transitioned
	switch b.Do {
	case Hold, Resume, Reopen, Cancel:
		w.words(b)
	case Follow:
		typ = ticket.Synced
	default:
	}
	w.event(b.At, b.By, typ, false, "")
	switch b.Do {
	case Start:
		return w.sets(ticket.FieldState, w.stateOf(workflow.Open), ticket.FieldAssignee, w.assignee(b.By))
	case Hold:
		return w.sets(ticket.FieldState, w.stateOf(workflow.Waiting), ticket.FieldWaitReason, b.Reason)
	case Resume:
		return w.sets(ticket.FieldState, w.stateOf(workflow.Open), ticket.FieldWaitReason, "")
	case Resolve, Follow:
		return w.sets(ticket.FieldState, w.stateOf(workflow.Resolved), ticket.FieldWaitReason, "",
			ticket.FieldResolutionCode, b.Code, ticket.FieldResolution, b.Text)
	case Reopen:
		return w.sets(ticket.FieldState, w.stateOf(workflow.Open),
			ticket.FieldResolutionCode, "", ticket.FieldResolution, "", ticket.FieldRating, "")
	case Close:
		return w.set(ticket.FieldState, w.stateOf(workflow.Closed))
	case Cancel:
		return w.sets(ticket.FieldState, w.stateOf(workflow.Cancelled), ticket.FieldWaitReason, "")
	default:
		return nil
	}
}

// words are said with a step: to the requester when they are asked or say it
// themselves, among agents otherwise.
func (w *scribe) words(b *Beat) {
	switch {
	case b.Text == "":
	case b.Reason == "caller" || b.By == w.story.Requester || w.ids.outside[b.By]:
		w.event(b.At, b.By, ticket.Replied, false, b.Text)
	default:
		w.event(b.At, b.By, ticket.Noted, true, b.Text)
	}
}

// assignee is who has it once somebody starts: whoever had it, or the one who starts.
func (w *scribe) assignee(by string) string {
	if w.ticket.AssigneeID != 0 {
		return ref(w.ticket.AssigneeID)
	}
	return ref(w.ids.people[by])
}

// stateOf is the kind's state of a category.
func (w *scribe) stateOf(c workflow.Category) string {
	for _, s := range w.def.States {
		if s.Category == c {
			return s.Key
		}
	}
	return ""
}
