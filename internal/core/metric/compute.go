package metric

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/steward-itsm/steward/internal/platform/apperr"
)

// Compute answers a query. Invalid names the part of the query that makes no
// sense; Forbidden when the actor may export no ticket at all.
func (s *Service) Compute(ctx context.Context, q Query) (Result, error) {
	p, err := s.plan(ctx, q)
	if err != nil {
		return Result{}, err
	}
	g, err := s.load(ctx, p)
	if err != nil {
		return Result{}, err
	}
	a := assemble(p, g)
	if p.zone.ID != 0 && p.m.spread != "" {
		if err := s.lookUp(ctx, p, a.wanted()); err != nil {
			return Result{}, err
		}
	}
	r := a.result(s.now())
	if err := s.label(ctx, p, &r); err != nil {
		return Result{}, err
	}
	return r, s.leaveOut(ctx, p, &r)
}

// maxQueries bounds what one page asks for.
const maxQueries = 40

// ComputeAll answers several queries in their order. One that makes no sense has
// its own error, and the others their figures.
func (s *Service) ComputeAll(ctx context.Context, queries []Query) ([]Answer, error) {
	if len(queries) > maxQueries {
		return nil, apperr.New(apperr.Invalid, "Ask for at most %d figures at once.", maxQueries)
	}
	out := make([]Answer, 0, len(queries))
	for _, q := range queries {
		r, err := s.Compute(ctx, q)
		if err != nil && !apperr.Is(err, apperr.Invalid) && !apperr.Is(err, apperr.NotFound) {
			return nil, err
		}
		out = append(out, Answer{Result: r, Err: err})
	}
	return out, nil
}

// answer is a grid added up: the whole, its steps, and its slices with theirs.
type answer struct {
	p      *plan
	total  *cell
	steps  []*cell
	slices []*part
}

// part is a slice under way.
type part struct {
	key   string
	rest  []string // of the slice of all others: the keys of those that stand alone
	total *cell
	steps []*cell
}

// assemble adds up the cells of a grid.
func assemble(p *plan, g grid) *answer {
	a := &answer{p: p, total: newCell()}
	parts := map[string]*part{}
	for i, row := range g {
		step := newCell()
		step.days = p.steps[i].to - p.steps[i].from
		for _, key := range slices.Sorted(maps.Keys(row)) {
			c := row[key]
			if p.m.inner != "" {
				step.within(key).merge(c)
				continue
			}
			step.merge(c)
			if p.q.Cut != "" {
				addPart(p, parts, key, i, c)
			}
		}
		a.steps = append(a.steps, step)
	}
	a.total = a.whole(a.steps)
	for _, key := range slices.Sorted(maps.Keys(parts)) {
		parts[key].total = a.whole(parts[key].steps)
		a.slices = append(a.slices, parts[key])
	}
	settleAll(a.total, a.steps)
	for _, s := range a.slices {
		settleAll(s.total, s.steps)
	}
	a.gather()
	return a
}

func addPart(p *plan, parts map[string]*part, key string, step int, c *cell) {
	s := parts[key]
	if s == nil {
		s = &part{key: key, steps: make([]*cell, len(p.steps))}
		for i := range s.steps {
			s.steps[i] = newCell()
		}
		parts[key] = s
	}
	s.steps[step].merge(c)
}

// whole is what steps are together: of a stock the last one.
func (a *answer) whole(steps []*cell) *cell {
	if a.p.m.Stock {
		return steps[len(steps)-1]
	}
	total := newCell()
	for _, c := range steps {
		total.merge(c)
		total.days += c.days
	}
	return total
}

func settleAll(total *cell, steps []*cell) {
	total.spread.settle()
	for _, c := range steps {
		c.spread.settle()
	}
}

// gather orders the slices, the largest first, and puts those beyond the bound
// together.
func (a *answer) gather() {
	size := func(s *part) int64 {
		if a.p.m.spread != "" {
			return s.total.spread.size()
		}
		return max(a.p.m.figure(s.total).Count, -a.p.m.figure(s.total).Count)
	}
	slices.SortStableFunc(a.slices, func(x, y *part) int { return cmp.Compare(size(y), size(x)) })
	most := a.p.q.Slices
	if len(a.slices) <= most {
		return
	}
	rest := &part{rest: []string{}, total: newCell(), steps: make([]*cell, len(a.p.steps))}
	for i := range rest.steps {
		rest.steps[i] = newCell()
	}
	for _, s := range a.slices[:most] {
		rest.rest = append(rest.rest, s.key)
	}
	for _, s := range a.slices[most:] {
		for i, c := range s.steps {
			rest.steps[i].merge(c)
		}
	}
	rest.total = a.whole(rest.steps)
	settleAll(rest.total, rest.steps)
	a.slices = append(a.slices[:most], rest)
}

// wanted lists the histograms that will be shown.
func (a *answer) wanted() []wanted {
	out := []wanted{{spread: &a.total.spread, days: a.p.days}}
	if a.p.q.Period != Whole {
		for i, c := range a.steps {
			out = append(out, wanted{spread: &c.spread, days: a.p.steps[i]})
		}
	}
	for _, s := range a.slices {
		out = append(out, wanted{spread: &s.total.spread, days: a.p.days, slot: s.key, cut: true, not: s.rest})
	}
	return out
}

// result writes the answer down.
func (a *answer) result(now time.Time) Result {
	p := a.p
	r := Result{Definition: p.m.Definition, Query: p.q, Figure: p.m.figure(a.total), ComputedAt: now, Basis: FromFacts}
	if p.zone.ID != 0 {
		r.Basis = FromRollups
	}
	if p.q.Period != Whole {
		r.Points = p.points(a.steps, now)
	}
	for _, s := range a.slices {
		slice := Slice{Key: s.key, Rest: s.rest != nil, Figure: p.m.figure(s.total)}
		if p.q.Period != Whole {
			slice.Points = p.points(s.steps, now)
		}
		r.Slices = append(r.Slices, slice)
	}
	switch p.m.Key {
	case BacklogAge:
		r.Ages = ages(a.total.spread.values)
	case RecurringMinor:
		if p.q.Cut == BySubject {
			r.Slices = subjects(a.total, p.q.Slices)
		}
	}
	return r
}

func (p *plan) points(steps []*cell, now time.Time) []Point {
	out := make([]Point, len(steps))
	for i, c := range steps {
		from, to := startOf(p.steps[i].from, p.q.Zone), startOf(p.steps[i].to, p.q.Zone)
		out[i] = Point{From: from, To: to, Figure: p.m.figure(c), Partial: to.After(now)}
	}
	return out
}

// subjects lists what recurs, as parts of all minor incidents.
func subjects(total *cell, most int) []Slice {
	all := recurrence(total)
	var out []Slice
	for _, key := range slices.Sorted(maps.Keys(total.inner)) {
		n := total.inner[key].of(Opened).N
		if n < total.recurring() {
			continue
		}
		out = append(out, Slice{Key: key, Figure: Figure{
			Value: float64(n) / all.Denominator, Known: true, Count: n, Numerator: float64(n), Denominator: all.Denominator,
		}})
	}
	slices.SortStableFunc(out, func(a, b Slice) int { return cmp.Compare(b.Count, a.Count) })
	return out[:min(len(out), most)]
}

// ages divides the backlog by age.
func ages(values []int64) []AgeBucket {
	const day = 24 * time.Hour
	out := []AgeBucket{{To: day}, {From: day, To: 3 * day}, {From: 3 * day, To: 7 * day}, {From: 7 * day, To: 14 * day}, {From: 14 * day, To: 30 * day}, {From: 30 * day, To: 90 * day}, {From: 90 * day}}
	for _, v := range values {
		i := slices.IndexFunc(out, func(b AgeBucket) bool { return b.To == 0 || v < int64(b.To/time.Second) })
		out[i].Count++
	}
	return out
}

// leaveOut says what the figures do not hold.
func (s *Service) leaveOut(ctx context.Context, p *plan, r *Result) error {
	if len(p.scope.hidden) > 0 {
		r.LeftOut = append(r.LeftOut, LeftOut{Reason: HiddenKinds, Kinds: p.scope.hidden})
	}
	if p.scope.partial {
		r.LeftOut = append(r.LeftOut, LeftOut{Reason: HiddenTickets})
	}
	if !p.q.RecordedBy.IsZero() {
		r.LeftOut = append(r.LeftOut, LeftOut{Reason: LateRecords})
	}
	n, sweeping, at, err := s.unfolded(ctx)
	if err != nil {
		return err
	}
	r.UpTo = at
	if sweeping || n > 0 {
		r.LeftOut = append(r.LeftOut, LeftOut{Reason: NotFolded, Count: n})
	}
	return nil
}

// subjectOf reads the key of a slice of BySubject.
func subjectOf(key string) (service, category string) {
	service, category, _ = strings.Cut(key, "|")
	return service, category
}
