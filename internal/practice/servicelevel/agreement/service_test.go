package agreement_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/calendar"
	"github.com/steward-itsm/steward/internal/core/clock"
	"github.com/steward-itsm/steward/internal/core/coretest"
	"github.com/steward-itsm/steward/internal/core/once"
	"github.com/steward-itsm/steward/internal/core/people"
	"github.com/steward-itsm/steward/internal/core/workflow"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/database"
	"github.com/steward-itsm/steward/internal/practice/servicelevel/agreement"
)

// office is a small organisation that makes agreements.
type office struct {
	*coretest.World
	*agreement.Service
	Calendars                   *calendar.Service
	admin, agent, requester     int64
	company, customer, supplier int64
	network, vendors            int64 // groups: in-house, the supplier's
	payroll                     int64 // a service
	told                        *[]int64
}

const officeHours = 2 // the calendar that every installation has

func each(t *testing.T, fn func(t *testing.T, o office)) {
	t.Helper()
	t.Parallel()
	coretest.Each(t, func(t *testing.T, w *coretest.World) {
		kinds, err := workflow.NewRegistry(t.Context(), w.DB)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(kinds.Close)
		o := office{World: w, Calendars: calendar.New(w.DB, w.Log, w.Clock.Now), told: new([]int64)}
		o.Service = agreement.New(agreement.Deps{DB: w.DB, Audit: w.Log, Calendars: o.Calendars, People: w.People, Services: w.Services, Kinds: kinds, Frame: plainFrame{}, Clock: w.Clock.Now})
		t.Cleanup(o.Close)
		o.Follow(func(_ context.Context, _ *database.Tx, id int64) error { *o.told = append(*o.told, id); return nil })
		o.company = w.Organisation(people.Own, "Harbour Group", 0)
		o.customer = w.Organisation(people.Customer, "Lighthouse Ltd", 0)
		o.supplier = w.Organisation(people.Supplier, "Cable & Co", 0)
		o.admin = w.Person("Ada", o.company, access.RoleAdministrator)
		o.agent = w.Person("Ben", o.company, access.RoleAgent)
		o.requester = w.Person("Carla", o.company, access.RoleRequester)
		o.network, o.vendors = w.Group("Network", o.company), w.Group("Cable & Co desk", o.supplier)
		o.payroll = w.Service("Payroll", o.admin)
		fn(t, o)
	}, calendar.Migrations, workflow.Migrations, agreement.Migrations)
}

func terms(within time.Duration) clock.Terms {
	return clock.Terms{Calendar: officeHours, Warn: []int{75, 100}, Targets: []clock.Target{
		{Measure: clock.Response, Priority: 1, Within: time.Hour}, {Measure: clock.Resolution, Within: within},
	}}
}

func sla(name string, within time.Duration) agreement.Draft {
	return agreement.Draft{Name: name, Role: clock.SLA, Terms: terms(within)}
}

func (o office) create(t *testing.T, in agreement.Draft) agreement.Agreement {
	t.Helper()
	a, err := o.Create(o.As(o.admin), in)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// heard gives which agreements were told of, and forgets them.
func (o office) heard() []int64 {
	out := slices.Clone(*o.told)
	*o.told = nil
	return out
}

func (o office) bookOf(t *testing.T, id int64) clock.Agreement {
	t.Helper()
	book, err := o.Book(t.Context(), o.DB.Reader())
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(book, func(a clock.Agreement) bool { return a.ID == id })
	if i < 0 {
		t.Fatalf("%d is not in the book", id)
	}
	return book[i]
}

func wrongFields(err error) []string {
	var out []string
	for _, f := range apperr.FieldsOf(err) {
		out = append(out, f.Name)
	}
	return out
}

func ptr[T any](v T) *T { return &v }

func TestAnAgreementIsWrittenInVersions(t *testing.T) {
	each(t, func(t *testing.T, o office) {
		past := o.Clock.Now().AddDate(-1, 0, 0)
		in := sla("Gold", 8*time.Hour)
		in.Party, in.OwnerID, in.From = o.customer, o.admin, past
		in.Terms.Services = []int64{o.payroll}
		made := o.create(t, in)
		if got := o.bookOf(t, made.ID); len(got.Versions) != 1 || !got.Versions[0].From.Equal(past) || got.Party != o.customer || got.Versions[0].Targets[1].Within != 8*time.Hour {
			t.Errorf("in the book: %+v", got)
		}
		if got := o.heard(); !slices.Equal(got, []int64{made.ID}) {
			t.Errorf("told of %v", got)
		}
		o.Clock.Advance(time.Hour)
		now := o.Clock.Now()
		second, err := o.Change(o.As(o.admin), made.ID, 1, agreement.Changes{Terms: ptr(terms(6 * time.Hour))})
		if err != nil || len(second.Versions) != 2 || second.Versions[1].Number != 2 || !second.Versions[1].From.Equal(now) || second.Versions[1].AuthorID != o.admin {
			t.Fatalf("%+v %v", second, err)
		}
		later := now.AddDate(0, 1, 0)
		third, err := o.Change(o.As(o.admin), made.ID, 2, agreement.Changes{Terms: ptr(terms(4 * time.Hour)), From: later})
		if err != nil || len(third.Versions) != 3 {
			t.Fatalf("%+v %v", third, err)
		}
		o.heard()
		// What nobody could have come under yet is replaced, under its number.
		fourth, err := o.Change(o.As(o.admin), made.ID, 3, agreement.Changes{Terms: ptr(terms(5 * time.Hour)), From: later})
		if err != nil || len(fourth.Versions) != 3 || fourth.Versions[2].Number != 3 || fourth.Versions[2].ID == third.Versions[2].ID {
			t.Fatalf("%+v %v", fourth, err)
		}
		if got := o.bookOf(t, made.ID); len(got.Versions) != 3 || got.Versions[2].Targets[1].Within != 5*time.Hour || len(o.heard()) != 1 {
			t.Errorf("in the book: %+v", got)
		}
		got, err := o.Get(o.As(o.agent), made.ID)
		if err != nil || got.Version != 4 || len(got.Versions) != 3 || got.Versions[1].ID != second.Versions[1].ID {
			t.Errorf("%+v %v", got, err)
		}
		if n, err := database.One(t.Context(), o.DB.Reader(), database.Scalar[int], `SELECT count(*) FROM audit_log WHERE object_type = 'agreement'`); err != nil || n != 4 {
			t.Errorf("%d entries of the audit log, %v", n, err)
		}
	})
}

func TestThePastIsFrozen(t *testing.T) {
	each(t, func(t *testing.T, o office) {
		made := o.create(t, sla("Gold", 8*time.Hour))
		o.Clock.Advance(time.Hour)
		change := func(version int64, c agreement.Changes) (agreement.Agreement, error) {
			return o.Change(o.As(o.admin), made.ID, version, c)
		}
		if _, err := change(1, agreement.Changes{Terms: ptr(terms(time.Hour)), From: o.Clock.Now().Add(-time.Minute)}); !slices.Equal(wrongFields(err), []string{"from"}) {
			t.Errorf("terms from the past: %v", err)
		}
		if _, err := change(1, agreement.Changes{Ends: ptr(o.Clock.Now().Add(-time.Minute))}); !slices.Equal(wrongFields(err), []string{"ends"}) {
			t.Errorf("an end in the past: %v", err)
		}
		if _, err := o.Withdraw(o.As(o.admin), made.ID, 1, 1); !apperr.Is(err, apperr.Conflict) {
			t.Errorf("a version in force was withdrawn: %v", err)
		}
		soon := o.Clock.Now().Add(time.Hour)
		if _, err := change(1, agreement.Changes{Terms: ptr(terms(time.Hour)), From: soon}); err != nil {
			t.Fatal(err)
		}
		after, err := o.Withdraw(o.As(o.admin), made.ID, 2, 2)
		if err != nil || len(after.Versions) != 1 {
			t.Fatalf("%+v %v", after, err)
		}
		if _, err := o.End(o.As(o.admin), made.ID, 3, time.Time{}); err != nil {
			t.Fatal(err)
		}
		if got := o.bookOf(t, made.ID); !got.Ends.Equal(o.Clock.Now()) {
			t.Errorf("ends %v", got.Ends)
		}
		if _, err := change(4, agreement.Changes{Ends: ptr(time.Time{})}); !slices.Equal(wrongFields(err), []string{"ends"}) {
			t.Errorf("an ended agreement came back: %v", err)
		}
		if _, err := change(4, agreement.Changes{Terms: ptr(terms(time.Hour))}); !slices.Equal(wrongFields(err), []string{"targets"}) {
			t.Errorf("an ended agreement got terms: %v", err)
		}
		o.heard()
		if got, err := change(4, agreement.Changes{Name: ptr("Old gold"), Description: ptr("Until the spring")}); err != nil || got.Name != "Old gold" {
			t.Errorf("its name can be mended: %v", err)
		}
		if heard := o.heard(); len(heard) > 0 {
			t.Errorf("a name changes no clock: %v", heard)
		}
	})
}

func TestTheSameTermsMakeNoVersion(t *testing.T) {
	each(t, func(t *testing.T, o office) {
		made := o.create(t, sla("Gold", 8*time.Hour))
		o.heard()
		after, err := o.Change(o.As(o.admin), made.ID, 1, agreement.Changes{Terms: ptr(terms(8 * time.Hour)), Description: ptr("For all")})
		if err != nil || len(after.Versions) != 1 || after.Version != 2 || len(o.heard()) > 0 {
			t.Errorf("%+v %v", after, err)
		}
	})
}

func TestWithWhomAnAgreementCanBe(t *testing.T) {
	each(t, func(t *testing.T, o office) {
		unit := o.Organisation(people.Unit, "Finance", o.company)
		for name, c := range map[string]struct {
			role  clock.Role
			party int64
			good  bool
		}{
			"every customer":         {clock.SLA, 0, true},
			"a customer":             {clock.SLA, o.customer, true},
			"one's own organisation": {clock.SLA, o.company, true},
			"a unit":                 {clock.SLA, unit, true},
			"a supplier as customer": {clock.SLA, o.supplier, false},
			"nobody known":           {clock.SLA, 12345, false},
			"a group":                {clock.OLA, o.network, true},
			"no group":               {clock.OLA, 0, false},
			"a supplier's group":     {clock.OLA, o.vendors, false},
			"an organisation":        {clock.OLA, o.company, false},
			"a supplier":             {clock.UC, o.supplier, true},
			"no supplier":            {clock.UC, 0, false},
			"a customer as supplier": {clock.UC, o.customer, false},
		} {
			in := sla(name, time.Hour)
			in.Role, in.Party = c.role, c.party
			_, err := o.Create(o.As(o.admin), in)
			if fields := wrongFields(err); c.good && err != nil || !c.good && !slices.Equal(fields, []string{"party"}) {
				t.Errorf("%s: %v", name, err)
			}
		}
		in := sla("", time.Hour)
		in.Role, in.OwnerID, in.Ends = "x", 12345, o.Clock.Now().Add(-time.Hour)
		if _, err := o.Create(o.As(o.admin), in); !slices.Equal(wrongFields(err), []string{"name", "ends", "role", "owner"}) {
			t.Errorf("%v", err)
		}
		if _, err := o.Create(o.As(o.admin), sla("A UNIT", time.Hour)); !slices.Equal(wrongFields(err), []string{"name"}) {
			t.Errorf("a name twice: %v", err)
		}
	})
}

func TestWhoIsQuickerSavesAndTheOtherIsShownIt(t *testing.T) {
	each(t, func(t *testing.T, o office) {
		made := o.create(t, sla("Gold", 8*time.Hour))
		if _, err := o.Change(o.As(o.admin), made.ID, 1, agreement.Changes{Name: ptr("Silver")}); err != nil {
			t.Fatal(err)
		}
		_, err := o.Change(o.As(o.admin), made.ID, 1, agreement.Changes{Name: ptr("Bronze")})
		var e *apperr.Error
		if !errors.As(err, &e) || e.Kind != apperr.Conflict || e.Detail.(*agreement.Agreement).Name != "Silver" {
			t.Errorf("%v", err)
		}
	})
}

func TestOnlyThoseWhoManageSettingsWriteAndColleaguesRead(t *testing.T) {
	each(t, func(t *testing.T, o office) {
		made := o.create(t, sla("Gold", 8*time.Hour))
		vendor := o.Person("Vic", o.supplier, "supplier_agent")
		for name, who := range map[string]int64{"an agent": o.agent, "a requester": o.requester, "a supplier's agent": vendor} {
			_, create := o.Create(o.As(who), sla("Mine", time.Hour))
			_, change := o.Change(o.As(who), made.ID, 1, agreement.Changes{Name: ptr("Mine")})
			_, withdraw := o.Withdraw(o.As(who), made.ID, 1, 1)
			for _, err := range []error{create, change, withdraw} {
				if !apperr.Is(err, apperr.Forbidden) {
					t.Errorf("%s wrote: %v", name, err)
				}
			}
			_, get := o.Get(o.As(who), made.ID)
			_, list := o.List(o.As(who), agreement.Query{})
			if reads := who == o.agent; (get == nil) != reads || (list == nil) != reads {
				t.Errorf("%s: %v, %v", name, get, list)
			}
		}
	})
}

func TestListsByRoleStateAndName(t *testing.T) {
	each(t, func(t *testing.T, o office) {
		now := o.Clock.Now()
		planned, ended, ola := sla("Bronze, planned", time.Hour), sla("Copper, ended", time.Hour), sla("Delta network", time.Hour)
		planned.From = now.Add(time.Hour)
		ended.From, ended.Ends = now.Add(-2*time.Hour), now.Add(-time.Hour)
		ola.Role, ola.Party = clock.OLA, o.network
		for _, in := range []agreement.Draft{sla("Alpha", time.Hour), planned, ended, ola} {
			o.create(t, in)
		}
		for _, c := range []struct {
			q    agreement.Query
			want []string
		}{
			{agreement.Query{}, []string{"Alpha", "Bronze, planned", "Copper, ended", "Delta network"}},
			{agreement.Query{Role: clock.OLA}, []string{"Delta network"}},
			{agreement.Query{State: agreement.Planned}, []string{"Bronze, planned"}},
			{agreement.Query{State: agreement.Ended}, []string{"Copper, ended"}},
			{agreement.Query{State: agreement.InForce}, []string{"Alpha", "Delta network"}},
			{agreement.Query{Text: "NETW"}, []string{"Delta network"}},
			{agreement.Query{Limit: 2}, []string{"Alpha", "Bronze, planned"}},
		} {
			page, err := o.List(o.As(o.agent), c.q)
			var names []string
			for i := range page.Items {
				names = append(names, page.Items[i].Name)
				if state := page.Items[i].State(now); c.q.State != "" && state != c.q.State {
					t.Errorf("%s is %s", page.Items[i].Name, state)
				}
			}
			if err != nil || !slices.Equal(names, c.want) {
				t.Errorf("%+v gives %v, want %v; %v", c.q, names, c.want, err)
			}
			if c.q.Limit > 0 {
				next, err := o.List(o.As(o.agent), agreement.Query{Limit: 2, After: page.Next})
				if err != nil || len(next.Items) != 2 || next.Items[0].Name != "Copper, ended" || next.Next.ID != 0 {
					t.Errorf("the next page: %+v, %v", next, err)
				}
			}
		}
	})
}

func TestTheBookIsKeptInMemoryUntilSomethingChanges(t *testing.T) {
	each(t, func(t *testing.T, o office) {
		made := o.create(t, sla("Gold", 8*time.Hour))
		queries := func(fn func(ctx context.Context)) int {
			ctx, counter := database.WithCounter(t.Context())
			fn(ctx)
			return counter.N()
		}
		book := func(ctx context.Context) {
			if _, err := o.Book(ctx, o.DB.Reader()); err != nil {
				t.Error(err)
			}
		}
		if n := queries(book); n > 2 {
			t.Errorf("the first time costs %d queries", n)
		}
		if n := queries(book); n != 0 && o.DB.Engine() == database.SQLite { // on PostgreSQL all is forgotten once when it begins to listen
			t.Errorf("the second time costs %d queries", n)
		}
		if _, err := o.Change(o.As(o.admin), made.ID, 1, agreement.Changes{Name: ptr("Silver")}); err != nil {
			t.Fatal(err)
		}
		names, err := o.Names(t.Context(), o.DB.Reader(), []int64{made.ID, 5})
		if err != nil || len(names) != 1 || names[made.ID] != "Silver" {
			t.Errorf("%v %v", names, err)
		}
		err = o.DB.Write(t.Context(), func(tx *database.Tx) error {
			book, err := o.Book(t.Context(), tx)
			if err != nil || len(book) != 1 {
				t.Errorf("within a transaction: %v %v", book, err)
			}
			return nil
		})
		if err != nil {
			t.Error(err)
		}
	})
}

func TestACalendarInUseStaysAndTellsOfItsChanges(t *testing.T) {
	each(t, func(t *testing.T, o office) {
		c, err := o.Calendars.Create(o.As(o.admin), calendar.Calendar{Name: "Munich", Zone: "Europe/Berlin", Versions: []calendar.Version{{Week: calendar.OfficeHours()}}})
		if err != nil {
			t.Fatal(err)
		}
		in := sla("Gold", 8*time.Hour)
		in.Terms.Targets[0].Calendar = c.ID
		made := o.create(t, in)
		o.create(t, sla("Silver", 8*time.Hour))
		o.heard()
		if _, err := o.Calendars.Delete(o.As(o.admin), c.ID); !apperr.Is(err, apperr.InUse) {
			t.Errorf("it is gone: %v", err)
		}
		if _, err := o.Calendars.Change(o.As(o.admin), c.ID, 1, func(c *calendar.Calendar) error { c.Zone = "Asia/Tokyo"; return nil }); err != nil {
			t.Fatal(err)
		}
		if got := o.heard(); !slices.Equal(got, []int64{made.ID}) {
			t.Errorf("told of %v", got)
		}
		if _, err := o.End(o.As(o.admin), made.ID, 1, time.Time{}); err != nil {
			t.Fatal(err)
		}
		if _, err := o.Calendars.Delete(o.As(o.admin), c.ID); err != nil {
			t.Errorf("nothing uses it any more: %v", err)
		}
		in.Name = "Another"
		if _, err := o.Create(o.As(o.admin), in); !slices.Equal(wrongFields(err), []string{"targets.0.calendar"}) {
			t.Errorf("a deleted calendar was chosen: %v", err)
		}
	})
}

func TestARepeatedRequestMakesOneAgreement(t *testing.T) {
	each(t, func(t *testing.T, o office) {
		ctx := once.With(o.As(o.admin), "k1")
		a, err := o.Create(ctx, sla("Gold", time.Hour))
		b, again := o.Create(ctx, sla("Gold", time.Hour))
		if err != nil || again != nil || a.ID != b.ID {
			t.Errorf("%d %d %v %v", a.ID, b.ID, err, again)
		}
	})
}

func TestWhoFollowsCanRefuse(t *testing.T) {
	each(t, func(t *testing.T, o office) {
		o.Follow(func(context.Context, *database.Tx, int64) error { return apperr.New(apperr.Conflict, "Not now.") })
		if _, err := o.Create(o.As(o.admin), sla("Gold", time.Hour)); !apperr.Is(err, apperr.Conflict) {
			t.Errorf("%v", err)
		}
		if page, err := o.List(o.As(o.agent), agreement.Query{}); err != nil || len(page.Items) > 0 {
			t.Errorf("%v %v", page, err)
		}
	})
}
