package results

import (
	"context"
	"io/fs"
	"net/http"
	"strconv"
	"time"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/module"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/web"
	"github.com/steward-itsm/steward/internal/practice/servicelevel/results/view"
	"github.com/steward-itsm/steward/internal/ui"
	"github.com/steward-itsm/steward/internal/ui/text"
)

// MenuID is the entry of the navigation of customers.
const MenuID = "portal-service-levels"

const (
	publishEvery = time.Minute
	lookEvery    = 15 * time.Minute
)

// Module gives what plugs into the running system.
func (s *Service) Module() module.Module {
	// Whoever works tickets has the reports of service levels instead.
	asks := func(a access.Actor) bool {
		return a.IsPerson() && a.Can(Read, access.AnyKind) && !a.Can(access.ReadNotes, access.AnyKind) && s.publishes(context.Background())
	}
	return module.Module{
		Name:       "servicelevel/results",
		Migrations: []fs.FS{Migrations},
		Routes:     s.routes,
		API:        s.register,
		Menu: []module.MenuItem{
			{Section: text.Key("For me"), Label: text.Key("Service levels"), URL: view.MineURL, Icon: string(ui.IconHeartHandshake), ID: MenuID, Visible: asks},
		},
		Periodic: []module.Periodic{
			{Name: "results.publish", Every: publishEvery, Run: s.PublishDue},
			{Name: "results.check", Every: lookEvery, Run: s.CheckAgain},
		},
	}
}

func (s *Service) routes(mux *web.Mux) {
	const of = "/agreements/{id}/results"
	mux.Handle("GET "+of, s.listPage)
	mux.Handle("GET "+of+"/settings", s.settingPage)
	mux.Handle("POST "+of+"/settings", s.saveSetting)
	mux.Handle("GET "+of+"/draft", s.draftPage)
	mux.Handle("POST "+of, s.publishPage)
	mux.Handle("GET "+of+"/{publication}", s.publicationPage)
	mux.Handle("GET "+of+"/{publication}/csv", s.exportInside)
	mux.Handle("POST "+of+"/{publication}/withdraw", s.withdrawPage)

	mux = mux.With(web.Use(signedIn))
	mux.Handle("GET "+view.MineURL, s.minePage)
	mux.Handle("POST "+view.MineURL+"/agreements/{id}/told", s.tellPage)
	mux.Handle("GET "+view.MineURL+"/{publication}", s.monthPage)
	mux.Handle("GET "+view.MineURL+"/{publication}/csv", s.exportOwn)
	mux.Handle("GET "+view.MineURL+"/{publication}/tickets.csv", s.exportTickets)
}

// signedIn lets only persons through.
func signedIn(next web.HandlerFunc) web.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) error {
		if !access.From(r.Context()).IsPerson() {
			return apperr.New(apperr.Unauthenticated, "Please sign in first.")
		}
		return next(w, r)
	}
}

func agreementURL(id int64) string { return "/agreements/" + formatID(id) }

func resultsURL(agreement int64) string { return agreementURL(agreement) + "/results" }

func insideURL(p *Publication) string { return resultsURL(p.Agreement) + "/" + formatID(p.ID) }

func publicURL(id int64) string { return view.MineURL + "/" + formatID(id) }

func formatID(id int64) string { return strconv.FormatInt(id, 10) }
