package ticket_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/core/workflow"
	"github.com/steward-itsm/steward/internal/platform/apperr"
)

func TestStepsAskForWhatTheyRequire(t *testing.T) {
	eachDesk(t, func(t *testing.T, d desk) {
		tk := d.incident(t, "x")
		for _, c := range []struct {
			step   ticket.Step
			kind   apperr.Kind
			fields []string
		}{
			{ticket.Step{Transition: "hold"}, apperr.Invalid, []string{"reason"}},
			{ticket.Step{Transition: "hold", Reason: "weather"}, apperr.Invalid, []string{"reason"}},
			{ticket.Step{Transition: "hold", Reason: "caller"}, apperr.Invalid, []string{"comment"}},
			{ticket.Step{Transition: "hold", Reason: "caller", Comment: "psst"}, apperr.Invalid, []string{"comment"}},
			{ticket.Step{Transition: "resolve"}, apperr.Invalid, []string{"resolution_code", "resolution"}},
			{ticket.Step{Transition: "resolve", ResolutionCode: "magic", Resolution: " "}, apperr.Invalid, []string{"resolution_code", "resolution"}},
			{ticket.Step{Transition: "cancel"}, apperr.Invalid, []string{"comment"}},
			{ticket.Step{Transition: "fly"}, apperr.Invalid, []string{"transition"}},
			{ticket.Step{Transition: "close"}, apperr.Conflict, nil},
			{ticket.Step{Transition: "resume"}, apperr.Conflict, nil},
			{ticket.Step{Transition: "start", Version: tk.Version + 7}, apperr.Conflict, nil},
		} {
			_, err := d.Transition(d.as(d.ana), ticket.ByID(tk.ID), c.step)
			wantKind(t, err, c.kind, c.fields...)
		}
		if len(d.timeline(t, tk)) != 1 {
			t.Error("a refused step left a trace")
		}
	})
}

func TestStepCarriesItsWordsAsAMessageOfItsOwn(t *testing.T) {
	eachDesk(t, func(t *testing.T, d desk) {
		tk := d.incident(t, "x")
		tk = d.step(t, d.ana, tk, ticket.Step{Transition: "hold", Reason: "vendor", Comment: "ticket 4711 at the vendor"})
		tk = d.step(t, d.ana, tk, ticket.Step{Transition: "hold", Reason: "caller", Comment: "Which floor?", CommentPublic: true})
		events := d.timeline(t, tk)
		var got []ticket.EventType
		for _, e := range events {
			got = append(got, e.Type)
		}
		want := []ticket.EventType{ticket.Created, ticket.Noted, ticket.Transitioned, ticket.Replied, ticket.Transitioned}
		if !slices.Equal(got, want) {
			t.Errorf("timeline %v, want %v", got, want)
		}
		if tk.Version != 3 {
			t.Errorf("message and step are not one save: version %d", tk.Version)
		}
	})
}

func TestWhoStartsWorkOnAnUnassignedTicketGetsIt(t *testing.T) {
	eachDesk(t, func(t *testing.T, d desk) {
		tk := d.step(t, d.ana, d.incident(t, "mine"), ticket.Step{Transition: "start"})
		if tk.AssigneeID != d.ana || tk.State != "in_progress" {
			t.Errorf("assignee %d, state %s", tk.AssigneeID, tk.State)
		}
		// Ben is not in Network: the work starts, but the ticket stays the group's.
		if tk = d.step(t, d.ben, d.incident(t, "not his"), ticket.Step{Transition: "start"}); tk.AssigneeID != 0 {
			t.Errorf("assignee %d", tk.AssigneeID)
		}
	})
}

func TestResolvedTicketCanBeClosedReopenedAndLosesItsResolution(t *testing.T) {
	eachDesk(t, func(t *testing.T, d desk) {
		tk := d.resolve(t, d.incident(t, "x"))
		if tk.Category != workflow.Resolved || tk.ResolvedAt.IsZero() || tk.Resolution == "" {
			t.Errorf("resolved as %+v", tk)
		}
		must(d.Rate(d.as(d.carla), ticket.ByID(tk.ID), ticket.Rating{Score: 4, MinutesLost: ptr(30), Comment: "fine"}))(t)
		d.world.Clock.Advance(time.Hour)
		tk = d.step(t, d.carla, tk, ticket.Step{Transition: "close"})
		if tk.ClosedAt.IsZero() || !tk.ResolvedAt.Before(tk.ClosedAt) {
			t.Errorf("closed at %v, resolved at %v", tk.ClosedAt, tk.ResolvedAt)
		}
		_, err := d.Transition(d.as(d.carla), ticket.ByID(tk.ID), ticket.Step{Transition: "reopen"})
		wantKind(t, err, apperr.Invalid, "comment")
		tk = d.step(t, d.carla, tk, ticket.Step{Transition: "reopen", Comment: "still broken"})
		if tk.State != "in_progress" || tk.ReopenCount != 1 || tk.Resolution != "" || tk.ResolutionCode != "" || tk.Rating != 0 ||
			!tk.ResolvedAt.IsZero() || !tk.ClosedAt.IsZero() {
			t.Errorf("reopened as %+v", tk)
		}
		if _, rated, err := d.RatingOf(d.as(d.ana), &tk); rated || err != nil {
			t.Errorf("a reopened ticket is still rated: %v", err)
		}
		events := d.timeline(t, tk)
		if n := ticket.Reopenings(events, d.definition(t, "incident")); n != 1 {
			t.Errorf("the timeline counts %d reopenings", n)
		}
	})
}

func TestRequesterTakesOnlyARequestersSteps(t *testing.T) {
	eachDesk(t, func(t *testing.T, d desk) {
		tk := d.incident(t, "x")
		keys := func(person int64) (out []string) {
			for _, s := range must(d.Steps(d.as(person), &tk))(t) {
				out = append(out, s.Key)
			}
			return out
		}
		if got := keys(d.carla); !slices.Equal(got, []string{"cancel"}) {
			t.Errorf("the requester can %v", got)
		}
		if got := keys(d.ana); !slices.Equal(got, []string{"start", "hold", "resolve", "cancel"}) {
			t.Errorf("the agent can %v", got)
		}
		if got := keys(d.audrey); len(got) != 0 {
			t.Errorf("the auditor can %v", got)
		}
		_, err := d.Transition(d.as(d.carla), ticket.ByID(tk.ID), ticket.Step{Transition: "start"})
		wantKind(t, err, apperr.Forbidden)
		tk = d.step(t, d.carla, tk, ticket.Step{Transition: "cancel", Comment: "found it"})
		events := d.timeline(t, tk)
		if e := events[len(events)-2]; e.Type != ticket.Replied || e.Internal {
			t.Errorf("the requester's reason became %s", e.Type)
		}
	})
}

func TestRequesterReopensOnlyWithinTheDays(t *testing.T) {
	eachDesk(t, func(t *testing.T, d desk) {
		tk := d.resolve(t, d.incident(t, "x"))
		d.world.Clock.Advance(31 * 24 * time.Hour)
		_, err := d.Transition(d.as(d.carla), ticket.ByID(tk.ID), ticket.Step{Transition: "reopen", Comment: "again"})
		wantKind(t, err, apperr.Forbidden)
		if steps := must(d.Steps(d.as(d.carla), &tk))(t); slices.ContainsFunc(steps, func(s workflow.Transition) bool { return s.Key == "reopen" }) {
			t.Error("reopening is offered")
		}
		d.step(t, d.ana, tk, ticket.Step{Transition: "reopen", Comment: "again"})
	})
}

func TestConditionOfAStepIsAskedOfTheTicket(t *testing.T) {
	strict := visitKind()
	for i := range strict.Transitions {
		if strict.Transitions[i].Key == "resolve" {
			strict.Transitions[i].When = `field.room:Blue`
			strict.Transitions[i].Requires = append(slices.Clone(strict.Transitions[i].Requires), "assignee")
		}
	}
	eachDesk(t, func(t *testing.T, d desk) {
		agent := d.as(d.ana)
		tk := must(d.Create(agent, ticket.Create{Kind: "visit", Title: "x", GroupID: d.network, Fields: map[string]string{"room": "Green"}}))(t)
		step := ticket.Step{Transition: "resolve", ResolutionCode: d.definition(t, "visit").Codes[0].Key, Resolution: "done"}
		_, err := d.Transition(agent, ticket.ByID(tk.ID), step)
		wantKind(t, err, apperr.Conflict)
		must(d.Edit(agent, ticket.ByID(tk.ID), ticket.Edit{Fields: map[string]string{"room": "Blue"}}))(t)
		_, err = d.Transition(agent, ticket.ByID(tk.ID), step)
		wantKind(t, err, apperr.Invalid, "assignee")
		must(d.Edit(agent, ticket.ByID(tk.ID), ticket.Edit{AssigneeID: &d.ana}))(t)
		d.step(t, d.ana, tk, step)
	}, strict)
}

func TestRatingIsTheRequestersAndOnlyOfWhatIsDone(t *testing.T) {
	eachDesk(t, func(t *testing.T, d desk) {
		tk := d.incident(t, "x")
		ref := ticket.ByID(tk.ID)
		_, err := d.Rate(d.as(d.carla), ref, ticket.Rating{Score: 5})
		wantKind(t, err, apperr.Conflict)
		d.resolve(t, tk)
		_, err = d.Rate(d.as(d.ana), ref, ticket.Rating{Score: 5})
		wantKind(t, err, apperr.Forbidden)
		_, err = d.Rate(d.as(d.carla), ref, ticket.Rating{Score: 6, MinutesLost: ptr(-1)})
		wantKind(t, err, apperr.Invalid, "score", "minutes_lost")
		must(d.Rate(d.as(d.carla), ref, ticket.Rating{Score: 2}))(t)
		tk = must(d.Rate(d.as(d.carla), ref, ticket.Rating{Score: 4, MinutesLost: ptr(0), Comment: "better now"}))(t)
		got, rated, err := d.RatingOf(d.as(d.ana), &tk)
		if err != nil || !rated || got.Score != 4 || got.MinutesLost == nil || *got.MinutesLost != 0 || got.Comment != "better now" || got.PersonID != d.carla {
			t.Errorf("rated %+v, %v, %v", got, rated, err)
		}
	})
}

func TestResolvedTicketsCloseByThemselves(t *testing.T) {
	eachDesk(t, func(t *testing.T, d desk) {
		old := d.resolve(t, d.incident(t, "old"))
		d.world.Clock.Advance(4 * 24 * time.Hour)
		young := d.resolve(t, d.incident(t, "young"))
		open := d.incident(t, "open")
		closeAll := func(want int) {
			t.Helper()
			if n, err := d.CloseResolved(t.Context(), 100); n != want || err != nil {
				t.Errorf("closed %d, %v; want %d", n, err, want)
			}
		}
		closeAll(0)
		d.world.Clock.Advance(24*time.Hour + time.Second)
		closeAll(1)
		closeAll(0)
		if got := d.get(t, old); got.State != "closed" || got.ClosedAt.IsZero() {
			t.Errorf("old is %s", got.State)
		}
		events := d.timeline(t, old)
		if last := events[len(events)-1]; last.Actor.Type != access.TypeSystem {
			t.Errorf("closed by %+v", last.Actor)
		}
		if d.get(t, young).State != "resolved" || d.get(t, open).State != "new" {
			t.Error("something else was closed")
		}
	})
}

func TestTicketThatCannotBeClosedDoesNotKeepOthersOpen(t *testing.T) {
	stuck := visitKind()
	stuck.AutoCloseDays = 1
	for i := range stuck.Transitions {
		if stuck.Transitions[i].To == "closed" {
			stuck.Transitions[i].Effects = []string{"explode"}
		}
	}
	eachDesk(t, func(t *testing.T, d desk) {
		visit := must(d.Create(d.as(d.ana), ticket.Create{Kind: "visit", Title: "x", GroupID: d.network, Fields: map[string]string{"room": "Blue"}}))(t)
		d.step(t, d.ana, visit, ticket.Step{Transition: "resolve", ResolutionCode: d.definition(t, "visit").Codes[0].Key, Resolution: "done"})
		inc := d.resolve(t, d.incident(t, "fine"))
		d.world.Clock.Advance(30 * 24 * time.Hour)
		n, err := d.CloseResolved(t.Context(), 10)
		if n != 1 || err == nil || d.get(t, inc).State != "closed" {
			t.Errorf("closed %d (%v), the healthy one is %s", n, err, d.get(t, inc).State)
		}
	}, stuck)
}

func TestEffectsOfPracticesRunInTheTransactionOfTheStep(t *testing.T) {
	kind := visitKind()
	for i := range kind.Transitions {
		if kind.Transitions[i].Key == "start" {
			kind.Transitions[i].Effects = []string{"brew"}
		}
	}
	eachDesk(t, func(t *testing.T, d desk) {
		fail := errors.New("no water")
		var seen ticket.Ticket
		service := withEffect(t, d, kind, func(_ context.Context, e *ticket.Effecting) error {
			seen = e.Ticket()
			if e.Ticket().Fields["tea"] == "" {
				return fail
			}
			return e.Set("field.wishes", "milk")
		})
		agent := d.as(d.ana)
		tk := must(service.Create(agent, ticket.Create{Kind: "visit", Title: "x", Fields: map[string]string{"room": "Blue"}}))(t)
		if _, err := service.Transition(agent, ticket.ByID(tk.ID), ticket.Step{Transition: "start"}); !errors.Is(err, fail) {
			t.Errorf("got %v", err)
		}
		if now := d.get(t, tk); now.State != "new" || now.Version != 1 {
			t.Errorf("the failed effect left %s, version %d", now.State, now.Version)
		}
		must(service.Edit(agent, ticket.ByID(tk.ID), ticket.Edit{Fields: map[string]string{"tea": "yes"}}))(t)
		tk = must(service.Transition(agent, ticket.ByID(tk.ID), ticket.Step{Transition: "start"}))(t)
		if seen.State != "in_progress" || tk.Fields["wishes"] != "milk" {
			t.Errorf("the effect saw %s and left %v", seen.State, tk.Fields)
		}
	}, kind)
}
