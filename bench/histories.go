package main

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"time"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/core/workflow"
)

// years is how long the tickets of a data set are spread over.
const years = 3

// openShare is one of how many tickets is still open, among the newest first.
const openShare = 50

// historian makes up the timelines of a data set. A ticket's story depends on its
// place in the set alone.
type historian struct {
	org   *organisation
	kinds map[string]*workflow.Definition
	count int
	now   time.Time
}

// tale is one timeline being told.
type tale struct {
	h      *historian
	rng    *rand.Rand
	at     time.Time
	state  ticket.Ticket
	events []ticket.Event
}

// history tells the i-th of the set's tickets, the oldest first.
func (h *historian) history(i int) (ticket.History, error) {
	rng := rand.New(rand.NewPCG(7, uint64(i)))
	span := time.Duration(years) * 365 * 24 * time.Hour
	age := time.Duration(float64(span) * float64(h.count-i) / float64(h.count))
	t := &tale{h: h, rng: rng, at: h.now.Add(-age - time.Duration(rng.IntN(3600))*time.Second)}
	kind := "incident"
	if rng.IntN(3) == 0 {
		kind = "request"
	}
	def := h.kinds[kind]
	requester := h.org.persons[agentCount+rng.IntN(personCount-agentCount)]
	svc := rng.IntN(serviceCount)
	group := svc % groupCount
	members := membersOf(group)
	agent := h.org.persons[members[rng.IntN(len(members))]]
	if err := t.open(def, i, requester, svc, group); err != nil {
		return ticket.History{}, err
	}
	var err error
	if h.count-i <= h.count/openShare {
		err = t.goOn(requester, agent, h.org.groups[group])
	} else {
		err = t.finish(requester, agent, h.org.groups[group])
	}
	return ticket.History{Kind: kind, Source: source, SourceRef: strconv.Itoa(i + 1), Events: t.events}, err
}

func (t *tale) event(typ ticket.EventType, by int64, internal bool, body string, changes ...string) error {
	actor := ticket.ActorRef{Type: access.TypePerson, ID: by}
	if by == 0 {
		actor = ticket.ActorRef{Type: access.TypeSystem}
	}
	e := ticket.Event{At: t.at, Actor: actor, Type: typ, Internal: internal, Body: body}
	for i := 0; i+1 < len(changes); i += 2 {
		from := t.state.Get(changes[i])
		if from == changes[i+1] {
			continue
		}
		e.Changes = append(e.Changes, ticket.Change{Field: changes[i], From: from, To: changes[i+1]})
		if err := t.state.Set(changes[i], changes[i+1]); err != nil {
			return err
		}
	}
	t.events = append(t.events, e)
	return nil
}

// pass lets up to so many minutes go by, but never into the future.
func (t *tale) pass(minutes int) {
	t.at = t.at.Add(time.Duration(1+t.rng.IntN(minutes)) * time.Minute)
	if t.at.After(t.h.now) {
		t.at = t.h.now
	}
}

func id(n int64) string { return strconv.FormatInt(n, 10) }

func (t *tale) open(def *workflow.Definition, serial int, requester int64, svc, group int) error {
	org := t.h.org
	title := fmt.Sprintf("The %s %s", things[t.rng.IntN(len(things))], troubles[t.rng.IntN(len(troubles))])
	text := prose(t.rng, 20+t.rng.IntN(50)) + fmt.Sprintf(" Reference ref%d.", serial)
	impact, urgency := 1+t.rng.IntN(3), 1+t.rng.IntN(3)
	priority, ok := def.Matrix.Lookup(impact, urgency)
	if !ok {
		impact, urgency = def.DefaultImpact, def.DefaultUrgency
		priority, _ = def.Matrix.Lookup(impact, urgency)
	}
	unit := 0
	for i, p := range org.persons {
		if p == requester {
			unit = i % unitCount
			break
		}
	}
	channels := []string{"portal", "portal", "email", "phone"}
	return t.event(ticket.Created, requester, false, text,
		ticket.FieldKind, def.Key, ticket.FieldTitle, title, ticket.FieldDescription, text, ticket.FieldState, def.Initial,
		ticket.FieldRequester, id(requester), ticket.FieldOpenedBy, id(requester), ticket.FieldOrganisation, id(org.units[unit]),
		ticket.FieldService, id(org.services[svc]), ticket.FieldGroup, id(org.groups[group]), ticket.FieldChannel, channels[t.rng.IntN(len(channels))],
		ticket.FieldImpact, strconv.Itoa(impact), ticket.FieldUrgency, strconv.Itoa(urgency), ticket.FieldPriority, strconv.Itoa(priority),
		ticket.FieldTags, things[serial%len(things)])
}

// converse is what nearly every ticket has: somebody takes it, and people talk.
func (t *tale) converse(requester, agent, group int64) error {
	t.pass(120)
	if err := t.event(ticket.Changed, agent, true, "", ticket.FieldGroup, id(group), ticket.FieldAssignee, id(agent)); err != nil {
		return err
	}
	t.pass(60)
	if err := t.event(ticket.Transitioned, agent, false, "", ticket.FieldState, "in_progress"); err != nil {
		return err
	}
	for range 1 + t.rng.IntN(3) {
		t.pass(300)
		by, typ, internal := agent, ticket.Replied, false
		switch t.rng.IntN(4) {
		case 0:
			by = requester
		case 1:
			typ, internal = ticket.Noted, true
		}
		if err := t.event(typ, by, internal, prose(t.rng, 10+t.rng.IntN(40))); err != nil {
			return err
		}
	}
	return nil
}

// goOn tells a ticket that is not over.
func (t *tale) goOn(requester, agent, group int64) error {
	switch t.rng.IntN(10) {
	case 0, 1:
		return nil // nobody has looked at it
	case 2, 3:
		if err := t.converse(requester, agent, group); err != nil {
			return err
		}
		t.pass(60)
		return t.event(ticket.Transitioned, agent, false, "", ticket.FieldState, "on_hold", ticket.FieldWaitReason, "vendor")
	default:
		return t.converse(requester, agent, group)
	}
}

// finish tells a ticket to its end.
func (t *tale) finish(requester, agent, group int64) error {
	if err := t.converse(requester, agent, group); err != nil {
		return err
	}
	t.pass(600)
	code := t.h.kinds[t.state.Kind].Codes[0].Key
	if err := t.event(ticket.Transitioned, agent, false, "", ticket.FieldState, t.h.resolved(t.state.Kind),
		ticket.FieldResolutionCode, code, ticket.FieldResolution, prose(t.rng, 12)); err != nil {
		return err
	}
	t.at = t.at.Add(5 * 24 * time.Hour)
	if t.at.After(t.h.now) {
		t.at = t.h.now
	}
	return t.event(ticket.Transitioned, 0, false, "", ticket.FieldState, "closed")
}

// resolved is the kind's state for work that was declared done.
func (h *historian) resolved(kind string) string {
	for _, s := range h.kinds[kind].States {
		if s.Category == workflow.Resolved {
			return s.Key
		}
	}
	return ""
}
