package timesheet_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/coretest"
	"github.com/steward-itsm/steward/internal/core/people"
	"github.com/steward-itsm/steward/internal/core/search"
	"github.com/steward-itsm/steward/internal/core/service"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/core/workflow"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/database"
	"github.com/steward-itsm/steward/internal/practice/desk/timesheet"
)

// world is a small desk on which time is recorded.
type world struct {
	*coretest.World
	tickets *ticket.Service
	times   *timesheet.Service

	asker, ana, ben, lea, vendor, admin int64
	network, vendors                    int64
	work, travel                        timesheet.Activity
}

type directory struct {
	*people.Service
	*service.Store
}

type silent struct{}

// Announce implements ticket.Announcer.
func (silent) Announce(context.Context, *database.Tx, ticket.Announcement) error { return nil }

const today = "2026-03-02" // the clock's

func each(t *testing.T, fn func(t *testing.T, w *world)) {
	t.Helper()
	t.Parallel()
	coretest.Each(t, func(t *testing.T, c *coretest.World) {
		kinds, err := workflow.NewRegistry(t.Context(), c.DB)
		ok(t, err)
		t.Cleanup(kinds.Close)
		w := &world{World: c}
		w.tickets = ticket.New(ticket.Deps{
			DB: c.DB, Kinds: kinds, Directory: directory{c.People, c.Services}, Announcer: silent{}, Now: c.Clock.Now, Search: search.New(c.DB),
		})
		w.times = timesheet.NewService(c.DB, w.tickets, c.Log, c.Clock.Now)
		w.tickets.Follow(w.times.Follow)
		w.tickets.Guard(ticket.Guard{Label: "time", To: workflow.Resolved, Check: w.times.Unrecorded})
		company, supplier := w.Organisation(people.Own, "Halden", 0), w.Organisation(people.Supplier, "Wireworks", 0)
		w.asker = w.Person("Mira Asker", company)
		w.ana, w.ben = w.Person("Ana Agent", company, access.RoleAgent), w.Person("Ben Agent", company, access.RoleAgent)
		w.lea, w.admin = w.Person("Lea Leader", company, access.RoleTeamLead), w.Person("Ada Admin", company, access.RoleAdministrator)
		w.vendor = w.Person("Vera Vendor", supplier, access.RoleSupplierAgent)
		w.network, w.vendors = w.Group("Network", company, w.ana, w.lea), w.Group("Wireworks field", supplier, w.vendor)
		ok(t, w.People.SetMember(w.System(), w.network, w.lea, true))
		for _, a := range []struct {
			to       *timesheet.Activity
			name     string
			billable bool
		}{{&w.work, "Work", true}, {&w.travel, "Travel", false}} {
			*a.to, err = w.times.SaveActivity(w.As(w.admin), timesheet.Activity{Name: a.name, Billable: a.billable, Active: true})
			ok(t, err)
		}
		fn(t, w)
	}, workflow.Migrations, ticket.Migrations, search.Migrations, timesheet.Migrations)
}

func ok(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func want(t *testing.T, err error, kind apperr.Kind, fields ...string) {
	t.Helper()
	if apperr.KindOf(err) != kind {
		t.Errorf("got %v, want %s", err, kind)
		return
	}
	for _, name := range fields {
		if !slices.ContainsFunc(apperr.FieldsOf(err), func(f apperr.Field) bool { return f.Name == name }) {
			t.Errorf("%v does not name %s", err, name)
		}
	}
}

func (w *world) incident(t *testing.T) ticket.Ticket {
	t.Helper()
	tk, err := w.tickets.Create(w.System(), ticket.Create{Kind: "incident", Title: "x", RequesterID: w.asker, GroupID: w.network})
	ok(t, err)
	w.Clock.Advance(time.Minute)
	return tk
}

func (w *world) record(t *testing.T, person int64, tk ticket.Ticket, minutes int, more ...func(*timesheet.Spent)) timesheet.Entry {
	t.Helper()
	n := timesheet.Spent{Day: today, Minutes: minutes}
	for _, m := range more {
		m(&n)
	}
	e, err := w.times.Record(w.As(person), ticket.ByID(tk.ID), n)
	ok(t, err)
	return e
}

func (w *world) total(t *testing.T, tk ticket.Ticket) int {
	t.Helper()
	sheet, err := w.times.Of(w.System(), &tk)
	ok(t, err)
	return sheet.Total
}

func TestCorrectionsAppendAndCountOnce(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		tk := w.incident(t)
		ref := ticket.ByID(tk.ID)
		e := w.record(t, w.ana, tk, 80)
		w.record(t, w.ben, tk, 20)
		c, err := w.times.Correct(w.As(w.ana), ref, e.ID, timesheet.Spent{Day: today, Minutes: 60, Activity: w.travel.ID, Note: "the train"})
		ok(t, err)
		if got := w.total(t, tk); got != 80 {
			t.Errorf("the sum is %d", got)
		}
		// What was corrected is no longer there to be corrected.
		_, err = w.times.Correct(w.As(w.ana), ref, e.ID, timesheet.Spent{Day: today, Minutes: 5})
		want(t, err, apperr.Conflict)
		gone, err := w.times.Withdraw(w.As(w.ana), ref, c.ID)
		ok(t, err)
		if got := w.total(t, tk); got != 20 {
			t.Errorf("after the withdrawal the sum is %d", got)
		}
		n, err := database.One(t.Context(), w.DB.Reader(), database.Scalar[int], `SELECT COUNT(*) FROM time_entries WHERE person_id = $1`, w.ana)
		if err != nil || n != 3 || gone.Corrects != c.ID || c.Billable || !e.Billable {
			t.Errorf("%d rows, %+v %+v, %v", n, c, gone, err)
		}
		_, err = w.times.Correct(w.As(w.ben), ref, c.ID, timesheet.Spent{Day: today, Minutes: 5})
		want(t, err, apperr.NotFound)
	})
}

func TestALeadRecordsForTheirPeopleAndNobodyElse(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		tk := w.incident(t)
		ref := ticket.ByID(tk.ID)
		forAna := timesheet.Spent{Person: w.ana, Day: today, Minutes: 5}
		_, err := w.times.Record(w.As(w.ben), ref, forAna)
		want(t, err, apperr.Forbidden)
		e, err := w.times.Record(w.As(w.lea), ref, forAna)
		ok(t, err)
		if e.PersonID != w.ana || e.RecordedBy != w.lea {
			t.Errorf("%+v", e)
		}
		_, err = w.times.Record(w.As(w.lea), ref, timesheet.Spent{Person: w.ben, Day: today, Minutes: 5})
		want(t, err, apperr.Forbidden)
		for _, person := range []int64{w.asker, w.vendor} {
			_, err := w.times.Record(w.As(person), ref, timesheet.Spent{Day: today, Minutes: 5})
			if err == nil {
				t.Error("somebody from outside records time")
			}
		}
		for name, n := range map[string]timesheet.Spent{
			"minutes": {Day: today}, "day": {Day: "2026-02-30", Minutes: 5}, "note": {Day: today, Minutes: 5, Note: strings.Repeat("x", 600)}, "activity": {Day: today, Minutes: 5, Activity: 7},
		} {
			_, err := w.times.Record(w.As(w.ana), ref, n)
			want(t, err, apperr.Invalid, name)
		}
		_, err = w.times.Record(w.As(w.ana), ref, timesheet.Spent{Day: "2026-03-09", Minutes: 5})
		want(t, err, apperr.Invalid, "day")
	})
}

func TestOneTimerRunsAndSwitches(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		first, second := w.incident(t), w.incident(t)
		ctx := w.As(w.ana)
		_, err := w.times.Start(ctx, ticket.ByID(first.ID), today)
		ok(t, err)
		w.Clock.Advance(90 * time.Second)
		_, err = w.times.Start(ctx, ticket.ByID(first.ID), today) // runs on
		ok(t, err)
		stopped, err := w.times.Start(ctx, ticket.ByID(second.ID), today)
		ok(t, err)
		if stopped.TicketID != first.ID || stopped.Minutes != 2 {
			t.Errorf("%+v", stopped)
		}
		if timer, is, err := w.times.Running(ctx); err != nil || !is || timer.TicketID != second.ID {
			t.Errorf("%+v %v %v", timer, is, err)
		}
		w.Clock.Advance(40 * time.Hour) // forgotten over the weekend: bounded, and to be corrected
		e, err := w.times.Stop(ctx, timesheet.Spent{Day: "2026-03-04", Minutes: 30})
		ok(t, err)
		if e.Minutes != 30 {
			t.Errorf("%+v", e)
		}
		_, err = w.times.Stop(ctx, timesheet.Spent{Day: today})
		want(t, err, apperr.NotFound)
		want(t, w.times.Discard(ctx), apperr.NotFound)
	})
}

func TestAWeeksCellIsSetByEntriesAndCorrections(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		tk := w.incident(t)
		cell := timesheet.Cell{Ticket: tk.ID, Activity: w.work.ID, Day: today}
		for _, minutes := range []int{30, 45, 10, 0, 20} {
			ok(t, w.times.SetCell(w.As(w.ana), cell, minutes))
			if got := w.total(t, tk); got != minutes {
				t.Errorf("set to %d it is %d", minutes, got)
			}
		}
		w.record(t, w.ana, tk, 40)
		for _, minutes := range []int{70, 15, 0} {
			ok(t, w.times.SetCell(w.As(w.ana), cell, minutes))
			if got := w.total(t, tk); got != minutes {
				t.Errorf("of several entries, set to %d it is %d", minutes, got)
			}
		}
		want(t, w.times.SetCell(w.As(w.ana), cell, 2000), apperr.Invalid, "minutes")
		want(t, w.times.SetCell(w.As(w.ana), timesheet.Cell{Ticket: tk.ID, Activity: w.work.ID, Day: "x"}, 20), apperr.Invalid, "day")
	})
}

func TestAReportCountsWhatItsReaderMayKnow(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		one, two := w.incident(t), w.incident(t)
		w.record(t, w.ana, one, 60)
		w.record(t, w.ana, two, 30, func(n *timesheet.Spent) { n.Activity = w.travel.ID })
		w.record(t, w.ben, two, 15)
		w.record(t, w.ben, two, 5, func(n *timesheet.Spent) { n.Day = "2026-02-01" })
		sum := func(person int64, q timesheet.Query) (lines, minutes, billable int) {
			t.Helper()
			if q.From == "" {
				q.From, q.To = today, today
			}
			found, err := w.times.Report(w.As(person), q)
			ok(t, err)
			for _, l := range found {
				minutes, billable = minutes+l.Minutes, billable+l.Billable
			}
			return len(found), minutes, billable
		}
		for name, c := range map[string]struct {
			person                   int64
			q                        timesheet.Query
			lines, minutes, billable int
		}{
			"lead by person":     {w.lea, timesheet.Query{By: timesheet.ByPerson}, 2, 105, 75},
			"lead by ticket":     {w.lea, timesheet.Query{By: timesheet.ByTicket}, 2, 105, 75},
			"lead by group":      {w.lea, timesheet.Query{By: timesheet.ByGroup}, 1, 105, 75},
			"lead by service":    {w.lea, timesheet.Query{By: timesheet.ByService}, 1, 105, 75},
			"lead by customer":   {w.lea, timesheet.Query{By: timesheet.ByOrganisation}, 1, 105, 75},
			"lead by activity":   {w.lea, timesheet.Query{By: timesheet.ByActivity}, 2, 105, 75},
			"lead of a filter":   {w.lea, timesheet.Query{By: timesheet.ByPerson, Filter: "number:" + two.Number}, 2, 45, 15},
			"lead of long":       {w.lea, timesheet.Query{By: timesheet.ByPerson, From: "2026-01-01", To: today}, 2, 110, 80},
			"an agent's own":     {w.ben, timesheet.Query{By: timesheet.ByPerson}, 1, 15, 15},
			"somebody's nothing": {w.admin, timesheet.Query{By: timesheet.ByPerson, From: "2025-01-01", To: "2025-01-02"}, 0, 0, 0},
		} {
			lines, minutes, billable := sum(c.person, c.q)
			if lines != c.lines || minutes != c.minutes || billable != c.billable {
				t.Errorf("%s: %d lines, %d minutes, %d billable", name, lines, minutes, billable)
			}
		}
		for _, person := range []int64{w.asker, w.vendor} {
			_, err := w.times.Report(w.As(person), timesheet.Query{From: today, To: today})
			want(t, err, apperr.Forbidden)
		}
		_, err := w.times.Report(w.As(w.lea), timesheet.Query{From: today, To: "2026-01-01"})
		want(t, err, apperr.Invalid, "to")
		_, err = w.times.Report(w.As(w.lea), timesheet.Query{From: today, To: today, Filter: "moon:full"})
		want(t, err, apperr.Invalid, "filter")
		exported := 0
		ok(t, w.times.Export(w.As(w.lea), timesheet.Query{From: today, To: today}, func(rows []timesheet.Row) error {
			exported += len(rows)
			return nil
		}))
		if exported != 3 {
			t.Errorf("%d entries exported", exported)
		}
		sheet, err := w.times.Of(w.As(w.ben), &two)
		if err != nil || sheet.Total != 50 || len(sheet.Entries) != 2 {
			t.Errorf("Ben sees %+v %v", sheet, err)
		}
	})
}

func TestTimeIsAskedForWhereAnAdministratorSaysSo(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		want(t, w.times.SetPrompt(w.As(w.lea), "incident", timesheet.Required), apperr.Forbidden)
		ok(t, w.times.SetPrompt(w.As(w.admin), "incident", timesheet.Required))
		tk := w.incident(t)
		ref := ticket.ByID(tk.ID)
		_, err := w.tickets.Reply(w.As(w.ana), ref, ticket.PublicReply{Body: "Looking."})
		ok(t, err)
		want(t, w.times.Dismiss(w.As(w.ana), ref), apperr.Forbidden)
		resolve := func() error {
			_, err := w.tickets.Transition(w.As(w.ana), ref, ticket.Step{Transition: "resolve", ResolutionCode: "solved", Resolution: "Done."})
			return err
		}
		want(t, resolve(), apperr.Invalid, "time")
		w.record(t, w.ana, tk, 5)
		ok(t, resolve())
		ok(t, w.times.SetPrompt(w.As(w.admin), "incident", timesheet.Offered))
		other := w.incident(t)
		_, err = w.tickets.Transition(w.As(w.ben), ticket.ByID(other.ID), ticket.Step{Transition: "resolve", ResolutionCode: "solved", Resolution: "Done."})
		ok(t, err)
		n := func() int {
			n, err := database.One(t.Context(), w.DB.Reader(), database.Scalar[int], `SELECT COUNT(*) FROM time_asked WHERE person_id = $1`, w.ben)
			ok(t, err)
			return n
		}
		if n() != 1 {
			t.Error("Ben is not asked")
		}
		ok(t, w.times.Dismiss(w.As(w.ben), ticket.ByID(other.ID)))
		if n() != 0 {
			t.Error("Ben is asked on")
		}
	})
}
