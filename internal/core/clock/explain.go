package clock

import (
	"cmp"
	"slices"
	"time"

	"github.com/steward-itsm/steward/internal/core/calendar"
)

// Pieces cuts a clock's intervals where its calendar opens and closes: every
// instant from the start on is in one of them, and the times of those that run add
// up to what is used. At most so many are given, the newest; more says that there
// are earlier ones.
func Pieces(c *Clock, hours func(int64) *calendar.Hours, most int) (pieces []Interval, more bool) {
	for i := len(c.Intervals) - 1; i >= 0; i-- {
		is := c.Intervals[i]
		cut := []Interval{is}
		if h := hours(is.Calendar); is.Stage == Running && h != nil {
			cut = cutByHours(is, h)
		}
		if len(pieces)+len(cut) > most {
			cut, more = cut[len(cut)-(most-len(pieces)):], true
		}
		pieces = append(cut, pieces...)
		if more {
			break
		}
	}
	return pieces, more
}

func cutByHours(is Interval, h *calendar.Hours) []Interval {
	var out []Interval
	for _, s := range h.Explain(is.From, is.To) {
		piece := is
		piece.From, piece.To, piece.Used = s.Start, s.End, 0
		switch {
		case s.Open:
			piece.Used = s.End.Sub(s.Start)
		case s.Reason == calendar.OnHoliday:
			piece.Why, piece.Detail, piece.Stage = Holiday, s.Name, Paused
		default:
			piece.Why, piece.Detail, piece.Stage = Closed, "", Paused
		}
		out = append(out, piece)
	}
	return out
}

// Share is how much of a clock's time one party used.
type Share struct {
	Party
	Used time.Duration
}

// Budget says who used a clock's time, whoever used most first.
func Budget(c *Clock) []Share {
	used := map[Party]time.Duration{}
	for _, is := range c.Intervals {
		if is.Used > 0 {
			used[is.Party] += is.Used
		}
	}
	out := make([]Share, 0, len(used))
	for p, d := range used {
		out = append(out, Share{p, d})
	}
	slices.SortFunc(out, func(a, b Share) int {
		return cmp.Or(cmp.Compare(b.Used, a.Used), cmp.Compare(a.Type, b.Type), cmp.Compare(a.ID, b.ID))
	})
	return out
}

// OwnPromise finds, among all clocks of a ticket, what a party that used time of one
// of them promised for the same measure itself: the latest cycle; nil if nothing.
func OwnPromise(c *Clock, party Party, all []Clock) *Clock {
	var own *Clock
	for i := range all {
		o := &all[i]
		if o.Role != SLA && o.With() == party && o.Measure == c.Measure && o.State == c.State {
			own = o
		}
	}
	return own
}
