package snooze_test

import (
	"testing"
	"time"
	_ "time/tzdata"

	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/practice/desk/snooze"
)

func in(t testing.TB, zone, at string) time.Time {
	t.Helper()
	loc, err := time.LoadLocation(zone)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := time.ParseInLocation("2006-01-02 15:04", at, loc)
	if err != nil {
		t.Fatal(err)
	}
	return parsed
}

func TestWordsForATimeToCome(t *testing.T) {
	t.Parallel()
	now := in(t, "Europe/Berlin", "2026-03-04 10:30") // a Wednesday
	for typed, want := range map[string]string{
		"tomorrow": "2026-03-05 09:00", "tomorrow 9": "2026-03-05 09:00", "Tomorrow at 14:30": "2026-03-05 14:30", "tomorrow noon": "2026-03-05 12:00",
		"tomorrow 5pm": "2026-03-05 17:00", "tomorrow 12 am": "2026-03-05 00:00", "tomorrow 12 pm": "2026-03-05 12:00", "tomorrow afternoon": "2026-03-05 13:00",
		"today 17": "2026-03-04 17:00", "today 5 pm": "2026-03-04 17:00", "tonight": "2026-03-04 18:00", "this evening": "2026-03-04 18:00",
		"monday": "2026-03-09 09:00", "mon": "2026-03-09 09:00", "Mo": "2026-03-09 09:00", "friday 14": "2026-03-06 14:00", "on fri, 14:15": "2026-03-06 14:15",
		"wednesday": "2026-03-11 09:00", "wed 16": "2026-03-04 16:00", "wed 9": "2026-03-11 09:00", "until thursday": "2026-03-05 09:00",
		"next week": "2026-03-09 09:00", "next friday": "2026-03-13 09:00", "next wed 10": "2026-03-11 10:00", "next sunday": "2026-03-15 09:00", "next month": "2026-04-01 09:00",
		"in 3 h": "2026-03-04 13:30", "in 3h": "2026-03-04 13:30", "3 hours": "2026-03-04 13:30", "in an hour": "2026-03-04 11:30", "in 90 min": "2026-03-04 12:00",
		"1 h 30 min": "2026-03-04 12:00", "in 2 days": "2026-03-06 10:30", "2d": "2026-03-06 10:30", "in a week": "2026-03-11 10:30", "2w": "2026-03-18 10:30",
		"in 1 month": "2026-04-04 10:30", "in 1 day and 2 hours": "2026-03-05 12:30",
		"17:00": "2026-03-04 17:00", "9": "2026-03-05 09:00", "10:30": "2026-03-05 10:30", "at 11": "2026-03-04 11:00", "9am": "2026-03-05 09:00",
		"2026-03-20": "2026-03-20 09:00", "2026-03-20 08:15": "2026-03-20 08:15", "2026-03-20T08:15": "2026-03-20 08:15", "2026-03-20T08:15:00+01:00": "2026-03-20 08:15",
		"2026-03-20T07:15:00Z": "2026-03-20 08:15", "2026-03-20t07:15:00.5z": "2026-03-20 08:15",
		"20 mar": "2026-03-20 09:00", "march 20 10": "2026-03-20 10:00", "1st of": "", "1st april": "2026-04-01 09:00", "3 march": "2027-03-03 09:00", "4 mar 18:00": "2026-03-04 18:00",
		"20 mar 2026 7:00": "2026-03-20 07:00", "29 feb": "", "31 april": "",
		"": "", "soon": "", "yesterday": "", "today": "", "today 9": "", "in": "", "in h": "", "3": "2026-03-05 03:00", "25": "", "9:5": "", "9:60": "", "13 pm": "", "0 am": "",
		"tomorrow 9 9": "", "monday monday": "", "2026-02-30": "", "2026-03-03": "", "2029-01-01": "", "in 9999 days": "", "in 0 min": "", "next": "", "next 9": "", "t": "", "٣ h": "",
	} {
		got, err := snooze.ParseWhen(typed, now)
		shown := ""
		if err == nil {
			shown = got.In(now.Location()).Format("2006-01-02 15:04")
		} else if !apperr.Is(err, apperr.Invalid) {
			t.Errorf("%q: %v", typed, err)
		}
		if shown != want {
			t.Errorf("%q is %q (%v), want %q", typed, shown, err, want)
		}
	}
}

// TestDaysOnWhichClocksAreChanged asks for times that come twice, never, or after
// a night of another length.
func TestDaysOnWhichClocksAreChanged(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ zone, now, typed, want string }{
		// Clocks go from 2:00 to 3:00 on 29 March, and from 3:00 to 2:00 on 25 October.
		{"Europe/Berlin", "2026-03-28 10:00", "tomorrow 9", "2026-03-29T09:00:00+02:00"},
		{"Europe/Berlin", "2026-03-28 10:00", "tomorrow 2:30", "2026-03-29T03:00:00+02:00"},
		{"Europe/Berlin", "2026-03-28 10:00", "in 1 day", "2026-03-29T10:00:00+02:00"},
		{"Europe/Berlin", "2026-03-28 10:00", "in 24 h", "2026-03-29T11:00:00+02:00"},
		{"Europe/Berlin", "2026-03-28 02:30", "in 1 day", "2026-03-29T03:00:00+02:00"},
		{"Europe/Berlin", "2026-10-24 10:00", "tomorrow 2:30", "2026-10-25T02:30:00+02:00"},
		{"Europe/Berlin", "2026-10-24 10:00", "tomorrow 9", "2026-10-25T09:00:00+01:00"},
		{"Europe/Berlin", "2026-10-24 10:00", "in 24 hours", "2026-10-25T09:00:00+01:00"},
		{"Europe/Berlin", "2026-10-24 10:00", "monday", "2026-10-26T09:00:00+01:00"},
		// New York, a week later than Europe in spring.
		{"America/New_York", "2026-03-07 22:00", "tomorrow 2:30", "2026-03-08T03:00:00-04:00"},
		{"America/New_York", "2026-10-31 22:00", "tomorrow 1:30", "2026-11-01T01:30:00-04:00"},
		// Half an hour on Lord Howe Island.
		{"Australia/Lord_Howe", "2026-10-03 12:00", "tomorrow 2:15", "2026-10-04T02:30:00+11:00"},
		// Beirut's clocks skip midnight.
		{"Asia/Beirut", "2026-03-28 12:00", "2026-03-29 00:30", "2026-03-29T01:00:00+03:00"},
		{"UTC", "2026-12-31 23:00", "tomorrow 9", "2027-01-01T09:00:00Z"},
		{"UTC", "2028-01-31 08:00", "in 1 month", "2028-02-29T08:00:00Z"},
	} {
		got, err := snooze.ParseWhen(c.typed, in(t, c.zone, c.now))
		if err != nil || got.Format(time.RFC3339) != c.want {
			t.Errorf("%s on %s in %s: %s %v, want %s", c.typed, c.now, c.zone, got.Format(time.RFC3339), err, c.want)
		}
	}
}

func FuzzWhen(f *testing.F) {
	for _, s := range []string{"tomorrow 9", "monday", "in 3 h", "2 dec 2026 10:00", "2026-12-02T10:00", "next fri 5pm", "\x00", "in 9999 months", "1 h 1 h 1 h", "31 feb"} {
		f.Add(s, int64(1_774_700_000), uint8(0))
	}
	zones := []string{"UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Beirut", "Pacific/Apia"}
	f.Fuzz(func(t *testing.T, typed string, unix int64, zone uint8) {
		loc, err := time.LoadLocation(zones[int(zone)%len(zones)])
		if err != nil {
			t.Fatal(err)
		}
		now := time.Unix(unix%(1<<33), 0).In(loc)
		got, err := snooze.ParseWhen(typed, now)
		switch {
		case err == nil && (!got.After(now) || got.Sub(now) > snooze.MaxAhead):
			t.Errorf("%q at %s is %s", typed, now, got)
		case err != nil && (!apperr.Is(err, apperr.Invalid) || len(apperr.FieldsOf(err)) != 1):
			t.Errorf("%q: %v", typed, err)
		}
	})
}
