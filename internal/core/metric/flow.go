package metric

import (
	"context"
	"strings"
	"time"

	"github.com/steward-itsm/steward/internal/platform/apperr"
)

// byStep divides by the steps that tickets took.
const byStep Cut = "step"

// maxFlow bounds the steps of a flow; what is rarer is left out.
const maxFlow = maxSlices

// Flow gives the steps that tickets took between states or groups in a range of
// days, the most frequent first.
func (s *Service) Flow(ctx context.Context, q FlowQuery) ([]FlowStep, error) {
	m := &metric{inside: true, Definition: Definition{Key: "flow", Cuts: allCuts, Spread: true}}
	switch q.Between {
	case ByState:
		m.whats, m.spread = []What{Opened, Stayed}, SpreadStayed
		m.figure = medianOf(func(c *cell) int64 { return c.of(Stayed).Value })
	case ByGroup:
		m.whats, m.spread = []What{Held}, SpreadHeld
		m.figure = medianOf(func(c *cell) int64 { return c.of(Held).Value })
	default:
		return nil, apperr.InvalidField("between", "A flow is drawn between states or between groups.")
	}
	p, err := s.planFor(ctx, m, Query{From: q.From, To: q.To, Only: q.Only, Filter: q.Filter, Zone: q.Zone, Cut: byStep, Slices: maxFlow})
	if err != nil {
		return nil, err
	}
	g, err := s.load(ctx, p)
	if err != nil {
		return nil, err
	}
	a := assemble(p, g)
	if p.zone.ID != 0 {
		if err := s.lookUp(ctx, p, a.wanted()[1:]); err != nil {
			return nil, err
		}
	}
	var out []FlowStep
	for _, part := range a.slices {
		if part.rest != nil {
			continue
		}
		from, to, _ := strings.Cut(part.key, stepMark)
		f := m.figure(part.total)
		out = append(out, FlowStep{
			From: from, To: to, Count: part.total.of(Opened).N + f.Count,
			Median: time.Duration(f.Value) * time.Second, P90: time.Duration(f.P90) * time.Second,
		})
	}
	return out, nil
}
