package notify

import (
	"testing"
	"time"
)

func TestMailIsDueWhenItsReaderWantsIt(t *testing.T) {
	t.Parallel()
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	at := func(s string) time.Time {
		v, err := time.ParseInLocation("2006-01-02 15:04", s, berlin)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	night := Plan{Rhythm: Daily, Minute: 8 * 60, Weekday: time.Friday, QuietFrom: 22 * 60, QuietTo: 7 * 60}
	for _, test := range []struct {
		name      string
		plan      Plan
		how       Mail
		now, want string
	}{
		{"at once", usualPlan, MailNow, "2026-03-02 12:10", "2026-03-02 12:10"},
		{"at once, held back in the night", night, MailNow, "2026-03-02 23:10", "2026-03-03 07:00"},
		{"at once, held back before the morning", night, MailNow, "2026-03-03 06:59", "2026-03-03 07:00"},
		{"at once when quiet hours end", night, MailNow, "2026-03-03 07:00", "2026-03-03 07:00"},
		{"the hourly digest", Plan{Rhythm: Hourly}, MailDigest, "2026-03-02 12:10", "2026-03-02 13:00"},
		{"the daily digest", usualPlan, MailDigest, "2026-03-02 12:10", "2026-03-03 08:00"},
		{"the daily digest of the same day", usualPlan, MailDigest, "2026-03-02 07:10", "2026-03-02 08:00"},
		{"the weekly digest", Plan{Rhythm: Weekly, Minute: 8 * 60, Weekday: time.Friday}, MailDigest, "2026-03-02 12:10", "2026-03-06 08:00"},
		{"over the change of the clocks", usualPlan, MailDigest, "2026-03-28 12:10", "2026-03-29 08:00"},
		{"a digest in quiet hours", Plan{Rhythm: Hourly, QuietFrom: 22 * 60, QuietTo: 7 * 60}, MailDigest, "2026-03-02 22:30", "2026-03-03 07:00"},
	} {
		if got := test.plan.due(test.how, at(test.now), berlin); !got.Equal(at(test.want)) {
			t.Errorf("%s: due %s, want %s", test.name, got.In(berlin), test.want)
		}
	}
}
