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

func TestAChangedAgreementKeepsWhatWasUsed(t *testing.T) {
	t.Parallel()
	bronze := agreement(1, clock.SLA, 0, within(clock.Resolution, 16*time.Hour))
	gold := agreement(2, clock.SLA, client, within(clock.Resolution, 4*time.Hour), within(clock.Response, time.Hour))
	desk := agreement(3, clock.OLA, network, within(clock.Resolution, 8*time.Hour))
	desk.Versions = append(desk.Versions, clock.Version{ID: 301, Number: 2, From: at(t, "12 12:00"), Terms: clock.Terms{Calendar: office, Targets: []clock.Target{within(clock.Resolution, 2*time.Hour)}}})
	b := book(t, bronze, gold, desk)
	over := func(o clock.ChangeOver) func(*clock.Moment) { return func(m *clock.Moment) { m.Over = &o } }
	s := begin(t, "12 09:00").
		then("12 12:00", over(clock.ChangeOver{Role: clock.SLA, Agreement: 1, Version: 100})).
		then("12 13:00", func(m *clock.Moment) { m.Over, m.Service = nil, mail+1 }).
		then("12 14:00", over(clock.ChangeOver{Role: clock.OLA, Party: network, Agreement: 3, Version: 301})).
		then("12 15:00", over(clock.ChangeOver{Role: clock.SLA}))
	for _, c := range []struct {
		now       string
		agreement int64
		target    time.Duration
		deskHas   time.Duration
	}{
		{"12 11:00", 2, 4 * time.Hour, 8 * time.Hour},
		{"12 12:30", 1, 16 * time.Hour, 8 * time.Hour},
		{"12 13:30", 1, 16 * time.Hour, 8 * time.Hour}, // another service does not bring the rules back
		{"12 14:30", 1, 16 * time.Hour, 2 * time.Hour},
		{"12 16:00", 2, 4 * time.Hour, 2 * time.Hour}, // the rules again
	} {
		now := at(t, c.now)
		clocks := s.now(c.now, b)
		sla, ola := one(t, clocks, clock.SLA, clock.Resolution), one(t, clocks, clock.OLA, clock.Resolution)
		used := now.Sub(at(t, "12 09:00"))
		if sla.Agreement != c.agreement || sla.Target.Within != c.target || sla.Used != used || ola.Target.Within != c.deskHas || ola.Used != used {
			t.Errorf("at %s: agreement %d, %s used of %s; the desk %s of %s", c.now, sla.Agreement, sla.Used, sla.Target.Within, ola.Used, ola.Target.Within)
		}
	}
	if sla := one(t, s.now("12 14:30", b), clock.SLA, clock.Resolution); !sla.Breached.IsZero() {
		t.Error("under the longer promise it is broken")
	}
	if sla := one(t, s.now("12 16:00", b), clock.SLA, clock.Resolution); !sla.Breached.Equal(at(t, "12 15:00")) {
		t.Errorf("back under the shorter one it is broken at %s", sla.Breached)
	}
}
