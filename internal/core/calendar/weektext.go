package calendar

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
)

// dayWords are what people call weekdays; beginnings of three letters or more of
// the full names are understood, too.
var dayWords = map[string]time.Weekday{
	"mo": time.Monday, "tu": time.Tuesday, "we": time.Wednesday, "th": time.Thursday, "fr": time.Friday, "sa": time.Saturday, "su": time.Sunday,
	"di": time.Tuesday, "mi": time.Wednesday, "do": time.Thursday, "so": time.Sunday,
}

var dayNames = map[string]time.Weekday{
	"monday": time.Monday, "tuesday": time.Tuesday, "wednesday": time.Wednesday, "thursday": time.Thursday, "friday": time.Friday,
	"saturday": time.Saturday, "sunday": time.Sunday,
	"montag": time.Monday, "dienstag": time.Tuesday, "mittwoch": time.Wednesday, "donnerstag": time.Thursday, "freitag": time.Friday,
	"samstag": time.Saturday, "sonnabend": time.Saturday, "sonntag": time.Sunday,
}

// dayGroups are words for several days.
var dayGroups = map[string][]time.Weekday{
	"daily": Weekdays(), "täglich": Weekdays(), "everyday": Weekdays(),
	"weekdays": Weekdays()[:5], "werktags": Weekdays()[:5],
	"weekend": Weekdays()[5:], "weekends": Weekdays()[5:], "wochenende": Weekdays()[5:],
}

// maxWeekText bounds what is read as the hours of a week.
const maxWeekText = 2000

// maxSpans bounds the intervals of one day.
const maxSpans = 24

// ParseWeek reads hours as people write them: "Mon-Fri 9-12, 13-17; Sat 10-14",
// "Mo-Fr 9-17 Uhr", "daily 22:00-06:00" or "24x7". A day that is named twice has
// the hours of both places; days that are not named are closed.
func ParseWeek(s string) (Week, error) {
	var w Week
	if len(s) > maxWeekText {
		return w, fmt.Errorf("use at most %d characters", maxWeekText)
	}
	words, err := weekTokens(s)
	if err != nil {
		return w, err
	}
	var days []time.Weekday
	open := true // more days may be named before their hours come
	for _, word := range words {
		if slices.Contains([]string{"24x7", "24/7", "7x24"}, word) {
			if len(words) > 1 {
				return Week{}, fmt.Errorf("%q stands alone", word)
			}
			return Always(), nil
		}
		if named, ok := parseDays(word); ok {
			if !open {
				days, open = nil, true
			}
			days = append(days, named...)
			continue
		}
		if len(days) == 0 {
			return Week{}, fmt.Errorf("name the days before %q, as in Mon-Fri 9-17", word)
		}
		open = false
		if word == "closed" || word == "geschlossen" {
			continue
		}
		span, err := ParseSpan(word)
		if err != nil {
			return Week{}, err
		}
		for _, day := range days {
			w[day] = append(w[day], span)
		}
	}
	if open && len(days) > 0 {
		return Week{}, fmt.Errorf("hours are missing after the last day; write \"closed\" if there are none")
	}
	w = w.tidy()
	for _, spans := range w {
		if len(spans) > maxSpans {
			return Week{}, fmt.Errorf("use at most %d intervals a day", maxSpans)
		}
	}
	return w, nil
}

// weekTokens splits hours into days, ranges of days, and intervals, with what
// belongs together joined: "9 - 17 Uhr" is "9-17uhr".
func weekTokens(s string) ([]string, error) {
	s = dashes.Replace(strings.ToLower(s))
	s = strings.NewReplacer(" to ", "-", " bis ", "-", " until ", "-", " und ", ",", " and ", ",", "×", "x").Replace(s)
	raw := strings.FieldsFunc(s, func(c rune) bool { return unicode.IsSpace(c) || c == ',' || c == ';' || c == '&' })
	var out []string
	join := false // the dash before waits for what follows it
	for _, word := range raw {
		dash, unit := strings.HasPrefix(word, "-"), word == "uhr" || word == "am" || word == "pm" || word == "h" || strings.HasPrefix(word, "am-") || strings.HasPrefix(word, "pm-") || strings.HasPrefix(word, "uhr-")
		if (join || dash || unit) && len(out) > 0 {
			out[len(out)-1] += word
		} else {
			out = append(out, word)
		}
		join = strings.HasSuffix(word, "-")
	}
	for i, word := range out {
		if word = strings.TrimSuffix(word, ":"); word == "" {
			return nil, fmt.Errorf("%q is not understood", out[i])
		}
		out[i] = word
	}
	return out, nil
}

// parseDays reads a weekday, a range of them or a word for several.
func parseDays(word string) ([]time.Weekday, bool) {
	if group, ok := dayGroups[word]; ok {
		return group, true
	}
	first, last, ranged := strings.Cut(word, "-")
	from, ok := parseDay(first)
	if !ok {
		return nil, false
	}
	if !ranged {
		return []time.Weekday{from}, true
	}
	to, ok := parseDay(last)
	if !ok {
		return nil, false
	}
	days := []time.Weekday{from}
	for from != to {
		from = (from + 1) % 7
		days = append(days, from)
	}
	return days, true
}

func parseDay(word string) (time.Weekday, bool) {
	word = strings.TrimSuffix(strings.TrimSuffix(word, "."), ":")
	if day, ok := dayWords[word]; ok {
		return day, true
	}
	if len(word) < 3 {
		return 0, false
	}
	var found time.Weekday
	matches := map[time.Weekday]bool{}
	for name, day := range dayNames {
		if strings.HasPrefix(name, word) || word == name+"s" {
			found, matches[day] = day, true
		}
	}
	return found, len(matches) == 1 // "sonn" may be Samstag or Sonntag
}

// EnglishDays are the short names of the weekdays, indexed by time.Weekday.
func EnglishDays() [7]string { return [7]string{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"} }

// String writes the week as ParseWeek reads it: "Mon-Fri 09:00-12:00, 13:00-17:00".
func (w Week) String() string { return w.Format(EnglishDays(), "closed") }

// Format writes the week with the given short names of the weekdays, and a word
// for one that is never open.
func (w Week) Format(days [7]string, closed string) string {
	w = w.tidy()
	if slices.EqualFunc(w[:], allWeek[:], slices.Equal) {
		return "24x7"
	}
	order := Weekdays()
	var parts []string
	for i := 0; i < len(order); {
		spans, j := w[order[i]], i+1
		for j < len(order) && slices.Equal(w[order[j]], spans) {
			j++
		}
		if len(spans) > 0 {
			name := days[order[i]]
			if j-i > 1 {
				name += "-" + days[order[j-1]]
			}
			texts := make([]string, 0, len(spans))
			for _, s := range spans {
				texts = append(texts, s.String())
			}
			parts = append(parts, name+" "+strings.Join(texts, ", "))
		}
		i = j
	}
	if len(parts) == 0 {
		return closed
	}
	return strings.Join(parts, "; ")
}

var allWeek = Always()
