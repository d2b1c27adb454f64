package measurement

import (
	"context"
	"errors"
	"math"

	"github.com/steward-itsm/steward/internal/core/filter"
	"github.com/steward-itsm/steward/internal/core/metric"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/practice/measurement/view"
	"github.com/steward-itsm/steward/internal/ui"
	"github.com/steward-itsm/steward/internal/ui/text"
)

func asFilter(err error, to **filter.Error) bool { return errors.As(err, to) }

// explain says how a figure came about.
func (p *Practice) explain(ctx context.Context, r *metric.Result) []view.Part {
	d := &r.Definition
	out := []view.Part{
		{Label: text.T(ctx, "Definition"), Lines: []string{text.T(ctx, d.Meaning)}},
		{Label: text.T(ctx, "Formula"), Lines: []string{text.T(ctx, d.Formula)}, Code: true},
		{Label: text.T(ctx, "With its numbers"), Lines: []string{numbers(ctx, r)}, Code: true},
		{Label: text.T(ctx, "Unit"), Lines: []string{unitWord(ctx, d.Unit) + ". " + directionWord(ctx, d.Direction) + "."}},
		{Label: text.T(ctx, "Question"), Lines: p.question(ctx, r), Link: ui.Link{Label: text.T(ctx, "The tickets behind it"), URL: with(d.Key, "/tickets", r.Query)}},
	}
	var left []string
	for _, l := range r.LeftOut {
		left = append(left, p.leftOut(ctx, l))
	}
	for _, e := range d.Excluded {
		left = append(left, text.T(ctx, e))
	}
	out = append(out, view.Part{Label: text.T(ctx, "Left out, and how it counts"), Lines: left})
	check := r.Query.Values()
	check.Set("check", "1")
	out = append(out, view.Part{
		Label: text.T(ctx, "Computed"), Lines: []string{basis(ctx, r), text.T(ctx, "Computed %s.", text.Instant(ctx, r.ComputedAt))},
		Link: ui.Link{Label: text.T(ctx, "Compute it anew from the timelines and compare"), URL: address(d.Key) + "?" + check.Encode()},
	})
	return out
}

// numbers is the formula with what was put into it.
func numbers(ctx context.Context, r *metric.Result) string {
	d := &r.Definition
	value := figure(ctx, d.Unit, r.Figure)
	switch {
	case !r.Known:
		return text.T(ctx, "There is nothing to compute it from.")
	case d.Spread:
		return text.T(ctx, "median of %s values = %s", text.Number(ctx, r.Count), value)
	case d.Unit == metric.Tickets:
		return value
	case d.Unit == metric.Seconds:
		return text.T(ctx, "%s ÷ %s = %s", Format(ctx, metric.Seconds, r.Numerator), text.Number(ctx, int64(r.Denominator)), value)
	}
	return text.T(ctx, "%s ÷ %s = %s", text.Number(ctx, int64(r.Numerator)), text.Number(ctx, int64(r.Denominator)), value)
}

// question says in words what was asked.
func (p *Practice) question(ctx context.Context, r *metric.Result) []string {
	q := r.Query
	zone := q.Zone.String()
	var out []string
	if r.Definition.Stock {
		out = append(out, text.T(ctx, "At the end of %s, in the time zone %s.", text.Date(ctx, q.To.Add(-1)), zone))
	} else {
		out = append(out, text.T(ctx, "%s, in the time zone %s.", days(ctx, q.From, q.To), zone))
	}
	if q.Filter != "" {
		out = append(out, text.T(ctx, "Only tickets that match today: %s", q.Filter))
	}
	for _, o := range q.Only {
		label := o.Key
		if names, err := p.d.Metrics.Labels(ctx, o.Cut, []string{o.Key}); err == nil && names[o.Key] != "" {
			label = names[o.Key]
		}
		if label == "" {
			label = text.T(ctx, "None")
		}
		out = append(out, text.T(ctx, "Only where it was so then: %s is %s", p.cutWord(ctx, o.Cut), label))
	}
	if !q.RecordedBy.IsZero() {
		out = append(out, text.T(ctx, "As recorded by %s.", text.Instant(ctx, q.RecordedBy)))
	}
	return out
}

func basis(ctx context.Context, r *metric.Result) string {
	switch r.Basis {
	case metric.FromRollups:
		return text.T(ctx, "From sums by day over all tickets you may see, counted up to %s.", text.Instant(ctx, r.UpTo))
	case metric.FromFacts:
		return text.T(ctx, "One by one from the entries of tickets you may see, counted up to %s.", text.Instant(ctx, r.UpTo))
	case metric.FromEvents:
		return text.T(ctx, "From the timelines themselves.")
	}
	return ""
}

// checked computes a figure anew and says whether it is the same.
func (p *Practice) checked(ctx context.Context, r *metric.Result) ui.Alert {
	again, err := p.d.Metrics.Check(ctx, r.Query, checkMost)
	if err != nil {
		return ui.Alert{Tone: ui.Warning, Title: text.T(ctx, "It could not be computed anew"), Text: apperr.Message(err).In(ctx)}
	}
	unit := r.Definition.Unit
	same := again.Known == r.Known && math.Abs(again.Value-r.Value) <= 1e-9*math.Max(1, math.Abs(r.Value)) && again.Count == r.Count
	for i := range r.Points {
		same = same && again.Points[i].Known == r.Points[i].Known && math.Abs(again.Points[i].Value-r.Points[i].Value) <= 1e-9*math.Max(1, math.Abs(r.Points[i].Value))
	}
	if same {
		return ui.Alert{Tone: ui.Success, Title: text.T(ctx, "The timelines say the same"), Text: text.T(ctx, "%s, from %s.", figure(ctx, unit, again.Figure), text.Number(ctx, again.Count))}
	}
	return ui.Alert{
		Tone: ui.Warning, Title: text.T(ctx, "The timelines say something else"),
		Text: text.T(ctx, "%s from the timelines, %s as counted. What was saved in the last moments is counted within seconds; if the two stay apart, tell your administrator.", figure(ctx, unit, again.Figure), figure(ctx, unit, r.Figure)),
	}
}
