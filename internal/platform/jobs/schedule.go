package jobs

import "time"

// Schedule names the instants (slots) at which a periodic job is due. A slot
// must be the same instant on every node.
type Schedule interface {
	// Last gives the latest slot at or before now.
	Last(now time.Time) time.Time
	// Next gives the first slot after now.
	Next(now time.Time) time.Time
}

type every time.Duration

// Every is due at the multiples of interval since 1970 (UTC): Every(time.Hour)
// at each full hour. Intervals below a second are raised to a second.
func Every(interval time.Duration) Schedule {
	return every(max(interval, time.Second).Truncate(time.Microsecond))
}

func (e every) Last(now time.Time) time.Time {
	us := now.UnixMicro()
	step := time.Duration(e).Microseconds()
	return time.UnixMicro(us - ((us%step)+step)%step).UTC()
}

func (e every) Next(now time.Time) time.Time { return e.Last(now).Add(time.Duration(e)) }

type daily struct {
	hour, minute int
	zone         *time.Location
}

// Daily is due once a day at a local time. On a day that skips that time it is
// due as much later as the clock jumped; on a day that has it twice, once.
func Daily(hour, minute int, zone *time.Location) Schedule { return daily{hour, minute, zone} }

func (d daily) on(day time.Time, offset int) time.Time {
	y, m, dd := day.In(d.zone).Date()
	return time.Date(y, m, dd+offset, d.hour, d.minute, 0, 0, d.zone).UTC()
}

func (d daily) Last(now time.Time) time.Time {
	if slot := d.on(now, 0); !slot.After(now) {
		return slot
	}
	return d.on(now, -1)
}

func (d daily) Next(now time.Time) time.Time {
	if slot := d.on(now, 0); slot.After(now) {
		return slot
	}
	return d.on(now, 1)
}

// clockSlack is how far ahead of this node's clock a fired slot may lie before
// it is taken for the trace of a clock that was once wrong.
const clockSlack = 5 * time.Minute

// due decides whether a schedule fires now and for which slot. fired is the
// slot that fired last on any node. Slots missed meanwhile are caught up by one
// firing. A fired slot far in the future would silence the schedule until then:
// somebody's clock was ahead, so it counts for nothing.
func due(s Schedule, fired, now time.Time) (slot time.Time, fires bool) {
	slot = s.Last(now)
	return slot, fired.Before(slot) || fired.After(now.Add(clockSlack))
}
