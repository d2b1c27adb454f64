package ticket_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/platform/apperr"
)

func TestEditChangesWhatIsNamedAndNotesBeforeAndAfter(t *testing.T) {
	eachDesk(t, func(t *testing.T, d desk) {
		tk := d.incident(t, "Old title")
		edited := must(d.Edit(d.as(d.ana), ticket.ByID(tk.ID), ticket.Edit{
			Version: tk.Version, Title: ptr("New title"), Description: ptr(ticket.Markdown("More.")), ServiceID: &d.payroll,
			RequesterID: &d.colin, Tags: ptr([]string{"b", "A"}),
		}))(t)
		events := d.timeline(t, edited)
		got := events[len(events)-1].Changes
		id := func(n int64) string { return fmt.Sprint(n) }
		want := []ticket.Change{
			{Field: "title", From: "Old title", To: "New title"},
			{Field: "description", To: "More."},
			{Field: "tags", To: "a,b"},
			{Field: "requester", From: id(d.carla), To: id(d.colin)},
			{Field: "service", To: id(d.payroll)},
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("changes (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff(edited, d.get(t, edited), cmpopts.EquateEmpty()); diff != "" {
			t.Error(diff)
		}
		if edited.Version != tk.Version+1 {
			t.Errorf("version %d", edited.Version)
		}
		if d.said.last().InternalOnly {
			t.Error("a new requester was announced as nothing a requester could see")
		}
	})
}

func TestEditThatChangesNothingIsNoSave(t *testing.T) {
	eachDesk(t, func(t *testing.T, d desk) {
		tk := d.incident(t, "Same")
		again := must(d.Edit(d.as(d.ana), ticket.ByID(tk.ID), ticket.Edit{Version: tk.Version, Title: ptr(" Same "), Impact: ptr(2), GroupID: &d.network}))(t)
		if again.Version != tk.Version || len(d.timeline(t, tk)) != 1 {
			t.Errorf("version %d, %d events", again.Version, len(d.timeline(t, tk)))
		}
	})
}

func TestStaleEditIsRefusedWithWhatIsThereNow(t *testing.T) {
	eachDesk(t, func(t *testing.T, d desk) {
		tk := d.incident(t, "First")
		must(d.Edit(d.as(d.ben), ticket.ByID(tk.ID), ticket.Edit{Version: tk.Version, Title: ptr("Ben's")}))(t)
		_, err := d.Edit(d.as(d.ana), ticket.ByID(tk.ID), ticket.Edit{Version: tk.Version, Title: ptr("Ana's")})
		wantKind(t, err, apperr.Conflict)
		var e *apperr.Error
		if !errors.As(err, &e) {
			t.Fatal(err)
		}
		if now, ok := e.Detail.(*ticket.Ticket); !ok || now.Title != "Ben's" || now.Version != tk.Version+1 {
			t.Errorf("detail %+v", e.Detail)
		}
		if d.get(t, tk).Title != "Ben's" {
			t.Error("the stale edit was saved")
		}
	})
}

func TestOfManyEditsOfOneVersionExactlyOneIsSaved(t *testing.T) {
	eachDesk(t, func(t *testing.T, d desk) {
		tk := d.incident(t, "Race")
		ctx := d.as(d.ana)
		var mu sync.Mutex
		won, refused := 0, 0
		var wg sync.WaitGroup
		for i := range 12 {
			wg.Go(func() {
				_, err := d.Edit(ctx, ticket.ByID(tk.ID), ticket.Edit{Version: tk.Version, Title: ptr(fmt.Sprint("by ", i))})
				mu.Lock()
				defer mu.Unlock()
				var e *apperr.Error
				switch {
				case err == nil:
					won++
				case errors.As(err, &e) && e.Kind == apperr.Conflict:
					refused++
					if now, ok := e.Detail.(*ticket.Ticket); !ok || now.Version != tk.Version+1 {
						t.Errorf("the conflict shows %+v", e.Detail)
					}
				default:
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if won != 1 || refused != 11 {
			t.Errorf("%d saved, %d refused", won, refused)
		}
	})
}

func TestRepliesAtTheSameMomentAreAllKept(t *testing.T) {
	eachDesk(t, func(t *testing.T, d desk) {
		tk := d.incident(t, "Busy")
		ctx := d.as(d.ana)
		const n = 20
		var wg sync.WaitGroup
		for i := range n {
			wg.Go(func() {
				if _, err := d.Reply(ctx, ticket.ByID(tk.ID), ticket.PublicReply{Body: ticket.Markdown(fmt.Sprint("reply ", i))}); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		events := d.timeline(t, tk)
		said := map[string]bool{}
		for i, e := range events {
			if e.Seq != i+1 {
				t.Errorf("event %d has the sequence number %d", i, e.Seq)
			}
			said[e.Body] = true
		}
		if len(events) != n+1 || len(said) != n+1 {
			t.Errorf("%d events with %d texts", len(events), len(said))
		}
		if now := d.get(t, tk); now.Version != n+1 || now.LastSeq != n+1 {
			t.Errorf("version %d, last event %d", now.Version, now.LastSeq)
		}
	})
}

func TestPriorityFollowsTheMatrixUnlessOverruledWithAReason(t *testing.T) {
	eachDesk(t, func(t *testing.T, d desk) {
		tk := d.incident(t, "x")
		ref, agent := ticket.ByID(tk.ID), d.as(d.ana)
		edit := func(cmd ticket.Edit) ticket.Ticket { return must(d.Edit(agent, ref, cmd))(t) }
		def := d.definition(t, "incident")
		if tk = edit(ticket.Edit{Impact: ptr(1), Urgency: ptr(1)}); tk.Priority != 1 {
			t.Errorf("high by high gives %d", tk.Priority)
		}
		_, err := d.Edit(agent, ref, ticket.Edit{Priority: ptr(4), PriorityReason: "  "})
		wantKind(t, err, apperr.Invalid, "priority_reason")
		_, err = d.Edit(agent, ref, ticket.Edit{Priority: ptr(9), PriorityReason: "why not"})
		wantKind(t, err, apperr.Invalid, "priority")
		_, err = d.Edit(agent, ref, ticket.Edit{Impact: ptr(7)})
		wantKind(t, err, apperr.Invalid, "impact")
		tk = edit(ticket.Edit{Priority: ptr(4), PriorityReason: "Nobody is there this week"})
		if why := tk.ExplainPriority(def); !strings.Contains(why.String(), "Nobody is there this week") || !strings.Contains(why.String(), "would give 1 - Critical") {
			t.Errorf("explained as %q", why)
		}
		if tk = edit(ticket.Edit{Impact: ptr(3)}); tk.Priority != 4 {
			t.Errorf("an overruled priority moved with the impact to %d", tk.Priority)
		}
		if tk = edit(ticket.Edit{PriorityByMatrix: true}); tk.Priority != 3 || tk.PriorityReason != "" {
			t.Errorf("back by the matrix: %d %q", tk.Priority, tk.PriorityReason)
		}
		if why := tk.ExplainPriority(def); why.String() != "3 - Moderate, because of impact Low and urgency High." {
			t.Errorf("explained as %q", why)
		}
		events := d.timeline(t, tk)
		if c, ok := events[2].Change("priority_reason"); len(events) != 5 || !ok || c.To == "" {
			t.Errorf("the override is not in the timeline: %+v", events)
		}
	})
}

func TestAssigneeBelongsToTheGroup(t *testing.T) {
	eachDesk(t, func(t *testing.T, d desk) {
		tk := d.incident(t, "x")
		ref, agent := ticket.ByID(tk.ID), d.as(d.ana)
		_, err := d.Edit(agent, ref, ticket.Edit{AssigneeID: &d.ben})
		wantKind(t, err, apperr.Invalid, "assignee")
		tk = must(d.Edit(agent, ref, ticket.Edit{AssigneeID: &d.lea}))(t)
		// Lea is not in Printing: the new group drops her. Ana is in both and stays.
		tk = must(d.Edit(agent, ref, ticket.Edit{GroupID: &d.printing}))(t)
		if tk.AssigneeID != 0 || tk.GroupID != d.printing || tk.ReassignCount != 1 {
			t.Errorf("after the move: group %d, assignee %d, %d reassignments", tk.GroupID, tk.AssigneeID, tk.ReassignCount)
		}
		tk = must(d.Edit(agent, ref, ticket.Edit{AssigneeID: &d.ana}))(t)
		if tk = must(d.Edit(agent, ref, ticket.Edit{GroupID: &d.network}))(t); tk.AssigneeID != d.ana {
			t.Errorf("a member of both groups was dropped: %d", tk.AssigneeID)
		}
		tk = must(d.Edit(agent, ref, ticket.Edit{GroupID: ptr(int64(0)), AssigneeID: &d.ben}))(t)
		if tk.GroupID != 0 || tk.AssigneeID != d.ben {
			t.Errorf("a person without a group: %d %d", tk.GroupID, tk.AssigneeID)
		}
		_, err = d.Edit(agent, ref, ticket.Edit{AssigneeID: ptr(int64(1))})
		wantKind(t, err, apperr.Invalid, "assignee")
	})
}

func TestWatching(t *testing.T) {
	eachDesk(t, func(t *testing.T, d desk) {
		tk := d.incident(t, "x")
		ref := ticket.ByID(tk.ID)
		tk = must(d.Watch(d.as(d.ben), ref, true))(t)
		if again := must(d.Watch(d.as(d.ben), ref, true))(t); again.Version != tk.Version {
			t.Error("watching twice was saved twice")
		}
		if !d.said.last().InternalOnly {
			t.Error("watching was announced to the requester")
		}
		tk = must(d.SetWatchers(d.as(d.ana), ref, tk.Version, []int64{d.lea, d.ben, d.lea}))(t)
		want := []int64{d.ben, d.lea}
		slices.Sort(want)
		if !slices.Equal(tk.Watchers, want) || !slices.Equal(d.get(t, tk).Watchers, want) {
			t.Errorf("watchers %v, want %v", tk.Watchers, want)
		}
		_, err := d.SetWatchers(d.as(d.ana), ref, tk.Version-1, nil)
		wantKind(t, err, apperr.Conflict)
		_, err = d.SetWatchers(d.as(d.ana), ref, 0, []int64{1})
		wantKind(t, err, apperr.Invalid, "watchers")
		tk = must(d.Watch(d.as(d.ben), ref, false))(t)
		if !slices.Equal(tk.Watchers, []int64{d.lea}) {
			t.Errorf("watchers %v", tk.Watchers)
		}
	})
}

func TestWatcherFollowsATicketThatIsNotTheirs(t *testing.T) {
	eachDesk(t, func(t *testing.T, d desk) {
		tk := d.incident(t, "x")
		_, err := d.Get(d.as(d.colin), ticket.ByID(tk.ID))
		wantKind(t, err, apperr.NotFound)
		must(d.SetWatchers(d.as(d.ana), ticket.ByID(tk.ID), 0, []int64{d.colin}))(t)
		must(d.Get(d.as(d.colin), ticket.ByID(tk.ID)))(t)
		must(d.Reply(d.as(d.colin), ticket.ByID(tk.ID), ticket.PublicReply{Body: "same here"}))(t)
	})
}

func TestClockSetBackDoesNotTurnTheTimelineOver(t *testing.T) {
	eachDesk(t, func(t *testing.T, d desk) {
		tk := d.incident(t, "x")
		d.world.Clock.Advance(time.Hour)
		tk = must(d.Reply(d.as(d.ana), ticket.ByID(tk.ID), ticket.PublicReply{Body: "one"}))(t)
		last := tk.UpdatedAt
		d.world.Clock.Advance(-3 * time.Hour)
		tk = must(d.Reply(d.as(d.ana), ticket.ByID(tk.ID), ticket.PublicReply{Body: "two"}))(t)
		tk = d.resolve(t, tk)
		events := d.timeline(t, tk)
		if !slices.IsSortedFunc(events, func(a, b ticket.Event) int { return a.At.Compare(b.At) }) {
			t.Error("the events are not in order of time")
		}
		if !tk.UpdatedAt.Equal(last) || !tk.ResolvedAt.Equal(last) {
			t.Errorf("updated %v, resolved %v, want %v", tk.UpdatedAt, tk.ResolvedAt, last)
		}
	})
}

func TestTitlesAreOneLineAndTextsAreKeptAsWritten(t *testing.T) {
	eachDesk(t, func(t *testing.T, d desk) {
		tk := d.incident(t, "x")
		text := "  عربي \u202e and 👩‍👩‍👧 \r\n\t<script>alert(1)</script> "
		tk = must(d.Edit(d.as(d.ana), ticket.ByID(tk.ID), ticket.Edit{
			Title: ptr("a\r\nBcc: x@example.com\u2028b"), Description: ptr(ticket.Markdown(text)),
		}))(t)
		if tk = d.get(t, tk); tk.Title != "a Bcc: x@example.com b" || tk.Description != text {
			t.Errorf("title %q, description %q", tk.Title, tk.Description)
		}
	})
}
