package actors_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/coretest"
	"github.com/steward-itsm/steward/internal/core/people"
	"github.com/steward-itsm/steward/internal/core/service"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/database"
	"github.com/steward-itsm/steward/internal/platform/database/databasetest"
)

func actor(t *testing.T, w *coretest.World, id int64) access.Actor {
	t.Helper()
	p, err := w.Actors.Person(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return p.Actor
}

func TestActorHasEveryFactAboutThePerson(t *testing.T) {
	t.Parallel()
	coretest.Each(t, func(t *testing.T, w *coretest.World) {
		company := w.Organisation(people.Own, "Company", 0)
		client := w.Organisation(people.Customer, "Client", 0)
		clientUnit := w.Organisation(people.Unit, "Client unit", client)
		me := w.Person("Me", company, access.RoleServiceOwner)
		g := w.Group("G", company, me)
		closed := w.Group("Closed", company, me)
		if _, err := w.People.UpdateGroup(w.System(), closed, 1, people.GroupInput{Name: "Closed"}); err != nil {
			t.Fatal(err)
		}
		s := w.Service("S", me)
		if err := w.Roles.GrantToGroup(w.System(), g, access.RoleRelationshipManager, client); err != nil {
			t.Fatal(err)
		}
		a := actor(t, w, me)
		if diff := cmp.Diff([]string{"relationship_manager", "requester", "service_owner"}, a.Roles()); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff([]int64{g}, a.Groups()); diff != "" {
			t.Error(diff)
		}
		if a.Name != "Me" || a.OrganisationID != company || !slices.Equal(a.Services(), []int64{s}) {
			t.Errorf("%+v", a)
		}
		if !a.Check(access.View, access.Record{Organisation: clientUnit}).Allowed || a.Check(access.View, access.Record{Organisation: company}).Allowed {
			t.Error("the role bound to the client does not reach exactly the client")
		}
		if !a.Check(access.Edit, access.Record{Service: s}).Allowed {
			t.Error("the owned service is out of reach")
		}
		got := a.Explain(access.View, access.Record{Organisation: client}, access.NewCatalogue())
		want := []string{"The role Relationship manager, given by the group G for Client, allows seeing tickets of the organisation and everything below it."}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	})
}

func TestSupplierIsTheNearestOneAbove(t *testing.T) {
	t.Parallel()
	coretest.Each(t, func(t *testing.T, w *coretest.World) {
		company := w.Organisation(people.Own, "Company", 0)
		supplier := w.Organisation(people.Supplier, "Supplier", 0)
		north := w.Organisation(people.Unit, "North", supplier)
		south := w.Organisation(people.Unit, "South", supplier)
		sub := w.Organisation(people.Supplier, "Subcontractor", supplier)
		in, northern, subbed := w.Group("In-house", company), w.Group("Northern", north), w.Group("Subbed", sub)
		rival := w.Group("Rival", w.Organisation(people.Supplier, "Rival", 0))
		southerner := actor(t, w, w.Person("S", south, access.RoleSupplierAgent))
		subcontractor := actor(t, w, w.Person("T", sub, access.RoleSupplierAgent))
		employee := actor(t, w, w.Person("E", company, access.RoleSupplierAgent))
		sees := func(a access.Actor) (groups []int64) {
			for _, g := range []int64{in, northern, subbed, rival} {
				if a.Check(access.View, access.Record{Group: g}).Allowed {
					groups = append(groups, g)
				}
			}
			return groups
		}
		for name, c := range map[string]struct {
			actor access.Actor
			want  []int64
		}{
			"whoever works in a unit of the supplier": {southerner, []int64{northern, subbed}},
			"whoever works for a subcontractor":       {subcontractor, []int64{subbed}},
			"an employee with the role by mistake":    {employee, nil},
		} {
			if diff := cmp.Diff(c.want, sees(c.actor)); diff != "" {
				t.Errorf("%s: %s", name, diff)
			}
		}
		if southerner.HasRole(access.RoleRequester) || !employee.HasRole(access.RoleRequester) {
			t.Error("suppliers' people are requesters, or employees are not")
		}
	})
}

func TestActorIsKeptAndCostsNoQuery(t *testing.T) {
	t.Parallel()
	coretest.Each(t, func(t *testing.T, w *coretest.World) {
		me := w.Person("Me", 0, access.RoleAgent)
		ctx, counter := database.WithCounter(t.Context())
		load := func() (queries int) {
			t.Helper()
			before := counter.N()
			if _, err := w.Actors.Person(ctx, me); err != nil {
				t.Fatal(err)
			}
			return counter.N() - before
		}
		load()
		// The notices of other nodes begin at some moment, and then everything is
		// forgotten once.
		kept := false
		for range 3 {
			kept = kept || load() == 0
		}
		if !kept {
			t.Errorf("%d queries: %v", counter.N(), counter.Queries())
		}
		before := counter.N()
		w.Clock.Advance(2 * time.Minute)
		if _, err := w.Actors.Person(ctx, me); err != nil || counter.N() == before {
			t.Errorf("an old actor was kept: %v", err)
		}
	})
}

func TestActorIsNeverOlderThanOwnWrite(t *testing.T) {
	t.Parallel()
	coretest.Each(t, func(t *testing.T, w *coretest.World) {
		ctx := w.System()
		company := w.Organisation(people.Own, "Company", 0)
		client := w.Organisation(people.Customer, "Client", 0)
		me := w.Person("Me", company)
		g := w.Group("G", company)
		s := w.Service("S", 0)
		must := func(err error) {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
		}
		expect := func(what string, want bool, ask func(a access.Actor) bool) {
			t.Helper()
			if ask(actor(t, w, me)) != want {
				t.Errorf("stale after %s", what)
			}
		}
		member := func(a access.Actor) bool { return a.InGroup(g) }
		agent := func(a access.Actor) bool { return a.HasRole(access.RoleAgent) }

		expect("nothing", false, member)
		must(w.People.SetMember(ctx, g, me, false))
		expect("joining a group", true, member)
		must(w.Roles.GrantToGroup(ctx, g, access.RoleAgent, 0))
		expect("a role for the group", true, agent)
		must(w.People.RemoveMember(ctx, g, me))
		expect("leaving the group", false, agent)
		must(w.Roles.GrantToPerson(ctx, me, access.RoleAgent, 0))
		expect("getting a role", true, agent)
		must(w.Roles.RevokeFromPerson(ctx, me, access.RoleAgent, 0))
		expect("losing a role", false, agent)
		_, err := w.Services.Update(ctx, s, 1, service.Input{Name: "S", OwnerID: me, Criticality: 1, Stage: service.Live})
		must(err)
		expect("becoming a service's owner", true, func(a access.Actor) bool { return slices.Contains(a.Services(), s) })
		_, err = w.People.UpdatePerson(ctx, me, 1, people.PersonInput{Name: "Me", OrganisationID: client, Active: true})
		must(err)
		expect("moving", true, func(a access.Actor) bool { return a.OrganisationID == client })
		_, err = w.People.UpdatePerson(ctx, me, 2, people.PersonInput{Name: "Me"})
		must(err)
		if _, err := w.Actors.Person(t.Context(), me); !apperr.Is(err, apperr.Unauthenticated) {
			t.Errorf("stale after leaving: %v", err)
		}
	})
}

func TestOtherNodesForgetToo(t *testing.T) {
	t.Parallel()
	url := databasetest.URL(t, database.PostgreSQL, coretest.Migrations()...)
	node := func() *coretest.World {
		db, err := database.Open(t.Context(), database.Options{URL: url, MaxConns: 4})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = db.Close() })
		return coretest.New(t, db)
	}
	here, there := node(), node()
	me := here.Person("Me", 0)
	if actor(t, there, me).HasRole(access.RoleAgent) {
		t.Fatal("too early")
	}
	if err := here.Roles.GrantToPerson(here.System(), me, access.RoleAgent, 0); err != nil {
		t.Fatal(err)
	}
	look := time.NewTicker(5 * time.Millisecond)
	defer look.Stop()
	deadline := time.After(10 * time.Second) // of real time; the node's own clock stands still
	for !actor(t, there, me).HasRole(access.RoleAgent) {
		select {
		case <-look.C:
		case <-deadline:
			t.Fatal("the other node was not told")
		}
	}
}
