package clock_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/steward-itsm/steward/internal/core/clock"
)

func TestATrialComparesWhatIsTriedWithWhatHolds(t *testing.T) {
	t.Parallel()
	gold := agreement(1, clock.SLA, company, within(clock.Resolution, 8*time.Hour))
	gold.Versions[0].From = at(t, "20 09:00") // younger than the tickets: it is tried as if it had always held
	b := book(t, gold)
	terms := clock.Terms{Calendar: office, Targets: []clock.Target{
		within(clock.Response, time.Hour), within(clock.Resolution, 4*time.Hour), {Measure: clock.Resolution, Priority: 1, Within: 12 * time.Hour},
	}}
	now := at(t, "30 17:00")
	trial := clock.NewTrial(b, gold, terms, now)
	trial.LookUp(b)
	add := func(id int64, s *story) { s.TicketID = id; trial.Add(s.Course) }
	add(1, begin(t, "12 09:00").then("12 12:00", resolved))                                                            // 3 h: kept by both
	add(2, begin(t, "12 09:00").then("12 15:00", resolved))                                                            // 6 h: kept today only
	add(3, begin(t, "12 09:00").then("13 10:00", resolved))                                                            // 9 h: broken by both
	add(4, begin(t, "12 09:00").then("12 09:00", func(m *clock.Moment) { m.Priority = 1 }).then("13 10:00", resolved)) // 9 h: broken today only
	other := begin(t, "12 09:00")
	other.Moments[0].Organisation = 99
	add(5, other)
	trial.Sort()
	want := []clock.TrialLine{
		{Target: whole(within(clock.Response, time.Hour)), Tried: clock.Tally{Broken: 4}, Fresh: 4},
		{Target: whole(clock.Target{Measure: clock.Resolution, Priority: 1, Within: 12 * time.Hour}), Tried: clock.Tally{Kept: 1}, Today: clock.Tally{Broken: 1}},
		{Target: whole(within(clock.Resolution, 4*time.Hour)), Tried: clock.Tally{Kept: 1, Broken: 2}, Today: clock.Tally{Kept: 2, Broken: 1}},
	}
	if diff := cmp.Diff(want, trial.Lines); diff != "" {
		t.Error(diff)
	}
	if trial.Looked != 5 || trial.Covered != 4 || trial.Leaves != 0 {
		t.Errorf("looked at %d, covered %d, leaves %d", trial.Looked, trial.Covered, trial.Leaves)
	}
	worst := []clock.TrialTicket{{TicketID: 3, Over: 8 * time.Hour}, {TicketID: 4, Over: 8 * time.Hour}, {TicketID: 2, Over: 5 * time.Hour}, {TicketID: 1, Over: 2 * time.Hour}}
	if diff := cmp.Diff(worst, trial.Worst, cmpopts.IgnoreFields(clock.TrialTicket{}, "Target", "Open", "Today")); diff != "" {
		t.Error(diff)
	}

	// Narrowed to another kind it leaves the tickets that are under it.
	terms.Kinds = []string{"request"}
	narrow := clock.NewTrial(b, gold, terms, now)
	narrow.LookUp(b)
	narrow.Add(begin(t, "12 09:00").Course)
	if narrow.Covered != 0 || narrow.Leaves != 1 || len(narrow.Lines) != 0 {
		t.Errorf("%+v", narrow)
	}
}

// whole is a target with the calendar by which it is counted.
func whole(t clock.Target) clock.Target {
	t.Calendar = office
	return t
}
