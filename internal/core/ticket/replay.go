package ticket

import (
	"time"

	"github.com/steward-itsm/steward/internal/core/workflow"
)

// Replay folds a timeline, oldest first, into the ticket it describes. Give it
// the events up to an instant and it tells what the ticket was then.
func Replay(id int64, number string, events []Event, def *workflow.Definition) (Ticket, error) {
	t := Ticket{ID: id, Number: number}
	for _, e := range events {
		if err := t.Apply(e, def); err != nil {
			return t, err
		}
	}
	return t, nil
}

// At gives the events that had happened by an instant.
func At(events []Event, instant time.Time) []Event {
	n := 0
	for n < len(events) && !events[n].At.After(instant) {
		n++
	}
	return events[:n]
}

// Interval is a stretch of time in which one value of a field held. End is
// zero while it still does.
type Interval struct {
	Value      string
	Start, End time.Time
}

// Length is how long the interval lasted, until now for an open one.
func (i Interval) Length(now time.Time) time.Duration {
	if i.End.IsZero() {
		return now.Sub(i.Start)
	}
	return i.End.Sub(i.Start)
}

// Intervals gives the stretches of a field's values, in order and without gaps,
// from the first event on: who held a ticket when, how long it was in a state.
func Intervals(events []Event, field string) []Interval {
	if len(events) == 0 {
		return nil
	}
	out := []Interval{{Start: events[0].At}}
	for _, e := range events {
		c, ok := e.Change(field)
		last := &out[len(out)-1]
		if !ok || c.To == last.Value {
			continue
		}
		if e.At.Equal(last.Start) {
			last.Value = c.To
			// What held for no time is no stretch; what held before and holds
			// again is one.
			if n := len(out) - 1; n > 0 && out[n-1].Value == c.To {
				out = out[:n]
				out[n-1].End = time.Time{}
			}
			continue
		}
		last.End = e.At
		out = append(out, Interval{Value: c.To, Start: e.At})
	}
	return out
}

// Reassignments counts the moves from one group to another.
func Reassignments(events []Event) int {
	n := 0
	for _, e := range events {
		if c, ok := e.Change(FieldGroup); ok && c.From != "" && c.To != "" && c.From != c.To {
			n++
		}
	}
	return n
}

// Reopenings counts the moves from a done state back to work.
func Reopenings(events []Event, def *workflow.Definition) int {
	n := 0
	for _, e := range events {
		c, ok := e.Change(FieldState)
		if !ok || c.From == "" {
			continue
		}
		from, known := def.State(c.From)
		to, _ := def.State(c.To)
		if known && !from.Category.Active() && to.Category.Active() {
			n++
		}
	}
	return n
}

// Holds gives the stretches spent waiting for a reason ("" for any).
func Holds(events []Event, def *workflow.Definition, reason string) []Interval {
	var out []Interval
	var t Ticket
	open := false
	for _, e := range events {
		// Replaying on a copy keeps the rule in one place; a timeline that does
		// not apply has no holds worth reporting.
		if err := t.Apply(e, def); err != nil {
			return out
		}
		holds := t.Category == workflow.Waiting && (reason == "" || t.WaitReason == reason)
		same := open && holds && out[len(out)-1].Value == t.WaitReason
		if open && !same {
			out[len(out)-1].End = e.At
			open = false
		}
		if holds && !same {
			out = append(out, Interval{Value: t.WaitReason, Start: e.At})
			open = true
		}
	}
	return out
}
