package dashboard

import (
	"context"
	"embed"
	"io/fs"
	"time"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/access/actors"
	"github.com/steward-itsm/steward/internal/core/audit"
	"github.com/steward-itsm/steward/internal/core/metric"
	"github.com/steward-itsm/steward/internal/core/module"
	"github.com/steward-itsm/steward/internal/core/notify"
	"github.com/steward-itsm/steward/internal/core/people"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/core/workflow"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/database"
	"github.com/steward-itsm/steward/internal/platform/web"
	"github.com/steward-itsm/steward/internal/ui/text"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Migrations make the tables of boards, subscriptions and screens.
var Migrations fs.FS = migrations

// Names gives the names behind the ids of a page.
type Names interface {
	GroupNames(ctx context.Context, q database.Querier, ids []int64) (map[int64]people.GroupName, error)
}

// Actors gives persons with what they may do now.
type Actors interface {
	Person(ctx context.Context, id int64) (actors.Person, error)
}

// Roles lists the roles a board can be shared with.
type Roles interface {
	All(ctx context.Context) ([]access.Role, error)
}

// Notices tells people what came for them.
type Notices interface {
	Send(ctx context.Context, tx *database.Tx, notices ...notify.Notice) error
}

// Deps are what the pages lean on.
type Deps struct {
	DB          *database.DB
	Metrics     metric.Reader
	Tickets     *ticket.Service
	Kinds       *workflow.Registry
	Names       Names
	Actors      Actors
	Roles       Roles
	Audit       *audit.Log
	Notices     Notices
	Frame       module.Frame
	Clock       func() time.Time
	TicketURL   func(actor access.Actor, number string) string
	CompleteURL string
	// Reading gives a context in which a person reads: their language and zone.
	Reading func(ctx context.Context, p actors.Person) context.Context
	BaseURL string // of the installation, for addresses that are opened elsewhere
	Topic   string // live topic and event that tell that tickets changed
	Event   string
	HTTPS   bool // cookies travel over https only
}

// Dashboards serves the boards.
type Dashboards struct{ d Deps }

// New makes the pages.
func New(d Deps) *Dashboards { return &Dashboards{d} }

// Subject is the type of the notices that tell of a board that came: their ids
// are those of what came.
const Subject = "dashboard"

// Menu is the id of the menu entry, for module.Page.Active.
const Menu = "dashboards"

// Module gives everything boards add to the running system.
func (d *Dashboards) Module() module.Module {
	return module.Module{
		Name:       "measurement/dashboard",
		Migrations: []fs.FS{Migrations},
		Routes:     d.routes,
		API:        d.register,
		Menu: []module.MenuItem{
			{Section: text.Key("Measurement"), Label: text.Key("Dashboards"), URL: "/dashboards", Icon: "dashboard", Key: "g d", ID: Menu, Visible: mayRead},
		},
		Periodic: []module.Periodic{
			{Name: "dashboards.deliver", Every: time.Minute, Run: d.Deliver},
			{Name: "dashboards.forget", Every: 6 * time.Hour, Run: d.Forget},
		},
	}
}

// Screens gives the pages of the screens on walls, where nobody is signed in.
func (d *Dashboards) Screens() module.Module {
	return module.Module{
		Name: "measurement/dashboard/wall", Open: true,
		Routes: func(mux *web.Mux) { mux.Handle("GET /wall/{token}", d.wall) },
	}
}

func (d *Dashboards) routes(mux *web.Mux) {
	mux.Handle("GET /dashboards", d.list)
	mux.Handle("POST /dashboards", d.create)
	mux.Handle("GET /dashboards/new", d.newBoard)
	mux.Handle("GET /dashboards/screens", d.screens)
	mux.Handle("POST /dashboards/screens", d.makeScreen)
	mux.Handle("POST /screens/{id}/revoke", d.revokeScreen)
	mux.Handle("GET /received/{id}", d.received)
	mux.Handle("GET /dashboards/{ref}", d.show)
	mux.Handle("POST /dashboards/{ref}", d.save)
	mux.Handle("GET /dashboards/{ref}/csv", d.csv)
	mux.Handle("GET /dashboards/{ref}/wall", d.wallOf)
	mux.Handle("GET /dashboards/{ref}/edit", d.edit)
	mux.Handle("POST /dashboards/{ref}/copy", d.copy)
	mux.Handle("POST /dashboards/{ref}/delete", d.remove)
	mux.Handle("POST /dashboards/{ref}/restore", d.restore)
	mux.Handle("POST /dashboards/{ref}/tiles", d.addTile)
	mux.Handle("GET /dashboards/{ref}/tiles/{n}", d.explain)
	mux.Handle("GET /dashboards/{ref}/tiles/{n}/edit", d.editTile)
	mux.Handle("POST /dashboards/{ref}/tiles/{n}", d.saveTile)
	mux.Handle("POST /dashboards/{ref}/tiles/{n}/move", d.moveTile)
	mux.Handle("POST /dashboards/{ref}/tiles/{n}/remove", d.removeTile)
	mux.Handle("GET /dashboards/{ref}/subscription", d.subscription)
	mux.Handle("POST /dashboards/{ref}/subscription", d.subscribe)
}

// mayRead reports whether somebody may have figures over tickets at all.
func mayRead(actor access.Actor) bool {
	return actor.Can(access.Export, access.AnyKind) && actor.Can(access.View, access.AnyKind)
}

func require(ctx context.Context) error {
	actor := access.From(ctx)
	if err := actor.Require(access.View, access.AnyKind); err != nil {
		return err
	}
	return actor.Require(access.Export, access.AnyKind)
}

func errNoTile() error {
	return apperr.New(apperr.NotFound, "This board has no such tile. It may have been changed meanwhile.")
}
