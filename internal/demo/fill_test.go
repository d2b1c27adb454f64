package demo_test

import (
	"context"
	"fmt"
	"net/netip"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/coretest"
	"github.com/steward-itsm/steward/internal/core/filter"
	"github.com/steward-itsm/steward/internal/core/identity"
	"github.com/steward-itsm/steward/internal/core/people"
	"github.com/steward-itsm/steward/internal/core/search"
	"github.com/steward-itsm/steward/internal/core/service"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/core/workflow"
	"github.com/steward-itsm/steward/internal/demo"
	"github.com/steward-itsm/steward/internal/platform/blob"
	"github.com/steward-itsm/steward/internal/platform/database"
)

// house is a core that can be filled.
type house struct {
	*coretest.World
	deps     demo.Deps
	onImport *func() // is called once per ticket
}

func each(t *testing.T, fn func(t *testing.T, h house)) {
	t.Helper()
	coretest.Each(t, func(t *testing.T, w *coretest.World) { fn(t, open(t, w)) },
		workflow.Migrations, ticket.Migrations, search.Migrations, identity.Migrations)
}

func open(t *testing.T, w *coretest.World) house {
	t.Helper()
	kinds, err := workflow.NewRegistry(t.Context(), w.DB)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(kinds.Close)
	blobs, err := blob.OpenFolder(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	who := identity.New(identity.Deps{
		DB: w.DB, People: w.People, Roles: w.Roles, Actors: w.Actors, Audit: w.Log, Clock: w.Clock.Now,
		Options: identity.Options{Cost: identity.Cost{Memory: 64, Time: 1}},
	})
	t.Cleanup(who.Close)
	onImport := func() {}
	now := func() time.Time {
		onImport()
		return w.Clock.Now()
	}
	return house{w, demo.Deps{
		DB: w.DB, People: w.People, Roles: w.Roles, Services: w.Services, Identity: who, Blobs: blobs,
		Tickets: ticket.New(ticket.Deps{
			DB: w.DB, Kinds: kinds, Directory: directory{w.People, w.Services}, Announcer: silent{}, Now: now, Search: search.New(w.DB), Blobs: blobs,
		}),
	}, &onImport}
}

type directory struct {
	*people.Service
	services *service.Store
}

func (d directory) SupportGroup(ctx context.Context, q database.Querier, id int64) (int64, error) {
	return d.services.SupportGroup(ctx, q, id)
}

type silent struct{}

func (silent) Announce(context.Context, *database.Tx, ticket.Announcement) error { return nil }

func (h house) fill(t *testing.T) demo.Report {
	t.Helper()
	r, err := demo.Fill(t.Context(), h.deps, h.Clock.Now())
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// counts counts tickets by filters.
func (h house) counts(t *testing.T, ctx context.Context, filters ...string) []int {
	t.Helper()
	var conditions []filter.Condition
	for _, f := range filters {
		c, err := h.deps.Tickets.Condition(ctx, f, time.UTC)
		if err != nil {
			t.Fatalf("%s: %v", f, err)
		}
		conditions = append(conditions, c)
	}
	n, err := h.deps.Tickets.Counts(ctx, conditions, 5000)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestFilledOrganisation(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h house) {
		began := time.Now()
		r := h.fill(t)
		t.Logf("filled in %v", time.Since(began).Round(time.Millisecond))
		t.Run("has a live queue", func(t *testing.T) { hasALiveQueue(t, h, r) })
		t.Run("every ticket is the replay of its timeline", func(t *testing.T) { replays(t, h) })
		t.Run("every sign-in works and shows its role", func(t *testing.T) { signsIn(t, h, r) })
		t.Run("is left alone when filled again", func(t *testing.T) { isLeftAlone(t, h, r) })
	})
}

func hasALiveQueue(t *testing.T, h house, r demo.Report) {
	if !r.Filled || r.Tickets < 590 || r.Tickets > 650 || r.People < 400 || r.People > 480 || len(r.SignIns) != 8 {
		t.Errorf("%+v", r)
	}
	bounds := []struct {
		filter      string
		least, most int
	}{
		{"", r.Tickets, r.Tickets},
		{"state:open", 55, 80},
		{"state:open assignee:none", 12, 25},
		{"state:open group:none", 1, 8},
		{"state:open waiting:caller", 6, 14},
		{"state:open waiting:vendor", 2, 14},
		{"state:open priority:1", 3, 8},
		{"state:resolved", 10, 90},
		{"state:cancelled", 5, 40},
		{"kind:request", 150, 350},
		{"rating:any", 90, 260},
		{"rating:<=2", 5, 60},
		{"reassigned:>=1", 100, 400},
		{"reopened:>=1", 10, 50},
		{"parent:any", 13, 13},
		{"tag:any", 400, r.Tickets},
		{"created:<91d", r.Tickets, r.Tickets},
		{"updated:<0s", 0, 0},
		{"service:none", 1, 80},
		{"created:<1d", 12, 60},
	}
	var filters []string
	for _, b := range bounds {
		filters = append(filters, b.filter)
	}
	for i, n := range h.counts(t, h.System(), filters...) {
		if b := bounds[i]; n < b.least || n > b.most {
			t.Errorf("%q: %d tickets, want %d to %d", b.filter, n, b.least, b.most)
		}
	}
	for table, least := range map[string]int{"ticket_attachments": 40, "ticket_links": 15, "ticket_ratings": 90, "ticket_watchers": 10, "ticket_events": 4000} {
		n, err := database.One(t.Context(), h.DB.Reader(), database.Scalar[int], "SELECT count(*) FROM "+table)
		if err != nil || n < least {
			t.Errorf("%s: %d rows, %v", table, n, err)
		}
	}
}

func TestFillLeavesAnInhabitedDatabaseAlone(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h house) {
		h.Person("Somebody", 0)
		r := h.fill(t)
		if r.Filled || len(r.SignIns) != 0 || h.counts(t, h.System(), "")[0] != 0 {
			t.Errorf("%+v", r)
		}
	})
}

func isLeftAlone(t *testing.T, h house, first demo.Report) {
	h.Clock.Advance(48 * time.Hour)
	again := h.fill(t)
	if again.Filled || h.counts(t, h.System(), "")[0] != first.Tickets {
		t.Errorf("%+v", again)
	}
	if diff := cmp.Diff(first.SignIns, again.SignIns); diff != "" {
		t.Error(diff)
	}
}

func TestAnInterruptedFillGoesOnWithTheSameStories(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h house) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		imported := 0
		*h.onImport = func() {
			if imported++; imported == 250 {
				cancel()
			}
		}
		if _, err := demo.Fill(ctx, h.deps, h.Clock.Now()); err == nil {
			t.Fatal("it was not interrupted")
		}
		if n := h.counts(t, h.System(), "")[0]; n != 200 {
			t.Errorf("%d tickets were kept, want two batches", n)
		}
		h.Clock.Advance(5 * time.Hour)
		r := h.fill(t)
		if n := h.counts(t, h.System(), "", "parent:any"); !r.Filled || n[0] != r.Tickets || n[1] != 13 {
			t.Errorf("%+v and %v tickets", r, n)
		}
		org := demo.Company(demo.Seed)
		want := demo.Tell(&org, demo.Seed, h.Clock.Now().Add(-5*time.Hour))
		for _, i := range []int{0, 150, 199, 200, 400, len(want) - 1} {
			got, err := database.One(t.Context(), h.DB.Reader(), database.Scalar[string],
				"SELECT title FROM tickets WHERE source = 'demo' AND source_ref = $1", fmt.Sprint(i+1))
			if err != nil || got != want[i].Title {
				t.Errorf("story %d is %q, want %q: %v", i, got, want[i].Title, err)
			}
		}
	})
}

func replays(t *testing.T, h house) {
	ctx := h.System()
	now := h.Clock.Now()
	all := 0
	everything, err := h.deps.Tickets.Condition(ctx, "", time.UTC)
	if err != nil {
		t.Fatal(err)
	}
	err = h.deps.Tickets.Walk(ctx, everything, access.View, ticket.Sort{Field: "created"}, func(page []ticket.Ticket) error {
		for _, row := range page {
			all++
			stored, err := h.deps.Tickets.Get(ctx, ticket.ByID(row.ID))
			if err != nil {
				return err
			}
			events, err := h.deps.Tickets.Timeline(ctx, &stored, 0, 0)
			if err != nil {
				return err
			}
			def, err := h.deps.Tickets.Kinds().Get(stored.Kind)
			if err != nil {
				return err
			}
			replayed, err := ticket.Replay(stored.ID, stored.Number, events, def)
			if err != nil {
				return err
			}
			replayed.Source, replayed.SourceRef, replayed.Version = stored.Source, stored.SourceRef, stored.Version
			if diff := cmp.Diff(stored, replayed, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("%s: %s", stored.Number, diff)
			}
			if stored.UpdatedAt.After(now) {
				t.Errorf("%s was changed at %v, in the future", stored.Number, stored.UpdatedAt)
			}
		}
		return nil
	})
	if err != nil || all < 590 {
		t.Errorf("%d tickets, %v", all, err)
	}
}

func signsIn(t *testing.T, h house, r demo.Report) {
	from := identity.Origin{Address: netip.MustParseAddr("192.0.2.1")}
	want := map[string]struct {
		role        string
		least, most int // open tickets seen
	}{
		"Requester":            {access.RoleRequester, 2, 20},
		"Agent":                {access.RoleAgent, 55, 80},
		"Team lead":            {access.RoleTeamLead, 55, 80},
		"Service owner":        {access.RoleServiceOwner, 3, 60},
		"Relationship manager": {access.RoleRelationshipManager, 8, 70},
		"Supplier agent":       {access.RoleSupplierAgent, 1, 30},
		"Auditor":              {access.RoleAuditor, 55, 80},
		"Administrator":        {access.RoleAdministrator, 55, 80},
	}
	for _, in := range r.SignIns {
		if err := identity.CheckPassword(in.Password, in.Name, in.Email); err != nil {
			t.Errorf("%s: %v", in.Role, err)
		}
		opened, err := h.deps.Identity.SignIn(t.Context(), in.Email, in.Password, from)
		if err != nil {
			t.Errorf("%s cannot sign in: %v", in.Role, err)
			continue
		}
		if opened.MustChange {
			t.Errorf("%s has to choose a password first", in.Role)
		}
		ctx := h.As(opened.PersonID)
		w := want[in.Role]
		if !access.From(ctx).HasRole(w.role) {
			t.Errorf("%s has only the roles %v", in.Role, access.From(ctx).Roles())
		}
		if n := h.counts(t, ctx, "state:open")[0]; n < w.least || n > w.most {
			t.Errorf("%s sees %d open tickets, want %d to %d", in.Role, n, w.least, w.most)
		}
	}
}
