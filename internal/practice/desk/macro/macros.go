package macro

import (
	"context"
	"embed"
	"io/fs"
	"net/http"
	"net/url"
	"time"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/audit"
	"github.com/steward-itsm/steward/internal/core/filter"
	"github.com/steward-itsm/steward/internal/core/module"
	"github.com/steward-itsm/steward/internal/core/people"
	"github.com/steward-itsm/steward/internal/core/phrase"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/database"
	"github.com/steward-itsm/steward/internal/platform/web"
	"github.com/steward-itsm/steward/internal/ui/text"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Migrations make the tables of macros.
var Migrations fs.FS = migrations

// Names gives the names behind the ids of a whole page, each in one query.
type Names interface {
	PersonNames(ctx context.Context, q database.Querier, ids []int64) (map[int64]people.PersonName, error)
	GroupNames(ctx context.Context, q database.Querier, ids []int64) (map[int64]people.GroupName, error)
	// Contacts are only of those whom the actor may look up.
	Contacts(ctx context.Context, q database.Querier, ids []int64) (map[int64]people.Contact, error)
}

// Services names services.
type Services interface {
	Names(ctx context.Context, q database.Querier, ids []int64) (map[int64]string, error)
}

// Deps are what macros lean on.
type Deps struct {
	DB       *database.DB
	Tickets  *ticket.Service
	Names    Names
	Services Services
	Resolver filter.Resolver // names in imported macros: person, group, service
	// Facts gives what variables stand for on a ticket.
	Facts func(ctx context.Context, q database.Querier, t *ticket.Ticket) (phrase.InternalFacts, error)
	// List says where a list is that somebody came from, and which ticket follows
	// one of its tickets; "" when there is none. nil knows no lists.
	List  func(r *http.Request, after int64) (listURL, nextNumber string, err error)
	Audit *audit.Log // nil writes none
	Frame module.Frame
	Clock func() time.Time

	MaxUpload int64 // bytes of one file; 0 picks 100 MiB, as ticket.Service does
	HTTPS     bool  // cookies travel over https only
}

// Macros serves macros.
type Macros struct{ d Deps }

// New makes the room.
func New(d Deps) *Macros {
	if d.MaxUpload == 0 {
		d.MaxUpload = 100 << 20
	}
	if d.List == nil {
		d.List = func(*http.Request, int64) (string, string, error) { return "", "", nil }
	}
	return &Macros{d}
}

func (s *Macros) now() time.Time { return s.d.Clock().UTC().Truncate(time.Microsecond) }

// zone is where "today" begins for whoever reads.
func zone(ctx context.Context) *time.Location { return text.From(ctx).Location }

// Uses reports whether somebody has macros: those who read internal notes.
func Uses(actor access.Actor) bool { return actor.Can(access.ReadNotes, access.AnyKind) }

func mayUse(ctx context.Context) error {
	switch actor := access.From(ctx); {
	case actor.Type == "":
		return apperr.New(apperr.Unauthenticated, "Please sign in first.")
	case !Uses(actor):
		return apperr.New(apperr.Forbidden, "Macros are for those who work tickets here.")
	}
	return nil
}

// MenuID is the entry of the navigation.
const MenuID = "macros"

// BulkURL takes tickets that were selected in a list (id, by POST).
const BulkURL = "/macros/bulk"

// Module gives everything macros add to the running system.
func (s *Macros) Module() module.Module {
	return module.Module{
		Name:       "desk/macro",
		Migrations: []fs.FS{Migrations},
		Routes:     s.routes,
		API:        s.register,
		Menu: []module.MenuItem{
			{Section: text.Key("Desk"), Label: text.Key("Macros"), URL: "/macros", Icon: "bolt", Key: "g x", ID: MenuID, Visible: Uses},
		},
		Actions: []module.Action{{
			Label: text.Key("Run a macro"), Icon: "bolt", Key: "b",
			URL:     func(t *ticket.Ticket) string { return "/tickets/" + url.PathEscape(t.Number) + "/macros" },
			Visible: func(ctx context.Context, _ *ticket.Ticket) bool { return Uses(access.From(ctx)) },
		}},
	}
}

func (s *Macros) routes(mux *web.Mux) {
	files := []web.Option{web.MaxBody(4*s.d.MaxUpload + 1<<20), web.Timeout(15 * time.Minute)}
	mux.Handle("GET /macros", s.list)
	mux.Handle("GET /macros/new", s.newForm)
	mux.Handle("POST /macros", s.create, files...)
	mux.Handle("GET /macros/{id}", s.editForm)
	mux.Handle("POST /macros/{id}", s.update, files...)
	mux.Handle("POST /macros/{id}/delete", s.remove)
	mux.Handle("POST /macros/{id}/restore", s.restore)
	mux.Handle("GET /macros/{id}/try", s.try)

	mux.Handle("GET /tickets/{number}/macros", s.choose)
	mux.Handle("GET /tickets/{number}/macros/{id}", s.preview)
	mux.Handle("POST /tickets/{number}/macros/{id}", s.run)
	mux.Handle("POST /macro-runs/{operation}/undo", s.undo)

	mux.Handle("POST "+BulkURL, s.bulk)
	mux.Handle("POST /macro-runs", s.runBulk)
	mux.Handle("GET /macro-runs/{operation}", s.ran)
}
