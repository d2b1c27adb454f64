package tension_test

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
	"github.com/steward-itsm/steward/internal/core/once"
	"github.com/steward-itsm/steward/internal/core/people"
	"github.com/steward-itsm/steward/internal/core/search"
	"github.com/steward-itsm/steward/internal/core/service"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/core/workflow"
	"github.com/steward-itsm/steward/internal/platform/database"
	"github.com/steward-itsm/steward/internal/platform/live"
	"github.com/steward-itsm/steward/internal/platform/web"
	"github.com/steward-itsm/steward/internal/practice/measurement/tension"
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

// world is a desk that pursues its figures.
type world struct {
	*coretest.World
	tickets *ticket.Service
	metrics *metric.Service
	notices *notify.Service
	pairs   *tension.Tension
	server  *httptest.Server
	counter *database.Counter

	admin, agent, vendor, asker int64
	desk, second                int64
}

func each(t *testing.T, fn func(t *testing.T, w *world)) {
	t.Helper()
	coretest.Each(t, func(t *testing.T, c *coretest.World) { fn(t, open(t, c)) },
		workflow.Migrations, ticket.Migrations, search.Migrations, metric.Migrations, notify.Migrations, tension.Migrations)
}

func open(t *testing.T, c *coretest.World) *world {
	t.Helper()
	kinds, err := workflow.NewRegistry(t.Context(), c.DB)
	check(t, err)
	t.Cleanup(kinds.Close)
	w := &world{World: c}
	w.tickets = ticket.New(ticket.Deps{DB: c.DB, Kinds: kinds, Directory: directory{c.People, c.Services}, Announcer: silent{}, Now: c.Clock.Now, Search: search.New(c.DB)})
	w.tickets.Follow(metric.Follow)
	w.metrics = metric.New(metric.Deps{DB: c.DB, Kinds: kinds, Tickets: w.tickets, People: c.People, Services: c.Services, Audit: c.Log, Now: c.Clock.Now})
	w.notices = notify.New(c.DB, silent{}, c.Clock.Now)
	w.pairs = tension.New(tension.Deps{
		DB: c.DB, Metrics: w.metrics, Tickets: w.tickets, Names: c.People, Actors: c.Actors, Audit: c.Log, Notices: w.notices, Frame: frame{}, Clock: c.Clock.Now,
		Reading: func(ctx context.Context, _ actors.Person) context.Context {
			return text.With(ctx, text.Reader{Now: c.Clock.Now(), Location: time.UTC})
		},
	})
	w.notices.GuardSubjects(tension.Subject, w.pairs.Guard)
	mux, err := web.NewMux(web.Options{})
	check(t, err)
	w.pairs.Module().Routes(mux.With(web.Use(w.actor)))
	w.server = httptest.NewServer(mux)
	t.Cleanup(w.server.Close)
	own, supplier := w.Organisation(people.Own, "Halden", 0), w.Organisation(people.Supplier, "Wireworks", 0)
	w.asker = w.Person("Mira Askersson", own)
	w.admin = w.Person("Ada Adminsson", own, access.RoleAdministrator)
	w.agent = w.Person("Ana Agentson", own, access.RoleAgent)
	w.vendor = w.Person("Vera Vendorson", supplier, access.RoleSupplierAgent)
	w.desk, w.second = w.Group("Service desk", own, w.agent), w.Group("Second line", own, w.admin)
	return w
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (w *world) actor(next web.HandlerFunc) web.HandlerFunc {
	return func(rw http.ResponseWriter, r *http.Request) error {
		ctx := text.With(r.Context(), text.Reader{Now: w.Clock.Now(), Location: time.UTC})
		id, err := strconv.ParseInt(r.Header.Get("Person"), 10, 64)
		if err != nil {
			return err
		}
		p, err := w.Actors.Person(ctx, id)
		if err != nil {
			return err
		}
		ctx, w.counter = database.WithCounter(access.With(ctx, p.Actor))
		return next(rw, r.WithContext(ctx))
	}
}

// do asks for a page as a person, with the values of a form for a POST.
func (w *world) do(t *testing.T, person int64, path string, form url.Values, status int) *goquery.Document {
	t.Helper()
	method := http.MethodGet
	if form != nil {
		method = http.MethodPost
	}
	req, err := http.NewRequestWithContext(t.Context(), method, w.server.URL+path, strings.NewReader(form.Encode()))
	check(t, err)
	if form != nil {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	req.Header.Set("Person", strconv.FormatInt(person, 10))
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	res, err := client.Do(req)
	check(t, err)
	defer res.Body.Close()
	doc, err := goquery.NewDocumentFromReader(res.Body)
	check(t, err)
	if res.StatusCode != status {
		t.Fatalf("%s %s: %d, want %d: %s", method, path, res.StatusCode, status, doc.Text())
	}
	return doc
}

// week lets a week pass in which one ticket is resolved, so many hours after it
// was opened and after so many changes of its group.
func (w *world) week(t *testing.T, hours, hops int) {
	t.Helper()
	begin := w.Clock.Now()
	opened, err := w.tickets.Create(w.System(), ticket.Create{Kind: "incident", Title: "Printer", RequesterID: w.asker, GroupID: w.desk})
	check(t, err)
	at := ticket.ByID(opened.ID)
	for i := range hops {
		to := []int64{w.second, w.desk}[i%2]
		_, err := w.tickets.Edit(w.System(), at, ticket.Edit{GroupID: &to})
		check(t, err)
	}
	w.Clock.Advance(time.Duration(hours) * time.Hour)
	_, err = w.tickets.Transition(w.System(), at, ticket.Step{Transition: "resolve", ResolutionCode: "solved", Resolution: "New drum."})
	check(t, err)
	w.Clock.Advance(7*24*time.Hour - w.Clock.Now().Sub(begin))
}

// tried looks at all pairs now.
func (w *world) tried(t *testing.T) {
	t.Helper()
	check(t, w.metrics.Run(w.System(), time.Hour))
	check(t, w.pairs.Try(w.System()))
}

// told is what the owner reads of alarms.
func (w *world) told(t *testing.T) []notify.Stored {
	t.Helper()
	page, err := w.notices.Inbox(w.As(w.admin), notify.Query{})
	check(t, err)
	var all []notify.Stored
	for _, l := range page.Lines {
		all = append(all, l.Notices...)
	}
	return all
}

// keyed is a context of a request under an idempotency key.
func keyed(ctx context.Context, key string) context.Context { return once.With(ctx, key) }

func path(id int64) string { return "/tension/" + strconv.FormatInt(id, 10) }
