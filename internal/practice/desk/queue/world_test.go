package queue_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"
	"github.com/a-h/templ"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/coretest"
	"github.com/steward-itsm/steward/internal/core/filter"
	"github.com/steward-itsm/steward/internal/core/module"
	"github.com/steward-itsm/steward/internal/core/people"
	"github.com/steward-itsm/steward/internal/core/search"
	"github.com/steward-itsm/steward/internal/core/service"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/core/workflow"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/blob"
	"github.com/steward-itsm/steward/internal/platform/database"
	"github.com/steward-itsm/steward/internal/platform/web"
	"github.com/steward-itsm/steward/internal/practice/desk/queue"
	"github.com/steward-itsm/steward/internal/ui"
	"github.com/steward-itsm/steward/internal/ui/text"
)

// world is a small company with the desk's lists in front of it. Surnames are
// words of their own, so that a leak is easy to see.
type world struct {
	*coretest.World
	tickets *ticket.Service
	queue   *queue.Queue
	server  *httptest.Server
	counter atomic.Pointer[database.Counter] // of the last request
	plugged []module.Column                  // what practices add

	asker, agent, other, lead, auditor, vendor int64 // persons
	network, desk, vendors                     int64 // groups
	payroll                                    int64 // a service
}

func each(t *testing.T, fn func(t *testing.T, w *world)) {
	t.Helper()
	coretest.Each(t, func(t *testing.T, c *coretest.World) { fn(t, open(t, c)) },
		workflow.Migrations, ticket.Migrations, search.Migrations, queue.Migrations)
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
		DB: c.DB, Kinds: kinds, Directory: directory{c.People, c.Services}, Announcer: silent{}, Now: c.Clock.Now,
		Search: search.New(c.DB), Blobs: blobs, Resolver: resolver{c},
	})
	w.queue = queue.New(queue.Deps{
		DB: c.DB, Tickets: w.tickets, Frame: frame{}, Names: c.People, Directory: c.People, Services: c.Services, Clock: c.Clock.Now,
		Beside: w.beside, Live: func(context.Context) func([]string, string) string {
			return func(topics []string, present string) string {
				return "/live?" + url.Values{"topic": topics, "present": {present}}.Encode()
			}
		},
		Menu: func(context.Context) (pages, create []module.MenuItem) {
			return []module.MenuItem{{Label: "Queue", URL: "/queue"}, {Label: "Secret page", URL: "/secret", Visible: func(access.Actor) bool { return false }}},
				[]module.MenuItem{{Label: "New incident", URL: "/new/incident"}}
		},
		Plugged: func() []module.Column { return w.plugged },
	})
	mux, err := web.NewMux(web.Options{})
	if err != nil {
		t.Fatal(err)
	}
	w.queue.Module().Routes(mux.With(web.Use(w.actor)))
	w.server = httptest.NewServer(mux)
	t.Cleanup(w.server.Close)

	company := w.Organisation(people.Own, "Halden", 0)
	supplier := w.Organisation(people.Supplier, "Wireworks", 0)
	w.asker = w.Person("Mira Askersson", company)
	w.agent = w.Person("Ana Agentson", company, access.RoleAgent)
	w.other = w.Person("Olaf Othersson", company, access.RoleAgent)
	w.lead = w.Person("Lea Leaderson", company, access.RoleTeamLead)
	w.auditor = w.Person("Aud Itorson", company, access.RoleAuditor)
	w.vendor = w.Person("Vera Vendorson", supplier, access.RoleSupplierAgent)
	w.network = w.Group("Network team", company, w.agent, w.lead)
	w.desk = w.Group("Service desk", company, w.other, w.lead)
	w.vendors = w.Group("Wireworks field", supplier, w.vendor)
	w.payroll = w.Service("Payroll", w.lead)
	return w
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

// resolver knows names as the program does.
type resolver struct{ w *coretest.World }

func (r resolver) Resolve(ctx context.Context, names []filter.Name) ([][]int64, error) {
	out := make([][]int64, len(names))
	for i, n := range names {
		called := r.w.People.PersonsCalled
		switch n.Kind {
		case ticket.RefGroup:
			called = r.w.People.GroupsCalled
		case ticket.RefService:
			called = r.w.Services.Called
		case ticket.RefOrganisation:
			called = r.w.People.OrganisationsCalled
		}
		found, err := called(ctx, r.w.DB.Reader(), []string{n.Text})
		if err != nil {
			return nil, err
		}
		out[i] = found[n.Text]
	}
	return out, nil
}

// beside is a ticket's page of nothing but its title.
func (w *world) beside(ctx context.Context, number, tab string) (module.Page, web.Component, error) {
	t, err := w.tickets.Get(ctx, ticket.ByNumber(number))
	topic := "ticket:" + itoa(t.ID)
	return module.Page{Title: t.Number + " " + t.Title, Topics: []string{topic}, Present: topic}, ui.Words("Page of " + t.Title + " " + tab), err
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
		shell := ui.Shell{Title: p.Title, Wide: p.Wide, LiveURL: "/live?" + url.Values{"topic": p.Topics}.Encode(), SearchText: p.Search, Bundles: p.Bundles}
		return shell.View().Render(templ.WithChildren(ctx, templ.ComponentFunc(body.Render)), out)
	}))
}

// incident opens a ticket; prepare changes what is asked for.
func (w *world) incident(title string, prepare ...func(*ticket.Create)) ticket.Ticket {
	w.T.Helper()
	c := ticket.Create{Kind: "incident", Title: title, RequesterID: w.asker, GroupID: w.network}
	for _, p := range prepare {
		p(&c)
	}
	t, err := w.tickets.Create(w.System(), c)
	if err != nil {
		w.T.Fatal(err)
	}
	w.Clock.Advance(time.Minute)
	return t
}

func urgent(c *ticket.Create) { c.Impact, c.Urgency = 1, 1 }

func with(group, person int64) func(*ticket.Create) {
	return func(c *ticket.Create) { c.GroupID, c.AssigneeID = group, person }
}

// do is a use case that must succeed.
func (w *world) do(t ticket.Ticket, err error) ticket.Ticket {
	w.T.Helper()
	if err != nil {
		w.T.Fatal(err)
	}
	w.Clock.Advance(time.Minute)
	return t
}

// browser is somebody at the pages.
type browser struct {
	w       *world
	t       *testing.T
	person  int64
	htmx    bool
	referer string
}

func (w *world) as(t *testing.T, person int64) browser { return browser{w: w, t: t, person: person} }

// quick makes the requests that htmx makes.
func (b browser) quick() browser {
	b.htmx = true
	return b
}

func (b browser) do(method, path string, body io.Reader) *answer {
	b.t.Helper()
	req, err := http.NewRequestWithContext(b.t.Context(), method, b.w.server.URL+path, body)
	if err != nil {
		b.t.Fatal(err)
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	if b.person != 0 {
		req.Header.Set("Person", strconv.FormatInt(b.person, 10))
	}
	if b.htmx {
		req.Header.Set("HX-Request", "true")
	}
	if b.referer != "" {
		req.Header.Set("Referer", b.w.server.URL+b.referer)
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
	return b.do(http.MethodGet, path, nil)
}

func (b browser) post(path string, values url.Values) *answer {
	b.t.Helper()
	return b.do(http.MethodPost, path, strings.NewReader(values.Encode()))
}

// answer is what came back.
type answer struct {
	t      *testing.T
	status int
	header http.Header
	body   string
	*goquery.Document
}

func (a *answer) want(status int) *answer {
	a.t.Helper()
	if a.status != status {
		a.t.Fatalf("status %d, want %d: %s", a.status, status, strings.TrimSpace(a.body[:min(len(a.body), 600)]))
	}
	return a
}

// words is what a selection says, with single spaces.
func (a *answer) words(selector string) string {
	return strings.Join(strings.Fields(a.Find(selector).Text()), " ")
}

func (a *answer) says(selector, part string) {
	a.t.Helper()
	if got := a.words(selector); !strings.Contains(got, part) {
		a.t.Errorf("%s says %q, want %q in it", selector, got, part)
	}
}

// hides fails if any of the texts stands anywhere in the answer.
func (a *answer) hides(texts ...string) {
	a.t.Helper()
	for _, s := range texts {
		if strings.Contains(a.body, s) {
			a.t.Errorf("the answer holds %q", s)
		}
	}
}

// titles are the titles of the rows, in order.
func (a *answer) titles() []string {
	var out []string
	a.Find("tr .s-col-title .s-link").Each(func(_ int, s *goquery.Selection) { out = append(out, s.Text()) })
	return out
}

// hrefs are the addresses of the selected links.
func (a *answer) hrefs(selector string) []string {
	var out []string
	a.Find(selector).Each(func(_ int, s *goquery.Selection) { out = append(out, s.AttrOr("href", "")) })
	return out
}

// queries fails if the last request asked the database more often than most.
func (w *world) queries(t *testing.T, most int) {
	t.Helper()
	if c := w.counter.Load(); c.N() > most {
		t.Errorf("%d queries, want at most %d:\n%s", c.N(), most, strings.Join(c.Queries(), "\n---\n"))
	}
}

func form(pairs ...string) url.Values {
	v := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		v.Add(pairs[i], pairs[i+1])
	}
	return v
}

func has(list []string, s string) bool { return slices.Contains(list, s) }

func is(err error, kind apperr.Kind) bool { return apperr.Is(err, kind) }

func itoa(n int64) string { return strconv.FormatInt(n, 10) }
