package roles_test

import (
	"errors"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/access/roles"
	"github.com/steward-itsm/steward/internal/core/audit"
	"github.com/steward-itsm/steward/internal/core/coretest"
	"github.com/steward-itsm/steward/internal/core/lookup"
	"github.com/steward-itsm/steward/internal/core/people"
	"github.com/steward-itsm/steward/internal/platform/apperr"
)

func readerRole(key string) access.Role {
	return access.Role{Key: key, Name: "Reader", Permissions: []access.Permission{
		{Verb: access.View, Kind: access.AnyKind, Scope: access.ScopeAll},
	}}
}

func TestCustomRoleLivesAndDies(t *testing.T) {
	t.Parallel()
	coretest.Each(t, func(t *testing.T, w *coretest.World) {
		ctx := w.System()
		made, err := w.Roles.Create(ctx, readerRole("reader"))
		if err != nil {
			t.Fatal(err)
		}
		made.Permissions = append(made.Permissions,
			access.Permission{Verb: access.Export, Kind: "incident", Scope: access.ScopeGroup}, made.Permissions[0])
		saved, err := w.Roles.Update(ctx, made)
		if err != nil || saved.Version != 2 || len(saved.Permissions) != 2 {
			t.Fatalf("%+v %v", saved, err)
		}
		_, err = w.Roles.Update(ctx, made)
		var e *apperr.Error
		if !errors.As(err, &e) || e.Kind != apperr.Conflict || e.Detail.(access.Role).Version != 2 {
			t.Errorf("a stale save: %v", err)
		}
		p := w.Person("P", 0, "reader")
		if !access.From(w.As(p)).Can(access.View, "incident") {
			t.Error("the role gives nothing")
		}
		if err := w.Roles.Delete(ctx, "reader", 2); !apperr.Is(err, apperr.InUse) {
			t.Errorf("deleted while held: %v", err)
		}
		if err := w.Roles.RevokeFromPerson(ctx, p, "reader", 0); err != nil {
			t.Fatal(err)
		}
		if err := w.Roles.Delete(ctx, "reader", 2); err != nil {
			t.Error(err)
		}
		if _, err := w.Roles.Get(ctx, "reader"); !apperr.Is(err, apperr.NotFound) {
			t.Errorf("still there: %v", err)
		}
		records, _, err := w.Log.List(ctx, audit.Query{})
		if err != nil || len(records) != 6 || records[0].Action != "role.delete" || records[1].Action != "person.role_revoked" {
			t.Errorf("%+v %v", records, err)
		}
	})
}

func TestRolesThatMakeNoSenseAreRefused(t *testing.T) {
	t.Parallel()
	coretest.Each(t, func(t *testing.T, w *coretest.World) {
		permission := func(verb access.Verb, kind string, scope access.Scope) access.Role {
			r := readerRole("reader")
			r.Permissions = []access.Permission{{Verb: verb, Kind: kind, Scope: scope}}
			return r
		}
		nameless := readerRole("reader")
		nameless.Name = " "
		for field, role := range map[string]access.Role{
			"key": readerRole("Not a key"), "name": nameless,
		} {
			_, err := w.Roles.Create(w.System(), role)
			if f := apperr.FieldsOf(err); len(f) != 1 || f[0].Name != field {
				t.Errorf("%s: %v", field, err)
			}
		}
		for name, role := range map[string]access.Role{
			"unknown verb":            permission("fly", "*", access.ScopeAll),
			"no kind":                 permission(access.View, "", access.ScopeAll),
			"unknown scope":           permission(access.View, "*", "planet"),
			"kind where there's none": permission(access.ManageRoles, "incident", access.ScopeAll),
			"scope that doesn't fit":  permission(access.ManageRoles, "*", access.ScopeOwn),
			"built-in key":            readerRole("agent"),
		} {
			if _, err := w.Roles.Create(w.System(), role); !apperr.Is(err, apperr.Invalid) {
				t.Errorf("%s: %v", name, err)
			}
		}
		if _, err := w.Roles.Update(w.System(), readerRole("agent")); !apperr.Is(err, apperr.Invalid) {
			t.Errorf("a built-in role was changed: %v", err)
		}
		if err := w.Roles.Delete(w.System(), "agent", 0); !apperr.Is(err, apperr.Invalid) {
			t.Errorf("a built-in role was deleted: %v", err)
		}
	})
}

func TestOnlyRoleManagersTouchRoles(t *testing.T) {
	t.Parallel()
	coretest.Each(t, func(t *testing.T, w *coretest.World) {
		agent := w.Person("Agent", 0, access.RoleAgent)
		other := w.Person("Other", 0, access.RoleAuditor)
		g := w.Group("G", 0, other)
		ctx := w.As(agent)
		for name, err := range map[string]error{
			"create":            second(w.Roles.Create(ctx, readerRole("r"))),
			"update":            second(w.Roles.Update(ctx, readerRole("r"))),
			"delete":            w.Roles.Delete(ctx, "r", 1),
			"grant":             w.Roles.GrantToPerson(ctx, agent, access.RoleAdministrator, 0),
			"grant to group":    w.Roles.GrantToGroup(ctx, g, access.RoleAdministrator, 0),
			"revoke":            w.Roles.RevokeFromPerson(ctx, other, access.RoleAuditor, 0),
			"revoke from group": w.Roles.RevokeFromGroup(ctx, g, access.RoleAuditor, 0),
			"others' roles":     second(w.Roles.HeldBy(ctx, other)),
			"a group's roles":   second(w.Roles.GivenBy(ctx, g)),
			"holders":           second(w.Roles.HoldingPersons(ctx, access.RoleAgent, lookup.Cursor{}, 0)),
			"counts":            second(w.Roles.Counts(ctx)),
		} {
			if !apperr.Is(err, apperr.Forbidden) {
				t.Errorf("%s: %v", name, err)
			}
		}
		if held, err := w.Roles.HeldBy(ctx, agent); err != nil || len(held) != 1 {
			t.Errorf("one's own roles: %v %v", held, err)
		}
	})
}

func second[T any](_ T, err error) error { return err }

func TestWhoHoldsWhat(t *testing.T) {
	t.Parallel()
	coretest.Each(t, func(t *testing.T, w *coretest.World) {
		ctx := w.System()
		client := w.Organisation(people.Customer, "Client", 0)
		a, b := w.Person("A", client, access.RoleAgent), w.Person("B", client, access.RoleAgent)
		g := w.Group("Agents", 0, a)
		for range 2 { // the second time changes nothing
			if err := w.Roles.GrantToGroup(ctx, g, access.RoleAgent, 0); err != nil {
				t.Fatal(err)
			}
			if err := w.Roles.GrantToPerson(ctx, a, access.RoleRelationshipManager, client); err != nil {
				t.Fatal(err)
			}
		}
		held, err := w.Roles.HeldBy(ctx, a)
		want := []roles.Assignment{
			{RoleKey: access.RoleAgent, RoleName: "Agent"},
			{RoleKey: access.RoleAgent, RoleName: "Agent", GroupID: g, GroupName: "Agents"},
			{RoleKey: access.RoleRelationshipManager, RoleName: "Relationship manager", OrganisationID: client, OrganisationName: "Client"},
		}
		if diff := cmp.Diff(want, held); err != nil || diff != "" {
			t.Error(err, diff)
		}
		persons, err := w.Roles.HoldingPersons(ctx, access.RoleAgent, lookup.Cursor{}, 1)
		if err != nil || len(persons.Items) != 1 || persons.Items[0].ID != a {
			t.Fatalf("%+v %v", persons, err)
		}
		persons, err = w.Roles.HoldingPersons(ctx, access.RoleAgent, persons.Next, 1)
		if err != nil || len(persons.Items) != 1 || persons.Items[0].ID != b || persons.Next != (lookup.Cursor{}) {
			t.Errorf("%+v %v", persons, err)
		}
		groups, err := w.Roles.HoldingGroups(ctx, access.RoleAgent, lookup.Cursor{}, 0)
		if err != nil || len(groups.Items) != 1 || groups.Items[0].ID != g {
			t.Errorf("%+v %v", groups, err)
		}
		counts, err := w.Roles.Counts(ctx)
		if diff := cmp.Diff(map[string]int{access.RoleAgent: 3, access.RoleRelationshipManager: 1}, counts); err != nil || diff != "" {
			t.Error(err, diff)
		}
		for field, err := range map[string]error{
			"role":         w.Roles.GrantToPerson(ctx, a, "pilot", 0),
			"person":       w.Roles.GrantToPerson(ctx, 4711, access.RoleAgent, 0),
			"group":        w.Roles.GrantToGroup(ctx, 4711, access.RoleAgent, 0),
			"organisation": w.Roles.GrantToPerson(ctx, a, access.RoleAgent, 4711),
		} {
			if f := apperr.FieldsOf(err); len(f) != 1 || f[0].Name != field {
				t.Errorf("%s: %v", field, err)
			}
		}
	})
}

func TestAdministratorsCannotDismissEachOtherAtOnce(t *testing.T) {
	t.Parallel()
	coretest.Each(t, func(t *testing.T, w *coretest.World) {
		a, b := w.Person("A", 0, access.RoleAdministrator), w.Person("B", 0, access.RoleAdministrator)
		asA, asB := w.As(a), w.As(b)
		var wg sync.WaitGroup
		errs := make([]error, 2)
		wg.Go(func() { errs[0] = w.Roles.RevokeFromPerson(asA, b, access.RoleAdministrator, 0) })
		wg.Go(func() { errs[1] = w.Roles.RevokeFromPerson(asB, a, access.RoleAdministrator, 0) })
		wg.Wait()
		if (errs[0] == nil) == (errs[1] == nil) {
			t.Errorf("exactly one may be dismissed: %v", errs)
		}
	})
}

func TestRoleThatMakesAdministratorsKeepsIt(t *testing.T) {
	t.Parallel()
	coretest.Each(t, func(t *testing.T, w *coretest.World) {
		role := readerRole("chief")
		role.Permissions = []access.Permission{{Verb: access.ManageRoles, Kind: access.AnyKind, Scope: access.ScopeAll}}
		made, err := w.Roles.Create(w.System(), role)
		if err != nil {
			t.Fatal(err)
		}
		w.Person("Chief", 0, "chief")
		made.Permissions = nil
		if _, err := w.Roles.Update(w.System(), made); !apperr.Is(err, apperr.Conflict) {
			t.Errorf("got %v", err)
		}
	})
}
