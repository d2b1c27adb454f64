package clock_test

import (
	"testing"
	"time"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/clock"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/core/workflow"
)

// wrote is an entry of a practice by one of our people.
func wrote(t *testing.T, when string, seq int, field, to string) ticket.Event {
	t.Helper()
	return ticket.Event{
		TicketID: 1, Seq: seq, At: at(t, when), Type: ticket.Acted, Internal: true, Actor: ticket.ActorRef{Type: access.TypePerson, ID: 7},
		Changes: []ticket.Change{{Field: ticket.ActivityPrefix + field, To: to}},
	}
}

func TestAWorkaroundThatWasTakenBackWasNone(t *testing.T) {
	t.Parallel()
	def := workflow.Definition{Key: "incident", States: []workflow.State{{Key: "open", Category: workflow.Open}}}
	events := []ticket.Event{
		{TicketID: 1, Seq: 1, At: at(t, "12 09:00"), Type: ticket.Created, Actor: ticket.ActorRef{Type: access.TypePerson, ID: 9}, Changes: []ticket.Change{
			{Field: ticket.FieldKind, To: "incident"}, {Field: ticket.FieldState, To: "open"}, {Field: ticket.FieldPriority, To: "3"},
		}},
		wrote(t, "12 10:00", 2, clock.WorkaroundActivity, "51"),
		wrote(t, "12 11:00", 3, clock.WorkaroundActivity, "52"),
		wrote(t, "12 12:00", 4, clock.WithdrawnActivity, "51"),
		wrote(t, "12 13:00", 5, clock.WithdrawnActivity, ""),
	}
	course, err := clock.Read(events, clock.Rules{Kind: func(string) *workflow.Definition { return &def }, Supplier: func(int64) int64 { return 0 }})
	if err != nil {
		t.Fatal(err)
	}
	b := book(t, agreement(1, clock.SLA, 0, within(clock.Workaround, 6*time.Hour)))
	for _, c := range []struct {
		now   string
		stage clock.Stage
		used  time.Duration
	}{
		{"12 09:30", clock.Running, 30 * time.Minute},
		{"12 11:30", clock.Completed, time.Hour},
		{"12 12:30", clock.Completed, 2 * time.Hour}, // the first was none, the second stands
		{"12 14:00", clock.Running, 5 * time.Hour},
	} {
		if w := one(t, clock.Compute(course, b, at(t, c.now)), clock.SLA, clock.Workaround); w.Stage != c.stage || w.Used != c.used {
			t.Errorf("at %s: %s after %s, want %s after %s", c.now, w.Stage, w.Used, c.stage, c.used)
		}
	}
}
