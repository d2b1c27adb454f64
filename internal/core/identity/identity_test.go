package identity_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"testing"
	"time"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/coretest"
	"github.com/steward-itsm/steward/internal/core/identity"
	"github.com/steward-itsm/steward/internal/core/people"
	"github.com/steward-itsm/steward/internal/platform/web"
)

// cheap keeps tests quick; what a hash costs is tested by itself.
var cheap = identity.Cost{Memory: 64, Time: 1}

const password = "correct zebra battery"

// house is a world with identity on top.
type house struct {
	*coretest.World
	ID *identity.Service
}

func each(t *testing.T, fn func(t *testing.T, h house)) {
	t.Helper()
	coretest.Each(t, func(t *testing.T, w *coretest.World) { fn(t, newHouse(t, w, identity.Options{Cost: cheap})) }, identity.Migrations)
}

func newHouse(t *testing.T, w *coretest.World, o identity.Options) house {
	t.Helper()
	s := identity.New(identity.Deps{
		DB: w.DB, People: w.People, Roles: w.Roles, Actors: w.Actors, Audit: w.Log, Clock: w.Clock.Now, Options: o,
	})
	t.Cleanup(s.Close)
	return house{w, s}
}

// user adds a person with an address and the usual password.
func (h house) user(name string, roleKeys ...string) int64 {
	h.T.Helper()
	p, err := h.People.CreatePerson(h.System(), people.PersonInput{Name: name, Email: email(name), Active: true})
	if err == nil {
		err = h.ID.SetPassword(h.System(), p.ID, password)
	}
	for _, key := range roleKeys {
		if err == nil {
			err = h.Roles.GrantToPerson(h.System(), p.ID, key, 0)
		}
	}
	if err != nil {
		h.T.Fatal(err)
	}
	return p.ID
}

func email(name string) string { return name + "@example.com" }

var home = identity.Origin{Address: netip.MustParseAddr("192.0.2.1"), UserAgent: "Browser"}

func (h house) signIn(name string) identity.Opened {
	h.T.Helper()
	o, err := h.ID.SignIn(h.T.Context(), email(name), password, home)
	if err != nil {
		h.T.Fatal(err)
	}
	return o
}

// answer is what a handler behind Authenticate found.
type answer struct {
	actor   access.Actor
	current identity.Current
	err     error
	w       *httptest.ResponseRecorder
}

func (h house) ask(change func(r *http.Request), around ...web.Middleware) answer {
	h.T.Helper()
	var a answer
	handler := func(w http.ResponseWriter, r *http.Request) error {
		a.actor, a.current = access.From(r.Context()), identity.From(r.Context())
		return nil
	}
	for _, m := range around {
		handler = m(handler)
	}
	r := httptest.NewRequestWithContext(h.T.Context(), http.MethodGet, "/page?q=1", nil)
	change(r)
	a.w = httptest.NewRecorder()
	a.err = h.ID.Authenticate(handler)(a.w, r)
	return a
}

func cookie(h house, token string) func(*http.Request) {
	return func(r *http.Request) { r.AddCookie(&http.Cookie{Name: h.ID.SessionCookie(), Value: token}) }
}

func bearer(secret string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+secret) }
}

// as is the context of a request that came with the session.
func (h house) as(o identity.Opened) context.Context {
	h.T.Helper()
	a := h.ask(cookie(h, o.Token))
	if a.err != nil || !a.actor.IsPerson() {
		h.T.Fatalf("not signed in: %v", a.err)
	}
	return identity.With(access.With(h.T.Context(), a.actor), a.current)
}

func (h house) signedIn(o identity.Opened) bool {
	h.T.Helper()
	a := h.ask(cookie(h, o.Token))
	if a.err != nil {
		h.T.Fatal(a.err)
	}
	return a.actor.IsPerson()
}

func second[T any](_ T, err error) error { return err }

const minute = time.Minute
