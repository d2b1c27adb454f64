package promise

import (
	"context"
	"io/fs"
	"time"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/filter"
	"github.com/steward-itsm/steward/internal/core/module"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/platform/database"
	"github.com/steward-itsm/steward/internal/platform/web"
	"github.com/steward-itsm/steward/internal/ui/text"
)

const (
	keepEvery = time.Second
	keepFor   = 20 * time.Second
)

// New gives what plugs into the running system.
func New(s *Service, frame module.Frame) module.Module {
	p := pages{s, frame}
	return module.Module{
		Name:       "servicelevel/promise",
		Migrations: []fs.FS{Migrations},
		Routes:     p.routes,
		API:        api{s}.register,
		Periodic:   []module.Periodic{{Name: "clocks.keep", Every: keepEvery, Run: func(ctx context.Context) error { return s.Keep(ctx, keepFor) }}},
		Menu: []module.MenuItem{
			{Section: text.Key("Measurement"), Label: text.Key("Service levels"), URL: reportURL, Icon: "clock", ID: ReportID, Visible: mayReport},
			{Section: text.Key("Measurement"), Label: text.Key("Likely to break"), URL: likelyURL, Icon: "alert-triangle", ID: LikelyID, Visible: mayReport},
		},
		Follow:     s.Follow,
		Attributes: []ticket.Attribute{attribute()},
		Panels:     []module.Panel{{ID: "clocks", Place: module.PlaceSide, Show: p.panel}},
		Columns: []module.Column{
			{Key: "due", Label: text.Key("Time left"), Number: true, Cells: s.cells},
			{Key: "outlook", Label: text.Key("Outlook"), Cells: s.outlookCells},
		},
	}
}

func (p pages) routes(mux *web.Mux) {
	mux.Handle("GET /tickets/{number}/clocks", p.explain)
	mux.Handle("GET "+reportURL, p.report)
	mux.Handle("GET "+reportURL+"/behind", p.behind)
	mux.Handle("GET "+likelyURL, p.likelyPage)
}

// attribute is the field promise: of filters and workflows.
func attribute() ticket.Attribute {
	return ticket.Attribute{
		Field: filter.Field{
			Name: "promise", Label: "Promises", Type: filter.TypeEnum, SQL: `(` + outcome + `t.id HAVING COUNT(*) > 0)`, Aliases: []string{"sla"},
			Options: []filter.Option{
				{Key: "likely", Label: "Likely to break"}, {Key: "on_course", Label: "On course"}, {Key: "broken", Label: "One is broken"}, {Key: "kept", Label: "All kept"},
			},
			Groups: []filter.Group{{Key: "open", Label: "To be kept", Options: []string{"likely", "on_course"}}},
		},
		Load: func(ctx context.Context, q database.Querier, ids []int64) (map[int64][]filter.Value, error) {
			found, err := readOutcomes(ctx, q, ids)
			out := map[int64][]filter.Value{}
			for id, is := range found {
				out[id] = filter.Texts(is)
			}
			return out, err
		},
	}
}

// cells are the texts of the column, for tickets whose notes the reader reads.
func (s *Service) cells(ctx context.Context, ids []int64) (map[int64]string, error) {
	found, err := readOpen(ctx, s.d.DB.Reader(), ids)
	if err != nil || len(found) == 0 {
		return nil, err
	}
	with, calendars := make([]int64, 0, len(found)), make([]int64, 0, len(found))
	for id, o := range found {
		with, calendars = append(with, id), append(calendars, o.calendar)
	}
	hours, err := s.d.Calendars.Hours(ctx, s.d.DB.Reader(), database.Distinct(calendars)...)
	if err != nil {
		return nil, err
	}
	readable, err := s.d.Tickets.IDs(ctx, ticket.Query{Condition: filter.True(), Verb: access.ReadNotes, Among: with, Limit: len(with)})
	out := map[int64]string{}
	now := s.now()
	for _, id := range readable {
		o, h := found[id], hours[found[id].calendar]
		switch {
		case o.due.IsZero() && o.breached:
			out[id] = text.T(ctx, "broken")
		case o.due.IsZero() || h == nil:
			out[id] = text.T(ctx, "paused")
		case o.due.Before(now):
			out[id] = text.T(ctx, "%s over", length(ctx, h.Elapsed(o.due, now)))
		default:
			out[id] = length(ctx, h.Elapsed(now, o.due))
		}
	}
	return out, err
}
