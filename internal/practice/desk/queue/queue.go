package queue

import (
	"context"
	"embed"
	"io/fs"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/a-h/templ"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/module"
	"github.com/steward-itsm/steward/internal/core/people"
	"github.com/steward-itsm/steward/internal/core/service"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/platform/database"
	"github.com/steward-itsm/steward/internal/platform/web"
	"github.com/steward-itsm/steward/internal/ui/text"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Migrations make the tables of saved views and of what was opened last.
var Migrations fs.FS = migrations

// Topic is the live topic of these pages: something happened to some ticket.
// Its message says nothing more; each page asks, with its reader's permissions.
const Topic = "queue"

// Event is the kind of message on the topic that tells of a ticket.
const Event = "ticket-changed"

// Names gives the names behind the ids of a whole page, each in one query.
type Names interface {
	PersonNames(ctx context.Context, q database.Querier, ids []int64) (map[int64]people.PersonName, error)
	GroupNames(ctx context.Context, q database.Querier, ids []int64) (map[int64]people.GroupName, error)
	OrganisationNames(ctx context.Context, q database.Querier, ids []int64) (map[int64]string, error)
}

// Directory completes names that are being typed, as far as the actor may look
// people up.
type Directory interface {
	SuggestPeople(ctx context.Context, text string) ([]people.Suggestion, error)
	SuggestMembers(ctx context.Context, group int64, text string) ([]people.Suggestion, error)
	SuggestGroups(ctx context.Context, text string) ([]people.Suggestion, error)
	SuggestOrganisations(ctx context.Context, text string) ([]people.Suggestion, error)
}

// Services names and finds services.
type Services interface {
	Names(ctx context.Context, q database.Querier, ids []int64) (map[int64]string, error)
	Suggest(ctx context.Context, text string) ([]service.Suggestion, error)
}

// Links gives the addresses of records that live on other pages; a nil function
// gives the usual one.
type Links struct {
	Ticket  func(actor access.Actor, number string) string
	Person  func(id int64) string
	Service func(id int64) string
	Portal  string // where those go who only have tickets of their own; "" is /portal
}

// Deps are what the pages lean on.
type Deps struct {
	DB        *database.DB
	Tickets   *ticket.Service
	Frame     module.Frame
	Names     Names
	Directory Directory
	Services  Services
	Links     Links
	// Menu gives what the palette offers to the actor beside records: the pages
	// of the product and what can be created. nil offers nothing.
	Menu func(ctx context.Context) (pages, create []module.MenuItem)
	// Beside gives a ticket's page for standing beside a list, and says what it
	// follows; nil has no split lists.
	Beside func(ctx context.Context, number, tab string) (module.Page, web.Component, error)
	// Live notes the present place in the live stream, and gives the address of the
	// stream from there on; nil has none.
	Live func(ctx context.Context) func(topics []string, present string) string
	// FirstSteps gives what a new installation lacks, to those who can see to it;
	// nil or none shows nothing.
	FirstSteps func(ctx context.Context) ([]FirstStep, error)
	// Plugged gives the columns that practices add to lists; nil adds none.
	Plugged func() []module.Column
	// Columns keeps what people want to see of lists; nil keeps it in the address only.
	Columns Columns
	// Marks gives what practices say beside the titles of tickets; nil says nothing.
	Marks func(ctx context.Context, ids []int64) (map[int64][]string, error)
	Aside Aside
	// Bulk gives what other rooms can do with selected rows: buttons that post them.
	// nil gives nothing.
	Bulk func(ctx context.Context) []templ.Component
	// Home gives what other rooms add to "My work"; nil adds nothing.
	Home  func(ctx context.Context) ([]templ.Component, error)
	Clock func() time.Time
	HTTPS bool // cookies travel over https only
}

// Columns keeps which columns the actor wants of a list, on every device.
type Columns interface {
	Chosen(ctx context.Context, list string) string // keys with commas between; "" when they chose none
	Choose(ctx context.Context, list, columns string) error
}

// FirstStep is something that must be there before a desk can work.
type FirstStep struct {
	Label, Why, URL string
	Taken           bool
}

// Queue serves the pages.
type Queue struct{ d Deps }

// New makes the pages.
func New(d Deps) *Queue {
	if d.Links.Ticket == nil {
		d.Links.Ticket = TicketPage
	}
	if d.Links.Person == nil {
		d.Links.Person = func(id int64) string { return "/people/" + strconv.FormatInt(id, 10) }
	}
	if d.Links.Service == nil {
		d.Links.Service = func(id int64) string { return "/services/" + strconv.FormatInt(id, 10) }
	}
	if d.Links.Portal == "" {
		d.Links.Portal = "/portal"
	}
	if d.Menu == nil {
		d.Menu = func(context.Context) (pages, create []module.MenuItem) { return nil, nil }
	}
	if d.FirstSteps == nil {
		d.FirstSteps = func(context.Context) ([]FirstStep, error) { return nil, nil }
	}
	if d.Home == nil {
		d.Home = func(context.Context) ([]templ.Component, error) { return nil, nil }
	}
	if d.Marks == nil {
		d.Marks = func(context.Context, []int64) (map[int64][]string, error) { return nil, nil }
	}
	if d.Plugged == nil {
		d.Plugged = func() []module.Column { return nil }
	}
	if d.Bulk == nil {
		d.Bulk = func(context.Context) []templ.Component { return nil }
	}
	return &Queue{d}
}

// TicketPage is where a ticket is for whoever reads: on the desk, or in the portal
// for those who only have tickets of their own.
func TicketPage(actor access.Actor, number string) string {
	if WorksTickets(actor) {
		return "/tickets/" + url.PathEscape(number)
	}
	return "/portal/tickets/" + url.PathEscape(number)
}

// Identifiers of the menu entries, for module.Page.Active.
const (
	MenuMyWork = "my-work"
	MenuQueue  = "queue"
)

// Module gives everything these pages add to the running system.
func (q *Queue) Module() module.Module {
	section := text.Key("Desk")
	return module.Module{
		Name:       "desk/queue",
		Migrations: []fs.FS{Migrations},
		Routes:     q.routes,
		API:        q.register,
		Menu: []module.MenuItem{
			{Section: section, Label: text.Key("My work"), URL: "/", Icon: "inbox", Key: "g m", ID: MenuMyWork, Visible: WorksTickets},
			{Section: section, Label: text.Key("Queue"), URL: "/queue", Icon: "list-details", Key: "g q", ID: MenuQueue, Visible: WorksTickets},
		},
		Topics: []module.Topic{{Prefix: Topic, Allow: func(ctx context.Context, _ string) bool { return WorksTickets(access.From(ctx)) }}},
	}
}

func (q *Queue) routes(mux *web.Mux) {
	desk := mux.With(web.Use(q.onlyDesk))
	desk.Handle("GET /{$}", q.myWork)
	desk.Handle("GET /queue", q.page)
	desk.Handle("GET /queue/counts", q.counts)
	desk.Handle("GET /queue/next", q.next)
	desk.Handle("GET /queue/back", q.back)
	desk.Handle("GET /queue/changes", q.changes)
	desk.Handle("GET /queue/complete", q.complete)
	desk.Handle("POST /queue/columns", q.chooseColumns)
	desk.Handle("GET /queue/export", q.export, web.Timeout(exportTime))
	desk.Handle("GET /queue/export/options", q.exportOptions)

	desk.Handle("GET /queue/views", q.manageViews)
	desk.Handle("POST /queue/views", q.createView)
	desk.Handle("GET /queue/views/new", q.newView)
	desk.Handle("GET /queue/views/{id}", q.editView)
	desk.Handle("POST /queue/views/{id}", q.updateView)
	desk.Handle("POST /queue/views/{id}/list", q.saveList)
	desk.Handle("POST /queue/views/{id}/move", q.moveView)
	desk.Handle("POST /queue/views/{id}/delete", q.deleteView)
	desk.Handle("POST /queue/views/{id}/restore", q.restoreView)

	desk.Handle("POST /queue/tickets/{number}/take", q.take)
	desk.Handle("GET /queue/tickets/{number}/assign", q.assignForm)
	desk.Handle("POST /queue/tickets/{number}/assign", q.assign)
	desk.Handle("GET /queue/tickets/{number}/edit", q.editForm)
	desk.Handle("POST /queue/tickets/{number}/edit", q.edit)
	desk.Handle("GET /queue/tickets/{number}/steps", q.steps)
	desk.Handle("GET /queue/tickets/{number}/move", q.moveForm)
	desk.Handle("POST /queue/tickets/{number}/move", q.move)

	mux.Handle("GET /search", q.search)
	mux.Handle("GET /palette", q.palette)
}

// WorksTickets reports whether somebody sees more than what they asked for
// themselves: those have the desk, everybody else the portal.
func WorksTickets(actor access.Actor) bool {
	if actor.Trusted() {
		return true
	}
	for _, g := range actor.Grants() {
		if g.Verb == access.View && g.Scope != access.ScopeOwn {
			return actor.Can(access.View, access.AnyKind)
		}
	}
	return false
}

// onlyDesk sends those who have no desk to the portal; nobody is told to sign in.
func (q *Queue) onlyDesk(next web.HandlerFunc) web.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) error {
		actor := access.From(r.Context())
		switch {
		case WorksTickets(actor):
			return next(w, r)
		case !actor.IsPerson() || r.Method != http.MethodGet || web.IsFragment(r):
			return actor.Check(access.View, access.Record{}).Err()
		}
		return web.Redirect(w, r, q.d.Links.Portal)
	}
}

// zone is where "today" begins for whoever reads.
func zone(ctx context.Context) *time.Location { return text.From(ctx).Location }
