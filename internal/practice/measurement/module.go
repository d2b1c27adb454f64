package measurement

import (
	"context"
	"time"

	"github.com/steward-itsm/steward/internal/core/metric"
	"github.com/steward-itsm/steward/internal/core/module"
)

// Deps are what the practice leans on.
type Deps struct {
	Metrics *metric.Service
}

// Practice is measurement and reporting.
type Practice struct{ d Deps }

// New makes the practice.
func New(d Deps) *Practice { return &Practice{d} }

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
		Periodic: []module.Periodic{
			{Name: "metric.fold", Every: foldEvery, Run: func(ctx context.Context) error { return p.d.Metrics.Run(ctx, foldFor) }},
		},
	}
}
