// Package apptest runs the whole product in a test: a fresh database of either
// engine, a small organisation with one person per role, and a server that
// clients sign in to.
package apptest

import (
	"context"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"

	"github.com/steward-itsm/steward/internal/app"
	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/identity"
	"github.com/steward-itsm/steward/internal/core/people"
	"github.com/steward-itsm/steward/internal/core/service"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/platform/config"
	"github.com/steward-itsm/steward/internal/platform/database"
	"github.com/steward-itsm/steward/internal/platform/database/databasetest"
	"github.com/steward-itsm/steward/internal/platform/observe"
)

// System is a running product with a small organisation in it.
type System struct {
	T       testing.TB
	App     *app.App
	Core    *app.Core
	URL     string
	Own     int64            // our own organisation
	Vendor  int64            // a supplier
	Group   int64            // our first line
	Theirs  int64            // the supplier's group
	Service int64            // supported by Group
	Persons map[string]int64 // by role key; "other" is a requester of no concern
}

// Each runs fn on a system on SQLite and one on PostgreSQL.
func Each(t *testing.T, fn func(t *testing.T, s *System)) {
	t.Helper()
	for _, engine := range []database.Engine{database.SQLite, database.PostgreSQL} {
		t.Run(string(engine), func(t *testing.T) {
			t.Parallel()
			fn(t, New(t, engine))
		})
	}
}

// New starts a system; it ends with the test.
func New(t testing.TB, engine database.Engine) *System {
	t.Helper()
	s := Empty(t, engine)
	s.fill()
	return s
}

// Empty starts a system as an installation finds it: without anybody in it.
func Empty(t testing.TB, engine database.Engine) *System {
	t.Helper()
	loaded, err := config.Load(config.Source{Environ: []string{
		"STEWARD_DATA_DIR=" + t.TempDir(), "STEWARD_DATABASE_URL=" + databasetest.URL(t, engine, Migrations()...),
		"STEWARD_LISTEN=127.0.0.1:0", "STEWARD_HTTP_API_RATE=100000",
		"STEWARD_WEBHOOK_ALLOW=127.0.0.0/8", "STEWARD_WEBHOOK_TIMEOUT=2s",
	}})
	if err != nil {
		t.Fatal(err)
	}
	log := observe.NewLogger(testWriter{t}, loaded.Config.Log.Level, "text")
	server := httptest.NewUnstartedServer(nil)
	address, err := url.Parse("http://" + server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	loaded.Config.PublicURL = address
	a, err := app.Open(t.Context(), &loaded.Config, log)
	if err != nil {
		t.Fatal(err)
	}
	server.Config.Handler = a.Handler()
	server.Start()
	t.Cleanup(func() {
		server.CloseClientConnections()
		server.Close()
		a.Close()
	})
	return &System{T: t, App: a, Core: a.Core(), URL: server.URL, Persons: map[string]int64{}}
}

// Migrations are the product's.
func Migrations() []fs.FS { return app.Migrations() }

type testWriter struct{ t testing.TB }

// Write shows the log only of tests that fail.
func (w testWriter) Write(p []byte) (int, error) {
	w.t.Log(strings.TrimSpace(string(p)))
	return len(p), nil
}

func (s *System) fill() {
	t, ctx, c := s.T, s.As("system"), s.Core
	t.Helper()
	check := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	organisation := func(kind people.OrganisationKind, name string) int64 {
		o, err := c.People.CreateOrganisation(ctx, people.OrganisationInput{Kind: kind, Name: name, Active: true})
		check(err)
		return o.ID
	}
	s.Own, s.Vendor = organisation(people.Own, "Northwind"), organisation(people.Supplier, "Printers Ltd")
	group := func(name string, tier int, org int64) int64 {
		g, err := c.People.CreateGroup(ctx, people.GroupInput{Name: name, Tier: tier, OrganisationID: org, Active: true})
		check(err)
		return g.ID
	}
	s.Group, s.Theirs = group("First line", 1, s.Own), group("Printer repair", 3, s.Vendor)
	for _, role := range access.BuiltInRoles() {
		org := s.Own
		if role.Key == access.RoleSupplierAgent {
			org = s.Vendor
		}
		s.Persons[role.Key] = s.Person(strings.ReplaceAll(role.Key, "_", " ")+" person", role.Key+"@example.org", org)
		if role.Key != access.RoleRequester {
			check(c.Roles.GrantToPerson(ctx, s.Persons[role.Key], role.Key, 0))
		}
	}
	s.Persons["other"] = s.Person("Other Requester", "other@example.org", s.Own)
	for _, role := range []string{access.RoleAgent, access.RoleTeamLead, access.RoleAdministrator} {
		check(c.People.SetMember(ctx, s.Group, s.Persons[role], role == access.RoleTeamLead))
	}
	check(c.People.SetMember(ctx, s.Theirs, s.Persons[access.RoleSupplierAgent], true))
	svc, err := c.Services.Create(ctx, service.Input{
		Name: "Printing", Criticality: service.DefaultCriticality, Stage: service.Live, OwnerID: s.Persons[access.RoleServiceOwner], SupportGroupID: s.Group, ProviderID: s.Vendor,
	})
	check(err)
	s.Service = svc.ID
}

// Person adds somebody who can ask for help.
func (s *System) Person(name, email string, organisation int64) int64 {
	s.T.Helper()
	p, err := s.Core.People.CreatePerson(s.As("system"), people.PersonInput{Name: name, Email: email, OrganisationID: organisation, Active: true})
	if err != nil {
		s.T.Fatal(err)
	}
	return p.ID
}

// As gives a context in which the person of a role is at work; "system" is the
// program itself.
func (s *System) As(role string) context.Context {
	s.T.Helper()
	if role == "system" {
		return access.With(context.Background(), access.System())
	}
	p, err := s.Core.Actors.Person(context.Background(), s.Persons[role])
	if err != nil {
		s.T.Fatalf("actor of %s: %v", role, err)
	}
	return access.With(context.Background(), p.Actor)
}

// Periodic does what is due now and again under a name, such as "clocks.keep".
func (s *System) Periodic(name string) {
	s.T.Helper()
	for _, m := range s.App.Modules() {
		for _, p := range m.Periodic {
			if p.Name != name {
				continue
			}
			if err := p.Run(s.As("system")); err != nil {
				s.T.Fatalf("%s: %v", name, err)
			}
			return
		}
	}
	s.T.Fatalf("nothing is called %s", name)
}

// Client is a browser without scripts.
type Client struct {
	s      *System
	cookie *http.Cookie
	http   http.Client
}

// SignedIn gives a client that is signed in as the person of a role; "" is nobody.
func (s *System) SignedIn(role string) *Client {
	s.T.Helper()
	c := &Client{s: s, http: http.Client{Timeout: 30 * time.Second, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
	if role == "" {
		return c
	}
	opened, err := s.Core.Identity.Open(context.Background(), s.Persons[role], "test", identity.Origin{Address: netip.MustParseAddr("127.0.0.1")})
	if err != nil {
		s.T.Fatalf("sign in as %s: %v", role, err)
	}
	c.cookie = &http.Cookie{Name: s.Core.Identity.SessionCookie(), Value: opened.Token}
	return c
}

// Cookie is the session's, for a browser that shall be this client.
func (c *Client) Cookie() *http.Cookie { return c.cookie }

// Answer is what the server said.
type Answer struct {
	Status int
	Header http.Header
	Body   string
}

// HTML parses the body.
func (a Answer) HTML(t testing.TB) *goquery.Document {
	t.Helper()
	doc, err := goquery.NewDocumentFromReader(strings.NewReader(a.Body))
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

// Get reads a page.
func (c *Client) Get(path string) Answer { return c.Do(http.MethodGet, path, nil, nil) }

// Post sends a form.
func (c *Client) Post(path string, form url.Values) Answer {
	return c.Do(http.MethodPost, path, strings.NewReader(form.Encode()), http.Header{"Content-Type": {"application/x-www-form-urlencoded"}})
}

// Do makes any request as this client.
func (c *Client) Do(method, path string, body io.Reader, header http.Header) Answer {
	c.s.T.Helper()
	req, err := http.NewRequest(method, c.s.URL+path, body)
	if err != nil {
		c.s.T.Fatal(err)
	}
	for k, v := range header {
		req.Header[k] = v
	}
	if c.cookie != nil {
		req.AddCookie(c.cookie)
	}
	resp, err := c.http.Do(req)
	if err != nil {
		c.s.T.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		c.s.T.Fatal(err)
	}
	return Answer{resp.StatusCode, resp.Header, string(text)}
}

// Ticket opens a ticket as the person of a role.
func (s *System) Ticket(role, kind, title string) ticket.Ticket {
	s.T.Helper()
	t, err := s.Core.Tickets.Create(s.As(role), ticket.Create{Kind: kind, Title: title, ServiceID: s.Service})
	if err != nil {
		s.T.Fatal(err)
	}
	return t
}
