package process_test

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
	"github.com/steward-itsm/steward/internal/core/coretest"
	"github.com/steward-itsm/steward/internal/core/module"
	"github.com/steward-itsm/steward/internal/core/people"
	"github.com/steward-itsm/steward/internal/core/search"
	"github.com/steward-itsm/steward/internal/core/service"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/core/workflow"
	"github.com/steward-itsm/steward/internal/platform/database"
	"github.com/steward-itsm/steward/internal/platform/web"
	"github.com/steward-itsm/steward/internal/practice/measurement/process"
	"github.com/steward-itsm/steward/internal/ui"
	"github.com/steward-itsm/steward/internal/ui/text"
)

type world struct {
	*coretest.World
	tickets                      *ticket.Service
	server                       *httptest.Server
	counter                      *database.Counter
	agent, asker, vendor, seller int64
	desk, vendors                int64
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

type frame struct{}

func (frame) Page(w http.ResponseWriter, r *http.Request, p module.Page, body web.Component) error {
	return web.Render(w, r, http.StatusOK, templ.ComponentFunc(func(ctx context.Context, out io.Writer) error {
		return ui.Shell{Title: p.Title}.View().Render(templ.WithChildren(ctx, templ.ComponentFunc(body.Render)), out)
	}))
}

func each(t *testing.T, fn func(t *testing.T, w *world)) {
	t.Helper()
	coretest.Each(t, func(t *testing.T, c *coretest.World) { fn(t, open(t, c)) }, workflow.Migrations, ticket.Migrations, search.Migrations)
}

func open(t *testing.T, c *coretest.World) *world {
	t.Helper()
	kinds, err := workflow.NewRegistry(t.Context(), c.DB)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(kinds.Close)
	w := &world{World: c}
	w.tickets = ticket.New(ticket.Deps{DB: c.DB, Kinds: kinds, Directory: directory{c.People, c.Services}, Announcer: silent{}, Now: c.Clock.Now, Search: search.New(c.DB)})
	p := process.New(process.Deps{
		DB: c.DB, Tickets: w.tickets, Names: c.People, Frame: frame{}, Clock: c.Clock.Now,
		TicketURL: func(_ access.Actor, number string) string { return "/tickets/" + number },
	})
	mux, err := web.NewMux(web.Options{})
	if err != nil {
		t.Fatal(err)
	}
	p.Module().Routes(mux.With(web.Use(w.actor)))
	w.server = httptest.NewServer(mux)
	t.Cleanup(w.server.Close)
	own := w.Organisation(people.Own, "Halden", 0)
	supplier := w.Organisation(people.Supplier, "Wireworks", 0)
	w.asker = w.Person("Mira Askersson", own)
	w.agent = w.Person("Ana Agentson", own, access.RoleAgent)
	w.vendor = w.Person("Vera Vendorson", supplier, access.RoleSupplierAgent)
	w.seller = w.Person("Rolf Relationson", own, access.RoleRelationshipManager)
	w.desk = w.Group("Service desk", own, w.agent)
	w.vendors = w.Group("Wireworks field", supplier, w.vendor)
	return w
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

func (w *world) get(t *testing.T, person int64, path string, status int) *goquery.Document {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, w.server.URL+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Person", strconv.FormatInt(person, 10))
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	doc, err := goquery.NewDocumentFromReader(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	if res.StatusCode != status {
		t.Fatalf("GET %s: %d, want %d: %s", path, res.StatusCode, status, doc.Text())
	}
	return doc
}

// life takes a ticket from creation to its resolution, an hour for each step.
func (w *world) life(title string, group int64, handTo int64) ticket.Ticket {
	w.T.Helper()
	ctx := w.System()
	k, err := w.tickets.Create(ctx, ticket.Create{Kind: "incident", Title: title, RequesterID: w.asker, GroupID: group})
	check := func(err error) {
		w.T.Helper()
		if err != nil {
			w.T.Fatal(err)
		}
	}
	check(err)
	w.Clock.Advance(time.Hour)
	_, err = w.tickets.Transition(ctx, ticket.ByID(k.ID), ticket.Step{Transition: "start"})
	check(err)
	if handTo != 0 {
		w.Clock.Advance(time.Hour)
		_, err = w.tickets.Edit(ctx, ticket.ByID(k.ID), ticket.Edit{GroupID: &handTo})
		check(err)
	}
	return k
}

func period(w *world) string {
	return "from=" + w.Clock.Now().AddDate(0, 0, -7).Format(time.DateOnly) + "&to=" + w.Clock.Now().AddDate(0, 0, 1).Format(time.DateOnly)
}

func TestTheMapShowsTheFlowAndOpensWhatIsBehind(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		w.life("First", w.desk, 0)
		w.life("Second", w.desk, w.vendors)
		doc := w.get(t, w.agent, "/process?"+period(w), http.StatusOK)
		if n := w.counter.N(); n > 4 {
			t.Errorf("%d queries: %s", n, strings.Join(w.counter.Queries(), "\n"))
		}
		if got := doc.Find(".s-map-place").Length(); got != 2 {
			t.Errorf("%d places", got)
		}
		link, _ := doc.Find("#step-list a").FilterFunction(func(_ int, s *goquery.Selection) bool { return s.Text() == "New" }).Attr("href")
		behind := w.get(t, w.agent, link, http.StatusOK)
		if text := behind.Find("main").Text(); !strings.Contains(text, "First") || !strings.Contains(text, "Second") {
			t.Errorf("behind %s: %s", link, text)
		}
		groups := w.get(t, w.agent, "/process?between=group&"+period(w), http.StatusOK).Find("#step-list").Text()
		if !strings.Contains(groups, "Service desk") || !strings.Contains(groups, "Wireworks field") {
			t.Errorf("between groups: %s", groups)
		}
	})
}

// TestNobodyLearnsFromAMapWhatTheyMayNotSee: not even how many there are.
func TestNobodyLearnsFromAMapWhatTheyMayNotSee(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		w.life("Kept inside", w.desk, 0)
		w.life("Handed over", w.desk, w.vendors)
		w.get(t, w.agent, "/process?"+period(w), http.StatusOK) // fills the cache with what the agent sees
		ways := w.get(t, w.vendor, "/process?"+period(w), http.StatusOK).Find("#way-list tbody tr").Length()
		if ways != 1 {
			t.Errorf("the supplier sees %d ways, want the one of the ticket that was handed over", ways)
		}
		list := w.get(t, w.vendor, "/process/tickets?at=new&"+period(w), http.StatusOK).Find("main").Text()
		if strings.Contains(list, "Kept inside") || !strings.Contains(list, "Handed over") {
			t.Error(list)
		}
		w.get(t, w.asker, "/process?"+period(w), http.StatusForbidden)
		w.get(t, w.asker, "/process/export?"+period(w), http.StatusForbidden)
		w.get(t, w.asker, "/process/tickets?at=new&"+period(w), http.StatusForbidden)
	})
}

func TestABadQuestionIsAnsweredBesideItsField(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		for _, query := range []string{"from=yesterday", "to=2016-13-01", "from=2026-03-02&to=2026-03-01", "share=101", "between=people", "from=1980-01-01"} {
			w.get(t, w.agent, "/process?"+query, http.StatusUnprocessableEntity)
		}
		doc := w.get(t, w.agent, "/process?q="+url.QueryEscape("colour:red"), http.StatusOK)
		if !strings.Contains(doc.Find("main").Text(), "colour") || doc.Find("#filter[aria-invalid]").Length() != 1 {
			t.Error("the wrong filter is not said")
		}
		if doc := w.get(t, w.agent, "/process", http.StatusOK); !strings.Contains(doc.Text(), "No ticket was created in this period") {
			t.Error("an empty map says nothing")
		}
	})
}
