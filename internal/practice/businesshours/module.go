package businesshours

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/calendar"
	"github.com/steward-itsm/steward/internal/core/calendar/date"
	"github.com/steward-itsm/steward/internal/core/calendar/ical"
	"github.com/steward-itsm/steward/internal/core/module"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/database"
	"github.com/steward-itsm/steward/internal/platform/web"
	"github.com/steward-itsm/steward/internal/practice/businesshours/view"
	"github.com/steward-itsm/steward/internal/ui/text"
)

// Deps are what the practice leans on.
type Deps struct {
	DB        *database.DB
	Calendars *calendar.Service
	Frame     module.Frame
	Now       func() time.Time
	BaseURL   string // of the installation, for addresses that calendar programs read
	HTTPS     bool   // cookies travel over https only
}

// Practice is the practice as the rest of the house sees it.
type Practice struct{ Deps }

// New makes the practice.
func New(d Deps) *Practice { return &Practice{d} }

// MenuID is the entry of the navigation.
const MenuID = "calendars"

// Module gives what plugs into the running system.
func (p *Practice) Module() module.Module {
	return module.Module{
		Name:   "businesshours",
		Routes: p.routes,
		API:    func(h huma.API) { p.register(h) },
		Menu: []module.MenuItem{
			{Section: text.Key("Administration"), Label: text.Key("Business hours"), URL: view.ListURL, Icon: "calendar-time", ID: MenuID, Visible: func(a access.Actor) bool { return calendar.Reads(a) }},
		},
	}
}

// Feeds gives the addresses that calendar programs read without signing in.
func (p *Practice) Feeds() module.Module {
	return module.Module{Name: "businesshours/feeds", Open: true, Routes: func(mux *web.Mux) {
		mux.Handle("GET /feeds/calendars/{token}", p.feed)
	}}
}

func (p *Practice) routes(mux *web.Mux) {
	const one, version = view.ListURL + "/{id}", view.ListURL + "/{id}/versions/{from}"
	mux.Handle("GET "+view.ListURL, p.list)
	mux.Handle("GET "+view.ListURL+"/new", p.newForm)
	mux.Handle("POST "+view.ListURL, p.create)
	mux.Handle("GET "+one, p.show)
	mux.Handle("GET "+one+"/edit", p.editForm)
	mux.Handle("POST "+one, p.edit)
	mux.Handle("POST "+one+"/delete", p.delete)
	mux.Handle("POST "+one+"/restore", p.restore)
	mux.Handle("POST "+one+"/standard", p.makeStandard)
	mux.Handle("POST "+one+"/subscription", p.subscribe)
	mux.Handle("POST "+one+"/subscription/end", p.unsubscribe)
	mux.Handle("GET "+one+"/export", p.export)
	mux.Handle("GET "+version, p.versionForm)
	mux.Handle("POST "+version, p.saveVersion, web.MaxBody(4<<20))
	mux.Handle("POST "+version+"/delete", p.deleteVersion)
	mux.Handle("GET "+version+"/import", p.importForm)
	mux.Handle("POST "+version+"/import", p.readFile, web.MaxBody(ical.MaxSize+1<<20))
	mux.Handle("POST "+version+"/import/save", p.saveImport, web.MaxBody(4<<20))
}

func (p *Practice) page(w http.ResponseWriter, r *http.Request, status int, title string, body web.Component) error {
	return p.Frame.Page(w, r, module.Page{Title: title, Active: MenuID, Status: status}, body)
}

func formatID(n int64) string { return strconv.FormatInt(n, 10) }

func parseInt(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil {
		return 0
	}
	return n
}

// parseDate reads a date; none for anything else.
func parseDate(s string) calendar.Date {
	d, err := date.Parse(s)
	if err != nil {
		return calendar.Date{}
	}
	return d
}

// back says whether an error belongs on the page rather than on an error page.
func back(err error) bool {
	return apperr.Is(err, apperr.Invalid) || apperr.Is(err, apperr.Conflict) || apperr.Is(err, apperr.InUse)
}

func statusOf(err error) int {
	switch {
	case err == nil:
		return http.StatusOK
	case apperr.Is(err, apperr.Conflict), apperr.Is(err, apperr.InUse):
		return http.StatusConflict
	}
	return http.StatusUnprocessableEntity
}

// zoneAt moves the reader of a context to a place, so that instants are shown by
// its clocks.
func zoneAt(ctx context.Context, zone *time.Location) context.Context {
	reader := text.From(ctx)
	reader.Location = zone
	return text.With(ctx, reader)
}
