package metric

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/steward-itsm/steward/internal/core/audit"
	"github.com/steward-itsm/steward/internal/core/filter"
	"github.com/steward-itsm/steward/internal/core/people"
	"github.com/steward-itsm/steward/internal/core/workflow"
	"github.com/steward-itsm/steward/internal/platform/database"
)

// Reader is what a page of figures leans on; Service is one. The actor is taken
// from the context: figures are over the tickets they may view and export.
type Reader interface {
	// Catalogue lists every metric as it is defined now.
	Catalogue(ctx context.Context) ([]Definition, error)
	// Definition gives one; NotFound for a key nobody knows.
	Definition(ctx context.Context, key Key) (Definition, error)
	// Compute answers a query; Invalid with the field's name for one that makes no sense.
	Compute(ctx context.Context, q Query) (Result, error)
	// ComputeAll answers several, in their order; one that makes no sense has its
	// own error.
	ComputeAll(ctx context.Context, queries []Query) ([]Answer, error)
	// Tickets gives the tickets behind a figure, newest first; of a rate those of
	// its numerator.
	Tickets(ctx context.Context, q Query, after string, limit int) (TicketPage, error)
	// Flow gives the steps that tickets took, the most frequent first.
	Flow(ctx context.Context, q FlowQuery) ([]FlowStep, error)
}

// Filters reads filters and says which tickets an actor sees; ticket.Service does.
type Filters interface {
	Schema(ctx context.Context) (*filter.Schema, error)
	Condition(ctx context.Context, text string, zone *time.Location) (filter.Condition, error)
}

// People gives names and places; people.Service does.
type People interface {
	GroupPlaces(ctx context.Context, q database.Querier) (map[int64]people.GroupPlace, error)
	GroupNames(ctx context.Context, q database.Querier, ids []int64) (map[int64]people.GroupName, error)
	OrganisationNames(ctx context.Context, q database.Querier, ids []int64) (map[int64]string, error)
	PersonNames(ctx context.Context, q database.Querier, ids []int64) (map[int64]people.PersonName, error)
}

// Services gives the names of services; service.Store does.
type Services interface {
	Names(ctx context.Context, q database.Querier, ids []int64) (map[int64]string, error)
}

// Deps are what a Service leans on.
type Deps struct {
	DB       *database.DB
	Kinds    *workflow.Registry
	Tickets  Filters
	People   People
	Services Services
	Audit    *audit.Log
	Words    map[Key]Words // the catalogue's texts
	Now      func() time.Time
	Logger   *slog.Logger // nil logs nothing
}

// Service computes figures and keeps their facts. All methods are safe for
// concurrent use.
type Service struct {
	db        *database.DB
	kinds     *workflow.Registry
	tickets   Filters
	places    People
	services  Services
	audit     *audit.Log
	metrics   []metric
	now       func() time.Time
	log       *slog.Logger
	locations sync.Map // of zones by name
}

// New makes the service.
func New(d Deps) *Service {
	s := &Service{
		db: d.DB, kinds: d.Kinds, tickets: d.Tickets, places: d.People, services: d.Services, audit: d.Audit, metrics: builtIn(), now: d.Now, log: d.Logger,
	}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	for i := range s.metrics {
		m := &s.metrics[i]
		m.Words = d.Words[m.Key]
		if m.Name == "" {
			m.Name = string(m.Key)
		}
	}
	return s
}
