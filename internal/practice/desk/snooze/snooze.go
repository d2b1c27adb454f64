package snooze

import (
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/platform/apperr"
)

// Event is what can bring a ticket back before its time.
type Event string

// The events; none waits for the time alone.
const (
	NoEvent  Event = ""
	Answered Event = "answered" // the requester says something
	Changed  Event = "changed"  // somebody other than who set it aside does anything
	Linked   Event = "linked"   // a certain other ticket is done
)

// Cause says what ended a snooze.
type Cause string

// The causes.
const (
	ByTime     Cause = "time"
	ByAnswer   Cause = "answered"
	ByChange   Cause = "changed"
	ByLinked   Cause = "linked"
	ByHand     Cause = "hand"     // somebody whom it was set aside for wanted it back
	ByUndo     Cause = "undo"     // it was set aside by mistake
	ByReplaced Cause = "replaced" // set aside again
	ByDone     Cause = "done"     // the ticket was resolved, closed or cancelled meanwhile
)

// Marks reports whether those whom it comes back to are told why.
func (c Cause) Marks() bool {
	return c == ByTime || c == ByAnswer || c == ByChange || c == ByLinked
}

// Snooze is a ticket that was set aside, once.
type Snooze struct {
	ID       int64
	TicketID int64
	SetterID int64
	PersonID int64 // for whom: a person,
	GroupID  int64 // or a group's members
	Until    time.Time
	Wakes    Event
	LinkedID int64 // the ticket that Linked waits for
	Reason   string
	SetAt    time.Time
	WokenAt  time.Time // zero while it sleeps
	WokenBy  Cause
	SeenAt   time.Time // zero while those it is for have something to look at
}

// Asleep reports whether the ticket is still set aside.
func (s *Snooze) Asleep() bool { return s.WokenAt.IsZero() }

// Concerns reports whether the ticket was set aside for somebody.
func (s *Snooze) Concerns(a access.Actor) bool {
	return a.IsPerson() && (s.PersonID == a.ID || s.GroupID != 0 && a.InGroup(s.GroupID))
}

// SetAside is the wish to set a ticket aside. Until, Wakes or both say when it
// comes back.
type SetAside struct {
	Until  time.Time
	Wakes  Event
	Linked ticket.Ref // for Wakes Linked
	Group  int64      // for the members of one of the actor's groups; 0 is for oneself
	Reason string
	Typed  string // the words that Until was read from: they tell requests apart
}

// request is what a request for the same would be equal in: "in 3 h" is the same
// wish a second later.
func (c *SetAside) request() SetAside {
	r := *c
	if r.Typed != "" {
		r.Until = time.Time{}
	}
	return r
}

// MaxReason bounds the reason, in characters.
const MaxReason = 200

func (c *SetAside) check(actor access.Actor, now time.Time) error {
	var p apperr.Problems
	c.Reason = strings.Join(strings.Fields(c.Reason), " ")
	if utf8.RuneCountInString(c.Reason) > MaxReason || !utf8.ValidString(c.Reason) || strings.ContainsRune(c.Reason, 0) {
		p.Add("reason", "Keep the reason under %d characters.", MaxReason)
	}
	switch {
	case !slices.Contains([]Event{NoEvent, Answered, Changed, Linked}, c.Wakes):
		p.Add("wakes", "A ticket comes back when the requester answers, when it changes, or when a linked one is done.")
	case c.Wakes == NoEvent && c.Until.IsZero():
		p.Add("until", "Say until when, or what shall bring it back.")
	case c.Wakes == Linked && c.Linked == ticket.Ref{}:
		p.Add("linked", "Choose the ticket that it waits for.")
	}
	if !c.Until.IsZero() {
		for _, f := range apperr.FieldsOf(checkAhead(c.Until, now)) {
			p.Add(f.Name, "%s", f.Message)
		}
	}
	if c.Group != 0 && !actor.InGroup(c.Group) {
		p.Add("group", "Choose one of your groups.")
	}
	return p.Err()
}

// wokenBy says whether what was saved on its ticket ends the snooze, and how. What
// practices note beside the ticket is no change of it.
func (s *Snooze) wokenBy(saved *ticket.Saved) (Cause, bool) {
	if !saved.After.Category.Active() {
		return ByDone, true
	}
	for i := range saved.Events {
		e := &saved.Events[i]
		switch {
		case s.Wakes == Answered && e.Type == ticket.Replied && e.Actor.ID != 0 && e.Actor.ID == saved.After.RequesterID:
			return ByAnswer, true
		case s.Wakes == Changed && e.Type != ticket.Acted && e.Actor.ID != s.SetterID:
			return ByChange, true
		}
	}
	return "", false
}
