package canned

import (
	"context"
	"embed"
	"io/fs"
	"net/http"
	"time"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/audit"
	"github.com/steward-itsm/steward/internal/core/module"
	"github.com/steward-itsm/steward/internal/core/people"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/platform/database"
	"github.com/steward-itsm/steward/internal/platform/web"
	"github.com/steward-itsm/steward/internal/ui/text"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Migrations make the tables of canned replies.
var Migrations fs.FS = migrations

// Names gives the names behind the ids of a whole page, each in one query.
type Names interface {
	PersonNames(ctx context.Context, q database.Querier, ids []int64) (map[int64]people.PersonName, error)
	GroupNames(ctx context.Context, q database.Querier, ids []int64) (map[int64]people.GroupName, error)
	OrganisationNames(ctx context.Context, q database.Querier, ids []int64) (map[int64]string, error)
	// Contacts are only of those whom the actor may look up.
	Contacts(ctx context.Context, q database.Querier, ids []int64) (map[int64]people.Contact, error)
}

// Services names services.
type Services interface {
	Names(ctx context.Context, q database.Querier, ids []int64) (map[int64]string, error)
}

// Deps are what canned replies lean on.
type Deps struct {
	DB        *database.DB
	Tickets   *ticket.Service
	Names     Names
	Services  Services
	Audit     *audit.Log // nil writes none
	Frame     module.Frame
	Clock     func() time.Time
	MaxUpload int64 // bytes of one file; 0 picks 100 MiB, as ticket.Service does
	HTTPS     bool  // cookies travel over https only
}

// Canned serves canned replies.
type Canned struct{ d Deps }

// New makes the room.
func New(d Deps) *Canned {
	if d.MaxUpload == 0 {
		d.MaxUpload = 100 << 20
	}
	return &Canned{d}
}

func (c *Canned) now() time.Time { return c.d.Clock().UTC().Truncate(time.Microsecond) }

// Uses reports whether somebody has canned replies: those who read internal notes.
func Uses(actor access.Actor) bool { return actor.Can(access.ReadNotes, access.AnyKind) }

// MenuID is the entry of the navigation.
const MenuID = "canned"

// Module gives everything canned replies add to the running system.
func (c *Canned) Module() module.Module {
	return module.Module{
		Name:       "desk/canned",
		Migrations: []fs.FS{Migrations},
		Routes:     c.routes,
		API:        c.register,
		Menu: []module.MenuItem{
			{Section: text.Key("Desk"), Label: text.Key("Canned replies"), URL: "/canned", Icon: "template", Key: "g c", ID: MenuID, Visible: Uses},
		},
	}
}

func (c *Canned) routes(mux *web.Mux) {
	files := []web.Option{web.MaxBody(4*c.d.MaxUpload + 1<<20), web.Timeout(15 * time.Minute)}
	mux.Handle("GET /canned", c.list)
	mux.Handle("GET /canned/new", c.newForm)
	mux.Handle("POST /canned", c.create, files...)
	mux.Handle("GET /canned/{id}", c.editForm)
	mux.Handle("POST /canned/{id}", c.update, files...)
	mux.Handle("POST /canned/{id}/delete", c.remove)
	mux.Handle("POST /canned/{id}/restore", c.restore)
	mux.Handle("GET /canned/{id}/files/{file}", c.file, web.Timeout(time.Hour))

	mux.Handle("GET /tickets/{number}/canned", c.choose)
	mux.Handle("GET /tickets/{number}/canned/complete", c.complete)
	mux.Handle("POST /tickets/{number}/canned/{id}", c.insertInto)
}

// on gives the ticket an address names, which the actor must be able to write on.
func (c *Canned) on(r *http.Request) (ticket.Ticket, error) {
	ctx := r.Context()
	if err := mayUse(ctx); err != nil {
		return ticket.Ticket{}, err
	}
	t, err := c.d.Tickets.Get(ctx, ticket.ByNumber(r.PathValue("number")))
	if err != nil {
		return t, err
	}
	if actor := access.From(ctx); !actor.Check(access.Comment, t.Record()).Allowed {
		return t, actor.Check(access.Note, t.Record()).Err()
	}
	return t, nil
}
