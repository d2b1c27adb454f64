package results_test

import (
	"context"
	"encoding/json"
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
	"golang.org/x/text/language"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/access/actors"
	"github.com/steward-itsm/steward/internal/core/access/roles"
	"github.com/steward-itsm/steward/internal/core/calendar"
	"github.com/steward-itsm/steward/internal/core/clock"
	"github.com/steward-itsm/steward/internal/core/coretest"
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
	"github.com/steward-itsm/steward/internal/platform/web/openapi"
	"github.com/steward-itsm/steward/internal/practice/servicelevel/agreement"
	"github.com/steward-itsm/steward/internal/practice/servicelevel/promise"
	"github.com/steward-itsm/steward/internal/practice/servicelevel/results"
	"github.com/steward-itsm/steward/internal/ui"
	"github.com/steward-itsm/steward/internal/ui/text"
)

// frame has nothing around the page but the title.
type frame struct{}

// Page implements module.Frame.
func (frame) Page(w http.ResponseWriter, r *http.Request, p module.Page, body web.Component) error {
	status := p.Status
	if status == 0 {
		status = http.StatusOK
	}
	return web.Render(w, r, status, framed{p.Title, body})
}

type framed struct {
	title string
	body  web.Component
}

// Render implements web.Component.
func (f framed) Render(ctx context.Context, w io.Writer) error {
	return ui.Bare{Title: f.title}.View().Render(templ.WithChildren(ctx, f.body), w)
}

type silent struct{}

// Announce implements ticket.Announcer.
func (silent) Announce(context.Context, *database.Tx, ticket.Announcement) error { return nil }

// Publish implements notify.Publisher.
func (silent) Publish(context.Context, *database.Tx, ...live.Event) error { return nil }

type directory struct {
	*people.Service
	*service.Store
}

// world is a desk that promised every customer a resolution within eight hours, day
// and night: to two units of its own company and to a customer.
type world struct {
	*coretest.World

	tickets    *ticket.Service
	promises   *promise.Service
	agreements *agreement.Service
	notices    *notify.Service
	results    *results.Service
	nodes      func() *results.Service // one more, on the same database
	server     *httptest.Server
	counter    *database.Counter

	company, north, south, lighthouse, wireworks  int64 // organisations
	admin, ana, olga, mira, milo, sam, lena, vera int64 // persons
	network, mail, orphan, gold                   int64
}

func each(t *testing.T, fn func(t *testing.T, w *world)) {
	t.Helper()
	t.Parallel()
	coretest.Each(t, func(t *testing.T, c *coretest.World) { fn(t, build(t, c)) },
		workflow.Migrations, ticket.Migrations, search.Migrations, promise.Migrations, notify.Migrations, calendar.Migrations, agreement.Migrations, results.Migrations)
}

func build(t *testing.T, c *coretest.World) *world {
	t.Helper()
	w := &world{World: c}
	c.Roles = roles.New(c.DB, c.Log, c.Changes, access.NewCatalogue(results.Verbs()...), c.Clock.Now)
	c.Actors = actors.New(actors.Deps{DB: c.DB, Roles: c.Roles, Changes: c.Changes, Clock: c.Clock.Now})
	t.Cleanup(c.Actors.Close)
	kinds, err := workflow.NewRegistry(t.Context(), c.DB)
	check(t, err)
	t.Cleanup(kinds.Close)
	calendars := calendar.New(c.DB, c.Log, c.Clock.Now)
	w.tickets = ticket.New(ticket.Deps{DB: c.DB, Kinds: kinds, Directory: directory{c.People, c.Services}, Announcer: silent{}, Now: c.Clock.Now, Search: search.New(c.DB)})
	w.agreements = agreement.New(agreement.Deps{DB: c.DB, Audit: c.Log, Calendars: calendars, People: c.People, Services: c.Services, Kinds: kinds, Frame: frame{}, Clock: c.Clock.Now})
	t.Cleanup(w.agreements.Close)
	w.promises = promise.NewService(promise.Deps{DB: c.DB, Tickets: w.tickets, Kinds: kinds, Agreements: w.agreements, Calendars: calendars, Places: c.People, Services: c.Services, Now: c.Clock.Now})
	w.agreements.Follow(w.promises.Changed)
	w.tickets.Follow(w.promises.Follow)
	w.notices = notify.New(c.DB, silent{}, c.Clock.Now)
	w.nodes = func() *results.Service {
		s := results.New(results.Deps{
			DB: c.DB, Agreements: w.agreements, Promises: w.promises, Calendars: calendars, People: c.People, Services: c.Services, Tickets: w.tickets, Kinds: kinds,
			Audit: c.Log, Notices: w.notices, Actors: c.Actors, Reading: func(ctx context.Context, _ actors.Person) context.Context { return w.reading(ctx) }, Frame: frame{}, Now: c.Clock.Now,
		})
		t.Cleanup(s.Close)
		return s
	}
	w.results = w.nodes()
	w.notices.GuardSubjects(results.Subject, w.results.Guard)
	mux, err := web.NewMux(web.Options{})
	check(t, err)
	w.results.Module().Routes(mux.With(web.Use(w.actor)))
	w.results.Module().API(openapi.New(mux, openapi.Options{Authenticate: w.actor}))
	w.server = httptest.NewServer(mux)
	t.Cleanup(w.server.Close)

	w.company, w.lighthouse, w.wireworks = w.Organisation(people.Own, "Halden", 0), w.Organisation(people.Customer, "Lighthouse", 0), w.Organisation(people.Supplier, "Wireworks", 0)
	w.north, w.south = w.Organisation(people.Unit, "North", w.company), w.Organisation(people.Unit, "South", w.company)
	w.admin, w.ana, w.olga = w.Person("Ada Admin", w.company, access.RoleAdministrator), w.Person("Ana Agent", w.company, access.RoleAgent), w.Person("Olga Owner", w.company, access.RoleAgent)
	w.mira, w.milo, w.sam, w.lena = w.Person("Mira North", w.north), w.Person("Milo North", w.north), w.Person("Sam South", w.south), w.Person("Lena Lighthouse", w.lighthouse)
	w.vera = w.Person("Vera Vendor", w.wireworks, access.RoleSupplierAgent)
	w.network = w.Group("Network", w.company, w.ana)
	w.mail, w.orphan = w.World.Service("Mail", w.olga), w.World.Service("Fax", 0)
	always := calendar.Calendar{Name: "Always", Zone: "Europe/Berlin", Versions: []calendar.Version{{}}}
	for d := range always.Versions[0].Week {
		always.Versions[0].Week[d] = []calendar.Span{calendar.AllDay}
	}
	made, err := calendars.Create(w.System(), always)
	check(t, err)
	a, err := w.agreements.Create(w.System(), agreement.Draft{
		Name: "Gold", Role: clock.SLA, OwnerID: w.olga, From: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC),
		Terms: clock.Terms{Calendar: made.ID, Targets: []clock.Target{{Measure: clock.Response, Within: time.Hour}, {Measure: clock.Resolution, Priority: 1, Within: 4 * time.Hour}, {Measure: clock.Resolution, Within: 8 * time.Hour}}},
	})
	check(t, err)
	w.gold = a.ID
	return w
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (w *world) reading(ctx context.Context) context.Context {
	return text.With(ctx, text.Reader{Now: w.Clock.Now(), Location: time.UTC, Language: language.BritishEnglish})
}

func (w *world) actor(next web.HandlerFunc) web.HandlerFunc {
	return func(rw http.ResponseWriter, r *http.Request) error {
		ctx := w.reading(r.Context())
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

// answer is what the server said.
type answer struct {
	status   int
	body     string
	location string
}

func (a answer) html(t testing.TB) *goquery.Document {
	t.Helper()
	doc, err := goquery.NewDocumentFromReader(strings.NewReader(a.body))
	check(t, err)
	return doc
}

// words is the text of a part of a page.
func (a answer) words(t testing.TB, selector string) string {
	t.Helper()
	return strings.ReplaceAll(strings.Join(strings.Fields(a.html(t).Find(selector).Text()), " "), "\u00a0", " ")
}

func (w *world) send(t testing.TB, person int64, method, path, kind, body string) answer {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, w.server.URL+path, strings.NewReader(body))
	check(t, err)
	if kind != "" {
		req.Header.Set("Content-Type", kind)
	}
	req.Header.Set("If-Match", "*")
	req.Header.Set("Person", strconv.FormatInt(person, 10))
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	res, err := client.Do(req)
	check(t, err)
	defer res.Body.Close()
	all, err := io.ReadAll(res.Body)
	check(t, err)
	return answer{res.StatusCode, string(all), res.Header.Get("Location")}
}

// get asks for a page as a person.
func (w *world) get(t testing.TB, person int64, path string, status int) answer {
	t.Helper()
	a := w.send(t, person, http.MethodGet, path, "", "")
	if a.status != status {
		t.Fatalf("%s: %d, want %d: %s", path, a.status, status, a.body)
	}
	return a
}

// post sends a form as a person.
func (w *world) post(t testing.TB, person int64, path string, form url.Values, status int) answer {
	t.Helper()
	a := w.send(t, person, http.MethodPost, path, "application/x-www-form-urlencoded", form.Encode())
	if a.status != status {
		t.Fatalf("%s: %d, want %d: %s", path, a.status, status, a.body)
	}
	return a
}

// api speaks to the API as a person.
func (w *world) api(t testing.TB, person int64, method, path, body string, status int, into any) {
	t.Helper()
	kind := ""
	if body != "" {
		kind = "application/json"
	}
	a := w.send(t, person, method, "/api/v1"+path, kind, body)
	if a.status != status {
		t.Fatalf("%s %s: %d, want %d: %s", method, path, a.status, status, a.body)
	}
	if into != nil {
		check(t, json.Unmarshal([]byte(a.body), into))
	}
}

// solved is an incident that was answered at once and resolved after so many hours.
func (w *world) solved(asker, service int64, hours int) ticket.Ticket {
	w.T.Helper()
	tk, err := w.tickets.Create(w.System(), ticket.Create{Kind: "incident", Title: "Secret matter of " + strconv.FormatInt(asker, 10), RequesterID: asker, GroupID: w.network, AssigneeID: w.ana, ServiceID: service})
	check(w.T, err)
	_, err = w.tickets.Reply(w.As(w.ana), ticket.ByID(tk.ID), ticket.PublicReply{Body: "On it."})
	check(w.T, err)
	w.Clock.Advance(time.Duration(hours) * time.Hour)
	_, err = w.tickets.Transition(w.As(w.ana), ticket.ByID(tk.ID), ticket.Step{Transition: "resolve", ResolutionCode: "solved", Resolution: "Done."})
	check(w.T, err)
	return tk
}

// until lets time pass to an instant of 2026.
func (w *world) until(month time.Month, day int) {
	w.Clock.Advance(time.Date(2026, month, day, 12, 0, 0, 0, time.UTC).Sub(w.Clock.Now()))
}

// publishing turns it on for some organisations.
func (w *world) publishing(change func(s *results.Setting), organisations ...int64) {
	w.T.Helper()
	now, err := w.results.Setting(w.System(), w.gold)
	check(w.T, err)
	s := results.Setting{Agreement: w.gold, Active: true, Organisations: organisations, Goal: 9000, Version: now.Version}
	if change != nil {
		change(&s)
	}
	_, err = w.results.Configure(w.As(w.admin), s)
	check(w.T, err)
}

// publish publishes a month by hand.
func (w *world) publish(organisation int64, month results.Month) results.Publication {
	w.T.Helper()
	p, err := w.results.Publish(w.As(w.admin), w.gold, organisation, month, "")
	check(w.T, err)
	return p
}
