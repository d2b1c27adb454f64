package portal_test

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
	"github.com/steward-itsm/steward/internal/practice/portal"
	"github.com/steward-itsm/steward/internal/ui"
	"github.com/steward-itsm/steward/internal/ui/text"
)

// world is a small company with the requester's pages in front of it. Names are
// made so that a leak is easy to see: every surname is a word of its own.
type world struct {
	*coretest.World
	tickets *ticket.Service
	server  *httptest.Server
	counter atomic.Pointer[database.Counter] // of the last request

	asker, colleague, agent, lead int64
	team, otherTeam, payroll      int64
}

// each runs fn with a world on each engine.
func each(t *testing.T, fn func(t *testing.T, w *world)) {
	t.Helper()
	coretest.Each(t, func(t *testing.T, c *coretest.World) { fn(t, open(t, c)) },
		workflow.Migrations, ticket.Migrations, search.Migrations)
}

func open(t *testing.T, c *coretest.World) *world {
	t.Helper()
	kinds, err := workflow.NewRegistry(t.Context(), c.DB)
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
		ActorOf: func(ctx context.Context, person int64) (access.Actor, error) {
			p, err := c.Actors.Person(ctx, person)
			return p.Actor, err
		},
	})
	p := portal.New(portal.Deps{
		DB: c.DB, Tickets: w.tickets, Names: c.People, Services: c.Services, Frame: frame{}, Now: c.Clock.Now, MaxUpload: 1000,
	})
	mux, err := web.NewMux(web.Options{})
	if err != nil {
		t.Fatal(err)
	}
	p.Module().Routes(mux.With(web.Use(w.actor)))
	w.server = httptest.NewServer(mux)
	t.Cleanup(w.server.Close)

	company := w.Organisation(people.Own, "Halden", 0)
	w.asker = w.Person("Mira Askersson", company)
	w.colleague = w.Person("Colin Colleagueson", company)
	w.agent = w.Person("Ana Agentson", company, access.RoleAgent)
	w.lead = w.Person("Lea Leaderson", company, access.RoleTeamLead)
	w.team = w.Group("Workplace team", company, w.agent, w.lead)
	w.otherTeam = w.Group("Network team", company, w.lead)
	w.payroll = w.Service("Payroll", w.lead)
	return w
}

// actor signs in whoever the header names.
func (w *world) actor(next web.HandlerFunc) web.HandlerFunc {
	return func(rw http.ResponseWriter, r *http.Request) error {
		ctx := text.With(r.Context(), text.Reader{Now: w.Clock.Now(), Theme: text.Theme(r.URL.Query().Get("theme"))})
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
	status := p.Status
	if status == 0 {
		status = http.StatusOK
	}
	return web.Render(w, r, status, templ.ComponentFunc(func(ctx context.Context, out io.Writer) error {
		return ui.Shell{Title: p.Title, LiveURL: "/live?t=" + strings.Join(p.Topics, ",")}.View().Render(templ.WithChildren(ctx, templ.ComponentFunc(body.Render)), out)
	}))
}

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
		a.t.Fatalf("status %d, want %d: %s", a.status, status, strings.TrimSpace(a.Find("main").Text()))
	}
	return a
}

// redirect follows a 303 of b.
func (a *answer) redirect(b browser) *answer {
	a.t.Helper()
	a.want(http.StatusSeeOther)
	return b.get(a.header.Get("Location"))
}

// words is what a selection says, with single spaces.
func (a *answer) words(selector string) string {
	return strings.Join(strings.Fields(a.Find(selector).Text()), " ")
}

// says fails unless the selected part holds the text.
func (a *answer) says(selector, part string) {
	a.t.Helper()
	if got := a.words(selector); !strings.Contains(got, part) {
		a.t.Errorf("%s says %q, want %q in it", selector, got, part)
	}
}

// ask opens a ticket for somebody.
func (w *world) ask(t *testing.T, person int64, title string) ticket.Ticket {
	t.Helper()
	made, err := w.tickets.Create(w.As(person), ticket.Create{Kind: "incident", Title: title})
	if err != nil {
		t.Fatal(err)
	}
	return made
}

// step takes an agent's step on a ticket.
func (w *world) step(t *testing.T, number string, step ticket.Step) {
	t.Helper()
	if _, err := w.tickets.Transition(w.As(w.agent), ticket.ByNumber(number), step); err != nil {
		t.Fatal(err)
	}
}

func (w *world) resolve(t *testing.T, number string) {
	t.Helper()
	w.step(t, number, ticket.Step{Transition: "resolve", ResolutionCode: "solved", Resolution: "Changed the cable."})
}
