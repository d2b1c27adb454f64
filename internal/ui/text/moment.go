package text

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"golang.org/x/text/language"
	"golang.org/x/text/number"
)

// Number formats a count with the language's grouping: "12,345".
func Number(ctx context.Context, n int64) string {
	c := catalogueFor(From(ctx).Language)
	return c.printer.Sprint(number.Decimal(n))
}

// Decimal formats a number with a fixed count of fraction digits.
func Decimal(ctx context.Context, f float64, digits int) string {
	c := catalogueFor(From(ctx).Language)
	return c.printer.Sprint(number.Decimal(f, number.Scale(digits)))
}

// Percent formats a share of one (0.953) as "95.3%", without a fraction that is zero.
func Percent(ctx context.Context, share float64) string {
	c := catalogueFor(From(ctx).Language)
	return c.printer.Sprint(number.Percent(share, number.MaxFractionDigits(1)))
}

// FileSize formats a count of bytes: "812 B", "1.4 MB" (powers of 1000).
func FileSize(ctx context.Context, bytes int64) string {
	const kilo = 1000
	if bytes < kilo {
		return T(ctx, "%d B", bytes)
	}
	value, unit := float64(bytes)/kilo, 0
	units := [...]string{Key("%s kB"), Key("%s MB"), Key("%s GB"), Key("%s TB")}
	for value >= kilo && unit < len(units)-1 {
		value /= kilo
		unit++
	}
	digits := 1
	if value >= 100 {
		digits = 0
	}
	return T(ctx, units[unit], Decimal(ctx, value, digits))
}

var (
	months = [...]string{
		Key("Jan"), Key("Feb"), Key("Mar"), Key("Apr"), Key("May"), Key("Jun"),
		Key("Jul"), Key("Aug"), Key("Sep"), Key("Oct"), Key("Nov"), Key("Dec"),
	}
	weekdays = [...]string{
		Key("Sunday"), Key("Monday"), Key("Tuesday"), Key("Wednesday"), Key("Thursday"), Key("Friday"), Key("Saturday"),
	}
)

// layout writes an instant by a translated layout such as "{day} {mon} {year}".
func layout(ctx context.Context, pattern string, t time.Time) string {
	t = t.In(From(ctx).Location)
	zone, _ := t.Zone()
	return strings.NewReplacer(
		"{weekday}", T(ctx, weekdays[t.Weekday()]),
		"{day}", strconv.Itoa(t.Day()),
		"{mon}", T(ctx, months[t.Month()-1]),
		"{year}", strconv.Itoa(t.Year()),
		"{time}", clockTime(ctx, t),
		"{zone}", zone,
	).Replace(T(ctx, pattern))
}

// clockTime follows the region: American English tells time by twelve hours.
func clockTime(ctx context.Context, t time.Time) string {
	if region, confidence := From(ctx).Language.Region(); confidence == language.Exact && region.String() == "US" {
		return t.Format("3:04 PM")
	}
	return t.Format("15:04")
}

// Date is a day in the reader's zone: "21 Nov 2026".
func Date(ctx context.Context, t time.Time) string {
	return layout(ctx, Key("{day} {mon} {year}"), t)
}

// Clock is a time of day in the reader's zone: "14:05".
func Clock(ctx context.Context, t time.Time) string {
	return clockTime(ctx, t.In(From(ctx).Location))
}

// Month writes a month: "Nov 2026". Any instant within it will do that is in the same
// month everywhere, such as noon of the fifteenth.
func Month(ctx context.Context, t time.Time) string { return layout(ctx, Key("{mon} {year}"), t) }

// DateTime is a day and a time in the reader's zone: "21 Nov 2026, 14:05".
func DateTime(ctx context.Context, t time.Time) string {
	return layout(ctx, Key("{day} {mon} {year}, {time}"), t)
}

// Instant names one instant beyond doubt: "Saturday 21 Nov 2026, 14:05 CET".
func Instant(ctx context.Context, t time.Time) string {
	return layout(ctx, Key("{weekday} {day} {mon} {year}, {time} {zone}"), t)
}

// Duration says a length of time in its two largest useful units: "2 h 10 min",
// "3 d 4 h", "45 s". Negative lengths are said as positive ones.
func Duration(ctx context.Context, d time.Duration) string {
	if d < 0 {
		d = -d
	}
	const day = 24 * time.Hour
	switch {
	case d < time.Minute:
		return T(ctx, "%s s", strconv.Itoa(int(d/time.Second)))
	case d < time.Hour:
		return T(ctx, "%s min", strconv.Itoa(int(d/time.Minute)))
	case d < day:
		return two(ctx, int(d/time.Hour), Key("%s h"), int(d%time.Hour/time.Minute), Key("%s min"))
	default:
		return two(ctx, int(d/day), Key("%s d"), int(d%day/time.Hour), Key("%s h"))
	}
}

func two(ctx context.Context, a int, unitA string, b int, unitB string) string {
	s := T(ctx, unitA, Number(ctx, int64(a)))
	if b == 0 {
		return s
	}
	return s + " " + T(ctx, unitB, Number(ctx, int64(b)))
}

// farAway is where a distance says less than a date.
const farAway = 30 * 24 * time.Hour

// Relative says when t is, seen from the reader's now: "in 2 h 10 min",
// "3 min ago", "just now". Beyond thirty days, and when the reader has no now,
// it is the date.
func Relative(ctx context.Context, t time.Time) string {
	now := From(ctx).Now
	if now.IsZero() {
		return DateTime(ctx, t)
	}
	d := t.Sub(now)
	switch {
	case d.Abs() >= farAway:
		return Date(ctx, t)
	case d.Abs() < 45*time.Second:
		return T(ctx, "just now")
	case d > 0:
		return T(ctx, "in %s", Duration(ctx, d))
	default:
		return T(ctx, "%s ago", Duration(ctx, d))
	}
}

// Due says when a promise at t has to be kept, seen from the reader's now:
// "in 2 h 10 min", "12 min overdue". Far away, and without a now, it is the date.
func Due(ctx context.Context, t time.Time) string {
	late := From(ctx).Now.Sub(t)
	if From(ctx).Now.IsZero() || late < time.Minute || late >= farAway {
		return Relative(ctx, t)
	}
	return T(ctx, "%s overdue", Duration(ctx, late))
}

// Machine is the form of an instant that <time datetime> and scripts read.
func Machine(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// Money formats an amount given in the currency's minor unit (cents):
// Money(ctx, 123450, "EUR") is "EUR 1,234.50". The code is shown, not a
// symbol: a dollar sign does not say whose dollar.
func Money(ctx context.Context, minor int64, currency string) string {
	digits := currencyDigits(currency)
	value := float64(minor)
	for range digits {
		value /= 10
	}
	return fmt.Sprintf("%s %s", currency, Decimal(ctx, value, digits))
}

// Day is a day of a year that is known, for axes: "21 Nov".
func Day(ctx context.Context, t time.Time) string { return layout(ctx, Key("{day} {mon}"), t) }
