package timesheet

import (
	"context"
	"io/fs"
	"time"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/audit"
	"github.com/steward-itsm/steward/internal/core/filter"
	"github.com/steward-itsm/steward/internal/core/module"
	"github.com/steward-itsm/steward/internal/core/people"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/core/workflow"
	"github.com/steward-itsm/steward/internal/platform/database"
	"github.com/steward-itsm/steward/internal/platform/web"
	"github.com/steward-itsm/steward/internal/ui/text"
)

// Names gives the names behind ids, each in one query.
type Names interface {
	PersonNames(ctx context.Context, q database.Querier, ids []int64) (map[int64]people.PersonName, error)
	GroupNames(ctx context.Context, q database.Querier, ids []int64) (map[int64]people.GroupName, error)
	OrganisationNames(ctx context.Context, q database.Querier, ids []int64) (map[int64]string, error)
}

// Services names services.
type Services interface {
	Names(ctx context.Context, q database.Querier, ids []int64) (map[int64]string, error)
}

// Directory finds people by what was typed, as far as the actor may.
type Directory interface {
	SuggestPeople(ctx context.Context, text string) ([]people.Suggestion, error)
}

// Deps are what the room leans on.
type Deps struct {
	DB        *database.DB
	Tickets   *ticket.Service
	Names     Names
	Services  Services
	Directory Directory
	Audit     *audit.Log
	Frame     module.Frame
	Now       func() time.Time
	HTTPS     bool // cookies travel over https only
}

type pages struct {
	Deps
	service *Service
}

// Entries of the navigation.
const (
	MenuID     = "time"
	SettingsID = "time-settings"
)

// New gives what plugs into the running system.
func New(d Deps) module.Module {
	s := NewService(d.DB, d.Tickets, d.Audit, d.Now)
	p := pages{d, s}
	return module.Module{
		Name:       "desk/timesheet",
		Migrations: []fs.FS{Migrations},
		Routes:     p.routes,
		API:        api{s, d.Tickets}.register,
		Menu: []module.MenuItem{
			{Section: text.Key("Desk"), Label: text.Key("My week"), URL: "/time", Icon: "calendar-time", Key: "g t", ID: MenuID, Visible: Uses},
			{Section: text.Key("Administration"), Label: text.Key("Time recording"), URL: "/time/settings", Icon: "clock", ID: SettingsID, Visible: func(a access.Actor) bool { return a.Can(access.ManageSettings, access.AnyKind) }},
		},
		Follow:  s.Follow,
		Guards:  []ticket.Guard{{Label: text.Key("Time must be recorded, where the kind requires it"), To: workflow.Resolved, Check: s.Unrecorded}},
		Panels:  []module.Panel{{ID: "time-asked", Place: module.PlaceBanner, Show: p.question}, {ID: "time", Place: module.PlaceSide, Show: p.panel}},
		Columns: []module.Column{{Key: "time", Label: text.Key("Time spent"), Number: true, Cells: s.cells}},
		Tells:   tells,
	}
}

// cells are the texts of the column, for tickets whose notes the reader reads.
func (s *Service) cells(ctx context.Context, ids []int64) (map[int64]string, error) {
	found, err := sums(ctx, s.db.Reader(), ids)
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
		out[id] = FormatMinutes(found[id])
	}
	return out, err
}

// tells says what stands on a timeline about time.
func tells(ctx context.Context, c ticket.Change) (string, bool) {
	switch c.Field {
	case ticket.ActivityPrefix + saidRecorded:
		return text.T(ctx, "recorded time: %s", c.To), true
	case ticket.ActivityPrefix + saidCorrected:
		return text.T(ctx, "corrected recorded time: %s", c.To), true
	case ticket.ActivityPrefix + saidWithdrawn:
		return text.T(ctx, "withdrew recorded time: %s", c.To), true
	}
	return "", false
}

func (p pages) routes(mux *web.Mux) {
	const one = "/tickets/{number}/time"
	mux.Handle("GET "+one, p.form)
	mux.Handle("POST "+one, p.record)
	mux.Handle("GET "+one+"/{entry}", p.entryForm)
	mux.Handle("POST "+one+"/{entry}", p.correct)
	mux.Handle("POST "+one+"/start", p.start)
	mux.Handle("POST "+one+"/discard", p.discard)
	mux.Handle("POST "+one+"/dismiss", p.dismiss)

	mux.Handle("GET /time", p.week)
	mux.Handle("POST /time", p.saveWeek)
	mux.Handle("GET /time/report", p.report)
	mux.Handle("GET /time/report.csv", p.export, web.Timeout(15*time.Minute))
	mux.Handle("GET /time/settings", p.settings)
	mux.Handle("POST /time/activities", p.saveActivity)
	mux.Handle("POST /time/activities/{id}", p.saveActivity)
	mux.Handle("POST /time/prompts", p.savePrompts)
}
