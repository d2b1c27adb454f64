package identity_test

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
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

func TestSessionBeginsWithTheRightPasswordAndEndsWithSigningOut(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h house) {
		id := h.user("ann", access.RoleAgent)
		o, err := h.ID.SignIn(t.Context(), " ANN@Example.COM ", password, home)
		if err != nil || o.PersonID != id {
			t.Fatal(o, err)
		}
		a := h.ask(cookie(h, o.Token))
		if a.actor.ID != id || !a.actor.HasRole(access.RoleAgent) || a.current.SessionID == 0 || a.current.TokenID != 0 {
			t.Errorf("%+v %+v", a.actor, a.current)
		}
		if err := h.ID.SignOut(t.Context(), o.Token); err != nil {
			t.Fatal(err)
		}
		stolen := h.ask(cookie(h, o.Token))
		if stolen.actor.IsPerson() || !strings.Contains(stolen.w.Header().Get("Set-Cookie"), "Max-Age=0") {
			t.Errorf("a stolen cookie works after signing out: %v", stolen.w.Header())
		}
	})
}

// An attacker must not learn from the answer or from the work done whether an
// account exists.
func TestSigningInTellsNothingAboutAccounts(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h house) {
		h.user("exists")
		gone := h.user("gone")
		if _, err := h.People.UpdatePerson(h.System(), gone, 1, people.PersonInput{Name: "gone", Email: email("gone")}); err != nil {
			t.Fatal(err)
		}
		for _, in := range []people.PersonInput{
			{Name: "robot", Email: email("robot"), Active: true, ServiceAccount: true}, {Name: "imported", Email: email("imported"), Active: true},
		} {
			if _, err := h.People.CreatePerson(h.System(), in); err != nil {
				t.Fatal(err)
			}
		}
		var want []string
		var message string
		for _, c := range []struct{ login, secret string }{
			{email("exists"), "wrong"},
			{email("nobody"), password},
			{email("gone"), password},
			{email("robot"), password},
			{email("imported"), ""},
			{"", ""},
			{strings.Repeat("x", 5000), strings.Repeat("y", 50000)},
			{"\x00'\"\xff", "\x00"},
		} {
			ctx, counter := database.WithCounter(t.Context())
			_, err := h.ID.SignIn(ctx, c.login, c.secret, identity.Origin{})
			if !apperr.Is(err, apperr.Unauthenticated) {
				t.Errorf("%.30q: %v", c.login, err)
				continue
			}
			if want == nil {
				want, message = counter.Queries(), apperr.Message(err).String()
			}
			if diff := cmp.Diff(want, counter.Queries()); diff != "" || apperr.Message(err).String() != message {
				t.Errorf("%.30q answers %q after other queries: %s", c.login, err, diff)
			}
		}
	})
}

func TestGuessingIsSlowedDownPerAccount(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h house) {
		h.user("ann")
		known := h.signIn("ann")
		for i := range 30 {
			from := identity.Origin{Address: netip.AddrFrom4([4]byte{198, 51, 100, byte(i)})}
			_, err := h.ID.SignIn(t.Context(), email("ann"), fmt.Sprint("guess ", i), from)
			if want := apperr.Unauthenticated; i < 10 && !apperr.Is(err, want) {
				t.Fatalf("guess %d: %v", i, err)
			}
			if i >= 10 && !apperr.Is(err, apperr.TooMany) {
				t.Fatalf("guess %d: %v", i, err)
			}
		}
		if _, err := h.ID.SignIn(t.Context(), email("ann"), password, home); !apperr.Is(err, apperr.TooMany) {
			t.Errorf("the right password of a stranger's browser: %v", err)
		}
		owner := home
		owner.Device = known.Device
		if _, err := h.ID.SignIn(t.Context(), email("ann"), password, owner); err != nil {
			t.Errorf("strangers locked the owner out of their own browser: %v", err)
		}
		h.Clock.Advance(15*minute + time.Second)
		if _, err := h.ID.SignIn(t.Context(), email("ann"), password, home); err != nil {
			t.Errorf("after a quarter of an hour: %v", err)
		}
	})
}

func TestKnownDeviceIsSlowedDownToo(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h house) {
		h.user("ann")
		h.user("bob")
		from := home
		from.Device = h.signIn("ann").Device
		for i := range 12 {
			_, err := h.ID.SignIn(t.Context(), email("ann"), "guess", from)
			if want := i >= 10; apperr.Is(err, apperr.TooMany) != want {
				t.Fatalf("guess %d: %v", i, err)
			}
		}
		if _, err := h.ID.SignIn(t.Context(), email("ann"), password, home); err != nil {
			t.Errorf("a stolen device locks others out: %v", err)
		}
		// A device of one account is a stranger to another.
		for i := range 12 {
			_, err := h.ID.SignIn(t.Context(), email("bob"), "guess", from)
			if want := i >= 10; apperr.Is(err, apperr.TooMany) != want {
				t.Fatalf("guess %d at another account: %v", i, err)
			}
		}
	})
}

func TestGuessingIsSlowedDownPerAddress(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h house) {
		h.user("mallory")
		refused := 0
		for i := range 120 {
			// Signing in to an account of one's own in between must not help, and a
			// network of IPv6 addresses is one address.
			from := identity.Origin{Address: netip.MustParseAddr(fmt.Sprintf("2001:db8::%x", i))}
			if i%5 == 4 {
				_, _ = h.ID.SignIn(t.Context(), email("mallory"), password, from)
				continue
			}
			_, err := h.ID.SignIn(t.Context(), fmt.Sprintf("victim%d@example.com", i), "guess", from)
			if apperr.Is(err, apperr.TooMany) {
				refused++
			}
		}
		if refused != 96-50 {
			t.Errorf("%d guesses were refused", refused)
		}
	})
}

func TestGuessesAtOnceDoNotOvertakeTheCount(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h house) {
		h.user("ann")
		var tried atomic.Int64
		var wg sync.WaitGroup
		for range 60 {
			wg.Go(func() {
				_, err := h.ID.SignIn(t.Context(), email("ann"), "guess", identity.Origin{})
				if apperr.Is(err, apperr.Unauthenticated) {
					tried.Add(1)
				}
			})
		}
		wg.Wait()
		if n := tried.Load(); n > 12 {
			t.Errorf("%d guesses got through", n)
		}
	})
}

func TestHashIsRenewedWhenItsCostChanges(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h house) {
		h.user("ann")
		dear := newHouse(t, h.World, identity.Options{Cost: identity.Cost{Memory: 128, Time: 2}})
		hash := func() string {
			v, err := database.One(t.Context(), h.DB.Reader(), database.Scalar[string], "SELECT hash FROM passwords")
			if err != nil {
				t.Fatal(err)
			}
			return v
		}
		if !strings.HasPrefix(hash(), "$argon2id$v=19$m=64,t=1,p=1$") {
			t.Fatal(hash())
		}
		dear.signIn("ann")
		if !strings.HasPrefix(hash(), "$argon2id$v=19$m=128,t=2,p=1$") {
			t.Error(hash())
		}
		h.signIn("ann")
	})
}

// directory stands for a company's directory: a provider asked before passwords.
type directory struct {
	person int64
	err    error
}

func (directory) Key() string { return "directory" }

func (d directory) Authenticate(_ context.Context, login, secret string) (int64, error) {
	if login == "uid=ann" && secret == "from the directory" {
		return d.person, nil
	}
	return 0, d.err
}

func TestProvidersAreAskedInOrder(t *testing.T) {
	t.Parallel()
	coretest.Each(t, func(t *testing.T, w *coretest.World) {
		h := newHouse(t, w, identity.Options{Cost: cheap})
		ann := h.user("ann")
		d := &directory{person: ann}
		s := identity.New(identity.Deps{
			DB: w.DB, People: w.People, Roles: w.Roles, Actors: w.Actors, Audit: w.Log, Clock: w.Clock.Now,
			Providers: []identity.Provider{d}, Options: identity.Options{Cost: cheap},
		})
		defer s.Close()
		if _, err := s.SignIn(t.Context(), "uid=ann", "from the directory", home); err != nil {
			t.Error(err)
		}
		if _, err := s.SignIn(t.Context(), email("ann"), password, home); err != nil {
			t.Errorf("passwords after the directory: %v", err)
		}
		d.err = apperr.New(apperr.Unavailable, "The directory is away.")
		if _, err := s.SignIn(t.Context(), email("ann"), "wrong", home); !errors.Is(err, d.err) {
			t.Errorf("got %v", err)
		}
		if _, err := s.Open(t.Context(), ann, "oidc", home); err != nil {
			t.Errorf("single sign-on: %v", err)
		}
		records, _, err := s.History(w.As(ann), ann, identity.HistoryCursor{}, 10)
		var methods []string
		for _, r := range records {
			methods = append(methods, r.Method)
		}
		if err != nil || len(methods) != 3 {
			t.Errorf("%v %v", methods, err)
		}
	}, identity.Migrations)
}
