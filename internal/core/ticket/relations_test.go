package ticket_test

import (
	"context"
	"fmt"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/core/workflow"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/database"
)

// family is a parent with two children, all new.
func (d desk) family(t *testing.T) (parent, one, two ticket.Ticket) {
	t.Helper()
	parent, one, two = d.incident(t, "Core switch is down"), d.incident(t, "No network"), d.incident(t, "No phone")
	for _, child := range []ticket.Ticket{one, two} {
		must(d.Link(d.as(d.ana), ticket.ByID(child.ID), ticket.ChildOf, ticket.ByNumber(parent.Number)))(t)
	}
	return parent, d.get(t, one), d.get(t, two)
}

// The rules of ServiceNow's incident parents, one by one.

func TestChildrenFollowTheirParentIntoWork(t *testing.T) {
	eachDesk(t, func(t *testing.T, d desk) {
		parent, one, two := d.family(t)
		two = d.resolve(t, two)
		d.step(t, d.ana, parent, ticket.Step{Transition: "start"})
		if one = d.get(t, one); one.State != "in_progress" || one.AssigneeID != 0 {
			t.Errorf("the child is %s, assigned to %d", one.State, one.AssigneeID)
		}
		if d.get(t, two).State != "resolved" {
			t.Error("a child that is done was taken back into work")
		}
		events := d.timeline(t, one)
		if last := events[len(events)-1]; last.Type != ticket.Synced || last.Actor.ID != 0 {
			t.Errorf("the child's timeline says %+v", last)
		}
	})
}

func TestChildrenWaitWithTheirParentButNotForItsCaller(t *testing.T) {
	eachDesk(t, func(t *testing.T, d desk) {
		for _, reason := range []string{"vendor", "change", "problem"} {
			parent, one, _ := d.family(t)
			d.step(t, d.ana, parent, ticket.Step{Transition: "hold", Reason: reason})
			if one = d.get(t, one); one.State != "on_hold" || one.WaitReason != reason {
				t.Errorf("parent waits for %s, child is %s for %q", reason, one.State, one.WaitReason)
			}
			d.step(t, d.ana, parent, ticket.Step{Transition: "resume"})
			if one = d.get(t, one); one.State != "in_progress" || one.WaitReason != "" {
				t.Errorf("parent goes on, child is %s for %q", one.State, one.WaitReason)
			}
		}
		parent, one, _ := d.family(t)
		d.step(t, d.ana, parent, ticket.Step{Transition: "hold", Reason: "caller", Comment: "?", CommentPublic: true})
		if one = d.get(t, one); one.State != "new" {
			t.Errorf("parent waits for its caller, child is %s", one.State)
		}
	})
}

func TestChildrenAreResolvedWithTheirParentsWordsAndNotClosedWithIt(t *testing.T) {
	eachDesk(t, func(t *testing.T, d desk) {
		parent, one, two := d.family(t)
		parent = d.step(t, d.ana, parent, ticket.Step{Transition: "resolve", ResolutionCode: "workaround", Resolution: "Moved to the spare."})
		for _, child := range []ticket.Ticket{one, two} {
			if child = d.get(t, child); child.State != "resolved" || child.Resolution != "Moved to the spare." || child.ResolutionCode != "workaround" {
				t.Errorf("child is %s: %q, %q", child.State, child.ResolutionCode, child.Resolution)
			}
		}
		d.step(t, d.ana, parent, ticket.Step{Transition: "close"})
		if d.get(t, one).State != "resolved" {
			t.Errorf("the child is %s", d.get(t, one).State)
		}
	})
}

func TestAgentsReopeningReachesChildrenAndCallersDoesNot(t *testing.T) {
	eachDesk(t, func(t *testing.T, d desk) {
		for person, want := range map[int64]string{d.ana: "in_progress", d.carla: "resolved"} {
			parent, one, _ := d.family(t)
			parent = d.resolve(t, parent)
			d.step(t, person, parent, ticket.Step{Transition: "reopen", Comment: "not yet"})
			if got := d.get(t, one); got.State != want {
				t.Errorf("reopened by %d: the child is %s, want %s", person, got.State, want)
			}
		}
	})
}

func TestCancelledParentLeavesItsChildrenAlone(t *testing.T) {
	eachDesk(t, func(t *testing.T, d desk) {
		parent, one, _ := d.family(t)
		d.step(t, d.ana, parent, ticket.Step{Transition: "cancel", Comment: "false alarm"})
		if got := d.get(t, one); got.State != "new" {
			t.Errorf("the child is %s", got.State)
		}
	})
}

func TestGrandchildrenFollowToo(t *testing.T) {
	eachDesk(t, func(t *testing.T, d desk) {
		parent, one, two := d.family(t)
		must(d.Edit(d.as(d.ana), ticket.ByID(two.ID), ticket.Edit{ParentID: &one.ID}))(t)
		d.resolve(t, parent)
		if got := d.get(t, two); got.State != "resolved" {
			t.Errorf("the grandchild is %s", got.State)
		}
	})
}

// TestAllChildrenFollowHoweverManyThereAre: those that do not fit in one
// transaction in further ones, and not if the parent has gone elsewhere.
func TestAllChildrenFollowHoweverManyThereAre(t *testing.T) {
	eachDesk(t, func(t *testing.T, d desk) {
		const many = 640 // 500 at once, then 100, then 40
		parent := d.incident(t, "Core switch is down")
		var cmds []ticket.Create
		for i := range many {
			cmds = append(cmds, ticket.Create{Kind: "incident", Title: fmt.Sprint("No network ", i), ParentID: parent.ID, Channel: "phone"})
		}
		for _, made := range d.CreateMany(d.as(d.ana), cmds, true) {
			if made.Err != nil {
				t.Fatal(made.Err)
			}
		}
		in := func(state string) int {
			t.Helper()
			n, err := database.One(t.Context(), d.world.DB.Reader(), database.Scalar[int], `SELECT count(*) FROM tickets WHERE parent_id = $1 AND state = $2`, parent.ID, state)
			if err != nil {
				t.Fatal(err)
			}
			return n
		}
		var later []ticket.Following
		d.FollowLater(func(_ context.Context, _ *database.Tx, f ticket.Following) error {
			later = append(later, f)
			return nil
		})
		system := access.With(t.Context(), access.System())
		parent = d.step(t, d.ana, parent, ticket.Step{Transition: "start"})
		if in("in_progress") != 500 || len(later) != 1 {
			t.Fatalf("%d children follow at once, and %d calls for the rest", in("in_progress"), len(later))
		}
		for range 2 { // again changes nothing
			if err := d.FollowOn(system, later[0]); err != nil || in("in_progress") != many {
				t.Fatalf("%d children follow, %v", in("in_progress"), err)
			}
		}
		parent = d.resolve(t, parent)
		if err := d.FollowOn(system, later[0]); err != nil || in("resolved") != 500 {
			t.Errorf("what is out of date moved children: %d are resolved, %v", in("resolved"), err)
		}
		if err := d.FollowOn(system, later[1]); err != nil || in("resolved") != many {
			t.Errorf("%d children are resolved, %v", in("resolved"), err)
		}
		d.FollowLater(nil)
		d.step(t, d.ana, parent, ticket.Step{Transition: "reopen", Comment: "not yet"})
		if in("in_progress") != many {
			t.Errorf("without a job %d children follow", in("in_progress"))
		}
	})
}

func TestChildThatMayNotTakeAStepDoesNotHoldUpItsParent(t *testing.T) {
	strict := visitKind()
	for i := range strict.Transitions {
		if strict.Transitions[i].Key == "resolve" {
			strict.Transitions[i].When = "field.room:Blue"
		}
	}
	eachDesk(t, func(t *testing.T, d desk) {
		parent := d.incident(t, "x")
		child := func(room string) ticket.Ticket {
			return must(d.Create(d.as(d.ana), ticket.Create{Kind: "visit", Title: room, ParentID: parent.ID, Fields: map[string]string{"room": room}}))(t)
		}
		green, blue := child("Green"), child("Blue")
		d.resolve(t, parent)
		if d.get(t, parent).State != "resolved" || d.get(t, blue).State != "resolved" {
			t.Error("the parent or the child that may follow was held up")
		}
		if got := d.get(t, green); got.State != "new" || got.Version != green.Version {
			t.Errorf("the child that may not follow is %s, version %d", got.State, got.Version)
		}
		// The kind has no such code: the first of its own stands in.
		if got := d.get(t, blue); got.ResolutionCode == "" {
			t.Error("resolved without a code")
		}
	}, strict)
}

func TestNobodyIsTheirOwnAncestor(t *testing.T) {
	eachDesk(t, func(t *testing.T, d desk) {
		parent, one, _ := d.family(t)
		agent := d.as(d.ana)
		_, err := d.Link(agent, ticket.ByID(parent.ID), ticket.ChildOf, ticket.ByID(one.ID))
		wantKind(t, err, apperr.Invalid, "parent")
		_, err = d.Edit(agent, ticket.ByID(one.ID), ticket.Edit{ParentID: &one.ID})
		wantKind(t, err, apperr.Invalid, "parent")
		_, err = d.Edit(agent, ticket.ByID(one.ID), ticket.Edit{ParentID: ptr(int64(1))})
		wantKind(t, err, apperr.Invalid, "parent")
	})
}

func TestTwoMovesAtTheSameMomentMakeNoCircle(t *testing.T) {
	eachDesk(t, func(t *testing.T, d desk) {
		agent := d.as(d.ana)
		for range 5 {
			a, b := d.incident(t, "a"), d.incident(t, "b")
			var wg sync.WaitGroup
			wg.Go(func() { _, _ = d.Edit(agent, ticket.ByID(a.ID), ticket.Edit{ParentID: &b.ID}) })
			wg.Go(func() { _, _ = d.Edit(agent, ticket.ByID(b.ID), ticket.Edit{ParentID: &a.ID}) })
			wg.Wait()
			if d.get(t, a).ParentID != 0 && d.get(t, b).ParentID != 0 {
				t.Fatal("each is the other's parent")
			}
		}
	})
}

func TestLinksAreSeenFromBothEndsAndNotedOnBoth(t *testing.T) {
	eachDesk(t, func(t *testing.T, d desk) {
		agent := d.as(d.ana)
		a, b, c, p := d.incident(t, "a"), d.incident(t, "b"), d.incident(t, "c"), d.incident(t, "p")
		ref := func(tk ticket.Ticket) ticket.Ref { return ticket.ByID(tk.ID) }
		must(d.Link(agent, ref(a), ticket.DuplicateOf, ref(b)))(t)
		must(d.Link(agent, ref(a), ticket.DuplicateOf, ref(b)))(t) // twice is no error
		must(d.Link(agent, ref(a), ticket.RelatedTo, ref(c)))(t)
		must(d.Link(agent, ref(c), ticket.CausedBy, ref(a)))(t)
		must(d.Link(agent, ref(p), ticket.ParentOf, ref(a)))(t)
		must(d.Link(agent, ref(a), ticket.ParentOf, ref(c)))(t)
		show := func(tk ticket.Ticket) (out []string) {
			now := d.get(t, tk)
			for _, l := range must(d.Links(agent, &now))(t) {
				word := string(l.Type)
				if l.Inverse {
					word = "inverse " + word
				}
				out = append(out, word+" "+l.Other.Title)
			}
			return out
		}
		if diff := cmp.Diff([]string{"child p", "parent c", "duplicate_of b", "related c", "inverse caused_by c"}, show(a)); diff != "" {
			t.Errorf("links of a:\n%s", diff)
		}
		if diff := cmp.Diff([]string{"inverse duplicate_of a"}, show(b)); diff != "" {
			t.Errorf("links of b:\n%s", diff)
		}
		events := d.timeline(t, b)
		change, ok := events[len(events)-1].Change(ticket.FieldLink)
		typ, inverse, other := ticket.ParseLink(change.To)
		if !ok || len(events) != 2 || typ != ticket.DuplicateOf || !inverse || other != a.ID {
			t.Errorf("b's timeline has %d events; the last says %q", len(events), change.To)
		}
		must(d.Unlink(agent, ref(b), ticket.DuplicateOf, ref(a)))(t) // from the other end
		must(d.Unlink(agent, ref(a), ticket.ChildOf, ref(p)))(t)
		must(d.Unlink(agent, ref(a), ticket.ChildOf, ref(p)))(t)
		if diff := cmp.Diff([]string{"parent c", "related c", "inverse caused_by c"}, show(a)); diff != "" {
			t.Errorf("links of a after unlinking:\n%s", diff)
		}
		_, err := d.Link(agent, ref(a), ticket.RelatedTo, ref(a))
		wantKind(t, err, apperr.Invalid, "other")
		_, err = d.Link(agent, ref(a), "sibling", ref(b))
		wantKind(t, err, apperr.Invalid, "type")
		_, err = d.Link(agent, ref(a), ticket.RelatedTo, ticket.ByNumber("INC-999"))
		wantKind(t, err, apperr.Invalid, "other")
	})
}

func TestLinksToHiddenTicketsAreNotShown(t *testing.T) {
	eachDesk(t, func(t *testing.T, d desk) {
		mine, hidden := d.incident(t, "Carla's"), must(d.Create(d.as(d.colin), ticket.Create{Kind: "incident", Title: "Colin's"}))(t)
		must(d.Link(d.as(d.ana), ticket.ByID(mine.ID), ticket.RelatedTo, ticket.ByID(hidden.ID)))(t)
		if links := must(d.Links(d.as(d.carla), &mine))(t); len(links) != 0 {
			t.Errorf("the requester sees %+v", links)
		}
	})
}

func TestTicketsAreFoundByTheNumbersInAText(t *testing.T) {
	eachDesk(t, func(t *testing.T, d desk) {
		var numbers []string
		for i := range 3 {
			numbers = append(numbers, d.incident(t, fmt.Sprint(i)).Number)
		}
		if got := must(d.ByNumbers(d.as(d.ana), append(numbers, "inc-1", "INC-77", "nonsense")))(t); len(got) != 3 {
			t.Errorf("the agent finds %d", len(got))
		}
		if got := must(d.ByNumbers(d.as(d.colin), numbers))(t); len(got) != 0 {
			t.Errorf("a stranger finds %d", len(got))
		}
		if got := must(d.ByNumbers(d.as(d.ana), nil))(t); len(got) != 0 {
			t.Errorf("nothing asked, %d found", len(got))
		}
	})
}

func TestChildOfAnotherKindFollowsByCategory(t *testing.T) {
	eachDesk(t, func(t *testing.T, d desk) {
		parent := d.incident(t, "x")
		child := must(d.Create(d.as(d.ana), ticket.Create{Kind: "request", Title: "y", ParentID: parent.ID}))(t)
		d.step(t, d.ana, parent, ticket.Step{Transition: "start"})
		if got := d.get(t, child); got.Category != workflow.Open {
			t.Errorf("the child is %s", got.State)
		}
	})
}
