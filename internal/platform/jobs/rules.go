package jobs

import (
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"
)

// State says where a job stands; see the package comment for the diagram.
type State string

// The states.
const (
	Held      State = "held"      // waits until it is the first of its key
	Scheduled State = "scheduled" // waits for its time: planned, retrying or snoozed
	Ready     State = "ready"     // may be claimed
	Running   State = "running"   // belongs to a node
	Done      State = "done"      // ended well
	Dead      State = "dead"      // failed for good; a person replays or discards it
	Discarded State = "discarded" // was dead, and a person gave it up
)

// Priority orders ready jobs; of equal priority the older runs first.
type Priority int

// The priorities. What people wait for is Urgent, what fills idle hours is Low.
const (
	Urgent Priority = -10
	Normal Priority = 0
	Low    Priority = 10
)

// Backoff gives how long to wait after the given failed attempt (1, 2, ...),
// before jitter.
type Backoff func(attempt int) time.Duration

// Exponential doubles the delay with each attempt, from first up to limit.
func Exponential(first, limit time.Duration) Backoff {
	return func(attempt int) time.Duration {
		d := first
		for range attempt - 1 {
			if d >= limit/2 {
				return limit
			}
			d *= 2
		}
		return min(d, limit)
	}
}

// jitter spreads a delay over 80 % to 120 % of itself, so that what failed
// together does not come back together. at is a random number in [0, 1).
func jitter(d time.Duration, at float64) time.Duration {
	return time.Duration(float64(d) * (0.8 + 0.4*at))
}

type permanentError struct{ err error }

func (e permanentError) Error() string { return e.err.Error() }
func (e permanentError) Unwrap() error { return e.err }

// Discard marks an error as permanent: the job goes to the dead letters at
// once, because trying again cannot help.
func Discard(err error) error {
	if err == nil {
		return nil
	}
	return permanentError{err}
}

type laterError struct{ delay time.Duration }

func (e laterError) Error() string { return fmt.Sprintf("again in %s", e.delay) }

// Later asks to run the job again after d without counting the attempt: what
// it needs is not there yet, and that is no failure.
func Later(d time.Duration) error { return laterError{max(d, 0)} }

// errHandedBack ends a run that its node could not finish; it costs no attempt.
var errHandedBack = errors.New("jobs: handed back")

// errTooOften ends a job whose last allowed attempt took its node down.
var errTooOften = errors.New("the node stopped during the last allowed attempt")

// verdict is what becomes of a job after a run.
type verdict struct {
	state   State
	runAt   time.Time // for Scheduled
	uncount bool      // the attempt does not count
	message string    // why it failed, "" when it did not
}

// judge decides after the given attempt. random is in [0, 1).
func (o KindOptions) judge(attempt int, err error, now time.Time, random float64) verdict {
	var later laterError
	var permanent permanentError
	switch {
	case err == nil:
		return verdict{state: Done}
	case errors.Is(err, errHandedBack):
		return verdict{state: Ready, uncount: true}
	case errors.As(err, &later):
		return verdict{state: Scheduled, runAt: now.Add(later.delay), uncount: true}
	case errors.As(err, &permanent), errors.Is(err, errTooOften), attempt >= o.MaxAttempts:
		return verdict{state: Dead, message: storable(err.Error())}
	default:
		return verdict{state: Scheduled, runAt: now.Add(jitter(o.Backoff(attempt), random)), message: storable(err.Error())}
	}
}

const maxMessage = 4 << 10

// storable cuts a message to what both engines keep: valid UTF-8 without NUL.
func storable(s string) string {
	s = strings.ToValidUTF8(strings.ReplaceAll(s, "\x00", "\uFFFD"), "\uFFFD")
	if len(s) <= maxMessage {
		return s
	}
	cut := maxMessage
	for !utf8.RuneStart(s[cut]) {
		cut--
	}
	return s[:cut] + "…"
}
