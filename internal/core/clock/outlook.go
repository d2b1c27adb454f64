package clock

import (
	"cmp"
	"slices"
	"time"

	"github.com/steward-itsm/steward/internal/core/calendar"
)

// Place is where comparable promises stand: the same promise on tickets of the same
// kind, in the same state, with the same group.
type Place struct {
	Role    Role
	Measure Measure
	Of      string // of a Step: the state whose stay is promised
	Kind    string
	State   string
	Group   int64 // 0 is every group
}

// anyGroup is the place whoever has the ticket.
func (p Place) anyGroup() Place { p.Group = 0; return p }

// Stay is an unbroken time that a ticket was in one place, in business time of one of
// its clocks.
type Stay struct {
	Place
	From   time.Time
	Before time.Duration // used when it began
	Length time.Duration // used in it
	ToEnd  time.Duration // used from its beginning until the clock ended
}

// Stays gives the stays of a ticket while one of its clocks went on.
func Stays(course Course, c *Clock, hours func(int64) *calendar.Hours) []Stay {
	var out []Stay
	for i := range course.Moments {
		m := &course.Moments[i]
		if !c.Ended.IsZero() && !m.At.Before(c.Ended) {
			break
		}
		p := Place{Role: c.Role, Measure: c.Measure, Of: c.State, Kind: m.Kind, State: m.State, Group: m.Group}
		if len(out) > 0 && out[len(out)-1].Place == p {
			continue
		}
		from := m.At
		if from.Before(c.Started) {
			from = c.Started
		}
		if len(out) > 0 && !from.After(out[len(out)-1].From) { // it came to lie here in the instant in which the clock began
			out = out[:len(out)-1]
		}
		out = append(out, Stay{Place: p, From: from, Before: c.usedAt(from, hours)})
	}
	for i := range out {
		end := c.Used
		if i+1 < len(out) {
			end = out[i+1].Before
		}
		out[i].Length, out[i].ToEnd = end-out[i].Before, c.Used-out[i].Before
	}
	return out
}

// usedAt is the business time a clock had used at an instant.
func (c *Clock) usedAt(t time.Time, hours func(int64) *calendar.Hours) time.Duration {
	var used time.Duration
	for i := range c.Intervals {
		is := &c.Intervals[i]
		switch {
		case !is.To.After(t):
			used += is.Used
		case is.From.Before(t) && is.Used > 0:
			if h := hours(is.Calendar); h != nil {
				used += h.Elapsed(is.From, t)
			}
		}
	}
	return used
}

// Sample is what comparable promises took, each list from the shortest.
type Sample struct {
	ToEnd  []time.Duration // from the beginning of the stay until the promise was kept or done too late
	Length []time.Duration // of the stay itself
}

// MinSample is how many comparable promises say something. MaxSample bounds a sample:
// what is added first counts.
const (
	MinSample = 20
	MaxSample = 400
)

// Typical is what is known of the past, by place.
type Typical map[Place]*Sample

// Learn adds an ended clock. Those that ended last should be added first. Call Ready
// in the end.
func (t Typical) Learn(course Course, c *Clock, hours func(int64) *calendar.Hours) {
	if c.Stage != Completed {
		return
	}
	for _, s := range Stays(course, c, hours) {
		for _, p := range []Place{s.Place, s.anyGroup()} {
			if t[p] == nil {
				t[p] = &Sample{}
			}
			if x := t[p]; len(x.ToEnd) < MaxSample {
				x.ToEnd, x.Length = append(x.ToEnd, s.ToEnd), append(x.Length, s.Length)
			}
			if s.Group == 0 {
				break
			}
		}
	}
}

// Ready sorts what was learned and forgets what is too little to say anything.
func (t Typical) Ready() {
	for p, s := range t {
		if len(s.ToEnd) < MinSample {
			delete(t, p)
			continue
		}
		slices.Sort(s.ToEnd)
		slices.Sort(s.Length)
	}
}

// of gives the sample of a place: of the group, or where that is too little of all.
func (t Typical) of(p Place) (Place, *Sample) {
	if s := t[p]; s != nil {
		return p, s
	}
	return p.anyGroup(), t[p.anyGroup()]
}

// Cause says why a promise is likely to break.
type Cause string

// The causes, the firmest first.
const (
	LaterPromise Cause = "later_promise" // who has the ticket promised it for later than the customer was promised
	NotAtWork    Cause = "not_at_work"   // who has the ticket is not at work before it is due
	LongStay     Cause = "long_stay"     // tickets lie here longer than what is left
	LongWay      Cause = "long_way"      // from here tickets take longer than what is left
)

// Causes lists all causes.
func Causes() []Cause { return []Cause{LaterPromise, NotAtWork, LongStay, LongWay} }

// Prospect is a cause for which a promise is likely to break, as long as nothing
// happens on its ticket.
type Prospect struct {
	Cause Cause
	At    time.Time // from this instant on
	// Of LaterPromise: when it is due by the promise of who has the ticket.
	Due time.Time
	// Of LongStay and LongWay: of Sample comparable promises, Lasted took as long as
	// this one will have at At, and of these Longer longer than its target allows.
	Place                  Place
	Sample, Lasted, Longer int
}

// Foresee says why an open promise is likely to break, unless something happens on
// its ticket, and from which instant on, the earliest first; nothing when it is
// broken already. all are the clocks of the ticket, computed with c.
//
// A promise is likely to break when who has the ticket promised its part for later,
// or has no hours left before it is due, or when of at least MinSample comparable
// promises that took as long as this one half took longer than it may. As time goes
// on that becomes truer, never less so: the instant can be computed once.
func Foresee(course Course, c *Clock, all []Clock, hours func(int64) *calendar.Hours, typical Typical) []Prospect {
	if !c.Stage.Open() || !c.Breached.IsZero() || len(course.Moments) == 0 {
		return nil
	}
	stays := Stays(course, c, hours)
	if len(stays) == 0 {
		return nil
	}
	stay := stays[len(stays)-1]
	var out []Prospect
	if c.running && !c.Due.IsZero() {
		out = append(out, c.byHolder(&course.Moments[len(course.Moments)-1], stay, all, hours)...)
	}
	if c.running && !c.Due.IsZero() || !c.Target.InDays() && c.Target.Within > 0 {
		place, sample := typical.of(stay.Place)
		if sample != nil {
			may := c.Whole() - stay.Before
			for cause, took := range map[Cause][]time.Duration{LongStay: sample.Length, LongWay: sample.ToEnd} {
				if p, ok := c.bySample(stay, took, may); ok {
					p.Cause, p.Place = cause, place
					out = append(out, p)
				}
			}
		}
	}
	slices.SortFunc(out, func(a, b Prospect) int {
		return cmp.Or(a.At.Compare(b.At), cmp.Compare(slices.Index(Causes(), a.Cause), slices.Index(Causes(), b.Cause)))
	})
	return out
}

// byHolder looks at who has the ticket.
func (c *Clock) byHolder(now *Moment, stay Stay, all []Clock, hours func(int64) *calendar.Hours) []Prospect {
	holder := Party{Group, now.Group}
	if now.Supplier != 0 {
		holder = Party{Supplier, now.Supplier}
	}
	var out []Prospect
	if own := OwnPromise(c, holder, all); own != nil && c.Role == SLA && own.running && own.Due.After(c.Due) {
		out = append(out, Prospect{Cause: LaterPromise, At: stay.From, Due: own.Due})
	}
	i := slices.IndexFunc(all, func(o Clock) bool { return o.Role != SLA && o.With() == holder && o.Stage.Open() })
	if i < 0 {
		return out
	}
	h := hours(all[i].Target.Calendar)
	if h == nil {
		return out
	}
	if last := lastOpen(h, stay.From, c.Due); last.Before(c.Due.Add(-time.Minute)) {
		out = append(out, Prospect{Cause: NotAtWork, At: last})
	}
	return out
}

// lastOpen is the instant from which on hours do not open any more before another,
// to the second; not before from.
func lastOpen(h *calendar.Hours, from, until time.Time) time.Time {
	if !from.Before(until) || h.Elapsed(from, until) == 0 {
		return from
	}
	lo, hi := from, until // open after lo, never after hi
	for hi.Sub(lo) > time.Second {
		mid := lo.Add(hi.Sub(lo) / 2).Truncate(time.Second)
		if !mid.After(lo) {
			break
		}
		if h.Elapsed(mid, until) > 0 {
			lo = mid
		} else {
			hi = mid
		}
	}
	return hi
}

// bySample says from when on half of the comparable promises that took as long took
// longer than this one may. took is sorted; may is counted from the stay's beginning.
func (c *Clock) bySample(stay Stay, took []time.Duration, may time.Duration) (Prospect, bool) {
	longer := len(took) - upTo(took, may)
	if longer == 0 {
		return Prospect{}, false
	}
	p := Prospect{At: stay.From, Sample: len(took), Lasted: len(took), Longer: longer}
	if 2*longer >= len(took) {
		return p, true
	}
	// So many must have ended before the others are half of what is left.
	lasts := took[len(took)-2*longer-1]
	p.Lasted = len(took) - upTo(took, lasts)
	since := c.Used - stay.Before
	switch {
	case lasts <= 0:
	case c.running:
		at, ok := c.hours.Due(c.since, stay.Before+lasts-c.usedBefore)
		if !ok {
			return p, false
		}
		p.At = at
	case lasts > since: // it is paused, and time does not run
		return p, false
	}
	return p, true
}

// upTo is how many of a sorted list are no longer than d.
func upTo(sorted []time.Duration, d time.Duration) int {
	i, _ := slices.BinarySearch(sorted, d+1)
	return i
}
