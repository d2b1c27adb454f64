package escalation

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/steward-itsm/steward/internal/core/calendar"
	"github.com/steward-itsm/steward/internal/platform/apperr"
)

var spanPart = regexp.MustCompile(`^(\d{1,6}(?:[.,]\d{1,3})?)\s*(hours|hour|hrs|hr|h|stunden|stunde|std|minutes|minute|mins|min|m|minuten)\.?,?\s*`)

// parseSpan reads a length of time as people type it, "2h" or "1 h 30 min"; nothing
// is 0. Days are not taken: of business time they would be two things.
func parseSpan(typed string) (time.Duration, error) {
	rest := strings.ToLower(strings.Join(strings.Fields(strings.ReplaceAll(typed, "\u202f", " ")), " "))
	if rest == "" || rest == "0" {
		return 0, nil
	}
	var out time.Duration
	for rest != "" {
		m := spanPart.FindStringSubmatch(rest)
		if m == nil {
			return 0, apperr.InvalidField("span", "Give a length of time such as 30m or 2h.")
		}
		n, err := strconv.ParseFloat(strings.ReplaceAll(m[1], ",", "."), 64)
		if err != nil {
			return 0, apperr.InvalidField("span", "Give a length of time such as 30m or 2h.")
		}
		unit := time.Hour
		if m[2][0] == 'm' {
			unit = time.Minute
		}
		out += time.Duration(math.Round(n*unit.Seconds())) * time.Second
		rest = strings.TrimSpace(rest[len(m[0]):])
	}
	return out, nil
}

// spanText writes a length of time in the form that parseSpan reads.
func spanText(d time.Duration) string {
	h, m := int64(d/time.Hour), int64(d%time.Hour/time.Minute)
	switch {
	case h == 0:
		return fmt.Sprintf("%dm", m)
	case m == 0:
		return fmt.Sprintf("%dh", h)
	}
	return fmt.Sprintf("%dh %dm", h, m)
}

func clockText(minutes int) string { return fmt.Sprintf("%02d:%02d", minutes/60, minutes%60) }

// parseQuiet reads quiet hours; two empty times are none.
func parseQuiet(from, to string, weekend bool) (Quiet, error) {
	q := Quiet{Weekend: weekend}
	if strings.TrimSpace(from) == "" && strings.TrimSpace(to) == "" {
		return q, nil
	}
	var err error
	if q.From, err = calendar.ParseClock(from); err != nil {
		return q, apperr.InvalidField("quiet_from", "Give a time of day, such as 20:00.")
	}
	if q.To, err = calendar.ParseClock(to); err != nil {
		return q, apperr.InvalidField("quiet_to", "Give a time of day, such as 07:00.")
	}
	if q.From == q.To {
		return q, apperr.InvalidField("quiet_to", "Quiet hours cannot begin and end at the same time.")
	}
	return q, nil
}
