package clock

import (
	"cmp"
	"slices"
	"time"

	"github.com/steward-itsm/steward/internal/core/calendar"
)

// Stage is how far a clock is.
type Stage string

// The stages of a clock.
const (
	Running   Stage = "running"   // counts within the hours of its calendar
	Paused    Stage = "paused"    // does not count, and may go on
	Completed Stage = "completed" // what was promised is done, in time unless Breached
	Cancelled Stage = "cancelled" // there is nothing to deliver any more
)

// Open reports whether the promise is still to be kept.
func (s Stage) Open() bool { return s == Running || s == Paused }

// Why says why a clock does what it does.
type Why string

// The reasons of intervals.
const (
	Working   Why = "working"    // it runs, and somebody works
	Waiting   Why = "waiting"    // for what the interval's Detail says
	Elsewhere Why = "elsewhere"  // another party than the agreement's has the ticket
	NoPromise Why = "no_promise" // the agreement says nothing for this priority, or no longer holds
	Done      Why = "done"       // between a resolution and a reopening
	Closed    Why = "outside"    // of Pieces: outside the hours of the calendar
	Holiday   Why = "holiday"    // of Pieces; Detail is its name
)

// PartyType says what kind of party a ticket lies with.
type PartyType string

// Whom a ticket can lie with.
const (
	Nobody    PartyType = "nobody"
	Requester PartyType = "requester"
	Group     PartyType = "group"
	Supplier  PartyType = "supplier"
)

// Party is who is responsible for an interval.
type Party struct {
	Type PartyType
	ID   int64 // of the group or the supplier
}

// Interval is a time during which a clock did one thing for one reason.
type Interval struct {
	From, To time.Time // To is now while it goes on
	Stage    Stage     // Running, Paused; Completed between a resolution and a reopening
	Why      Why
	Detail   string // the label of a waiting reason or state
	Party    Party
	Group    int64 // that held the ticket
	Version  int64 // of the agreement
	Calendar int64
	Used     time.Duration // business time consumed
}

// Key tells the clocks of a ticket apart; it stays the same whenever they are
// computed.
type Key struct {
	Role    Role
	Party   int64 // the group or supplier; 0 for the customer's
	Measure Measure
	State   string // of a Step
	Cycle   int    // 1, 2, …
}

// Clock is one promise on one ticket.
type Clock struct {
	Key
	Agreement, Version int64
	Target             Target
	Stage              Stage
	Started            time.Time
	Ended              time.Time // zero while it is open
	// Due is when the promise is broken unless the clock stops or pauses before; of an
	// ended clock when it was to be kept. Zero while it is paused, and for a calendar
	// that never opens again.
	Due      time.Time
	Breached time.Time     // the instant at which it was broken; zero for never
	Used     time.Duration // business time consumed
	Left     time.Duration // of Within, negative past it; of days the business time to Due while it runs
	DaysLeft int           // of a target in days: those still to come
	// Intervals lie one after the other without gaps, from Started on.
	Intervals []Interval

	hours *calendar.Hours
	// The stretch that runs: since when, and what was used and left before it.
	running    bool
	since      time.Time
	usedBefore time.Duration
	daysBefore int
}

// With is the group or the supplier that promised; Nobody for the customer's clock,
// which all keep together.
func (c *Clock) With() Party {
	switch c.Role {
	case OLA:
		return Party{Group, c.Party}
	case UC:
		return Party{Supplier, c.Party}
	case SLA:
	}
	return Party{Type: Nobody}
}

// Met reports whether an ended clock kept its promise.
func (c *Clock) Met() bool { return c.Stage == Completed && c.Breached.IsZero() }

// Percent is how much of the target is used, 100 and more past it. Of a target in
// days it is the share of the business time from the start to the due time.
func (c *Clock) Percent() int {
	whole := c.Whole()
	if whole <= 0 {
		return 0
	}
	return int(100 * c.Used / whole)
}

// Whole is the target as business time; of business days what they come to, as far
// as that is known: not while it is paused.
func (c *Clock) Whole() time.Duration {
	if !c.Target.InDays() {
		return c.Target.Within
	}
	return c.Used + max(c.Left, 0)
}

// At gives the instant at which a running clock will have used a share of its
// target, in percent, unless something happens before; false if it does not run or
// that much time never comes. It may lie in the past.
func (c *Clock) At(percent int) (time.Time, bool) {
	if !c.running || c.hours == nil || c.Due.IsZero() {
		return time.Time{}, false
	}
	if c.Target.InDays() {
		whole := c.usedBefore + c.hours.Elapsed(c.since, c.Due)
		return c.hours.Due(c.since, whole*time.Duration(percent)/100-c.usedBefore)
	}
	return c.hours.Due(c.since, c.Target.Within*time.Duration(percent)/100-c.usedBefore)
}

// Compute gives the clocks of a ticket as they stood at an instant: the customer's
// first, then by party, measure and cycle. Moments after it are left out.
func Compute(course Course, book Book, now time.Time) []Clock {
	m := machine{book: book, now: now, kept: map[int64]Version{}, open: map[Key]*Clock{}, cycles: map[Key]int{}}
	moments := course.Moments
	for len(moments) > 0 && moments[len(moments)-1].At.After(now) {
		moments = moments[:len(moments)-1]
	}
	for i := range moments {
		end := now
		if i+1 < len(moments) {
			end = moments[i+1].At
		}
		var before *Moment
		if i > 0 {
			before = &moments[i-1]
		}
		m.step(before, &moments[i])
		m.advance(&moments[i], end)
	}
	out := make([]Clock, len(m.all))
	for i, c := range m.all {
		m.settle(c, now)
		out[i] = *c
	}
	slices.SortStableFunc(out, func(a, b Clock) int {
		return cmp.Or(
			cmp.Compare(slices.Index(Roles(), a.Role), slices.Index(Roles(), b.Role)), cmp.Compare(a.Party, b.Party),
			cmp.Compare(slices.Index(Measures(), a.Measure), slices.Index(Measures(), b.Measure)), cmp.Compare(a.State, b.State), cmp.Compare(a.Cycle, b.Cycle))
	})
	return out
}

// machine walks a course.
type machine struct {
	book   Book
	now    time.Time
	kept   map[int64]Version // frozen for the ticket
	slots  []slot
	over   []ChangeOver // in force, the newest last
	all    []*Clock
	open   map[Key]*Clock // the present cycle of each promise, ended or not; by Key without Cycle
	cycles map[Key]int
}

// step takes in what happened in a moment.
func (m *machine) step(before, now *Moment) {
	if now.Over != nil {
		m.over = slices.DeleteFunc(m.over, func(o ChangeOver) bool { return o.Role == now.Over.Role && o.Party == now.Over.Party })
		if now.Over.Agreement != 0 {
			m.over = append(m.over, *now.Over)
		}
	}
	if before == nil || now.Over != nil || about(&before.Facts) != about(&now.Facts) {
		m.slots = m.changed(m.book.attach(&now.Facts, now.At, m.kept), &now.Facts)
	}
	for _, c := range m.all {
		m.happen(c, before, now)
	}
	for i := range m.slots {
		m.begin(&m.slots[i], before, now)
	}
	for _, c := range m.all {
		m.retarget(c, now)
	}
}

// changed puts what somebody decided in the place of what the rules say.
func (m *machine) changed(slots []slot, f *Facts) []slot {
	for _, o := range m.over {
		holds := o.Role == SLA || o.Role == OLA && o.Party == f.Group || o.Role == UC && o.Party == f.Supplier
		i := slices.IndexFunc(m.book.Agreements, func(a Agreement) bool { return a.ID == o.Agreement })
		if !holds || i < 0 {
			continue
		}
		a := &m.book.Agreements[i]
		v := slices.IndexFunc(a.Versions, func(v Version) bool { return v.ID == o.Version })
		if v < 0 {
			continue
		}
		slots = slices.DeleteFunc(slots, func(s slot) bool { return s.role == o.Role && (o.Role == SLA || s.party == o.Party) })
		slots = append(slots, slot{agreement: a.ID, role: o.Role, party: a.Party, version: a.Versions[v]})
	}
	return slots
}

// about is what decides under which agreements a ticket comes.
func about(f *Facts) Facts {
	return Facts{Kind: f.Kind, Service: f.Service, Organisation: f.Organisation, Group: f.Group, Supplier: f.Supplier}
}

// happen ends what a moment ends.
func (m *machine) happen(c *Clock, before, now *Moment) {
	if !c.Stage.Open() {
		return
	}
	has := c.Role == SLA || before != nil && m.holds(c, &before.Facts)
	done := false
	switch c.Measure {
	case Response:
		done = c.Role == SLA && now.Answered || c.Role != SLA && has && now.Taken
	case Update:
		done = has && now.Answered
	case Workaround:
		done = has && now.Workaround && (now.Withdrawn.IsZero() || now.Withdrawn.After(m.now))
	case Step:
		done = now.State != c.State
	case Resolution:
	}
	switch {
	case done:
		m.end(c, now.At, Completed)
	case now.Cancelled:
		m.end(c, now.At, Cancelled)
	case !now.Active && (c.Role == SLA || has):
		m.end(c, now.At, Completed)
	case !now.Active:
		m.end(c, now.At, Cancelled) // it was not the party that ended it
	}
}

// holds reports whether the ticket is with the party of a clock.
func (m *machine) holds(c *Clock, f *Facts) bool {
	switch c.Role {
	case OLA:
		return f.Group == c.Party
	case UC:
		return f.Supplier == c.Party
	}
	return true
}

// begin starts what a moment starts.
func (m *machine) begin(s *slot, before, now *Moment) {
	reopened := before != nil && !before.Active && now.Active
	seen := map[Key]bool{}
	for i := range s.version.Targets {
		t := &s.version.Targets[i]
		key := Key{Role: s.role, Measure: t.Measure, State: t.State}
		if s.role != SLA {
			key.Party = s.party
		}
		target, promised := s.version.target(t.Measure, t.State, now.Priority)
		if seen[key] || !promised || !now.Active {
			continue
		}
		seen[key] = true
		c := m.open[key]
		switch {
		case c == nil:
			if t.Measure == Step && now.State != t.State {
				continue
			}
		case c.Stage.Open():
			continue
		case t.Measure == Update:
		case t.Measure == Step:
			if now.State != t.State {
				continue
			}
		case t.Measure == Resolution && (reopened || c.Role != SLA):
			// A group that gets a ticket back after it had ended goes on, too.
			if s.version.Reopen != Restart {
				m.resume(c, now.At)
				continue
			}
		default: // answered, or worked around: once is enough
			continue
		}
		m.cycles[key]++
		c = &Clock{Key: key, Agreement: s.agreement, Version: s.version.ID, Target: target, Stage: Paused, Started: now.At, DaysLeft: target.Days}
		c.Cycle = m.cycles[key]
		c.hours = m.book.Hours(target.Calendar)
		m.open[key] = c
		m.all = append(m.all, c)
	}
}

// resume opens an ended clock again, with what it had used.
func (m *machine) resume(c *Clock, at time.Time) {
	if n := len(c.Intervals); n > 0 || !c.Ended.IsZero() {
		c.interval(Interval{From: c.Ended, To: at, Stage: Completed, Why: Done, Party: Party{Type: Nobody}, Version: c.Version, Calendar: c.Target.Calendar})
	}
	c.Stage, c.Ended = Paused, time.Time{}
}

// retarget gives an open clock the promise that holds from a moment on.
func (m *machine) retarget(c *Clock, now *Moment) {
	if !c.Stage.Open() {
		return
	}
	s, ok := m.slotOf(c)
	if !ok {
		m.pause(c, now.At)
		return
	}
	target, ok := s.version.target(c.Measure, c.State, now.Priority)
	if !ok {
		m.pause(c, now.At)
		return
	}
	if target == c.Target && s.version.ID == c.Version {
		return
	}
	m.pause(c, now.At) // what was consumed stays
	if target.InDays() && !c.Target.InDays() {
		c.DaysLeft = target.Days
	} else if target.InDays() {
		c.DaysLeft = max(0, c.DaysLeft+target.Days-c.Target.Days)
	}
	c.Agreement, c.Version, c.Target = s.agreement, s.version.ID, target
	c.hours = m.book.Hours(target.Calendar)
	// The promise is judged as it stands: what was broken under a shorter one is not
	// broken any more, and what a shorter one breaks is broken now.
	switch {
	case target.InDays() && c.DaysLeft > 0, !target.InDays() && c.Used <= target.Within:
		c.Breached = time.Time{}
	case target.InDays():
	case c.Breached.IsZero():
		c.Breached = now.At
	}
}

func (m *machine) slotOf(c *Clock) (slot, bool) {
	for _, s := range m.slots {
		if s.role == c.Role && (c.Role == SLA || s.party == c.Party) {
			return s, true
		}
	}
	return slot{}, false
}

// advance lets the open clocks do what they do until an instant.
func (m *machine) advance(now *Moment, end time.Time) {
	for _, c := range m.all {
		if !c.Stage.Open() {
			continue
		}
		is := m.doing(c, now)
		is.From, is.To = now.At, end
		if is.Stage == Running {
			m.run(c, now.At)
			is.Used = c.elapsed(now.At, end)
			c.Used += is.Used
			m.watch(c, end)
		} else {
			m.pause(c, now.At)
		}
		c.Stage = is.Stage
		c.interval(is)
	}
}

// doing says what an open clock does while a moment lasts, and who is responsible.
func (m *machine) doing(c *Clock, now *Moment) Interval {
	is := Interval{Stage: Running, Why: Working, Group: now.Group, Party: Party{Type: Nobody}, Version: c.Version, Calendar: c.Target.Calendar}
	switch {
	case now.OnRequester:
		is.Party = Party{Type: Requester}
	case now.Supplier != 0:
		is.Party = Party{Supplier, now.Supplier}
	case now.Group != 0:
		is.Party = Party{Group, now.Group}
	}
	s, ok := m.slotOf(c)
	if ok {
		_, ok = s.version.target(c.Measure, c.State, now.Priority)
	}
	pauses := now.Pauses
	if ok && s.version.OwnPauses {
		pauses = now.Wait != "" && slices.Contains(s.version.Pauses, now.Wait)
	}
	switch {
	case c.Role != SLA && !m.holds(c, &now.Facts):
		is.Stage, is.Why = Paused, Elsewhere
	case !ok:
		is.Stage, is.Why = Paused, NoPromise
	case pauses:
		is.Stage, is.Why, is.Detail = Paused, Waiting, cmp.Or(now.WaitLabel, now.Label)
	}
	return is
}

// run begins a stretch that counts, unless one is under way.
func (m *machine) run(c *Clock, at time.Time) {
	if c.running {
		return
	}
	c.running, c.since, c.usedBefore, c.daysBefore = true, at, c.Used, c.DaysLeft
	c.Due = c.Breached
	if c.hours == nil || !c.Breached.IsZero() {
		return
	}
	var due time.Time
	var ok bool
	if c.Target.InDays() {
		due, ok = c.hours.DueDays(at, c.DaysLeft, c.Target.Until)
	} else {
		due, ok = c.hours.Due(at, c.Target.Within-c.Used)
	}
	if ok {
		c.Due = due
	}
}

// watch notes a promise that was broken before an instant while the clock ran.
func (m *machine) watch(c *Clock, end time.Time) {
	if c.Breached.IsZero() && !c.Due.IsZero() && c.Due.Before(end) {
		c.Breached = c.Due
	}
}

// pause ends the stretch that counts.
func (m *machine) pause(c *Clock, at time.Time) {
	if !c.running {
		return
	}
	c.running = false
	if c.Target.InDays() && c.hours != nil {
		c.DaysLeft = c.daysLeft(at)
	}
	c.Due = time.Time{}
}

// daysLeft is how many business days are still to come at an instant of a stretch.
func (c *Clock) daysLeft(at time.Time) int {
	left := c.daysBefore
	for left > 0 {
		passed, ok := c.hours.DueDays(c.since, c.daysBefore-left+1, c.Target.Until)
		if !ok || passed.After(at) {
			break
		}
		left--
	}
	return left
}

// end stops a clock for good, or until its ticket is reopened.
func (m *machine) end(c *Clock, at time.Time, as Stage) {
	due := c.Due
	if c.running && c.Target.InDays() && c.hours != nil {
		c.DaysLeft = c.daysLeft(at)
	}
	c.running = false
	c.Stage, c.Ended, c.Due = as, at, due
}

// settle works out what is left at an instant.
func (m *machine) settle(c *Clock, now time.Time) {
	if !c.Target.InDays() {
		c.Left = c.Target.Within - c.Used
		return
	}
	if c.hours == nil || c.Due.IsZero() {
		return
	}
	if !c.Ended.IsZero() {
		now = c.Ended
	} else {
		c.DaysLeft = c.daysLeft(now)
	}
	if now.Before(c.Due) {
		c.Left = c.elapsed(now, c.Due)
	} else {
		c.Left = -c.elapsed(c.Due, now)
	}
}

func (c *Clock) elapsed(from, to time.Time) time.Duration {
	if c.hours == nil {
		return 0
	}
	return c.hours.Elapsed(from, to)
}

// interval goes on with what a clock does.
func (c *Clock) interval(is Interval) {
	for n := len(c.Intervals); n > 0; n-- {
		last := &c.Intervals[n-1]
		same := *last
		same.From, same.To, same.Used = is.From, is.To, is.Used
		if same == is {
			last.To, last.Used = is.To, last.Used+is.Used
			return
		}
		if last.From.Before(last.To) {
			break
		}
		c.Intervals = c.Intervals[:n-1] // two events of one instant
	}
	c.Intervals = append(c.Intervals, is)
}
