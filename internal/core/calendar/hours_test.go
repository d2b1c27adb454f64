package calendar_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/steward-itsm/steward/internal/core/calendar"
	"github.com/steward-itsm/steward/internal/core/calendar/date"
)

// in makes a calendar of one version in a zone.
func in(zone, week string, more ...func(*calendar.Version)) calendar.Calendar {
	w, err := calendar.ParseWeek(week)
	if err != nil {
		panic(err)
	}
	v := calendar.Version{Week: w}
	for _, change := range more {
		change(&v)
	}
	return calendar.Calendar{Name: "Hours", Zone: zone, Versions: []calendar.Version{v}}
}

func hoursOf(t testing.TB, c calendar.Calendar) *calendar.Hours {
	t.Helper()
	h, err := calendar.Compile(c)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func day(s string) calendar.Date {
	d, err := date.Parse(s)
	if err != nil {
		panic(err)
	}
	return d
}

// utc reads an instant such as "2026-03-29 01:00" in UTC, with seconds if given.
func utc(s string) time.Time {
	layout := "2006-01-02 15:04"
	if len(s) > len(layout) {
		layout = "2006-01-02 15:04:05"
	}
	t, err := time.Parse(layout, s)
	if err != nil {
		panic(err)
	}
	return t
}

func closedOn(name, from, to string, yearly bool) func(*calendar.Version) {
	return func(v *calendar.Version) {
		h := calendar.Holiday{Name: name, From: day(from), Yearly: yearly}
		if to != "" {
			h.To = day(to)
		}
		v.Holidays = append(v.Holidays, h)
	}
}

func opened(name, on string, spans ...calendar.Span) func(*calendar.Version) {
	return func(v *calendar.Version) {
		v.Openings = append(v.Openings, calendar.Opening{Name: name, Date: day(on), Spans: spans})
	}
}

func publicIn(code string, except ...string) func(*calendar.Version) {
	return func(v *calendar.Version) {
		v.Regions = append(v.Regions, calendar.Observed{Code: code, Except: except})
	}
}

func TestChangesOfTheClocks(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, zone, week, from, to string
		want                       []string // start and end of what is open, in UTC
	}{
		{"Berlin, spring: the day has 23 hours", "Europe/Berlin", "24x7", "2025-03-29 23:00", "2025-03-30 22:00", []string{"2025-03-29 23:00", "2025-03-30 22:00"}},
		{"Berlin, spring: what begins in the hour that is skipped begins when it is over", "Europe/Berlin", "Sun 02:30-04:00", "2025-03-29 12:00", "2025-03-31 00:00", []string{"2025-03-30 01:00", "2025-03-30 02:00"}},
		{"Berlin, spring: what ends in it ends when it begins", "Europe/Berlin", "Sun 01:00-02:30", "2025-03-29 12:00", "2025-03-31 00:00", []string{"2025-03-30 00:00", "2025-03-30 01:00"}},
		{"Berlin, spring: what lies in it never comes", "Europe/Berlin", "Sun 02:10-02:50", "2025-03-29 12:00", "2025-03-31 00:00", nil},
		{"Berlin, autumn: what begins in the hour that is repeated begins the first time", "Europe/Berlin", "Sun 02:30-04:00", "2025-10-25 12:00", "2025-10-27 00:00", []string{"2025-10-26 00:30", "2025-10-26 03:00"}},
		{"Berlin, autumn: what ends in it ends the second time", "Europe/Berlin", "Sun 01:00-02:30", "2025-10-25 12:00", "2025-10-27 00:00", []string{"2025-10-25 23:00", "2025-10-26 01:30"}},
		{"Berlin, autumn: what ends where it begins has none of it", "Europe/Berlin", "Sun 01:00-02:00", "2025-10-25 12:00", "2025-10-27 00:00", []string{"2025-10-25 23:00", "2025-10-26 00:00"}},
		{"Berlin, autumn: what lies in it lasts from its first to its last time", "Europe/Berlin", "Sun 02:15-02:45", "2025-10-25 12:00", "2025-10-27 00:00", []string{"2025-10-26 00:15", "2025-10-26 01:45"}},
		{"Berlin, autumn: the night shift has 9 hours", "Europe/Berlin", "Sat 22:00-06:00", "2025-10-25 12:00", "2025-10-27 00:00", []string{"2025-10-25 20:00", "2025-10-26 05:00"}},
		{"Berlin, spring: the night shift has 7 hours", "Europe/Berlin", "Sat 22:00-06:00", "2025-03-29 12:00", "2025-03-31 00:00", []string{"2025-03-29 21:00", "2025-03-30 04:00"}},
		{"New York, spring: the hour skipped is not gone back from", "America/New_York", "Sun 02:30-05:00", "2025-03-08 12:00", "2025-03-10 00:00", []string{"2025-03-09 07:00", "2025-03-09 09:00"}},
		{"New York, autumn", "America/New_York", "Sun 01:30-03:00", "2025-11-01 12:00", "2025-11-03 00:00", []string{"2025-11-02 05:30", "2025-11-02 08:00"}},
		{"São Paulo, 2018: the day has no midnight", "America/Sao_Paulo", "Sun 00:00-24:00", "2018-11-03 12:00", "2018-11-06 00:00", []string{"2018-11-04 03:00", "2018-11-05 02:00"}},
		{"São Paulo, 2018: Saturday ends when its clocks jump", "America/Sao_Paulo", "Sat 00:00-24:00", "2018-11-02 12:00", "2018-11-06 00:00", []string{"2018-11-03 03:00", "2018-11-04 03:00"}},
		{"São Paulo, 2018: the last hour of Saturday comes twice", "America/Sao_Paulo", "Sat 00:00-24:00", "2018-02-16 12:00", "2018-02-20 00:00", []string{"2018-02-17 02:00", "2018-02-18 03:00"}},
		{"Havana: the first hour of Sunday comes twice and is Sunday's", "America/Havana", "Sat 00:00-24:00", "2025-11-01 00:00", "2025-11-04 00:00", []string{"2025-11-01 04:00", "2025-11-02 04:00"}},
		{"Lord Howe: half an hour is skipped", "Australia/Lord_Howe", "Sun 00:00-24:00", "2025-10-04 00:00", "2025-10-06 00:00", []string{"2025-10-04 13:30", "2025-10-05 13:00"}},
		{"Lord Howe: half an hour is repeated", "Australia/Lord_Howe", "Sun 01:45-03:00", "2025-04-05 00:00", "2025-04-07 00:00", []string{"2025-04-05 14:45", "2025-04-05 16:30"}},
		{"Apia: 30 December 2011 did not happen", "Pacific/Apia", "Thu-Sat 09:00-17:00", "2011-12-29 00:00", "2012-01-02 00:00", []string{"2011-12-29 19:00", "2011-12-30 03:00", "2011-12-30 19:00", "2011-12-31 03:00"}},
		{"Apia: the night before the lost day ends when it would have begun", "Pacific/Apia", "Thu 22:00-06:00", "2011-12-29 12:00", "2012-01-02 00:00", []string{"2011-12-30 08:00", "2011-12-30 10:00"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			got := []string(nil)
			for _, i := range hoursOf(t, in(tc.zone, tc.week)).Open(utc(tc.from), utc(tc.to)) {
				got = append(got, i.Start.Format("2006-01-02 15:04"), i.End.Format("2006-01-02 15:04"))
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestTheLostDayOfApiaIsNoBusinessDay(t *testing.T) {
	t.Parallel()
	h := hoursOf(t, in("Pacific/Apia", "daily 9-17"))
	got, ok := h.DueDays(utc("2011-12-29 20:00"), 1, 17*60) // Thursday 29 December, 10 o'clock
	if want := utc("2011-12-31 03:00"); !ok || !got.Equal(want) {
		t.Errorf("due %v, %v; want %v, the 31st at 17", got, ok, want)
	}
	for _, d := range h.Days(day("2011-12-29"), 3) {
		if d.Business() != (d.Date != day("2011-12-30")) {
			t.Errorf("%v: %v of business", d.Date, d.Open)
		}
	}
}

// Bugs of other systems, each as a promise of this one.
func TestWhatOthersGotWrong(t *testing.T) {
	t.Parallel()
	office := hoursOf(t, in("Europe/Berlin", "Mon-Fri 9-12, 13-17"))
	due := func(h *calendar.Hours, start string, d time.Duration) string {
		at, ok := h.Due(utc(start), d)
		if !ok {
			return "never"
		}
		return at.Format("2006-01-02 15:04")
	}
	t.Run("a pause over the weekend adds nothing (GLPI 10594, 14937)", func(t *testing.T) {
		t.Parallel()
		friday, monday := utc("2026-11-20 16:00"), utc("2026-11-23 08:00") // 17:00 and 9:00 in Berlin
		if got := office.Elapsed(friday, monday); got != 0 {
			t.Errorf("%v of business on a weekend", got)
		}
		if a, b := due(office, "2026-11-20 16:00", time.Hour), due(office, "2026-11-23 08:00", time.Hour); a != b || a != "2026-11-23 09:00" {
			t.Errorf("due %s and %s", a, b)
		}
	})
	t.Run("a deadline lies within the hours (GLPI 9082)", func(t *testing.T) {
		t.Parallel()
		for d := 10 * time.Minute; d < 100*time.Hour; d += 50 * time.Minute {
			at, ok := office.Due(utc("2026-11-20 22:13"), d)
			if !ok || !office.IsOpen(at.Add(-time.Microsecond)) {
				t.Errorf("%v is due %v, when it is closed", d, at)
			}
		}
	})
	t.Run("what comes outside the hours starts with the next ones (GLPI 687)", func(t *testing.T) {
		t.Parallel()
		if got, want := due(office, "2026-11-21 10:00", 4*time.Hour), "2026-11-23 13:00"; got != want {
			t.Errorf("due %s, want %s", got, want)
		}
		if got := office.Elapsed(utc("2026-11-21 10:00"), utc("2026-11-23 13:00")); got != 4*time.Hour {
			t.Errorf("elapsed %v", got)
		}
	})
	t.Run("lunch is no business time (Frappe 2212)", func(t *testing.T) {
		t.Parallel()
		if got, want := due(office, "2026-11-23 10:30", time.Hour), "2026-11-23 12:30"; got != want { // 11:30 to 13:30
			t.Errorf("due %s, want %s", got, want)
		}
	})
	t.Run("weekdays differ from one another (osTicket 6739)", func(t *testing.T) {
		t.Parallel()
		h := hoursOf(t, in("UTC", "Mon 8-12; Tue 14-18; Sat 10-11"))
		if got := h.Elapsed(utc("2026-11-16 00:00"), utc("2026-11-23 00:00")); got != 9*time.Hour {
			t.Errorf("%v a week", got)
		}
		if got, want := due(h, "2026-11-16 11:00", 4*time.Hour), "2026-11-17 17:00"; got != want {
			t.Errorf("due %s, want %s", got, want)
		}
	})
	t.Run("a day is no 24 hours (ServiceNow)", func(t *testing.T) {
		t.Parallel()
		at, _ := office.DueDays(utc("2026-11-20 10:00"), 1, 17*60)
		if want := utc("2026-11-23 16:00"); !at.Equal(want) {
			t.Errorf("one business day from Friday is due %v, want %v", at, want)
		}
	})
	t.Run("a calendar that never opens has no deadline", func(t *testing.T) {
		t.Parallel()
		h := hoursOf(t, calendar.Calendar{Name: "Never", Zone: "Europe/Berlin", Versions: []calendar.Version{{}}})
		if at, ok := h.Due(utc("2026-11-20 10:00"), time.Minute); ok {
			t.Errorf("due %v", at)
		}
		if at, ok := h.DueDays(utc("2026-11-20 10:00"), 0, 600); ok {
			t.Errorf("due %v", at)
		}
		if at, ok := h.NextOpen(utc("2026-11-20 10:00")); ok {
			t.Errorf("opens %v", at)
		}
	})
}

func TestBusinessDays(t *testing.T) {
	t.Parallel()
	h := hoursOf(t, in("Europe/Berlin", "Mon-Fri 9-17", publicIn("DE"), opened("Stocktaking", "2026-11-28", calendar.Span{From: 600, To: 840})))
	for _, tc := range []struct {
		name, start string // in UTC; Berlin is one hour ahead
		n, until    int
		want        string
	}{
		{"from within the hours", "2026-11-20 09:00", 1, 17 * 60, "2026-11-23 16:00"},
		{"from before the hours of the same day", "2026-11-20 05:00", 1, 17 * 60, "2026-11-23 16:00"},
		{"from after the hours", "2026-11-20 20:00", 1, 17 * 60, "2026-11-23 16:00"},
		{"from a Sunday", "2026-11-22 22:30", 1, 17 * 60, "2026-11-23 16:00"},
		{"the date is that of the place", "2026-11-22 23:30", 1, 17 * 60, "2026-11-24 16:00"},
		{"a special opening makes a business day", "2026-11-27 12:00", 1, 12 * 60, "2026-11-28 11:00"},
		{"holidays are none: Christmas 2026 is Friday and Saturday", "2026-12-24 12:00", 2, 17 * 60, "2026-12-29 16:00"},
		{"many", "2026-11-20 09:00", 30, 17 * 60, "2027-01-04 16:00"},
		{"none: today, while the time is to come", "2026-11-23 09:00", 0, 17 * 60, "2026-11-23 16:00"},
		{"none, after the time: the next business day", "2026-11-23 16:00", 0, 17 * 60, "2026-11-24 16:00"},
		{"none, on a Sunday", "2026-11-22 09:00", 0, 17 * 60, "2026-11-23 16:00"},
		{"until midnight", "2026-11-23 09:00", 1, 24 * 60, "2026-11-24 23:00"},
		{"until a time outside the hours is taken at its word", "2026-11-23 09:00", 1, 20 * 60, "2026-11-24 19:00"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			got, ok := h.DueDays(utc(tc.start), tc.n, tc.until)
			if !ok || !got.Equal(utc(tc.want)) {
				t.Errorf("due %v, %v; want %s", got, ok, tc.want)
			}
		})
	}
	sundays := hoursOf(t, in("Europe/Berlin", "daily 0-24"))
	for start, want := range map[string]string{"2025-03-29 10:00": "2025-03-30 01:00", "2025-10-25 10:00": "2025-10-26 01:30"} {
		if got, _ := sundays.DueDays(utc(start), 1, 2*60+30); !got.Equal(utc(want)) { // 02:30 is skipped, or comes twice
			t.Errorf("due %v, want %s", got, want)
		}
	}
	if _, ok := h.DueDays(utc("2026-11-20 09:00"), -1, 600); ok {
		t.Error("a day before today is no target")
	}
}

func TestHolidaysOpeningsAndVersions(t *testing.T) {
	t.Parallel()
	c := in("Europe/Berlin", "Mon-Fri 9-17",
		publicIn("DE-BY", "Heilige Drei Könige"), closedOn("Works outing", "2026-06-12", "", false),
		closedOn("Between the years", "2025-12-27", "2026-01-02", true), opened("Stocktaking", "2026-12-25", calendar.Span{From: 600, To: 720}))
	later := c.Versions[0]
	later.From, later.Week = day("2027-01-01"), calendar.Always()
	c.Versions = append(c.Versions, later)
	h := hoursOf(t, c)
	got := map[string]string{}
	for on, count := range map[string]int{"2026-01-02": 5, "2026-06-12": 1, "2026-12-24": 4, "2027-01-01": 2, "2027-06-12": 1} {
		for _, d := range h.Days(day(on), count) {
			got[d.Date.String()] = string(d.Reason) + " " + d.Name + " " + d.Open.String()
		}
	}
	want := map[string]string{
		"2026-01-02": "holiday Between the years 0s", "2026-01-03": "outside_hours  0s", "2026-01-04": "outside_hours  0s", "2026-01-05": "hours  8h0m0s",
		"2026-01-06": "hours  8h0m0s", "2026-06-12": "holiday Works outing 0s",
		"2026-12-24": "hours  8h0m0s", "2026-12-25": "special_opening Stocktaking 2h0m0s", "2026-12-26": "holiday Zweiter Weihnachtsfeiertag 0s",
		"2026-12-27": "holiday Between the years 0s", "2027-01-01": "holiday Neujahrstag, Between the years 0s", "2027-01-02": "holiday Between the years 0s",
		"2027-06-12": "hours  24h0m0s",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestEveryStretchHasItsReason(t *testing.T) {
	t.Parallel()
	h := hoursOf(t, in("Europe/Berlin", "Mon-Fri 9-17; Sun 22:00-06:00", publicIn("DE"), opened("Stocktaking", "2026-04-04", calendar.Span{From: 600, To: 720})))
	var got []string
	for _, s := range h.Explain(utc("2026-04-02 12:00"), utc("2026-04-07 09:00")) {
		word := "closed"
		if s.Open {
			word = "open"
		}
		zone := h.Zone()
		got = append(got, s.Start.In(zone).Format("Mon 15:04")+"-"+s.End.In(zone).Format("Mon 15:04")+" "+word+" "+string(s.Reason)+" "+s.Name)
	}
	want := []string{
		"Thu 14:00-Thu 17:00 open hours ",
		"Thu 17:00-Fri 00:00 closed outside_hours ",
		"Fri 00:00-Sat 00:00 closed holiday Karfreitag",
		"Sat 00:00-Sat 10:00 closed special_opening Stocktaking",
		"Sat 10:00-Sat 12:00 open special_opening Stocktaking",
		"Sat 12:00-Sun 00:00 closed special_opening Stocktaking",
		"Sun 00:00-Sun 22:00 closed outside_hours ",
		"Sun 22:00-Mon 06:00 open hours ", // the night is Sunday's, the holiday Monday's
		"Mon 06:00-Tue 00:00 closed holiday Ostermontag",
		"Tue 00:00-Tue 09:00 closed outside_hours ",
		"Tue 09:00-Tue 11:00 open hours ",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestOpeningAndClosing(t *testing.T) {
	t.Parallel()
	h := hoursOf(t, in("Europe/Berlin", "Mon-Fri 9-17"))
	friday, night := utc("2026-11-20 15:59:59"), utc("2026-11-20 16:00")
	if !h.IsOpen(friday) || h.IsOpen(night) || !h.IsOpen(utc("2026-11-23 08:00")) {
		t.Error("it opens at 9 and closes at 17, both to the instant")
	}
	if got, _ := h.NextOpen(friday); !got.Equal(friday) {
		t.Errorf("open already: %v", got)
	}
	if got, _ := h.NextOpen(night); !got.Equal(utc("2026-11-23 08:00")) {
		t.Errorf("opens %v", got)
	}
	if got, _ := h.NextClose(friday); !got.Equal(night) {
		t.Errorf("closes %v", got)
	}
	if got, _ := h.NextClose(night); !got.Equal(night) {
		t.Errorf("closed already: %v", got)
	}
	always := hoursOf(t, in("Europe/Berlin", "24x7"))
	if at, ok := always.NextClose(night); ok {
		t.Errorf("24x7 closes %v", at)
	}
	if got := always.Open(utc("2020-01-01 00:00"), utc("2026-01-01 00:00")); len(got) != 1 {
		t.Errorf("years without a break are %d intervals", len(got))
	}
	if at, ok := always.Due(utc("2026-01-01 00:00"), 300*24*time.Hour); !ok || !at.Equal(utc("2026-10-28 00:00")) {
		t.Errorf("due %v", at)
	}
	if at, ok := always.Due(utc("2026-01-01 00:00"), 60*365*24*time.Hour); ok {
		t.Errorf("sixty years are due %v", at)
	}
	if got := always.Elapsed(time.Time{}, utc("2026-01-01 00:00")); got != utc("2026-01-01 00:00").Sub(utc("1969-12-31 23:00")) {
		t.Errorf("before %d nobody works: %v", calendar.FirstYear, got)
	}
}

func TestTheNightOverNewYearIsOneShift(t *testing.T) {
	t.Parallel()
	h := hoursOf(t, in("Asia/Tokyo", "daily 22:00-06:00"))
	got := h.Open(utc("2026-12-31 12:00"), utc("2026-12-31 22:00"))
	if len(got) != 1 || got[0].Duration() != 8*time.Hour {
		t.Errorf("%v", got)
	}
	if at, _ := h.NextClose(utc("2026-12-31 14:00")); !at.Equal(utc("2026-12-31 21:00")) {
		t.Errorf("closes %v", at)
	}
}

func TestTheFingerprintFollowsTheHours(t *testing.T) {
	t.Parallel()
	base := in("Europe/Berlin", "Mon-Fri 9-17")
	same := base
	same.Name, same.Description = "Another name", "Words"
	a, b := hoursOf(t, base), hoursOf(t, same)
	other := hoursOf(t, in("Europe/Berlin", "Mon-Fri 9-17", publicIn("DE")))
	if a.Fingerprint() != b.Fingerprint() || a.Fingerprint() == other.Fingerprint() {
		t.Errorf("%s, %s, %s", a.Fingerprint(), b.Fingerprint(), other.Fingerprint())
	}
}
