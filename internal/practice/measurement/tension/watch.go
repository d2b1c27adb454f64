package tension

import (
	"context"
	"errors"
	"strconv"
	"time"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/metric"
	"github.com/steward-itsm/steward/internal/core/notify"
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

// alarms lists the alarms of a pair, the newest first.
func (t *Tension) alarms(ctx context.Context, pair int64) ([]Alarm, error) {
	return database.All(ctx, t.d.DB.Reader(), scanAlarm, `SELECT `+alarmColumns+` FROM tension_alarms a WHERE a.pair_id = $1 ORDER BY a.raised_at DESC, a.id DESC LIMIT 50`, pair)
}

// alarming lists the pairs whose alarm holds.
func (t *Tension) alarming(ctx context.Context) (map[int64]bool, error) {
	ids, err := database.All(ctx, t.d.DB.Reader(), database.Scalar[int64], `SELECT DISTINCT a.pair_id FROM tension_alarms a WHERE a.ended_at IS NULL LIMIT 500`)
	out := make(map[int64]bool, len(ids))
	for _, id := range ids {
		out[id] = true
	}
	return out, err
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
		return nil
	}
	if err != nil {
		return err
	}
	as := t.d.Reading(access.With(ctx, owner.Actor), owner)
	s, err := t.look(as, p, text.From(as).Location)
	if apperr.Is(err, apperr.Invalid) {
		return nil // its filter names what is no longer there; the page says so
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

// settle writes down what was found about one partner. Raising is an insert that
// only one node's can be, and only that one tells.
func (t *Tension) settle(ctx context.Context, s *state, i int, v Verdict) error {
	p, partner := s.pair, s.pair.Partners[i].Metric
	return t.d.DB.Write(ctx, func(tx *database.Tx) error {
		open, err := database.One(ctx, tx, database.Scalar[int], `SELECT count(*) FROM tension_alarms WHERE pair_id = $1 AND partner = $2 AND ended_at IS NULL`, p.ID, string(partner))
		now := t.d.Clock()
		switch {
		case err != nil || v.Alarm == (open > 0):
			return err
		case !v.Alarm:
			_, err := tx.Exec(ctx, `UPDATE tension_alarms SET ended_at = $1 WHERE pair_id = $2 AND partner = $3 AND ended_at IS NULL`, database.Time(now), p.ID, string(partner))
			return err
		}
		n, err := tx.Exec(ctx, `INSERT INTO tension_alarms (id, pair_id, partner, up_to, raised_at, evidence) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (pair_id, partner, up_to) DO NOTHING`,
			tx.NextID(), p.ID, string(partner), database.Time(s.upTo), database.Time(now), database.JSON{V: v})
		if err != nil || n == 0 {
			return err
		}
		process, other := text.T(ctx, s.process.Definition.Name), text.T(ctx, s.partners[i].Definition.Name)
		return t.d.Notices.Send(ctx, tx, notify.Notice{
			To: p.OwnerID, Kind: notify.Alarm, Reason: notify.AsStarter, At: now,
			Subject: notify.Subject{Type: Subject, ID: p.ID, Title: text.T(ctx, "%s and %s", process, other), URL: "/tension/" + strconv.FormatInt(p.ID, 10)},
			Detail:  text.T(ctx, "%s improves while %s worsens.", process, other),
			Key:     "tension:" + strconv.FormatInt(p.ID, 10) + ":" + string(partner) + ":" + strconv.FormatInt(s.upTo.Unix(), 10),
		})
	})
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
