package dashboard

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"
	"github.com/a-h/templ"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/access/actors"
	"github.com/steward-itsm/steward/internal/core/coretest"
	"github.com/steward-itsm/steward/internal/core/metric"
	"github.com/steward-itsm/steward/internal/core/module"
	"github.com/steward-itsm/steward/internal/core/notify"
	"github.com/steward-itsm/steward/internal/core/people"
	"github.com/steward-itsm/steward/internal/core/search"
	"github.com/steward-itsm/steward/internal/core/service"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/core/workflow"
	"github.com/steward-itsm/steward/internal/platform/database"
	"github.com/steward-itsm/steward/internal/platform/live"
	"github.com/steward-itsm/steward/internal/platform/web"
	"github.com/steward-itsm/steward/internal/ui"
	"github.com/steward-itsm/steward/internal/ui/text"
)

type silent struct{}

func (silent) Announce(context.Context, *database.Tx, ticket.Announcement) error { return nil }

func (silent) Publish(context.Context, *database.Tx, ...live.Event) error { return nil }

type directory struct {
	*people.Service
	services *service.Store
}

func (d directory) SupportGroup(ctx context.Context, q database.Querier, id int64) (int64, error) {
	return d.services.SupportGroup(ctx, q, id)
}

type frame struct{}

func (frame) Page(w http.ResponseWriter, r *http.Request, p module.Page, body web.Component) error {
	status := p.Status
	if status == 0 {
		status = http.StatusOK
	}
	return web.Render(w, r, status, templ.ComponentFunc(func(ctx context.Context, out io.Writer) error {
		return ui.Shell{Title: p.Title}.View().Render(templ.WithChildren(ctx, templ.ComponentFunc(body.Render)), out)
	}))
}

// world is a desk with boards before it.
type world struct {
	*coretest.World
	kinds   *workflow.Registry
	tickets *ticket.Service
	metrics *metric.Service
	notices *notify.Service
	boards  *Dashboards
	server  *httptest.Server
	counter *database.Counter

	agent, other, lead, asker, vendor int64
	desk, vendors                     int64
}

func each(t *testing.T, fn func(t *testing.T, w *world)) {
	t.Helper()
	coretest.Each(t, func(t *testing.T, c *coretest.World) { fn(t, open(t, c)) },
		workflow.Migrations, ticket.Migrations, search.Migrations, metric.Migrations, notify.Migrations, Migrations)
}

func open(t *testing.T, c *coretest.World) *world {
	t.Helper()
	kinds, err := workflow.NewRegistry(t.Context(), c.DB)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(kinds.Close)
	w := &world{World: c, kinds: kinds}
	w.tickets = ticket.New(ticket.Deps{DB: c.DB, Kinds: kinds, Directory: directory{c.People, c.Services}, Announcer: silent{}, Now: c.Clock.Now, Search: search.New(c.DB)})
	w.tickets.Follow(metric.Follow)
	w.metrics = metric.New(metric.Deps{DB: c.DB, Kinds: kinds, Tickets: w.tickets, People: c.People, Services: c.Services, Audit: c.Log, Now: c.Clock.Now})
	w.notices = notify.New(c.DB, silent{}, c.Clock.Now)
	w.boards = w.node()
	w.notices.GuardSubjects(Subject, w.boards.Guard)
	mux, err := web.NewMux(web.Options{})
	if err != nil {
		t.Fatal(err)
	}
	known := mux.With(web.Use(w.actor))
	w.boards.Module().Routes(known)
	w.boards.Screens().Routes(known)
	w.server = httptest.NewServer(mux)
	t.Cleanup(w.server.Close)
	own, supplier := w.Organisation(people.Own, "Halden", 0), w.Organisation(people.Supplier, "Wireworks", 0)
	w.asker = w.Person("Mira Askersson", own)
	w.agent = w.Person("Ana Agentson", own, access.RoleAgent)
	w.other = w.Person("Olaf Othersson", own, access.RoleAgent)
	w.lead = w.Person("Lea Leaderson", own, access.RoleTeamLead)
	w.vendor = w.Person("Vera Vendorson", supplier, access.RoleSupplierAgent)
	w.desk = w.Group("Service desk", own, w.agent, w.lead)
	w.vendors = w.Group("Wireworks field", supplier, w.vendor)
	return w
}

// node is the boards as one node serves them.
func (w *world) node() *Dashboards {
	return New(Deps{
		DB: w.DB, Metrics: w.metrics, Tickets: w.tickets, Kinds: w.kinds, Names: w.People, Actors: w.Actors, Roles: w.Roles, Audit: w.Log, Notices: w.notices, Frame: frame{}, Clock: w.Clock.Now,
		TicketURL: func(_ access.Actor, number string) string { return "/tickets/" + number }, BaseURL: "https://desk.example.org", Topic: "queue", Event: "ticket-changed",
		Reading: func(ctx context.Context, _ actors.Person) context.Context {
			return text.With(ctx, text.Reader{Now: w.Clock.Now()})
		},
	})
}

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
		ctx, w.counter = database.WithCounter(ctx)
		return next(rw, r.WithContext(ctx))
	}
}

type page struct {
	*goquery.Document
	header http.Header
}

func (w *world) do(t *testing.T, person int64, method, path string, values url.Values, status int) page {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, w.server.URL+path, strings.NewReader(values.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	if method == http.MethodPost {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	if person != 0 {
		req.Header.Set("Person", strconv.FormatInt(person, 10))
	}
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	res, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	doc, err := goquery.NewDocumentFromReader(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	if res.StatusCode != status {
		t.Fatalf("%s %s: %d, want %d: %s", method, path, res.StatusCode, status, doc.Text())
	}
	return page{doc, res.Header}
}

func (w *world) get(t *testing.T, person int64, path string, status int) page {
	t.Helper()
	return w.do(t, person, http.MethodGet, path, nil, status)
}

func (w *world) post(t *testing.T, person int64, path string, status int, pairs ...string) page {
	t.Helper()
	v := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		v.Add(pairs[i], pairs[i+1])
	}
	return w.do(t, person, http.MethodPost, path, v, status)
}

func (w *world) incident(title string, group int64) {
	w.T.Helper()
	if _, err := w.tickets.Create(w.System(), ticket.Create{Kind: "incident", Title: title, RequesterID: w.asker, GroupID: group}); err != nil {
		w.T.Fatal(err)
	}
	if err := w.metrics.Run(w.System(), time.Hour); err != nil {
		w.T.Fatal(err)
	}
}

// define saves a kind anew.
func (w *world) define(t *testing.T, d *workflow.Definition) {
	t.Helper()
	now, err := w.kinds.Get(d.Key)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.DB.Write(w.System(), func(tx *database.Tx) error {
		return w.kinds.Save(w.System(), tx, d, now.Version, w.lead, w.Clock.Now())
	}); err != nil {
		t.Fatal(err)
	}
	if err := w.kinds.Reload(w.System()); err != nil {
		t.Fatal(err)
	}
}
