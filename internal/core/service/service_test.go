package service_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/coretest"
	"github.com/steward-itsm/steward/internal/core/people"
	"github.com/steward-itsm/steward/internal/core/service"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/database"
)

func input(name string) service.Input {
	return service.Input{Name: name, Criticality: service.DefaultCriticality, Stage: service.Live}
}

func TestServiceIsSavedWhole(t *testing.T) {
	t.Parallel()
	coretest.Each(t, func(t *testing.T, w *coretest.World) {
		o := w.Organisation(people.Supplier, "Cloud", 0)
		p, q := w.Person("Owner", 0), w.Person("Payer", 0)
		in := service.Input{
			Name: "Payroll", Description: "Pays people", OwnerID: p, BusinessOwnerID: q, Criticality: 1, MissionCritical: true, Stage: service.Planned,
			ProviderID: o, SupportGroupID: w.Group("Desk", o), ParentID: w.Service("HR", p),
		}
		made, err := w.Services.Create(w.System(), in)
		if err != nil {
			t.Fatal(err)
		}
		in.Stage = service.Live
		if _, err := w.Services.Update(w.System(), made.ID, 1, in); err != nil {
			t.Fatal(err)
		}
		got, err := w.Services.Get(w.System(), made.ID)
		if diff := cmp.Diff(in, got.Input); err != nil || diff != "" || got.Version != 2 {
			t.Error(err, diff)
		}
		_, err = w.Services.Update(w.System(), made.ID, 1, in)
		var e *apperr.Error
		if !errors.As(err, &e) || e.Kind != apperr.Conflict || e.Detail.(service.Service).Version != 2 {
			t.Errorf("a stale save: %v", err)
		}
		group, err := w.Services.SupportGroup(t.Context(), w.DB.Reader(), made.ID)
		if err != nil || group != in.SupportGroupID {
			t.Errorf("%d %v", group, err)
		}
	})
}

func TestServiceInputIsChecked(t *testing.T) {
	t.Parallel()
	coretest.Each(t, func(t *testing.T, w *coretest.World) {
		parent := w.Service("Parent", 0)
		with := func(change func(*service.Input)) service.Input {
			in := input("X")
			change(&in)
			return in
		}
		for field, in := range map[string]service.Input{
			"name":           input(" PARENT "),
			"criticality":    with(func(in *service.Input) { in.Criticality = 5 }),
			"stage":          with(func(in *service.Input) { in.Stage = "new" }),
			"owner":          with(func(in *service.Input) { in.OwnerID = 4711 }),
			"business_owner": with(func(in *service.Input) { in.BusinessOwnerID = 4711 }),
			"provider":       with(func(in *service.Input) { in.ProviderID = 4711 }),
			"support_group":  with(func(in *service.Input) { in.SupportGroupID = 4711 }),
			"parent":         with(func(in *service.Input) { in.ParentID = 4711 }),
		} {
			_, err := w.Services.Create(w.System(), in)
			if f := apperr.FieldsOf(err); len(f) != 1 || f[0].Name != field {
				t.Errorf("%s: %v", field, err)
			}
		}
		child, err := w.Services.Create(w.System(), with(func(in *service.Input) { in.ParentID = parent }))
		if err != nil {
			t.Fatal(err)
		}
		circle := input("Parent")
		circle.ParentID = child.ID
		if _, err := w.Services.Update(w.System(), parent, 1, circle); !apperr.Is(err, apperr.Invalid) {
			t.Errorf("a service became a part of itself: %v", err)
		}
	})
}

func TestOwnerWhoLeftDoesNotBlockOtherEdits(t *testing.T) {
	t.Parallel()
	coretest.Each(t, func(t *testing.T, w *coretest.World) {
		owner := w.Person("Owner", 0)
		id := w.Service("S", owner)
		if _, err := w.People.UpdatePerson(w.System(), owner, 1, people.PersonInput{Name: "Owner"}); err != nil {
			t.Fatal(err)
		}
		in := input("Renamed")
		in.OwnerID = owner
		if _, err := w.Services.Update(w.System(), id, 1, in); err != nil {
			t.Error(err)
		}
	})
}

func TestWhoReadsAndWhoChangesServices(t *testing.T) {
	t.Parallel()
	coretest.Each(t, func(t *testing.T, w *coretest.World) {
		company := w.Organisation(people.Own, "Company", 0)
		owner := w.Person("Owner", company, access.RoleServiceOwner)
		mine, other := w.Service("Mine", owner), w.Service("Other", 0)
		outsider := w.Person("Outsider", w.Organisation(people.Supplier, "Supplier", 0), access.RoleSupplierAgent)
		requester := w.Person("Requester", company)

		in := input("Mine!")
		in.OwnerID = owner
		if _, err := w.Services.Update(w.As(owner), mine, 1, in); err != nil {
			t.Errorf("the owner: %v", err)
		}
		for name, err := range map[string]error{
			"owner edits another's":  second(w.Services.Update(w.As(owner), other, 1, input("X"))),
			"owner creates":          second(w.Services.Create(w.As(owner), input("X"))),
			"requester edits":        second(w.Services.Update(w.As(requester), mine, 2, input("X"))),
			"supplier's agent reads": second(w.Services.Get(w.As(outsider), mine)),
			"supplier's agent lists": second(w.Services.List(w.As(outsider), service.Query{})),
			"supplier's agent types": second(w.Services.Suggest(w.As(outsider), "")),
		} {
			if !apperr.Is(err, apperr.Forbidden) {
				t.Errorf("%s: %v", name, err)
			}
		}
		if list, err := w.Services.List(w.As(requester), service.Query{Text: "mine"}); err != nil || len(list.Items) != 1 {
			t.Errorf("%v %v", list, err)
		}
	})
}

func second[T any](_ T, err error) error { return err }

func TestListsNarrowAndSuggestionsAreInUse(t *testing.T) {
	t.Parallel()
	coretest.Each(t, func(t *testing.T, w *coretest.World) {
		owner := w.Person("Owner", 0)
		for _, stage := range service.Stages() {
			in := input("Mail " + string(stage))
			in.Stage, in.OwnerID = stage, owner
			if _, err := w.Services.Create(w.System(), in); err != nil {
				t.Fatal(err)
			}
		}
		names := func(q service.Query) (out []string) {
			page, err := w.Services.List(w.System(), q)
			if err != nil {
				t.Fatal(err)
			}
			for _, s := range page.Items {
				out = append(out, s.Name)
			}
			return out
		}
		for name, c := range map[string]struct {
			q    service.Query
			want []string
		}{
			"all":      {service.Query{Owner: owner}, []string{"Mail live", "Mail planned", "Mail retired", "Mail retiring"}},
			"in use":   {service.Query{InUse: true}, []string{"Mail live", "Mail retiring"}},
			"stage":    {service.Query{Stage: service.Retired}, []string{"Mail retired"}},
			"text":     {service.Query{Text: "ma reti"}, []string{"Mail retired", "Mail retiring"}},
			"provider": {service.Query{Provider: 1}, nil},
			"parent":   {service.Query{Parent: 1}, nil},
		} {
			if diff := cmp.Diff(c.want, names(c.q)); diff != "" {
				t.Errorf("%s: %s", name, diff)
			}
		}
		hints, err := w.Services.Suggest(w.System(), "mail")
		if err != nil || len(hints) != 2 || hints[0].Name != "Mail live" {
			t.Errorf("%v %v", hints, err)
		}
		found, err := w.Services.Names(t.Context(), w.DB.Reader(), []int64{hints[0].ID, 0, 4711})
		if diff := cmp.Diff(map[int64]string{hints[0].ID: "Mail live"}, found); err != nil || diff != "" {
			t.Error(err, diff)
		}
	})
}

func TestImportedServicesExistOnce(t *testing.T) {
	t.Parallel()
	coretest.Each(t, func(t *testing.T, w *coretest.World) {
		named := w.Service("Mail", 0)
		ctx := access.With(t.Context(), access.NewImporter("log"))
		for range 2 {
			err := w.DB.Write(ctx, func(tx *database.Tx) error {
				ids, err := w.Services.Ensure(ctx, tx, "log", []service.Seed{
					{Ref: "1", Input: input("MAIL")}, {Ref: "2", Input: input("Print")}, {Ref: "3", Input: input("print")},
				})
				if err == nil && (ids["1"] != named || ids["2"] == 0 || ids["2"] != ids["3"]) {
					t.Errorf("%v", ids)
				}
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		if page, err := w.Services.List(w.System(), service.Query{}); err != nil || len(page.Items) != 2 {
			t.Errorf("%v %v", page.Items, err)
		}
	})
}

func TestServicesForWhichNobodyAnswersAreFound(t *testing.T) {
	t.Parallel()
	coretest.Each(t, func(t *testing.T, w *coretest.World) {
		owner, gone := w.Person("Owner", 0), w.Person("Gone", 0)
		owned, alone, left := w.Service("Mail", owner), w.Service("Archive", 0), w.Service("Fax", gone)
		p, err := w.People.Person(w.System(), gone)
		if err != nil {
			t.Fatal(err)
		}
		p.Active = false
		if _, err := w.People.UpdatePerson(w.System(), gone, p.Version, p.PersonInput); err != nil {
			t.Fatal(err)
		}
		retired := input("Telex")
		retired.Stage = service.Retired
		if _, err := w.Services.Create(w.System(), retired); err != nil {
			t.Fatal(err)
		}
		page, err := w.Services.List(w.System(), service.Query{Unowned: true})
		if err != nil || len(page.Items) != 2 || page.Items[0].ID != alone || page.Items[1].ID != left {
			t.Errorf("%+v %v", page.Items, err)
		}
		if n, err := w.Services.Unowned(w.System()); n != 2 || err != nil {
			t.Errorf("%d %v", n, err)
		}
		found, err := w.Services.Owners(t.Context(), w.DB.Reader(), []int64{owned, left, alone, 4711})
		want := []service.Owned{{alone, "Archive", service.Live, 0}, {left, "Fax", service.Live, 0}, {owned, "Mail", service.Live, owner}}
		if diff := cmp.Diff(want, found); diff != "" || err != nil {
			t.Error(diff, err)
		}
		reached, err := w.People.Answerables(t.Context(), w.DB.Reader(), []int64{owner, gone, 0})
		if err != nil || len(reached) != 1 || reached[owner].Name != "Owner" {
			t.Errorf("%+v %v", reached, err)
		}
	})
}
