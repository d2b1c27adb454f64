package identity_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/coretest"
	"github.com/steward-itsm/steward/internal/core/identity"
	"github.com/steward-itsm/steward/internal/core/people"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/database"
)

func TestSessionEndsUnusedOrOld(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h house) {
		h.user("ann")
		idle, used := h.signIn("ann"), h.signIn("ann")
		for days := 6; days <= 30; days += 6 {
			h.Clock.Advance(6 * 24 * time.Hour)
			if alive := h.signedIn(used); alive != (days < 30) {
				t.Errorf("the used session after %d days: %v", days, alive)
			}
			if err := h.ID.NoteSeen(t.Context()); err != nil {
				t.Fatal(err)
			}
			if days == 12 && h.signedIn(idle) {
				t.Error("a session lives on unused")
			}
		}
		if err := h.ID.Purge(t.Context()); err != nil {
			t.Fatal(err)
		}
		if n := count(t, h, "sessions"); n != 0 {
			t.Errorf("%d dead sessions are kept", n)
		}
	})
}

func count(t *testing.T, h house, table string) int {
	t.Helper()
	n, err := database.One(t.Context(), h.DB.Reader(), database.Scalar[int], "SELECT COUNT(*) FROM "+table)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestRequestCostsNoQuery(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h house) {
		h.user("ann")
		o := h.signIn("ann")
		h.signedIn(o) // session and actor are loaded
		h.Clock.Advance(30 * time.Second)
		ctx, counter := database.WithCounter(t.Context())
		// The notices of other nodes begin at some moment, and then everything is
		// forgotten once.
		kept := false
		for range 3 {
			before := counter.N()
			a := h.ask(func(r *http.Request) { cookie(h, o.Token)(r); *r = *r.WithContext(ctx) })
			kept = kept || a.actor.IsPerson() && counter.N() == before
		}
		if !kept {
			t.Errorf("%d queries: %v", counter.N(), counter.Queries())
		}
	})
}

func TestUseIsNotedAtMostOnceAMinute(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h house) {
		ann := h.user("ann")
		o := h.signIn("ann")
		seenAt := func() time.Time {
			t.Helper()
			if err := h.ID.NoteSeen(t.Context()); err != nil {
				t.Fatal(err)
			}
			list, err := h.ID.Sessions(h.As(ann), ann)
			if err != nil || len(list) != 1 {
				t.Fatal(list, err)
			}
			return list[0].SeenAt
		}
		first := seenAt()
		h.Clock.Advance(50 * time.Second)
		h.signedIn(o)
		if got := seenAt(); !got.Equal(first) {
			t.Errorf("noted after 50 seconds: %v", got)
		}
		h.Clock.Advance(20 * time.Second)
		h.signedIn(o)
		if got := seenAt(); !got.Equal(h.Clock.Now()) {
			t.Errorf("not noted after 70 seconds: %v", got)
		}
		h.Clock.Advance(-time.Hour)
		if !h.signedIn(o) {
			t.Error("a clock set back ends sessions")
		}
	})
}

func TestSessionsAreListedAndEndedByTheirOwnerAlone(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h house) {
		ann, bob := h.user("ann"), h.user("bob")
		admin, auditor := h.user("admin", access.RoleAdministrator), h.user("auditor", access.RoleAuditor)
		here, there, bobs := h.signIn("ann"), h.signIn("ann"), h.signIn("bob")
		ctx, asBob := h.as(here), h.as(bobs)
		list, err := h.ID.Sessions(ctx, ann)
		if err != nil || len(list) != 2 || list[0].Address != "192.0.2.1" || list[0].UserAgent != "Browser" || list[0].Method != "password" {
			t.Fatalf("%+v %v", list, err)
		}
		other := list[0].ID
		if other == identity.From(ctx).SessionID {
			other = list[1].ID
		}
		for name, err := range map[string]error{
			"bob lists":       second(h.ID.Sessions(asBob, ann)),
			"bob ends":        h.ID.EndSession(asBob, other),
			"bob ends all":    h.ID.EndSessions(asBob, ann),
			"bob's history":   onlyErr(h.ID.History(asBob, ann, identity.HistoryCursor{}, 5)),
			"a missing one":   h.ID.EndSession(asBob, 4711),
			"bob's tokens":    second(h.ID.Tokens(asBob, ann)),
			"bob asks of pw.": second(h.ID.HasPassword(asBob, ann)),
		} {
			if !apperr.Is(err, apperr.NotFound) {
				t.Errorf("%s: %v", name, err)
			}
		}
		if _, err := h.ID.Sessions(h.As(auditor), ann); err != nil {
			t.Errorf("the auditor: %v", err)
		}
		if err := h.ID.EndSession(h.As(auditor), other); !apperr.Is(err, apperr.Forbidden) {
			t.Errorf("the auditor ends one: %v", err)
		}
		if err := h.ID.EndSession(ctx, other); err != nil || h.signedIn(there) || !h.signedIn(here) {
			t.Errorf("ending one: %v", err)
		}
		third := h.signIn("ann")
		if err := h.ID.EndSessions(ctx, ann); err != nil || h.signedIn(third) || !h.signedIn(here) {
			t.Errorf("ending all others: %v", err)
		}
		if err := h.ID.EndSessions(h.As(admin), bob); err != nil || h.signedIn(bobs) {
			t.Errorf("the administrator ends bob's: %v", err)
		}
	})
}

func onlyErr[A, B any](_ A, _ B, err error) error { return err }

func TestPasswordChangeEndsAllOtherSessions(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h house) {
		h.user("ann")
		here, there := h.signIn("ann"), h.signIn("ann")
		ctx := h.as(here)
		const fresh = "a different long secret"
		for field, c := range map[string][2]string{
			"present": {"wrong", fresh}, "password": {password, "short"},
		} {
			err := h.ID.ChangePassword(ctx, c[0], c[1], home.Address)
			if f := apperr.FieldsOf(err); len(f) != 1 || f[0].Name != field {
				t.Errorf("%s: %v", field, err)
			}
		}
		if err := h.ID.ChangePassword(ctx, password, password, home.Address); !apperr.Is(err, apperr.Invalid) {
			t.Errorf("the same password: %v", err)
		}
		if err := h.ID.ChangePassword(ctx, password, fresh, home.Address); err != nil {
			t.Fatal(err)
		}
		if !h.signedIn(here) || h.signedIn(there) {
			t.Error("the wrong sessions ended")
		}
		if _, err := h.ID.SignIn(t.Context(), email("ann"), password, home); !apperr.Is(err, apperr.Unauthenticated) {
			t.Errorf("the old password: %v", err)
		}
		if _, err := h.ID.SignIn(t.Context(), email("ann"), fresh, home); err != nil {
			t.Errorf("the new password: %v", err)
		}
		for range 10 {
			_ = h.ID.ChangePassword(ctx, "guess", "yet another long secret", home.Address)
		}
		if err := h.ID.ChangePassword(ctx, fresh, "yet another long secret", home.Address); !apperr.Is(err, apperr.TooMany) {
			t.Errorf("guessing at the present password goes on: %v", err)
		}
	})
}

func TestPasswordSetBySomebodyElseMustBeChanged(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h house) {
		ann := h.user("ann")
		before := h.signIn("ann")
		h.user("admin", access.RoleAdministrator)
		admin := h.as(h.signIn("admin"))
		given, err := h.ID.ResetPassword(admin, ann)
		if err != nil || h.signedIn(before) {
			t.Fatal(given, err)
		}
		o, err := h.ID.SignIn(t.Context(), email("ann"), given, home)
		if err != nil || !o.MustChange {
			t.Fatalf("%+v %v", o, err)
		}
		a := h.ask(cookie(h, o.Token), h.ID.Require)
		if a.actor.IsPerson() || a.w.Header().Get("Location") != identity.PasswordPath {
			t.Errorf("went on to %q", a.w.Header().Get("Location"))
		}
		ctx := identity.With(h.As(ann), identity.Current{SessionID: 1, MustChange: true})
		if err := h.ID.ChangePassword(ctx, given, "a different long secret", home.Address); err != nil {
			t.Fatal(err)
		}
		records, err := actions(h)
		if err != nil || !slices.Contains(records, "person.password_reset") {
			t.Errorf("%v %v", records, err)
		}
	})
}

func TestResettingPasswordsIsNoWayUp(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h house) {
		role := access.Role{Key: "hr", Name: "HR", Permissions: []access.Permission{
			{Verb: access.ManagePeople, Kind: access.AnyKind, Scope: access.ScopeAll},
		}}
		if _, err := h.Roles.Create(h.System(), role); err != nil {
			t.Fatal(err)
		}
		admin, agent, plain := h.user("admin", access.RoleAdministrator), h.user("agent", access.RoleAgent), h.user("plain")
		h.user("hr", "hr")
		ctx := h.as(h.signIn("hr"))
		for name, c := range map[string]struct {
			person int64
			want   apperr.Kind
		}{
			"administrator": {admin, apperr.Forbidden}, "agent": {agent, apperr.Forbidden}, "requester": {plain, ""},
		} {
			if _, err := h.ID.ResetPassword(ctx, c.person); apperr.KindOf(err) != c.want {
				t.Errorf("%s: %v", name, err)
			}
			_, _, err := h.ID.CreateToken(ctx, identity.TokenInput{OwnerID: c.person, Name: "x"})
			if apperr.KindOf(err) != c.want {
				t.Errorf("a token of the %s: %v", name, err)
			}
		}
		if _, err := h.ID.ResetPassword(h.as(h.signIn("agent")), plain); !apperr.Is(err, apperr.Forbidden) {
			t.Errorf("an agent resets: %v", err)
		}
		nameless, err := h.People.CreatePerson(h.System(), people.PersonInput{Name: "N", Active: true})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := h.ID.ResetPassword(ctx, nameless.ID); !apperr.Is(err, apperr.Invalid) {
			t.Errorf("nothing to sign in with: %v", err)
		}
	})
}

func actions(h house) ([]string, error) {
	records, _, err := h.Log.List(h.System(), auditQuery)
	var out []string
	for _, r := range records {
		out = append(out, r.Action)
	}
	return out, err
}

func TestLeavingEndsSessionsAndTokens(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h house) {
		ann := h.user("ann")
		o := h.signIn("ann")
		_, secret, err := h.ID.CreateToken(h.as(o), identity.TokenInput{Name: "x"})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := h.People.UpdatePerson(h.System(), ann, 1, people.PersonInput{Name: "ann", Email: email("ann")}); err != nil {
			t.Fatal(err)
		}
		if h.signedIn(o) {
			t.Error("the session goes on")
		}
		if a := h.ask(bearer(secret)); !apperr.Is(a.err, apperr.Unauthenticated) {
			t.Errorf("the token goes on: %v", a.err)
		}
	})
}

func TestHistoryIsPagedAndForgotten(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h house) {
		ann := h.user("ann")
		for i := range 5 {
			secret := password
			if i%2 == 1 {
				secret = "wrong"
			}
			_, _ = h.ID.SignIn(t.Context(), email("ann"), secret, identity.Origin{UserAgent: fmt.Sprint("Browser ", i, strings.Repeat("x", 400))})
		}
		var seen []bool
		var place identity.HistoryCursor
		for {
			records, next, err := h.ID.History(h.As(ann), ann, place, 2)
			if err != nil {
				t.Fatal(err)
			}
			for _, r := range records {
				seen = append(seen, r.OK)
			}
			if place = next; next.ID == 0 {
				break
			}
		}
		if diff := cmp.Diff([]bool{true, false, true, false, true}, seen); diff != "" {
			t.Error(diff)
		}
		h.Clock.Advance(401 * 24 * time.Hour)
		if err := h.ID.Purge(t.Context()); err != nil {
			t.Fatal(err)
		}
		for _, table := range []string{"sign_ins", "devices", "sessions", "sign_in_failures"} {
			if n := count(t, h, table); n != 0 {
				t.Errorf("%s keeps %d rows", table, n)
			}
		}
	})
}

func TestNoSecretIsStored(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h house) {
		h.user("ann")
		o := h.signIn("ann")
		_, secret, err := h.ID.CreateToken(h.as(o), identity.TokenInput{Name: "x"})
		if err != nil {
			t.Fatal(err)
		}
		for _, query := range []string{
			"SELECT hash FROM sessions", "SELECT hash FROM devices", "SELECT hash FROM api_tokens", "SELECT hash FROM passwords",
			"SELECT counted FROM sign_in_failures", "SELECT COALESCE(before, '') || COALESCE(after, '') FROM audit_log",
		} {
			rows, err := database.All(t.Context(), h.DB.Reader(), database.Scalar[string], query)
			if err != nil {
				t.Fatal(err)
			}
			for _, row := range rows {
				for _, s := range []string{o.Token, o.Device, secret, password} {
					if strings.Contains(row, s) {
						t.Errorf("%s holds a secret", query)
					}
				}
			}
		}
	})
}

func TestCookiesAreGuarded(t *testing.T) {
	t.Parallel()
	coretest.Each(t, func(t *testing.T, w *coretest.World) {
		for secure, want := range map[bool]string{false: "session", true: "__Host-session"} {
			h := newHouse(t, w, identity.Options{Cost: cheap, Secure: secure})
			a := h.ask(func(*http.Request) {})
			h.ID.SetCookies(a.w, identity.Opened{Token: "t", Device: "d", Expires: w.Clock.Now().Add(time.Hour)})
			for _, c := range a.w.Result().Cookies() {
				if !c.HttpOnly || c.Secure != secure || c.SameSite != http.SameSiteLaxMode || c.Path != "/" || c.Domain != "" || c.MaxAge <= 0 {
					t.Errorf("%+v", c)
				}
			}
			if h.ID.SessionCookie() != want {
				t.Errorf("the cookie is called %s", h.ID.SessionCookie())
			}
		}
	}, identity.Migrations)
}
