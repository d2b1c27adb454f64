package clock

import (
	"time"

	"github.com/steward-itsm/steward/internal/core/calendar"
)

// Since is the beginning of the stretch in which a clock counts; zero while it does
// not. At, Before and After give no instant ahead of it.
func (c *Clock) Since() time.Time {
	if !c.running {
		return time.Time{}
	}
	return c.since
}

// Before gives the instant at which so much business time is left of a running
// clock's target; false as At, and if the whole target is no more than that.
func (c *Clock) Before(left time.Duration) (time.Time, bool) {
	if !c.running || c.hours == nil || c.Due.IsZero() {
		return time.Time{}, false
	}
	whole := c.Target.Within
	if c.Target.InDays() {
		whole = c.usedBefore + c.hours.Elapsed(c.since, c.Due)
	}
	if left >= whole {
		return time.Time{}, false
	}
	return c.hours.Due(c.since, whole-left-c.usedBefore)
}

// After gives the instant at which a running clock is so much business time past its
// due time; false as At.
func (c *Clock) After(over time.Duration) (time.Time, bool) {
	if !c.running || c.hours == nil || c.Due.IsZero() {
		return time.Time{}, false
	}
	at, ok := c.hours.Due(c.Due, over)
	if ok && at.Before(c.since) {
		at = c.since
	}
	return at, ok
}

// Hours are those that the clock counts by; nil for a calendar that is gone.
func (c *Clock) Hours() *calendar.Hours { return c.hours }
