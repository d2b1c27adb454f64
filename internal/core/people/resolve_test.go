package people_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/coretest"
	"github.com/steward-itsm/steward/internal/core/people"
)

func TestNamesInFiltersFindOnlyWhatTheReaderMayLookUp(t *testing.T) {
	t.Parallel()
	coretest.Each(t, func(t *testing.T, w *coretest.World) {
		company := w.Organisation(people.Own, "Company", 0)
		unit := w.Organisation(people.Unit, "Unit", company)
		ann := w.Person("Ann Émile", unit)
		second := w.Person("ann emile", company)
		g := w.Group("Network", company)
		agent, requester := w.Person("Agent", company, access.RoleAgent), w.Person("Requester", company)
		q := w.DB.Reader()

		found, err := w.People.PersonsCalled(w.As(agent), q, []string{"ANN EMILE", "nobody"})
		if diff := cmp.Diff(map[string][]int64{"ANN EMILE": {ann, second}, "nobody": nil}, found); err != nil || diff != "" {
			t.Error(err, diff)
		}
		groups, err := w.People.GroupsCalled(w.As(agent), q, []string{"network"})
		if diff := cmp.Diff(map[string][]int64{"network": {g}}, groups); err != nil || diff != "" {
			t.Error(err, diff)
		}
		orgs, err := w.People.OrganisationsCalled(w.As(agent), q, []string{"company"})
		if diff := cmp.Diff(map[string][]int64{"company": {company, unit}}, orgs); err != nil || diff != "" {
			t.Error(err, diff)
		}
		found, err = w.People.PersonsCalled(w.As(requester), q, []string{"ann emile", "Requester"})
		if diff := cmp.Diff(map[string][]int64{"ann emile": nil, "Requester": {requester}}, found); err != nil || diff != "" {
			t.Error(err, diff)
		}
		groups, err = w.People.GroupsCalled(w.As(requester), q, []string{"network"})
		if err != nil || len(groups["network"]) != 0 {
			t.Error(err, groups)
		}
	})
}
