package timesheet_test

import (
	"testing"

	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/practice/desk/timesheet"
)

func TestALengthOfTimeIsReadAsPeopleTypeIt(t *testing.T) {
	t.Parallel()
	for typed, want := range map[string]int{
		"90": 90, " 90 ": 90, "1:20": 80, ":45": 45, "0:05": 5, "24:00": 1440,
		"1h 20": 80, "1h20": 80, "1h20m": 80, "1 h 20 min": 80, "1 hr 20 mins": 80, "2 hours": 120, "2h": 120, "1 Std. 20 Min.": 80,
		"1.5h": 90, "1,5 h": 90, "0.25 h": 15, "1.5": 2, "45 min": 45, "45m": 45, "45 min.": 45,
		"20 min 1 h": 0, "1 h 2 h": 0, "h": 0, "1:5": 0, "1:60": 0, "-5": 0, "0": 0, "0:00": 0, "1441": 0, "25h": 0, "99999999": 0,
		"": 0, "soon": 0, "1 day": 0, "1h x": 0, "1..5h": 0, "1.h": 0, "1.555h": 0, "１": 0,
	} {
		got, err := timesheet.ParseMinutes(typed)
		if got != want || (err == nil) != (want > 0) {
			t.Errorf("%q: got %d, %v; want %d", typed, got, err, want)
		}
	}
}

func TestMinutesAreWrittenAsTheyAreRead(t *testing.T) {
	t.Parallel()
	for n := 1; n <= timesheet.MaxMinutes; n++ {
		if got, err := timesheet.ParseMinutes(timesheet.FormatMinutes(n)); got != n || err != nil {
			t.Fatalf("%d is written %s and read %d %v", n, timesheet.FormatMinutes(n), got, err)
		}
	}
}

func FuzzMinutes(f *testing.F) {
	for _, s := range []string{"90", "1:20", "1h 20", "1,5 h", "1 Std. 20", "\x00", "9e9", "1h\u00a020", "99999h 99999"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		n, err := timesheet.ParseMinutes(s)
		switch {
		case err == nil && (n < 1 || n > timesheet.MaxMinutes):
			t.Errorf("%q is %d", s, n)
		case err != nil && (n != 0 || !apperr.Is(err, apperr.Invalid) || len(apperr.FieldsOf(err)) != 1):
			t.Errorf("%q: %d %v", s, n, err)
		}
	})
}
