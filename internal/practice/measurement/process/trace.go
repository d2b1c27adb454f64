package process

import (
	"strings"
	"time"

	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/core/workflow"
)

// Between says what the places of a map are.
type Between string

// The two ways to look at a flow.
const (
	States Between = "state"
	Groups Between = "group"
)

// Trace is the way of one ticket: the places it stayed at, each with how long.
// What held for no time is no stay, and a place that holds on is one.
type Trace struct {
	TicketID int64
	Stays    []Stay
	Ended    bool // its work is done; otherwise the last stay goes on
}

// Stay is a stretch at one place.
type Stay struct {
	Place string
	For   time.Duration // not known of the last one of a trace: see Trace.Ended
	Known bool
}

// Place keys: a state, with the reason it waits for after a slash; a group's id.
const noGroup = "none"

func placeOf(s ticket.CourseStep, between Between) string {
	switch {
	case between == Groups && s.Group == "":
		return noGroup
	case between == Groups:
		return s.Group
	case s.Wait != "":
		return s.State + "/" + s.Wait
	}
	return s.State
}

// Categories tells what the states of all kinds mean. Kinds that give one key
// two meanings are read as the first one does.
func Categories(kinds []*workflow.Definition) map[string]workflow.Category {
	out := map[string]workflow.Category{}
	for _, d := range kinds {
		for _, s := range d.States {
			if _, known := out[s.Key]; !known {
				out[s.Key] = s.Category
			}
		}
	}
	return out
}

// TraceOf reads a course. Between groups the way ends when the work does: what
// happens to a ticket that is resolved is no group's doing.
func TraceOf(c ticket.Course, between Between, category map[string]workflow.Category) Trace {
	t := Trace{TicketID: c.TicketID}
	if len(c.Steps) == 0 {
		return t
	}
	steps := c.Steps
	t.Ended = isDone(steps[len(steps)-1].State, category)
	var end time.Time
	if between == Groups && t.Ended {
		n := len(steps)
		for n > 1 && isDone(steps[n-1].State, category) {
			n--
			end = steps[n].At
		}
		steps = steps[:n]
	}
	var since []time.Time // of each stay
	for _, s := range steps {
		place := placeOf(s, between)
		if n := len(t.Stays); n > 0 && since[n-1].Equal(s.At) { // it held for no time
			t.Stays, since = t.Stays[:n-1], since[:n-1]
		}
		if n := len(t.Stays); n > 0 && t.Stays[n-1].Place == place {
			continue
		}
		t.Stays, since = append(t.Stays, Stay{Place: place}), append(since, s.At)
	}
	for i := range t.Stays {
		switch {
		case i+1 < len(t.Stays):
			t.Stays[i].For, t.Stays[i].Known = since[i+1].Sub(since[i]), true
		case !end.IsZero():
			t.Stays[i].For, t.Stays[i].Known = end.Sub(since[i]), true
		}
	}
	return t
}

func isDone(state string, category map[string]workflow.Category) bool {
	c, known := category[state]
	return known && !c.Active()
}

// way is the key of the places of a trace, in order.
func (t Trace) way() string {
	var b strings.Builder
	for _, s := range t.Stays {
		b.WriteString(s.Place)
		b.WriteByte('>')
	}
	if t.Ended {
		b.WriteByte('.')
	}
	return b.String()
}
