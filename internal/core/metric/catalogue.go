package metric

import "slices"

// metric is a definition with its computation.
type metric struct {
	Definition
	whats  []What             // the facts it is made of
	spread Spread             // "" for none
	inner  string             // the dimension its facts are divided by before it is computed
	inside bool               // tells of work that only those see who read internal notes
	figure func(*cell) Figure // of the facts of a period, or of a stock
	behind behind
}

// behind says which facts, or stretches, a figure's numerator is made of.
type behind struct {
	whats []What
	where string // SQL on metric_facts f; "" for all of whats
	takes bool   // facts may be taken back by later ones, and then are not behind it
	value func(f *Fact) float64
}

// publicCuts are shown to whoever sees the tickets; the others are of inside work.
var publicCuts = []Cut{ByService, ByOrganisation, ByCategory, ByPriority, ByKind, ByChannel}

func isInside(c Cut) bool { return c != "" && !slices.Contains(publicCuts, c) }

// allCuts are those of most metrics.
var allCuts = []Cut{ByService, ByGroup, ByTier, BySupplier, ByOrganisation, ByCategory, ByPriority, ByKind, ByChannel}

func worth(v float64) func(*Fact) float64 { return func(*Fact) float64 { return v } }

func valueOf(f *Fact) float64 { return float64(f.Value) }

func netOf(f *Fact) float64 { return float64(f.Net) }

// flowOf is what a fact adds to the backlog.
func flowOf(f *Fact) float64 {
	if f.What == Resolved || f.What == Cancelled {
		return -float64(f.Weight)
	}
	return float64(f.Weight)
}

func n(w What) func(*cell) int64 { return func(c *cell) int64 { return c.of(w).N } }

// builtIn is the catalogue as shipped, without words.
func builtIn() []metric {
	flow := []What{Opened, Reopened, Moved, Resolved, Cancelled}
	all := []metric{
		{
			Definition: Definition{Key: VolumeIn, Group: GroupFlow, Unit: Tickets, Direction: Steady},
			whats:      []What{Opened}, figure: countOf(n(Opened)),
			behind: behind{whats: []What{Opened}, value: worth(1)},
		},
		{
			Definition: Definition{Key: VolumeOut, Group: GroupFlow, Unit: Tickets, Direction: Steady},
			whats:      []What{Resolved, Cancelled},
			figure:     countOf(func(c *cell) int64 { return c.of(Resolved).N + c.of(Cancelled).N }),
			behind:     behind{whats: []What{Resolved, Cancelled}, value: worth(1)},
		},
		{
			Definition: Definition{Key: NetFlow, Group: GroupFlow, Unit: Tickets, Direction: Down},
			whats:      flow, figure: countOf((*cell).inFlow),
			behind: behind{whats: flow, value: flowOf},
		},
		{
			Definition: Definition{Key: Backlog, Group: GroupFlow, Unit: Tickets, Direction: Down, Stock: true},
			whats:      flow, figure: countOf(func(c *cell) int64 { return c.stock }),
			behind: behind{value: worth(1)},
		},
		{
			Definition: Definition{Key: BacklogAge, Group: GroupFlow, Unit: Seconds, Direction: Down, Stock: true, Spread: true},
			spread:     spreadAge,
			figure: medianOf(func(c *cell) (sum int64) {
				for _, v := range c.spread.values {
					sum += v
				}
				return sum
			}),
		},
		{
			Definition: Definition{Key: FirstResponse, Group: GroupSpeed, Unit: Seconds, Direction: Down, Spread: true},
			whats:      []What{Answered}, spread: SpreadAnswered,
			figure: medianOf(func(c *cell) int64 { return c.of(Answered).Value }),
			behind: behind{whats: []What{Answered}, value: valueOf},
		},
		{
			Definition: Definition{Key: TimeToResolve, Group: GroupSpeed, Unit: Seconds, Direction: Down, Spread: true},
			whats:      []What{Resolved}, spread: SpreadResolved,
			figure: medianOf(func(c *cell) int64 { return c.of(Resolved).Value }),
			behind: behind{whats: []What{Resolved}, value: valueOf},
		},
		{
			Definition: Definition{Key: TimeToResolveNet, Group: GroupSpeed, Unit: Seconds, Direction: Down, Spread: true},
			whats:      []What{Resolved}, spread: SpreadNet,
			figure: medianOf(func(c *cell) int64 { return c.of(Resolved).Net }),
			behind: behind{whats: []What{Resolved}, value: netOf},
		},
		{
			Definition: Definition{Key: TimeInState, Group: GroupSpeed, Unit: Seconds, Direction: Down, Spread: true},
			whats:      []What{Stayed}, spread: SpreadStayed, inside: true,
			figure: medianOf(func(c *cell) int64 { return c.of(Stayed).Value }),
			behind: behind{whats: []What{Stayed}, value: valueOf},
		},
		{
			Definition: Definition{Key: TimeWithHolder, Group: GroupSpeed, Unit: Seconds, Direction: Down, Spread: true},
			whats:      []What{Held}, spread: SpreadHeld, inside: true,
			figure: medianOf(func(c *cell) int64 { return c.of(Held).Value }),
			behind: behind{whats: []What{Held}, value: valueOf},
		},
		{
			Definition: Definition{Key: FirstContact, Group: GroupQuality, Unit: Share, Direction: Up},
			whats:      []What{Resolved}, inside: true,
			figure: ratioOf(func(c *cell) int64 { return c.of(Resolved).Contact }, n(Resolved)),
			behind: behind{whats: []What{Resolved}, where: "f.contact = 1", value: worth(1)},
		},
		{
			Definition: Definition{Key: FirstLine, Group: GroupQuality, Unit: Share, Direction: Up},
			whats:      []What{Resolved}, inside: true,
			figure: ratioOf(func(c *cell) int64 { return c.of(Resolved).Line }, func(c *cell) int64 { return c.of(Resolved).LineN }),
			behind: behind{whats: []What{Resolved}, where: "f.line = 1", value: worth(1)},
		},
		{
			Definition: Definition{Key: ReopenRate, Group: GroupQuality, Unit: Share, Direction: Down},
			whats:      []What{Reopened, Resolved}, figure: ratioOf(n(Reopened), n(Resolved)),
			behind: behind{whats: []What{Reopened}, value: worth(1)},
		},
		{
			Definition: Definition{Key: Reassignments, Group: GroupEffort, Unit: Times, Direction: Down},
			whats:      []What{Resolved}, inside: true,
			figure: ratioOf(func(c *cell) int64 { return c.of(Resolved).Moves }, n(Resolved)),
			behind: behind{whats: []What{Resolved}, where: "f.moves > 0", value: func(f *Fact) float64 { return float64(f.Moves) }},
		},
		{
			Definition: Definition{Key: PingPong, Group: GroupEffort, Unit: Share, Direction: Down},
			whats:      []What{Resolved}, inside: true,
			figure: ratioOf(func(c *cell) int64 { return c.of(Resolved).Bounced }, n(Resolved)),
			behind: behind{whats: []What{Resolved}, where: "f.bounced = 1", value: worth(1)},
		},
		{
			Definition: Definition{Key: Touches, Group: GroupEffort, Unit: Times, Direction: Down},
			whats:      []What{Resolved}, inside: true,
			figure: ratioOf(func(c *cell) int64 { return c.of(Resolved).Touches }, n(Resolved)),
			behind: behind{whats: []What{Resolved}, where: "f.touches > 0", value: func(f *Fact) float64 { return float64(f.Touches) }},
		},
		{
			Definition: Definition{Key: Satisfaction, Group: GroupExperience, Unit: Score, Direction: Up},
			whats:      []What{Rated},
			figure:     ratioOf(func(c *cell) int64 { return c.of(Rated).Value }, n(Rated)),
			behind:     behind{whats: []What{Rated}, takes: true, value: valueOf},
		},
		{
			Definition: Definition{Key: ResponseRate, Group: GroupExperience, Unit: Share, Direction: Up},
			whats:      []What{Rated, Resolved}, figure: ratioOf(n(Rated), n(Resolved)),
			behind: behind{whats: []What{Rated}, takes: true, value: worth(1)},
		},
		{
			Definition: Definition{Key: LostTime, Group: GroupExperience, Unit: Seconds, Direction: Down},
			whats:      []What{Rated},
			figure:     ratioOf(func(c *cell) int64 { return c.of(Rated).Net }, func(c *cell) int64 { return c.of(Rated).NetN }),
			behind:     behind{whats: []What{Rated}, where: "f.net >= 0", takes: true, value: netOf},
		},
		{
			Definition: Definition{Key: RecurringMinor, Group: GroupCuts, Unit: Share, Direction: Down},
			whats:      []What{Opened}, inner: dimSubject, figure: recurrence,
			behind: behind{whats: []What{Opened}, where: "f.kind = 'incident' AND f.priority >= 3", value: worth(1)},
		},
		{
			Definition: Definition{Key: AfterHours, Group: GroupCuts, Unit: Share, Direction: Down},
			whats:      []What{Touched}, inside: true,
			figure: ratioOf(func(c *cell) int64 { return c.of(Touched).Late }, n(Touched)),
			behind: behind{whats: []What{Touched}, value: worth(1)},
		},
		{
			Definition: Definition{Key: Concentration, Group: GroupCuts, Unit: Share, Direction: Down},
			whats:      []What{Touched}, inner: dimPerson, inside: true, figure: concentrated,
			behind: behind{whats: []What{Touched}, value: worth(1)},
		},
	}
	for i := range all {
		d := &all[i].Definition
		switch d.Key {
		case RecurringMinor:
			d.Cuts = []Cut{BySubject}
		case Concentration:
		case TimeInState:
			d.Cuts = append([]Cut{ByState}, allCuts...)
		default:
			d.Cuts = allCuts
		}
	}
	return all
}
