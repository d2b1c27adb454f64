package calendar_test

import (
	_ "embed"
	"hash/fnv"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/steward-itsm/steward/internal/core/calendar"
	"github.com/steward-itsm/steward/internal/core/calendar/date"
)

// The names of all places in the IANA time zone database.
//
//go:embed testdata/zones.txt
var placeNames string

// wall is a minute as the clocks of a place show it: minutes since 1970 there.
func wall(at int64, zone *time.Location) int64 {
	_, offset := time.Unix(at, 0).In(zone).Zone()
	return floor(at+int64(offset), 60)
}

func floor(a, b int64) int64 {
	n := a / b
	if a%b < 0 {
		n--
	}
	return n
}

// counted looks at every minute of [from, to), with some days around it: which of
// them lie between the first and the last minute at which the clocks show a time
// of an interval. It gives how many are open.
func counted(zone *time.Location, week calendar.Week, from, to int64) (open int64, isOpen func(at int64) bool) {
	const around = 3 * 86400
	start := from - around
	walls := make([]int64, (to+around-start)/60)
	for i := range walls {
		walls[i] = wall(start+int64(i)*60, zone)
	}
	marks := make([]bool, len(walls))
	type shift struct{ day, number int64 }
	type ends struct{ first, last int }
	found := map[shift]*ends{}
	for i, w := range walls {
		today := floor(w, 1440)
		for day := today - 1; day <= today; day++ {
			for n, s := range week[((day+4)%7+7)%7] { // 1 January 1970 was a Thursday
				if at := w - day*1440; at < int64(s.From) || at >= int64(s.To) {
					continue
				}
				if e := found[shift{day, int64(n)}]; e != nil {
					e.last = i
				} else {
					found[shift{day, int64(n)}] = &ends{i, i}
				}
			}
		}
	}
	for _, e := range found {
		for i := e.first; i <= e.last; i++ {
			marks[i] = true
		}
	}
	for at := from; at < to; at += 60 {
		if marks[(at-start)/60] {
			open++
		}
	}
	return open, func(at int64) bool { return marks[(at-start)/60] }
}

// Every change of the clocks in every place of the world in ten years, and some
// days without one, are counted minute by minute.
func TestHoursEqualTheCountOfMinutesInEveryPlace(t *testing.T) {
	t.Parallel()
	weeks := []string{"Mon-Fri 9-12, 13-17", "daily 22:00-06:00; Sun 00:15-02:45", "Sat-Sun 0-24; Mon-Fri 01:30-02:30, 23:30-00:30"}
	places, changes := strings.Fields(placeNames), 0
	if len(places) < 400 {
		t.Fatalf("only %d places", len(places))
	}
	for i, name := range places {
		zone, err := calendar.LoadZone(name)
		if err != nil {
			t.Fatal(name, err)
		}
		text := weeks[i%len(weeks)]
		week, err := calendar.ParseWeek(text)
		if err != nil {
			t.Fatal(err)
		}
		h := hoursOf(t, in(name, text))
		check := func(from, to int64) {
			want, isOpen := counted(zone, week, from, to)
			if got := h.Elapsed(time.Unix(from, 0), time.Unix(to, 0)); got != time.Duration(want)*time.Minute {
				t.Errorf("%s, %q, from %v to %v: %v, counted %d minutes", name, text, time.Unix(from, 0).UTC(), time.Unix(to, 0).UTC(), got, want)
			}
			for at := from; at < to; at += 7 * 60 {
				if got := h.IsOpen(time.Unix(at, 0)); got != isOpen(at) {
					t.Errorf("%s, %q: at %v open is %v", name, text, time.Unix(at, 0).UTC(), got)
					return
				}
			}
		}
		end := utc("2027-01-01 00:00")
		for at := utc("2016-01-01 00:00"); ; {
			_, next := at.In(zone).ZoneBounds()
			if next.IsZero() || !next.Before(end) {
				break
			}
			at = next
			changes++
			minute := floor(at.Unix(), 60) * 60
			check(minute-20*3600, minute+20*3600)
		}
		sum := fnv.New64a()
		sum.Write([]byte(name))
		for n := range uint64(4) {
			sample := utc("2016-01-01 00:00").Unix() + int64((sum.Sum64()>>(n*16))%(10*365))*86400
			check(sample, sample+86400)
		}
	}
	if changes < 1500 {
		t.Errorf("only %d changes of clocks were seen", changes)
	}
}

// Ten years as a whole, in places of every kind.
func TestTenYearsEqualTheCountOfMinutes(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"Australia/Lord_Howe", "America/Sao_Paulo"} {
		zone, err := calendar.LoadZone(name)
		if err != nil {
			t.Fatal(err)
		}
		text := "Mon-Fri 9-12, 13-17; Sat 22-6"
		week, _ := calendar.ParseWeek(text)
		h := hoursOf(t, in(name, text))
		from, to := utc("2016-01-01 00:00"), utc("2026-01-01 00:00")
		want, _ := counted(zone, week, from.Unix(), to.Unix())
		if got := h.Elapsed(from, to); got != time.Duration(want)*time.Minute {
			t.Errorf("%s: %v, counted %d minutes", name, got, want)
		}
	}
}

func TestZonesAreNamesOfPlaces(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"", "Local", "Europe/Bonn", "../../etc/passwd", "/etc/localtime", strings.Repeat("a", 100)} {
		if _, err := calendar.LoadZone(name); err == nil {
			t.Errorf("%q is no zone", name)
		}
	}
	if calendar.ZoneRules() == "" {
		t.Error("the edition of the time zone rules is not known")
	}
}

// Update embeddedRules when this fails after a new Go.
func TestTheEditionOfTheRulesIsThatOfTheToolchain(t *testing.T) {
	t.Parallel()
	root, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		t.Skip("there is no toolchain here")
	}
	script, err := os.ReadFile(filepath.Join(strings.TrimSpace(string(root)), "lib", "time", "update.bash"))
	if err != nil {
		t.Skip("this toolchain does not say")
	}
	if !strings.Contains(string(script), "\nDATA="+calendar.EmbeddedRules+"\n") {
		t.Errorf("the toolchain has other rules than %s", calendar.EmbeddedRules)
	}
}

func TestDatesCount(t *testing.T) {
	t.Parallel()
	for n := -200000; n < 200000; n += 61 {
		if got := date.OfNumber(n).Number(); got != n {
			t.Fatalf("%d is %v is %d", n, date.OfNumber(n), got)
		}
	}
}
