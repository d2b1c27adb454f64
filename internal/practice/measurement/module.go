package measurement

import (
	"context"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/metric"
	"github.com/steward-itsm/steward/internal/core/module"
	"github.com/steward-itsm/steward/internal/core/people"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/core/workflow"
	"github.com/steward-itsm/steward/internal/platform/database"
	"github.com/steward-itsm/steward/internal/platform/web"
	"github.com/steward-itsm/steward/internal/ui/text"
)

// Names gives the names of persons; people.Service does.
type Names interface {
	PersonNames(ctx context.Context, q database.Querier, ids []int64) (map[int64]people.PersonName, error)
}

// Deps are what the practice leans on.
type Deps struct {
	DB      *database.DB // names are read from it
	Metrics *metric.Service
	Tickets *ticket.Service
	Kinds   *workflow.Registry
	Names   Names
	Frame   module.Frame
}

// Practice is measurement and reporting.
type Practice struct{ d Deps }

// New makes the practice.
func New(d Deps) *Practice { return &Practice{d} }

// Base is the address of the catalogue; a metric's page is below it, by its key,
// with the values of metric.Query.Values, and the tickets behind it at /tickets.
const Base = "/figures"

// foldEvery is how often new entries of timelines are counted, and foldFor how
// long one go may take: a long import is counted in several.
const (
	foldEvery = 10 * time.Second
	foldFor   = 8 * time.Minute
)

// Module gives what the practice adds to the product.
func (p *Practice) Module() module.Module {
	return module.Module{
		Name: "measurement",
		Menu: []module.MenuItem{{
			Section: text.Key("Measurement"), Label: text.Key("Metrics"), URL: Base, Icon: "report-analytics", ID: "metrics",
			Visible: func(a access.Actor) bool { return a.Can(access.Export, access.AnyKind) },
		}},
		Routes: func(mux *web.Mux) {
			mux.Handle("GET "+Base, p.catalogue)
			mux.Handle("GET "+Base+"/{key}", p.show)
			mux.Handle("POST "+Base+"/{key}", p.save)
			mux.Handle("GET "+Base+"/{key}/edit", p.edit)
			mux.Handle("GET "+Base+"/{key}/figures.csv", p.figuresFile)
			mux.Handle("GET "+Base+"/{key}/tickets", p.behind)
			mux.Handle("GET "+Base+"/{key}/tickets.csv", p.behindFile, web.Timeout(5*time.Minute))
		},
		API: func(api huma.API) { p.register(api) },
		Periodic: []module.Periodic{
			{Name: "metric.fold", Every: foldEvery, Run: func(ctx context.Context) error { return p.d.Metrics.Run(ctx, foldFor) }},
		},
	}
}
