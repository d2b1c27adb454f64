package metric

import (
	"math"
	"slices"
	"sort"
	"time"
)

// Tally sums facts of one sort.
type Tally struct {
	N       int64 // by weight
	Value   int64
	Net     int64
	NetN    int64 // facts whose Net is known
	Moves   int64
	Touches int64
	Bounced int64
	Contact int64
	Line    int64
	LineN   int64 // facts whose Line is known
	Late    int64 // outside office hours
}

// count adds a fact.
func (t *Tally) count(f *Fact, late bool) {
	w := int64(f.Weight)
	t.N += w
	t.Value += w * f.Value
	if f.Net != Unknown {
		t.Net += w * f.Net
		t.NetN += w
	}
	t.Moves += w * int64(f.Moves)
	t.Touches += w * int64(f.Touches)
	t.Bounced += w * one(f.Bounced)
	t.Contact += w * one(f.FirstContact)
	if f.Line != Unknown {
		t.Line += w * int64(f.Line)
		t.LineN += w
	}
	t.Late += w * one(late)
}

// add adds another sum.
func (t *Tally) add(o Tally) {
	t.N += o.N
	t.Value += o.Value
	t.Net += o.Net
	t.NetN += o.NetN
	t.Moves += o.Moves
	t.Touches += o.Touches
	t.Bounced += o.Bounced
	t.Contact += o.Contact
	t.Line += o.Line
	t.LineN += o.LineN
	t.Late += o.Late
}

func one(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

// Office hours, until calendars say better: Monday to Friday, 8 to 18 o'clock.
const (
	officeOpens  = 8
	officeCloses = 18
)

// afterHours reports whether an instant is outside office hours in a zone.
func afterHours(at time.Time, zone *time.Location) bool {
	local := at.In(zone)
	if day := local.Weekday(); day == time.Saturday || day == time.Sunday {
		return true
	}
	return local.Hour() < officeOpens || local.Hour() >= officeCloses
}

// Spread names a value whose percentiles are asked for.
type Spread string

// The spreads.
const (
	SpreadAnswered Spread = "answered"
	SpreadResolved Spread = "resolved"
	SpreadNet      Spread = "net"
	SpreadStayed   Spread = "stayed"
	SpreadHeld     Spread = "held"
	spreadAge      Spread = "age" // of the backlog; computed from stretches alone
)

// what is the fact a spread is of.
func (s Spread) what() What {
	switch s {
	case SpreadAnswered:
		return Answered
	case SpreadResolved, SpreadNet:
		return Resolved
	case SpreadStayed:
		return Stayed
	default:
		return Held
	}
}

// of gives the value of a fact that belongs to the spread.
func (s Spread) of(f *Fact) int64 {
	if s == SpreadNet {
		return f.Net
	}
	return f.Value
}

// spreads lists the spreads a fact belongs to.
func spreads(w What) []Spread {
	switch w {
	case Answered:
		return []Spread{SpreadAnswered}
	case Resolved:
		return []Spread{SpreadResolved, SpreadNet}
	case Stayed:
		return []Spread{SpreadStayed}
	case Held:
		return []Spread{SpreadHeld}
	default:
		return nil
	}
}

// bounds are the lower ends of the buckets, in seconds: each is a quarter above
// the one before, so that a bucket is narrow enough to be looked through for the
// exact value, and few enough of them make a day.
var bounds = func() []int64 {
	list := []int64{0, 1}
	for last := int64(1); last < math.MaxInt64/5; list = append(list, last) {
		last = max(last+1, last*5/4)
	}
	return list
}()

// bucketOf gives the bucket of a value.
func bucketOf(v int64) int {
	return sort.Search(len(bounds), func(i int) bool { return bounds[i] > v }) - 1
}

// rank gives the place of a percentile among n values, from 1: the smallest that
// at least this share of them reaches (nearest rank, as the median of 1, 2, 3, 4 is 2).
func rank(share float64, n int64) int64 {
	return max(1, int64(math.Ceil(share*float64(n)-1e-9)))
}

// percentile gives the value at a share of sorted values.
func percentile(sorted []int64, share float64) int64 {
	return sorted[rank(share, int64(len(sorted)))-1]
}

// spread is the values of a cell: one by one, or as a histogram whose
// percentiles are looked up afterwards.
type spread struct {
	values []int64
	hist   map[int]int64
	median int64
	p90    int64
}

// size is how many values there are.
func (s *spread) size() int64 {
	n := int64(len(s.values))
	for _, k := range s.hist {
		n += k
	}
	return n
}

// settle computes the percentiles of values that are known one by one.
func (s *spread) settle() {
	if len(s.values) == 0 {
		return
	}
	slices.Sort(s.values)
	s.median, s.p90 = percentile(s.values, 0.5), percentile(s.values, 0.9)
}

// find gives the bucket of a percentile and its place within it, from 1.
func (s *spread) find(share float64) (bucket int, place int64) {
	place = rank(share, s.size())
	buckets := make([]int, 0, len(s.hist))
	for b := range s.hist {
		buckets = append(buckets, b)
	}
	slices.Sort(buckets)
	for _, b := range buckets {
		if place <= s.hist[b] {
			return b, place
		}
		place -= s.hist[b]
	}
	return 0, 0
}
