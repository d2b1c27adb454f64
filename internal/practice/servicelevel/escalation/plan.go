package escalation

import (
	"cmp"
	"slices"
	"strconv"
	"time"

	"github.com/steward-itsm/steward/internal/core/calendar"
	"github.com/steward-itsm/steward/internal/core/clock"
)

func itoa(n int) string { return strconv.Itoa(n) }

// weekend reports whether a day of a calendar's week is a Saturday or Sunday.
func weekend(day int) bool {
	d := time.Weekday(day)
	return d == time.Saturday || d == time.Sunday
}

// step is a rung on one clock: what a row of the table stands for.
type step struct {
	Clock clock.Key
	Rung  int64
	Round int
}

// planned is a step with its instant.
type planned struct {
	step
	Ladder int64
	At     time.Time // zero while the clock is paused
	Fire   time.Time // At after quiet hours
	Since  time.Time // of the rung
}

// planner knows the quiet hours of ladders in the zones that were asked for.
type planner struct {
	loud map[loudKey]*calendar.Hours
}

type loudKey struct {
	quiet Quiet
	zone  string
}

func newPlanner() *planner { return &planner{loud: map[loudKey]*calendar.Hours{}} }

// hold gives the first instant from t on at which it is not quiet.
func (p *planner) hold(t time.Time, q Quiet, zone *time.Location) time.Time {
	if q == (Quiet{}) || t.IsZero() {
		return t
	}
	key := loudKey{q, zone.String()}
	h, known := p.loud[key]
	if !known {
		h = q.hours(key.zone)
		p.loud[key] = h
	}
	if h == nil {
		return t
	}
	if open, ok := h.NextOpen(t); ok {
		return open
	}
	return t
}

// steps gives what a ladder has in store for an open clock: every rung with each of
// its rounds, in the order in which they come. A rung that would stand before the
// clock's beginning has no place on it.
func (p *planner) steps(l *Ladder, c *clock.Clock) []planned {
	var out []planned
	for i := range l.Rungs {
		r := &l.Rungs[i]
		for round := 0; round <= r.Times; round++ {
			s := planned{step: step{c.Key, r.ID, round}, Ladder: l.ID, Since: r.Since}
			if c.Stage == clock.Running {
				at, ok := r.instant(c, round)
				if !ok {
					continue
				}
				s.At, s.Fire = at, p.hold(at, l.Quiet, c.Hours().Zone())
			}
			out = append(out, s)
		}
	}
	slices.SortStableFunc(out, func(a, b planned) int { return a.At.Compare(b.At) })
	return out
}

// instant is when a rung is reached by a running clock, unless something happens
// before.
func (r *Rung) instant(c *clock.Clock, round int) (time.Time, bool) {
	since := c.Since()
	if since.IsZero() || c.Due.IsZero() || c.Hours() == nil {
		return time.Time{}, false
	}
	switch r.Anchor {
	case AtPercent:
		return c.At(r.Percent)
	case BeforeDue:
		if !r.ByClock {
			return c.Before(r.Span)
		}
		at := c.Due.Add(-r.Span)
		return later(at, since), at.After(c.Started)
	case AfterDue:
		over := r.Span + time.Duration(round)*r.Every
		if !r.ByClock {
			return c.After(over)
		}
		return later(c.Due.Add(over), since), true
	}
	return time.Time{}, false
}

func later(a, b time.Time) time.Time {
	if a.Before(b) {
		return b
	}
	return a
}

// firing is a step of a simulation that fires.
type firing struct {
	planned
	Fired time.Time
	Clock *clock.Clock // as it was then
}

// mostMoments bounds how much of a timeline a simulation walks.
const mostMoments = 500

// simulate gives what the chosen ladder would have done to a ticket from an instant
// to another, for every clock that it is the ladder of.
func simulate(course clock.Course, book clock.Book, choose func(c *clock.Clock) *Ladder, from, to time.Time) []firing {
	p, done := newPlanner(), map[step]bool{}
	var out []firing
	moments := course.Moments[:min(len(course.Moments), mostMoments)]
	for i := range moments {
		begin, end := moments[i].At, to
		if i+1 < len(moments) && moments[i+1].At.Before(to) {
			end = moments[i+1].At
		}
		if !begin.Before(end) {
			continue
		}
		clocks := clock.Compute(course, book, begin)
		for n := range clocks {
			c := &clocks[n]
			l := choose(c)
			if c.Stage != clock.Running || l == nil {
				continue
			}
			for _, s := range p.steps(l, c) {
				if done[s.step] || !s.Fire.Before(end) {
					continue
				}
				done[s.step] = true
				if at := later(s.Fire, begin); !at.Before(from) {
					out = append(out, firing{s, at, c})
				}
			}
		}
	}
	slices.SortStableFunc(out, func(a, b firing) int { return cmp.Or(a.Fired.Compare(b.Fired), cmp.Compare(a.Rung, b.Rung)) })
	return out
}
