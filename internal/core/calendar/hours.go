package calendar

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
	"sort"
	"strings"
	"sync/atomic"
	"time"

	"github.com/steward-itsm/steward/internal/core/calendar/date"
	"github.com/steward-itsm/steward/internal/core/calendar/holiday"
)

// The years that a calendar knows; before and after them it is closed.
const (
	FirstYear = holiday.FirstYear
	LastYear  = holiday.LastYear
)

// Horizon is how many years ahead Due, DueDays, NextOpen and NextClose look before
// they say that there is no such instant.
const Horizon = 25

// Interval is a stretch of absolute time, [Start, End), in UTC.
type Interval struct{ Start, End time.Time }

// Duration is its length.
func (i Interval) Duration() time.Duration { return i.End.Sub(i.Start) }

// Hours are the hours of a calendar in absolute time. They never change, are safe
// for concurrent use, and remember each year that was asked for: keep one for as
// long as the calendar stays as it is.
type Hours struct {
	zone        *time.Location
	rules       []rules
	fingerprint string
	years       [LastYear - FirstYear + 1]atomic.Pointer[year]
}

// rules are a version, ready to be asked.
type rules struct {
	from, to int // days: in force from, up to but not on
	Version
	openings map[int]int // of the version, by day
}

// Compile makes a calendar answer. It fails as Check does.
func Compile(c Calendar) (*Hours, error) {
	if err := c.Check(); err != nil {
		return nil, err
	}
	zone, err := LoadZone(c.Zone)
	if err != nil {
		return nil, err
	}
	h := &Hours{zone: zone}
	for i, v := range c.Versions {
		v.tidy()
		r := rules{from: -1 << 40, to: 1 << 40, Version: v, openings: make(map[int]int, len(v.Openings))}
		if i > 0 {
			r.from = v.From.Number()
		}
		if i+1 < len(c.Versions) {
			r.to = c.Versions[i+1].From.Number()
		}
		for j, o := range v.Openings {
			r.openings[o.Date.Number()] = j
		}
		h.rules = append(h.rules, r)
	}
	doc, err := json.Marshal(struct {
		Zone, Rules, Holidays string
		Versions              []Version
	}{c.Zone, ZoneRules(), holiday.Version(), c.Versions})
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(doc)
	h.fingerprint = hex.EncodeToString(sum[:8])
	return h, nil
}

// Zone is the place whose clocks count.
func (h *Hours) Zone() *time.Location { return h.zone }

// Fingerprint changes whenever answers may: with the calendar's zone and versions,
// the edition of the time zone rules and that of the public holidays. Keep it
// beside what was computed to know what to compute anew.
func (h *Hours) Fingerprint() string { return h.fingerprint }

// year is one year of the place's dates, in microseconds.
type year struct {
	start, end int64  // its first instant, and the first of the next year
	open       []open // apart from one another, in order
	sums       []int64
	first      int // day number of 1 January
	days       []day
}

// open is a stretch of a year that is open.
type open struct{ from, to int64 }

// day is one date of a year.
type day struct {
	start    int64 // when the date begins; the next day's start is its end
	business bool  // some of its own hours come to pass
	reason   Reason
	name     string
}

// total is the business time of the year.
func (y *year) total() int64 { return y.sums[len(y.open)] }

// before gives the business time of the year that lies before an instant.
func (y *year) before(t int64) int64 {
	i := sort.Search(len(y.open), func(i int) bool { return y.open[i].from >= t })
	if i == 0 {
		return 0
	}
	return y.sums[i-1] + min(t, y.open[i-1].to) - y.open[i-1].from
}

// when gives the first instant before which so much business time of the year lies.
func (y *year) when(sum int64) int64 {
	i := sort.Search(len(y.open), func(i int) bool { return y.sums[i+1] >= sum })
	return y.open[i].from + sum - y.sums[i]
}

// plan is what the rules say about a date.
type plan struct {
	spans  []Span
	reason Reason // of what is closed on it
	name   string
}

// plans gives what the rules say about the dates from lo up to hi.
func (h *Hours) plans(lo, hi int) []plan {
	out := make([]plan, hi-lo)
	for i := range h.rules {
		r := &h.rules[i]
		a, b := max(lo, r.from), min(hi, r.to)
		if a >= b {
			continue
		}
		weekday := int(date.OfNumber(a).Weekday())
		for n := a; n < b; n++ {
			out[n-lo] = plan{spans: r.Week[(weekday+n-a)%7], reason: OutsideHours}
		}
		r.holidays(a, b, func(n int, name string) {
			p := &out[n-lo]
			switch {
			case p.reason != OnHoliday:
				*p = plan{reason: OnHoliday, name: name}
			case !slices.Contains(strings.Split(p.name, ", "), name):
				p.name += ", " + name
			}
		})
		for n := a; n < b; n++ {
			if j, ok := r.openings[n]; ok {
				out[n-lo] = plan{spans: r.Openings[j].Spans, reason: SpecialOpening, name: r.Openings[j].Name}
			}
		}
	}
	return out
}

// holidays tells of every holiday on the days from a up to b.
func (r *rules) holidays(a, b int, tell func(n int, name string)) {
	each := func(h Holiday, first int) {
		for n := max(a, first); n < min(b, first+h.Days()); n++ {
			tell(n, h.Name)
		}
	}
	first, last := date.OfNumber(a).Year, date.OfNumber(b).Year
	for _, o := range r.Regions {
		for y := first; y <= last; y++ {
			for _, d := range holiday.In(o.Code, y) {
				n := d.Date.Number()
				if n < a || n >= b || slices.Contains(o.Except, d.Name) {
					continue
				}
				name := d.Name
				if d.Observed {
					name += " (observed)"
				}
				tell(n, name)
			}
		}
	}
	for _, h := range r.Holidays {
		if !h.Yearly {
			each(h, h.From.Number())
			continue
		}
		for y := max(h.From.Year, first-1); y <= last; y++ { // one of last year may reach into this one
			if d := (Date{Year: y, Month: h.From.Month, Day: h.From.Day}); d.Exists() {
				each(h, d.Number())
			}
		}
	}
}

const micro = int64(time.Second / time.Microsecond)

// margin is how many dates before and after a year can reach into it.
const margin = 3

// build works out a year.
func (h *Hours) build(number int) *year {
	first, next := date.Of(number, time.January, 1).Number(), date.Of(number+1, time.January, 1).Number()
	lo, hi := first-margin, next+margin
	all := periods(h.zone, int64(lo)*secondsADay, int64(hi+1)*secondsADay)
	y := &year{
		start: reached(all, int64(first)*secondsADay) * micro, end: reached(all, int64(next)*secondsADay) * micro,
		first: first, days: make([]day, 0, next-first),
	}
	var opened []open
	for i, p := range h.plans(lo, hi) {
		midnight := int64(lo+i) * secondsADay
		business := false
		for _, s := range p.spans {
			if from, to, ok := hull(all, midnight+int64(s.From)*60, midnight+int64(s.To)*60); ok {
				opened = append(opened, open{from * micro, to * micro})
				business = true
			}
		}
		if n := lo + i; n >= first && n < next {
			y.days = append(y.days, day{reached(all, midnight) * micro, business, p.reason, p.name})
		}
	}
	slices.SortFunc(opened, func(a, b open) int { return cmp.Compare(a.from, b.from) })
	y.sums = append(y.sums, 0)
	for _, o := range opened {
		o.from, o.to = max(o.from, y.start), min(o.to, y.end)
		if o.from >= o.to {
			continue
		}
		if last := len(y.open) - 1; last >= 0 && o.from <= y.open[last].to {
			if o.to > y.open[last].to {
				y.sums[last+1] += o.to - y.open[last].to
				y.open[last].to = o.to
			}
			continue
		}
		y.open = append(y.open, o)
		y.sums = append(y.sums, y.sums[len(y.sums)-1]+o.to-o.from)
	}
	y.open, y.sums = slices.Clip(y.open), slices.Clip(y.sums)
	return y
}

// year gives a year that is known.
func (h *Hours) year(number int) *year {
	slot := &h.years[number-FirstYear]
	y := slot.Load()
	if y == nil {
		y = h.build(number) // two at once make the same
		slot.Store(y)
	}
	return y
}

// at gives the year in which an instant lies; the first or the last for one outside.
func (h *Hours) at(t int64) (int, *year) {
	number := min(max(time.UnixMicro(t).UTC().Year(), FirstYear), LastYear)
	y := h.year(number)
	for t < y.start && number > FirstYear {
		number--
		y = h.year(number)
	}
	for t >= y.end && number < LastYear {
		number++
		y = h.year(number)
	}
	return number, y
}

func instant(t int64) time.Time { return time.UnixMicro(t).UTC() }

// Elapsed gives the business time in [from, to), 0 if to is not after from.
func (h *Hours) Elapsed(from, to time.Time) time.Duration {
	a, b := from.UnixMicro(), to.UnixMicro()
	if b <= a {
		return 0
	}
	first, ya := h.at(a)
	last, yb := h.at(b)
	sum := yb.before(b) - ya.before(a)
	for n := first; n < last; n++ {
		sum += h.year(n).total()
	}
	return time.Duration(sum) * time.Microsecond
}

// Due gives the first instant t with Elapsed(start, t) of at least d: the inverse
// of Elapsed. So what needs exactly the rest of a day is due when it closes, not
// when the next one opens; nothing, or less, is due at start, be it open or not.
// A part of a microsecond counts as a whole one. False if that much business time
// does not come within the Horizon, as in a calendar that never opens.
func (h *Hours) Due(start time.Time, d time.Duration) (time.Time, bool) {
	if d <= 0 {
		return instant(start.UnixMicro()), true
	}
	rest := int64((d + time.Microsecond - 1) / time.Microsecond)
	from := start.UnixMicro()
	first, y := h.at(from)
	rest += y.before(from)
	for n := first; n <= min(first+Horizon, LastYear); n++ {
		y = h.year(n)
		if rest <= y.total() {
			return instant(y.when(rest)), true
		}
		rest -= y.total()
	}
	return time.Time{}, false
}

// DueDays gives "n business days until a time of day", in minutes after midnight
// and up to 24:00. It is no multiple of a duration: the date of start, as the
// clocks of the place show it, does not count, whether it is open, over or a
// Sunday; the n-th business day after it does, and until on that day is due, be it
// within the hours or not. So one business day until 17:00 is Monday 17:00 from any
// hour of Friday, Saturday and Sunday. With 0 it is the first business day on which
// that time is still to come, the date of start included.
//
// A business day is a date of which some hours come to pass: a night that reaches
// into Saturday makes it none. Where until is skipped by the clocks it is the
// instant they are put forward, where it is repeated the second time counts.
// False for a negative n, and if there is none within the Horizon.
func (h *Hours) DueDays(start time.Time, n, until int) (time.Time, bool) {
	if n < 0 || until < 0 || until > minutesADay {
		return time.Time{}, false
	}
	from := start.UnixMicro()
	today := date.At(instant(from).In(h.zone))
	if today.Year < FirstYear {
		today = date.Of(FirstYear, time.January, 1)
	}
	index := today.Number()
	if n > 0 {
		index++
	}
	for number := date.OfNumber(index).Year; number <= min(today.Year+Horizon, LastYear); number++ {
		y := h.year(number)
		for i := index - y.first; i < len(y.days); i++ {
			index++
			if !y.days[i].business {
				continue
			}
			if n > 1 {
				n--
				continue
			}
			if due := h.until(y.first+i, until); n == 1 || due > from {
				return instant(due), true
			}
		}
	}
	return time.Time{}, false
}

// until gives the instant at which a time of day on a date is over.
func (h *Hours) until(day, minutes int) int64 {
	a := int64(day) * secondsADay
	b := a + int64(minutes)*60
	all := periods(h.zone, a, b)
	if _, end, ok := hull(all, a, b); ok {
		return end * micro
	}
	return reached(all, b) * micro
}

// IsOpen reports whether it is open at an instant.
func (h *Hours) IsOpen(t time.Time) bool {
	at := t.UnixMicro()
	_, y := h.at(at)
	i := sort.Search(len(y.open), func(i int) bool { return y.open[i].to > at })
	return i < len(y.open) && y.open[i].from <= at
}

// NextOpen gives the first instant from t on at which it is open: t itself if it
// is. False if there is none within the Horizon.
func (h *Hours) NextOpen(t time.Time) (time.Time, bool) {
	at := t.UnixMicro()
	first, _ := h.at(at)
	for n := first; n <= min(first+Horizon, LastYear); n++ {
		y := h.year(n)
		if i := sort.Search(len(y.open), func(i int) bool { return y.open[i].to > at }); i < len(y.open) {
			return instant(max(at, y.open[i].from)), true
		}
	}
	return time.Time{}, false
}

// NextClose gives the first instant from t on at which it is closed: t itself if
// it is. False if there is none within the Horizon, as in a calendar that never
// closes.
func (h *Hours) NextClose(t time.Time) (time.Time, bool) {
	at := t.UnixMicro()
	first, _ := h.at(at)
	for n := first; n <= min(first+Horizon, LastYear); n++ {
		y := h.year(n)
		i := sort.Search(len(y.open), func(i int) bool { return y.open[i].to > at })
		if i == len(y.open) || y.open[i].from > at {
			return instant(at), true
		}
		if at = y.open[i].to; at < y.end {
			return instant(at), true
		}
	}
	return time.Time{}, false
}

// Open gives what is open in [from, to), in order and apart from one another.
func (h *Hours) Open(from, to time.Time) []Interval {
	var out []Interval
	h.each(from, to, func(y *year, a, b int64) {
		for i := sort.Search(len(y.open), func(i int) bool { return y.open[i].to > a }); i < len(y.open) && y.open[i].from < b; i++ {
			start, end := instant(max(a, y.open[i].from)), instant(min(b, y.open[i].to))
			if last := len(out) - 1; last >= 0 && out[last].End.Equal(start) { // over New Year
				out[last].End = end
			} else {
				out = append(out, Interval{start, end})
			}
		}
	})
	return out
}

// each visits the years that [from, to) touches, with the part that lies in each.
func (h *Hours) each(from, to time.Time, visit func(y *year, a, b int64)) {
	a, b := from.UnixMicro(), to.UnixMicro()
	if b <= a {
		return
	}
	first, _ := h.at(a)
	last, _ := h.at(b)
	for n := first; n <= last; n++ {
		y := h.year(n)
		if lo, hi := max(a, y.start), min(b, y.end); lo < hi {
			visit(y, lo, hi)
		}
	}
}

// Union joins intervals that overlap or touch, and drops empty ones: pauses that
// overlap count once.
func Union(all []Interval) []Interval {
	sorted := slices.DeleteFunc(slices.Clone(all), func(i Interval) bool { return !i.Start.Before(i.End) })
	slices.SortFunc(sorted, func(a, b Interval) int { return a.Start.Compare(b.Start) })
	out := sorted[:0]
	for _, i := range sorted {
		if last := len(out) - 1; last >= 0 && !i.Start.After(out[last].End) {
			if i.End.After(out[last].End) {
				out[last].End = i.End
			}
		} else {
			out = append(out, i)
		}
	}
	return out
}
