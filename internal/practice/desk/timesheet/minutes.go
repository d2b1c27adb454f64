package timesheet

import (
	"strconv"
	"strings"
	"unicode"

	"github.com/steward-itsm/steward/internal/platform/apperr"
)

// MaxMinutes bounds one entry: a day.
const MaxMinutes = 24 * 60

// ParseMinutes reads a length of time as people type it: "90" (minutes), "1:20",
// "1h 20", "1 h 20 min", "1.5 h", "1,5h", "45 min". It gives whole minutes, at
// least one and at most MaxMinutes; a fraction of a minute is rounded up, since
// something was done in it. InvalidField "minutes" tells what can be written.
func ParseMinutes(s string) (int, error) {
	text := strings.ToLower(strings.Join(strings.Fields(s), " "))
	if text == "" {
		return 0, apperr.InvalidField("minutes", "Say how long it took: 45, 1:20 or 1 h 20.")
	}
	minutes, ok := clockMinutes(text)
	if !ok {
		minutes, ok = unitMinutes(text)
	}
	switch {
	case !ok:
		return 0, apperr.InvalidField("minutes", "“%s” is no length of time. Write minutes such as 45, or 1:20, or 1 h 20.", shorten(s))
	case minutes <= 0:
		return 0, apperr.InvalidField("minutes", "An entry is at least one minute long.")
	case minutes > MaxMinutes:
		return 0, apperr.InvalidField("minutes", "An entry is at most 24 hours long. Make one for each day.")
	}
	return minutes, nil
}

// FormatMinutes writes minutes as ParseMinutes reads them: 80 is "1:20".
func FormatMinutes(n int) string {
	rest := strconv.Itoa(n % 60)
	if len(rest) < 2 {
		rest = "0" + rest
	}
	return strconv.Itoa(n/60) + ":" + rest
}

// clockMinutes reads "1:20".
func clockMinutes(text string) (int, bool) {
	hours, minutes, found := strings.Cut(text, ":")
	if !found || len(minutes) != 2 {
		return 0, false
	}
	if hours == "" {
		hours = "0"
	}
	h, ok := wholeNumber(hours)
	m, fine := wholeNumber(minutes)
	return h*60 + m, ok && fine && m < 60
}

// unitMinutes reads numbers with units. The last one may lack its unit: behind
// hours it counts minutes, and alone it does, too.
func unitMinutes(text string) (int, bool) {
	const none, hours, minutes = 0, 1, 2
	total, last := 0, none // total in 1/6000 of an hour: hundredths of a minute
	for text != "" {
		text = strings.TrimLeft(text, " ")
		end := strings.IndexFunc(text, func(r rune) bool { return !unicode.IsDigit(r) && r != '.' && r != ',' })
		if end < 0 {
			end = len(text)
		}
		n, ok := hundredths(text[:end])
		if !ok {
			return 0, false
		}
		text = strings.TrimLeft(text[end:], " ")
		end = strings.IndexFunc(text, func(r rune) bool { return !unicode.IsLetter(r) })
		if end < 0 {
			end = len(text)
		}
		unit := text[:end]
		text = strings.TrimLeft(strings.TrimPrefix(text[end:], "."), " ")
		switch {
		case isHours(unit) && last == none:
			total += 60 * n
			last = hours
		case (isMinutes(unit) || unit == "" && text == "") && last != minutes:
			total += n
			last = minutes
		default:
			return 0, false
		}
	}
	return (total + 99) / 100, last != none
}

func isHours(unit string) bool {
	switch unit {
	case "h", "hr", "hrs", "hour", "hours", "std", "stunde", "stunden":
		return true
	}
	return false
}

func isMinutes(unit string) bool {
	switch unit {
	case "m", "min", "mins", "minute", "minutes", "minuten":
		return true
	}
	return false
}

// hundredths reads "1.5" or "1,25" as 150 and 125.
func hundredths(s string) (int, bool) {
	whole, fraction, split := strings.Cut(strings.ReplaceAll(s, ",", "."), ".")
	n, ok := wholeNumber(whole)
	if !ok || split && (fraction == "" || len(fraction) > 2) {
		return 0, false
	}
	if len(fraction) == 1 {
		fraction += "0"
	}
	f := 0
	if split {
		if f, ok = wholeNumber(fraction); !ok {
			return 0, false
		}
	}
	return n*100 + f, true
}

// wholeNumber reads up to five digits: enough to tell what is too long.
func wholeNumber(s string) (int, bool) {
	if s == "" || len(s) > 5 || strings.IndexFunc(s, func(r rune) bool { return r < '0' || r > '9' }) >= 0 {
		return 0, false
	}
	n, err := strconv.Atoi(s)
	return n, err == nil
}

// shorten keeps what was typed short enough to be repeated in a message.
func shorten(s string) string {
	runes := []rune(strings.TrimSpace(s))
	if len(runes) > 40 {
		return string(runes[:40]) + "…"
	}
	return string(runes)
}
