package checklist

import (
	"context"
	"io/fs"
	"time"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/audit"
	"github.com/steward-itsm/steward/internal/core/filter"
	"github.com/steward-itsm/steward/internal/core/module"
	"github.com/steward-itsm/steward/internal/core/people"
	"github.com/steward-itsm/steward/internal/core/service"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/core/workflow"
	"github.com/steward-itsm/steward/internal/platform/database"
	"github.com/steward-itsm/steward/internal/platform/web"
	"github.com/steward-itsm/steward/internal/ui/text"
)

// Directory finds people by what was typed, as far as the actor may.
type Directory interface {
	SuggestPeople(ctx context.Context, text string) ([]people.Suggestion, error)
}

// Services names and finds services.
type Services interface {
	Names(ctx context.Context, q database.Querier, ids []int64) (map[int64]string, error)
	Suggest(ctx context.Context, text string) ([]service.Suggestion, error)
}

// Deps are what the room leans on.
type Deps struct {
	DB        *database.DB
	Tickets   *ticket.Service
	Names     Names
	Directory Directory
	Services  Services
	Audit     *audit.Log
	Frame     module.Frame
	Now       func() time.Time
	HTTPS     bool // cookies travel over https only
}

type pages struct {
	Deps
	service *Service
}

// MenuID is the entry of the navigation.
const MenuID = "checklists"

// New gives what plugs into the running system.
func New(d Deps) module.Module {
	s := NewService(d.DB, d.Tickets, d.Names, d.Audit, d.Now)
	p := pages{d, s}
	return module.Module{
		Name:       "desk/checklist",
		Migrations: []fs.FS{Migrations},
		Routes:     p.routes,
		API:        api{s, d.Tickets}.register,
		Menu: []module.MenuItem{
			{Section: text.Key("Desk"), Label: text.Key("Checklist templates"), URL: "/checklists", Icon: "list-check", ID: MenuID, Visible: Uses},
		},
		Follow:     s.Follow,
		Guards:     []ticket.Guard{{Label: text.Key("Checklists whose template says so must be done"), To: workflow.Resolved, Check: s.Blocked}},
		Attributes: []ticket.Attribute{attribute()},
		Panels:     []module.Panel{{ID: "checklists", Place: module.PlaceSide, Show: p.panel}},
		Columns:    []module.Column{{Key: "checklist", Label: text.Key("Checklist"), Cells: s.cells}},
		Tells:      tells,
	}
}

// cells are the texts of the column, for tickets whose notes the reader reads.
func (s *Service) cells(ctx context.Context, ids []int64) (map[int64]string, error) {
	found, err := progressOf(ctx, s.db.Reader(), ids)
	if err != nil || len(found) == 0 {
		return nil, err
	}
	with := make([]int64, 0, len(found))
	for id := range found {
		with = append(with, id)
	}
	readable, err := s.tickets.IDs(ctx, ticket.Query{Condition: filter.True(), Verb: access.ReadNotes, Among: with, Limit: len(with)})
	out := map[int64]string{}
	for _, id := range readable {
		out[id] = text.T(ctx, "%d of %d", found[id][0], found[id][1])
	}
	return out, err
}

func (p pages) routes(mux *web.Mux) {
	const one = "/tickets/{number}/checklists"
	mux.Handle("GET "+one, p.whole)
	mux.Handle("GET "+one+"/new", p.choose)
	mux.Handle("POST "+one, p.add)
	mux.Handle("GET "+one+"/{list}/rename", p.renameForm)
	mux.Handle("POST "+one+"/{list}/rename", p.rename)
	mux.Handle("POST "+one+"/{list}/remove", p.remove)
	mux.Handle("POST "+one+"/{list}/restore", p.restore)
	mux.Handle("POST "+one+"/{list}/items", p.addItem)
	mux.Handle("GET "+one+"/{list}/items/{item}", p.itemForm)
	mux.Handle("POST "+one+"/{list}/items/{item}", p.editItem)
	mux.Handle("POST "+one+"/{list}/items/{item}/done", p.done)
	mux.Handle("POST "+one+"/{list}/items/{item}/move", p.move)
	mux.Handle("POST "+one+"/{list}/items/{item}/remove", p.removeItem)
	mux.Handle("POST "+one+"/{list}/items/{item}/restore", p.restoreItem)

	mux.Handle("GET /checklists", p.listTemplates)
	mux.Handle("GET /checklists/new", p.newTemplate)
	mux.Handle("POST /checklists", p.createTemplate)
	mux.Handle("GET /checklists/{id}", p.showTemplate)
	mux.Handle("POST /checklists/{id}", p.updateTemplate)
	mux.Handle("POST /checklists/{id}/delete", p.deleteTemplate)
	mux.Handle("POST /checklists/{id}/restore", p.restoreTemplate)
}
