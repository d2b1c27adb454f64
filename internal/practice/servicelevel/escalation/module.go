package escalation

import (
	"context"
	"io/fs"

	"github.com/steward-itsm/steward/internal/core/module"
	"github.com/steward-itsm/steward/internal/platform/web"
	"github.com/steward-itsm/steward/internal/practice/servicelevel/escalation/view"
	"github.com/steward-itsm/steward/internal/ui/text"
)

// Module gives what plugs into the running system.
func (s *Service) Module() module.Module {
	return module.Module{
		Name:       "servicelevel/escalation",
		Migrations: []fs.FS{Migrations},
		Routes:     s.routes,
		API:        s.register,
		Periodic:   []module.Periodic{{Name: "escalation.sweep", Every: fireEvery, Run: func(ctx context.Context) error { return s.Sweep(ctx) }}},
		Panels:     []module.Panel{{ID: "escalation", Place: module.PlaceSide, Show: s.panel}},
		Tells:      s.tells,
		Menu: []module.MenuItem{
			{Section: text.Key("Administration"), Label: text.Key("Escalation ladders"), URL: view.URL, Icon: "stairs-up", ID: MenuID, Visible: Reads},
		},
	}
}

func (s *Service) routes(mux *web.Mux) {
	mux.Handle("GET "+view.URL, s.listPage)
	mux.Handle("GET "+view.URL+"/new", s.newPage)
	mux.Handle("POST "+view.URL, s.createPage)
	mux.Handle("GET "+view.URL+"/{id}", s.editPage)
	mux.Handle("POST "+view.URL+"/{id}", s.savePage)
	mux.Handle("GET /tickets/{number}/escalations", s.explain)
}
