package ticket_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/core/workflow"
	"github.com/steward-itsm/steward/internal/platform/apperr"
)

// Whatever people do in whatever order, folding the stored timeline gives
// exactly the stored row, and what the row counts the timeline counts too.
func TestStoredRowIsTheFoldOfItsTimeline(t *testing.T) {
	t.Parallel()
	d := sqliteDesk(t)
	def := d.definition(t, "incident")
	rapid.Check(t, func(r *rapid.T) {
		parent := must(d.Create(d.as(d.ana), ticket.Create{Kind: "incident", Title: "parent", RequesterID: d.colin, GroupID: d.network}))(t)
		tk := must(d.Create(d.as(rapid.SampledFrom([]int64{d.ana, d.carla}).Draw(r, "opener")), ticket.Create{
			Kind: "incident", Title: "t", RequesterID: d.carla, Tags: []string{"a"},
		}))(t)
		for range rapid.IntRange(1, 25).Draw(r, "acts") {
			d.world.Clock.Advance(time.Duration(rapid.IntRange(-100, 1000).Draw(r, "seconds")) * time.Second)
			if err := d.anything(r, tk, parent); err != nil && apperr.KindOf(err) == apperr.Internal {
				r.Fatal(err)
			}
		}
		stored := d.get(t, tk)
		events := d.timeline(t, tk)
		folded, err := ticket.Replay(tk.ID, tk.Number, events, def)
		if err != nil {
			r.Fatal(err)
		}
		ignore := cmpopts.IgnoreFields(ticket.Ticket{}, "Version", "Source", "SourceRef")
		if diff := cmp.Diff(folded, stored, ignore, cmpopts.EquateEmpty()); diff != "" {
			r.Fatalf("folded (-) and stored (+) differ:\n%s", diff)
		}
		if n := ticket.Reassignments(events); n != stored.ReassignCount {
			r.Fatalf("%d reassignments in the timeline, %d in the row", n, stored.ReassignCount)
		}
		if n := ticket.Reopenings(events, def); n != stored.ReopenCount {
			r.Fatalf("%d reopenings in the timeline, %d in the row", n, stored.ReopenCount)
		}
		if moves := must(d.Moves(d.world.System(), &stored))(t); !slices.Equal(ticket.Holds(moves, def, ""), ticket.Holds(events, def, "")) {
			r.Fatal("the moves tell other holds than the whole timeline")
		}
		checkStretches(r, events, stored)
	})
}

// checkStretches says of every past instant what Intervals and Replay both say.
func checkStretches(r *rapid.T, events []ticket.Event, stored ticket.Ticket) {
	for _, field := range []string{ticket.FieldState, ticket.FieldGroup, ticket.FieldAssignee} {
		intervals := ticket.Intervals(events, field)
		for i, iv := range intervals {
			if i > 0 && (!iv.Start.Equal(intervals[i-1].End) || iv.Value == intervals[i-1].Value) {
				r.Fatalf("%s: the stretch %+v does not follow on %+v", field, iv, intervals[i-1])
			}
		}
		last := intervals[len(intervals)-1]
		if !last.End.IsZero() || last.Value != stored.Get(field) {
			r.Fatalf("%s ends as %+v, the row has %q", field, last, stored.Get(field))
		}
	}
}

// anything does one of the things people do to a ticket.
func (d desk) anything(r *rapid.T, tk, parent ticket.Ticket) error {
	ref := ticket.ByID(tk.ID)
	who := d.as(rapid.SampledFrom([]int64{d.ana, d.ben, d.carla, d.lea, d.sam}).Draw(r, "who"))
	group := rapid.SampledFrom([]int64{0, d.network, d.printing, d.supplierTeam}).Draw(r, "group")
	person := rapid.SampledFrom([]int64{0, d.ana, d.ben, d.lea, d.sam}).Draw(r, "person")
	level := rapid.IntRange(0, 4).Draw(r, "level")
	words := rapid.SampledFrom([]string{"", "a", "one,two", "é", "“”"}).Draw(r, "words")
	acts := map[string]func() error{
		"reply": func() error {
			_, err := d.Reply(who, ref, ticket.PublicReply{Body: ticket.Markdown(words)})
			return err
		},
		"note": func() error {
			_, err := d.Note(who, ref, ticket.InternalNote{Body: ticket.Markdown(fmt.Sprintf("[@x](person:%d)", person))})
			return err
		},
		"assign": func() error {
			_, err := d.Edit(who, ref, ticket.Edit{GroupID: &group, AssigneeID: &person})
			return err
		},
		"move": func() error { _, err := d.Edit(who, ref, ticket.Edit{GroupID: &group}); return err },
		"edit": func() error {
			_, err := d.Edit(who, ref, ticket.Edit{Title: &words, Impact: &level, Tags: &[]string{words, "z"}, ServiceID: &d.payroll})
			return err
		},
		"override": func() error {
			_, err := d.Edit(who, ref, ticket.Edit{Priority: &level, PriorityReason: words})
			return err
		},
		"matrix":    func() error { _, err := d.Edit(who, ref, ticket.Edit{PriorityByMatrix: true}); return err },
		"requester": func() error { _, err := d.Edit(who, ref, ticket.Edit{RequesterID: &d.colin}); return err },
		"parent":    func() error { _, err := d.Edit(who, ref, ticket.Edit{ParentID: &parent.ID}); return err },
		"watch":     func() error { _, err := d.Watch(who, ref, level%2 == 0); return err },
		"watchers":  func() error { _, err := d.SetWatchers(who, ref, 0, []int64{d.ben, d.ana}); return err },
		"link":      func() error { _, err := d.Link(who, ref, ticket.RelatedTo, ticket.ByID(parent.ID)); return err },
		"unlink":    func() error { _, err := d.Unlink(who, ref, ticket.RelatedTo, ticket.ByID(parent.ID)); return err },
		"rate":      func() error { _, err := d.Rate(who, ref, ticket.Rating{Score: level}); return err },
		"close":     func() error { _, err := d.CloseResolved(who, 10); return err },
		"step":      func() error { return d.anyStep(r, ref) },
		"lead":      func() error { return d.anyStep(r, ticket.ByID(parent.ID)) },
	}
	names := make([]string, 0, len(acts))
	for name := range acts {
		names = append(names, name)
	}
	slices.Sort(names)
	return acts[rapid.SampledFrom(names).Draw(r, "act")]()
}

func (d desk) anyStep(r *rapid.T, ref ticket.Ref) error {
	step := ticket.Step{
		Transition: rapid.SampledFrom([]string{"start", "hold", "resume", "resolve", "close", "reopen", "cancel"}).Draw(r, "step"),
		Reason:     rapid.SampledFrom([]string{"caller", "vendor", "change", "evidence"}).Draw(r, "reason"),
		Comment:    "because", CommentPublic: rapid.Bool().Draw(r, "public"), ResolutionCode: "solved", Resolution: "done",
	}
	_, err := d.Transition(d.as(rapid.SampledFrom([]int64{d.ana, d.carla}).Draw(r, "stepper")), ref, step)
	return err
}

func TestPastIsToldFromTheTimeline(t *testing.T) {
	t.Parallel()
	kinds, err := workflow.Builtin()
	if err != nil {
		t.Fatal(err)
	}
	def := kinds[slices.IndexFunc(kinds, func(d *workflow.Definition) bool { return d.Key == "incident" })]
	start := time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)
	at := func(minutes int) time.Time { return start.Add(time.Duration(minutes) * time.Minute) }
	change := func(minutes int, pairs ...string) ticket.Event {
		e := ticket.Event{At: at(minutes), Type: ticket.Changed}
		for i := 0; i < len(pairs); i += 3 {
			e.Changes = append(e.Changes, ticket.Change{Field: pairs[i], From: pairs[i+1], To: pairs[i+2]})
		}
		return e
	}
	events := []ticket.Event{
		change(0, "kind", "", "incident", "state", "", "new", "group", "", "10"),
		change(10, "state", "new", "in_progress", "assignee", "", "3"),
		change(20, "state", "in_progress", "on_hold", "wait_reason", "", "vendor"),
		change(30, "wait_reason", "vendor", "caller"),
		change(40, "state", "on_hold", "in_progress", "wait_reason", "caller", "", "group", "10", "11"),
		change(40, "group", "11", "12"), // at the same instant: Group 11 never held it
		change(50, "state", "in_progress", "resolved"),
		change(60, "state", "resolved", "in_progress", "group", "12", ""),
		change(70, "group", "", "12"),
	}
	span := func(value string, from, to int) ticket.Interval {
		iv := ticket.Interval{Value: value, Start: at(from)}
		if to > 0 {
			iv.End = at(to)
		}
		return iv
	}
	for name, c := range map[string]struct{ got, want []ticket.Interval }{
		"states": {
			ticket.Intervals(events, "state"),
			[]ticket.Interval{span("new", 0, 10), span("in_progress", 10, 20), span("on_hold", 20, 40), span("in_progress", 40, 50), span("resolved", 50, 60), span("in_progress", 60, 0)},
		},
		"groups":     {ticket.Intervals(events, "group"), []ticket.Interval{span("10", 0, 40), span("12", 40, 60), span("", 60, 70), span("12", 70, 0)}},
		"assignees":  {ticket.Intervals(events, "assignee"), []ticket.Interval{span("", 0, 10), span("3", 10, 0)}},
		"holds":      {ticket.Holds(events, def, ""), []ticket.Interval{span("vendor", 20, 30), span("caller", 30, 40)}},
		"for caller": {ticket.Holds(events, def, "caller"), []ticket.Interval{span("caller", 30, 40)}},
		"nothing":    {ticket.Intervals(nil, "group"), nil},
	} {
		if diff := cmp.Diff(c.want, c.got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	if n := ticket.Reassignments(events); n != 2 {
		t.Errorf("%d reassignments", n)
	}
	if n := ticket.Reopenings(events, def); n != 1 {
		t.Errorf("%d reopenings", n)
	}
	then, err := ticket.Replay(1, "INC-1", ticket.At(events, at(35)), def)
	if err != nil || then.State != "on_hold" || then.WaitReason != "caller" || then.GroupID != 10 {
		t.Errorf("at minute 35 it was %+v, %v", then, err)
	}
	if l := span("x", 0, 0).Length(at(90)); l != 90*time.Minute {
		t.Errorf("an open stretch lasts %v", l)
	}
}

func TestIntervalThatComesBackAtTheSameInstantIsOne(t *testing.T) {
	t.Parallel()
	start := time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)
	group := func(at time.Time, from, to string) ticket.Event {
		return ticket.Event{At: at, Changes: []ticket.Change{{Field: "group", From: from, To: to}}}
	}
	later := start.Add(time.Hour)
	got := ticket.Intervals([]ticket.Event{group(start, "", "1"), group(later, "1", "2"), group(later, "2", "1")}, "group")
	if diff := cmp.Diff([]ticket.Interval{{Value: "1", Start: start}}, got); diff != "" {
		t.Error(diff)
	}
}

func TestEveryFieldReadsBackWhatWasSet(t *testing.T) {
	t.Parallel()
	for field, value := range map[string]string{
		"kind": "incident", "title": "a, b", "requester": "7", "assignee": "", "impact": "2", "rating": "5", "tags": "a,b", "watchers": "1,2",
		"field.room": "Blue", "wait_reason": "caller", "parent": "12",
	} {
		var tk ticket.Ticket
		if err := tk.Set(field, value); err != nil || tk.Get(field) != value {
			t.Errorf("%s: set %q, got %q, %v", field, value, tk.Get(field), err)
		}
	}
	var tk ticket.Ticket
	for field, value := range map[string]string{"colour": "red", "field.": "x", "requester": "ana", "impact": "high", "watchers": "1,x"} {
		if err := tk.Set(field, value); err == nil {
			t.Errorf("%s took %q", field, value)
		}
	}
}
