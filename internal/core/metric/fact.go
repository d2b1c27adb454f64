package metric

import (
	"slices"
	"strconv"
	"time"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/core/workflow"
)

// What says what a fact tells.
type What string

// The facts of a ticket's life.
const (
	Opened    What = "opened"
	Answered  What = "answered"  // first public reply of our side; Value: since it was opened
	Resolved  What = "resolved"  // Value: since it was opened or last reopened; Net: without waiting
	Cancelled What = "cancelled" // from active to cancelled
	Reopened  What = "reopened"
	Moved     What = "moved"   // an active ticket became about something else: -1 for what it was, 1 for what it is
	Rated     What = "rated"   // Value: the score; Net: seconds lost. A rating that is replaced counts -1
	Stayed    What = "stayed"  // a stretch in a state ended; Value: its length
	Held      What = "held"    // a stretch with a group, while active, ended; Value: its length
	Touched   What = "touched" // somebody other than the requester did something
)

// About is what a ticket was about at an instant: all that figures are cut by.
type About struct {
	Kind         string
	Service      int64
	Group        int64
	Organisation int64
	Priority     int
	Channel      string
	Category     string
}

// Unknown stands in numbers that are not known.
const Unknown = -1

// Fact is one thing that happened to a ticket, at the instant it did.
type Fact struct {
	TicketID   int64
	Seq        int // of the event it follows from
	Part       int // 0, 1, … among the facts of that event
	What       What
	At         time.Time
	RecordedAt time.Time
	Weight     int // 1, or -1 for what takes back
	About

	Value int64 // seconds, or a score
	Net   int64 // seconds, or Unknown

	// Of Resolved, since the ticket was opened:
	Moves        int  // from group to group
	Touches      int  // see Touched
	Bounced      bool // it came back to a group that had it before
	FirstContact bool // no move, no waiting, not reopened, and at most one reply
	Line         int  // 1: by groups of the first line alone; 0: not; Unknown: a group has no tier

	State  string // of Stayed the state, of Opened the first one: "on_hold:vendor"
	Next   string // of Stayed the state that followed, of Held the group; "" at the end
	Person int64  // of Touched
}

// Stretch is a time during which a ticket was part of the backlog and about the
// same things.
type Stretch struct {
	TicketID int64
	Part     int
	About
	Since         time.Time // it was opened or last reopened: its age counts from here
	Began         time.Time
	Ended         time.Time // zero while it goes on
	BeganRecorded time.Time
	EndedRecorded time.Time
}

// Life is what Fold makes of a timeline.
type Life struct {
	Facts     []Fact
	Stretches []Stretch
}

// Rules are what Fold must know besides the timeline.
type Rules struct {
	Kind func(key string) *workflow.Definition // nil for a kind that is gone
	Tier func(group int64) int                 // 1 to 3; 0 for none
}

// Fold computes the facts of one ticket from its timeline, oldest first. It is
// pure, and each fact follows from the events up to its own alone. The error is
// of the first event that does not apply; what came before it is given.
func Fold(events []ticket.Event, rules Rules) (Life, error) {
	f := folder{rules: rules, def: &workflow.Definition{}}
	for i := range events {
		if err := f.step(&events[i]); err != nil {
			return f.life, err
		}
	}
	return f.life, nil
}

// folder walks a timeline.
type folder struct {
	rules Rules
	def   *workflow.Definition
	now   ticket.Ticket
	life  Life
	event *ticket.Event
	parts int

	opened    time.Time // or last reopened
	waited    time.Duration
	waiting   time.Time // since when it waits; zero when it does not
	state     string
	stateFrom time.Time
	heldFrom  time.Time
	groups    []int64 // that had it, in order
	moves     int
	bounced   bool
	touches   int
	touchedAt time.Time
	touchedBy access.ActorType
	toucher   int64
	replies   int
	everHeld  bool // on hold
	reopened  bool
	answered  bool
	score     int
	counted   Fact // the rating that score stands for
	lost      int64
}

func (f *folder) step(e *ticket.Event) error {
	if c, ok := e.Change(ticket.FieldKind); ok && c.To != "" {
		if def := f.rules.Kind(c.To); def != nil {
			f.def = def
		}
	}
	before, was := f.now, about(&f.now)
	wasActive := f.event != nil && before.Category.Active()
	first := f.event == nil
	f.event, f.parts = e, 0
	if err := f.now.Apply(*e, f.def); err != nil {
		return err
	}
	is, active := about(&f.now), f.now.Category.Active()
	f.wait(active)
	f.states(was, first)
	f.holders(was, &before, wasActive, active)
	if wasActive && was != is {
		f.add(Fact{What: Moved, Weight: -1, About: was})
		f.add(Fact{What: Moved, Weight: 1, About: is})
	}
	f.speak(is)
	switch {
	case first:
		f.opened = e.At
		f.add(Fact{What: Opened, About: is, State: f.state})
		if !active {
			f.finish(is)
		}
	case !wasActive && active:
		f.opened, f.waited, f.reopened = e.At, 0, true
		f.score = 0 // the verdict stands, for the resolution it was on
		f.add(Fact{What: Reopened, About: is})
	case wasActive && !active:
		f.finish(is)
	}
	f.stretch(is, wasActive, active)
	f.rate(is)
	return nil
}

// about gives what a ticket is about.
func about(t *ticket.Ticket) About {
	return About{
		Kind: t.Kind, Service: t.ServiceID, Group: t.GroupID, Organisation: t.OrganisationID,
		Priority: t.Priority, Channel: t.Channel, Category: t.Fields[categoryField],
	}
}

// categoryField is the custom field that ByCategory means.
const categoryField = "category"

// add notes a fact of the event at hand.
func (f *folder) add(fact Fact) {
	fact.TicketID, fact.Seq, fact.Part = f.event.TicketID, f.event.Seq, f.parts
	fact.At, fact.RecordedAt = f.event.At, f.event.RecordedAt
	if fact.Weight == 0 {
		fact.Weight = 1
	}
	f.parts++
	f.life.Facts = append(f.life.Facts, fact)
}

// wait keeps how long an active ticket waited since it was opened or reopened.
func (f *folder) wait(active bool) {
	waits := f.now.Category == workflow.Waiting
	if !f.waiting.IsZero() && (!waits || !active) {
		f.waited += f.event.At.Sub(f.waiting)
		f.waiting = time.Time{}
	}
	if waits && f.waiting.IsZero() {
		f.waiting, f.everHeld = f.event.At, true
	}
}

// StateKey names a state for ByState: its key, and what it waits for.
func StateKey(state, reason string) string {
	if reason == "" {
		return state
	}
	return state + ":" + reason
}

func (f *folder) states(was About, first bool) {
	state := StateKey(f.now.State, f.now.WaitReason)
	if state == f.state {
		return
	}
	if !first {
		f.add(Fact{What: Stayed, About: was, Value: f.since(f.stateFrom), State: f.state, Next: state})
	}
	f.state, f.stateFrom = state, f.event.At
}

// holders keeps which group has the ticket while it is active.
func (f *folder) holders(was About, before *ticket.Ticket, wasActive, active bool) {
	moved := before.GroupID != f.now.GroupID
	if wasActive && (moved || !active) {
		next := ""
		if active || moved {
			next = id(f.now.GroupID)
		}
		f.add(Fact{What: Held, About: was, Value: f.since(f.heldFrom), Next: next})
	}
	if active && (moved || !wasActive) {
		f.heldFrom = f.event.At
	}
	if f.now.GroupID == 0 || !moved {
		return
	}
	if before.GroupID != 0 {
		f.moves++
	}
	if slices.Contains(f.groups, f.now.GroupID) {
		f.bounced = true
	} else {
		f.groups = append(f.groups, f.now.GroupID)
	}
}

// speak counts what our side did and said. What one did in one moment is one touch.
func (f *folder) speak(is About) {
	e := f.event
	ours := e.Actor.Type == access.TypePerson || e.Actor.Type == access.TypeSupplier || e.Actor.Type == access.TypeImporter
	if !ours || e.Actor.ID != 0 && e.Actor.ID == f.now.RequesterID {
		return
	}
	if e.Type == ticket.Replied {
		f.replies++
		if !f.answered {
			f.answered = true
			f.add(Fact{What: Answered, About: is, Value: f.since(f.now.CreatedAt)})
		}
	}
	if e.Type == ticket.Created || e.Type == ticket.Rated || e.Type == ticket.Synced {
		return
	}
	if e.At.Equal(f.touchedAt) && e.Actor.Type == f.touchedBy && e.Actor.ID == f.toucher {
		return
	}
	f.touchedAt, f.touchedBy, f.toucher = e.At, e.Actor.Type, e.Actor.ID
	f.touches++
	f.add(Fact{What: Touched, About: is, Person: e.Actor.ID})
}

// finish notes that work is no longer owed.
func (f *folder) finish(is About) {
	if f.now.Category == workflow.Cancelled {
		f.add(Fact{What: Cancelled, About: is})
		return
	}
	value := f.since(f.opened)
	f.add(Fact{
		What: Resolved, About: is, Value: value, Net: value - int64(f.waited/time.Second),
		Moves: f.moves, Touches: f.touches, Bounced: f.bounced, Line: f.line(),
		FirstContact: f.moves == 0 && !f.everHeld && !f.reopened && f.replies <= 1,
	})
}

// line tells whether only groups of the first line had it.
func (f *folder) line() int {
	line := 1
	for _, g := range f.groups {
		switch f.rules.Tier(g) {
		case 0:
			return Unknown
		case 1:
		default:
			line = 0
		}
	}
	if len(f.groups) == 0 {
		return Unknown
	}
	return line
}

// stretch keeps the times the ticket is part of the backlog.
func (f *folder) stretch(is About, wasActive, active bool) {
	n := len(f.life.Stretches) - 1
	if wasActive && (!active || f.life.Stretches[n].About != is) {
		f.life.Stretches[n].Ended, f.life.Stretches[n].EndedRecorded = f.event.At, f.event.RecordedAt
	} else if wasActive {
		return
	}
	if active {
		f.life.Stretches = append(f.life.Stretches, Stretch{
			TicketID: f.event.TicketID, Part: n + 1, About: is,
			Since: f.opened, Began: f.event.At, BeganRecorded: f.event.RecordedAt,
		})
	}
}

// rate notes the requester's verdict; a second one on the same resolution
// replaces the first.
func (f *folder) rate(is About) {
	if f.event.Type != ticket.Rated {
		return
	}
	if f.score != 0 { // taken back where and when it was counted, or a period would have a verdict too few
		f.add(Fact{What: Rated, Weight: -1, About: f.counted.About, Value: int64(f.score), Net: f.lost})
		f.life.Facts[len(f.life.Facts)-1].At = f.counted.At
	}
	f.score, f.lost = f.now.Rating, Unknown
	if c, ok := f.event.Change(ticket.FieldMinutesLost); ok {
		if minutes, err := strconv.ParseInt(c.To, 10, 64); err == nil {
			f.lost = minutes * 60
		}
	}
	if f.score != 0 {
		f.add(Fact{What: Rated, About: is, Value: int64(f.score), Net: f.lost})
		f.counted = f.life.Facts[len(f.life.Facts)-1]
	}
}

// since gives the whole seconds from an instant to the event at hand.
func (f *folder) since(t time.Time) int64 { return int64(f.event.At.Sub(t) / time.Second) }

func id(n int64) string {
	if n == 0 {
		return ""
	}
	return strconv.FormatInt(n, 10)
}
