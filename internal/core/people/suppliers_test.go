package people_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/steward-itsm/steward/internal/core/coretest"
	"github.com/steward-itsm/steward/internal/core/people"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/database"
)

func TestWhoseGroupItWasThen(t *testing.T) {
	t.Parallel()
	coretest.Each(t, func(t *testing.T, w *coretest.World) {
		company := w.Organisation(people.Own, "Halden", 0)
		wire := w.Organisation(people.Supplier, "Wireworks", 0)
		other := w.Organisation(people.Supplier, "Nordnet", 0)
		unit := w.Organisation(people.Unit, "Field", wire)
		names := map[int64]string{wire: "Wireworks", other: "Nordnet", unit: "Field", 0: "ours"}
		group := w.Group("Field service", company)
		start := w.Clock.Now()
		at := func(hours int) time.Time { return start.Add(time.Duration(hours) * time.Hour) }
		home := func(organisation int64, since *time.Time) error {
			t.Helper()
			g, err := w.People.Group(w.System(), group)
			if err != nil {
				t.Fatal(err)
			}
			g.OrganisationID, g.Since = organisation, since
			_, err = w.People.UpdateGroup(w.System(), group, g.Version, g.GroupInput)
			return err
		}
		was := func(hours ...int) []string {
			t.Helper()
			then, err := w.People.SuppliersThen(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			var out []string
			for _, h := range hours {
				supplier, until := then(group, at(h))
				if until.IsZero() {
					out = append(out, names[supplier])
				} else {
					out = append(out, names[supplier]+" for "+until.Sub(at(h)).String())
				}
			}
			return out
		}
		expect := func(what string, err error, want []string, hours ...int) {
			t.Helper()
			if diff := cmp.Diff(want, was(hours...)); diff != "" || err != nil {
				t.Errorf("%s: %v %s", what, err, diff)
			}
		}
		expect("at first", nil, []string{"ours", "ours"}, -10, 5)
		w.Clock.Advance(10 * time.Hour)
		expect("handed over now", home(unit, nil), []string{"ours for 20h0m0s", "ours for 1h0m0s", "Wireworks"}, -10, 9, 10)
		w.Clock.Advance(10 * time.Hour)
		before := at(15)
		expect("handed on, as of some hours ago", home(other, &before), []string{"ours for 1h0m0s", "Wireworks for 1h0m0s", "Nordnet"}, 9, 14, 15)
		earlier := at(12)
		expect("the same move, at another instant", home(other, &earlier), []string{"Wireworks for 2h0m0s", "Nordnet", "Nordnet"}, 10, 12, 14)
		late := at(40)
		if err := home(other, &late); apperr.KindOf(err) != apperr.Invalid {
			t.Errorf("an instant to come: %v", err)
		}
		before = at(5)
		expect("from before the first move", home(unit, &before), []string{"ours for 1h0m0s", "Wireworks"}, 4, 5)
		expect("always: a mistake", home(unit, &time.Time{}), []string{"Wireworks", "Wireworks"}, -10, 19)

		w.Clock.Advance(10 * time.Hour)
		o, err := w.People.Organisation(w.System(), unit)
		if err != nil {
			t.Fatal(err)
		}
		o.ParentID = other
		o, err = w.People.UpdateOrganisation(w.System(), unit, o.Version, o.OrganisationInput)
		expect("the unit moves", err, []string{"Wireworks for 1h0m0s", "Nordnet"}, 29, 30)
		w.Clock.Advance(10 * time.Hour)
		o.Kind = people.Supplier
		_, err = w.People.UpdateOrganisation(w.System(), unit, o.Version, o.OrganisationInput)
		expect("the unit becomes a supplier of its own", err, []string{"Wireworks for 1h0m0s", "Nordnet for 10h0m0s", "Field"}, 29, 30, 40)
	})
}

func TestAGroupThatGetsAHomeHadItAlways(t *testing.T) {
	t.Parallel()
	coretest.Each(t, func(t *testing.T, w *coretest.World) {
		wire := w.Organisation(people.Supplier, "Wireworks", 0)
		group := w.Group("Field service", 0)
		told := 0
		w.People.FollowMoves(func(_ context.Context, _ *database.Tx, from time.Time) error {
			told++
			if !from.IsZero() {
				t.Errorf("from %s on", from)
			}
			return nil
		})
		start := w.Clock.Now()
		w.Clock.Advance(time.Hour)
		g, err := w.People.Group(w.System(), group)
		if err != nil {
			t.Fatal(err)
		}
		g.OrganisationID = wire
		if g, err = w.People.UpdateGroup(w.System(), group, g.Version, g.GroupInput); err != nil || !g.HomeSince.IsZero() {
			t.Fatal(g.HomeSince, err)
		}
		g.Name = "Field"
		if _, err = w.People.UpdateGroup(w.System(), group, g.Version, g.GroupInput); err != nil {
			t.Fatal(err)
		}
		then, err := w.People.SuppliersThen(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if supplier, until := then(group, start); supplier != wire || !until.IsZero() || told != 1 {
			t.Errorf("supplier %d until %s, told %d times", supplier, until, told)
		}
	})
}
