package clock

import (
	"encoding/json"
	"time"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/core/workflow"
)

// Facts are what a clock needs to know of a ticket.
type Facts struct {
	Kind         string
	Service      int64
	Organisation int64 // of the requester: the customer
	Group        int64 // that holds it
	Supplier     int64 // whose group that is; 0 for one's own
	Priority     int
	State        string // key
	Label        string // of the state
	Wait         string // key of what it waits for
	WaitLabel    string
	OnRequester  bool // it waits for its requester
	Pauses       bool // the workflow stops the clocks here
	Active       bool // work is owed
	Cancelled    bool // nothing is owed, and nothing was delivered
}

// Moment is an event that matters to clocks: what holds from its instant on, and
// what happened in it.
type Moment struct {
	At  time.Time
	Seq int // of the event
	Facts
	Answered   bool // our side answered in public
	Taken      bool // who holds it did something with it
	Workaround bool // a workaround was given
	// Withdrawn is when that workaround was taken back; zero for never. From then on it
	// counts as if it had not been given.
	Withdrawn time.Time
	Over      *ChangeOver // somebody put the ticket under another agreement or version
}

// ChangeOver says what promises hold between the parties of a role from an instant
// on, whatever the rules say.
type ChangeOver struct {
	Role      Role   `json:"role"`
	Party     int64  `json:"party,omitempty"`     // the group or supplier; 0 for the customer
	Agreement int64  `json:"agreement,omitempty"` // 0 is what the rules say
	Version   int64  `json:"version,omitempty"`   // its id
	Reason    string `json:"reason"`
	// Names as they were, for who reads the timeline.
	Name   string `json:"name,omitempty"`
	Number int    `json:"number,omitempty"`
}

// Course is a ticket's timeline as clocks see it, in order.
type Course struct {
	TicketID int64
	Moments  []Moment
}

// Activities by which somebody says that a workaround was given, and that it was
// none. What each leads to names the workaround; one that names none is the last.
const (
	WorkaroundActivity = "workaround"
	WithdrawnActivity  = "workaround.withdrawn"
)

// ChangeOverActivity is the activity by which somebody changes the agreement of a
// ticket; what it leads to is a ChangeOver as JSON.
const ChangeOverActivity = "agreement.changed"

// Rules are what Read must know besides the timeline: what changes with time is asked
// for as it was at an instant, and answered with until when that holds, zero for good.
type Rules struct {
	// Kind gives the definition of a kind that was in force at an instant; nil for a kind
	// that is gone.
	Kind func(key string, at time.Time) (def *workflow.Definition, until time.Time)
	// Supplier says whose group a group was; 0 for one's own.
	Supplier func(group int64, at time.Time) (supplier int64, until time.Time)
}

// Read makes a course of a timeline, oldest event first. The error is of the first
// event that does not apply; what came before it is given. An event that is dated
// before the one ahead of it counts from that one's instant.
//
// A ticket is read by the workflow that was in force when its events were written down,
// and its group belongs to the supplier that it belonged to then. Where either changes
// while nothing happens on the ticket, a moment of its own says so.
func Read(events []ticket.Event, rules Rules) (Course, error) {
	var c Course
	var now ticket.Ticket
	r := reader{rules: rules}
	workarounds := map[int]string{}
	for i := range events {
		e := &events[i]
		group := now.GroupID
		if i > 0 {
			r.turn(&c, &now, e.At)
		}
		kind := now.Kind
		if change, ok := e.Change(ticket.FieldKind); ok {
			kind = change.To
		}
		r.recorded = e.RecordedAt
		def := r.definition(kind, e.At)
		if err := now.Apply(*e, def); err != nil {
			return c, err
		}
		c.TicketID = e.TicketID
		m := Moment{At: e.At, Seq: e.Seq, Facts: r.facts(&now, def, e.At)}
		if ours(e, &now) {
			m.Answered = e.Type == ticket.Replied
			m.Taken = i > 0 && group == now.GroupID && e.Type != ticket.Rated && e.Type != ticket.Synced
		}
		given, ok := e.Change(ticket.ActivityPrefix + WorkaroundActivity)
		m.Workaround = ok
		if back, ok := e.Change(ticket.ActivityPrefix + WithdrawnActivity); ok {
			c.withdraw(workarounds, back.To, e.At)
		}
		if over, ok := e.Change(ticket.ActivityPrefix + ChangeOverActivity); ok {
			m.Over = &ChangeOver{}
			if err := json.Unmarshal([]byte(over.To), m.Over); err != nil {
				m.Over = nil // not ours: nothing follows from it
			}
		}
		n := len(c.Moments)
		if n > 0 && m.At.Before(c.Moments[n-1].At) {
			m.At = c.Moments[n-1].At
		}
		if n == 0 || m.Facts != c.Moments[n-1].Facts || m.Answered || m.Taken || m.Workaround || m.Over != nil {
			c.Moments = append(c.Moments, m)
		}
		if m.Workaround {
			workarounds[len(c.Moments)-1] = given.To
		}
	}
	r.turn(&c, &now, time.Time{})
	return c, nil
}

// reader asks the rules, and keeps until when their answers hold.
type reader struct {
	rules    Rules
	recorded time.Time // when the last event was written down
	def      time.Time // until when the definition is in force
	supplier time.Time // until when the group belongs to its supplier
}

// definition gives what was in force when the last event was written down, or at a later
// instant.
func (r *reader) definition(kind string, at time.Time) *workflow.Definition {
	if at.Before(r.recorded) {
		at = r.recorded
	}
	def, until := r.rules.Kind(kind, at)
	r.def = until
	if def == nil {
		return &workflow.Definition{}
	}
	return def
}

func (r *reader) facts(t *ticket.Ticket, def *workflow.Definition, at time.Time) Facts {
	f := factsOf(t, def)
	r.supplier = time.Time{}
	if t.GroupID != 0 {
		f.Supplier, r.supplier = r.rules.Supplier(t.GroupID, at)
	}
	return f
}

// turn adds the moments at which the definition or the supplier changed after the last
// event and before the next one; a zero next is after all.
func (r *reader) turn(c *Course, t *ticket.Ticket, next time.Time) {
	for len(c.Moments) > 0 {
		at := sooner(r.def, r.supplier)
		if at.IsZero() || !next.IsZero() && !at.Before(next) {
			return
		}
		def := r.definition(t.Kind, at)
		last := c.Moments[len(c.Moments)-1]
		m := Moment{At: at, Seq: last.Seq, Facts: r.facts(t, def, at)}
		if !m.At.After(last.At) { // an event that was written down late was read by what holds since
			m.At = last.At
		}
		if m.Facts != last.Facts {
			c.Moments = append(c.Moments, m)
		}
	}
}

// sooner gives the earlier of two instants, of which zero is never.
func sooner(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

// withdraw marks the workaround of a name as taken back. given are their names, by
// the moment.
func (c *Course) withdraw(given map[int]string, name string, at time.Time) {
	for i := len(c.Moments) - 1; i >= 0; i-- {
		m := &c.Moments[i]
		if m.Workaround && m.Withdrawn.IsZero() && (name == "" || given[i] == name) {
			m.Withdrawn = at
			return
		}
	}
}

// ours reports whether an event is by a person on our side or a supplier's.
func ours(e *ticket.Event, t *ticket.Ticket) bool {
	switch e.Actor.Type {
	case access.TypePerson, access.TypeSupplier, access.TypeImporter:
		return e.Actor.ID == 0 || e.Actor.ID != t.RequesterID
	}
	return false
}

func factsOf(t *ticket.Ticket, def *workflow.Definition) Facts {
	f := Facts{
		Kind: t.Kind, Service: t.ServiceID, Organisation: t.OrganisationID, Group: t.GroupID, Priority: t.Priority,
		State: t.State, Label: t.State, Wait: t.WaitReason, WaitLabel: t.WaitReason,
		Active: t.Category.Active(), Cancelled: t.Category == workflow.Cancelled,
	}
	s, ok := def.State(t.State)
	if !ok {
		return f
	}
	f.Label, f.Pauses = s.Label, s.Clock == workflow.Pause
	if r, ok := s.Reason(t.WaitReason); ok {
		f.WaitLabel, f.OnRequester, f.Pauses = r.Label, r.OnRequester, r.Clock == workflow.Pause
	}
	return f
}
