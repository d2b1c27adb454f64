package tension

import (
	"math"
	"slices"

	"github.com/steward-itsm/steward/internal/core/metric"
)

// Rule says when a pair alarms.
type Rule struct {
	Window  int     // periods that a trend is looked for in
	Periods int     // ends of periods, one after the other, at which it must hold
	Alpha   float64 // the chance at which noise passes for one trend
}

// Usual is the rule where nothing else is set: a trend of twelve weeks that holds
// for three. Two figures that have nothing to do with each other pass for a
// tension in at most Alpha x Alpha of the looks: one in 400.
var Usual = Rule{Window: 12, Periods: 3, Alpha: 0.05}

// fewest is how many known values a trend needs.
const fewest = 8

// Trend is what a series does, by the test of Mann and Kendall: S is how many
// more pairs of values rise than fall, Z that in standard deviations of noise
// (with ties and continuity corrected), and Up and Down the chances that noise
// rises or falls as much. Slope is the median slope between two values (Theil,
// Sen), in the figure's unit a period.
type Trend struct {
	N     int     `json:"n"`
	S     int     `json:"s"`
	Z     float64 `json:"z"`
	Up    float64 `json:"p_up"`
	Down  float64 `json:"p_down"`
	Slope float64 `json:"slope"`
}

// TrendOf tests a series; values that are not known (NaN) are left out.
func TrendOf(values []float64) Trend {
	var at, v []float64
	for i, x := range values {
		if !math.IsNaN(x) && !math.IsInf(x, 0) {
			at, v = append(at, float64(i)), append(v, x)
		}
	}
	t := Trend{N: len(v), Up: 1, Down: 1}
	if t.N < fewest {
		return t
	}
	var slopes []float64
	for j := 1; j < len(v); j++ {
		for i := range j {
			switch {
			case v[j] > v[i]:
				t.S++
			case v[j] < v[i]:
				t.S--
			}
			slopes = append(slopes, (v[j]-v[i])/(at[j]-at[i]))
		}
	}
	t.Slope = median(slopes)
	sigma := math.Sqrt(variance(v))
	if sigma == 0 {
		return t // all values are the same
	}
	z := func(s float64) float64 { return s / sigma }
	t.Z = z(float64(t.S))
	// The continuity correction takes one from S towards zero, on either side.
	t.Up, t.Down = tail(z(float64(t.S)-1)), tail(z(-float64(t.S)-1))
	return t
}

// tail is the chance of a standard normal value beyond z.
func tail(z float64) float64 { return 0.5 * math.Erfc(z/math.Sqrt2) }

// variance is that of S under noise, less what ties take from it.
func variance(v []float64) float64 {
	n := float64(len(v))
	sum := n * (n - 1) * (2*n + 5)
	sorted := slices.Sorted(slices.Values(v))
	for i := 0; i < len(sorted); {
		j := i
		for j < len(sorted) && sorted[j] == sorted[i] {
			j++
		}
		t := float64(j - i)
		sum -= t * (t - 1) * (2*t + 5)
		i = j
	}
	return sum / 18
}

func median(v []float64) float64 {
	slices.Sort(v)
	n := len(v)
	if n == 0 {
		return math.NaN()
	}
	if n%2 == 1 {
		return v[n/2]
	}
	return (v[n/2-1] + v[n/2]) / 2
}

// better is the chance that noise improves as much, worse that it worsens as much.
func (t Trend) better(d metric.Direction) float64 {
	if d == metric.Up {
		return t.Up
	}
	return t.Down
}

func (t Trend) worse(d metric.Direction) float64 {
	if d == metric.Up {
		return t.Down
	}
	return t.Up
}

// Verdict is what is found out about a pair, with the numbers.
type Verdict struct {
	Alarm   bool  `json:"alarm"`
	Held    int   `json:"held"` // ends of periods, up to the last, at which both trends held
	Process Trend `json:"process"`
	Partner Trend `json:"partner"`
	// Better and Worse are the chances of noise at the last end.
	Better float64 `json:"p_better"`
	Worse  float64 `json:"p_worse"`
}

// Detect tries a pair of series of the same periods, the last one complete.
func Detect(process, partner []float64, pd, qd metric.Direction, r Rule) Verdict {
	var v Verdict
	for back := range r.Periods {
		end := min(len(process), len(partner)) - back
		if end < r.Window {
			break
		}
		a, b := TrendOf(process[end-r.Window:end]), TrendOf(partner[end-r.Window:end])
		better, worse := a.better(pd), b.worse(qd)
		if back == 0 {
			v.Process, v.Partner, v.Better, v.Worse = a, b, better, worse
		}
		if better >= r.Alpha || worse >= r.Alpha {
			break
		}
		v.Held++
	}
	v.Alarm = v.Held == r.Periods
	return v
}

// Bunch is how values lie around a goal.
type Bunch struct {
	Under   int     // up to a tenth under the goal
	Over    int     // up to a tenth over it
	P       float64 // the chance of so many under it if the goal meant nothing
	Suspect bool
}

// Bunching looks whether values crowd just under a goal that is not to be
// exceeded. Near a goal that nobody looks at, as many values lie under it as over
// it, or fewer where long values are rare; the test takes half of them.
func Bunching(values []float64, goal float64) Bunch {
	const near, enough, alpha = 0.1, 20, 0.01
	var b Bunch
	for _, v := range values {
		switch {
		case v > goal*(1-near) && v <= goal:
			b.Under++
		case v > goal && v <= goal*(1+near):
			b.Over++
		}
	}
	n := float64(b.Under + b.Over)
	b.P = 1
	if n > 0 {
		b.P = tail((float64(b.Under) - 0.5 - n/2) / math.Sqrt(n/4))
	}
	b.Suspect = n >= enough && b.P < alpha
	return b
}
