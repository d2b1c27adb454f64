package calendar

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/steward-itsm/steward/internal/core/calendar/date"
)

// Date is a day of the calendar, without a zone.
type Date = date.Date

const (
	minutesADay = 24 * 60
	// wholeDay writes the span from midnight to midnight.
	wholeDay = "00:00-24:00"
)

// Span is an interval of clock time on a date, in minutes after its midnight as
// the clocks show them. To is greater than From; beyond 1440 it lies on the next
// date. It is less than a day long, or from midnight to midnight.
type Span struct{ From, To int }

// AllDay is the span from midnight to midnight.
var AllDay = Span{0, minutesADay}

// Valid reports whether it is a span as described.
func (s Span) Valid() bool {
	return s.From >= 0 && s.From < minutesADay && s.To > s.From && (s.To-s.From < minutesADay || s == AllDay)
}

// String writes "09:00-17:00", or "22:00-06:00" for one that passes midnight.
func (s Span) String() string {
	to := s.To
	if to > minutesADay {
		to -= minutesADay
	}
	return ClockTime(s.From) + "-" + ClockTime(to)
}

// ClockTime writes minutes after midnight as "09:05"; 1440 is "24:00".
func ClockTime(minutes int) string { return fmt.Sprintf("%02d:%02d", minutes/60, minutes%60) }

// MarshalText writes it as String does.
func (s Span) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads what ParseSpan reads.
func (s *Span) UnmarshalText(b []byte) error {
	read, err := ParseSpan(string(b))
	if err == nil {
		*s = read
	}
	return err
}

// ParseSpan reads "9-17", "09:00–17:30", "9am-5pm" or "22:00-06:00".
func ParseSpan(s string) (Span, error) {
	from, to, ok := strings.Cut(dashes.Replace(strings.TrimSpace(s)), "-")
	if !ok {
		return Span{}, fmt.Errorf("%q is no interval such as 09:00-17:00", s)
	}
	a, err := ParseClock(from)
	if err != nil {
		return Span{}, err
	}
	b, err := ParseClock(to)
	if err != nil {
		return Span{}, err
	}
	switch {
	case a == b:
		return Span{}, fmt.Errorf("%q ends when it begins; a whole day is %s", s, wholeDay)
	case a == minutesADay:
		a = 0
		if b == 0 {
			return Span{}, fmt.Errorf("%q ends when it begins; a whole day is %s", s, wholeDay)
		}
	}
	if b <= a {
		b += minutesADay
	}
	out := Span{a, b}
	if !out.Valid() {
		return Span{}, fmt.Errorf("%q is no interval such as 09:00-17:00", s)
	}
	return out, nil
}

// dashes are what people write between two times or two days.
var dashes = strings.NewReplacer("–", "-", "—", "-", "−", "-", "‐", "-", "‑", "-")

// ParseClock reads a time of day, "9", "9:30", "0930", "9.30", "9am" or "24:00",
// as minutes after midnight.
func ParseClock(s string) (int, error) {
	wrong := fmt.Errorf("%q is no time such as 9:30 or 17", s)
	text := strings.ToLower(strings.TrimSpace(s))
	text = strings.TrimSpace(strings.TrimSuffix(strings.TrimSuffix(text, "uhr"), "h"))
	half := 0
	for i, suffix := range []string{"am", "pm"} {
		if rest, ok := strings.CutSuffix(text, suffix); ok {
			text, half = strings.TrimSpace(rest), i+1
		}
	}
	hours, minutes, split := text, "0", false
	if i := strings.IndexAny(text, ":.h"); i >= 0 {
		hours, minutes, split = text[:i], text[i+1:], true
	} else if len(text) == 4 {
		hours, minutes = text[:2], text[2:]
	}
	h, m := digits(hours), digits(minutes)
	if h < 0 || m < 0 || len(hours) > 2 || split && len(minutes) != 2 {
		return 0, wrong
	}
	if half > 0 {
		if h < 1 || h > 12 {
			return 0, wrong
		}
		h = h%12 + 12*(half-1)
	}
	if m > 59 || h > 24 || h == 24 && m > 0 {
		return 0, wrong
	}
	return h*60 + m, nil
}

// digits reads a number without a sign; -1 for anything else.
func digits(s string) int {
	for _, c := range s {
		if c < '0' || c > '9' {
			return -1
		}
	}
	n, err := strconv.Atoi(s)
	if err != nil {
		return -1
	}
	return n
}

// Week holds the hours of each weekday, indexed by time.Weekday.
type Week [7][]Span

// Weekdays lists the days of a week from Monday on.
func Weekdays() []time.Weekday {
	return []time.Weekday{time.Monday, time.Tuesday, time.Wednesday, time.Thursday, time.Friday, time.Saturday, time.Sunday}
}

// weekKeys name the weekdays in documents.
var weekKeys = [7]string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}

// Always is open at every hour of every day.
func Always() Week {
	var w Week
	for day := range w {
		w[day] = []Span{AllDay}
	}
	return w
}

// OfficeHours is Monday to Friday, 9 to 17.
func OfficeHours() Week {
	var w Week
	for day := time.Monday; day <= time.Friday; day++ {
		w[day] = []Span{{9 * 60, 17 * 60}}
	}
	return w
}

// Minutes counts the minutes of clock time that a week is open, what overlaps once.
func (w Week) Minutes() int {
	var all []Span
	for day, spans := range w {
		for _, s := range spans {
			from, to := day*minutesADay+s.From, day*minutesADay+s.To
			all = append(all, Span{from, min(to, 7*minutesADay)})
			if to > 7*minutesADay { // Saturday's night goes on into Sunday
				all = append(all, Span{0, to - 7*minutesADay})
			}
		}
	}
	sum := 0
	for _, s := range joinSpans(all) {
		sum += s.To - s.From
	}
	return sum
}

// Empty reports whether it is never open.
func (w Week) Empty() bool {
	return !slices.ContainsFunc(w[:], func(spans []Span) bool { return len(spans) > 0 })
}

// tidy gives the week with its spans in order, and those that overlap or touch joined.
func (w Week) tidy() Week {
	var out Week
	for day, spans := range w {
		out[day] = tidySpans(spans)
	}
	return out
}

// tidySpans joins spans of one date, unless the joint one would be none: 22:00-06:00
// and 06:00-22:00 stay two.
func tidySpans(spans []Span) []Span {
	joined := joinSpans(spans)
	for _, s := range joined {
		if !s.Valid() {
			out := slices.Clone(spans)
			slices.SortFunc(out, compareSpans)
			return slices.Compact(out)
		}
	}
	return joined
}

func compareSpans(a, b Span) int { return cmp.Or(cmp.Compare(a.From, b.From), cmp.Compare(a.To, b.To)) }

func joinSpans(spans []Span) []Span {
	if len(spans) == 0 {
		return nil
	}
	sorted := slices.Clone(spans)
	slices.SortFunc(sorted, compareSpans)
	out := sorted[:1]
	for _, s := range sorted[1:] {
		if last := &out[len(out)-1]; s.From <= last.To {
			last.To = max(last.To, s.To)
		} else {
			out = append(out, s)
		}
	}
	return out
}

// MarshalJSON writes {"mon": ["09:00-17:00"], …}; closed days are left out.
func (w Week) MarshalJSON() ([]byte, error) {
	out := map[string][]Span{}
	for day, spans := range w {
		if len(spans) > 0 {
			out[weekKeys[day]] = spans
		}
	}
	return json.Marshal(out)
}

// UnmarshalJSON reads what MarshalJSON writes.
func (w *Week) UnmarshalJSON(b []byte) error {
	in := map[string][]Span{}
	if err := json.Unmarshal(b, &in); err != nil {
		return err
	}
	var out Week
	for key, spans := range in {
		day := slices.Index(weekKeys[:], strings.ToLower(key))
		if day < 0 {
			return fmt.Errorf("%q is no weekday: use mon, tue, wed, thu, fri, sat, sun", key)
		}
		out[day] = spans
	}
	*w = out
	return nil
}
