package filter

import (
	"strconv"
	"strings"
	"time"
)

// time binds a value of a TypeTime field. A date, a month or a word such as
// today stands for all of its time; a duration is relative to now.
func (b *binder) time(f *Field, v ValueNode) (Condition, error) {
	low, err := b.stretch(f, v.Low, v.Span)
	if err != nil {
		return False(), err
	}
	op := v.Op
	if low.relative && !f.Future {
		op = earlier(op)
	}
	switch op {
	case OpLess:
		return Condition{within{field: f, high: &limit{low.from.UnixMicro(), true}}}, nil
	case OpAtMost:
		return Condition{within{field: f, high: low.end()}}, nil
	case OpGreater:
		// What is after a day starts with the next day; after an instant it
		// does not include it.
		return Condition{within{field: f, low: &limit{low.to.UnixMicro(), low.instant()}}}, nil
	case OpAtLeast:
		return Condition{within{field: f, low: low.start()}}, nil
	case OpRange:
		high, err := b.stretch(f, v.High, v.Span)
		if err != nil {
			return False(), err
		}
		if low.relative && high.relative && !f.Future {
			low, high = high, low // from the greater age to the smaller
		}
		if high.to.Before(low.from) || high.to.Equal(low.from) && !high.instant() {
			return False(), errBackwards(v.Span)
		}
		return Condition{within{f, low.start(), high.end()}}, nil
	case OpContains:
		return False(), errorAt(v.Span, "%s is a time and contains nothing. Leave the ~ out.", f.named())
	case OpIs:
	}
	if low.relative {
		return False(), errorAt(v.Span, "Say which side of %s is meant: %s:<%s or %s:>%s.", v.Low.Text, f.Name, v.Low.Text, f.Name, v.Low.Text)
	}
	return Condition{within{f, low.start(), low.end()}}, nil
}

// earlier turns a comparison of ages into one of instants: who is younger came
// later.
func earlier(op Op) Op {
	switch op {
	case OpLess:
		return OpGreater
	case OpAtMost:
		return OpAtLeast
	case OpGreater:
		return OpLess
	case OpAtLeast:
		return OpAtMost
	case OpIs, OpContains, OpRange:
	}
	return op
}

// stretch is the time that a value stands for: [from, to), or the instant at
// which both are.
type stretch struct {
	from, to time.Time
	relative bool // written as a duration
}

func (s stretch) instant() bool { return s.from.Equal(s.to) }
func (s stretch) start() *limit { return &limit{value: s.from.UnixMicro()} }
func (s stretch) end() *limit   { return &limit{s.to.UnixMicro(), !s.instant()} }

func (b *binder) stretch(f *Field, o Operand, at Span) (stretch, error) {
	text := strings.ToLower(strings.TrimSpace(o.Text))
	if s, ok := b.named(text); ok && !o.Quoted {
		return s, nil
	}
	if s, ok := b.absolute(text); ok {
		return s, nil
	}
	if d, ok := parseDuration(text); ok {
		if !f.Future {
			d = d.negative()
		}
		t := d.after(b.env.Now.In(b.env.Location))
		if t.Year() < 0 || t.Year() > 9999 {
			return stretch{}, errorAt(at, "%s: %s is too far away.", f.named(), o.Text)
		}
		return stretch{from: t, to: t, relative: true}, nil
	}
	return stretch{}, errorAt(at, "%s: “%s” is no time. Write a date such as %s, a word such as today, or a duration such as 4h or 7d.",
		f.named(), o.Text, b.env.Now.In(b.env.Location).Format(time.DateOnly))
}

// named reads the words for times. Weeks begin on Monday, as ISO 8601 has it.
func (b *binder) named(word string) (stretch, bool) {
	now := b.env.Now.In(b.env.Location)
	y, m, d := now.Date()
	days := func(from, to int) (stretch, bool) {
		return stretch{from: startOfDay(y, m, d+from, b.env.Location), to: startOfDay(y, m, d+to, b.env.Location)}, true
	}
	months := func(from, to time.Month) (stretch, bool) {
		return stretch{from: startOfDay(y, from, 1, b.env.Location), to: startOfDay(y, to, 1, b.env.Location)}, true
	}
	sinceMonday := (int(now.Weekday()) + 6) % 7
	switch word {
	case "now":
		return stretch{from: now, to: now}, true
	case "today":
		return days(0, 1)
	case "yesterday":
		return days(-1, 0)
	case "tomorrow":
		return days(1, 2)
	case "this-week":
		return days(-sinceMonday, 7-sinceMonday)
	case "last-week":
		return days(-sinceMonday-7, -sinceMonday)
	case "next-week":
		return days(7-sinceMonday, 14-sinceMonday)
	case "this-month":
		return months(m, m+1)
	case "last-month":
		return months(m-1, m)
	case "next-month":
		return months(m+1, m+2)
	case "this-year":
		return months(1, 13)
	case "last-year":
		return months(1-12, 1)
	case "next-year":
		return months(13, 25)
	}
	return stretch{}, false
}

// timeWords are the words that named knows, for completion.
func timeWords() []string {
	return []string{
		"now", "today", "yesterday", "tomorrow", "this-week", "last-week", "next-week",
		"this-month", "last-month", "next-month", "this-year", "last-year", "next-year",
	}
}

// absolute reads a year, a month, a date, or a date with a time that may name
// its zone. What is left out makes the stretch longer.
func (b *binder) absolute(text string) (stretch, bool) {
	loc := b.env.Location
	// Dates are read in UTC: midnight may be missing in the reader's zone.
	for _, date := range []struct {
		layout              string
		years, months, days int
	}{{"2006-01-02", 0, 0, 1}, {"2006-01", 0, 1, 0}, {"2006", 1, 0, 0}} {
		if t, err := time.Parse(date.layout, text); err == nil {
			y, m, d := t.Date()
			return stretch{
				from: startOfDay(y, m, d, loc),
				to:   startOfDay(y+date.years, m+time.Month(date.months), d+date.days, loc),
			}, true
		}
	}
	clock := strings.ToUpper(strings.Replace(text, " ", "t", 1))
	for _, zone := range []string{"", "Z07:00"} {
		if t, err := time.ParseInLocation("2006-01-02T15:04"+zone, clock, loc); err == nil {
			return stretch{from: t, to: t.Add(time.Minute)}, true
		}
		if t, err := time.ParseInLocation("2006-01-02T15:04:05"+zone, clock, loc); err == nil {
			if strings.Contains(clock, ".") {
				return stretch{from: t, to: t}, true
			}
			return stretch{from: t, to: t.Add(time.Second)}, true
		}
	}
	return stretch{}, false
}

// startOfDay gives the first instant of a day. It is not always midnight: where
// clocks are put forward at midnight the day starts at 1:00, and where they are
// put back after it, midnight comes twice.
func startOfDay(y int, m time.Month, d int, loc *time.Location) time.Time {
	noon := time.Date(y, m, d, 12, 0, 0, 0, loc)
	changed, _ := noon.ZoneBounds()
	midnight := atMidnight(noon, noon)
	if changed.IsZero() {
		return midnight
	}
	before := changed.Add(-time.Nanosecond)
	if before.YearDay() == noon.YearDay() && before.Year() == noon.Year() {
		return atMidnight(noon, before)
	}
	if midnight.Before(changed) {
		return changed
	}
	return midnight
}

// atMidnight gives the midnight before noon by the clocks of another instant.
func atMidnight(noon, clocks time.Time) time.Time {
	y, m, d := noon.Date()
	_, offset := clocks.Zone()
	return time.Date(y, m, d, 0, 0, -offset, 0, time.UTC).In(noon.Location())
}

// duration keeps calendar units apart: a day is not always 24 hours.
type duration struct {
	months, days int
	exact        time.Duration
}

func (d duration) negative() duration { return duration{-d.months, -d.days, -d.exact} }

// after moves an instant; the day of the month gives way if the month is
// shorter, so that one month before 31 March is the end of February.
func (d duration) after(t time.Time) time.Time {
	if d.months == 0 && d.days == 0 {
		return t.Add(d.exact)
	}
	year, month, day := t.Date()
	last := time.Date(year, month+time.Month(d.months)+1, 0, 0, 0, 0, 0, time.UTC).Day()
	hour, minute, second := t.Clock()
	return time.Date(year, month+time.Month(d.months), min(day, last)+d.days,
		hour, minute, second, t.Nanosecond(), t.Location()).Add(d.exact)
}

// parseDuration reads 30m, 4h, 7d, 2w, 6mo, 1y and sums such as 1d12h, with a
// minus for the other direction.
func parseDuration(text string) (duration, bool) {
	const maxDigits = 5 // keeps every sum far from overflow
	rest, negative := strings.CutPrefix(text, "-")
	var d duration
	if rest == "" || len(rest) > 40 {
		return d, false
	}
	for rest != "" {
		digits := len(rest) - len(strings.TrimLeft(rest, "0123456789"))
		if digits == 0 || digits > maxDigits {
			return d, false
		}
		n, err := strconv.Atoi(rest[:digits])
		if err != nil {
			return d, false
		}
		rest = rest[digits:]
		unit := len(rest) - len(strings.TrimLeft(rest, "abcdefghijklmnopqrstuvwxyz"))
		switch rest[:unit] {
		case "s":
			d.exact += time.Duration(n) * time.Second
		case "m", "min":
			d.exact += time.Duration(n) * time.Minute
		case "h":
			d.exact += time.Duration(n) * time.Hour
		case "d":
			d.days += n
		case "w":
			d.days += 7 * n
		case "mo":
			d.months += n
		case "y":
			d.months += 12 * n
		default:
			return d, false
		}
		rest = rest[unit:]
	}
	if negative {
		d = d.negative()
	}
	return d, true
}
