package clock_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

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

func unedited(def *workflow.Definition) func(string, time.Time) (*workflow.Definition, time.Time) {
	return func(string, time.Time) (*workflow.Definition, time.Time) { return def, time.Time{} }
}

func ownGroups(int64, time.Time) (int64, time.Time) { return 0, time.Time{} }

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
	course, err := clock.Read(events, clock.Rules{Kind: unedited(&def), Supplier: ownGroups})
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

// stretches says what held from when on: state, supplier and whether clocks pause.
func stretches(c clock.Course) []string {
	var out []string
	for _, m := range c.Moments {
		pause := ""
		if m.Pauses {
			pause = " pauses"
		}
		out = append(out, fmt.Sprintf("%s %d %s%s", m.At.Format("02 15:04"), m.Supplier, m.State, pause))
	}
	return out
}

func TestWhatHoldsIsWhatHeldThen(t *testing.T) {
	t.Parallel()
	running := workflow.Definition{Key: "incident", States: []workflow.State{{Key: "open", Category: workflow.Open}, {Key: "waiting", Category: workflow.Waiting}}}
	pausing := workflow.Definition{Key: "incident", States: []workflow.State{{Key: "open", Category: workflow.Open}, {Key: "waiting", Category: workflow.Waiting, Clock: workflow.Pause}}}
	event := func(seq int, when, recorded string, changes ...ticket.Change) ticket.Event {
		return ticket.Event{TicketID: 1, Seq: seq, At: at(t, when), RecordedAt: at(t, recorded), Type: ticket.Changed, Internal: true, Changes: changes}
	}
	created := []ticket.Change{{Field: ticket.FieldKind, To: "incident"}, {Field: ticket.FieldState, To: "open"}, {Field: ticket.FieldPriority, To: "3"}, {Field: ticket.FieldGroup, To: "4"}}
	waiting := ticket.Change{Field: ticket.FieldState, From: "open", To: "waiting"}
	for name, c := range map[string]struct {
		edited, moved string // when the workflow began to pause, when the group came to supplier 8
		events        []ticket.Event
		want          []string
	}{
		"a workflow that is edited while the ticket waits": {"12 12:00", "", []ticket.Event{
			event(1, "12 09:00", "12 09:00", created...), event(2, "12 10:00", "12 10:00", waiting),
		}, []string{"12 09:00 0 open", "12 10:00 0 waiting", "12 12:00 0 waiting pauses"}},
		"an edit that means nothing to the state it is in": {"12 12:00", "", []ticket.Event{
			event(1, "12 09:00", "12 09:00", created...), event(2, "12 13:00", "12 13:00", waiting),
		}, []string{"12 09:00 0 open", "12 13:00 0 waiting pauses"}},
		"what was imported after the edit": {"12 12:00", "", []ticket.Event{
			event(1, "12 09:00", "13 09:00", created...), event(2, "12 10:00", "13 09:00", waiting),
		}, []string{"12 09:00 0 open", "12 10:00 0 waiting pauses"}},
		"a group that moves between two events": {"", "12 09:30", []ticket.Event{
			event(1, "12 09:00", "12 09:00", created...), event(2, "12 10:00", "12 10:00", waiting),
		}, []string{"12 09:00 0 open", "12 09:30 8 open", "12 10:00 8 waiting"}},
		"a group that moves after all that happened": {"", "12 11:00", []ticket.Event{
			event(1, "12 09:00", "12 09:00", created...),
		}, []string{"12 09:00 0 open", "12 11:00 8 open"}},
		"a group that moved before what was imported later": {"12 08:00", "12 09:30", []ticket.Event{
			event(1, "12 09:00", "13 09:00", created...), event(2, "12 10:00", "13 09:00", waiting),
		}, []string{"12 09:00 0 open", "12 09:30 8 open", "12 10:00 8 waiting pauses"}},
		"both at the instant of an event": {"12 10:00", "12 10:00", []ticket.Event{
			event(1, "12 09:00", "12 09:00", created...), event(2, "12 10:00", "12 10:00", waiting),
		}, []string{"12 09:00 0 open", "12 10:00 8 waiting pauses"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			instant := func(s string) time.Time {
				if s == "" {
					return time.Time{}
				}
				return at(t, s)
			}
			edited, moved := instant(c.edited), instant(c.moved)
			course, err := clock.Read(c.events, clock.Rules{
				Kind: func(_ string, at time.Time) (*workflow.Definition, time.Time) {
					switch {
					case edited.IsZero():
						return &running, time.Time{}
					case at.Before(edited):
						return &running, edited
					}
					return &pausing, time.Time{}
				},
				Supplier: func(_ int64, at time.Time) (int64, time.Time) {
					switch {
					case moved.IsZero():
						return 0, time.Time{}
					case at.Before(moved):
						return 0, moved
					}
					return 8, time.Time{}
				},
			})
			if diff := cmp.Diff(c.want, stretches(course)); diff != "" || err != nil {
				t.Error(diff, err)
			}
		})
	}
}
