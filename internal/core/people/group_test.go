package people_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/coretest"
	"github.com/steward-itsm/steward/internal/core/people"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/database"
)

func TestWhoSeesWhichGroups(t *testing.T) {
	t.Parallel()
	coretest.Each(t, func(t *testing.T, w *coretest.World) {
		company := w.Organisation(people.Own, "Company", 0)
		supplier := w.Organisation(people.Supplier, "Supplier", 0)
		branch := w.Organisation(people.Unit, "Branch", supplier)
		outsider := w.Person("Outsider", branch, access.RoleSupplierAgent)
		misplaced := w.Person("Misplaced", company, access.RoleSupplierAgent)
		requester, agent := w.Person("Requester", company), w.Person("Agent", company, access.RoleAgent)
		network := w.Group("Network", company, agent)
		desk := w.Group("Supplier desk", supplier, outsider)
		w.Group("Branch desk", branch)
		for name, c := range map[string]struct {
			person int64
			want   []string
		}{
			"agent":            {agent, []string{"Branch desk", "Network", "Supplier desk"}},
			"supplier's agent": {outsider, []string{"Branch desk", "Supplier desk"}},
			"requester":        {requester, nil},
			"supplier agent's role without a supplier": {misplaced, nil},
		} {
			hints, err := w.People.SuggestGroups(w.As(c.person), "")
			if diff := cmp.Diff(c.want, suggested(hints)); err != nil || diff != "" {
				t.Errorf("%s: %v %s", name, err, diff)
			}
			page, err := w.People.Groups(w.As(c.person), people.GroupQuery{})
			if err != nil || len(page.Items) != len(c.want) {
				t.Errorf("%s: %v %v", name, page.Items, err)
			}
		}
		if _, err := w.People.SuggestMembers(w.As(outsider), network, ""); !apperr.Is(err, apperr.NotFound) {
			t.Errorf("a supplier's agent asks for in-house members: %v", err)
		}
		hints, err := w.People.SuggestMembers(w.As(outsider), desk, "out")
		if diff := cmp.Diff([]string{"Outsider"}, suggested(hints)); err != nil || diff != "" {
			t.Error(err, diff)
		}
		if _, err := w.People.Members(w.As(requester), network); !apperr.Is(err, apperr.NotFound) {
			t.Errorf("a requester asks for members: %v", err)
		}
	})
}

func TestMembersAndTheirLeads(t *testing.T) {
	t.Parallel()
	coretest.Each(t, func(t *testing.T, w *coretest.World) {
		a, b, gone := w.Person("A", 0), w.Person("B", 0), w.Person("Gone", 0)
		g := w.Group("G", 0, a, b)
		if _, err := w.People.UpdatePerson(w.System(), gone, 1, people.PersonInput{Name: "Gone"}); err != nil {
			t.Fatal(err)
		}
		if err := w.People.SetMember(w.System(), g, gone, false); !apperr.Is(err, apperr.Invalid) {
			t.Errorf("an inactive person joins: %v", err)
		}
		if err := w.People.SetMember(w.System(), g, b, true); err != nil {
			t.Fatal(err)
		}
		got, err := w.People.Members(w.System(), g)
		want := []people.Member{{PersonID: b, Name: "B", Lead: true, Active: true}, {PersonID: a, Name: "A", Active: true}}
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Error(err, diff)
		}
		of, err := w.People.MembershipsOf(w.As(b), b)
		if err != nil || len(of) != 1 || !of[0].Lead || of[0].Group.Name != "G" {
			t.Errorf("%+v %v", of, err)
		}
	})
}

func TestManagingPeopleIsNoWayToRoles(t *testing.T) {
	t.Parallel()
	coretest.Each(t, func(t *testing.T, w *coretest.World) {
		role := access.Role{Key: "hr", Name: "HR", Permissions: []access.Permission{
			{Verb: access.ManagePeople, Kind: access.AnyKind, Scope: access.ScopeAll},
		}}
		if _, err := w.Roles.Create(w.System(), role); err != nil {
			t.Fatal(err)
		}
		hr := w.Person("HR", 0, "hr")
		admins, plain := w.Group("Admins", 0), w.Group("Plain", 0)
		if err := w.Roles.GrantToGroup(w.System(), admins, access.RoleAdministrator, 0); err != nil {
			t.Fatal(err)
		}
		if err := w.People.SetMember(w.As(hr), admins, hr, false); !apperr.Is(err, apperr.Forbidden) {
			t.Errorf("joined the administrators: %v", err)
		}
		if err := w.People.SetMember(w.As(hr), plain, hr, false); err != nil {
			t.Errorf("cannot join a plain group: %v", err)
		}
		if err := w.Roles.GrantToPerson(w.As(hr), hr, access.RoleAdministrator, 0); !apperr.Is(err, apperr.Forbidden) {
			t.Errorf("took a role: %v", err)
		}
		err := w.DB.Write(t.Context(), func(tx *database.Tx) error {
			_, err := w.People.EnsureGroups(w.As(hr), tx, "x", []people.GroupSeed{
				{Ref: "1", GroupInput: people.GroupInput{Name: "Admins"}, Members: []int64{hr}},
			})
			return err
		})
		if !apperr.Is(err, apperr.Forbidden) {
			t.Errorf("imported themselves into the administrators: %v", err)
		}
	})
}

func TestSomebodyMayAlwaysManageRoles(t *testing.T) {
	t.Parallel()
	coretest.Each(t, func(t *testing.T, w *coretest.World) {
		admin := w.Person("Admin", 0)
		g := w.Group("Admins", 0, admin)
		if err := w.Roles.GrantToGroup(w.System(), g, access.RoleAdministrator, 0); err != nil {
			t.Fatal(err)
		}
		ctx := w.As(admin)
		for name, err := range map[string]error{
			"leaving the group":    w.People.RemoveMember(ctx, g, admin),
			"revoking from group":  w.Roles.RevokeFromGroup(ctx, g, access.RoleAdministrator, 0),
			"closing the group":    second(w.People.UpdateGroup(ctx, g, 1, people.GroupInput{Name: "Admins"})),
			"leaving the company":  second(w.People.UpdatePerson(ctx, admin, 1, people.PersonInput{Name: "Admin"})),
			"becoming a programme": second(w.People.UpdatePerson(ctx, admin, 1, people.PersonInput{Name: "Admin", Active: true, ServiceAccount: true})),
		} {
			if !apperr.Is(err, apperr.Conflict) {
				t.Errorf("%s: %v", name, err)
			}
		}
		w.Person("Other", 0, access.RoleAdministrator)
		if err := w.People.RemoveMember(ctx, g, admin); err != nil {
			t.Errorf("with another administrator: %v", err)
		}
	})
}

func second[T any](_ T, err error) error { return err }

func TestAssignmentsAreChecked(t *testing.T) {
	t.Parallel()
	coretest.Each(t, func(t *testing.T, w *coretest.World) {
		ctx, q := t.Context(), w.DB.Reader()
		o := w.Organisation(people.Own, "Org", 0)
		in, out := w.Person("In", o), w.Person("Out", o)
		g := w.Group("G", o, in)
		if err := w.People.CheckGroup(ctx, q, g, in); err != nil {
			t.Error(err)
		}
		if err := w.People.CheckGroup(ctx, q, g, 0); err != nil {
			t.Error(err)
		}
		for field, err := range map[string]error{
			"assignee": w.People.CheckGroup(ctx, q, g, out), "group": w.People.CheckGroup(ctx, q, 4711, 0),
		} {
			if f := apperr.FieldsOf(err); len(f) != 1 || f[0].Name != field {
				t.Errorf("%s: %v", field, err)
			}
		}
		if got, err := w.People.OrganisationOf(ctx, q, in); err != nil || got != o {
			t.Errorf("%d %v", got, err)
		}
		if _, err := w.People.OrganisationOf(ctx, q, 4711); !apperr.Is(err, apperr.Invalid) {
			t.Error(err)
		}
	})
}

func TestImportedPeopleExistOnceAndStayAsEdited(t *testing.T) {
	t.Parallel()
	coretest.Each(t, func(t *testing.T, w *coretest.World) {
		ctx := access.With(t.Context(), access.NewImporter("log"))
		known, err := w.People.CreatePerson(w.System(), people.PersonInput{Name: "Known", Email: "known@example.com", Active: true})
		if err != nil {
			t.Fatal(err)
		}
		const count = 1200
		seeds := make([]people.PersonSeed, 0, count)
		for i := range count {
			seeds = append(seeds, people.PersonSeed{Ref: fmt.Sprint("Caller ", i), PersonInput: people.PersonInput{Name: fmt.Sprint("Caller ", i), Active: true}})
		}
		seeds[7].Email = "KNOWN@example.com"
		seeds = append(seeds, seeds[3]) // twice in one batch
		ensure := func() (ids map[string]int64, queries int) {
			counted, counter := database.WithCounter(ctx)
			err := w.DB.Write(counted, func(tx *database.Tx) (err error) {
				ids, err = w.People.EnsurePersons(counted, tx, "log", seeds)
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			return ids, counter.N()
		}
		first, queries := ensure()
		if len(first) != count || first["Caller 7"] != known.ID || queries > 80 {
			t.Errorf("%d ids, %d queries", len(first), queries)
		}
		if _, err := w.People.UpdatePerson(w.System(), first["Caller 1"], 1, people.PersonInput{Name: "Edited", Active: true}); err != nil {
			t.Fatal(err)
		}
		again, queries := ensure()
		if diff := cmp.Diff(first, again); diff != "" || queries > 6 {
			t.Errorf("%d queries %s", queries, diff)
		}
		if p, err := w.People.Person(w.System(), first["Caller 1"]); err != nil || p.Name != "Edited" {
			t.Errorf("%+v %v", p, err)
		}
		if page, err := w.People.People(w.System(), people.PersonQuery{Text: "caller 119"}); err != nil || len(page.Items) != 11 {
			t.Errorf("%d found, %v", len(page.Items), err)
		}
	})
}

func TestImportedGroupsAndOrganisations(t *testing.T) {
	t.Parallel()
	coretest.Each(t, func(t *testing.T, w *coretest.World) {
		ctx := access.With(t.Context(), access.NewImporter("log"))
		member := w.Person("M", 0)
		named := w.Group("Group 70", 0)
		for range 2 {
			err := w.DB.Write(ctx, func(tx *database.Tx) error {
				orgs, err := w.People.EnsureOrganisations(ctx, tx, "log", []people.OrganisationSeed{
					{Ref: "a", OrganisationInput: people.OrganisationInput{Kind: people.Supplier, Name: "A", Active: true}},
				})
				if err != nil {
					return err
				}
				groups, err := w.People.EnsureGroups(ctx, tx, "log", []people.GroupSeed{
					{Ref: "70", GroupInput: people.GroupInput{Name: "group 70", Active: true}, Members: []int64{member, member}},
					{Ref: "71", GroupInput: people.GroupInput{Name: "Group 71", Active: true, OrganisationID: orgs["a"]}},
				})
				if err == nil && groups["70"] != named {
					t.Error("the group was not recognised by its name")
				}
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		page, err := w.People.Groups(w.System(), people.GroupQuery{Text: "group"})
		if err != nil || len(page.Items) != 2 {
			t.Errorf("%+v %v", page.Items, err)
		}
		if members, err := w.People.Members(w.System(), named); err != nil || len(members) != 1 {
			t.Errorf("%v %v", members, err)
		}
		if up, err := w.People.Organisations(w.System(), people.OrganisationQuery{Within: page.Items[1].OrganisationID}); err != nil || len(up.Items) != 1 {
			t.Errorf("the imported organisation is not in the tree: %v %v", up.Items, err)
		}
	})
}
