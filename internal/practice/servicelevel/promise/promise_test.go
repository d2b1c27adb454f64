package promise_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/calendar"
	"github.com/steward-itsm/steward/internal/core/clock"
	"github.com/steward-itsm/steward/internal/core/coretest"
	"github.com/steward-itsm/steward/internal/core/filter"
	"github.com/steward-itsm/steward/internal/core/people"
	"github.com/steward-itsm/steward/internal/core/search"
	"github.com/steward-itsm/steward/internal/core/service"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/core/workflow"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/database"
	"github.com/steward-itsm/steward/internal/practice/servicelevel/promise"
)

// written are agreements as somebody wrote them, and the one calendar they name.
type written struct {
	agreements []clock.Agreement
	hours      *calendar.Hours
}

// Book implements promise.Agreements.
func (w *written) Book(context.Context, database.Querier) ([]clock.Agreement, error) {
	return w.agreements, nil
}

// Names implements promise.Agreements and promise.Calendars.
func (w *written) Names(_ context.Context, _ database.Querier, ids []int64) (map[int64]string, error) {
	out := map[int64]string{}
	for _, id := range ids {
		out[id] = "Gold"
	}
	return out, nil
}

// Hours implements promise.Calendars.
func (w *written) Hours(_ context.Context, _ database.Querier, ids ...int64) (map[int64]*calendar.Hours, error) {
	out := map[int64]*calendar.Hours{}
	for _, id := range ids {
		out[id] = w.hours
	}
	return out, nil
}

// world is a small desk on which promises are kept.
type world struct {
	*coretest.World
	*written

	kinds              *workflow.Registry
	tickets            *ticket.Service
	promises           *promise.Service
	asker, ana, vera   int64
	company, wireworks int64
	network, field     int64
}

type silent struct{}

// Announce implements ticket.Announcer.
func (silent) Announce(context.Context, *database.Tx, ticket.Announcement) error { return nil }

type directory struct {
	*people.Service
	*service.Store
}

func each(t *testing.T, fn func(t *testing.T, w *world)) {
	t.Helper()
	t.Parallel()
	coretest.Each(t, func(t *testing.T, c *coretest.World) {
		w := &world{World: c, written: &written{}}
		kinds, err := workflow.NewRegistry(t.Context(), c.DB)
		w.kinds = kinds
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(kinds.Close)
		w.tickets = ticket.New(ticket.Deps{
			DB: c.DB, Kinds: kinds, Directory: directory{c.People, c.Services}, Announcer: silent{}, Now: c.Clock.Now, Search: search.New(c.DB),
		})
		w.promises = promise.NewService(promise.Deps{
			DB: c.DB, Tickets: w.tickets, Kinds: kinds, Agreements: w.written, Calendars: w.written, Places: c.People, Services: c.Services, Now: c.Clock.Now,
		})
		w.tickets.Follow(w.promises.Follow)
		c.People.FollowMoves(w.promises.Moved)
		kinds.Follow(w.promises.Recheck)
		c.Services.Follow(w.promises.Recheck)
		w.tickets.Extend(promise.New(w.promises, nil).Attributes...)
		w.company = w.Organisation(people.Own, "Halden", 0)
		w.wireworks = w.Organisation(people.Supplier, "Wireworks", 0)
		unit := w.Organisation(people.Unit, "Field", w.wireworks)
		w.asker, w.ana = w.Person("Mira Asker", w.company), w.Person("Ana Agent", w.company, access.RoleAgent)
		w.vera = w.Person("Vera Vendor", unit, access.RoleSupplierAgent)
		w.network, w.field = w.Group("Network", w.company, w.ana), w.Group("Wireworks field", unit, w.vera)
		// Noon of a Monday in UTC; open day and night.
		always := calendar.Calendar{Name: "Always", Zone: "UTC", Versions: []calendar.Version{{}}}
		for d := range always.Versions[0].Week {
			always.Versions[0].Week[d] = []calendar.Span{calendar.AllDay}
		}
		if w.hours, err = calendar.Compile(always); err != nil {
			t.Fatal(err)
		}
		promised := func(id int64, role clock.Role, party int64, targets ...clock.Target) {
			w.agreements = append(w.agreements, clock.Agreement{ID: id, Name: "Gold", Role: role, Party: party, Versions: []clock.Version{{ID: id * 10, Terms: clock.Terms{Calendar: 1, Targets: targets}}}})
		}
		promised(1, clock.SLA, w.company, clock.Target{Measure: clock.Response, Within: time.Hour}, clock.Target{Measure: clock.Resolution, Within: 8 * time.Hour})
		promised(2, clock.UC, w.wireworks, clock.Target{Measure: clock.Resolution, Within: 4 * time.Hour})
		fn(t, w)
	}, workflow.Migrations, ticket.Migrations, search.Migrations, promise.Migrations)
}

func (w *world) incident(title string) ticket.Ticket {
	w.T.Helper()
	tk, err := w.tickets.Create(w.System(), ticket.Create{Kind: "incident", Title: title, RequesterID: w.asker, GroupID: w.network, AssigneeID: w.ana})
	if err != nil {
		w.T.Fatal(err)
	}
	return tk
}

func (w *world) keep() {
	w.T.Helper()
	if err := w.promises.Keep(w.T.Context(), time.Minute); err != nil {
		w.T.Fatal(err)
	}
}

// kept is a ticket as lists see it.
func (w *world) kept(tk ticket.Ticket) ticket.Ticket {
	w.T.Helper()
	w.keep()
	now, err := w.tickets.Get(w.System(), ticket.ByID(tk.ID))
	if err != nil {
		w.T.Fatal(err)
	}
	return now
}

// finds lists the numbers of the tickets of a filter.
func (w *world) finds(filter string) []string {
	w.T.Helper()
	ctx := w.As(w.ana)
	c, err := w.tickets.Condition(ctx, filter, nil)
	if err != nil {
		w.T.Fatal(err)
	}
	page, err := w.tickets.List(ctx, ticket.Query{Condition: c, Sort: ticket.Sort{Field: "due"}})
	if err != nil {
		w.T.Fatal(err)
	}
	var out []string
	for _, t := range page.Tickets {
		out = append(out, t.Number)
	}
	return out
}

func (w *world) do(_ ticket.Ticket, err error) {
	w.T.Helper()
	if err != nil {
		w.T.Fatal(err)
	}
}

func TestADueTimeFollowsWhatHappens(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		began := w.Clock.Now()
		tk := w.incident("Printer")
		if due := w.kept(tk).DueAt; !due.Equal(began.Add(time.Hour)) {
			t.Errorf("due %s: the response comes first", due)
		}
		w.Clock.Advance(30 * time.Minute)
		w.do(w.tickets.Reply(w.As(w.ana), ticket.ByID(tk.ID), ticket.PublicReply{Body: "On it."}))
		if due := w.kept(tk).DueAt; !due.Equal(began.Add(8 * time.Hour)) {
			t.Errorf("due %s, then comes the resolution", due)
		}
		w.do(w.tickets.Transition(w.As(w.ana), ticket.ByID(tk.ID), ticket.Step{Transition: "hold", Reason: "caller", Comment: "Which one?", CommentPublic: true}))
		if due := w.kept(tk).DueAt; !due.IsZero() {
			t.Errorf("due %s while it waits for its requester", due)
		}
		if got := w.finds("promise:open"); len(got) != 1 {
			t.Errorf("found %v", got)
		}
	})
}

func TestTimeAloneBreaksAPromise(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		slow, quick := w.incident("Slow"), w.incident("Quick")
		w.do(w.tickets.Reply(w.As(w.ana), ticket.ByID(quick.ID), ticket.PublicReply{Body: "On it."}))
		w.keep()
		w.Clock.Advance(2 * time.Hour)
		w.keep()
		if diff := cmp.Diff([]string{slow.Number}, w.finds("promise:broken")); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff([]string{slow.Number, quick.Number}, w.finds("state:open")); diff != "" {
			t.Errorf("the most urgent first: %s", diff)
		}
		if diff := cmp.Diff([]string{slow.Number}, w.finds("due:<now")); diff != "" {
			t.Error(diff)
		}
	})
}

func TestTheSuppliersClockRunsWithTheCustomers(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		tk := w.incident("Cable")
		w.Clock.Advance(time.Hour)
		w.do(w.tickets.Edit(w.As(w.ana), ticket.ByID(tk.ID), ticket.Edit{GroupID: &w.field}))
		w.Clock.Advance(5 * time.Hour)
		clocks, err := w.promises.Of(w.As(w.ana), &tk)
		if err != nil {
			t.Fatal(err)
		}
		var said []string
		for _, c := range clocks.All {
			said = append(said, string(c.Role)+" "+string(c.Measure)+" "+c.Used.String()+" "+c.Breached.Sub(w.Clock.Now()).String())
		}
		if diff := cmp.Diff("uc resolution 5h0m0s -1h0m0s", said[len(said)-1]); diff != "" || len(said) != 3 {
			t.Errorf("%s of %s", diff, strings.Join(said, "; "))
		}
		for name, person := range map[string]int64{"the requester": w.asker, "the supplier": w.vera} {
			now := w.kept(tk)
			hidden, err := w.promises.Of(w.As(person), &now)
			if err != nil || len(hidden.All) > 0 {
				t.Errorf("%s sees %d clocks: %v", name, len(hidden.All), err)
			}
		}
	})
}

func TestWhatIsKeptCanBeThrownAway(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		var all []ticket.Ticket
		for range 3 {
			all = append(all, w.incident("Printer"))
			w.Clock.Advance(time.Minute)
		}
		w.keep()
		due := w.kept(all[1]).DueAt
		if err := w.DB.Write(t.Context(), func(tx *database.Tx) error {
			for _, statement := range []string{"DELETE FROM ticket_clocks", "UPDATE tickets SET due_at = NULL"} {
				if _, err := tx.Exec(t.Context(), statement); err != nil {
					return err
				}
			}
			return w.promises.Changed(t.Context(), tx, 0)
		}); err != nil {
			t.Fatal(err)
		}
		if again := w.kept(all[1]).DueAt; due.IsZero() || !again.Equal(due) {
			t.Errorf("due %s, before it was thrown away %s", again, due)
		}
	})
}

func TestClocksCostAFixedNumberOfQueries(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		tk := w.incident("Printer")
		for range 5 {
			w.do(w.tickets.Reply(w.As(w.ana), ticket.ByID(tk.ID), ticket.PublicReply{Body: "Still on it."}))
		}
		for _, most := range []int{11, 3} { // where groups stand, what states meant and who had which offering is kept after the first time
			ctx, counter := database.WithCounter(w.As(w.ana))
			if _, err := w.promises.Of(ctx, &tk); err != nil || counter.N() > most {
				t.Errorf("%d queries: %v %v", counter.N(), counter.Queries(), err)
			}
		}
	})
}

func TestAReportAddsUpWhatBecameOfPromises(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		began := w.Clock.Now()
		good, late := w.incident("Good"), w.incident("Late")
		w.incident("Open")
		w.Clock.Advance(30 * time.Minute)
		resolve := func(tk ticket.Ticket) {
			w.do(w.tickets.Transition(w.As(w.ana), ticket.ByID(tk.ID), ticket.Step{Transition: "resolve", ResolutionCode: "solved", Resolution: "Done."}))
		}
		resolve(good)
		w.Clock.Advance(7*time.Hour + 20*time.Minute)
		w.do(w.tickets.Transition(w.As(w.ana), ticket.ByID(late.ID), ticket.Step{Transition: "hold", Reason: "caller", Comment: "Which one?", CommentPublic: true}))
		w.Clock.Advance(time.Hour)
		w.do(w.tickets.Transition(w.As(w.ana), ticket.ByID(late.ID), ticket.Step{Transition: "resume"}))
		w.Clock.Advance(time.Hour)
		resolve(late)
		w.keep()
		query := promise.ReportQuery{From: began, To: began.Add(24 * time.Hour), By: promise.ByGroup}
		lines, _, err := w.promises.Report(w.As(w.ana), query)
		want := []promise.Line{
			{ID: w.network, Role: clock.SLA, Measure: clock.Resolution, Kept: 1, Broken: 2, LatePauses: 1}, // one of the broken is open still
			{ID: w.network, Role: clock.SLA, Measure: clock.Response, Kept: 1, Broken: 2},
		}
		if diff := cmp.Diff(want, lines); diff != "" || err != nil {
			t.Error(diff, err)
		}
		behind, next, err := w.promises.Behind(w.As(w.ana), query, w.network, clock.Resolution)
		if len(behind) != 3 || next != "" || err != nil {
			t.Errorf("%+v %v", behind, err)
		}
		for only, want := range map[promise.Only]int{promise.OnlyKept: 1, promise.OnlyNear: 0, promise.OnlyBroken: 2, promise.OnlyLate: 1} {
			query.Only = only
			if found, _, err := w.promises.Behind(w.As(w.ana), query, w.network, clock.Resolution); len(found) != want || err != nil {
				t.Errorf("%s: %+v %v", only, found, err)
			}
		}
		query.Only = ""
		if lines, _, err := w.promises.Report(w.As(w.ana), promise.ReportQuery{From: began.Add(-48 * time.Hour), To: began, By: promise.ByGroup}); len(lines) > 0 || err != nil {
			t.Errorf("of another period: %+v %v", lines, err)
		}
		for name, person := range map[string]int64{"a requester": w.asker, "a supplier": w.vera} {
			if lines, _, err := w.promises.Report(w.As(person), query); err == nil {
				t.Errorf("%s sees %+v", name, lines)
			}
		}
		if _, _, err := w.promises.Report(w.As(w.ana), promise.ReportQuery{From: began, To: began, By: "colour", Role: "x"}); !apperr.Is(err, apperr.Invalid) || len(apperr.FieldsOf(err)) != 3 {
			t.Errorf("a wrong question: %v", err)
		}
	})
}

func TestAReportIsReadPageByPage(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		began := w.Clock.Now()
		for i := range 7 {
			tk := w.incident("Printer")
			w.do(w.tickets.Reply(w.As(w.ana), ticket.ByID(tk.ID), ticket.PublicReply{Body: "On it."}))
			if i < 4 {
				w.do(w.tickets.Transition(w.As(w.ana), ticket.ByID(tk.ID), ticket.Step{Transition: "resolve", ResolutionCode: "solved", Resolution: "Done."}))
			}
		}
		w.keep()
		query := promise.ReportQuery{From: began, To: began.Add(24 * time.Hour), By: promise.ByGroup}
		whole, _, err := w.promises.Report(w.As(w.ana), query)
		if err != nil || len(whole) != 2 || whole[0].Kept != 7 || whole[1].Kept != 4 {
			t.Fatalf("%+v %v", whole, err)
		}
		var lines []promise.Line
		for query.Limit = 1; ; {
			page, next, err := w.promises.Report(w.As(w.ana), query)
			if err != nil || len(page) > 1 {
				t.Fatalf("%+v %v", page, err)
			}
			lines = append(lines, page...)
			if query.After = next; next == "" {
				break
			}
		}
		if diff := cmp.Diff(whole, lines); diff != "" {
			t.Error(diff)
		}
		seen, pages := map[int64]int{}, 0
		for query.Limit, query.After = 3, ""; ; pages++ {
			page, next, err := w.promises.Behind(w.As(w.ana), query, w.network, clock.Response)
			if err != nil || len(page) > 3 {
				t.Fatalf("%+v %v", page, err)
			}
			for _, o := range page {
				seen[o.TicketID]++
			}
			if query.After = next; next == "" {
				break
			}
		}
		if len(seen) != 7 || pages != 2 {
			t.Errorf("%v on %d pages", seen, pages+1)
		}
		for _, wrong := range []string{"x", "e30", "bm90aGluZw"} {
			query.After = wrong
			if _, _, err := w.promises.Report(w.As(w.ana), query); !apperr.Is(err, apperr.Invalid) {
				t.Errorf("%s: %v", wrong, err)
			}
		}
	})
}

func TestAPromiseTurnsLikelyToBreakWithTime(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		solve := func(tk ticket.Ticket) {
			w.do(w.tickets.Transition(w.As(w.ana), ticket.ByID(tk.ID), ticket.Step{Transition: "resolve", ResolutionCode: "solved", Resolution: "Done."}))
		}
		// Twenty took an hour, ten two, and ten eleven, of eight that are promised.
		for _, took := range []struct{ count, hours int }{{20, 1}, {10, 2}, {10, 11}} {
			var all []ticket.Ticket
			for range took.count {
				all = append(all, w.incident("Earlier"))
			}
			w.do(w.tickets.Reply(w.As(w.ana), ticket.ByID(all[0].ID), ticket.PublicReply{Body: "On it."}))
			w.Clock.Advance(time.Duration(took.hours) * time.Hour)
			for _, tk := range all {
				solve(tk)
			}
		}
		tk := w.incident("Now")
		w.do(w.tickets.Reply(w.As(w.ana), ticket.ByID(tk.ID), ticket.PublicReply{Body: "On it."}))
		w.keep()
		w.Clock.Advance(30 * time.Minute)
		w.keep()
		open := func(want string) {
			t.Helper()
			for _, f := range []string{"likely", "on_course", "open"} {
				got := w.finds("state:open promise:" + f)
				if (f == want || f == "open") != (len(got) == 1) {
					t.Errorf("promise:%s finds %v", f, got)
				}
			}
		}
		open("on_course")
		w.Clock.Advance(31 * time.Minute)
		ctx, counter := database.WithCounter(t.Context())
		if err := w.promises.Keep(ctx, time.Minute); err != nil {
			t.Fatal(err)
		}
		if counter.N() > 12 {
			t.Errorf("marking one cost %d statements: %v", counter.N(), counter.Queries())
		}
		open("likely")
		found, next, err := w.promises.Likely(w.As(w.ana), promise.Cursor{}, 10)
		if err != nil || len(found) != 1 || next.Ticket != 0 || found[0].TicketID != tk.ID || found[0].Clock.Measure != clock.Resolution {
			t.Fatalf("%+v %v", found, err)
		}
		if why := found[0].Why[0]; why.Cause != clock.LongWay && why.Cause != clock.LongStay || why.Sample != 40 || why.Longer != 10 {
			t.Errorf("%+v", why)
		}
		for name, person := range map[string]int64{"the requester": w.asker, "the supplier": w.vera} {
			if found, _, err := w.promises.Likely(w.As(person), promise.Cursor{}, 10); err == nil && len(found) > 0 {
				t.Errorf("%s sees %+v", name, found)
			}
		}
		solve(tk)
		w.keep()
		if got := w.finds("promise:likely"); len(got) != 0 {
			t.Errorf("done, and %v is likely to break", got)
		}
	})
}

func TestAMoveOfAnOrganisationChangesOnlyWhatComesLater(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		north := w.Organisation(people.Unit, "North", w.company)
		team := w.Organisation(people.Unit, "Team", north)
		south := w.Organisation(people.Unit, "South", w.company)
		for i, party := range []int64{north, south} {
			w.agreements = append(w.agreements, clock.Agreement{ID: int64(50 + i), Role: clock.SLA, Party: party, Versions: []clock.Version{{ID: int64(500 + i), Terms: clock.Terms{
				Calendar: 1, Targets: []clock.Target{{Measure: clock.Resolution, Within: time.Duration(i+1) * time.Hour}},
			}}}})
		}
		mira := w.Person("Mira Team", team)
		under := func(tk ticket.Ticket) int64 {
			t.Helper()
			clocks, err := w.promises.Of(w.As(w.ana), &tk)
			if err != nil || len(clocks.All) == 0 {
				t.Fatalf("%d clocks: %v", len(clocks.All), err)
			}
			return clocks.All[0].Agreement
		}
		open := func() ticket.Ticket {
			t.Helper()
			tk, err := w.tickets.Create(w.System(), ticket.Create{Kind: "incident", Title: "Printer", RequesterID: mira, GroupID: w.network})
			if err != nil {
				t.Fatal(err)
			}
			w.Clock.Advance(time.Minute)
			return tk
		}
		before := open()
		o, err := w.People.Organisation(w.System(), team)
		if err != nil {
			t.Fatal(err)
		}
		o.ParentID = south
		if _, err := w.People.UpdateOrganisation(w.System(), team, o.Version, o.OrganisationInput); err != nil {
			t.Fatal(err)
		}
		w.Clock.Advance(time.Minute)
		after := open()
		if a, b := under(before), under(after); a != 50 || b != 51 {
			t.Errorf("the ticket from before is under %d, the one from after under %d", a, b)
		}
	})
}

func TestTheListByDueTimeIsServedByItsIndex(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		for range 30 {
			w.incident("Printer")
			w.Clock.Advance(time.Minute)
		}
		w.keep()
		ctx := w.As(w.ana)
		var seen []string
		query := ticket.Query{Condition: filter.True(), Sort: ticket.Sort{Field: "due"}, Limit: 7}
		pages := 0
		for {
			counted, counter := database.WithCounter(ctx)
			page, err := w.tickets.List(counted, query)
			if err != nil || counter.N() > 3 {
				t.Fatalf("%d queries: %v %v", counter.N(), counter.Queries(), err)
			}
			for i, tk := range page.Tickets {
				if i > 0 && tk.DueAt.Before(page.Tickets[i-1].DueAt) {
					t.Errorf("%s is due before the one above it", tk.Number)
				}
				seen = append(seen, tk.Number)
			}
			if pages++; page.Next == "" {
				break
			}
			query.After = page.Next
		}
		slices.Sort(seen)
		if len(slices.Compact(seen)) != 30 || pages != 5 {
			t.Errorf("%d tickets on %d pages", len(seen), pages)
		}
		if w.DB.Engine() != database.SQLite {
			return // PostgreSQL weighs a table of thirty rows against its indexes anew each time
		}
		var plan strings.Builder
		err := database.Each(ctx, w.DB.Reader(), func(r database.Row) error {
			var id, parent, unused int
			var detail string
			err := r.Scan(&id, &parent, &unused, &detail)
			plan.WriteString(detail + "; ")
			return err
		}, `EXPLAIN QUERY PLAN SELECT t.id FROM tickets t WHERE (COALESCE(t.due_at, 253402300800000000), t.id) > ($1, $2) ORDER BY COALESCE(t.due_at, 253402300800000000) ASC, t.id ASC LIMIT 8`, 1, 1)
		if err != nil || !strings.Contains(plan.String(), "tickets_due") || strings.Contains(plan.String(), "TEMP B-TREE") {
			t.Errorf("the plan is %s %v", plan.String(), err)
		}
	})
}

func TestTheCustomersOfferingDecides(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		mail := w.Service("Mail", 0)
		premium, err := w.Services.AddOffering(w.System(), mail, service.OfferingInput{Name: "Premium", Active: true})
		if err != nil {
			t.Fatal(err)
		}
		w.agreements = append(w.agreements, clock.Agreement{ID: 60, Role: clock.SLA, Party: w.company, Versions: []clock.Version{{ID: 600, Terms: clock.Terms{
			Calendar: 1, Offerings: []int64{premium.ID}, Targets: []clock.Target{{Measure: clock.Resolution, Within: time.Hour}},
		}}}})
		ask := func() ticket.Ticket {
			t.Helper()
			tk, err := w.tickets.Create(w.System(), ticket.Create{Kind: "incident", Title: "Mail", RequesterID: w.asker, ServiceID: mail})
			if err != nil {
				t.Fatal(err)
			}
			w.Clock.Advance(time.Minute)
			return tk
		}
		before := ask()
		if _, err := w.Services.Give(w.System(), service.Use{ServiceID: mail, OrganisationID: w.company, OfferingID: premium.ID}); err != nil {
			t.Fatal(err)
		}
		after := ask()
		for tk, want := range map[*ticket.Ticket]int64{&before: 1, &after: 60} {
			clocks, err := w.promises.Of(w.As(w.ana), tk)
			if err != nil || len(clocks.All) == 0 || clocks.All[0].Agreement != want {
				t.Errorf("%s is not under %d: %+v %v", tk.Number, want, clocks.All, err)
			}
		}
	})
}

func TestWhatAGroupDidForItsOldSupplierStaysWithIt(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		tk := w.incident("Cable")
		w.do(w.tickets.Edit(w.As(w.ana), ticket.ByID(tk.ID), ticket.Edit{GroupID: &w.field}))
		w.Clock.Advance(time.Hour)
		w.keep()
		g, err := w.People.Group(w.System(), w.field)
		if err != nil {
			t.Fatal(err)
		}
		g.OrganisationID = w.company
		if _, err = w.People.UpdateGroup(w.System(), w.field, g.Version, g.GroupInput); err != nil {
			t.Fatal(err)
		}
		w.Clock.Advance(6 * time.Hour)
		w.keep()
		for _, moment := range []string{"while nothing else happened", "after the next event"} {
			clocks, err := w.promises.Of(w.As(w.ana), &tk)
			if err != nil {
				t.Fatal(err)
			}
			for _, c := range clocks.All {
				if c.Role == clock.UC && (c.Used != time.Hour || !c.Breached.IsZero()) {
					t.Errorf("%s: the supplier is said to have had it %s, broken %s", moment, c.Used, c.Breached)
				}
			}
			w.do(w.tickets.Note(w.As(w.ana), ticket.ByID(tk.ID), ticket.InternalNote{Body: "Ours now."}))
			w.keep()
		}
	})
}

func TestAnEditedWorkflowCountsFromThenOn(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		tk := w.incident("Cable")
		used := func() time.Duration {
			t.Helper()
			clocks, err := w.promises.Of(w.As(w.ana), &tk)
			if err != nil {
				t.Fatal(err)
			}
			for _, c := range clocks.All {
				if c.Role == clock.SLA && c.Measure == clock.Resolution {
					return c.Used
				}
			}
			t.Fatal("no promise")
			return 0
		}
		w.Clock.Advance(2 * time.Hour)
		now, err := w.kinds.Get("incident")
		if err != nil {
			t.Fatal(err)
		}
		edited := *now
		edited.States = slices.Clone(now.States)
		for i := range edited.States {
			if edited.States[i].Key == tk.State {
				edited.States[i].Clock = workflow.Pause
			}
		}
		if err := w.DB.Write(t.Context(), func(tx *database.Tx) error {
			return w.kinds.Save(t.Context(), tx, &edited, now.Version, w.ana, w.Clock.Now())
		}); err != nil {
			t.Fatal(err)
		}
		w.Clock.Advance(3 * time.Hour)
		w.keep()
		if due := w.kept(tk).DueAt; used() != 2*time.Hour || !due.IsZero() {
			t.Errorf("used %s, due %s", used(), due)
		}
	})
}
