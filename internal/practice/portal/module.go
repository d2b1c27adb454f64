package portal

import (
	"context"
	"net/http"
	"time"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/lookup"
	"github.com/steward-itsm/steward/internal/core/module"
	"github.com/steward-itsm/steward/internal/core/people"
	"github.com/steward-itsm/steward/internal/core/service"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/database"
	"github.com/steward-itsm/steward/internal/platform/web"
	"github.com/steward-itsm/steward/internal/practice/portal/view"
	"github.com/steward-itsm/steward/internal/ui"
	"github.com/steward-itsm/steward/internal/ui/text"
)

// Names gives the names behind ids; people.Service does.
type Names interface {
	PersonNames(ctx context.Context, q database.Querier, ids []int64) (map[int64]people.PersonName, error)
	GroupNames(ctx context.Context, q database.Querier, ids []int64) (map[int64]people.GroupName, error)
}

// Services lists what a ticket can be about; service.Store does.
type Services interface {
	List(ctx context.Context, q service.Query) (lookup.Page[service.Service], error)
	Names(ctx context.Context, q database.Querier, ids []int64) (map[int64]string, error)
}

// Deps are what the pages lean on.
type Deps struct {
	DB        *database.DB
	Tickets   *ticket.Service
	Names     Names
	Services  Services
	Frame     module.Frame
	Now       func() time.Time
	MaxUpload int64 // bytes of one file; 0 picks 100 MiB, as ticket.Service does
}

// Portal holds the requester's pages.
type Portal struct {
	Deps
}

// New makes the pages.
func New(d Deps) *Portal {
	if d.MaxUpload == 0 {
		d.MaxUpload = 100 << 20
	}
	return &Portal{d}
}

// Module is what the rest of the house sees.
func (p *Portal) Module() module.Module {
	// Whoever works tickets has a desk, and finds these pages in the user menu.
	asks := func(actor access.Actor) bool {
		return actor.IsPerson() && actor.Can(access.Create, access.AnyKind) && !actor.Can(access.ReadNotes, access.AnyKind)
	}
	return module.Module{
		Name:   "portal",
		Routes: p.routes,
		Menu: []module.MenuItem{
			{Section: text.Key("For me"), Label: text.Key("What I need"), URL: view.HomeURL, Icon: string(ui.IconLifebuoy), ID: activeHome, Visible: asks},
			{Section: text.Key("For me"), Label: text.Key("My tickets"), URL: view.TicketsURL, Icon: string(ui.IconTicket), ID: activeTickets, Visible: asks},
		},
		Create: []module.MenuItem{
			{Label: text.Key("Ask for help"), URL: view.NewURL, Icon: string(ui.IconLifebuoy), ID: "portal-new", Visible: asks},
		},
	}
}

// The entries of the menu, as Page.Active names them.
const (
	activeHome    = "portal-home"
	activeTickets = "portal-tickets"
)

func (p *Portal) routes(mux *web.Mux) {
	mux = mux.With(web.Use(signedIn))
	files := []web.Option{web.MaxBody(2*p.MaxUpload + 1<<20), web.Timeout(15 * time.Minute)}

	mux.Handle("GET "+view.HomeURL, p.home)
	mux.Handle("GET "+view.NewURL, p.newForm)
	mux.Handle("POST "+view.NewURL, p.create, files...)
	mux.Handle("POST "+view.NewURL+"/draft", p.keepDraft)
	mux.Handle("POST "+view.NewURL+"/discard", p.discardDraft)
	mux.Handle("GET "+view.NewURL+"/similar", p.similar)
	mux.Handle("GET "+view.NewURL+"/fields", p.kindFields)
	mux.Handle("POST "+view.FilesURL, p.upload, files...)
	mux.Handle("GET "+view.FilesURL+"/{id}", p.file)
	mux.Handle("DELETE "+view.FilesURL+"/{id}", p.dropUpload)
	mux.Handle("GET "+view.TicketsURL, p.list)
	const one = view.TicketsURL + "/{number}"
	mux.Handle("GET "+one, p.ticket)
	mux.Handle("GET "+one+"/now", p.ticketNow)
	mux.Handle("POST "+one+"/draft", p.keepReplyDraft)
	mux.Handle("POST "+one+"/reply", p.reply, files...)
	mux.Handle("POST "+one+"/confirm", p.confirm)
	mux.Handle("POST "+one+"/reopen", p.reopen, files...)
	mux.Handle("POST "+one+"/cancel", p.cancel)
	mux.Handle("POST "+one+"/rating", p.rate)
}

// signedIn lets only persons through: every page here is about somebody's own
// tickets.
func signedIn(next web.HandlerFunc) web.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) error {
		if !access.From(r.Context()).IsPerson() {
			return apperr.New(apperr.Unauthenticated, "Please sign in first.")
		}
		return next(w, r)
	}
}
