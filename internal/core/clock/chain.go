package clock

import (
	"time"

	"github.com/steward-itsm/steward/internal/core/calendar"
)

// Link is one promise that another one leans on.
type Link struct {
	Name   string
	Target Target
	Hours  *calendar.Hours
}

// due is when it is due if it starts at an instant; false for never.
func (l Link) due(start time.Time) (time.Time, bool) {
	switch {
	case l.Hours == nil:
		return time.Time{}, false
	case l.Target.InDays():
		return l.Hours.DueDays(start, l.Target.Days, l.Target.Until)
	}
	return l.Hours.Due(start, l.Target.Within)
}

// Gap says that a chain of promises cannot keep the one that leans on it.
type Gap struct {
	Start    time.Time // a ticket that comes in then
	Promised time.Time // is promised for then
	Chain    time.Time // and may take until then; zero for ever
	Share    int       // percent of the looked-at hours in which it is so
}

// weeks are how many weeks Feasible looks at: holidays and the ends of months come
// to lie in them.
const weeks = 4

// Feasible says whether the links of a chain, one after the other and each taking
// all the time it may, keep a promise, whenever in the four weeks from an instant
// on a ticket comes in. Without links everything is feasible. The gap is the first
// one, and how often there is one (R81).
func Feasible(promise Link, chain []Link, from time.Time) (Gap, bool) {
	if len(chain) == 0 {
		return Gap{}, true
	}
	var first Gap
	starts, late := 0, 0
	for start := from; start.Before(from.Add(weeks * 7 * 24 * time.Hour)); start = start.Add(time.Hour) {
		promised, ok := promise.due(start)
		if !ok {
			continue // never due: nothing to miss
		}
		starts++
		end, ever := start, true
		for _, l := range chain {
			if end, ever = l.due(end); !ever {
				end = time.Time{}
				break
			}
		}
		if ever && !end.After(promised) {
			continue
		}
		if late == 0 {
			first = Gap{Start: start, Promised: promised, Chain: end}
		}
		late++
	}
	if late == 0 {
		return Gap{}, true
	}
	first.Share = max(1, 100*late/starts)
	return first, false
}
