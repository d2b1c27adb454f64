package calendar_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/steward-itsm/steward/internal/core/calendar"
	"github.com/steward-itsm/steward/internal/core/calendar/date"
)

var someZones = []string{
	"Europe/Berlin", "America/New_York", "America/Sao_Paulo", "Australia/Lord_Howe", "Pacific/Apia", "Africa/Casablanca", "Asia/Kathmandu", "America/St_Johns",
	"America/Havana", "Asia/Gaza", "Antarctica/Troll", "Pacific/Chatham", "UTC", "Asia/Tehran", "Europe/Dublin", "America/Nuuk",
}

func spans(t *rapid.T, label string) []calendar.Span {
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) calendar.Span {
		from := rapid.IntRange(0, 95).Draw(t, "from") * 15
		length := rapid.IntRange(1, 95).Draw(t, "length") * 15
		if from == 0 && length == 95*15 {
			return calendar.AllDay
		}
		return calendar.Span{From: from, To: from + length}
	}), 0, 3).Draw(t, label)
}

// anyCalendar draws calendars with nights, holidays, openings and versions.
func anyCalendar(t *rapid.T) calendar.Calendar {
	c := calendar.Calendar{Name: "Any", Zone: rapid.SampledFrom(someZones).Draw(t, "zone")}
	near := func(label string) calendar.Date {
		return date.Of(2024, 1, 1).Add(rapid.IntRange(0, 1000).Draw(t, label))
	}
	for i := range rapid.IntRange(1, 3).Draw(t, "versions") {
		v := calendar.Version{}
		if i > 0 {
			v.From = date.Of(2024+i, time.Month(rapid.IntRange(1, 12).Draw(t, "month")), 15)
		}
		for day := range v.Week {
			v.Week[day] = spans(t, "day")
		}
		if rapid.Bool().Draw(t, "public") {
			v.Regions = []calendar.Observed{{Code: rapid.SampledFrom([]string{"DE-BY", "US", "JP", "GB"}).Draw(t, "region")}}
		}
		for range rapid.IntRange(0, 3).Draw(t, "holidays") {
			from := near("holiday")
			v.Holidays = append(v.Holidays, calendar.Holiday{Name: "Closed", From: from, To: from.Add(rapid.IntRange(0, 9).Draw(t, "days")), Yearly: rapid.Bool().Draw(t, "yearly")})
		}
		if s := spans(t, "opening"); len(s) > 0 {
			v.Openings = []calendar.Opening{{Name: "Open", Date: near("opening"), Spans: s}}
		}
		c.Versions = append(c.Versions, v)
	}
	return c
}

func anyInstant(t *rapid.T, label string) time.Time {
	return time.UnixMicro(rapid.Int64Range(utc("2023-12-01 00:00").UnixMicro(), utc("2027-02-01 00:00").UnixMicro()).Draw(t, label)).UTC()
}

func compile(t *rapid.T, c calendar.Calendar) *calendar.Hours {
	h, err := calendar.Compile(c)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func TestElapsedTimeAddsUp(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		h := compile(t, anyCalendar(t))
		at := []time.Time{anyInstant(t, "a"), anyInstant(t, "b"), anyInstant(t, "c")}
		slices.SortFunc(at, time.Time.Compare)
		ab, bc, ac := h.Elapsed(at[0], at[1]), h.Elapsed(at[1], at[2]), h.Elapsed(at[0], at[2])
		if ab+bc != ac {
			t.Fatalf("%v + %v is not %v", ab, bc, ac)
		}
		if ac < ab || ac > at[2].Sub(at[0]) || h.Elapsed(at[2], at[0]) != 0 {
			t.Fatalf("%v in %v", ac, at[2].Sub(at[0]))
		}
	})
}

func TestDueIsTheInverseOfElapsed(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		h := compile(t, anyCalendar(t))
		start := anyInstant(t, "start")
		d := time.Duration(rapid.Int64Range(0, int64(2000*time.Hour/time.Microsecond)).Draw(t, "d")) * time.Microsecond
		due, ok := h.Due(start, d)
		if !ok {
			if got := h.Elapsed(start, start.AddDate(calendar.Horizon-1, 0, 0)); got >= d {
				t.Fatalf("%v elapses, but %v is never due", got, d)
			}
			return
		}
		if got := h.Elapsed(start, due); got != d {
			t.Fatalf("%v elapses until %v is due", got, d)
		}
		if d > 0 && h.Elapsed(start, due.Add(-time.Microsecond)) == d {
			t.Fatalf("%v is reached before %v", d, due)
		}
		if later, ok := h.Due(start, d+time.Minute); ok && !later.After(due) {
			t.Fatalf("more is due earlier: %v", later)
		}
		if again, ok := h.Due(start.Add(time.Hour), d); ok && again.Before(due) {
			t.Fatalf("a later start is due earlier: %v", again)
		}
	})
}

func TestOpenExplainAndElapsedAgree(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		h := compile(t, anyCalendar(t))
		from := anyInstant(t, "from")
		to := from.Add(time.Duration(rapid.IntRange(1, 60*24*400).Draw(t, "minutes")) * time.Minute)
		var open, said, all time.Duration
		last := from
		for _, i := range h.Open(from, to) {
			if !i.Start.Before(i.End) || i.Start.Before(last) || i.Start.Equal(last) && !last.Equal(from) {
				t.Fatalf("%v after %v", i, last)
			}
			open, last = open+i.Duration(), i.End
			if !h.IsOpen(i.Start) || i.End.Before(to) && h.IsOpen(i.End) {
				t.Fatalf("open and closed at the wrong ends of %v", i)
			}
			if at, _ := h.NextClose(i.Start); i.End.Before(to) && !at.Equal(i.End) {
				t.Fatalf("%v closes %v", i, at)
			}
		}
		last = from
		for _, s := range h.Explain(from, to) {
			if !s.Start.Equal(last) {
				t.Fatalf("a gap from %v to %v", last, s.Start)
			}
			last, all = s.End, all+s.Duration()
			if s.Open {
				said += s.Duration()
			}
		}
		if got := h.Elapsed(from, to); got != open || got != said || all != to.Sub(from) {
			t.Fatalf("elapsed %v, open %v, explained %v of %v", got, open, said, all)
		}
	})
}

func TestTheOrderOfIntervalsDoesNotMatter(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		c := anyCalendar(t)
		mixed := c
		mixed.Versions = slices.Clone(c.Versions)
		random := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
		for i := range mixed.Versions {
			v := &mixed.Versions[i]
			for day := range v.Week {
				v.Week[day] = slices.Concat(v.Week[day], v.Week[day]) // twice is once
				random.Shuffle(len(v.Week[day]), func(a, b int) { v.Week[day][a], v.Week[day][b] = v.Week[day][b], v.Week[day][a] })
			}
			v.Holidays = slices.Clone(v.Holidays)
			slices.Reverse(v.Holidays)
		}
		a, b := compile(t, c), compile(t, mixed)
		from, to := utc("2024-01-01 00:00"), utc("2026-12-31 00:00")
		if !slices.Equal(a.Open(from, to), b.Open(from, to)) {
			t.Fatal("the order made a difference")
		}
	})
}

// Where the clocks are never changed, business time has a closed form.
func TestWithoutChangesOfTheClocksItIsArithmetic(t *testing.T) {
	t.Parallel()
	h := hoursOf(t, in("Asia/Tokyo", "Mon-Fri 9-17"))
	rapid.Check(t, func(t *rapid.T) {
		minutes := func(at time.Time) int64 { // of business since Monday 2 January 2023, in Tokyo
			m := int64(at.Sub(utc("2023-01-01 15:00")) / time.Minute)
			weeks, rest := m/(7*1440), m%(7*1440)
			days, inDay := rest/1440, rest%1440
			return weeks*5*480 + min(days, 5)*480 + map[bool]int64{true: min(max(inDay-540, 0), 480)}[days < 5]
		}
		a, b := anyInstant(t, "a").Truncate(time.Minute), anyInstant(t, "b").Truncate(time.Minute)
		if want := max(0, minutes(b)-minutes(a)); h.Elapsed(a, b) != time.Duration(want)*time.Minute {
			t.Fatalf("%v to %v: %v, want %d minutes", a, b, h.Elapsed(a, b), want)
		}
	})
}

func TestBusinessDaysNeverComeEarlierFromALaterStart(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		h := compile(t, anyCalendar(t))
		start, n, until := anyInstant(t, "start"), rapid.IntRange(0, 40).Draw(t, "n"), rapid.IntRange(0, 96).Draw(t, "until")*15
		due, ok := h.DueDays(start, n, until)
		if !ok {
			return
		}
		if due.Before(start) {
			t.Fatalf("due %v, before it began", due)
		}
		if later, ok := h.DueDays(start.Add(7*time.Hour), n, until); ok && later.Before(due) {
			t.Fatalf("a later start is due earlier: %v, %v", due, later)
		}
		if more, ok := h.DueDays(start, n+1, until); ok && more.Before(due) {
			t.Fatalf("a day more is due earlier: %v, %v", due, more)
		}
	})
}

func TestLeapDays(t *testing.T) {
	t.Parallel()
	h := hoursOf(t, in("Europe/Berlin", "daily 9-17", closedOn("Leap day", "2024-02-29", "", true)))
	for year, want := range map[int]int{2023: 365, 2024: 365, 2025: 365, 2028: 365, 2100: 365} {
		from, to := time.Date(year, 1, 1, 0, 0, 0, 0, h.Zone()), time.Date(year+1, 1, 1, 0, 0, 0, 0, h.Zone())
		if got := h.Elapsed(from, to); got != time.Duration(want)*8*time.Hour {
			t.Errorf("%d: %v", year, got)
		}
	}
	open := hoursOf(t, in("Europe/Berlin", "daily 9-17"))
	if at, _ := open.Due(utc("2024-02-28 08:00"), 17*time.Hour); !at.Equal(utc("2024-03-01 09:00")) {
		t.Errorf("due %v", at)
	}
}

func TestUnion(t *testing.T) {
	t.Parallel()
	at := func(h int) time.Time { return utc("2026-01-01 00:00").Add(time.Duration(h) * time.Hour) }
	got := calendar.Union([]calendar.Interval{{Start: at(5), End: at(7)}, {Start: at(1), End: at(3)}, {Start: at(2), End: at(4)}, {Start: at(4), End: at(5)}, {Start: at(9), End: at(9)}, {Start: at(8), End: at(9)}})
	want := []calendar.Interval{{Start: at(1), End: at(7)}, {Start: at(8), End: at(9)}}
	if !slices.Equal(got, want) {
		t.Errorf("%v", got)
	}
}

func TestHoursAreReadAsPeopleWriteThem(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"Mon-Fri 9-12, 13-17":                          "Mon-Fri 09:00-12:00, 13:00-17:00",
		"mo – fr 9 – 17 Uhr; sa 10:00 bis 14:00":       "Mon-Fri 09:00-17:00; Sat 10:00-14:00",
		"Mon, Wed and Fri: 9am to 5pm":                 "Mon 09:00-17:00; Wed 09:00-17:00; Fri 09:00-17:00",
		"Monday-Thursday 0800-1630, Friday 8.00-12.30": "Mon-Thu 08:00-16:30; Fri 08:00-12:30",
		"täglich 22:00-06:00":                          "Mon-Sun 22:00-06:00",
		"24x7":                                         "24x7",
		"24/7":                                         "24x7",
		"daily 0-24":                                   "24x7",
		"Fri-Mon 10-12":                                "Mon 10:00-12:00; Fri-Sun 10:00-12:00",
		"Mon 9-12, 11-14, 14-15":                       "Mon 09:00-15:00",
		"Mon-Fri 9-17; Wed 18-20":                      "Mon-Tue 09:00-17:00; Wed 09:00-17:00, 18:00-20:00; Thu-Fri 09:00-17:00",
		"weekdays 9 - 17\nweekend closed":              "Mon-Fri 09:00-17:00",
		"Mon 12am-12pm":                                "Mon 00:00-12:00",
		"":                                             "closed",
		"Sun 9 am - 5 pm":                              "Sun 09:00-17:00",
	} {
		w, err := calendar.ParseWeek(text)
		if err != nil || w.String() != want {
			t.Errorf("%q is %q, %v; want %q", text, w, err, want)
		}
	}
	for _, text := range []string{"9-17", "Mon", "Mon 9", "Mon 9-9", "Mon 25-26", "Noday 9-17", "Mon 9-17-18", "Mon 9:60-17", "24x7 Mon 9-17", "sonn 9-17", "Mon 9-", "Mon -", "Mon 13pm-14", strings.Repeat("Mon 9-17 ", 1000)} {
		if w, err := calendar.ParseWeek(text); err == nil {
			t.Errorf("%q is %q", text, w)
		}
	}
	if got := calendar.Always().Minutes(); got != 7*24*60 {
		t.Errorf("24x7 is %d minutes", got)
	}
	if w, _ := calendar.ParseWeek("Sat 22-6"); w.Minutes() != 8*60 {
		t.Errorf("a night is %d minutes", w.Minutes())
	}
}

func FuzzParseWeek(f *testing.F) {
	for _, seed := range []string{"Mon-Fri 9-12, 13-17", "24x7", "täglich 22–6 Uhr", "Sa geschlossen", "Mo 9am - 5pm", "- - -"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		w, err := calendar.ParseWeek(text)
		if err != nil {
			return
		}
		c := calendar.Calendar{Name: "Fuzz", Zone: "Europe/Berlin", Versions: []calendar.Version{{Week: w}}}
		if err := c.Check(); err != nil {
			t.Fatalf("%q is read and not valid: %v", text, err)
		}
		written := w.String()
		if written == "closed" {
			return
		}
		again, err := calendar.ParseWeek(written)
		if err != nil || again.String() != written {
			t.Fatalf("%q is written %q and read as %q, %v", text, written, again, err)
		}
	})
}

func BenchmarkElapsedOverAYear(b *testing.B) {
	h := hoursOf(b, in("Europe/Berlin", "Mon-Fri 9-12, 13-17", publicIn("DE-BY")))
	from, to := utc("2025-11-20 10:00"), utc("2026-11-20 10:00")
	for b.Loop() {
		h.Elapsed(from, to)
	}
}

func BenchmarkDue(b *testing.B) {
	h := hoursOf(b, in("Europe/Berlin", "Mon-Fri 9-12, 13-17", publicIn("DE-BY")))
	from := utc("2025-11-20 10:00")
	for b.Loop() {
		h.Due(from, 40*time.Hour)
	}
}

func BenchmarkTheFirstQuestionAboutAYear(b *testing.B) {
	c := in("Europe/Berlin", "Mon-Fri 9-12, 13-17", publicIn("DE-BY"))
	for b.Loop() {
		h, err := calendar.Compile(c)
		if err != nil {
			b.Fatal(err)
		}
		h.IsOpen(utc("2025-11-20 10:00"))
	}
}

func ExampleHours_Due() {
	week, _ := calendar.ParseWeek("Mon-Fri 9-12, 13-17")
	h, _ := calendar.Compile(calendar.Calendar{Name: "Office", Zone: "Europe/Berlin", Versions: []calendar.Version{{Week: week}}})
	start := time.Date(2026, 11, 20, 15, 0, 0, 0, h.Zone()) // a Friday
	due, _ := h.Due(start, 4*time.Hour)
	fmt.Println(due.In(h.Zone()).Format("Mon 15:04"), h.Elapsed(start, due))
	// Output: Mon 11:00 4h0m0s
}
