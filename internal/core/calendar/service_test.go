package calendar_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/calendar"
	"github.com/steward-itsm/steward/internal/core/coretest"
	"github.com/steward-itsm/steward/internal/core/people"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/database"
)

// office is a small organisation with calendars.
type office struct {
	*coretest.World
	*calendar.Service
	admin, agent, requester int64
}

func each(t *testing.T, fn func(t *testing.T, o office)) {
	t.Helper()
	t.Parallel()
	coretest.Each(t, func(t *testing.T, w *coretest.World) {
		company := w.Organisation(people.Own, "Harbour Group", 0)
		fn(t, office{
			World: w, Service: calendar.New(w.DB, w.Log, w.Clock.Now),
			admin: w.Person("Ada", company, access.RoleAdministrator), agent: w.Person("Ben", company, access.RoleAgent), requester: w.Person("Carla", company),
		})
	}, calendar.Migrations)
}

func named(name string) calendar.Calendar {
	c := in("Europe/Berlin", "Mon-Fri 9-12, 13-17", publicIn("DE-BY", "Fronleichnam"), closedOn("Works outing", "2026-06-12", "2026-06-13", true), opened("Stocktaking", "2026-12-27", calendar.Span{From: 600, To: 720}))
	c.Name, c.Description = name, "For the branch"
	later := calendar.Version{From: day("2027-01-01"), Week: calendar.OfficeHours()}
	c.Versions = append(c.Versions, later)
	return c
}

func TestCalendarIsSavedWhole(t *testing.T) {
	each(t, func(t *testing.T, o office) {
		made, err := o.Create(o.As(o.admin), named("Munich"))
		if err != nil {
			t.Fatal(err)
		}
		got, err := o.Get(o.As(o.agent), made.ID)
		want := named("Munich")
		want.ID = made.ID
		if diff := cmp.Diff(want, got.Calendar); err != nil || diff != "" || got.Version != 1 || got.Rules == "" {
			t.Fatal(err, diff)
		}
		after, err := o.Change(o.As(o.admin), made.ID, 1, func(c *calendar.Calendar) error {
			c.Versions = c.Versions[:1]
			c.Versions[0].Week = calendar.Always()
			return nil
		})
		if err != nil || after.Version != 2 {
			t.Fatal(err)
		}
		if got, err = o.Get(o.As(o.agent), made.ID); err != nil || len(got.Versions) != 1 || got.Versions[0].Week.String() != "24x7" {
			t.Errorf("%+v %v", got, err)
		}
		_, err = o.Change(o.As(o.admin), made.ID, 1, func(*calendar.Calendar) error { return nil })
		var e *apperr.Error
		if !errors.As(err, &e) || e.Kind != apperr.Conflict || e.Detail.(*calendar.Record).Version != 2 {
			t.Errorf("a stale save: %v", err)
		}
		if n, err := database.One(t.Context(), o.DB.Reader(), database.Scalar[int], `SELECT count(*) FROM audit_log WHERE object_type = 'calendar'`); err != nil || n != 2 {
			t.Errorf("%d entries of the audit log, %v", n, err)
		}
	})
}

func TestANewInstallationHasTwoCalendars(t *testing.T) {
	each(t, func(t *testing.T, o office) {
		page, err := o.List(o.As(o.agent), calendar.Query{})
		if err != nil || len(page.Items) != 2 {
			t.Fatal(page, err)
		}
		always, standard := page.Items[0], page.Items[1]
		if always.Key != calendar.AlwaysKey || always.Versions[0].Week.String() != "24x7" || !standard.Standard || standard.Versions[0].Week.String() != "Mon-Fri 09:00-17:00" {
			t.Errorf("%+v", page.Items)
		}
		if _, err := o.Change(o.As(o.admin), always.ID, 1, func(c *calendar.Calendar) error { return nil }); !apperr.Is(err, apperr.Conflict) {
			t.Errorf("24x7 was changed: %v", err)
		}
		for _, c := range page.Items {
			if _, err := o.Delete(o.As(o.admin), c.ID); !apperr.Is(err, apperr.InUse) {
				t.Errorf("%s was deleted: %v", c.Name, err)
			}
		}
		if err := o.AdoptZone(o.System(), "Nowhere/At all"); err != nil {
			t.Error(err)
		}
		for _, zone := range []string{"Europe/Lisbon", "Asia/Tokyo"} { // the first who sets it up decides
			if err := o.AdoptZone(o.System(), zone); err != nil {
				t.Fatal(err)
			}
		}
		if got, err := o.Standard(t.Context(), o.DB.Reader()); err != nil || got.Zone != "Europe/Lisbon" || got.Version != 2 {
			t.Errorf("%+v %v", got, err)
		}
		made, err := o.Create(o.As(o.admin), named("Munich"))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := o.MakeStandard(o.As(o.admin), made.ID); err != nil {
			t.Fatal(err)
		}
		if got, err := o.Standard(t.Context(), o.DB.Reader()); err != nil || got.ID != made.ID {
			t.Errorf("%+v %v", got, err)
		}
		if _, err := o.Delete(o.As(o.admin), standard.ID); err != nil {
			t.Errorf("office hours that are not the standard: %v", err)
		}
	})
}

func TestACalendarInUseStays(t *testing.T) {
	each(t, func(t *testing.T, o office) {
		made, err := o.Create(o.As(o.admin), named("Munich"))
		if err != nil {
			t.Fatal(err)
		}
		uses := []calendar.Use{{Label: "Service level Gold", URL: "/levels/1"}}
		o.Uses(func(_ context.Context, _ database.Querier, id int64) ([]calendar.Use, error) {
			if id != made.ID {
				t.Errorf("asked about %d", id)
			}
			return uses, nil
		})
		_, err = o.Delete(o.As(o.admin), made.ID)
		if !apperr.Is(err, apperr.InUse) || !strings.Contains(apperr.Message(err).String(), "Service level Gold") {
			t.Errorf("%v", err)
		}
		uses = nil
		if _, err := o.Delete(o.As(o.admin), made.ID); err != nil {
			t.Fatal(err)
		}
		if _, err := o.Get(o.As(o.agent), made.ID); !apperr.Is(err, apperr.NotFound) {
			t.Errorf("%v", err)
		}
		if h, err := o.Hours(t.Context(), o.DB.Reader(), made.ID); err != nil || !h[made.ID].IsOpen(utc("2026-11-23 10:00")) {
			t.Errorf("what was promised goes on: %v", err)
		}
		if got, err := o.Restore(o.As(o.admin), made.ID); err != nil || got.Name != "Munich" {
			t.Errorf("%v %v", got, err)
		}
	})
}

func TestWhoReadsAndWhoChangesCalendars(t *testing.T) {
	each(t, func(t *testing.T, o office) {
		for name, err := range map[string]error{
			"an agent creates":      second(o.Create(o.As(o.agent), named("X"))),
			"an agent changes":      second(o.Change(o.As(o.agent), 2, 1, func(*calendar.Calendar) error { return nil })),
			"an agent deletes":      second(o.Delete(o.As(o.agent), 2)),
			"an agent imports":      second(o.Import(o.As(o.agent), 2, calendar.Date{}, nil, calendar.AsHolidays)),
			"an agent publishes":    second(o.Subscribe(o.As(o.agent), 2)),
			"an agent decides":      second(o.MakeStandard(o.As(o.agent), 1)),
			"a requester looks":     second(o.Get(o.As(o.requester), 2)),
			"a requester lists":     second(o.List(o.As(o.requester), calendar.Query{})),
			"a requester exports":   second(o.Export(o.As(o.requester), 2, calendar.FeedAll)),
			"nobody in particular ": second(o.Get(t.Context(), 2)),
		} {
			if !apperr.Is(err, apperr.Forbidden) && !apperr.Is(err, apperr.Unauthenticated) {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
}

func second[T any](_ T, err error) error { return err }

func TestWhatIsWrongStandsBesideItsField(t *testing.T) {
	each(t, func(t *testing.T, o office) {
		if _, err := o.Create(o.As(o.admin), named(" OFFICE hours")); len(apperr.FieldsOf(err)) != 1 || apperr.FieldsOf(err)[0].Name != "name" {
			t.Errorf("a name twice: %v", err)
		}
		for field, change := range map[string]func(*calendar.Calendar){
			"name":                       func(c *calendar.Calendar) { c.Name = " " },
			"zone":                       func(c *calendar.Calendar) { c.Zone = "Europe/Bonn" },
			"versions":                   func(c *calendar.Calendar) { c.Versions = nil },
			"versions.0.from":            func(c *calendar.Calendar) { c.Versions[0].From = day("2020-01-01") },
			"versions.1.week.mon":        func(c *calendar.Calendar) { c.Versions[1].Week[time.Monday] = []calendar.Span{{From: 600, To: 500}} },
			"versions.0.regions.0":       func(c *calendar.Calendar) { c.Versions[0].Regions[0].Code = "XX" },
			"versions.0.holidays.0.name": func(c *calendar.Calendar) { c.Versions[0].Holidays[0].Name = "" },
			"versions.0.holidays.0.to":   func(c *calendar.Calendar) { c.Versions[0].Holidays[0].To = day("2025-01-01") },
			"versions.0.openings.0.spans": func(c *calendar.Calendar) {
				c.Versions[0].Openings[0].Spans = nil
			},
			"versions.0.openings.1.date": func(c *calendar.Calendar) {
				c.Versions[0].Openings = append(c.Versions[0].Openings, c.Versions[0].Openings[0])
			},
		} {
			c := named("X")
			change(&c)
			if _, err := o.Create(o.As(o.admin), c); len(apperr.FieldsOf(err)) != 1 || apperr.FieldsOf(err)[0].Name != field {
				t.Errorf("%s: %v", field, err)
			}
		}
	})
}

func TestHoursAreCompiledOnceAndFollowChanges(t *testing.T) {
	each(t, func(t *testing.T, o office) {
		made, err := o.Create(o.As(o.admin), named("Munich"))
		if err != nil {
			t.Fatal(err)
		}
		hours := func() *calendar.Hours {
			t.Helper()
			found, err := o.Hours(t.Context(), o.DB.Reader(), made.ID, 1, made.ID)
			if err != nil || len(found) != 2 {
				t.Fatal(err)
			}
			return found[made.ID]
		}
		first := hours()
		if hours() != first {
			t.Error("compiled anew, though nothing changed")
		}
		heard := 0
		o.Follow(func(_ context.Context, _ *database.Tx, id int64) error {
			heard++
			return nil
		})
		if _, err := o.Change(o.As(o.admin), made.ID, 1, func(c *calendar.Calendar) error { c.Zone = "Asia/Tokyo"; return nil }); err != nil {
			t.Fatal(err)
		}
		if h := hours(); h == first || h.Zone().String() != "Asia/Tokyo" || h.Fingerprint() == first.Fingerprint() || heard != 1 {
			t.Errorf("%v, heard %d times", h.Zone(), heard)
		}
		if _, err := o.Hours(t.Context(), o.DB.Reader(), 4711); !apperr.Is(err, apperr.NotFound) {
			t.Errorf("%v", err)
		}
	})
}

func TestAFileIsLookedAtBeforeItIsSaved(t *testing.T) {
	each(t, func(t *testing.T, o office) {
		made, err := o.Create(o.As(o.admin), named("Munich"))
		if err != nil {
			t.Fatal(err)
		}
		file := "BEGIN:VCALENDAR\nX-WR-CALNAME:Feiertage\n" +
			"BEGIN:VEVENT\nUID:a\nSUMMARY:Neujahr\nDTSTART;VALUE=DATE:20200101\nRRULE:FREQ=YEARLY\nEND:VEVENT\n" +
			"BEGIN:VEVENT\nUID:b\nSUMMARY:Betriebsausflug\nDTSTART;VALUE=DATE:20260612\nEND:VEVENT\n" + // known: 12 and 13 June, yearly
			"BEGIN:VEVENT\nUID:c\nSUMMARY:Betriebsausflug\nDTSTART;VALUE=DATE:20200612\nRRULE:FREQ=YEARLY\nEND:VEVENT\n" + // begins before what is known
			"BEGIN:VEVENT\nUID:d\nSUMMARY:Feier\nDTSTART:20271218T140000Z\nDTEND:20271218T160000Z\nEND:VEVENT\n" +
			"BEGIN:VEVENT\nUID:e\nSUMMARY:Damals\nDTSTART;VALUE=DATE:20100101\nEND:VEVENT\nEND:VCALENDAR\n"
		got, err := o.Import(o.As(o.admin), made.ID, calendar.Date{}, []byte(file), calendar.AsHolidays)
		want := calendar.Imported{
			Name: "Feiertage", Past: 1, Left: []string{"Feier: it covers only a part of the day"}, Missed: 1, Known: 1,
			Holidays: []calendar.Holiday{
				{Name: "Neujahr", From: day("2020-01-01"), Yearly: true, UID: "a"}, {Name: "Betriebsausflug", From: day("2020-06-12"), Yearly: true, UID: "c"},
			},
		}
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Fatal(err, diff)
		}
		saved, err := o.Add(o.As(o.admin), made.ID, made.Version, calendar.Date{}, got)
		if err != nil || len(saved.Versions[0].Holidays) != 3 || len(saved.Versions[1].Holidays) != 0 {
			t.Fatal(err, saved.Versions)
		}
		again, err := o.Import(o.As(o.admin), made.ID, calendar.Date{}, []byte(file), calendar.AsHolidays)
		if err != nil || len(again.Holidays) != 0 || again.Known != 3 {
			t.Errorf("%+v %v", again, err)
		}
		special, err := o.Import(o.As(o.admin), made.ID, calendar.Date{}, []byte(file), calendar.AsOpenings)
		if err != nil || len(special.Openings) != 2 || special.Openings[1].Spans[0] != (calendar.Span{From: 900, To: 1020}) {
			t.Errorf("%+v %v", special, err)
		}
		if _, err := o.Import(o.As(o.admin), made.ID, calendar.Date{}, []byte("<html>"), calendar.AsHolidays); len(apperr.FieldsOf(err)) != 1 {
			t.Errorf("%v", err)
		}
		if _, err := o.Import(o.As(o.admin), made.ID, day("2026-05-05"), []byte(file), calendar.AsHolidays); !apperr.Is(err, apperr.NotFound) {
			t.Errorf("%v", err)
		}
	})
}

func TestSubscriptionsAreReadByWhoeverHasTheirAddress(t *testing.T) {
	each(t, func(t *testing.T, o office) {
		made, err := o.Create(o.As(o.admin), named("Munich"))
		if err != nil {
			t.Fatal(err)
		}
		token, err := o.Subscribe(o.As(o.admin), made.ID)
		if err != nil {
			t.Fatal(err)
		}
		feed, err := o.Subscription(t.Context(), token, calendar.FeedAll)
		if err != nil || !strings.Contains(string(feed), "BEGIN:VCALENDAR\r\n") || !strings.Contains(string(feed), "Stocktaking") && !strings.Contains(string(feed), "holiday-") {
			t.Fatal(string(feed), err)
		}
		if again, _ := o.Subscription(t.Context(), token, calendar.FeedAll); string(again) != string(feed) {
			t.Error("the same calendar is written differently")
		}
		days, err := o.Export(o.As(o.agent), made.ID, calendar.FeedHolidays)
		if err != nil || strings.Contains(string(days), "UID:open-") || !strings.Contains(string(days), "UID:holiday-") {
			t.Errorf("%s %v", days, err)
		}
		if hours, err := o.Export(o.As(o.agent), made.ID, calendar.FeedHours); err != nil || strings.Contains(string(hours), "UID:holiday-") || !strings.Contains(string(hours), "UID:open-") {
			t.Errorf("%s %v", hours, err)
		}
		if c, _ := o.Get(o.As(o.agent), made.ID); !c.Subscribed {
			t.Error("it does not say that it has an address")
		}
		other, err := o.Subscribe(o.As(o.admin), made.ID)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := o.Subscription(t.Context(), token, calendar.FeedAll); !apperr.Is(err, apperr.NotFound) {
			t.Errorf("the address before: %v", err)
		}
		if err := o.Unsubscribe(o.As(o.admin), made.ID); err != nil {
			t.Fatal(err)
		}
		for _, address := range []string{other, "", "x"} {
			if _, err := o.Subscription(t.Context(), address, calendar.FeedAll); !apperr.Is(err, apperr.NotFound) {
				t.Errorf("%q: %v", address, err)
			}
		}
	})
}

func TestAListIsOneQueryForCalendarsAndOneForVersions(t *testing.T) {
	each(t, func(t *testing.T, o office) {
		for _, name := range []string{"Vienna", "Munich", "100% Paris"} {
			if _, err := o.Create(o.As(o.admin), named(name)); err != nil {
				t.Fatal(err)
			}
		}
		actor := o.As(o.agent)
		ctx, stats := database.WithCounter(actor)
		page, err := o.List(ctx, calendar.Query{Limit: 3})
		if err != nil || len(page.Items) != 3 || page.Items[0].Name != "100% Paris" || len(page.Items[0].Versions) != 2 {
			t.Fatal(page, err)
		}
		if n := stats.N(); n != 2 {
			t.Errorf("%d queries", n)
		}
		rest, err := o.List(actor, calendar.Query{Limit: 3, After: page.Next})
		if err != nil || len(rest.Items) != 2 || rest.Items[1].Name != "Vienna" || rest.Next.String() != "" {
			t.Errorf("%+v %v", rest, err)
		}
		for text, want := range map[string]int{"muni": 1, "0%": 1, "vie_": 0, "%": 5, "": 5} {
			if found, err := o.List(actor, calendar.Query{Text: text}); err != nil || len(found.Items) != want {
				t.Errorf("%q finds %d, %v", text, len(found.Items), err)
			}
		}
	})
}

func TestDifference(t *testing.T) {
	t.Parallel()
	before, after := hoursOf(t, in("UTC", "Mon-Fri 9-17")), hoursOf(t, in("UTC", "Mon-Thu 8-16; Sat 10-12"))
	opened, closed := calendar.Difference(before, after, utc("2026-11-19 00:00"), utc("2026-11-22 00:00")) // Thursday to Saturday
	text := func(all []calendar.Interval) (out []string) {
		for _, i := range all {
			out = append(out, i.Start.Format("Mon 15:04-")+i.End.Format("15:04"))
		}
		return out
	}
	if diff := cmp.Diff([]string{"Thu 08:00-09:00", "Sat 10:00-12:00"}, text(opened)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"Thu 16:00-17:00", "Fri 09:00-17:00"}, text(closed)); diff != "" {
		t.Error(diff)
	}
}
