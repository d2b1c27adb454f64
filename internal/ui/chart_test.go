package ui

import (
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

var gap = math.NaN()

func TestALineBreaksWhereNothingIsKnown(t *testing.T) {
	t.Parallel()
	c := Chart{Kind: ChartLine, Labels: []string{"a", "b", "c", "d"}, Series: []ChartSeries{{Values: []float64{1, gap, 2, 3}}}}
	if d := c.path(0, c.scale()); strings.Count(d, "M") != 2 || strings.Count(d, "L") != 1 {
		t.Errorf("got %q", d)
	}
}

// TestEveryValueIsDrawnInsideThePlot: whatever the numbers are, the scale has
// few round ticks that hold all of them, and zero.
func TestEveryValueIsDrawnInsideThePlot(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		values := rapid.SliceOfN(rapid.OneOf(rapid.Float64Range(-1e12, 1e12), rapid.Float64Range(-2, 2), rapid.Just(gap)), 1, 8).Draw(t, "values")
		c := Chart{
			Kind: rapid.SampledFrom([]ChartKind{ChartLine, ChartBars, ChartStacked}).Draw(t, "kind"),
			Unit: rapid.SampledFrom([]Unit{UnitCount, UnitShare, UnitDuration, UnitScore}).Draw(t, "unit"),
		}
		for range values {
			c.Labels = append(c.Labels, "x")
		}
		c.Series = []ChartSeries{{Values: values}, {Values: values}}
		s := c.scale()
		if s.low > 0 || s.high < 0 || len(s.ticks) < 2 || len(s.ticks) > 12 {
			t.Fatalf("scale from %v to %v with ticks %v", s.low, s.high, s.ticks)
		}
		for _, b := range c.bars(s) {
			if b.y < top-1 || b.y+b.height > top+s.height+2 || b.x < 0 || b.x+b.width > 1.0001 {
				t.Fatalf("bar outside: %+v", b)
			}
		}
		if c.Kind == ChartLine {
			for _, v := range values {
				if y := s.y(v); !math.IsNaN(v) && (y < top-1e-6 || y > top+s.height+1e-6) {
					t.Fatalf("%v is drawn at %v", v, y)
				}
			}
		}
	})
}

func TestRecordsLeaveWhatIsNotKnownEmpty(t *testing.T) {
	t.Parallel()
	c := Chart{Across: "Week", Labels: []string{"1", "2"}, Series: []ChartSeries{{Label: "In", Values: []float64{3.5, gap}}, {Label: "Out", Values: []float64{4}}}}
	want := [][]string{{"Week", "In", "Out"}, {"1", "3.5", "4"}, {"2", "", ""}}
	if diff := cmp.Diff(want, c.Records()); diff != "" {
		t.Error(diff)
	}
}

func TestDurationsHaveTicksOfTheClock(t *testing.T) {
	t.Parallel()
	for in, want := range map[float64]float64{40: 60, 1000: 1800, 5000: 2 * 3600, 100_000: 2 * 86400, 5e6: 10 * 7 * 86400} {
		if got := niceStep(in, UnitDuration); got != want {
			t.Errorf("niceStep(%v) = %v, want %v", in, got, want)
		}
	}
}
