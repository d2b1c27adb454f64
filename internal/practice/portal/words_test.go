package portal

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/steward-itsm/steward/internal/core/people"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/core/workflow"
	"github.com/steward-itsm/steward/internal/ui"
)

func incident(t *testing.T) *workflow.Definition {
	t.Helper()
	defs, err := workflow.Builtin()
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range defs {
		if d.Key == "incident" {
			return d
		}
	}
	t.Fatal("no incident")
	return nil
}

func TestJourneyShowsHowFarATicketHasCome(t *testing.T) {
	t.Parallel()
	def := incident(t)
	at := func(day int) time.Time { return time.Date(2026, 3, day, 9, 0, 0, 0, time.UTC) }
	done := func(label string, day int) ui.Step { return ui.Step{Label: label, At: at(day), State: ui.StepDone} }
	ahead := func(label string) ui.Step { return ui.Step{Label: label} }
	for name, c := range map[string]struct {
		ticket  ticket.Ticket
		started time.Time
		want    []ui.Step
	}{
		"new": {
			ticket.Ticket{State: "new", Category: workflow.New, CreatedAt: at(1)},
			time.Time{},
			[]ui.Step{{Label: "Received", At: at(1), State: ui.StepCurrent}, ahead("Being worked on"), ahead("Solved"), ahead("Closed")},
		},
		"waiting for the requester": {
			ticket.Ticket{State: "on_hold", WaitReason: "caller", Category: workflow.Waiting, CreatedAt: at(1)},
			at(2),
			[]ui.Step{done("Received", 1), {Label: "Waiting for your answer", At: at(2), State: ui.StepCurrent, Tone: ui.Warning}, ahead("Solved"), ahead("Closed")},
		},
		"with a supplier": {
			ticket.Ticket{State: "on_hold", WaitReason: "vendor", Category: workflow.Waiting, CreatedAt: at(1)},
			at(2),
			[]ui.Step{done("Received", 1), {Label: "With our supplier", At: at(2), State: ui.StepCurrent}, ahead("Solved"), ahead("Closed")},
		},
		"reopened": {
			ticket.Ticket{State: "in_progress", Category: workflow.Open, CreatedAt: at(1)},
			at(2),
			[]ui.Step{done("Received", 1), {Label: "Being worked on", At: at(2), State: ui.StepCurrent}, ahead("Solved"), ahead("Closed")},
		},
		"closed": {
			ticket.Ticket{State: "closed", Category: workflow.Closed, CreatedAt: at(1), ResolvedAt: at(3), ClosedAt: at(4)},
			at(2),
			[]ui.Step{done("Received", 1), done("Being worked on", 2), done("Solved", 3), done("Closed", 4)},
		},
		"cancelled": {
			ticket.Ticket{State: "cancelled", Category: workflow.Cancelled, CreatedAt: at(1), ClosedAt: at(2)},
			time.Time{},
			[]ui.Step{done("Received", 1), {Label: "Cancelled", At: at(2), State: ui.StepStopped}},
		},
	} {
		if diff := cmp.Diff(c.want, journey(def, &c.ticket, c.started), cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func TestNothingTypedIntoTheFirstBoxIsLost(t *testing.T) {
	t.Parallel()
	long := "Since this morning the booking system shows an error when I save. It says that the connection was lost, and my colleagues see the same thing."
	for ask, want := range map[string][2]string{
		"":                          {"", ""},
		"  Printer jams ":           {"Printer jams", ""},
		"Printer jams\non floor 3":  {"Printer jams", "Printer jams\non floor 3"},
		long:                        {"Since this morning the booking system shows an error when I save", long},
		strings.Repeat("word ", 40): {strings.TrimSpace(strings.Repeat("word ", 20)) + "…", strings.TrimSpace(strings.Repeat("word ", 40))},
	} {
		title, body := carried(ask)
		if diff := cmp.Diff(want, [2]string{title, body}); diff != "" {
			t.Errorf("%q: %s", ask, diff)
		}
	}
}

func TestOnlyFirstNamesAreTold(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{"Ana Silva": "Ana", "Dr. Ben Okafor": "Ben", "Björk": "Björk", "": "", "Dr.": "Dr."} {
		if got := firstName(name); got != want {
			t.Errorf("%q is called %q, want %q", name, got, want)
		}
	}
	c := cast{
		persons: map[int64]people.PersonName{1: {Name: "Ana Silva"}},
		groups:  map[int64]people.GroupName{2: {Name: "Network"}},
	}
	for want, held := range map[string]ticket.Ticket{
		"Ana from Network is looking after it.":         {AssigneeID: 1, GroupID: 2, Category: workflow.Open},
		"Ana is looking after it.":                      {AssigneeID: 1, Category: workflow.Open},
		"Network is looking after it.":                  {GroupID: 2, Category: workflow.New},
		"We have received it and will look at it soon.": {Category: workflow.New},
		"": {AssigneeID: 1, GroupID: 2, Category: workflow.Closed},
	} {
		if got := c.who(context.Background(), &held); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func TestConversationGoesBackToItsBeginning(t *testing.T) {
	t.Parallel()
	from := func(seq int) []ticket.PublicEvent { return []ticket.PublicEvent{{Seq: seq}, {Seq: seq + 1}} }
	for _, c := range []struct {
		events             []ticket.PublicEvent
		before, last, want int
	}{
		{from(1), 0, 2, 0},
		{from(101), 0, 102, 101},
		{nil, 0, 250, 151}, // the newest hundred are internal
		{nil, 151, 250, 51},
		{nil, 51, 250, 0},
	} {
		if got := beforeOf(c.events, c.before, c.last, 100); got != c.want {
			t.Errorf("%+v: %d", c, got)
		}
	}
}
