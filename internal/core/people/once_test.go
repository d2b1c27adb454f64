package people_test

import (
	"testing"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/coretest"
	"github.com/steward-itsm/steward/internal/core/once"
	"github.com/steward-itsm/steward/internal/core/people"
	"github.com/steward-itsm/steward/internal/core/service"
	"github.com/steward-itsm/steward/internal/platform/apperr"
)

func TestCreatingUnderAKeyHappensOnce(t *testing.T) {
	t.Parallel()
	coretest.Each(t, func(t *testing.T, w *coretest.World) {
		admin := w.As(w.Person("Admin", 0, access.RoleAdministrator))
		role := access.Role{Key: "reader", Name: "Reader"}
		for name, create := range map[string]func() (any, error){
			"person": func() (any, error) {
				p, err := w.People.CreatePerson(once.With(admin, "p"), people.PersonInput{Name: "P", Active: true})
				return p.ID, err
			},
			"group": func() (any, error) {
				g, err := w.People.CreateGroup(once.With(admin, "g"), people.GroupInput{Name: "G", Active: true})
				return g.ID, err
			},
			"organisation": func() (any, error) {
				o, err := w.People.CreateOrganisation(once.With(admin, "o"), people.OrganisationInput{Kind: people.Own, Name: "O", Active: true})
				return o.ID, err
			},
			"service": func() (any, error) {
				s, err := w.Services.Create(once.With(admin, "s"), service.Input{Name: "S", Criticality: 1, Stage: service.Live})
				return s.ID, err
			},
			"role": func() (any, error) {
				r, err := w.Roles.Create(once.With(admin, "r"), role)
				return r.Version, err
			},
		} {
			first, err1 := create()
			again, err2 := create()
			if err1 != nil || err2 != nil || first != again {
				t.Errorf("%s: %v %v, then %v %v", name, first, err1, again, err2)
			}
		}
		_, err := w.People.CreateGroup(once.With(admin, "p"), people.GroupInput{Name: "Other", Active: true})
		if !apperr.Is(err, apperr.Conflict) {
			t.Errorf("a person's key for a group: %v", err)
		}
	})
}
