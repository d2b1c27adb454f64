package process

import (
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/core/workflow"
)

var category = map[string]workflow.Category{"new": workflow.New, "work": workflow.Open, "hold": workflow.Waiting, "resolved": workflow.Resolved, "closed": workflow.Closed}

func at(hours float64) time.Time {
	return time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC).Add(time.Duration(hours * float64(time.Hour)))
}

func step(hours float64, state, wait, group string) ticket.CourseStep {
	return ticket.CourseStep{At: at(hours), State: state, Wait: wait, Group: group}
}

var course = ticket.Course{TicketID: 7, Steps: []ticket.CourseStep{
	step(0, "new", "", ""),
	step(0, "new", "", "1"), // the group came in the same instant
	step(1, "work", "", "1"),
	step(2, "hold", "vendor", "1"),
	step(3, "work", "", "2"),
	step(3, "work", "", "1"), // held for no time by 2
	step(5, "work", "", "3"),
	step(8, "resolved", "", "3"),
	step(20, "closed", "", "3"),
}}

func stays(t Trace) []string {
	var out []string
	for _, s := range t.Stays {
		known := "?"
		if s.Known {
			known = s.For.String()
		}
		out = append(out, s.Place+" "+known)
	}
	return out
}

func TestTheWayBetweenStatesNamesWhatWasWaitedFor(t *testing.T) {
	t.Parallel()
	got := TraceOf(course, States, category)
	want := []string{"new 1h0m0s", "work 1h0m0s", "hold/vendor 1h0m0s", "work 5h0m0s", "resolved 12h0m0s", "closed ?"}
	if diff := cmp.Diff(want, stays(got)); diff != "" || !got.Ended {
		t.Error(diff, got.Ended)
	}
}

func TestTheWayBetweenGroupsEndsWithTheWork(t *testing.T) {
	t.Parallel()
	got := TraceOf(course, Groups, category)
	if diff := cmp.Diff([]string{"1 5h0m0s", "3 3h0m0s"}, stays(got)); diff != "" {
		t.Error(diff)
	}
	open := course
	open.Steps = course.Steps[:7]
	if got := TraceOf(open, Groups, category); got.Ended || got.Stays[1].Known {
		t.Errorf("a ticket in work ended: %+v", got)
	}
}

func TestTimesAreThoseThatReallyWere(t *testing.T) {
	t.Parallel()
	times := []time.Duration{9, 1, 3, 7, 5, 10, 2, 8, 6, 4}
	if a, b := quantile(times, 0.5), quantile(times, 0.9); a != 5 || b != 9 {
		t.Errorf("median %d, ninety percent %d", a, b)
	}
}

// traces draws random ways through a few places.
func traces(t *rapid.T) []Trace {
	var out []Trace
	for i := range rapid.IntRange(1, 40).Draw(t, "tickets") {
		c := ticket.Course{TicketID: int64(i + 1)}
		hours := 0.0
		for range rapid.IntRange(1, 9).Draw(t, "steps") {
			c.Steps = append(c.Steps, step(hours, rapid.SampledFrom([]string{"new", "work", "hold", "resolved", "closed"}).Draw(t, "state"), "", rapid.SampledFrom([]string{"", "1", "2", "3"}).Draw(t, "group")))
			hours += rapid.Float64Range(0, 30).Draw(t, "hours")
		}
		out = append(out, TraceOf(c, States, category))
	}
	return out
}

// TestNothingGetsLostOnTheMap: what enters a place leaves it or is there, every
// ticket begins once, and the whole map holds every ticket.
func TestNothingGetsLostOnTheMap(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		all := traces(t)
		m := Discover(all, States, rapid.SampledFrom(shares).Draw(t, "share"))
		in, out := map[string]int{}, map[string]int{}
		for _, s := range m.Steps {
			out[s.From] += s.Count
			in[s.To] += s.Count
		}
		here := 0
		for _, p := range m.Places {
			here += p.Here
			if in[p.Key] != p.Visits || out[p.Key]+p.Here != p.Visits || p.Tickets > p.Visits {
				t.Fatalf("%+v: %d in, %d out", p, in[p.Key], out[p.Key])
			}
		}
		if out[outside] != m.Shown || in[outside]+here != m.Shown {
			t.Fatalf("%d begin, %d end, %d are underway of %d", out[outside], in[outside], here, m.Shown)
		}
		if full := Discover(all, States, 1); full.Shown != len(all) {
			t.Fatalf("the whole map shows %d of %d", full.Shown, len(all))
		}
	})
}

// TestWhatIsBehindAStepIsAsManyAsItSays on the whole map.
func TestWhatIsBehindAStepIsAsManyAsItSays(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		l := &log{traces: traces(t)}
		m := Discover(l.traces, States, 1)
		for _, s := range m.Steps {
			p := part{kind: "step", from: s.From, to: s.To}
			ids, after := 0, int64(0)
			for {
				page, next := p.behind(l, after, 7)
				ids += len(page)
				if next == 0 {
					break
				}
				after = next
			}
			if ids != s.Tickets || p.count(l) != s.Tickets {
				t.Fatalf("%q to %q: %d tickets behind, %d counted, %d on the map", s.From, s.To, ids, p.count(l), s.Tickets)
			}
		}
		for _, w := range m.Ways {
			if n := (part{kind: "way", way: w.key}).count(l); n != w.Count {
				t.Fatalf("%s: %d behind, %d on the map", w.key, n, w.Count)
			}
		}
	})
}

// TestBoxesNeverLieUponOneAnother, and every line runs from box to box within
// the drawing.
func TestBoxesNeverLieUponOneAnother(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		m := Discover(traces(t), States, 1)
		d := Arrange(m)
		if len(d.Places) != len(m.Places)+2 || len(d.Steps) != len(m.Steps) {
			t.Fatalf("%d places, %d steps drawn of %d, %d", len(d.Places), len(d.Steps), len(m.Places), len(m.Steps))
		}
		for i, a := range d.Places {
			if a.X < BoxWidth/2 || a.X > d.Width-BoxWidth/2 || a.Y < BoxHeight/2 || a.Y > d.Height-BoxHeight/2 || math.IsNaN(a.X) {
				t.Fatalf("outside: %+v of %v x %v", a, d.Width, d.Height)
			}
			for _, b := range d.Places[:i] {
				if math.Abs(a.X-b.X) < BoxWidth && math.Abs(a.Y-b.Y) < BoxHeight {
					t.Fatalf("upon one another: %+v and %+v", a, b)
				}
			}
		}
		for _, s := range d.Steps {
			if len(s.Points) < 2 {
				t.Fatalf("a line without length: %+v", s)
			}
		}
	})
}

func TestTheDrawingIsTheSameEachTime(t *testing.T) {
	t.Parallel()
	m := Discover([]Trace{TraceOf(course, States, category), TraceOf(course, States, category)}, States, 1)
	if a, b := fmt.Sprint(Arrange(m)), fmt.Sprint(Arrange(m)); a != b {
		t.Errorf("%s\n%s", a, b)
	}
}

func TestTheCacheForgets(t *testing.T) {
	t.Parallel()
	var c cache
	c.put("a", &log{traces: make([]Trace, keepTraces-10)}, at(0))
	c.put("b", &log{traces: make([]Trace, 20)}, at(0))
	if c.get("a", at(0)) != nil || c.get("b", at(0)) == nil || c.get("b", at(1)) != nil {
		t.Error("it holds too much, or for too long")
	}
}
