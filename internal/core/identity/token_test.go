package identity_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/audit"
	"github.com/steward-itsm/steward/internal/core/identity"
	"github.com/steward-itsm/steward/internal/core/people"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/database"
	"github.com/steward-itsm/steward/internal/platform/web"
)

var auditQuery = audit.Query{Limit: 100}

func TestTokenActsAsItsOwnerWithinItsLimits(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h house) {
		ann := h.user("ann", access.RoleAgent)
		ctx := h.as(h.signIn("ann"))
		made, secret, err := h.ID.CreateToken(ctx, identity.TokenInput{
			Name: " Report ", Verbs: []access.Verb{access.View}, Kinds: []string{"incident"}, Expires: h.Clock.Now().Add(time.Hour),
		})
		if err != nil || !strings.HasPrefix(secret, "stw_") || len(secret) != 47 || made.Name != "Report" || !strings.HasPrefix(secret, made.Hint) {
			t.Fatalf("%+v %q %v", made, secret, err)
		}
		counted, counter := database.WithCounter(t.Context())
		a := h.ask(func(r *http.Request) { bearer(secret)(r); *r = *r.WithContext(counted) })
		if a.err != nil || a.actor.ID != ann || a.current.TokenID != made.ID || counter.N() != 1 {
			t.Fatalf("%+v %v %v", a.current, a.err, counter.Queries())
		}
		if !a.actor.Can(access.View, "incident") || a.actor.Can(access.View, "request") || a.actor.Can(access.Edit, "incident") ||
			a.actor.Can(access.ViewPeople, access.AnyKind) {
			t.Error("the token does not keep to its limits")
		}
		// Verbs the owner does not have stay out of reach.
		_, wide, err := h.ID.CreateToken(ctx, identity.TokenInput{Name: "w", Verbs: []access.Verb{access.ManageRoles}})
		if err != nil {
			t.Fatal(err)
		}
		if h.ask(bearer(wide)).actor.Can(access.ManageRoles, access.AnyKind) {
			t.Error("a token gave its owner a right")
		}
		if err := h.ID.NoteSeen(t.Context()); err != nil {
			t.Fatal(err)
		}
		list, err := h.ID.Tokens(ctx, ann)
		if err != nil || len(list) != 2 || list[1].UsedAt.IsZero() || list[1].ID != made.ID {
			t.Errorf("%+v %v", list, err)
		}
		h.Clock.Advance(time.Hour)
		if a := h.ask(bearer(secret)); !apperr.Is(a.err, apperr.Unauthenticated) {
			t.Errorf("after its time: %v", a.err)
		}
		if err := h.ID.RevokeToken(ctx, list[0].ID); err != nil {
			t.Fatal(err)
		}
		if a := h.ask(bearer(wide)); !apperr.Is(a.err, apperr.Unauthenticated) {
			t.Errorf("revoked: %v", a.err)
		}
		if names, err := actions(h); err != nil || names[0] != "token.revoke" || names[1] != "token.create" {
			t.Errorf("%v %v", names, err)
		}
	})
}

func TestTokensThatMakeNoSenseAreRefused(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h house) {
		h.user("ann")
		ctx := h.as(h.signIn("ann"))
		for field, in := range map[string]identity.TokenInput{
			"name":    {},
			"expires": {Name: "x", Expires: h.Clock.Now()},
			"verbs":   {Name: "x", Verbs: []access.Verb{"fly"}},
			"kinds":   {Name: "x", Kinds: []string{"*"}},
		} {
			_, _, err := h.ID.CreateToken(ctx, in)
			if f := apperr.FieldsOf(err); len(f) != 1 || f[0].Name != field {
				t.Errorf("%s: %v", field, err)
			}
		}
		_, _, err := h.ID.CreateToken(ctx, identity.TokenInput{Name: "x", Verbs: []access.Verb{access.ManagePeople}, Kinds: []string{"incident"}})
		if !apperr.Is(err, apperr.Invalid) {
			t.Errorf("product verbs with kinds: %v", err)
		}
		for _, secret := range []string{"", "stw_", "stw_guess", "x", strings.Repeat("y", 10000)} {
			if a := h.ask(bearer(secret)); !apperr.Is(a.err, apperr.Unauthenticated) {
				t.Errorf("%.20q: %v", secret, a.err)
			}
		}
	})
}

func TestTokenCannotMakeTokensNorTouchTheAccount(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h house) {
		ann := h.user("ann", access.RoleAdministrator)
		made, secret, err := h.ID.CreateToken(h.as(h.signIn("ann")), identity.TokenInput{Name: "x"})
		if err != nil {
			t.Fatal(err)
		}
		a := h.ask(bearer(secret))
		ctx := identity.With(access.With(t.Context(), a.actor), a.current)
		for name, err := range map[string]error{
			"make a token":    onlyErr(h.ID.CreateToken(ctx, identity.TokenInput{Name: "y"})),
			"revoke itself":   h.ID.RevokeToken(ctx, made.ID),
			"change password": h.ID.ChangePassword(ctx, password, "another long secret", home.Address),
			"reset password":  second(h.ID.ResetPassword(ctx, ann)),
			"end sessions":    h.ID.EndSessions(ctx, ann),
			"end a session":   h.ID.EndSession(ctx, 1),
			"set password":    h.ID.SetPassword(ctx, ann, "another long secret"),
		} {
			if !apperr.Is(err, apperr.Forbidden) {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
}

func TestTheCommandLineRevokesATokenItMade(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h house) {
		ann := h.user("ann")
		made, secret, err := h.ID.CreateToken(h.System(), identity.TokenInput{OwnerID: ann, Name: "x"})
		if err != nil {
			t.Fatal(err)
		}
		if err := h.ID.RevokeToken(h.System(), made.ID); err != nil {
			t.Fatal(err)
		}
		if a := h.ask(bearer(secret)); !apperr.Is(a.err, apperr.Unauthenticated) {
			t.Errorf("revoked: %v", a.err)
		}
	})
}

func TestServiceAccountWorksByTokenOnly(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h house) {
		robot, err := h.People.CreatePerson(h.System(), people.PersonInput{Name: "Robot", Email: email("robot"), Active: true, ServiceAccount: true})
		if err != nil {
			t.Fatal(err)
		}
		if err := h.Roles.GrantToPerson(h.System(), robot.ID, access.RoleAgent, 0); err != nil {
			t.Fatal(err)
		}
		h.user("admin", access.RoleAdministrator)
		_, secret, err := h.ID.CreateToken(h.as(h.signIn("admin")), identity.TokenInput{Name: "x", OwnerID: robot.ID})
		if err != nil {
			t.Fatal(err)
		}
		a := h.ask(bearer(secret))
		if a.actor.ID != robot.ID || !a.actor.Can(access.Edit, "incident") || a.actor.HasRole(access.RoleRequester) {
			t.Errorf("%+v %v", a.actor, a.err)
		}
		if err := h.ID.SetPassword(h.System(), robot.ID, password); err != nil {
			t.Fatal(err)
		}
		if _, err := h.ID.SignIn(t.Context(), email("robot"), password, home); !apperr.Is(err, apperr.Unauthenticated) {
			t.Errorf("signed in: %v", err)
		}
		if _, err := h.ID.Open(t.Context(), robot.ID, "oidc", home); !apperr.Is(err, apperr.Forbidden) {
			t.Errorf("single sign-on: %v", err)
		}
		// The command line makes tokens too.
		if _, _, err := h.ID.CreateToken(h.System(), identity.TokenInput{Name: "cli", OwnerID: robot.ID}); err != nil {
			t.Error(err)
		}
	})
}

func TestStrangersAreSentToSignInAndBack(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h house) {
		a := h.ask(func(*http.Request) {}, h.ID.Require)
		if a.w.Header().Get("Location") != "/setup" {
			t.Errorf("a new installation sends to %q", a.w.Header().Get("Location"))
		}
		h.user("admin", access.RoleAdministrator)
		a = h.ask(func(*http.Request) {}, h.ID.Require)
		if a.w.Code != http.StatusSeeOther || a.w.Header().Get("Location") != "/sign-in?next=%2Fpage%3Fq%3D1" {
			t.Errorf("%d %q", a.w.Code, a.w.Header().Get("Location"))
		}
		for name, change := range map[string]func(*http.Request){
			"a form":     func(r *http.Request) { r.Method = http.MethodPost },
			"a fragment": func(r *http.Request) { r.Header.Set("HX-Request", "true") },
		} {
			if a := h.ask(change, h.ID.Require); !apperr.Is(a.err, apperr.Unauthenticated) {
				t.Errorf("%s: %v", name, a.err)
			}
		}
		if a := h.ask(cookie(h, h.signIn("admin").Token), h.ID.Require); !a.actor.IsPerson() {
			t.Errorf("signed in: %v", a.err)
		}
	})
}

func TestAuditKnowsTheAddress(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h house) {
		h.user("admin", access.RoleAdministrator)
		o := h.signIn("admin")
		mux, err := web.NewMux(web.Options{})
		if err != nil {
			t.Fatal(err)
		}
		mux.Handle("POST /organisations", func(_ http.ResponseWriter, r *http.Request) error {
			_, err := h.People.CreateOrganisation(r.Context(), people.OrganisationInput{Kind: people.Own, Name: "O", Active: true})
			return err
		}, web.Use(h.ID.Authenticate, h.ID.Require))
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/organisations", nil)
		r.RemoteAddr = "203.0.113.9:1234"
		cookie(h, o.Token)(r)
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, r)
		records, _, err := h.Log.List(h.System(), audit.Query{Action: "organisation.create"})
		if err != nil || len(records) != 1 || records[0].Address != "203.0.113.9" || records[0].ActorName != "admin" {
			t.Errorf("%d %+v %v", w.Code, records, err)
		}
	})
}
