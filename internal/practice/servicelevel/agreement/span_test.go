package agreement

import (
	"testing"
	"time"

	"github.com/steward-itsm/steward/internal/platform/apperr"
)

func TestLengthsAreReadAsPeopleTypeThem(t *testing.T) {
	t.Parallel()
	for typed, want := range map[string]Span{
		"8h":                               {Within: 8 * time.Hour},
		" 8 H ":                            {Within: 8 * time.Hour},
		"30m":                              {Within: 30 * time.Minute},
		"1h 30m":                           {Within: 90 * time.Minute},
		"1h30m":                            {Within: 90 * time.Minute},
		"1,5 h":                            {Within: 90 * time.Minute},
		"1.25h":                            {Within: 75 * time.Minute},
		"90 min":                           {Within: 90 * time.Minute},
		"2 hours, 15 minutes":              {Within: 135 * time.Minute},
		"4 Std. 10 Min.":                   {Within: 250 * time.Minute},
		"2 business days until 17:00":      {Days: 2, Until: 17 * 60},
		"1 business day":                   {Days: 1, Until: 17 * 60},
		"3 Arbeitstage bis 12 Uhr":         {Days: 3, Until: 12 * 60},
		"same day until 16:30":             {Until: 16*60 + 30},
		"2 bd 9:00":                        {Days: 2, Until: 9 * 60},
		"10 working days by 24:00":         {Days: 10, Until: 24 * 60},
		"am selben Tag bis 17 Uhr":         {Until: 17 * 60},
		"2 Werktage":                       {Days: 2, Until: 17 * 60},
		"0 business days until 17:00":      {Until: 17 * 60},
		"100 h":                            {Within: 100 * time.Hour},
		"1 h 0 min":                        {Within: time.Hour},
		"2 business days until 17:00 Uhr ": {Days: 2, Until: 17 * 60},
	} {
		got, err := ParseSpan(typed)
		if err != nil || got != want {
			t.Errorf("%q is %+v, %v; want %+v", typed, got, err, want)
		}
		if again, err := ParseSpan(got.String()); err != nil || again != got {
			t.Errorf("%q is written %q, which is %+v, %v", typed, got, again, err)
		}
	}
}

func TestDaysThatMightBeEitherAreRefused(t *testing.T) {
	t.Parallel()
	for _, typed := range []string{"1d 4h", "2 days", "1d", "3 Tage", "1 week"} {
		_, err := ParseSpan(typed)
		if f := apperr.FieldsOf(err); len(f) != 1 || f[0].Name != "within" || f[0].Message.String()[:5] != "A day" {
			t.Errorf("%q: %v", typed, err)
		}
	}
	for _, typed := range []string{"", "soon", "8", "-8h", "8h soon", "h", "0h", "2 business days until 25:00", "2 business days until 0:00", "99999 business days", "1h -30m"} {
		if got, err := ParseSpan(typed); !apperr.Is(err, apperr.Invalid) {
			t.Errorf("%q is %+v, %v", typed, got, err)
		}
	}
}
