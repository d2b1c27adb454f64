package holiday_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/steward-itsm/steward/internal/core/calendar/date"
	"github.com/steward-itsm/steward/internal/core/calendar/holiday"
)

func TestEveryRegionHasItsHolidays(t *testing.T) {
	t.Parallel()
	codes := map[string]bool{}
	for _, r := range holiday.Regions() {
		if codes[r.Code] || r.Country == "" || r.Code != strings.ToUpper(r.Code) {
			t.Errorf("%+v is there twice, or has no name", r)
		}
		codes[r.Code] = true
		for year := 2020; year <= 2035; year++ {
			days := holiday.In(r.Code, year)
			if len(days) < 5 || len(days) > 30 {
				t.Errorf("%s has %d holidays in %d", r.Code, len(days), year)
			}
			for _, d := range days {
				if d.Date.Year != year || d.Name == "" || strings.TrimSpace(d.Name) != d.Name {
					t.Errorf("%s, %d: %+v", r.Code, year, d)
				}
			}
		}
	}
	if len(codes) < 80 {
		t.Errorf("only %d regions are known", len(codes))
	}
}

func TestHolidaysOfSomeYears(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ code, on, want string }{
		{"DE", "2026-04-03", "Karfreitag"},
		{"DE-BY", "2026-06-04", "Fronleichnam"},
		{"DE-HH", "2026-06-04", ""},
		{"US", "2026-11-26", "Thanksgiving Day"},
		{"US", "2021-12-31", "New Year's Day (observed)"}, // of the year after
		{"US", "2026-07-03", "Independence Day (observed)"},
		{"GB", "2026-12-28", "Boxing Day (observed)"},
		{"GR", "2026-04-10", "Μεγάλη Παρασκευή"}, // the Julian Easter
		{"FR", "2026-07-14", "Fête Nationale"},
		{"XX", "2026-01-01", ""},
	} {
		var got []string
		for _, d := range holiday.In(tc.code, int(must(t, tc.on).Year)) {
			if d.Date == must(t, tc.on) {
				name := d.Name
				if d.Observed {
					name += " (observed)"
				}
				got = append(got, name)
			}
		}
		if strings.Join(got, ", ") != tc.want {
			t.Errorf("%s on %s: %q, want %q", tc.code, tc.on, got, tc.want)
		}
	}
	if names := holiday.Names("DE-BY", 2026, 2030); !slices.Contains(names, "Mariä Himmelfahrt") && !slices.Contains(names, "Fronleichnam") || names[0] != "Neujahrstag" {
		t.Errorf("%q", names)
	}
}

func must(t *testing.T, s string) date.Date {
	t.Helper()
	d, err := date.Parse(s)
	if err != nil {
		t.Fatal(err)
	}
	return d
}
