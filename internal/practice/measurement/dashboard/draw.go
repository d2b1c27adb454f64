package dashboard

import (
	"cmp"
	"context"
	"math"
	"slices"
	"strconv"
	"time"

	"github.com/a-h/templ"

	"github.com/steward-itsm/steward/internal/core/metric"
	"github.com/steward-itsm/steward/internal/practice/measurement/dashboard/view"
	"github.com/steward-itsm/steward/internal/ui"
	"github.com/steward-itsm/steward/internal/ui/text"
)

// draw puts the answers of a board into tiles. Where leads nowhere (a wall, a
// page that was received), opens is nil.
func draw(ctx context.Context, answers []drawn, opens func(at int, more ...string) string) []view.Tile {
	out := make([]view.Tile, 0, len(answers))
	for i := range answers {
		out = append(out, answers[i].view(ctx, opens))
	}
	return out
}

func (a *drawn) view(ctx context.Context, opens func(at int, more ...string) string) view.Tile {
	v := view.Tile{ID: "tile-" + strconv.Itoa(a.at+1), Size: string(a.tile.Size), Title: a.title(ctx)}
	if a.wrong != "" {
		v.Body = ui.EmptyState{Icon: ui.IconAlertTriangle, Title: text.T(ctx, "This tile has no answer"), Text: a.wrong}
		return v
	}
	open := func(more ...string) string {
		if opens == nil {
			return ""
		}
		return opens(a.at, more...)
	}
	v.Period = text.T(ctx, "%s to %s", text.Date(ctx, a.result.Query.From), text.Date(ctx, a.result.Query.To.AddDate(0, 0, -1)))
	v.URL = open()
	if a.tile.Kind == Number {
		v.Body = a.number(ctx, open)
	} else {
		v.Body = a.chart(ctx, v.ID+"-chart", open)
	}
	return v
}

// title is the tile's own, or what it asks.
func (a *drawn) title(ctx context.Context) string {
	if a.tile.Title != "" {
		return a.tile.Title
	}
	name := text.T(ctx, a.result.Definition.Name)
	if name == "" {
		name = string(a.tile.Metric)
	}
	if a.tile.Cut != "" && a.tile.Kind != Number {
		return text.T(ctx, "%s by %s", name, cutLabel(ctx, a.tile.Cut))
	}
	return name
}

func (a *drawn) number(ctx context.Context, open func(more ...string) string) templ.Component {
	d, unit := a.result.Definition, ui.UnitOf(string(a.result.Definition.Unit))
	n := ui.NumberTile{Value: unit.Words(ctx, a.result.Figure.OrNaN()), URL: open()}
	if d.Target != nil {
		n.Target = targetWords(ctx, &d)
	}
	points := complete(a.result.Points)
	for _, p := range points {
		n.Trend = append(n.Trend, p.Figure.OrNaN())
	}
	if len(points) > 1 {
		first, last, before := points[0], points[len(points)-1], points[len(points)-2]
		n.TrendLabel = text.T(ctx, "From %s to %s", unit.Words(ctx, first.Figure.OrNaN()), unit.Words(ctx, last.Figure.OrNaN()))
		n.Change, n.Tone, n.Icon = change(ctx, &d, before, last)
	}
	return n
}

// complete leaves out the step that is not over yet: it says less than the others.
func complete(points []metric.Point) []metric.Point {
	if n := len(points); n > 0 && points[n-1].Partial {
		return points[:n-1]
	}
	return points
}

// change says how the last step differs from the one before, and whether that is good.
func change(ctx context.Context, d *metric.Definition, before, last metric.Point) (string, ui.Tone, ui.Icon) {
	if !before.Known || !last.Known {
		return "", "", ""
	}
	by := last.Value - before.Value
	words := ui.UnitOf(string(d.Unit)).Words(ctx, math.Abs(by))
	tone := ui.Neutral
	switch {
	case d.Better(before.Value, last.Value):
		tone = ui.Success
	case d.Better(last.Value, before.Value):
		tone = ui.Critical
	}
	steps := dayName(ctx, last.From)
	switch {
	case by > 0:
		return text.T(ctx, "%s more than the step before (from %s)", words, steps), tone, ui.IconArrowUp
	case by < 0:
		return text.T(ctx, "%s less than the step before (from %s)", words, steps), tone, ui.IconArrowDown
	}
	return text.T(ctx, "As in the step before (from %s)", steps), ui.Neutral, ""
}

func dayName(ctx context.Context, t time.Time) string { return text.Day(ctx, t) }

func targetWords(ctx context.Context, d *metric.Definition) string {
	value := ui.UnitOf(string(d.Unit)).Words(ctx, *d.Target)
	switch d.Direction {
	case metric.Up:
		return text.T(ctx, "Target: at least %s", value)
	case metric.Down:
		return text.T(ctx, "Target: at most %s", value)
	case metric.Steady:
	}
	return text.T(ctx, "Target: %s", value)
}

func (a *drawn) chart(ctx context.Context, id string, open func(more ...string) string) ui.Chart {
	r := &a.result
	c := ui.Chart{ID: id, Kind: ui.ChartKind(a.tile.Kind), Unit: ui.UnitOf(string(r.Definition.Unit)), Title: a.title(ctx), Across: text.T(ctx, "From")}
	if open() != "" {
		c.CSVURL = open("format", "csv")
	}
	if r.Definition.Target != nil && c.Kind != ui.ChartStacked && c.Kind != ui.ChartHeat {
		c.Target = ui.ChartLevel{Label: text.T(ctx, "Target"), Value: *r.Definition.Target}
	}
	switch {
	case c.Kind == ui.ChartBars && len(r.Ages) > 0 && a.tile.Cut == "":
		ages(ctx, &c, r)
	case c.Kind == ui.ChartRanked:
		c.Across = cutLabel(ctx, a.tile.Cut)
		series := ui.ChartSeries{Label: text.T(ctx, r.Definition.Name)}
		for _, s := range byValue(r.Slices) {
			c.Labels = append(c.Labels, sliceLabel(ctx, s))
			series.Values = append(series.Values, s.Figure.OrNaN())
			series.URLs = append(series.URLs, sliceURL(s, open))
		}
		c.Series = []ui.ChartSeries{series}
	default:
		a.series(ctx, &c, open)
	}
	return c
}

// ages is the histogram of the backlog; it has a number of tickets in each
// bucket, whatever the metric's own unit is.
func ages(ctx context.Context, c *ui.Chart, r *metric.Result) {
	c.Unit, c.Across, c.Target = ui.UnitCount, text.T(ctx, "Age"), ui.ChartLevel{}
	series := ui.ChartSeries{Label: text.T(ctx, "Open tickets")}
	const day = 24 * time.Hour
	for _, b := range r.Ages {
		label := text.T(ctx, "%s–%s d", strconv.Itoa(int(b.From/day)), strconv.Itoa(int(b.To/day)))
		if b.To == 0 {
			label = text.T(ctx, "≥ %s d", strconv.Itoa(int(b.From/day)))
		}
		c.Labels = append(c.Labels, label)
		series.Values = append(series.Values, float64(b.Count))
	}
	c.Series = []ui.ChartSeries{series}
}

// series has a line, a bar or a row for each slice, or one for the whole.
func (a *drawn) series(ctx context.Context, c *ui.Chart, open func(more ...string) string) {
	r := &a.result
	for _, p := range r.Points {
		c.Labels = append(c.Labels, dayName(ctx, p.From))
	}
	add := func(label string, points []metric.Point, slice []string) {
		s := ui.ChartSeries{Label: label}
		for _, p := range points {
			s.Values = append(s.Values, p.Figure.OrNaN())
			s.URLs = append(s.URLs, open(append([]string{"from", p.From.Format(time.DateOnly), "until", p.To.AddDate(0, 0, -1).Format(time.DateOnly)}, slice...)...))
		}
		c.Series = append(c.Series, s)
	}
	if len(r.Slices) == 0 {
		name := text.T(ctx, r.Definition.Name)
		if r.Definition.Spread {
			name = text.T(ctx, "Median")
		}
		add(name, r.Points, nil)
		if r.Definition.Spread && c.Kind == ui.ChartLine {
			p90 := ui.ChartSeries{Label: text.T(ctx, "90% within")}
			for _, p := range r.Points {
				v := math.NaN()
				if p.Known {
					v = p.P90
				}
				p90.Values = append(p90.Values, v)
			}
			c.Series = append(c.Series, p90)
		}
		return
	}
	for _, s := range r.Slices {
		var slice []string
		if !s.Rest {
			slice = []string{"key", s.Key}
		}
		add(sliceLabel(ctx, s), s.Points, slice)
	}
}

// byValue puts the largest value first, and all that is beyond the slices last.
func byValue(slice []metric.Slice) []metric.Slice {
	out := slices.Clone(slice)
	slices.SortStableFunc(out, func(a, b metric.Slice) int {
		if a.Rest != b.Rest {
			return map[bool]int{true: 1, false: -1}[a.Rest]
		}
		return cmp.Compare(b.Value, a.Value)
	})
	return out
}

func sliceLabel(ctx context.Context, s metric.Slice) string {
	switch {
	case s.Rest:
		return text.T(ctx, "All others")
	case s.Label == "":
		return text.T(ctx, "None")
	}
	return s.Label
}

func sliceURL(s metric.Slice, open func(more ...string) string) string {
	if s.Rest {
		return open()
	}
	return open("key", s.Key)
}

func cutLabel(ctx context.Context, c metric.Cut) string {
	for _, k := range cuts {
		if k.cut == c {
			return text.T(ctx, k.label)
		}
	}
	if f := c.Field(); f != "" {
		return f
	}
	return string(c)
}

// cuts name what figures can be divided by.
var cuts = []struct {
	cut   metric.Cut
	label string
}{
	{metric.ByService, text.Key("Service")},
	{metric.ByGroup, text.Key("Group")},
	{metric.ByTier, text.Key("Tier")},
	{metric.ByOrganisation, text.Key("Organisation")},
	{metric.BySupplier, text.Key("Supplier")},
	{metric.ByCategory, text.Key("Category")},
	{metric.ByPriority, text.Key("Priority")},
	{metric.ByKind, text.Key("Kind")},
	{metric.ByChannel, text.Key("Channel")},
	{metric.ByState, text.Key("State")},
}

func kindLabel(ctx context.Context, k Kind) string {
	return map[Kind]string{
		Number: text.In(ctx, "one figure", "Number"), Kind(ui.ChartLine): text.T(ctx, "Line"), Kind(ui.ChartBars): text.T(ctx, "Bars"),
		Kind(ui.ChartStacked): text.T(ctx, "Stacked bars"), Kind(ui.ChartRanked): text.T(ctx, "Ranked bars"), Kind(ui.ChartHeat): text.T(ctx, "Heat map"),
	}[k]
}
