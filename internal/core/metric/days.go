package metric

import "time"

// dayOf gives the day of an instant in a zone, counted from 1970.
func dayOf(at time.Time, zone *time.Location) int64 {
	y, m, d := at.In(zone).Date()
	return time.Date(y, m, d, 0, 0, 0, 0, time.UTC).Unix() / 86400
}

// startOf gives the instant a day begins in a zone. Where midnight is skipped it
// is the first instant of the day.
func startOf(day int64, zone *time.Location) time.Time {
	y, m, d := time.Unix(day*86400, 0).UTC().Date()
	t := time.Date(y, m, d, 0, 0, 0, 0, zone)
	for dayOf(t, zone) < day { // the clock jumped over midnight and Go went back
		t = t.Add(time.Hour)
	}
	return t
}

func date(day int64) time.Time { return time.Unix(day*86400, 0).UTC() }

func dayNumber(t time.Time) int64 { return t.Unix() / 86400 }

// floor gives the first day of the period that holds a day.
func (p Period) floor(day int64) int64 {
	t := date(day)
	switch p {
	case Week:
		return day - (int64(t.Weekday())+6)%7
	case Month:
		return dayNumber(time.Date(t.Year(), t.Month(), 1, 0, 0, 0, 0, time.UTC))
	case Quarter:
		return dayNumber(time.Date(t.Year(), (t.Month()-1)/3*3+1, 1, 0, 0, 0, 0, time.UTC))
	default:
		return day
	}
}

// next gives the first day after the period that begins on a day.
func (p Period) next(first int64) int64 {
	switch p {
	case Week:
		return first + 7
	case Month:
		return dayNumber(date(first).AddDate(0, 1, 0))
	case Quarter:
		return dayNumber(date(first).AddDate(0, 3, 0))
	default:
		return first + 1
	}
}

// stretchOfDays is from a day up to and excluding another.
type stretchOfDays struct{ from, to int64 }

// steps divides days into periods; Whole makes one of them all.
func (p Period) steps(days stretchOfDays) []stretchOfDays {
	if p == Whole {
		return []stretchOfDays{days}
	}
	var out []stretchOfDays
	for first := p.floor(days.from); first < days.to; first = p.next(first) {
		out = append(out, stretchOfDays{max(first, days.from), min(p.next(first), days.to)})
	}
	return out
}

// The spans of roll-ups.
const (
	spanDay   = 1
	spanMonth = 2
)

// sums is a run of roll-ups of one span.
type sums struct {
	span int
	stretchOfDays
}

// cover gives the roll-ups that add up to some days: whole months as such when
// the steps of a series do not cut through them.
func (p Period) cover(days stretchOfDays) []sums {
	if p == Day || p == Week {
		return []sums{{spanDay, days}}
	}
	first, last := Month.floor(days.from), Month.floor(days.to)
	if first < days.from {
		first = Month.next(first)
	}
	if first >= last {
		return []sums{{spanDay, days}}
	}
	var out []sums
	for _, s := range []sums{{spanDay, stretchOfDays{days.from, first}}, {spanMonth, stretchOfDays{first, last}}, {spanDay, stretchOfDays{last, days.to}}} {
		if s.from < s.to {
			out = append(out, s)
		}
	}
	return out
}
