package clock

import (
	"slices"
	"time"

	"github.com/steward-itsm/steward/internal/core/calendar"
)

// Role says between whom a promise is made.
type Role string

// The roles of agreements (ITIL 4, service level management).
const (
	SLA Role = "sla" // with a customer
	OLA Role = "ola" // with a group of one's own
	UC  Role = "uc"  // underpinning contract: with a supplier
)

// Roles lists all roles, the customer's first.
func Roles() []Role { return []Role{SLA, OLA, UC} }

// Measure says what is promised.
type Measure string

// The measures.
const (
	// Response lasts until somebody of our side answers in public; of a group or a
	// supplier until it takes the ticket up: the first thing one of its people does
	// after it got the ticket.
	Response Measure = "response"
	// Update lasts from one public answer to the next, while work is owed.
	Update Measure = "update"
	// Workaround lasts until a workaround is given.
	Workaround Measure = "workaround"
	// Resolution lasts until work is no longer owed.
	Resolution Measure = "resolution"
	// Step lasts as long as a ticket is in one state; each stay is a cycle.
	Step Measure = "step"
)

// Measures lists all measures in the order in which they come due.
func Measures() []Measure { return []Measure{Response, Update, Workaround, Resolution, Step} }

// Reopen says what a reopened ticket does to the clock of its resolution.
type Reopen string

// What a clock can do when a ticket is reopened.
const (
	Continue Reopen = "continue" // with what was consumed; the time while it was resolved does not count
	Restart  Reopen = "restart"  // a new cycle
)

// Target is one promise of an agreement.
type Target struct {
	Measure  Measure `json:"measure"`
	State    string  `json:"state,omitempty"`    // of a Step: the state's key
	Priority int     `json:"priority,omitempty"` // 0 is for every one that no other target names
	// Within is so much business time. If it is 0, Days business days until a time of
	// day (see calendar.Hours.DueDays) are promised instead.
	Within   time.Duration `json:"within,omitempty"`
	Days     int           `json:"days,omitempty"`
	Until    int           `json:"until,omitempty"`    // minutes after midnight
	Calendar int64         `json:"calendar,omitempty"` // 0 is that of the agreement
}

// InDays reports whether the promise is in business days.
func (t Target) InDays() bool { return t.Within == 0 }

// Terms are what a version of an agreement says.
type Terms struct {
	Kinds    []string `json:"kinds,omitempty"`    // of tickets; none is all
	Services []int64  `json:"services,omitempty"` // none is all
	// Offerings are the levels of services that it holds for; none is all, and customers
	// who have none.
	Offerings []int64 `json:"offerings,omitempty"`
	Calendar  int64   `json:"calendar"`
	Reopen    Reopen  `json:"reopen,omitempty"` // "" is Continue
	// Pauses are the reasons for waiting that stop the clock, if OwnPauses; otherwise
	// the workflow says.
	OwnPauses bool     `json:"own_pauses,omitempty"`
	Pauses    []string `json:"pauses,omitempty"`
	Warn      []int    `json:"warn,omitempty"` // percent of a target at which people are warned
	Targets   []Target `json:"targets"`
}

// Version is what an agreement says to tickets that come under it from an instant
// on, until the next version. It never changes.
type Version struct {
	ID     int64
	Number int
	From   time.Time
	Terms
}

// Agreement is a promise between two parties.
type Agreement struct {
	ID       int64
	Name     string
	Role     Role
	Party    int64     // SLA: the customer, 0 for every one; OLA: the group; UC: the supplier
	Versions []Version // by From
	Ends     time.Time // no ticket comes under it from then on; zero for never
}

// At gives the version that tickets come under at an instant.
func (a *Agreement) At(t time.Time) (Version, bool) {
	if !a.Ends.IsZero() && !t.Before(a.Ends) {
		return Version{}, false
	}
	var found Version
	ok := false
	for _, v := range a.Versions {
		if !v.From.After(t) {
			found, ok = v, true
		}
	}
	return found, ok
}

// target gives the promise for a measure and a priority.
func (t *Terms) target(m Measure, state string, priority int) (Target, bool) {
	var general Target
	found := false
	for _, target := range t.Targets {
		if target.Measure != m || target.State != state {
			continue
		}
		switch target.Priority {
		case priority:
			return t.whole(target), true
		case 0:
			general, found = target, true
		}
	}
	return t.whole(general), found
}

func (t *Terms) whole(target Target) Target {
	if target.Calendar == 0 {
		target.Calendar = t.Calendar
	}
	return target
}

// Covers reports whether tickets of a kind about a service, of which the customer has an
// offering or none, fall under the terms.
func (t *Terms) Covers(kind string, service, offering int64) bool {
	return holdsFor(t.Kinds, kind) && holdsFor(t.Services, service) && holdsFor(t.Offerings, offering)
}

// holdsFor reports whether a list, of which an empty one is everything, has something.
func holdsFor[T comparable](list []T, x T) bool { return len(list) == 0 || slices.Contains(list, x) }

// Rank says how specific terms are by what they name; of two agreements with the same
// customer the lower rank goes first.
func (t *Terms) Rank() [3]int {
	return [3]int{flag(len(t.Offerings) == 0), flag(len(t.Services) == 0), flag(len(t.Kinds) == 0)}
}

// Book is what Compute looks up. Its functions must not change their answers while
// a ticket is computed.
type Book struct {
	Agreements []Agreement
	// Hours gives a calendar's; nil for one that is gone, which never opens.
	Hours func(calendar int64) *calendar.Hours
	// Above gives an organisation and those above it, the nearest first.
	Above func(organisation int64) []int64
	// AboveThen is Above as the tree was at an instant, so that a move of an
	// organisation is heard of by tickets that come in later; nil is Above.
	AboveThen func(organisation int64, at time.Time) []int64
	// Offering says which offering of a service an organisation, given with those above
	// it, had at an instant; 0 for none. Nil is none for everybody.
	Offering func(service int64, above []int64, at time.Time) int64
}

func (b *Book) offering(service int64, above []int64, at time.Time) int64 {
	if b.Offering == nil || service == 0 {
		return 0
	}
	return b.Offering(service, above, at)
}

func (b *Book) above(organisation int64, at time.Time) []int64 {
	if b.AboveThen != nil {
		return b.AboveThen(organisation, at)
	}
	return b.Above(organisation)
}

// slot is where an agreement stands with a ticket: one for the customer's, one for
// each of the others.
type slot struct {
	agreement int64
	role      Role
	party     int64
	version   Version
}

// attach gives what a ticket comes under. kept are versions that were frozen for it
// before, by agreement.
func (b *Book) attach(f *Facts, at time.Time, kept map[int64]Version) []slot {
	var out []slot
	var best *slot
	var bestRank [4]int
	above := b.above(f.Organisation, at)
	offering := b.offering(f.Service, above, at)
	for i := range b.Agreements {
		a := &b.Agreements[i]
		v, frozen := kept[a.ID]
		if !frozen {
			var ok bool
			if v, ok = a.At(at); !ok {
				continue
			}
		}
		if !v.Covers(f.Kind, f.Service, offering) {
			continue
		}
		s := slot{agreement: a.ID, role: a.Role, party: a.Party, version: v}
		switch a.Role {
		case OLA:
			if f.Group != 0 && f.Group == a.Party {
				out = append(out, s)
			}
		case UC:
			if f.Supplier != 0 && f.Supplier == a.Party {
				out = append(out, s)
			}
		case SLA:
			far := len(above) // every customer is the farthest
			if a.Party != 0 {
				if far = slices.Index(above, a.Party); far < 0 {
					continue
				}
			}
			named := v.Rank()
			rank := [4]int{far, named[0], named[1], named[2]}
			if best == nil || slices.Compare(rank[:], bestRank[:]) < 0 {
				best, bestRank = &s, rank
			}
		}
	}
	if best != nil {
		out = append([]slot{*best}, out...)
	}
	for _, s := range out {
		kept[s.agreement] = s.version
	}
	return out
}

func flag(b bool) int {
	if b {
		return 1
	}
	return 0
}
