package clock

import "time"

// Held is an agreement that a ticket comes under, with the version in force.
type Held struct {
	Agreement int64
	Version   Version
}

// Holding gives what a new ticket that is about something comes under at an instant:
// the customer's agreement first, then those of its group and its supplier.
func (b *Book) Holding(f *Facts, at time.Time) []Held {
	slots := b.attach(f, at, map[int64]Version{})
	out := make([]Held, 0, len(slots))
	for _, s := range slots {
		out = append(out, Held{s.agreement, s.version})
	}
	return out
}

// Promise gives what is promised of a measure (and a state, of a Step) for a
// priority, with its calendar; false if nothing is.
func (t *Terms) Promise(m Measure, state string, priority int) (Target, bool) {
	return t.target(m, state, priority)
}
