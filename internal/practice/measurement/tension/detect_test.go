package tension

import (
	"math"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"

	"github.com/steward-itsm/steward/internal/core/metric"
)

func noise(r *rand.Rand, n int, drift float64) []float64 {
	out := make([]float64, n)
	for i := range out {
		out[i] = 100 + r.NormFloat64() + drift*float64(i)
	}
	return out
}

const looks = 4000

// share is how often a pair alarms, of many pairs of noise with some drift.
func share(seed uint64, a, b float64) float64 {
	r := rand.New(rand.NewPCG(seed, 7))
	n, alarms := Usual.Window+Usual.Periods-1, 0
	for range looks {
		if Detect(noise(r, n, a), noise(r, n, b), metric.Down, metric.Up, Usual).Alarm {
			alarms++
		}
	}
	return float64(alarms) / looks
}

// TestNoiseIsSilentAtTheStatedRate: Alpha squared, with three standard deviations
// of the count for luck.
func TestNoiseIsSilentAtTheStatedRate(t *testing.T) {
	t.Parallel()
	stated := Usual.Alpha * Usual.Alpha
	most := stated + 3*math.Sqrt(stated*(1-stated)/looks)
	for seed := range uint64(5) {
		if got := share(seed, 0, 0); got > most {
			t.Errorf("noise alarms in %.4f of the looks, want at most %.4f", got, most)
		}
	}
}

// TestADriftOfBothIsFound, and one of a single figure, or of both for the better, is not.
func TestADriftOfBothIsFound(t *testing.T) {
	t.Parallel()
	if got := share(1, -0.5, -0.5); got < 0.95 {
		t.Errorf("half a standard deviation a week is found in %.3f of the cases", got)
	}
	most := Usual.Alpha * 1.2
	for _, c := range []struct{ process, partner float64 }{{-0.5, 0}, {0, -0.5}, {0.5, -0.5}, {-0.5, 0.5}} {
		if got := share(2, c.process, c.partner); got > most {
			t.Errorf("%+v alarms in %.3f of the cases", c, got)
		}
	}
}

// TestATrendTurnsWithItsSeries: upside down, rising and falling change places;
// another scale or origin changes nothing but the slope.
func TestATrendTurnsWithItsSeries(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		whole := rapid.SliceOfN(rapid.IntRange(-20, 20), fewest, 20).Draw(t, "values")
		values, turned, scaled := make([]float64, len(whole)), make([]float64, len(whole)), make([]float64, len(whole))
		for i, v := range whole {
			values[i], turned[i], scaled[i] = float64(v), -float64(v), 8*float64(v)+3
		}
		a, b, c := TrendOf(values), TrendOf(turned), TrendOf(scaled)
		if a.S != -b.S || a.Up != b.Down || a.Slope != -b.Slope {
			t.Fatalf("%+v turned is %+v", a, b)
		}
		if a.S != c.S || a.Up != c.Up || math.Abs(8*a.Slope-c.Slope) > 1e-9 {
			t.Fatalf("%+v scaled is %+v", a, c)
		}
		if a.Up < 0 || a.Up > 1 || a.Down < 0 || a.Down > 1 {
			t.Fatalf("chances %+v", a)
		}
	})
}

// TestTheTestGivesTheNumbersOfTheTextbook (Gilbert 1987, table A18 for n = 10:
// the chance of S of 23 or more is 0.023).
func TestTheTestGivesTheNumbersOfTheTextbook(t *testing.T) {
	t.Parallel()
	tr := TrendOf([]float64{1, 2, 3, 4, 5, 6, 7, 10, 9, 8})
	if tr.S != 39 || tr.N != 10 || math.Abs(tr.Slope-1) > 1e-9 {
		t.Errorf("%+v", tr)
	}
	if p := tail((23 - 1) / math.Sqrt(10*9*25/18.0)); math.Abs(p-0.023) > 0.003 {
		t.Errorf("the chance is %.4f", p)
	}
	if tr := TrendOf([]float64{5, 5, 5, 5, 5, 5, 5, 5}); tr.Up != 1 || tr.Down != 1 {
		t.Errorf("a flat series has a trend: %+v", tr)
	}
	if tr := TrendOf([]float64{1, math.NaN(), 2, 3, 4, 5, 6}); tr.Up != 1 {
		t.Errorf("too few values have a trend: %+v", tr)
	}
}

func TestValuesThatCrowdUnderAGoalAreSuspect(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(3, 3))
	var honest, crowded []float64
	for range 400 {
		v := r.ExpFloat64() * 100
		honest = append(honest, v)
		if v > 100 && v < 130 {
			v = 99
		}
		crowded = append(crowded, v)
	}
	if b := Bunching(honest, 100); b.Suspect {
		t.Errorf("honest values are suspect: %+v", b)
	}
	if b := Bunching(crowded, 100); !b.Suspect {
		t.Errorf("crowded values are not: %+v", b)
	}
}
