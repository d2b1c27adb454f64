// Package date keeps dates of the calendar: a year, a month and a day, without a
// time of day and without a zone. What happens on such a date in some place, and
// for how long it lasts there, is another room's question.
package date

import (
	"cmp"
	"fmt"
	"time"
)

// Date is a day of the proleptic Gregorian calendar. The zero Date is none.
type Date struct {
	Year  int
	Month time.Month
	Day   int
}

// Of gives a date; days beyond the month's end run into the next, as in time.Date.
func Of(year int, month time.Month, day int) Date {
	y, m, d := time.Date(year, month, day, 0, 0, 0, 0, time.UTC).Date()
	return Date{y, m, d}
}

// At gives the date of an instant in the instant's own zone.
func At(t time.Time) Date {
	y, m, d := t.Date()
	return Date{y, m, d}
}

const secondsADay = 24 * 60 * 60

// OfNumber gives the date that lies so many days after 1 January 1970.
func OfNumber(n int) Date {
	return At(time.Unix(int64(n)*secondsADay, 0).UTC())
}

// Number counts the days since 1 January 1970.
func (d Date) Number() int {
	return int(time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, time.UTC).Unix() / secondsADay)
}

// Parse reads "2026-12-24"; an error for days that do not exist.
func Parse(s string) (Date, error) {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		return Date{}, fmt.Errorf("%q is no date such as 2026-12-24", s)
	}
	return At(t), nil
}

// String writes "2026-12-24", and nothing for none.
func (d Date) String() string {
	if d.IsZero() {
		return ""
	}
	return fmt.Sprintf("%04d-%02d-%02d", d.Year, d.Month, d.Day)
}

// IsZero reports whether it is none.
func (d Date) IsZero() bool { return d == Date{} }

// Exists reports whether the calendar has this day, which 30 February is not.
func (d Date) Exists() bool { return !d.IsZero() && Of(d.Year, d.Month, d.Day) == d }

// Add gives the date so many days later.
func (d Date) Add(days int) Date { return Of(d.Year, d.Month, d.Day+days) }

// Weekday gives its day of the week.
func (d Date) Weekday() time.Weekday {
	return time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, time.UTC).Weekday()
}

// Compare orders dates; none comes first.
func (d Date) Compare(o Date) int {
	return cmp.Or(cmp.Compare(d.Year, o.Year), cmp.Compare(d.Month, o.Month), cmp.Compare(d.Day, o.Day))
}

// Before reports whether it comes before another.
func (d Date) Before(o Date) bool { return d.Compare(o) < 0 }

// MarshalText writes it as String does.
func (d Date) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads what Parse reads; nothing is none.
func (d *Date) UnmarshalText(b []byte) error {
	if len(b) == 0 {
		*d = Date{}
		return nil
	}
	read, err := Parse(string(b))
	if err == nil {
		*d = read
	}
	return err
}
