package ui

import (
	"context"
	"math"
	"strconv"
	"time"

	"github.com/a-h/templ"

	"github.com/steward-itsm/steward/internal/ui/text"
)

// Unit says what the numbers of a chart are, and so how they are written.
type Unit string

// The units.
const (
	UnitCount    Unit = "count"    // tickets, steps; averages of them have a fraction
	UnitShare    Unit = "share"    // of one: 0.953 is 95.3%
	UnitDuration Unit = "duration" // seconds
	UnitScore    Unit = "score"    // a rating or an index
)

// UnitOf gives the unit of figures by what they are measured in: "seconds", "share",
// "score"; all else is counted.
func UnitOf(measure string) Unit {
	switch measure {
	case "seconds":
		return UnitDuration
	case "share":
		return UnitShare
	case "score":
		return UnitScore
	}
	return UnitCount
}

// Scale is what one stands for that somebody types: an hour of a duration, a
// hundredth of a share.
func (u Unit) Scale() float64 {
	switch u {
	case UnitDuration:
		return 3600
	case UnitShare:
		return 0.01
	case UnitCount, UnitScore:
	}
	return 1
}

// Typed is a value as somebody types it.
func (u Unit) Typed(v float64) string {
	return strconv.FormatFloat(math.Round(v/u.Scale()*1e6)/1e6, 'f', -1, 64)
}

// Suffix names what is typed, for the end of a field.
func (u Unit) Suffix(ctx context.Context) string {
	switch u {
	case UnitDuration:
		return text.T(ctx, "hours")
	case UnitShare:
		return "%"
	case UnitCount, UnitScore:
	}
	return ""
}

// Words writes a value for a reader; what is not known (NaN) is a dash.
func (u Unit) Words(ctx context.Context, v float64) string {
	switch {
	case math.IsNaN(v) || math.IsInf(v, 0):
		return "–"
	case u == UnitShare:
		return text.Percent(ctx, math.Round(v*1000)/1000)
	case u == UnitDuration && v < 0:
		return "−" + text.Duration(ctx, seconds(-v))
	case u == UnitDuration:
		return text.Duration(ctx, seconds(v))
	case v == math.Trunc(v) && math.Abs(v) < 1<<53:
		return text.Number(ctx, int64(v))
	case math.Abs(v) >= 100:
		return text.Decimal(ctx, v, 0)
	case u == UnitScore:
		return text.Decimal(ctx, v, 2)
	}
	return text.Decimal(ctx, v, 1)
}

// seconds as a length of time, as far as one can be held.
func seconds(s float64) time.Duration {
	const longest = float64(math.MaxInt64 / time.Second)
	return time.Duration(min(s, longest) * float64(time.Second))
}

// raw writes a value for programs; what is not known is empty.
func raw(v float64) string {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return ""
	}
	return strconv.FormatFloat(v, 'f', -1, 64)
}

// ChartKind is how a chart is drawn.
type ChartKind string

// The kinds of charts.
const (
	ChartLine    ChartKind = "line"    // a value over time
	ChartBars    ChartKind = "bars"    // amounts side by side: over time, or a histogram
	ChartStacked ChartKind = "stacked" // amounts that add up
	ChartRanked  ChartKind = "ranked"  // amounts of named things, as horizontal bars
	ChartHeat    ChartKind = "heat"    // series down, labels across, the amount as depth
)

// ChartKinds lists all kinds, for choosing one.
func ChartKinds() []ChartKind {
	return []ChartKind{ChartLine, ChartBars, ChartStacked, ChartRanked, ChartHeat}
}

// ChartSeries is one row of numbers, one for each label of its chart.
type ChartSeries struct {
	Label  string
	Values []float64 // NaN is a gap: not known, which is not zero
	URLs   []string  // the records behind each number; may be shorter or nil
}

func (s ChartSeries) value(i int) float64 {
	if i >= len(s.Values) {
		return math.NaN()
	}
	return s.Values[i]
}

func (s ChartSeries) url(i int) string {
	if i >= len(s.URLs) {
		return ""
	}
	return s.URLs[i]
}

// ChartLevel is a line across a chart: what was aimed at.
type ChartLevel struct {
	Label string // "" is no line
	Value float64
}

// ChartRange is a band across a chart: what is usual, or allowed.
type ChartRange struct {
	Label     string // "" is no band
	Low, High float64
}

// Chart is a picture of numbers with the same numbers as a table beside it. It
// can be read without colour (shapes, dashes and patterns tell series apart),
// with the keyboard (every point can be reached, and opens what is behind it),
// on paper, and without scripts.
type Chart struct {
	ID      string // unique in the page
	Title   string
	Lead    string // a line under the title
	Kind    ChartKind
	Unit    Unit
	Across  string // what the labels are, heading their column: "Week"
	Labels  []string
	Series  []ChartSeries
	Target  ChartLevel
	Band    ChartRange
	CSVURL  string // the same numbers for programs
	Actions []templ.Component
	Empty   string // said when there is nothing to draw
	Tall    bool
	Plain   bool // without title and foot: for a wallboard, where nobody clicks
}

// Known reports whether there is any number to show.
func (c Chart) Known() bool {
	for _, s := range c.Series {
		for i := range c.Labels {
			if v := s.value(i); !math.IsNaN(v) && !math.IsInf(v, 0) {
				return true
			}
		}
	}
	return false
}

// Records gives the table of the chart for programs: a heading, then a row for
// each label with plain numbers in the unit's base (shares of one, seconds).
func (c Chart) Records() [][]string {
	head := []string{c.Across}
	for _, s := range c.Series {
		head = append(head, s.Label)
	}
	rows := [][]string{head}
	for i, label := range c.Labels {
		row := []string{label}
		for _, s := range c.Series {
			row = append(row, raw(s.value(i)))
		}
		rows = append(rows, row)
	}
	return rows
}

// point says a value in one sentence, for those who hear the chart.
func (c Chart) point(ctx context.Context, series, i int) string {
	value := c.Unit.Words(ctx, c.Series[series].value(i))
	if len(c.Series) == 1 {
		return text.T(ctx, "%s: %s", c.Labels[i], value)
	}
	return text.T(ctx, "%s, %s: %s", c.Labels[i], c.Series[series].Label, value)
}

// class tells the looks of a series apart; there are six, then they repeat.
func seriesClass(i int) string { return "s-series-" + strconv.Itoa(i%looks+1) }

const looks = 6
