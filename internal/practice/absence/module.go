package absence

import (
	"context"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/access/actors"
	"github.com/steward-itsm/steward/internal/core/module"
	"github.com/steward-itsm/steward/internal/core/notify"
	"github.com/steward-itsm/steward/internal/core/people"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/platform/database"
	"github.com/steward-itsm/steward/internal/platform/web"
	"github.com/steward-itsm/steward/internal/practice/absence/view"
)

// Notices tells people of turns, and lets mail go when somebody is back.
type Notices interface {
	Send(ctx context.Context, tx *database.Tx, notices ...notify.Notice) error
	Back(ctx context.Context, tx *database.Tx, person int64) error
	MissedBy(ctx context.Context, q database.Querier, person int64, from, until time.Time) (notify.Missed, error)
	Inbox(ctx context.Context, q notify.Query) (notify.Page, error)
}

// Deps are what the room leans on.
type Deps struct {
	DB      *database.DB
	People  *people.Service
	Tickets *ticket.Service
	Notices Notices
	Actors  *actors.Cache
	// Reading gives a context in which texts are in a person's language and zone.
	Reading func(ctx context.Context, p actors.Person) context.Context
	Frame   module.Frame
	Now     func() time.Time
	BulkURL string // where many tickets are changed at once: GET with their ids
	HTTPS   bool   // cookies travel over https only
}

// Absences holds the pages.
type Absences struct{ d Deps }

// New makes the practice.
func New(d Deps) *Absences { return &Absences{d} }

// Subject is the type of the subjects of notices about absences.
const Subject = "absence"

// Guard says which absences the reader may be told of.
func (a *Absences) Guard(ctx context.Context, ids []int64) ([]int64, error) {
	return a.d.People.VisibleAbsences(ctx, ids)
}

const panelID = "away"

// Module is what plugs into the running system.
func (a *Absences) Module() module.Module {
	return module.Module{
		Name:     "absence",
		Routes:   a.routes,
		API:      func(h huma.API) { a.register(h) },
		Panels:   []module.Panel{{ID: panelID, Place: module.PlaceBanner, Show: a.banner}},
		Home:     a.home,
		Periodic: []module.Periodic{{Name: "absence.turns", Every: time.Minute, Run: a.Turn}},
	}
}

func (a *Absences) routes(mux *web.Mux) {
	mux.Handle("GET "+view.MineURL, a.mine)
	mux.Handle("GET /people/{id}/absences", a.of)
	mux.Handle("POST /people/{id}/absences", a.add)
	mux.Handle("GET /absences/{id}", a.one)
	mux.Handle("POST /absences/{id}", a.change)
	mux.Handle("POST /absences/{id}/end", a.end)
	mux.Handle("POST /absences/{id}/step-down", a.stepDown)
	mux.Handle("POST /tickets/{number}/stand-in", a.give)
}

// works reports whether somebody works on tickets, and so meets others who are away.
func works(actor access.Actor) bool {
	return actor.IsPerson() && notify.AudienceOf(actor) != notify.Everybody
}
