package people_test

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/audit"
	"github.com/steward-itsm/steward/internal/core/coretest"
	"github.com/steward-itsm/steward/internal/core/people"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/database"
)

func personNames(page []people.Person) []string {
	var names []string
	for _, p := range page {
		names = append(names, p.Name)
	}
	return names
}

func suggested(list []people.Suggestion) []string {
	var names []string
	for _, s := range list {
		names = append(names, s.Name)
	}
	return names
}

func TestNobodyEnumeratesPeopleBeyondTheirRights(t *testing.T) {
	t.Parallel()
	coretest.Each(t, func(t *testing.T, w *coretest.World) {
		company := w.Organisation(people.Own, "Company", 0)
		client := w.Organisation(people.Customer, "Client", 0)
		clientUnit := w.Organisation(people.Unit, "Client unit", client)
		supplier := w.Organisation(people.Supplier, "Supplier", 0)
		everybody := map[string]int64{
			"Ann agent":     w.Person("Ann agent", company, access.RoleAgent),
			"Ann requester": w.Person("Ann requester", company),
			"Ann client":    w.Person("Ann client", client),
			"Ann manager":   w.Person("Ann manager", client, access.RoleRelationshipManager),
			"Ann unit":      w.Person("Ann unit", clientUnit),
			"Ann supplier":  w.Person("Ann supplier", supplier, access.RoleSupplierAgent),
			"Ann auditor":   w.Person("Ann auditor", company, access.RoleAuditor),
		}
		var all []string
		for name := range everybody {
			all = append(all, name)
		}
		slices.Sort(all)
		for name, want := range map[string][]string{
			"Ann agent": all, "Ann auditor": all,
			"Ann requester": {"Ann requester"},
			"Ann client":    {"Ann client"},
			"Ann supplier":  {"Ann supplier"},
			"Ann manager":   {"Ann client", "Ann manager", "Ann unit"},
		} {
			ctx := w.As(everybody[name])
			list, err := w.People.People(ctx, people.PersonQuery{Text: "ann"})
			if diff := cmp.Diff(want, personNames(list.Items)); err != nil || diff != "" {
				t.Errorf("list for %s: %v %s", name, err, diff)
			}
			hints, err := w.People.SuggestPeople(ctx, "an")
			if diff := cmp.Diff(want, suggested(hints)); err != nil || diff != "" {
				t.Errorf("suggestions for %s: %v %s", name, err, diff)
			}
			known, err := w.People.SuggestKnown(ctx, slices.Collect(maps.Values(everybody)))
			if diff := cmp.Diff(want, suggested(known)); err != nil || diff != "" {
				t.Errorf("names known to %s: %v %s", name, err, diff)
			}
			for other, id := range everybody {
				_, err := w.People.Person(ctx, id)
				if visible := slices.Contains(want, other); visible && err != nil || !visible && !apperr.Is(err, apperr.NotFound) {
					t.Errorf("%s looks at %s: %v", name, other, err)
				}
				if _, err := w.People.MembershipsOf(ctx, id); !slices.Contains(want, other) && !apperr.Is(err, apperr.NotFound) {
					t.Errorf("%s looks at the groups of %s: %v", name, other, err)
				}
			}
		}
		list, err := w.People.People(t.Context(), people.PersonQuery{})
		if err != nil || len(list.Items) > 0 {
			t.Errorf("nobody sees %d people: %v", len(list.Items), err)
		}
	})
}

func TestPeopleAreFoundByAnyWordAndPaged(t *testing.T) {
	t.Parallel()
	coretest.Each(t, func(t *testing.T, w *coretest.World) {
		company := w.Organisation(people.Own, "Company", 0)
		for i, name := range []string{"Zoë Ångström", "Bob Angst", "Carl Meier"} {
			_, err := w.People.CreatePerson(w.System(), people.PersonInput{
				Name: name, Email: fmt.Sprintf("p%d.mail@example.com", i), OrganisationID: company, Active: i != 1, VIP: i == 2,
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		for text, want := range map[string][]string{
			"angs": {"Bob Angst", "Zoë Ångström"}, "ZOE ÅNG": {"Zoë Ångström"}, "p2.mail": {"Carl Meier"}, "p2@": nil, "nobody": nil,
		} {
			page, err := w.People.People(w.System(), people.PersonQuery{Text: text})
			if diff := cmp.Diff(want, personNames(page.Items)); err != nil || diff != "" {
				t.Errorf("%q: %v %s", text, err, diff)
			}
		}
		for name, c := range map[string]struct {
			q    people.PersonQuery
			want []string
		}{
			"active":   {people.PersonQuery{Active: true}, []string{"Carl Meier", "Zoë Ångström"}},
			"inactive": {people.PersonQuery{Inactive: true}, []string{"Bob Angst"}},
			"vip":      {people.PersonQuery{VIP: true}, []string{"Carl Meier"}},
			"service":  {people.PersonQuery{Service: true}, nil},
			"within":   {people.PersonQuery{Within: company}, []string{"Bob Angst", "Carl Meier", "Zoë Ångström"}},
			"without":  {people.PersonQuery{Within: 999}, nil},
		} {
			page, err := w.People.People(w.System(), c.q)
			if diff := cmp.Diff(c.want, personNames(page.Items)); err != nil || diff != "" {
				t.Errorf("%s: %v %s", name, err, diff)
			}
		}
		hints, err := w.People.SuggestPeople(w.System(), "angs")
		if diff := cmp.Diff([]string{"Zoë Ångström"}, suggested(hints)); err != nil || diff != "" {
			t.Errorf("inactive people are suggested: %v %s", err, diff)
		}
		var paged []string
		q := people.PersonQuery{Limit: 1}
		for {
			page, err := w.People.People(w.System(), q)
			if err != nil {
				t.Fatal(err)
			}
			paged = append(paged, personNames(page.Items)...)
			if q.After = page.Next; q.After.ID == 0 {
				break
			}
		}
		if diff := cmp.Diff([]string{"Bob Angst", "Carl Meier", "Zoë Ångström"}, paged); diff != "" {
			t.Error(diff)
		}
	})
}

func TestEmailIsUniqueWithoutRegardToCase(t *testing.T) {
	t.Parallel()
	coretest.Each(t, func(t *testing.T, w *coretest.World) {
		in := people.PersonInput{Name: "A", Email: "A.Person@Example.com", Active: true}
		if _, err := w.People.CreatePerson(w.System(), in); err != nil {
			t.Fatal(err)
		}
		in.Email = "a.person@example.COM"
		_, err := w.People.CreatePerson(w.System(), in)
		if f := apperr.FieldsOf(err); len(f) != 1 || f[0].Name != "email" {
			t.Errorf("got %v", err)
		}
		for range 2 { // any number of people without an address
			if _, err := w.People.CreatePerson(w.System(), people.PersonInput{Name: "B", Active: true}); err != nil {
				t.Error(err)
			}
		}
	})
}

func TestPersonInputIsChecked(t *testing.T) {
	t.Parallel()
	coretest.Each(t, func(t *testing.T, w *coretest.World) {
		closed := w.Organisation(people.Customer, "Closed", 0)
		_, err := w.People.UpdateOrganisation(w.System(), closed, 1, people.OrganisationInput{Kind: people.Customer, Name: "Closed"})
		if err != nil {
			t.Fatal(err)
		}
		long := strings.Repeat("x", 300)
		for _, c := range []struct {
			field string
			in    people.PersonInput
		}{
			{"name", people.PersonInput{}},
			{"name", people.PersonInput{Name: "a\nb"}},
			{"name", people.PersonInput{Name: long}},
			{"email", people.PersonInput{Name: "a", Email: "nobody"}},
			{"email", people.PersonInput{Name: "a", Email: "A <a@b.c>"}},
			{"email", people.PersonInput{Name: "a", Email: "a@b.c\r\nBcc: d@e.f"}},
			{"phone", people.PersonInput{Name: "a", Phone: long}},
			{"job_title", people.PersonInput{Name: "a", JobTitle: long}},
			{"location", people.PersonInput{Name: "a", Location: long}},
			{"organisation", people.PersonInput{Name: "a", OrganisationID: 4711}},
			{"organisation", people.PersonInput{Name: "a", OrganisationID: closed}},
		} {
			_, err := w.People.CreatePerson(w.System(), c.in)
			if f := apperr.FieldsOf(err); len(f) != 1 || f[0].Name != c.field {
				t.Errorf("%+v: %v", c.in, err)
			}
		}
		p, err := w.People.CreatePerson(w.System(), people.PersonInput{Name: " \u202eabc\x00 \U0001F600 \xff"})
		if err != nil || p.Name != "\u202eabc \U0001F600 \uFFFD" {
			t.Errorf("odd text: %q %v", p.Name, err)
		}
	})
}

func TestLaterSaveAnswersWithTheEarlierOne(t *testing.T) {
	t.Parallel()
	coretest.Each(t, func(t *testing.T, w *coretest.World) {
		id := w.Person("First", 0)
		if _, err := w.People.UpdatePerson(w.System(), id, 1, people.PersonInput{Name: "Second", Active: true}); err != nil {
			t.Fatal(err)
		}
		_, err := w.People.UpdatePerson(w.System(), id, 1, people.PersonInput{Name: "Third", Active: true})
		var e *apperr.Error
		if !errors.As(err, &e) || e.Kind != apperr.Conflict {
			t.Fatalf("got %v", err)
		}
		if current, ok := e.Detail.(people.Person); !ok || current.Name != "Second" || current.Version != 2 {
			t.Errorf("detail %+v", e.Detail)
		}
	})
}

func TestProfileIsOnesOwn(t *testing.T) {
	t.Parallel()
	coretest.Each(t, func(t *testing.T, w *coretest.World) {
		id := w.Person("Me", 0)
		in := people.Profile{Phone: "1", Location: "Here", Preferences: people.Preferences{Language: "DE-de", Zone: "Europe/Berlin", Theme: "dark"}}
		p, err := w.People.UpdateProfile(w.As(id), in)
		if err != nil || p.Language != "de-DE" || p.Zone != "Europe/Berlin" || p.Phone != "1" || p.Name != "Me" || p.Version != 2 {
			t.Errorf("%+v %v", p, err)
		}
		in.Preferences = people.Preferences{Language: "?", Zone: "Local", Theme: "pink", Density: "odd"}
		if _, err := w.People.UpdateProfile(w.As(id), in); len(apperr.FieldsOf(err)) != 4 {
			t.Errorf("got %v", err)
		}
		if _, err := w.People.UpdateProfile(w.System(), in); !apperr.Is(err, apperr.Unauthenticated) {
			t.Errorf("a profile of nobody: %v", err)
		}
	})
}

func TestChangesAreAudited(t *testing.T) {
	t.Parallel()
	coretest.Each(t, func(t *testing.T, w *coretest.World) {
		admin := w.Person("Admin", 0, access.RoleAdministrator)
		ctx := audit.WithAddress(w.As(admin), "192.0.2.7")
		o, err := w.People.CreateOrganisation(ctx, people.OrganisationInput{Kind: people.Own, Name: "Org", Active: true})
		if err != nil {
			t.Fatal(err)
		}
		p, err := w.People.CreatePerson(ctx, people.PersonInput{Name: "P", Active: true})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.People.UpdatePerson(ctx, p.ID, 1, people.PersonInput{Name: "Q", OrganisationID: o.ID, Active: true}); err != nil {
			t.Fatal(err)
		}
		g := w.Group("G", o.ID)
		if err := w.People.SetMember(ctx, g, p.ID, true); err != nil {
			t.Fatal(err)
		}
		if err := w.People.RemoveMember(ctx, g, p.ID); err != nil {
			t.Fatal(err)
		}
		records, _, err := w.Log.List(w.System(), audit.Query{ActorID: admin})
		if err != nil {
			t.Fatal(err)
		}
		var actions []string
		for _, r := range records {
			actions = append(actions, r.Action)
			if r.Address != "192.0.2.7" {
				t.Errorf("%s came from %q", r.Action, r.Address)
			}
		}
		want := []string{"group.member_removed", "group.member", "person.update", "person.create", "organisation.create"}
		if diff := cmp.Diff(want, actions); diff != "" {
			t.Error(diff)
		}
		changes := records[2].Changes()
		if len(changes) != 3 || changes[0].Field != "name" || changes[0].Before != `"P"` || changes[0].After != `"Q"` {
			t.Errorf("%+v", changes)
		}
	})
}

func TestNamesTakeOneQueryForAPage(t *testing.T) {
	t.Parallel()
	coretest.Each(t, func(t *testing.T, w *coretest.World) {
		o := w.Organisation(people.Own, "Org", 0)
		var ids []int64
		for i := range 5 {
			ids = append(ids, w.Person(fmt.Sprint("P", i), o), 0, 4711)
		}
		ctx, counter := database.WithCounter(t.Context())
		found, err := w.People.PersonNames(ctx, w.DB.Reader(), append(ids, ids...))
		if err != nil || len(found) != 5 || counter.N() != 1 {
			t.Errorf("%d names in %d queries: %v", len(found), counter.N(), err)
		}
		if n := found[ids[0]]; n.Name != "P0" || !n.Active || n.OrganisationID != o {
			t.Errorf("%+v", n)
		}
		orgs, err := w.People.OrganisationNames(ctx, w.DB.Reader(), []int64{o})
		if err != nil || orgs[o] != "Org" {
			t.Errorf("%v %v", orgs, err)
		}
		groups, err := w.People.GroupNames(ctx, w.DB.Reader(), []int64{w.Group("G", o)})
		if err != nil || len(groups) != 1 {
			t.Errorf("%v %v", groups, err)
		}
	})
}
