package snooze

import (
	"context"
	"io/fs"
	"time"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/module"
	"github.com/steward-itsm/steward/internal/core/people"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/platform/database"
	"github.com/steward-itsm/steward/internal/platform/web"
	"github.com/steward-itsm/steward/internal/practice/desk/snooze/view"
	"github.com/steward-itsm/steward/internal/ui/text"
)

// Names gives the names behind ids, each in one query.
type Names interface {
	PersonNames(ctx context.Context, q database.Querier, ids []int64) (map[int64]people.PersonName, error)
	GroupNames(ctx context.Context, q database.Querier, ids []int64) (map[int64]people.GroupName, error)
}

// Deps are what the room leans on.
type Deps struct {
	DB      *database.DB
	Tickets *ticket.Service
	Names   Names
	Frame   module.Frame
	Now     func() time.Time
	HTTPS   bool // cookies travel over https only
}

// How filters tell what their reader has set aside.
const (
	Awake  = "-snoozed:me"
	Asleep = "snoozed:me"
	Back   = "back:me"
)

// New gives what plugs into the running system, around a service that may serve
// others too.
func New(d Deps, s *Service) module.Module {
	p := pages{Deps: d, service: s}
	return module.Module{
		Name:       "desk/snooze",
		Migrations: []fs.FS{Migrations},
		Routes:     p.routes,
		API:        api{s, d.Tickets}.register,
		Follow:     s.Follow,
		Attributes: s.attributes(),
		Panels:     []module.Panel{{ID: panelID, Place: module.PlaceBanner, Show: p.banner}},
		Actions: []module.Action{{
			Label: text.Key("Set aside"), Icon: "clock-pause", Key: "z",
			URL:     func(t *ticket.Ticket) string { return view.URL(t.Number) },
			Visible: func(ctx context.Context, t *ticket.Ticket) bool { return t.Category.Active() && mayUse(ctx, t) },
		}},
		Columns:  []module.Column{{Key: Column, Label: text.Key("Set aside"), Cells: p.cells}},
		Marks:    p.marks,
		Tells:    tells,
		Periodic: []module.Periodic{{Name: "snooze.sweep", Every: 5 * time.Minute, Run: s.Sweep}},
	}
}

const panelID = "snooze"

// Column is the key of the column that says until when, or why it is back.
const Column = "snooze"

// mayUse reports whether the reader may set the ticket aside.
func mayUse(ctx context.Context, t *ticket.Ticket) bool {
	actor := access.From(ctx)
	record := t.Record()
	return actor.IsPerson() && actor.Check(access.ReadNotes, record).Allowed && actor.Check(access.Note, record).Allowed
}

func (p pages) routes(mux *web.Mux) {
	const one = "/tickets/{number}/snooze"
	mux.Handle("GET "+one, p.form)
	mux.Handle("POST "+one, p.set)
	mux.Handle("POST "+one+"/{id}/wake", p.wake)
	mux.Handle("POST "+one+"/{id}/undo", p.undo)
	mux.Handle("POST "+one+"/{id}/resume", p.resume)
	mux.Handle("POST "+one+"/{id}/seen", p.seen)
}
