package workaround

import (
	"context"
	"io/fs"
	"time"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/clock"
	"github.com/steward-itsm/steward/internal/core/module"
	"github.com/steward-itsm/steward/internal/core/people"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/platform/database"
	"github.com/steward-itsm/steward/internal/platform/web"
	"github.com/steward-itsm/steward/internal/practice/servicelevel/workaround/view"
	"github.com/steward-itsm/steward/internal/ui/text"
)

// Names gives the names behind ids in one query.
type Names interface {
	PersonNames(ctx context.Context, q database.Querier, ids []int64) (map[int64]people.PersonName, error)
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

// New gives what plugs into the running system.
func New(d Deps) module.Module {
	s := NewService(d.DB, d.Tickets, d.Now)
	p := pages{d, s}
	return module.Module{
		Name:       "servicelevel/workaround",
		Migrations: []fs.FS{Migrations},
		Routes:     p.routes,
		API:        api{s, d.Tickets}.register,
		Panels:     []module.Panel{{ID: "workaround", Place: module.PlaceSide, Show: p.panel}},
		Actions: []module.Action{{
			Label: text.Key("Give a workaround"), Icon: "bandage", Key: "u w",
			URL:     func(t *ticket.Ticket) string { return view.URL(t.Number) },
			Visible: func(ctx context.Context, t *ticket.Ticket) bool { return t.Category.Active() && mayGive(ctx, t) },
		}},
		Tells: tells,
	}
}

func (p pages) routes(mux *web.Mux) {
	const one = "/tickets/{number}/workaround"
	mux.Handle("GET "+one, p.form)
	mux.Handle("POST "+one, p.give)
	mux.Handle("POST "+one+"/{id}/withdraw", p.withdraw)
}

// mayGive reports whether the reader may record a workaround on the ticket.
func mayGive(ctx context.Context, t *ticket.Ticket) bool {
	actor, record := access.From(ctx), t.Record()
	return actor.Check(access.ReadNotes, record).Allowed && actor.Check(access.Note, record).Allowed
}

// tells says what stands on a timeline about workarounds.
func tells(ctx context.Context, c ticket.Change) (string, bool) {
	switch c.Field {
	case ticket.ActivityPrefix + clock.WorkaroundActivity:
		return text.T(ctx, "gave a workaround"), true
	case ticket.ActivityPrefix + clock.WithdrawnActivity:
		return text.T(ctx, "took a workaround back"), true
	}
	return "", false
}
