package people_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/coretest"
	"github.com/steward-itsm/steward/internal/core/people"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/database"
)

// under sets somebody's manager.
func under(w *coretest.World, person, manager int64) error {
	p, err := w.People.Person(w.System(), person)
	if err != nil {
		return err
	}
	p.ManagerID = manager
	_, err = w.People.UpdatePerson(w.System(), person, p.Version, p.PersonInput)
	return err
}

func TestManagersStandInALineAndNeverInACircle(t *testing.T) {
	t.Parallel()
	coretest.Each(t, func(t *testing.T, w *coretest.World) {
		ana, lea, head, gone := w.Person("Ana", 0), w.Person("Lea", 0), w.Person("Head", 0), w.Person("Gone", 0)
		for _, pair := range [][2]int64{{ana, lea}, {lea, gone}, {gone, head}} {
			if err := under(w, pair[0], pair[1]); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := w.People.UpdatePerson(w.System(), gone, 2, people.PersonInput{Name: "Gone", ManagerID: head}); err != nil {
			t.Fatal(err)
		}
		line, err := w.People.Managers(t.Context(), w.DB.Reader(), ana, 5)
		if diff := cmp.Diff([]int64{lea, 0, head}, line); err != nil || diff != "" {
			t.Error(err, diff)
		}
		if line, err := w.People.Managers(t.Context(), w.DB.Reader(), ana, 1); err != nil || !slices.Equal(line, []int64{lea}) {
			t.Error(line, err)
		}
		for name, c := range map[string]struct {
			person, manager int64
			want            string
		}{
			"herself":            {ana, ana, "Nobody is their own manager."},
			"somebody below":     {head, ana, "Ana is below Head already."},
			"nobody":             {ana, 12, "This person does not exist."},
			"somebody who left":  {ana, gone, "Gone is no longer active."},
			"the one below them": {lea, ana, "Ana is below Lea already."},
		} {
			if got := apperr.ByField(t.Context(), under(w, c.person, c.manager))["manager"]; got != c.want {
				t.Errorf("%s: %q, want %q", name, got, c.want)
			}
		}
		if err := under(w, ana, 0); err != nil {
			t.Error(err)
		}
		if _, err := w.People.CreatePerson(w.System(), people.PersonInput{Name: "New", Active: true, ManagerID: ana}); err != nil {
			t.Error(err)
		}
	})
}

func TestImportedPeopleKeepTheirManagers(t *testing.T) {
	t.Parallel()
	coretest.Each(t, func(t *testing.T, w *coretest.World) {
		seed := func(ref, manager string) people.PersonSeed {
			return people.PersonSeed{Ref: ref, ManagerRef: manager, PersonInput: people.PersonInput{Name: "P " + ref, Active: true}}
		}
		var ids map[string]int64
		err := w.DB.Write(w.System(), func(tx *database.Tx) (err error) {
			ids, err = w.People.EnsurePersons(w.System(), tx, "hr", []people.PersonSeed{seed("1", "2"), seed("2", "3"), seed("3", ""), seed("a", "b"), seed("b", "a"), seed("x", "missing")})
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		line, err := w.People.Managers(t.Context(), w.DB.Reader(), ids["1"], 9)
		if diff := cmp.Diff([]int64{ids["2"], ids["3"]}, line); err != nil || diff != "" {
			t.Error(err, diff)
		}
		above := 0
		for _, ref := range []string{"a", "b", "x"} {
			line, err := w.People.Managers(t.Context(), w.DB.Reader(), ids[ref], 9)
			if err != nil || len(line) > 1 {
				t.Errorf("%s: %v %v", ref, line, err)
			}
			above += len(line)
		}
		if above != 1 {
			t.Errorf("of a circle %d remain", above)
		}
		admin := w.Person("Adam", 0, access.RoleAdministrator)
		if p, err := w.People.Person(w.As(admin), ids["1"]); err != nil || p.ManagerID != ids["2"] {
			t.Error(p, err)
		}
	})
}
