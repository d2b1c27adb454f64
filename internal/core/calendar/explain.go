package calendar

import (
	"sort"
	"time"

	"github.com/steward-itsm/steward/internal/core/calendar/date"
)

// Reason says why a stretch of time is open or closed.
type Reason string

// The reasons.
const (
	WithinHours    Reason = "hours"           // open: the hours of the weekday
	OutsideHours   Reason = "outside_hours"   // closed: none of the weekday's hours
	OnHoliday      Reason = "holiday"         // closed: a holiday, public or own
	SpecialOpening Reason = "special_opening" // open or closed by the hours of a date of its own
)

// Stretch is a part of time that is open or closed for one reason.
type Stretch struct {
	Interval
	Open   bool
	Reason Reason
	Name   string // of the holiday or the special opening
}

// Explain says of all of [from, to) what is open and what is closed, and why. The
// stretches follow one another without gaps; a closed one ends at midnight where
// the next day is closed for another reason. What lies outside the years that a
// calendar knows is left out.
func (h *Hours) Explain(from, to time.Time) []Stretch {
	var out []Stretch
	add := func(a, b int64, open bool, d *day) {
		if a >= b {
			return
		}
		s := Stretch{Interval{instant(a), instant(b)}, open, d.reason, d.name}
		if open && d.reason != SpecialOpening { // hours of the night before reach into a holiday
			s.Reason, s.Name = WithinHours, ""
		}
		if last := len(out) - 1; last >= 0 && out[last].Open == s.Open && out[last].Reason == s.Reason && out[last].Name == s.Name && out[last].End.Equal(s.Start) {
			out[last].End = s.End
			return
		}
		out = append(out, s)
	}
	h.each(from, to, func(y *year, a, b int64) {
		i := sort.Search(len(y.open), func(i int) bool { return y.open[i].to > a })
		for n := max(0, sort.Search(len(y.days), func(n int) bool { return y.days[n].start > a })-1); n < len(y.days) && y.days[n].start < b; n++ {
			at, end := max(a, y.days[n].start), b
			if n+1 < len(y.days) {
				end = min(b, y.days[n+1].start)
			}
			for ; i < len(y.open) && y.open[i].from < end; i++ {
				start, stop := max(at, y.open[i].from), min(end, y.open[i].to)
				add(at, start, false, &y.days[n])
				add(start, stop, true, &y.days[n])
				at = max(at, stop)
				if y.open[i].to > end { // goes on after midnight
					break
				}
			}
			add(at, end, false, &y.days[n])
		}
	})
	return out
}

// DayPlan is what a calendar says about one date.
type DayPlan struct {
	Date   Date
	Spans  []Span        // its own hours in clock time; a night that began the day before is not among them
	Hours  []Interval    // the same in absolute time, what overlaps or touches joined
	Open   time.Duration // how long these hours last in absolute time, what overlaps once
	Reason Reason        // WithinHours, OutsideHours, OnHoliday or SpecialOpening
	Name   string        // of the holiday or the special opening
}

// Business reports whether it counts as a business day.
func (d DayPlan) Business() bool { return d.Open > 0 }

// Days gives what the calendar says about the dates from one on.
func (h *Hours) Days(from Date, count int) []DayPlan {
	lo := from.Number()
	all := periods(h.zone, int64(lo)*secondsADay, int64(lo+count+1)*secondsADay)
	out := make([]DayPlan, 0, count)
	for i, p := range h.plans(lo, lo+count) {
		d := DayPlan{Date: date.OfNumber(lo + i), Spans: p.spans, Reason: p.reason, Name: p.name}
		var opened []Interval
		for _, s := range p.spans {
			midnight := int64(lo+i) * secondsADay
			if a, b, ok := hull(all, midnight+int64(s.From)*60, midnight+int64(s.To)*60); ok {
				opened = append(opened, Interval{instant(a * micro), instant(b * micro)})
			}
		}
		d.Hours = Union(opened)
		for _, o := range d.Hours {
			d.Open += o.Duration()
		}
		if d.Reason == OutsideHours && len(d.Spans) > 0 {
			d.Reason = WithinHours
		}
		out = append(out, d)
	}
	return out
}

// Difference says what is open by one calendar and not by another, and the other
// way round, in [from, to).
func Difference(before, after *Hours, from, to time.Time) (opened, closed []Interval) {
	a, b := before.Open(from, to), after.Open(from, to)
	return without(b, a), without(a, b)
}

// without takes intervals away from others; both are in order and apart.
func without(all, less []Interval) []Interval {
	var out []Interval
	for _, i := range all {
		at := i.Start
		for len(less) > 0 && !less[0].End.After(at) {
			less = less[1:]
		}
		for _, l := range less {
			if !l.Start.Before(i.End) {
				break
			}
			if l.Start.After(at) {
				out = append(out, Interval{at, l.Start})
			}
			if l.End.After(at) {
				at = l.End
			}
		}
		if at.Before(i.End) {
			out = append(out, Interval{at, i.End})
		}
	}
	return out
}
