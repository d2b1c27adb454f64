package ical_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/steward-itsm/steward/internal/core/calendar/date"
	"github.com/steward-itsm/steward/internal/core/calendar/ical"
)

func options(t testing.TB) ical.Options {
	t.Helper()
	zone, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	return ical.Options{Zone: zone, From: date.Of(2026, 1, 1), To: date.Of(2028, 12, 31)}
}

// file puts events into a calendar.
func file(events ...string) string {
	var b strings.Builder
	b.WriteString("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nX-WR-CALNAME:Holidays\r\n")
	for i, e := range events {
		fmt.Fprintf(&b, "BEGIN:VEVENT\r\nUID:%d@example.org\r\n%s\r\nEND:VEVENT\r\n", i, strings.ReplaceAll(e, "\n", "\r\n"))
	}
	return b.String() + "END:VCALENDAR\r\n"
}

func lines(f ical.Feed) []string {
	var out []string
	for _, e := range f.Events {
		line := e.From.String()
		if e.To != e.From {
			line += ".." + e.To.String()
		}
		if !e.WholeDays() {
			line += fmt.Sprintf(" %d-%d", e.Start, e.End)
		}
		if e.Yearly {
			line += " yearly"
		}
		out = append(out, line+" "+e.Name)
	}
	return out
}

func TestEventsAreRead(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, event string
		want        []string
	}{
		{"a date", "SUMMARY:Christmas\nDTSTART;VALUE=DATE:20261225\nDTEND;VALUE=DATE:20261226", []string{"2026-12-25 Christmas"}},
		{"a date without its end, and without saying that it is one", "SUMMARY:Christmas\nDTSTART:20261225", []string{"2026-12-25 Christmas"}},
		{"several dates", "SUMMARY:Break\nDTSTART;VALUE=DATE:20261224\nDURATION:P1W1D", []string{"2026-12-24..2026-12-31 Break"}},
		{"whole dates written as times", "SUMMARY:Feiertag\nDTSTART;TZID=W. Europe Standard Time:20261003T000000\nDTEND;TZID=W. Europe Standard Time:20261004T000000", []string{"2026-10-03 Feiertag"}},
		{"times of UTC are times of the place", "SUMMARY:Party\nDTSTART:20261218T140000Z\nDTEND:20261218T200000Z", []string{"2026-12-18 900-1260 Party"}},
		{"times of another place", "SUMMARY:Call\nDTSTART;TZID=/example.org/1/America/New_York:20261218T180000\nDURATION:PT2H", []string{"2026-12-19 0-120 Call"}},
		{"escaped and folded words", "SUMMARY:Sankt Martin\\, Umz\n üge\\; und\\nmehr\nDTSTART;VALUE=DATE:20261111", []string{"2026-11-11 Sankt Martin, Umzüge; und mehr"}},
		{"yearly", "SUMMARY:New Year\nDTSTART;VALUE=DATE:20100101\nRRULE:FREQ=YEARLY", []string{"2010-01-01 yearly New Year"}},
		{"yearly, with its date written out", "SUMMARY:New Year\nDTSTART;VALUE=DATE:20100101\nRRULE:FREQ=YEARLY;BYMONTH=1;BYMONTHDAY=1;INTERVAL=1", []string{"2010-01-01 yearly New Year"}},
		{"yearly on a weekday", "SUMMARY:Thanksgiving\nDTSTART;VALUE=DATE:20101125\nRRULE:FREQ=YEARLY;BYMONTH=11;BYDAY=4TH", []string{"2026-11-26 Thanksgiving", "2027-11-25 Thanksgiving", "2028-11-23 Thanksgiving"}},
		{"yearly until", "SUMMARY:Day\nDTSTART;VALUE=DATE:20250510\nRRULE:FREQ=YEARLY;UNTIL=20270510", []string{"2026-05-10 Day", "2027-05-10 Day"}},
		{"with exceptions", "SUMMARY:Day\nDTSTART;VALUE=DATE:20260105\nRRULE:FREQ=WEEKLY;COUNT=4\nEXDATE;VALUE=DATE:20260112,20260119", []string{"2026-01-05 Day", "2026-01-26 Day"}},
		{"with further dates", "SUMMARY:Day\nDTSTART;VALUE=DATE:20260105\nRDATE;VALUE=DATE:20260201,20260301", []string{"2026-01-05 Day", "2026-02-01 Day", "2026-03-01 Day"}},
		{"a weekly evening keeps its clock time over the change of the clocks", "SUMMARY:Late\nDTSTART;TZID=Europe/Berlin:20260319T180000\nDTEND;TZID=Europe/Berlin:20260319T200000\nRRULE:FREQ=WEEKLY;UNTIL=20260402T160000Z", []string{"2026-03-19 1080-1200 Late", "2026-03-26 1080-1200 Late", "2026-04-02 1080-1200 Late"}},
		{"cancelled", "SUMMARY:Christmas\nSTATUS:CANCELLED\nDTSTART;VALUE=DATE:20261225", nil},
		{"past", "SUMMARY:Christmas\nDTSTART;VALUE=DATE:20201225", nil},
		{"29 February yearly", "SUMMARY:Leap\nDTSTART;VALUE=DATE:20240229\nRRULE:FREQ=YEARLY;UNTIL=20301231", []string{"2028-02-29 Leap"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			f, err := ical.Parse(t.Context(), []byte(file(tc.event)), options(t))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.want, lines(f)); diff != "" || f.Name != "Holidays" || f.Missed != 0 {
				t.Errorf("%s %+v", diff, f)
			}
		})
	}
}

func TestAnOccurrenceCanHaveAnEventOfItsOwn(t *testing.T) {
	t.Parallel()
	text := "BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:a\nSUMMARY:Day\nDTSTART;VALUE=DATE:20260105\nRRULE:FREQ=WEEKLY;COUNT=2\nEND:VEVENT\n" +
		"BEGIN:VEVENT\nUID:a\nRECURRENCE-ID;VALUE=DATE:20260112\nSUMMARY:Moved\nDTSTART;VALUE=DATE:20260113\nEND:VEVENT\nEND:VCALENDAR\n"
	f, err := ical.Parse(t.Context(), []byte(text), options(t))
	if diff := cmp.Diff([]string{"2026-01-05 Day", "2026-01-13 Moved"}, lines(f)); err != nil || diff != "" {
		t.Error(err, diff)
	}
}

func TestBrokenEncodingsAreRead(t *testing.T) {
	t.Parallel()
	plain := file("SUMMARY:Mariä Empfängnis\nDTSTART;VALUE=DATE:20261208")
	latin := strings.NewReplacer("ä", "\xe4").Replace(plain)
	var wide bytes.Buffer
	wide.WriteString("\xff\xfe")
	for _, c := range plain {
		wide.WriteByte(byte(c))
		wide.WriteByte(byte(c >> 8))
	}
	for name, data := range map[string]string{"UTF-8": plain, "with a mark": "\uFEFF" + plain, "Windows-1252": latin, "UTF-16": wide.String(), "old line ends": strings.ReplaceAll(plain, "\r\n", "\r"), "with zeros": strings.ReplaceAll(plain, "Mari", "Ma\x00ri"), "small letters": strings.ReplaceAll(plain, "BEGIN:VEVENT", "begin:vevent"), "junk around": "junk\r\n" + plain + "more junk\r\n", "two calendars": plain + file("SUMMARY:X\nDTSTART:20200101")} {
		f, err := ical.Parse(t.Context(), []byte(data), options(t))
		if diff := cmp.Diff([]string{"2026-12-08 Mariä Empfängnis"}, lines(f)); err != nil || diff != "" {
			t.Error(name, err, diff)
		}
	}
}

func TestBombsAreRefused(t *testing.T) {
	t.Parallel()
	many := make([]string, 300)
	for i := range many {
		many[i] = "SUMMARY:X\nDTSTART:20260101\nRRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30"
	}
	for name, data := range map[string]string{
		"too large":             strings.Repeat("X", ical.MaxSize+1),
		"too many lines":        "BEGIN:VCALENDAR\n" + strings.Repeat("X:Y\n", 100_000),
		"a line without end":    "BEGIN:VCALENDAR\nX:" + strings.Repeat("Y", 100_000) + "\nEND:VCALENDAR",
		"a folded line too":     "BEGIN:VCALENDAR\nX:" + strings.Repeat("YYYYYYYYYY\n ", 10_000) + "\nEND:VCALENDAR",
		"nested":                strings.Repeat("BEGIN:VCALENDAR\n", 50),
		"too many events":       "BEGIN:VCALENDAR\n" + strings.Repeat("BEGIN:VEVENT\nEND:VEVENT\n", 6000) + "END:VCALENDAR",
		"recurs without end":    file(strings.Repeat("", 1)+"SUMMARY:X\nDTSTART:19700101\nRRULE:FREQ=DAILY", "SUMMARY:X\nDTSTART:19700101\nRRULE:FREQ=DAILY", "SUMMARY:X\nDTSTART:19700101\nRRULE:FREQ=DAILY"),
		"many that never come":  file(many...),
		"no calendar":           "<html></html>",
		"nothing":               "",
		"cut off":               "BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART:20260101\n",
		"ends where none began": "END:VEVENT\nEND:VCALENDAR\n",
	} {
		var refused *ical.Refused
		if f, err := ical.Parse(t.Context(), []byte(data), options(t)); !errors.As(err, &refused) || refused.Reason.Empty() {
			t.Errorf("%s: %v, %d events", name, err, len(f.Events))
		}
	}
	for name, event := range map[string]string{
		"every second":      "SUMMARY:X\nDTSTART:20260101\nRRULE:FREQ=SECONDLY",
		"every hour":        "SUMMARY:X\nDTSTART:20260101\nRRULE:FREQ=HOURLY",
		"nonsense":          "SUMMARY:X\nDTSTART:20260101\nRRULE:FREQ=SOMETIMES",
		"times of day":      "SUMMARY:X\nDTSTART:20260101\nRRULE:FREQ=YEARLY;BYSECOND=1,2,3",
		"ends before":       "SUMMARY:X\nDTSTART:20260102\nDTEND:20250101",
		"no beginning":      "SUMMARY:X",
		"another beginning": "SUMMARY:X\nDTSTART:tomorrow",
		"the year one":      "SUMMARY:X\nDTSTART:00010101",
		"a thousand years":  "SUMMARY:X\nDTSTART:20260101\nDTEND:30260101",
		"a broken duration": "SUMMARY:X\nDTSTART:20260101T100000\nDURATION:P1X",
		"an instant":        "SUMMARY:X\nDTSTART:20260101T100000",
		"date and time":     "SUMMARY:X\nDTSTART:20260101T100000\nDTEND;VALUE=DATE:20260102",
	} {
		f, err := ical.Parse(t.Context(), []byte(file(event)), options(t))
		if err != nil || len(f.Events) != 0 || f.Missed != 1 || !strings.HasPrefix(f.Skipped[0], "X: ") {
			t.Errorf("%s: %+v, %v", name, f, err)
		}
	}
	over, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := ical.Parse(over, []byte(file("SUMMARY:X\nDTSTART:20260101")), options(t)); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}

func TestWhatIsWrittenIsReadAgain(t *testing.T) {
	t.Parallel()
	start := time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)
	var b bytes.Buffer
	err := ical.Write(&b, ical.Outgoing{Name: "Office, Berlin; Mitte", Zone: "Europe/Berlin", Stamp: start, Entries: []ical.Entry{
		{UID: "holiday-7-2026-12-25@steward", Name: "Christmas; with a\\comma, and more", From: date.Of(2026, 12, 25), To: date.Of(2026, 12, 26)},
		{UID: "open-7-2026-11-23-0900@steward", Name: "Open", Start: start, End: start.Add(8 * time.Hour), Busy: true},
	}})
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.SplitSeq(strings.TrimSuffix(b.String(), "\r\n"), "\r\n") {
		if len(line) > 75 || strings.ContainsAny(line, "\r\n") {
			t.Errorf("not folded: %q", line)
		}
	}
	f, err := ical.Parse(t.Context(), b.Bytes(), options(t))
	want := []string{"2026-11-23 540-1020 Open", "2026-12-25..2026-12-26 Christmas; with a\\comma, and more"}
	if diff := cmp.Diff(want, lines(f)); err != nil || diff != "" || f.Name != "Office, Berlin; Mitte" || f.Events[1].UID != "holiday-7-2026-12-25@steward" {
		t.Errorf("%v %s %+v", err, diff, f)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(file("SUMMARY:Christmas\nDTSTART;VALUE=DATE:20261225\nRRULE:FREQ=YEARLY;BYMONTH=11;BYDAY=4TH\nEXDATE:20261225")))
	f.Add([]byte(file("SUMMARY:Party\nDTSTART;TZID=\"Europe/Berlin\":20261218T140000\nDURATION:PT2H\nRDATE:20270101")))
	f.Add([]byte("BEGIN:VCALENDAR\nBEGIN:VTIMEZONE\nBEGIN:DAYLIGHT\nEND:DAYLIGHT\nEND:VTIMEZONE\nBEGIN:VEVENT\nBEGIN:VALARM\nEND:VALARM\nEND:VEVENT\nEND:VCALENDAR"))
	f.Add([]byte("\xff\xfeB\x00E\x00"))
	o := options(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		feed, err := ical.Parse(t.Context(), data, o)
		if err != nil {
			return
		}
		for _, e := range feed.Events {
			if e.Name == "" || strings.ContainsAny(e.Name, "\r\n\x00") || !e.From.Exists() || e.To.Before(e.From) || e.Start < 0 || e.Start > 1439 || e.End < e.Start {
				t.Fatalf("%+v", e)
			}
		}
	})
}
