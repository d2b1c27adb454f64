package api_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/coretest"
	"github.com/steward-itsm/steward/internal/core/identity"
	"github.com/steward-itsm/steward/internal/core/people"
	"github.com/steward-itsm/steward/internal/core/search"
	"github.com/steward-itsm/steward/internal/core/service"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/core/workflow"
	"github.com/steward-itsm/steward/internal/platform/blob"
	"github.com/steward-itsm/steward/internal/platform/database"
	"github.com/steward-itsm/steward/internal/platform/web"
	"github.com/steward-itsm/steward/internal/platform/web/openapi"
	"github.com/steward-itsm/steward/internal/practice/desk/api"
)

// desk is a small organisation behind a running API: teams of its own, a
// supplier's team, and people with tokens.
type desk struct {
	*coretest.World
	tickets *ticket.Service
	id      *identity.Service
	api     *api.API
	url     string // of the server
	client  *http.Client

	company, supplier               int64
	network, printing, supplierTeam int64
	payroll                         int64

	ana, ben     int64 // agents
	carla, colin int64 // requesters of the company
	sam          int64 // agent of the supplier
	audrey       int64 // auditor

	tokens  map[int64]string
	queries atomic.Pointer[database.Counter] // of the last request
}

type silent struct{}

func (silent) Announce(context.Context, *database.Tx, ticket.Announcement) error { return nil }

type directory struct {
	*people.Service
	*service.Store
}

// visit is a kind with fields of its own, one of which requesters see.
func visit(t testing.TB) *workflow.Definition {
	t.Helper()
	kinds, err := workflow.Builtin()
	if err != nil {
		t.Fatal(err)
	}
	v := *kinds[0]
	v.Key, v.Prefix, v.Label, v.Plural, v.RequesterLabel = "visit", "VIS", "Visit", "Visits", "Somebody comes"
	v.Fields = []workflow.Field{
		{Key: "room", Label: "Room", Type: workflow.Text, RequesterVisible: true},
		{Key: "seats", Label: "Seats", Type: workflow.Number},
		{Key: "badge", Label: "Badge", Type: workflow.Bool},
		{Key: "doubts", Label: "Doubts about the visitor", Type: workflow.Text},
	}
	return &v
}

// eachDesk runs fn with a desk on SQLite and one on PostgreSQL.
func eachDesk(t *testing.T, fn func(t *testing.T, d *desk)) {
	t.Helper()
	t.Parallel()
	coretest.Each(t, func(t *testing.T, w *coretest.World) { fn(t, newDesk(t, w, openapi.Options{})) },
		workflow.Migrations, ticket.Migrations, search.Migrations, identity.Migrations)
}

func newDesk(t *testing.T, w *coretest.World, o openapi.Options) *desk {
	t.Helper()
	kinds, err := workflow.NewRegistry(t.Context(), w.DB, visit(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(kinds.Close)
	files, err := blob.OpenFolder(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	d := &desk{World: w, tokens: map[int64]string{}}
	d.tickets = ticket.New(ticket.Deps{
		DB: w.DB, Kinds: kinds, Directory: directory{w.People, w.Services}, Announcer: silent{}, Now: w.Clock.Now,
		Search: search.New(w.DB), Blobs: files, MaxUpload: 1 << 20,
	})
	d.id = identity.New(identity.Deps{
		DB: w.DB, People: w.People, Roles: w.Roles, Actors: w.Actors, Audit: w.Log, Clock: w.Clock.Now,
		Options: identity.Options{Cost: identity.Cost{Memory: 64, Time: 1}},
	})
	t.Cleanup(d.id.Close)
	d.serve(t, o)

	d.company = w.Organisation(people.Own, "Harbour Group", 0)
	d.supplier = w.Organisation(people.Supplier, "Printworks", 0)
	d.ana, d.ben = w.Person("Ana Silva", d.company, "agent"), w.Person("Ben Okafor", d.company, "agent")
	d.carla, d.colin = w.Person("Carla Reyes", d.company, "requester"), w.Person("Colin Byrne", d.company, "requester")
	d.sam, d.audrey = w.Person("Sam Ito", d.supplier, "supplier_agent"), w.Person("Audrey Lind", d.company, "auditor")
	d.network = w.Group("Network", d.company, d.ana)
	d.printing = w.Group("Printing", d.company, d.ana, d.ben)
	d.supplierTeam = w.Group("Printworks field team", d.supplier, d.sam)
	payroll, err := w.Services.Create(w.System(), service.Input{
		Name: "Payroll", OwnerID: d.ana, Criticality: 2, Stage: service.Live, SupportGroupID: d.network,
	})
	if err != nil {
		t.Fatal(err)
	}
	d.payroll = payroll.ID
	return d
}

func (d *desk) serve(t *testing.T, o openapi.Options) {
	t.Helper()
	mux, err := web.NewMux(web.Options{})
	if err != nil {
		t.Fatal(err)
	}
	o.Caller = func(ctx context.Context) string {
		if c := identity.From(ctx); c.TokenID != 0 {
			return fmt.Sprint("token:", c.TokenID)
		}
		if actor := access.From(ctx); actor.IsPerson() {
			return fmt.Sprint("person:", actor.ID)
		}
		return ""
	}
	o.Version, o.Authenticate, o.Cookie, o.Tags = "test", d.id.Authenticate, d.id.SessionCookie(), api.Tags()
	d.api = api.New(api.Deps{Tickets: d.tickets, People: d.People, Services: d.Services, DB: d.DB, MaxUpload: 1 << 20})
	d.api.Register(openapi.New(mux, o))
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, counter := database.WithCounter(r.Context())
		mux.ServeHTTP(w, r.WithContext(ctx))
		d.queries.Store(counter)
	}))
	t.Cleanup(server.Close)
	d.url, d.client = server.URL, server.Client()
}

// token gives a person's API token, limited to some verbs.
func (d *desk) token(person int64, verbs ...access.Verb) string {
	d.T.Helper()
	if secret, ok := d.tokens[person]; ok && len(verbs) == 0 {
		return secret
	}
	_, secret, err := d.id.CreateToken(d.System(), identity.TokenInput{OwnerID: person, Name: "test", Verbs: verbs})
	if err != nil {
		d.T.Fatal(err)
	}
	if len(verbs) == 0 {
		d.tokens[person] = secret
	}
	return secret
}

// answer is what the API said.
type answer struct {
	status int
	header http.Header
	body   []byte
}

func (a answer) String() string { return fmt.Sprintf("%d %.600s", a.status, a.body) }

// json reads the body.
func (a answer) json(t testing.TB) map[string]any {
	t.Helper()
	var v map[string]any
	if err := json.Unmarshal(a.body, &v); err != nil {
		t.Fatalf("%v in %s", err, a)
	}
	return v
}

// at follows names and indexes into the body: "items", 0, "title".
func (a answer) at(t testing.TB, path ...any) any {
	t.Helper()
	var v any = a.json(t)
	for _, step := range path {
		switch step := step.(type) {
		case string:
			m, ok := v.(map[string]any)
			if !ok {
				t.Fatalf("no %v in %s", path, a)
			}
			v = m[step]
		case int:
			list, ok := v.([]any)
			if !ok || step >= len(list) {
				t.Fatalf("no %v in %s", path, a)
			}
			v = list[step]
		}
	}
	return v
}

// as asks the API as a person, with headers in pairs.
func (d *desk) as(person int64, method, path string, body any, headers ...string) answer {
	d.T.Helper()
	return d.ask(method, path, body, append([]string{"Authorization", "Bearer " + d.token(person)}, headers...)...)
}

func (d *desk) ask(method, path string, body any, headers ...string) answer {
	d.T.Helper()
	var text []byte
	switch body := body.(type) {
	case nil:
	case string:
		text = []byte(body)
	default:
		var err error
		if text, err = json.Marshal(body); err != nil {
			d.T.Fatal(err)
		}
	}
	req, err := http.NewRequestWithContext(d.T.Context(), method, d.url+openapi.Prefix+path, bytes.NewReader(text))
	if err != nil {
		d.T.Fatal(err)
	}
	if len(text) > 0 {
		req.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	resp, err := d.client.Do(req)
	if err != nil {
		d.T.Fatal(err)
	}
	defer resp.Body.Close()
	got, err := io.ReadAll(resp.Body)
	if err != nil {
		d.T.Fatal(err)
	}
	return answer{resp.StatusCode, resp.Header, got}
}

// want fails unless the answer has the status.
func (d *desk) want(a answer, status int) answer {
	d.T.Helper()
	if a.status != status {
		d.T.Errorf("want %d, got %s", status, a)
	}
	return a
}

type fields = map[string]any

// incident opens one for Carla and gives its number.
func (d *desk) incident(title string, more ...fields) string {
	d.T.Helper()
	body := fields{"kind": "incident", "title": title, "requester_id": d.carla, "group_id": d.network}
	for _, m := range more {
		for name, value := range m {
			body[name] = value
		}
	}
	a := d.want(d.as(d.ana, "POST", "/tickets", body), http.StatusCreated)
	number, _ := a.at(d.T, "number").(string)
	return number
}

// etag gives a ticket's present version.
func (d *desk) etag(ref string) string {
	d.T.Helper()
	return d.want(d.as(d.ana, "GET", "/tickets/"+ref, nil), http.StatusOK).header.Get("ETag")
}

// step takes a transition as Ana.
func (d *desk) step(ref string, body fields) {
	d.T.Helper()
	d.want(d.as(d.ana, "POST", "/tickets/"+ref+"/transitions", body, "If-Match", "*"), http.StatusOK)
}

func (d *desk) resolve(ref string) {
	d.T.Helper()
	d.step(ref, fields{"transition": "resolve", "resolution_code": "solved", "resolution": "Cleaned the rollers."})
}

// upload gives the id of a file that a person sent.
func (d *desk) upload(person int64, name, content string) int64 {
	d.T.Helper()
	a := d.want(d.as(person, "POST", "/attachments?name="+name, content, "Content-Type", "application/octet-stream"), http.StatusCreated)
	id, _ := a.at(d.T, "id").(float64)
	return int64(id)
}

func contains(t testing.TB, text string, parts ...string) {
	t.Helper()
	for _, p := range parts {
		if !strings.Contains(text, p) {
			t.Errorf("%q is not in %.400s", p, text)
		}
	}
}
