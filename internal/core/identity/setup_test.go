package identity_test

import (
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/identity"
	"github.com/steward-itsm/steward/internal/core/people"
	"github.com/steward-itsm/steward/internal/platform/apperr"
)

func TestFirstAdministratorNeedsThePrintedCode(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h house) {
		ctx := t.Context()
		old, err := h.ID.SetupCode(ctx)
		if err != nil || len(old) != 19 {
			t.Fatal(old, err)
		}
		code, err := h.ID.SetupCode(ctx) // the program was started again
		if err != nil || code == old {
			t.Fatal(code, err)
		}
		in := identity.FirstRun{Code: old, Organisation: "Example Ltd", Name: "Ada", Email: "ada@example.com", Password: password}
		wrong := func(field string) {
			t.Helper()
			_, err := h.ID.CompleteSetup(ctx, in, home)
			if f := apperr.FieldsOf(err); len(f) != 1 || f[0].Name != field {
				t.Errorf("%s: %v", field, err)
			}
		}
		wrong("code")
		in.Code = ""
		wrong("code")
		in.Code = strings.ToLower(strings.ReplaceAll(code, "-", " "))
		in.Password = "short"
		wrong("password")
		in.Password, in.Email = password, ""
		wrong("email")
		in.Email, in.Organisation = "ada@example.com", ""
		wrong("organisation")
		in.Organisation, in.Name = "Example Ltd", ""
		wrong("name")
		in.Name = "Ada"
		o, err := h.ID.CompleteSetup(ctx, in, home)
		if err != nil {
			t.Fatal(err)
		}
		a := h.ask(cookie(h, o.Token))
		if !a.actor.HasRole(access.RoleAdministrator) || a.actor.OrganisationID == 0 {
			t.Errorf("%+v", a.actor)
		}
		if needed, err := h.ID.NeedsSetup(ctx); needed || err != nil {
			t.Error(needed, err)
		}
		if code, err := h.ID.SetupCode(ctx); code != "" || err != nil {
			t.Error(code, err)
		}
		if _, err := h.ID.CompleteSetup(ctx, in, home); !apperr.Is(err, apperr.Conflict) {
			t.Errorf("a second time: %v", err)
		}
	})
}

func TestOnlyOneBecomesTheFirstAdministrator(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h house) {
		code, err := h.ID.SetupCode(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		errs := make([]error, 2)
		var wg sync.WaitGroup
		for i, name := range []string{"one", "two"} {
			wg.Go(func() {
				in := identity.FirstRun{Code: code, Organisation: "X", Name: name, Email: email(name), Password: password}
				_, errs[i] = h.ID.CompleteSetup(t.Context(), in, identity.Origin{})
			})
		}
		wg.Wait()
		if (errs[0] == nil) == (errs[1] == nil) || !apperr.Is(errs[0], apperr.Conflict) && !apperr.Is(errs[1], apperr.Conflict) {
			t.Errorf("%v", errs)
		}
		page, err := h.People.Organisations(h.System(), people.OrganisationQuery{})
		if err != nil || len(page.Items) != 1 {
			t.Errorf("%v %v", page.Items, err)
		}
	})
}

// The first look of the second one still finds nobody, the next one no code.
func TestWhoeverIsTooLateIsToldSo(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h house) {
		code, err := h.ID.SetupCode(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		in := identity.FirstRun{Code: code, Organisation: "Example Ltd", Name: "Ada", Email: "ada@example.com", Password: password}
		first := sync.OnceFunc(func() {
			if _, err := h.ID.CompleteSetup(t.Context(), in, home); err != nil {
				t.Error(err)
			}
		})
		late := identity.New(identity.Deps{
			DB: h.DB, People: h.People, Roles: h.Roles, Actors: h.Actors, Audit: h.Log, Options: identity.Options{Cost: cheap},
			Clock: func() time.Time { first(); return h.Clock.Now() }, // read before the code is
		})
		t.Cleanup(late.Close)
		if _, err := late.CompleteSetup(t.Context(), in, home); !apperr.Is(err, apperr.Conflict) {
			t.Errorf("%v", err)
		}
	})
}

func TestGuessingTheSetupCodeIsSlowedDown(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h house) {
		if _, err := h.ID.SetupCode(t.Context()); err != nil {
			t.Fatal(err)
		}
		var err error
		for range 51 {
			_, err = h.ID.CompleteSetup(t.Context(), identity.FirstRun{Code: "GUESS"}, home)
		}
		if !apperr.Is(err, apperr.TooMany) {
			t.Errorf("got %v", err)
		}
	})
}
