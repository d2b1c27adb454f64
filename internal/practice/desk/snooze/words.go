package snooze

import (
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/steward-itsm/steward/internal/platform/apperr"
)

// The hours that words mean when they name none.
const (
	morning   = 9
	afternoon = 13
	evening   = 18
)

// MaxAhead bounds how long a ticket is set aside.
const MaxAhead = 366 * 24 * time.Hour

// ParseWhen reads an instant to come as people type it, in the zone of now:
// "tomorrow 9", "monday", "fri 14:30", "in 3 h", "next week", "17:00", "2 dec",
// "2026-12-02 10:00". What names a day and no time means nine in the morning of
// it. InvalidField "until" tells what can be written, or what is wrong with the
// instant: it is over, or more than a year away.
func ParseWhen(typed string, now time.Time) (time.Time, error) {
	if at, err := time.Parse(time.RFC3339, strings.ToUpper(strings.TrimSpace(typed))); err == nil {
		return at.In(now.Location()), checkAhead(at, now)
	}
	words := split(typed)
	if len(words) == 0 {
		return time.Time{}, apperr.InvalidField("until", "Say until when: tomorrow 9, monday, in 3 h, or a date.")
	}
	r := reader{now: now, words: words}
	at, ok := r.read()
	if !ok {
		return time.Time{}, apperr.InvalidField("until", "“%s” is no time that can be understood. Write tomorrow 9, monday, in 3 h, 2 dec 10:00, or a date such as %s.",
			shorten(typed), now.AddDate(0, 0, 7).Format(time.DateOnly))
	}
	return at, checkAhead(at, now)
}

// checkAhead is the rule on how far away a return may be.
func checkAhead(at, now time.Time) error {
	switch {
	case !at.After(now):
		return apperr.InvalidField("until", "That is over already.")
	case at.Sub(now) > MaxAhead:
		return apperr.InvalidField("until", "A ticket can be set aside for a year at most.")
	}
	return nil
}

const maxTyped = 80

// split makes lower-case words of what was typed; a digit that touches a letter
// begins a word of its own, so that "3h" is "3 h".
func split(typed string) []string {
	if len(typed) > maxTyped {
		return []string{"?"}
	}
	var b strings.Builder
	var last rune
	for _, r := range strings.ToLower(typed) {
		if unicode.IsDigit(last) && unicode.IsLetter(r) && r != 't' || unicode.IsLetter(last) && unicode.IsDigit(r) && last != 't' {
			b.WriteByte(' ')
		}
		if r == ',' {
			r = ' '
		}
		b.WriteRune(r)
		last = r
	}
	words := strings.Fields(b.String())
	for i := 1; i < len(words); i++ { // "1st" is 1
		if _, counted := number(words[i-1], 2); counted && slices.Contains([]string{"st", "nd", "rd", "th"}, words[i]) {
			words = slices.Delete(words, i, i+1)
		}
	}
	return words
}

// reader reads words one after another.
type reader struct {
	now   time.Time
	words []string
}

// take removes the first word if it is one of some.
func (r *reader) take(any ...string) bool {
	if len(r.words) == 0 {
		return false
	}
	for _, w := range any {
		if r.words[0] == w {
			r.words = r.words[1:]
			return true
		}
	}
	return false
}

func (r *reader) read() (time.Time, bool) {
	r.take("until")
	if at, ok := r.instant(); ok {
		return at, true
	}
	rest := r.words
	if at, ok := r.stretch(); ok {
		return at, len(r.words) == 0
	}
	r.words = rest
	y, m, d, fixed, ok := r.day()
	if !ok {
		r.words = rest
		return r.clockAlone()
	}
	r.take("at", "t")
	hour, minute := morning, 0
	timed := len(r.words) > 0
	if timed {
		if hour, minute, ok = r.clock(); !ok || len(r.words) > 0 {
			return time.Time{}, false
		}
	}
	at := onClock(y, m, d, hour, minute, r.now.Location())
	if !fixed && !at.After(r.now) { // a weekday that is today
		at = onClock(y, m, d+7, hour, minute, r.now.Location())
	}
	return at, true
}

// instant reads what browsers' inputs send.
func (r *reader) instant() (time.Time, bool) {
	if len(r.words) != 1 {
		return time.Time{}, false
	}
	text := strings.ToUpper(r.words[0])
	if at, err := time.Parse("2006-01-02T15:04", text); err == nil {
		return onClock(at.Year(), at.Month(), at.Day(), at.Hour(), at.Minute(), r.now.Location()), true
	}
	return time.Time{}, false
}

// stretch reads "in 3 h", "3 days", "in a week", "1 h 30 min".
func (r *reader) stretch() (time.Time, bool) {
	in := r.take("in")
	at, any := r.now, false
	for len(r.words) > 0 {
		n := 1
		if !r.take("a", "an", "one") {
			var ok bool
			if n, ok = number(r.words[0], 4); !ok {
				return at, false
			}
			r.words = r.words[1:]
		}
		y, m, d := at.Date()
		hour, minute, _ := at.Clock()
		switch {
		case r.take("m", "min", "mins", "minute", "minutes"):
			at = at.Add(time.Duration(n) * time.Minute)
		case r.take("h", "hr", "hrs", "hour", "hours"):
			at = at.Add(time.Duration(n) * time.Hour)
		case r.take("d", "day", "days"):
			at = onClock(y, m, d+n, hour, minute, at.Location())
		case r.take("w", "week", "weeks"):
			at = onClock(y, m, d+7*n, hour, minute, at.Location())
		case r.take("month", "months"):
			last := time.Date(y, m+time.Month(n)+1, 0, 0, 0, 0, 0, time.UTC).Day()
			at = onClock(y, m+time.Month(n), min(d, last), hour, minute, at.Location())
		default:
			return at, false
		}
		any = true
		r.take("and")
	}
	return at, any || in && any
}

// day reads a day: its name, a word, or a date. fixed says that it is this day and
// not the one a week later.
func (r *reader) day() (y int, m time.Month, d int, fixed, ok bool) {
	y, m, d = r.now.Date()
	weekday := int(r.now.Weekday())
	toMonday := (8 - weekday) % 7 // of the next week
	if toMonday == 0 {
		toMonday = 7
	}
	switch {
	case r.take("today"):
		return y, m, d, true, true
	case r.take("tomorrow", "tmrw", "tmr"):
		return y, m, d + 1, true, true
	case r.take("next"):
		if r.take("week") {
			return y, m, d + toMonday, true, true
		}
		if r.take("month") {
			return y, m + 1, 1, true, true
		}
		if day, named := r.weekday(); named {
			return y, m, d + toMonday + (day+6)%7, true, true
		}
		return y, m, d, false, false
	}
	r.take("on")
	if day, named := r.weekday(); named {
		ahead := (day - weekday + 7) % 7
		if ahead == 0 && len(r.words) == 0 {
			ahead = 7 // "monday", said on a Monday
		}
		return y, m, d + ahead, false, true
	}
	y, m, d, ok = r.date()
	return y, m, d, true, ok
}

func (r *reader) weekday() (int, bool) {
	if len(r.words) == 0 {
		return 0, false
	}
	for day := range 7 {
		name := strings.ToLower(time.Weekday(day).String())
		if w := r.words[0]; len(w) >= 2 && strings.HasPrefix(name, strings.TrimSuffix(w, ".")) && len(strings.TrimSuffix(w, ".")) >= 2 {
			r.words = r.words[1:]
			return day, true
		}
	}
	return 0, false
}

// date reads "2026-12-02", "2 dec", "dec 2", "2 dec 2026". Without a year it is
// the next such day.
func (r *reader) date() (y int, m time.Month, d int, ok bool) {
	if len(r.words) == 0 {
		return 0, 0, 0, false
	}
	if at, err := time.Parse(time.DateOnly, r.words[0]); err == nil {
		r.words = r.words[1:]
		return at.Year(), at.Month(), at.Day(), true
	}
	if len(r.words) < 2 {
		return 0, 0, 0, false
	}
	first, second := r.words[0], r.words[1]
	m, named := month(second)
	if !named {
		m, named = month(first)
		first = second
	}
	if d, ok = number(strings.TrimSuffix(first, "."), 2); !ok || !named {
		return 0, 0, 0, false
	}
	r.words = r.words[2:]
	y = r.now.Year()
	if len(r.words) > 0 {
		if n, isYear := number(r.words[0], 4); isYear && len(r.words[0]) == 4 {
			r.words = r.words[1:]
			return n, m, d, exists(n, m, d)
		}
	}
	if today := time.Date(y, r.now.Month(), r.now.Day(), 0, 0, 0, 0, time.UTC); time.Date(y, m, d, 0, 0, 0, 0, time.UTC).Before(today) {
		y++
	}
	return y, m, d, exists(y, m, d)
}

// exists reports whether a month has the day.
func exists(y int, m time.Month, d int) bool {
	return d >= 1 && d <= time.Date(y, m+1, 0, 0, 0, 0, 0, time.UTC).Day()
}

func month(word string) (time.Month, bool) {
	word = strings.TrimSuffix(word, ".")
	for m := time.January; m <= time.December; m++ {
		if len(word) >= 3 && strings.HasPrefix(strings.ToLower(m.String()), word) {
			return m, true
		}
	}
	return 0, false
}

// clockAlone reads a time without a day: its next occurrence.
func (r *reader) clockAlone() (time.Time, bool) {
	r.take("this")
	r.take("at")
	hour, minute, ok := r.clock()
	if !ok || len(r.words) > 0 {
		return time.Time{}, false
	}
	y, m, d := r.now.Date()
	at := onClock(y, m, d, hour, minute, r.now.Location())
	if !at.After(r.now) {
		at = onClock(y, m, d+1, hour, minute, r.now.Location())
	}
	return at, true
}

// clock reads a time of day: "9", "9:30", "5 pm", "noon", "morning".
func (r *reader) clock() (hour, minute int, ok bool) {
	switch {
	case r.take("morning"):
		return morning, 0, true
	case r.take("noon", "midday"):
		return 12, 0, true
	case r.take("afternoon"):
		return afternoon, 0, true
	case r.take("evening", "tonight"):
		return evening, 0, true
	case len(r.words) == 0:
		return 0, 0, false
	}
	hours, minutes, split := strings.Cut(r.words[0], ":")
	if hour, ok = number(hours, 2); !ok {
		return 0, 0, false
	}
	if split {
		if minute, ok = number(minutes, 2); !ok || len(minutes) != 2 {
			return 0, 0, false
		}
	}
	r.words = r.words[1:]
	switch {
	case r.take("am", "a.m."):
		if hour < 1 || hour > 12 {
			return 0, 0, false
		}
		hour %= 12
	case r.take("pm", "p.m."):
		if hour < 1 || hour > 12 {
			return 0, 0, false
		}
		hour = hour%12 + 12
	default:
		r.take("h", "o'clock", "uhr")
	}
	return hour, minute, hour < 24 && minute < 60
}

// number reads at most so many ASCII digits.
func number(s string, digits int) (int, bool) {
	if s == "" || len(s) > digits || strings.IndexFunc(s, func(r rune) bool { return r < '0' || r > '9' }) >= 0 {
		return 0, false
	}
	n, err := strconv.Atoi(s)
	return n, err == nil
}

// onClock gives the instant at which clocks in a zone show a time of a day. A time
// that comes twice, where clocks are put back, is the first of the two; one that
// is left out, where they are put forward, is the moment of the change.
func onClock(y int, m time.Month, d, hour, minute int, zone *time.Location) time.Time {
	shown := time.Date(y, m, d, hour, minute, 0, 0, time.UTC)
	_, before := shown.Add(-24 * time.Hour).In(zone).Zone()
	_, after := shown.Add(24 * time.Hour).In(zone).Zone()
	first := shown.Add(-time.Duration(max(before, after)) * time.Second).In(zone)
	second := shown.Add(-time.Duration(min(before, after)) * time.Second).In(zone)
	shows := func(at time.Time) bool { return at.Hour() == hour && at.Minute() == minute }
	switch {
	case shows(first):
		return first
	case shows(second):
		return second
	}
	changed, _ := second.ZoneBounds()
	return changed
}

// shorten keeps what was typed short enough to be repeated in a message.
func shorten(s string) string {
	runes := []rune(strings.Join(strings.Fields(s), " "))
	if len(runes) > 40 {
		return string(runes[:40]) + "…"
	}
	return string(runes)
}
