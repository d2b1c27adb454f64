package measurement

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/steward-itsm/steward/internal/core/metric"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/web/openapi"
)

const tagMetrics = "Metrics"

// Tags describes the group of operations, for the document.
func Tags() []openapi.Tag {
	return []openapi.Tag{{Name: tagMetrics, Description: "What is measured, what came out, and the tickets behind it. Figures are over the tickets you may see and export."}}
}

// Definition is a metric.
type Definition struct {
	Key           string     `json:"key" example:"time_to_resolve"`
	Group         string     `json:"group" enum:"flow,speed,quality,effort,experience,cuts"`
	Name          string     `json:"name" example:"Time to resolve"`
	Meaning       string     `json:"meaning" doc:"The definition in words."`
	Formula       string     `json:"formula"`
	Excluded      []string   `json:"excluded" nullable:"false" doc:"What is left out, and how it counts."`
	Unit          string     `json:"unit" enum:"tickets,seconds,share,score,times" doc:"A share is a number from 0 to 1."`
	Direction     string     `json:"direction" enum:"up,down,steady" doc:"Which way is better."`
	Target        *float64   `json:"target,omitempty" doc:"In the unit."`
	OwnerID       int64      `json:"owner_id,omitempty" doc:"The person who answers for it."`
	Stock         bool       `json:"stock" doc:"The figure is of the instant at which the range ends."`
	Spread        bool       `json:"spread" doc:"The value is a median; mean and p90 are given as well."`
	Cuts          []string   `json:"cuts" nullable:"false" doc:"What it can be cut by. Where this holds category, also by field.KEY of a custom field."`
	Version       int        `json:"version" doc:"Of owner, target and direction; 0 is as shipped."`
	EffectiveFrom *time.Time `json:"effective_from,omitempty"`
}

func definitionOf(d *metric.Definition) Definition {
	out := Definition{
		Key: string(d.Key), Group: string(d.Group), Name: d.Name, Meaning: d.Meaning, Formula: d.Formula, Excluded: append([]string{}, d.Excluded...),
		Unit: string(d.Unit), Direction: string(d.Direction), Target: d.Target, OwnerID: d.OwnerID, Stock: d.Stock, Spread: d.Spread, Cuts: []string{}, Version: d.Version,
	}
	for _, c := range d.Cuts {
		out.Cuts = append(out.Cuts, string(c))
	}
	if !d.EffectiveFrom.IsZero() {
		out.EffectiveFrom = &d.EffectiveFrom
	}
	return out
}

// Figure is one number and what it was made of.
type Figure struct {
	Value       *float64 `json:"value" doc:"In the metric's unit; null when there was nothing to compute it from."`
	Count       int64    `json:"count" doc:"What it was computed from: tickets, stretches or entries."`
	Numerator   float64  `json:"numerator"`
	Denominator float64  `json:"denominator"`
	Mean        *float64 `json:"mean,omitempty" doc:"Of a metric with spread."`
	P90         *float64 `json:"p90,omitempty" doc:"Of a metric with spread: nine in ten took at most this."`
}

func figureOf(d *metric.Definition, f metric.Figure) Figure {
	out := Figure{Count: f.Count, Numerator: f.Numerator, Denominator: f.Denominator}
	if f.Known {
		out.Value = &f.Value
		if d.Spread {
			out.Mean, out.P90 = &f.Mean, &f.P90
		}
	}
	return out
}

// Point is one step of a series.
type Point struct {
	From    time.Time `json:"from"`
	To      time.Time `json:"to" doc:"Not part of it."`
	Partial bool      `json:"partial" doc:"Not over yet."`
	Figure
}

func pointsOf(d *metric.Definition, points []metric.Point) []Point {
	out := make([]Point, len(points))
	for i, pt := range points {
		out[i] = Point{From: pt.From.UTC(), To: pt.To.UTC(), Partial: pt.Partial, Figure: figureOf(d, pt.Figure)}
	}
	return out
}

// Slice is one part of a cut.
type Slice struct {
	Key    string  `json:"key" doc:"An id, a priority, a kind, a channel or a state; empty where the ticket had none."`
	Label  string  `json:"label"`
	Rest   bool    `json:"rest" doc:"All parts beyond those asked for."`
	Points []Point `json:"points,omitempty"`
	Figure
}

// LeftOut is something a figure does not hold.
type LeftOut struct {
	Reason string   `json:"reason" enum:"hidden_kinds,hidden_tickets,late_records,not_folded"`
	Count  int64    `json:"count,omitempty"`
	Kinds  []string `json:"kinds,omitempty"`
}

// Answer is a figure with its series and its parts.
type Answer struct {
	Metric Definition `json:"metric"`
	From   time.Time  `json:"from"`
	To     time.Time  `json:"to" doc:"Not part of it."`
	Figure
	Points     []Point   `json:"points" nullable:"false"`
	Slices     []Slice   `json:"slices" nullable:"false"`
	Basis      string    `json:"basis" enum:"rollups,facts,events" doc:"Where it was read from."`
	ComputedAt time.Time `json:"computed_at"`
	LeftOut    []LeftOut `json:"left_out" nullable:"false"`
}

func answerOf(r *metric.Result) Answer {
	d := &r.Definition
	out := Answer{
		Metric: definitionOf(d), From: r.Query.From.UTC(), To: r.Query.To.UTC(), Figure: figureOf(d, r.Figure), Points: pointsOf(d, r.Points),
		Slices: []Slice{}, Basis: string(r.Basis), ComputedAt: r.ComputedAt.UTC(), LeftOut: []LeftOut{},
	}
	for _, s := range r.Slices {
		out.Slices = append(out.Slices, Slice{Key: s.Key, Label: s.Label, Rest: s.Rest, Figure: figureOf(d, s.Figure), Points: pointsOf(d, s.Points)})
	}
	for _, l := range r.LeftOut {
		out.LeftOut = append(out.LeftOut, LeftOut{Reason: string(l.Reason), Count: l.Count, Kinds: l.Kinds})
	}
	return out
}

// Counted is a ticket behind a figure.
type Counted struct {
	ID     int64     `json:"id"`
	Number string    `json:"number" example:"INC-1042"`
	Title  string    `json:"title"`
	At     time.Time `json:"at" doc:"The instant that put it there; of a stock, since when it counts."`
	Value  float64   `json:"value" doc:"What it added, in the metric's unit."`
}

func (p *Practice) register(api huma.API) {
	example := Definition{
		Key: "reopen_rate", Group: "quality", Name: "Reopen rate", Meaning: "How many reopenings there were for each resolution of the period.", Formula: "reopenings ÷ resolutions",
		Excluded: []string{}, Unit: "share", Direction: "down", Cuts: []string{"service", "group"},
	}
	value := 0.04
	openapi.Register(api, openapi.Operation{
		ID: "list-metrics", Method: http.MethodGet, Path: "/metrics", Tag: tagMetrics, Summary: "List metrics", Description: "The whole catalogue, as it is in force now.",
		Answer: openapi.Page[Definition]{Items: []Definition{example}},
	}, p.listMetrics)
	openapi.Register(api, openapi.Operation{
		ID: "get-metric", Method: http.MethodGet, Path: "/metrics/{key}", Tag: tagMetrics, Summary: "Get a metric", Description: "Its definition, with owner, target and direction.",
		Errors: []int{http.StatusNotFound}, Answer: example,
	}, p.getMetric)
	openapi.Register(api, openapi.Operation{
		ID: "set-metric", Method: http.MethodPut, Path: "/metrics/{key}/setting", Tag: tagMetrics, Summary: "Set a metric's target",
		Description: "Adds a version of owner, target and direction. Needs the permission to change settings; `version` is the one you read, and 409 says that somebody was quicker.",
		Errors:      []int{http.StatusNotFound, http.StatusConflict}, Request: map[string]any{"version": 0, "target": 0.05, "direction": "down"}, Answer: example,
	}, p.setMetric)
	openapi.Register(api, openapi.Operation{
		ID: "compute-metric", Method: http.MethodGet, Path: "/metrics/{key}/value", Tag: tagMetrics, Summary: "Compute a figure",
		Description: "The figure over some days, with a series when `period` is given and with its parts when `cut` is. Past figures stay what they were: they follow from the instants " +
			"in the timelines; `recorded_by` leaves out what was written down later, by an import for instance.",
		Errors: []int{http.StatusNotFound},
		Answer: Answer{Metric: example, Figure: Figure{Value: &value, Count: 50, Numerator: 2, Denominator: 50}, Points: []Point{}, Slices: []Slice{}, Basis: "rollups", LeftOut: []LeftOut{}},
	}, p.computeMetric)
	openapi.Register(api, openapi.Operation{
		ID: "list-metric-tickets", Method: http.MethodGet, Path: "/metrics/{key}/tickets", Tag: tagMetrics, Summary: "List the tickets behind a figure",
		Description: "Newest first: of a count all that were counted, of a rate or share those of the numerator, of a median or mean all whose values it is of. A ticket is listed as often as it counts.",
		Errors:      []int{http.StatusNotFound}, Answer: openapi.Page[Counted]{Items: []Counted{{ID: 4294967400, Number: "INC-1042", Title: "Printer on floor 3 jams", Value: 1}}},
	}, p.listBehind)
}

// Which is the part of an input that says which metric.
type Which struct {
	Key string `path:"key" maxLength:"40" example:"time_to_resolve"`
}

type definitionOutput struct{ Body Definition }

func (p *Practice) listMetrics(ctx context.Context, _ *struct{}) (*openapi.Listed[Definition], error) {
	list, err := p.d.Metrics.Catalogue(ctx)
	if err != nil {
		return nil, err
	}
	out := make([]Definition, len(list))
	for i := range list {
		out[i] = definitionOf(&list[i])
	}
	return openapi.List(ctx, out, ""), nil
}

func (p *Practice) getMetric(ctx context.Context, in *Which) (*definitionOutput, error) {
	d, err := p.d.Metrics.Definition(ctx, metric.Key(in.Key))
	if err != nil {
		return nil, err
	}
	return &definitionOutput{definitionOf(&d)}, nil
}

type settingInput struct {
	Which
	Body struct {
		Version       int       `json:"version" minimum:"0" doc:"The newest version you know; 0 when nothing was set yet."`
		Target        *float64  `json:"target,omitempty" doc:"In the metric's unit; missing for none."`
		Direction     string    `json:"direction" enum:"up,down,steady"`
		OwnerID       int64     `json:"owner_id,omitempty" minimum:"0" doc:"A person; missing for nobody."`
		EffectiveFrom time.Time `json:"effective_from,omitempty" doc:"Missing is now."`
		Note          string    `json:"note,omitempty" maxLength:"500" doc:"Why."`
	}
}

func (p *Practice) setMetric(ctx context.Context, in *settingInput) (*definitionOutput, error) {
	d, err := p.d.Metrics.Set(ctx, metric.Key(in.Key), metric.Change{
		Version: in.Body.Version, Target: in.Body.Target, Direction: metric.Direction(in.Body.Direction), OwnerID: in.Body.OwnerID, EffectiveFrom: in.Body.EffectiveFrom, Note: in.Body.Note,
	})
	if err != nil {
		return nil, err
	}
	return &definitionOutput{definitionOf(&d)}, nil
}

// Over is the part of an input that says what a figure is over.
type Over struct {
	Which
	From       string   `query:"from" maxLength:"10" doc:"The first day; thirty days ago without." example:"2026-11-01"`
	To         string   `query:"to" maxLength:"10" doc:"The last day; today without." example:"2026-11-30"`
	Only       []string `query:"only" maxItems:"10" doc:"Only where it was so then, as cut:key, separated by commas." example:"priority:1,group:4294967320"`
	Filter     string   `query:"filter" maxLength:"8000" doc:"Only tickets that match today, in the filter language."`
	RecordedBy string   `query:"recorded_by" maxLength:"40" doc:"Leaves out what was written down after this instant." example:"2026-11-21T14:00:00Z"`
	Zone       string   `query:"zone" maxLength:"60" doc:"The IANA time zone in which days begin; UTC without." example:"Europe/Berlin"`
}

func (in *Over) query() (metric.Query, error) {
	zone := time.UTC
	if in.Zone != "" {
		found, err := time.LoadLocation(in.Zone)
		if err != nil || in.Zone == "Local" {
			return metric.Query{}, apperr.InvalidField("zone", "This is not the name of a time zone, such as Europe/Berlin.")
		}
		zone = found
	}
	v := url.Values{"only": in.Only}
	for name, value := range map[string]string{"from": in.From, "to": in.To, "filter": in.Filter, "recorded_by": in.RecordedBy} {
		if strings.TrimSpace(value) != "" {
			v.Set(name, value)
		}
	}
	return metric.ParseValues(metric.Key(in.Key), v, zone)
}

type computeInput struct {
	Over
	Period string `query:"period" enum:"day,week,month,quarter" doc:"The steps of a series; none without."`
	Cut    string `query:"cut" maxLength:"60" doc:"What to divide the figure by: one of the metric's cuts." example:"group"`
	Slices int    `query:"slices" minimum:"1" maximum:"200" default:"20" doc:"How many parts of a cut to give; the others are put together."`
	Check  bool   `query:"check" doc:"Compute it from the timelines themselves, past all sums, to compare. At most 20,000 timelines."`
}

type answerOutput struct{ Body Answer }

func (p *Practice) computeMetric(ctx context.Context, in *computeInput) (*answerOutput, error) {
	q, err := in.query()
	if err != nil {
		return nil, err
	}
	q.Period, q.Cut, q.Slices = metric.Period(in.Period), metric.Cut(in.Cut), in.Slices
	compute := p.d.Metrics.Compute
	if in.Check {
		compute = func(ctx context.Context, q metric.Query) (metric.Result, error) {
			return p.d.Metrics.Check(ctx, q, checkMost)
		}
	}
	r, err := compute(ctx, q)
	if err != nil {
		return nil, err
	}
	return &answerOutput{answerOf(&r)}, nil
}

type behindInput struct {
	Over
	openapi.Paging
}

func (p *Practice) listBehind(ctx context.Context, in *behindInput) (*openapi.Listed[Counted], error) {
	q, err := in.query()
	if err != nil {
		return nil, err
	}
	items, next, err := p.page(ctx, q, in.Cursor, in.Limit)
	if err != nil {
		return nil, err
	}
	out := make([]Counted, len(items))
	for i, c := range items {
		out[i] = Counted{ID: c.Ticket.ID, Number: c.Number, Title: c.Title, At: c.At.UTC(), Value: c.Value}
	}
	return openapi.List(ctx, out, next), nil
}
