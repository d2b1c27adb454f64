package tension

import (
	"context"
	"errors"
	"time"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/metric"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/database"
	"github.com/steward-itsm/steward/internal/ui/text"
)

// state is a pair with its series and what is found out about it.
type state struct {
	pair     Pair
	process  metric.Result
	partners []metric.Result
	verdicts []Verdict // in the order of the partners
	upTo     time.Time // the end of the last complete week
}

// weeks is how many are shown: more than a trend needs.
const weeks = 26

// rule is the usual one with what the pair set.
func (p *Pair) rule() Rule {
	r := Usual
	r.Periods = p.Periods
	return r
}

// look computes a pair over the tickets that whoever is at work sees.
func (t *Tension) look(ctx context.Context, p Pair, zone *time.Location) (state, error) {
	s := state{pair: p}
	y, m, d := t.d.Clock().In(zone).Date()
	monday := time.Date(y, m, d-(int(time.Date(y, m, d, 12, 0, 0, 0, time.UTC).Weekday())+6)%7, 0, 0, 0, 0, zone)
	s.upTo = monday
	ask := func(key metric.Key) metric.Query {
		return metric.Query{Metric: key, From: monday.AddDate(0, 0, -7*weeks), To: monday, Period: metric.Week, Filter: p.Filter, Zone: zone}
	}
	queries := []metric.Query{ask(p.Process)}
	for _, partner := range p.Partners {
		queries = append(queries, ask(partner.Metric))
	}
	answers, err := t.d.Metrics.ComputeAll(ctx, queries)
	if err != nil {
		return s, err
	}
	for _, a := range answers {
		if a.Err != nil { // half a pair tells nothing
			return s, a.Err
		}
		s.partners = append(s.partners, a.Result)
	}
	s.process, s.partners = s.partners[0], s.partners[1:]
	for _, r := range s.partners {
		s.verdicts = append(s.verdicts, Detect(values(s.process.Points), values(r.Points), s.process.Definition.Direction, r.Definition.Direction, p.rule()))
	}
	return s, nil
}

func values(points []metric.Point) []float64 {
	out := make([]float64, 0, len(points))
	for _, p := range points {
		out = append(out, p.Figure.OrNaN())
	}
	return out
}

// Alarm is a tension that was found.
type Alarm struct {
	ID       int64
	Partner  metric.Key
	UpTo     time.Time // the end of the week that raised it
	RaisedAt time.Time
	EndedAt  time.Time // zero while it holds
	Evidence Verdict
}

const alarmColumns = `a.id, a.partner, a.up_to, a.raised_at, a.ended_at, a.evidence`

func scanAlarm(r database.Row) (Alarm, error) {
	var a Alarm
	err := r.Scan(&a.ID, &a.Partner, (*database.Time)(&a.UpTo), (*database.Time)(&a.RaisedAt), (*database.Time)(&a.EndedAt), database.JSON{V: &a.Evidence})
	return a, err
}

// Try looks at every pair as its owner sees it, raises alarms and ends those
// that hold no more. A pair whose owner may not read figures any more is silent.
func (t *Tension) Try(ctx context.Context) error {
	pairs, err := t.pairs(ctx)
	if err != nil {
		return err
	}
	var failed []error // one that fails must not hold up the others
	for _, p := range pairs {
		failed = append(failed, t.try(ctx, p))
	}
	return errors.Join(failed...)
}

func (t *Tension) try(ctx context.Context, p Pair) error {
	owner, err := t.d.Actors.Person(ctx, p.OwnerID)
	if apperr.Is(err, apperr.NotFound) || apperr.Is(err, apperr.Forbidden) || err == nil && !mayRead(owner.Actor) {
		return t.silence(ctx, &p)
	}
	if err != nil {
		return err
	}
	as := t.d.Reading(access.With(ctx, owner.Actor), owner)
	s, err := t.look(as, p, text.From(as).Location)
	if apperr.Is(err, apperr.Invalid) {
		return t.silence(ctx, &p) // its filter names what is no longer there; the page says so
	}
	if err != nil {
		return err
	}
	for i, v := range s.verdicts {
		if err := t.settle(as, &s, i, v); err != nil {
			return err
		}
	}
	return nil
}

// mostValues bounds how many tickets are looked at for crowding.
const mostValues = 1000

// bunching looks whether the process figure's tickets crowd under its goal.
func (t *Tension) bunching(ctx context.Context, s *state) (Bunch, bool, error) {
	def := s.process.Definition
	if s.pair.Goal == nil || def.Unit != metric.Seconds || def.Direction != metric.Down || def.Stock {
		return Bunch{}, false, nil
	}
	q := s.process.Query
	q.Period = metric.Whole
	var found []float64
	after := ""
	for len(found) < mostValues {
		page, err := t.d.Metrics.Tickets(ctx, q, after, 200)
		if err != nil {
			return Bunch{}, false, err
		}
		for _, x := range page.Items {
			found = append(found, x.Value)
		}
		if after = page.Next; after == "" {
			break
		}
	}
	return Bunching(found, *s.pair.Goal), true, nil
}
