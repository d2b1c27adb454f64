package intake_test

import (
	"bytes"
	"context"
	"encoding/json"
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
	"github.com/steward-itsm/steward/internal/platform/web"
	"github.com/steward-itsm/steward/internal/practice/desk/intake"
	"github.com/steward-itsm/steward/internal/ui"
	"github.com/steward-itsm/steward/internal/ui/text"
)

// world is a small company with the form in front of it.
type world struct {
	*coretest.World
	tickets *ticket.Service
	module  module.Module
	server  *httptest.Server
	counter atomic.Pointer[database.Counter] // of the last request

	company, customer                                                     int64
	caller, colleague, agent, admin, manager, supplierAgent, customerCall int64
	team, supplierTeam                                                    int64
	payroll, printing                                                     int64
}

// each runs fn with a world on each engine.
func each(t *testing.T, fn func(t *testing.T, w *world)) {
	t.Helper()
	coretest.Each(t, func(t *testing.T, c *coretest.World) { fn(t, open(t, c)) },
		workflow.Migrations, ticket.Migrations, search.Migrations)
}

func open(t *testing.T, c *coretest.World) *world {
	t.Helper()
	kinds, err := workflow.NewRegistry(t.Context(), c.DB, move(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(kinds.Close)
	blobs, err := blob.OpenFolder(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	w := &world{World: c}
	w.tickets = ticket.New(ticket.Deps{
		DB: c.DB, Kinds: kinds, Directory: directory{c.People, c.Services}, Announcer: silent{},
		Now: c.Clock.Now, Search: search.New(c.DB), Blobs: blobs, MaxUpload: 1000,
	})
	mux, err := web.NewMux(web.Options{})
	if err != nil {
		t.Fatal(err)
	}
	w.module = intake.New(intake.Deps{
		DB: c.DB, Tickets: w.tickets, People: c.People, Services: c.Services, Frame: frame{}, MaxUpload: 1000,
	}).Module()
	w.module.Routes(mux.With(web.Use(w.actor)))
	w.server = httptest.NewServer(mux)
	t.Cleanup(w.server.Close)

	w.company = w.Organisation(people.Own, "Halden", 0)
	w.customer = w.Organisation(people.Customer, "Fjord Foods", 0)
	supplier := w.Organisation(people.Supplier, "Printmasters", 0)
	w.caller = w.Person("Mira Askersson", w.company)
	w.colleague = w.Person("Colin Colleagueson", w.company)
	w.agent = w.Person("Ana Agentson", w.company, access.RoleAgent)
	w.admin = w.Person("Adam Adminson", w.company, access.RoleAdministrator)
	w.manager = w.Person("Max Managerson", w.customer, access.RoleRelationshipManager)
	w.customerCall = w.Person("Fia Fjordson", w.customer)
	w.supplierAgent = w.Person("Sam Suppliersson", supplier, access.RoleSupplierAgent)
	w.team = w.Group("Workplace team", w.company, w.agent)
	w.supplierTeam = w.Group("Printer field team", supplier, w.supplierAgent)
	w.payroll = w.supported("Payroll", w.team)
	w.printing = w.supported("Printing", w.supplierTeam)
	return w
}

// move is a kind with questions and a matrix of its own.
func move(t *testing.T) *workflow.Definition {
	t.Helper()
	shipped, err := workflow.Builtin()
	if err != nil {
		t.Fatal(err)
	}
	for _, def := range shipped {
		if def.Key != "request" {
			continue
		}
		raw, err := json.Marshal(def)
		if err != nil {
			t.Fatal(err)
		}
		var d workflow.Definition
		if err := json.Unmarshal(raw, &d); err != nil {
			t.Fatal(err)
		}
		d.Key, d.Prefix, d.Label, d.Plural, d.Version = "move", "MOV", "Move", "Moves", 0
		d.Fields = []workflow.Field{
			{Key: "room", Label: "New room", Type: workflow.Text, Required: true},
			{Key: "desks", Label: "Desks", Type: workflow.Number},
			{Key: "day", Label: "Day", Type: workflow.Date},
			{Key: "floor", Label: "Floor", Type: workflow.Choice, Options: []string{"First", "Second"}},
			{Key: "weekend", Label: "At the weekend", Type: workflow.Bool},
		}
		return &d
	}
	t.Fatal("there is no kind to copy")
	return nil
}

func (w *world) supported(name string, group int64) int64 {
	w.T.Helper()
	s, err := w.Services.Create(w.System(), service.Input{Name: name, OwnerID: w.admin, SupportGroupID: group, Criticality: 3, Stage: service.Live})
	if err != nil {
		w.T.Fatal(err)
	}
	return s.ID
}

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

type directory struct {
	*people.Service
	services *service.Store
}

func (d directory) SupportGroup(ctx context.Context, q database.Querier, id int64) (int64, error) {
	return d.services.SupportGroup(ctx, q, id)
}

type silent struct{}

func (silent) Announce(context.Context, *database.Tx, ticket.Announcement) error { return nil }

// frame is a layout of nothing but the title.
type frame struct{}

func (frame) Page(w http.ResponseWriter, r *http.Request, p module.Page, body web.Component) error {
	return web.Render(w, r, p.Status, templ.ComponentFunc(func(ctx context.Context, out io.Writer) error {
		return ui.Shell{Title: p.Title}.View().Render(templ.WithChildren(ctx, templ.ComponentFunc(body.Render)), out)
	}))
}

// ticket is one that somebody asked for.
func (w *world) ticket(t *testing.T, requester int64, title string) ticket.Ticket {
	t.Helper()
	made, err := w.tickets.Create(w.As(w.agent), ticket.Create{Kind: "incident", Title: title, RequesterID: requester})
	if err != nil {
		t.Fatal(err)
	}
	w.Clock.Advance(1000)
	return made
}

// get reads a ticket as the agent.
func (w *world) get(t *testing.T, number string) ticket.Ticket {
	t.Helper()
	found, err := w.tickets.Get(w.As(w.agent), ticket.ByNumber(number))
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// said lists what was said on a ticket.
func (w *world) said(t *testing.T, number string) []ticket.Event {
	t.Helper()
	found := w.get(t, number)
	events, err := w.tickets.Timeline(w.As(w.agent), &found, 0, 0)
	if err != nil {
		t.Fatal(err)
	}
	return events[1:]
}

// answer is what came back.
type answer struct {
	t      *testing.T
	status int
	header http.Header
	*goquery.Document
}

// browser is somebody at the form.
type browser struct {
	w      *world
	t      *testing.T
	person int64
	htmx   bool
}

func (w *world) as(t *testing.T, person int64) browser { return browser{w: w, t: t, person: person} }

// quick makes the requests that htmx makes.
func (b browser) quick() browser {
	b.htmx = true
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
		req.Header.Set("Person", strconv.FormatInt(b.person, 10))
	}
	if b.htmx {
		req.Header.Set("HX-Request", "true")
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
	return &answer{t: b.t, status: res.StatusCode, header: res.Header, Document: doc}
}

func (b browser) get(path string) *answer {
	b.t.Helper()
	return b.do(http.MethodGet, path, "", nil)
}

func (b browser) post(path string, values url.Values) *answer {
	b.t.Helper()
	return b.do(http.MethodPost, path, "application/x-www-form-urlencoded", strings.NewReader(values.Encode()))
}

// press fills the form as it stands in a page and presses a button of it, with
// files as a browser without scripts sends them.
func (b browser) press(page *answer, do string, typed url.Values, files map[string]string) *answer {
	b.t.Helper()
	values := page.fields()
	for name, all := range typed {
		values[name] = all
	}
	values.Set("do", do)
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
	return b.do(http.MethodPost, "/tickets/new", form.FormDataContentType(), &body)
}

// fields are what the page's form would send.
func (a *answer) fields() url.Values {
	values := url.Values{}
	for _, e := range a.Find("#intake-form").Find("input, textarea, select").EachIter() {
		name, kind := e.AttrOr("name", ""), e.AttrOr("type", "")
		_, checked := e.Attr("checked")
		switch {
		case name == "" || kind == "file" || (kind == "radio" || kind == "checkbox") && !checked:
		case e.Is("select"):
			chosen := e.Find("option[selected]")
			if chosen.Length() == 0 {
				chosen = e.Find("option").First()
			}
			values.Add(name, chosen.AttrOr("value", ""))
		case e.Is("textarea"):
			values.Add(name, e.Text())
		default:
			values.Add(name, e.AttrOr("value", ""))
		}
	}
	return values
}

// want fails unless the answer has the status.
func (a *answer) want(status int) *answer {
	a.t.Helper()
	if a.status != status {
		a.t.Fatalf("status %d, want %d: %s", a.status, status, strings.Join(strings.Fields(a.Find("body").Text()), " "))
	}
	return a
}

// sentTo gives the page that comes next.
func (a *answer) sentTo() string {
	a.t.Helper()
	if to := a.header.Get("HX-Redirect"); to != "" {
		a.want(http.StatusNoContent)
		return to
	}
	a.want(http.StatusSeeOther)
	return a.header.Get("Location")
}

// number gives the ticket whose page comes next.
func (a *answer) number() string {
	a.t.Helper()
	return strings.TrimPrefix(a.sentTo(), "/tickets/")
}

// text gives the words of what a selector finds.
func (a *answer) text(selector string) string {
	return strings.Join(strings.Fields(a.Find(selector).Text()), " ")
}

// value gives what stands in a field.
func (a *answer) value(name string) string {
	return a.fields().Get(name)
}

func id(n int64) string { return strconv.FormatInt(n, 10) }
