package record_test

import (
	"bytes"
	"context"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/PuerkitoBio/goquery"
	"github.com/a-h/templ"
	"golang.org/x/net/html"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/coretest"
	"github.com/steward-itsm/steward/internal/core/module"
	"github.com/steward-itsm/steward/internal/core/people"
	"github.com/steward-itsm/steward/internal/core/search"
	"github.com/steward-itsm/steward/internal/core/service"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/core/workflow"
	"github.com/steward-itsm/steward/internal/platform/blob"
	"github.com/steward-itsm/steward/internal/platform/database"
	"github.com/steward-itsm/steward/internal/platform/live"
	"github.com/steward-itsm/steward/internal/platform/web"
	"github.com/steward-itsm/steward/internal/practice/desk/record"
	"github.com/steward-itsm/steward/internal/ui"
	"github.com/steward-itsm/steward/internal/ui/text"
)

// maxUpload is small, so that a file over the limit is cheap.
const maxUpload = 64 << 10

// world is a company and its supplier with the ticket page in front of them.
type world struct {
	*coretest.World
	*ticket.Service
	record  *record.Record
	hub     *live.Hub
	server  *httptest.Server
	counter atomic.Pointer[database.Counter] // of the last request
	panels  []module.Panel                   // what practices plug in
	actions []module.Action

	ana, ben, lea      int64 // agents in Network and Printing, in Printing, in Network
	carla, colin       int64 // requesters
	sam, audrey, oscar int64 // the supplier's agent, an auditor, the owner of payroll
	network, printing  int64
	supplierTeam       int64
	payroll            int64
}

// each runs fn with a world on each engine.
func each(t *testing.T, fn func(t *testing.T, w *world)) {
	t.Helper()
	t.Parallel()
	coretest.Each(t, func(t *testing.T, c *coretest.World) { fn(t, open(t, c)) },
		workflow.Migrations, ticket.Migrations, search.Migrations, live.Migrations)
}

func open(t *testing.T, c *coretest.World) *world {
	t.Helper()
	kinds, err := workflow.NewRegistry(t.Context(), c.DB, visit(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(kinds.Close)
	blobs, err := blob.OpenFolder(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	w := &world{World: c, hub: live.New(c.DB, live.Options{})}
	t.Cleanup(w.hub.Close)
	w.Service = ticket.New(ticket.Deps{
		DB: c.DB, Kinds: kinds, Directory: directory{c.People, c.Services}, Announcer: silent{}, Now: c.Clock.Now,
		Search: search.New(c.DB), Blobs: blobs, MaxUpload: maxUpload,
		ActorOf: func(ctx context.Context, person int64) (access.Actor, error) {
			p, err := c.Actors.Person(ctx, person)
			return p.Actor, err
		},
	})
	w.record = record.New(record.Deps{
		DB: c.DB, Tickets: w.Service, Names: c.People, Directory: c.People, Services: c.Services, Presence: w.hub.Presence(),
		Frame: frame{}, Clock: c.Clock.Now, MaxUpload: maxUpload,
		Plugged: func() ([]module.Panel, []module.Action) { return w.panels, w.actions },
	})
	mux, err := web.NewMux(web.Options{})
	if err != nil {
		t.Fatal(err)
	}
	w.record.Module().Routes(mux.With(web.Use(w.actor)))
	w.server = httptest.NewServer(mux)
	t.Cleanup(w.server.Close)
	w.settle()
	return w
}

func (w *world) settle() {
	company, supplier := w.Organisation(people.Own, "Halden", 0), w.Organisation(people.Supplier, "Printworks", 0)
	w.ana, w.ben, w.lea = w.Person("Ana Agentson", company, "agent"), w.Person("Ben Benchley", company, "agent"), w.Person("Lea Leaderson", company, "team_lead")
	w.carla, w.colin = w.Person("Carla Callerson", company), w.Person("Colin Colleagueson", company)
	w.sam, w.audrey, w.oscar = w.Person("Sam Supplierson", supplier, "supplier_agent"), w.Person("Audrey Auditson", company, "auditor"), w.Person("Oscar Ownerson", company, "service_owner")
	w.network, w.printing = w.Group("Network", company, w.ana, w.lea), w.Group("Printing", company, w.ana, w.ben)
	w.supplierTeam = w.Group("Printworks field team", supplier, w.sam)
	s, err := w.Services.Create(w.System(), service.Input{Name: "Payroll", OwnerID: w.oscar, Criticality: 2, Stage: service.Live, SupportGroupID: w.network})
	if err != nil {
		w.T.Fatal(err)
	}
	w.payroll = s.ID
}

// visit is a kind with a field of every type.
func visit(t *testing.T) *workflow.Definition {
	t.Helper()
	kinds, err := workflow.Builtin()
	if err != nil {
		t.Fatal(err)
	}
	d := *kinds[0]
	d.Key, d.Prefix, d.Label, d.Plural = "visit", "VIS", "Visit", "Visits"
	d.Fields = []workflow.Field{
		{Key: "room", Label: "Room", Type: workflow.Choice, Options: []string{"Blue", "Green"}, Required: true},
		{Key: "seats", Label: "Seats", Type: workflow.Number},
		{Key: "day", Label: "Day", Type: workflow.Date},
		{Key: "tea", Label: "Tea", Type: workflow.Bool},
		{Key: "wishes", Label: "Wishes", Type: workflow.Text, Help: "Anything else"},
	}
	return &d
}

type directory struct {
	*people.Service
	*service.Store
}

type silent struct{}

func (silent) Announce(context.Context, *database.Tx, ticket.Announcement) error { return nil }

// actor signs in whoever the header names.
func (w *world) actor(next web.HandlerFunc) web.HandlerFunc {
	return func(rw http.ResponseWriter, r *http.Request) error {
		ctx := text.With(r.Context(), text.Reader{Now: w.Clock.Now()})
		if id, err := strconv.ParseInt(r.Header.Get("Person"), 10, 64); err == nil {
			p, err := w.Actors.Person(ctx, id)
			if err != nil {
				return err
			}
			ctx = access.With(ctx, p.Actor)
		}
		ctx, counter := database.WithCounter(ctx)
		w.counter.Store(counter)
		return next(rw, r.WithContext(ctx))
	}
}

// frame is a layout of nothing but the title.
type frame struct{}

func (frame) Page(w http.ResponseWriter, r *http.Request, p module.Page, body web.Component) error {
	status := p.Status
	if status == 0 {
		status = http.StatusOK
	}
	return web.Render(w, r, status, templ.ComponentFunc(func(ctx context.Context, out io.Writer) error {
		shell := ui.Shell{Title: p.Title, LiveURL: "/live?" + url.Values{"topic": p.Topics, "present": {p.Present}}.Encode()}
		return shell.View().Render(templ.WithChildren(ctx, templ.ComponentFunc(body.Render)), out)
	}))
}

// incident opens one for Carla, in Network.
func (w *world) incident(t *testing.T, title string) ticket.Ticket {
	t.Helper()
	return must(w.Create(w.As(w.ana), ticket.Create{Kind: "incident", Title: title, Description: "It eats paper.", RequesterID: w.carla, GroupID: w.network, Channel: "phone"}))(t)
}

func (w *world) now(t *testing.T, tk ticket.Ticket) ticket.Ticket {
	t.Helper()
	return must(w.Get(w.System(), ticket.ByID(tk.ID)))(t)
}

func (w *world) events(t *testing.T, tk ticket.Ticket) []ticket.Event {
	t.Helper()
	return must(w.Timeline(w.System(), &tk, 0, 0))(t)
}

func (w *world) last(t *testing.T, tk ticket.Ticket) ticket.Event {
	t.Helper()
	events := w.events(t, tk)
	return events[len(events)-1]
}

func must[T any](v T, err error) func(t testing.TB) T {
	return func(t testing.TB) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func id(n int64) string { return strconv.FormatInt(n, 10) }

// answer is what came back.
type answer struct {
	t      *testing.T
	status int
	header http.Header
	body   string
	*goquery.Document
}

// browser is somebody at the pages.
type browser struct {
	w      *world
	t      *testing.T
	person int64
	htmx   bool
	header http.Header
}

func (w *world) as(t *testing.T, person int64) browser {
	t.Helper()
	return browser{w: w, t: t, person: person}
}

// quick makes the requests that htmx makes.
func (b browser) quick() browser {
	b.htmx = true
	return b
}

func (b browser) with(name, value string) browser {
	b.header = b.header.Clone()
	if b.header == nil {
		b.header = http.Header{}
	}
	b.header.Set(name, value)
	return b
}

func (b browser) do(method, path, contentType string, body io.Reader) *answer {
	b.t.Helper()
	req, err := http.NewRequestWithContext(b.t.Context(), method, b.w.server.URL+path, body)
	if err != nil {
		b.t.Fatal(err)
	}
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	if b.person != 0 {
		req.Header.Set("Person", id(b.person))
	}
	if b.htmx {
		req.Header.Set("HX-Request", "true")
		req.Header.Set("HX-Request-Type", "partial")
	}
	for name, values := range b.header {
		req.Header[name] = values
	}
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	res, err := client.Do(req)
	if err != nil {
		b.t.Fatal(err)
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	doc, err := goquery.NewDocumentFromReader(bytes.NewReader(raw))
	if err != nil {
		b.t.Fatal(err)
	}
	return &answer{t: b.t, status: res.StatusCode, header: res.Header, body: string(raw), Document: doc}
}

func (b browser) get(path string) *answer {
	b.t.Helper()
	return b.do(http.MethodGet, path, "", nil)
}

func (b browser) post(path string, values url.Values) *answer {
	b.t.Helper()
	return b.do(http.MethodPost, path, "application/x-www-form-urlencoded", strings.NewReader(values.Encode()))
}

// send posts a form with files, as a browser without scripts does.
func (b browser) send(path string, values url.Values, files map[string]string) *answer {
	b.t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	for name, all := range values {
		for _, v := range all {
			if err := form.WriteField(name, v); err != nil {
				b.t.Fatal(err)
			}
		}
	}
	for name, content := range files {
		part, err := form.CreateFormFile("files", name)
		if err != nil {
			b.t.Fatal(err)
		}
		if _, err := io.WriteString(part, content); err != nil {
			b.t.Fatal(err)
		}
	}
	if err := form.Close(); err != nil {
		b.t.Fatal(err)
	}
	return b.do(http.MethodPost, path, form.FormDataContentType(), &body)
}

// want fails unless the answer has the status.
func (a *answer) want(status int) *answer {
	a.t.Helper()
	if a.status != status {
		a.t.Fatalf("status %d, want %d: %s", a.status, status, strings.TrimSpace(a.body))
	}
	return a
}

// follow gets the page that a redirect leads b to.
func (a *answer) follow(b browser) *answer {
	a.t.Helper()
	a.want(http.StatusSeeOther)
	return b.get(a.header.Get("Location"))
}

// words is what a selection says, with a space between any two elements.
func (a *answer) words(selector string) string {
	var parts []string
	var gather func(n *html.Node)
	gather = func(n *html.Node) {
		if n.Type == html.TextNode {
			parts = append(parts, strings.Fields(n.Data)...)
		}
		for child := n.FirstChild; child != nil; child = child.NextSibling {
			gather(child)
		}
	}
	for _, n := range a.Find(selector).Nodes {
		gather(n)
	}
	return strings.Join(parts, " ")
}

// says fails unless the selected part holds the text.
func (a *answer) says(selector, part string) {
	a.t.Helper()
	if got := a.words(selector); !strings.Contains(got, part) {
		a.t.Errorf("%s says %q, want %q in it", selector, got, part)
	}
}

// has fails unless the selector finds n elements.
func (a *answer) has(n int, selector string) {
	a.t.Helper()
	if got := a.Find(selector).Length(); got != n {
		a.t.Errorf("%d × %s, want %d", got, selector, n)
	}
}

// value is what a form's field holds.
func (a *answer) value(selector string) string {
	a.t.Helper()
	s := a.Find(selector)
	if s.Length() == 0 {
		a.t.Errorf("there is no %s", selector)
	}
	if s.Is("textarea") {
		return s.Text()
	}
	v, _ := s.Attr("value")
	return v
}

func page(tk ticket.Ticket) string { return "/tickets/" + tk.Number }

func presentPerson(person int64, name string) live.Person { return live.Person{ID: person, Name: name} }
