package metric

import (
	"cmp"
	"maps"
	"slices"
)

// cell is what one figure is made of.
type cell struct {
	tallies map[What]*Tally
	spread  spread
	stock   int64
	days    int64            // how long the period is
	inner   map[string]*cell // of metrics that look at how their facts are divided
}

func newCell() *cell { return &cell{tallies: map[What]*Tally{}} }

// of gives the sum of one sort of facts.
func (c *cell) of(w What) Tally {
	if t := c.tallies[w]; t != nil {
		return *t
	}
	return Tally{}
}

func (c *cell) tally(w What) *Tally {
	t := c.tallies[w]
	if t == nil {
		t = &Tally{}
		c.tallies[w] = t
	}
	return t
}

// within gives the cell of a slot within this one.
func (c *cell) within(key string) *cell {
	if c.inner == nil {
		c.inner = map[string]*cell{}
	}
	in := c.inner[key]
	if in == nil {
		in = newCell()
		c.inner[key] = in
	}
	return in
}

// merge adds what another cell holds. Stocks are added, too: those of slices,
// never those of points.
func (c *cell) merge(o *cell) {
	for w, t := range o.tallies {
		c.tally(w).add(*t)
	}
	c.stock += o.stock
	c.spread.values = append(c.spread.values, o.spread.values...)
	for b, n := range o.spread.hist {
		c.spread.count(b, n)
	}
	for key, in := range o.inner {
		c.within(key).merge(in)
	}
}

func (s *spread) count(bucket int, n int64) {
	if s.hist == nil {
		s.hist = map[int]int64{}
	}
	s.hist[bucket] += n
}

// inFlow is by how much a cell's facts change the backlog.
func (c *cell) inFlow() int64 {
	return c.of(Opened).N + c.of(Reopened).N + c.of(Moved).N - c.of(Resolved).N - c.of(Cancelled).N
}

// The shapes of figures.

func countOf(n func(c *cell) int64) func(*cell) Figure {
	return func(c *cell) Figure {
		v := n(c)
		return Figure{Value: float64(v), Known: true, Count: v, Numerator: float64(v), Denominator: 1}
	}
}

// ratioOf divides; it is unknown where there is nothing to divide by.
func ratioOf(numerator, denominator func(c *cell) int64) func(*cell) Figure {
	return func(c *cell) Figure {
		n, d := numerator(c), denominator(c)
		f := Figure{Count: d, Numerator: float64(n), Denominator: float64(d)}
		if d > 0 {
			f.Value, f.Known = f.Numerator/f.Denominator, true
		}
		return f
	}
}

// medianOf reads the spread; total is the sum of its values.
func medianOf(total func(c *cell) int64) func(*cell) Figure {
	return func(c *cell) Figure {
		n := c.spread.size()
		f := Figure{Count: n, Numerator: float64(total(c)), Denominator: float64(n)}
		if n > 0 {
			f.Value, f.P90, f.Known = float64(c.spread.median), float64(c.spread.p90), true
			f.Mean = f.Numerator / f.Denominator
		}
		return f
	}
}

// Minor incidents about one subject recur when there are this many of them in
// thirty days on average, and never fewer than this many.
const (
	recurs     = 5
	recursDays = 30
)

// recurring gives from how many minor incidents on a subject recurs in the period.
func (c *cell) recurring() int64 {
	return max(recurs, (recurs*c.days+recursDays-1)/recursDays)
}

// recurrence is the share of minor incidents whose subject recurs.
func recurrence(c *cell) Figure {
	var all, again int64
	for _, in := range c.inner {
		n := in.of(Opened).N
		all += n
		if n >= c.recurring() {
			again += n
		}
	}
	f := Figure{Count: all, Numerator: float64(again), Denominator: float64(all)}
	if all > 0 {
		f.Value, f.Known = f.Numerator/f.Denominator, true
	}
	return f
}

// busiest gives the slots of the tenth of people who did most, at least one.
func busiest(c *cell) []string {
	people := slices.DeleteFunc(slices.Sorted(maps.Keys(c.inner)), func(key string) bool { return key == "" || c.inner[key].of(Touched).N <= 0 })
	slices.SortStableFunc(people, func(a, b string) int { return cmp.Compare(c.inner[b].of(Touched).N, c.inner[a].of(Touched).N) })
	return people[:(len(people)+9)/10]
}

// concentrated is the share of touches by the tenth of people who did most.
func concentrated(c *cell) Figure {
	var all, top int64
	for key, in := range c.inner {
		if key != "" {
			all += in.of(Touched).N
		}
	}
	for _, key := range busiest(c) {
		top += c.inner[key].of(Touched).N
	}
	f := Figure{Count: all, Numerator: float64(top), Denominator: float64(all)}
	if all > 0 {
		f.Value, f.Known = f.Numerator/f.Denominator, true
	}
	return f
}
