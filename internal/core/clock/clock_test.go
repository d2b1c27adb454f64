package clock_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/steward-itsm/steward/internal/core/calendar"
	"github.com/steward-itsm/steward/internal/core/clock"
)

// Calendars of the tests.
const (
	office int64 = 1 + iota // Monday to Friday 9:00-17:00 in Berlin
	always
	never
)

const (
	network  int64 = 10 // a group of ours
	vendors  int64 = 11 // a group of the supplier
	supplier int64 = 20
	company  int64 = 30
	client   int64 = 31 // below company
	mail     int64 = 40 // a service
)

func hours(t testing.TB) func(int64) *calendar.Hours {
	t.Helper()
	spans := func(text string) []calendar.Span {
		s, err := calendar.ParseSpan(text)
		if err != nil {
			t.Fatal(err)
		}
		return []calendar.Span{s}
	}
	made := map[int64]*calendar.Hours{}
	for id, days := range map[int64][]time.Weekday{office: {1, 2, 3, 4, 5}, always: {0, 1, 2, 3, 4, 5, 6}, never: nil} {
		c := calendar.Calendar{Name: "C", Zone: "Europe/Berlin", Versions: []calendar.Version{{}}}
		for _, d := range days {
			c.Versions[0].Week[d] = spans("09:00-17:00")
			if id == always {
				c.Versions[0].Week[d] = []calendar.Span{calendar.AllDay}
			}
		}
		h, err := calendar.Compile(c)
		if err != nil {
			t.Fatal(err)
		}
		made[id] = h
	}
	return func(id int64) *calendar.Hours { return made[id] }
}

// at reads a time of October 2026 in Berlin: "12 09:30"; the 12th is a Monday.
func at(t testing.TB, text string) time.Time {
	t.Helper()
	zone, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	v, err := time.ParseInLocation("2006-01 02 15:04", "2026-10 "+text, zone)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func agreement(id int64, role clock.Role, party int64, targets ...clock.Target) clock.Agreement {
	return clock.Agreement{ID: id, Role: role, Party: party, Versions: []clock.Version{{ID: id * 100, Number: 1, Terms: clock.Terms{Calendar: office, Targets: targets}}}}
}

func within(m clock.Measure, d time.Duration) clock.Target {
	return clock.Target{Measure: m, Within: d}
}

func book(t testing.TB, agreements ...clock.Agreement) clock.Book {
	return clock.Book{Agreements: agreements, Hours: hours(t), Above: func(id int64) []int64 {
		if id == client {
			return []int64{client, company}
		}
		return []int64{id}
	}}
}

// opened is a ticket as it comes in.
func opened() clock.Facts {
	return clock.Facts{Kind: "incident", Service: mail, Organisation: client, Group: network, Priority: 3, State: "open", Active: true}
}

// story builds a course step by step.
type story struct {
	t testing.TB
	clock.Course
}

func begin(t testing.TB, when string) *story {
	return &story{t, clock.Course{Moments: []clock.Moment{{At: at(t, when), Seq: 1, Facts: opened()}}}}
}

func (s *story) then(when string, change func(m *clock.Moment)) *story {
	m := s.Moments[len(s.Moments)-1]
	m.At, m.Seq, m.Answered, m.Taken, m.Workaround = at(s.t, when), m.Seq+1, false, false, false
	change(&m)
	s.Moments = append(s.Moments, m)
	return s
}

func (s *story) now(when string, b clock.Book) []clock.Clock {
	return clock.Compute(s.Course, b, at(s.t, when))
}

func waits(m *clock.Moment) {
	m.State, m.Wait, m.WaitLabel, m.OnRequester, m.Pauses = "on_hold", "requester", "the requester", true, true
}

func works(m *clock.Moment) {
	m.State, m.Wait, m.WaitLabel, m.OnRequester, m.Pauses, m.Active = "open", "", "", false, false, true
}

func resolved(m *clock.Moment) { works(m); m.State, m.Active = "resolved", false }

func passTo(group, supplier int64) func(*clock.Moment) {
	return func(m *clock.Moment) { m.Group, m.Supplier = group, supplier }
}

func one(t *testing.T, clocks []clock.Clock, role clock.Role, m clock.Measure) clock.Clock {
	t.Helper()
	for _, c := range clocks {
		if c.Role == role && c.Measure == m {
			return c
		}
	}
	t.Fatalf("there is no clock %s %s in %d clocks", role, m, len(clocks))
	return clock.Clock{}
}

func TestAPauseDoesNotShiftWhatIsDueByClosedHours(t *testing.T) {
	t.Parallel()
	b := book(t, agreement(1, clock.SLA, company, within(clock.Resolution, 8*time.Hour)))
	// Friday 15:00; it waits from 16:00 on, over the weekend, until Monday 10:00.
	s := begin(t, "16 15:00").then("16 16:00", waits).then("19 10:00", works)
	c := one(t, s.now("19 11:00", b), clock.SLA, clock.Resolution)
	if c.Used != 2*time.Hour || c.Left != 6*time.Hour || !c.Due.Equal(at(t, "19 17:00")) {
		t.Errorf("used %s, left %s, due %s", c.Used, c.Left, c.Due)
	}
	// While it waits nothing is due, and nothing breaks.
	c = one(t, begin(t, "16 15:00").then("16 16:00", waits).now("30 10:00", b), clock.SLA, clock.Resolution)
	if c.Stage != clock.Paused || !c.Due.IsZero() || !c.Breached.IsZero() || c.Left != 7*time.Hour {
		t.Errorf("%+v", c)
	}
}

func TestWhatWasConsumedStaysWhenThePromiseChanges(t *testing.T) {
	t.Parallel()
	b := book(t,
		agreement(1, clock.SLA, company, within(clock.Resolution, 8*time.Hour), clock.Target{Measure: clock.Resolution, Priority: 1, Within: 2 * time.Hour}),
		clock.Agreement{ID: 2, Role: clock.SLA, Party: company, Versions: []clock.Version{{ID: 200, Terms: clock.Terms{
			Services: []int64{41}, Calendar: always, Targets: []clock.Target{within(clock.Resolution, 20*time.Hour)},
		}}}},
	)
	urgent := func(m *clock.Moment) { m.Priority = 1 }
	// Three hours into it, it becomes urgent: two hours were promised, so it is broken there and then.
	c := one(t, begin(t, "12 09:00").then("12 12:00", urgent).now("12 13:00", b), clock.SLA, clock.Resolution)
	if !c.Breached.Equal(at(t, "12 12:00")) || c.Used != 4*time.Hour {
		t.Errorf("used %s, broken %s", c.Used, c.Breached)
	}
	// One hour into it: an hour is left.
	c = one(t, begin(t, "12 09:00").then("12 10:00", urgent).now("12 10:30", b), clock.SLA, clock.Resolution)
	if !c.Due.Equal(at(t, "12 11:00")) || c.Left != 30*time.Minute {
		t.Errorf("due %s, left %s", c.Due, c.Left)
	}
	// Another service, with other hours: twenty hours less the three that were used, day and night.
	c = one(t, begin(t, "12 09:00").then("12 12:00", func(m *clock.Moment) { m.Service = 41 }).now("12 20:00", b), clock.SLA, clock.Resolution)
	if c.Used != 11*time.Hour || !c.Due.Equal(at(t, "13 05:00")) || c.Agreement != 2 {
		t.Errorf("used %s, due %s", c.Used, c.Due)
	}
}

func TestAVersionIsFrozenForTheTicketsThatCameUnderIt(t *testing.T) {
	t.Parallel()
	a := agreement(1, clock.SLA, 0, within(clock.Resolution, 8*time.Hour))
	a.Versions = append(a.Versions, clock.Version{ID: 101, Number: 2, From: at(t, "13 00:00"), Terms: clock.Terms{Calendar: office, Targets: []clock.Target{within(clock.Resolution, time.Hour)}}})
	b := book(t, a)
	old := one(t, begin(t, "12 16:00").then("13 10:00", func(m *clock.Moment) { m.Service = 77 }).now("13 12:00", b), clock.SLA, clock.Resolution)
	young := one(t, begin(t, "13 10:00").now("13 12:00", b), clock.SLA, clock.Resolution)
	if old.Version != 100 || young.Version != 101 || old.Left != 4*time.Hour || young.Left != -time.Hour {
		t.Errorf("old %+v\nyoung %+v", old, young)
	}
	a.Ends = at(t, "12 00:00")
	if clocks := begin(t, "12 16:00").now("13 12:00", book(t, a)); len(clocks) > 0 {
		t.Errorf("an agreement that had ended is held: %+v", clocks)
	}
}

func TestTheMostSpecificAgreementHolds(t *testing.T) {
	t.Parallel()
	everyone := agreement(1, clock.SLA, 0, within(clock.Resolution, 10*time.Hour))
	whole := agreement(2, clock.SLA, company, within(clock.Resolution, 10*time.Hour))
	nearest := agreement(3, clock.SLA, client, within(clock.Resolution, 10*time.Hour))
	named := agreement(4, clock.SLA, client, within(clock.Resolution, 10*time.Hour))
	named.Versions[0].Services = []int64{mail}
	other := agreement(5, clock.SLA, 99, within(clock.Resolution, time.Hour))
	for _, c := range []struct {
		of   []clock.Agreement
		want int64
	}{
		{[]clock.Agreement{everyone, other}, 1},
		{[]clock.Agreement{everyone, whole, other}, 2},
		{[]clock.Agreement{nearest, everyone, whole}, 3},
		{[]clock.Agreement{everyone, whole, nearest, named}, 4},
	} {
		if got := one(t, begin(t, "12 09:00").now("12 10:00", book(t, c.of...)), clock.SLA, clock.Resolution).Agreement; got != c.want {
			t.Errorf("agreement %d, want %d", got, c.want)
		}
	}
}

func TestEachPartyHasItsOwnClockWhileItHoldsTheTicket(t *testing.T) {
	t.Parallel()
	b := book(t,
		agreement(1, clock.SLA, company, within(clock.Resolution, 8*time.Hour)),
		agreement(2, clock.OLA, network, within(clock.Response, 30*time.Minute), within(clock.Resolution, 3*time.Hour)),
		agreement(3, clock.UC, supplier, within(clock.Resolution, 4*time.Hour)),
	)
	s := begin(t, "12 09:00").
		then("12 09:20", func(m *clock.Moment) { m.Taken = true }).
		then("12 11:00", passTo(vendors, supplier)).
		then("13 09:30", passTo(network, 0))
	clocks := s.now("13 10:00", b)
	customer, ola, uc := one(t, clocks, clock.SLA, clock.Resolution), one(t, clocks, clock.OLA, clock.Resolution), one(t, clocks, clock.UC, clock.Resolution)
	if customer.Used != 9*time.Hour || !customer.Breached.Equal(at(t, "12 17:00")) {
		t.Errorf("the customer's: used %s, broken %s", customer.Used, customer.Breached)
	}
	if ola.Used != 2*time.Hour+30*time.Minute || ola.Stage != clock.Running || !ola.Due.Equal(at(t, "13 10:30")) {
		t.Errorf("the group's: %s, %s, due %s", ola.Used, ola.Stage, ola.Due)
	}
	if uc.Used != 6*time.Hour+30*time.Minute || uc.Stage != clock.Paused || !uc.Breached.Equal(at(t, "12 15:00")) {
		t.Errorf("the supplier's: %s, %s, broken %s", uc.Used, uc.Stage, uc.Breached)
	}
	if r := one(t, clocks, clock.OLA, clock.Response); !r.Met() || r.Used != 20*time.Minute {
		t.Errorf("the group took it up after %s: %s", r.Used, r.Stage)
	}
	want := []clock.Share{
		{clock.Party{Type: clock.Supplier, ID: supplier}, 6*time.Hour + 30*time.Minute},
		{clock.Party{Type: clock.Group, ID: network}, 2*time.Hour + 30*time.Minute},
	}
	if diff := cmp.Diff(want, clock.Budget(&customer)); diff != "" {
		t.Error(diff)
	}
	if own := clock.OwnPromise(&customer, want[0].Party, clocks); own == nil || own.Role != clock.UC || own.Used != uc.Used {
		t.Errorf("the supplier's own: %+v", own)
	}
	if own := clock.OwnPromise(&customer, clock.Party{Type: clock.Requester}, clocks); own != nil {
		t.Errorf("the requester's own: %+v", own)
	}
	// The group resolves it: the supplier's clock has nothing more to deliver.
	done := s.then("13 10:20", resolved).now("13 12:00", b)
	if o, u := one(t, done, clock.OLA, clock.Resolution), one(t, done, clock.UC, clock.Resolution); !o.Met() || u.Stage != clock.Cancelled {
		t.Errorf("%s and %s", o.Stage, u.Stage)
	}
}

func TestAReopenedTicketGoesOnOrBeginsAnewAsAgreed(t *testing.T) {
	t.Parallel()
	goesOn := agreement(1, clock.SLA, company, within(clock.Response, time.Hour), within(clock.Resolution, 8*time.Hour))
	anew := agreement(1, clock.SLA, company, within(clock.Resolution, 8*time.Hour))
	anew.Versions[0].Reopen = clock.Restart
	s := begin(t, "12 09:00").then("12 11:00", resolved).then("14 09:00", works)
	clocks := s.now("14 10:00", book(t, goesOn))
	c := one(t, clocks, clock.SLA, clock.Resolution)
	if c.Used != 3*time.Hour || c.Cycle != 1 || c.Stage != clock.Running || len(clocks) != 2 {
		t.Errorf("used %s in cycle %d of %d clocks", c.Used, c.Cycle, len(clocks))
	}
	clocks = s.now("14 10:00", book(t, anew))
	if len(clocks) != 2 || !clocks[0].Met() || clocks[1].Cycle != 2 || clocks[1].Used != time.Hour {
		t.Errorf("%+v", clocks)
	}
}

func TestUpdatesAreDueAgainAfterEachAnswer(t *testing.T) {
	t.Parallel()
	b := book(t, agreement(1, clock.SLA, company, within(clock.Response, time.Hour), within(clock.Update, 2*time.Hour)))
	answer := func(m *clock.Moment) { m.Answered, m.Taken = true, true }
	clocks := begin(t, "12 09:00").then("12 09:30", answer).then("12 12:30", answer).then("12 13:00", resolved).now("12 18:00", b)
	if len(clocks) != 4 { // one response, three updates
		t.Fatalf("%d clocks", len(clocks))
	}
	if !clocks[0].Met() || !clocks[1].Met() || clocks[2].Met() || !clocks[2].Breached.Equal(at(t, "12 11:30")) || clocks[3].Stage != clock.Completed {
		t.Errorf("%+v", clocks)
	}
}

func TestAStayInAStateIsACycle(t *testing.T) {
	t.Parallel()
	b := book(t, agreement(1, clock.SLA, company, clock.Target{Measure: clock.Step, State: "approval", Within: time.Hour}))
	asked := func(m *clock.Moment) { m.State = "approval" }
	clocks := begin(t, "12 09:00").then("12 10:00", asked).then("12 10:30", works).then("12 11:00", asked).now("12 13:00", b)
	if len(clocks) != 2 || !clocks[0].Met() || clocks[1].Cycle != 2 || !clocks[1].Breached.Equal(at(t, "12 12:00")) {
		t.Errorf("%+v", clocks)
	}
}

func TestBusinessDaysGoOnAfterAPause(t *testing.T) {
	t.Parallel()
	b := book(t, agreement(1, clock.SLA, company, clock.Target{Measure: clock.Resolution, Days: 2, Until: 17 * 60}))
	s := begin(t, "12 10:00") // Monday: Wednesday 17:00
	if c := one(t, s.now("13 18:00", b), clock.SLA, clock.Resolution); !c.Due.Equal(at(t, "14 17:00")) || c.DaysLeft != 1 || c.Left != 8*time.Hour {
		t.Errorf("due %s, %d days, %s left", c.Due, c.DaysLeft, c.Left)
	}
	s.then("13 18:00", waits).then("15 10:00", works) // one day was used: the next one after Thursday is Friday
	if c := one(t, s.now("15 11:00", b), clock.SLA, clock.Resolution); !c.Due.Equal(at(t, "16 17:00")) || c.DaysLeft != 1 {
		t.Errorf("due %s, %d days", c.Due, c.DaysLeft)
	}
	if c := one(t, s.now("20 11:00", b), clock.SLA, clock.Resolution); !c.Breached.Equal(at(t, "16 17:00")) {
		t.Errorf("broken %s", c.Breached)
	}
}

func TestACalendarThatNeverOpensMakesNothingDue(t *testing.T) {
	t.Parallel()
	a := agreement(1, clock.SLA, company, within(clock.Resolution, time.Hour))
	a.Versions[0].Calendar = never
	for _, id := range []int64{never, 999} {
		a.Versions[0].Calendar = id
		c := one(t, begin(t, "12 10:00").now("30 10:00", book(t, a)), clock.SLA, clock.Resolution)
		if !c.Due.IsZero() || c.Used != 0 || !c.Breached.IsZero() {
			t.Errorf("%+v", c)
		}
	}
}

func TestThresholdsComeBeforeTheBreach(t *testing.T) {
	t.Parallel()
	b := book(t, agreement(1, clock.SLA, company, within(clock.Resolution, 8*time.Hour)))
	c := one(t, begin(t, "12 13:00").now("12 13:30", b), clock.SLA, clock.Resolution)
	for percent, want := range map[int]string{50: "12 17:00", 75: "13 11:00", 100: "13 13:00", 150: "13 17:00"} {
		if got, ok := c.At(percent); !ok || !got.Equal(at(t, want)) {
			t.Errorf("%d %% at %s, want %s", percent, got, want)
		}
	}
}

// courses draws what may happen to a ticket in three weeks, by the minute.
func courses(rt *rapid.T, t testing.TB) clock.Course {
	s := begin(t, "01 00:00")
	s.Moments[0].At = s.Moments[0].At.Add(time.Duration(rapid.IntRange(0, 7*24*60).Draw(rt, "start")) * time.Minute)
	for range rapid.IntRange(0, 8).Draw(rt, "moments") {
		m := s.Moments[len(s.Moments)-1]
		m.At = m.At.Add(time.Duration(rapid.IntRange(0, 2*24*60).Draw(rt, "gap")) * time.Minute)
		m.Seq++
		m.Answered, m.Taken, m.Workaround = false, false, false
		switch rapid.IntRange(0, 7).Draw(rt, "what") {
		case 0:
			waits(&m)
			m.Active = true
		case 1:
			works(&m)
		case 2:
			resolved(&m)
		case 3:
			m.Priority = rapid.IntRange(1, 4).Draw(rt, "priority")
		case 4:
			passTo(vendors, supplier)(&m)
		case 5:
			passTo(network, 0)(&m)
		case 6:
			m.Answered, m.Taken = true, true
		case 7:
			m.Service = rapid.SampledFrom([]int64{mail, 41}).Draw(rt, "service")
		}
		s.Moments = append(s.Moments, m)
	}
	return s.Course
}

func rich(t testing.TB) clock.Book {
	special := agreement(4, clock.SLA, company, within(clock.Resolution, 30*time.Hour), within(clock.Response, time.Hour))
	special.Versions[0].Services, special.Versions[0].Calendar = []int64{41}, always
	return book(t,
		agreement(1, clock.SLA, company, within(clock.Response, 2*time.Hour), within(clock.Update, 4*time.Hour), within(clock.Resolution, 16*time.Hour),
			clock.Target{Measure: clock.Resolution, Priority: 1, Within: 4 * time.Hour}),
		agreement(2, clock.OLA, network, within(clock.Response, time.Hour), within(clock.Resolution, 6*time.Hour)),
		agreement(3, clock.UC, supplier, within(clock.Resolution, 8*time.Hour)), special)
}

func TestEveryInstantOfAClockIsAccountedFor(t *testing.T) {
	t.Parallel()
	b := rich(t)
	rapid.Check(t, func(rt *rapid.T) {
		course := courses(rt, t)
		last := course.Moments[len(course.Moments)-1].At
		now := last.Add(time.Duration(rapid.IntRange(0, 5*24*60).Draw(rt, "later")) * time.Minute)
		for _, c := range clock.Compute(course, b, now) {
			sum, from := time.Duration(0), c.Started
			for _, is := range c.Intervals {
				if !is.From.Equal(from) || is.To.Before(is.From) {
					rt.Fatalf("%v: a gap before %+v", c.Key, is)
				}
				if h := b.Hours(is.Calendar); is.Stage == clock.Running && is.Used != h.Elapsed(is.From, is.To) || is.Stage != clock.Running && is.Used != 0 {
					rt.Fatalf("%v: %+v", c.Key, is)
				}
				sum, from = sum+is.Used, is.To
			}
			end := c.Ended
			if c.Stage.Open() {
				end = now
			}
			if len(c.Intervals) > 0 && !from.Equal(end) || sum != c.Used {
				rt.Fatalf("%v: until %s of %s, %s of %s", c.Key, from, end, sum, c.Used)
			}
			pieces, more := clock.Pieces(&c, b.Hours, 100_000)
			sum = 0
			for _, p := range pieces {
				sum += p.Used
			}
			if more || sum != c.Used {
				rt.Fatalf("%v: the pieces make %s of %s", c.Key, sum, c.Used)
			}
			budget := time.Duration(0)
			for _, share := range clock.Budget(&c) {
				budget += share.Used
			}
			if budget != c.Used {
				rt.Fatalf("%v: the budget makes %s of %s", c.Key, budget, c.Used)
			}
		}
	})
}

// The same by counting minutes: what is used, and the minute in which it breaks.
func TestAClockCountsAsOneWouldByHand(t *testing.T) {
	t.Parallel()
	const promise = 16 * time.Hour
	b := book(t, agreement(1, clock.SLA, company, within(clock.Resolution, promise)))
	h := b.Hours(office)
	rapid.Check(t, func(rt *rapid.T) {
		course := courses(rt, t)
		now := course.Moments[len(course.Moments)-1].At.Add(time.Duration(rapid.IntRange(0, 5*24*60).Draw(rt, "later")) * time.Minute)
		var used time.Duration
		var broken time.Time
		i := 0
		for m := course.Moments[0].At; m.Before(now); m = m.Add(time.Minute) {
			for i+1 < len(course.Moments) && !course.Moments[i+1].At.After(m) {
				i++
			}
			is := course.Moments[i]
			if !is.Active || is.Pauses {
				continue
			}
			if used == promise && broken.IsZero() {
				broken = m // it goes on after all was used: due is at or before this minute
			}
			if h.IsOpen(m) {
				used += time.Minute
			}
		}
		c := one(t, clock.Compute(course, b, now), clock.SLA, clock.Resolution)
		if c.Used != used || c.Breached.IsZero() != broken.IsZero() {
			rt.Fatalf("used %s, by hand %s; broken %s, by hand %s", c.Used, used, c.Breached, broken)
		}
		if !broken.IsZero() && (c.Breached.After(broken) || h.Elapsed(c.Breached, broken) != 0) {
			rt.Fatalf("broken %s, by hand %s", c.Breached, broken)
		}
	})
}

func TestWhoLooksWhenDoesNotMatter(t *testing.T) {
	t.Parallel()
	b := rich(t)
	rapid.Check(t, func(rt *rapid.T) {
		course := courses(rt, t)
		last := course.Moments[len(course.Moments)-1].At
		soon := last.Add(time.Duration(rapid.IntRange(0, 24*60).Draw(rt, "soon")) * time.Minute)
		late := soon.Add(time.Duration(rapid.IntRange(0, 10*24*60).Draw(rt, "late")) * time.Minute)
		early, later := clock.Compute(course, b, soon), clock.Compute(course, b, late)
		if len(early) != len(later) {
			rt.Fatalf("%d clocks, then %d", len(early), len(later))
		}
		for i := range early {
			e, l := &early[i], &later[i]
			switch {
			case e.Key != l.Key || !e.Started.Equal(l.Started) || e.Used > l.Used:
				rt.Fatalf("%+v\nthen %+v", e, l)
			case !e.Breached.IsZero() && !e.Breached.Equal(l.Breached):
				rt.Fatalf("%v was broken %s, then %s", e.Key, e.Breached, l.Breached)
			case e.Breached.IsZero() && !l.Breached.IsZero() && !l.Breached.Equal(e.Due):
				rt.Fatalf("%v was due %s, and broken %s", e.Key, e.Due, l.Breached)
			}
		}
		// An event that changes nothing changes nothing.
		if n := len(course.Moments); n > 0 {
			k := rapid.IntRange(0, n-1).Draw(rt, "repeat")
			same := course.Moments[k]
			same.Answered, same.Taken, same.Workaround = false, false, false
			if k+1 < n {
				same.At = same.At.Add(course.Moments[k+1].At.Sub(same.At) / 2)
			}
			again := clock.Compute(clock.Course{Moments: slices.Insert(slices.Clone(course.Moments), k+1, same)}, b, late)
			for i := range later {
				if again[i].Used != later[i].Used || !again[i].Due.Equal(later[i].Due) || !again[i].Breached.Equal(later[i].Breached) || len(again[i].Intervals) != len(later[i].Intervals) {
					rt.Fatalf("%+v\nwith an event that changes nothing %+v", later[i], again[i])
				}
			}
		}
	})
}

func TestAPauseInClosedHoursChangesNothing(t *testing.T) {
	t.Parallel()
	b := book(t, agreement(1, clock.SLA, company, within(clock.Resolution, 8*time.Hour)))
	plain := one(t, begin(t, "12 15:00").now("14 10:00", b), clock.SLA, clock.Resolution)
	rapid.Check(t, func(rt *rapid.T) {
		from := rapid.IntRange(0, 16*60-1).Draw(rt, "from")
		to := rapid.IntRange(from, 16*60).Draw(rt, "to")
		s := begin(t, "12 15:00").then("12 17:00", waits).then("12 17:00", works)
		s.Moments[1].At, s.Moments[2].At = s.Moments[1].At.Add(time.Duration(from)*time.Minute), s.Moments[2].At.Add(time.Duration(to)*time.Minute)
		c := one(t, s.now("14 10:00", b), clock.SLA, clock.Resolution)
		if c.Used != plain.Used || !c.Breached.Equal(plain.Breached) || !c.Due.Equal(plain.Due) {
			rt.Fatalf("%+v\nwithout the pause %+v", c, plain)
		}
	})
}

func TestAChainThatCannotKeepThePromiseIsFound(t *testing.T) {
	t.Parallel()
	h := hours(t)
	link := func(d time.Duration, calendar int64) clock.Link {
		return clock.Link{Target: within(clock.Resolution, d), Hours: h(calendar)}
	}
	from := at(t, "12 00:00")
	if gap, ok := clock.Feasible(link(8*time.Hour, office), []clock.Link{link(3*time.Hour, office), link(4*time.Hour, office)}, from); !ok {
		t.Errorf("seven hours do not fit in eight: %+v", gap)
	}
	gap, ok := clock.Feasible(link(8*time.Hour, always), []clock.Link{link(4*time.Hour, office)}, from)
	if ok || gap.Share < 50 || !gap.Start.Equal(from) || !gap.Chain.Equal(at(t, "12 13:00")) || !gap.Promised.Equal(at(t, "12 08:00")) {
		t.Errorf("office hours keep a promise that runs at night: %+v %t", gap, ok)
	}
	if _, ok := clock.Feasible(link(time.Hour, always), []clock.Link{link(time.Minute, never)}, from); ok {
		t.Error("a supplier that never works keeps a promise")
	}
	if _, ok := clock.Feasible(link(time.Hour, always), nil, from); !ok {
		t.Error("a promise that leans on nobody cannot be kept")
	}
}
