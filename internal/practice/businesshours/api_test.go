package businesshours

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/steward-itsm/steward/internal/core/calendar"
	"github.com/steward-itsm/steward/internal/core/calendar/date"
	"github.com/steward-itsm/steward/internal/platform/apperr"
)

func TestADocumentIsTheWholeCalendar(t *testing.T) {
	t.Parallel()
	week, err := calendar.ParseWeek("Mon-Fri 9-12, 13-17; Sat 22-6")
	if err != nil {
		t.Fatal(err)
	}
	want := calendar.Calendar{Name: "Munich", Description: "Second floor", Zone: "Europe/Berlin", Versions: []calendar.Version{
		{
			Week: week, Regions: []calendar.Observed{{Code: "DE-BY", Except: []string{"Fronleichnam"}}},
			Holidays: []calendar.Holiday{{Name: "Break", From: date.Of(2026, 12, 27), To: date.Of(2026, 12, 31), Yearly: true, UID: "a"}},
			Openings: []calendar.Opening{{Name: "Stocktaking", Date: date.Of(2026, 12, 28), Spans: []calendar.Span{{From: 600, To: 840}}}},
		},
		{From: date.Of(2027, 1, 1), Week: calendar.Always()},
	}}
	doc := documentOf(&calendar.Record{Calendar: want})
	draft := Draft{Name: doc.Name, Description: doc.Description, Zone: doc.Zone, Versions: doc.Versions}
	got, err := draft.calendarOf()
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Error(err, diff)
	}
	draft.Versions[0].Week["someday"] = []string{"9-17"}
	draft.Versions[0].Holidays[0].From = "2026-02-30"
	draft.Versions[0].Openings[0].Hours = []string{"noon"}
	if _, err := draft.calendarOf(); len(apperr.FieldsOf(err)) != 3 {
		t.Errorf("%v", err)
	}
}
