package agreement

import (
	"context"
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/steward-itsm/steward/internal/core/calendar"
	"github.com/steward-itsm/steward/internal/core/clock"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/ui/text"
)

// Span is how long something may take: so much business time, or so many business
// days until a time of day.
type Span struct {
	Within time.Duration
	Days   int
	Until  int // minutes after midnight
}

var (
	businessDays = regexp.MustCompile(`^(\d{1,4})\s*(?:business days?|working days?|bd|arbeitstage?|werktage?)(?:\s*(?:,|until|till|by|bis)?\s*(\d{1,2}(?::\d{2})?)(?:\s*uhr)?)?$`)
	sameDay      = regexp.MustCompile(`^(?:same day|am selben tag|selber tag)\s*(?:,|until|till|by|bis)?\s*(\d{1,2}(?::\d{2})?)(?:\s*uhr)?$`)
	anyDays      = regexp.MustCompile(`\d\s*(?:d|days?|tage?n?|w|weeks?|wochen?)\b`)
	lengthPart   = regexp.MustCompile(`^(\d{1,6}(?:[.,]\d{1,3})?)\s*(hours|hour|hrs|hr|h|stunden|stunde|std|minutes|minute|mins|min|m|minuten)\.?,?\s*`)
)

// endOfDay is until when business days last if nothing else is said.
const endOfDay = 17 * 60

// ParseSpan reads what people type: "8h", "1h 30m", "1.5 h", "2 business days until
// 17:00", "same day until 17:00", and the same in German. Days that are not called
// business days are refused: to a clock one is 24 hours, to people one of work.
// InvalidField "within" says what can be written.
func ParseSpan(typed string) (Span, error) {
	s := strings.ToLower(strings.Join(strings.Fields(strings.ReplaceAll(typed, "\u202f", " ")), " "))
	if m := sameDay.FindStringSubmatch(s); m != nil {
		return inDays("0", m[1])
	}
	if m := businessDays.FindStringSubmatch(s); m != nil {
		return inDays(m[1], m[2])
	}
	var out Span
	rest := s
	for rest != "" {
		m := lengthPart.FindStringSubmatch(rest)
		if m == nil {
			return Span{}, wrongSpan(s)
		}
		n, err := strconv.ParseFloat(strings.ReplaceAll(m[1], ",", "."), 64)
		if err != nil {
			return Span{}, wrongSpan(s)
		}
		unit := time.Hour
		if m[2][0] == 'm' {
			unit = time.Minute
		}
		out.Within += time.Duration(math.Round(n*unit.Seconds())) * time.Second
		rest = strings.TrimSpace(rest[len(m[0]):])
	}
	if out.Within <= 0 {
		return Span{}, wrongSpan(s)
	}
	return out, nil
}

func inDays(days, until string) (Span, error) {
	n, err := strconv.Atoi(days)
	if err != nil {
		return Span{}, apperr.InvalidField("within", "This is too long to be a promise.")
	}
	out := Span{Days: n, Until: endOfDay}
	if until != "" {
		if out.Until, err = calendar.ParseClock(until); err != nil || out.Until == 0 {
			return Span{}, apperr.InvalidField("within", "Give the time of day until which it is due, such as 17:00.")
		}
	}
	return out, nil
}

func wrongSpan(s string) error {
	if anyDays.MatchString(s) {
		return apperr.InvalidField("within", "A day can be 24 hours or one of work. Write hours, such as 28h, or business days, such as 2 business days until 17:00.")
	}
	return apperr.InvalidField("within", "Give how long it may take, such as 8h or 30m, or 2 business days until 17:00.")
}

// SpanOf gives the length of a target.
func SpanOf(t clock.Target) Span { return Span{t.Within, t.Days, t.Until} }

// String writes a span in the form that is read everywhere.
func (s Span) String() string {
	switch {
	case s == Span{}:
		return ""
	case s.Within != 0:
		return lengthOf(s.Within, "h", "m", "s")
	case s.Days == 0:
		return "same day until " + clockOf(s.Until)
	case s.Days == 1:
		return "1 business day until " + clockOf(s.Until)
	}
	return fmt.Sprintf("%d business days until %s", s.Days, clockOf(s.Until))
}

// typed is how the reader would type a span.
func (s Span) typed(ctx context.Context) string {
	if s.Within == 0 && s != (Span{}) {
		return s.Words(ctx)
	}
	return s.String()
}

// Words says a span in the reader's language; business time is said in hours, for a
// day of it is no day.
func (s Span) Words(ctx context.Context) string {
	switch {
	case s.Within != 0:
		return lengthOf(s.Within, text.T(ctx, "%s h", ""), text.T(ctx, "%s min", ""), text.T(ctx, "%s s", ""))
	case s.Days == 0:
		return text.T(ctx, "same day until %s", clockOf(s.Until))
	}
	return text.N(ctx, s.Days, "%d business day until %s", "%d business days until %s", clockOf(s.Until))
}

func clockOf(minutes int) string { return fmt.Sprintf("%02d:%02d", minutes/60, minutes%60) }

func lengthOf(d time.Duration, hours, minutes, seconds string) string {
	var parts []string
	for _, p := range []struct {
		n    int64
		unit string
	}{{int64(d / time.Hour), hours}, {int64(d % time.Hour / time.Minute), minutes}, {int64(d % time.Minute / time.Second), seconds}} {
		if p.n > 0 {
			parts = append(parts, strconv.FormatInt(p.n, 10)+p.unit)
		}
	}
	return strings.Join(parts, " ")
}
