package metric

import (
	"context"
	"slices"
	"strconv"

	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/database"
)

// Check answers a query from the timelines themselves, past all facts and
// roll-ups: to compare with what Compute gives, for a closed period above all.
// Invalid when that takes more than most timelines; 0 sets no bound.
func (s *Service) Check(ctx context.Context, q Query, most int) (Result, error) {
	p, err := s.plan(ctx, q)
	if err != nil {
		return Result{}, err
	}
	p.zone = zoneRow{}
	if slices.ContainsFunc(append([]Only{{Cut: p.q.Cut}}, p.q.Only...), func(o Only) bool { return o.Cut.Field() != "" }) {
		return Result{}, apperr.InvalidField("cut", "A custom field is the ticket's of today; timelines cannot be cut by it.")
	}
	g := newGrid(len(p.steps))
	if err := s.walk(ctx, p, most, func(l Life) {
		if p.m.Stock {
			p.stretchesInto(g, l.Stretches, s)
		} else {
			p.factsInto(g, l.Facts)
		}
	}); err != nil {
		return Result{}, err
	}
	r := assemble(p, g).result(s.now())
	r.Basis, r.UpTo = FromEvents, r.ComputedAt
	if len(p.scope.hidden) > 0 {
		r.LeftOut = append(r.LeftOut, LeftOut{Reason: HiddenKinds, Kinds: p.scope.hidden})
	}
	return r, s.label(ctx, p, &r)
}

// walk folds the timelines that can tell of the range.
func (s *Service) walk(ctx context.Context, p *plan, most int, each func(Life)) error {
	rules, err := s.rules(ctx)
	if err != nil {
		return err
	}
	seen, last := 0, int64(0)
	for {
		ids, err := s.candidates(ctx, p, last)
		if err != nil || len(ids) == 0 {
			return err
		}
		seen, last = seen+len(ids), ids[len(ids)-1]
		if most > 0 && seen > most {
			return apperr.New(apperr.Invalid, "This takes more than %d timelines. Choose fewer days or narrow the figure.", most)
		}
		timelines, err := ticket.Timelines(ctx, s.db.Reader(), ids)
		if err != nil {
			return err
		}
		for _, ticketID := range ids {
			life, err := Fold(timelines[ticketID], rules)
			if err != nil {
				s.log.WarnContext(ctx, "a timeline could not be read to its end for figures", "ticket", ticketID, "error", err)
			}
			each(life)
		}
	}
}

// candidates gives the next tickets on which something happened in the range; of
// a stock those that were there before its end.
func (s *Service) candidates(ctx context.Context, p *plan, after int64) ([]int64, error) {
	var args database.Args
	where := `t.id > ` + args.Arg(after) + ` AND t.created_at < ` + args.Arg(database.Time(p.q.To))
	if !p.m.Stock {
		where += ` AND t.updated_at >= ` + args.Arg(database.Time(p.q.From))
	}
	if !p.scope.match.Always() {
		where += ` AND ` + p.scope.match.SQL(&args)
	}
	return database.All(ctx, s.db.Reader(), database.Scalar[int64], `SELECT t.id FROM tickets t WHERE `+where+` ORDER BY t.id LIMIT `+args.Arg(foldTickets*2), args.Values()...)
}

func (p *plan) factsInto(g grid, facts []Fact) {
	for i := range facts {
		f := &facts[i]
		if !slices.Contains(p.m.whats, f.What) || f.At.Before(p.q.From) || !f.At.Before(p.q.To) || !p.holds(f.About, f.State) ||
			!p.q.RecordedBy.IsZero() && f.RecordedAt.After(p.q.RecordedBy) {
			continue
		}
		p.count(g, f, p.slotOf(p.keyOf(f.About, f)))
	}
}

func (p *plan) stretchesInto(g grid, stretches []Stretch, s *Service) {
	ends, now := p.ends(), s.now()
	for i := range stretches {
		st := &stretches[i]
		if !p.holds(st.About, "") || !p.q.RecordedBy.IsZero() && st.BeganRecorded.After(p.q.RecordedBy) {
			continue
		}
		p.takeStock(g, ends, now, st, p.slotOf(p.keyOf(st.About, nil)))
	}
}

// holds is where in Go: whether the query is over what a ticket was about.
func (p *plan) holds(a About, state string) bool {
	if !slices.Contains(p.scope.kinds, a.Kind) || p.m.inner == dimSubject && !a.minor() {
		return false
	}
	for _, o := range p.q.Only {
		switch o.Cut {
		case ByTier, BySupplier:
			if !slices.Contains(p.groupsOf(o), a.Group) {
				return false
			}
		case ByState:
			if state != o.Key {
				return false
			}
		default:
			key := keyBy(o.Cut, a)
			if o.Key != key && !(isNumber(o.Cut) && toID(o.Key) == toID(key)) {
				return false
			}
		}
	}
	return true
}

// keyOf is slotColumn in Go.
func (p *plan) keyOf(a About, f *Fact) string {
	switch {
	case p.m.inner == dimSubject:
		return a.subject()
	case p.m.inner == dimPerson:
		return id(f.Person)
	case p.q.Cut == ByState:
		return f.State
	}
	return keyBy(p.q.Cut, a)
}

func keyBy(c Cut, a About) string {
	switch c {
	case ByService:
		return id(a.Service)
	case ByGroup, ByTier, BySupplier:
		return id(a.Group)
	case ByOrganisation:
		return id(a.Organisation)
	case ByPriority:
		return strconv.Itoa(a.Priority)
	case ByKind:
		return a.Kind
	case ByChannel:
		return a.Channel
	case ByCategory:
		return a.Category
	case BySubject:
		return a.subject()
	}
	return ""
}
