package filter_test

import (
	"strings"
	"testing"
	"time"
	_ "time/tzdata" // the zones, wherever the tests run

	"github.com/steward-itsm/steward/internal/core/filter"
)

// meaning binds a filter on times in a zone and gives its bounds in that zone.
func meaning(t *testing.T, text string, at time.Time, zone string) string {
	t.Helper()
	loc, err := time.LoadLocation(zone)
	if err != nil {
		t.Fatal(err)
	}
	c, err := tickets(t).Bind(t.Context(), parse(t, text), filter.Env{Now: at, Location: loc})
	if err != nil {
		t.Fatalf("bind %q: %v", text, err)
	}
	var bounds []string
	for _, term := range strings.Fields(c.String()) {
		i := strings.IndexAny(term, "0123456789")
		instant, err := time.Parse(time.RFC3339Nano, term[i:])
		if err != nil {
			t.Fatal(err)
		}
		op := term[strings.Index(term, ":")+1 : i]
		bounds = append(bounds, op+instant.In(loc).Format("2006-01-02 15:04:05.999999 -07"))
	}
	return strings.Join(bounds, " ")
}

func TestTimesMeanWhatPeopleMean(t *testing.T) {
	t.Parallel()
	const zone = "Europe/Berlin" // one hour ahead of now; summer time starts on 29 March 2026
	for _, tt := range []struct{ text, want string }{
		// ages look back
		{`created:<7d`, `>2026-03-11 15:30:00 +01`},
		{`created:<=7d`, `>=2026-03-11 15:30:00 +01`},
		{`created:>7d`, `<2026-03-11 15:30:00 +01`},
		{`created:>=90m`, `<=2026-03-18 14:00:00 +01`},
		{`created:>1d12h`, `<2026-03-17 03:30:00 +01`},
		{`created:1d..7d`, `>=2026-03-11 15:30:00 +01 <=2026-03-17 15:30:00 +01`},
		{`created:<1mo`, `>2026-02-18 15:30:00 +01`},
		{`created:<1y`, `>2025-03-18 15:30:00 +01`},
		{`created:>2w`, `<2026-03-04 15:30:00 +01`},
		{`created:>30s`, `<2026-03-18 15:29:30 +01`},
		// what is due looks ahead
		{`due:<4h`, `<2026-03-18 19:30:00 +01`},
		{`due:>=2d`, `>=2026-03-20 15:30:00 +01`},
		{`due:<-1d`, `<2026-03-17 15:30:00 +01`},
		{`due:1h..2h`, `>=2026-03-18 16:30:00 +01 <=2026-03-18 17:30:00 +01`},
		{`due:<11d`, `<2026-03-29 15:30:00 +02`}, // eleven days, not 264 hours
		{`due:<264h`, `<2026-03-29 16:30:00 +02`},
		{`due:<now`, `<2026-03-18 15:30:00 +01`},
		// words
		{`created:today`, `>=2026-03-18 00:00:00 +01 <2026-03-19 00:00:00 +01`},
		{`created:Yesterday`, `>=2026-03-17 00:00:00 +01 <2026-03-18 00:00:00 +01`},
		{`due:tomorrow`, `>=2026-03-19 00:00:00 +01 <2026-03-20 00:00:00 +01`},
		{`created:this-week`, `>=2026-03-16 00:00:00 +01 <2026-03-23 00:00:00 +01`},
		{`created:last-week`, `>=2026-03-09 00:00:00 +01 <2026-03-16 00:00:00 +01`},
		{`due:next-week`, `>=2026-03-23 00:00:00 +01 <2026-03-30 00:00:00 +02`},
		{`created:this-month`, `>=2026-03-01 00:00:00 +01 <2026-04-01 00:00:00 +02`},
		{`created:last-month`, `>=2026-02-01 00:00:00 +01 <2026-03-01 00:00:00 +01`},
		{`due:next-month`, `>=2026-04-01 00:00:00 +02 <2026-05-01 00:00:00 +02`},
		{`created:this-year`, `>=2026-01-01 00:00:00 +01 <2027-01-01 00:00:00 +01`},
		{`created:last-year`, `>=2025-01-01 00:00:00 +01 <2026-01-01 00:00:00 +01`},
		{`due:next-year`, `>=2027-01-01 00:00:00 +01 <2028-01-01 00:00:00 +01`},
		{`created:<today`, `<2026-03-18 00:00:00 +01`},
		{`created:<=today`, `<2026-03-19 00:00:00 +01`},
		{`created:>yesterday`, `>=2026-03-18 00:00:00 +01`},
		{`created:>=yesterday`, `>=2026-03-17 00:00:00 +01`},
		// dates stand for all of their time
		{`created:2026-02`, `>=2026-02-01 00:00:00 +01 <2026-03-01 00:00:00 +01`},
		{`created:2025`, `>=2025-01-01 00:00:00 +01 <2026-01-01 00:00:00 +01`},
		{`created:2026-03-29`, `>=2026-03-29 00:00:00 +01 <2026-03-30 00:00:00 +02`},
		{`created:2026-01-01..2026-02-01`, `>=2026-01-01 00:00:00 +01 <2026-02-02 00:00:00 +01`},
		{`created:2026-01-01..`, `>=2026-01-01 00:00:00 +01`},
		{`created:..2026-01-01`, `<2026-01-02 00:00:00 +01`},
		{`created:7d..yesterday`, `>=2026-03-11 15:30:00 +01 <2026-03-18 00:00:00 +01`},
		{`created:2026-03-18T10:00`, `>=2026-03-18 10:00:00 +01 <2026-03-18 10:01:00 +01`},
		{`created:"2026-03-18 10:00"`, `>=2026-03-18 10:00:00 +01 <2026-03-18 10:01:00 +01`},
		{`created:2026-03-18T10:00:05Z`, `>=2026-03-18 11:00:05 +01 <2026-03-18 11:00:06 +01`},
		{`created:<=2026-03-18t10:00+02:00`, `<2026-03-18 09:01:00 +01`},
		{`created:>2026-03-18T10:00:05.25`, `>2026-03-18 10:00:05.25 +01`},
		{`created:2026-03-18T10:00:05.25`, `>=2026-03-18 10:00:05.25 +01 <=2026-03-18 10:00:05.25 +01`},
	} {
		if got := meaning(t, tt.text, now, zone); got != tt.want {
			t.Errorf("%s means %s\nwant %s", tt.text, got, tt.want)
		}
	}
}

func TestMonthsEndWhereTheyEnd(t *testing.T) {
	t.Parallel()
	at := time.Date(2028, 3, 31, 12, 0, 0, 0, time.UTC)
	for text, want := range map[string]string{
		`created:<1mo`:   `>2028-02-29 12:00:00 +00`,
		`created:<13mo`:  `>2027-02-28 12:00:00 +00`,
		`created:<1mo1d`: `>2028-02-28 12:00:00 +00`,
		`due:<3mo`:       `<2028-06-30 12:00:00 +00`,
	} {
		if got := meaning(t, text, at, "UTC"); got != want {
			t.Errorf("%s means %s, want %s", text, got, want)
		}
	}
}

func TestDaysBeginWhereClocksChangeAtMidnight(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ zone, day, want string }{
		// Forward at midnight: the day begins at 1:00.
		{"America/Sao_Paulo", "2018-11-04", ">=2018-11-04 01:00:00 -02 <2018-11-05 00:00:00 -02"},
		{"America/Sao_Paulo", "2018-11-03", ">=2018-11-03 00:00:00 -03 <2018-11-04 01:00:00 -02"},
		// Back at midnight: the last hour of the day before comes twice.
		{"America/Sao_Paulo", "2018-02-18", ">=2018-02-18 00:00:00 -03 <2018-02-19 00:00:00 -03"},
		{"America/Sao_Paulo", "2018-02-17", ">=2018-02-17 00:00:00 -02 <2018-02-18 00:00:00 -03"},
		// Back at 1:00: midnight comes twice.
		{"America/Havana", "2025-11-02", ">=2025-11-02 00:00:00 -04 <2025-11-03 00:00:00 -05"},
		{"America/Havana", "2025-03-09", ">=2025-03-09 01:00:00 -04 <2025-03-10 00:00:00 -04"},
		{"Europe/Berlin", "2026-10-25", ">=2026-10-25 00:00:00 +02 <2026-10-26 00:00:00 +01"},
		{"UTC", "2026-12-31", ">=2026-12-31 00:00:00 +00 <2027-01-01 00:00:00 +00"},
	} {
		if got := meaning(t, "created:"+tt.day, now, tt.zone); got != tt.want {
			t.Errorf("%s in %s means %s\nwant %s", tt.day, tt.zone, got, tt.want)
		}
	}
}
