package promise

import (
	"context"
	"strconv"
	"time"

	"github.com/steward-itsm/steward/internal/core/clock"
	"github.com/steward-itsm/steward/internal/ui/text"
)

// measureLabel names what is promised.
func measureLabel(ctx context.Context, c *clock.Clock, state func(string) string) string {
	switch c.Measure {
	case clock.Response:
		return text.T(ctx, "Response")
	case clock.Update:
		return text.T(ctx, "Next update")
	case clock.Workaround:
		return text.T(ctx, "Workaround")
	case clock.Step:
		return text.T(ctx, "Time in “%s”", state(c.State))
	case clock.Resolution:
	}
	return text.T(ctx, "Resolution")
}

// roleLabel names the kind of an agreement.
func roleLabel(ctx context.Context, r clock.Role) string {
	switch r {
	case clock.OLA:
		return text.T(ctx, "operational level agreement")
	case clock.UC:
		return text.T(ctx, "underpinning contract")
	case clock.SLA:
	}
	return text.T(ctx, "service level agreement")
}

// length says business time in hours and minutes: a day of business time would be
// taken for a date.
func length(ctx context.Context, d time.Duration) string {
	if d < 0 {
		d = -d
	}
	minutes := int64((d + time.Minute/2) / time.Minute)
	h, m := minutes/60, minutes%60
	switch {
	case h == 0:
		return text.T(ctx, "%s min", text.Number(ctx, m))
	case m == 0:
		return text.T(ctx, "%s h", text.Number(ctx, h))
	}
	return text.T(ctx, "%s h", text.Number(ctx, h)) + " " + text.T(ctx, "%s min", text.Number(ctx, m))
}

// targetWords says what is promised: "8 h", "2 business days until 17:00".
func targetWords(ctx context.Context, t clock.Target) string {
	if !t.InDays() {
		return text.T(ctx, "%s of business time", length(ctx, t.Within))
	}
	until := strconv.Itoa(t.Until/60) + ":" + pad(t.Until%60)
	return text.N(ctx, t.Days, "%d business day until %s", "%d business days until %s", until)
}

func pad(n int) string {
	if n < 10 {
		return "0" + strconv.Itoa(n)
	}
	return strconv.Itoa(n)
}

// stageWords says how far a clock is.
func stageWords(ctx context.Context, c *clock.Clock) string {
	switch {
	case c.Stage == clock.Cancelled:
		return text.T(ctx, "nothing to deliver any more")
	case c.Stage == clock.Completed && c.Breached.IsZero():
		return text.T(ctx, "kept")
	case c.Stage == clock.Completed:
		return text.T(ctx, "done, too late")
	case !c.Breached.IsZero():
		return text.T(ctx, "broken")
	case c.Stage == clock.Paused:
		return text.T(ctx, "paused")
	}
	return text.T(ctx, "running")
}

// whyWords says why a clock did what it did.
func whyWords(ctx context.Context, is *clock.Interval) string {
	switch is.Why {
	case clock.Waiting:
		return text.T(ctx, "waits: %s", is.Detail)
	case clock.Elsewhere:
		return text.T(ctx, "somebody else has the ticket")
	case clock.NoPromise:
		return text.T(ctx, "nothing is promised for this")
	case clock.Done:
		return text.T(ctx, "was resolved")
	case clock.Closed:
		return text.T(ctx, "outside business hours")
	case clock.Holiday:
		return text.T(ctx, "holiday: %s", is.Detail)
	case clock.Working:
	}
	return text.T(ctx, "runs")
}
