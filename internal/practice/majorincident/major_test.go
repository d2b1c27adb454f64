package majorincident

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/steward-itsm/steward/internal/platform/apperr"
)

func states() []State { return []State{Proposed, Accepted, Rejected, Cancelled, Resolved} }

// TestOnlyWhatIsOpenMoves: what was rejected or cancelled stays so, and nothing
// becomes a proposal again.
func TestOnlyWhatIsOpenMoves(t *testing.T) {
	t.Parallel()
	for _, from := range states() {
		for _, to := range states() {
			if from.Leads(to) && (!from.Open() || to == Proposed || to == from) {
				t.Errorf("%s leads to %s", from, to)
			}
		}
	}
	m := Major{State: Rejected}
	if err := m.lead(Accepted); !apperr.Is(err, apperr.Conflict) {
		t.Errorf("a rejected one is accepted: %v", err)
	}
}

// TestUpdatesAreDueOnlyWhileItLasts also holds for whatever pace people choose.
func TestUpdatesAreDueOnlyWhileItLasts(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		at := time.Unix(rapid.Int64Range(0, 4e9).Draw(r, "at"), 0).UTC()
		m := Major{State: rapid.SampledFrom(states()).Draw(r, "state"), Cadence: time.Duration(rapid.Int64Range(0, 86400).Draw(r, "cadence")) * time.Second}
		m.NextUpdate = m.plan(at)
		switch {
		case m.State != Accepted || m.Cadence == 0:
			if !m.NextUpdate.IsZero() || m.Overdue(at.Add(1000*time.Hour)) {
				r.Fatalf("%s at a pace of %s: due %s", m.State, m.Cadence, m.NextUpdate)
			}
		case m.Overdue(m.NextUpdate.Add(-time.Microsecond)) || !m.Overdue(m.NextUpdate):
			r.Fatalf("due %s is not the instant", m.NextUpdate)
		}
	})
}

func TestAReviewIsCompleteWithAllItsParts(t *testing.T) {
	t.Parallel()
	whole := Review{Overview: "a", Findings: "b", Cause: "c", Remedy: "d"}
	if err := whole.check(); err != nil {
		t.Error(err)
	}
	for name, r := range map[string]Review{
		"overview": {Findings: "b", Cause: "c", Remedy: "d"}, "findings": {Overview: "a", Cause: "c", Remedy: "d", Findings: " \n"},
		"cause": {Overview: "a", Findings: "b", Remedy: "d"}, "remedy": {Overview: "a", Findings: "b", Cause: "c"},
	} {
		if fields := apperr.FieldsOf(r.check()); len(fields) != 1 || fields[0].Name != name {
			t.Errorf("without %s: %v", name, fields)
		}
	}
}

func TestAnActionIsLateOnTheDayAfter(t *testing.T) {
	t.Parallel()
	due := time.Date(2026, 11, 30, 0, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		now  time.Time
		done bool
		late bool
	}{
		{due.Add(23 * time.Hour), false, false}, {due.Add(25 * time.Hour), false, true}, {due.Add(25 * time.Hour), true, false},
	} {
		a := Action{Due: due}
		if c.done {
			a.DoneAt = due
		}
		if a.Late(c.now) != c.late {
			t.Errorf("at %s, done %t: late is %t", c.now, c.done, !c.late)
		}
	}
}
