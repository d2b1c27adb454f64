package suggest_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"
	"github.com/google/go-cmp/cmp"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/coretest"
	"github.com/steward-itsm/steward/internal/core/people"
	"github.com/steward-itsm/steward/internal/core/search"
	"github.com/steward-itsm/steward/internal/core/service"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/core/workflow"
	"github.com/steward-itsm/steward/internal/platform/blob"
	"github.com/steward-itsm/steward/internal/platform/database"
	"github.com/steward-itsm/steward/internal/platform/web"
	"github.com/steward-itsm/steward/internal/practice/desk/suggest"
)

// world is a company and a supplier, with the endpoints in front of them.
type world struct {
	*coretest.World
	tickets *ticket.Service
	mux     *web.Mux

	agent, colleague, asker, supplierAgent int64
	team, supplierTeam                     int64
}

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
		Now: c.Clock.Now, Search: search.New(c.DB), Blobs: blobs,
	})
	if w.mux, err = web.NewMux(web.Options{}); err != nil {
		t.Fatal(err)
	}
	suggest.New(suggest.Deps{Directory: c.People, Services: c.Services, Tickets: w.tickets}).Module().Routes(w.mux)

	company := w.Organisation(people.Own, "Halden", 0)
	supplier := w.Organisation(people.Supplier, "Printmasters", 0)
	w.asker = w.Person("Mira Askersson", company, access.RoleRequester)
	w.agent = w.Person("Ana [Desk] Agentson", company, access.RoleAgent)
	w.colleague = w.Person("Ann Colleagueson", company, access.RoleAgent)
	w.supplierAgent = w.Person("Sam Suppliersson", supplier, access.RoleSupplierAgent)
	w.team = w.Group("Workplace team", company, w.agent)
	w.supplierTeam = w.Group("Printer field team", supplier, w.supplierAgent)
	w.Service("Payroll", w.agent)
	return w
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

func (w *world) ticket(t *testing.T, person int64, c ticket.Create) ticket.Ticket {
	t.Helper()
	c.Kind = "incident"
	made, err := w.tickets.Create(w.As(person), c)
	if err != nil {
		t.Fatal(err)
	}
	return made
}

// asked is what somebody gets; person 0 is nobody.
func (w *world) asked(t *testing.T, person int64, path string) *goquery.Document {
	t.Helper()
	ctx, counter := database.WithCounter(t.Context())
	if person != 0 {
		ctx = access.With(ctx, access.From(w.As(person)))
	}
	rec := httptest.NewRecorder()
	w.mux.ServeHTTP(rec, httptest.NewRequestWithContext(ctx, http.MethodGet, path, nil))
	if rec.Code != http.StatusOK {
		t.Fatalf("%s: status %d: %s", path, rec.Code, rec.Body)
	}
	if n := counter.N(); n > 6 {
		t.Errorf("%s: %d queries", path, n)
	}
	doc, err := goquery.NewDocumentFromReader(rec.Body)
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

// options lists the labels of the options.
func options(doc *goquery.Document) []string {
	var labels []string
	for _, o := range doc.Find("[role=option]").EachIter() {
		labels = append(labels, o.AttrOr("data-label", ""))
	}
	return labels
}

func TestNamesAreCompleted(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		for _, c := range []struct {
			path string
			want []string
		}{
			{"/suggest/people?q=an", []string{"Ana [Desk] Agentson", "Ann Colleagueson"}},
			{"/suggest/people?q=colleag", []string{"Ann Colleagueson"}},
			{"/suggest/people?q=nobody", nil},
			{"/suggest/members?q=an&group=" + strconv.FormatInt(w.team, 10), []string{"Ana [Desk] Agentson"}},
			{"/suggest/members?q=an&group=", []string{"Ana [Desk] Agentson", "Ann Colleagueson"}},
			{"/suggest/members?group=1", nil},
			{"/suggest/groups?q=team", []string{"Printer field team", "Workplace team"}},
			{"/suggest/organisations?q=print", []string{"Printmasters"}},
			{"/suggest/services?q=pay", []string{"Payroll"}},
		} {
			if diff := cmp.Diff(c.want, options(w.asked(t, w.agent, c.path))); diff != "" {
				t.Errorf("%s (-want +got):\n%s", c.path, diff)
			}
		}
		person := w.asked(t, w.agent, "/suggest/people?q=colleag").Find("[role=option]")
		if got := person.AttrOr("data-value", ""); got != strconv.FormatInt(w.colleague, 10) {
			t.Errorf("value %q", got)
		}
		if got := person.Find("small").Text(); got != "Halden" {
			t.Errorf("hint %q", got)
		}
	})
}

func TestMentionIsWhatTicketsRead(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		insert := w.asked(t, w.colleague, "/suggest/mentions?q=ana").Find("[role=option]").AttrOr("data-insert", "")
		if diff := cmp.Diff([]int64{w.agent}, ticket.Mentions("Hello "+insert+"there")); diff != "" {
			t.Errorf("%q (-want +got):\n%s", insert, diff)
		}
	})
}

func TestTicketsAreCompletedByNumberOrWordsWithTheirState(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		first := w.ticket(t, w.agent, ticket.Create{Title: "Printer jams", RequesterID: w.asker})
		second := w.ticket(t, w.agent, ticket.Create{Title: "Printer is out of paper"})
		w.Clock.Advance(1)
		if _, err := w.tickets.Transition(w.As(w.agent), ticket.ByID(second.ID), ticket.Step{Transition: "hold", Reason: "vendor"}); err != nil {
			t.Fatal(err)
		}
		for _, c := range []struct {
			q    string
			want []string
		}{
			{"", []string{"INC-2 Printer is out of paper", "INC-1 Printer jams"}},
			{"printer", []string{"INC-2 Printer is out of paper", "INC-1 Printer jams"}},
			{"jams", []string{"INC-1 Printer jams"}},
			{"1", []string{"INC-1 Printer jams"}},
			{"001", []string{"INC-1 Printer jams"}},
			{"inc-2", []string{"INC-2 Printer is out of paper"}},
			{"inc-3", nil},
			{`"%_ state:open`, nil},
			{"printer&not=INC-2", []string{"INC-1 Printer jams"}},
		} {
			doc := w.asked(t, w.agent, "/suggest/tickets?q="+strings.ReplaceAll(url.QueryEscape(c.q), "%26not%3D", "&not="))
			if diff := cmp.Diff(c.want, options(doc)); diff != "" {
				t.Errorf("%q (-want +got):\n%s", c.q, diff)
			}
		}
		held := w.asked(t, w.agent, "/suggest/tickets?q=inc-2").Find("[role=option]")
		if got := held.Find("small").Text(); got != "On hold · Awaiting vendor" {
			t.Errorf("state %q", got)
		}
		if got := held.AttrOr("data-value", ""); got != second.Number {
			t.Errorf("value %q", got)
		}
		own := w.asked(t, w.asker, "/suggest/tickets?q=printer")
		if diff := cmp.Diff([]string{first.Number + " Printer jams"}, options(own)); diff != "" {
			t.Errorf("the requester gets (-want +got):\n%s", diff)
		}
		if got := own.Find("small").Text(); got != "Received" {
			t.Errorf("the requester reads %q", got)
		}
	})
}

func TestRequestersAndSuppliersGetNothingFromTheDirectory(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		w.ticket(t, w.agent, ticket.Create{Title: "Nobody else's business"})
		team := "group=" + strconv.FormatInt(w.team, 10)
		theirs := "group=" + strconv.FormatInt(w.supplierTeam, 10)
		const (
			asker    = "Mira Askersson"
			supplier = "Sam Suppliersson"
		)
		for _, c := range []struct {
			path                    string
			asker, supplier, nobody []string
		}{
			// Their own name and house are no secret to them.
			{path: "/suggest/people?q=", asker: []string{asker}, supplier: []string{supplier}},
			{path: "/suggest/mentions?q=", asker: []string{asker}, supplier: []string{supplier}},
			{path: "/suggest/members?q=", asker: []string{asker}, supplier: []string{supplier}},
			{path: "/suggest/people?q=ana"},
			{path: "/suggest/members?q=&" + team},
			{path: "/suggest/mentions?q=&" + team},
			// A supplier's agent hands work to the supplier's own people.
			{path: "/suggest/members?q=&" + theirs, supplier: []string{supplier}},
			{path: "/suggest/groups?q=", supplier: []string{"Printer field team"}},
			{path: "/suggest/organisations?q=", asker: []string{"Halden"}, supplier: []string{"Printmasters"}},
			{path: "/suggest/organisations?q=ha", asker: []string{"Halden"}},
			// Whoever opens tickets says what they are about.
			{path: "/suggest/services?q=", asker: []string{"Payroll"}},
			{path: "/suggest/tickets?q="},
			{path: "/suggest/tickets?q=business"},
			{path: "/suggest/tickets?q=INC-1"},
			{path: "/suggest/tickets?q=1"},
		} {
			for person, want := range map[int64][]string{w.asker: c.asker, w.supplierAgent: c.supplier, 0: c.nobody} {
				var got []string
				w.asked(t, person, c.path).Find("[role=option] > span:last-child").Each(func(_ int, o *goquery.Selection) {
					got = append(got, strings.TrimSpace(o.Contents().First().Text()))
				})
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("%s for %d (-want +got):\n%s", c.path, person, diff)
				}
			}
		}
	})
}
