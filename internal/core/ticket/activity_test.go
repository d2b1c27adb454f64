package ticket_test

import (
	"context"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/filter"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/core/workflow"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/database"
)

func TestWhatAPracticeDoesStandsOnTheTimelineForInsidersOnly(t *testing.T) {
	eachDesk(t, func(t *testing.T, d desk) {
		tk := d.incident(t, "x")
		after := must(d.Act(d.as(d.ana), ticket.ByID(tk.ID), access.Note, func(a *ticket.Acting) error {
			a.Say("tea.brewed", "", "Assam")
			return nil
		}))(t)
		if after.Version != tk.Version+1 {
			t.Errorf("version %d after %d", after.Version, tk.Version)
		}
		events := d.timeline(t, tk)
		last := events[len(events)-1]
		if last.Type != ticket.Acted || !last.Internal || last.Actor.ID != d.ana {
			t.Errorf("%+v", last)
		}
		if diff := cmp.Diff([]ticket.Change{{Field: "activity.tea.brewed", To: "Assam"}}, last.Changes); diff != "" {
			t.Error(diff)
		}
		for _, e := range must(d.PublicTimeline(d.as(d.carla), &tk, 0, 0))(t) {
			if e.Type == ticket.Acted {
				t.Error("the requester is told")
			}
		}
		if said := d.said.last(); !said.InternalOnly {
			t.Error("it is announced to the requester")
		}
		folded := must(ticket.Replay(tk.ID, tk.Number, events, d.definition(t, "incident")))(t)
		if diff := cmp.Diff(folded, d.get(t, tk), cmpopts.IgnoreFields(ticket.Ticket{}, "Version"), cmpopts.EquateEmpty()); diff != "" {
			t.Error(diff)
		}
	})
}

func TestActingNeedsTheVerbAndTheNotes(t *testing.T) {
	eachDesk(t, func(t *testing.T, d desk) {
		tk := must(d.Create(d.as(d.ana), ticket.Create{Kind: "incident", Title: "x", RequesterID: d.carla, GroupID: d.supplierTeam}))(t)
		act := func(person int64) error {
			_, err := d.Act(d.as(person), ticket.ByID(tk.ID), access.Note, func(*ticket.Acting) error { return errors.New("ran") })
			return err
		}
		wantKind(t, act(d.carla), apperr.Forbidden)
		wantKind(t, act(d.sam), apperr.Forbidden)
		wantKind(t, act(d.colin), apperr.NotFound)
		wantKind(t, act(d.audrey), apperr.Forbidden)
		if err := act(d.ben); err == nil || err.Error() != "ran" {
			t.Error(err)
		}
		if got := d.get(t, tk); got.Version != tk.Version {
			t.Error("an error left something behind")
		}
	})
}

func TestAGuardKeepsAStepUntilItIsContent(t *testing.T) {
	eachDesk(t, func(t *testing.T, d desk) {
		content := false
		d.Guard(ticket.Guard{Label: "Tea first", To: workflow.Resolved, Check: func(context.Context, database.Querier, *ticket.Ticket) error {
			if content {
				return nil
			}
			return apperr.InvalidField("tea", "The kettle is cold.")
		}})
		tk := d.incident(t, "x")
		_, err := d.Transition(d.as(d.ana), ticket.ByID(tk.ID), ticket.Step{Transition: "resolve", ResolutionCode: "solved", Resolution: "Done."})
		wantKind(t, err, apperr.Invalid, "tea")
		if steps := must(d.Steps(d.as(d.ana), &tk))(t); len(steps) == 0 {
			t.Error("the step is hidden instead of refused with its reason")
		}
		d.step(t, d.ana, tk, ticket.Step{Transition: "start"})
		content = true
		if got := d.resolve(t, tk); got.Category != workflow.Resolved {
			t.Error(got.State)
		}
		if diff := cmp.Diff([]string{"Tea first"}, d.GuardsOf(workflow.Resolved)); diff != "" {
			t.Error(diff)
		}
	})
}

func TestWhatAFollowerSaysComesWithTheSave(t *testing.T) {
	eachDesk(t, func(t *testing.T, d desk) {
		d.Follow(func(_ context.Context, _ *database.Tx, s *ticket.Saved) error {
			if s.Created() {
				s.Say("tea.brewed", "", "Assam")
				s.Say("tea.poured", "", "")
			}
			return nil
		})
		tk := d.incident(t, "x")
		events := d.timeline(t, tk)
		if len(events) != 3 || tk.LastSeq != 3 || tk.Version != 1 || events[2].Actor.ID != d.ana {
			t.Errorf("version %d, last %d, %+v", tk.Version, tk.LastSeq, events)
		}
		if diff := cmp.Diff(tk, d.get(t, tk), cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("given (-) and stored (+):\n%s", diff)
		}
		// Nobody saved in between: the version that was given is the present one.
		must(d.Edit(d.as(d.ana), ticket.ByID(tk.ID), ticket.Edit{Version: tk.Version, Title: ptr("y")}))(t)
	})
}

func TestAttributesAreNothingToRequesters(t *testing.T) {
	eachDesk(t, func(t *testing.T, d desk) {
		d.Extend(ticket.Attribute{Field: filter.Field{Name: "length", Label: "Length", Type: filter.TypeNumber, SQL: "length(t.title)", Required: true}})
		d.incident(t, "x")
		for person, want := range map[int64]int{d.ana: 1, d.carla: 0} {
			ctx := d.as(person)
			page := must(d.List(ctx, ticket.Query{Condition: must(d.Condition(ctx, "length:>0", nil))(t)}))(t)
			if len(page.Tickets) != want {
				t.Errorf("%d tickets, want %d", len(page.Tickets), want)
			}
		}
	})
}
