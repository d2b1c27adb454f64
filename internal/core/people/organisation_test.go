package people_test

import (
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/coretest"
	"github.com/steward-itsm/steward/internal/core/people"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/database"
)

func organisationNames(page []people.Organisation) []string {
	var names []string
	for _, o := range page {
		names = append(names, o.Name)
	}
	return names
}

// move hangs an organisation under another parent.
func move(t *testing.T, w *coretest.World, id, parent int64) error {
	t.Helper()
	o, err := w.People.Organisation(w.System(), id)
	if err != nil {
		t.Fatal(err)
	}
	o.ParentID = parent
	_, err = w.People.UpdateOrganisation(w.System(), id, o.Version, o.OrganisationInput)
	return err
}

func TestSubtreeFollowsMoves(t *testing.T) {
	t.Parallel()
	coretest.Each(t, func(t *testing.T, w *coretest.World) {
		company := w.Organisation(people.Own, "Company", 0)
		north := w.Organisation(people.Unit, "North", company)
		south := w.Organisation(people.Unit, "South", company)
		team := w.Organisation(people.Unit, "Team", north)
		desk := w.Organisation(people.Unit, "Desk", team)
		within := func(root int64) []string {
			page, err := w.People.Organisations(w.System(), people.OrganisationQuery{Within: root})
			if err != nil {
				t.Fatal(err)
			}
			return organisationNames(page.Items)
		}
		if diff := cmp.Diff([]string{"Desk", "North", "Team"}, within(north)); diff != "" {
			t.Error(diff)
		}
		if err := move(t, w, team, south); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]string{"North"}, within(north)); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff([]string{"Desk", "South", "Team"}, within(south)); diff != "" {
			t.Error(diff)
		}
		up, err := w.People.Lineage(w.System(), desk)
		if diff := cmp.Diff([]string{"Company", "South", "Team", "Desk"}, organisationNames(up)); err != nil || diff != "" {
			t.Error(err, diff)
		}
	})
}

func TestTreeHasNoCycles(t *testing.T) {
	t.Parallel()
	coretest.Each(t, func(t *testing.T, w *coretest.World) {
		a := w.Organisation(people.Customer, "A", 0)
		b := w.Organisation(people.Customer, "B", a)
		c := w.Organisation(people.Customer, "C", b)
		for _, parent := range []int64{a, b, c, 12345} {
			if err := move(t, w, a, parent); !apperr.Is(err, apperr.Invalid) {
				t.Errorf("under %d: %v", parent, err)
			}
		}
	})
}

func TestMovesAtOnceMakeNoCycle(t *testing.T) {
	t.Parallel()
	coretest.Each(t, func(t *testing.T, w *coretest.World) {
		a, b := w.Organisation(people.Customer, "A", 0), w.Organisation(people.Customer, "B", 0)
		var wg sync.WaitGroup
		errs := make([]error, 2)
		wg.Go(func() { errs[0] = move(t, w, a, b) })
		wg.Go(func() { errs[1] = move(t, w, b, a) })
		wg.Wait()
		if (errs[0] == nil) == (errs[1] == nil) {
			t.Errorf("exactly one move may win: %v", errs)
		}
	})
}

// The closure always equals what following the parents gives.
func TestTreeAgreesWithParents(t *testing.T) {
	t.Parallel()
	coretest.Each(t, func(t *testing.T, w *coretest.World) {
		rapid.Check(t, func(rt *rapid.T) {
			parents := map[int64]int64{}
			var ids []int64
			for range rapid.IntRange(1, 5).Draw(rt, "size") {
				id := w.Organisation(people.Customer, rapid.StringMatching(`[a-z]{12}`).Draw(rt, "name"), 0)
				ids = append(ids, id)
			}
			anID := rapid.SampledFrom(append(slices.Clone(ids), 0))
			for range 6 {
				child, parent := rapid.SampledFrom(ids).Draw(rt, "child"), anID.Draw(rt, "parent")
				if err := move(t, w, child, parent); err == nil {
					parents[child] = parent
				}
			}
			want := map[[2]int64]int{}
			for _, id := range ids {
				for up, depth := id, 0; up != 0; up, depth = parents[up], depth+1 {
					want[[2]int64{up, id}] = depth
				}
			}
			var args database.Args
			got := map[[2]int64]int{}
			err := database.Each(t.Context(), w.DB.Reader(), func(r database.Row) error {
				var ancestor, id int64
				var depth int
				err := r.Scan(&ancestor, &id, &depth)
				got[[2]int64{ancestor, id}] = depth
				return err
			}, "SELECT ancestor_id, organisation_id, depth FROM organisation_tree WHERE organisation_id IN "+database.In(&args, ids), args.Values()...)
			if diff := cmp.Diff(want, got); err != nil || diff != "" {
				rt.Fatal(err, diff)
			}
		})
	})
}

func TestOrganisationInputIsChecked(t *testing.T) {
	t.Parallel()
	coretest.Each(t, func(t *testing.T, w *coretest.World) {
		w.Organisation(people.Customer, "Taken", 0)
		for field, in := range map[string]people.OrganisationInput{
			"name":   {Kind: people.Customer, Name: " táken "},
			"kind":   {Kind: "friend", Name: "X"},
			"parent": {Kind: people.Unit, Name: "X"},
		} {
			_, err := w.People.CreateOrganisation(w.System(), in)
			if f := apperr.FieldsOf(err); len(f) != 1 || f[0].Name != field {
				t.Errorf("%s: %v", field, err)
			}
		}
		_, err := w.People.CreateOrganisation(w.System(), people.OrganisationInput{
			Name: strings.Repeat("x", 201), Description: strings.Repeat("é", 2001), Kind: people.Own,
		})
		if f := apperr.FieldsOf(err); len(f) != 2 {
			t.Errorf("all problems at once: %v", err)
		}
	})
}

func TestWhoSeesWhichOrganisations(t *testing.T) {
	t.Parallel()
	coretest.Each(t, func(t *testing.T, w *coretest.World) {
		company := w.Organisation(people.Own, "Company", 0)
		unit := w.Organisation(people.Unit, "Unit", company)
		client := w.Organisation(people.Customer, "Client", 0)
		clientUnit := w.Organisation(people.Unit, "Client unit", client)
		supplier := w.Organisation(people.Supplier, "Supplier", 0)
		for name, c := range map[string]struct {
			person int64
			want   []string
		}{
			"agent":                {w.Person("A", unit, access.RoleAgent), []string{"Client", "Client unit", "Company", "Supplier", "Unit"}},
			"requester":            {w.Person("R", unit), []string{"Unit"}},
			"client's requester":   {w.Person("C", client), []string{"Client"}},
			"supplier's agent":     {w.Person("S", supplier, access.RoleSupplierAgent), []string{"Supplier"}},
			"relationship manager": {w.Person("M", client, access.RoleRelationshipManager), []string{"Client", "Client unit"}},
		} {
			page, err := w.People.Organisations(w.As(c.person), people.OrganisationQuery{})
			if diff := cmp.Diff(c.want, organisationNames(page.Items)); err != nil || diff != "" {
				t.Errorf("%s: %v %s", name, err, diff)
			}
			_, err = w.People.Organisation(w.As(c.person), clientUnit)
			if visible := slices.Contains(c.want, "Client unit"); visible != (err == nil) || !visible && !apperr.Is(err, apperr.NotFound) {
				t.Errorf("%s: the client's unit: %v", name, err)
			}
		}
	})
}

func TestManagingPartOfTheTreeEndsAtItsBorder(t *testing.T) {
	t.Parallel()
	coretest.Each(t, func(t *testing.T, w *coretest.World) {
		client := w.Organisation(people.Customer, "Client", 0)
		unit := w.Organisation(people.Unit, "Unit", client)
		other := w.Organisation(people.Customer, "Other", 0)
		role := access.Role{Key: "local_admin", Name: "Local admin", Permissions: []access.Permission{
			{Verb: access.ManagePeople, Kind: access.AnyKind, Scope: access.ScopeOrganisation},
		}}
		if _, err := w.Roles.Create(w.System(), role); err != nil {
			t.Fatal(err)
		}
		ctx := w.As(w.Person("Local", client, "local_admin"))
		in := people.OrganisationInput{Kind: people.Unit, Name: "New", ParentID: unit, Active: true}
		made, err := w.People.CreateOrganisation(ctx, in)
		if err != nil {
			t.Fatalf("inside: %v", err)
		}
		in.ParentID = other
		if _, err := w.People.CreateOrganisation(ctx, in); !apperr.Is(err, apperr.Forbidden) {
			t.Errorf("create outside: %v", err)
		}
		if _, err := w.People.CreateOrganisation(ctx, people.OrganisationInput{Kind: people.Customer, Name: "Top"}); !apperr.Is(err, apperr.Forbidden) {
			t.Errorf("create at the top: %v", err)
		}
		// The actor's subtree was loaded before the unit was made.
		ctx = w.As(access.From(ctx).ID)
		if _, err := w.People.UpdateOrganisation(ctx, made.ID, made.Version, in); !apperr.Is(err, apperr.Forbidden) {
			t.Errorf("move outside: %v", err)
		}
		if _, err := w.People.UpdateOrganisation(ctx, other, 1, in); !apperr.Is(err, apperr.NotFound) {
			t.Errorf("edit outside: %v", err)
		}
		for name, person := range map[string]people.PersonInput{
			"outside": {Name: "P", OrganisationID: other, Active: true}, "nowhere": {Name: "P", Active: true},
		} {
			if _, err := w.People.CreatePerson(ctx, person); !apperr.Is(err, apperr.Forbidden) {
				t.Errorf("person %s: %v", name, err)
			}
		}
		if _, err := w.People.CreatePerson(ctx, people.PersonInput{Name: "P", OrganisationID: unit, Active: true}); err != nil {
			t.Errorf("person inside: %v", err)
		}
	})
}
