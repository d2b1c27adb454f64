package process

import (
	"cmp"
	"math"
	"slices"
	"time"
)

// Ends of every way, as keys of a Step: "" for both.
const outside = ""

// Map is the flow of many tickets.
type Map struct {
	Between Between
	Tickets int     // whose flow is known
	Shown   int     // of those, whose way is on the map
	Share   float64 // Shown of Tickets
	Ways    []Way   // all of them, the most frequent first
	OnMap   int     // how many of the ways are drawn
	Places  []Place // the most visited first
	Steps   []Step  // the most frequent first
}

// Way is an order of places that tickets went.
type Way struct {
	Places []string
	Ended  bool
	Count  int
	Median time.Duration // from the first place to the last, of ended ones
	Known  bool

	key string
}

// Place is where tickets stay.
type Place struct {
	Key     string
	Tickets int // that came by
	Visits  int // each time counted
	Here    int // that are there and go on
	Median  time.Duration
	P90     time.Duration
	Known   bool // whether there are times
}

// Step is a move from place to place; From is "" at the beginning of a ticket, To
// at its end. The times are those spent at From before it.
type Step struct {
	From, To string
	Count    int
	Tickets  int
	Median   time.Duration
	P90      time.Duration
	Known    bool
}

// Discover draws the map of the most frequent ways that together hold at least a
// share of the tickets.
func Discover(traces []Trace, between Between, share float64) Map {
	m := Map{Between: between, Tickets: len(traces), Ways: waysOf(traces)}
	drawn := map[string]bool{}
	for _, w := range m.Ways {
		if m.OnMap > 0 && float64(m.Shown) >= share*float64(m.Tickets) {
			break
		}
		drawn[w.key] = true
		m.Shown += w.Count
		m.OnMap++
	}
	if m.Tickets > 0 {
		m.Share = float64(m.Shown) / float64(m.Tickets)
	}
	m.Places, m.Steps = flowOf(traces, drawn)
	return m
}

func waysOf(traces []Trace) []Way {
	at := map[string]int{}
	var ways []Way
	var lives [][]time.Duration
	for _, t := range traces {
		key := t.way()
		i, known := at[key]
		if !known {
			i = len(ways)
			at[key] = i
			w := Way{Ended: t.Ended, key: key}
			for _, s := range t.Stays {
				w.Places = append(w.Places, s.Place)
			}
			ways = append(ways, w)
			lives = append(lives, nil)
		}
		ways[i].Count++
		if t.Ended {
			lives[i] = append(lives[i], t.life())
		}
	}
	for i := range ways {
		ways[i].Median, ways[i].Known = quantile(lives[i], 0.5), len(lives[i]) > 0
	}
	slices.SortFunc(ways, func(a, b Way) int { return cmp.Or(b.Count-a.Count, cmp.Compare(a.key, b.key)) })
	return ways
}

// life is how long a trace took, as far as it is known.
func (t Trace) life() time.Duration {
	var sum time.Duration
	for _, s := range t.Stays {
		sum += s.For
	}
	return sum
}

// tally gathers what is known of a place or a step.
type tally struct {
	count, tickets, here int
	last                 int64 // the ticket that came last
	times                []time.Duration
}

func (t *tally) visit(ticket int64) {
	t.count++
	if t.last != ticket {
		t.last = ticket
		t.tickets++
	}
}

func flowOf(traces []Trace, drawn map[string]bool) ([]Place, []Step) {
	places, steps := map[string]*tally{}, map[[2]string]*tally{}
	step := func(from, to string, t Trace) *tally {
		s := tallyAt(steps, [2]string{from, to})
		s.visit(t.TicketID)
		return s
	}
	for _, t := range traces {
		if !drawn[t.way()] {
			continue
		}
		from := outside
		for i, s := range t.Stays {
			entered := step(from, s.Place, t)
			if i > 0 {
				entered.times = append(entered.times, t.Stays[i-1].For)
			}
			p := tallyAt(places, s.Place)
			p.visit(t.TicketID)
			if s.Known {
				p.times = append(p.times, s.For)
			}
			from = s.Place
		}
		switch n := len(t.Stays); {
		case n == 0:
		case !t.Ended:
			places[from].here++
		default:
			left := step(from, outside, t)
			if last := t.Stays[n-1]; last.Known {
				left.times = append(left.times, last.For)
			}
		}
	}
	return placesOf(places), stepsOf(steps)
}

func tallyAt[K comparable](m map[K]*tally, key K) *tally {
	t := m[key]
	if t == nil {
		t = &tally{}
		m[key] = t
	}
	return t
}

func placesOf(m map[string]*tally) []Place {
	var out []Place
	for key, t := range m {
		out = append(out, Place{
			Key: key, Tickets: t.tickets, Visits: t.count, Here: t.here,
			Median: quantile(t.times, 0.5), P90: quantile(t.times, 0.9), Known: len(t.times) > 0,
		})
	}
	slices.SortFunc(out, func(a, b Place) int { return cmp.Or(b.Visits-a.Visits, cmp.Compare(a.Key, b.Key)) })
	return out
}

func stepsOf(m map[[2]string]*tally) []Step {
	var out []Step
	for key, t := range m {
		out = append(out, Step{
			From: key[0], To: key[1], Count: t.count, Tickets: t.tickets,
			Median: quantile(t.times, 0.5), P90: quantile(t.times, 0.9), Known: len(t.times) > 0,
		})
	}
	slices.SortFunc(out, func(a, b Step) int {
		return cmp.Or(b.Count-a.Count, cmp.Compare(a.From, b.From), cmp.Compare(a.To, b.To))
	})
	return out
}

// quantile gives the value below which a share of the others lie: the nearest
// rank, so that it is one that really was.
func quantile(times []time.Duration, share float64) time.Duration {
	if len(times) == 0 {
		return 0
	}
	slices.Sort(times)
	rank := int(math.Ceil(share * float64(len(times))))
	return times[max(rank, 1)-1]
}

// readable is how much fits on a drawing.
const (
	mostPlaces = 14
	mostSteps  = 22
)

// shares a map can be simplified to, the fullest first.
var shares = []float64{1, 0.99, 0.95, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1, 0}

// Readable draws the fullest map that can still be read.
func Readable(traces []Trace, between Between) Map {
	var m Map
	for _, share := range shares {
		m = Discover(traces, between, share)
		if len(m.Places) <= mostPlaces && len(m.Steps) <= mostSteps {
			break
		}
	}
	return m
}

// Through reports whether a trace took a step; an empty step is not a question.
func (t Trace) Through(from, to string) bool {
	before := outside
	for _, s := range t.Stays {
		if before == from && s.Place == to {
			return true
		}
		before = s.Place
	}
	return t.Ended && to == outside && before == from
}

// Visits reports whether a trace came by a place.
func (t Trace) Visits(place string) bool {
	return slices.ContainsFunc(t.Stays, func(s Stay) bool { return s.Place == place })
}
