package dashboard

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/steward-itsm/steward/internal/core/filter"
	"github.com/steward-itsm/steward/internal/core/metric"
	"github.com/steward-itsm/steward/internal/core/workflow"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/ui"
	"github.com/steward-itsm/steward/internal/ui/text"
)

// look is how a board is looked at: what its address says.
type look struct {
	Filter string
	Days   int       // 0 is usual
	Last   time.Time // the last day of the period; zero is today
	Wrong  *filter.Error
}

// lookOf reads an address. A filter that cannot be read is part of the look.
func (d *Dashboards) lookOf(ctx context.Context, v url.Values) (look, error) {
	l := look{Filter: strings.TrimSpace(v.Get("q"))}
	var wrong apperr.Problems
	if s := v.Get("days"); s != "" {
		n, err := strconv.Atoi(s)
		if err != nil || n < 1 || n > maxSpan {
			wrong.Add("days", "A period has at least one day and at most ten years.")
		}
		l.Days = n
	}
	if s := v.Get("to"); s != "" {
		day, err := time.ParseInLocation(time.DateOnly, s, zoneOf(ctx))
		if err != nil || day.Year() < 1980 || day.Year() > 9000 {
			wrong.Add("to", "A day is written 2026-11-21.")
		}
		l.Last = day
	}
	if err := wrong.Err(); err != nil {
		return l, err
	}
	_, err := d.d.Tickets.Condition(ctx, l.Filter, zoneOf(ctx))
	if errors.As(err, &l.Wrong) {
		err = nil
	}
	return l, err
}

// values writes the look into an address.
func (l look) values() url.Values {
	v := url.Values{}
	if l.Filter != "" {
		v.Set("q", l.Filter)
	}
	if l.Days != 0 {
		v.Set("days", strconv.Itoa(l.Days))
	}
	if !l.Last.IsZero() {
		v.Set("to", l.Last.Format(time.DateOnly))
	}
	return v
}

func (l look) address(path string, more ...string) string {
	v := l.values()
	for i := 0; i+1 < len(more); i += 2 {
		v.Set(more[i], more[i+1])
	}
	if len(v) == 0 {
		return path
	}
	return path + "?" + v.Encode()
}

func zoneOf(ctx context.Context) *time.Location { return text.From(ctx).Location }

// mostSlices is how many series or bars a drawing has; what is beyond is one more.
const (
	mostSeries = 5
	mostBars   = 12
)

// query is the question of a tile under a look.
func (t *Tile) query(l look, now time.Time, zone *time.Location) metric.Query {
	days := t.Days
	if days == 0 {
		days = l.Days
	}
	if days == 0 {
		days = usualSpan
	}
	last := l.Last
	if last.IsZero() {
		last = now
	}
	y, m, day := last.In(zone).Date()
	to := time.Date(y, m, day+1, 0, 0, 0, 0, zone)
	q := metric.Query{
		Metric: t.Metric, From: to.AddDate(0, 0, -days), To: to, Period: t.Step, Cut: t.Cut, Zone: zone, Filter: both(l.Filter, t.Filter), Slices: mostSeries,
	}
	switch {
	case t.Kind == Kind(ui.ChartRanked):
		q.Period, q.Slices = metric.Whole, mostBars
	case t.Kind == Kind(ui.ChartHeat):
		q.Slices = mostBars
	case t.Kind == Number:
		q.Cut = ""
	}
	if t.Kind != Kind(ui.ChartRanked) && !(t.Kind == Kind(ui.ChartBars) && t.Metric == metric.BacklogAge) {
		q.Period = fitting(q.Period, days)
	} else {
		q.Period = metric.Whole
	}
	return q
}

// fitting makes steps long enough for a drawing to hold them.
func fitting(p metric.Period, days int) metric.Period {
	if p == metric.Whole {
		p = metric.Day
	}
	if p == metric.Day && days > 62 {
		p = metric.Week
	}
	if p == metric.Week && days > 400 {
		p = metric.Month
	}
	if p == metric.Month && days > 1900 {
		p = metric.Quarter
	}
	return p
}

// both joins two filters so that both must hold.
func both(a, b string) string {
	switch {
	case a == "":
		return b
	case b == "":
		return a
	}
	return "(" + a + ") (" + b + ")"
}

// drawn is a tile with its answer.
type drawn struct {
	tile   Tile
	at     int // its place on the board
	result metric.Result
	wrong  string // why there is no answer
}

// compute answers the tiles of a board. Tiles that ask the same are answered
// once; a tile that cannot be answered any more says so, and the others go on.
func (d *Dashboards) compute(ctx context.Context, b *Board, l look) ([]drawn, error) {
	out := make([]drawn, len(b.Tiles))
	asked := map[string]int{}
	var queries []metric.Query
	place := make([]int, len(b.Tiles))
	catalogue, err := d.catalogue(ctx)
	if err != nil {
		return nil, err
	}
	for i := range b.Tiles {
		t := b.Tiles[i]
		out[i], place[i] = drawn{tile: t, at: i}, -1
		if err := d.checkOne(ctx, &t, catalogue); err != nil {
			out[i].wrong = apperr.Message(err).In(ctx)
			continue
		}
		q := t.query(l, d.d.Clock(), zoneOf(ctx))
		key := fmt.Sprintf("%+v", q)
		if n, same := asked[key]; same {
			place[i] = n
			continue
		}
		asked[key], place[i] = len(queries), len(queries)
		queries = append(queries, q)
	}
	answers, err := d.d.Metrics.ComputeAll(ctx, queries)
	if err != nil {
		return nil, err
	}
	for i := range out {
		if place[i] < 0 {
			continue
		}
		if a := answers[place[i]]; a.Err != nil {
			out[i].wrong = apperr.Message(a.Err).In(ctx)
		} else {
			out[i].result = a.Result
		}
	}
	return out, nil
}

// catalogue gives the definitions by key.
func (d *Dashboards) catalogue(ctx context.Context) (map[metric.Key]metric.Definition, error) {
	all, err := d.d.Metrics.Catalogue(ctx)
	out := make(map[metric.Key]metric.Definition, len(all))
	for _, def := range all {
		out[def.Key] = def
	}
	return out, err
}

// checkOne checks a tile, its filter included, for whoever looks.
func (d *Dashboards) checkOne(ctx context.Context, t *Tile, catalogue map[metric.Key]metric.Definition) error {
	def, known := catalogue[t.Metric]
	if !known {
		return apperr.InvalidField("metric", "There is no such figure.")
	}
	if err := checkTile(t, &def); err != nil {
		return err
	}
	if key := t.Cut.Field(); key != "" && !d.hasField(key) {
		return apperr.InvalidField("cut", "No kind of ticket has the field %q.", key)
	}
	_, err := d.d.Tickets.Condition(ctx, t.Filter, zoneOf(ctx))
	if wrong := new(filter.Error); errors.As(err, &wrong) {
		return apperr.InvalidField("filter", "%s", wrong.Msg)
	}
	return err
}

// hasField reports whether any kind of ticket has a custom field.
func (d *Dashboards) hasField(key string) bool {
	return slices.ContainsFunc(d.d.Kinds.All(), func(k *workflow.Definition) bool {
		_, ok := k.Field(key)
		return ok
	})
}
