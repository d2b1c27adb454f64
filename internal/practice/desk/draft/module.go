package draft

import (
	"context"
	"io/fs"
	"net/http"
	"time"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/module"
	"github.com/steward-itsm/steward/internal/core/people"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/platform/database"
	"github.com/steward-itsm/steward/internal/platform/web"
	"github.com/steward-itsm/steward/internal/practice/desk/draft/view"
	"github.com/steward-itsm/steward/internal/ui/text"
)

// Names gives the names behind ids, in one query.
type Names interface {
	PersonNames(ctx context.Context, q database.Querier, ids []int64) (map[int64]people.PersonName, error)
}

// Deps are what the room leans on.
type Deps struct {
	DB      *database.DB
	Tickets *ticket.Service
	Names   Names
	Frame   module.Frame
	HTTPS   bool // cookies travel over https only
	// Written forgets what the actor was writing on a ticket, because it went on in
	// another way, and gives what empties the composer of an open page.
	Written func(ctx context.Context, number string) (web.Component, error)
	// Receive reads the form of a composer, which may bring files, and gives their
	// ids; refused is what is wrong with one of the files.
	Receive func(r *http.Request, dst any) (files []int64, refused, err error)
}

// MenuID is the entry of the navigation.
const MenuID = "drafts"

// New gives what plugs into the running system, around a service that may serve
// others too.
func New(d Deps, s *Service) module.Module {
	p := pages{d, s}
	return module.Module{
		Name:       "desk/draft",
		Migrations: []fs.FS{Migrations},
		Routes:     p.routes,
		API:        api{s, d.Tickets}.register,
		Menu: []module.MenuItem{
			{Section: text.Key("Desk"), Label: text.Key("Drafts"), URL: view.ListURL, Icon: "edit", Key: "g r", ID: MenuID, Visible: Uses},
		},
		Panels:   []module.Panel{{ID: view.PanelID, Place: module.PlaceBanner, Show: p.panel}},
		Home:     p.home,
		Tells:    tells,
		Periodic: []module.Periodic{{Name: "drafts.expire", Every: time.Hour, Run: s.Expire}},
	}
}

// Uses reports whether somebody works with shared drafts at all.
func Uses(actor access.Actor) bool {
	return actor.IsPerson() && actor.Can(access.ReadNotes, access.AnyKind) && (actor.Can(access.Comment, access.AnyKind) || actor.Can(access.Note, access.AnyKind))
}

// ShareURL is where a ticket's composer shares what is being written; "" for those
// who share nothing there.
func ShareURL(actor access.Actor, t *ticket.Ticket) string {
	if !MayShare(actor, t) {
		return ""
	}
	return view.URL(t.Number) + "/new"
}

func (p pages) routes(mux *web.Mux) {
	const one = "/tickets/{number}/drafts"
	long, files := web.MaxBody(2<<20), []web.Option{web.MaxBody(500 << 20), web.Timeout(15 * time.Minute)}
	mux.Handle("GET "+one, p.now)
	mux.Handle("POST "+one+"/new", p.shareForm, files...)
	mux.Handle("POST "+one, p.share, long)
	mux.Handle("GET "+one+"/{id}", p.editForm)
	mux.Handle("POST "+one+"/{id}", p.edit, files...)
	mux.Handle("GET "+one+"/{id}/review", p.reviewForm)
	mux.Handle("POST "+one+"/{id}/review", p.review)
	mux.Handle("GET "+one+"/{id}/versions", p.versions)
	mux.Handle("GET "+one+"/{id}/files/{file}", p.file, web.Timeout(time.Hour))
	mux.Handle("POST "+one+"/{id}/send", p.send)
	mux.Handle("POST "+one+"/{id}/take-back", p.takeBack)
	mux.Handle("POST "+one+"/{id}/discard", p.discard)
	mux.Handle("POST "+one+"/{id}/restore", p.restore)

	mux.Handle("GET "+view.ListURL, p.list)
	mux.Handle("GET "+view.ListURL+"/mine", p.homeNow)
}
